//! Winners of real elections, against reference results.
//!
//! `MUTUA_PABULIB` names a folder with `.pb` files and a `reference.json` that maps each file's name
//! (without `.pb`) and rule to the ids of the funded projects. Without it, the test says so and passes.
//! `scripts/conformance` shows the same as a table.

use std::path::Path;

use mutua_protocol::allocation::{Completion, Rule, Utility};
use mutua_protocol::pabulib::Election;

#[path = "../../examples/conformance/comparison.rs"]
#[allow(dead_code, reason = "the table needs more than the test")]
mod comparison;

use comparison::{Reference, Verdict, compare, named};

#[test]
fn winners_are_those_of_the_reference() {
    let Ok(folder) = std::env::var("MUTUA_PABULIB") else {
        println!(
            "skipped: set MUTUA_PABULIB to a folder of .pb files (from https://pabulib.org) with a \
             reference.json of winners computed by another implementation"
        );
        return;
    };
    let folder = Path::new(&folder);
    let reference = std::fs::read_to_string(folder.join("reference.json")).unwrap();
    let reference: Reference = serde_json::from_str(&reference).unwrap();
    let mut agreed = 0;
    let mut wrong = Vec::new();
    for (name, rules) in &reference {
        let content = std::fs::read(folder.join(format!("{name}.pb"))).unwrap();
        let election = Election::read(&content).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (key, expected) in rules {
            let Some(rule) = named(key) else { continue };
            match compare(&election, rule, expected).unwrap() {
                Verdict::Agrees | Verdict::Tie(_) => agreed += 1,
                Verdict::Differs(ours) => {
                    wrong.push(format!("{name} {key}:\n  expected {expected:?}\n  got      {ours:?}"));
                }
            }
        }
    }
    println!("agreed: {agreed}");
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// Three projects of the same cost with the same supporters; the budget is enough for two.
const TIED: &str = "META\nkey;value\nbudget;20\nvote_type;approval\nPROJECTS\nproject_id;cost\na;10\nb;10\nc;10\n\
    d;7\nVOTES\nvoter_id;vote\n1;a,b,c\n2;a,b,c\n";

#[test]
fn ties_explain_a_difference_and_nothing_else_does() {
    let election = Election::read(TIED.as_bytes()).unwrap();
    let ids = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::None };
    let verdict = |expected: &str| compare(&election, rule, &ids(expected)).unwrap();
    assert_eq!(verdict("a b"), Verdict::Agrees);
    let tie = |place, won: &str, lost: &str| (place, won.to_owned(), lost.to_owned());
    assert_eq!(verdict("a c"), Verdict::Tie(vec![tie(1, "b", "c")]));
    // In any order, since references need not have one.
    assert_eq!(verdict("c b"), Verdict::Tie(vec![tie(0, "a", "c"), tie(1, "a", "b")]));
    assert_eq!(verdict("b a"), Verdict::Agrees);
    for wrong in ["a", "a d", "a b c", "a x", "d"] {
        assert_eq!(verdict(wrong), Verdict::Differs(ids("a b")), "{wrong}");
    }
}
