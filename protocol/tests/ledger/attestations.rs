//! The history of a loan's attestations: who said what, when, and how it ended.

use mutua_protocol::{
    ledger::{AttestationEnd, Void},
    records::{Assessment, Body, Subject, Verdict},
};

use crate::support::*;

#[test]
fn every_attestation_stays_in_sight_with_its_end() {
    let mut world = World::new();
    world.admit(&["ana"]);
    let bakery = world.propose("ana", loan("bakery", 100));
    let declined = Assessment {
        verdict: Verdict::Declined,
        reasons: vec!["no books".to_owned()],
        conditions: vec!["a guarantor".to_owned()],
        ..approved()
    };
    let first = world.attest("attestor a", bakery, declined.clone());
    let second = world.attest("attestor a", bakery, approved());
    let replaced = world.ledger.time();
    let other = world.attest("attestor b", bakery, approved());
    let taken_back = world.say("attestor b", revocation(other));
    world.seal(vec![taken_back.clone()]);
    let revoked = world.ledger.time();
    let old_terms = world.attestation(bakery, approved());
    let amended = Body::Amend { proposal: bakery, subject: Subject::Loan(loan("bakery", 90)) };
    assert_eq!(world.enact("ana", amended), None);
    let late = world.say("attestor c", old_terms);
    world.seal(vec![late.clone()]);

    let history = &world.ledger.proposals()[&bakery].history;
    let ids: Vec<_> = history.iter().map(|entry| entry.attestation.id).collect();
    assert_eq!(ids, [first, second, other, late.id]);
    assert_eq!(*history[0].attestation.assessment, declined, "a refusal is public, with its reasons");
    let ends: Vec<Option<AttestationEnd>> = history.iter().map(|entry| entry.end.clone()).collect();
    let reason = "the books were wrong".to_owned();
    assert_eq!(
        ends,
        [
            Some(AttestationEnd::Replaced { by: second, time: replaced }),
            None,
            Some(AttestationEnd::Revoked { record: taken_back.id, time: revoked, reason }),
            Some(AttestationEnd::Void { reason: Void::AmendedTerms }),
        ]
    );
    assert!(history.is_sorted_by_key(|entry| entry.time), "in the order of sealing, by the witnesses' clock");
    assert_eq!(world.ledger.proposals()[&bakery].attestations.len(), 1);
}
