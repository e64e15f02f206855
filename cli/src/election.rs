//! A Pabulib election as a community: what its charter and its records say.
//!
//! Each voter becomes a member, each project a loan of the member "Projects" in the order of project ids, so that
//! ties fall as in the file; each loan gets one attestation that excludes nothing, the budget is paid into the
//! pool, and each ballot becomes a signed record.

use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Currency, MotionPolicy, PROTOCOL, RiskPolicy, Role,
        RoleHolders, Rule, Schedule, Sealing,
    },
    hash::RecordId,
    keys::PublicKey,
    limits,
    pabulib::{Election, ElectionProject, Reading, VoteType, Voter},
    records::{Assessment, Ballot, Body, Loan, Repayment, Score, Subject, Verdict},
    seals::Witness,
};

use crate::failure::{Done, Failure};

/// How long proposals and attestations hold: ten years, longer than anybody plays with an import.
const VALID_MS: u64 = 3652 * 86_400_000;

/// An election whose content fits a community.
pub(crate) struct Plan<'a> {
    election: &'a Election,
    reading: Reading,
    categories: Vec<String>,
    name: String,
    /// Points are divided by this.
    divisor: u64,
    /// The greatest score, after that.
    greatest_score: u8,
    /// Positions of the voters who become members.
    pub voters: Vec<usize>,
    /// What had to be done to make it fit, for people.
    pub notes: Vec<String>,
}

/// Who holds which role, and who witnesses.
pub(crate) struct Offices {
    /// Admits the voters.
    pub registrar: PublicKey,
    /// Rates the projects.
    pub attestor: PublicKey,
    /// Owns the projects, and pays the budget in.
    pub projects: PublicKey,
    /// The witnesses, in order.
    pub witnesses: Vec<PublicKey>,
}

impl<'a> Plan<'a> {
    /// Checks that everything in the election can be said in a community.
    ///
    /// # Errors
    /// What cannot, and what to do.
    pub(crate) fn new(election: &'a Election, rule: Rule, fallback_name: &str) -> Done<Self> {
        let refuse = |message: String| Err(Failure::input(message));
        if election.decimals() > 6 {
            return refuse(format!(
                "amounts of this file have {} decimals; a community's currency has at most 6",
                election.decimals()
            ));
        }
        if election.budget() == 0 || election.budget() > limits::AMOUNT {
            return refuse(format!("the budget {} does not fit a pool", election.render(election.budget())));
        }
        for project in election.projects() {
            if project.cost == 0 || project.cost > limits::AMOUNT {
                return refuse(format!(
                    "project {} costs {}; a loan is at least one smallest unit and at most 2^50 of them",
                    project.id,
                    election.render(project.cost)
                ));
            }
        }
        let mut plan = Self {
            election,
            reading: Election::reading_for(rule),
            categories: categories(election),
            name: clean(
                election.meta("description").unwrap_or(fallback_name),
                limits::NAME_BYTES,
                "Election",
            ),
            divisor: 1,
            greatest_score: 1,
            voters: Vec::with_capacity(election.voter_count()),
            notes: Vec::new(),
        };
        plan.fit_scores()?;
        plan.fit_voters()?;
        Ok(plan)
    }

    fn fit_scores(&mut self) -> Done {
        let all = || self.election.voters().flat_map(|voter| self.raw_scores(&voter)).map(|(_, score)| score);
        let divisor = all().fold(0, gcd).max(1);
        let greatest = all().max().unwrap_or(1) / divisor;
        self.divisor = divisor;
        let Some(fits) = u8::try_from(greatest).ok().filter(|greatest| *greatest <= limits::SCORE) else {
            return Err(Failure::input(format!(
                "points go up to {greatest} (after division by their common factor {divisor}), and scores of a ballot only up \
                 to {}; use --utility cost or cardinality, which look at who supports what",
                limits::SCORE
            )));
        };
        self.greatest_score = fits.max(1);
        let how = match (self.reading, self.election.vote_type()) {
            (Reading::Approvals, VoteType::Approval) => "score 1 for each approved project".to_owned(),
            (Reading::Approvals, VoteType::Ordinal) => {
                "score 1 for each project of a ranking: its order does not matter under this utility"
                    .to_owned()
            }
            (Reading::Approvals, _) => {
                "score 1 for each project with points: how many does not matter under this utility".to_owned()
            }
            (Reading::Scores, VoteType::Approval) => "score 1 for each approved project".to_owned(),
            (Reading::Scores, VoteType::Ordinal) => {
                "scores are Borda scores: the number of projects ranked below".to_owned()
            }
            (Reading::Scores, _) => "scores are the points".to_owned(),
        };
        let divided = match self.divisor {
            1 => String::new(),
            by => format!(", divided by their common factor {by}"),
        };
        self.notes.push(how + &divided);
        Ok(())
    }

    fn fit_voters(&mut self) -> Done {
        let mut weightless = 0;
        for (position, voter) in self.election.voters().enumerate() {
            if voter.weight == 0 {
                weightless += 1;
                continue;
            }
            if voter.weight > u64::from(limits::MEMBER_WEIGHT) {
                return Err(Failure::input(format!(
                    "voter {} has weight {}; a member's is at most {}",
                    voter.id,
                    voter.weight,
                    limits::MEMBER_WEIGHT
                )));
            }
            let scores = self.scores(&voter).len();
            if scores > limits::SCORES {
                return Err(Failure::input(format!(
                    "the ballot of voter {} names {scores} projects; a ballot has room for {}",
                    voter.id,
                    limits::SCORES
                )));
            }
            self.voters.push(position);
        }
        if weightless > 0 {
            self.notes.push(format!("{weightless} voters of weight zero are left out: they decide nothing"));
        }
        Ok(())
    }

    /// How many records it takes.
    pub(crate) fn records(&self) -> u64 {
        2 * self.voters.len() as u64 + 2 * self.election.projects().len() as u64 + 2
    }

    /// Positions and scores above zero, before division.
    fn raw_scores(&self, voter: &Voter<'_>) -> Vec<(u32, u64)> {
        let length = voter.projects.len() as u64;
        let score = |place: usize| match (self.reading, voter.points.get(place)) {
            (Reading::Approvals, None) => 1,
            (Reading::Approvals, Some(points)) => u64::from(*points > 0),
            (Reading::Scores, Some(points)) => u64::try_from(*points).unwrap_or(0),
            (Reading::Scores, None) if self.election.vote_type() == VoteType::Ordinal => {
                length - 1 - place as u64
            }
            (Reading::Scores, None) => 1,
        };
        let places = voter.projects.iter().enumerate();
        places.map(|(place, project)| (*project, score(place))).filter(|(_, score)| *score > 0).collect()
    }

    fn scores(&self, voter: &Voter<'_>) -> Vec<(u32, u8)> {
        let fit = |score: u64| u8::try_from(score / self.divisor).unwrap_or(limits::SCORE);
        self.raw_scores(voter).into_iter().map(|(project, score)| (project, fit(score))).collect()
    }

    /// The charter.
    pub(crate) fn charter(&self, offices: &Offices, rule: Rule, close: u64, period: u64) -> Charter {
        let held = |role, key| RoleHolders { role, keys: vec![key], needed: 1 };
        let mut witnesses: Vec<Witness> = offices
            .witnesses
            .iter()
            .zip(1..)
            .map(|(key, n)| Witness { key: *key, power: 1, name: format!("witness {n}") })
            .collect();
        witnesses.sort_by_key(|witness| witness.key);
        let code = clean(self.election.meta("currency").unwrap_or("UNIT"), 12, "UNIT");
        Charter {
            protocol: PROTOCOL,
            name: self.name.clone(),
            currency: Currency { code, decimals: self.election.decimals() },
            groups: vec!["voters".to_owned()],
            categories: self.categories.clone(),
            roles: vec![
                held(Role::Registrar, offices.registrar),
                held(Role::Attestor, offices.attestor),
                // Who holds a role may add any number of records a round: there can be many projects.
                held(Role::Treasurer, offices.projects),
            ],
            witnesses,
            schedule: Schedule { first_close: close, period },
            sealing: Sealing { patience: 5_000, drift: 10_000 },
            rule,
            policy: RiskPolicy {
                worst_grade: u8::MAX,
                greatest_default: 10_000,
                greatest_amount: limits::AMOUNT,
                least_outlook: 0,
                grades: Vec::new(),
                caps: Caps::default(),
            },
            motions: MotionPolicy { quorum: 0, majority: 5_000, charter: CharterMajority::default() },
            limits: CharterLimits {
                score: self.greatest_score,
                scores: u16::try_from(limits::SCORES).unwrap_or(u16::MAX),
                record_bytes: u32::try_from(limits::RECORD_BYTES).unwrap_or(u32::MAX),
                records_per_round: limits::RECORDS_PER_ROUND,
            },
        }
    }

    /// The budget, paid into the pool.
    pub(crate) fn fund(&self) -> Body {
        Body::Fund {
            direction: mutua_protocol::records::Direction::In,
            amount: self.election.budget(),
            source: "Budget of the election".to_owned(),
            purpose: None,
        }
    }

    /// The admission of the member who owns the projects.
    pub(crate) fn admit_projects(&self, key: PublicKey) -> Body {
        Body::Admit { key, weight: 1, name: "Projects".to_owned(), group: 0 }
    }

    /// The admission of a voter.
    pub(crate) fn admit(&self, voter: &Voter<'_>, key: PublicKey) -> Body {
        let weight = u32::try_from(voter.weight).unwrap_or(limits::MEMBER_WEIGHT);
        let name = clean(&format!("Voter {}", voter.id), limits::NAME_BYTES, "Voter");
        Body::Admit { key, weight, name, group: 0 }
    }

    /// A project as a loan.
    pub(crate) fn loan(&self, project: &ElectionProject, now: u64) -> Subject {
        let id = clean(&project.id, limits::NAME_BYTES, "?");
        let title = project.name.as_deref().unwrap_or(&project.id);
        let category =
            category(project).and_then(|name| self.categories.iter().position(|held| *held == name));
        Subject::Loan(Loan {
            borrower: clean(&format!("Project {id}"), limits::NAME_BYTES, "Project"),
            title: clean(title, limits::NAME_BYTES, &id),
            purpose: clean(&format!("Project {id}: {title}"), limits::TEXT_BYTES, "Project"),
            category: category.and_then(|position| u16::try_from(position).ok()).unwrap_or(0),
            amount: project.cost,
            term: 12,
            rate: 0,
            repayment: Repayment::Bullet,
            documents: Vec::new(),
            expires: now + VALID_MS,
        })
    }

    /// An attestation that excludes nothing.
    pub(crate) fn attest(&self, proposal: RecordId, subject: &Subject, now: u64) -> Body {
        let assessment = Assessment {
            verdict: Verdict::Approved,
            grade: 1,
            default: 0,
            loss: 0,
            greatest_amount: subject.loan().map_or(0, |loan| loan.amount),
            outlook: 100,
            conditions: Vec::new(),
            reasons: vec!["Admitted to the vote".to_owned()],
            documents: Vec::new(),
            valid_until: now + VALID_MS,
        };
        Body::Attest { proposal, terms: subject.terms(), assessment }
    }

    /// A voter's ballot, where the projects have become these proposals.
    pub(crate) fn ballot(&self, voter: &Voter<'_>, proposals: &[RecordId]) -> Body {
        let scores = self.scores(voter).into_iter();
        let mut scores: Vec<Score> =
            scores.map(|(project, score)| Score { proposal: proposals[project as usize], score }).collect();
        scores.sort_unstable_by_key(|score| score.proposal);
        Body::Ballot(Ballot { round: 1, standing: false, scores, answers: Vec::new() })
    }
}

/// The first category of a project, as a charter can hold it.
fn category(project: &ElectionProject) -> Option<String> {
    let first = project.category.as_deref()?.split(',').next()?;
    Some(clean(first, limits::NAME_BYTES, "projects"))
}

/// The categories of an election; one for all where there are more than a charter holds.
fn categories(election: &Election) -> Vec<String> {
    let mut categories: Vec<String> = election.projects().iter().filter_map(category).collect();
    categories.sort_unstable();
    categories.dedup();
    if categories.is_empty() || categories.len() > limits::LABELS {
        categories = vec!["projects".to_owned()];
    }
    categories
}

/// A line of text as a record can hold it: without control characters, and cut to a number of bytes.
fn clean(text: &str, bytes: usize, otherwise: &str) -> String {
    let plain = crate::page::plain(text, false).replace(char::REPLACEMENT_CHARACTER, " ");
    let mut line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    while line.len() > bytes {
        line.pop();
    }
    if line.trim().is_empty() { otherwise.to_owned() } else { line }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutua_protocol::charter::{Completion, Utility};

    fn rule(utility: Utility) -> Rule {
        Rule::EqualShares { utility, completion: Completion::None }
    }

    fn election(kind: &str, votes: &str) -> Election {
        let text = format!(
            "META\nkey;value\nbudget;100\nvote_type;{kind}\nPROJECTS\nproject_id;cost\n1;10\n2;20\n\
             VOTES\nvoter_id;vote;points;weight\n{votes}"
        );
        Election::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn points_are_scores_where_they_fit() {
        let election = election("cumulative", "a;1,2;200,50;1\nb;2;150;1\n");
        let plan = Plan::new(&election, rule(Utility::Score), "x").ok().unwrap();
        assert_eq!((plan.divisor, plan.greatest_score), (50, 4));
        assert_eq!(plan.scores(&election.voter(0).unwrap()), [(0, 4), (1, 1)]);
        assert!(plan.notes[0].contains("divided by their common factor 50"));
        let plan = Plan::new(&election, rule(Utility::Cost), "x").ok().unwrap();
        assert_eq!(plan.scores(&election.voter(0).unwrap()), [(0, 1), (1, 1)]);
    }

    #[test]
    fn points_that_do_not_fit_are_refused_and_not_bent() {
        let election = election("cumulative", "a;1,2;101,1;1\n");
        assert!(Plan::new(&election, rule(Utility::Score), "x").is_err());
    }

    #[test]
    fn rankings_are_borda_scores_and_the_last_has_none() {
        let election = election("ordinal", "a;2,1;;1\nb;;;1\n");
        let plan = Plan::new(&election, rule(Utility::Score), "x").ok().unwrap();
        assert_eq!(plan.scores(&election.voter(0).unwrap()), [(1, 1)]);
        assert_eq!(plan.scores(&election.voter(1).unwrap()), []);
    }

    #[test]
    fn voters_without_weight_are_left_out_and_told() {
        let election = election("approval", "a;1;;0\nb;2;;3\n");
        let plan = Plan::new(&election, rule(Utility::Cost), "x").ok().unwrap();
        assert_eq!(plan.voters, [1]);
        assert!(plan.notes[1].starts_with("1 voters of weight zero"));
    }

    #[test]
    fn text_of_a_file_becomes_text_that_a_record_may_hold() {
        assert_eq!(clean(" a\u{7}\tb\u{202e} ", 120, "?"), "a b");
        assert_eq!(clean("\u{1b}", 120, "?"), "?");
        assert_eq!(clean("żółw", 5, "?"), "żó");
    }
}
