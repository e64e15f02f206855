//! All funded loans at a time: what is owed, due, overdue, paid back and lost (SPEC section 10.9).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Account, Movement, Step, Sums, months_after, schedule};
use crate::{
    ledger::{Deposit, Ledger, Pool},
    records::{Direction, Loan, ProposalId},
};

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

/// Where the ages of what is overdue are divided: up to 30, 60 and 90 days, and more.
pub const AGES_DAYS: [u64; 3] = [30, 60, 90];

/// All funded loans at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Portfolio {
    /// The time, in milliseconds since 1970: what was sealed later is left out.
    pub time: u64,
    /// The money of the pool.
    pub pool: PoolFigures,
    /// All loans together.
    pub total: LoanFigures,
    /// By the grade with which they were funded.
    pub grades: BTreeMap<u8, LoanFigures>,
    /// By the name of their category.
    pub categories: BTreeMap<String, LoanFigures>,
    /// By borrower.
    pub borrowers: BTreeMap<String, LoanFigures>,
    /// Each loan, in the order in which they were funded.
    pub loans: Vec<LoanLine>,
    /// The deposits and withdrawals behind the pool's figures.
    pub deposits: Vec<Deposit>,
}

/// The money of the pool at a time, in the smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolFigures {
    /// Came in from depositors.
    pub paid_in: u128,
    /// Went back to them.
    pub paid_out: u128,
    /// Can be allocated.
    pub available: u128,
}

/// Figures of one loan or of several, in the smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoanFigures {
    /// How many loans.
    pub loans: u64,
    /// The sums of their movements.
    pub sums: Sums,
    /// Allocated, and neither paid out nor released.
    pub undrawn: u128,
    /// Principal that is owed.
    pub outstanding: u128,
    /// Principal that was given up and has not come in.
    pub lost: u128,
    /// Principal and interest that the schedules wanted by this time.
    pub due: u128,
    /// What of it has not come, by age: up to 30, 60 and 90 days, and more.
    pub overdue: [u128; 4],
}

impl LoanFigures {
    /// All that is overdue.
    #[must_use]
    pub fn overdue_total(&self) -> u128 {
        self.overdue.iter().sum()
    }

    fn add(&mut self, other: &Self) {
        self.loans += other.loans;
        self.sums.add_all(&other.sums);
        self.undrawn += other.undrawn;
        self.outstanding += other.outstanding;
        self.lost += other.lost;
        self.due += other.due;
        for (sum, part) in self.overdue.iter_mut().zip(other.overdue) {
            *sum += part;
        }
    }
}

/// Where a funded loan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LoanStatus {
    /// Nothing is paid out yet.
    Promised,
    /// It is owed, or more of it will be paid out.
    Running,
    /// It is paid back.
    Repaid,
    /// It has ended, and something was written off.
    WrittenOff,
    /// It was never paid out.
    Released,
}

/// One loan of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoanLine {
    /// Which.
    pub proposal: ProposalId,
    /// Who borrows.
    pub borrower: String,
    /// What it is called.
    pub title: String,
    /// The name of its category.
    pub category: String,
    /// The grade with which it was funded.
    pub grade: u8,
    /// The round that funded it.
    pub round: u32,
    /// The seal that closed that round: the outcome in it is the record of the allocation.
    pub height: u64,
    /// Where it stands.
    pub status: LoanStatus,
    /// Its figures.
    pub figures: LoanFigures,
    /// What the schedules want next, and when, in milliseconds since 1970.
    pub next: Option<Due>,
    /// Its movements, each with its record.
    pub movements: Vec<Movement>,
}

/// A payment that a schedule wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Due {
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// Principal and interest, in the smallest unit.
    pub amount: u128,
}

/// All funded loans of a ledger at a time.
#[must_use]
pub fn portfolio(ledger: &Ledger, time: u64) -> Portfolio {
    let categories = &ledger.community().charter.categories;
    let mut loans: Vec<LoanLine> = ledger
        .accounts()
        .iter()
        .filter(|(_, account)| account.time <= time)
        .filter_map(|(proposal, account)| {
            let terms = ledger.proposals().get(proposal)?.subject.loan()?;
            let category = categories.get(usize::from(terms.category)).cloned().unwrap_or_default();
            Some(line(*proposal, account, terms, category, time))
        })
        .collect();
    loans.sort_by_key(|loan| (loan.height, loan.proposal));
    let mut sums = Grouped::default();
    for loan in &loans {
        sums.total.add(&loan.figures);
        sums.grades.entry(loan.grade).or_default().add(&loan.figures);
        sums.categories.entry(loan.category.clone()).or_default().add(&loan.figures);
        sums.borrowers.entry(loan.borrower.clone()).or_default().add(&loan.figures);
    }
    let Grouped { total, grades, categories, borrowers } = sums;
    let deposits: Vec<Deposit> =
        ledger.deposits().iter().filter(|deposit| deposit.time <= time).cloned().collect();
    let pool = pool(&deposits, total.sums);
    Portfolio { time, pool, total, grades, categories, borrowers, loans, deposits }
}

#[derive(Default)]
struct Grouped {
    total: LoanFigures,
    grades: BTreeMap<u8, LoanFigures>,
    categories: BTreeMap<String, LoanFigures>,
    borrowers: BTreeMap<String, LoanFigures>,
}

fn pool(deposits: &[Deposit], loans: Sums) -> PoolFigures {
    let mut pool = Pool { loans, ..Pool::default() };
    for deposit in deposits {
        match deposit.direction {
            Direction::In => pool.paid_in += u128::from(deposit.amount),
            Direction::Out => pool.paid_out += u128::from(deposit.amount),
        }
    }
    PoolFigures { paid_in: pool.paid_in, paid_out: pool.paid_out, available: pool.available() }
}

fn line(proposal: ProposalId, account: &Account, terms: &Loan, category: String, time: u64) -> LoanLine {
    let sums = account.at(time);
    let movements: Vec<Movement> =
        account.movements.iter().take_while(|movement| movement.time <= time).copied().collect();
    let (undrawn, outstanding) = (sums.undrawn(), sums.outstanding());
    let wanted = wanted(terms, &movements);
    let due = wanted.iter().filter(|due| due.time <= time).map(|due| due.amount).sum();
    let (overdue, next) = arrears(&wanted, sums, time);
    let status = match (sums.disbursed > 0, undrawn > 0, outstanding > 0) {
        (false, true, _) => LoanStatus::Promised,
        (false, false, _) => LoanStatus::Released,
        (true, false, false) if sums.written_off > 0 => LoanStatus::WrittenOff,
        (true, false, false) => LoanStatus::Repaid,
        (true, _, _) => LoanStatus::Running,
    };
    LoanLine {
        proposal,
        borrower: terms.borrower.clone(),
        title: terms.title.clone(),
        category,
        grade: account.figures.grade,
        round: account.round,
        height: account.height,
        status,
        figures: LoanFigures { loans: 1, sums, undrawn, outstanding, lost: sums.lost(), due, overdue },
        next,
        movements,
    }
}

/// What the schedules of all parts that were paid out want, the earliest first.
fn wanted(terms: &Loan, movements: &[Movement]) -> Vec<Due> {
    let mut wanted = Vec::new();
    for part in movements.iter().filter(|movement| movement.step == Step::Disburse) {
        for (month, installment) in (1..).zip(schedule(terms, part.principal)) {
            let amount = u128::from(installment.principal) + u128::from(installment.interest);
            if amount > 0 {
                wanted.push(Due { time: months_after(part.time, month), amount });
            }
        }
    }
    wanted.sort_by_key(|due| due.time);
    wanted
}

/// What is overdue by age, and what comes next. What was paid or given up counts for what was wanted first. Whoever owes
/// no principal is not late, whatever interest the schedule would have wanted had they not paid early.
fn arrears(wanted: &[Due], sums: Sums, time: u64) -> ([u128; 4], Option<Due>) {
    let (mut overdue, mut next) = ([0; 4], None);
    if sums.outstanding() == 0 {
        return (overdue, next);
    }
    let mut settled = sums.repaid + sums.interest + sums.written_off;
    for due in wanted {
        let covered = settled.min(due.amount);
        settled -= covered;
        let missing = due.amount - covered;
        if missing == 0 {
            continue;
        }
        match time.checked_sub(due.time).filter(|late| *late > 0) {
            None => {
                next = Some(Due { time: due.time, amount: missing });
                break;
            }
            Some(late) => {
                let age = AGES_DAYS.iter().filter(|days| late > **days * DAY).count();
                overdue[age] += missing;
            }
        }
    }
    (overdue, next)
}
