//! What is measured: rules, real elections, generated ones.

use std::path::PathBuf;

use mutua_protocol::allocation::{
    Completion, GreedyOrder, Instance, InstanceBuilder, Project, Rule, Utility,
};
use mutua_protocol::pabulib::Election;

const fn equal_shares(utility: Utility, completion: Completion) -> Rule {
    Rule::EqualShares { utility, completion }
}

/// The rules, by the names that peers are told.
pub(crate) const RULES: [(&str, Rule); 6] = [
    ("shares-cost", equal_shares(Utility::Cost, Completion::None)),
    ("shares-cardinality", equal_shares(Utility::Cardinality, Completion::None)),
    ("shares-score", equal_shares(Utility::Score, Completion::None)),
    // What pabumeasures calls greedy over cost.
    ("greedy", Rule::Greedy { utility: Utility::Cardinality, order: GreedyOrder::PerCost }),
    ("phragmen", Rule::Phragmen),
    ("add-one", equal_shares(Utility::Cost, Completion::AddOneThenGreedy)),
];

/// The rule with a name.
pub(crate) fn rule(name: &str) -> Option<Rule> {
    RULES.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule)
}

/// Files of at least so many bytes are measured.
const LARGE: u64 = 700_000;

/// The largest elections of `MUTUA_PABULIB`, largest first.
pub(crate) fn real() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("MUTUA_PABULIB") else { return Vec::new() };
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = files
        .filter_map(|file| {
            let file = file.ok()?;
            let size = file.metadata().ok()?.len();
            let path = file.path();
            (size >= LARGE && path.extension()? == "pb").then_some((size, path))
        })
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

/// An election from a file, as a rule reads it.
pub(crate) fn instance(election: &Election, rule: Rule) -> Option<Instance> {
    election.instance(Election::reading_for(rule)).ok()
}

/// Approvals on a generated ballot.
pub(crate) const APPROVALS: usize = 8;

/// The name of a generated election, as [`generated_by_name`] reads it.
pub(crate) fn generated_name(voters: u64, projects: u32) -> String {
    format!("{voters} voters x {} approvals x {projects} projects", APPROVALS.min(projects as usize))
}

/// The election that such a name stands for.
pub(crate) fn generated_by_name(name: &str) -> Option<Instance> {
    let mut numbers = name.split(' ').filter_map(|word| word.parse::<u64>().ok());
    let (voters, _, projects) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(generated(voters, u32::try_from(projects).ok()?))
}

/// An election with skewed random ballots of eight approvals; hardly any two are the same.
pub(crate) fn generated(voters: u64, projects: u32) -> Instance {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move |below: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(((state >> 33) * u64::from(below)) >> 31).unwrap_or(0)
    };
    let mut builder = InstanceBuilder::new(voters * 5_000, 100);
    // Whatever their number, supporters of average projects can pay for one or two of them.
    let cost = voters * 25_000 / u64::from(projects);
    for _ in 0..projects {
        builder.add_project(Project::new(cost + cost * u64::from(random(1 << 10)) / (1 << 12)));
    }
    let mut ballot: Vec<(u32, u32)> = Vec::new();
    for _ in 0..voters {
        ballot.clear();
        while ballot.len() < APPROVALS.min(projects as usize) {
            let project = random(projects).min(random(projects));
            if !ballot.contains(&(project, 1)) {
                ballot.push((project, 1));
            }
        }
        ballot.sort_unstable();
        builder.add_voter(1, ballot.iter().copied());
    }
    builder.build().expect("generated elections are valid")
}
