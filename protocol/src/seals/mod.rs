//! Seals: how all nodes come to the same set (SPEC section 8).
//!
//! A seal is a batch of records that the witnesses have agreed on. Its header names the seal before
//! it, so that the seals form one chain; its certificate holds the witnesses' signatures, so that
//! anybody can check it offline.

mod certificate;
mod header;
mod merkle;

pub use certificate::{
    Certificate, CertificateError, ProposalStatement, Vote, VoteKind, Witness, WitnessSet,
};
pub(crate) use header::BorrowedBatch;
pub use header::{SealHeader, SealedBatch};
pub use merkle::{merkle_path, merkle_root, root_by_path};
