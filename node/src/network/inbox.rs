//! What the swarm reports, and what the network makes of it.

use std::sync::Arc;
use std::time::Instant;

use libp2p::gossipsub::{self, MessageAcceptance, MessageId};
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, InboundFailure, InboundRequestId, ResponseChannel};
use libp2p::swarm::{ListenError, SwarmEvent};
use libp2p::{PeerId, identify, mdns, ping};

use super::NetworkError;
use super::addresses::{self, Distance};
use super::behaviour::BehaviourEvent;
use super::codec::{Ask, AskKind, Reply};
use super::handle::{GossipToken, NetworkEvent, RequestError, ResponseToken, charge};
use super::limits;
use super::links;
use super::peers::Origin;
use super::requests::explain;
use super::status::{Refusal, Traffic};
use super::task::Network;

impl Network {
    pub(super) fn on_swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        let now = Instant::now();
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour_event(event, now),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                let address = endpoint.get_remote_address().clone();
                if let Some(key) = self.dials.remove(&connection_id) {
                    self.book.reached(key, peer_id, &address, now);
                }
                tracing::debug!(peer = %peer_id, %address, outbound = endpoint.is_dialer(), "connection opened");
                self.links.opened(peer_id, connection_id, address, endpoint.is_dialer(), now);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, num_established, .. } => {
                tracing::debug!(peer = %peer_id, ?cause, "connection closed");
                if self.links.closed(&peer_id, connection_id) {
                    self.parted(peer_id, now);
                }
                if num_established == 0 {
                    self.book.lost(&peer_id, now);
                }
            }
            SwarmEvent::OutgoingConnectionError { connection_id, peer_id, error } => {
                if let Some(key) = self.dials.remove(&connection_id) {
                    self.dial_failed(key, peer_id, &error, now);
                }
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                // What admission has refused, it has counted.
                if !matches!(error, ListenError::Denied { .. }) {
                    self.board.refuse(Refusal::ConnectionHandshakeFailed);
                }
                tracing::debug!(from = %send_back_addr, %error, "incoming connection failed");
            }
            SwarmEvent::NewListenAddr { listener_id, address } => {
                let named = address.with(Protocol::P2p(*self.swarm.local_peer_id()));
                tracing::info!(address = %named, "listening");
                self.listening.push(named.clone());
                self.renew_status(now);
                self.emit(NetworkEvent::Listening(named));
                self.opening.remove(&listener_id);
                self.tell_when_ready();
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.listening.retain(|listening| addresses::split(listening).0 != address);
            }
            SwarmEvent::ListenerClosed { listener_id, addresses: closed, reason } => {
                self.listening.retain(|listening| !closed.contains(&addresses::split(listening).0));
                if let Err(error) = reason {
                    tracing::error!(%error, ?closed, "no longer listening");
                    if self.opening.remove(&listener_id)
                        && let Some(ready) = self.ready.take()
                    {
                        // Whoever started the network may have given up; then nobody needs the reason.
                        let _ = ready.send(Err(NetworkError::Listening(error.to_string())));
                    }
                }
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener in trouble"),
            _ => {}
        }
    }

    /// Tells whoever started the network once every listener has said where it listens.
    pub(super) fn tell_when_ready(&mut self) {
        if self.opening.is_empty()
            && let Some(ready) = self.ready.take()
        {
            // As above.
            let _ = ready.send(Ok(()));
        }
    }

    fn on_behaviour_event(&mut self, event: BehaviourEvent, now: Instant) {
        match event {
            BehaviourEvent::Gossip(event) => self.on_gossip(event, now),
            BehaviourEvent::Requests(event) => self.on_requests(event, now),
            BehaviourEvent::Identify(event) => self.on_identify(event, now),
            BehaviourEvent::Ping(ping::Event { peer, connection, result }) => {
                let result = match result {
                    Ok(round_trip) => Some(round_trip),
                    Err(ping::Failure::Unsupported) => return,
                    Err(_) => None,
                };
                // The library reports lost pings, and leaves it at that.
                if self.links.pinged(&peer, connection, result) {
                    tracing::debug!(%peer, "connection given up: no answer to pings");
                    self.board.refuse(Refusal::PingLost);
                    self.swarm.close_connection(connection);
                    if self.links.part_if_dead(&peer) {
                        self.parted(peer, now);
                    }
                }
            }
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => {
                // Who is seen on the local network may be dialled there, loopback included.
                for (peer, address) in found {
                    if let Some(address) = addresses::dialable(&address, Distance::Here) {
                        self.book.learn(peer, address, Origin::LocalNetwork, now);
                    }
                }
            }
            // A name that is no longer announced may still answer; failed dials will tell.
            BehaviourEvent::Mdns(mdns::Event::Expired(_)) => {}
            BehaviourEvent::Admission(never) | BehaviourEvent::Memory(never) => match never {},
        }
    }

    // ---- Who is there ----

    /// The service hears of a peer when it has said that it belongs to this community and has subscribed to
    /// the topics, so that what is published from then on reaches it.
    pub(super) fn admit_if_ready(&mut self, peer: PeerId, now: Instant) {
        if self.links.get(&peer).is_some_and(|link| link.is_ready(now)) {
            self.admit(peer, now);
        }
    }

    /// The service hears of a peer at the latest when it speaks a protocol whose name holds the community's id.
    fn admit(&mut self, peer: PeerId, now: Instant) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        let Some((address, outbound)) = link.best().filter(|_| !link.admitted) else { return };
        link.admitted = true;
        tracing::info!(%peer, %address, outbound, "peer connected");
        // First the status: whoever hears of the peer finds it there.
        self.renew_status(now);
        self.emit(NetworkEvent::Connected { peer, address, outbound });
    }

    fn parted(&mut self, peer: PeerId, now: Instant) {
        tracing::info!(%peer, "peer disconnected");
        self.renew_status(now);
        self.emit(NetworkEvent::Disconnected { peer });
    }

    fn on_identify(&mut self, event: identify::Event, now: Instant) {
        match event {
            identify::Event::Received { peer_id, info, .. } => {
                if info.protocol_version != self.protocol_version {
                    let theirs = links::printable(&info.protocol_version);
                    tracing::info!(peer = %peer_id, theirs, "disconnecting a node of another community");
                    self.board.refuse(Refusal::OtherCommunity);
                    self.book.stranger(peer_id, now);
                    // An error means that it has left already.
                    let _ = self.swarm.disconnect_peer_id(peer_id);
                    return;
                }
                let Some(link) = self.links.get_mut(&peer_id) else { return };
                link.agent = links::printable(&info.agent_version);
                let distance = link.distance();
                let told = info.listen_addrs.iter();
                let addresses = told
                    .filter_map(|address| addresses::dialable(address, distance))
                    .take(limits::BOOK_ADDRESSES);
                self.book.told(peer_id, addresses.collect(), now);
                self.book.proved(&peer_id);
                link.identified.get_or_insert(now);
                self.admit_if_ready(peer_id, now);
            }
            identify::Event::Error { peer_id, error, .. } => {
                tracing::debug!(peer = %peer_id, %error, "peer not identified");
            }
            identify::Event::Sent { .. } | identify::Event::Pushed { .. } => {}
        }
    }

    // ---- Gossip ----

    fn on_gossip(&mut self, event: gossipsub::Event, now: Instant) {
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                self.on_message(propagation_source, message_id, message, now);
            }
            gossipsub::Event::Subscribed { peer_id, topic, .. } => {
                let Some(topic) = self.topics.topic(&topic) else { return };
                if let Some(link) = self.links.get_mut(&peer_id) {
                    link.wants(topic, true);
                }
                self.somebody_wants(topic);
                self.admit_if_ready(peer_id, now);
            }
            gossipsub::Event::SlowPeer { peer_id, failed_messages } => {
                let failed = failed_messages.priority + failed_messages.non_priority;
                self.board.refuse_many(Refusal::PublishDropped, failed);
                if self.links.get_mut(&peer_id).is_some_and(|link| link.dropped(failed, now)) {
                    tracing::warn!(peer = %peer_id, "disconnecting a peer that cannot keep up");
                    self.board.refuse(Refusal::SlowPeer);
                    let _ = self.swarm.disconnect_peer_id(peer_id);
                }
            }
            gossipsub::Event::GossipsubNotSupported { peer_id } => {
                tracing::debug!(peer = %peer_id, "peer does not gossip");
            }
            gossipsub::Event::Unsubscribed { peer_id, topic } => {
                if let (Some(topic), Some(link)) = (self.topics.topic(&topic), self.links.get_mut(&peer_id)) {
                    link.wants(topic, false);
                }
            }
        }
    }

    fn on_message(&mut self, source: PeerId, id: MessageId, message: gossipsub::Message, now: Instant) {
        self.board.count(Traffic::Received, 1);
        self.board.count(Traffic::ReceivedBytes, message.data.len());
        if message.data.len() > limits::MESSAGE_BYTES {
            // No honest node publishes or passes on such a message.
            return self.refuse_message(&id, &source, MessageAcceptance::Reject, Refusal::GossipTooLarge);
        }
        let Some(topic) = self.topics.topic(&message.topic) else {
            return self.refuse_message(&id, &source, MessageAcceptance::Ignore, Refusal::GossipIgnored);
        };
        if self.links.get_mut(&source).is_some_and(|link| !link.rate.take(1.0, now)) {
            return self.refuse_message(&id, &source, MessageAcceptance::Ignore, Refusal::GossipRate);
        }
        let room = Arc::clone(&self.validation_room).try_acquire_many_owned(charge(message.data.len()));
        let Ok(room) = room else {
            return self.refuse_message(&id, &source, MessageAcceptance::Ignore, Refusal::GossipBusy);
        };
        self.admit(source, now);
        let token = GossipToken { id: id.clone(), source, _room: room };
        let event = NetworkEvent::Gossip { topic, source, data: message.data, token };
        if self.offer(event).is_some() {
            self.refuse_message(&id, &source, MessageAcceptance::Ignore, Refusal::GossipBusy);
        }
    }

    fn refuse_message(
        &mut self,
        id: &MessageId,
        source: &PeerId,
        acceptance: MessageAcceptance,
        refusal: Refusal,
    ) {
        self.board.refuse(refusal);
        self.swarm.behaviour_mut().gossip.report_message_validation_result(id, source, acceptance);
    }

    // ---- Requests ----

    fn on_requests(&mut self, event: request_response::Event<Ask, Reply>, now: Instant) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                request_response::Message::Request { request_id, request, channel } => {
                    self.on_request(peer, request_id, request, channel, now);
                }
                request_response::Message::Response { request_id, response } => {
                    let Some(waiting) = self.requests.ended(request_id) else { return };
                    let result = match (response, waiting.request) {
                        (Reply::Peers(bytes), None) => return self.heard_of_peers(&peer, &bytes, now),
                        (_, None) => return,
                        (Reply::Data(bytes), Some(request)) => {
                            self.board.count(Traffic::ResponsesReceived, 1);
                            (request, Ok(bytes))
                        }
                        (Reply::Busy, Some(request)) => (request, Err(RequestError::Busy)),
                        (Reply::Peers(_), Some(request)) => {
                            (request, Err(RequestError::Broken("an answer to another question".to_owned())))
                        }
                    };
                    let (request, result) = result;
                    self.emit(NetworkEvent::Response { request, peer, result });
                }
            },
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                let Some(waiting) = self.requests.ended(request_id) else { return };
                tracing::debug!(%peer, %error, "request failed");
                if let Some(request) = waiting.request {
                    let result = Err(explain(&error));
                    if result == Err(RequestError::Timeout) {
                        self.board.refuse(Refusal::RequestTimeout);
                    }
                    self.emit(NetworkEvent::Response { request, peer, result });
                }
            }
            request_response::Event::InboundFailure { peer, request_id, error, .. } => {
                let taken_in = self.requests.done(request_id);
                match error {
                    InboundFailure::Timeout | InboundFailure::ResponseOmission if taken_in => {
                        self.board.refuse(Refusal::RequestUnanswered);
                    }
                    // The line or the one who asked is gone, and the question with it; what could not be read
                    // the codec has counted.
                    _ => {}
                }
                tracing::debug!(%peer, %error, "request not answered");
            }
            request_response::Event::ResponseSent { request_id, .. } => {
                self.requests.done(request_id);
            }
        }
    }

    fn on_request(
        &mut self,
        peer: PeerId,
        id: InboundRequestId,
        ask: Ask,
        channel: ResponseChannel<Reply>,
        now: Instant,
    ) {
        self.admit(peer, now);
        let reply = match ask.kind {
            AskKind::Peers => self.peers_for(&peer, now).map_or(Reply::Busy, Reply::Peers),
            AskKind::Data if self.requests.take_in(id, peer, now) => {
                let token = ResponseToken { channel, _room: ask.room };
                self.board.count(Traffic::RequestsReceived, 1);
                let given_back = self.offer(NetworkEvent::Request { peer, data: ask.bytes, token });
                let Some(NetworkEvent::Request { token, .. }) = given_back else { return };
                self.board.refuse(Refusal::RequestBusy);
                // If the other side has gone meanwhile, nobody needs to be told.
                let _ = self.swarm.behaviour_mut().requests.send_response(token.channel, Reply::Busy);
                return;
            }
            AskKind::Data => {
                self.board.refuse(Refusal::RequestBusy);
                Reply::Busy
            }
        };
        let _ = self.swarm.behaviour_mut().requests.send_response(channel, reply);
    }
}
