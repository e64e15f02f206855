//! Who else could be bought: lower bounds of rivals' prices, priced anew when they do not tell any more.

use super::money::{GONE, clamped};
use super::{Descent, Differs};
use crate::allocation::Utility;
use crate::allocation::purse::Purse;

impl<P: Purse> Descent<'_, P> {
    /// Shows that all rivals of a purchase are dearer.
    pub(super) fn outbid(&mut self, step: usize, bounds: &mut [u64]) -> Result<(), Differs> {
        loop {
            let rival = self.steps[step].rival.unwrap_or_else(|| self.nearest(bounds));
            self.steps[step].rival = Some(rival);
            let Some((rival, low)) = rival else { return Ok(()) };
            if self.is_above(rival, low, step) {
                return Ok(());
            }
            let low = self.rival_price(rival, step);
            if low != GONE && !self.is_above(rival, low, step) {
                return Err(Differs(step));
            }
            bounds[rival] = low;
            self.bounds[step].push((rival, low));
            for step in &mut self.steps[step..] {
                if step.rival.flatten().is_some_and(|(other, _)| other == rival) {
                    step.rival = None;
                }
            }
        }
    }

    /// The project with the lowest bound of its price per unit of utility.
    fn nearest(&self, bounds: &[u64]) -> Option<(usize, u64)> {
        let running = bounds.iter().copied().enumerate().filter(|(_, low)| *low != GONE);
        running.reduce(|best, next| {
            let (best_low, next_low) = (u128::from(best.1), u128::from(next.1));
            if next_low * self.utility(best.0) < best_low * self.utility(next.0) { next } else { best }
        })
    }

    /// The utility of a project where all supporters have the same (1 with scores).
    fn utility(&self, project: usize) -> u128 {
        match self.utility {
            Utility::Cost => u128::from(self.instance.projects()[project].cost),
            Utility::Cardinality | Utility::Score => 1,
        }
    }

    /// Whether a project with this lower bound of its price is dearer than a purchase.
    fn is_above(&self, project: usize, low: u64, step: usize) -> bool {
        let now = &self.steps[step];
        u128::from(low) * self.utility(now.project) > u128::from(now.high) * self.utility(project)
    }

    /// A lower bound of the price of a project that is not bought, after all that is [spent](Self::spend) and before a
    /// purchase; good enough to tell whether it is dearer than that.
    fn rival_price(&self, project: usize, step: usize) -> u64 {
        let now = &self.steps[step];
        // No purse holds more than the endowment.
        let limit = u128::from(now.high) * self.utility(project) / self.utility(now.project);
        let limit = limit.min(u128::from(self.endowment));
        let cost = self.cost(project);
        let (mut below, mut held, mut slope) = (0u128, 0u128, 0u128);
        for (class, score) in self.classes.supporters(project).iter() {
            if (self.emptied_at[class] as usize) < step {
                continue;
            }
            let money = u128::try_from(self.left(class)).unwrap_or(0);
            let weight = u128::from(self.classes.weight(class));
            let score = if self.scores { u128::from(score) } else { 1 };
            if money > limit * score {
                held += money * weight;
                slope += weight * score;
            } else {
                below += money * weight;
            }
        }
        if below + held < cost {
            return GONE;
        }
        // Whoever is taken to be emptied, the price is not below what the others have to pay then.
        clamped(cost.saturating_sub(below).checked_div(slope).unwrap_or(0))
    }
}
