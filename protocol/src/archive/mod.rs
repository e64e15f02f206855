//! The archive: one file that holds a community's whole log, and its verification (SPEC sections 11, 12).

mod audit;
mod check;
mod frames;
mod verify;

pub use audit::{Auditor, Fault, SealReport, open_batch};
pub use check::{Check, Group};
pub use frames::{ArchiveError, ArchiveReader, Frame, MAGIC, end_frame, opening, seal_frame};
pub use verify::{VerifyError, verify};
