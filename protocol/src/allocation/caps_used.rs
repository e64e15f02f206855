//! How much of the caps is used while a rule selects projects.

use std::collections::BTreeMap;

use super::caps::{BASIS_POINTS, Cap, RISK_UNITS};
use super::instance::Instance;

/// What funded projects have used of the caps so far.
#[derive(Clone, Debug)]
pub(crate) struct CapsUsed<'a> {
    instance: &'a Instance,
    borrowers: BTreeMap<u32, u128>,
    categories: BTreeMap<u32, u128>,
    expected_loss: u128,
}

impl<'a> CapsUsed<'a> {
    pub(crate) const fn new(instance: &'a Instance) -> Self {
        Self { instance, borrowers: BTreeMap::new(), categories: BTreeMap::new(), expected_loss: 0 }
    }

    /// The first cap, in the order of [`Cap`], that funding a project as well would break.
    pub(crate) fn broken_by(&self, project: usize) -> Option<Cap> {
        let caps = self.instance.caps();
        let project = &self.instance.projects()[project];
        let cost = u128::from(project.cost);
        let allowed = |share: u32| u128::from(self.instance.budget()) * u128::from(share);
        let over = |used: u128, share: Option<u32>, scale: u32| {
            share.is_some_and(|share| used * u128::from(BASIS_POINTS) > allowed(share) * u128::from(scale))
        };
        let used = |group: &BTreeMap<u32, u128>, key| group.get(&key).copied().unwrap_or(0) + cost;
        if over(used(&self.borrowers, project.borrower), caps.borrower, 1) {
            Some(Cap::Borrower)
        } else if over(used(&self.categories, project.category), caps.category, 1) {
            Some(Cap::Category)
        } else if over(self.expected_loss + loss(cost, project.risk), caps.expected_loss, RISK_UNITS) {
            Some(Cap::ExpectedLoss)
        } else {
            None
        }
    }

    /// Counts a funded project.
    pub(crate) fn add(&mut self, project: usize) {
        let caps = self.instance.caps();
        let project = &self.instance.projects()[project];
        let cost = u128::from(project.cost);
        if caps.borrower.is_some() {
            *self.borrowers.entry(project.borrower).or_insert(0) += cost;
        }
        if caps.category.is_some() {
            *self.categories.entry(project.category).or_insert(0) += cost;
        }
        self.expected_loss += loss(cost, project.risk);
    }
}

fn loss(cost: u128, risk: u32) -> u128 {
    cost * u128::from(risk)
}
