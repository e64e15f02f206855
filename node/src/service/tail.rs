//! The tail: records that this node holds and no seal holds yet, each author's in its chain.

use std::collections::{BTreeMap, BTreeSet};

use mutua_protocol::{
    hash::{RecordId, Root, derive},
    keys::PublicKey,
    ledger::{ChainHead, Inadmissible, Ledger},
    limits::{SEAL_BYTES, SEAL_RECORDS},
    records::Received,
};

/// A record of the tail.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// The record.
    pub(super) received: Received,
    /// When it came, by the clock on the wall: what counts for a close.
    pub(super) arrived: u64,
    /// When it came, or this node started: what counts for patience.
    pub(super) since: u64,
    /// Could it be sealed next, with those before it in its author's chain? Every node with the same
    /// seals answers alike. The others wait here: their author may be readmitted.
    ready: bool,
}

/// The records that are held and not sealed.
#[derive(Debug, Default)]
pub(super) struct Tail {
    entries: BTreeMap<(PublicKey, u64), Held>,
    places: BTreeMap<RecordId, (PublicKey, u64)>,
    heads: BTreeMap<PublicKey, ChainHead>,
    /// Those that are ready, by how long they have waited.
    queue: BTreeSet<(u64, PublicKey, u64)>,
    /// The same, by id.
    ready: BTreeSet<RecordId>,
    digest: Option<Root>,
}

impl Tail {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many could be sealed next.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
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

    /// Those that could be sealed next.
    pub(super) fn iter_ready(&self) -> impl Iterator<Item = &Held> {
        self.entries.values().filter(|held| held.ready)
    }

    /// The end of an author's chain, with what is sealed.
    pub(super) fn chain(&self, author: &PublicKey, ledger: &Ledger) -> ChainHead {
        self.heads.get(author).copied().unwrap_or_else(|| ledger.chain(author))
    }

    /// Adds the next record of its author's chain, which the ledger admits.
    pub(super) fn push(&mut self, received: Received, arrived: u64, since: u64, ledger: &Ledger) {
        let (author, sequence) = received.order();
        let before = sequence.checked_sub(1).and_then(|before| self.at(&author, before));
        let ready = before.is_none_or(|before| before.ready);
        self.insert(Held { received, arrived, since, ready }, ledger);
    }

    fn insert(&mut self, held: Held, ledger: &Ledger) {
        let (author, sequence) = held.received.order();
        let head = self.chain(&author, ledger).after(&held.received, ledger.round());
        self.heads.insert(author, head);
        self.places.insert(held.received.id, (author, sequence));
        if held.ready {
            self.queue.insert((held.since, author, sequence));
            self.ready.insert(held.received.id);
        }
        self.entries.insert((author, sequence), held);
        self.digest = None;
    }

    /// Takes out all records of an author, in order.
    fn take(&mut self, author: &PublicKey) -> Vec<Held> {
        self.heads.remove(author);
        let keys: Vec<(PublicKey, u64)> = self.of(author).map(|held| held.received.order()).collect();
        self.digest = None;
        keys.into_iter()
            .filter_map(|(author, sequence)| {
                let held = self.entries.remove(&(author, sequence))?;
                self.places.remove(&held.received.id);
                self.queue.remove(&(held.since, author, sequence));
                self.ready.remove(&held.received.id);
                Some(held)
            })
            .collect()
    }

    fn of(&self, author: &PublicKey) -> impl Iterator<Item = &Held> {
        self.entries.range((*author, 0)..=(*author, u64::MAX)).map(|(_, held)| held)
    }

    /// The authors who have records here.
    pub(super) fn authors(&self) -> Vec<PublicKey> {
        self.heads.keys().copied().collect()
    }

    /// Looks at an author's records anew after the ledger has changed. Those that are sealed, or can never be any
    /// more, are taken out and returned.
    pub(super) fn review(&mut self, author: &PublicKey, ledger: &Ledger) -> Vec<Held> {
        if self.is_as_it_was(author, ledger) {
            return Vec::new();
        }
        let (mut gone, mut ready, mut dead) = (Vec::new(), true, false);
        for mut held in self.take(author) {
            let chain = self.chain(author, ledger);
            let verdict = judged(&held, &chain, ledger);
            dead |= ready && is_final(&verdict);
            if dead || chain.accepts(&held.received).is_err() {
                gone.push(held);
                continue;
            }
            ready &= verdict.is_ok();
            held.ready = ready;
            self.insert(held, ledger);
        }
        gone
    }

    /// Would a review change nothing?
    fn is_as_it_was(&self, author: &PublicKey, ledger: &Ledger) -> bool {
        let (mut chain, mut ready) = (ledger.chain(author), true);
        for held in self.of(author) {
            let verdict = judged(held, &chain, ledger);
            if chain.accepts(&held.received).is_err() || (ready && is_final(&verdict)) {
                return false;
            }
            ready &= verdict.is_ok();
            if held.ready != ready {
                return false;
            }
            chain = chain.after(&held.received, ledger.round());
        }
        self.heads.get(author).is_none_or(|head| *head == chain)
    }

    /// A digest over the ids of the records that are ready: nodes with the same seals and the same
    /// digest have nothing to tell each other.
    pub(super) fn digest(&mut self) -> Root {
        *self.digest.get_or_insert_with(|| {
            let mut ids = Vec::with_capacity(self.ready.len() * 32);
            for id in &self.ready {
                ids.extend_from_slice(&id.0);
            }
            Root(derive("mutua 1 tail digest", &ids))
        })
    }

    /// For each author, the records that could be sealed next, in order; a chain ends where `wanted` says no.
    fn sealable<'a>(
        &'a self,
        wanted: impl Fn(&Held) -> bool + 'a,
    ) -> impl Iterator<Item = Vec<&'a Held>> + 'a {
        self.heads.keys().filter_map(move |author| {
            let run: Vec<&Held> = self.of(author).take_while(|held| held.ready && wanted(held)).collect();
            (!run.is_empty()).then_some(run)
        })
    }

    /// When the record came that has waited longest of those that are ready.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.queue.first().map(|(since, ..)| *since)
    }

    /// The records of the next seal, sorted by author and number: those who have waited longest first,
    /// as many as fit. Says also whether any had to be left out for want of room.
    pub(super) fn gather(&self, before: Option<u64>) -> (Vec<Received>, bool) {
        let mut runs: Vec<Vec<&Held>> =
            self.sealable(move |held| before.is_none_or(|close| held.arrived < close)).collect();
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
        seal: &[Received],
        older_than: u64,
        before: Option<u64>,
    ) -> Option<RecordId> {
        let held_long =
            |held: &Held| held.since <= older_than && before.is_none_or(|close| held.arrived < close);
        let sealed: BTreeMap<(PublicKey, u64), RecordId> =
            seal.iter().map(|received| (received.order(), received.id)).collect();
        self.sealable(held_long).find_map(|run| {
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

/// Is it certain that the ledger will never admit the record?
fn is_final(verdict: &Result<(), Inadmissible>) -> bool {
    verdict.as_ref().is_err_and(|reason| !reason.may_pass())
}

/// Does the ledger admit this record at the end of this chain?
fn judged(held: &Held, chain: &ChainHead, ledger: &Ledger) -> Result<(), Inadmissible> {
    let record = held.received.record();
    ledger.within_quota(&record.author, chain).and_then(|()| ledger.admissible(record))
}
