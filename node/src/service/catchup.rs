//! Catch-up: what gossip has missed. Seals come by height, in pages; the tail is reconciled.

use std::collections::BTreeMap;

use libp2p::PeerId;
use mutua_protocol::{hash::RecordId, records::Received, seals::SealedBatch};
use negentropy::{Id, Negentropy, NegentropyStorageVector};

use super::{
    Core, CoreError, Output, PeerStatus,
    intake::Taken,
    limits::{ASK_AGAIN_MS, PEERS, POLL_MS, RECONCILE_ROUNDS, REQUEST_MS, REQUESTS},
    sealing::NotApplied,
};
use crate::wire::{self, FRAME_BYTES, REQUEST_RECORDS, Request, Response, Standing};

/// What is known of the peers, and what they have been asked.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    peers: BTreeMap<PeerId, Peer>,
    pending: BTreeMap<u64, Pending>,
    next_request: u64,
    asked_missing: u64,
    reconciling: Option<PeerId>,
}

#[derive(Debug, Default)]
struct Peer {
    address: String,
    standing: Option<Standing>,
    /// A seal of this height was heard of from it.
    heard: u64,
    polled: Option<u64>,
    reconciled: u64,
}

#[derive(Debug)]
struct Pending {
    peer: PeerId,
    since: u64,
    what: Asked,
}

#[derive(Debug)]
enum Asked {
    Standing,
    Seals,
    /// For proposed seals.
    Missing,
    /// For the tail.
    Records,
    Reconcile {
        rounds: u32,
        need: Vec<RecordId>,
    },
}

impl CatchUp {
    pub(super) fn connected(&mut self, peer: PeerId, address: String) {
        if self.peers.len() < PEERS {
            self.peers.entry(peer).or_default().address = address;
        }
    }

    pub(super) fn disconnected(&mut self, peer: &PeerId) {
        self.peers.remove(peer);
    }

    /// A peer holds a seal of this height.
    pub(super) fn heard_of(&mut self, peer: PeerId, height: u64) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.heard = known.heard.max(height);
        }
    }

    /// Ask everybody at the next opportunity.
    pub(super) fn poll_now(&mut self) {
        for peer in self.peers.values_mut() {
            peer.polled = peer.polled.map(|at| at.min(at.saturating_sub(POLL_MS / 2)));
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

    fn is_asked(&self, what: impl Fn(&Asked) -> bool) -> bool {
        self.pending.values().any(|pending| what(&pending.what))
    }
}

impl Core {
    /// Asks peers where they stand, and fetches what they have more.
    pub(super) fn poll_peers(&mut self) {
        let elapsed = self.now.elapsed;
        self.catchup.pending.retain(|_, pending| pending.since + REQUEST_MS > elapsed);
        if !self.catchup.is_asked(|what| matches!(what, Asked::Reconcile { .. } | Asked::Records)) {
            self.catchup.reconciling = None;
        }
        let due: Vec<PeerId> = self
            .catchup
            .peers
            .iter()
            .filter(|(_, peer)| peer.polled.is_none_or(|at| at + POLL_MS <= elapsed))
            .map(|(peer, _)| *peer)
            .collect();
        for peer in due {
            if self.ask(peer, &Request::Standing, Asked::Standing)
                && let Some(known) = self.catchup.peers.get_mut(&peer)
            {
                known.polled = Some(elapsed);
            }
        }
        self.fetch_seals();
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

    /// Asks for the next page of seals, if somebody has it.
    pub(super) fn fetch_seals(&mut self) {
        let height = self.ledger.height();
        let busy = self.catchup.is_asked(|what| matches!(what, Asked::Seals));
        if busy || self.disagreement.is_some() {
            return;
        }
        let ahead = self
            .catchup
            .peers
            .iter()
            .map(|(peer, known)| {
                let said = known.standing.as_ref().map_or(0, |standing| standing.height);
                (said.max(known.heard), *peer)
            })
            .filter(|(said, _)| *said > height)
            .max();
        if let Some((_, peer)) = ahead {
            self.ask(peer, &Request::Seals { from: height + 1 }, Asked::Seals);
        }
    }

    /// Asks for the records that proposed seals wait for.
    pub(super) fn fetch_wanted(&mut self) {
        let (mut missing, source) = self.missing_records();
        let again = self.catchup.asked_missing + ASK_AGAIN_MS <= self.now.elapsed;
        if missing.is_empty() || !again {
            return;
        }
        missing.truncate(REQUEST_RECORDS);
        self.catchup.asked_missing = self.now.elapsed;
        // The one who brought the proposal first, and another one in turn.
        let turn = usize::try_from(self.now.elapsed / ASK_AGAIN_MS).unwrap_or(0);
        let others: Vec<PeerId> = self.catchup.peers.keys().copied().collect();
        let other = (!others.is_empty()).then(|| others[turn % others.len()]);
        let mut asked: Vec<PeerId> = source.into_iter().chain(other).collect();
        asked.dedup();
        for peer in asked {
            self.ask(peer, &Request::Records { ids: missing.clone() }, Asked::Missing);
        }
    }

    /// A request of this node has ended.
    pub(super) fn answered(&mut self, request: u64, data: Option<Vec<u8>>) -> Result<(), CoreError> {
        let Some(Pending { peer, what, .. }) = self.catchup.pending.remove(&request) else { return Ok(()) };
        let Some(data) = data else {
            if matches!(what, Asked::Seals)
                && let Some(known) = self.catchup.peers.get_mut(&peer)
            {
                known.heard = 0;
                known.standing = None;
            }
            return Ok(());
        };
        let response = wire::decode::<Response>(&data);
        match (what, response) {
            (Asked::Standing, Ok(Response::Standing(standing))) => {
                self.stands(peer, standing);
                Ok(())
            }
            (Asked::Seals, Ok(Response::Seals(batches))) => self.seals_came(peer, &batches),
            (Asked::Missing, Ok(Response::Records(records))) => self.records_came(peer, &records, true),
            (Asked::Records, Ok(Response::Records(records))) => self.records_came(peer, &records, false),
            (Asked::Reconcile { rounds, need }, Ok(Response::Reconcile(message))) => {
                self.reconcile_further(peer, &message, rounds, need);
                Ok(())
            }
            _ => {
                self.blame(peer, "answer");
                Ok(())
            }
        }
    }

    /// Has nothing to do with a peer for a while.
    fn blame(&mut self, peer: PeerId, rule: &'static str) {
        tracing::warn!(%peer, rule, "a peer is shut out for a while");
        self.counters.refuse(rule);
        self.catchup.disconnected(&peer);
        self.outputs.push(Output::Ban(peer));
    }

    fn stands(&mut self, peer: PeerId, standing: Standing) {
        let elapsed = self.now.elapsed;
        let same_height = standing.height == self.ledger.height();
        let differs = standing.tail_digest != self.tail.digest();
        if let Some((round, digest)) = standing.outcome
            && let Some(own) =
                self.ledger.closings().get((round as usize).wrapping_sub(1)).map(|closing| closing.digest)
            && own != digest
        {
            tracing::error!(%peer, round, "this peer computed another outcome than this node");
            self.counters.refuse("peer-outcome");
        }
        let Some(known) = self.catchup.peers.get_mut(&peer) else { return };
        known.heard = 0;
        known.standing = Some(standing);
        let begin = same_height
            && differs
            && self.catchup.reconciling.is_none()
            && (known.reconciled == 0 || known.reconciled + POLL_MS / 2 <= elapsed);
        if begin {
            known.reconciled = elapsed;
            self.catchup.reconciling = Some(peer);
            let Some(message) = self.reconciler().and_then(|mut own| own.initiate().ok()) else { return };
            let what = Asked::Reconcile { rounds: 0, need: Vec::new() };
            self.ask(peer, &Request::Reconcile { message }, what);
        }
        self.fetch_seals();
    }

    /// The tail as negentropy sees it: by the author's clock, then by id.
    pub(super) fn reconciler(&self) -> Option<Negentropy<'static, NegentropyStorageVector>> {
        let mut storage = NegentropyStorageVector::with_capacity(self.tail.ready());
        for held in self.tail.iter_ready() {
            // The greatest value stands for infinity there.
            let clock = held.received.record().clock.min(u64::MAX - 1);
            storage.insert(clock, Id::from_byte_array(held.received.id.0)).ok()?;
        }
        storage.seal().ok()?;
        Negentropy::owned(storage, FRAME_BYTES).ok()
    }

    fn reconcile_further(&mut self, peer: PeerId, message: &[u8], rounds: u32, mut need: Vec<RecordId>) {
        let Some(mut own) = self.reconciler() else { return };
        own.set_initiator();
        let (mut have, mut lack) = (Vec::new(), Vec::new());
        let next = match own.reconcile_with_ids(message, &mut have, &mut lack) {
            Ok(next) => next,
            Err(_) => return self.blame(peer, "reconciliation"),
        };
        need.extend(lack.iter().map(|id| RecordId(id.to_bytes())));
        while need.len() >= REQUEST_RECORDS {
            let ids: Vec<RecordId> = need.drain(..REQUEST_RECORDS).collect();
            self.ask(peer, &Request::Records { ids }, Asked::Records);
        }
        match next {
            Some(message) if rounds < RECONCILE_ROUNDS && message.len() as u64 <= FRAME_BYTES => {
                let what = Asked::Reconcile { rounds: rounds + 1, need };
                self.ask(peer, &Request::Reconcile { message }, what);
            }
            _ if !need.is_empty() => {
                self.ask(peer, &Request::Records { ids: need }, Asked::Records);
            }
            _ => {}
        }
    }

    fn seals_came(&mut self, peer: PeerId, batches: &[SealedBatch]) -> Result<(), CoreError> {
        let before = self.ledger.height();
        for batch in batches {
            if batch.header.height != self.ledger.height() + 1 {
                continue;
            }
            if let Err(NotApplied::Fault(fault)) = self.apply_batch(batch)? {
                tracing::warn!(%peer, height = batch.header.height, "a peer sent a seal that does not hold: {fault}");
                self.blame(peer, "seal");
                return Ok(());
            }
        }
        if self.ledger.height() == before
            && let Some(known) = self.catchup.peers.get_mut(&peer)
        {
            // It promised more than it gave: ask again when it says anew where it stands.
            known.heard = 0;
            known.standing = None;
        }
        self.fetch_seals();
        Ok(())
    }

    fn records_came(&mut self, peer: PeerId, records: &[Vec<u8>], missing: bool) -> Result<(), CoreError> {
        let fresh: Vec<Received> = match self.authentic(records) {
            Ok(fresh) => fresh,
            Err(rule) => {
                self.blame(peer, rule);
                return Ok(());
            }
        };
        if missing {
            self.fetched(&fresh);
        }
        let mut fresh = fresh;
        fresh.sort_by_key(Received::order);
        for received in fresh {
            if let Taken::Refused(rule, _) = self.take(received)? {
                self.counters.refuse(rule);
            }
        }
        Ok(())
    }
}
