//! The archive: one file that holds a community's whole log, and its verification (SPEC sections 11, 12).

mod audit;
mod check;
mod frames;
mod open;
mod survey;
mod tally;
mod verify;

pub use audit::{Auditor, Fault, SealReport};
pub use check::{Check, Group};
pub use frames::{
    ArchiveError, ArchiveReader, Frame, MAGIC, SEAL_FRAME, end_frame, opening, seal_frame, seal_frame_of,
};
pub use open::{OpenedSeal, open_batch, open_seals};
pub use survey::{Surveyed, Surveyor, survey};
pub use tally::Tally;
pub use verify::{VerifyError, verify};
