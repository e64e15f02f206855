//! The network: a libp2p swarm in a task of its own, which knows bytes, topics and peers, and nothing of records or
//! ledgers.
//!
//! The service holds two ends. A [`NetworkHandle`] takes commands and never waits; a channel of
//! [`NetworkEvent`]s tells what happens. In between stands one loop (`task`) that owns the swarm:
//!
//! ```text
//!   service --commands--> task --- swarm: admission, gossip, requests, identify, ping, mdns --- TCP, QUIC
//!           <--events---
//! ```
//!
//! * **Gossip** on three topics per community ([`Topic`]). Each message waits for a [`Verdict`] before it is passed
//!   on. Publishing is paced.
//! * **Requests** to one peer, answered with one page.
//! * **Peers**: bootstrap addresses, the local network, those seen before, and those that others know.
//!
//! The community's id is in the topics, in the request protocol's name, and in what nodes say of themselves. A
//! node of another community is told nothing, and disconnected.
//!
//! Everything is bounded, by the numbers in [`limits`]. What is refused is counted by reason, in
//! [`NetworkStatus`].

mod addresses;
mod admission;
mod behaviour;
mod codec;
mod exchange;
mod gossip;
mod handle;
mod inbox;
pub mod limits;
mod links;
mod pacing;
mod peers;
mod requests;
mod status;
mod task;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use mutua_protocol::hash::CommunityId;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use zeroize::Zeroizing;

pub use admission::ConnectionLimits;
pub use gossip::Topic;
pub use handle::{
    GossipToken, NetworkEvent, NetworkHandle, RequestError, RequestId, ResponseToken, SendError, Verdict,
};
pub use libp2p::{Multiaddr, PeerId};
pub use status::{NetworkStatus, PeerSummary, Refusal, Traffic};

/// How a node takes part in the network.
#[derive(Clone)]
pub struct NetworkConfig {
    /// The community it belongs to.
    pub community: CommunityId,
    /// Seed of the Ed25519 key that names it in the network. Not a member's key: it signs nothing that counts.
    pub identity: Zeroizing<[u8; 32]>,
    /// Where to listen: `/ip4/0.0.0.0/tcp/4001`, `/ip4/0.0.0.0/udp/4001/quic-v1`. May be empty.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach it, if they differ: behind a router with a forwarded port.
    pub announce: Vec<Multiaddr>,
    /// Where to find others, with or without `/p2p/...` at the end; dialled for ever, at most
    /// [`limits::BOOTSTRAPS`]. Its own address among them does no harm.
    pub bootstrap: Vec<Multiaddr>,
    /// What [`NetworkStatus::remember`] said in an earlier run; dialled while few peers are connected.
    pub remembered: Vec<Multiaddr>,
    /// Whether to look for others on the local network, and to be seen there.
    pub mdns: bool,
    /// What it says that it runs.
    pub agent: String,
    /// How many connections it takes.
    pub connections: ConnectionLimits,
    /// Memory of the process beyond which it takes no new connection.
    pub memory_bytes: usize,
    /// Time for one request and its response.
    pub request_timeout: Duration,
}

impl NetworkConfig {
    /// The usual settings. Listens nowhere and knows nobody.
    #[must_use]
    pub fn new(community: CommunityId, identity: [u8; 32]) -> Self {
        Self {
            community,
            identity: Zeroizing::new(identity),
            listen: Vec::new(),
            announce: Vec::new(),
            bootstrap: Vec::new(),
            remembered: Vec::new(),
            mdns: false,
            agent: concat!("mutua/", env!("CARGO_PKG_VERSION")).to_owned(),
            connections: ConnectionLimits::default(),
            memory_bytes: limits::MEMORY_BYTES,
            request_timeout: limits::REQUEST_TIMEOUT,
        }
    }
}

/// Why the network did not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Something else listens there.
    #[error("{0} is in use: stop the other program, or choose another port in `listen`")]
    PortInUse(Multiaddr),
    /// The address belongs to another machine.
    #[error("{0} is not an address of this machine: use /ip4/0.0.0.0/... to listen on all of its own")]
    NotOurAddress(Multiaddr),
    /// The system does not allow it.
    #[error("this user may not listen on {0}: choose a port above 1023 in `listen`")]
    NotAllowed(Multiaddr),
    /// Not an address that can be listened on.
    #[error(
        "cannot listen on {address}: {reason}; write /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/udp/4001/quic-v1"
    )]
    BadAddress {
        /// The address.
        address: Multiaddr,
        /// What is wrong.
        reason: String,
    },
    /// A listener was closed right after it was opened.
    #[error("listening failed: {0}; look at the addresses in `listen`")]
    Listening(String),
    /// The system did not open the sockets in time.
    #[error("the sockets in `listen` were not open after {} seconds", limits::CONNECT_TIMEOUT.as_secs())]
    Slow,
    /// A fault in this program's own settings.
    #[error("the network cannot be set up: {0}")]
    Setup(String),
}

/// Starts the network in a task of the current tokio runtime, and returns once it listens everywhere it should. Its
/// first events are [`NetworkEvent::Listening`]. It runs until [`NetworkHandle::shutdown`], or until the
/// receiver of events is dropped.
///
/// # Errors
/// See [`NetworkError`]; nothing is left running.
pub async fn start(
    config: NetworkConfig,
) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), NetworkError> {
    let now = Instant::now();
    let key = Keypair::ed25519_from_bytes(*config.identity)
        .map_err(|error| NetworkError::Setup(error.to_string()))?;
    let local_peer = key.public().to_peer_id();
    let board = Arc::new(status::Board::new(local_peer));
    let mut swarm = behaviour::swarm(&config, &key, &board)?;
    let mut opening = HashSet::new();
    config.listen.iter().try_for_each(probe)?;
    for address in &config.listen {
        let listener = swarm.listen_on(address.clone()).map_err(|error| bad_address(address, error))?;
        opening.insert(listener);
    }
    for address in &config.announce {
        swarm.add_external_address(address.clone());
    }
    let seed = getrandom::u64().map_err(|error| NetworkError::Setup(error.to_string()))?;
    let (command_sender, commands) = mpsc::channel(limits::COMMANDS);
    let (events, event_receiver) = mpsc::channel(limits::EVENTS);
    let (ready_sender, ready) = oneshot::channel();
    let (stopped_sender, stopped) = watch::channel(());
    let mut book = peers::AddressBook::new(local_peer, &config.bootstrap, seed, now);
    book.remember(&config.remembered, now);
    let mut network = task::Network {
        swarm,
        topics: gossip::Topics::new(&config.community),
        protocol_version: behaviour::protocol_version(&config.community),
        commands,
        events,
        overflow: VecDeque::new(),
        validation_room: Arc::new(Semaphore::new(limits::VALIDATION_QUEUE_KIB)),
        pacer: pacing::Pacer::new(now),
        book,
        links: links::Links::default(),
        requests: requests::Requests::default(),
        dials: HashMap::new(),
        listening: Vec::new(),
        opening,
        ready: Some(ready_sender),
        board: Arc::clone(&board),
        renewed: now,
    };
    network.tell_when_ready();
    let handle = NetworkHandle::new(command_sender, board, local_peer, stopped);
    tokio::spawn(network.run(stopped_sender));
    // On an error the receiver of events is dropped here, which stops the task.
    tokio::time::timeout(limits::CONNECT_TIMEOUT, ready)
        .await
        .map_err(|_| NetworkError::Slow)?
        .map_err(|_| NetworkError::Listening("the network task ended".to_owned()))??;
    Ok((handle, event_receiver))
}

/// Finds out whether a port is free. libp2p opens TCP listeners with `SO_REUSEPORT`, so that a second node on the same
/// port would start without an error and be given half of the first one's connections.
fn probe(address: &Multiaddr) -> Result<(), NetworkError> {
    let mut parts = address.iter();
    let (Some(ip), Some(transport)) = (addresses::ip(address), parts.nth(1)) else {
        return Err(NetworkError::BadAddress {
            address: address.clone(),
            reason: "it has no IP address and port".to_owned(),
        });
    };
    // All of IPv6 is probed on ::1: the plain socket that probes would claim IPv4 as well, where another
    // listener, or another address of ours, may well have the same port.
    let any_v6 = ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let ip = if any_v6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { ip };
    let probed = match transport {
        Protocol::Tcp(port) if port != 0 => TcpListener::bind(SocketAddr::new(ip, port)).map(drop),
        Protocol::Udp(port) if port != 0 => UdpSocket::bind(SocketAddr::new(ip, port)).map(drop),
        _ => Ok(()),
    };
    match probed {
        Err(error) if any_v6 && error.kind() == io::ErrorKind::AddrNotAvailable => Ok(()),
        probed => probed.map_err(|error| bad_address(address, error)),
    }
}

fn bad_address(address: &Multiaddr, error: impl Into<ListenFailure>) -> NetworkError {
    let address = address.clone();
    let ListenFailure { kind, reason } = error.into();
    match kind {
        Some(io::ErrorKind::AddrInUse) => NetworkError::PortInUse(address),
        Some(io::ErrorKind::AddrNotAvailable) => NetworkError::NotOurAddress(address),
        Some(io::ErrorKind::PermissionDenied) => NetworkError::NotAllowed(address),
        _ => NetworkError::BadAddress { address, reason },
    }
}

struct ListenFailure {
    kind: Option<io::ErrorKind>,
    reason: String,
}

impl From<io::Error> for ListenFailure {
    fn from(error: io::Error) -> Self {
        Self { kind: Some(error.kind()), reason: error.to_string() }
    }
}

impl From<libp2p::TransportError<io::Error>> for ListenFailure {
    fn from(error: libp2p::TransportError<io::Error>) -> Self {
        let reason = error.to_string();
        match error {
            libp2p::TransportError::Other(error) => Self { kind: Some(error.kind()), reason },
            libp2p::TransportError::MultiaddrNotSupported(_) => Self { kind: None, reason },
        }
    }
}
