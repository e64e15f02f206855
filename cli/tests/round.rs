//! One round with a real node, by the command line alone.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, say, until};
use serde_json::Value;

fn loan(place: &Place, title: &str, amount: &str) -> String {
    let arguments = [
        "propose",
        "loan",
        "--title",
        title,
        "--borrower",
        title,
        "--purpose",
        "A test.",
        "--amount",
        amount,
        "--term",
        "12",
        "--rate",
        "4.5%",
    ];
    say(place, &arguments)["id"].as_str().unwrap().to_owned()
}

fn attest(place: &Place, id: &str, greatest: &str, more: &[&str]) {
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
        greatest,
        "--outlook",
        "70",
        "--valid",
        "+30d",
    ];
    say(place, &[&usual, more].concat());
}

#[test]
fn a_round_from_the_first_member_to_the_audit() {
    let place = Place::new();
    place.found(&["--first-close", "+30s", "--period", "1h"]);
    let node = place.start();
    place.run(&["vote", "abcd=1"]).fails(1, "not a member's yet");
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    place.run(&["admit", "founder", "--name", "Twice"]).fails(1, "no-effect");
    place
        .run(&["admit", "founder", "--name", "x", "--group", "nowhere"])
        .fails(2, "the charter has no group");
    say(&place, &["fund", "1000.50", "--source", "Savings"]);
    let oven = loan(&place, "Oven", "400.25");
    let roof = loan(&place, "Roof", "900");
    let barn = loan(&place, "Barn", "100");
    let hours =
        say(&place, &["propose", "motion", "--title", "Hours", "--text", "Longer?"])["id"].to_string();
    let hours = hours.trim_matches('"');
    place
        .run(&[
            "attest",
            hours,
            "--grade",
            "1",
            "--default",
            "0%",
            "--loss",
            "0%",
            "--greatest",
            "1",
            "--outlook",
            "1",
            "--valid",
            "+1d",
        ])
        .fails(2, "only loans are rated");
    attest(&place, &oven, "400.25", &[]);
    attest(&place, &roof, "500", &["--reason", "Too large for its revenue"]);
    attest(&place, &barn, "100", &[]);

    let ballot = place.json(&["vote", &format!("{}=3", &oven[..8]), &format!("{}=2", &barn[..8])]);
    assert_eq!(ballot["ballot"]["scores"].as_array().unwrap().len(), 2);
    place.run(&["vote", &format!("{oven}=11")]).fails(2, "a score from 1 to 10");
    place.run(&["vote", &format!("{hours}=3")]).fails(2, "answer yes, no or abstain");
    place.run(&["vote", "ffffffffff=3"]).fails(1, "there is no proposal ffffffffff");
    place.run(&["vote", "xyz"]).fails(2, "is no vote");
    place.all_sealed();

    // New terms: the score for the old ones is not carried over, unless it is said again.
    say(&place, &["amend", &barn[..8], "--amount", "90"]);
    let ballot = place.json(&["vote", &format!("{hours}=yes")]);
    assert_eq!(ballot["dropped"], serde_json::json!([barn]));
    assert_eq!(ballot["ballot"]["scores"].as_array().unwrap().len(), 1);
    assert_eq!(ballot["ballot"]["answers"][0]["choice"], "yes");
    place.all_sealed();

    place.run(&["predict", hours, "3%"]).fails(2, "only loans have a probability");
    say(&place, &["predict", &oven, "3%"]);

    let now = place.json(&["outcome", "current"]);
    assert_eq!(now["provisional"], true);
    let listed = place.run(&["proposals"]);
    assert!(listed.out.contains("its amount is greater than 500.00 EUR"), "{}", listed.out);
    until("the round closes", || place.status()["outcome"][0] == 1);
    let outcome = place.json(&["outcome", "1"]);
    assert_eq!(outcome["provisional"], false);
    let funded = outcome["outcome"]["funded"].as_array().unwrap();
    assert_eq!(funded.len(), 1);
    assert_eq!(funded[0]["proposal"], oven.as_str());
    assert_eq!(outcome["outcome"]["motions"][0]["carried"], true);
    let shares = place.json(&["outcome", "1", "--shares"]);
    assert_eq!(shares["digest"], outcome["digest"]);
    assert_eq!(shares["loans"][0]["shares"][0]["amount"], 40025);
    let told = place.run(&["outcome", "1", "--shares"]);
    assert!(told.out.contains("What members' votes paid for 'Oven', 400.25 EUR"), "{}", told.out);
    assert!(told.out.contains("Hana Novak"));
    let explained = place.json(&["outcome", "1", "--explain"]);
    assert_eq!(explained["explanation"]["digest"], outcome["digest"]);
    assert_eq!(explained["explanation"]["loans"].as_array().unwrap().len(), 3);
    let told = place.run(&["outcome", "1", "--explain"]).out;
    assert!(told.contains("Funded as number 1. It has 1 supporter."), "{told}");
    assert!(told.contains("its amount is greater than 500.00 EUR"), "{told}");
    assert!(told.contains("0 of 1 valid attestations for its present terms"), "{told}");
    let told = place.run(&["outcome", "1", "--explain", &oven[..8]]).out;
    assert!(told.contains("Hana Novak") && told.contains("400.25 EUR"), "{told}");
    let loan = place.json(&["outcome", "1", "--explain", &barn[..8]]);
    assert!(loan["loan"]["fate"]["ineligible"]["against"].is_array(), "{loan}");
    place.run(&["outcome", "1", "--explain", hours]).fails(1, "only loans that were open are explained");

    let what_if = place.json(&["whatif", "1", "--budget", "400"]);
    assert_eq!(what_if["base"]["funded"][0]["proposal"], oven.as_str());
    assert_eq!(what_if["variants"][0]["funded"], serde_json::json!([]));
    let told = place.run(&["whatif", "1", "--without", &oven[..8]]).out;
    let row = told.lines().find(|line| line.starts_with(&oven[..8])).unwrap();
    assert_eq!(row.split_whitespace().nth(3), Some("x"), "{told}");
    assert_eq!(row.split_whitespace().nth(4), Some("out"), "{told}");
    place.run(&["whatif", "1", "--without", "nothing"]).fails(2, "is neither a category of the charter");
    place.run(&["whatif", "2"]).fails(1, "round 2 has not closed");
    // The oven is paid; the other two are open in the round that has begun, and nobody has voted in it.
    let forecast = place.json(&["forecast"]);
    assert_eq!(forecast["forecast"]["round"], 2);
    assert_eq!(
        (&forecast["forecast"]["expected"], &forecast["forecast"]["draws"]),
        (&1.into(), &1000.into())
    );
    let told = place.run(&["forecast", "--turnout", "100%"]).out;
    assert!(told.contains("0 of 1 members have voted; 1 are expected to vote (as you say)"), "{told}");
    assert!(told.contains("its amount is greater than 500.00 EUR"), "{told}");
    place.run(&["forecast", "--turnout", "many"]).fails(2, "write a number of members");
    place.run(&["outcome", "2"]).fails(1, "round 2 has not closed");
    place.run(&["outcome", "0"]).fails(2, "a round's number");

    place.run(&["predict", &oven, "1%"]).fails(1, "no longer open");
    pay_out_and_back(&place, &oven, &barn);
    look_back(&place, &oven);
    answer_as_the_board(&place, hours, &oven);

    assert_eq!(place.run(&["log", "export", "log.archive"]).code, 0);
    place.run(&["log", "export", "log.archive"]).fails(2, "is there already");
    let audited = place.json(&["audit", "log.archive"]);
    assert_eq!(audited["verdict"], "valid");
    assert_eq!(audited["rounds"][0]["digest"], outcome["digest"]);
    let imported = place.json(&["log", "import", "log.archive"]);
    assert_eq!(imported["before"], imported["height"]);
    assert_eq!(node.stop(), 0);
    assert!(!place.path().join("home/api.json").exists());
}

/// What becomes of the funded loan, and what cannot.
fn pay_out_and_back(place: &Place, oven: &str, barn: &str) {
    place.run(&["disburse", barn, "1"]).fails(1, "the loan is not funded");
    place.run(&["disburse", oven, "400.26"]).fails(1, "more than was allocated");
    say(place, &["disburse", oven, "300.25"]);
    say(place, &["release", oven, "100", "--reason", "Cheaper than planned"]);
    say(place, &["repay", oven, "--principal", "100.25", "--interest", "1.50"]);
    place.run(&["repay", oven, "--principal", "200.01"]).fails(1, "more than the borrower owes");
    place.run(&["repay", oven]).fails(2, "are both 0");
    say(place, &["write-off", oven, "200", "--reason", "Bankrupt"]);
    say(place, &["recover", oven, "50"]);
    let account = place.json(&["proposals", oven])["account"].clone();
    assert_eq!((&account["outstanding"], &account["lost"]), (&0.into(), &15000.into()));
    assert_eq!(account["movements"].as_array().unwrap().len(), 5);
    assert_eq!(account["movements"][2]["interest"], 150);
    // 1000.50 came in; 1.50 of interest is earned, and 150 is lost.
    assert_eq!(place.status()["pool"], 85_200);
    let told = place.run(&["proposals", oven]);
    assert!(told.out.contains("150.00 EUR"), "{}", told.out);
}

/// The portfolio and the track record of the loan that has ended.
fn look_back(place: &Place, oven: &str) {
    let portfolio = place.json(&["portfolio"]);
    let total = &portfolio["total"];
    assert_eq!(
        (&total["loans"], &total["lost"], &total["outstanding"]),
        (&1.into(), &15000.into(), &0.into())
    );
    assert_eq!(portfolio["pool"]["available"], 85_200);
    assert_eq!(portfolio["loans"][0]["status"], "written-off");
    assert_eq!(portfolio["grades"]["2"]["sums"]["interest"], 150);
    let before = place.json(&["portfolio", "--at", "2026-01-01T00:00:00Z"]);
    assert_eq!(before["loans"].as_array().unwrap().len(), 0);
    let told = place.run(&["portfolio", "--records"]);
    let repaid = portfolio["loans"][0]["movements"][2]["record"].as_str().unwrap();
    assert!(told.out.contains(repaid) && told.out.contains("852.00 EUR"), "{}", told.out);
    let one = place.run(&["portfolio", &oven[..8]]);
    assert!(one.out.contains("written off"), "{}", one.out);
    place.run(&["portfolio", "ffffff"]).fails(1, "0 funded loans");
    let table = place.run(&["portfolio", "--csv", "--records"]);
    let lines: Vec<&str> = table.out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    assert!(
        lines[1]
            .starts_with(&format!("{oven},\"Oven\",\"Oven\",\"general\",2,1,written off,400.25,0.00,300.25"))
    );

    let track = place.json(&["track-record"]);
    assert_eq!((&track["loans"][0]["defaulted"], &track["loans"][0]["lost"]), (&true.into(), &15000.into()));
    // 98.5% and 97% beside what came.
    assert_eq!(track["attestors"][0]["score"]["brier"]["decimal"], "0.970225");
    assert_eq!(track["crowd"]["brier"]["exact"], "9409/10000");
    assert_eq!(track["attestors"][0]["grades"][0]["expected"]["exact"], "3/200");
    let told = place.run(&["track-record"]);
    assert!(told.out.contains("0.970225") && told.out.contains("0.940900"), "{}", told.out);
    let shown = place.json(&["proposals", oven]);
    assert_eq!(shown["history"].as_array().unwrap().len(), 1);
    assert_eq!(
        shown["predictions"],
        serde_json::json!({"count": 1, "mean": {"exact": "3/100", "decimal": "0.030000"}})
    );
}

/// What waits for the board, and its answers.
fn answer_as_the_board(place: &Place, hours: &str, oven: &str) {
    let waiting = place.status()["waiting"].clone();
    assert_eq!(waiting.as_array().unwrap().len(), 2);
    assert_eq!(waiting[0]["about"]["motion"], hours);
    let told = place.run(&["status"]);
    assert!(told.out.contains("Waiting for the board's answer: 2"), "{}", told.out);
    place.run(&["respond", oven, "--status", "done", "--reason", "x"]).fails(2, "this is a loan");
    place.run(&["respond", "--round", "2", "--status", "done", "--reason", "x"]).fails(1, "has not closed");
    say(place, &["respond", &hours[..8], "--status", "planned", "--reason", "From January on"]);
    say(place, &["respond", "--round", "1", "--status", "accepted", "--reason", "Contracts go out"]);
    let waiting = place.status()["waiting"].clone();
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["status"]), (1, &"planned".into()));
    let told = place.run(&["proposals", &hours[..8]]);
    assert!(told.out.contains("From January on"), "{}", told.out);
    say(place, &["respond", &hours[..8], "--status", "done", "--reason", "It is open until seven"]);
    assert_eq!(place.status()["waiting_count"], 0);
}

const ELECTION: &str = "\
META
key;value
description;A small election
currency;PLN
budget;100.50
vote_type;approval
PROJECTS
project_id;cost;name;category
10;40.25;Bakery;food
9;60.50;Garden;green,food
2;30;Library;
VOTES
voter_id;vote
a;10,2
b;10
c;10,9
d;
";

#[test]
fn an_imported_election_comes_out_like_the_rule_alone() {
    let place = Place::new();
    let file = place.file("small.pb", ELECTION);
    let imported = place.json(&["import-election", &file, "--out", "in", "--close", "+8s", "--period", "1d"]);
    assert_eq!((&imported["voters"], &imported["records"]), (&4.into(), &16.into()));
    place.run(&["import-election", &file, "--out", "in"]).fails(2, "is not empty");
    std::fs::rename(place.path().join("in/witness-1"), place.path().join("home")).unwrap();
    let node = place.start();
    let submitted = place.json(&["submit", "in/records"]);
    assert_eq!(submitted["accepted"], 16);
    let again = place.json(&["submit", "in/records"]);
    assert_eq!((&again["accepted"], &again["held"]), (&0.into(), &16.into()));
    until("the round closes", || place.status()["outcome"][0] == 1);
    let outcome = place.json(&["outcome", "1"]);
    assert_eq!(outcome["outcome"]["turnout"]["voters"], 4);
    let names = std::fs::read_to_string(place.path().join("in/projects.json")).unwrap();
    let names: Value = serde_json::from_str(&names).unwrap();
    let funded: Vec<&Value> = outcome["outcome"]["funded"]
        .as_array()
        .unwrap()
        .iter()
        .map(|loan| &names[loan["proposal"].as_str().unwrap()])
        .collect();
    let alone = place.json(&["allocate", &file]);
    let alone: Vec<&Value> =
        alone["funded"].as_array().unwrap().iter().map(|project| &project["id"]).collect();
    assert_eq!(funded, alone);
    assert_eq!(node.stop(), 0);
}

#[test]
fn an_election_that_does_not_fit_is_refused_before_anything_is_written() {
    let place = Place::new();
    for (from, to, says) in [
        ("2;30;", "2;0;", "project 2 costs 0"),
        ("budget;100.50", "budget;100.1234567", "7 decimals"),
        ("budget;100.50", "budget;0", "the budget 0"),
    ] {
        let file = place.file("bad.pb", ELECTION.replace(from, to));
        place.run(&["import-election", &file, "--out", "in"]).fails(2, says);
        assert!(!place.path().join("in").exists());
    }
    let file = place.file("garbage", "no records");
    place.found(&[]);
    place.run(&["submit", &file]).fails(2, "is no file of records");
}

#[test]
fn a_member_goes_on_under_a_new_key() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let old = place.json(&["key", "new", "alma", "--throw-away"])["public"].as_str().unwrap().to_owned();
    say(&place, &["admit", "alma", "--name", "Alma Reyes", "--weight", "3"]);
    place.run(&["key", "rotate", "founder-2", "--as", "founder"]).fails(1, "the charter names this key");
    say(&place, &["key", "rotate", "alma-2", "--as", "alma"]);
    let members = place.json(&["members"]);
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!((&members[0]["name"], &members[0]["weight"]), (&"Alma Reyes".into(), &3.into()));
    assert_ne!(members[0]["key"], old.as_str());
    // The only key of the home that is a member's signs by itself; the old one signs nothing.
    let said = say(&place, &["propose", "motion", "--title", "Hours", "--text", "Longer?"]);
    assert_eq!(said["author"], members[0]["key"]);
    place.run(&["leave", "--as", "alma"]).fails(1, "the node refuses the record");
    say(&place, &["suspend", &members[0]["key"].as_str().unwrap()[..8], "--reason", "Key lost"]);
    assert_eq!(place.json(&["members"])[0]["suspended"], "Key lost");
    place.run(&["vote", "--fresh"]).fails(1, "");
    say(&place, &["readmit", "alma-2", "--reason", "Found"]);
    say(&place, &["leave", "--as", "alma-2"]);
    assert_eq!(place.json(&["members"])[0]["status"], "leaving");
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_registrar_confirms_a_new_key_for_a_lost_one() {
    let place = Place::new();
    place.found(&[]);
    let lost = place.json(&["key", "new", "alma", "--throw-away"])["public"].as_str().unwrap().to_owned();
    // Before any node runs: the lost key in full is enough.
    let asked = place.json(&["key", "request", "alma-2", "--lost", &lost, "--out", "request.json"]);
    let successor = asked["successor"].as_str().unwrap().to_owned();
    assert_eq!(asked["lost"], lost.as_str());
    place
        .run(&["key", "request", "alma-2", "--lost", &lost, "--out", "request.json"])
        .fails(2, "is there already");

    let node = place.start();
    place
        .run(&["key", "request", "x", "--lost", "founder", "--out", "x"])
        .fails(1, "the charter names the key");
    let confirm = ["key", "replace", "request.json", "--reason", "Passport checked"];
    place.run(&[&confirm[..], &["--yes"]].concat()).fails(1, "is not a member's");
    say(&place, &["admit", "alma", "--name", "Alma Reyes", "--weight", "3"]);
    say(&place, &["fund", "10", "--source", "savings"]);
    let motion = say(&place, &["propose", "motion", "--title", "Hours", "--text", "Longer?", "--as", "alma"]);
    let cast = say(&place, &["vote", &format!("{}=yes", motion["id"].as_str().unwrap()), "--as", "alma"]);
    // Nobody is there to answer, so nothing is signed.
    place.run(&confirm).fails(2, "with --yes");
    let text = std::fs::read_to_string(place.path().join("request.json")).unwrap();
    for (from, to, says) in [
        (lost.as_str(), successor.as_str(), "consent is refused"),
        ("version 1", "version 2", "another version"),
        ("\"lost\"", "\"found\"", "is no request"),
        (place.status()["community"].as_str().unwrap(), &"0".repeat(64), "is for the community"),
    ] {
        let file = place.file("spoiled.json", text.replace(from, to));
        place.run(&["key", "replace", &file, "--reason", "x", "--yes"]).fails(2, says);
    }
    say(&place, &[&confirm[..], &["--yes"]].concat());
    let members = place.json(&["members"]);
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!((&members[0]["key"], &members[0]["weight"]), (&successor.clone().into(), &3.into()));
    let listed = place.json(&["key", "replacements"]);
    assert_eq!((&listed[0]["name"], &listed[0]["lost"]), (&"Alma Reyes".into(), &lost.clone().into()));
    assert_eq!(listed[0]["reason"], "Passport checked");
    assert!(place.run(&["key", "replacements"]).out.contains("Passport checked"));
    place.run(&["leave", "--as", "alma"]).fails(1, "ended with a change of key");
    place.run(&[&confirm[..], &["--yes"]].concat()).fails(1, "was replaced by");
    // The ballot is the member's still, whichever key one names.
    for of in [&lost, &successor] {
        let receipt = place.json(&["receipt", "--ballot", "1", "--of", of, "--force"]);
        assert_eq!(receipt["proves"]["sealed"]["record"], cast["id"]);
    }
    say(&place, &["leave", "--as", "alma-2"]);
    assert_eq!(node.stop(), 0);
}
