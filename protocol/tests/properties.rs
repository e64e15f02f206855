//! Laws that hold for every history and for any bytes.

#![allow(clippy::unwrap_used, reason = "a law that does not hold may panic")]

mod support;

use mutua_protocol::{
    archive::{ArchiveReader, Auditor, open_batch, opening},
    charter::Community,
    codec,
    hash::RecordId,
    keys::Purpose,
    ledger::Ledger,
    limits,
    receipt::SealedProof,
    records::{Body, ProposalId, Received},
    seals::SealedBatch,
};
use proptest::prelude::*;
use support::{
    log::{Log, audit},
    samples::one_of_each,
    story::Story,
    town::{Deed, PEOPLE, live},
    *,
};

/// Failures print their input; nothing is written beside the sources.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = (0u8..60, 0usize..64, 0usize..64, 0u64..60_000);
    prop::collection::vec(deed.prop_map(|(kind, who, what, number)| Deed { kind, who, what, number }), 1..120)
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
                let entry = closing.roll.iter().find(|entry| entry.member == *key).cloned();
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
