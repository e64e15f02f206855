//! What must hold of every allocation.

use mutua_protocol::allocation::{
    Allocation, Cap, Caps, Completion, Instance, InstanceBuilder, InstanceError, Project, RISK_UNITS, Reason,
    Rule, allocate,
};
use proptest::prelude::*;

use crate::exactness::{UTILITIES, rules};
use crate::samples::{Sample, capped_sample, large_sample, sample};

fn winners(instance: &Instance, rule: Rule) -> Vec<usize> {
    allocate(instance, rule).funded.iter().map(|funded| funded.project).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn the_order_of_voters_does_not_matter(sample in sample(), turn in 0usize..8) {
        let mut turned = sample.clone();
        turned.voters.reverse();
        let count = turned.voters.len();
        turned.voters.rotate_left(turn % count);
        for rule in rules() {
            prop_assert_eq!(winners(&sample.instance(), rule), winners(&turned.instance(), rule));
        }
    }

    #[test]
    fn a_weight_is_so_many_voters(sample in sample()) {
        let voters = sample.voters.iter();
        let split = Sample {
            voters: voters
                .flat_map(|(weight, scores)| (0..*weight).map(|_| (1, scores.clone())))
                .collect(),
            ..sample.clone()
        };
        for rule in rules() {
            let (whole, parts) = (allocate(&sample.instance(), rule), allocate(&split.instance(), rule));
            prop_assert_eq!(whole.funded, parts.funded);
            prop_assert_eq!(whole.passed_over, parts.passed_over);
        }
    }

    #[test]
    fn the_names_of_projects_matter_only_in_ties(sample in sample()) {
        let mut renamed = sample.clone();
        renamed.costs.reverse();
        for (_, scores) in &mut renamed.voters {
            scores.reverse();
        }
        let last = sample.costs.len() - 1;
        for rule in rules() {
            // A tie can decide at which raise add-one stops, and so everything.
            if let Rule::EqualShares { completion, .. } = rule
                && !matches!(completion, Completion::None | Completion::Greedy)
            {
                continue;
            }
            let before = allocate(&sample.instance(), rule);
            let after = allocate(&renamed.instance(), rule);
            // Up to the first selection that differs, which must then be a tie.
            for (one, other) in before.funded.iter().zip(&after.funded) {
                prop_assert_eq!(&one.price, &other.price);
                if one.project != last - other.project {
                    break;
                }
            }
        }
    }

    #[test]
    fn another_unit_of_currency_changes_nothing(sample in sample(), scale in 2u64..1000) {
        let scaled = Sample {
            budget: sample.budget * scale,
            unit: sample.unit * scale,
            costs: sample.costs.iter().map(|cost| cost * scale).collect(),
            ..sample.clone()
        };
        for rule in rules() {
            prop_assert_eq!(winners(&sample.instance(), rule), winners(&scaled.instance(), rule));
        }
    }

    #[test]
    fn a_common_factor_of_all_weights_changes_nothing(
        sample in prop_oneof![sample(), large_sample()],
        bits in 1u32..56,
    ) {
        let mut heavy = sample.clone();
        for (weight, _) in &mut heavy.voters {
            *weight <<= bits;
        }
        for rule in rules() {
            // Add-one raises by a unit for each unit of weight: there, it is another rule.
            if let Rule::EqualShares { completion: Completion::AddOne | Completion::AddOneThenGreedy, .. } = rule {
                continue;
            }
            let (light, heavy) = (sample.instance(), heavy.instance());
            let (before, after) = (allocate(&light, rule), allocate(&heavy, rule));
            prop_assert_eq!(winners(&light, rule), winners(&heavy, rule));
            prop_assert_eq!(&before.passed_over, &after.passed_over);
            for place in 0..before.funded.len() {
                let shares = |allocation: &Allocation, instance: &Instance| {
                    let shares = allocation.shares(instance, place);
                    shares.into_iter().map(|(_, share)| share).collect::<Vec<_>>()
                };
                prop_assert_eq!(shares(&before, &light), shares(&after, &heavy));
            }
        }
    }

    #[test]
    fn completion_takes_nothing_away(sample in prop_oneof![sample(), capped_sample()]) {
        let instance = sample.instance();
        for utility in UTILITIES {
            let funded = |completion| winners(&instance, Rule::EqualShares { utility, completion });
            for (before, after) in
                [(Completion::None, Completion::Greedy), (Completion::AddOne, Completion::AddOneThenGreedy)]
            {
                let (before, after) = (funded(before), funded(after));
                prop_assert_eq!(&before[..], &after[..before.len()]);
            }
        }
    }

    #[test]
    fn the_budget_holds(sample in sample()) {
        for rule in rules() {
            let allocation = allocate(&sample.instance(), rule);
            prop_assert!(allocation.total_cost <= sample.budget);
        }
    }
}

/// Whether funded projects stay within the caps, and every project that a cap stopped would break it.
fn caps_hold(sample: &Sample, caps: Caps) -> bool {
    let instance = sample.builder().caps(caps).build().expect("samples are valid");
    let projects = instance.projects();
    let within = |share: Option<u32>, spent: u64| {
        share.is_none_or(|share| u128::from(spent) * 10_000 <= u128::from(sample.budget) * u128::from(share))
    };
    rules().into_iter().all(|rule| {
        let allocation = allocate(&instance, rule);
        let funded = || allocation.funded.iter().map(|funded| &projects[funded.project]);
        let borrower = |borrower| -> u64 {
            funded().filter(|project| project.borrower == borrower).map(|project| project.cost).sum()
        };
        let category = |category| -> u64 {
            funded().filter(|project| project.category == category).map(|project| project.cost).sum()
        };
        let loss: u128 = funded().map(|project| u128::from(project.cost) * u128::from(project.risk)).sum();
        let loss_within = |more: u128| {
            caps.expected_loss.is_none_or(|share| {
                (loss + more) * 10_000
                    <= u128::from(sample.budget) * u128::from(share) * u128::from(RISK_UNITS)
            })
        };
        let kept = loss_within(0)
            && funded().all(|project| {
                within(caps.borrower, borrower(project.borrower))
                    && within(caps.category, category(project.category))
            });
        kept && allocation.passed_over.iter().all(|passed| {
            let project = &projects[passed.project];
            match passed.reason {
                Reason::Cap(Cap::Borrower) => {
                    !within(caps.borrower, borrower(project.borrower) + project.cost)
                }
                Reason::Cap(Cap::Category) => {
                    !within(caps.category, category(project.category) + project.cost)
                }
                Reason::Cap(Cap::ExpectedLoss) => {
                    !loss_within(u128::from(project.cost) * u128::from(project.risk))
                }
                _ => true,
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn caps_are_never_broken_and_never_blamed_wrongly(
        sample in sample(),
        borrower in prop::option::of(0u32..10_000),
        category in prop::option::of(0u32..10_000),
        expected_loss in prop::option::of(0u32..500),
    ) {
        let caps = Caps { borrower, category, expected_loss };
        prop_assert!(caps_hold(&sample, caps));
    }
}

#[test]
fn extreme_instances_get_a_result() {
    let caps = Caps::NONE;
    let extremes = [
        Sample { budget: 0, unit: 1, costs: vec![], voters: vec![], caps },
        Sample { budget: 10, unit: 1, costs: vec![5], voters: vec![], caps },
        Sample { budget: 0, unit: 1, costs: vec![0, 1], voters: vec![(1, vec![1, 1])], caps },
        Sample { budget: 10, unit: 1, costs: vec![5, 0], voters: vec![(0, vec![1, 1])], caps },
        Sample { budget: 10, unit: 1, costs: vec![11], voters: vec![(1, vec![1])], caps },
        Sample {
            budget: u64::MAX,
            unit: u64::MAX,
            costs: vec![u64::MAX, u64::MAX, 1, u64::MAX - 1],
            voters: vec![
                (1 << 61, vec![u32::MAX, 1, 0, 7]),
                (1 << 60, vec![u32::MAX, 0, 1, 1]),
                (1, vec![0, 0, 1, u32::MAX]),
            ],
            caps,
        },
        Sample {
            budget: 1,
            unit: 1,
            costs: vec![1, 1, 0],
            voters: vec![(1 << 62, vec![u32::MAX, u32::MAX, 1])],
            caps,
        },
    ];
    for sample in extremes {
        let instance = sample.instance();
        for rule in rules() {
            let allocation = allocate(&instance, rule);
            assert!(allocation.total_cost <= sample.budget);
            assert_eq!(allocation.funded.len() + allocation.passed_over.len(), sample.costs.len());
            for (place, funded) in allocation.funded.iter().enumerate() {
                let shares = allocation.shares(&instance, place);
                assert_eq!(shares.iter().map(|(_, share)| share).sum::<u64>(), funded.cost);
            }
        }
    }
}

#[test]
fn a_million_equal_ballots_are_one_heavy_voter() {
    let build = |voters: u64, weight: u64| {
        let mut builder = InstanceBuilder::new(1_000_003, 1);
        for cost in [400_000, 300_000, 250_000, 0, 2_000_000] {
            builder.add_project(Project::new(cost));
        }
        for _ in 0..voters {
            builder.add_voter(weight, [(0, 1), (1, 3), (2, 2), (3, 1), (4, 9)]);
        }
        builder.build().unwrap()
    };
    let (crowd, giant) = (build(1_000_000, 1), build(1, 1_000_000));
    for rule in rules() {
        let (many, one) = (allocate(&crowd, rule), allocate(&giant, rule));
        assert_eq!(many.funded, one.funded);
        assert_eq!(many.passed_over, one.passed_over);
    }
    let allocation = allocate(&crowd, Rule::Phragmen);
    let cost = allocation.funded[0].cost;
    let shares = allocation.shares(&crowd, 0);
    assert_eq!(shares.iter().map(|(_, share)| share).sum::<u64>(), cost);
    assert!(shares.iter().all(|(_, share)| *share == cost / 1_000_000 || *share == cost / 1_000_000 + 1));
}

#[test]
fn invalid_instances_are_refused() {
    let refused = |build: fn(&mut InstanceBuilder)| {
        let mut builder = InstanceBuilder::new(10, 1);
        builder.add_project(Project::new(5));
        build(&mut builder);
        builder.build().expect_err("the instance is not valid")
    };
    let unknown = refused(|builder| {
        builder.add_voter(1, [(1, 1)]);
    });
    assert_eq!(unknown, InstanceError::UnknownProject { voter: 0, project: 1 });
    let repeated = refused(|builder| {
        builder.add_voter(1, [(0, 1), (0, 2)]);
    });
    assert_eq!(repeated, InstanceError::RepeatedProject { voter: 0, project: 0 });
    let heavy = refused(|builder| {
        builder.add_voter(u64::MAX, []);
    });
    assert_eq!(heavy, InstanceError::TotalWeight);
    assert_eq!(InstanceBuilder::new(1, 0).build().expect_err("no unit"), InstanceError::ZeroUnit);
}
