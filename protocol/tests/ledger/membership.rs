//! Members: admission, suspension, leaving, change of key, forks.

use mutua_protocol::{
    ledger::{ChainFault, Inadmissible, MemberStatus, SealFault, Void},
    outcome::CountedAs,
    records::{Body, Direction, Fork, Subject},
};

use crate::support::*;

fn community() -> World {
    let mut world = World::new();
    world.admit(&["ana", "ben"]);
    world.fund(90_000);
    world
}

fn evidence(world: &World, name: &str) -> Body {
    let [left, right] = world.fork(name, Body::Leave, Body::Ballot(ballot(1, &[])));
    Body::Evidence(Box::new(Fork::of(&left, &right)))
}

#[test]
fn leaving_takes_effect_with_the_next_round() {
    let mut world = community();
    let bakery = world.rated("ben", loan("bakery", 40_000));
    world.cast("ana", standing(ballot(1, &[(bakery, 1)])));
    assert_eq!(world.enact("ana", Body::Leave), None);
    let changed = world.support("ana", &[bakery]);
    assert_eq!(world.ledger.members()[&public("ana")].status, MemberStatus::Leaving);
    assert_eq!(counted(&world.close(), "ana"), Some(CountedAs::Cast(changed)), "this round is still theirs");
    assert_eq!(world.ledger.members()[&public("ana")].status, MemberStatus::Left);
    assert_eq!(counted(&world.close(), "ana"), None, "not even the standing ballot");
    assert_eq!(world.refused("ana", Body::Ballot(ballot(2, &[]))), Inadmissible::Left);
    assert_eq!(world.enact("registrar", admission("ana", 1)), Some(Void::AlreadyMember));
}

#[test]
fn a_suspended_member_is_not_counted_and_says_nothing_but_that_they_leave() {
    let mut world = community();
    let bakery = world.rated("ben", loan("bakery", 40_000));
    let cast = world.cast("ana", standing(ballot(1, &[(bakery, 1)])));
    assert_eq!(world.enact("registrar", suspension("ana")), None);
    assert_eq!(world.ledger.suspension(&public("ana")), Some("dues not paid"));
    let reason = "dues not paid".to_owned();
    assert_eq!(world.refused("ana", Body::Ballot(ballot(1, &[]))), Inadmissible::Suspended { reason });
    let closing = world.close();
    assert_eq!(counted(&closing, "ana"), None);
    assert_eq!(closing.outcome.turnout.members, 1);

    assert_eq!(world.enact("registrar", readmission("ana")), None);
    assert_eq!(counted(&world.close(), "ana"), Some(CountedAs::Standing(cast)), "readmitted as they were");

    assert_eq!(world.enact("registrar", suspension("ana")), None);
    assert_eq!(world.enact("ana", Body::Leave), None, "nobody can refuse it");
    world.close();
    assert_eq!(world.ledger.members()[&public("ana")].status, MemberStatus::Left);
}

#[test]
fn a_new_key_takes_over_ballots_proposals_and_suspension() {
    let mut world = community();
    let bakery = world.rated("ana", loan("bakery", 40_000));
    let cast = world.cast("ana", standing(ballot(1, &[(bakery, 1)])));
    let rotation = world.rotation("ana", "ana's new phone");
    assert_eq!(world.enact("ana", rotation), None);
    let successor = public("ana's new phone");
    assert!(!world.ledger.members().contains_key(&public("ana")));
    assert_eq!(world.ledger.members()[&successor].name.as_ref(), "ana");
    assert_eq!(world.ledger.proposals()[&bakery].owner, successor);
    let closing = world.close();
    assert_eq!(counted(&closing, "ana"), None);
    assert_eq!(counted(&closing, "ana's new phone"), Some(CountedAs::Cast(cast)));
    assert_eq!(counted(&world.close(), "ana's new phone"), Some(CountedAs::Standing(cast)));

    // The successor begins a chain of their own; the old key signs nothing more.
    let mill = world.propose("ana's new phone", loan("mill", 1));
    assert_eq!(world.enact("ana's new phone", withdrawal(mill)), None);
    assert_eq!(world.ledger.chain(&successor).sequence, 2);
    let head = world.ledger.chain(&public("ana"));
    let after = world.sign("ana", head.sequence + 1, head.id, Body::Leave);
    assert!(matches!(
        world.try_seal_at(world.ledger.time() + STEP, vec![after.clone()]),
        Err(SealFault::Chain { fault: ChainFault::Retired, .. })
    ));
    assert_eq!(world.ledger.admissible(after.record()), Err(Inadmissible::Retired { successor }));
}

#[test]
fn a_change_of_key_that_is_void_leaves_the_old_key_in_use() {
    let mut world = community();
    let rotation = world.rotation("ana", "new key");
    let theirs = world.say("ana", rotation);
    let admitted = world.say("registrar", admission("new key", 1));
    let applied = world.seal(vec![theirs, admitted]);
    // Which of the two is void depends on whose key sorts first, and never both.
    assert_eq!(applied.void.len(), 1);
    if applied.void[0].1 == Void::SuccessorInUse {
        world.support("ana", &[]);
    } else {
        assert_eq!(applied.void[0].1, Void::AlreadyMember);
        world.support("new key", &[]);
    }
    assert!(world.ledger.members().contains_key(&public("new key")));
}

/// However long before: else the record's number would be free again after others have heard of it.
#[test]
fn a_change_of_key_to_one_that_is_in_use_is_sealed_and_void() {
    let mut world = community();
    assert_eq!(world.enact("registrar", admission("new key", 1)), None);
    let rotated = world.rotation("ben", "ben's new key");
    assert_eq!(world.enact("ben", rotated), None);
    for successor in ["new key", "ana", "registrar", "attestor a", "ben", "ben's new key"] {
        let rotation = world.rotation("ana", successor);
        assert_eq!(world.enact("ana", rotation), Some(Void::SuccessorInUse), "{successor}");
    }
    assert_eq!(world.ledger.chain(&public("ana")).sequence, 6);
    world.support("ana", &[]);
    assert_eq!(world.ledger.members().len(), 3);
}

#[test]
fn two_members_cannot_go_on_under_one_key() {
    let mut world = community();
    let records: Vec<_> = ["ana", "ben"]
        .into_iter()
        .map(|name| {
            let rotation = world.rotation(name, "new key");
            world.say(name, rotation)
        })
        .collect();
    let applied = world.seal(records);
    assert_eq!(applied.void.iter().map(|void| void.1).collect::<Vec<_>>(), [Void::SuccessorInUse]);
    assert_eq!(world.ledger.members().len(), 2);
    let other = if world.ledger.members().contains_key(&public("ana")) { "ana" } else { "ben" };
    world.support(other, &[]);
    world.support("new key", &[]);
}

#[test]
fn evidence_of_a_fork_suspends_its_author_until_they_are_readmitted() {
    let mut world = community();
    let proof = evidence(&world, "ana");
    assert_eq!(world.enact("ben", proof.clone()), None);
    assert!(world.ledger.suspension(&public("ana")).unwrap().contains("two records with number 1"));
    assert_eq!(world.ledger.evidence().len(), 1);
    assert_eq!(counted(&world.close(), "ana"), None);
    assert_eq!(world.enact("registrar", proof.clone()), Some(Void::ProvedBefore));
    assert_eq!(world.enact("registrar", readmission("ana")), None);
    assert_eq!(world.enact("ben", proof), Some(Void::ProvedBefore), "nobody is tried twice for one thing");
    assert!(counted(&world.close(), "ana").is_some());
}

#[test]
fn the_branch_that_is_sealed_counts() {
    let mut world = community();
    let bakery = world.rated("ben", loan("bakery", 40_000));
    let [left, right] =
        world.fork("ana", Body::Ballot(ballot(1, &[(bakery, 1)])), Body::Ballot(ballot(1, &[])));
    world.seal(vec![left.clone()]);
    assert!(matches!(
        world.try_seal_at(world.ledger.time() + STEP, vec![right.clone()]),
        Err(SealFault::Chain { fault: ChainFault::Sequence { number: 1, expected: 2 }, .. })
    ));
    assert_eq!(world.enact("ben", Body::Evidence(Box::new(Fork::of(&right, &left)))), None);
    assert_eq!(world.enact("registrar", readmission("ana")), None);
    assert_eq!(counted(&world.close(), "ana"), Some(CountedAs::Cast(left.id)));
}

#[test]
fn suspended_role_holders_lose_their_role_for_the_time() {
    let mut world = community();
    assert_eq!(world.enact("registrar", suspension("treasurer")), None);
    let reason = "dues not paid".to_owned();
    let fund = payment(Direction::In, 1);
    assert_eq!(world.refused("treasurer", fund.clone()), Inadmissible::Suspended { reason });
    assert_eq!(world.enact("registrar", readmission("treasurer")), None);
    assert_eq!(world.enact("treasurer", fund), None);
}

#[test]
fn a_role_holder_can_be_a_member_and_keeps_the_role_after_leaving() {
    let mut world = community();
    world.admit(&["treasurer"]);
    let mine = world.propose("treasurer", loan("till", 10));
    assert_eq!(world.enact("treasurer", Body::Leave), None);
    world.close();
    world.fund(10);
    let subject = Subject::Loan(loan("till", 11));
    let amended = Body::Amend { proposal: mine, subject };
    assert_eq!(world.enact("treasurer", amended), Some(Void::HasLeft));
    world.fund(10);
}

/// Whoever forked, or is to be suspended, does not escape by changing the key first.
#[test]
fn suspension_and_evidence_follow_a_change_of_key() {
    let bodies: [fn(&World) -> Body; 2] = [|_| suspension("ana"), |world| evidence(world, "ana")];
    for body in bodies {
        let mut world = community();
        let body = body(&world);
        for (old, new) in [("ana", "second key"), ("second key", "third key")] {
            let rotation = world.rotation(old, new);
            assert_eq!(world.enact(old, rotation), None);
        }
        assert_eq!(world.enact("registrar", body), None);
        assert!(world.ledger.suspension(&public("third key")).is_some());
        assert_eq!(world.enact("registrar", suspension("second key")), Some(Void::AlreadySuspended));
        assert_eq!(counted(&world.close(), "third key"), None);
        assert_eq!(world.enact("registrar", readmission("ana")), None);
        assert!(counted(&world.close(), "third key").is_some());
    }
}

/// In one seal, the same holds whichever key sorts first.
#[test]
fn suspension_beside_a_change_of_key_hits_the_successor() {
    for number in 0..6 {
        let old = format!("member {number}");
        let new = format!("successor {number}");
        let mut world = World::new();
        world.admit(&[&old]);
        let rotation = world.rotation(&old, &new);
        let records = vec![world.say(&old, rotation), world.say("registrar", suspension(&old))];
        assert_eq!(world.seal(records).void, []);
        assert!(world.ledger.suspension(&public(&new)).is_some(), "{number}");
        assert_eq!(world.ledger.suspension(&public(&old)), None);
        assert_eq!(counted(&world.close(), &new), None);
    }
}

#[test]
fn a_change_of_key_does_not_renew_the_quota() {
    let mut world = World::with(|charter| charter.limits.records_per_round = 4);
    world.admit(&["ana"]);
    for _ in 0..3 {
        world.support("ana", &[]);
    }
    let rotation = world.rotation("ana", "new key");
    assert_eq!(world.enact("ana", rotation), None);
    assert_eq!(world.refused("new key", Body::Ballot(ballot(1, &[]))), Inadmissible::TooMany { limit: 4 });
    world.close();
    for _ in 0..4 {
        world.cast("new key", ballot(2, &[]));
    }
}
