//! Sealed records that change nothing: every reason.

use std::collections::BTreeSet;

use mutua_protocol::{
    charter::{Role, RoleHolders},
    ledger::Void,
    limits,
    records::{Assessment, Body, Direction, Fork, On, Scope, Stance, Subject},
};

use crate::support::*;

#[test]
fn every_reason_occurs_is_kept_and_lets_the_chain_go_on() {
    let mut world = World::with(|charter| {
        charter.roles.push(RoleHolders { role: Role::Moderator, keys: keys(&["moderator"]), needed: 1 });
    });
    world.admit(&["ana", "ben", "cleo"]);
    let bakery = world.rated("ana", loan("bakery", 100));
    let gone = world.rated("ana", loan("gone", 100));
    assert_eq!(world.enact("ana", withdrawal(gone)), None);
    let mill = world.propose("ana", loan("mill", 100));
    let old_terms = world.attestation(mill, approved());
    assert_eq!(
        world.enact("ana", Body::Amend { proposal: mill, subject: Subject::Loan(loan("mill", 99)) }),
        None
    );
    let replaced = world.attest("attestor a", bakery, approved());
    world.attest("attestor a", bakery, approved());
    assert_eq!(world.enact("cleo", Body::Leave), None);
    assert_eq!(world.enact("registrar", suspension("ben")), None);
    let [left, right] = world.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let proof = Body::Evidence(Box::new(Fork::of(&left, &right)));
    assert_eq!(world.enact("treasurer", proof.clone()), None);
    assert_eq!(world.enact("registrar", readmission("ana")), None);
    let run_out = Assessment { valid_until: world.ledger.time(), ..approved() };
    let said = world.argue("ana", On::Proposal(bakery), Stance::For);
    world.admit(&["dora"]);
    for _ in 0..limits::ARGUMENTS_PER_ROUND {
        world.argue("dora", On::Proposal(bakery), Stance::Against);
    }
    assert_eq!(world.enact("dora", endorsement(said, false)), None);

    let same = Body::Amend { proposal: bakery, subject: Subject::Loan(loan("bakery", 100)) };
    let late = Body::Amend { proposal: gone, subject: Subject::Loan(loan("gone", 5)) };
    let cases = vec![
        ("registrar", admission("ana", 7), Void::AlreadyMember),
        ("registrar", suspension("ben"), Void::AlreadySuspended),
        ("registrar", readmission("ana"), Void::NotSuspended),
        ("registrar", readmission("treasurer"), Void::NotSuspended),
        ("cleo", Body::Leave, Void::AlreadyLeaving),
        ("ana", late, Void::NotOpen),
        ("ana", withdrawal(gone), Void::NotOpen),
        ("attestor a", world.attestation(gone, approved()), Void::NotOpen),
        ("ana", same, Void::SameTerms),
        ("attestor b", old_terms, Void::AmendedTerms),
        ("attestor b", world.attestation(bakery, run_out), Void::RunOut),
        ("attestor a", revocation(replaced), Void::NotCurrent),
        ("treasurer", payment(Direction::Out, 1), Void::PoolTooSmall),
        ("treasurer", proof, Void::ProvedBefore),
        ("dora", argument(On::Argument(said), Stance::Question), Void::TooManyArguments),
        ("dora", endorsement(said, false), Void::AlreadyEndorsed),
        ("cleo", endorsement(said, true), Void::NotEndorsed),
        ("moderator", moderation(said, false), Void::NotHidden),
        ("dora", delegation(Scope::All, None), Void::NotDelegated),
    ];
    let mut seen = BTreeSet::from([Void::AlreadyHidden]);
    assert_eq!(world.enact("moderator", moderation(said, true)), None);
    assert_eq!(world.enact("moderator", moderation(said, true)), Some(Void::AlreadyHidden));
    assert_eq!(world.enact("moderator", moderation(said, false)), None);
    for (name, body, expected) in cases {
        let before = (world.ledger.members().len(), world.ledger.pool(), world.ledger.proposals().len());
        let received = world.say(name, body);
        let applied = world.seal(vec![received.clone()]);
        assert_eq!(applied.void, [(received.id, expected)], "{name}");
        assert_eq!(world.ledger.void()[&received.id], expected);
        assert_eq!(world.ledger.chain(&public(name)).id, received.id, "the chain goes on");
        let after = (world.ledger.members().len(), world.ledger.pool(), world.ledger.proposals().len());
        assert_eq!(before, after);
        seen.insert(expected);
    }
    world.fund(100);
    world.support("ana", &[bakery]);
    assert_eq!(funded(&world.close()), [bakery]);
    let movements = [
        (disbursement(mill, 1), Void::NotFunded),
        (disbursement(bakery, 101), Void::MoreThanUndrawn),
        (repayment(bakery, 1, 0), Void::MoreThanOwed),
        (recovery(bakery, 1), Void::MoreThanLost),
    ];
    for (body, expected) in movements {
        assert_eq!(world.enact("treasurer", body), Some(expected));
        seen.insert(expected);
    }
    assert_eq!(world.enact("ana", Body::Ballot(ballot(1, &[]))), Some(Void::AfterClose));
    seen.insert(Void::AfterClose);
    let rotation = world.rotation("ana", "ben");
    assert_eq!(world.enact("ana", rotation), Some(Void::SuccessorInUse));
    seen.insert(Void::SuccessorInUse);
    // An attestor who was a member and has left may still attest, and says nothing else that counts.
    world.admit(&["attestor c"]);
    assert_eq!(world.enact("attestor c", Body::Leave), None);
    world.close();
    let bodies = [
        Body::Ballot(ballot(world.round(), &[])),
        Body::Propose(Subject::Loan(loan("late", 5))),
        argument(On::Proposal(bakery), Stance::For),
        endorsement(said, false),
        delegation(Scope::All, Some("ana")),
        Body::Leave,
    ];
    let left = [Void::HasLeft; 5].into_iter().chain([Void::AlreadyLeaving]);
    for (body, expected) in bodies.into_iter().zip(left) {
        assert_eq!(world.enact("attestor c", body), Some(expected));
    }
    let mill = world.propose("ana", loan("another mill", 5));
    world.attest("attestor c", mill, approved());
    seen.insert(Void::HasLeft);
    for (lost, successor, expected) in [
        ("cleo", "cleo's new phone", Void::HasLeft),
        ("ana", "ben", Void::SuccessorInUse),
        ("ana", "ana", Void::SuccessorInUse),
        ("ana", "treasurer", Void::SuccessorInUse),
    ] {
        let body = world.replacement(lost, successor);
        assert_eq!(world.enact("registrar", body), Some(expected), "{lost}");
    }
    let replaced = world.replacement("ana", "ana's new phone");
    assert_eq!(world.enact("registrar", replaced), None);
    let again = world.replacement("ana", "ana's newest phone");
    assert_eq!(world.enact("registrar", again), Some(Void::AlreadyReplaced));
    seen.insert(Void::AlreadyReplaced);
    let [left, right] = world.fork("ana", Body::Leave, Body::Ballot(ballot(2, &[])));
    let proof = Body::Evidence(Box::new(Fork::of(&left, &right)));
    assert_eq!(world.enact("treasurer", proof), Some(Void::LostKey));
    seen.insert(Void::LostKey);
    assert_eq!(seen.len(), 26, "all of them: {seen:?}");
}

#[test]
fn a_void_attestation_cannot_be_revoked_into_effect() {
    let mut world = World::new();
    world.admit(&["ana"]);
    let bakery = world.rated("ana", loan("bakery", 100));
    let run_out = Assessment { valid_until: world.ledger.time(), ..approved() };
    let void = world.say("attestor b", world.attestation(bakery, run_out));
    world.seal(vec![void.clone()]);
    assert_eq!(world.enact("attestor b", revocation(void.id)), Some(Void::NotCurrent));
    assert_eq!(world.ledger.proposals()[&bakery].attestations.len(), 1);
}
