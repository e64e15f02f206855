//! Which connections are taken: limits in total, per peer and per address, and bans.
//!
//! The library's own limits know no addresses, and keep an entry for every peer that ever connected. This
//! behaviour must be the **first** in the composed one: those after it note a connection as theirs before
//! it is accepted, and are left with a ghost when a later one refuses it.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    CloseConnection, ConnectionClosed, ConnectionDenied, ConnectionId, DialFailure, FromSwarm, ListenFailure,
    NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm, behaviour::ConnectionEstablished,
    dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::addresses;
use super::limits;
use super::pacing::Bucket;
use super::status::{Board, Refusal};

/// How many connections are taken. Each field's default is the constant in `limits` that it is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In total, both directions.
    pub total: u32,
    /// Of these, that came to us.
    pub inbound: u32,
    /// Handshakes that came to us and are not finished.
    pub handshakes: u32,
    /// To one peer.
    pub per_peer: u32,
    /// That came from one address.
    pub per_address: u32,
    /// That came from this machine.
    pub per_loopback: u32,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: limits::CONNECTIONS,
            inbound: limits::CONNECTIONS_IN,
            handshakes: limits::HANDSHAKES_IN,
            per_peer: limits::CONNECTIONS_PER_PEER,
            per_address: limits::CONNECTIONS_PER_ADDRESS,
            per_loopback: limits::CONNECTIONS_PER_LOOPBACK,
        }
    }
}

/// A connection that is not taken, and why.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("connection refused: {}", .0.name())]
pub(super) struct Refused(pub(super) Refusal);

#[derive(Debug)]
struct Slot {
    household: Option<IpAddr>,
    inbound: bool,
    /// Known once the handshake is over.
    peer: Option<PeerId>,
}

/// Admits connections. See the module.
pub(super) struct Admission {
    limits: ConnectionLimits,
    slots: HashMap<ConnectionId, Slot>,
    per_household: HashMap<IpAddr, u32>,
    per_peer: HashMap<PeerId, u32>,
    handshakes: u32,
    inbound: u32,
    established: u32,
    rates: HashMap<IpAddr, Bucket>,
    bans: HashMap<PeerId, Instant>,
    closing: VecDeque<PeerId>,
    board: Arc<Board>,
}

impl Admission {
    pub(super) fn new(limits: ConnectionLimits, board: Arc<Board>) -> Self {
        Self {
            limits,
            slots: HashMap::new(),
            per_household: HashMap::new(),
            per_peer: HashMap::new(),
            handshakes: 0,
            inbound: 0,
            established: 0,
            rates: HashMap::new(),
            bans: HashMap::new(),
            closing: VecDeque::new(),
            board,
        }
    }

    /// Closes every connection to a peer and takes none for a while.
    pub(super) fn ban(&mut self, peer: PeerId, length: Duration, now: Instant) {
        let Some(until) = now.checked_add(length) else { return };
        if self.bans.len() >= limits::BANS && !self.bans.contains_key(&peer) {
            self.bans.retain(|_, until| *until > now);
            if self.bans.len() >= limits::BANS
                && let Some(first) = self.bans.iter().min_by_key(|(_, until)| **until).map(|(peer, _)| *peer)
            {
                self.bans.remove(&first);
            }
        }
        let entry = self.bans.entry(peer).or_insert(until);
        *entry = until.max(*entry);
        self.closing.push_back(peer);
    }

    /// Whether a peer is kept out at the moment.
    pub(super) fn is_banned(&self, peer: &PeerId, now: Instant) -> bool {
        self.bans.get(peer).is_some_and(|until| *until > now)
    }

    /// How many peers are kept out at the moment.
    pub(super) fn banned(&self, now: Instant) -> usize {
        self.bans.values().filter(|until| **until > now).count()
    }

    fn begin_inbound(&mut self, id: ConnectionId, from: &Multiaddr, now: Instant) -> Result<(), Refusal> {
        if self.handshakes >= self.limits.handshakes {
            return Err(Refusal::ConnectionHandshakes);
        }
        let household = addresses::ip(from).map(addresses::household);
        if let Some(household) = household {
            let limit =
                if household.is_loopback() { self.limits.per_loopback } else { self.limits.per_address };
            if self.per_household.get(&household).copied().unwrap_or(0) >= limit {
                return Err(Refusal::ConnectionAddressLimit);
            }
            if !self.within_rate(household, now) {
                return Err(Refusal::ConnectionRate);
            }
            *self.per_household.entry(household).or_default() += 1;
        }
        self.handshakes += 1;
        self.slots.insert(id, Slot { household, inbound: true, peer: None });
        Ok(())
    }

    fn within_rate(&mut self, household: IpAddr, now: Instant) -> bool {
        if self.rates.len() >= limits::COUNTED_ADDRESSES && !self.rates.contains_key(&household) {
            self.rates.retain(|_, bucket| !bucket.is_full(now));
            if self.rates.len() >= limits::COUNTED_ADDRESSES {
                return false;
            }
        }
        let (rate, burst) = if household.is_loopback() {
            (limits::CONNECTS_PER_SECOND_LOOPBACK, limits::CONNECTS_BURST_LOOPBACK)
        } else {
            (limits::CONNECTS_PER_SECOND, limits::CONNECTS_BURST)
        };
        self.rates.entry(household).or_insert_with(|| Bucket::new(rate, burst, now)).take(1.0, now)
    }

    fn admit(&self, peer: &PeerId, inbound: bool, now: Instant) -> Result<(), Refusal> {
        if self.is_banned(peer, now) {
            return Err(Refusal::ConnectionBanned);
        }
        if self.established >= self.limits.total || (inbound && self.inbound >= self.limits.inbound) {
            return Err(Refusal::ConnectionLimit);
        }
        if self.per_peer.get(peer).copied().unwrap_or(0) >= self.limits.per_peer {
            return Err(Refusal::ConnectionPeerLimit);
        }
        Ok(())
    }

    fn establish(&mut self, id: ConnectionId, peer: PeerId, inbound: bool) {
        let slot = self.slots.entry(id).or_insert(Slot { household: None, inbound, peer: None });
        if slot.peer.replace(peer).is_none() && slot.inbound {
            self.handshakes = self.handshakes.saturating_sub(1);
            self.inbound += 1;
        }
        self.established += 1;
        *self.per_peer.entry(peer).or_default() += 1;
    }

    fn release(&mut self, id: ConnectionId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        if let Some(household) = slot.household {
            lower(&mut self.per_household, &household);
        }
        match slot.peer {
            Some(peer) => {
                lower(&mut self.per_peer, &peer);
                self.established = self.established.saturating_sub(1);
                if slot.inbound {
                    self.inbound = self.inbound.saturating_sub(1);
                }
            }
            None => self.handshakes = self.handshakes.saturating_sub(1),
        }
    }

    fn refuse(&self, refusal: Refusal) -> ConnectionDenied {
        self.board.refuse(refusal);
        ConnectionDenied::new(Refused(refusal))
    }
}

fn lower<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl NetworkBehaviour for Admission {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.begin_inbound(id, remote, Instant::now()).map_err(|refusal| self.refuse(refusal))
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        match self.admit(&peer, true, Instant::now()) {
            Ok(()) => Ok(dummy::ConnectionHandler),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        match self.admit(&peer, false, Instant::now()) {
            Ok(()) => Ok(dummy::ConnectionHandler),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            }) => self.establish(connection_id, peer_id, endpoint.is_listener()),
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. })
            | FromSwarm::ListenFailure(ListenFailure { connection_id, .. })
            | FromSwarm::DialFailure(DialFailure { connection_id, .. }) => self.release(connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // No waker is kept: bans are made by the task that polls the swarm, right before it does so.
        match self.closing.pop_front() {
            Some(peer_id) => {
                Poll::Ready(ToSwarm::CloseConnection { peer_id, connection: CloseConnection::All })
            }
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: ConnectionLimits = ConnectionLimits {
        total: 4,
        inbound: 3,
        handshakes: 2,
        per_peer: 1,
        per_address: 2,
        per_loopback: 3,
    };

    fn admission() -> Admission {
        Admission::new(SMALL, Arc::new(Board::new(PeerId::random())))
    }

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn connect(admission: &mut Admission, id: usize, from: &str, peer: PeerId) -> Result<(), Refusal> {
        let (id, now) = (ConnectionId::new_unchecked(id), Instant::now());
        admission.begin_inbound(id, &address(from), now)?;
        match admission.admit(&peer, true, now) {
            Ok(()) => {
                admission.establish(id, peer, true);
                Ok(())
            }
            Err(refusal) => {
                admission.release(id);
                Err(refusal)
            }
        }
    }

    #[test]
    fn every_limit_has_its_name() {
        let mut admission = admission();
        let peer = PeerId::random();
        connect(&mut admission, 1, "/ip4/192.0.2.1/tcp/1", peer).unwrap();
        assert_eq!(
            connect(&mut admission, 2, "/ip4/192.0.2.2/tcp/1", peer),
            Err(Refusal::ConnectionPeerLimit)
        );
        connect(&mut admission, 3, "/ip4/192.0.2.1/tcp/2", PeerId::random()).unwrap();
        assert_eq!(
            connect(&mut admission, 4, "/ip4/192.0.2.1/tcp/3", PeerId::random()),
            Err(Refusal::ConnectionAddressLimit)
        );
        connect(&mut admission, 5, "/ip4/192.0.2.3/tcp/3", PeerId::random()).unwrap();
        assert_eq!(
            connect(&mut admission, 6, "/ip4/192.0.2.4/tcp/3", PeerId::random()),
            Err(Refusal::ConnectionLimit)
        );
        // A place is kept for a peer that we choose ourselves.
        admission.admit(&PeerId::random(), false, Instant::now()).unwrap();
        let now = Instant::now();
        for id in 7..9 {
            let from = address(&format!("/ip4/192.0.2.{id}/tcp/1"));
            admission.begin_inbound(ConnectionId::new_unchecked(id), &from, now).unwrap();
        }
        assert_eq!(
            admission.begin_inbound(ConnectionId::new_unchecked(9), &address("/ip4/192.0.2.9/tcp/1"), now),
            Err(Refusal::ConnectionHandshakes)
        );
    }

    #[test]
    fn nothing_is_left_behind() {
        let mut admission = admission();
        for round in 0..10 {
            let peer = PeerId::random();
            connect(&mut admission, round, "/ip4/192.0.2.1/tcp/1", peer).unwrap();
            admission.establish(ConnectionId::new_unchecked(100 + round), PeerId::random(), false);
            admission.release(ConnectionId::new_unchecked(round));
            admission.release(ConnectionId::new_unchecked(100 + round));
            admission.release(ConnectionId::new_unchecked(999));
        }
        assert!(admission.slots.is_empty());
        assert!(admission.per_household.is_empty());
        assert!(admission.per_peer.is_empty());
        assert_eq!((admission.handshakes, admission.inbound, admission.established), (0, 0, 0));
    }

    #[test]
    fn one_address_cannot_connect_again_and_again() {
        let mut admission = admission();
        let now = Instant::now();
        let from = address("/ip4/192.0.2.1/tcp/1");
        let taken = (0..1000)
            .filter(|id| {
                let id = ConnectionId::new_unchecked(*id);
                let taken = admission.begin_inbound(id, &from, now).is_ok();
                admission.release(id);
                taken
            })
            .count();
        assert_eq!(taken, 20);
        let later = now + Duration::from_secs(5);
        assert!(admission.begin_inbound(ConnectionId::new_unchecked(1), &from, later).is_ok());
    }

    #[test]
    fn a_ban_closes_keeps_out_and_ends() {
        let mut admission = admission();
        let peer = PeerId::random();
        let now = Instant::now();
        admission.ban(peer, Duration::from_secs(60), now);
        assert_eq!(admission.closing.pop_front(), Some(peer));
        assert_eq!(admission.admit(&peer, true, now), Err(Refusal::ConnectionBanned));
        // A shorter ban does not shorten a longer one.
        admission.ban(peer, Duration::from_secs(1), now);
        assert!(admission.is_banned(&peer, now + Duration::from_secs(30)));
        admission.admit(&peer, true, now + Duration::from_secs(61)).unwrap();
    }

    #[test]
    fn bans_are_bounded() {
        let mut admission = admission();
        let now = Instant::now();
        for second in 0..u64::try_from(limits::BANS).unwrap() + 10 {
            admission.ban(PeerId::random(), Duration::from_secs(1000 + second), now);
        }
        assert_eq!(admission.banned(now), limits::BANS);
    }
}
