//! Caps: no borrower, no category and no portfolio risk may take more than a share of the pool.
//!
//! A project that would break a cap when its turn comes is passed over for good (what counts against a
//! cap only grows), and the rule goes on with the next one.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::instance::Instance;

/// What the shares in [`Caps`] are counted in: ten thousandths of the budget.
pub const BASIS_POINTS: u32 = 10_000;
/// What [`Project::risk`](super::Project::risk) is counted in.
pub const RISK_UNITS: u32 = 100_000_000;

/// Caps, in basis points of the budget; nothing means no cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Most that one borrower may get.
    pub borrower: Option<u32>,
    /// Most that one category may get.
    pub category: Option<u32>,
    /// Most that the funded projects may be expected to lose, together.
    pub expected_loss: Option<u32>,
}

impl Caps {
    /// No caps.
    pub const NONE: Self = Self { borrower: None, category: None, expected_loss: None };
}

/// The cap that stopped a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cap {
    /// Its borrower would get more than the cap.
    Borrower,
    /// Its category would get more than the cap.
    Category,
    /// The funded projects together would be expected to lose more than the cap.
    ExpectedLoss,
}

impl fmt::Display for Cap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Borrower => "the cap for one borrower",
            Self::Category => "the cap for one category",
            Self::ExpectedLoss => "the cap on expected loss",
        })
    }
}

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
