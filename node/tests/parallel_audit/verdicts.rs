//! The verdict does not depend on threads and chunks.

use mutua_node::audit::{Findings, Pipeline, Unreadable};
use mutua_protocol::{
    archive::{Check, Fault, MAGIC, VerifyError, open_seals, verify},
    charter::Community,
    codec,
    keys::KnownKeys,
    records::{Body, Choice},
    seals::Witness,
};

use super::{
    first, pipeline,
    support::{
        World,
        amended::Amended,
        answer,
        log::Log,
        public,
        spoiled::{with_keys, without_keys},
        story::{LAST, Story},
    },
};

/// Threads and bytes of a chunk: one seal a chunk, a few, all of them.
const SHAPES: [(usize, usize); 5] = [(1, 1), (2, 1), (4, 1), (2, 1500), (3, 1 << 20)];

/// What an audit came to: the first fault, or the head and the outcomes.
type Verdict = Result<(u64, String), Fault>;

/// One seal after the other, on one thread.
fn sequential(bytes: &[u8]) -> Verdict {
    match verify(bytes, |_| {}) {
        Ok(auditor) => {
            let ledger = auditor.ledger();
            Ok((ledger.height(), format!("{} {:?}", ledger.head(), auditor.outcomes().collect::<Vec<_>>())))
        }
        Err(VerifyError::Fault(fault)) => Err(fault),
        Err(VerifyError::Io(error)) => panic!("bytes in memory can be read: {error}"),
    }
}

fn parallel(pipeline: &Pipeline, bytes: &[u8]) -> Verdict {
    match first(pipeline, bytes) {
        Ok(Findings { faults, found, auditor, .. }) => match faults.into_iter().next() {
            None => {
                assert_eq!(found, 0);
                let auditor = auditor.unwrap();
                let ledger = auditor.ledger();
                let outcomes = auditor.outcomes().collect::<Vec<_>>();
                Ok((ledger.height(), format!("{} {outcomes:?}", ledger.head())))
            }
            Some(fault) => {
                assert_eq!(found, 1);
                Err(fault)
            }
        },
        // The command says so in other words, and the check is the same.
        Err(Unreadable::Magic(error)) => {
            Err(Fault { check: Check::Charter, seal: None, record: None, detail: error.to_string() })
        }
        Err(Unreadable::Io(error)) => panic!("bytes in memory can be read: {error}"),
    }
}

#[track_caller]
fn agree(pipelines: &[Pipeline], bytes: &[u8], what: &str) {
    let expected = sequential(bytes);
    for (pipeline, shape) in pipelines.iter().zip(SHAPES) {
        assert_eq!(parallel(pipeline, bytes), expected, "{what}, threads and chunk {shape:?}");
    }
}

fn pipelines() -> Vec<Pipeline> {
    SHAPES.iter().map(|(threads, chunk)| pipeline(*threads, *chunk)).collect()
}

#[test]
fn sound_archives_of_any_length_are_sound_to_both() {
    let (story, pipelines) = (Story::tell(), pipelines());
    for height in 0..=LAST {
        let bytes = Log::of(story.after(height)).bytes();
        assert!(sequential(&bytes).is_ok());
        agree(&pipelines, &bytes, &format!("{height} seals"));
    }
}

#[test]
fn the_first_fault_of_every_spoiled_archive_is_the_same() {
    let (story, pipelines) = (Story::tell(), pipelines());
    let cases = without_keys(&story).into_iter().chain(with_keys(&story));
    let mut tried = 0;
    for (name, spoiled) in cases {
        agree(&pipelines, &spoiled.bytes, name);
        tried += 1;
    }
    assert!(tried >= 90, "{tried} archives");
}

/// With two faults in one chunk, or in chunks that are opened side by side, the earlier one counts, even where the
/// later one is found much sooner.
#[test]
fn of_two_faults_the_earlier_counts() {
    let (story, pipelines) = (Story::tell(), pipelines());
    let log = story.log();
    for early in 1..LAST {
        let mut spoiled = log.clone();
        // The earlier fault is seen when the seal is applied, or when its signatures are checked; the later
        // one as soon as its bytes are read.
        spoiled.batches[early - 1].certificate.signatures[0].1.0[3] ^= 1;
        let mut frames = spoiled.frames();
        frames[LAST].truncate(12);
        frames[LAST][1..5].copy_from_slice(&7u32.to_be_bytes());
        let bytes = frames.concat();
        let fault = sequential(&bytes).unwrap_err();
        assert_eq!((fault.check, fault.seal), (Check::Certificate, Some(early as u64)));
        agree(&pipelines, &bytes, &format!("faults at {early} and {LAST}"));
    }
}

#[test]
fn wherever_a_file_ends_both_say_the_same() {
    let (story, pipelines) = (Story::tell(), pipelines());
    let bytes = story.log().bytes();
    for length in (MAGIC.len()..bytes.len()).step_by(311).chain(bytes.len() - 50..bytes.len()) {
        agree(&pipelines, &bytes[..length], &format!("{length} bytes"));
    }
}

#[test]
fn whatever_bit_is_turned_both_say_the_same() {
    let (story, pipelines) = (Story::tell(), pipelines());
    let bytes = story.log().bytes();
    for position in (0..bytes.len()).step_by(257) {
        let mut turned = bytes.clone();
        turned[position] ^= 1 << (position % 8);
        agree(&pipelines, &turned, &format!("byte {position}"));
    }
}

#[test]
fn each_check_is_counted_as_often_as_it_is_made() {
    let story = Story::tell();
    let findings = first(&pipeline(2, 1), &story.log().bytes()).unwrap();
    let records: u64 = story.log().batches.iter().map(|batch| batch.records.len() as u64).sum();
    let seals = LAST as u64;
    for (check, times) in [
        (Check::Charter, 1),
        (Check::End, 1),
        (Check::Height, seals),
        (Check::Certificate, seals),
        (Check::Signature, records),
        (Check::Authority, records),
        (Check::Community, records + seals),
        (Check::Outcome, 2),
    ] {
        assert_eq!(findings.tally.of(check), times, "{check:?}");
    }
    assert!(Check::ALL.iter().all(|check| findings.tally.of(*check) > 0), "no check is idle");
    assert_eq!(findings.signatures, records + 4 * seals);
    assert_eq!(findings.bytes, story.log().bytes().len() as u64);
}

/// A community that changes its one witness at every second seal, so many times.
fn restless(changes: u64) -> World {
    let mut world = World::new();
    world.admit(&["ana"]);
    for number in 1..=changes {
        let name = format!("witness {}", number % 3 + 1);
        let subject = world.change(&name.clone(), |charter| {
            charter.witnesses = vec![Witness { key: public(&name), power: 1, name }];
            charter.sealing.drift = 1_000 + number;
        });
        let change = world.put("ana", subject);
        let ballot = world.say("ana", Body::Ballot(answer(world.round(), change, Choice::Yes)));
        world.close_with(vec![ballot]);
        assert_eq!(world.community().history().count() as u64, number + 1);
    }
    world
}

/// What was opened by the charter of before is opened again: in one chunk, and in chunks that were handed out ahead.
#[test]
fn seals_that_were_read_ahead_are_opened_again_after_every_change_of_the_rules() {
    let pipelines = pipelines();
    for log in [Log::of(&Amended::tell().world), Log::of(&restless(40))] {
        let bytes = log.bytes();
        let (height, _) = sequential(&bytes).expect("a sound log");
        agree(&pipelines, &bytes, "charters that change");
        // By the founding charter alone they do not hold.
        let founding = Community::new(log.charter.clone()).unwrap();
        let seals: Vec<Vec<u8>> = log.batches.iter().map(codec::encode).collect();
        let opened = open_seals(&founding, &KnownKeys::up_to(0), 1, &seals);
        let fault = opened.last().unwrap().as_ref().expect_err("other witnesses");
        assert_eq!(fault.check, Check::Certificate);
        assert!(opened.len() as u64 <= height, "found at seal {:?}", fault.seal);

        // A fault after some changes is found at its place, whether seals before it were opened once or twice.
        for height in [log.batches.len() / 2, log.batches.len() - 1, log.batches.len()] {
            let mut spoiled = log.clone();
            spoiled.batches[height - 1].certificate.signatures[0].1.0[40] ^= 1;
            let bytes = spoiled.bytes();
            let fault = sequential(&bytes).unwrap_err();
            assert_eq!((fault.check, fault.seal), (Check::Certificate, Some(height as u64)));
            agree(&pipelines, &bytes, &format!("a fault at {height}"));
        }
    }
}
