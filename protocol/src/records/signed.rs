//! The frame of every record: who, where in the author's chain, what, and the signature.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Ballot, Body, BodyError, Kind, RecordHeader, SignedHeader};
use crate::{
    charter::Community,
    codec::{self, CodecError},
    hash::{BodyHash, CommunityId, Context, RecordId},
    keys::{Claim, KnownKeys, PublicKey, Purpose, SecretKey, Signature},
};

/// What an author says, and at which place of their chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
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
    /// What it says.
    pub body: Body,
}

/// A record with its author's signature: what travels and is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedRecord {
    /// The record.
    pub record: Record,
    /// By its author, over the record's id.
    pub signature: Signature,
}

impl Record {
    /// The record before an author's first.
    pub const NONE: RecordId = RecordId([0; 32]);

    /// The record with the hash of its body in the body's place.
    #[must_use]
    pub fn header(&self) -> RecordHeader {
        self.headed(BodyHash(Context::body().derive(&[&codec::encode(&self.body)])))
    }

    /// The record's name: that of its header.
    #[must_use]
    pub fn id(&self) -> RecordId {
        self.header().id()
    }

    /// Signs the record.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedRecord {
        let signature = key.sign(Purpose::Record, &self.id().0);
        SignedRecord { record: self, signature }
    }

    fn headed(&self, body: BodyHash) -> RecordHeader {
        RecordHeader {
            community: self.community,
            author: self.author,
            sequence: self.sequence,
            previous: self.previous,
            clock: self.clock,
            body,
        }
    }
}

impl SignedRecord {
    /// Decodes canonical bytes of at most `limit` bytes. Nearly all records of a log are ballots, which
    /// are read by hand.
    pub(super) fn decode(bytes: &[u8], limit: usize) -> Result<Self, CodecError> {
        codec::decode_quickly(bytes, limit, |fields| {
            let community = CommunityId(fields.array()?);
            let author = PublicKey(fields.array()?);
            let (sequence, previous) = (fields.u64()?, RecordId(fields.array()?));
            let clock = fields.u64()?;
            if fields.u32()? != Ballot::VARIANT {
                return None;
            }
            let body = Body::Ballot(Ballot::fields(fields)?);
            let record = Record { community, author, sequence, previous, clock, body };
            Some(Self { record, signature: Signature(fields.array()?) })
        })
    }

    /// The canonical bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// A record that came from outside, with its id and its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its name.
    pub id: RecordId,
    /// The hash of its body.
    pub body: BodyHash,
    /// Its canonical bytes.
    pub bytes: Arc<[u8]>,
    /// What the bytes say.
    pub signed: SignedRecord,
}

/// Why bytes are no record of this community.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRecord {
    /// The bytes do not decode, or are not canonical.
    #[error("not a record: {0}")]
    Codec(#[from] CodecError),
    /// It belongs to another community.
    #[error("the record belongs to community {0}, not to this one")]
    Community(CommunityId),
    /// Sequence numbers begin at 1, and only the first record has no predecessor.
    #[error("sequence number {0} does not fit its predecessor: the first record is number 1 and has none")]
    Sequence(u64),
    /// The body breaks a bound.
    #[error("{kind:?}: {error}")]
    Body {
        /// The kind of body.
        kind: Kind,
        /// What is wrong.
        error: BodyError,
    },
}

impl Received {
    /// Decodes canonical bytes and checks everything but the signature and the ledger.
    ///
    /// # Errors
    /// [`MalformedRecord`] that says which rule is broken.
    pub fn decode(bytes: &[u8], community: &Community) -> Result<Self, MalformedRecord> {
        Self::decode_knowing(bytes, community, &KnownKeys::up_to(0))
    }

    /// As [`Received::decode`], for those who decode many records.
    pub(crate) fn decode_knowing(
        bytes: &[u8],
        community: &Community,
        known: &KnownKeys,
    ) -> Result<Self, MalformedRecord> {
        let signed = SignedRecord::decode(bytes, community.widest.record_bytes as usize)?;
        let record = &signed.record;
        if record.community != community.id {
            return Err(MalformedRecord::Community(record.community));
        }
        if record.sequence == 0 || (record.sequence == 1) != (record.previous == Record::NONE) {
            return Err(MalformedRecord::Sequence(record.sequence));
        }
        let kind = record.body.kind();
        record
            .body
            .check_knowing(community, &record.author, known)
            .map_err(|error| MalformedRecord::Body { kind, error })?;
        // The body stands between the other fields and the signature, in bytes just found canonical.
        let (fields, rest) = bytes.split_at(RecordHeader::BYTES - BodyHash::LENGTH);
        let body = BodyHash(Context::body().derive(&[&rest[..rest.len() - Signature::LENGTH]]));
        let id = RecordId(Context::record().derive(&[fields, &body.0]));
        debug_assert_eq!(id, record.headed(body).id(), "a header is those fields and the hash");
        Ok(Self { id, body, bytes: bytes.into(), signed })
    }

    /// A record that this program has made itself.
    #[must_use]
    pub fn own(signed: SignedRecord) -> Self {
        let header = signed.record.header();
        Self { id: header.id(), body: header.body, bytes: signed.bytes().into(), signed }
    }

    /// What its author says.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.signed.record
    }

    /// What remains of it without its body: enough to prove that its author signed it.
    #[must_use]
    pub fn signed_header(&self) -> SignedHeader {
        SignedHeader { header: self.record().headed(self.body), signature: self.signed.signature }
    }

    /// The claim that the author signed it, to be checked in a batch.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            key: self.record().author,
            signature: self.signed.signature,
            message: Purpose::Record.message(&self.id.0),
        }
    }

    /// Where it stands in a seal: by author, then by sequence number.
    #[must_use]
    pub fn order(&self) -> (PublicKey, u64) {
        (self.record().author, self.record().sequence)
    }
}
