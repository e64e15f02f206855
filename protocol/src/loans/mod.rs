//! Loans after the vote: what became of the money, what is due when, and how right those were who had estimated the
//! risk (SPEC sections 9.6 and 10.9 to 10.11).

mod account;
mod calendar;
mod estimates;
mod portfolio;
mod schedule;
mod track_record;

pub use account::{Account, Movement, Step, Sums};
pub use calendar::months_after;
pub use estimates::{AttestedRisk, Estimates, PredictedRisk};
pub use portfolio::{AGES_DAYS, Due, LoanFigures, LoanLine, LoanStatus, PoolFigures, Portfolio, portfolio};
pub use schedule::{Installment, schedule};
pub use track_record::{AttestorRecord, Calibration, EndedLoan, Score, TrackRecord, track_record};
