//! Records that came before what they need: kept in bounded space, and tried again.

use std::collections::BTreeMap;

use mutua_protocol::{hash::RecordId, keys::PublicKey, records::Received};

use super::limits::{PARKED_BYTES, PARKED_PER_AUTHOR, PARKED_RECORDS};

/// Signed, well-formed records that cannot be sealed yet.
#[derive(Debug, Default)]
pub(super) struct Parked {
    entries: BTreeMap<(PublicKey, u64, RecordId), (Received, &'static str)>,
    bytes: usize,
}

impl Parked {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn contains(&self, received: &Received) -> bool {
        let (author, sequence) = received.order();
        self.entries.contains_key(&(author, sequence, received.id))
    }

    /// Keeps a record with the name of the rule it waits for; false if there is no room.
    pub(super) fn put(&mut self, received: Received, rule: &'static str) -> bool {
        let (author, sequence) = received.order();
        let of_author = self.of(&author).count();
        let size = received.bytes.len();
        if of_author >= PARKED_PER_AUTHOR
            || self.entries.len() >= PARKED_RECORDS
            || self.bytes + size > PARKED_BYTES
        {
            return false;
        }
        if self.entries.insert((author, sequence, received.id), (received, rule)).is_none() {
            self.bytes += size;
        }
        true
    }

    fn of(&self, author: &PublicKey) -> impl Iterator<Item = &(PublicKey, u64, RecordId)> {
        let (first, last) = (RecordId([0; 32]), RecordId([0xff; 32]));
        self.entries.range((*author, 0, first)..=(*author, u64::MAX, last)).map(|(key, _)| key)
    }

    /// Takes out the records of an author, by number.
    pub(super) fn take_of(&mut self, author: &PublicKey) -> Vec<Received> {
        let keys: Vec<_> = self.of(author).copied().collect();
        keys.iter()
            .filter_map(|key| {
                let (received, _) = self.entries.remove(key)?;
                self.bytes -= received.bytes.len();
                Some(received)
            })
            .collect()
    }

    /// Takes out everything, by author and number.
    pub(super) fn take_all(&mut self) -> Vec<Received> {
        self.bytes = 0;
        std::mem::take(&mut self.entries).into_values().map(|(received, _)| received).collect()
    }

    /// How many wait for what.
    pub(super) fn by_rule(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (_, rule) in self.entries.values() {
            *counts.entry((*rule).to_owned()).or_insert(0) += 1;
        }
        counts
    }
}
