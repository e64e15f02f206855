//! Elections to test the engine's inner parts with.

use proptest::prelude::*;

use super::{Instance, InstanceBuilder, Project};

/// Costs that are often equal and now and then zero, weights from zero on, and some scores above one.
pub(super) fn election() -> impl Strategy<Value = Instance> {
    let score = prop_oneof![5 => Just(0u32), 3 => Just(1u32), 1 => 1u32..4];
    let voter = (0u64..4, prop::collection::vec(score, 12));
    let cost = prop_oneof![1 => Just(0u64), 8 => Just(300u64), 8 => 1u64..900];
    (prop::collection::vec(cost, 12), prop::collection::vec(voter, 4..40), 500u64..9_000).prop_map(
        |(costs, voters, budget)| {
            let mut builder = InstanceBuilder::new(budget, 1);
            for cost in costs {
                builder.add_project(Project::new(cost));
            }
            for (weight, ballot) in voters {
                builder.add_voter(weight, (0..).zip(ballot));
            }
            builder.build().expect("positions are in range")
        },
    )
}
