//! Laws that hold for every history and for any bytes.

#![allow(clippy::unwrap_used, reason = "a law that does not hold may panic")]

mod support;

use std::collections::BTreeMap;

use mutua_protocol::{
    archive::{ArchiveReader, Auditor, open_batch, opening},
    charter::{Caps, Community},
    codec,
    hash::RecordId,
    keys::Purpose,
    ledger::{Closing, Ledger, Pool, ProposalStatus},
    limits,
    loans::Sums,
    outcome::{Outcome, shares_digest},
    receipt::SealedProof,
    records::{
        Answer, Assessment, Ballot, Body, Choice, Direction, Fork, ProposalId, Received, Score, Subject,
        Verdict,
    },
    seals::SealedBatch,
};
use proptest::prelude::*;
use support::{
    log::{Log, audit},
    rules::every_rule,
    samples::one_of_each,
    story::Story,
    *,
};

const PEOPLE: [&str; 5] = ["ana", "ben", "cleo", "dora", "emil"];
const ATTESTORS: [&str; 3] = ["attestor a", "attestor b", "attestor c"];

/// Failures print their input; nothing is written beside the sources.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// What somebody does next; the numbers pick who, what about, and how much.
#[derive(Debug, Clone)]
struct Deed {
    kind: u8,
    who: usize,
    what: usize,
    number: u64,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = (0u8..42, 0usize..64, 0usize..64, 0u64..60_000);
    prop::collection::vec(deed.prop_map(|(kind, who, what, number)| Deed { kind, who, what, number }), 1..120)
}

/// A community that does deeds as far as they are allowed.
struct Town {
    world: World,
    /// The name under which each person's present key is known.
    names: BTreeMap<usize, String>,
    waiting: Vec<Received>,
}

impl Town {
    /// A town under one of many charters.
    fn new(kind: u16) -> Self {
        let mut world = World::with(|charter| {
            charter.limits.records_per_round = 40;
            let rules = every_rule();
            charter.rule = rules[usize::from(kind) % rules.len()];
            charter.policy.caps = Caps {
                borrower: [None, Some(6_000), Some(3_000)][usize::from(kind / 9 % 3)],
                category: [None, Some(8_000)][usize::from(kind / 27 % 2)],
                expected_loss: [None, Some(50)][usize::from(kind / 54 % 2)],
            };
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
    fn words(&self, deed: &Deed) -> Option<(String, Body)> {
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
                (person, Body::Evidence(Fork::of(&left, &right)))
            }
            32..=34 => (treasurer, disbursement(self.funded(deed.what)?, amount)),
            35 => (treasurer, release(self.funded(deed.what)?, amount / 4 + 1)),
            36..=38 => (treasurer, repayment(self.funded(deed.what)?, amount / 3, u64::from(deed.kind) * 7)),
            39 | 40 => (treasurer, write_off(self.funded(deed.what)?, amount / 3 + 1)),
            41 => (treasurer, recovery(self.funded(deed.what)?, amount / 5 + 1)),
            _ => return None,
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

fn live(kind: u16, deeds: &[Deed]) -> Town {
    let mut town = Town::new(kind);
    for deed in deeds {
        town.act(deed);
    }
    town.seal(town.world.ledger.close());
    town
}

/// Order and repetition of records as somebody may have received them.
fn muddle(records: &[Received], seed: u64) -> Vec<Received> {
    let mut muddled: Vec<Received> = records.iter().chain(records.iter().step_by(2)).cloned().collect();
    let mut state = seed | 1;
    for last in (1..muddled.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        muddled.swap(last, (state >> 33) as usize % (last + 1));
    }
    muddled
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_order_and_any_repetition_of_the_same_records_give_the_same_ledger(
        kind in any::<u16>(),
        deeds in deeds(),
        seed in any::<u64>(),
    ) {
        let town = live(kind, &deeds);
        let world = &town.world;
        let mut other = Ledger::new(world.ledger.community().clone());
        for (number, batch) in world.batches.iter().enumerate() {
            let records = open_batch(&other, batch).unwrap();
            let mut offered = muddle(&records, seed.wrapping_add(number as u64));
            offered.sort_by_key(Received::order);
            offered.dedup_by_key(|received| received.id);
            let header = other.seal(batch.header.time, &offered).unwrap();
            prop_assert_eq!(&header, &batch.header);
            other.apply(&header, &offered).unwrap();
        }
        prop_assert_eq!(format!("{other:?}"), format!("{:?}", world.ledger));
    }

    #[test]
    fn a_history_replayed_from_its_archive_gives_the_same_outcomes(
        kind in any::<u16>(),
        deeds in deeds(),
    ) {
        let town = live(kind, &deeds);
        let auditor = audit(&Log::of(&town.world).bytes()).unwrap();
        let closings = town.world.ledger.closings();
        prop_assert!(auditor.outcomes().eq(closings.iter().map(|closing| closing.digest)));
        prop_assert_eq!(format!("{:?}", auditor.ledger()), format!("{:?}", town.world.ledger));
    }

    /// Of every sealed record, and of every key in every closed round.
    #[test]
    fn a_receipt_made_from_any_history_holds(kind in any::<u16>(), deeds in deeds()) {
        let town = live(kind, &deeds);
        let world = &town.world;
        for batch in world.batches.iter().rev().take(20) {
            let records = proofs::opened(world, batch);
            let ids: Vec<RecordId> = records.iter().map(|received| received.id).collect();
            for received in &records {
                let seal = proofs::certified(world, batch.header.height);
                let proven = SealedProof::new(received, seal, &ids).unwrap().verify(world.community()).unwrap();
                prop_assert_eq!((proven.record, proven.height), (received.id, batch.header.height));
            }
        }
        let keys: Vec<_> = world.ledger.members().keys().copied().chain([public("a stranger")]).collect();
        for closing in world.ledger.closings() {
            for key in &keys {
                let count = proofs::count(world, closing.outcome.round, *key).verify(world.community()).unwrap();
                let entry = closing.roll.iter().find(|entry| entry.member == *key).copied();
                prop_assert_eq!((count.key, count.entry, count.digest), (*key, entry, closing.digest));
            }
        }
    }

    /// Only the order of seals matters: which records share a seal with others of other authors does
    /// not change what they say, as long as none refers to another.
    #[test]
    fn ballots_give_one_outcome_however_seals_divide_them(
        picks in prop::collection::vec((0usize..4, 0u64..64), 1..24),
        cuts in any::<u32>(),
    ) {
        let start = {
            let mut world = World::new();
            world.admit(&PEOPLE[..4]);
            world.fund(90_000);
            for title in ["a", "b", "c", "d"] {
                world.rated("ana", loan(title, 31_000));
            }
            world
        };
        let all: Vec<ProposalId> = start.ledger.proposals().keys().copied().collect();
        let mut speakers = start.clone();
        let ballots: Vec<Received> = picks
            .iter()
            .map(|(who, mask)| {
                let picked = all.iter().enumerate().filter(|(position, _)| (mask >> position) & 1 == 1);
                let scores: Vec<_> = picked.map(|(_, id)| (*id, 1)).collect();
                speakers.say(PEOPLE[*who], Body::Ballot(ballot(1, &scores)))
            })
            .collect();
        let close = |divide: &dyn Fn(usize) -> bool| {
            let mut world = start.clone();
            let mut batch = Vec::new();
            for (number, ballot) in ballots.iter().enumerate() {
                batch.push(ballot.clone());
                if divide(number) {
                    world.seal(std::mem::take(&mut batch));
                }
            }
            world.close_with(batch)
        };
        let (one, other) = (close(&|_| false), close(&|number| (cuts >> (number % 32)) & 1 == 1));
        prop_assert_eq!(&one.outcome.funded, &other.outcome.funded);
        prop_assert_eq!(&one.roll, &other.roll);
        prop_assert_eq!(&one.shares, &other.shares);
    }
}

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Harm {
    Flip(usize, u8),
    Cut(usize),
    Insert(usize, u8),
    Remove(usize),
    Overwrite(usize, [u8; 8]),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        (any::<usize>(), 0u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        any::<usize>().prop_map(Harm::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        any::<usize>().prop_map(Harm::Remove),
        (any::<usize>(), prop_oneof![Just([0; 8]), Just([0xff; 8]), any::<[u8; 8]>()])
            .prop_map(|(at, bytes)| Harm::Overwrite(at, bytes)),
    ]
}

fn harmed(bytes: &[u8], harm: &Harm) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let length = bytes.len();
    match harm {
        Harm::Flip(at, bit) => bytes[at % length] ^= 1 << bit,
        Harm::Cut(at) => bytes.truncate(at % length),
        Harm::Insert(at, byte) => bytes.insert(at % (length + 1), *byte),
        Harm::Remove(at) => drop(bytes.drain(at % length..=at % length)),
        Harm::Overwrite(at, with) => {
            let at = at % length;
            let end = (at + 8).min(length);
            bytes[at..end].copy_from_slice(&with[..end - at]);
        }
    }
    bytes
}

/// Every decoder, on any bytes: no panic, and what is accepted is written in those bytes.
fn decode_everything(world: &World, bytes: &[u8]) {
    let community = world.community();
    if let Ok(received) = Received::decode(bytes, community) {
        assert_eq!(received.signed.bytes(), bytes);
        assert_eq!(received.id, received.record().id());
    }
    if let Ok(batch) = codec::decode::<SealedBatch>(bytes, limits::DECODE_BYTES) {
        assert_eq!(codec::encode(&batch), bytes);
        let _ = open_batch(&world.ledger, &batch);
    }
    if let Ok(community) = Community::decode(bytes) {
        assert_eq!(codec::encode(&community.charter), bytes);
    }
    if let Ok(mut auditor) = Auditor::new(&codec::encode(&community.charter)) {
        let _ = auditor.seal(bytes);
    }
    let _ = audit(bytes);
    if let Ok(mut reader) = ArchiveReader::new(bytes) {
        while let Ok(Some(_)) = reader.frame() {}
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn any_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let world = World::new();
        decode_everything(&world, &bytes);
        let mut framed = opening(&world.community().charter);
        framed.extend(&bytes);
        prop_assert!(audit(&framed).is_err());
    }

    #[test]
    fn a_harmed_record_is_refused_or_was_not_signed(harm in harm()) {
        let world = World::new();
        for (kind, received) in one_of_each(&world) {
            let bytes = harmed(&received.bytes, &harm);
            decode_everything(&world, &bytes);
            if bytes == received.bytes.as_ref() {
                continue;
            }
            if let Ok(other) = Received::decode(&bytes, world.community()) {
                let claim = other.claim();
                let holds = claim.key.verify(Purpose::Record, &other.id.0, &claim.signature);
                prop_assert!(holds.is_err(), "{} passes with {:?}", kind, harm);
            }
        }
    }

    #[test]
    fn a_harmed_charter_is_refused_or_founds_another_community(harm in harm()) {
        let charter = charter(3);
        let bytes = codec::encode(&charter);
        let harmed = harmed(&bytes, &harm);
        if harmed != bytes && let Ok(other) = Community::decode(&harmed) {
            prop_assert_ne!(other.id, charter.id());
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_harmed_archive_is_refused(harm in harm()) {
        thread_local! {
            static BYTES: Vec<u8> = Story::tell().log().bytes();
        }
        BYTES.with(|bytes| {
            let spoiled = harmed(bytes, &harm);
            if spoiled != *bytes {
                assert!(audit(&spoiled).is_err(), "{harm:?}");
            }
        });
    }

    #[test]
    fn a_harmed_seal_is_refused(harm in harm(), height in 1usize..=10) {
        thread_local! {
            static STORY: Story = Story::tell();
        }
        STORY.with(|story| {
            let batch = codec::encode(&story.worlds[height].batches[height - 1]);
            let spoiled = harmed(&batch, &harm);
            let before = &story.worlds[height - 1];
            if spoiled != batch && let Ok(batch) = codec::decode::<SealedBatch>(&spoiled, limits::DECODE_BYTES) {
                let mut ledger = before.ledger.clone();
                let applied = open_batch(&ledger, &batch)
                    .map_err(drop)
                    .and_then(|records| ledger.apply(&batch.header, &records).map_err(drop));
                assert!(applied.is_err(), "{harm:?} at seal {height}");
            }
        });
    }
}
