//! How far a project was from being funded.
//!
//! N. Boehmer, P. Faliszewski, Ł. Janeczko, D. Peters, G. Pierczyński, Š. Schierreich, P. Skowron,
//! S. Szufa: *Evaluation of Project Performance in Participatory Budgeting* (2024) ask how much cheaper a
//! project must have been, or how many voters for it alone must have come ("cost reduction" and
//! "singleton add"). Both are found here by running the rule again, exactly, on the changed instance.

use super::instance::Instance;
use super::{Rule, allocate};

/// How many numbers of further supporters are tried one by one before strides are made.
const ONE_BY_ONE: u64 = 64;

/// With how much a project that is not funded would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distance {
    /// The greatest cost at which it would have been funded, all else being equal: it would be at this
    /// cost, and would not be at one smallest unit more. Nothing if it would not be at any cost.
    pub greatest_cost: Option<u64>,
    /// The least number of further voters of weight one, for this project alone (with the highest score
    /// that anybody gave), with which it would have been funded from the same budget: it would be with so
    /// many, and would not be with one fewer. Nothing if it would not be with as many as there are
    /// voters already (by weight).
    pub further_supporters: Option<u64>,
}

/// Finds out how far a project was from being funded; nothing if it is funded or does not exist.
///
/// This takes some dozens of runs of the rule.
#[must_use]
pub fn distance(instance: &Instance, rule: Rule, project: usize) -> Option<Distance> {
    if project >= instance.projects().len() || is_funded(instance, rule, project) {
        return None;
    }
    Some(Distance {
        greatest_cost: greatest_cost(instance, rule, project),
        further_supporters: further_supporters(instance, rule, project),
    })
}

fn is_funded(instance: &Instance, rule: Rule, project: usize) -> bool {
    allocate(instance, rule).funded.iter().any(|funded| funded.project == project)
}

fn greatest_cost(instance: &Instance, rule: Rule, project: usize) -> Option<u64> {
    let mut changed = instance.clone();
    let mut funded_at = |cost| {
        changed.set_cost(project, cost);
        is_funded(&changed, rule, project)
    };
    let mut above = instance.projects()[project].cost;
    if above <= 1 || !funded_at(1) {
        return None;
    }
    let mut funded = 1;
    while above - funded > 1 {
        let middle = funded + (above - funded) / 2;
        if funded_at(middle) {
            funded = middle;
        } else {
            above = middle;
        }
    }
    Some(funded)
}

fn further_supporters(instance: &Instance, rule: Rule, project: usize) -> Option<u64> {
    let mut changed = instance.with_singleton(project);
    let most = instance.total_weight();
    let mut funded_with =
        |weight| changed.set_singleton(project, weight).is_ok() && is_funded(&changed, rule, project);
    let mut missed = 0;
    let mut stride = 1;
    let found = loop {
        let next = (missed + stride).min(most);
        if next <= missed {
            return None;
        }
        if funded_with(next) {
            break next;
        }
        missed = next;
        if missed >= ONE_BY_ONE {
            stride *= 2;
        }
    };
    let mut funded = found;
    while funded - missed > 1 {
        let middle = missed + (funded - missed) / 2;
        if funded_with(middle) {
            funded = middle;
        } else {
            missed = middle;
        }
    }
    Some(funded)
}
