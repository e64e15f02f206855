//! What a forecast draws.

use mutua_protocol::allocation::{
    Completion, InstanceBuilder, MAX_TOTAL_WEIGHT, Project, Rule, Utility, allocate, resample,
};
use proptest::prelude::*;

use crate::exactness::rules;
use crate::samples::sample;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn ballots_that_have_come_count_in_every_draw(sample in sample(), seed: [u8; 32]) {
        let instance = sample.instance();
        let arrival: Vec<usize> = (0..sample.voters.len()).collect();
        for rule in rules() {
            let funded = allocate(&instance, rule).funded;
            let counts = resample(&instance, rule, &arrival, arrival.len(), &seed, 0..3);
            for (project, count) in counts.into_iter().enumerate() {
                let is_funded = funded.iter().any(|funded| funded.project == project);
                prop_assert_eq!(count, if is_funded { 3 } else { 0 });
            }
        }
    }
}

#[test]
fn a_draw_adds_as_many_ballots_as_are_still_expected() {
    // Four such weights are the most there may be: with a fifth, a draw has no result.
    let weight = MAX_TOTAL_WEIGHT / 4;
    let mut builder = InstanceBuilder::new(10, 1);
    builder.add_project(Project::new(10));
    for weight in [weight, weight, 0] {
        builder.add_voter(weight, [(0, 1)]);
    }
    let instance = builder.build().unwrap();
    let rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::None };
    let counts = |arrival: &[usize], expected| resample(&instance, rule, arrival, expected, &[7; 32], 0..10);
    for (expected, funded) in [(2, 10), (4, 10), (5, 0)] {
        assert_eq!(counts(&[0, 1], expected), [funded]);
    }
    // The third one has come as well, and is never drawn.
    for (expected, funded) in [(3, 10), (5, 10), (6, 0)] {
        assert_eq!(counts(&[0, 1, 2], expected), [funded]);
    }
}
