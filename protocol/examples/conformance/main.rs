//! Funded sets of real elections under every rule, against reference results (`scripts/conformance`).
//!
//! ```text
//! conformance FOLDER [--sets FILE]
//! ```
//!
//! Every `.pb` file of the folder is read and every rule is run on it. Where `reference.json` beside them has
//! winners, they are compared: a difference is explained if some ties, decided the other way, make it go
//! away. `--sets` writes all funded sets as JSON. The exit status is 1 if a file cannot be read, a file of the
//! reference is missing, or a difference has no explanation.

mod comparison;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use comparison::{Reference, Verdict, compare, named, rules};
use mutua_protocol::allocation::{Completion, GreedyOrder, Rule, Utility, allocate};
use mutua_protocol::pabulib::Election;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, sets) = match arguments.as_slice() {
        [folder] => (folder, None),
        [folder, flag, sets] if flag == "--sets" => (folder, Some(PathBuf::from(sets))),
        _ => {
            eprintln!("usage: conformance FOLDER [--sets FILE]");
            return ExitCode::from(2);
        }
    };
    match examine(Path::new(folder), sets.as_deref()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("conformance: {message}");
            ExitCode::from(2)
        }
    }
}

/// How a rule did over all files.
#[derive(Default)]
struct Row {
    files: usize,
    compared: usize,
    agree: usize,
    ties: usize,
    differ: usize,
}

fn examine(folder: &Path, sets: Option<&Path>) -> Result<bool, String> {
    let files = elections(folder)?;
    let reference = reference(&folder.join("reference.json"))?;
    let mut table: BTreeMap<String, Row> = BTreeMap::new();
    let mut all_sets: BTreeMap<&str, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
    let (mut faults, mut notes) = (Vec::new(), Vec::new());
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    let mut elections = Vec::new();
    for (name, path) in &files {
        let content = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        match Election::read(&content) {
            Ok(election) => elections.push((name.as_str(), election)),
            Err(error) => faults.push(format!("{name}: cannot be read: {error}")),
        }
    }
    for (name, election) in &elections {
        let sets = all_sets.entry(name).or_default();
        for rule in rules(election.vote_type()) {
            let instance =
                election.instance(Election::reading_for(rule)).map_err(|error| format!("{name}: {error}"))?;
            let funded = allocate(&instance, rule).funded;
            let ids = funded.iter().map(|funded| election.projects()[funded.project].id.as_str());
            sets.insert(title(rule), ids.collect());
            table.entry(title(rule)).or_default().files += 1;
        }
        for (key, expected) in reference.get(*name).into_iter().flatten() {
            let Some(rule) = named(key) else {
                unknown.insert(key);
                continue;
            };
            let row = table.entry(title(rule)).or_default();
            row.compared += 1;
            match compare(election, rule, expected).map_err(|error| format!("{name}: {error}"))? {
                Verdict::Agrees => row.agree += 1,
                Verdict::Tie(ties) => {
                    row.ties += 1;
                    let ties = ties
                        .iter()
                        .map(|(place, won, lost)| format!("place {}: {won} and {lost}", place + 1));
                    let ties: Vec<String> = ties.collect();
                    notes.push(format!("{name} {key}: ties, decided otherwise ({})", ties.join("; ")));
                }
                Verdict::Differs(ours) => {
                    row.differ += 1;
                    faults.push(format!(
                        "{name} {key}: differs\n    reference {}\n    mutua     {}",
                        expected.join(" "),
                        ours.join(" ")
                    ));
                }
            }
        }
    }
    for missing in reference.keys().filter(|name| !files.contains_key(*name)) {
        faults.push(format!("{missing}: the reference has it, but there is no {missing}.pb"));
    }
    for key in unknown {
        notes.push(format!("\"{key}\" in reference.json is no rule that is known here: not compared"));
    }
    tell_sets(&elections.iter().map(|(name, _)| *name).collect::<Vec<_>>(), &all_sets, &reference);
    tell(&table, files.len(), &notes, &faults);
    if let Some(path) = sets {
        let text = serde_json::to_string_pretty(&all_sets).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
        println!("All funded sets are in {}.", path.display());
    }
    Ok(faults.is_empty())
}

/// The `.pb` files of a folder, by name.
fn elections(folder: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|extension| extension == "pb")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            files.insert(name.to_owned(), path);
        }
    }
    if files.is_empty() {
        return Err(format!("{}: no .pb files there", folder.display()));
    }
    Ok(files)
}

/// The reference, empty if there is no such file.
fn reference(path: &Path) -> Result<Reference, String> {
    if !path.exists() {
        println!("no {}: results only\n", path.display());
        return Ok(Reference::new());
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Shows what is funded in files that the reference does not have.
fn tell_sets(names: &[&str], sets: &BTreeMap<&str, BTreeMap<String, Vec<&str>>>, reference: &Reference) {
    for name in names.iter().filter(|name| !reference.contains_key(**name)) {
        println!("{name} (no reference)");
        for (rule, ids) in sets.get(name).into_iter().flatten() {
            println!("  {rule}: {} funded: {}", ids.len(), ids.join(" "));
        }
        println!();
    }
}

fn tell(table: &BTreeMap<String, Row>, files: usize, notes: &[String], faults: &[String]) {
    println!("{:<44}{:>7}{:>10}{:>7}{:>6}{:>8}", "rule", "files", "compared", "agree", "ties", "differ");
    let mut sum = Row::default();
    for (rule, row) in table {
        let Row { files, compared, agree, ties, differ } = row;
        println!("{rule:<44}{files:>7}{compared:>10}{agree:>7}{ties:>6}{differ:>8}");
        sum.compared += compared;
        sum.agree += agree;
        sum.ties += ties;
        sum.differ += differ;
    }
    let Row { compared, agree, ties, differ, .. } = sum;
    println!("{:<44}{files:>7}{compared:>10}{agree:>7}{ties:>6}{differ:>8}", "all");
    for note in notes {
        println!("\nnote: {note}");
    }
    for fault in faults {
        println!("\nFAULT: {fault}");
    }
    let verdict = if faults.is_empty() { "no fault" } else { "FAULTS" };
    println!(
        "\n{files} files, {compared} comparisons: {agree} agree, {ties} are explained by ties, {differ} differ; {verdict}"
    );
}

fn title(rule: Rule) -> String {
    let worth = |utility| match utility {
        Utility::Cost => "cost",
        Utility::Cardinality => "cardinality",
        Utility::Score => "score",
    };
    match rule {
        Rule::EqualShares { utility, completion } => {
            let completion = match completion {
                Completion::None => "none",
                Completion::Greedy => "greedy",
                Completion::AddOne => "add-one",
                Completion::AddOneThenGreedy => "add-one+greedy",
            };
            format!("equal-shares {}, {completion}", worth(utility))
        }
        Rule::Greedy { utility, order: GreedyOrder::PerCost } => {
            format!("greedy {}, per cost", worth(utility))
        }
        Rule::Greedy { utility, order: GreedyOrder::Total } => format!("greedy {}, in total", worth(utility)),
        Rule::Phragmen => "phragmen".to_owned(),
    }
}
