//! Homes, keys and charters, without a running node.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{fs, os::unix::fs::PermissionsExt};

use common::Place;

#[test]
fn init_makes_a_valid_charter_and_private_files() {
    let place = Place::new();
    let founded = place.json(&["init", "--name", "Sonnental eG", "--decimals", "2", "--period", "30d"]);
    let home = place.path().join("home");
    let charter = home.join("charter.json");
    let checked = place.json(&["charter", "check", charter.to_str().unwrap()]);
    assert_eq!(checked["valid"], true);
    assert_eq!(checked["community"], founded["community"]);
    for (name, mode) in [
        ("", 0o700),
        ("keys", 0o700),
        ("network.key", 0o600),
        ("api-token", 0o600),
        ("keys/founder.key", 0o600),
    ] {
        let found = fs::metadata(home.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
    place.run(&["init", "--name", "Again"]).fails(2, "is a node's home already");
    let told = place.run(&["charter", "check", charter.to_str().unwrap()]);
    assert!(told.out.contains("This charter is valid."));
}

#[test]
fn init_takes_every_rule_and_refuses_options_that_say_nothing_under_it() {
    let place = Place::new();
    for (number, (rule, says)) in [
        (&["--completion", "add-one+greedy", "--utility", "score"][..], "shares grow by whole units"),
        (&["--completion", "add-one"], "as long as the pool holds it (add-one)"),
        (&["--rule", "greedy", "--order", "total"], "greedy by support; a loan is worth its amount"),
        (
            &["--rule", "greedy", "--utility", "cardinality"],
            "greedy by support per cost; each loan is worth one",
        ),
        (&["--rule", "phragmen"], "sequential Phragmén"),
    ]
    .into_iter()
    .enumerate()
    {
        let home = format!("home-{number}");
        place.json(&[&["init", "--name", "Test", "--home", &home], rule].concat());
        let told = place.run(&["charter", "check", &format!("{home}/charter.json")]);
        assert!(told.out.contains(says), "{}", told.out);
    }
    let init = ["init", "--name", "Test", "--home", "other"];
    let with = |more: &[&'static str]| place.run(&[&init, more].concat());
    with(&["--rule", "phragmen", "--completion", "add-one"])
        .fails(2, "--completion is for --rule equal-shares");
    with(&["--order", "total"]).fails(2, "--order is for --rule greedy");
    with(&["--completion", "magic"]).fails(2, "invalid value 'magic'");
    assert!(!place.path().join("other").exists());
}

#[test]
fn a_charter_that_breaks_a_bound_is_refused_with_the_field() {
    let place = Place::new();
    place.found(&[]);
    let text = fs::read_to_string(place.path().join("home/charter.json")).unwrap();
    for (from, to, says) in [
        ("\"decimals\": 2", "\"decimals\": 9", "currency.decimals is more than 6"),
        ("\"decimals\": 2", "\"decimals\": two", "line"),
        ("\"protocol\": 1", "\"protocol\": 2", "version 2"),
        ("\"name\": \"Test\"", "\"nomen\": \"Test\"", "unknown field"),
    ] {
        assert!(text.contains(from));
        let file = place.file("charter.json", text.replacen(from, to, 1));
        let answer = place.run(&["charter", "check", &file]);
        answer.fails(2, says);
        answer.fails(2, "charter.json");
    }
    place.run(&["init", "--name", "Bad", "--decimals", "7", "--home", "other"]).fails(2, "currency.decimals");
    assert!(!place.path().join("other/charter.json").exists());
}

#[test]
fn a_wrong_passphrase_a_missing_key_and_an_open_file_are_failures_of_keys() {
    let place = Place::new();
    place.found(&[]);
    let secret = place.file("new", "another horse\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let change = ["key", "passphrase", "founder", "--new-passphrase-file", &secret];
    let wrong = place.command().env("MUTUA_PASSPHRASE", "wrong").args(change).output().unwrap();
    common::ran(&wrong).fails(4, "the passphrase does not open");
    assert_eq!(place.run(&change).code, 0);
    place.run(&change).fails(4, "the passphrase does not open");
    place.run(&["key", "show", "nobody"]).fails(4, "no key 'nobody'");
    let none = place.command().env_remove("MUTUA_PASSPHRASE").args(["key", "new", "x"]).output().unwrap();
    common::ran(&none).fails(4, "MUTUA_PASSPHRASE");

    let key = place.path().join("home/keys/founder.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    place.run(&["key", "list"]).fails(4, "others may read");
    place.run(&["run"]).fails(4, "chmod 600");
}

#[test]
fn a_secret_is_never_printed() {
    let place = Place::new();
    place.found(&[]);
    let token = fs::read_to_string(place.path().join("home/api-token")).unwrap();
    let seed = fs::read_to_string(place.path().join("home/network.key")).unwrap();
    for arguments in [&["key", "list"][..], &["key", "show", "founder"], &["status"]] {
        let ran = place.run(arguments);
        for secret in [token.trim(), seed.trim(), "correct horse"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{arguments:?}");
        }
    }
}

#[test]
fn without_a_home_or_a_running_node_it_says_what_to_do() {
    let place = Place::new();
    place.run(&["status"]).fails(2, "'mutua init' or 'mutua join'");
    place.run(&["run"]).fails(2, "'mutua init' or 'mutua join'");
    place.found(&[]);
    for arguments in [&["status"][..], &["members"], &["fund", "5", "--source", "x"], &["log", "export", "x"]]
    {
        place.run(arguments).fails(3, "start it with 'mutua run'");
    }
    // A node that was killed leaves its address behind.
    let left = r#"{"api":"127.0.0.1:1","listen":[],"pid":1}"#;
    place.file("home/api.json", left);
    place.run(&["status"]).fails(3, "does not answer");
}

#[test]
fn a_member_joins_with_a_key_of_their_own() {
    let place = Place::new();
    let founded = place.found(&[]);
    let charter = place.path().join("home/charter.json");
    let charter = charter.to_str().unwrap();
    let joined = place.json(&["join", charter, "--home", "member"]);
    assert_eq!(joined["community"], founded["community"]);
    let keys = place.json(&["key", "list", "--home", "member"]);
    assert_eq!(keys[0]["label"], "me");
    place.run(&["join", charter, "--home", "member"]).fails(2, "is a node's home already");
    // Whoever has mistyped the passphrase gives the same command again.
    let slip = ["join", charter, "--home", "slip"];
    let empty = place.command().env("MUTUA_PASSPHRASE", "").args(slip).output().unwrap();
    common::ran(&empty).fails(4, "empty");
    assert_eq!(place.json(&slip)["community"], founded["community"]);
    assert_eq!(place.json(&["key", "list", "--home", "slip"])[0]["label"], "me");
    place.run(&["join", charter, "--home", "w", "--witness", "absent"]).fails(4, "no key 'absent'");
    place.run(&["join", "nothing.json", "--home", "x"]).fails(2, "nothing.json: cannot be read");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    let shell = format!("set -o pipefail; {} --help | true", env!("CARGO_BIN_EXE_mutua"));
    let ran = std::process::Command::new("bash").args(["-c", &shell]).output().unwrap();
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    place.found(&[]);
    let charter = place.path().join("home/charter.json");
    let shell = format!(
        "{} charter check {} | true; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_mutua"),
        charter.display()
    );
    let ran = std::process::Command::new("bash").args(["-c", &shell]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "0");
    assert!(ran.stderr.is_empty());
}

#[test]
fn a_charter_of_several_witnesses_is_composed_and_each_founds_its_home_with_it() {
    let place = Place::new();
    let keys: Vec<String> = (1..=4)
        .map(|n| {
            let made = place.json(&["key", "new", "witness", "--throw-away", "--home", &format!("w{n}")]);
            made["public"].as_str().unwrap().to_owned()
        })
        .collect();
    let witnesses: Vec<String> = keys.iter().enumerate().map(|(n, key)| format!("w{n}={key}")).collect();
    let mut arguments =
        vec!["charter", "new", "--name", "Four", "--out", "charter.json", "--borrower-cap", "20%"];
    for role in ["--registrar", "--attestor", "--treasurer"] {
        arguments.extend([role, &keys[0]]);
    }
    arguments.extend(witnesses.iter().flat_map(|witness| ["--witness", witness]));
    let composed = place.json(&arguments);
    place.run(&arguments).fails(2, "charter.json: cannot be written");
    for n in 1..=4 {
        let home = format!("w{n}");
        let founded = place.json(&["init", "--charter", "charter.json", "--home", &home]);
        assert_eq!(founded["community"], composed["community"]);
        let settings = fs::read_to_string(place.path().join(home).join("node.toml")).unwrap();
        assert!(settings.contains("witness = \"witness\""), "{settings}");
    }
    let told = place.run(&["charter", "check", "charter.json"]);
    assert!(told.out.contains("20.00% of the pool"), "{}", told.out);
    place
        .run(&["charter", "new", "--name", "x", "--out", "y", "--registrar", "abc"])
        .fails(2, "64 hexadecimal digits");
    let weak = "0".repeat(64);
    let mut arguments = vec!["charter", "new", "--name", "Weak", "--out", "weak.json"];
    for role in ["--registrar", "--attestor", "--treasurer"] {
        arguments.extend([role, &weak]);
    }
    arguments.extend(["--witness", &witnesses[0]]);
    place.run(&arguments).fails(2, "is weak");
}
