//! How long allocations take: on real elections, on generated ones, and as these grow.
//!
//! Real elections are read from the folder that `MUTUA_PABULIB` names (`.pb` files from
//! <https://pabulib.org>); without it only generated ones are measured.

// Benchmarks find their files through the environment; no result depends on it.
#![allow(clippy::disallowed_methods)]

use divan::Bencher;
use divan::counter::BytesCount;
use mutua_protocol::allocation::{
    Completion, GreedyOrder, Instance, InstanceBuilder, Project, Rule, Utility, allocate,
};
use mutua_protocol::pabulib::{Election, Reading};

fn main() {
    divan::main();
}

/// The rules measured.
const RULES: [(&str, Rule); 6] = [
    ("shares-cost", Rule::EqualShares { utility: Utility::Cost, completion: Completion::None }),
    ("shares-cardinality", Rule::EqualShares { utility: Utility::Cardinality, completion: Completion::None }),
    ("shares-score", Rule::EqualShares { utility: Utility::Score, completion: Completion::None }),
    ("greedy", Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost }),
    ("phragmen", Rule::Phragmen),
    ("add-one", Rule::EqualShares { utility: Utility::Cost, completion: Completion::AddOneThenGreedy }),
];

/// Files above this size are measured.
const LARGE: u64 = 400_000;

fn real() -> Vec<String> {
    let Ok(folder) = std::env::var("MUTUA_PABULIB") else { return Vec::new() };
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let file = file.ok()?;
            let name = file.file_name().into_string().ok()?.strip_suffix(".pb")?.to_owned();
            let few = ["Hungary_Veszprem_2025", "France_Toulouse_2024"];
            (file.metadata().ok()?.len() > LARGE || few.contains(&name.as_str())).then_some(name)
        })
        .collect();
    names.sort();
    names
}

fn content(name: &str) -> Vec<u8> {
    let folder = std::env::var("MUTUA_PABULIB").unwrap_or_default();
    std::fs::read(format!("{folder}/{name}.pb")).unwrap_or_default()
}

#[divan::bench(args = real())]
fn parse(bencher: Bencher<'_, '_>, name: &str) {
    let content = content(name);
    bencher.counter(BytesCount::of_slice(&content)).bench(|| Election::read(&content));
}

#[divan::bench(args = real())]
fn group(bencher: Bencher<'_, '_>, name: &str) {
    let Ok(election) = Election::read(&content(name)) else { return };
    bencher.bench(|| election.instance(Reading::Approvals));
}

#[divan::bench(args = real(), consts = [0, 1, 2, 3, 4, 5], max_time = 2)]
fn election<const RULE: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let rule = RULES[RULE].1;
    let Ok(election) = Election::read(&content(name)) else { return };
    let Ok(instance) = election.instance(Election::reading_for(rule)) else { return };
    bencher.bench(|| allocate(&instance, rule));
}

/// An election with different, skewed ballots of eight approvals.
fn generated(voters: u64, projects: u32) -> Instance {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move |below: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(((state >> 33) * u64::from(below)) >> 31).unwrap_or(0)
    };
    let mut builder = InstanceBuilder::new(voters * 5_000, 100);
    for _ in 0..projects {
        builder.add_project(Project::new(voters * 5_000 / 40 + u64::from(random(1 << 20))));
    }
    for _ in 0..voters {
        let mut ballot: Vec<(u32, u32)> =
            (0..8).map(|_| (random(projects).min(random(projects)), 1)).collect();
        ballot.sort_unstable();
        ballot.dedup();
        builder.add_voter(1, ballot);
    }
    builder.build().expect("generated elections are valid")
}

#[divan::bench(consts = [0, 1, 3, 4], max_time = 3)]
fn million<const RULE: usize>(bencher: Bencher<'_, '_>) {
    let instance = generated(1_000_000, 200);
    bencher.bench(|| allocate(&instance, RULES[RULE].1));
}

#[divan::bench(args = [1_000, 10_000, 100_000], consts = [0, 4])]
fn voters<const RULE: usize>(bencher: Bencher<'_, '_>, voters: u64) {
    let instance = generated(voters, 200);
    bencher.bench(|| allocate(&instance, RULES[RULE].1));
}

#[divan::bench(args = [10, 100, 1_000], consts = [0, 4])]
fn projects<const RULE: usize>(bencher: Bencher<'_, '_>, projects: u32) {
    let instance = generated(100_000, projects);
    bencher.bench(|| allocate(&instance, RULES[RULE].1));
}
