//! Winners of real elections, against reference results.
//!
//! `MUTUA_PABULIB` names a folder with `.pb` files and a `reference.json` that maps each file's name
//! (without `.pb`) and rule to the ids of the funded projects. Without it, the test says so and passes.

use std::collections::BTreeMap;
use std::path::Path;

use mutua_protocol::allocation::{Completion, GreedyOrder, Rule, Utility, allocate};
use mutua_protocol::pabulib::Election;

type Reference = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// The rule behind a name in `reference.json`, and whether the reference is in order of selection.
fn rule(name: &str) -> Option<(Rule, bool)> {
    let equal_shares = |utility, completion| Rule::EqualShares { utility, completion };
    Some(match name {
        "mes_cost" => (equal_shares(Utility::Cost, Completion::None), true),
        "mes_card" => (equal_shares(Utility::Cardinality, Completion::None), true),
        "mes_points" | "mes_borda" => (equal_shares(Utility::Score, Completion::None), true),
        "add1u_cost" => (equal_shares(Utility::Cost, Completion::AddOneThenGreedy), true),
        "add1u_points" => (equal_shares(Utility::Score, Completion::AddOneThenGreedy), true),
        // The reference has these sorted.
        "phragmen" => (Rule::Phragmen, false),
        "greedy_cost" => (Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost }, true),
        _ => return None,
    })
}

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
    let mut agreed = BTreeMap::<&str, usize>::new();
    let mut wrong = Vec::new();
    for (name, rules) in &reference {
        let content = std::fs::read(folder.join(format!("{name}.pb"))).unwrap();
        let election = Election::read(&content).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (key, expected) in rules {
            let Some((rule, ordered)) = rule(key) else {
                continue;
            };
            let instance = election.instance(Election::reading_for(rule)).unwrap();
            let allocation = allocate(&instance, rule);
            let mut winners: Vec<&str> = allocation
                .funded
                .iter()
                .map(|funded| election.projects()[funded.project].id.as_str())
                .collect();
            let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            if !ordered {
                winners.sort_unstable();
                expected.sort_unstable();
            }
            if winners == expected {
                *agreed.entry(key).or_insert(0) += 1;
            } else {
                wrong.push(format!("{name} {key}:\n  expected {expected:?}\n  got      {winners:?}"));
            }
        }
    }
    println!("agreed: {agreed:?}");
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}
