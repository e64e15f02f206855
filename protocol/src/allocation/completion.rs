//! What becomes of money that Equal Shares leaves.
//!
//! Completion by *add-one* (Faliszewski et al. 2023, and the rule of Wieliczka, Świecie and Assen):
//! raise every endowment by one unit of currency, run the method again, and so on; take the last result
//! that does not overspend, or the first after which no supported project fits any more. What is still
//! left can then go to greedy.
//!
//! # Jumps
//!
//! The result is the very one of raising one by one, got with less work.
//!
//! *Where hundreds of raises change nothing*, they need no run. As endowments rise and the purchases stay the
//! same, purses only grow and prices only fall. So if, after a raise of many units, every other project is
//! still dearer (or tied and later in order) than the winner of the same purchase was *before* the raise,
//! then the purchases are the same at every raise in between ([`equal_shares::follow`]). Such strides
//! double while they succeed and halve when they do not.
//!
//! *Where one raise in a few changes something*, several raises are run from the highest down, each as what is
//! different from the one above ([`descent`](super::descent)).
//!
//! *Where nearly every raise changes something*, as in large cities, they are run in the same order, and each from its
//! beginning with what the one above has found out about prices ([`equal_shares::draft`]).
//!
//! When the highest of these already buys too much, half as many are run instead: those after the first one
//! that does would be in vain. (A descent costs less than to begin another one.)
//!
//! Exact prices are computed for the result alone.

use dashu_int::UBig;

use super::Utility;
use super::caps_used::CapsUsed;
use super::descent::descend;
use super::equal_shares::{self, Bought, Findings, Known};
use super::instance::Instance;

/// After so many raises in a row that change nothing, strides are tried.
const CALM: u64 = 48;

/// The most raises that are run together, where few and where many change something.
const TOGETHER: u64 = 32;
const DRAFTS: u64 = 16;

/// Equal Shares with completion by add-one.
pub(crate) fn add_one(instance: &Instance, utility: Utility) -> Bought {
    let mut raising = Raising {
        instance,
        utility,
        raise: UBig::from(instance.total_weight()) * instance.unit(),
        endowments: UBig::from(instance.budget()),
    };
    let mut current = equal_shares::run(instance, utility, raising.endowments.clone());
    while !is_exhaustive(instance, utility, &current.projects) {
        let (likely, over) = raising.run_together(current.projects);
        current = equal_shares::run_like(instance, utility, raising.endowments.clone(), &likely);
        if over {
            break;
        }
        current = raising.stride(current);
    }
    current
}

struct Raising<'a> {
    instance: &'a Instance,
    utility: Utility,
    /// What a raise adds to all endowments together.
    raise: UBig,
    /// What the last result shared.
    endowments: UBig,
}

impl Raising<'_> {
    /// Raises as long as raises change something; yields what is bought then, and whether the last result
    /// is reached.
    fn run_together(&mut self, mut current: Vec<usize>) -> (Vec<usize>, bool) {
        let (mut together, mut unchanged, mut changeful) = (1, 0, false);
        let mut last: Option<Findings> = None;
        // After so many more raises, too much is bought for certain.
        let mut over: Option<u64> = None;
        while unchanged < CALM {
            together = match over {
                Some(1) => return (current, true),
                Some(over) => over / 2,
                None => (together * 2).min(if changeful { DRAFTS } else { TOGETHER }),
            };
            let bought = if changeful {
                let mut drafts = self.draft(together, &current, last.as_ref());
                let bought = drafts.iter().map(|draft| draft.projects.clone()).collect();
                last = drafts.drain(..).next();
                bought
            } else {
                let highest = &self.endowments + &self.raise * together;
                descend(self.instance, self.utility, highest, &self.raise, together, &current)
            };
            if (bought.len() as u64) < together {
                over = Some(together);
                continue;
            }
            over = over.map(|over| over - together);
            let mut changes = 0;
            for projects in bought.into_iter().rev() {
                if self.overspends(&projects) {
                    return (current, true);
                }
                self.endowments += &self.raise;
                if projects == current {
                    unchanged += 1;
                } else {
                    (unchanged, changes) = (0, changes + 1);
                    current = projects;
                    if is_exhaustive(self.instance, self.utility, &current) {
                        return (current, true);
                    }
                }
                if unchanged == CALM {
                    break;
                }
            }
            changeful = changes * 2 > together;
        }
        (current, false)
    }

    /// What is bought after so many raises, and after every smaller number of them down to one; after the highest number
    /// alone if that is too much.
    fn draft(&self, raises: u64, like: &[usize], last: Option<&Findings>) -> Vec<Findings> {
        let mut drafts: Vec<Findings> = Vec::new();
        for raises in (1..=raises).rev() {
            let endowments = &self.endowments + &self.raise * raises;
            let known = drafts.last().or(last).map_or(Known::Purchases(like), Known::Findings);
            drafts.push(equal_shares::draft(self.instance, self.utility, endowments, known));
            if drafts.len() == 1 && self.overspends(&drafts[0].projects) {
                break;
            }
        }
        drafts
    }

    fn overspends(&self, projects: &[usize]) -> bool {
        cost(self.instance, projects) > u128::from(self.instance.budget())
    }

    /// Raises as long as it can be shown that the purchases stay the same.
    fn stride(&mut self, mut current: Bought) -> Bought {
        let (mut stride, mut grows) = (2u64, true);
        while stride > 1 {
            let raised = &self.endowments + &self.raise * stride;
            match equal_shares::follow(self.instance, self.utility, raised.clone(), &current) {
                Some(same) => {
                    (current, self.endowments) = (same, raised);
                    stride = if grows { stride.saturating_mul(2) } else { stride / 2 };
                }
                None => (stride, grows) = (stride / 2, false),
            }
        }
        current
    }
}

/// What was bought costs so much.
fn cost(instance: &Instance, projects: &[usize]) -> u128 {
    projects.iter().map(|project| u128::from(instance.projects()[*project].cost)).sum()
}

/// Whether none of the projects that somebody supports fits into what is left of the budget.
fn is_exhaustive(instance: &Instance, utility: Utility, projects: &[usize]) -> bool {
    let left = u128::from(instance.budget()).saturating_sub(cost(instance, projects));
    let mut caps = CapsUsed::new(instance);
    let mut bought = vec![false; instance.projects().len()];
    for project in projects {
        caps.add(*project);
        bought[*project] = true;
    }
    instance.projects().iter().zip(bought).enumerate().all(|(project, (about, bought))| {
        let useless = utility == Utility::Cost && about.cost == 0;
        bought
            || useless
            || instance.classes().totals(project).weight == 0
            || u128::from(about.cost) > left
            || caps.broken_by(project).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocation::{Caps, InstanceBuilder, Project};
    use proptest::prelude::*;

    /// Add-one as it is defined: every raise is a run.
    fn one_by_one(instance: &Instance, utility: Utility) -> Bought {
        let raise = UBig::from(instance.total_weight()) * instance.unit();
        let mut endowments = UBig::from(instance.budget());
        let mut current = equal_shares::run(instance, utility, endowments.clone());
        while !is_exhaustive(instance, utility, &current.projects) {
            endowments += &raise;
            let next = equal_shares::run(instance, utility, endowments.clone());
            if cost(instance, &next.projects) > u128::from(instance.budget()) {
                break;
            }
            current = next;
        }
        current
    }

    /// Few projects and small raises, most of which change nothing, or many projects and raises that nearly all do.
    fn election() -> impl Strategy<Value = Instance> {
        let few = (Just(14usize), Just(1u64), 5_000u64..20_000);
        let many = (Just(60usize), 5u64..20, 15_000u64..40_000);
        prop_oneof![1 => few, 2 => many].prop_flat_map(|(projects, unit, budget)| {
            let score = prop_oneof![5 => Just(0u32), 3 => Just(1u32), 1 => 1u32..4];
            let ballot = prop::collection::vec(score, projects);
            let costs = prop::collection::vec(200u64..4_000, projects);
            let caps = prop_oneof![Just(None), Just(Some(4_000u32))];
            (costs, prop::collection::vec(ballot, 10..30), caps).prop_map(
                move |(costs, ballots, category)| {
                    let caps = Caps { category, ..Caps::NONE };
                    let mut builder = InstanceBuilder::new(budget, unit).caps(caps);
                    for (cost, category) in costs.into_iter().zip([0, 1, 2, 3, 4].into_iter().cycle()) {
                        builder.add_project(Project { category, ..Project::new(cost) });
                    }
                    for ballot in ballots {
                        builder.add_voter(1, (0..).zip(ballot));
                    }
                    builder.build().unwrap()
                },
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn jumps_change_nothing(instance in election()) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                let (jumped, stepped) = (add_one(&instance, utility), one_by_one(&instance, utility));
                prop_assert_eq!(&jumped.projects, &stepped.projects);
                prop_assert!(jumped.prices.iter().eq(stepped.prices.iter()));
                prop_assert_eq!(&jumped.emptied_at, &stepped.emptied_at);
                prop_assert_eq!(&jumped.reasons, &stepped.reasons);
            }
        }
    }
}
