//! The network task: one loop around the swarm.
//!
//! It moves bytes between peers and the service, keeps links alive, and judges nothing that needs knowledge of
//! records. It never waits for the service: what must not be lost is kept until there is place, everything
//! else is dropped and counted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use libp2p::core::transport::ListenerId;
use libp2p::futures::StreamExt;
use libp2p::gossipsub::{MessageAcceptance, PublishError};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::addresses;
use super::admission::Refused;
use super::behaviour::{Behaviour, BehaviourEvent};
use super::codec::{Ask, AskKind};
use super::gossip::{Topic, Topics};
use super::handle::{Command, NetworkEvent, RequestError, Verdict};
use super::limits;
use super::links::Links;
use super::pacing::{Outgoing, Pacer};
use super::peers::{AddressBook, Dial, DialKey, Origin};
use super::requests::Requests;
use super::status::{Board, NetworkStatus, Refusal, Traffic};
use super::{NetworkError, exchange};

/// Everything that the task holds.
pub(super) struct Network {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) topics: Topics,
    pub(super) protocol_version: String,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<NetworkEvent>,
    /// Events that must not be lost and found no place in the channel.
    pub(super) overflow: VecDeque<NetworkEvent>,
    /// Room for messages that have no verdict yet.
    pub(super) validation_room: Arc<Semaphore>,
    pub(super) pacer: Pacer,
    pub(super) book: AddressBook,
    pub(super) links: Links,
    pub(super) requests: Requests,
    pub(super) dials: HashMap<ConnectionId, DialKey>,
    pub(super) listening: Vec<Multiaddr>,
    /// Listeners that have not said yet where they listen.
    pub(super) opening: HashSet<ListenerId>,
    /// Whom to tell when all of them have.
    pub(super) ready: Option<oneshot::Sender<Result<(), NetworkError>>>,
    pub(super) board: Arc<Board>,
    pub(super) renewed: Instant,
}

enum Step {
    Command(Option<Command>),
    Swarm(Box<SwarmEvent<BehaviourEvent>>),
    Flush,
    Publish,
    Tick,
}

impl Network {
    /// Runs until it is told to stop or nobody listens any more. Dropping `_stopped` tells that it has.
    pub(super) async fn run(mut self, _stopped: watch::Sender<()>) {
        let mut tick = tokio::time::interval(limits::TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            match self.step(&mut tick).await {
                Step::Command(None | Some(Command::Shutdown)) => break,
                Step::Command(Some(command)) => self.on_command(command),
                Step::Swarm(event) => self.on_swarm_event(*event),
                Step::Flush => self.flush(),
                Step::Publish => self.publish_waiting(),
                Step::Tick => self.on_tick(Instant::now()),
            }
            if self.events.is_closed() {
                break;
            }
        }
        self.stop().await;
    }

    async fn step(&mut self, tick: &mut tokio::time::Interval) -> Step {
        let keeping_up = self.overflow.len() < limits::EVENTS_OVERFLOW;
        let publish = self.pacer.next(Instant::now());
        let publish_at = tokio::time::Instant::from_std(publish.unwrap_or_else(Instant::now));
        tokio::select! {
            command = self.commands.recv() => Step::Command(command),
            event = self.swarm.select_next_some(), if keeping_up => Step::Swarm(Box::new(event)),
            _ = self.events.reserve(), if !self.overflow.is_empty() => Step::Flush,
            () = tokio::time::sleep_until(publish_at), if publish.is_some() => Step::Publish,
            _ = tick.tick() => Step::Tick,
        }
    }

    // ---- To the service ----

    /// Passes on an event that must not be lost.
    pub(super) fn emit(&mut self, event: NetworkEvent) {
        self.overflow.push_back(event);
        self.flush();
    }

    /// Passes on an event if the service keeps up, and gives it back otherwise.
    pub(super) fn offer(&mut self, event: NetworkEvent) -> Option<NetworkEvent> {
        if !self.overflow.is_empty() || self.events.capacity() <= limits::EVENTS_RESERVED {
            return Some(event);
        }
        self.events.try_send(event).err().map(|error| match error {
            mpsc::error::TrySendError::Full(event) | mpsc::error::TrySendError::Closed(event) => event,
        })
    }

    fn flush(&mut self) {
        while let Some(event) = self.overflow.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => return self.overflow.push_front(event),
                Err(mpsc::error::TrySendError::Closed(_)) => self.overflow.clear(),
            }
        }
    }

    // ---- From the service ----

    fn on_command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Publish { topic, data, room } => {
                self.pacer.push(topic, Outgoing { data, since: now, _room: Some(room) });
                self.publish_waiting();
            }
            Command::Verdict { token, verdict } => {
                let acceptance = match verdict {
                    Verdict::Accept => MessageAcceptance::Accept,
                    Verdict::Ignore => MessageAcceptance::Ignore,
                    Verdict::Reject => MessageAcceptance::Reject,
                };
                let gossip = &mut self.swarm.behaviour_mut().gossip;
                let in_time = gossip.report_message_validation_result(&token.id, &token.source, acceptance);
                match verdict {
                    _ if !in_time => self.board.refuse(Refusal::GossipVerdictLate),
                    Verdict::Accept => self.board.count(Traffic::Accepted, 1),
                    Verdict::Ignore => self.board.refuse(Refusal::GossipIgnored),
                    Verdict::Reject => self.board.refuse(Refusal::GossipRejected),
                }
            }
            Command::Request { request, peer, data, place } => {
                let connected = self.links.get(&peer).is_some_and(|link| link.admitted);
                let refusal = match (connected, self.requests.may_ask(&peer)) {
                    (false, _) => Some(RequestError::NotConnected),
                    (true, false) => Some(RequestError::TooMany),
                    (true, true) => None,
                };
                if let Some(error) = refusal {
                    return self.emit(NetworkEvent::Response { request, peer, result: Err(error) });
                }
                let ask = Ask { kind: AskKind::Data, bytes: data, room: None };
                let id = self.swarm.behaviour_mut().requests.send_request(&peer, ask);
                self.requests.asked(id, peer, Some(request), Some(place), now);
                self.board.count(Traffic::RequestsSent, 1);
            }
            Command::Respond { token, reply } => {
                if self.swarm.behaviour_mut().requests.send_response(token.channel, reply).is_err() {
                    self.board.refuse(Refusal::ResponseLate);
                }
            }
            Command::Disconnect { peer } => {
                // An error means that it was not connected.
                let _ = self.swarm.disconnect_peer_id(peer);
            }
            Command::Ban { peer, length } => self.swarm.behaviour_mut().admission.ban(peer, length, now),
            Command::Dial { address } => {
                let opts = DialOpts::unknown_peer_id().address(address).allocate_new_port().build();
                if let Err(error) = self.swarm.dial(opts) {
                    tracing::debug!(%error, "dial failed");
                }
            }
            Command::Shutdown => {}
        }
    }

    /// Publishes what may leave now.
    fn publish_waiting(&mut self) {
        let now = Instant::now();
        while let Some((topic, message)) = self.pacer.pop(now) {
            let gossip = &mut self.swarm.behaviour_mut().gossip;
            match gossip.publish(self.topics.hash(topic).clone(), message.data.clone()) {
                Ok(_) => self.board.count(Traffic::Published, 1),
                // The only failure that can be retried: the id is not in the duplicate cache yet.
                Err(PublishError::NoPeersSubscribedToTopic) => {
                    let dropped = self.pacer.nobody_wanted(topic, message, now);
                    self.board.refuse_many(Refusal::PublishNoPeers, dropped);
                }
                Err(PublishError::Duplicate) => self.board.refuse(Refusal::PublishDuplicate),
                Err(error) => {
                    self.board.refuse(Refusal::PublishFailed);
                    tracing::debug!(?topic, %error, "message not published");
                }
            }
        }
    }

    // ---- Clocks ----

    fn on_tick(&mut self, now: Instant) {
        self.dial_due(now);
        if now.saturating_duration_since(self.renewed) < limits::STATUS_INTERVAL {
            return;
        }
        for peer in self.links.unidentified(now) {
            tracing::debug!(%peer, "disconnecting a peer that does not say who it is");
            self.board.refuse(Refusal::NotIdentified);
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        for peer in self.links.ready(now) {
            self.admit_if_ready(peer, now);
        }
        for waiting in self.requests.overdue(now) {
            self.board.refuse(Refusal::RequestTimeout);
            if let Some(request) = waiting.request {
                let result = Err(RequestError::Timeout);
                self.emit(NetworkEvent::Response { request, peer: waiting.peer, result });
            }
        }
        self.ban_by_score(now);
        self.ask_for_peers(now);
        self.renew_status(now);
    }

    fn dial_due(&mut self, now: Instant) {
        let places = limits::DIALS.saturating_sub(self.dials.len());
        if places == 0 {
            return;
        }
        for Dial { key, peer, addresses } in self.book.due(&self.links.alive(), places, now) {
            if peer.is_some_and(|peer| self.swarm.behaviour().admission.is_banned(&peer, now)) {
                self.book.missed(key, now);
                continue;
            }
            // A new port for each dial: with the listening port, two nodes that dial each other at once
            // end up with one line on which both believe to have dialled.
            let opts = match (peer, addresses.into_iter()) {
                (Some(peer), addresses) => DialOpts::peer_id(peer)
                    // Being connected over a dying line is no reason not to dial.
                    .condition(PeerCondition::NotDialing)
                    .addresses(addresses.collect())
                    .allocate_new_port()
                    .build(),
                (None, mut addresses) => match addresses.next() {
                    Some(address) => DialOpts::unknown_peer_id().address(address).allocate_new_port().build(),
                    None => continue,
                },
            };
            let id = opts.connection_id();
            self.board.count(Traffic::Dials, 1);
            match self.swarm.dial(opts) {
                Ok(()) => {
                    self.dials.insert(id, key);
                }
                Err(error) => self.dial_failed(key, peer, &error, now),
            }
        }
    }

    /// Sorts out what a failed dial says about the other side.
    pub(super) fn dial_failed(
        &mut self,
        key: DialKey,
        peer: Option<PeerId>,
        error: &DialError,
        now: Instant,
    ) {
        match error {
            DialError::LocalPeerId { .. } => return self.book.is_own(key),
            DialError::DialPeerConditionFalse(_) | DialError::Aborted => {
                return self.book.not_dialled(key, now);
            }
            DialError::Denied { cause } => {
                // The peer that answered is connected often enough already: a success, of a kind.
                let full = cause
                    .downcast_ref::<Refused>()
                    .is_some_and(|refused| refused.0 == Refusal::ConnectionPeerLimit);
                if let (true, Some(peer)) = (full, peer) {
                    return self.book.reached(key, peer, &Multiaddr::empty(), now);
                }
            }
            DialError::WrongPeerId { obtained, address } => {
                tracing::warn!(%address, %obtained, "another node than expected answers at an address");
            }
            DialError::NoAddresses | DialError::Transport(_) => {}
        }
        self.board.count(Traffic::DialsFailed, 1);
        tracing::debug!(?key, %error, "dial failed");
        self.book.missed(key, now);
    }

    fn ban_by_score(&mut self, now: Instant) {
        let behaviour = self.swarm.behaviour_mut();
        let low: Vec<_> = self
            .links
            .admitted()
            .map(|(peer, _)| *peer)
            .filter(|peer| behaviour.gossip.peer_score(peer).unwrap_or(0.0) < limits::GRAYLIST_THRESHOLD)
            .collect();
        for peer in low {
            tracing::warn!(%peer, seconds = limits::SCORE_BAN.as_secs(), "banning a peer that sends invalid messages");
            self.board.refuse(Refusal::ScoreBan);
            behaviour.admission.ban(peer, limits::SCORE_BAN, now);
        }
    }

    /// While few peers are connected, asks one of them for others.
    fn ask_for_peers(&mut self, now: Instant) {
        if self.links.admitted().count() >= limits::WANTED_PEERS {
            return;
        }
        let due = |asked: Option<Instant>| {
            asked.is_none_or(|asked| now.saturating_duration_since(asked) > limits::EXCHANGE_INTERVAL)
        };
        let next = self.links.iter_mut().find(|(_, link)| link.admitted && due(link.asked));
        if let Some((peer, link)) = next {
            link.asked = Some(now);
            let peer = *peer;
            let ask = Ask { kind: AskKind::Peers, bytes: Vec::new(), room: None };
            let id = self.swarm.behaviour_mut().requests.send_request(&peer, ask);
            self.requests.asked(id, peer, None, None, now);
        }
    }

    /// Peers to tell `asker` of: others that are connected, with addresses that make sense to it.
    pub(super) fn peers_for(&mut self, asker: &PeerId, now: Instant) -> Option<Vec<u8>> {
        let link = self.links.get_mut(asker)?;
        let recently = |told: Instant| now.saturating_duration_since(told) < limits::EXCHANGE_INTERVAL / 2;
        if link.told.is_some_and(recently) {
            return None;
        }
        link.told = Some(now);
        let distance = link.distance();
        // The order of a hash map is random enough: not everybody is told of the same few.
        let entries: Vec<_> = self
            .links
            .admitted()
            .filter(|(peer, _)| *peer != asker)
            .map(|(peer, _)| {
                let addresses = self.book.addresses(peer).iter();
                (
                    *peer,
                    addresses
                        .filter_map(|address| addresses::dialable(address, distance))
                        .collect::<Vec<_>>(),
                )
            })
            .filter(|(_, addresses)| !addresses.is_empty())
            .take(limits::EXCHANGE_PEERS)
            .collect();
        Some(exchange::encode(&entries))
    }

    /// Notes peers that another one has told of.
    pub(super) fn heard_of_peers(&mut self, from: &PeerId, bytes: &[u8], now: Instant) {
        let Some(entries) = exchange::decode(bytes) else {
            return self.board.refuse(Refusal::ExchangeBroken);
        };
        let Some(distance) = self.links.get(from).map(super::links::Link::distance) else { return };
        for (peer, addresses) in entries {
            for address in addresses.iter().filter_map(|address| addresses::dialable(address, distance)) {
                self.book.learn(peer, address, Origin::Hearsay, now);
            }
        }
    }

    /// Puts up a new status.
    pub(super) fn renew_status(&mut self, now: Instant) {
        self.renewed = now;
        let behaviour = self.swarm.behaviour();
        let score = |peer: &PeerId| behaviour.gossip.peer_score(peer).unwrap_or(0.0);
        self.board.put_up(NetworkStatus {
            local_peer: *self.swarm.local_peer_id(),
            listening: self.listening.clone(),
            peers: self.links.summaries(score, now),
            known_peers: self.book.len(),
            remember: self.book.memorable(),
            banned_peers: behaviour.admission.banned(now),
            publish_queue: self.pacer.len(),
            refused: std::collections::BTreeMap::new(),
            traffic: std::collections::BTreeMap::new(),
        });
    }

    // ---- The end ----

    /// Lets the last messages leave, then says goodbye: a peer that is told need not wait for a timeout.
    async fn stop(mut self) {
        let deadline = tokio::time::Instant::now() + limits::SHUTDOWN_GRACE;
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            // What was said before the end is still said; verdicts and requests lead nowhere any more.
            if matches!(command, Command::Publish { .. } | Command::Respond { .. }) {
                self.on_command(command);
            }
        }
        self.publish_waiting();
        // gossipsub does not tell when its queues are empty; a moment is enough for what is in them.
        self.pump(tokio::time::Instant::now() + limits::SHUTDOWN_GRACE / 4, |_| false).await;
        let connected: Vec<_> = self.swarm.connected_peers().copied().collect();
        for peer in connected {
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        self.pump(deadline, |swarm| swarm.connected_peers().next().is_none()).await;
        tracing::info!("network stopped");
    }

    /// Drives the swarm, deaf to what it says, until a time or until something holds.
    async fn pump(&mut self, until: tokio::time::Instant, done: impl Fn(&Swarm<Behaviour>) -> bool) {
        while !done(&self.swarm) {
            if tokio::time::timeout_at(until, self.swarm.select_next_some()).await.is_err() {
                return;
            }
        }
    }

    /// A topic has somebody who wants it.
    pub(super) fn somebody_wants(&mut self, topic: Topic) {
        self.pacer.somebody_wants(topic);
        self.publish_waiting();
    }
}
