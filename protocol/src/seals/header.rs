//! The header of a seal, and the batch that travels with it.

use serde::{Deserialize, Serialize};

use super::{Certificate, merkle_root};
use crate::{
    codec,
    hash::{CommunityId, OutcomeDigest, RecordId, Root, SealId, context, derive},
};

/// What the witnesses agree on and sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealHeader {
    /// The community whose log this is.
    pub community: CommunityId,
    /// Number of the seal, from 1.
    pub height: u64,
    /// The seal before this one; zeros for the first.
    pub previous: SealId,
    /// The witnesses' clock: milliseconds since 1970, greater than the previous seal's.
    pub time: u64,
    /// How many records the seal holds.
    pub count: u32,
    /// Merkle root over the record ids, sorted by author and sequence number.
    pub root: Root,
    /// The outcome of the round that this seal closes, if it closes one.
    pub closes: Option<OutcomeDigest>,
}

impl SealHeader {
    /// Greatest size of the canonical bytes.
    pub const BYTES: usize = 32 + 8 + 32 + 8 + 4 + 32 + 33;

    /// The seal's name.
    #[must_use]
    pub fn id(&self) -> SealId {
        SealId(derive(context::SEAL, &codec::encode(self)))
    }

    /// The Merkle root over record ids in the seal's order.
    #[must_use]
    pub fn root_of(ids: &[RecordId]) -> Root {
        merkle_root(context::SEAL_TREE, ids.iter().map(|id| id.0))
    }
}

/// A seal with everything needed to check it and apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch {
    /// What was agreed.
    pub header: SealHeader,
    /// By whom.
    pub certificate: Certificate,
    /// The canonical bytes of each signed record, sorted by author and sequence number.
    pub records: Vec<Vec<u8>>,
}
