//! What must hold of every allocation.

use mutua_protocol::allocation::{Completion, Instance, Rule, allocate};
use proptest::prelude::*;

use crate::exactness::rules;
use crate::samples::{Sample, sample};

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
            voters: sample.voters.clone(),
        };
        for rule in rules() {
            prop_assert_eq!(winners(&sample.instance(), rule), winners(&scaled.instance(), rule));
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
