//! Catch-up: what gossip has missed. Seals come by height, in pages; the tail is reconciled.
//!
//! Any peer may lie, be slow or say nothing. So no question waits long for one peer, those who have
//! disappointed are asked last, and none can keep what this node has of something (a page of seals
//! under way, a reconciliation) for itself.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::PeerId;
use mutua_protocol::{
    hash::{RecordId, Root},
    records::Received,
    seals::SealedBatch,
};
use negentropy::{Id, Negentropy, NegentropyStorageVector};

use super::{
    Core, CoreError, Output, PeerStatus,
    intake::{Taken, Unfit},
    limits::{
        ASK_AGAIN_MS, GOSSIP_MS, PATIENT_MS, PEERS, POLL_MS, POLLS, RECONCILE_BYTES, RECONCILE_IDS,
        RECONCILE_MS, RECONCILE_ROUNDS, REQUEST_MS, REQUESTS, SEAL_PAGES,
    },
    sealing::NotApplied,
};
use crate::wire::{self, FRAME_BYTES, PAGE_BYTES, REQUEST_RECORDS, Request, Response, Standing};

/// What is known of the peers, and what they have been asked.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    peers: BTreeMap<PeerId, Peer>,
    pending: BTreeMap<u64, Pending>,
    next_request: u64,
    asked_missing: u64,
    reconciling: Option<Reconciling>,
    /// Somebody has said where it stands since tails were last compared.
    compare: bool,
}

#[derive(Debug, Default)]
struct Peer {
    address: String,
    standing: Option<Standing>,
    /// A seal of this height was heard of from it.
    heard: u64,
    /// When it was asked last where it stands.
    polled: Option<u64>,
    /// When it has said so last.
    said: u64,
    /// How often in a row it has not said where it stands.
    silent: u32,
    /// How often in a row it has not given the seals that it said it had, or only slowly.
    misses: u32,
    /// When the tail was last reconciled with it.
    reconciled: Option<u64>,
    /// Its tail and this node's, when reconciling them brought nothing: then it would not again.
    barren: Option<(Root, Root)>,
}

#[derive(Debug)]
struct Pending {
    peer: PeerId,
    since: u64,
    what: Asked,
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Standing,
    Seals,
    /// For proposed seals.
    Missing,
    /// For the tail: these.
    Records(BTreeSet<RecordId>),
    Reconcile {
        rounds: u32,
    },
}

/// The reconciliation under way: one at a time.
#[derive(Debug)]
struct Reconciling {
    peer: PeerId,
    /// When it began, and when it last got on.
    began: u64,
    progress: u64,
    /// The tails that are compared: the peer's and this node's.
    digests: (Root, Root),
    /// Records that the peer has and this node lacks, still to be asked for.
    need: Vec<RecordId>,
    /// When to do so: gossip brings most of them in a moment.
    fetch_at: Option<u64>,
    /// Those that came: kept until all have come, as they come in no order and most follow each other.
    came: Vec<Received>,
    bytes: usize,
}

impl CatchUp {
    pub(super) fn connected(&mut self, peer: PeerId, address: String) {
        if self.peers.len() < PEERS || self.peers.contains_key(&peer) {
            self.peers.entry(peer).or_default().address = address;
        }
    }

    /// Has a peer told of a seal after this height?
    pub(super) fn is_behind(&self, height: u64) -> bool {
        self.peers.values().any(|known| {
            known.heard > height || known.standing.as_ref().is_some_and(|standing| standing.height > height)
        })
    }

    /// A peer holds a seal of this height.
    pub(super) fn heard_of(&mut self, peer: PeerId, height: u64) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.heard = known.heard.max(height);
        }
    }

    /// Ask everybody soon.
    pub(super) fn poll_now(&mut self, elapsed: u64) {
        let soon = (elapsed + POLL_MS / 4).saturating_sub(POLL_MS);
        for peer in self.peers.values_mut().filter(|peer| peer.silent == 0) {
            peer.polled = peer.polled.map(|at| at.min(soon.max(at.saturating_sub(POLL_MS / 2))));
        }
    }

    /// The connected peers.
    pub(super) fn peers(&self) -> Vec<PeerStatus> {
        self.peers
            .iter()
            .map(|(peer, known)| PeerStatus {
                peer: peer.to_string(),
                address: known.address.clone(),
                height: known.standing.as_ref().map(|standing| standing.height),
                tail: known.standing.as_ref().map(|standing| standing.tail),
                outcome: known.standing.as_ref().and_then(|standing| standing.outcome),
            })
            .collect()
    }

    fn pending(&self, what: impl Fn(&Pending) -> bool) -> usize {
        self.pending.values().filter(|pending| what(pending)).count()
    }

    /// The peers that were asked this, and have not answered.
    fn asked(&self, what: &Asked) -> BTreeSet<PeerId> {
        self.pending.values().filter(|pending| pending.what == *what).map(|pending| pending.peer).collect()
    }
}

impl Core {
    /// A peer is gone, and what it was asked will not be answered.
    pub(super) fn disconnected(&mut self, peer: &PeerId) -> Result<(), CoreError> {
        self.catchup.peers.remove(peer);
        self.catchup.pending.retain(|_, pending| pending.peer != *peer);
        if self.catchup.reconciling.as_ref().is_some_and(|under_way| under_way.peer == *peer) {
            self.end_reconciliation(false)?;
        }
        Ok(())
    }

    /// Asks peers where they stand, and fetches what they have more.
    pub(super) fn poll_peers(&mut self) -> Result<(), CoreError> {
        let elapsed = self.now.elapsed;
        self.give_up_waiting();
        let overdue = self.catchup.reconciling.as_ref().is_some_and(|under_way| {
            under_way.progress + PATIENT_MS < elapsed || under_way.began + RECONCILE_MS < elapsed
        });
        if overdue {
            self.end_reconciliation(false)?;
        }
        let asked = self.catchup.asked(&Asked::Standing);
        let mut due: Vec<(u32, PeerId)> = self
            .catchup
            .peers
            .iter()
            .filter(|(peer, known)| {
                let wait = POLL_MS << known.silent.min(5);
                !asked.contains(peer) && known.polled.is_none_or(|at| at + wait <= elapsed)
            })
            .map(|(peer, known)| (known.silent, *peer))
            .collect();
        due.sort_unstable();
        due.truncate(POLLS.saturating_sub(asked.len()));
        for (_, peer) in due {
            if self.ask(peer, &Request::Standing, Asked::Standing)
                && let Some(known) = self.catchup.peers.get_mut(&peer)
            {
                known.polled = Some(elapsed);
            }
        }
        self.fetch_seals();
        self.begin_reconciliation();
        let fetch =
            self.catchup.reconciling.as_mut().and_then(|under_way| {
                under_way.fetch_at.take_if(|at| *at <= elapsed).map(|_| under_way.peer)
            });
        match fetch {
            Some(peer) => self.fetch_needed(peer),
            None => Ok(()),
        }
    }

    /// What has not been answered for so long that the answer is of no use any more.
    fn give_up_waiting(&mut self) {
        let elapsed = self.now.elapsed;
        let late: Vec<u64> = self
            .catchup
            .pending
            .iter()
            .filter(|(_, pending)| {
                let wait = if pending.what == Asked::Seals { REQUEST_MS } else { PATIENT_MS };
                pending.since + wait < elapsed
            })
            .map(|(request, _)| *request)
            .collect();
        for request in late {
            if let Some(pending) = self.catchup.pending.remove(&request) {
                self.unanswered(&pending);
            }
        }
    }

    fn unanswered(&mut self, pending: &Pending) {
        let Some(known) = self.catchup.peers.get_mut(&pending.peer) else { return };
        match pending.what {
            Asked::Standing => known.silent = known.silent.saturating_add(1),
            Asked::Seals => {
                known.misses = known.misses.saturating_add(1);
                known.heard = 0;
                known.standing = None;
            }
            Asked::Missing | Asked::Records(_) | Asked::Reconcile { .. } => {}
        }
    }

    fn ask(&mut self, peer: PeerId, request: &Request, what: Asked) -> bool {
        if self.catchup.pending.len() >= REQUESTS {
            return false;
        }
        let number = self.catchup.next_request;
        self.catchup.next_request += 1;
        self.catchup.pending.insert(number, Pending { peer, since: self.now.elapsed, what });
        self.outputs.push(Output::Request { request: number, peer, data: wire::encode(request) });
        true
    }

    /// Asks for the next page of seals, if somebody has it: whoever has disappointed least.
    pub(super) fn fetch_seals(&mut self) {
        let (height, elapsed) = (self.ledger.height(), self.now.elapsed);
        if self.disagreement.is_some() {
            return;
        }
        let asked = self.catchup.asked(&Asked::Seals);
        let awaited = self
            .catchup
            .pending(|pending| pending.what == Asked::Seals && pending.since + PATIENT_MS >= elapsed);
        if awaited > 0 || asked.len() >= SEAL_PAGES {
            return;
        }
        let ahead = self
            .catchup
            .peers
            .iter()
            .filter(|(peer, known)| {
                let said = known.standing.as_ref().map_or(0, |standing| standing.height);
                said.max(known.heard) > height && !asked.contains(peer)
            })
            .min_by_key(|(peer, known)| (known.misses, **peer));
        if let Some((peer, _)) = ahead {
            let peer = *peer;
            self.ask(peer, &Request::Seals { from: height + 1 }, Asked::Seals);
        }
    }

    /// Asks for the records that proposed seals wait for.
    pub(super) fn fetch_wanted(&mut self) {
        if self.catchup.asked_missing + ASK_AGAIN_MS > self.now.elapsed {
            return;
        }
        let (mut missing, source) = self.missing_records();
        if missing.is_empty() {
            return;
        }
        missing.truncate(REQUEST_RECORDS);
        self.catchup.asked_missing = self.now.elapsed;
        // The one who brought the proposal first, and another one in turn.
        let turn = usize::try_from(self.now.elapsed / ASK_AGAIN_MS).unwrap_or(0);
        let busy = self.catchup.asked(&Asked::Missing);
        let free: Vec<PeerId> =
            self.catchup.peers.keys().copied().filter(|peer| !busy.contains(peer)).collect();
        let other = (!free.is_empty()).then(|| free[turn % free.len()]);
        let mut asked: Vec<PeerId> =
            source.filter(|source| !busy.contains(source)).into_iter().chain(other).collect();
        asked.dedup();
        for peer in asked {
            self.ask(peer, &Request::Records { ids: missing.clone() }, Asked::Missing);
        }
    }

    /// A request of this node has ended.
    pub(super) fn answered(&mut self, request: u64, data: Option<Vec<u8>>) -> Result<(), CoreError> {
        let Some(pending) = self.catchup.pending.remove(&request) else { return Ok(()) };
        let Some(data) = data else {
            self.unanswered(&pending);
            if matches!(pending.what, Asked::Records(_) | Asked::Reconcile { .. }) {
                self.end_reconciliation(false)?;
            }
            return Ok(());
        };
        let Pending { peer, what, since } = pending;
        let response = wire::decode::<Response>(&data);
        match (what, response) {
            (Asked::Standing, Ok(Response::Standing(standing))) => {
                self.stands(peer, standing);
                Ok(())
            }
            (Asked::Seals, Ok(Response::Seals(batches))) => self.seals_came(peer, &batches, since),
            (Asked::Missing, Ok(Response::Records(records))) => self.missing_came(peer, &records),
            (Asked::Records(ids), Ok(Response::Records(records))) => self.needed_came(peer, &ids, &records),
            (Asked::Reconcile { rounds }, Ok(Response::Reconcile(message))) => {
                self.reconcile_further(peer, &message, rounds)
            }
            _ => self.blame(peer, "answer"),
        }
    }

    /// Has nothing to do with a peer for a while.
    fn blame(&mut self, peer: PeerId, rule: &'static str) -> Result<(), CoreError> {
        tracing::warn!(%peer, rule, "a peer is shut out for a while");
        self.counters.refuse(rule);
        self.outputs.push(Output::Ban(peer));
        self.disconnected(&peer)
    }

    fn stands(&mut self, peer: PeerId, standing: Standing) {
        if let Some((round, digest)) = standing.outcome
            && let Some(own) =
                self.ledger.closings().get((round as usize).wrapping_sub(1)).map(|closing| closing.digest)
            && own != digest
        {
            tracing::error!(%peer, round, "this peer computed another outcome than this node");
            self.counters.refuse("peer-outcome");
        }
        let elapsed = self.now.elapsed;
        let Some(known) = self.catchup.peers.get_mut(&peer) else { return };
        known.silent = 0;
        known.heard = 0;
        known.said = elapsed;
        known.standing = Some(standing);
        self.catchup.compare = true;
        self.fetch_seals();
    }

    /// Compares tails with a peer that stands where this node does and has another tail: of those with whom it may
    /// bring anything, the one with whom it was done least recently.
    fn begin_reconciliation(&mut self) {
        if self.catchup.reconciling.is_some() || !std::mem::take(&mut self.catchup.compare) {
            return;
        }
        let (elapsed, height, own) = (self.now.elapsed, self.ledger.height(), self.tail.digest());
        let differs = |known: &Peer| {
            known
                .standing
                .as_ref()
                .filter(|standing| standing.height == height && standing.tail_digest != own)
                .map(|standing| (standing.tail_digest, own))
        };
        let chosen = self
            .catchup
            .peers
            .iter()
            .filter(|(_, known)| known.said + 2 * POLL_MS > elapsed)
            .filter(|(_, known)| known.reconciled.is_none_or(|at| at + POLL_MS / 2 <= elapsed))
            .filter_map(|(peer, known)| {
                let digests = differs(known).filter(|digests| known.barren != Some(*digests))?;
                Some((known.reconciled, *peer, digests))
            })
            .min();
        let Some((_, peer, digests)) = chosen else { return };
        let Some(message) = self.reconciler().and_then(|mut own| own.initiate().ok()) else { return };
        if self.ask(peer, &Request::Reconcile { message }, Asked::Reconcile { rounds: 0 }) {
            if let Some(known) = self.catchup.peers.get_mut(&peer) {
                known.reconciled = Some(elapsed);
            }
            self.catchup.reconciling = Some(Reconciling {
                peer,
                began: elapsed,
                progress: elapsed,
                digests,
                need: Vec::new(),
                fetch_at: None,
                came: Vec::new(),
                bytes: 0,
            });
        }
    }

    /// The tail as negentropy sees it: by the number in the author's chain, then by id, so that what is
    /// needed first is named first.
    pub(super) fn reconciler(&self) -> Option<Negentropy<'static, NegentropyStorageVector>> {
        let mut storage = NegentropyStorageVector::with_capacity(self.tail.ready());
        for held in self.tail.iter_ready() {
            // The greatest value stands for infinity there.
            let number = held.received.record().sequence.min(u64::MAX - 1);
            storage.insert(number, Id::from_byte_array(held.received.id.0)).ok()?;
        }
        storage.seal().ok()?;
        Negentropy::owned(storage, FRAME_BYTES).ok()
    }

    fn reconcile_further(&mut self, peer: PeerId, message: &[u8], rounds: u32) -> Result<(), CoreError> {
        let Some(mut own) = self.reconciler() else { return self.end_reconciliation(false) };
        own.set_initiator();
        let (mut have, mut lack) = (Vec::new(), Vec::new());
        let Ok(next) = own.reconcile_with_ids(message, &mut have, &mut lack) else {
            return self.blame(peer, "reconciliation");
        };
        let mut lack: Vec<RecordId> = lack.iter().map(|id| RecordId(id.to_bytes())).collect();
        // They come in the order of a hash table.
        lack.sort_unstable();
        let elapsed = self.now.elapsed;
        let Some(under_way) = self.reconciling_with(peer) else { return Ok(()) };
        under_way.progress = elapsed;
        under_way.need.extend(lack);
        let full = under_way.need.len() >= RECONCILE_IDS;
        match next {
            Some(message) if !full && rounds < RECONCILE_ROUNDS && message.len() as u64 <= FRAME_BYTES => {
                let what = Asked::Reconcile { rounds: rounds + 1 };
                if self.ask(peer, &Request::Reconcile { message }, what) {
                    return Ok(());
                }
                self.end_reconciliation(false)
            }
            _ if under_way.need.is_empty() => self.end_reconciliation(true),
            _ => {
                under_way.fetch_at = Some(elapsed + GOSSIP_MS);
                Ok(())
            }
        }
    }

    fn reconciling_with(&mut self, peer: PeerId) -> Option<&mut Reconciling> {
        self.catchup.reconciling.as_mut().filter(|under_way| under_way.peer == peer)
    }

    /// Asks for the next page of what the peer has and this node lacks.
    fn fetch_needed(&mut self, peer: PeerId) -> Result<(), CoreError> {
        let Some(mut need) = self.reconciling_with(peer).map(|under_way| std::mem::take(&mut under_way.need))
        else {
            return Ok(());
        };
        // Gossip may have brought some of it meanwhile.
        need.retain(|id| self.tail.get(id).is_none() && !self.parked.has(id));
        let rest = need.split_off(need.len().min(REQUEST_RECORDS));
        if need.is_empty() {
            return self.end_reconciliation(true);
        }
        let ids: BTreeSet<RecordId> = need.iter().copied().collect();
        if !self.ask(peer, &Request::Records { ids: need }, Asked::Records(ids)) {
            return self.end_reconciliation(false);
        }
        if let Some(under_way) = self.reconciling_with(peer) {
            under_way.need = rest;
        }
        Ok(())
    }

    /// A page of what this node lacked.
    fn needed_came(
        &mut self,
        peer: PeerId,
        asked: &BTreeSet<RecordId>,
        records: &[Vec<u8>],
    ) -> Result<(), CoreError> {
        let mut fresh = match self.authentic(records) {
            Ok(fresh) => fresh,
            Err(Unfit { rule, is_to_blame: false }) => {
                self.counters.refuse(rule);
                return self.end_reconciliation(true);
            }
            Err(Unfit { rule, .. }) => return self.blame(peer, rule),
        };
        fresh.retain(|received| asked.contains(&received.id));
        let elapsed = self.now.elapsed;
        let Some(under_way) = self.reconciling_with(peer) else { return Ok(()) };
        if fresh.is_empty() {
            return self.end_reconciliation(true);
        }
        under_way.progress = elapsed;
        let size: usize = fresh.iter().map(|received| received.bytes.len()).sum();
        if size > PAGE_BYTES / 2 {
            // The page was too small for all of them.
            let came: BTreeSet<RecordId> = fresh.iter().map(|received| received.id).collect();
            let mut need: Vec<RecordId> = asked.difference(&came).copied().collect();
            need.append(&mut under_way.need);
            under_way.need = need;
        }
        under_way.bytes += size;
        under_way.came.append(&mut fresh);
        if under_way.bytes >= RECONCILE_BYTES {
            return self.end_reconciliation(true);
        }
        self.fetch_needed(peer)
    }

    /// Takes what a reconciliation has brought. `complete` says whether the peer has answered to the end.
    fn end_reconciliation(&mut self, complete: bool) -> Result<(), CoreError> {
        let Some(under_way) = self.catchup.reconciling.take() else { return Ok(()) };
        let Reconciling { peer, digests, mut came, .. } = under_way;
        self.catchup.compare = true;
        self.catchup
            .pending
            .retain(|_, pending| !matches!(pending.what, Asked::Records(_) | Asked::Reconcile { .. }));
        came.sort_by_key(Received::order);
        let mut brought = false;
        for received in came {
            match self.take_told(received)? {
                Taken::Accepted => brought = true,
                Taken::Refused(rule, _) => self.counters.refuse(rule),
                Taken::Held | Taken::Parked(_) => {}
            }
        }
        if let Some(known) = self.catchup.peers.get_mut(&peer) {
            known.barren = (complete && !brought).then_some(digests);
        }
        Ok(())
    }

    fn seals_came(&mut self, peer: PeerId, batches: &[SealedBatch], asked: u64) -> Result<(), CoreError> {
        let before = self.ledger.height();
        for batch in batches {
            if batch.header.height != self.ledger.height() + 1 {
                continue;
            }
            if let Err(NotApplied::Fault(fault)) = self.apply_batch(batch)? {
                tracing::warn!(%peer, height = batch.header.height, "a peer sent a seal that does not hold: {fault}");
                self.blame(peer, "seal")?;
                self.fetch_seals();
                return Ok(());
            }
        }
        let slow = asked + PATIENT_MS < self.now.elapsed;
        let brought = self.ledger.height() > before;
        if let Some(known) = self.catchup.peers.get_mut(&peer) {
            known.misses = if brought && !slow { 0 } else { known.misses.saturating_add(1) };
            if !brought {
                // It promised more than it gave: ask again when it says anew where it stands.
                known.heard = 0;
                known.standing = None;
            }
        }
        self.fetch_seals();
        Ok(())
    }

    /// Records for proposed seals.
    fn missing_came(&mut self, peer: PeerId, records: &[Vec<u8>]) -> Result<(), CoreError> {
        let mut fresh: Vec<Received> = match self.authentic(records) {
            Ok(fresh) => fresh,
            Err(Unfit { rule, is_to_blame: false }) => {
                self.counters.refuse(rule);
                return Ok(());
            }
            Err(Unfit { rule, .. }) => return self.blame(peer, rule),
        };
        self.fetched(&fresh);
        fresh.sort_by_key(Received::order);
        for received in fresh {
            if let Taken::Refused(rule, _) = self.take_told(received)? {
                self.counters.refuse(rule);
            }
        }
        Ok(())
    }
}
