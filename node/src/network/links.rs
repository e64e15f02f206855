//! The peers that are connected at this moment, and what is known of each.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};

use super::addresses::{self, Distance};
use super::gossip::Topic;
use super::limits;
use super::pacing::Bucket;
use super::status::PeerSummary;

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    address: Multiaddr,
    outbound: bool,
    lost_pings: u32,
    /// Given up, but the transport is not through with closing it: on a dead line that can take long.
    dying: bool,
}

/// A connected peer.
#[derive(Debug)]
pub(super) struct Link {
    lines: HashMap<ConnectionId, Line>,
    since: Instant,
    /// When it said that it belongs to this community.
    pub(super) identified: Option<Instant>,
    /// The topics it wants.
    topics: HashSet<Topic>,
    /// Whether the service knows of it.
    pub(super) admitted: bool,
    pub(super) agent: String,
    pub(super) ping: Option<Duration>,
    /// How many new messages it may bring.
    pub(super) rate: Bucket,
    drops: usize,
    drops_since: Instant,
    /// When it was last asked for peers, and when it was last told of some.
    pub(super) asked: Option<Instant>,
    pub(super) told: Option<Instant>,
}

impl Link {
    fn new(now: Instant) -> Self {
        Self {
            lines: HashMap::new(),
            since: now,
            identified: None,
            topics: HashSet::new(),
            admitted: false,
            agent: String::new(),
            ping: None,
            rate: Bucket::new(limits::PEER_MESSAGES_PER_SECOND, limits::PEER_MESSAGES_BURST, now),
            drops: 0,
            drops_since: now,
            asked: None,
            told: None,
        }
    }

    fn alive(&self) -> bool {
        self.lines.values().any(|line| !line.dying)
    }

    /// The address and direction of a living connection, one that this node dialled before others.
    pub(super) fn best(&self) -> Option<(Multiaddr, bool)> {
        self.lines
            .values()
            .filter(|line| !line.dying)
            .max_by_key(|line| line.outbound)
            .map(|line| (line.address.clone(), line.outbound))
    }

    /// Notes that the peer wants a topic, or no longer does.
    pub(super) fn wants(&mut self, topic: Topic, wanted: bool) {
        if wanted {
            self.topics.insert(topic);
        } else {
            self.topics.remove(&topic);
        }
    }

    /// Whether the service is to hear of the peer: it belongs to this community, and what is published reaches it.
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        let patience_ends =
            |since: Instant| now.saturating_duration_since(since) > limits::SUBSCRIBE_PATIENCE;
        self.alive()
            && !self.admitted
            && self
                .identified
                .is_some_and(|since| self.topics.len() == Topic::ALL.len() || patience_ends(since))
    }

    /// How far away the peer is, by its nearest connection.
    pub(super) fn distance(&self) -> Distance {
        let lines = self.lines.values();
        lines.map(|line| addresses::distance(&line.address)).min().unwrap_or(Distance::Far)
    }

    /// Notes messages that could not be sent; true when it is time to part.
    pub(super) fn dropped(&mut self, messages: usize, now: Instant) -> bool {
        if now.saturating_duration_since(self.drops_since) > limits::SLOW_PEER_WINDOW {
            (self.drops, self.drops_since) = (0, now);
        }
        self.drops = self.drops.saturating_add(messages);
        self.drops > limits::SLOW_PEER_DROPS
    }
}

/// All connected peers. Bounded by the limits on connections.
#[derive(Debug, Default)]
pub(super) struct Links(HashMap<PeerId, Link>);

impl Links {
    pub(super) fn get(&self, peer: &PeerId) -> Option<&Link> {
        self.0.get(peer)
    }

    pub(super) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Link> {
        self.0.get_mut(peer)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&PeerId, &mut Link)> {
        self.0.iter_mut()
    }

    /// Everyone with a living connection.
    pub(super) fn alive(&self) -> HashSet<PeerId> {
        self.0.iter().filter(|(_, link)| link.alive()).map(|(peer, _)| *peer).collect()
    }

    /// Everyone who belongs to this community and has a living connection.
    pub(super) fn admitted(&self) -> impl Iterator<Item = (&PeerId, &Link)> {
        self.0.iter().filter(|(_, link)| link.admitted)
    }

    pub(super) fn opened(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        address: Multiaddr,
        outbound: bool,
        now: Instant,
    ) {
        let link = self.0.entry(peer).or_insert_with(|| Link::new(now));
        if !link.alive() {
            // It has come anew, and must say anew who it is.
            (link.since, link.identified) = (now, None);
        }
        link.lines.insert(id, Line { address, outbound, lost_pings: 0, dying: false });
    }

    /// A connection is closed. True if it was the peer's last living one and the service knew of the peer.
    pub(super) fn closed(&mut self, peer: &PeerId, id: ConnectionId) -> bool {
        let Some(link) = self.0.get_mut(peer) else { return false };
        link.lines.remove(&id);
        let parted = link.admitted && !link.alive();
        if parted {
            link.admitted = false;
        }
        if link.lines.is_empty() {
            self.0.remove(peer);
        }
        parted
    }

    /// Notes a ping. True when the connection is to be given up.
    pub(super) fn pinged(&mut self, peer: &PeerId, id: ConnectionId, result: Option<Duration>) -> bool {
        let Some(link) = self.0.get_mut(peer) else { return false };
        if result.is_some() {
            link.ping = result;
        }
        let Some(line) = link.lines.get_mut(&id) else { return false };
        line.lost_pings = if result.is_some() { 0 } else { line.lost_pings + 1 };
        let lost = line.lost_pings >= limits::PING_FAILURES && !line.dying;
        line.dying |= lost;
        lost
    }

    /// Takes back the admission of a peer whose last living connection has been given up. True if it had it.
    pub(super) fn part_if_dead(&mut self, peer: &PeerId) -> bool {
        match self.0.get_mut(peer) {
            Some(link) if link.admitted && !link.alive() => {
                link.admitted = false;
                true
            }
            _ => false,
        }
    }

    /// Peers that have not shown in time who they are.
    pub(super) fn unidentified(&self, now: Instant) -> Vec<PeerId> {
        self.0
            .iter()
            .filter(|(_, link)| {
                !link.admitted
                    && link.identified.is_none()
                    && link.alive()
                    && now.saturating_duration_since(link.since) > limits::IDENTIFY_TIMEOUT
            })
            .map(|(peer, _)| *peer)
            .collect()
    }

    /// Peers that the service is to hear of.
    pub(super) fn ready(&self, now: Instant) -> Vec<PeerId> {
        self.0.iter().filter(|(_, link)| link.is_ready(now)).map(|(peer, _)| *peer).collect()
    }

    /// What the status tells, sorted by name.
    pub(super) fn summaries(&self, score: impl Fn(&PeerId) -> f64, now: Instant) -> Vec<PeerSummary> {
        let mut peers: Vec<_> = self
            .admitted()
            .map(|(peer, link)| PeerSummary {
                peer: *peer,
                addresses: link.lines.values().map(|line| line.address.clone()).collect(),
                outbound: link.lines.values().any(|line| line.outbound),
                agent: link.agent.clone(),
                ping: link.ping,
                score: score(peer),
                connected: now.saturating_duration_since(link.since),
            })
            .collect();
        peers.sort_by_key(|summary| summary.peer);
        peers
    }
}

/// What another node says of itself, made fit to be shown: short, and printable.
pub(super) fn printable(agent: &str) -> String {
    agent.chars().filter(|character| !character.is_control()).take(limits::AGENT_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_parts_with_its_last_living_connection() {
        let (mut links, peer, now) = (Links::default(), PeerId::random(), Instant::now());
        let [one, two] = [1, 2].map(ConnectionId::new_unchecked);
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        links.opened(peer, one, address.clone(), true, now);
        links.opened(peer, two, address, false, now);
        links.get_mut(&peer).unwrap().admitted = true;
        assert!(!links.closed(&peer, one));
        // The second one stops answering.
        for ping in 1..=limits::PING_FAILURES {
            assert_eq!(links.pinged(&peer, two, None), ping == limits::PING_FAILURES);
        }
        assert!(links.part_if_dead(&peer));
        assert!(links.alive().is_empty());
        assert!(!links.closed(&peer, two), "the service is told once");
        assert!(links.get(&peer).is_none());
    }

    #[test]
    fn a_peer_is_ready_when_it_is_one_of_us_and_wants_to_hear() {
        let (mut links, peer, now) = (Links::default(), PeerId::random(), Instant::now());
        links.opened(peer, ConnectionId::new_unchecked(1), Multiaddr::empty(), true, now);
        let link = links.get_mut(&peer).unwrap();
        for topic in Topic::ALL {
            link.wants(topic, true);
        }
        assert!(!link.is_ready(now), "not identified");
        link.identified = Some(now);
        assert!(link.is_ready(now));
        link.wants(Topic::Seals, false);
        assert!(!link.is_ready(now), "not subscribed");
        let later = now + limits::SUBSCRIBE_PATIENCE + Duration::from_millis(1);
        assert_eq!(links.ready(later), [peer]);
    }

    #[test]
    fn a_pong_makes_up_for_lost_ones() {
        let (mut links, peer, now) = (Links::default(), PeerId::random(), Instant::now());
        let line = ConnectionId::new_unchecked(1);
        links.opened(peer, line, Multiaddr::empty(), true, now);
        for _ in 0..10 {
            assert!(!links.pinged(&peer, line, None));
            assert!(!links.pinged(&peer, line, Some(Duration::from_millis(1))));
        }
    }

    #[test]
    fn a_slow_peer_is_given_time() {
        let now = Instant::now();
        let mut link = Link::new(now);
        assert!(!link.dropped(limits::SLOW_PEER_DROPS, now));
        let later = now + limits::SLOW_PEER_WINDOW + Duration::from_secs(1);
        assert!(!link.dropped(limits::SLOW_PEER_DROPS, later));
        assert!(link.dropped(1, later));
    }

    #[test]
    fn what_strangers_say_of_themselves_is_made_printable() {
        assert_eq!(printable("mutua/0.1"), "mutua/0.1");
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a[31mbc");
        assert_eq!(printable(&"x".repeat(5000)).len(), limits::AGENT_CHARACTERS);
    }
}
