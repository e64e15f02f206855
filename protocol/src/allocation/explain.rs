//! How far a project was from being funded.
//!
//! N. Boehmer, P. Faliszewski, Ł. Janeczko, D. Peters, G. Pierczyński, Š. Schierreich, P. Skowron,
//! S. Szufa: *Evaluation of Project Performance in Participatory Budgeting* (2024) ask how much cheaper a
//! project must have been, or how many voters for it alone must have come ("cost reduction" and
//! "singleton add"). Both are found here by running the rule again, exactly, on the changed instance.
//!
//! # Which searches may halve
//!
//! *Cost.* Up to the moment at which a project is bought, nothing depends on its cost but its own place. With
//! a lower cost its price (Equal Shares), its time (Phragmén) and its place in the order (greedy per cost, and by
//! total where utility is not cost) are the same or better, and it breaks no cap that it did not break before. So
//! funding is monotone in cost, and halving finds the greatest cost. It is not under add-one, where another
//! cost ends the raises elsewhere, and under greedy by total cost utility, where a cheaper project stands
//! further back.
//!
//! *Further supporters.* Under greedy and Phragmén's rule they only bring their project forward. Under Equal Shares everybody's
//! part of the budget shrinks as well, so that other purchases change: a number can be enough and a greater one not. There
//! every number is tried from one on, as far as [`WORK`] goes; beyond that strides are made.
//!
//! Where a search could have missed something, the result says so.

use serde::{Deserialize, Serialize};

use super::instance::Instance;
use super::{Completion, GreedyOrder, Rule, Utility, allocate};

/// How much trying one by one may cost, in ballot entries looked at: tenths of a second.
const WORK: usize = 1 << 24;
/// How many runs of plain Equal Shares a run with add-one is counted as.
const RAISING: usize = 32;
/// So many numbers are always tried one by one, and never more than the second.
const ONE_BY_ONE: (usize, usize) = (64, 2048);
/// Where halving proves nothing, so many costs are looked at first, from the greatest down.
const PROBES: u64 = 32;

/// With how much a project that is not funded would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Distance {
    /// The greatest cost at which it would have been funded, all else being equal: it would be at this
    /// cost, and would not be at one smallest unit more. Nothing if none was found.
    pub greatest_cost: Option<u64>,
    /// Whether it is certain that there is no greater one below the project's cost.
    pub cost_is_certain: bool,
    /// The least number of further voters of weight one, for this project alone (with the highest score
    /// that anybody gave), with which it would have been funded from the same budget: it would be with so
    /// many, and would not be with one fewer. Nothing if it would not be with as many as there are
    /// voters already (by weight).
    pub further_supporters: Option<u64>,
    /// Whether it is certain that no smaller number would have been enough.
    pub supporters_are_certain: bool,
}

/// Finds out how far a project was from being funded; nothing if it is funded or does not exist.
///
/// This takes some dozens of runs of the rule, and under Equal Shares up to some thousands on small instances.
#[must_use]
pub fn distance(instance: &Instance, rule: Rule, project: usize) -> Option<Distance> {
    if project >= instance.projects().len() || is_funded(instance, rule, project) {
        return None;
    }
    let (greatest_cost, cost_is_certain) = greatest_cost(instance, rule, project);
    let (further_supporters, supporters_are_certain) = further_supporters(instance, rule, project);
    Some(Distance { greatest_cost, cost_is_certain, further_supporters, supporters_are_certain })
}

fn is_funded(instance: &Instance, rule: Rule, project: usize) -> bool {
    allocate(instance, rule).funded.iter().any(|funded| funded.project == project)
}

/// What a run of the rule is counted as, in ballot entries looked at.
pub(super) fn run_work(instance: &Instance, rule: Rule) -> usize {
    let plain = instance.entries() + instance.projects().len() + 1;
    plain.saturating_mul(if adds_one(rule) { RAISING } else { 1 })
}

const fn adds_one(rule: Rule) -> bool {
    matches!(rule, Rule::EqualShares { completion: Completion::AddOne | Completion::AddOneThenGreedy, .. })
}

/// Whether a project that is funded at a cost is funded at every lower one.
const fn is_monotone_in_cost(rule: Rule) -> bool {
    !adds_one(rule) && !matches!(rule, Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::Total })
}

fn greatest_cost(instance: &Instance, rule: Rule, project: usize) -> (Option<u64>, bool) {
    let certain = is_monotone_in_cost(rule);
    let mut changed = instance.clone();
    let mut funded_at = |cost| {
        changed.set_cost(project, cost);
        is_funded(&changed, rule, project)
    };
    let cost = instance.projects()[project].cost;
    if cost <= 1 {
        return (None, true);
    }
    let (mut funded, mut above) = (None, cost);
    if certain {
        funded = funded_at(1).then_some(1);
    } else {
        let step = (cost / PROBES).max(1);
        let mut probe = cost - 1;
        while funded.is_none() {
            if funded_at(probe) {
                funded = Some(probe);
            } else if probe == 1 {
                break;
            } else {
                above = probe;
                probe = probe.saturating_sub(step).max(1);
            }
        }
    }
    let Some(mut funded) = funded else { return (None, certain || cost <= PROBES) };
    while above - funded > 1 {
        let middle = funded + (above - funded) / 2;
        if funded_at(middle) {
            funded = middle;
        } else {
            above = middle;
        }
    }
    // Where every cost from the top down was looked at, nothing was missed.
    (Some(funded), certain || cost <= PROBES)
}

fn further_supporters(instance: &Instance, rule: Rule, project: usize) -> (Option<u64>, bool) {
    let mut changed = instance.with_singleton(project);
    let most = instance.total_weight();
    let mut funded_with =
        |weight| changed.set_singleton(project, weight).is_ok() && is_funded(&changed, rule, project);
    let one_by_one = match rule {
        Rule::Greedy { .. } | Rule::Phragmen => 0,
        Rule::EqualShares { .. } => {
            (WORK / run_work(instance, rule)).clamp(ONE_BY_ONE.0, ONE_BY_ONE.1) as u64
        }
    };
    let monotone = one_by_one == 0;
    let mut missed = 0;
    let mut stride = 1;
    let found = loop {
        let next = (missed + stride).min(most);
        if next <= missed {
            return (None, monotone || stride == 1);
        }
        if funded_with(next) {
            break next;
        }
        missed = next;
        if missed >= one_by_one {
            stride *= 2;
        }
    };
    let certain = monotone || stride == 1;
    let mut funded = found;
    while funded - missed > 1 {
        let middle = missed + (funded - missed) / 2;
        if funded_with(middle) {
            funded = middle;
        } else {
            missed = middle;
        }
    }
    (Some(funded), certain)
}
