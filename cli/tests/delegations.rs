//! Whose ballot counts for a member who casts none, with a real node, by the command line alone.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, say_id, until};
use serde_json::json;

#[test]
fn a_delegates_ballot_counts_with_the_delegators_weight_and_the_receipt_says_so() {
    let place = Place::new();
    place.found(&["--first-close", "+40s", "--period", "1h"]);
    let node = place.start();
    say_id(&place, &["admit", "founder", "--name", "Hana Novak"]);
    let mut keys = Vec::new();
    for (label, name, weight) in [("alma", "Alma Reyes", "3"), ("bert", "Bert Ost", "2")] {
        let made = place.json(&["key", "new", label, "--throw-away"]);
        keys.push(made["public"].as_str().unwrap().to_owned());
        say_id(&place, &["admit", label, "--name", name, "--weight", weight]);
    }
    let hours =
        say_id(&place, &["propose", "motion", "--title", "Hours", "--text", "Longer?", "--as", "founder"]);
    let category = place.json(&["charter", "check", "home/charter.json"]);
    assert_eq!(category["valid"], true);

    let quiet = place.run(&["delegate", "--as", "alma"]);
    assert!(quiet.out.contains("Alma Reyes has delegated nothing"), "{}", quiet.out);
    let bert = &keys[1][..8];
    say_id(&place, &["delegate", bert, "--as", "alma"]);
    say_id(&place, &["delegate", "Hana Novak", "--as", "bert"]);
    place.run(&["delegate", "Nobody Here", "--as", "bert"]).fails(2, "is no key");
    place.run(&["delegate", "alma", "--as", "alma"]).fails(2, "");
    place.run(&["delegate", &keys[0], "--as", "alma"]).fails(2, "the author's own key");
    place.run(&["delegate", bert, "--category", "nowhere", "--as", "alma"]).fails(2, "no category 'nowhere'");
    place
        .run(&["delegate", "--end", "--category", "general", "--as", "alma"])
        .fails(1, "has delegated nothing");
    place.run(&["vote", "--end-standing", "--as", "alma"]).fails(1, "you have no standing ballot");
    let told = place.run(&["delegate", "--as", "alma"]).out;
    assert!(told.contains("nobody's ballot counts: Hana Novak has none"), "{told}");

    say_id(&place, &["vote", &format!("{hours}=yes"), "--as", "founder"]);
    let shown = place.json(&["delegate", "--as", "alma"]);
    assert_eq!(shown["delegations"][0]["way"]["steps"], 2);
    assert_eq!(shown["delegations"][0]["way"]["end_name"], "Hana Novak");
    let told = place.run(&["delegate", "--as", "alma"]).out;
    assert!(told.contains("the ballot of Hana Novak counts, by way of Bert Ost"), "{told}");
    let told = place.run(&["delegate", "--as", "founder"]).out;
    assert!(told.contains("counts for 2 others now, weight 5"), "{told}");
    let listed = place.run(&["proposals"]).out;
    assert!(listed.contains("those of 2 members, of weight 5"), "{listed}");
    let status = place.run(&["status"]).out;
    assert!(status.contains("Where Alma Reyes has no ballot of their own"), "{status}");
    let now = place.json(&["outcome", "current"]);
    assert_eq!(now["delegated"], json!({ "heads": 2, "weight": 5 }));
    assert_eq!(now["outcome"]["motions"][0]["yes"], 6);

    until("the round closes", || place.status()["outcome"][0] == 1);
    let outcome = place.run(&["outcome", "1"]).out;
    assert!(
        outcome.contains("3 of 3 members, with 6 of 6 of the weight; 2 of them by delegation"),
        "{outcome}"
    );
    let receipt = place.json(&["receipt", "--ballot", "1", "--of", "alma", "--out", "alma.receipt"]);
    let entry = &receipt["proves"]["counted"]["entry"];
    assert_eq!(entry["weight"], 3);
    assert_eq!(entry["counted"]["delegated"]["all"]["delegate"], keys[1].as_str());
    let told = place.run(&["verify-receipt", "alma.receipt", "--charter", "home/charter.json"]);
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("others' counted for it by delegation, with its weight 3"), "{}", told.out);
    assert!(told.out.contains("Verdict: VALID"), "{}", told.out);
    assert_eq!(place.json(&["verify-receipt", "alma.receipt"])["counted"], true);

    // A standing ballot goes before, until it is ended; then the delegate's counts again.
    let later =
        say_id(&place, &["propose", "motion", "--title", "Later", "--text", "More?", "--as", "founder"]);
    say_id(&place, &["vote", &format!("{later}=yes"), "--standing", "--as", "founder"]);
    say_id(&place, &["vote", "--end-standing", "--as", "founder"]);
    let now = place.json(&["outcome", "current"]);
    assert_eq!(now["outcome"]["motions"][0]["yes"], 6, "what was cast in this round stays");
    place.run(&["vote", "--end-standing", "--as", "founder"]).fails(1, "you have no standing ballot");

    // An own ballot goes before, in this round alone.
    say_id(&place, &["delegate", "--end", "--as", "bert"]);
    let told = place.run(&["delegate", "--as", "alma"]).out;
    assert!(told.contains("Bert Ost has none, and has delegated nothing"), "{told}");
    say_id(&place, &["vote", "--fresh", "--as", "alma"]);
    let told = place.run(&["delegate", "--as", "alma"]).out;
    assert!(told.contains("you have cast a ballot: it counts"), "{told}");
    assert_eq!(place.run(&["log", "export", "log.archive"]).code, 0);
    assert_eq!(place.json(&["audit", "log.archive"])["verdict"], "valid");
    assert_eq!(node.stop(), 0);
}
