//! Which loans may be funded, and each reason why not.

use mutua_protocol::{
    charter::{Caps, GradeBounds},
    ledger::{Figures, Ineligible, ProposalStatus, TooLargeAlone, Void},
    outcome::{CandidateResult, PassedOver},
    records::{Assessment, Body, ProposalId, Subject, Verdict},
};

use crate::support::*;

fn community(needed: u8) -> World {
    let mut world = World::with(|charter| charter.roles[1].needed = needed);
    world.admit(&["ana"]);
    world.fund(90_000);
    world
}

/// Why the loan is not eligible when the round closes.
fn ineligible(world: &mut World, proposal: ProposalId) -> Ineligible {
    world.support("ana", &[proposal]);
    match result(&world.close().outcome, proposal) {
        CandidateResult::Ineligible(reason) => *reason,
        other => panic!("expected an ineligible loan, got {other:?}"),
    }
}

#[test]
fn each_bound_of_the_policy_bites_and_its_edge_does_not() {
    let with = |change: &dyn Fn(&mut Assessment)| {
        let mut assessment = approved();
        change(&mut assessment);
        assessment
    };
    let cases: [(Assessment, Result<(), Ineligible>); 10] = [
        (with(&|a| a.grade = 5), Ok(())),
        (with(&|a| a.grade = 6), Err(Ineligible::Grade { grade: 6, worst: 5 })),
        (with(&|a| a.default = 1_000), Ok(())),
        (with(&|a| a.default = 1_001), Err(Ineligible::Default { default: 1_001, greatest: 1_000 })),
        (with(&|a| a.outlook = 20), Ok(())),
        (with(&|a| a.outlook = 19), Err(Ineligible::Outlook { outlook: 19, least: 20 })),
        (with(&|a| a.greatest_amount = 40_000), Ok(())),
        (with(&|a| a.greatest_amount = 39_999), Err(Ineligible::Amount { greatest: 39_999 })),
        (with(&|a| a.verdict = Verdict::Declined), Err(Ineligible::Declined)),
        (with(&|a| a.loss = 10_000), Ok(())),
    ];
    for (assessment, expected) in cases {
        let mut world = community(1);
        let proposal = world.propose("ana", loan("bakery", 40_000));
        world.attest("attestor a", proposal, assessment.clone());
        let held = &world.ledger.proposals()[&proposal];
        assert_eq!(world.ledger.eligible(held, ROUND).map(|_| ()), expected, "{assessment:?}");
        world.support("ana", &[proposal]);
        let closing = world.close();
        match (result(&closing.outcome, proposal), expected) {
            (CandidateResult::Funded(_), Ok(())) => {}
            (CandidateResult::Ineligible(reason), Err(wanted)) => assert_eq!(*reason, wanted),
            (found, wanted) => panic!("{found:?} where {wanted:?} was expected"),
        }
    }
}

#[test]
fn the_policy_bounds_the_amount_whatever_attestors_say() {
    let mut world = World::with(|charter| charter.policy.greatest_amount = 39_999);
    world.admit(&["ana"]);
    let proposal = world.rated("ana", loan("bakery", 40_000));
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Amount { greatest: 39_999 });
}

#[test]
fn each_grade_has_bounds_of_its_own_within_those_of_the_policy() {
    let bounds = |greatest_default, greatest_amount| GradeBounds { greatest_default, greatest_amount };
    let cases = [
        (1, 50, 40_000, Ok(())),
        (1, 51, 40_000, Err(Ineligible::Default { default: 51, greatest: 50 })),
        (2, 51, 30_000, Ok(())),
        (2, 51, 30_001, Err(Ineligible::Amount { greatest: 30_000 })),
        // The bounds for every grade hold for one with wider bounds, and for one without any.
        (3, 1_001, 40_000, Err(Ineligible::Default { default: 1_001, greatest: 1_000 })),
        (3, 1_000, 90_001, Err(Ineligible::Amount { greatest: 90_000 })),
        (4, 1_001, 40_000, Err(Ineligible::Default { default: 1_001, greatest: 1_000 })),
        (4, 1_000, 90_000, Ok(())),
    ];
    for (grade, default, amount, expected) in cases {
        let mut world = World::with(|charter| {
            charter.policy.greatest_amount = 90_000;
            charter.policy.grades = vec![bounds(50, 90_000), bounds(100, 30_000), bounds(2_000, 200_000)];
        });
        world.admit(&["ana"]);
        world.fund(200_000);
        let proposal = world.propose("ana", loan("bakery", amount));
        world.attest("attestor a", proposal, Assessment { grade, default, ..approved() });
        let held = &world.ledger.proposals()[&proposal];
        assert_eq!(world.ledger.eligible(held, ROUND).map(|_| ()), expected, "grade {grade}");
        world.support("ana", &[proposal]);
        match (result(&world.close().outcome, proposal), expected) {
            (CandidateResult::Funded(_), Ok(())) => {}
            (CandidateResult::Ineligible(reason), Err(wanted)) => assert_eq!(*reason, wanted),
            (found, wanted) => panic!("{found:?} where {wanted:?} was expected"),
        }
    }
}

#[test]
fn every_reason_against_a_loan_is_found_and_the_first_one_decides() {
    let mut world = World::with(|charter| charter.roles[1].needed = 2);
    world.admit(&["ana"]);
    let mut terms = loan("bakery", 40_000);
    terms.expires = ROUND;
    let proposal = world.propose("ana", terms);
    let bad = Assessment {
        verdict: Verdict::Declined,
        grade: 9,
        default: 5_000,
        outlook: 1,
        greatest_amount: 10,
        ..approved()
    };
    world.attest("attestor a", proposal, bad);
    let held = &world.ledger.proposals()[&proposal];
    let all = [
        Ineligible::Expired,
        Ineligible::Declined,
        Ineligible::Attestations { have: 1, needed: 2 },
        Ineligible::Grade { grade: 9, worst: 5 },
        Ineligible::Default { default: 5_000, greatest: 1_000 },
        Ineligible::Outlook { outlook: 1, least: 20 },
        Ineligible::Amount { greatest: 10 },
    ];
    let (figures, against) = world.ledger.exclusions(held, ROUND);
    assert_eq!(against, all);
    assert_eq!(figures.map(|figures| figures.grade), Some(9));
    assert_eq!(world.ledger.exclusions(held, ROUND - 1).1, all[1..]);
    assert_eq!(world.ledger.eligible(held, ROUND), Err(all[0]));
}

#[test]
fn what_a_loan_breaks_by_itself_is_known_before_the_vote() {
    let caps = Caps { borrower: Some(4_000), category: Some(5_000), expected_loss: Some(30) };
    let mut world = World::with(|charter| charter.policy.caps = caps);
    world.admit(&["ana"]);
    world.fund(100_000);
    let alone = |world: &mut World, amount, default| {
        let proposal = world.propose("ana", loan("bakery", amount));
        world.attest("attestor a", proposal, Assessment { default, loss: 5_000, ..approved() });
        let held = &world.ledger.proposals()[&proposal];
        let figures = world.ledger.eligible(held, 1 << 30).unwrap();
        (proposal, world.ledger.too_large_alone(held, figures))
    };
    assert_eq!(alone(&mut world, 40_000, 150).1, []);
    let borrower = TooLargeAlone::BorrowerCap { greatest: 40_000 };
    let category = TooLargeAlone::CategoryCap { greatest: 50_000 };
    assert_eq!(alone(&mut world, 40_001, 1).1, [borrower]);
    assert_eq!(alone(&mut world, 50_001, 1).1, [borrower, category]);
    let loss = TooLargeAlone::ExpectedLossCap { expected: 302, greatest: 300 };
    assert_eq!(alone(&mut world, 40_000, 151).1, [loss]);
    let pool = TooLargeAlone::Pool { greatest: 100_000 };
    let (large, reasons) = alone(&mut world, 100_001, 1);
    assert_eq!(reasons, [pool, borrower, category]);
    // And so it comes.
    world.support("ana", &[large]);
    let closing = world.close();
    assert!(matches!(
        result(&closing.outcome, large),
        CandidateResult::PassedOver { reason: PassedOver::BorrowerCap | PassedOver::SupportersLackMoney, .. }
    ));
}

#[test]
fn a_loan_without_attestation_is_not_eligible() {
    let mut world = community(1);
    let proposal = world.propose("ana", loan("bakery", 40_000));
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Attestations { have: 0, needed: 1 });
}

#[test]
fn m_of_n_attestors_must_agree_and_one_counts_once() {
    let mut world = community(2);
    let proposal = world.propose("ana", loan("bakery", 40_000));
    world.attest("attestor a", proposal, approved());
    world.attest("attestor a", proposal, approved());
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Attestations { have: 1, needed: 2 });
    world.attest("attestor c", proposal, approved());
    world.support("ana", &[proposal]);
    assert_eq!(funded(&world.close()), [proposal]);
}

#[test]
fn the_most_cautious_figures_count() {
    let mut world = community(2);
    let proposal = world.propose("ana", loan("bakery", 40_000));
    let one = Assessment { grade: 1, default: 200, loss: 3_000, outlook: 40, ..approved() };
    let two = Assessment {
        grade: 4,
        default: 100,
        loss: 5_000,
        outlook: 80,
        greatest_amount: 50_000,
        ..approved()
    };
    world.attest("attestor a", proposal, one);
    world.attest("attestor b", proposal, two);
    world.support("ana", &[proposal]);
    let figures = Figures { grade: 4, default: 200, loss: 5_000, greatest_amount: 50_000, outlook: 40 };
    assert_eq!(*result(&world.close().outcome, proposal), CandidateResult::Funded(figures));
}

#[test]
fn one_attestor_who_declines_outweighs_all_others() {
    let mut world = community(1);
    let proposal = world.propose("ana", loan("bakery", 40_000));
    world.attest("attestor a", proposal, approved());
    world.attest("attestor b", proposal, approved());
    world.attest("attestor c", proposal, Assessment { verdict: Verdict::Declined, ..approved() });
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Declined);
    // Until they think better of it.
    world.attest("attestor c", proposal, approved());
    world.support("ana", &[proposal]);
    assert_eq!(funded(&world.close()), [proposal]);
}

#[test]
fn amended_terms_void_the_attestations_of_the_old_ones() {
    let mut world = community(1);
    let proposal = world.rated("ana", loan("bakery", 40_000));
    let old_terms = world.attestation(proposal, approved());
    let subject = Subject::Loan(loan("bakery", 40_001));
    assert_eq!(world.enact("ana", Body::Amend { proposal, subject }), None);
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Attestations { have: 0, needed: 1 });
    assert_eq!(world.enact("attestor a", old_terms), Some(Void::AmendedTerms));
    world.attest("attestor a", proposal, approved());
    world.support("ana", &[proposal]);
    assert_eq!(funded(&world.close()), [proposal]);
}

#[test]
fn an_attestation_that_is_revoked_run_out_or_of_a_suspended_attestor_does_not_count() {
    let none = Ineligible::Attestations { have: 0, needed: 1 };
    let mut world = community(1);
    let proposal = world.propose("ana", loan("bakery", 40_000));
    let attestation = world.attest("attestor a", proposal, approved());
    assert_eq!(world.enact("attestor a", revocation(attestation)), None);
    assert_eq!(ineligible(&mut world, proposal), none);

    let close = world.ledger.close();
    world.attest("attestor a", proposal, Assessment { valid_until: close, ..approved() });
    assert_eq!(ineligible(&mut world, proposal), none, "it ran out with the close");
    let close = world.ledger.close();
    world.attest("attestor a", proposal, Assessment { valid_until: close + 1, ..approved() });
    assert_eq!(world.enact("registrar", suspension("attestor a")), None);
    assert_eq!(ineligible(&mut world, proposal), none);

    assert_eq!(world.enact("registrar", readmission("attestor a")), None);
    world.attest("attestor a", proposal, approved());
    world.support("ana", &[proposal]);
    assert_eq!(funded(&world.close()), [proposal]);
}

#[test]
fn a_proposal_that_lapsed_is_not_eligible_and_no_candidate_later() {
    let mut world = community(1);
    let mut brief = loan("bakery", 40_000);
    brief.expires = ROUND;
    let proposal = world.rated("ana", brief);
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Expired);
    assert_eq!(world.ledger.proposals()[&proposal].status, ProposalStatus::Expired(1));
    assert!(world.close().outcome.candidates.is_empty());
    assert_eq!(world.enact("ana", withdrawal(proposal)), Some(Void::NotOpen));
}

#[test]
fn a_withdrawn_loan_is_no_candidate() {
    let mut world = community(1);
    let proposal = world.rated("ana", loan("bakery", 40_000));
    world.support("ana", &[proposal]);
    assert_eq!(world.enact("ana", withdrawal(proposal)), None);
    assert_eq!(world.ledger.proposals()[&proposal].status, ProposalStatus::Withdrawn);
    assert!(world.close().outcome.candidates.is_empty());
}

#[test]
fn the_first_reason_in_order_is_given() {
    let mut world = community(1);
    let proposal = world.propose("ana", loan("bakery", 40_000));
    let bad = Assessment { grade: 9, default: 9_000, outlook: 0, greatest_amount: 1, ..approved() };
    world.attest("attestor a", proposal, bad);
    assert_eq!(ineligible(&mut world, proposal), Ineligible::Grade { grade: 9, worst: 5 });
}
