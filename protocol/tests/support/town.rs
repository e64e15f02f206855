//! Histories by chance: a town whose people do what comes to their minds, as far as they may.

#![allow(clippy::unwrap_used, reason = "a town that is not as told may panic")]

use std::collections::BTreeMap;

use mutua_protocol::{
    charter::Caps,
    codec,
    hash::{OutcomeDigest, Root, SealId},
    ledger::{Closing, Pool, ProposalStatus},
    loans::Sums,
    outcome::{Outcome, shares_digest},
    records::{
        Answer, Assessment, Ballot, Body, Choice, Direction, Fork, On, ProposalId, Received, Scope, Score,
        Stance, Subject, Verdict,
    },
};

use super::{log::Log, rules::every_rule, *};

/// Who lives there.
pub const PEOPLE: [&str; 5] = ["ana", "ben", "cleo", "dora", "emil"];
const ATTESTORS: [&str; 3] = ["attestor a", "attestor b", "attestor c"];

/// What somebody does next; the numbers pick who, what about, and how much.
#[derive(Debug, Clone)]
pub struct Deed {
    pub kind: u8,
    pub who: usize,
    pub what: usize,
    pub number: u64,
}

/// A community that does deeds as far as they are allowed.
pub struct Town {
    pub world: World,
    /// The name under which each person's present key is known.
    names: BTreeMap<usize, String>,
    waiting: Vec<Received>,
}

impl Town {
    /// A town under one of many charters.
    pub fn new(kind: u16) -> Self {
        let mut world = World::with(|charter| {
            charter.limits.records_per_round = 40;
            let rules = every_rule();
            charter.rule = rules[usize::from(kind) % rules.len()];
            charter.policy.caps = Caps {
                borrower: [None, Some(6_000), Some(3_000)][usize::from(kind / 9 % 3)],
                category: [None, Some(8_000)][usize::from(kind / 27 % 2)],
                expected_loss: [None, Some(50)][usize::from(kind / 54 % 2)],
            };
            charter.roles.push(RoleHolders { role: Role::Moderator, keys: keys(&["moderator"]), needed: 1 });
            charter.motions.charter = CharterMajority { quorum: 1_000, majority: 5_000 };
            charter.roles[1].needed = if kind.is_multiple_of(5) { 2 } else { 1 };
        });
        world.admit(&PEOPLE[..4]);
        world.fund(90_000);
        for number in 0..6u16 {
            let mut terms = loan(&format!("loan {}", number % 4), 7_001 + 5_003 * u64::from(number));
            terms.category = number % 3;
            let proposal = world.propose(PEOPLE[usize::from(number % 4)], terms);
            world.attest("attestor a", proposal, approved());
            world.attest("attestor b", proposal, Assessment { default: 900, ..approved() });
        }
        let names = PEOPLE.iter().map(|name| (*name).to_owned()).enumerate().collect();
        Self { world, names, waiting: Vec::new() }
    }

    fn person(&self, number: usize) -> String {
        self.names[&(number % PEOPLE.len())].clone()
    }

    fn proposal(&self, number: usize) -> Option<ProposalId> {
        let all: Vec<&ProposalId> = self.world.ledger.proposals().keys().collect();
        (!all.is_empty()).then(|| *all[number % all.len()])
    }

    fn argument(&self, number: usize) -> Option<RecordId> {
        let ledger = &self.world.ledger;
        let all: Vec<RecordId> = ledger
            .proposals()
            .keys()
            .flat_map(|proposal| ledger.thread(proposal))
            .map(|said| said.id)
            .collect();
        (!all.is_empty()).then(|| all[number % all.len()])
    }

    /// A funded loan; sometimes one that is not.
    fn funded(&self, number: usize) -> Option<ProposalId> {
        let all: Vec<&ProposalId> = self.world.ledger.accounts().keys().collect();
        if all.is_empty() || number.is_multiple_of(9) {
            return self.proposal(number);
        }
        Some(*all[number % all.len()])
    }

    fn ballot(&self, deed: &Deed) -> Ballot {
        let ledger = &self.world.ledger;
        let mut ballot =
            ballot(ledger.round().saturating_sub(u32::from(deed.number.is_multiple_of(7))).max(1), &[]);
        ballot.standing = deed.number.is_multiple_of(3);
        for (position, (id, proposal)) in ledger.proposals().iter().enumerate() {
            if (deed.number >> (position % 16)) & 1 == 0 {
                continue;
            }
            let pick = (deed.what + position) % 3;
            if proposal.subject.loan().is_some() {
                ballot.scores.push(Score { proposal: *id, score: u8::try_from(pick).unwrap() + 1 });
            } else {
                let choice = [Choice::Yes, Choice::No, Choice::Abstain][pick];
                ballot.answers.push(Answer { proposal: *id, choice });
            }
        }
        ballot
    }

    /// Who says what.
    pub fn words(&self, deed: &Deed) -> Option<(String, Body)> {
        let person = self.person(deed.who);
        let other = self.person(deed.what);
        let registrar = "registrar".to_owned();
        let treasurer = "treasurer".to_owned();
        let amount = deed.number % 50_000 + 1;
        let terms = || {
            let mut terms = loan(&format!("loan {}", deed.what % 4), amount);
            terms.category = u16::try_from(deed.number % 3).unwrap();
            terms.expires =
                if deed.number.is_multiple_of(11) { self.world.ledger.close() + ROUND } else { EVER };
            Subject::Loan(terms)
        };
        Some(match deed.kind {
            0 => (registrar, admission(&person, 1 + u32::try_from(deed.number % 5).unwrap())),
            1 => (registrar, suspension(&other)),
            2 | 3 => (registrar, readmission(&other)),
            4 => (person, Body::Leave),
            5 => (person.clone(), self.world.rotation(&person, &format!("{person}'"))),
            6 | 7 => (person, Body::Propose(terms())),
            8 => (person, Body::Propose(Subject::Motion(motion("Longer hours")))),
            9 => (person, Body::Amend { proposal: self.proposal(deed.what)?, subject: terms() }),
            10 => (person, withdrawal(self.proposal(deed.what)?)),
            11..=16 => {
                let proposal = self.proposal(deed.what)?;
                let assessment = Assessment {
                    grade: 1 + u8::try_from(deed.number % 6).unwrap(),
                    verdict: if deed.number.is_multiple_of(13) {
                        Verdict::Declined
                    } else {
                        Verdict::Approved
                    },
                    valid_until: if deed.number.is_multiple_of(5) { self.world.ledger.close() } else { EVER },
                    ..approved()
                };
                (ATTESTORS[deed.who % 3].to_owned(), self.world.attestation(proposal, assessment))
            }
            17 => {
                let held = self.world.ledger.proposals()[&self.proposal(deed.what)?].attestations.values();
                let held = held.last()?;
                let by = ATTESTORS.iter().find(|name| public(name) == held.attestor)?;
                ((*by).to_owned(), revocation(held.id))
            }
            18..=24 => (person, Body::Ballot(self.ballot(deed))),
            25 => (treasurer, payment(Direction::In, amount)),
            26 => (treasurer, payment(Direction::Out, amount * 2)),
            27 => {
                let [left, right] = self.world.fork(&other, Body::Leave, Body::Ballot(ballot(1, &[])));
                (person, Body::Evidence(Box::new(Fork::of(&left, &right))))
            }
            32..=34 => (treasurer, disbursement(self.funded(deed.what)?, amount)),
            35 => (treasurer, release(self.funded(deed.what)?, amount / 4 + 1)),
            36..=38 => (treasurer, repayment(self.funded(deed.what)?, amount / 3, u64::from(deed.kind) * 7)),
            39 | 40 => (treasurer, write_off(self.funded(deed.what)?, amount / 3 + 1)),
            41 => (treasurer, recovery(self.funded(deed.what)?, amount / 5 + 1)),
            42 | 43 => {
                let proposal = self.proposal(deed.what)?;
                let terms = self.world.ledger.proposals()[&proposal].terms;
                let default = u16::try_from(deed.number % 10_001).unwrap();
                (person, Body::Predict { proposal, terms, default })
            }
            44..=46 => {
                let stances = [Stance::For, Stance::Against, Stance::Question, Stance::Answer];
                let stance = stances[usize::try_from(deed.number % 4).unwrap()];
                let on = match self.argument(deed.what) {
                    Some(found) if deed.number.is_multiple_of(3) || stance == Stance::Answer => {
                        On::Argument(found)
                    }
                    _ if stance == Stance::Answer => return None,
                    _ => On::Proposal(self.proposal(deed.what)?),
                };
                (person, argument(on, stance))
            }
            47 | 48 => (person, endorsement(self.argument(deed.what)?, deed.number.is_multiple_of(4))),
            49 => {
                let moderation = moderation(self.argument(deed.what)?, deed.number.is_multiple_of(2));
                ("moderator".to_owned(), moderation)
            }
            50 | 51 => (registrar, self.world.replacement(&person, &format!("{other}'"))),
            52 | 53 => (person, Body::Propose(self.change(deed))),
            54..=59 => {
                let scope = match deed.number % 4 {
                    3 => Scope::All,
                    category => Scope::Category(u16::try_from(category).unwrap()),
                };
                let to = (!deed.number.is_multiple_of(7)).then_some(&*other);
                if person == other {
                    return None;
                }
                (person, delegation(scope, to))
            }
            _ => return None,
        })
    }

    /// Another rule, period, limit, power of the witness, and other attestors, so that some are none for a while.
    fn change(&self, deed: &Deed) -> Subject {
        let pick = |bound: usize| usize::try_from(deed.number).unwrap() % bound;
        self.world.change("As we please", |charter| {
            let rules = every_rule();
            charter.rule = rules[pick(rules.len())];
            charter.schedule.period = ROUND / 2 * (1 + deed.number % 4);
            charter.limits.score = 1 + u8::try_from(pick(10)).unwrap();
            charter.witnesses[0].power = 1 + deed.number % 4;
            charter.roles[1].keys = keys(&ATTESTORS[..1 + pick(3)]);
            charter.roles[1].needed = 1;
            charter.policy.worst_grade = 3 + u8::try_from(pick(4)).unwrap();
            charter.sealing.drift = 60_000 + deed.number;
        })
    }

    fn act(&mut self, deed: &Deed) {
        match deed.kind {
            28..=30 => return self.seal(self.world.ledger.time() + 1 + deed.number),
            31 => return self.seal(self.world.ledger.close() + deed.number),
            _ => {}
        }
        let Some((name, body)) = self.words(deed) else { return };
        let author = public(&name);
        let said = self.waiting.iter().filter(|received| received.record().author == author);
        let handed_over =
            said.clone().any(|received| matches!(received.record().body, Body::RotateKey { .. }));
        let draft = self.world.sign(&name, u64::MAX, RecordId([1; 32]), body.clone());
        let head = self.world.ledger.chain(&author);
        let full = said.count() + head.in_round as usize >= 40;
        if !handed_over && !full && !head.retired && self.world.ledger.admissible(draft.record()).is_ok() {
            let received = self.world.say(&name, body);
            self.waiting.push(received);
        }
    }

    fn seal(&mut self, time: u64) {
        if self.waiting.is_empty() && time < self.world.ledger.close() {
            return;
        }
        let records = std::mem::take(&mut self.waiting);
        let before = self.world.ledger.pool();
        let applied = self.world.seal_at(time, records);
        for (number, name) in PEOPLE.iter().enumerate() {
            let mut name = (*name).to_owned();
            while !self.world.ledger.members().contains_key(&public(&name)) && name.len() < 60 {
                name.push('\'');
            }
            if self.world.ledger.members().contains_key(&public(&name)) {
                self.names.insert(number, name);
            }
        }
        self.check_money(before);
        if let Some(closing) = applied.closing {
            self.check_closing(&closing);
        }
    }

    /// Nothing is spent twice, and nothing that is not there.
    fn check_money(&self, before: Pool) {
        let pool = self.world.ledger.pool();
        let Pool { paid_in, paid_out, loans: sums } = pool;
        let held = pool.available() + sums.undrawn() + sums.outstanding();
        assert_eq!(held + paid_out + sums.lost(), paid_in + sums.interest, "{pool:?}");
        assert!(
            paid_out + sums.allocated
                <= paid_in + sums.released + sums.repaid + sums.interest + sums.recovered
        );
        assert!(sums.disbursed + sums.released <= sums.allocated);
        assert!(sums.repaid + sums.written_off <= sums.disbursed && sums.recovered <= sums.written_off);
        assert!(pool.paid_in >= before.paid_in && sums.allocated >= before.loans.allocated);
        let ledger = &self.world.ledger;
        let mut again = Sums::default();
        for account in ledger.accounts().values() {
            assert_eq!(account.at(ledger.time()), account.sums, "what is booked follows from the movements");
            let all = [
                (&mut again.allocated, account.sums.allocated),
                (&mut again.disbursed, account.sums.disbursed),
                (&mut again.released, account.sums.released),
                (&mut again.repaid, account.sums.repaid),
                (&mut again.interest, account.sums.interest),
                (&mut again.written_off, account.sums.written_off),
                (&mut again.recovered, account.sums.recovered),
            ];
            for (sum, part) in all {
                *sum += part;
            }
        }
        assert_eq!(again, sums, "the pool is the sum of its loans");
        let deposits = |direction| {
            let all = ledger.deposits().iter().filter(move |deposit| deposit.direction == direction);
            all.map(|deposit| u128::from(deposit.amount)).sum::<u128>()
        };
        assert_eq!((deposits(Direction::In), deposits(Direction::Out)), (paid_in, paid_out));
        let funded: u128 =
            self.world.ledger.closings().iter().map(|c| u128::from(c.outcome.allocated())).sum();
        assert_eq!(sums.allocated, funded);
        let loans = self.world.ledger.proposals().values();
        let loans = loans.filter(|proposal| matches!(proposal.status, ProposalStatus::Funded(_)));
        assert_eq!(funded, loans.map(|proposal| u128::from(proposal.subject.loan().unwrap().amount)).sum());
    }

    fn check_closing(&self, closing: &Closing) {
        let outcome = &closing.outcome;
        assert!(outcome.allocated() <= outcome.pool);
        assert!(closing.roll.is_sorted_by(|a, b| a.member < b.member));
        assert_eq!(closing.roll.len() as u64, outcome.turnout.members);
        assert_eq!(closing.shares.len(), outcome.funded.len());
        for (loan, shares) in outcome.funded.iter().zip(&closing.shares) {
            assert_eq!(shares.iter().map(|share| share.amount).sum::<u64>(), loan.amount);
            assert_eq!(shares_digest(shares), loan.shares);
            assert!(outcome.candidates.iter().any(|candidate| candidate.proposal == loan.proposal));
        }
        let bytes = codec::encode(outcome);
        assert_eq!(codec::decode::<Outcome>(&bytes, bytes.len()).unwrap(), *outcome);
    }
}

pub fn live(kind: u16, deeds: &[Deed]) -> Town {
    let mut town = Town::new(kind);
    for deed in deeds {
        town.act(deed);
    }
    town.seal(town.world.ledger.close());
    town
}

/// Chance that can be repeated (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    /// What somebody might do.
    pub fn deed(&mut self) -> Deed {
        let mut pick = |bound| usize::try_from(self.below(bound)).unwrap();
        let (who, what) = (pick(64), pick(64));
        Deed { kind: u8::try_from(pick(60)).unwrap(), who, what, number: self.below(60_000) }
    }
}

/// The log of a town whose last seal holds whatever came to people's minds, allowed or not, in an order that may be wrong, in
/// a seal whose header may be wrong: signed by all witnesses all the same.
pub fn unruly(kind: u16, chance: &mut Chance) -> Log {
    let deeds: Vec<Deed> = (0..20 + chance.below(60)).map(|_| chance.deed()).collect();
    let mut town = live(kind, &deeds);
    let mut records: Vec<Received> = Vec::new();
    for _ in 0..1 + chance.below(6) {
        let Some((name, body)) = town.words(&chance.deed()) else { continue };
        records.push(match chance.below(12) {
            0 => town.world.sign(&name, 2 + chance.below(3), RecordId([1; 32]), body),
            1 => town.world.sign(&name, 1, Record::NONE, body),
            _ => town.world.say(&name, body),
        });
    }
    if chance.below(8) > 0 {
        records.sort_by_key(Received::order);
    }
    let ledger = &town.world.ledger;
    let time = match chance.below(12) {
        0 => ledger.time(),
        1 => ledger.close(),
        _ => ledger.time() + STEP,
    };
    let mut header = log::header(ledger, time, &records);
    match chance.below(20) {
        0 => header.closes = Some(OutcomeDigest([7; 32])),
        1 => header.previous = SealId([7; 32]),
        2 => header.root = Root([7; 32]),
        3 => header.height += 1,
        4 => header.count += 1,
        // A close at its time, whose outcome nobody has computed.
        _ if time >= ledger.close() => header.closes = Some(OutcomeDigest([7; 32])),
        _ => {}
    }
    let mut log = Log { end: (header.height, header.id()), ..Log::of(&town.world) };
    log.batches.push(town.world.batch(header, &records));
    log
}
