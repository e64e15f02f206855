//! `mutua allocate` on small elections.

mod common;

use common::Place;

const ELECTION: &str = "\
META
key;value
description;three projects
num_projects;3
num_votes;4
budget;100.50
vote_type;approval
PROJECTS
project_id;cost;name
10;40.25;Bakery
9;60.50;Garden, with a \u{1b}[31mtrap
2;30;Library
VOTES
voter_id;vote
a;10,2
b;10
c;10,9
d;
";

#[test]
fn equal_shares_with_decimals_is_exact() {
    let place = Place::new();
    let file = place.file("small.pb", ELECTION);
    // Each voter holds 25.125. Project 10 costs its three supporters 13.41666..., a third of 40.25.
    let answer = place.run(&["allocate", &file, "--json"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let compact: String = answer.out.split_whitespace().collect();
    assert_eq!(compact, r#"{"funded":[{"id":"10","cost":40.25}],"total_cost":40.25}"#);
}

#[test]
fn greedy_and_another_budget() {
    let place = Place::new();
    let file = place.file("small.pb", ELECTION);
    let funded = |arguments: &[&str]| {
        let answer = place.json(&[&["allocate", &file, "--rule", "greedy"], arguments].concat());
        let ids = answer["funded"].as_array().unwrap().iter().map(|entry| entry["id"].to_string());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(funded(&[]), r#""10" "2""#);
    assert_eq!(funded(&["--budget", "131"]), r#""10" "2" "9""#);
    place.run(&["allocate", &file, "--budget", "1.005"]).fails(2, "more than 2 decimals");
}

#[test]
fn text_names_who_pays_and_what_is_missing_and_controls_no_terminal() {
    let place = Place::new();
    let file = place.file("small.pb", ELECTION);
    let answer = place.run(&["allocate", &file]);
    assert_eq!(answer.code, 0);
    assert!(answer.out.contains("Funded: 1 of 3 projects for 40.25 (40.0% of the budget); 60.25 is left"));
    assert!(answer.out.contains("its supporters together have less left than it costs"));
    assert!(!answer.out.contains('\u{1b}'));
}

#[test]
fn a_broken_header_is_named_by_its_line() {
    let place = Place::new();
    for (broken, says) in [
        (ELECTION.replace("budget;100.50", "budget;much"), "line 6"),
        (ELECTION.replace("project_id;cost", "project_id;price"), "needs a column cost"),
        (ELECTION.replace("META", "BETA"), "begins with the title META"),
        (ELECTION.replace("vote_type;approval\n", ""), "vote_type"),
        (String::new(), "the file is empty"),
    ] {
        let file = place.file("broken.pb", broken);
        let answer = place.run(&["allocate", &file]);
        answer.fails(2, says);
        answer.fails(2, "broken.pb");
    }
    let file = place.file("broken.pb", b"META\nkey;value\n\xff\xfe");
    place.run(&["allocate", &file]).fails(2, "UTF-8");
    place.run(&["allocate", "missing.pb"]).fails(2, "missing.pb: cannot be read");
    place.run(&["allocate", "missing.pb", "--rule", "lottery"]).fails(2, "invalid value 'lottery'");
}
