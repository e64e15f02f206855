//! Loans after the vote: what is due when (SPEC section 10.9).

mod calendar;
mod schedule;

pub use calendar::months_after;
pub use schedule::{Installment, schedule};
