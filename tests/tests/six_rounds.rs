//! Six rounds of a community of real processes: funding, attestors who differ, money that goes out and comes back,
//! a default, another charter with another witness and another rule, a lost key, a member who leaves. What the nodes show at the end is held against books that the test keeps itself.

use std::{collections::BTreeMap, fs, process::Command, time::Duration};

use mutua_protocol::{
    charter::{GreedyOrder, Role, RoleHolders, Rule, Utility},
    hash::RecordId,
    keys::{PublicKey, Purpose, SecretKey},
    records::{
        Answer, Assessment, Ballot, Body, CharterChange, Loan, Received, Repayment, Score, Subject, Verdict,
        replacement,
    },
    seals::Witness,
};
use mutua_tests::{Author, Community, Founding, Mutua, PATIENCE, audited, loan, now, until, yes};
use serde_json::Value;

const ROUND: Duration = Duration::from_secs(25);
const YEAR: u64 = 365 * 86_400_000;
const DAY: u64 = 86_400_000;

/// What the test knows of a loan's money, without any of mutua's code.
#[derive(Debug, Default, Clone, Copy)]
struct Page {
    allocated: u64,
    disbursed: u64,
    released: u64,
    repaid: u64,
    interest: u64,
    written_off: u64,
    recovered: u64,
}

impl Page {
    fn outstanding(&self) -> u64 {
        self.disbursed - self.repaid - self.written_off
    }

    fn lost(&self) -> u64 {
        self.written_off - self.recovered
    }
}

/// The books of the test.
#[derive(Debug, Default)]
struct Books {
    paid_in: u64,
    loans: BTreeMap<RecordId, Page>,
}

impl Books {
    fn pool(&self) -> u64 {
        let out: u64 = self.loans.values().map(|page| page.allocated).sum();
        let back: u64 = self
            .loans
            .values()
            .map(|page| page.released + page.repaid + page.interest + page.recovered)
            .sum();
        self.paid_in + back - out
    }
}

/// The community, and who speaks in it.
struct Story {
    community: Community,
    attestors: [Author; 3],
    members: Vec<Author>,
    books: Books,
    sealed: u64,
    round: u32,
}

fn attestor(n: u8) -> SecretKey {
    SecretKey::from_seed(&[100 + n; 32])
}

impl Story {
    fn begin() -> Self {
        let founding = Founding {
            witnesses: 4,
            heirs: 1,
            nodes: 5,
            first_close: ROUND + ROUND / 2,
            period: ROUND,
            ..Founding::default()
        };
        let mut keys: Vec<PublicKey> = (0..3).map(|n| attestor(n).public()).collect();
        keys.sort();
        let mut community = Community::found_as("six-rounds", founding, |charter| {
            let operator = charter.roles[0].keys.clone();
            for held in &mut charter.roles {
                if held.role == Role::Attestor {
                    *held = RoleHolders { role: Role::Attestor, keys: keys.clone(), needed: 2 };
                }
            }
            charter.roles.push(RoleHolders { role: Role::Board, keys: operator, needed: 1 });
        });
        community.start();
        let members = community.admit(7);
        let id = community.founded.id;
        let attestors = [0, 1, 2].map(|n| Author::new(id, attestor(n)));
        let books = Books { paid_in: 1_000_000, ..Books::default() };
        Self { community, attestors, members, books, sealed: 8, round: 1 }
    }

    /// Hands records in at a node, and waits until every running node has sealed them.
    #[track_caller]
    fn say(&mut self, node: usize, records: &[Received]) {
        self.community.submit(node, records);
        self.sealed += records.len() as u64;
        self.community.wait_sealed(self.sealed);
    }

    /// The treasurer says something.
    #[track_caller]
    fn treasurer(&mut self, bodies: Vec<Body>) {
        for body in &bodies {
            let (proposal, page): (_, fn(&mut Page, &Body)) = match body {
                Body::Disburse { proposal, .. }
                | Body::Release { proposal, .. }
                | Body::Repay { proposal, .. }
                | Body::WriteOff { proposal, .. }
                | Body::Recover { proposal, .. } => (proposal, |page, body| match body {
                    Body::Disburse { amount, .. } => page.disbursed += amount,
                    Body::Release { amount, .. } => page.released += amount,
                    Body::Repay { principal, interest, .. } => {
                        page.repaid += principal;
                        page.interest += interest;
                    }
                    Body::WriteOff { amount, .. } => page.written_off += amount,
                    Body::Recover { amount, .. } => page.recovered += amount,
                    _ => {}
                }),
                other => panic!("not about a loan's money: {other:?}"),
            };
            page(self.books.loans.get_mut(proposal).expect("it is funded"), body);
        }
        let records: Vec<Received> =
            bodies.into_iter().map(|body| self.community.operator.say(body)).collect();
        self.say(1, &records);
    }

    /// The first member proposes loans.
    #[track_caller]
    fn propose(&mut self, subjects: &[&Subject]) -> Vec<RecordId> {
        let records: Vec<Received> =
            subjects.iter().map(|subject| self.members[0].say(Body::Propose((*subject).clone()))).collect();
        self.say(0, &records);
        records.iter().map(|record| record.id).collect()
    }

    /// Some attestors rate loans: who, which, on which terms, with which probability of default.
    #[track_caller]
    fn attest(&mut self, said: &[(usize, RecordId, &Subject, u16)]) -> Vec<RecordId> {
        let records: Vec<Received> = said
            .iter()
            .map(|(who, proposal, subject, default)| {
                self.attestors[*who].say(rating(*proposal, subject, *default))
            })
            .collect();
        self.say(2, &records);
        records.iter().map(|record| record.id).collect()
    }

    /// These members cast the same standing ballot, each at another node.
    #[track_caller]
    fn vote(&mut self, who: &[usize], scores: &[(RecordId, u8)], answers: &[Answer]) {
        let round = self.round;
        let mut scores: Vec<Score> =
            scores.iter().map(|(proposal, score)| Score { proposal: *proposal, score: *score }).collect();
        scores.sort_by_key(|score| score.proposal);
        for n in who {
            let ballot = Ballot { round, standing: true, scores: scores.clone(), answers: answers.to_vec() };
            let record = self.members[*n].say(Body::Ballot(ballot));
            let running: Vec<usize> =
                (0..self.community.nodes.len()).filter(|n| self.community.nodes[*n].is_running()).collect();
            self.community.submit(running[n % running.len()], &[record]);
        }
        self.sealed += who.len() as u64;
        self.community.wait_sealed(self.sealed);
    }

    /// The charter with another rule, and with the last node's key in the place of the fourth witness's.
    fn change(&self) -> Subject {
        let (old, new) = (self.community.witness_key(3).public(), self.community.witness_key(4).public());
        let mut charter = self.community.founded.charter.clone();
        charter.rule = Rule::Greedy { utility: Utility::Score, order: GreedyOrder::Total };
        charter.witnesses.retain(|witness| witness.key != old);
        charter.witnesses.push(Witness { key: new, power: 1, name: "Witness 5".to_owned() });
        charter.witnesses.sort_by_key(|witness| witness.key);
        Subject::Charter(Box::new(CharterChange {
            title: "Most points win".to_owned(),
            purpose: "And the library takes over from the school.".to_owned(),
            base: self.community.founded.hash,
            charter,
        }))
    }

    /// A member loses their key, and goes on under another one that the registrar confirms.
    #[track_caller]
    fn lose_key(&mut self, who: usize) {
        let (id, key) = (self.community.founded.id, SecretKey::from_seed(&[77; 32]));
        let (lost, successor) = (self.members[who].key(), key.public());
        let consent = key.sign(Purpose::Replacement, &replacement(id, &lost));
        let reason = "Came to the office with a passport.".to_owned();
        let confirmed = self.community.operator.say(Body::ReplaceKey { lost, successor, consent, reason });
        self.say(0, &[confirmed]);
        let thief = self.members[who].clone().say(Body::Leave);
        let told = self.community.nodes[1].api().submit([&*thief.bytes]).expect("it answers");
        assert!(told[0].rule().is_some(), "the lost key says nothing any more: {told:?}");
        self.members[who] = Author::new(id, key);
    }

    /// What a node refuses at once, since it would change nothing.
    #[track_caller]
    fn cannot(&self, author: &Author, body: Body, reason: &str) {
        let record = author.clone().say(body);
        let told = self.community.nodes[4].api().submit([&*record.bytes]).expect("it answers");
        assert_eq!(told[0].rule(), Some("no-effect"), "{told:?}");
        assert!(told[0].reason().contains(reason), "{told:?}");
    }

    /// Waits for the close, compares what the nodes computed, and holds it against what is expected.
    #[track_caller]
    fn close(&mut self, funded: &[(RecordId, u64)], electorate: u64) -> Value {
        let round = self.round;
        assert_eq!(self.community.nodes[0].status().round, round, "the test was too slow for its rounds");
        until("the round closes on all nodes", ROUND + PATIENCE, || {
            let rounds: Vec<u32> = self.community.running().map(|node| node.status().round).collect();
            if rounds.iter().all(|now| *now == round + 1) { Ok(()) } else { Err(format!("{rounds:?}")) }
        });
        let outcomes: Vec<Value> = self
            .community
            .running()
            .map(|node| node.api().outcome(&round.to_string()).expect("the round has closed"))
            .collect();
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "nodes differ: {outcomes:#?}");
        let outcome = outcomes.into_iter().next().expect("a node runs");
        assert_eq!(outcome["outcome"]["pool"], self.books.pool(), "the pool of round {round}");
        assert_eq!(outcome["outcome"]["turnout"]["members"], electorate, "the electorate of round {round}");
        let shown: Vec<String> = outcome["outcome"]["funded"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|loan| loan["proposal"].as_str().unwrap_or_default().to_owned())
            .collect();
        let wanted: Vec<String> = funded.iter().map(|(proposal, _)| proposal.to_string()).collect();
        assert_eq!(shown, wanted, "funded in round {round}: {outcome:#}");
        for (proposal, amount) in funded {
            self.books.loans.insert(*proposal, Page { allocated: *amount, ..Page::default() });
        }
        self.round += 1;
        outcome
    }
}

fn rating(proposal: RecordId, subject: &Subject, default: u16) -> Body {
    let assessment = Assessment {
        verdict: Verdict::Approved,
        grade: 2,
        default,
        loss: 5000,
        greatest_amount: 1 << 40,
        outlook: 60,
        conditions: Vec::new(),
        reasons: vec!["Sound books.".to_owned()],
        documents: Vec::new(),
        valid_until: now() + YEAR,
    };
    Body::Attest { proposal, terms: subject.terms(), assessment }
}

/// A loan that is paid back in equal parts.
fn linear(title: &str, amount: u64) -> Subject {
    match loan(title, amount) {
        Subject::Loan(terms) => Subject::Loan(Loan { repayment: Repayment::Linear, ..terms }),
        other => other,
    }
}

/// Why a candidate of an outcome was not eligible.
fn refused(outcome: &Value, proposal: RecordId) -> String {
    let found = outcome["outcome"]["candidates"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|candidate| candidate["proposal"] == proposal.to_string())
        .unwrap_or_else(|| panic!("{proposal} was open: {outcome:#}"));
    found["result"]["ineligible"].to_string()
}

/// A fraction in lowest terms, as the API writes it.
fn fraction(above: u128, below: u128) -> String {
    let (mut a, mut b) = (above, below);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let (above, below) = (above / a.max(1), below / a.max(1));
    if below == 1 { above.to_string() } else { format!("{above}/{below}") }
}

/// Brier's score of estimates in basis points, beside whether it came to a default.
fn brier(estimates: &[(u16, bool)]) -> String {
    let squares: u128 = estimates
        .iter()
        .map(|(stated, defaulted)| {
            (i128::from(*stated) - if *defaulted { 10_000 } else { 0 }).pow(2).unsigned_abs()
        })
        .sum();
    fraction(squares, estimates.len() as u128 * 100_000_000)
}

#[test]
fn what_six_rounds_leave_behind_equals_books_kept_by_hand() {
    let mut story = Story::begin();
    let everybody: Vec<usize> = (0..7).collect();

    // Round 1. The first loan has two attestors of three; the second loses one between vote and close; the third has one.
    let (oven, van, roof) = (linear("Oven", 200_000), loan("Van", 300_000), loan("Roof", 150_000));
    let [oven_id, van_id, roof_id] = story.propose(&[&oven, &van, &roof])[..] else { panic!("three") };
    let attested = story.attest(&[
        (0, oven_id, &oven, 100),
        (1, oven_id, &oven, 200),
        (0, van_id, &van, 300),
        (2, van_id, &van, 900),
        (0, roof_id, &roof, 150),
    ]);
    let all = [(oven_id, 1), (van_id, 1), (roof_id, 1)];
    story.vote(&everybody, &all, &[]);
    let predictions: Vec<Received> =
        [(1, oven_id, &oven, 50), (1, van_id, &van, 500), (2, van_id, &van, 2_000)]
            .map(|(who, proposal, subject, default): (usize, _, &Subject, _)| {
                story.members[who].say(Body::Predict { proposal, terms: subject.terms(), default })
            })
            .into();
    let revoked = story.attestors[2].say(Body::RevokeAttestation {
        attestation: attested[3],
        reason: "A mistake in the figures.".to_owned(),
    });
    story.say(3, &[&predictions[..], &[revoked]].concat());
    let outcome = story.close(&[(oven_id, 200_000)], 7);
    for (proposal, present) in [(van_id, 1), (roof_id, 1)] {
        let reason = refused(&outcome, proposal);
        assert!(reason.contains("too-few") || reason.contains(&present.to_string()), "{reason}");
    }

    // Round 2. The second attestor makes up for the revocation. The roof's attestations die with an amendment.
    story.treasurer(vec![
        Body::Disburse { proposal: oven_id, amount: 120_000 },
        Body::Disburse { proposal: oven_id, amount: 80_000 },
    ]);
    story.attest(&[(1, van_id, &van, 400), (1, roof_id, &roof, 250)]);
    let roof = loan("Roof and gutter", 168_000);
    let amended = story.members[0].say(Body::Amend { proposal: roof_id, subject: roof.clone() });
    story.say(0, &[amended]);
    story.close(&[(van_id, 300_000)], 7);

    // Round 3. The members want another rule, and another witness. The amended loan is rated and voted on anew; a prediction for the van comes too late; money goes and comes.
    story.attest(&[(0, roof_id, &roof, 150), (2, roof_id, &roof, 250)]);
    let change = story.change();
    let [change_id] = story.propose(&[&change])[..] else { panic!("one") };
    story.vote(&everybody, &[(roof_id, 1)], &[yes(change_id)]);
    story.treasurer(vec![
        Body::Disburse { proposal: van_id, amount: 300_000 },
        Body::Repay { proposal: oven_id, principal: 50_000, interest: 750 },
    ]);
    let late = Body::Predict { proposal: van_id, terms: van.terms(), default: 9_999 };
    story.cannot(&story.members[3], late, "the proposal is no longer open");
    let too_much = Body::Repay { proposal: oven_id, principal: 150_001, interest: 0 };
    story.cannot(&story.community.operator, too_much, "more than the borrower owes");
    let outcome = story.close(&[(roof_id, 168_000)], 7);
    assert_eq!(outcome["outcome"]["motions"][0]["change"], "adopted", "{outcome:#}");

    // Round 4. The old witness is gone for good, and another one silent for a while: nothing is sealed without the new one.
    assert!(story.community.nodes[3].terminate().success());
    story.community.nodes[2].pause();
    story.lose_key(4);
    story.community.nodes[2].resume();
    // One loan that four want, another that three want: by the new rule most points win.
    let (mill, bees) = (loan("Mill", 380_000), loan("Bees", 100_000));
    let [mill_id, bees_id] = story.propose(&[&mill, &bees])[..] else { panic!("two") };
    story.treasurer(vec![Body::Disburse { proposal: roof_id, amount: 168_000 }]);
    story.attest(&[
        (0, mill_id, &mill, 500),
        (1, mill_id, &mill, 600),
        (1, bees_id, &bees, 100),
        (2, bees_id, &bees, 100),
    ]);
    story.vote(&[0, 1, 2, 3], &[(mill_id, 1)], &[]);
    story.vote(&[4, 5, 6], &[(bees_id, 1)], &[]);
    story.close(&[(mill_id, 380_000)], 7);

    // Round 5. One loan ends well, one badly; a member leaves. What came back is enough for the loan that lost.
    story.treasurer(vec![
        Body::Disburse { proposal: mill_id, amount: 380_000 },
        Body::Repay { proposal: oven_id, principal: 150_000, interest: 300 },
        Body::Repay { proposal: van_id, principal: 100_000, interest: 1_000 },
        Body::WriteOff { proposal: van_id, amount: 200_000, reason: "Bankrupt.".to_owned() },
    ]);
    let leaves = story.members[6].say(Body::Leave);
    story.say(2, &[leaves]);
    story.close(&[(bees_id, 100_000)], 7);

    // Round 6. Something of what was lost comes in after all; whoever left has no vote.
    story.treasurer(vec![
        Body::Recover { proposal: van_id, amount: 40_000 },
        Body::Disburse { proposal: bees_id, amount: 90_000 },
        Body::Release { proposal: bees_id, amount: 10_000, reason: "Cheaper hives.".to_owned() },
    ]);
    story.close(&[], 6);

    story.same_money_everywhere();
    story.scores(oven_id, van_id);
    story.overdue(roof_id, 168_000);
    story.audits_clean();
}

impl Story {
    /// The portfolio of every node is the one in the books.
    fn same_money_everywhere(&self) {
        let portfolios: Vec<Value> =
            self.community.running().map(|node| node.mutua().json(["portfolio"])).collect();
        assert!(portfolios.windows(2).all(|pair| pair[0] == pair[1]), "{portfolios:#?}");
        let shown = &portfolios[0];
        assert_eq!(shown["pool"]["paid_in"], self.books.paid_in);
        assert_eq!(shown["pool"]["available"], self.books.pool());
        let lines = shown["loans"].as_array().expect("a list");
        assert_eq!(lines.len(), self.books.loans.len());
        for line in lines {
            let (figures, sums) = (&line["figures"], &line["figures"]["sums"]);
            let page = self
                .books
                .loans
                .iter()
                .find_map(|(id, page)| (line["proposal"] == id.to_string()).then_some(page))
                .unwrap_or_else(|| panic!("not in the books: {line:#}"));
            for (name, value) in [
                ("allocated", page.allocated),
                ("disbursed", page.disbursed),
                ("released", page.released),
                ("repaid", page.repaid),
                ("interest", page.interest),
                ("written_off", page.written_off),
                ("recovered", page.recovered),
            ] {
                assert_eq!(sums[name], value, "{name} of {line:#}");
            }
            assert_eq!(figures["outstanding"], page.outstanding());
            assert_eq!(figures["lost"], page.lost());
            assert_eq!(figures["undrawn"], page.allocated - page.disbursed - page.released);
        }
        let sum = |of: fn(&Page) -> u64| self.books.loans.values().map(of).sum::<u64>();
        assert_eq!(shown["total"]["outstanding"], sum(Page::outstanding));
        assert_eq!(shown["total"]["lost"], sum(Page::lost));
        // Nothing comes from nowhere: what is in the pool, promised, lent and lost was paid in, or is interest.
        let promised = sum(|page| page.allocated - page.disbursed - page.released);
        assert_eq!(
            self.books.pool() + promised + sum(Page::outstanding) + sum(Page::lost),
            self.books.paid_in + sum(|page| page.interest)
        );
    }

    /// The track record holds two ended loans, and what was said of them before it was funded.
    fn scores(&self, good: RecordId, bad: RecordId) {
        let track = self.community.nodes[4].mutua().json(["track-record"]);
        let ended = track["loans"].as_array().expect("a list");
        let ends: Vec<(String, bool, u64)> = ended
            .iter()
            .map(|loan| {
                (
                    loan["proposal"].as_str().unwrap_or_default().to_owned(),
                    loan["defaulted"] == true,
                    loan["lost"].as_u64().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(ends, [(good.to_string(), false, 0), (bad.to_string(), true, 160_000)]);
        let score = |who: &str, key: PublicKey| {
            let list = track[who].as_array().expect("a list");
            let field = who.trim_end_matches('s');
            let found = list.iter().find(|entry| entry[field] == key.to_string());
            found.map(|entry| entry["score"]["brier"]["exact"].as_str().unwrap_or_default().to_owned())
        };
        let attestors = [0, 1, 2].map(|n| score("attestors", attestor(n).public()));
        assert_eq!(
            attestors,
            [Some(brier(&[(100, false), (300, true)])), Some(brier(&[(200, false), (400, true)])), None],
            "the third one's attestation of the van was revoked before the close"
        );
        let members = [1, 2, 3].map(|n: usize| score("members", self.members[n].key()));
        assert_eq!(
            members,
            [Some(brier(&[(50, false), (500, true)])), Some(brier(&[(2_000, true)])), None],
            "the third one spoke after the close"
        );
        let losses: BTreeMap<String, String> = ended
            .iter()
            .map(|loan| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&loan["proposal"]), text(&loan["expected_loss"]["exact"]))
            })
            .collect();
        // The most cautious figures count: 2 % of 2,000.00 and 4 % of 3,000.00, half of it lost each time.
        assert_eq!(losses[&good.to_string()], "2000");
        assert_eq!(losses[&bad.to_string()], "6000");
    }

    /// Some months from now, what nobody has paid is overdue by its age.
    fn overdue(&self, late: RecordId, amount: u64) {
        let at = now() + 70 * DAY;
        let portfolio =
            self.community.nodes[0].api().get(&format!("/v1/portfolio?at={at}")).expect("it answers");
        let line = portfolio["loans"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|line| line["proposal"] == late.to_string())
            .unwrap_or_else(|| panic!("it is funded: {portfolio:#}"));
        // An annuity over 12 months at 4.5 %: the least payment with which nothing is left, and two months of it are over.
        let left_after = |payment: u64| {
            (0..12).fold(amount, |left, _| (left + (left * 450 + 60_000) / 120_000).saturating_sub(payment))
        };
        let payment = (1..=amount).find(|payment| left_after(*payment) == 0).expect("there is one");
        assert_eq!(line["figures"]["due"], 2 * payment);
        assert_eq!(line["figures"]["overdue"], serde_json::json!([payment, payment, 0, 0]));
    }

    /// The log of all this convinces both verifiers.
    fn audits_clean(&mut self) {
        let path = self.community.folder().path().join("six-rounds.archive");
        let bytes = self.community.nodes[4].api().archive().expect("it gives its archive");
        fs::write(&path, &bytes).expect("the test's folder can be written");
        let log = audited(&bytes);
        assert_eq!(log.sealed.len() as u64, self.sealed);
        let report = Mutua::offline().json(["audit".to_owned(), path.to_string_lossy().into_owned()]);
        assert_eq!(report["verdict"], "valid", "{report:#}");
        assert_eq!(report["rounds"].as_array().map(Vec::len), Some(6));
        let void = self.community.nodes[0].status().void;
        assert_eq!(void.values().sum::<u64>(), 0, "{void:?}");
        if let Some(python) = std::env::var_os("MUTUA_PYTHON") {
            let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/verify.py");
            let output =
                Command::new(python).arg(program).arg(&path).output().expect("Python can be started");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}
