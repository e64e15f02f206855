//! The engine against the plain implementation: selection, prices and shares.

use mutua_protocol::allocation::{Allocation, Caps, Completion, GreedyOrder, Phase, Rule, Utility, allocate};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

use crate::plain::{self, Plain};
use crate::samples::{Sample, capped_sample, large_sample, near_tie, sample};

pub(crate) const UTILITIES: [Utility; 3] = [Utility::Cost, Utility::Cardinality, Utility::Score];

pub(crate) fn rules() -> Vec<Rule> {
    let mut rules = vec![Rule::Phragmen];
    for utility in UTILITIES {
        for completion in
            [Completion::None, Completion::Greedy, Completion::AddOne, Completion::AddOneThenGreedy]
        {
            rules.push(Rule::EqualShares { utility, completion });
        }
        for order in [GreedyOrder::PerCost, GreedyOrder::Total] {
            rules.push(Rule::Greedy { utility, order });
        }
    }
    rules
}

fn check(sample: &Sample, rule: Rule) {
    let instance = sample.instance();
    let ours = allocate(&instance, rule);
    let plain = plain::allocate(sample, rule);
    let funded: Vec<usize> = ours.funded.iter().map(|funded| funded.project).collect();
    assert_eq!(funded, plain.funded, "{rule:?} on {sample:?}");
    for (funded, price) in ours.funded.iter().zip(&plain.prices) {
        let ours = funded.price.as_ref().map(|price| {
            BigRational::new(
                BigInt::from_bytes_be(num_bigint::Sign::Plus, &price.numerator_bytes()),
                BigInt::from_bytes_be(num_bigint::Sign::Plus, &price.denominator_bytes()),
            )
        });
        assert_eq!(&ours, price, "{rule:?} on {sample:?}");
    }
    for place in 0..funded.len() {
        check_shares(sample, &ours, &plain, place);
    }
    assert_eq!(ours.total_cost, plain::total_cost(sample, &funded));
    assert_eq!(ours.funded.len() + ours.passed_over.len(), sample.costs.len());
}

/// Shares add up to the cost, and none is a unit or more from the exact one.
fn check_shares(sample: &Sample, ours: &Allocation, plain: &Plain, place: usize) {
    let shares = ours.shares(&sample.instance(), place);
    let funded = &ours.funded[place];
    assert_eq!(shares.iter().map(|(_, share)| share).sum::<u64>(), funded.cost);
    assert!(shares.is_sorted_by_key(|(voter, _)| *voter));
    let listed: Vec<usize> = shares.iter().map(|(voter, _)| *voter).collect();
    let supporters: Vec<usize> = (0..sample.voters.len())
        .filter(|voter| sample.voters[*voter].0 > 0 && sample.voters[*voter].1[funded.project] > 0)
        .collect();
    assert_eq!(listed, supporters);
    if funded.phase != Phase::Greedy {
        for (voter, share) in shares {
            let exact: BigRational = plain::clones(sample)
                .iter()
                .zip(&plain.paid[place])
                .filter(|((of, _), _)| *of == voter)
                .map(|(_, paid)| paid)
                .sum();
            let off = plain::rational(share) - exact;
            assert!(off < plain::rational(1) && -off < plain::rational(1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn every_rule_is_its_definition(sample in sample()) {
        for rule in rules() {
            check(&sample, rule);
        }
    }

    #[test]
    fn caps_bind_at_every_step(sample in capped_sample()) {
        for rule in rules() {
            check(&sample, rule);
        }
    }

    #[test]
    fn near_ties_are_decided_exactly(sample in near_tie()) {
        for rule in rules() {
            check(&sample, rule);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn long_runs_are_their_definition(sample in large_sample()) {
        for rule in rules() {
            check(&sample, rule);
        }
    }
}

#[test]
fn what_lacks_one_unit_of_the_exact_denominator_is_not_affordable() {
    // Five voters with an endowment of budget / 5 each. Three pay a third of the first project each; one of them and a
    // fourth want the second, and then have (6 budget - 5 cost) / 15 together.
    let one_left_and_one_untouched = |budget: u64, cost: u64, second: u64, score: u32| Sample {
        budget,
        unit: 1,
        costs: vec![cost, second],
        voters: vec![
            (1, vec![score, 0]),
            (1, vec![score, 0]),
            (1, vec![score, 1]),
            (1, vec![0, 1]),
            (1, vec![0, 0]),
        ],
        caps: Caps::NONE,
    };
    // Of numbers so great that fixed precision does not see a fifteenth of a unit.
    const GREAT: u64 = 1_000_000_000_000_000_000;
    let just = 233_333_333_333_333_335;
    for (utility, score) in [(Utility::Cost, 1), (Utility::Score, 10)] {
        let rule = Rule::EqualShares { utility, completion: Completion::None };
        for (budget, cost, second, funded) in [
            (1_005, 501, 235, 2),
            (1_004, 500, 235, 1),
            (GREAT + 5, GREAT / 2 + 1, just, 2),
            (GREAT + 4, GREAT / 2, just, 1),
        ] {
            let sample = one_left_and_one_untouched(budget, cost, second, score);
            assert_eq!(allocate(&sample.instance(), rule).funded.len(), funded, "{utility:?} {budget}");
            check(&sample, rule);
        }
    }
}
