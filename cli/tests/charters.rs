//! The charter is amended, by the command line alone.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, say, until};
use serde_json::{Value, json};

#[test]
fn members_amend_their_charter_and_the_node_goes_on() {
    let place = Place::new();
    place.found(&["--first-close", "+45s", "--period", "1h"]);
    let founding = place.json(&["charter", "show", "--founding"]);
    assert_eq!(founding["hash"], founding["community"]);
    let node = place.start();
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);

    // A draft is the charter in force, edited.
    place.json(&["charter", "show", "--out", "amended.json"]);
    place.run(&["charter", "show", "--out", "amended.json"]).fails(2, "cannot be written");
    place.run(&["charter", "diff", "amended.json"]).fails(1, "it is the same as the one it amends");
    let text = std::fs::read_to_string(place.path().join("amended.json")).unwrap();
    let mut amended: Value = serde_json::from_str(&text).unwrap();
    let mut renamed = amended.clone();
    renamed["name"] = json!("Another");
    place.file("renamed.json", renamed.to_string());
    place.run(&["charter", "diff", "renamed.json"]).fails(1, "'name' stays");
    let words = ["--title", "Lower scores", "--purpose", "Ten steps are too many."];
    place.run(&[&["propose", "charter", "renamed.json"], &words[..]].concat()).fails(2, "'name' stays");
    amended["limits"]["score"] = json!(5);
    amended["categories"].as_array_mut().unwrap().push(json!("schools"));
    place.file("amended.json", amended.to_string());
    let compared = place.json(&["charter", "diff", "amended.json"]);
    let fields: Vec<&str> = compared["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["categories", "limits.score"]);
    assert_eq!(compared["refused"], Value::Null);

    // It is answered like a motion.
    let change = say(&place, &[&["propose", "charter", "amended.json"], &words[..]].concat());
    let change = change["id"].as_str().unwrap().to_owned();
    let open = place.json(&["charter", "show"])["open"].clone();
    assert_eq!((open.as_array().unwrap().len(), &open[0]["proposal"]), (1, &json!(change)));
    place.run(&["vote", &format!("{change}=3")]).fails(2, "answer yes, no or abstain");
    say(&place, &["vote", &format!("{change}=yes")]);
    until("the charter is amended", || {
        place.json(&["charter", "show"])["adopted"]["proposal"] == json!(change)
    });
    let shown = place.json(&["charter", "show"]);
    assert_eq!((&shown["hash"], &shown["charter"]), (&compared["amended"], &amended));
    assert_eq!(shown["community"], founding["community"], "the community stays what it was");
    assert_eq!(place.json(&["charter", "show", "--round", "1"])["hash"], founding["hash"]);
    assert_eq!(place.json(&["charter", "history"])["charters"].as_array().unwrap().len(), 2);
    let told = place.run(&["outcome"]);
    assert!(told.out.contains("the charter changes"), "{}", told.out);

    // Commands go by the charter in force, and a restarted node does.
    let loan =
        ["--title", "Roof", "--borrower", "School", "--purpose", "It leaks.", "--amount", "5", "--term", "3"];
    let roof = [&["propose", "loan", "--rate", "1%", "--category", "schools"], &loan[..]].concat();
    let roof = say(&place, &roof)["id"].as_str().unwrap().to_owned();
    place.run(&["vote", &format!("{roof}=6")]).fails(2, "a score from 1 to 5");
    assert_eq!(node.stop(), 0);
    let _node = place.start();
    assert_eq!(place.json(&["charter", "show"])["hash"], shown["hash"]);
    assert_eq!(place.run(&["log", "export", "test.log"]).code, 0);
    assert_eq!(place.json(&["audit", "test.log"])["verdict"], "valid");
    place.json(&["receipt", &roof, "--out", "roof.receipt"]);
    assert_eq!(place.json(&["verify-receipt", "roof.receipt"])["verdict"], "valid");
}
