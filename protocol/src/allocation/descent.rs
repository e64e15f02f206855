//! From a run of Equal Shares down to runs with lower endowments, one after the other.
//!
//! A run with a little less to share is nearly the same run. As long as both buy the same, everybody has at
//! most as much left in the poorer one, prices are at least as high, and whom a purchase empties there it
//! empties, or an earlier one does, here. So a [`Descent`] keeps what a run bought and whom each purchase
//! emptied, and finds out for lower endowments only what is different:
//!
//! * *Prices* follow from these without a look at anybody: the price of a purchase is what its cost exceeds
//!   the money of the emptied by, divided among the others, and what the emptied had is a sum over earlier prices.
//! * *Who is emptied earlier*: whoever paid a full price had something left, and it takes so much of a rise of
//!   prices until that is gone; before that nobody looks at them.
//! * *Who is cheapest*: lower bounds of rivals' prices stay lower bounds. A rival is priced anew when its bound does
//!   not tell any more.
//!
//! All of this is in fixed precision, as bounds. From the first purchase on at which bounds cannot tell, or
//! something else is bought, the poorer run is gone through like any other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::marker::PhantomData;

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::Utility;
use super::accounts::NEVER;
use super::classes::Classes;
use super::equal_shares::Run;
use super::instance::Instance;
use super::purse::{Packed, Purse, Wide, is_packed};
use super::till::Bid;
use super::waterline::SCORE_BITS;

/// Money is counted with so many binary digits at most: sums over all weights then fit 116 bits, and a thousand
/// endowments 64.
const DIGITS: u32 = 54;

/// Bounds of a price that are farther apart than this are of no use.
const COARSE: u128 = 1 << 32;

/// Stands for the price of a project that is out of the race.
const GONE: u64 = u64::MAX;

/// What runs with the highest of some endowments, and then with one raise less every time, buy, that which costs nothing
/// first; quicker if the first one turns out to buy nearly the same as another run.
pub(super) fn descend(
    instance: &Instance,
    utility: Utility,
    highest: UBig,
    raise: &UBig,
    runs: u64,
    like: &[usize],
) -> Vec<Vec<usize>> {
    if is_packed(instance) {
        Descent::<Packed>::new(instance, utility, &highest, like).go_down(highest, raise, runs)
    } else {
        Descent::<Wide>::new(instance, utility, &highest, like).go_down(highest, raise, runs)
    }
}

/// What a run bought and why, ready to be followed by a run with less to share.
struct Descent<'a, P> {
    instance: &'a Instance,
    classes: &'a Classes,
    utility: Utility,
    scores: bool,
    /// The highest score, where scores matter, and otherwise one.
    most: u64,
    /// Money is counted in `1 / (total weight << shift)` of a smallest unit; nothing if it would not fit.
    shift: Option<usize>,
    /// What each unit of weight begins with, and what it began with at first.
    endowment: u64,
    highest: u64,
    /// What is bought, in order; the first `free` cost nothing.
    projects: Vec<usize>,
    free: usize,
    steps: Vec<Step>,
    /// Lower bounds of prices from the start, by project.
    opening: Vec<u64>,
    /// Before each purchase, and after the last: lower bounds of prices from then on.
    bounds: Vec<Vec<(usize, u64)>>,
    /// For each project, its purchase.
    bought_at: Vec<u32>,
    /// For each class, the purchase that emptied it.
    emptied_at: Vec<u32>,
    /// For each class, the last purchase whose full price it paid.
    paid_at: Vec<u32>,
    /// For each project, lower bounds of the prices of the purchases so far.
    spent: Vec<u64>,
    purses: PhantomData<P>,
}

/// A purchase.
struct Step {
    project: usize,
    /// What it cost, in terms of money here.
    cost: u128,
    /// The weight (times score) of those who paid the full price.
    slope: u128,
    /// The weight of those whom it emptied.
    emptied: u128,
    /// How often these had paid each of the earlier prices.
    paid: Vec<u128>,
    low: u64,
    high: u64,
    /// Whether `slope`, `emptied`, `paid` and `watched` are up to date.
    known: bool,
    /// Those for whom this is the last price that they paid in full, by the [rise](Descent::rise) of prices that
    /// leaves them without.
    watched: BinaryHeap<Reverse<(u64, u32)>>,
    /// The rival with the lowest bound of its price, if it has been looked for.
    rival: Option<Option<(usize, u64)>>,
}

/// The number of purchases that are the same, where the others may not be.
struct Differs(usize);

impl<'a, P: Purse> Descent<'a, P> {
    /// Runs the method with `endowments` to share; quicker if the purchases turn out to be nearly these.
    fn new(instance: &'a Instance, utility: Utility, endowments: &UBig, like: &[usize]) -> Self {
        let classes = instance.classes();
        let scores = utility == Utility::Score && classes.has_scores();
        let bits = u32::try_from(endowments.bit_len()).unwrap_or(u32::MAX);
        let mut descent = Self {
            instance,
            classes,
            utility,
            scores,
            most: if scores { u64::from(classes.highest_score()) } else { 1 },
            shift: DIGITS.checked_sub(bits).map(|shift| shift as usize),
            endowment: 0,
            highest: 0,
            projects: Vec::new(),
            free: 0,
            steps: Vec::new(),
            opening: Vec::new(),
            bounds: vec![Vec::new()],
            bought_at: vec![NEVER; instance.projects().len()],
            emptied_at: vec![NEVER; classes.len()],
            paid_at: vec![NEVER; classes.len()],
            spent: Vec::new(),
            purses: PhantomData,
        };
        descent.share(endowments);
        descent.highest = descent.endowment;
        descent.go_on(0, endowments, like);
        descent
    }

    /// Lowers endowments, raise by raise; yields what each run buys.
    fn go_down(mut self, mut endowments: UBig, raise: &UBig, runs: u64) -> Vec<Vec<usize>> {
        let mut bought = vec![self.projects.clone()];
        for _ in 1..runs {
            endowments -= raise;
            self.lower(&endowments);
            bought.push(self.projects.clone());
        }
        bought
    }

    /// Becomes the run with lower endowments.
    fn lower(&mut self, endowments: &UBig) {
        self.share(endowments);
        if let Err(Differs(kept)) = self.repeat() {
            let like = self.projects.clone();
            self.go_on(kept, endowments, &like);
        }
    }

    fn share(&mut self, endowments: &UBig) {
        let endowment = self.shift.and_then(|shift| u64::try_from(endowments << shift).ok());
        self.endowment = endowment.unwrap_or(0);
    }

    /// Finds out how all purchases change, if they stay what they are.
    fn repeat(&mut self) -> Result<(), Differs> {
        if self.shift.is_none() {
            return Err(Differs(0));
        }
        let mut bounds = self.opening.clone();
        self.spend(0);
        let mut paid = Paid::default();
        for step in 0..self.steps.len() {
            for &(project, low) in &self.bounds[step] {
                bounds[project] = bounds[project].max(low);
            }
            self.empty(step, paid)?;
            let now = &self.steps[step];
            let (project, low) = (now.project, now.low);
            paid = paid.and(now);
            bounds[project] = GONE;
            self.spent[project] = 0;
            self.outbid(step, &mut bounds)?;
            self.spent[project] = low;
        }
        Ok(())
    }

    /// Notes the prices of the first purchases.
    fn spend(&mut self, steps: usize) {
        self.spent.clear();
        self.spent.resize(self.bought_at.len(), 0);
        for step in &self.steps[..steps] {
            self.spent[step.project] = step.low;
        }
    }

    /// Computes the price of a purchase from the earlier ones; false if it cannot be told well enough.
    fn price(&mut self, step: usize) -> bool {
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

    /// Prices a purchase, and finds all who paid it in full before and whom it empties now.
    fn empty(&mut self, step: usize, before: Paid) -> Result<(), Differs> {
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

    /// Adds up who paid a purchase in full, whom it emptied, and what these had paid before. Who had the very price
    /// counts as emptied.
    fn ask_supporters(&mut self, step: usize) {
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
    fn rise(&self, prices: u128) -> u64 {
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
    fn left(&self, class: usize) -> i128 {
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

    /// Shows that all rivals of a purchase are dearer.
    fn outbid(&mut self, step: usize, bounds: &mut [u64]) -> Result<(), Differs> {
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

    /// What a project costs that its supporters can pay for, which bounds it.
    fn cost(&self, project: usize) -> u128 {
        let cost = u128::from(self.instance.projects()[project].cost) << self.shift.unwrap_or(0);
        cost.saturating_mul(u128::from(self.instance.total_weight()))
    }

    /// Goes through the run from a purchase on.
    fn go_on(&mut self, kept: usize, endowments: &UBig, like: &[usize]) {
        let mut run = Run::<P>::new(self.instance, self.utility, endowments.clone());
        let mut queue = run.queue();
        let scale = Scale::new::<P>(self.endowment, if self.scores { SCORE_BITS } else { 0 });
        if kept > 0 {
            let mut bounds = self.opening.clone();
            for &(project, low) in self.bounds[..=kept].iter().flatten() {
                bounds[project] = bounds[project].max(low);
            }
            for (place, step) in self.steps[..kept].iter().enumerate() {
                let (low, error) = scale.to_price(step.low, step.high);
                let error = error.saturating_mul(self.most);
                if !run.till.take_over(step.project, low, error, &self.emptied_at) {
                    // Only the last price that each class pays is watched, and this is an earlier one.
                    return self.go_on(place, endowments, like);
                }
                run.take_over(step.project, step.slope);
            }
            run.till.check();
            run.take_bounds(
                &mut queue,
                bounds.into_iter().map(|low| (low != GONE).then(|| scale.to_bid(low))),
            );
        } else {
            let bid = |bid: &Option<Bid>| bid.map_or(GONE, |bid| scale.of_bid(bid.low));
            self.opening = run.last.iter().map(bid).collect();
        }
        run.findings = Some(Vec::new());
        run.buy_all(&mut queue, like);
        self.bounds.truncate(kept + 1);
        self.bounds.resize(run.projects.len() - run.free + 1, Vec::new());
        for finding in run.findings.into_iter().flatten() {
            self.bounds[finding.step]
                .push((finding.project, finding.low.map_or(GONE, |low| scale.of_bid(low))));
        }
        let accounts = run.till.accounts;
        let before =
            self.steps.drain(kept.min(self.steps.len())..).map(|step| step.project).collect::<Vec<_>>();
        self.projects = run.projects;
        self.free = run.free;
        self.bought_at = accounts.bought_at;
        self.emptied_at = accounts.emptied_at;
        if self.shift.is_some() {
            for step in kept..self.projects.len() - self.free {
                let project = self.projects[self.free + step];
                self.steps.push(Step {
                    project,
                    cost: self.cost(project),
                    slope: 0,
                    emptied: 0,
                    paid: vec![0; step],
                    low: 0,
                    high: 0,
                    known: false,
                    watched: BinaryHeap::new(),
                    rival: None,
                });
            }
            self.note(kept, &before);
        }
    }

    /// Notes who paid the purchases from one on in full, where others were bought before.
    fn note(&mut self, kept: usize, before: &[usize]) {
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

/// Bounds of a sum of prices.
#[derive(Clone, Copy, Default)]
struct Paid {
    low: u128,
    high: u128,
}

impl Paid {
    fn and(self, step: &Step) -> Self {
        Self { low: self.low + u128::from(step.low), high: self.high + u128::from(step.high) }
    }

    /// How far the bounds are apart for a voter with the highest score for all.
    fn apart(self, most: u64) -> i128 {
        i128::try_from((self.high - self.low).saturating_mul(u128::from(most))).unwrap_or(i128::MAX)
    }
}

/// Turns money here into the till's, and back.
#[derive(Clone, Copy)]
struct Scale {
    /// The till's endowment in terms of the one here, with 64 fractional bits, rounded down.
    ratio: u128,
    endowment: u64,
    whole: u64,
    score_bits: u32,
}

impl Scale {
    fn new<P: Purse>(endowment: u64, score_bits: u32) -> Self {
        let ratio = (u128::from(P::ENDOWMENT) << 64).checked_div(u128::from(endowment)).unwrap_or(0);
        Self { ratio, endowment, whole: P::ENDOWMENT, score_bits }
    }

    /// A price, rounded down, and by how much at most.
    fn to_price(self, low: u64, high: u64) -> (u128, u64) {
        let apart = (u128::from(high - low) * self.ratio) >> 64;
        (self.to_bid(low), clamped(apart + 4))
    }

    /// Rounded down.
    fn to_bid(self, low: u64) -> u128 {
        ((u128::from(low.min(self.endowment)) * self.ratio) >> 64) << self.score_bits
    }

    /// Rounded down.
    fn of_bid(self, low: u128) -> u64 {
        let low = u128::from(clamped(low >> self.score_bits));
        clamped(low * u128::from(self.endowment) / u128::from(self.whole))
    }
}

/// As a price; one that is too high to be held is not [`GONE`] for that.
fn clamped(price: u128) -> u64 {
    u64::try_from(price).unwrap_or(GONE).min(GONE - 1)
}

/// A position as it is stored; instances have no more than fit.
fn place(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::super::equal_shares;
    use super::super::purse::Rough;
    use super::super::samples::election;
    use super::*;
    use proptest::prelude::*;

    fn descents_buy_what_runs_do<P: Purse>(
        instance: &Instance,
        utility: Utility,
        step: u64,
        runs: u64,
    ) -> Result<(), TestCaseError> {
        let step = UBig::from(step);
        let endowments = |raises: u64| UBig::from(instance.budget()) + &step * raises;
        let highest = endowments(runs - 1);
        let descent = Descent::<P>::new(instance, utility, &highest, &[]);
        let bought = descent.go_down(highest, &step, runs);
        for (bought, raises) in bought.into_iter().zip((0..runs).rev()) {
            let alone = equal_shares::run(instance, utility, endowments(raises));
            prop_assert_eq!(bought, alone.projects);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_descent_buys_what_runs_alone_do(instance in election(), step in 1u64..200, runs in 2u64..40) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                descents_buy_what_runs_do::<Wide>(&instance, utility, step, runs)?;
                descents_buy_what_runs_do::<Packed>(&instance, utility, step, runs)?;
                descents_buy_what_runs_do::<Rough>(&instance, utility, step, runs)?;
            }
        }
    }

    #[test]
    fn endowments_beyond_fixed_precision_are_gone_through_one_by_one() {
        let mut builder = crate::allocation::InstanceBuilder::new(u64::MAX / 2, 1);
        for cost in [u64::MAX / 5, u64::MAX / 7, u64::MAX / 4] {
            builder.add_project(crate::allocation::Project::new(cost));
        }
        for ballot in [&[0, 1][..], &[1, 2], &[0, 2]] {
            builder.add_voter(1, ballot.iter().map(|project| (*project, 1)));
        }
        let instance = builder.build().unwrap();
        descents_buy_what_runs_do::<Wide>(&instance, Utility::Cost, u64::MAX / 40, 12).unwrap();
    }
}
