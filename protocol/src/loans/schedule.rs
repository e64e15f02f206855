//! What a loan's terms say is to be paid in each month.

use serde::{Deserialize, Serialize};

use crate::records::{Loan, Repayment};

/// Months in a year times basis points in a whole: what a yearly rate is divided by for a month's interest.
const MONTHLY: u128 = 12 * 10_000;

/// What is due after one month of the term, in the smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Installment {
    /// Of what was lent.
    pub principal: u64,
    /// On what was left of it.
    pub interest: u64,
}

impl Installment {
    /// Both together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.principal.saturating_add(self.interest)
    }
}

/// What is due for this part of a loan, or all of it, after each month of its term.
///
/// The principal adds up to `amount` exactly; a month's interest is that of the principal that is left,
/// rounded to the nearest smallest unit, halves up.
#[must_use]
pub fn schedule(terms: &Loan, amount: u64) -> Vec<Installment> {
    let (months, rate) = (terms.term, terms.rate);
    let payment = match terms.repayment {
        Repayment::Annuity => annuity(amount, months, rate),
        Repayment::Linear | Repayment::Bullet => 0,
    };
    let mut left = amount;
    let mut installments = Vec::with_capacity(usize::from(months));
    for month in 1..=months {
        let interest = interest(left, rate);
        let principal = match terms.repayment {
            Repayment::Annuity => payment.saturating_sub(interest).min(left),
            // Before and after this month, of the whole: what is cut off in one month comes in a later one.
            Repayment::Linear => part(amount, month, months) - part(amount, month - 1, months),
            Repayment::Bullet if month == months => left,
            Repayment::Bullet => 0,
        };
        left -= principal;
        installments.push(Installment { principal, interest });
    }
    installments
}

/// The interest of one month, rounded to the nearest, halves up.
fn interest(left: u64, rate: u16) -> u64 {
    let exact = u128::from(left) * u128::from(rate);
    u64::try_from((exact + MONTHLY / 2) / MONTHLY).unwrap_or(u64::MAX)
}

/// What is repaid after so many months of so many, rounded down.
fn part(amount: u64, month: u16, months: u16) -> u64 {
    let part = u128::from(amount) * u128::from(month) / u128::from(months.max(1));
    u64::try_from(part).unwrap_or(amount)
}

/// The least monthly payment with which nothing is left at the end of the term.
fn annuity(amount: u64, months: u16, rate: u16) -> u64 {
    // More each month leaves less after each month, so that halving finds the least payment that is enough.
    let (mut short, mut enough) = (0, amount.saturating_add(interest(amount, rate)));
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        if repays(amount, months, rate, middle) { enough = middle } else { short = middle }
    }
    enough
}

fn repays(amount: u64, months: u16, rate: u16, payment: u64) -> bool {
    let mut left = amount;
    for _ in 0..months {
        let Some(principal) = payment.checked_sub(interest(left, rate)).filter(|part| *part > 0) else {
            return left == 0;
        };
        left = left.saturating_sub(principal);
    }
    left == 0
}
