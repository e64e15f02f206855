//! Phragmén's sequential rule.
//!
//! M. Brill, R. Freeman, S. Janson, M. Lackner: *Phragmén's Voting Methods and Justified
//! Representation* (2017), for participatory budgeting as in M. Los, Z. Christoff, D. Grossi:
//! *Proportional Budget Allocations* (2022). All voters earn money at the same rate. As soon as the
//! supporters of a project have its cost together they buy it and are left with nothing. The rule
//! stops when a project that would be bought next (or one tied with it) does not fit any more; projects
//! that cost more than the whole budget take no part.
//!
//! A voter's *load* is the time of their last purchase. A project is bought at the time
//! `(cost + Σ load of its supporters) / number of its supporters`, and the smallest time wins.
//!
//! Times only grow, so projects wait under their last lower bound, as under Equal Shares. Loads are
//! held in fixed precision ([`Purse`]), rounded down from exact times, so that they are never more than a
//! unit too low; exact times decide where bounds overlap.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use dashu_int::UBig;

use super::Reason;
use super::accounts::NEVER;
use super::caps_used::CapsUsed;
use super::instance::Instance;
use super::prices::Prices;
use super::purse::{Packed, Purse, Wide, fits_packed};

/// What the rule did.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    /// The projects in the order they were bought.
    pub(crate) projects: Vec<usize>,
    /// The exact times at which those with supporters were bought; these come first.
    pub(crate) times: Prices,
    /// Why the others were not bought, by project.
    pub(crate) reasons: Vec<Option<Reason>>,
}

/// A project with a lower bound of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bid {
    low: u128,
    project: usize,
}

/// How far a lower bound may be below the truth: rounding of the cost, of loads, of the division.
const SPAN: u128 = 3;

/// Runs the rule.
pub(crate) fn run(instance: &Instance) -> Timed {
    if fits_packed(instance) {
        complete(Run::<Packed>::new(instance))
    } else {
        complete(Run::<Wide>::new(instance))
    }
}

fn complete<P: Purse>(mut run: Run<'_, P>) -> Timed {
    let mut queue = run.queue();
    while let Some(tied) = run.next(&mut queue) {
        if tied.iter().any(|(project, _)| run.instance.projects()[*project].cost > run.left) {
            break;
        }
        // Tied projects are in order, and the first one wins; the others are priced anew.
        if let Some((winner, sum)) = tied.into_iter().next() {
            run.buy(winner, sum);
        }
        let bought = &run.bought_at;
        queue.extend(run.fresh.drain(..).filter(|bid| bought[bid.project] == NEVER).map(Reverse));
    }
    run.finish(&queue)
}

struct Run<'a, P> {
    instance: &'a Instance,
    caps: CapsUsed<'a>,
    left: u64,
    /// Cost of each project in fixed precision, rounded down.
    costs: Vec<u128>,
    /// Load by class, in fixed precision, rounded down, with the weight that bears it.
    loads: Vec<P>,
    /// The purchase that each class took part in last.
    last: Vec<u32>,
    bought_at: Vec<u32>,
    result: Timed,
    fresh: Vec<Bid>,
}

impl<'a, P: Purse> Run<'a, P> {
    /// The budget in fixed precision. No time is above twice the budget.
    const BUDGET: u64 = P::ENDOWMENT / 2;

    fn new(instance: &'a Instance) -> Self {
        let budget = instance.budget();
        let costs = instance
            .projects()
            .iter()
            .map(|project| u128::from(project.cost) * u128::from(Self::BUDGET) / u128::from(budget.max(1)));
        Self {
            instance,
            caps: CapsUsed::new(instance),
            left: budget,
            costs: costs.collect(),
            loads: instance.classes().weights().iter().map(|weight| P::new(0, *weight)).collect(),
            last: vec![NEVER; instance.classes().len()],
            bought_at: vec![NEVER; instance.projects().len()],
            result: Timed {
                projects: Vec::new(),
                times: Prices::new(UBig::from(budget.max(1)), 1),
                reasons: vec![Some(Reason::Stopped); instance.projects().len()],
            },
            fresh: Vec::new(),
        }
    }

    fn queue(&mut self) -> BinaryHeap<Reverse<Bid>> {
        let mut queue = BinaryHeap::new();
        for (project, about) in self.instance.projects().iter().enumerate() {
            let weight = self.instance.classes().totals(project).weight;
            if about.cost > self.instance.budget() {
                self.result.reasons[project] = Some(Reason::BudgetSpent);
            } else if weight == 0 {
                self.result.reasons[project] = Some(Reason::NoSupporters);
            } else {
                let low = self.costs[project] / u128::from(weight);
                queue.push(Reverse(Bid { low, project }));
            }
        }
        queue
    }

    /// The projects that would be bought next: all that tie, by position, with what they and their
    /// supporters' loads come to. What was priced on the way is in `fresh`.
    fn next(&mut self, queue: &mut BinaryHeap<Reverse<Bid>>) -> Option<Vec<(usize, UBig)>> {
        let mut bound = u128::MAX;
        while let Some(Reverse(next)) = queue.peek().copied()
            && next.low <= bound
        {
            queue.pop();
            if self.caps.broken_by(next.project).is_some() {
                continue;
            }
            let low = self.time(next.project);
            bound = bound.min(low + SPAN);
            self.fresh.push(Bid { low, project: next.project });
        }
        let mut rivals: Vec<usize> =
            self.fresh.iter().filter(|bid| bid.low <= bound).map(|bid| bid.project).collect();
        rivals.sort_unstable();
        let mut tied: Vec<(usize, UBig)> = Vec::new();
        for project in rivals {
            let sum = self.exact(project);
            let order = tied.first().map_or(Ordering::Equal, |(other, best)| {
                // Both are over the same denominator and their own supporters.
                (&sum * self.weight(*other)).cmp(&(best * self.weight(project)))
            });
            match order {
                Ordering::Less => tied = vec![(project, sum)],
                Ordering::Equal => tied.push((project, sum)),
                Ordering::Greater => {}
            }
        }
        (!tied.is_empty()).then_some(tied)
    }

    fn weight(&self, project: usize) -> u64 {
        self.instance.classes().totals(project).weight
    }

    /// A lower bound of a project's time, at most [`SPAN`] too low.
    fn time(&self, project: usize) -> u128 {
        let mut loads = P::Sum::default();
        for class in self.instance.classes().supporters(project).positions {
            loads += self.loads[*class as usize].value();
        }
        let loads: u128 = loads.into();
        (self.costs[project] + loads) / u128::from(self.weight(project))
    }

    /// Cost and loads of a project, over the denominator of the times so far.
    fn exact(&self, project: usize) -> UBig {
        let classes = self.instance.classes();
        let mut amounts = vec![0u128; self.result.times.len()];
        for class in classes.supporters(project).positions {
            let class = *class as usize;
            if self.last[class] != NEVER {
                amounts[self.last[class] as usize] += u128::from(self.loads[class].weight());
            }
        }
        self.result.times.denominator() * self.instance.projects()[project].cost
            + self.result.times.total(&amounts)
    }

    fn buy(&mut self, project: usize, sum: UBig) {
        let step = u32::try_from(self.result.times.len()).unwrap_or(NEVER);
        self.result.times.push(sum, u128::from(self.weight(project)));
        let time = self.result.times.last_rounded_down(u128::from(Self::BUDGET));
        let time = u64::try_from(time).unwrap_or(u64::MAX);
        for class in self.instance.classes().supporters(project).positions {
            let class = *class as usize;
            self.loads[class] = P::new(time, self.loads[class].weight());
            self.last[class] = step;
        }
        self.bought_at[project] = step;
        self.take(project);
    }

    fn take(&mut self, project: usize) {
        self.left -= self.instance.projects()[project].cost;
        self.caps.add(project);
        self.result.projects.push(project);
        self.result.reasons[project] = None;
    }

    /// Goes on to projects without supporters if the instance wants it, and explains the rest.
    fn finish(mut self, queue: &BinaryHeap<Reverse<Bid>>) -> Timed {
        let projects = self.instance.projects();
        if queue.is_empty() && self.fresh.is_empty() && self.instance.funds_unsupported() {
            // All of these would be bought at the end of time, so all of them tie.
            let nobodys = self.result.reasons.iter().enumerate();
            let nobodys: Vec<usize> = nobodys
                .filter(|(_, reason)| **reason == Some(Reason::NoSupporters))
                .map(|(project, _)| project)
                .collect();
            for place in 0..nobodys.len() {
                let project = nobodys[place];
                if nobodys[place..].iter().any(|project| projects[*project].cost > self.left) {
                    break;
                }
                match self.caps.broken_by(project) {
                    Some(cap) => self.result.reasons[project] = Some(Reason::Cap(cap)),
                    None => self.take(project),
                }
            }
        }
        for (project, reason) in self.result.reasons.iter_mut().enumerate() {
            if *reason == Some(Reason::Stopped) {
                if let Some(cap) = self.caps.broken_by(project) {
                    *reason = Some(Reason::Cap(cap));
                } else if projects[project].cost > self.left {
                    *reason = Some(Reason::BudgetSpent);
                }
            }
        }
        self.result
    }
}

#[cfg(test)]
mod tests {
    use super::super::purse::Rough;
    use super::super::samples::election;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn small_and_rough_purses_buy_what_wide_ones_do(instance in election()) {
            let wide = complete(Run::<Wide>::new(&instance));
            let packed = complete(Run::<Packed>::new(&instance));
            prop_assert_eq!(&wide.projects, &packed.projects);
            prop_assert!(wide.times.iter().eq(packed.times.iter()));
            prop_assert_eq!(&wide.reasons, &packed.reasons);
            let rough = complete(Run::<Rough>::new(&instance));
            prop_assert_eq!(&wide.projects, &rough.projects);
            prop_assert!(wide.times.iter().eq(rough.times.iter()));
            prop_assert_eq!(&wide.reasons, &rough.reasons);
        }
    }
}
