//! The life of a funded loan: what is possible, what is not, and that no money appears or vanishes.

use mutua_protocol::{
    hash::RecordId,
    ledger::{Inadmissible, Pool, Void},
    loans::{Step, Sums},
    records::{Body, ProposalId},
};

use crate::support::*;

/// A community with 100,000 in its pool, of which 40,000 are allocated to a loan.
fn funded_loan() -> (World, ProposalId) {
    let mut world = World::new();
    world.admit(&["ana"]);
    world.fund(100_000);
    let bakery = world.rated("ana", loan("bakery", 40_000));
    world.support("ana", &[bakery]);
    assert_eq!(funded(&world.close()), [bakery]);
    (world, bakery)
}

/// Every unit that came in, from depositors or as interest, is somewhere.
fn conserved(pool: Pool) {
    let Pool { paid_in, paid_out, loans } = pool;
    let held = pool.available() + loans.undrawn() + loans.outstanding();
    assert_eq!(held + paid_out + loans.lost(), paid_in + loans.interest, "{pool:?}");
}

/// One movement of each kind.
fn movements(proposal: ProposalId) -> [Body; 5] {
    [
        disbursement(proposal, 1),
        release(proposal, 1),
        repayment(proposal, 1, 1),
        write_off(proposal, 1),
        recovery(proposal, 1),
    ]
}

#[test]
fn a_loan_from_its_funding_to_the_last_cent() {
    let (mut world, bakery) = funded_loan();
    let steps: [(Body, u128, u128, u128); 9] = [
        // What, and then what is available, undrawn and outstanding.
        (disbursement(bakery, 25_000), 60_000, 15_000, 25_000),
        (repayment(bakery, 1_000, 100), 61_100, 15_000, 24_000),
        (disbursement(bakery, 10_000), 61_100, 5_000, 34_000),
        (release(bakery, 5_000), 66_100, 0, 34_000),
        (repayment(bakery, 0, 250), 66_350, 0, 34_000),
        (repayment(bakery, 24_000, 50), 90_400, 0, 10_000),
        (write_off(bakery, 10_000), 90_400, 0, 0),
        (recovery(bakery, 4_000), 94_400, 0, 0),
        (repayment(bakery, 0, 7), 94_407, 0, 0),
    ];
    for (body, available, undrawn, outstanding) in steps {
        let what = format!("{body:?}");
        assert_eq!(world.enact("treasurer", body), None, "{what}");
        let pool = world.ledger.pool();
        let found = (pool.available(), pool.loans.undrawn(), pool.loans.outstanding());
        assert_eq!(found, (available, undrawn, outstanding), "{what}");
        assert_eq!(world.ledger.accounts()[&bakery].sums, pool.loans);
        conserved(pool);
    }
    let account = &world.ledger.accounts()[&bakery];
    let expected = Sums {
        allocated: 40_000,
        disbursed: 35_000,
        released: 5_000,
        repaid: 25_000,
        interest: 407,
        written_off: 10_000,
        recovered: 4_000,
    };
    assert_eq!(account.sums, expected);
    assert_eq!(account.sums.lost(), 6_000);
    assert_eq!((account.round, account.movements.len()), (1, 9));
    assert_eq!(account.movements[2].step, Step::Disburse);
    // As it was after the third movement, and before the loan was funded.
    let then = account.at(account.movements[2].time);
    assert_eq!((then.disbursed, then.repaid, then.interest), (35_000, 1_000, 100));
    assert_eq!(account.at(account.time - 1), Sums::default());
    // What came back can be lent again.
    assert_eq!(world.close().outcome.pool, 94_407);
}

#[test]
fn each_bound_of_a_movement_bites_and_its_edge_does_not() {
    let (mut world, bakery) = funded_loan();
    let mut expect = |body: Body, expected: Option<Void>| {
        let before = world.ledger.pool();
        let what = format!("{body:?}");
        let draft = world.sign("treasurer", u64::MAX, RecordId([1; 32]), body.clone());
        let foreseen = world.ledger.preflight(draft.record(), world.ledger.time() + 1);
        assert_eq!(foreseen.err(), expected, "{what}: known before it is signed");
        assert_eq!(world.enact("treasurer", body), expected, "{what}");
        if expected.is_some() {
            assert_eq!(world.ledger.pool(), before, "{what}");
        }
        conserved(world.ledger.pool());
    };
    expect(repayment(bakery, 0, 1), Some(Void::MoreThanOwed));
    expect(repayment(bakery, 1, 0), Some(Void::MoreThanOwed));
    expect(write_off(bakery, 1), Some(Void::MoreThanOwed));
    expect(recovery(bakery, 1), Some(Void::MoreThanLost));
    expect(disbursement(bakery, 40_001), Some(Void::MoreThanUndrawn));
    expect(release(bakery, 40_001), Some(Void::MoreThanUndrawn));
    expect(disbursement(bakery, 30_000), None);
    expect(disbursement(bakery, 10_001), Some(Void::MoreThanUndrawn));
    expect(release(bakery, 10_001), Some(Void::MoreThanUndrawn));
    expect(release(bakery, 10_000), None);
    expect(disbursement(bakery, 1), Some(Void::MoreThanUndrawn));
    expect(repayment(bakery, 30_001, 0), Some(Void::MoreThanOwed));
    expect(repayment(bakery, 10_000, 5), None);
    expect(write_off(bakery, 20_001), Some(Void::MoreThanOwed));
    expect(write_off(bakery, 5_000), None);
    expect(repayment(bakery, 15_001, 0), Some(Void::MoreThanOwed));
    expect(recovery(bakery, 5_001), Some(Void::MoreThanLost));
    expect(recovery(bakery, 5_000), None);
    expect(recovery(bakery, 1), Some(Void::MoreThanLost));
    expect(repayment(bakery, 15_000, 0), None);
    expect(repayment(bakery, 1, 0), Some(Void::MoreThanOwed));
    expect(repayment(bakery, 0, 1), None);
}

#[test]
fn money_moves_only_for_what_was_funded() {
    let mut world = World::new();
    world.admit(&["ana"]);
    world.fund(1_000);
    let open = world.rated("ana", loan("mill", 900));
    let gone = world.rated("ana", loan("gone", 900));
    assert_eq!(world.enact("ana", withdrawal(gone)), None);
    for proposal in [open, gone] {
        for body in movements(proposal) {
            assert_eq!(world.enact("treasurer", body), Some(Void::NotFunded));
        }
    }
    assert_eq!(world.ledger.pool().loans, Sums::default());
}

#[test]
fn the_order_of_movements_within_a_seal_is_that_of_the_treasurer() {
    let (mut world, bakery) = funded_loan();
    let records = [
        repayment(bakery, 5, 0),
        disbursement(bakery, 40_000),
        repayment(bakery, 40_000, 1),
        repayment(bakery, 1, 0),
    ]
    .map(|body| world.say("treasurer", body));
    let applied = world.seal(records.to_vec());
    assert_eq!(applied.void, [(records[0].id, Void::MoreThanOwed), (records[3].id, Void::MoreThanOwed)]);
    conserved(world.ledger.pool());
}

#[test]
fn a_loan_can_be_funded_and_paid_out_round_after_round_with_the_same_money() {
    let mut world = World::new();
    world.admit(&["ana"]);
    world.fund(1_000);
    for round in 1..6u64 {
        let title = format!("loan {round}");
        let proposal = world.rated("ana", loan(&title, 1_000));
        world.support("ana", &[proposal]);
        assert_eq!(funded(&world.close()), [proposal]);
        assert_eq!(world.ledger.pool().available(), u128::from(round - 1) * 10);
        // In one seal with its close it could not have been: the ledger before it has no such account.
        assert_eq!(world.enact("treasurer", disbursement(proposal, 1_000)), None);
        assert_eq!(world.enact("treasurer", repayment(proposal, 1_000, 10)), None);
        conserved(world.ledger.pool());
    }
}

#[test]
fn movements_are_the_treasurers_word() {
    let (mut world, bakery) = funded_loan();
    let hours = world.put_motion("ana", "hours");
    let nowhere = RecordId([9; 32]);
    for body in movements(bakery) {
        assert!(matches!(world.refused("ana", body.clone()), Inadmissible::Role { .. }));
        assert!(matches!(world.refused("registrar", body), Inadmissible::Role { .. }));
    }
    for (proposal, expected) in [
        (hours, Inadmissible::OtherKind { proposal: hours }),
        (nowhere, Inadmissible::UnknownProposal { proposal: nowhere }),
    ] {
        assert_eq!(world.refused("treasurer", disbursement(proposal, 1)), expected);
        assert_eq!(world.refused("treasurer", write_off(proposal, 1)), expected);
    }
}
