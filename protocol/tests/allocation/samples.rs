//! Small random elections, with many ties and near-ties on purpose.

use mutua_protocol::allocation::{Caps, Instance, InstanceBuilder, Project};
use proptest::prelude::*;

/// An election that can be looked at from outside.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) budget: u64,
    pub(crate) unit: u64,
    pub(crate) costs: Vec<u64>,
    /// Weight and scores by project; zero: not on the ballot.
    pub(crate) voters: Vec<(u64, Vec<u32>)>,
    pub(crate) caps: Caps,
}

/// What caps look at, for the project at a position.
pub(crate) const fn terms(project: u32, cost: u64) -> Project {
    Project { cost, category: project % 3, borrower: project % 2, risk: project * 1_500_000 }
}

impl Sample {
    pub(crate) fn instance(&self) -> Instance {
        self.builder().build().expect("samples are valid")
    }

    pub(crate) fn builder(&self) -> InstanceBuilder {
        let mut builder = InstanceBuilder::new(self.budget, self.unit).caps(self.caps);
        for (project, cost) in (0..).zip(&self.costs) {
            builder.add_project(terms(project, *cost));
        }
        for (weight, scores) in &self.voters {
            builder.add_voter(*weight, (0..).zip(scores.iter().copied()));
        }
        builder
    }
}

/// Elections with few voters and projects. Costs come from a small set, so that ties are common.
pub(crate) fn sample() -> impl Strategy<Value = Sample> {
    (1usize..7, 1usize..8).prop_flat_map(|(projects, voters)| {
        let cost = prop_oneof![Just(0u64), 1u64..8, (1u64..6).prop_map(|c| c * 10), 50u64..200];
        let score = prop_oneof![3 => Just(0u32), 3 => Just(1u32), 2 => 1u32..6];
        let weight = prop_oneof![6 => Just(1u64), 3 => 1u64..4, 1 => Just(0u64)];
        let voter = (weight, prop::collection::vec(score, projects));
        (
            prop_oneof![0u64..20, 10u64..400],
            prop_oneof![Just(1u64), Just(2), Just(10)],
            prop::collection::vec(cost, projects),
            prop::collection::vec(voter, voters),
        )
            .prop_map(|(budget, unit, costs, voters)| Sample {
                budget,
                unit,
                costs,
                voters,
                caps: Caps::NONE,
            })
    })
}

/// Elections with more projects, so that many purchases depend on each other.
pub(crate) fn large_sample() -> impl Strategy<Value = Sample> {
    let score = prop_oneof![4 => Just(0u32), 3 => Just(1u32), 1 => 1u32..4];
    let voter = (1u64..3, prop::collection::vec(score, 12));
    let cost = prop_oneof![10u64..60, Just(30u64)];
    (
        60u64..300,
        prop_oneof![Just(1u64), Just(3)],
        prop::collection::vec(cost, 12),
        prop::collection::vec(voter, 3..14),
    )
        .prop_map(|(budget, unit, costs, voters)| Sample {
            budget,
            unit,
            costs,
            voters,
            caps: Caps::NONE,
        })
}

/// Elections in which fixed precision cannot tell: huge numbers that differ by one or not at all.
pub(crate) fn near_tie() -> impl Strategy<Value = Sample> {
    (2usize..6, 2usize..8).prop_flat_map(|(projects, voters)| {
        let base = prop_oneof![Just(1u64 << 60), Just((1u64 << 61) - 1), Just(3u64.pow(37))];
        let nudge = prop::collection::vec(-2i64..3, projects);
        let share = prop::collection::vec(1u64..4, projects);
        let score = prop_oneof![2 => Just(0u32), 3 => Just(1u32), 1 => Just(u32::MAX), 1 => Just(7u32)];
        let weight = prop_oneof![6 => Just(1u64), 1 => 1u64..4];
        let voter = (weight, prop::collection::vec(score, projects));
        (base, nudge, share, prop::collection::vec(voter, voters)).prop_map(
            |(budget, nudge, share, voters)| {
                let total: u64 = voters.iter().map(|(weight, _)| weight).sum();
                let costs = share
                    .iter()
                    .zip(&nudge)
                    .map(|(share, nudge)| (budget / total * share).saturating_add_signed(*nudge).min(budget));
                Sample { budget, unit: budget / 97, costs: costs.collect(), voters, caps: Caps::NONE }
            },
        )
    })
}

/// The same with caps that bind now and then.
pub(crate) fn capped_sample() -> impl Strategy<Value = Sample> {
    let cap = || prop::option::of(500u32..10_000);
    let caps = (cap(), cap(), prop::option::of(1u32..400));
    (prop_oneof![sample(), large_sample()], caps).prop_map(|(sample, (borrower, category, expected_loss))| {
        Sample { caps: Caps { borrower, category, expected_loss }, ..sample }
    })
}
