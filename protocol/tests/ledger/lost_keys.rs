//! Lost keys: a registrar confirms that a member goes on under a new one.

use mutua_protocol::{
    hash::RecordId,
    ledger::{ChainFault, Inadmissible, MemberStatus, SealFault, Void},
    loans::track_record,
    outcome::CountedAs,
    records::{Body, Choice, Fork},
};

use crate::support::*;

const NEW: &str = "ana's new phone";

fn community() -> World {
    let mut world = World::new();
    world.admit(&["ana", "ben"]);
    world.fund(90_000);
    world
}

fn replace(world: &mut World, lost: &str, new: &str) -> Option<Void> {
    let body = world.replacement(lost, new);
    world.enact("registrar", body)
}

#[test]
fn the_new_key_takes_over_what_the_lost_one_had() {
    let mut world = community();
    let bakery = world.rated("ana", loan("bakery", 40_000));
    let terms = world.ledger.proposals()[&bakery].terms;
    assert_eq!(world.enact("ana", Body::Predict { proposal: bakery, terms, default: 500 }), None);
    let cast = world.cast("ana", standing(ballot(1, &[(bakery, 1)])));
    assert_eq!(replace(&mut world, "ana", NEW), None);
    let successor = public(NEW);
    assert!(!world.ledger.members().contains_key(&public("ana")));
    assert_eq!(world.ledger.members()[&successor].name.as_ref(), "ana");
    assert_eq!(world.ledger.proposals()[&bakery].owner, successor);
    let replacement = &world.ledger.replacements()[0];
    assert_eq!((replacement.lost, replacement.successor), (public("ana"), successor));
    assert_eq!((replacement.registrar, &*replacement.reason), (public("registrar"), "known in person"));
    assert_eq!(world.ledger.newest(public("ana")), successor);

    let closing = world.close();
    assert_eq!(counted(&closing, "ana"), None);
    assert_eq!(counted(&closing, NEW), Some(CountedAs::Cast(cast)));
    assert_eq!(funded(&closing), [bakery]);
    assert_eq!(counted(&world.close(), NEW), Some(CountedAs::Standing(cast)));
    // What was predicted under the lost key is the member's.
    assert_eq!(world.enact("treasurer", disbursement(bakery, 40_000)), None);
    assert_eq!(world.enact("treasurer", repayment(bakery, 40_000, 0)), None);
    let accounts = world.ledger.accounts().iter().map(|(proposal, account)| (proposal, &**account));
    let track = track_record(accounts, world.ledger.time(), |key| world.ledger.newest(key));
    assert_eq!(track.members.keys().collect::<Vec<_>>(), [&successor]);
    world.propose(NEW, loan("mill", 1));
}

#[test]
fn a_track_record_from_before_the_loss_goes_over_too() {
    let mut world = community();
    let bakery = world.rated("ana", loan("bakery", 40_000));
    let terms = world.ledger.proposals()[&bakery].terms;
    assert_eq!(world.enact("ana", Body::Predict { proposal: bakery, terms, default: 500 }), None);
    world.support("ana", &[bakery]);
    world.close();
    assert_eq!(world.enact("treasurer", disbursement(bakery, 40_000)), None);
    assert_eq!(world.enact("treasurer", write_off(bakery, 40_000)), None);
    for (lost, new) in [("ana", NEW), (NEW, "ana's newest phone")] {
        assert_eq!(replace(&mut world, lost, new), None);
        let accounts = world.ledger.accounts().iter().map(|(proposal, account)| (proposal, &**account));
        let track = track_record(accounts, world.ledger.time(), |key| world.ledger.newest(key));
        assert_eq!(track.members.keys().collect::<Vec<_>>(), [&public(new)]);
    }
}

/// Neither what it signs afterwards nor what it has signed before and nobody has sealed.
#[test]
fn a_lost_key_signs_nothing_afterwards() {
    let mut world = community();
    let waiting = world.sign("ana", 1, RecordId([0; 32]), Body::Leave);
    assert_eq!(replace(&mut world, "ana", NEW), None);
    assert!(matches!(
        world.try_seal_at(world.ledger.time() + STEP, vec![waiting.clone()]),
        Err(SealFault::Chain { fault: ChainFault::Retired, .. })
    ));
    let successor = public(NEW);
    assert_eq!(world.ledger.admissible(waiting.record()), Err(Inadmissible::Retired { successor }));
    assert_eq!(world.enact("registrar", admission("ana", 1)), Some(Void::AlreadyMember));
}

/// Whichever key sorts first: what the lost key has said beside it in the seal counts for the member.
#[test]
fn what_a_lost_key_says_in_the_same_seal_counts() {
    for number in 0..8 {
        let (old, new) = (format!("member {number}"), format!("successor {number}"));
        let mut world = World::new();
        world.admit(&[&old]);
        let cast = world.say(&old, Body::Ballot(ballot(1, &[])));
        let body = world.replacement(&old, &new);
        let replaced = world.say("registrar", body);
        assert_eq!(world.seal(vec![cast.clone(), replaced]).void, []);
        assert_eq!(counted(&world.close(), &new), Some(CountedAs::Cast(cast.id)), "{number}");
    }
}

/// The registrar's own chain goes on from where it stands, though the replacement is carried out last.
#[test]
fn what_a_registrar_says_after_it_in_the_same_seal_comes_before() {
    let mut world = community();
    let body = world.replacement("ana", NEW);
    let records = vec![
        world.say("registrar", body),
        world.say("registrar", suspension("ana")),
        world.say("registrar", admission("cleo", 1)),
    ];
    let last = records[2].id;
    assert_eq!(world.seal(records).void, []);
    assert_eq!(world.ledger.chain(&public("registrar")).id, last);
    assert!(world.ledger.suspension(&public(NEW)).is_some(), "it goes along");
    assert!(world.ledger.suspension(&public("ana")).is_none());
    // A new key that is admitted in the same seal is in use, wherever the records stand.
    let body = world.replacement("ben", "dora");
    let records = vec![world.say("registrar", body), world.say("registrar", admission("dora", 1))];
    assert_eq!(world.seal(records.clone()).void, [(records[0].id, Void::SuccessorInUse)]);
}

/// A thief is faster: the registrar names the key to which the thief has gone.
#[test]
fn a_key_that_a_thief_has_rotated_is_replaced_where_it_has_gone() {
    for (number, thief) in ["thief 1", "thief 2", "thief 3"].into_iter().enumerate() {
        let mut world = community();
        let rotation = world.rotation("ana", thief);
        let stolen = world.say("ana", rotation);
        let body = world.replacement("ana", NEW);
        let late = world.say("registrar", body);
        let applied = world.seal(vec![stolen, late.clone()]);
        assert_eq!(applied.void, [(late.id, Void::AlreadyReplaced)], "{number}: the rotation comes first");
        assert_eq!(replace(&mut world, "ana", NEW), Some(Void::AlreadyReplaced));
        assert_eq!(replace(&mut world, thief, NEW), None);
        assert_eq!(world.ledger.newest(public("ana")), public(NEW));
        let head = world.ledger.chain(&public(thief));
        let says = world.sign(thief, head.sequence + 1, head.id, Body::Leave);
        let successor = public(NEW);
        assert_eq!(world.ledger.admissible(says.record()), Err(Inadmissible::Retired { successor }));
        world.support(NEW, &[]);
    }
}

#[test]
fn a_suspension_is_not_shaken_off_by_losing_the_key() {
    let mut world = community();
    assert_eq!(world.enact("registrar", suspension("ana")), None);
    assert_eq!(replace(&mut world, "ana", NEW), None);
    let reason = "dues not paid".to_owned();
    assert_eq!(world.refused(NEW, Body::Ballot(ballot(1, &[]))), Inadmissible::Suspended { reason });
    assert_eq!(world.enact("registrar", readmission("ana")), None, "the lost key still names the member");
    world.support(NEW, &[]);
}

/// Two records of one author with this number.
fn fork_at(world: &World, name: &str, sequence: u64) -> Body {
    let previous = RecordId(if sequence == 1 { [0; 32] } else { [7; 32] });
    let [left, right] =
        [Body::Leave, Body::Ballot(ballot(1, &[]))].map(|body| world.sign(name, sequence, previous, body));
    Body::Evidence(Box::new(Fork::of(&left, &right)))
}

/// With a lost key anybody can sign pairs, with any numbers, for ever: nobody can tell when they were signed.
#[test]
fn whoever_finds_a_lost_key_cannot_have_its_member_suspended() {
    let mut world = community();
    let sealed = world.say("ana", Body::Ballot(ballot(1, &[])));
    assert_eq!(world.seal(vec![sealed.clone()]).void, []);
    assert_eq!(replace(&mut world, "ana", NEW), None);
    let contradicts = world.sign("ana", 1, RecordId([0; 32]), Body::Leave);
    let pairs = [
        Body::Evidence(Box::new(Fork::of(&sealed, &contradicts))),
        fork_at(&world, "ana", 2),
        fork_at(&world, "ana", u64::MAX),
    ];
    for pair in pairs {
        let draft = world.sign("ben", 99, RecordId([1; 32]), pair.clone());
        let time = world.ledger.time() + STEP;
        assert_eq!(world.ledger.preflight(draft.record(), time), Err(Void::LostKey));
        assert_eq!(world.enact("ben", pair), Some(Void::LostKey));
    }
    assert!(world.ledger.suspension(&public(NEW)).is_none());
    assert!(world.ledger.evidence().is_empty());
    world.support(NEW, &[]);
    // The new key answers for what it signs itself.
    let own = fork_at(&world, NEW, 9);
    assert_eq!(world.enact("ben", own), None);
    assert!(world.ledger.suspension(&public(NEW)).is_some());
}

/// Who forks does not escape by losing the key in time: what is sealed by then, and be it in the same seal, holds.
#[test]
fn a_fork_that_is_proved_by_the_replacement_goes_along() {
    for number in 0..8 {
        let (old, new) = (format!("member {number}"), format!("successor {number}"));
        let mut world = World::new();
        world.admit(&[&old, "ben"]);
        let proof = world.say("ben", fork_at(&world, &old, 1));
        let body = world.replacement(&old, &new);
        let replaced = world.say("registrar", body);
        assert_eq!(world.seal(vec![proof, replaced]).void, [], "{number}");
        assert!(world.ledger.suspension(&public(&new)).is_some(), "{number}");
        // Proved once, it is proved for good: a registrar who readmits the member has the last word.
        assert_eq!(world.enact("registrar", readmission(&new)), None);
        let again = fork_at(&world, &old, 1);
        assert_eq!(world.enact("ben", again), Some(Void::ProvedBefore));
        world.support(&new, &[]);
    }
}

/// A change of key that no registrar confirms lets nobody escape, and a replacement ends it for all keys before it.
#[test]
fn a_replacement_draws_the_line_for_every_key_before_it() {
    let mut world = community();
    let rotation = world.rotation("ana", "ana's second key");
    assert_eq!(world.enact("ana", rotation), None);
    let early = fork_at(&world, "ana", 1);
    assert_eq!(world.enact("ben", early), None);
    assert!(world.ledger.suspension(&public("ana's second key")).is_some());
    assert_eq!(world.enact("registrar", readmission("ana")), None);
    assert_eq!(replace(&mut world, "ana's second key", NEW), None);
    let rotation = world.rotation(NEW, "ana's last key");
    assert_eq!(world.enact(NEW, rotation), None);
    for (key, expected) in
        [("ana", Some(Void::LostKey)), ("ana's second key", Some(Void::LostKey)), (NEW, None)]
    {
        let proof = fork_at(&world, key, 5);
        assert_eq!(world.enact("ben", proof), expected, "{key}");
    }
    assert!(world.ledger.suspension(&public("ana's last key")).is_some());
}

#[test]
fn who_is_leaving_goes_on_leaving_and_who_has_left_is_admitted_anew() {
    let mut world = community();
    assert_eq!(world.enact("ana", Body::Leave), None);
    assert_eq!(replace(&mut world, "ana", NEW), None);
    assert_eq!(world.ledger.members()[&public(NEW)].status, MemberStatus::Leaving);
    world.close();
    assert_eq!(replace(&mut world, NEW, "another"), Some(Void::HasLeft));
    assert_eq!(world.enact("registrar", admission("another", 1)), None);
}

#[test]
fn a_key_succeeds_one_member_only() {
    let mut world = community();
    let records: Vec<_> = ["ana", "ben"]
        .into_iter()
        .map(|lost| {
            let body = world.replacement(lost, "new key");
            world.say("registrar", body)
        })
        .collect();
    assert_eq!(world.seal(records.clone()).void, [(records[1].id, Void::SuccessorInUse)]);
    assert_eq!(world.ledger.newest(public("ana")), public("new key"));
    for taken in ["ana", "new key", "registrar", "attestor a", "witness 1"] {
        assert_eq!(replace(&mut world, "ben", taken), Some(Void::SuccessorInUse), "{taken}");
    }
    world.support("ben", &[]);
    assert_eq!(world.ledger.replacements().len(), 1, "those that are void are not among them");
}

#[test]
fn a_new_key_does_not_renew_the_quota() {
    for number in 0..4 {
        let (old, new) = (format!("member {number}"), format!("successor {number}"));
        let mut world = World::with(|charter| charter.limits.records_per_round = 4);
        world.admit(&[&old]);
        for _ in 0..3 {
            world.support(&old, &[]);
        }
        // The last one is sealed beside the replacement, before or after it by the keys.
        let cast = world.say(&old, Body::Ballot(ballot(1, &[])));
        let body = world.replacement(&old, &new);
        let replaced = world.say("registrar", body);
        assert_eq!(world.seal(vec![cast, replaced]).void, []);
        assert_eq!(world.refused(&new, Body::Ballot(ballot(1, &[]))), Inadmissible::TooMany { limit: 4 });
        world.close();
        world.support(&new, &[]);
    }
}

/// What a member's own node asks before it hands a record on: the newest key is meant, whichever is named.
#[test]
fn a_record_is_judged_beforehand_as_it_would_be_carried_out() {
    let mut world = community();
    assert_eq!(replace(&mut world, "ana", NEW), None);
    assert_eq!(world.enact("registrar", suspension("ana")), None);
    let time = world.ledger.time() + STEP;
    let cases = [
        (suspension("ana"), Err(Void::AlreadySuspended)),
        (readmission("ana"), Ok(())),
        (readmission("ben"), Err(Void::NotSuspended)),
        (world.replacement("ana", "x"), Err(Void::AlreadyReplaced)),
        (world.replacement("ben", NEW), Err(Void::SuccessorInUse)),
        (world.replacement(NEW, "x"), Ok(())),
    ];
    for (body, expected) in cases {
        let draft = world.sign("registrar", 99, RecordId([1; 32]), body.clone());
        assert_eq!(world.ledger.preflight(draft.record(), time), expected);
        assert_eq!(world.clone().enact("registrar", body), expected.err());
    }
}

/// An officer's key is replaced by a change of the charter; what is left of the membership, by the registrar.
#[test]
fn a_key_can_be_replaced_once_the_charter_no_longer_names_it() {
    let mut world = World::new();
    world.admit(&["ana", "attestor a"]);
    assert_eq!(
        world.refused("registrar", world.replacement("attestor a", NEW)),
        Inadmissible::NamedInCharter
    );
    let subject = world.change("Another attestor", |charter| {
        for role in &mut charter.roles {
            let [a, c] = ["attestor a", "attestor c"].map(public);
            let named = |keys: &[_]| keys.contains(&a) && keys.contains(&c);
            if named(&role.keys) {
                role.keys.retain(|key| *key != a && *key != c);
            }
        }
    });
    let change = world.put("ana", subject);
    for name in ["ana", "attestor a"] {
        world.cast(name, answer(1, change, Choice::Yes));
    }
    world.close();
    assert!(!world.community().charter.names(&public("attestor a")), "the change was adopted");
    let never_a_member = world.replacement("attestor c", "another");
    assert_eq!(world.enact("registrar", never_a_member), Some(Void::NoMember));
    for named in ["registrar", "treasurer"] {
        let body = world.replacement(named, "another");
        assert_eq!(world.refused("registrar", body), Inadmissible::NamedInCharter, "{named}");
    }
    assert_eq!(replace(&mut world, "attestor a", NEW), None);
    world.support(NEW, &[]);
}
