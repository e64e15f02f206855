//! Proof that an author signed two different records with one sequence number.

use serde::{Deserialize, Serialize};

use super::{Received, SignedHeader};
use crate::{
    hash::CommunityId,
    keys::{KeyError, PublicKey},
};

/// The signed headers of two records of one author with one sequence number, the one with the smaller
/// id first. What the records say is no part of the proof: two records with one number are
/// misbehaviour whatever their bodies are, another proof or bytes without meaning included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fork {
    /// The record with the smaller id.
    pub first: SignedHeader,
    /// The record with the greater id.
    pub second: SignedHeader,
}

/// Why two signed headers prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// One of them is meant for another community.
    #[error("one of the two records belongs to community {0}, not to this one")]
    Community(CommunityId),
    /// They are not by one author with one sequence number, or not sorted, or the same.
    #[error(
        "the two records are no fork: they need one author, one sequence number and different ids in order"
    )]
    NoFork,
    /// A signature does not hold.
    #[error("the signature of one of the two records does not hold")]
    Signature,
}

impl From<KeyError> for EvidenceError {
    fn from(_: KeyError) -> Self {
        Self::Signature
    }
}

impl Fork {
    /// Length of the canonical bytes.
    pub const BYTES: usize = 2 * SignedHeader::BYTES;

    /// The evidence made of two records, in canonical order.
    #[must_use]
    pub fn of(a: &Received, b: &Received) -> Self {
        let (first, second) = if a.id < b.id { (a, b) } else { (b, a) };
        Self { first: first.signed_header(), second: second.signed_header() }
    }

    /// Whose fork it is. Only after [`Self::check`].
    #[must_use]
    pub const fn author(&self) -> PublicKey {
        self.first.header.author
    }

    /// At which sequence number. Only after [`Self::check`].
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.first.header.sequence
    }

    /// Checks the proof from nothing but the community's id (check 5.1).
    ///
    /// # Errors
    /// [`EvidenceError`] that says what it lacks.
    pub fn check(&self, community: CommunityId) -> Result<(), EvidenceError> {
        let (first, second) = (&self.first.header, &self.second.header);
        for header in [first, second] {
            if header.community != community {
                return Err(EvidenceError::Community(header.community));
            }
        }
        let is_fork =
            first.author == second.author && first.sequence == second.sequence && first.id() < second.id();
        if !is_fork {
            return Err(EvidenceError::NoFork);
        }
        self.first.check()?;
        self.second.check()?;
        Ok(())
    }
}
