//! What nodes say to each other, as bytes: canonical like everything else, and bounded.

use mutua_protocol::{
    codec::{self, CodecError},
    hash::{OutcomeDigest, RecordId, Root, SealId},
    limits,
    seals::{Certificate, SealHeader, SealedBatch},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Greatest number of records in one gossip message: one verdict for all, so few enough that a bad
/// one among them costs little.
pub const GOSSIP_RECORDS: usize = 128;

/// Greatest sum of record sizes in one gossip message (`network::limits` allows four times as much).
pub const GOSSIP_BYTES: usize = 64 << 10;

/// Greatest number of record ids in one request.
pub const REQUEST_RECORDS: usize = limits::SEAL_RECORDS;

/// Sum of sizes at which a page of records or seals ends: one more seal of the greatest size fits the
/// [`limits::DECODE_BYTES`] that a message may have.
pub const PAGE_BYTES: usize = 1 << 20;

/// Greatest size of a reconciliation frame.
pub const FRAME_BYTES: u64 = 256 << 10;

/// A new seal, without its records: who followed the gossip holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealNotice {
    /// What was agreed.
    pub header: SealHeader,
    /// By whom.
    pub certificate: Certificate,
    /// The records, in the seal's order.
    pub ids: Vec<RecordId>,
}

/// Where a node stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Number of its newest seal.
    pub height: u64,
    /// That seal.
    pub head: SealId,
    /// How many records it holds that are not sealed.
    pub tail: u32,
    /// A digest over their ids.
    pub tail_digest: Root,
    /// The newest closed round and the outcome that this node computed.
    pub outcome: Option<(u32, OutcomeDigest)>,
}

/// What one node asks another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Where do you stand?
    Standing,
    /// The seals from this height on.
    Seals {
        /// The first wanted.
        from: u64,
    },
    /// These records, sealed or not.
    Records {
        /// At most [`REQUEST_RECORDS`].
        ids: Vec<RecordId>,
    },
    /// A negentropy message about the tail.
    Reconcile {
        /// At most [`FRAME_BYTES`].
        message: Vec<u8>,
    },
}

/// The answers, one for each kind of [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// To [`Request::Standing`].
    Standing(Standing),
    /// To [`Request::Seals`]: as many as fit a page, none beyond the newest.
    Seals(Vec<SealedBatch>),
    /// To [`Request::Records`]: the canonical bytes of those that are held and fit a page.
    Records(Vec<Vec<u8>>),
    /// To [`Request::Reconcile`].
    Reconcile(Vec<u8>),
}

/// The bytes of a message.
#[must_use]
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    codec::encode(message)
}

/// A message from its bytes.
///
/// # Errors
/// [`CodecError`] when they are too long, malformed or not canonical.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    codec::decode(bytes, limits::DECODE_BYTES)
}
