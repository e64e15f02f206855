//! Somebody who signs records, and keeps their own chain.

use mutua_protocol::{
    hash::{CommunityId, RecordId},
    keys::{PublicKey, SecretKey},
    records::{Body, Received, Record},
};

use crate::now;

/// An author with a key and a chain. A clone is the same author who has forgotten what happens next: the way to a
/// fork.
#[derive(Debug, Clone)]
pub struct Author {
    community: CommunityId,
    key: SecretKey,
    sequence: u64,
    previous: RecordId,
}

impl Author {
    /// An author whose chain has no record yet.
    #[must_use]
    pub fn new(community: CommunityId, key: SecretKey) -> Self {
        Self { community, key, sequence: 0, previous: Record::NONE }
    }

    /// An author whose newest record is this one.
    #[must_use]
    pub fn resumed(community: CommunityId, key: SecretKey, sequence: u64, previous: RecordId) -> Self {
        Self { community, key, sequence, previous }
    }

    /// Their public key.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.key.public()
    }

    /// The number of their newest record.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The next record in the chain, not yet signed.
    #[must_use]
    pub fn next(&self, body: Body) -> Record {
        Record {
            community: self.community,
            author: self.key(),
            sequence: self.sequence + 1,
            previous: self.previous,
            clock: now(),
            body,
        }
    }

    /// Signs any record with this author's key, and leaves the chain as it is.
    #[must_use]
    pub fn sign(&self, record: Record) -> Received {
        Received::own(record.sign(&self.key))
    }

    /// Says something: the next record of the chain.
    pub fn say(&mut self, body: Body) -> Received {
        let received = self.sign(self.next(body));
        self.sequence += 1;
        self.previous = received.id;
        received
    }
}
