//! `mutua audit` on files that are damaged or none. (Archives of real communities are audited where nodes run.)

mod common;

use common::Place;
use mutua_protocol::{
    archive::{MAGIC, end_frame, opening},
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Completion, Currency, MotionPolicy, PROTOCOL,
        RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    hash::SealId,
    keys::SecretKey,
    seals::Witness,
};

fn charter() -> Charter {
    let key = SecretKey::from_seed(&[1; 32]).public();
    Charter {
        protocol: PROTOCOL,
        name: "Test".to_owned(),
        currency: Currency { code: "EUR".to_owned(), decimals: 2 },
        groups: vec!["members".to_owned()],
        categories: vec!["loans".to_owned()],
        roles: vec![RoleHolders { role: Role::Registrar, keys: vec![key], needed: 1 }],
        witnesses: vec![Witness { key, power: 1, name: "one".to_owned() }],
        schedule: Schedule { first_close: 1_000_000, period: 1_000_000 },
        sealing: Sealing { patience: 1000, drift: 1000 },
        rule: Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
        policy: RiskPolicy {
            worst_grade: 5,
            greatest_default: 1000,
            greatest_amount: 1 << 40,
            least_outlook: 0,
            grades: Vec::new(),
            caps: Caps::default(),
        },
        motions: MotionPolicy { quorum: 0, majority: 5000, charter: CharterMajority::default() },
        limits: CharterLimits::default(),
    }
}

/// An archive of a community in which nothing has happened.
fn archive() -> Vec<u8> {
    [opening(&charter()), end_frame(0, SealId([0; 32]))].concat()
}

#[test]
fn an_archive_without_seals_is_valid() {
    let place = Place::new();
    let file = place.file("log", archive());
    let answer = place.run(&["audit", &file]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("Verdict: VALID"));
    let report = place.json(&["audit", &file]);
    assert_eq!(report["verdict"], "valid");
    assert_eq!(report["community"]["name"], "Test");
    assert_eq!(report["seals"], 0);
}

#[test]
fn what_is_no_archive_cannot_be_read() {
    let place = Place::new();
    let file = place.file("log", "certainly not an archive");
    place.run(&["audit", &file]).fails(2, "not a mutua archive");
    let file = place.file("log", "");
    place.run(&["audit", &file]).fails(2, "not a mutua archive");
    place.run(&["audit", "nothing"]).fails(2, "cannot be read");
}

#[test]
fn a_damaged_archive_is_faulty_with_the_number_of_the_check() {
    let place = Place::new();
    let whole = archive();
    let damaged: [(&str, Vec<u8>, &str); 6] = [
        ("no charter", MAGIC.to_vec(), "1.4"),
        ("half a charter", whole[..40].to_vec(), "1.4"),
        ("no end", opening(&charter()), "1.4"),
        ("half an end", whole[..whole.len() - 3].to_vec(), "1.4"),
        ("bytes behind", [&whole[..], b"x"].concat(), "1.4"),
        ("a strange frame", [opening(&charter()), vec![9, 0, 0, 0, 0]].concat(), "2.1"),
    ];
    for (what, bytes, check) in damaged {
        let file = place.file("log", bytes);
        let answer = place.run(&["audit", &file, "--json"]);
        assert_eq!(answer.code, 1, "{what}: {}", answer.err);
        let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        assert_eq!(report["verdict"], "faulty", "{what}");
        assert_eq!(report["fault"]["check"], check, "{what}");
        let answer = place.run(&["audit", &file]);
        assert!(answer.out.contains("Verdict: FAULTY"), "{what}");
    }
}

#[test]
fn cutting_anywhere_is_noticed() {
    let place = Place::new();
    let whole = archive();
    for length in (0..whole.len()).step_by(29) {
        let file = place.file("log", &whole[..length]);
        assert_ne!(place.run(&["audit", &file]).code, 0, "cut at {length}");
    }
}
