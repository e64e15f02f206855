//! What the network tells about itself: peers, traffic, and what was refused and why.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::{Multiaddr, PeerId};
use serde::{Serialize, Serializer};

/// Makes an enum of things that are counted, each with its name.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name under which it is counted.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

counted! {
    /// What was refused, dropped or given up, and why.
    Refusal {
        /// All places for connections are taken.
        ConnectionLimit => "connection-limit",
        /// Too many unfinished handshakes.
        ConnectionHandshakes => "connection-handshakes",
        /// Too many connections to one peer.
        ConnectionPeerLimit => "connection-peer-limit",
        /// Too many connections from one address.
        ConnectionAddressLimit => "connection-address-limit",
        /// One address connects too often.
        ConnectionRate => "connection-rate",
        /// The peer is banned.
        ConnectionBanned => "connection-banned",
        /// The handshake failed: not a node, or a broken line.
        ConnectionHandshakeFailed => "connection-handshake-failed",
        /// The other node belongs to another community.
        OtherCommunity => "other-community",
        /// The other side did not say who it is in time.
        NotIdentified => "not-identified",
        /// No pong in time.
        PingLost => "ping-lost",
        /// A peer was banned because of its gossip score.
        ScoreBan => "score-ban",
        /// A peer could not take what was sent to it, and was disconnected.
        SlowPeer => "slow-peer",
        /// The service had too much to judge.
        GossipBusy => "gossip-busy",
        /// A peer brought too many messages.
        GossipRate => "gossip-rate",
        /// A message above the size limit.
        GossipTooLarge => "gossip-too-large",
        /// A message was rejected by the service: the sender is to blame.
        GossipRejected => "gossip-rejected",
        /// A message was ignored by the service.
        GossipIgnored => "gossip-ignored",
        /// The verdict came after the message had left the cache.
        GossipVerdictLate => "gossip-verdict-late",
        /// Nobody wanted the topic for too long.
        PublishNoPeers => "publish-no-peers",
        /// The message had been published or received before.
        PublishDuplicate => "publish-duplicate",
        /// All peers' queues were full, or gossipsub failed.
        PublishFailed => "publish-failed",
        /// Messages dropped on the way to a slow peer.
        PublishDropped => "publish-dropped",
        /// Too many requests of this peer, or of all.
        RequestBusy => "request-busy",
        /// A request that broke off, was too large, or was not one.
        RequestBroken => "request-broken",
        /// The service did not answer in time, or not at all.
        RequestUnanswered => "request-unanswered",
        /// The service's answer came when nobody waited any more.
        ResponseLate => "response-late",
        /// A request of ours got no answer in time.
        RequestTimeout => "request-timeout",
        /// An answer about peers that could not be read.
        ExchangeBroken => "exchange-broken",
    }
}

counted! {
    /// What went through.
    Traffic {
        /// Messages published by this node.
        Published => "published",
        /// New messages received.
        Received => "received",
        /// Messages accepted and passed on.
        Accepted => "accepted",
        /// Bytes of new messages received.
        ReceivedBytes => "received-bytes",
        /// Requests sent.
        RequestsSent => "requests-sent",
        /// Responses received.
        ResponsesReceived => "responses-received",
        /// Requests passed to the service.
        RequestsReceived => "requests-received",
        /// Dials begun.
        Dials => "dials",
        /// Dials that failed.
        DialsFailed => "dials-failed",
    }
}

/// A peer that is connected and belongs to this community.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct PeerSummary {
    /// Who it is.
    #[serde(serialize_with = "text")]
    #[schemars(with = "String")]
    pub peer: PeerId,
    /// The addresses of its connections.
    #[serde(serialize_with = "texts")]
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<Multiaddr>,
    /// Whether this node dialled it.
    pub outbound: bool,
    /// What it says it runs: at most 64 printable characters, to be believed or not.
    pub agent: String,
    /// The last ping's round trip.
    #[serde(rename = "ping_ms", serialize_with = "milliseconds")]
    #[schemars(with = "Option<f64>")]
    pub ping: Option<Duration>,
    /// Its gossip score; 0 is neutral, see `limits` for what follows below.
    pub score: f64,
    /// How long it has been connected.
    #[serde(rename = "connected_s", serialize_with = "seconds")]
    #[schemars(with = "u64")]
    pub connected: Duration,
}

/// The state of the network, at most a second old.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct NetworkStatus {
    /// This node.
    #[serde(serialize_with = "text")]
    #[schemars(with = "String")]
    pub local_peer: PeerId,
    /// Where it listens; each address ends in this node's name and can be given to others as it is.
    #[serde(serialize_with = "texts")]
    #[schemars(with = "Vec<String>")]
    pub listening: Vec<Multiaddr>,
    /// Connected peers of this community, sorted by name.
    pub peers: Vec<PeerSummary>,
    /// Peers in the address book, connected or not.
    pub known_peers: usize,
    /// Addresses of peers that have been connected: worth keeping for [`super::NetworkConfig::remembered`], so that a
    /// node finds its peers after a restart without its bootstrap addresses.
    #[serde(serialize_with = "texts")]
    #[schemars(with = "Vec<String>")]
    pub remember: Vec<Multiaddr>,
    /// Peers kept out at the moment.
    pub banned_peers: usize,
    /// Messages that wait to be published.
    pub publish_queue: usize,
    /// What was refused, by reason. Reasons that never occurred are left out.
    pub refused: BTreeMap<&'static str, u64>,
    /// What went through.
    pub traffic: BTreeMap<&'static str, u64>,
}

impl NetworkStatus {
    /// How often something was refused.
    #[must_use]
    pub fn refusals(&self, refusal: Refusal) -> u64 {
        self.refused.get(refusal.name()).copied().unwrap_or(0)
    }
}

/// Where the network task writes its status and everybody reads it.
#[derive(Debug)]
pub(super) struct Board {
    refused: Vec<AtomicU64>,
    traffic: Vec<AtomicU64>,
    latest: Mutex<Arc<NetworkStatus>>,
}

impl Board {
    pub(super) fn new(local_peer: PeerId) -> Self {
        let status = NetworkStatus {
            local_peer,
            listening: Vec::new(),
            peers: Vec::new(),
            known_peers: 0,
            remember: Vec::new(),
            banned_peers: 0,
            publish_queue: 0,
            refused: BTreeMap::new(),
            traffic: BTreeMap::new(),
        };
        Self {
            refused: Refusal::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            traffic: Traffic::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            latest: Mutex::new(Arc::new(status)),
        }
    }

    /// Counts one refusal.
    pub(super) fn refuse(&self, refusal: Refusal) {
        self.refuse_many(refusal, 1);
    }

    /// Counts several refusals.
    pub(super) fn refuse_many(&self, refusal: Refusal, times: usize) {
        self.refused[refusal as usize].fetch_add(times as u64, Ordering::Relaxed);
    }

    /// Counts what went through.
    pub(super) fn count(&self, traffic: Traffic, amount: usize) {
        self.traffic[traffic as usize].fetch_add(amount as u64, Ordering::Relaxed);
    }

    /// Puts up a new status; the counts are filled in.
    pub(super) fn put_up(&self, mut status: NetworkStatus) {
        self.fill_in(&mut status);
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(status);
    }

    /// The status: peers at most a second old, counts as of now.
    pub(super) fn read(&self) -> NetworkStatus {
        let latest = Arc::clone(&self.latest.lock().unwrap_or_else(PoisonError::into_inner));
        let mut status = (*latest).clone();
        self.fill_in(&mut status);
        status
    }

    fn fill_in(&self, status: &mut NetworkStatus) {
        status.refused = named(Refusal::ALL.iter().map(|refusal| refusal.name()), &self.refused);
        status.refused.retain(|_, count| *count > 0);
        status.traffic = named(Traffic::ALL.iter().map(|traffic| traffic.name()), &self.traffic);
    }
}

fn named(names: impl Iterator<Item = &'static str>, counts: &[AtomicU64]) -> BTreeMap<&'static str, u64> {
    names.zip(counts.iter().map(|count| count.load(Ordering::Relaxed))).collect()
}

fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn texts<T: Display, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

fn milliseconds<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| value.as_secs_f64() * 1000.0).serialize(serializer)
}

fn seconds<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(value.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_under_their_names() {
        let board = Board::new(PeerId::random());
        for (times, refusal) in Refusal::ALL.iter().enumerate() {
            board.refuse_many(*refusal, times + 1);
        }
        let status = board.read();
        for (times, refusal) in Refusal::ALL.iter().enumerate() {
            assert_eq!(status.refusals(*refusal), times as u64 + 1);
        }
        assert_eq!(status.refused.len(), Refusal::ALL.len());
    }

    #[test]
    fn a_status_can_be_shown_as_json() {
        let board = Board::new(PeerId::random());
        let mut status = board.read();
        status.peers.push(PeerSummary {
            peer: PeerId::random(),
            addresses: vec!["/ip4/127.0.0.1/tcp/1".parse().unwrap()],
            outbound: true,
            agent: "mutua".to_owned(),
            ping: Some(Duration::from_millis(2)),
            score: 0.0,
            connected: Duration::from_secs(3),
        });
        board.put_up(status);
        let json = serde_json::to_value(board.read()).unwrap();
        assert_eq!(json["peers"][0]["addresses"][0], "/ip4/127.0.0.1/tcp/1");
        assert_eq!(json["peers"][0]["ping_ms"], 2.0);
        assert_eq!(json["peers"][0]["connected_s"], 3);
    }
}
