//! What Equal Shares has bought, exactly, as far as anybody asks.
//!
//! A purchase is noted by its project and by whom it emptied. Its exact price follows from that and is
//! computed only when something depends on it: two projects that fixed precision cannot tell apart, or
//! the result.

use std::cmp::Ordering;

use dashu_int::UBig;

use super::classes::Classes;
use super::instance::Instance;
use super::prices::Prices;

/// Stands for "never" in positions of purchases.
pub(crate) const NEVER: u32 = u32::MAX;

/// So many purchases are priced in one pass over all classes; it bounds the memory of that.
const AT_ONCE: usize = 64;

/// The purchases so far, and the exact prices of the first ones.
pub(super) struct Accounts<'a> {
    classes: &'a Classes,
    instance: &'a Instance,
    /// Whether prices are per unit of score.
    pub(super) scores: bool,
    pub(super) prices: Prices,
    purchases: Vec<Purchase>,
    /// For each class, the purchase that emptied its purse.
    pub(super) emptied_at: Vec<u32>,
    /// For each project, its purchase.
    pub(super) bought_at: Vec<u32>,
    /// What a group has bought, by purchase; the first slot collects what it has not.
    amounts: Vec<u128>,
    weight: u128,
}

struct Purchase {
    project: usize,
    /// Weight (times score) of those who paid the full price.
    slope: u128,
}

/// An exact price `rest / (denominator * slope)`, the denominator being that of the prices so far.
pub(super) struct Exact {
    pub(super) rest: UBig,
    pub(super) slope: u128,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(instance: &'a Instance, scores: bool, endowments: UBig) -> Self {
        let classes = instance.classes();
        Self {
            classes,
            instance,
            scores,
            prices: Prices::new(endowments, instance.total_weight()),
            purchases: Vec::new(),
            emptied_at: vec![NEVER; classes.len()],
            bought_at: vec![NEVER; instance.projects().len()],
            amounts: vec![0],
            weight: 0,
        }
    }

    /// The number of the purchase that comes next.
    pub(super) fn next_step(&self) -> u32 {
        u32::try_from(self.purchases.len()).unwrap_or(NEVER)
    }

    /// Notes a purchase; those whom it emptied are marked already.
    pub(super) fn note(&mut self, project: usize, slope: u128) {
        self.bought_at[project] = self.next_step();
        self.purchases.push(Purchase { project, slope });
        self.amounts.push(0);
    }

    /// Notes a purchase with its exact price. All before it have to be [up to date](Self::catch_up).
    pub(super) fn note_exactly(&mut self, project: usize, exact: Exact) {
        self.note(project, exact.slope);
        self.prices.push(exact.rest, exact.slope);
    }

    /// Computes the exact prices of all purchases that have none yet.
    pub(super) fn catch_up(&mut self) {
        while self.prices.len() < self.purchases.len() {
            let from = self.prices.len();
            self.price(from, (from + AT_ONCE).min(self.purchases.len()));
        }
    }

    /// Prices the purchases from one to before another, those before being priced.
    fn price(&mut self, from: usize, to: usize) {
        let width = to + 1;
        // For each of these purchases, what those whom it emptied had bought.
        let mut amounts = vec![0u128; (to - from) * width];
        let mut weights = vec![0u128; to - from];
        for (class, step) in self.emptied_at.iter().enumerate() {
            let Some(row) = (*step as usize).checked_sub(from).filter(|row| *row < weights.len()) else {
                continue;
            };
            let weight = u128::from(self.classes.weight(class));
            weights[row] += weight;
            let amounts = &mut amounts[row * width..][..width];
            for (project, score) in self.classes.ballot(class).iter() {
                let score = if self.scores { u128::from(score) } else { 1 };
                // What was bought after all of these counts as not bought.
                if let Some(amount) = amounts.get_mut(slot(self.bought_at[project])) {
                    *amount += weight * score;
                }
            }
        }
        for (row, weight) in weights.into_iter().enumerate() {
            let step = from + row;
            let money = self.prices.money(weight, &amounts[row * width + 1..][..step]);
            let Purchase { project, slope } = self.purchases[step];
            self.prices.push(self.cost(project) - money, slope);
        }
    }

    /// What a project costs, over the denominator of the prices.
    pub(super) fn cost(&self, project: usize) -> UBig {
        self.prices.denominator() * self.instance.projects()[project].cost
    }

    /// Starts a new group.
    pub(super) fn clear(&mut self) {
        self.catch_up();
        self.amounts.fill(0);
        self.weight = 0;
    }

    /// Adds a class to the group.
    pub(super) fn add(&mut self, class: usize) {
        let weight = u128::from(self.classes.weight(class));
        self.weight += weight;
        for (project, score) in self.classes.ballot(class).iter() {
            let score = if self.scores { u128::from(score) } else { 1 };
            self.amounts[slot(self.bought_at[project])] += weight * score;
        }
    }

    /// The exact money of the group, over the denominator of the prices.
    pub(super) fn money(&self) -> UBig {
        self.prices.money(self.weight, &self.amounts[1..])
    }

    /// The exact money of each unit of weight of a class that has not been emptied.
    fn money_of(&self, class: usize) -> UBig {
        let mut amounts = vec![0u128; self.prices.len()];
        for (project, score) in self.classes.ballot(class).iter() {
            if let Some(amount) = amounts.get_mut(self.bought_at[project] as usize) {
                *amount = if self.scores { u128::from(score) } else { 1 };
            }
        }
        self.prices.money(1, &amounts)
    }

    /// Decides exactly which of the unsure classes (with their scores) a price empties, and lowers what is
    /// left for the others to pay. Yields the emptied ones.
    pub(super) fn settle(&self, unsure: &[(u32, u32)], exact: &mut Exact) -> Vec<u32> {
        let mut emptied = Vec::new();
        let mut by_money: Vec<(UBig, u32, u32)> =
            unsure.iter().map(|(class, score)| (self.money_of(*class as usize), *score, *class)).collect();
        by_money.sort_unstable_by(|a, b| (&a.0 * b.1).cmp(&(&b.0 * a.1)).then(a.2.cmp(&b.2)));
        for (money, score, class) in by_money {
            match (&money * exact.slope).cmp(&(&exact.rest * score)) {
                Ordering::Less => {
                    let weight = u128::from(self.classes.weight(class as usize));
                    exact.rest -= money * weight;
                    exact.slope -= weight * u128::from(score);
                    emptied.push(class);
                }
                // Pays the price and has nothing left.
                Ordering::Equal => emptied.push(class),
                Ordering::Greater => break,
            }
        }
        emptied
    }
}

/// Where amounts count what was bought at a step.
fn slot(step: u32) -> usize {
    step.wrapping_add(1) as usize
}
