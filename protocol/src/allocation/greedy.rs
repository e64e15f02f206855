//! The greedy rule: what serves most per unit of money first, and everything that still fits.
//!
//! The rule of most cities ("greedy utilitarian welfare", for instance in Rey, Schmidt, Maly: *The
//! (Computational) Social Choice Take on Indivisible Participatory Budgeting*, 2023). With the utility
//! `cost` the utility per cost is the weight of the supporters, that is: projects by votes.

use std::cmp::Ordering;

use super::caps_used::CapsUsed;
use super::instance::Instance;
use super::waterline::wide_less;
use super::{GreedyOrder, Reason, Utility};

/// A project's turn: where it stands among all and whether it is funded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) project: usize,
    /// Why it was passed over, or nothing if it was funded.
    pub(crate) reason: Option<Reason>,
}

/// Decides about each project that `funded` does not hold yet, in the order of the rule.
pub(crate) fn run(instance: &Instance, utility: Utility, order: GreedyOrder, funded: &[usize]) -> Vec<Turn> {
    let mut taken = vec![false; instance.projects().len()];
    let mut left = u128::from(instance.budget());
    let mut caps = CapsUsed::new(instance);
    for project in funded {
        taken[*project] = true;
        left = left.saturating_sub(u128::from(instance.projects()[*project].cost));
        caps.add(*project);
    }
    let mut bids: Vec<Bid> = (0..instance.projects().len())
        .filter(|project| !taken[*project])
        .map(|project| Bid::new(instance, utility, order, project))
        .collect();
    bids.sort_unstable();
    bids.into_iter()
        .map(|bid| {
            let cost = u128::from(instance.projects()[bid.project].cost);
            let reason = if !bid.supported && !instance.funds_unsupported() {
                Some(Reason::NoSupporters)
            } else if cost > left {
                Some(Reason::BudgetSpent)
            } else {
                caps.broken_by(bid.project).map(Reason::Cap)
            };
            if reason.is_none() {
                left -= cost;
                caps.add(bid.project);
            }
            Turn { project: bid.project, reason }
        })
        .collect()
}

/// A project's place: `gain / price`, greatest first; then by position.
#[derive(Debug)]
struct Bid {
    project: usize,
    gain: u128,
    price: u64,
    supported: bool,
}

impl Bid {
    fn new(instance: &Instance, utility: Utility, order: GreedyOrder, project: usize) -> Self {
        let classes = instance.classes();
        let cost = instance.projects()[project].cost;
        let totals = classes.totals(project);
        let (votes, points) = (u128::from(totals.weight), totals.points);
        let (gain, price) = match (utility, order) {
            // Utility of cost, per cost: one for each supporter. What costs nothing has no utility.
            (Utility::Cost, GreedyOrder::PerCost) => (if cost == 0 { 0 } else { votes }, 1),
            (Utility::Cost, GreedyOrder::Total) => (votes * u128::from(cost), 1),
            (Utility::Cardinality, GreedyOrder::PerCost) => (votes, cost),
            (Utility::Cardinality, GreedyOrder::Total) => (votes, 1),
            (Utility::Score, GreedyOrder::PerCost) => (points, cost),
            (Utility::Score, GreedyOrder::Total) => (points, 1),
        };
        Self { project, gain, price: if gain == 0 { 1 } else { price }, supported: votes > 0 }
    }
}

impl Ord for Bid {
    fn cmp(&self, other: &Self) -> Ordering {
        // A price of zero makes any gain infinite, and all of these tie.
        let by_gain = if wide_less(other.gain, u128::from(self.price), self.gain, u128::from(other.price)) {
            Ordering::Less
        } else if wide_less(self.gain, u128::from(other.price), other.gain, u128::from(self.price)) {
            Ordering::Greater
        } else {
            Ordering::Equal
        };
        by_gain.then(self.project.cmp(&other.project))
    }
}

impl PartialOrd for Bid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bid {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bid {}
