//! The portfolio: what is owed, due and overdue at a time, and that its parts add up.

use mutua_protocol::{
    loans::{Due, LoanFigures, LoanStatus, Portfolio, Step, Sums, months_after, portfolio},
    records::{Loan, ProposalId, Received, Repayment},
};

use crate::support::*;

const DAY: u64 = 86_400_000;

/// A loan of 1,200 over twelve months at twelve per cent a year, linear: 100 a month, and one per cent of what is left.
fn terms(title: &str) -> Loan {
    Loan { term: 12, rate: 1_200, repayment: Repayment::Linear, ..loan(title, 1_200) }
}

fn community() -> (World, Vec<ProposalId>) {
    let mut world = World::new();
    world.admit(&["ana"]);
    world.fund(10_000);
    let mut farm = terms("farm");
    (farm.category, farm.borrower) = (1, "bakery GmbH".to_owned());
    let proposals: Vec<ProposalId> =
        [terms("bakery"), farm, terms("mill")].map(|terms| world.rated("ana", terms)).to_vec();
    world.support("ana", &proposals);
    assert_eq!(world.close().outcome.funded.len(), 3);
    (world, proposals)
}

fn figures(world: &World, proposal: ProposalId, time: u64) -> (LoanStatus, LoanFigures, Option<Due>) {
    let lines = portfolio(&world.ledger, time).loans;
    let line = lines.iter().find(|line| line.proposal == proposal).expect("a funded loan");
    (line.status, line.figures, line.next)
}

#[test]
fn what_is_due_and_how_long_it_is_overdue() {
    let (mut world, loans) = community();
    let bakery = loans[0];
    assert_eq!(figures(&world, bakery, world.ledger.time()).0, LoanStatus::Promised);
    world.enact("treasurer", disbursement(bakery, 1_200));
    let paid_out = world.ledger.time();
    let month = |number| months_after(paid_out, number);
    let (status, now, next) = figures(&world, bakery, paid_out);
    assert_eq!((status, now.outstanding, now.due, now.overdue_total()), (LoanStatus::Running, 1_200, 0, 0));
    assert_eq!(next, Some(Due { time: month(1), amount: 112 }));
    // On the day it is due it is not late; the moment after, it is.
    assert_eq!(figures(&world, bakery, month(1)).1.due, 112);
    assert_eq!(figures(&world, bakery, month(1)).1.overdue, [0; 4]);
    let (_, late, next) = figures(&world, bakery, month(1) + 1);
    assert_eq!(late.overdue, [112, 0, 0, 0]);
    assert_eq!(next, Some(Due { time: month(2), amount: 111 }));
    // The world began in January 1970: the second and third months end 28 and 59 days after the first.
    let ages = [
        (30 * DAY, [111 + 112, 0, 0, 0]),
        (30 * DAY + 1, [111, 112, 0, 0]),
        (60 * DAY, [110, 111 + 112, 0, 0]),
        (60 * DAY + 1, [110, 111, 112, 0]),
    ];
    for (late, overdue) in ages {
        assert_eq!(figures(&world, bakery, month(1) + late).1.overdue, overdue, "{late}");
    }
    assert_eq!(figures(&world, bakery, month(1) + 91 * DAY).1.overdue[3], 112);
    assert_eq!(figures(&world, bakery, month(13)).1.overdue_total(), 1_200 + 78);

    // The first payment covers more than the first month.
    world.seal_at(world.ledger.close(), Vec::new());
    world.enact("treasurer", repayment(bakery, 150, 12));
    let paid = world.ledger.time();
    let (_, now, next) = figures(&world, bakery, paid);
    assert_eq!((now.outstanding, now.sums.interest), (1_050, 12));
    assert_eq!(next, Some(Due { time: month(2), amount: 111 - 50 }));
    // As of before the payment, it was not there.
    assert_eq!(figures(&world, bakery, paid - 1).1.sums.repaid, 0);
    // Paid back early: nothing is due any more, whatever the schedule says.
    world.enact("treasurer", repayment(bakery, 1_050, 0));
    let (status, now, next) = figures(&world, bakery, month(24));
    assert_eq!((status, now.overdue_total(), next), (LoanStatus::Repaid, 0, None));
}

#[test]
fn parts_that_are_paid_out_have_schedules_of_their_own() {
    let (mut world, loans) = community();
    world.enact("treasurer", disbursement(loans[2], 240));
    let first = world.ledger.time();
    world.enact("treasurer", disbursement(loans[2], 960));
    let second = world.ledger.time();
    let due = |time| figures(&world, loans[2], time).1.due;
    assert_eq!(due(months_after(first, 1)), 20 + 2);
    assert_eq!(due(months_after(second, 1)), 20 + 2 + 80 + 10);
    assert_eq!(due(months_after(second, 12)), figures(&world, loans[2], u64::MAX).1.due);
}

#[test]
fn the_parts_of_a_portfolio_add_up_and_every_figure_has_its_records() {
    let (mut world, loans) = community();
    for body in [
        disbursement(loans[0], 1_000),
        repayment(loans[0], 100, 12),
        disbursement(loans[1], 1_200),
        write_off(loans[1], 1_200),
        recovery(loans[1], 200),
        release(loans[2], 1_200),
    ] {
        assert_eq!(world.enact("treasurer", body), None);
    }
    let all = portfolio(&world.ledger, world.ledger.time());
    assert_eq!(all.total.sums, world.ledger.pool().loans);
    assert_eq!(all.pool.available, world.ledger.pool().available());
    let status: Vec<LoanStatus> =
        loans.iter().map(|id| figures(&world, *id, world.ledger.time()).0).collect();
    assert_eq!(status, [LoanStatus::Running, LoanStatus::WrittenOff, LoanStatus::Released]);
    let sum = |groups: Vec<&LoanFigures>| {
        groups.iter().fold((0, 0, 0, 0), |sum, group| {
            let (a, b, c, d) = sum;
            (a + group.loans, b + group.outstanding, c + group.lost, d + group.sums.interest)
        })
    };
    let whole = sum(vec![&all.total]);
    assert_eq!(whole, (3, 900, 1_000, 12));
    assert_eq!(sum(all.grades.values().collect()), whole);
    assert_eq!(sum(all.categories.values().collect()), whole);
    assert_eq!(sum(all.borrowers.values().collect()), whole);
    assert_eq!(sum(all.loans.iter().map(|line| &line.figures).collect()), whole);
    assert_eq!(all.borrowers["bakery GmbH"].loans, 2);
    assert_eq!(all.categories["farms"].lost, 1_000);
    for line in &all.loans {
        let mut again = Sums { allocated: line.figures.sums.allocated, ..Sums::default() };
        for movement in &line.movements {
            let said = world.batches.iter().flat_map(|batch| &batch.records).filter(|bytes| {
                let received = Received::decode(bytes, world.community()).unwrap();
                received.id == movement.record
            });
            assert_eq!(said.count(), 1, "each movement is a sealed record");
            let principal = u128::from(movement.principal);
            match movement.step {
                Step::Disburse => again.disbursed += principal,
                Step::Release => again.released += principal,
                Step::Repay => again.repaid += principal,
                Step::WriteOff => again.written_off += principal,
                Step::Recover => again.recovered += principal,
            }
            again.interest += u128::from(movement.interest);
        }
        assert_eq!(again, line.figures.sums);
    }
    // Before the close there was no loan, and only the deposit.
    let before = portfolio(&world.ledger, ROUND - 1);
    assert_eq!((before.loans.len(), before.pool.available, before.deposits.len()), (0, 10_000, 1));
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Portfolio>(&text).unwrap(), all);
}
