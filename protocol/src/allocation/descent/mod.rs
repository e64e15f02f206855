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

mod money;
mod rivals;
mod step;
mod watching;

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
use money::{DIGITS, GONE, Paid, Scale};
use step::Step;

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
                self.steps.push(Step::new(project, self.cost(project), step));
            }
            self.note(kept, &before);
        }
    }

    /// What a project costs that its supporters can pay for, which bounds it.
    fn cost(&self, project: usize) -> u128 {
        let cost = u128::from(self.instance.projects()[project].cost) << self.shift.unwrap_or(0);
        cost.saturating_mul(u128::from(self.instance.total_weight()))
    }
}

/// A position as it is stored; instances have no more than fit.
fn place(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocation::equal_shares;
    use crate::allocation::purse::Rough;
    use crate::allocation::samples::election;
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
