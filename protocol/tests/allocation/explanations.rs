//! Explanations against the instances they speak of, and fairness.

use mutua_protocol::allocation::{
    Cap, Caps, Completion, Instance, InstanceBuilder, Project, Reason, Rule, Utility, allocate, distance,
    left_out, represented,
};
use proptest::prelude::*;

use crate::exactness::rules;
use crate::samples::{Sample, large_sample, sample};

fn funded(instance: &Instance, rule: Rule) -> Vec<usize> {
    allocate(instance, rule).funded.iter().map(|funded| funded.project).collect()
}

fn with_cost(sample: &Sample, project: usize, cost: u64) -> Instance {
    let mut changed = sample.clone();
    changed.costs[project] = cost;
    changed.instance()
}

fn with_supporters(sample: &Sample, project: usize, count: u64) -> Instance {
    let mut changed = sample.clone();
    let voting = sample.voters.iter().filter(|(weight, _)| *weight > 0);
    let best = voting.map(|(_, scores)| scores[project]).max().unwrap_or(1).max(1);
    let mut scores = vec![0; sample.costs.len()];
    scores[project] = best;
    for _ in 0..count {
        changed.voters.push((1, scores.clone()));
    }
    changed.instance()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn distances_are_true(sample in sample()) {
        let instance = sample.instance();
        for rule in rules() {
            let winners = funded(&instance, rule);
            for project in 0..sample.costs.len() {
                let Some(distance) = distance(&instance, rule, project) else {
                    prop_assert!(winners.contains(&project));
                    continue;
                };
                prop_assert!(!winners.contains(&project));
                if distance.cost_is_certain {
                    let greatest = distance.greatest_cost.unwrap_or(0);
                    for cost in greatest + 1..sample.costs[project] {
                        prop_assert!(!funded(&with_cost(&sample, project, cost), rule).contains(&project));
                    }
                }
                prop_assert!(distance.supporters_are_certain, "so few are tried one by one");
                if let Some(cost) = distance.greatest_cost {
                    prop_assert!(funded(&with_cost(&sample, project, cost), rule).contains(&project));
                    let more = with_cost(&sample, project, cost + 1);
                    prop_assert!(!funded(&more, rule).contains(&project));
                }
                let total = instance.total_weight();
                if let Some(count) = distance.further_supporters {
                    prop_assert!(count <= total);
                    let with = with_supporters(&sample, project, count);
                    prop_assert!(funded(&with, rule).contains(&project));
                    for fewer in 0..count {
                        let with = with_supporters(&sample, project, fewer);
                        prop_assert!(!funded(&with, rule).contains(&project));
                    }
                }
            }
        }
    }

    #[test]
    fn equal_shares_leaves_no_group_out(sample in prop_oneof![sample(), large_sample()]) {
        let instance = sample.instance();
        for rule in rules() {
            if let Rule::EqualShares { utility, .. } = rule {
                prop_assert_eq!(left_out(&instance, utility, &funded(&instance, rule)), None, "{:?}", rule);
            }
        }
    }

    #[test]
    fn a_variant_is_the_instance_built_anew(sample in sample(), budget in 0u64..500, out in 0usize..6) {
        let instance = sample.instance().with_budget(budget);
        let (fewer, kept) = instance.keeping(|position, _| position != out).unwrap();
        let anew = Sample {
            budget,
            costs: kept.iter().map(|project| sample.costs[*project]).collect(),
            voters: sample
                .voters
                .iter()
                .map(|(weight, scores)| (*weight, kept.iter().map(|project| scores[*project]).collect()))
                .collect(),
            ..sample
        };
        let rule = Rule::EqualShares { utility: Utility::Score, completion: Completion::Greedy };
        prop_assert_eq!(funded(&fewer, rule), funded(&anew.instance(), rule));
    }
}

#[test]
fn a_group_that_is_left_out_is_found() {
    // Two of three voters want the bridge, which costs their part of the budget; the park is funded.
    let sample = Sample {
        budget: 30,
        unit: 1,
        costs: vec![20, 25],
        voters: vec![(2, vec![1, 0]), (1, vec![0, 1]), (0, vec![1, 1])],
        caps: Caps::NONE,
    };
    let instance = sample.instance();
    let found = left_out(&instance, Utility::Cost, &[1]).unwrap();
    assert_eq!((found.project, found.weight), (0, 2));
    assert_eq!(left_out(&instance, Utility::Cost, &[0]), None);
    assert_eq!((represented(&instance, &[1]), represented(&instance, &[0, 1])), (1, 3));
}

#[test]
fn a_cap_is_named_where_it_stopped_a_project_that_could_be_paid_for() {
    let caps = Caps { category: Some(4_000), ..Caps::NONE };
    let mut builder = InstanceBuilder::new(1_000, 1).caps(caps);
    for (cost, category) in [(300, 0), (300, 0), (900, 1)] {
        builder.add_project(Project { category, ..Project::new(cost) });
    }
    builder.add_voter(1, [(0, 1), (1, 1), (2, 1)]);
    let instance = builder.build().unwrap();
    let equal_shares = |utility, completion| Rule::EqualShares { utility, completion };
    for rule in
        [equal_shares(Utility::Cost, Completion::None), equal_shares(Utility::Score, Completion::AddOne)]
    {
        let allocation = allocate(&instance, rule);
        let reasons: Vec<_> =
            allocation.passed_over.iter().map(|passed| (passed.project, passed.reason)).collect();
        // The third one would break its own category's cap, however little is left to pay for it.
        assert_eq!(reasons, [(1, Reason::Cap(Cap::Category)), (2, Reason::Cap(Cap::Category))]);
    }
}

#[test]
fn units_that_are_missing_go_to_those_whose_share_lost_most_and_then_by_position() {
    let shares = |weights: &[u64]| {
        let mut builder = InstanceBuilder::new(10, 1);
        builder.add_project(Project::new(10));
        for weight in weights {
            builder.add_voter(*weight, [(0, 1)]);
        }
        let instance = builder.build().unwrap();
        let rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::None };
        allocate(&instance, rule).shares(&instance, 0)
    };
    // 10/3 and 20/3: the second loses two thirds, the first one third.
    assert_eq!(shares(&[1, 2]), [(0, 3), (1, 7)]);
    assert_eq!(shares(&[2, 1]), [(0, 7), (1, 3)]);
    assert_eq!(shares(&[1, 1, 1]), [(0, 4), (1, 3), (2, 3)]);
    // 10/4 each: two units for the first two.
    assert_eq!(shares(&[1, 1, 1, 1]), [(0, 3), (1, 3), (2, 2), (3, 2)]);
}

#[test]
fn phragmens_rule_stops_where_one_of_those_tied_does_not_fit() {
    let mut builder = InstanceBuilder::new(300, 1);
    for cost in [120, 100, 200] {
        builder.add_project(Project::new(cost));
    }
    for project in [0, 0, 1, 2, 2] {
        builder.add_voter(1, [(project, 1)]);
    }
    // At 60 the first is bought. At 100 the second and the third tie, and 180 are left.
    assert_eq!(funded(&builder.build().unwrap(), Rule::Phragmen), [0]);
}
