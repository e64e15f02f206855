//! Everything in mutua that decides anything.
//!
//! Pure functions and state machines: no async, no files, no sockets, no clock (time comes in as
//! a value), no floats, and no unordered iteration in any result. `protocol/SPEC.md` describes
//! every byte and rule in this crate exactly enough to write a second implementation.

pub mod allocation;
pub mod archive;
pub mod charter;
pub mod codec;
pub mod evidence;
pub mod hash;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod loans;
pub mod outcome;
pub mod pabulib;
pub mod receipt;
pub mod records;
pub mod seals;
pub mod text;
