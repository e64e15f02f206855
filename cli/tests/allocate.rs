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
    let funded = r#"{"id":"10","cost":40.25,"by":"equal-shares","price":"1/3","supporters":3}"#;
    assert_eq!(compact, format!(r#"{{"funded":[{funded}],"total_cost":40.25}}"#));
}

#[test]
fn every_rule_and_completion_can_be_named() {
    let place = Place::new();
    let file = place.file("small.pb", ELECTION);
    let run = |arguments: &[&str]| {
        let answer = place.json(&[&["allocate", &file], arguments].concat());
        let funded = answer["funded"].as_array().unwrap().iter();
        let funded: Vec<String> = funded
            .map(|entry| {
                format!("{} {}", entry["id"].as_str().unwrap(), entry["price"].as_str().unwrap_or("-"))
            })
            .collect();
        (funded.join(", "), answer["raises"].as_u64())
    };
    // Voter a pays 13.41666... for project 10, and has 30 more when everybody holds 25.125 + 19.
    let add_one = ["--completion", "add-one"];
    assert_eq!(run(&add_one), ("10 1/3, 2 1".to_owned(), Some(19)));
    assert_eq!(run(&["--completion", "add-one+greedy"]), ("10 1/3, 2 1".to_owned(), Some(19)));
    assert_eq!(run(&["--completion", "greedy"]), ("10 1/3, 2 -".to_owned(), None));
    // A third of 40.25 is 161/12, and the library costs its one supporter 30.
    assert_eq!(run(&["--utility", "cardinality"]).0, "10 161/12");
    assert_eq!(run(&["--utility", "score"]).0, "10 161/12");
    assert_eq!(run(&["--rule", "phragmen"]).0, "10 161/12, 2 521/12");
    assert_eq!(run(&["--rule", "greedy", "--order", "total"]).0, "10 -, 2 -");
    place
        .run(&["allocate", &file, "--rule", "greedy", "--completion", "greedy"])
        .fails(2, "--completion is for --rule equal-shares");
}

#[test]
fn an_explanation_is_exact_and_its_figures_can_be_tried() {
    let place = Place::new();
    let file = place.file("small.pb", ELECTION);
    let answer = place.json(&["allocate", &file, "--explain"]);
    let shares: Vec<&str> = answer["funded"][0]["shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|share| share["share"].as_str().unwrap())
        .collect();
    assert_eq!(shares, ["161/12"; 3]);
    let passed = answer["passed_over"].as_array().unwrap();
    let library = passed.iter().find(|project| project["id"] == "2").unwrap();
    // 25.125 - 13.41666...
    assert_eq!((&library["reason"], &library["left"]), (&"supporters-lack-money".into(), &"281/24".into()));
    let greatest = library["greatest_cost"].to_string();
    assert_eq!(library["greatest_cost_certain"], true);
    let with = |cost: &str| {
        let file = place.file("other.pb", ELECTION.replace("2;30;Library", &format!("2;{cost};Library")));
        let answer = place.json(&["allocate", &file]);
        answer["funded"].as_array().unwrap().iter().any(|project| project["id"] == "2")
    };
    let cents = (greatest.parse::<f64>().unwrap() * 100.0).round();
    assert!(with(&greatest) && !with(&format!("{:.2}", (cents + 1.0) / 100.0)), "{greatest}");
    let told = place.run(&["allocate", &file, "--explain"]);
    assert!(
        told.out.contains("After all purchases its supporters have 11.70 of their shares left together."),
        "{}",
        told.out
    );
    assert!(told.out.contains(&format!("or at a cost of at most {greatest}")), "{}", told.out);
    assert!(!told.out.contains('\u{1b}'));
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
