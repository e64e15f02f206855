//! Seals: every reason why one cannot follow, and that a refused one changes nothing.

use mutua_protocol::{
    hash::{CommunityId, OutcomeDigest, RecordId, Root, SealId},
    ledger::{ChainFault, Inadmissible, SealFault},
    limits,
    records::{Body, Received, Record, Subject},
    seals::SealHeader,
};

use crate::support::{
    log::{Log, audit, header},
    *,
};

fn community() -> World {
    let mut world = World::new();
    world.admit(&["ana", "ben"]);
    world
}

/// Sorted records of ana and ben.
fn two(world: &mut World) -> Vec<Received> {
    let blank = || Body::Ballot(ballot(1, &[]));
    let mut records = vec![world.say("ana", blank()), world.say("ben", blank())];
    records.sort_by_key(Received::order);
    records
}

/// Both ways to look at a seal refuse it, and nothing changes.
fn refused(world: &World, header: &SealHeader, records: &[Received]) -> SealFault {
    let fault = world.ledger.judge(header, records).expect_err("a fault");
    let mut ledger = world.ledger.clone();
    assert_eq!(ledger.apply(header, records).err(), Some(fault.clone()));
    assert_eq!(format!("{ledger:?}"), format!("{:?}", world.ledger), "a refused seal changes nothing");
    fault
}

#[test]
fn every_fault_of_a_header() {
    let mut world = community();
    let records = two(&mut world);
    let time = world.ledger.time() + 1;
    let good = header(&world.ledger, time, &records);
    assert_eq!(world.ledger.judge(&good, &records), Ok(()));
    let digest = OutcomeDigest([3; 32]);
    let early = SealFault::Closing { due: false };
    let cases: Vec<(SealHeader, SealFault)> = vec![
        (SealHeader { community: CommunityId([0; 32]), ..good.clone() }, SealFault::Community),
        (SealHeader { height: 1, ..good.clone() }, SealFault::Height { height: 1, expected: 2 }),
        (SealHeader { height: 3, ..good.clone() }, SealFault::Height { height: 3, expected: 2 }),
        (SealHeader { previous: SealId([0; 32]), ..good.clone() }, SealFault::Previous),
        (SealHeader { time: time - 1, ..good.clone() }, SealFault::Time { time: time - 1, before: time - 1 }),
        (SealHeader { count: 1, ..good.clone() }, SealFault::Count { counted: 1, present: 2 }),
        (SealHeader { closes: Some(digest), ..good.clone() }, early),
        (SealHeader { time: ROUND, ..good.clone() }, SealFault::Closing { due: true }),
        (SealHeader { root: Root([0; 32]), ..good.clone() }, SealFault::Root),
    ];
    for (header, expected) in cases {
        assert_eq!(refused(&world, &header, &records), expected);
    }
    assert_eq!(refused(&world, &header(&world.ledger, time, &[]), &[]), SealFault::Idle);
    let wrong = SealHeader { time: ROUND, closes: Some(digest), ..good };
    assert!(
        matches!(refused(&world, &wrong, &records), SealFault::Outcome { sealed, .. } if sealed == digest)
    );
}

#[test]
fn records_stand_in_their_order_each_once() {
    let mut world = community();
    let time = world.ledger.time() + 1;
    let mut records = two(&mut world);
    records.reverse();
    let unsorted = header(&world.ledger, time, &records);
    assert_eq!(refused(&world, &unsorted, &records), SealFault::Order { id: records[1].id });
    let twice = vec![records[0].clone(), records[0].clone()];
    let doubled = header(&world.ledger, time, &twice);
    assert_eq!(refused(&world, &doubled, &twice), SealFault::Order { id: twice[0].id });
    let [left, right] = world.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let both = vec![left, right];
    let forked = header(&world.ledger, time, &both);
    assert_eq!(refused(&world, &forked, &both), SealFault::Order { id: both[1].id });
}

#[test]
fn each_record_continues_its_authors_chain() {
    let world = community();
    let head = world.ledger.chain(&public("registrar"));
    let chain_fault = |records: &[Received]| {
        let header = header(&world.ledger, world.ledger.time() + 1, records);
        match refused(&world, &header, records) {
            SealFault::Chain { id, fault } if id == records[records.len() - 1].id => fault,
            other => panic!("expected a fault in the last record's chain, got {other:?}"),
        }
    };
    let gap = world.sign("registrar", head.sequence + 2, head.id, admission("cleo", 1));
    assert_eq!(chain_fault(&[gap]), ChainFault::Sequence { number: 4, expected: 3 });
    let elsewhere = RecordId([1; 32]);
    let astray = world.sign("registrar", head.sequence + 1, elsewhere, admission("cleo", 1));
    assert_eq!(chain_fault(&[astray]), ChainFault::Previous { named: elsewhere, held: head.id });
    // Within one seal as well, and after a change of key.
    let rotation = world.sign("ana", 1, Record::NONE, world.rotation("ana", "new key"));
    let after = world.sign("ana", 2, rotation.id, Body::Leave);
    assert_eq!(chain_fault(&[rotation, after]), ChainFault::Retired);
}

#[test]
fn an_inadmissible_record_spoils_the_seal() {
    let mut world = community();
    let time = world.ledger.time() + 1;
    let stranger = world.say("stranger", Body::Leave);
    let records = [stranger.clone()];
    let reason = Inadmissible::UnknownAuthor { author: public("stranger") };
    let fault = SealFault::Inadmissible { id: stranger.id, reason };
    assert_eq!(refused(&world, &header(&world.ledger, time, &records), &records), fault);
    assert_eq!(world.ledger.seal(time, &records), Err(fault));
}

#[test]
fn a_seal_holds_no_more_records_and_bytes_than_the_limits() {
    let mut world = community();
    let time = world.ledger.time() + 1;
    let many: Vec<_> = (0..=limits::SEAL_RECORDS)
        .map(|number| world.say("registrar", admission(&format!("member {number}"), 1)))
        .collect();
    assert_eq!(world.ledger.seal(time, &many), Err(SealFault::TooLarge));
    assert_eq!(refused(&world, &header(&world.ledger, time, &many), &many), SealFault::TooLarge);
    let most = &many[..limits::SEAL_RECORDS];
    assert!(world.ledger.seal(time, most).is_ok());

    let mut world = community();
    let large: Vec<_> = (0..250)
        .map(|number| {
            let mut terms = loan(&format!("loan {number:03}"), 5);
            terms.purpose = "x".repeat(limits::TEXT_BYTES);
            world.say("ana", Body::Propose(Subject::Loan(terms)))
        })
        .collect();
    let fitting = limits::SEAL_BYTES / large[0].bytes.len();
    assert!(fitting < large.len());
    assert!(world.ledger.seal(time, &large[..fitting]).is_ok());
    assert_eq!(world.ledger.seal(time, &large[..=fitting]), Err(SealFault::TooLarge));
}

#[test]
fn the_seal_that_closes_is_the_first_at_or_past_the_close() {
    let mut world = community();
    let records = two(&mut world);
    let open = world.ledger.seal(ROUND - 1, &records).unwrap();
    assert_eq!(open.closes, None);
    let closing = world.ledger.seal(ROUND, &records).unwrap();
    assert_eq!(closing.closes, Some(world.ledger.provisional(ROUND, &records).digest));
    let idle = world.ledger.seal(ROUND + 77, &[]).unwrap();
    assert!(idle.closes.is_some());
}

#[test]
fn the_greatest_time_does_not_overflow() {
    let mut world = community();
    let closing = world.seal_at(u64::MAX - 1, vec![]).closing.unwrap();
    assert_eq!(closing.outcome.round, 1);
    assert_eq!(world.ledger.close(), u64::MAX);
    assert!(world.seal_at(u64::MAX, vec![]).closing.is_some());
    assert!(matches!(world.try_seal_at(u64::MAX, vec![]), Err(SealFault::Time { .. })));
}

#[test]
fn the_order_of_authors_in_what_is_offered_does_not_matter() {
    let mut world = community();
    let mut records = two(&mut world);
    let mut other = world.clone();
    let one = world.seal(records.clone());
    records.reverse();
    let two = other.seal(records);
    assert_eq!(world.ledger.head(), other.ledger.head());
    assert_eq!(one.void, two.void);
}

#[test]
fn the_largest_seals_can_be_read_back() {
    let mut world = World::new();
    let many = (0..limits::SEAL_RECORDS)
        .map(|number| world.say("registrar", admission(&format!("member {number}"), 1)))
        .collect();
    world.seal(many);
    let proposal = world.propose("member 0", loan("bakery", 5));
    let attestations: Vec<_> = (0..)
        .map(|_| {
            let mut assessment = approved();
            assessment.reasons = vec!["x".repeat(limits::TEXT_BYTES); 4];
            world.say("attestor a", world.attestation(proposal, assessment))
        })
        .take(limits::SEAL_BYTES / limits::RECORD_BYTES)
        .collect();
    assert!(
        attestations.iter().map(|received| received.bytes.len()).sum::<usize>() > limits::SEAL_BYTES * 9 / 10
    );
    assert!(world.seal(attestations).void.is_empty());
    let auditor = audit(&Log::of(&world).bytes()).unwrap();
    assert_eq!(auditor.ledger().head(), world.ledger.head());
}
