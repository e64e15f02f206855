//! The header of a seal, and the batch that travels with it.

use serde::{Deserialize, Serialize};

use super::{Certificate, merkle_root};
use crate::{
    codec::{self, CodecError, Fields},
    hash::{CommunityId, OutcomeDigest, RecordId, Root, SealId, context, derive},
    keys::{PublicKey, Signature},
    limits,
};

/// What the witnesses agree on and sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SealedBatch {
    /// What was agreed.
    pub header: SealHeader,
    /// By whom.
    pub certificate: Certificate,
    /// The canonical bytes of each signed record, sorted by author and sequence number.
    pub records: Vec<Vec<u8>>,
}

impl SealedBatch {
    /// Decodes canonical bytes of at most [`limits::DECODE_BYTES`].
    ///
    /// # Errors
    /// [`CodecError`] when they are no sealed batch.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode_quickly(bytes, limits::DECODE_BYTES, |fields| {
            let BorrowedBatch { header, certificate, records } = BorrowedBatch::fields(fields)?;
            Some(Self { header, certificate, records: records.into_iter().map(<[u8]>::to_vec).collect() })
        })
    }
}

/// A sealed batch whose records lie where it was read.
pub(crate) struct BorrowedBatch<'a> {
    pub(crate) header: SealHeader,
    pub(crate) certificate: Certificate,
    pub(crate) records: Vec<&'a [u8]>,
}

impl<'a> BorrowedBatch<'a> {
    /// Reads canonical bytes by hand; nothing if they are no sealed batch.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        codec::read_by_hand(bytes, limits::DECODE_BYTES, Self::fields)
    }

    fn fields(fields: &mut Fields<'a>) -> Option<Self> {
        let header = SealHeader {
            community: CommunityId(fields.array()?),
            height: fields.u64()?,
            previous: SealId(fields.array()?),
            time: fields.u64()?,
            count: fields.u32()?,
            root: Root(fields.array()?),
            closes: if fields.flag()? { Some(OutcomeDigest(fields.array()?)) } else { None },
        };
        let certificate = Certificate {
            round: fields.u32()?,
            signatures: fields.list(PublicKey::LENGTH + Signature::LENGTH, |fields| {
                Some((PublicKey(fields.array()?), Signature(fields.array()?)))
            })?,
        };
        let records = fields.list(size_of::<u64>(), Fields::blob)?;
        Some(Self { header, certificate, records })
    }
}
