//! Whom purchases empty: those who have little left are watched, and looked at when prices have risen by that.

use std::cmp::Reverse;

use super::money::Paid;
use super::{Descent, Differs, place};
use crate::allocation::accounts::NEVER;
use crate::allocation::purse::Purse;

impl<P: Purse> Descent<'_, P> {
    /// Prices a purchase, and finds all who paid it in full before and whom it empties now.
    pub(super) fn empty(&mut self, step: usize, before: Paid) -> Result<(), Differs> {
        let (project, known) = (self.steps[step].project, self.steps[step].known);
        if !known {
            self.ask_supporters(step);
        }
        loop {
            if !self.price(step) {
                return Err(Differs(step));
            }
            let now = &mut self.steps[step];
            let paid = before.and(now);
            self.spent[project] = now.low;
            if !now.known {
                now.known = true;
                self.watch(step, paid);
            }
            let rise = self.rise(paid.high);
            let mut changed = false;
            let mut kept = Vec::new();
            while let Some(Reverse((until, class))) = self.steps[step].watched.peek().copied()
                && until <= rise
            {
                self.steps[step].watched.pop();
                if self.paid_at[class as usize] as usize != step {
                    continue;
                }
                let most = self.left(class as usize);
                let least = most - paid.apart(self.most);
                if least > 0 {
                    kept.push(Reverse((self.until(least, paid), class)));
                } else {
                    let first = self.first_short(class as usize, step, paid);
                    if first < step || most > 0 {
                        return Err(Differs(first));
                    }
                    self.move_to(class as usize, step);
                    changed = true;
                }
            }
            self.steps[step].watched.extend(kept);
            if !changed {
                return Ok(());
            }
        }
    }

    /// Watches all for whom this is the last price that they paid in full.
    fn watch(&mut self, step: usize, paid: Paid) {
        let mut watched = Vec::new();
        for class in self.classes.supporters(self.steps[step].project).positions {
            if self.paid_at[*class as usize] as usize == step {
                let least = self.left(*class as usize) - paid.apart(self.most);
                watched.push(Reverse((self.until(least, paid), *class)));
            }
        }
        self.steps[step].watched = watched.into();
    }

    /// How far prices that add up to this, at the highest score, and what endowments have lost have risen.
    pub(super) fn rise(&self, prices: u128) -> u64 {
        let risen = prices.saturating_mul(u128::from(self.most));
        let risen = risen.saturating_add(u128::from(self.highest - self.endowment));
        u64::try_from(risen).unwrap_or(u64::MAX)
    }

    /// A class that has at least so much left now has something left until prices have [risen](Self::rise) to this:
    /// as if it had to pay every one of them, at the highest score.
    fn until(&self, least: i128, paid: Paid) -> u64 {
        self.rise(paid.low).saturating_add(u64::try_from(least).unwrap_or(0))
    }

    /// What a class that is not emptied has left at most after all that is [spent](Self::spend).
    pub(super) fn left(&self, class: usize) -> i128 {
        let ballot = self.classes.ballot(class);
        if self.scores {
            let spent =
                ballot.iter().map(|(project, score)| u128::from(self.spent[project]) * u128::from(score));
            i128::from(self.endowment) - i128::try_from(spent.sum::<u128>()).unwrap_or(i128::MAX)
        } else {
            let spent: u64 = ballot.positions.iter().map(|project| self.spent[*project as usize]).sum();
            i128::from(self.endowment) - i128::from(spent)
        }
    }

    /// The first purchase that may empty a class which may have nothing left after one that it paid in full before: if
    /// it is not that one, the purchases in between are not what they seemed.
    fn first_short(&self, class: usize, step: usize, paid: Paid) -> usize {
        let ballot = self.classes.ballot(class).iter();
        let paid_for = ballot.map(|(project, score)| (self.bought_at[project] as usize, score));
        let mut paid_for: Vec<(usize, u32)> = paid_for.filter(|(at, _)| *at <= step).collect();
        paid_for.sort_unstable_by(|a, b| b.cmp(a));
        let mut least = self.left(class) - paid.apart(self.most);
        let mut first = step;
        for (at, score) in paid_for {
            if least > 0 {
                break;
            }
            first = at;
            let score = if self.scores { u128::from(score) } else { 1 };
            least += i128::try_from(u128::from(self.steps[at].low) * score).unwrap_or(i128::MAX);
        }
        first
    }

    /// Has a class be emptied by a purchase that it paid in full before.
    fn move_to(&mut self, class: usize, step: usize) {
        let (classes, weight) = (self.classes, u128::from(self.classes.weight(class)));
        let later = self.emptied_at[class] as usize;
        let mut paid_at = None;
        let mut left = self.left(class);
        for (project, score) in classes.ballot(class).iter() {
            let score = if self.scores { u128::from(score) } else { 1 };
            let (at, amount) = (self.bought_at[project] as usize, weight * score);
            if at > step {
                continue;
            }
            if let Some(later) = self.steps.get_mut(later).filter(|later| later.known) {
                later.paid[at] -= amount;
            }
            let now = &mut self.steps[step];
            if at == step {
                now.slope -= amount;
                left += i128::try_from(u128::from(now.low) * score).unwrap_or(0);
            } else {
                now.paid[at] += amount;
                paid_at = paid_at.max(Some(at));
            }
        }
        if let Some(later) = self.steps.get_mut(later).filter(|later| later.known) {
            later.emptied -= weight;
        }
        self.steps[step].emptied += weight;
        self.emptied_at[class] = place(step);
        self.paid_at[class] = paid_at.map_or(NEVER, place);
        if let Some(paid_at) = paid_at {
            self.watch_again(class, paid_at, left);
        }
    }

    /// Notes who paid the purchases from one on in full, where others were bought before.
    pub(super) fn note(&mut self, kept: usize, before: &[usize]) {
        let classes = self.classes;
        let mut unsure = Vec::new();
        for class in before.iter().flat_map(|project| classes.supporters(*project).positions) {
            let paid_at = &mut self.paid_at[*class as usize];
            if *paid_at != NEVER
                && *paid_at as usize >= kept
                && self.emptied_at[*class as usize] as usize >= kept
            {
                *paid_at = NEVER;
                unsure.push(*class);
            }
        }
        for step in kept..self.steps.len() {
            let now = place(step);
            for class in classes.supporters(self.steps[step].project).positions {
                if self.emptied_at[*class as usize] > now {
                    self.paid_at[*class as usize] = now;
                }
            }
        }
        unsure.retain(|class| self.paid_at[*class as usize] == NEVER);
        self.spend(kept);
        for class in unsure {
            let bought = classes.ballot(class as usize).iter().map(|(project, _)| self.bought_at[project]);
            let Some(paid_at) = bought.filter(|at| (*at as usize) < kept).max() else { continue };
            self.paid_at[class as usize] = paid_at;
            self.watch_again(class as usize, paid_at as usize, self.left(class as usize));
        }
    }

    /// Watches a class that has at most so much left after the last price that it pays in full.
    fn watch_again(&mut self, class: usize, paid_at: usize, most: i128) {
        let paid = self.steps[..=paid_at].iter().fold(Paid::default(), Paid::and);
        let least = most - paid.apart(self.most);
        let until = self.until(least, paid);
        self.steps[paid_at].watched.push(Reverse((until, place(class))));
    }
}
