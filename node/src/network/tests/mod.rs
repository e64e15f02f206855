//! Whole networks on loopback, with real sockets.
//!
//! Tests wait for what must happen, with generous deadlines, and never for time to pass. That something does *not*
//! happen is shown by something later that does: what was sent afterwards has arrived.

mod finding;
mod gossip;
mod hostile;
mod load;
mod requests;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::*;

/// Long enough for a machine that runs six builds beside the test; no test waits for it unless it fails.
const DEADLINE: Duration = Duration::from_secs(60);

const COMMUNITY: CommunityId = CommunityId([1; 32]);
const ELSEWHERE: CommunityId = CommunityId([2; 32]);

/// A running node, as its service sees it.
struct Node {
    handle: NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
    /// What came while something else was waited for.
    passed: Vec<NetworkEvent>,
}

fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    seed
}

fn config(bootstrap: &[Multiaddr]) -> NetworkConfig {
    let mut config = NetworkConfig::new(COMMUNITY, seed());
    config.listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
    config.bootstrap = bootstrap.to_vec();
    config
}

/// A port that is free, and stays so while nobody listens on it: below those that the system hands out.
fn fixed_port() -> u16 {
    loop {
        let port = 15_000 + u16::try_from(getrandom::u32().unwrap() % 15_000).unwrap();
        let tcp = std::net::TcpListener::bind(("0.0.0.0", port));
        let udp = std::net::UdpSocket::bind(("0.0.0.0", port));
        if tcp.is_ok() && udp.is_ok() {
            return port;
        }
    }
}

/// A node that can be started again at the same place.
fn fixed_config(bootstrap: &[Multiaddr]) -> NetworkConfig {
    let mut config = config(bootstrap);
    config.listen = vec![format!("/ip4/127.0.0.1/tcp/{}", fixed_port()).parse().unwrap()];
    config
}

impl Node {
    async fn start(config: NetworkConfig) -> Self {
        let (handle, events) = start(config).await.unwrap();
        Self { handle, events, passed: Vec::new() }
    }

    /// A node that dials the given ones.
    async fn joining(others: &[&Node]) -> Self {
        let bootstrap: Vec<_> = others.iter().map(|node| node.address()).collect();
        let node = Self::start(config(&bootstrap)).await;
        let mut node = node;
        for other in others {
            node.connected_to(other.id()).await;
        }
        node
    }

    fn id(&self) -> PeerId {
        self.handle.local_peer()
    }

    fn address(&self) -> Multiaddr {
        self.handle.status().listening[0].clone()
    }

    /// The next event for which `wanted` has a value; others are kept aside.
    async fn wait<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&NetworkEvent) -> Option<T>,
    ) -> (T, NetworkEvent) {
        if let Some((place, value)) =
            self.passed.iter().enumerate().find_map(|(place, event)| Some((place, wanted(event)?)))
        {
            return (value, self.passed.remove(place));
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let event = timeout_at(deadline, self.events.recv())
                .await
                .unwrap_or_else(|_| panic!("no {what} within {DEADLINE:?}: {:#?}", self.handle.status()))
                .unwrap_or_else(|| panic!("the network ended, waiting for {what}"));
            match wanted(&event) {
                Some(value) => return (value, event),
                None => self.passed.push(event),
            }
        }
    }

    async fn connected_to(&mut self, other: PeerId) {
        self.wait("connection", |event| {
            matches!(event, NetworkEvent::Connected { peer, .. } if *peer == other).then_some(())
        })
        .await;
    }

    async fn parted_from(&mut self, other: PeerId) {
        self.wait("disconnection", |event| {
            matches!(event, NetworkEvent::Disconnected { peer } if *peer == other).then_some(())
        })
        .await;
    }

    /// The next message.
    async fn message(&mut self) -> (Topic, PeerId, Vec<u8>, GossipToken) {
        let (_, event) =
            self.wait("message", |event| matches!(event, NetworkEvent::Gossip { .. }).then_some(())).await;
        match event {
            NetworkEvent::Gossip { topic, source, data, token } => (topic, source, data, token),
            _ => unreachable!(),
        }
    }

    /// Takes the next message, checks its content, and judges it.
    async fn judge(&mut self, expected: &[u8], verdict: Verdict) {
        let (_, _, data, token) = self.message().await;
        assert_eq!(data, expected);
        self.handle.verdict(token, verdict).unwrap();
    }

    async fn asked(&mut self) -> (PeerId, Vec<u8>, ResponseToken) {
        let (_, event) =
            self.wait("request", |event| matches!(event, NetworkEvent::Request { .. }).then_some(())).await;
        match event {
            NetworkEvent::Request { peer, data, token } => (peer, data, token),
            _ => unreachable!(),
        }
    }

    async fn answer(&mut self, to: RequestId) -> Result<Vec<u8>, RequestError> {
        let (_, event) = self
            .wait("response", |event| {
                matches!(event, NetworkEvent::Response { request, .. } if *request == to).then_some(())
            })
            .await;
        match event {
            NetworkEvent::Response { result, .. } => result,
            _ => unreachable!(),
        }
    }

    /// Waits until the status shows something.
    async fn status_until(&self, what: &str, shows: impl Fn(&NetworkStatus) -> bool) -> NetworkStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let status = self.handle.status();
            if shows(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "the status never showed {what}: {status:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn has_nothing_like(&mut self, unwanted: impl Fn(&NetworkEvent) -> bool) {
        while let Ok(event) = self.events.try_recv() {
            self.passed.push(event);
        }
        if let Some(event) = self.passed.iter().find(|event| unwanted(event)) {
            panic!("unexpected {event:?}");
        }
    }

    async fn stop(self) {
        self.handle.shutdown();
        self.handle.stopped().await;
    }
}

fn is_gossip(event: &NetworkEvent) -> bool {
    matches!(event, NetworkEvent::Gossip { .. })
}

#[tokio::test]
async fn a_node_says_where_it_listens_on_tcp_and_quic() {
    let mut config = config(&[]);
    config.listen.push("/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap());
    let mut node = Node::start(config).await;
    let status = node.handle.status();
    assert_eq!(status.listening.len(), 2);
    for _ in 0..2 {
        let (address, _) = node
            .wait("address", |event| match event {
                NetworkEvent::Listening(address) => Some(address.clone()),
                _ => None,
            })
            .await;
        assert!(status.listening.contains(&address));
        assert_eq!(addresses::split(&address).1, Some(node.id()));
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = Node::start(config(&[])).await;
    for taken in [addresses::split(&first.address()).0] {
        let mut second = config(&[]);
        second.listen = vec![taken.clone()];
        let error = start(second).await.unwrap_err();
        assert!(matches!(&error, NetworkError::PortInUse(address) if *address == taken), "{error}");
    }
    let mut quic = config(&[]);
    quic.listen = vec!["/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap()];
    let quic = Node::start(quic).await;
    let mut second = config(&[]);
    second.listen = vec![addresses::split(&quic.address()).0];
    assert!(matches!(start(second).await.unwrap_err(), NetworkError::PortInUse(_)));
}

#[tokio::test]
async fn one_port_serves_both_families_and_both_transports() {
    if std::net::TcpListener::bind("[::]:0").is_err() {
        return println!("skipped: this machine has no IPv6");
    }
    let port = fixed_port();
    let mut all = config(&[]);
    all.listen = [
        format!("/ip4/0.0.0.0/tcp/{port}"),
        format!("/ip6/::/tcp/{port}"),
        format!("/ip4/0.0.0.0/udp/{port}/quic-v1"),
        format!("/ip6/::/udp/{port}/quic-v1"),
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    let first = Node::start(all.clone()).await;
    assert!(first.handle.status().listening.len() >= 4);
    for taken in all.listen.clone() {
        let mut second = config(&[]);
        second.listen = vec![taken.clone()];
        let error = start(second).await.unwrap_err();
        assert!(matches!(&error, NetworkError::PortInUse(address) if *address == taken), "{error}");
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_listened_on_are_named() {
    let cases =
        ["/dns4/example.org/tcp/4001", "/ip4/127.0.0.1", "/ip4/127.0.0.1/udp/4001", "/ip4/127.0.0.1/sctp/7"];
    for text in cases {
        let mut bad = config(&[]);
        bad.listen = vec![text.parse().unwrap()];
        let error = start(bad).await.unwrap_err();
        assert!(matches!(error, NetworkError::BadAddress { .. }), "{text}: {error}");
    }
    let mut elsewhere = config(&[]);
    elsewhere.listen = vec!["/ip4/192.0.2.1/tcp/4001".parse().unwrap()];
    let error = start(elsewhere).await.unwrap_err();
    assert!(matches!(error, NetworkError::NotOurAddress(_)), "{error}");
}

#[tokio::test]
async fn a_stopped_network_ends_its_events_and_refuses_commands() {
    let mut a = Node::start(config(&[])).await;
    let b = Node::joining(&[&a]).await;
    let (gone, handle) = (b.id(), b.handle.clone());
    b.stop().await;
    assert_eq!(handle.publish(Topic::Records, vec![1]), Err(SendError::Stopped));
    // The other side is told, and need not wait for a timeout.
    a.parted_from(gone).await;
    a.handle.shutdown();
    while a.events.recv().await.is_some() {}
}
