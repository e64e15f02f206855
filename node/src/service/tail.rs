//! The tail: records that this node holds and no seal holds yet, each author's in its chain.

use std::collections::BTreeMap;

use mutua_protocol::{
    hash::{RecordId, Root, derive},
    keys::PublicKey,
    ledger::{ChainHead, Ledger},
    limits::{SEAL_BYTES, SEAL_RECORDS},
    records::Received,
};

use super::Now;

/// A record of the tail.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// The record.
    pub(super) received: Received,
    /// When it came, by the clock on the wall: what counts for a close.
    pub(super) arrived: u64,
    /// When it came, or this node started: what counts for patience.
    pub(super) since: u64,
}

/// The records that are held and not sealed.
#[derive(Debug, Default)]
pub(super) struct Tail {
    entries: BTreeMap<(PublicKey, u64), Held>,
    places: BTreeMap<RecordId, (PublicKey, u64)>,
    heads: BTreeMap<PublicKey, ChainHead>,
    digest: Option<Root>,
}

impl Tail {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, id: &RecordId) -> Option<&Held> {
        self.entries.get(self.places.get(id)?)
    }

    pub(super) fn at(&self, author: &PublicKey, sequence: u64) -> Option<&Held> {
        self.entries.get(&(*author, sequence))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.entries.values()
    }

    /// The end of an author's chain, with what is sealed.
    pub(super) fn chain(&self, author: &PublicKey, ledger: &Ledger) -> ChainHead {
        self.heads.get(author).copied().unwrap_or_else(|| ledger.chain(author))
    }

    /// Adds the next record of its author's chain.
    pub(super) fn push(&mut self, received: Received, arrived: u64, now: Now, ledger: &Ledger) {
        let (author, sequence) = received.order();
        let head = self.chain(&author, ledger).after(&received, ledger.round());
        self.heads.insert(author, head);
        self.places.insert(received.id, (author, sequence));
        self.entries.insert((author, sequence), Held { received, arrived, since: now.elapsed });
        self.digest = None;
    }

    /// Takes out all records of an author, in order.
    pub(super) fn take(&mut self, author: &PublicKey) -> Vec<Held> {
        if self.heads.remove(author).is_none() {
            return Vec::new();
        }
        let keys: Vec<(PublicKey, u64)> =
            self.entries.range((*author, 0)..=(*author, u64::MAX)).map(|(key, _)| *key).collect();
        self.digest = None;
        keys.iter()
            .filter_map(|key| {
                let held = self.entries.remove(key)?;
                self.places.remove(&held.received.id);
                Some(held)
            })
            .collect()
    }

    /// Puts back a record that was taken out.
    pub(super) fn put_back(&mut self, held: Held, ledger: &Ledger) {
        let now = Now { wall: held.arrived, elapsed: held.since };
        self.push(held.received, held.arrived, now, ledger);
    }

    /// The authors who have records here.
    pub(super) fn authors(&self) -> Vec<PublicKey> {
        self.heads.keys().copied().collect()
    }

    /// A digest over the ids.
    pub(super) fn digest(&mut self) -> Root {
        *self.digest.get_or_insert_with(|| {
            let ids: Vec<u8> = self.places.keys().flat_map(|id| id.0).collect();
            Root(derive("mutua 1 tail digest", &ids))
        })
    }

    /// For each author, the records that could be sealed next, in order. A chain ends where the ledger
    /// does not admit it (any more), or where `wanted` says no.
    fn sealable<'a>(
        &'a self,
        ledger: &'a Ledger,
        wanted: impl Fn(&Held) -> bool + 'a,
    ) -> impl Iterator<Item = Vec<&'a Held>> + 'a {
        self.heads.keys().filter_map(move |author| {
            let mut chain = ledger.chain(author);
            let mut run = Vec::new();
            for held in self.entries.range((*author, 0)..=(*author, u64::MAX)).map(|(_, held)| held) {
                let fits = wanted(held)
                    && chain.accepts(&held.received).is_ok()
                    && ledger.within_quota(author, &chain).is_ok()
                    && ledger.admissible(held.received.record()).is_ok();
                if !fits {
                    break;
                }
                chain = chain.after(&held.received, ledger.round());
                run.push(held);
            }
            (!run.is_empty()).then_some(run)
        })
    }

    /// When the record came that has waited longest, if so few wait that it matters.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.entries.values().map(|held| held.since).min()
    }

    /// The records of the next seal, sorted by author and number: those who have waited longest first,
    /// as many as fit. Says also whether any had to be left out for want of room.
    pub(super) fn gather(&self, ledger: &Ledger, before: Option<u64>) -> (Vec<Received>, bool) {
        let mut runs: Vec<Vec<&Held>> =
            self.sealable(ledger, move |held| before.is_none_or(|close| held.arrived < close)).collect();
        runs.sort_by_key(|run| run.first().map(|held| (held.arrived, held.received.order())));
        let (mut chosen, mut bytes, mut full) = (Vec::new(), 0, false);
        'runs: for run in runs {
            for held in run {
                let size = held.received.bytes.len();
                if chosen.len() == SEAL_RECORDS || bytes + size > SEAL_BYTES {
                    full = true;
                    break 'runs;
                }
                bytes += size;
                chosen.push(held.received.clone());
            }
        }
        chosen.sort_by_key(Received::order);
        (chosen, full)
    }

    /// A record that has waited longer than patience, came before `before`, could be sealed next, and is not in
    /// the seal, while the seal holds no other branch of its author's chain.
    pub(super) fn left_out(
        &self,
        ledger: &Ledger,
        seal: &[Received],
        older_than: u64,
        before: Option<u64>,
    ) -> Option<RecordId> {
        let held_long =
            |held: &Held| held.since <= older_than && before.is_none_or(|close| held.arrived < close);
        let sealed: BTreeMap<(PublicKey, u64), RecordId> =
            seal.iter().map(|received| (received.order(), received.id)).collect();
        self.sealable(ledger, held_long).find_map(|run| {
            for held in run {
                match sealed.get(&held.received.order()) {
                    Some(id) if *id == held.received.id => {}
                    Some(_) => return None,
                    None => return Some(held.received.id),
                }
            }
            None
        })
    }
}
