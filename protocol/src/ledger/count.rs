//! What is counted when a round closes: the loans, and the ballots of those who vote (SPEC section 10.2 to 10.4).
//!
//! A count is all that an allocation follows from. It is kept with the outcome, so that it can be explained, and
//! applied to other rules, without going through the log again.

use std::{collections::BTreeMap, sync::Arc};

use super::delegation::Proxies;
use super::{CastBallot, Figures, Ineligible, Ledger, Proposal};
use crate::{
    allocation::{Instance, InstanceBuilder, Project, Rule},
    hash::{RecordId, TermsHash},
    keys::PublicKey,
    records::{ProposalId, Subject},
};

/// Loans and ballots at a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    rule: Rule,
    candidates: Vec<Counted>,
    /// Positions of the eligible candidates: those of the instance's projects.
    eligible: Vec<usize>,
    voters: Vec<PublicKey>,
    instance: Instance,
}

/// A loan that is open at a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Which.
    pub proposal: ProposalId,
    /// Its terms.
    pub subject: Arc<Subject>,
    /// Their hash.
    pub terms: TermsHash,
    /// The figures of its attestations, if there are any.
    pub figures: Option<Figures>,
    /// Everything against funding it, in the order of SPEC section 10.2.
    pub against: Vec<Ineligible>,
}

impl Counted {
    /// What it asks for, in smallest units.
    #[must_use]
    pub fn amount(&self) -> u64 {
        self.subject.loan().map_or(0, |loan| loan.amount)
    }

    /// The figures of a loan that may be funded.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn eligible(&self) -> Result<Figures, Ineligible> {
        match (self.figures, self.against.first()) {
            (Some(figures), None) => Ok(figures),
            (_, Some(reason)) => Err(*reason),
            (None, None) => Err(Ineligible::Expired),
        }
    }
}

/// The eligible loans as projects of the instance, each with its position and its category.
type Projects<'a> = BTreeMap<ProposalId, (u32, u16, &'a Proposal)>;

/// The scores of a ballot that hold: the loan's category, its position among the projects, and the score. A ballot of
/// before the charter allowed less says at most as much as others can.
fn scores_of(
    ballot: &CastBallot,
    projects: &Projects<'_>,
    greatest: u8,
) -> impl Iterator<Item = (u16, (u32, u32))> {
    ballot.ballot.scores.iter().filter_map(move |score| {
        let (project, category, proposal) = projects.get(&score.proposal)?;
        let held = (*project, u32::from(score.score.min(greatest)));
        proposal.is_known_to(ballot).then_some((*category, held))
    })
}

/// A voter: a member for whom a ballot counts.
pub(super) struct Voter<'a> {
    pub(super) key: PublicKey,
    pub(super) weight: u32,
    pub(super) says: Says<'a>,
}

/// Which ballot it is.
pub(super) enum Says<'a> {
    /// The member's own.
    Own(&'a CastBallot),
    /// Others', by delegation.
    By(Proxies<'a>),
}

impl<'a> Voter<'a> {
    /// The ballot whose answers to motions count.
    pub(super) fn on_motions(&self) -> Option<&'a CastBallot> {
        match &self.says {
            Says::Own(ballot) => Some(ballot),
            Says::By(proxies) => proxies.all,
        }
    }

    /// The ballot whose scores count for loans of this category.
    fn on_loans(&self, category: u16) -> Option<&'a CastBallot> {
        match &self.says {
            Says::Own(ballot) => Some(ballot),
            Says::By(proxies) => {
                let other = proxies.categories.binary_search_by_key(&category, |(category, _)| *category);
                other.map_or(proxies.all, |found| proxies.categories[found].1)
            }
        }
    }

    /// All ballots that count for the member; one can be there more than once.
    fn ballots(&self) -> impl Iterator<Item = &'a CastBallot> {
        let (own, proxies) = match &self.says {
            Says::Own(ballot) => (Some(*ballot), None),
            Says::By(proxies) => (proxies.all, Some(proxies)),
        };
        let others = proxies.into_iter().flat_map(|proxies| &proxies.categories);
        own.into_iter().chain(others.filter_map(|(_, ballot)| *ballot))
    }

    /// The newest seal that holds one of the ballots that count for the member.
    pub(super) fn arrival(&self) -> u64 {
        self.ballots().map(|ballot| ballot.height).max().unwrap_or_default()
    }

    /// The scores of others' ballots that hold for the member: of each ballot those for the loans of the categories for
    /// which that one counts.
    fn by_proxies(&self, projects: &Projects<'_>, greatest: u8) -> Vec<(u32, u32)> {
        let mut scores = Vec::new();
        let mut read: Vec<RecordId> = Vec::new();
        for ballot in self.ballots() {
            if read.contains(&ballot.id) {
                continue;
            }
            read.push(ballot.id);
            let counts = |category| self.on_loans(category).is_some_and(|counts| counts.id == ballot.id);
            let held = scores_of(ballot, projects, greatest);
            scores.extend(held.filter(|(category, _)| counts(*category)).map(|(_, score)| score));
        }
        scores
    }
}

impl Ledger {
    /// Counts what would be decided about by a seal of this time.
    pub(super) fn count(&self, open: &[&Proposal], voters: &[Voter<'_>], time: u64) -> Count {
        let charter = &self.community.charter;
        let loans = open.iter().filter(|proposal| proposal.subject.loan().is_some());
        let candidates: Vec<Counted> = loans
            .map(|proposal| {
                let (figures, against) = self.exclusions(proposal, time);
                let (subject, terms) = (Arc::clone(&proposal.subject), proposal.terms);
                Counted { proposal: proposal.id, subject, terms, figures, against }
            })
            .collect();
        let eligible: Vec<usize> =
            (0..candidates.len()).filter(|position| candidates[*position].eligible().is_ok()).collect();
        let pool = u64::try_from(self.pool.available()).unwrap_or(u64::MAX);
        let unit = 10u64.pow(u32::from(charter.currency.decimals));
        let mut builder = InstanceBuilder::new(pool, unit).caps(charter.policy.caps.engine());
        let mut borrowers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut projects = Projects::new();
        for (project, candidate) in (0..).zip(eligible.iter().map(|position| &candidates[*position])) {
            let (Some(loan), Ok(figures)) = (candidate.subject.loan(), candidate.eligible()) else {
                continue;
            };
            let next = u32::try_from(borrowers.len()).unwrap_or(u32::MAX);
            let borrower = *borrowers.entry(loan.borrower.as_str()).or_insert(next);
            builder.add_project(Project {
                cost: loan.amount,
                category: u32::from(loan.category),
                borrower,
                risk: u32::from(figures.default) * u32::from(figures.loss),
            });
            if let Some(proposal) = self.proposals.get(&candidate.proposal) {
                projects.insert(proposal.id, (project, loan.category, proposal));
            }
        }
        let without_voters = builder.clone();
        let greatest = charter.limits.score;
        for voter in voters {
            let weight = u64::from(voter.weight);
            match &voter.says {
                Says::Own(ballot) => {
                    let held = scores_of(ballot, &projects, greatest);
                    builder.add_voter(weight, held.map(|(_, score)| score))
                }
                Says::By(_) => builder.add_voter(weight, voter.by_proxies(&projects, greatest)),
            };
        }
        // The limits on weights and amounts leave no ballots that cannot be counted; if some could not, every node
        // would count none.
        let instance = builder
            .build()
            .or_else(|_| without_voters.build())
            .expect("loans without ballots, fewer than the log has records, are an instance");
        let voters = voters.iter().map(|voter| voter.key).collect();
        Count { rule: charter.rule, candidates, eligible, voters, instance }
    }
}

impl Count {
    /// The charter's rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Every loan that was open, in the order in which they were sealed.
    #[must_use]
    pub fn candidates(&self) -> &[Counted] {
        &self.candidates
    }

    /// The eligible loans, in the order of the instance's projects.
    pub fn eligible(&self) -> impl ExactSizeIterator<Item = &Counted> {
        self.eligible.iter().map(|position| &self.candidates[*position])
    }

    /// The eligible loan that is this project of the instance.
    #[must_use]
    pub fn loan(&self, project: usize) -> Option<&Counted> {
        self.eligible.get(project).map(|position| &self.candidates[*position])
    }

    /// The project of the instance that an eligible loan is.
    #[must_use]
    pub fn project(&self, proposal: &ProposalId) -> Option<usize> {
        self.eligible().position(|counted| counted.proposal == *proposal)
    }

    /// Those whose ballot counts, by key, in the order of the instance's voters.
    #[must_use]
    pub fn voters(&self) -> &[PublicKey] {
        &self.voters
    }

    /// The loans and ballots as numbers.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }
}
