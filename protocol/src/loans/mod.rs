//! Loans after the vote: what became of the money, and what is due when (SPEC sections 9.6 and 10.9).

mod account;
mod calendar;
mod schedule;

pub use account::{Account, Movement, Step, Sums};
pub use calendar::months_after;
pub use schedule::{Installment, schedule};
