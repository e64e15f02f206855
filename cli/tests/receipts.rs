//! Receipts and evidence, from a node to somebody who has the charter and nothing else.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, say, until};
use serde_json::{Value, json};

/// A loan, with the same terms whenever it is proposed.
fn loan(place: &Place) -> String {
    let said = say(
        place,
        &[
            "propose",
            "loan",
            "--title",
            "Oven",
            "--borrower",
            "Bakery",
            "--purpose",
            "A test.",
            "--amount",
            "400",
            "--term",
            "12",
            "--rate",
            "4.5%",
            "--expires",
            "2040-01-01T00:00:00Z",
        ],
    );
    said["id"].as_str().unwrap().to_owned()
}

fn attest(place: &Place, id: &str, more: &[&str]) {
    let usual = [
        "attest",
        id,
        "--grade",
        "2",
        "--default",
        "1.5%",
        "--loss",
        "40%",
        "--greatest",
        "500",
        "--outlook",
        "70",
        "--valid",
        "+30d",
    ];
    say(place, &[&usual, more].concat());
}

/// Somebody who got the charter and these files, and has no node.
fn stranger(place: &Place, files: &[&str]) -> Place {
    let stranger = Place::new();
    for file in [&["home/charter.json"], files].concat() {
        let content = std::fs::read(place.path().join(file)).unwrap();
        stranger.file(file.rsplit('/').next().unwrap(), content);
    }
    stranger
}

fn verify(place: &Place, file: &str) -> Value {
    place.json(&["verify-receipt", file, "--charter", "charter.json"])
}

#[test]
fn a_member_shows_what_was_counted_to_somebody_without_a_node() {
    let place = Place::new();
    let founded = place.found(&["--first-close", "+45s", "--period", "1h"]);
    assert!(founded.is_object());
    let node = place.start();
    place.run(&["receipt", "--ballot", "1"]).fails(1, "is no member's key");
    place.run(&["receipt", "--ballot", "2"]).fails(1, "the current round is 1");
    place.run(&["receipt"]).fails(2, "");
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    let silent = place.json(&["key", "new", "silent", "--throw-away"])["public"].as_str().unwrap().to_owned();
    say(&place, &["admit", "silent", "--name", "Alma Reyes"]);
    let unknown =
        place.json(&["key", "new", "unknown", "--throw-away"])["public"].as_str().unwrap().to_owned();
    let oven = loan(&place);
    let first = say(&place, &["vote", &format!("{oven}=3"), "--as", "founder"])["id"].clone();
    let open = place.json(&["receipt", "--ballot", "1", "--of", "founder", "--out", "open.receipt"]);
    assert_eq!((&open["proves"]["sealed"]["record"], &open["proves"]["counted"]), (&first, &Value::Null));
    let ballot = say(&place, &["vote", &format!("{oven}=7"), "--as", "founder"])["id"].clone();
    until("the round closes", || place.status()["outcome"][0] == 1);

    let made =
        place.json(&["receipt", "--ballot", "1", "--of", "founder", "--out", "ballot.receipt", "--qr"]);
    assert_eq!(made["proves"]["sealed"]["record"], ballot);
    assert_eq!(made["proves"]["counted"]["entry"]["counted"], json!({ "cast": ballot }));
    assert_eq!(made["fits_qr"], true);
    // As mail breaks lines.
    let broken: Vec<String> = made["text"]
        .as_str()
        .unwrap()
        .as_bytes()
        .chunks(9)
        .map(|line| line.escape_ascii().to_string())
        .collect();
    place.file("ballot.txt", broken.join("\n"));
    place
        .run(&["receipt", "--ballot", "1", "--of", "founder", "--out", "ballot.receipt"])
        .fails(2, "is there already");
    let shown = place.run(&[
        "receipt",
        "--ballot",
        "1",
        "--of",
        "founder",
        "--out",
        "ballot.receipt",
        "--force",
        "--qr",
        "--text",
    ]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("MUTUA-RECEIPT-1:") && shown.out.contains('█'), "{}", shown.out);

    let early = first.as_str().unwrap();
    place.json(&["receipt", &early[..9], "--out", "early.receipt"]);
    place.run(&["receipt", "abc"]).fails(2, "at least the first 4 digits");
    place.run(&["receipt", &format!("{}ffff", &early[..9])]).fails(1, "there is no record");
    place.json(&["receipt", "--ballot", "1", "--of", &silent[..8], "--out", "silent.receipt"]);
    place.json(&["receipt", "--ballot", "1", "--of", &unknown, "--out", "unknown.receipt"]);
    place.json(&["receipt", &oven, "--without-body", "--out", "oven.receipt"]);
    place.run(&["receipt", &"ab".repeat(32)]).fails(1, "holds no record");
    assert_eq!(node.stop(), 0);

    let files = [
        "ballot.receipt",
        "ballot.txt",
        "early.receipt",
        "silent.receipt",
        "unknown.receipt",
        "oven.receipt",
        "open.receipt",
    ];
    let stranger = stranger(&place, &files);
    for file in ["ballot.receipt", "ballot.txt"] {
        let proven = verify(&stranger, file);
        assert_eq!((&proven["verdict"], &proven["counted"]), (&json!("valid"), &json!(true)), "{file}");
        assert_eq!(proven["proves"]["sealed"]["body"]["ballot"]["scores"][0]["score"], 7);
    }
    let proven = verify(&stranger, "early.receipt");
    assert_eq!((&proven["counted"], &proven["proves"]["sealed"]["record"]), (&json!(false), &first));
    let proven = verify(&stranger, "silent.receipt");
    assert_eq!(proven["proves"]["counted"]["entry"]["counted"], "nothing");
    assert_eq!(proven["proves"]["counted"]["key"], silent.as_str());
    let proven = verify(&stranger, "unknown.receipt");
    assert_eq!(proven["proves"]["counted"]["entry"], Value::Null);
    let proven = verify(&stranger, "oven.receipt");
    assert_eq!(
        (&proven["proves"]["sealed"]["body"], &proven["proves"]["counted"]),
        (&Value::Null, &Value::Null)
    );

    for (file, says) in [
        ("ballot.receipt", "this very ballot was counted"),
        ("early.receipt", "The record above is NOT what was counted"),
        ("silent.receipt", "NO ballot was counted in the name of the key"),
        ("unknown.receipt", "was not among the 2 keys that had a vote"),
        ("oven.receipt", "What it says is not in the receipt"),
        ("open.receipt", "It does not prove that the record has had any effect"),
    ] {
        let told = stranger.run(&["verify-receipt", file, "--charter", "charter.json"]);
        assert_eq!(told.code, 0, "{file}: {}", told.err);
        assert!(told.out.contains(says) && told.out.contains("Verdict: VALID"), "{file}: {}", told.out);
    }

    let mut spoilt = std::fs::read(stranger.path().join("ballot.receipt")).unwrap();
    let last = spoilt.len() - 1;
    spoilt[last] ^= 1;
    stranger.file("spoilt.receipt", &spoilt);
    let refused = stranger.run(&["verify-receipt", "spoilt.receipt", "--charter", "charter.json"]);
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("6.5") && refused.out.contains("Verdict: REFUSED"), "{}", refused.out);
    stranger.file("garbage", "no receipt");
    assert_eq!(stranger.run(&["verify-receipt", "garbage", "--charter", "charter.json"]).code, 1);
    stranger.run(&["verify-receipt", "nowhere", "--charter", "charter.json"]).fails(2, "cannot be read");
    stranger.run(&["verify-receipt", "ballot.receipt"]).fails(2, "--charter FILE");
    let charter = std::fs::read_to_string(stranger.path().join("charter.json")).unwrap();
    stranger.file("other.json", charter.replace("\"Test\"", "\"Another\""));
    let other = stranger.run(&["verify-receipt", "ballot.receipt", "--charter", "other.json"]);
    assert_eq!(other.code, 1);
    assert!(other.out.contains("6.2"), "{}", other.out);
}

#[test]
fn an_attestor_who_says_yes_and_no_is_convicted_before_somebody_without_a_node() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    assert_eq!(place.json(&["evidence", "list"])["proved"], json!([]));
    let none = place.run(&["evidence", "export", "nothing"]);
    assert!(none.out.contains("has seen no misbehaviour"), "{}{}", none.out, none.err);
    let (one, two) = (loan(&place), loan(&place));
    attest(&place, &one, &[]);
    attest(&place, &two, &["--declined", "--reason", "Too large"]);
    let listed = place.json(&["evidence", "list"]);
    let name = listed["proved"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(listed["proved"][0]["kind"], "attestations");
    let status = place.run(&["status"]);
    assert!(status.out.contains("THIS NODE HAS SEEN MISBEHAVIOUR"), "{}", status.out);
    assert!(place.run(&["evidence", "list"]).out.contains(&name));
    place.run(&["evidence", "export", "files", "fork-1"]).fails(1, "there is no evidence 'fork-1'");
    let written = place.json(&["evidence", "export", "files"]);
    let file = format!("files/{name}.evidence");
    assert_eq!(written, json!([file]));
    place.run(&["evidence", "export", "files"]).fails(2, "is there already");
    assert_eq!(place.run(&["log", "export", "sound.archive"]).code, 0);
    assert_eq!(node.stop(), 0);

    let stranger = stranger(&place, &[&file, "sound.archive"]);
    let file = format!("{name}.evidence");
    let convicted = stranger.json(&["verify-evidence", &file, "--charter", "charter.json"]);
    assert_eq!(convicted["verdict"], "proved");
    assert_eq!(convicted["proves"]["keys"][0], listed["proved"][0]["keys"][0]);
    let told = stranger.run(&["verify-evidence", &file, "--charter", "charter.json"]);
    assert!(told.out.contains("two verdicts on the same terms") && told.out.contains(&one), "{}", told.out);
    // A log whose every check holds convicts nobody, and neither does garbage.
    let sound = stranger.run(&["verify-evidence", "sound.archive", "--charter", "charter.json"]);
    assert_eq!(sound.code, 1);
    assert!(sound.out.contains("every check of the log holds"), "{}", sound.out);
    stranger.file("garbage", "no evidence");
    let refused = stranger.run(&["verify-evidence", "garbage", "--charter", "charter.json"]);
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("7.1"), "{}", refused.out);
}
