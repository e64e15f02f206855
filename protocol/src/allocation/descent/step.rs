//! A purchase, and how its price follows from earlier ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Descent;
use super::money::{COARSE, clamped};
use crate::allocation::purse::Purse;

/// A purchase.
pub(super) struct Step {
    pub(super) project: usize,
    /// What it cost, in terms of money here.
    pub(super) cost: u128,
    /// The weight (times score) of those who paid the full price.
    pub(super) slope: u128,
    /// The weight of those whom it emptied.
    pub(super) emptied: u128,
    /// How often these had paid each of the earlier prices.
    pub(super) paid: Vec<u128>,
    pub(super) low: u64,
    pub(super) high: u64,
    /// Whether `slope`, `emptied`, `paid` and `watched` are up to date.
    pub(super) known: bool,
    /// Those for whom this is the last price that they paid in full, by the [rise](Descent::rise) of prices that
    /// leaves them without.
    pub(super) watched: BinaryHeap<Reverse<(u64, u32)>>,
    /// The rival with the lowest bound of its price, if it has been looked for.
    pub(super) rival: Option<Option<(usize, u64)>>,
}

impl Step {
    /// A purchase after so many others of which nothing else is known.
    pub(super) fn new(project: usize, cost: u128, earlier: usize) -> Self {
        Self {
            project,
            cost,
            slope: 0,
            emptied: 0,
            paid: vec![0; earlier],
            low: 0,
            high: 0,
            known: false,
            watched: BinaryHeap::new(),
            rival: None,
        }
    }
}

impl<P: Purse> Descent<'_, P> {
    /// Computes the price of a purchase from the earlier ones; false if it cannot be told well enough.
    pub(super) fn price(&mut self, step: usize) -> bool {
        let (earlier, rest) = self.steps.split_at_mut(step);
        let Some(now) = rest.first_mut() else { return false };
        let (mut low, mut high) = (now.cost, now.cost);
        for (earlier, paid) in earlier.iter().zip(&now.paid).filter(|(_, paid)| **paid != 0) {
            low += paid * u128::from(earlier.low);
            high += paid * u128::from(earlier.high);
        }
        let endowed = now.emptied * u128::from(self.endowment);
        let (Some(low), Some(high)) = (
            low.saturating_sub(endowed).checked_div(now.slope),
            high.saturating_sub(endowed).checked_div(now.slope),
        ) else {
            return false;
        };
        let high = high + 1;
        if high > u128::from(self.endowment) || (high - low) * u128::from(self.most) > COARSE {
            return false;
        }
        (now.low, now.high) = (clamped(low), clamped(high));
        true
    }

    /// Adds up who paid a purchase in full, whom it emptied, and what these had paid before. Who had the very price
    /// counts as emptied.
    pub(super) fn ask_supporters(&mut self, step: usize) {
        let now = &mut self.steps[step];
        for (class, score) in self.classes.supporters(now.project).iter() {
            let weight = u128::from(self.classes.weight(class));
            let emptied_at = self.emptied_at[class] as usize;
            if emptied_at > step {
                now.slope += if self.scores { weight * u128::from(score) } else { weight };
            } else if emptied_at == step {
                now.emptied += weight;
                for (project, score) in self.classes.ballot(class).iter() {
                    if let Some(paid) = now.paid.get_mut(self.bought_at[project] as usize) {
                        *paid += if self.scores { weight * u128::from(score) } else { weight };
                    }
                }
            }
        }
    }
}
