//! Going on after the first fault: what else is wrong is named, and what is not wrong is not.

use mutua_protocol::{
    archive::{Check, MAGIC, end_frame, opening},
    hash::SealId,
};

use super::{
    all, first, pipeline,
    support::{
        World,
        amended::{ADOPTED, ADOPTED_AGAIN, Amended, PROPOSED, VOID},
        log::Log,
        spoiled::{with_keys, without_keys},
        story::{BALLOTS, CLOSE, LAST, Story},
    },
};

/// Check, seal and record of each fault.
fn places(log: &[u8]) -> Vec<(Check, Option<u64>, Option<usize>)> {
    let findings = all(&pipeline(2, 1), log, 100);
    assert_eq!(findings.found, findings.faults.len() as u64);
    findings
        .faults
        .iter()
        .map(|fault| (fault.check, fault.seal, fault.record.map(|(position, _)| position)))
        .collect()
}

#[test]
fn a_sound_archive_has_no_fault() {
    let log = Story::tell().log();
    let findings = all(&pipeline(2, 1), &log.bytes(), 100);
    assert_eq!((findings.found, findings.surveyed, findings.lost), (0, 0, None));
}

#[test]
fn the_first_fault_stands_first_whatever_follows() {
    let story = Story::tell();
    for (name, spoiled) in without_keys(&story).into_iter().chain(with_keys(&story)) {
        if !spoiled.bytes.starts_with(MAGIC) {
            continue;
        }
        for pipeline in [pipeline(1, 1), pipeline(3, 1 << 20)] {
            let expected = first(&pipeline, &spoiled.bytes).unwrap().faults.remove(0);
            assert_eq!(all(&pipeline, &spoiled.bytes, 100).faults[0], expected, "{name}");
        }
    }
}

#[test]
fn faults_of_several_seals_are_all_named() {
    let mut log = Story::tell().log();
    let last = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    last(&mut log.batches[0].records[1]);
    last(&mut log.batches[BALLOTS - 1].records[0]);
    last(&mut log.batches[BALLOTS - 1].records[3]);
    log.batches[CLOSE - 1].certificate.signatures.truncate(2);
    log.batches[LAST - 1].records.pop();
    let seal = |height: usize| Some(height as u64);
    assert_eq!(
        places(&log.bytes()),
        [
            (Check::Signature, seal(1), Some(1)),
            (Check::Signature, seal(BALLOTS), Some(0)),
            (Check::Signature, seal(BALLOTS), Some(3)),
            (Check::Certificate, seal(CLOSE), None),
            (Check::Count, seal(LAST), None),
        ]
    );
}

#[test]
fn a_gap_is_named_once_and_the_rest_is_found_in_order() {
    let log = Story::tell().log();
    let mut frames = log.frames();
    frames.remove(4);
    assert_eq!(places(&frames.concat()), [(Check::Height, Some(4), None)]);
    let mut frames = log.frames();
    frames.swap(2, 3);
    assert_eq!(
        places(&frames.concat()),
        [(Check::Height, Some(2), None), (Check::Height, Some(4), None), (Check::Height, Some(3), None),]
    );
}

#[test]
fn a_broken_link_is_found_behind_another_fault() {
    let story = Story::tell();
    let mut log = story.log();
    *log.batches[0].records[0].last_mut().unwrap() ^= 1;
    let mut other = story.after(BALLOTS).clone();
    other.fund(1);
    // The witnesses have signed both, and the second does not follow from the first.
    log.batches[BALLOTS] = other.batches[BALLOTS].clone();
    assert_eq!(
        places(&log.bytes()),
        [(Check::Signature, Some(1), Some(0)), (Check::Link, Some(CLOSE as u64 + 1), None),]
    );
}

#[test]
fn frames_that_are_no_seals_are_named_and_passed() {
    let log = Story::tell().log();
    let mut frames = log.frames();
    frames.insert(3, opening(&log.charter)[MAGIC.len()..].to_vec());
    frames[7][0] = 9;
    let end = frames.len() - 1;
    frames[end] = end_frame(3, SealId([1; 32]));
    frames.push(vec![0]);
    assert_eq!(
        places(&frames.concat()),
        [
            (Check::Canonical, Some(3), None),
            (Check::Canonical, Some(6), None),
            (Check::Height, Some(6), None),
            (Check::End, Some(LAST as u64), None),
            (Check::End, None, None),
        ]
    );
}

#[test]
fn a_file_that_ends_early_says_so_after_everything_else() {
    let mut log = Story::tell().log();
    log.batches[1].certificate.round = 5;
    let bytes = log.frames()[..=LAST].concat();
    assert_eq!(
        places(&bytes),
        [(Check::Certificate, Some(2), None), (Check::End, Some(LAST as u64 + 1), None),]
    );
}

#[test]
fn faults_are_counted_and_not_all_kept() {
    let mut log = Story::tell().log();
    for batch in &mut log.batches {
        for record in &mut batch.records {
            *record.last_mut().unwrap() ^= 1;
        }
    }
    let records: u64 = log.batches.iter().map(|batch| batch.records.len() as u64).sum();
    let findings = all(&pipeline(2, 1), &log.bytes(), 3);
    assert_eq!((findings.faults.len(), findings.found), (3, records));
    let _: Log = log;
}

/// The first fault comes before the charter changes: what is sealed afterwards by other witnesses is judged by the charter in
/// force there, and what is wrong there is named.
#[test]
fn seals_after_a_fault_are_judged_by_the_charter_in_force_there() {
    let amended = Amended::tell();
    let log = Log::of(&amended.world);
    let spoil = |log: &mut Log, height: usize| log.batches[height - 1].certificate.signatures[0].1.0[40] ^= 1;
    let fault = |height: usize| (Check::Certificate, Some(height as u64), None);
    for first in [1, PROPOSED - 1, PROPOSED + 1, ADOPTED - 1, ADOPTED, VOID, ADOPTED_AGAIN, ADOPTED_AGAIN + 1]
    {
        let mut spoiled = log.clone();
        spoil(&mut spoiled, first);
        assert_eq!(places(&spoiled.bytes()), [fault(first)]);
        for second in (VOID + 1..ADOPTED_AGAIN).filter(|second| *second > first) {
            let mut twice = spoiled.clone();
            spoil(&mut twice, second);
            assert_eq!(places(&twice.bytes()), [fault(first), fault(second)]);
        }
        // Those who were witnesses before are none, however many of them sign.
        if first < ADOPTED {
            let mut forged = spoiled.clone();
            let founding = World::found(log.charter.clone());
            let batch = &mut forged.batches[VOID];
            batch.certificate = founding.certify(&batch.header);
            assert_eq!(places(&forged.bytes()), [fault(first), fault(VOID + 1)]);
        }
    }
}
