//! That a record is in a seal.

use serde::{Deserialize, Serialize};

use super::{CertifiedSeal, ReceiptCheck, ReceiptFault};
use crate::{
    charter::Community,
    hash::{RecordId, Root, SealId, context},
    keys::Purpose,
    records::{Body, MalformedRecord, Received, Record, RecordHeader, SignedHeader},
    seals::{merkle_path, root_by_path},
};

/// The proof that a record is in a seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedProof {
    /// The record.
    pub content: Content,
    /// Its position in the seal, from 0.
    pub position: u32,
    /// What stands beside it on the way to the seal's root, from below.
    pub path: Vec<Root>,
    /// The seal.
    pub seal: CertifiedSeal,
}

/// A record, whole or without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// The canonical bytes of the signed record.
    Whole(Vec<u8>),
    /// Its signed header.
    Header(SignedHeader),
}

/// A record that is in a seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenSeal {
    /// The record.
    pub record: RecordId,
    /// Who said it, and when by their own clock.
    pub header: RecordHeader,
    /// What it says, where the receipt shows that.
    pub body: Option<Body>,
    /// Number of the seal.
    pub height: u64,
    /// The seal.
    pub seal: SealId,
    /// Its time by the witnesses' clock: milliseconds since 1970.
    pub time: u64,
}

impl SealedProof {
    /// The proof that this record is in this seal, whose records have these ids. Nothing if it is not in there.
    #[must_use]
    pub fn new(record: &Received, seal: CertifiedSeal, ids: &[RecordId]) -> Option<Self> {
        let position = ids.iter().position(|id| *id == record.id)?;
        let path = merkle_path(context::SEAL_TREE, ids.iter().map(|id| id.0), position)?;
        let content = Content::Whole(record.bytes.to_vec());
        Some(Self { content, position: u32::try_from(position).ok()?, path, seal })
    }

    /// Checks it (checks 6.2 to 6.5).
    ///
    /// # Errors
    /// [`ReceiptFault`] with the first check that fails.
    pub fn verify(&self, community: &Community) -> Result<ProvenSeal, ReceiptFault> {
        let seal = &self.seal.header;
        if seal.community != community.id {
            return Err(ReceiptCheck::Community.fault("the seal belongs to another community"));
        }
        let (header, body) = self.content.open(community.at(seal.height))?;
        let record = header.id();
        let count = u64::from(seal.count);
        let led = root_by_path(context::SEAL_TREE, &record.0, self.position.into(), count, &self.path);
        if led != Some(seal.root) {
            return Err(ReceiptCheck::Sealed.fault("the path does not lead to the root of the seal"));
        }
        self.seal.check(community).map_err(|error| ReceiptCheck::Certificate.fault(error))?;
        Ok(ProvenSeal { record, header, body, height: seal.height, seal: seal.id(), time: seal.time })
    }
}

impl Content {
    /// The record's header, and its body if it is there.
    fn open(&self, community: &Community) -> Result<(RecordHeader, Option<Body>), ReceiptFault> {
        let (signed, body) = match self {
            Self::Whole(bytes) => {
                let received = Received::decode(bytes, community).map_err(|error| {
                    let check = match error {
                        MalformedRecord::Community(_) => ReceiptCheck::Community,
                        _ => ReceiptCheck::Record,
                    };
                    check.fault(error)
                })?;
                (received.signed_header(), Some(received.signed.record.body))
            }
            Self::Header(signed) => (*signed, None),
        };
        let header = signed.header;
        if header.community != community.id {
            return Err(ReceiptCheck::Community.fault("the record belongs to another community"));
        }
        if header.sequence == 0 || (header.sequence == 1) != (header.previous == Record::NONE) {
            return Err(ReceiptCheck::Record.fault(MalformedRecord::Sequence(header.sequence)));
        }
        header
            .author
            .verify(Purpose::Record, &header.id().0, &signed.signature)
            .map_err(|error| ReceiptCheck::Record.fault(error))?;
        Ok((header, body))
    }

    pub(super) fn without_body(&self, community: &Community) -> Self {
        match self {
            Self::Whole(bytes) => Received::decode(bytes, community)
                .map_or_else(|_| self.clone(), |received| Self::Header(received.signed_header())),
            Self::Header(_) => self.clone(),
        }
    }
}
