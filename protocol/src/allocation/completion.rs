//! What becomes of money that Equal Shares leaves.
//!
//! Completion by *add-one* (Faliszewski et al. 2023, and the rule of Wieliczka, Świecie and Assen):
//! raise every endowment by one unit of currency, run the method again, and so on; take the last result
//! that does not overspend, or the first after which no supported project fits any more. What is still
//! left can then go to greedy.
//!
//! # Jumps
//!
//! Most raises change nothing, and a result that changes nothing needs no run. As endowments rise and
//! the purchases stay the same, purses only grow and prices only fall. So if, after a raise of many
//! units, every other project is still dearer (or tied and later in order) than the winner of the same
//! purchase was *before* the raise, then the purchases are the same at every raise in between
//! ([`equal_shares::follow`]). Such strides double while they succeed and halve when they do not; a stride
//! of one is an ordinary run. The result is the very one of raising one by one.

use dashu_int::UBig;

use super::caps::CapsUsed;
use super::equal_shares::{self, Bought};
use super::instance::Instance;
use super::{Reason, Utility};

/// After so many raises in a row that change nothing, longer strides are tried: where nearly every raise
/// changes something, as in large cities, tries that fail would cost more than they save.
const CALM: u32 = 3;

/// Equal Shares with completion by add-one.
pub(crate) fn add_one(instance: &Instance, utility: Utility) -> Bought {
    let budget = UBig::from(instance.budget());
    let raise = UBig::from(instance.total_weight()) * instance.unit();
    let mut endowments = budget;
    let (mut stride, mut unchanged) = (1u64, 0u32);
    let mut current = equal_shares::run(instance, utility, endowments.clone());
    while !is_exhaustive(instance, &current) {
        let raised = &endowments + &raise * stride;
        if stride > 1 {
            match equal_shares::follow(instance, utility, raised.clone(), &current) {
                Some(same) => {
                    (current, endowments) = (same, raised);
                    stride = stride.saturating_mul(2);
                }
                None => (stride, unchanged) = (stride / 2, 0),
            }
            continue;
        }
        let next = equal_shares::run_like(instance, utility, raised.clone(), &current);
        if cost(instance, &next) > u128::from(instance.budget()) {
            break;
        }
        unchanged = if next.projects == current.projects { unchanged + 1 } else { 0 };
        if unchanged == CALM {
            stride = 2;
        }
        (current, endowments) = (next, raised);
    }
    current
}

/// What was bought costs so much.
fn cost(instance: &Instance, bought: &Bought) -> u128 {
    bought.projects.iter().map(|project| u128::from(instance.projects()[*project].cost)).sum()
}

/// Whether none of the projects that somebody supports fits into what is left of the budget.
fn is_exhaustive(instance: &Instance, bought: &Bought) -> bool {
    let left = u128::from(instance.budget()).saturating_sub(cost(instance, bought));
    let mut caps = CapsUsed::new(instance);
    for project in &bought.projects {
        caps.add(*project);
    }
    instance.projects().iter().zip(&bought.reasons).enumerate().all(|(project, (about, reason))| match reason
    {
        None | Some(Reason::NoSupporters | Reason::NoUtility) => true,
        Some(_) => u128::from(about.cost) > left || caps.broken_by(project).is_some(),
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
        while !is_exhaustive(instance, &current) {
            endowments += &raise;
            let next = equal_shares::run(instance, utility, endowments.clone());
            if cost(instance, &next) > u128::from(instance.budget()) {
                break;
            }
            current = next;
        }
        current
    }

    fn election() -> impl Strategy<Value = Instance> {
        let score = prop_oneof![5 => Just(0u32), 3 => Just(1u32), 1 => 1u32..4];
        let ballot = prop::collection::vec(score, 14);
        (
            prop::collection::vec(200u64..4000, 14),
            prop::collection::vec(ballot, 10..30),
            5_000u64..20_000,
            prop_oneof![Just(None), Just(Some(4_000u32))],
        )
            .prop_map(|(costs, ballots, budget, category)| {
                let caps = Caps { category, ..Caps::NONE };
                let mut builder = InstanceBuilder::new(budget, 1).caps(caps);
                for (cost, category) in costs.into_iter().zip([0, 1, 2, 3, 4].into_iter().cycle()) {
                    builder.add_project(Project { category, ..Project::new(cost) });
                }
                for ballot in ballots {
                    builder.add_voter(1, (0..).zip(ballot));
                }
                builder.build().unwrap()
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
