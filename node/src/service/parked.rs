//! Records that came before what they need: kept in bounded space, and tried again.

use std::collections::BTreeMap;

use mutua_protocol::{hash::RecordId, keys::PublicKey, records::Received};

use super::limits::{PARKED_BYTES, PARKED_PER_AUTHOR, PARKED_RECORDS, PARKED_STRANGERS};

type Place = (PublicKey, u64, RecordId);

/// Signed, well-formed records that cannot be sealed yet.
#[derive(Debug, Default)]
pub(super) struct Parked {
    entries: BTreeMap<Place, Waiting>,
    ids: BTreeMap<RecordId, Place>,
    /// Those by unknown authors, in the order in which they came.
    strangers: BTreeMap<u64, Place>,
    bytes: usize,
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    received: Received,
    rule: &'static str,
    /// Its number among those by unknown authors, if it is one.
    stranger: Option<u64>,
}

impl Parked {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn has(&self, id: &RecordId) -> bool {
        self.ids.contains_key(id)
    }

    /// Keeps a record with the name of the rule it waits for; false if there is no room. Authors that the
    /// ledger does not know cost nothing to invent: they have a smaller place to themselves, in which the
    /// newest takes that of the oldest.
    pub(super) fn put(&mut self, received: Received, rule: &'static str, is_stranger: bool) -> bool {
        if self.has(&received.id) {
            return true;
        }
        let (author, sequence) = received.order();
        if self.of(&author).count() >= PARKED_PER_AUTHOR {
            return false;
        }
        while is_stranger && self.strangers.len() >= PARKED_STRANGERS {
            let Some((_, oldest)) = self.strangers.first_key_value() else { break };
            let oldest = *oldest;
            self.remove(&oldest);
        }
        let size = received.bytes.len();
        while self.entries.len() >= PARKED_RECORDS || self.bytes + size > PARKED_BYTES {
            let Some((_, oldest)) = self.strangers.first_key_value() else { return false };
            let oldest = *oldest;
            self.remove(&oldest);
        }
        let place = (author, sequence, received.id);
        let stranger = is_stranger.then_some(self.next);
        self.next += 1;
        if let Some(number) = stranger {
            self.strangers.insert(number, place);
        }
        self.bytes += size;
        self.ids.insert(received.id, place);
        self.entries.insert(place, Waiting { received, rule, stranger });
        true
    }

    fn remove(&mut self, place: &Place) -> Option<Received> {
        let Waiting { received, stranger, .. } = self.entries.remove(place)?;
        self.ids.remove(&received.id);
        if let Some(number) = stranger {
            self.strangers.remove(&number);
        }
        self.bytes -= received.bytes.len();
        Some(received)
    }

    fn of(&self, author: &PublicKey) -> impl Iterator<Item = &Place> {
        let (first, last) = (RecordId([0; 32]), RecordId([0xff; 32]));
        self.entries.range((*author, 0, first)..=(*author, u64::MAX, last)).map(|(place, _)| place)
    }

    /// Forgets a record.
    pub(super) fn forget(&mut self, id: &RecordId) {
        if let Some(place) = self.ids.get(id).copied() {
            self.remove(&place);
        }
    }

    /// Other records of this record's author with its number.
    pub(super) fn rivals(&self, received: &Received) -> Vec<RecordId> {
        let (author, sequence) = received.order();
        self.of(&author)
            .filter(|(_, number, id)| *number == sequence && *id != received.id)
            .map(|(_, _, id)| *id)
            .collect()
    }

    /// Takes out the records of an author, by number.
    pub(super) fn take_of(&mut self, author: &PublicKey) -> Vec<Received> {
        let places: Vec<_> = self.of(author).copied().collect();
        places.iter().filter_map(|place| self.remove(place)).collect()
    }

    /// Takes out everything, by author and number.
    pub(super) fn take_all(&mut self) -> Vec<Received> {
        std::mem::take(self).entries.into_values().map(|waiting| waiting.received).collect()
    }

    /// How many wait for what.
    pub(super) fn by_rule(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for waiting in self.entries.values() {
            *counts.entry(waiting.rule.to_owned()).or_insert(0) += 1;
        }
        counts
    }
}
