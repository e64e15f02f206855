//! What is left after an allocation, and what a cap lacks, against plain sums.

use mutua_protocol::allocation::{
    BASIS_POINTS, Cap, CapExcess, Completion, Fraction, Phase, Project, RISK_UNITS, Reason, Rule, allocate,
};
use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use proptest::prelude::*;

use crate::exactness::rules;
use crate::plain::{self, rational};
use crate::samples::{Sample, capped_sample, large_sample, sample, terms};

fn exact(fraction: &Fraction) -> BigRational {
    let number = |bytes: Vec<u8>| BigInt::from_bytes_be(Sign::Plus, &bytes);
    BigRational::new(number(fraction.numerator_bytes()), number(fraction.denominator_bytes()))
}

/// The first cap that a project would break beside others, by its definition.
fn excess(sample: &Sample, funded: &[usize], project: usize) -> Option<CapExcess> {
    let of = |project: usize| terms(u32::try_from(project).expect("few projects"), sample.costs[project]);
    let about = of(project);
    let beside: Vec<Project> =
        funded.iter().filter(|other| **other != project).chain([&project]).map(|other| of(*other)).collect();
    let cost = |counts: &dyn Fn(&Project) -> bool| -> u128 {
        beside.iter().filter(|other| counts(other)).map(|other| u128::from(other.cost)).sum()
    };
    let loss: u128 = beside.iter().map(|other| u128::from(other.cost) * u128::from(other.risk)).sum();
    let risk = u128::from(RISK_UNITS);
    let counted = [
        (Cap::Borrower, sample.caps.borrower, cost(&|other| other.borrower == about.borrower) * risk),
        (Cap::Category, sample.caps.category, cost(&|other| other.category == about.category) * risk),
        (Cap::ExpectedLoss, sample.caps.expected_loss, loss),
    ];
    counted.into_iter().find_map(|(cap, share, with)| {
        let allowed = u128::from(sample.budget) * u128::from(share?);
        let broken = with * u128::from(BASIS_POINTS) > allowed * risk;
        broken.then(|| CapExcess {
            cap,
            with: u64::try_from(with.div_ceil(risk)).expect("small costs"),
            allowed: u64::try_from(allowed / u128::from(BASIS_POINTS)).expect("a small budget"),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_supporters_have_left_is_what_they_have_not_paid(sample in prop_oneof![sample(), large_sample()]) {
        let instance = sample.instance();
        let clones = plain::clones(&sample);
        for rule in rules() {
            let allocation = allocate(&instance, rule);
            if !matches!(rule, Rule::EqualShares { .. }) {
                prop_assert_eq!(allocation.left_to_each(&instance, 0), None);
                prop_assert_eq!(allocation.left_to_supporters(&instance, 0), None);
                continue;
            }
            let plain = plain::allocate(&sample, rule);
            let bought = allocation.funded.iter().filter(|funded| funded.phase == Phase::EqualShares).count();
            let raised = rational(allocation.raises(&instance)) * rational(sample.unit);
            for project in 0..sample.costs.len() {
                let left = allocation.left_to_each(&instance, project).unwrap();
                let supporters = sample.voters.iter().enumerate();
                let supporters = supporters.filter(|(_, (weight, scores))| *weight > 0 && scores[project] > 0);
                prop_assert_eq!(left.len(), supporters.clone().count());
                let together: BigRational = left.iter().map(|(_, left)| exact(left)).sum();
                prop_assert_eq!(exact(&allocation.left_to_supporters(&instance, project).unwrap()), together);
                for ((voter, left), (supporter, (weight, _))) in left.iter().zip(supporters) {
                    prop_assert_eq!(*voter, supporter);
                    let mine = clones.iter().enumerate().filter(|(_, (of, _))| of == voter);
                    let paid: BigRational = mine
                        .flat_map(|(clone, _)| plain.paid[..bought].iter().map(move |paid| &paid[clone]))
                        .sum();
                    let endowment = rational(sample.budget) / rational(instance.total_weight()) + &raised;
                    prop_assert_eq!(exact(left), endowment * rational(*weight) - paid, "{:?}", rule);
                }
            }
        }
    }

    #[test]
    fn the_excess_over_a_cap_is_that_beside_all_that_is_funded(sample in capped_sample()) {
        let instance = sample.instance();
        for rule in rules() {
            let allocation = allocate(&instance, rule);
            let funded: Vec<usize> = allocation.funded.iter().map(|funded| funded.project).collect();
            for project in 0..sample.costs.len() {
                prop_assert_eq!(allocation.cap_excess(&instance, project), excess(&sample, &funded, project));
            }
            for passed in &allocation.passed_over {
                if let Reason::Cap(cap) = passed.reason
                    && matches!(rule, Rule::EqualShares { completion: Completion::None, .. })
                {
                    prop_assert_eq!(allocation.cap_excess(&instance, passed.project).unwrap().cap, cap);
                }
            }
        }
    }
}
