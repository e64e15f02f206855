//! What became of a funded loan, movement by movement (SPEC section 9.6).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Estimates;
use crate::{
    hash::RecordId,
    ledger::{Figures, Void},
};

/// A way in which a funded loan's money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Paid out to the borrower.
    Disburse,
    /// Allocated, not paid out, and back in the pool.
    Release,
    /// Paid back by the borrower.
    Repay,
    /// Given up.
    WriteOff,
    /// Given up, and come in after all.
    Recover,
}

/// One movement, as a sealed record states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Movement {
    /// The record.
    pub record: RecordId,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// What kind of movement.
    pub step: Step,
    /// Of what was lent, in the smallest unit.
    pub principal: u64,
    /// Beside it; only borrowers' payments have any.
    pub interest: u64,
}

/// The sums of a loan's movements, in the smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sums {
    /// Allocated at the close of a round.
    pub allocated: u128,
    /// Paid out to borrowers.
    pub disbursed: u128,
    /// Allocated, not paid out, and back in the pool.
    pub released: u128,
    /// Principal that was paid back.
    pub repaid: u128,
    /// Interest that was paid.
    pub interest: u128,
    /// Principal that was given up.
    pub written_off: u128,
    /// Principal that was given up and came in after all.
    pub recovered: u128,
}

impl Sums {
    /// Allocated, and neither paid out nor released.
    #[must_use]
    pub fn undrawn(&self) -> u128 {
        self.allocated.saturating_sub(self.disbursed).saturating_sub(self.released)
    }

    /// Principal that borrowers owe.
    #[must_use]
    pub fn outstanding(&self) -> u128 {
        self.disbursed.saturating_sub(self.repaid).saturating_sub(self.written_off)
    }

    /// Principal that was given up and has not come in.
    #[must_use]
    pub fn lost(&self) -> u128 {
        self.written_off.saturating_sub(self.recovered)
    }

    /// Can money move this way?
    ///
    /// # Errors
    /// The reason for which a record that says so is [`Void`].
    pub fn admits(&self, step: Step, principal: u64) -> Result<(), Void> {
        let principal = u128::from(principal);
        let demand = |holds: bool, void: Void| if holds { Ok(()) } else { Err(void) };
        match step {
            Step::Disburse | Step::Release => demand(principal <= self.undrawn(), Void::MoreThanUndrawn),
            // Interest can come after the last of the principal, and never before the first.
            Step::Repay => demand(self.disbursed > 0 && principal <= self.outstanding(), Void::MoreThanOwed),
            Step::WriteOff => demand(principal <= self.outstanding(), Void::MoreThanOwed),
            Step::Recover => demand(principal <= self.lost(), Void::MoreThanLost),
        }
    }

    /// Counts a movement.
    pub(crate) fn add(&mut self, step: Step, principal: u64, interest: u64) {
        let sum = match step {
            Step::Disburse => &mut self.disbursed,
            Step::Release => &mut self.released,
            Step::Repay => &mut self.repaid,
            Step::WriteOff => &mut self.written_off,
            Step::Recover => &mut self.recovered,
        };
        *sum += u128::from(principal);
        self.interest += u128::from(interest);
    }

    /// Adds those of another loan.
    pub(crate) fn add_all(&mut self, other: &Self) {
        self.allocated += other.allocated;
        self.disbursed += other.disbursed;
        self.released += other.released;
        self.repaid += other.repaid;
        self.interest += other.interest;
        self.written_off += other.written_off;
        self.recovered += other.recovered;
    }
}

/// A funded loan's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// The round that funded it.
    pub round: u32,
    /// The seal that closed that round.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// The figures with which it was funded.
    pub figures: Figures,
    /// What was estimated before, by whom.
    pub estimates: Arc<Estimates>,
    /// The sums of its movements.
    pub sums: Sums,
    /// Its movements, in the order in which they were sealed.
    pub movements: Vec<Movement>,
}

impl Account {
    /// Adds a movement, if it is possible.
    pub(crate) fn book(&mut self, movement: Movement) -> Result<(), Void> {
        self.sums.admits(movement.step, movement.principal)?;
        self.sums.add(movement.step, movement.principal, movement.interest);
        self.movements.push(movement);
        Ok(())
    }

    /// The sums as they were at a time; none of it before the loan was funded.
    #[must_use]
    pub fn at(&self, time: u64) -> Sums {
        let mut sums = Sums::default();
        if self.time <= time {
            sums.allocated = self.sums.allocated;
        }
        for movement in self.movements.iter().take_while(|movement| movement.time <= time) {
            sums.add(movement.step, movement.principal, movement.interest);
        }
        sums
    }
}
