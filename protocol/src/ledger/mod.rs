//! The ledger: the state that follows from the sealed records (SPEC section 9).
//!
//! `ledger(n) = apply(ledger(n-1), seal n)`, a pure fold. Two questions are kept apart:
//!
//! * *Admissible*: may this author say this at all? Judged by the ledger **before** the seal, so that
//!   the order of authors within a seal cannot matter. A seal with an inadmissible record is invalid.
//! * *Effective*: does it change anything? A ballot sealed after the close, an amendment of a loan that
//!   was funded meanwhile: such a record is sealed, so that its author's chain goes on, and is void,
//!   with its reason kept.

mod admissible;
mod alone;
mod arguments;
mod close;
mod count;
mod delegation;
mod effect;
mod eligibility;
mod explain;
mod fold;
mod forecast;
mod preflight;
mod responses;
mod reversible;
mod state;
mod what_if;

pub use admissible::Inadmissible;
pub use alone::TooLargeAlone;
pub use arguments::{Argument, Endorsements, Moderation, OpenQuestion, Tally};
pub use close::Closing;
pub use count::{Count, Counted};
pub use delegation::{Delegation, Way, WayEnd};
pub use effect::Void;
pub use eligibility::{Figures, Ineligible};
pub use explain::{Explanation, Fairness, LoanExplanation, LoanFate, Supporter};
pub use fold::{Applied, ChainFault, SealFault};
pub use forecast::{Chance, ExpectedTurnout, Forecast, Poll, TurnoutBasis};
pub use responses::{Response, Waiting};
pub use state::{
    Attestation, AttestationEnd, AttestationEntry, CastBallot, ChainHead, Deposit, Ledger, Member,
    MemberStatus, Pool, Prediction, Proposal, ProposalStatus, Replacement,
};
pub use what_if::{Change, WhatIf, WhatIfLoan};
