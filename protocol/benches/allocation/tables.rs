//! The tables.

use std::path::Path;
use std::process::{Command, ExitCode};

use mutua_protocol::allocation::{Instance, Rule, allocate};
use mutua_protocol::pabulib::Election;

use crate::elections::{
    APPROVALS, RULES, generated, generated_by_name, generated_name, instance, real, rule,
};
use crate::measure::{Rounds, duration, peak as peak_memory, ratio, round};
use crate::peers::{Answer, Pabumeasures, pabutools};

/// Rounds of runs, between which the peers run.
const ROUNDS: usize = 3;

/// All tables whose title holds a word.
pub(crate) fn all(wanted: &str) {
    println!(
        "processor time, median of {ROUNDS} rounds (least-greatest); peak: whole process, file included"
    );
    let files = real();
    if files.is_empty() {
        println!("real elections: none; MUTUA_PABULIB names a folder of .pb files");
    }
    for variable in ["MUTUA_PEER_PABUMEASURES", "MUTUA_PEER_PABUTOOLS"] {
        if std::env::var_os(variable).is_none() {
            println!("{variable} is not set: scripts/bench installs this peer and sets it");
        }
    }
    for path in &files {
        if path.to_string_lossy().contains(wanted) {
            real_election(path);
        }
    }
    let million = generated_name(1_000_000, 200);
    if million.contains(wanted) {
        generated_election(&million);
    }
    if "growth".contains(wanted) {
        growth();
    }
}

/// Runs one rule once and says how much memory the process had at most: a child process of the benchmark.
pub(crate) fn peak(election: &str, name: &str) -> ExitCode {
    let Some(rule) = rule(name) else { return ExitCode::FAILURE };
    let instance = if election.ends_with(".pb") {
        let content = std::fs::read(election).unwrap_or_default();
        Election::read(&content).ok().and_then(|election| instance(&election, rule))
    } else {
        generated_by_name(election)
    };
    let Some(instance) = instance else { return ExitCode::FAILURE };
    std::hint::black_box(allocate(&instance, rule));
    println!("{}", peak_memory().unwrap_or(0));
    ExitCode::SUCCESS
}

fn peak_of(election: &str, name: &str) -> String {
    let output = std::env::current_exe()
        .and_then(|program| Command::new(program).args(["--peak", election, name]).output());
    let kib =
        output.ok().and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse::<u64>().ok());
    kib.filter(|kib| *kib > 0).map_or_else(|| "-".to_owned(), |kib| format!("{} MiB", kib.div_ceil(1024)))
}

fn real_election(path: &Path) {
    let Ok(content) = std::fs::read(path) else { return };
    let Ok(election) = Election::read(&content) else { return };
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let approvals: usize = election.voters().map(|voter| voter.projects.len()).sum();
    println!(
        "\n{name}: {} voters x {} projects, {approvals} entries on ballots",
        election.voter_count(),
        election.projects().len(),
    );
    let mut parsing = Rounds::default();
    for _ in 0..ROUNDS {
        parsing.push(round(|| Election::read(&content)));
    }
    let speed = parsing.median().map_or(0, |time| content.len() as u64 * 1_000 / time.max(1));
    println!("  reading the file: {}, {speed} MB/s", parsing.show());
    let ids: Vec<String> = election.projects().iter().map(|project| project.id.replace(' ', "_")).collect();
    let file = path.to_string_lossy();
    let build = |rule: Rule| instance(&election, rule);
    measured(&ids, &build, &file, Some(path));
}

fn generated_election(name: &str) {
    println!("\n{name}, generated");
    let Some(instance) = generated_by_name(name) else { return };
    let ids: Vec<String> = (0..instance.projects().len()).map(|project| format!("{project:06}")).collect();
    measured(&ids, &|_| Some(instance.clone()), name, None);
}

/// A table of all rules on one election.
fn measured(ids: &[String], build: &dyn Fn(Rule) -> Option<Instance>, name: &str, file: Option<&Path>) {
    let Some(approvals) = build(Rule::Phragmen) else { return };
    let mut grouping = Rounds::default();
    grouping.push(round(|| build(Rule::Phragmen)));
    if file.is_some() {
        println!("  grouping the ballots: {}", grouping.show());
    }
    let peer = Pabumeasures::new(&approvals, ids);
    println!(
        "  {:<20}{:>34}{:>10}{:>34}{:>8}{:>12}{:>9}",
        "rule", "time", "peak", "pabumeasures", "ratio", "pabutools", "ratio"
    );
    let mut plain = None;
    for (title, rule) in RULES {
        let adds_one = title == "add-one";
        // A minute or more on a million voters whose ballots all differ: the rule of the table above tells.
        if file.is_none() && (adds_one || title == "shares-score") {
            continue;
        }
        let Some(instance) = build(rule) else { continue };
        let winners = winners(&instance, rule, ids);
        let (mut ours, mut theirs) = (Rounds::default(), Rounds::default());
        let mut agree = true;
        let mut compare = |answer: Answer, sorted: &mut Rounds| {
            let mut found = answer.winners;
            found.sort();
            agree &= found == winners;
            let mut times = answer.times;
            times.sort_unstable();
            sorted.push(times.get(times.len() / 2).copied().unwrap_or(0));
        };
        for _ in 0..ROUNDS {
            ours.push(round(|| allocate(&instance, rule)));
            if !adds_one
                && title != "shares-score"
                && let Some(answer) = peer.as_ref().and_then(|peer| peer.run(title))
            {
                compare(answer, &mut theirs);
            }
        }
        let mut exact = Rounds::default();
        if !adds_one
            && title != "shares-score"
            && let Some(answer) = file.and_then(|file| pabutools(file, title))
        {
            compare(answer, &mut exact);
        }
        println!(
            "  {title:<20}{:>34}{:>10}{:>34}{:>8}{:>12}{:>9}{}",
            ours.show(),
            peak_of(name, title),
            theirs.show(),
            ratio(theirs.median(), ours.median()),
            exact.median().map_or_else(|| "-".to_owned(), duration),
            ratio(exact.median(), ours.median()),
            if agree { "" } else { "  other winners" }
        );
        if title == "shares-cost" {
            plain = ours.median();
        } else if adds_one {
            println!(
                "  add-one takes as long as {} plain runs",
                ratio(ours.median(), plain).replace('x', "")
            );
        }
    }
}

/// The ids of the winners, sorted.
fn winners(instance: &Instance, rule: Rule, ids: &[String]) -> Vec<String> {
    let funded = allocate(instance, rule).funded;
    let mut winners: Vec<String> = funded.iter().map(|funded| ids[funded.project].clone()).collect();
    winners.sort();
    winners
}

/// Time as elections grow.
fn growth() {
    println!("\ngrowth: time, and time for each approval on a ballot");
    println!("  {:<52}{:>26}{:>26}{:>26}", "", "shares-cost", "shares-cardinality", "phragmen");
    let voters = [1_000, 10_000, 100_000, 1_000_000].map(|voters| (voters, 200));
    let projects = [10, 100, 1_000].map(|projects| (100_000, projects));
    for (voters, projects) in voters.into_iter().chain(projects) {
        let instance = generated(voters, projects);
        let approvals = voters * (APPROVALS as u64).min(u64::from(projects));
        print!("  {:<52}", generated_name(voters, projects));
        for name in ["shares-cost", "shares-cardinality", "phragmen"] {
            let Some(rule) = rule(name) else { continue };
            let mut times = Rounds::default();
            for _ in 0..ROUNDS {
                times.push(round(|| allocate(&instance, rule)));
            }
            let time = times.median().unwrap_or(0);
            print!("{:>26}", format!("{}, {} ns", duration(time), time / approvals));
        }
        println!();
    }
}
