//! Every check of SPEC section 12 bites, and names the place: archives with one fault each
//! (`support/spoiled.rs`) are refused for exactly that fault.

#![allow(clippy::unwrap_used, reason = "a table of faults may panic where the story is not as told")]

mod support;

use std::collections::BTreeSet;

use mutua_protocol::archive::{Check, MAGIC};
use support::{
    log::{Log, audit},
    spoiled::{Cases, Spoiled, with_keys, without_keys},
    story::{LAST, Story},
};

/// The fault is found, and it is this one.
fn found(name: &str, spoiled: &Spoiled) {
    let fault = audit(&spoiled.bytes).map(|_| ()).expect_err(name);
    let place = (fault.check, fault.seal, fault.record.map(|(position, _)| position));
    let expected = (spoiled.check, spoiled.seal.map(|height| height as u64), spoiled.record);
    assert_eq!(place, expected, "{name}: {fault}");
    assert!(fault.to_string().contains(spoiled.check.number()), "{fault}");
}

#[test]
fn the_archive_that_is_spoiled_below_is_sound() {
    let story = Story::tell();
    let world = story.after(LAST);
    let auditor = audit(&story.log().bytes()).unwrap();
    assert_eq!(auditor.ledger().head(), world.ledger.head());
    assert_eq!(auditor.outcomes().count(), 2);
    assert!(auditor.outcomes().eq(world.ledger.closings().iter().map(|closing| closing.digest)));
    for height in 0..=LAST {
        let log = Log::of(story.after(height));
        assert_eq!(audit(&log.bytes()).unwrap().ledger().height(), height as u64, "any prefix is sound");
    }
    // Three of four witnesses are enough, and which three does not matter.
    for missing in 0..4 {
        let mut log = story.log();
        for batch in &mut log.batches {
            batch.certificate.signatures.remove(missing);
        }
        assert_eq!(audit(&log.bytes()).unwrap().ledger().head(), world.ledger.head());
    }
}

#[test]
fn a_spoiled_file_is_refused_at_the_place_of_its_fault() {
    for (name, spoiled) in without_keys(&Story::tell()) {
        found(name, &spoiled);
    }
}

#[test]
fn witnesses_cannot_sign_what_the_rules_forbid() {
    for (name, spoiled) in with_keys(&Story::tell()) {
        found(name, &spoiled);
    }
}

#[test]
fn every_check_bites() {
    let story = Story::tell();
    let cases: Cases = without_keys(&story).into_iter().chain(with_keys(&story)).collect();
    let hit: BTreeSet<Check> = cases.iter().map(|(_, spoiled)| spoiled.check).collect();
    let idle: Vec<&Check> = Check::ALL.iter().filter(|check| !hit.contains(check)).collect();
    assert!(idle.is_empty(), "no case covers {idle:?}");
    let names: BTreeSet<&str> = cases.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), cases.len(), "each case has a name of its own");
    assert!(cases.len() >= 90, "{} cases", cases.len());
}

#[test]
fn no_prefix_of_an_archive_passes() {
    let bytes = Story::tell().log().bytes();
    for length in (0..bytes.len()).step_by(97).chain(bytes.len() - 60..bytes.len()) {
        let fault = audit(&bytes[..length]).map(|_| ()).expect_err("a truncated archive");
        let expected = if length < MAGIC.len() { Check::Charter } else { Check::End };
        assert_eq!(fault.check, expected, "{length} bytes");
    }
}

#[test]
fn no_changed_byte_passes() {
    let bytes = Story::tell().log().bytes();
    for position in (0..bytes.len()).step_by(23) {
        for bit in [0, 7] {
            let mut spoiled = bytes.clone();
            spoiled[position] ^= 1 << bit;
            assert!(audit(&spoiled).is_err(), "bit {bit} of byte {position}");
        }
    }
}
