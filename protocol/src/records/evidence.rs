//! Proof that an author signed two different records with one sequence number.

use serde::{Deserialize, Serialize};

use super::{Body, MalformedRecord, Received};
use crate::{
    charter::Community,
    hash::RecordId,
    keys::{PublicKey, Purpose},
};

/// Two records of one author with one sequence number: the canonical bytes of both, the one with the
/// smaller id first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The record with the smaller id.
    pub first: Vec<u8>,
    /// The record with the greater id.
    pub second: Vec<u8>,
}

/// Why two records prove nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// One of them is no record.
    #[error("one of the two records is malformed: {0}")]
    Malformed(Box<MalformedRecord>),
    /// They are not by one author with one sequence number, or not sorted, or the same.
    #[error(
        "the two records are no fork: they need one author, one sequence number and different ids in order"
    )]
    NoFork,
    /// A signature does not hold.
    #[error("the signature of one of the two records does not hold")]
    Signature,
    /// Evidence about evidence, without end.
    #[error("evidence about evidence is not accepted")]
    Nested,
}

impl Fork {
    /// The evidence made of two records, in canonical order.
    #[must_use]
    pub fn of(a: &Received, b: &Received) -> Self {
        let (first, second) = if a.id < b.id { (a, b) } else { (b, a) };
        Self { first: first.bytes.to_vec(), second: second.bytes.to_vec() }
    }

    /// Checks the proof from nothing but the charter.
    ///
    /// # Errors
    /// [`EvidenceError`] that says what it lacks.
    pub fn check(&self, community: &Community) -> Result<(), EvidenceError> {
        let [first, second] = self.records(community)?;
        let same = first.record().author == second.record().author
            && first.record().sequence == second.record().sequence
            && first.id < second.id;
        if !same {
            return Err(EvidenceError::NoFork);
        }
        for received in [&first, &second] {
            received
                .record()
                .author
                .verify(Purpose::Record, &received.id.0, &received.signed.signature)
                .map_err(|_| EvidenceError::Signature)?;
        }
        Ok(())
    }

    /// Whose fork it is, at which sequence number, and which two records. Only after [`Self::check`].
    #[must_use]
    pub fn about(&self, community: &Community) -> Option<(PublicKey, u64, [RecordId; 2])> {
        let [first, second] = self.records(community).ok()?;
        Some((first.record().author, first.record().sequence, [first.id, second.id]))
    }

    fn records(&self, community: &Community) -> Result<[Received; 2], EvidenceError> {
        let decode = |bytes: &[u8]| {
            let peeked = Received::decode_flat(bytes, community)
                .map_err(|error| EvidenceError::Malformed(Box::new(error)))?;
            if matches!(peeked.record().body, Body::Evidence(_)) {
                return Err(EvidenceError::Nested);
            }
            Ok(peeked)
        };
        Ok([decode(&self.first)?, decode(&self.second)?])
    }
}
