//! The header of a record: who said something, at which place of their chain, and the hash of what
//! was said (SPEC section 6.1).
//!
//! Its hash is the record's id, and the id is what the author signs. So whoever holds a signed
//! header can prove that the author signed a record with this number and this body, without the body.

use serde::{Deserialize, Serialize};

use crate::{
    codec,
    hash::{BodyHash, CommunityId, RecordId, context, derive},
    keys::{Claim, KeyError, PublicKey, Purpose, Signature},
};

/// A record without its body: what the record's id is the hash of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordHeader {
    /// The community it is meant for.
    pub community: CommunityId,
    /// Who says it.
    pub author: PublicKey,
    /// Its number in the author's chain, from 1.
    pub sequence: u64,
    /// The author's record before it; zeros for the first.
    pub previous: RecordId,
    /// The author's clock, milliseconds since 1970. Advisory: nothing is decided by it.
    pub clock: u64,
    /// The hash of what it says.
    pub body: BodyHash,
}

impl RecordHeader {
    /// Length of the canonical bytes.
    pub const BYTES: usize = 144;

    /// The record's name.
    #[must_use]
    pub fn id(&self) -> RecordId {
        RecordId(derive(context::RECORD, &codec::encode(self)))
    }
}

/// A record's header with the author's signature: a proof that the author signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedHeader {
    /// The header.
    pub header: RecordHeader,
    /// By the author, over the record's id.
    pub signature: Signature,
}

impl SignedHeader {
    /// Length of the canonical bytes.
    pub const BYTES: usize = RecordHeader::BYTES + Signature::LENGTH;

    /// Checks that the author signed it. Whether there is a body with this hash, and whether it is within
    /// bounds, a header alone cannot say.
    ///
    /// # Errors
    /// [`KeyError::Signature`] when the signature does not hold.
    pub fn check(&self) -> Result<(), KeyError> {
        self.header.author.verify(Purpose::Record, &self.header.id().0, &self.signature)
    }

    /// The claim that the author signed it, to be checked in a batch.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            key: self.header.author,
            signature: self.signature,
            message: Purpose::Record.message(&self.header.id().0),
        }
    }
}
