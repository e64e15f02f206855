//! The charter: its bounds, and that each of them bites.

use mutua_protocol::{
    charter::{Charter, CharterError, Community, GradeBounds, Role, RoleHolders},
    codec,
    hash::RecordId,
    keys::PublicKey,
    limits,
    records::{Body, Received, Record, Subject},
    text::TextError,
};

use crate::support::*;

type Change = fn(&mut Charter);

fn bounds(greatest_default: u16, greatest_amount: u64) -> GradeBounds {
    GradeBounds { greatest_default, greatest_amount }
}

#[test]
fn each_bound_of_the_charter_bites() {
    let fields: &[(&str, Change)] = &[
        ("currency.decimals", |c| c.currency.decimals = 7),
        ("groups", |c| c.groups.clear()),
        ("groups", |c| c.groups = (0..65).map(|n| n.to_string()).collect()),
        ("groups", |c| c.groups.push("staff".to_owned())),
        ("categories", |c| c.categories.clear()),
        ("roles", |c| c.roles.swap(0, 1)),
        ("roles", |c| c.roles.push(c.roles[2].clone())),
        ("roles", |c| c.roles[0].keys.clear()),
        ("roles", |c| c.roles[1].keys.swap(0, 1)),
        ("roles", |c| c.roles[1].keys[1] = c.roles[1].keys[0]),
        ("roles", |c| c.roles[1].needed = 0),
        ("roles", |c| c.roles[1].needed = 4),
        ("roles", |c| c.roles[0].needed = 2),
        ("roles", |c| drop(c.roles.remove(0))),
        ("witnesses", |c| c.witnesses.clear()),
        ("witnesses", |c| c.witnesses.push(c.witnesses[0].clone())),
        ("witnesses", |c| c.witnesses[0].power = 0),
        ("witnesses", |c| c.witnesses[0].power = limits::WITNESS_POWER + 1),
        ("schedule.period", |c| c.schedule.period = 999),
        ("schedule.period", |c| c.schedule.period = (1 << 42) + 1),
        ("schedule.first_close", |c| c.schedule.first_close = (1 << 52) + 1),
        ("sealing.patience", |c| c.sealing.patience = 99),
        ("sealing.patience", |c| c.sealing.patience = 86_400_001),
        ("sealing.drift", |c| c.sealing.drift = 99),
        ("sealing.drift", |c| c.sealing.drift = 3_600_001),
        ("policy.greatest_default", |c| c.policy.greatest_default = 10_001),
        ("policy.least_outlook", |c| c.policy.least_outlook = 101),
        ("policy.worst_grade", |c| c.policy.worst_grade = 0),
        ("policy.greatest_amount", |c| c.policy.greatest_amount = limits::AMOUNT + 1),
        ("policy.grades", |c| c.policy.grades = vec![bounds(1, 1); 6]),
        ("policy.grades", |c| {
            c.policy.worst_grade = u8::MAX;
            c.policy.grades = vec![bounds(1, 1); limits::GRADES + 1];
        }),
        ("policy.grades", |c| c.policy.grades = vec![bounds(10_001, 1)]),
        ("policy.grades", |c| c.policy.grades = vec![bounds(1, limits::AMOUNT + 1)]),
        ("policy.caps", |c| c.policy.caps.borrower = Some(10_001)),
        ("policy.caps", |c| c.policy.caps.category = Some(10_001)),
        ("policy.caps", |c| c.policy.caps.expected_loss = Some(10_001)),
        ("motions.quorum", |c| c.motions.quorum = 10_001),
        ("motions.majority", |c| c.motions.majority = 10_000),
        ("limits.score", |c| c.limits.score = 0),
        ("limits.score", |c| c.limits.score = 101),
        ("limits.scores", |c| c.limits.scores = 0),
        ("limits.scores", |c| c.limits.scores = 385),
        ("limits.record_bytes", |c| c.limits.record_bytes = 1023),
        ("limits.record_bytes", |c| c.limits.record_bytes = 16_385),
        ("limits.records_per_round", |c| c.limits.records_per_round = 3),
        ("limits.records_per_round", |c| c.limits.records_per_round = 1025),
    ];
    for (expected, change) in fields {
        let mut spoiled = charter(2);
        change(&mut spoiled);
        match Community::new(spoiled) {
            Err(CharterError::Field { field, .. }) => assert_eq!(field, *expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    assert_eq!(charter(64).check(), Ok(()));
    let too_many = charter(65);
    assert!(matches!(too_many.check(), Err(CharterError::Field { field: "witnesses", .. })));
    let mut crowded = charter(1);
    let names: Vec<String> = (0..33).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    crowded.roles[2] = RoleHolders { role: Role::Treasurer, keys: keys(&names), needed: 1 };
    assert!(matches!(crowded.check(), Err(CharterError::Field { field: "roles", .. })));
}

#[test]
fn texts_keys_and_version_are_checked() {
    let spoil = |change: Change| {
        let mut spoiled = charter(1);
        change(&mut spoiled);
        Community::new(spoiled).expect_err("a fault")
    };
    assert_eq!(spoil(|c| c.protocol = 2), CharterError::Protocol(2));
    assert_eq!(spoil(|c| c.name.clear()), CharterError::Text(TextError::Empty("name")));
    assert!(matches!(spoil(|c| c.currency.code = "x".repeat(13)), CharterError::Text(_)));
    assert!(matches!(spoil(|c| c.witnesses[0].name = "a\nb".to_owned()), CharterError::Text(_)));
    assert!(matches!(spoil(|c| c.categories[0] = " ".to_owned()), CharterError::Text(_)));
    let weak = PublicKey([0; 32]);
    assert_eq!(spoil(|c| c.witnesses[0].key = PublicKey([0; 32])), CharterError::WeakKey(weak));
    assert_eq!(spoil(|c| c.roles[0].keys = vec![PublicKey([0; 32])]), CharterError::WeakKey(weak));
}

#[test]
fn the_id_is_the_hash_of_every_byte() {
    let bytes = codec::encode(&charter(1));
    let id = Community::decode(&bytes).unwrap().id;
    assert_eq!(id, charter(1).id());
    let mut other = charter(1);
    other.limits.score = 9;
    assert_ne!(other.id(), id);
    assert!(matches!(Community::decode(&bytes[..bytes.len() - 1]), Err(CharterError::Codec(_))));
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(Community::decode(&longer), Err(CharterError::Codec(_))));
}

#[test]
fn a_charter_of_any_length_that_may_be_can_be_read_back_and_amended() {
    let label = |number: usize| format!("{number:03}{}", "x".repeat(limits::NAME_BYTES - 3));
    let mut largest = charter(40);
    largest.groups = (0..limits::LABELS).map(label).collect();
    largest.categories = (0..39).map(label).collect();
    let room = limits::CHARTER_BYTES - codec::encode(&largest).len();
    assert!(room < limits::NAME_BYTES - largest.name.len(), "{room} bytes are left");
    largest.name.push_str(&"x".repeat(room));
    assert_eq!(largest.check(), Ok(()));
    assert_eq!(Community::decode(&codec::encode(&largest)).map(|community| community.id), Ok(largest.id()));
    largest.name.push('x');
    let field = "limits.record_bytes";
    assert!(matches!(largest.check(), Err(CharterError::Field { field: found, .. }) if found == field));
    assert!(matches!(Community::decode(&codec::encode(&largest)), Err(CharterError::Codec(_))));
    largest.name.pop();

    // The largest that a community of small records can have, and the same for one of large ones.
    let mut small = charter(4);
    small.limits.record_bytes = u32::try_from(codec::encode(&small).len() + limits::CHANGE_BYTES).unwrap();
    for terms in [small, largest] {
        let mut world = World::found(terms.clone());
        world.admit(&["ana"]);
        let Subject::Charter(mut change) = world.change("Other bounds", |c| c.sealing.drift += 1) else {
            panic!("a change of the charter")
        };
        change.title = "x".repeat(limits::NAME_BYTES);
        change.purpose = "x".repeat(limits::CHANGE_BYTES - 384);
        let proposal = world.put("ana", Subject::Charter(change.clone()));
        change.charter.sealing.drift += 1;
        let amended = Body::Amend { proposal, subject: Subject::Charter(change.clone()) };
        assert_eq!(world.enact("ana", amended), None);
        // One byte more, or a bound that is one byte less, and it could not be amended any more.
        let mut longer = terms.clone();
        longer.currency.code.push('!');
        let mut tighter = terms;
        tighter.limits.record_bytes -= 1;
        for charter in [longer, tighter] {
            let error = Community::new(charter.clone()).unwrap_err();
            assert!(error.to_string().contains("no record could hold an amended one"), "{error}");
            let mut body = change.clone();
            body.charter = charter;
            let body = Body::Propose(Subject::Charter(body));
            let record =
                Record { body, ..world.sign("ana", 9, RecordId([1; 32]), Body::Leave).record().clone() };
            let bytes = record.sign(&key("ana")).bytes();
            assert!(Received::decode(&bytes, world.community()).is_err());
        }
    }
}

#[test]
fn a_charter_is_the_same_through_json() {
    let text = serde_json::to_string_pretty(&charter(4)).unwrap();
    assert_eq!(serde_json::from_str::<Charter>(&text).unwrap(), charter(4));
    let mut graded = charter(4);
    graded.policy.grades = vec![bounds(50, 500_000), bounds(200, 100_000)];
    let graded_text = serde_json::to_string(&graded).unwrap();
    assert_eq!(serde_json::from_str::<Charter>(&graded_text).unwrap(), graded);
    assert_eq!(Community::decode(&codec::encode(&graded)).map(|community| community.charter), Ok(graded));
    let unknown = text.replacen("\"protocol\"", "\"surprise\": 1, \"protocol\"", 1);
    assert!(serde_json::from_str::<Charter>(&unknown).is_err());
}

#[test]
fn the_close_after_a_time_is_the_next_on_the_grid() {
    let charter = charter(1);
    let cases = [
        (0, ROUND),
        (ROUND - 1, ROUND),
        (ROUND, 2 * ROUND),
        (ROUND + 1, 2 * ROUND),
        (5 * ROUND - 1, 5 * ROUND),
        (5 * ROUND, 6 * ROUND),
        (u64::MAX, u64::MAX),
    ];
    for (time, expected) in cases {
        assert_eq!(charter.close_after(ROUND, time), expected, "{time}");
    }
}
