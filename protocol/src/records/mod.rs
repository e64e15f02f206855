//! Records: signed statements, one author each (SPEC section 6).

mod argument;
mod body;
mod delegation;
mod evidence;
mod header;
mod proposal;
mod response;
mod signed;

pub use argument::{On, Stance};
pub use body::{
    Answer, Assessment, Ballot, Body, BodyError, Choice, Direction, Kind, Score, Verdict, replacement,
    succession,
};
pub use delegation::Scope;
pub use evidence::{EvidenceError, Fork};
pub use header::{RecordHeader, SignedHeader};
pub use proposal::{CharterChange, Loan, Motion, ProposalId, Repayment, Subject};
pub use response::{About, ResponseStatus};
pub use signed::{MalformedRecord, Received, Record, SignedRecord};
