//! The address book: whom to dial, where, and when.
//!
//! Bootstrap addresses are dialled for ever while nobody is connected there. Peers that were connected
//! before, that were seen on the local network, that told where they listen, or that others have told of,
//! are dialled while few peers are connected: a network heals without the node that brought it together.
//!
//! The book decides and does not dial; time and connectedness come in as values.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use super::addresses::{self, Distance};
use super::limits;

/// How an address came into the book. The later ones weigh more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// Another peer told of it.
    Hearsay,
    /// Seen on the local network.
    LocalNetwork,
    /// The peer itself has been connected to us, as a member of this community.
    Itself,
}

/// What a dial is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum DialKey {
    /// A bootstrap address, by its place in the configuration.
    Bootstrap(usize),
    /// A peer in the book.
    Peer(PeerId),
}

/// A dial that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dial {
    pub(super) key: DialKey,
    /// Who has to answer, if that is known.
    pub(super) peer: Option<PeerId>,
    pub(super) addresses: Vec<Multiaddr>,
}

#[derive(Debug, Clone)]
struct Redial {
    next: Instant,
    failures: u32,
    under_way: bool,
}

impl Redial {
    fn at_once(now: Instant) -> Self {
        Self { next: now, failures: 0, under_way: false }
    }
}

#[derive(Debug)]
struct Bootstrap {
    address: Multiaddr,
    /// Named in the address.
    expected: Option<PeerId>,
    /// Found there the last time.
    found: Option<PeerId>,
    /// It is this node itself.
    own: bool,
    redial: Redial,
}

#[derive(Debug)]
struct Known {
    origin: Origin,
    /// The last that worked comes first.
    addresses: Vec<Multiaddr>,
    redial: Redial,
}

/// See the module.
#[derive(Debug)]
pub(super) struct AddressBook {
    local: PeerId,
    bootstrap: Vec<Bootstrap>,
    peers: HashMap<PeerId, Known>,
    strangers: HashMap<PeerId, Instant>,
    dice: Dice,
}

impl AddressBook {
    /// A book that knows the bootstrap addresses. `seed` makes the jitter differ between nodes.
    pub(super) fn new(local: PeerId, bootstrap: &[Multiaddr], seed: u64, now: Instant) -> Self {
        let bootstrap = bootstrap
            .iter()
            .take(limits::BOOTSTRAPS)
            .map(|address| {
                let (_, expected) = addresses::split(address);
                Bootstrap {
                    address: address.clone(),
                    expected,
                    found: None,
                    own: expected == Some(local),
                    redial: Redial::at_once(now),
                }
            })
            .collect();
        Self { local, bootstrap, peers: HashMap::new(), strangers: HashMap::new(), dice: Dice(seed | 1) }
    }

    /// How many peers are known.
    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    /// The known addresses of a peer.
    pub(super) fn addresses(&self, peer: &PeerId) -> &[Multiaddr] {
        self.peers.get(peer).map_or(&[], |known| &known.addresses)
    }

    /// Where peers can be found that have been connected themselves, each address ending in the peer's name:
    /// what is worth keeping over a restart.
    pub(super) fn memorable(&self) -> Vec<Multiaddr> {
        let mut friends: Vec<_> =
            self.peers.iter().filter(|(_, known)| known.origin == Origin::Itself).collect();
        friends.sort_by_key(|(peer, known)| (known.redial.failures, **peer));
        friends
            .into_iter()
            .take(limits::REMEMBERED_PEERS)
            .filter_map(|(peer, known)| Some(known.addresses.first()?.clone().with(Protocol::P2p(*peer))))
            .collect()
    }

    /// Takes in what an earlier run of this node has found memorable.
    pub(super) fn remember(&mut self, addresses: &[Multiaddr], now: Instant) {
        for address in addresses.iter().take(limits::REMEMBERED_PEERS) {
            if let (Some(bare), (_, Some(peer))) =
                (addresses::dialable(address, Distance::Here), addresses::split(address))
            {
                self.learn(peer, bare, Origin::Itself, now);
            }
        }
    }

    /// Notes where a peer can be found. The caller has checked that the address may be dialled.
    pub(super) fn learn(&mut self, peer: PeerId, address: Multiaddr, origin: Origin, now: Instant) {
        if peer == self.local || self.is_stranger(&peer, now) {
            return;
        }
        if !self.peers.contains_key(&peer) && !self.make_place(origin) {
            return;
        }
        let known = self.peers.entry(peer).or_insert_with(|| Known {
            origin,
            addresses: Vec::new(),
            redial: Redial::at_once(now),
        });
        if origin < known.origin {
            // What others say does not push out what the peer itself has said.
            return;
        }
        known.origin = origin;
        if !known.addresses.contains(&address) && known.addresses.len() < limits::BOOK_ADDRESSES {
            known.addresses.push(address);
        }
    }

    /// Replaces the addresses of a peer by those it has told itself, keeping the one that worked last.
    pub(super) fn told(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, now: Instant) {
        if let Some(known) = self.peers.get_mut(&peer)
            && !addresses.is_empty()
        {
            let last = known.addresses.first().cloned().filter(|_| known.origin == Origin::Itself);
            known.addresses = last.into_iter().filter(|last| addresses.contains(last)).collect();
        }
        for address in addresses {
            self.learn(peer, address, Origin::Itself, now);
        }
    }

    /// A dial has led to a connection. Whether that is a success will show: a node that has banned us, or that
    /// belongs to another community, answers as well.
    pub(super) fn reached(&mut self, key: DialKey, peer: PeerId, address: &Multiaddr, now: Instant) {
        if let DialKey::Bootstrap(place) = key
            && let Some(bootstrap) = self.bootstrap.get_mut(place)
        {
            bootstrap.found = Some(peer);
            bootstrap.redial.under_way = false;
            bootstrap.redial.next = now;
        }
        if let Some(known) = self.peers.get_mut(&peer) {
            known.redial.under_way = false;
            known.redial.next = now;
            let (bare, _) = addresses::split(address);
            if let Some(place) = known.addresses.iter().position(|known| *known == bare) {
                known.addresses.swap(0, place);
            }
        }
    }

    /// A dial has failed.
    pub(super) fn missed(&mut self, key: DialKey, now: Instant) {
        match key {
            DialKey::Bootstrap(place) => {
                let Some(bootstrap) = self.bootstrap.get_mut(place) else { return };
                let cap = cap(std::slice::from_ref(&bootstrap.address), limits::REDIAL_CAP);
                back_off(&mut bootstrap.redial, cap, &mut self.dice, now);
            }
            DialKey::Peer(peer) => {
                let Some(known) = self.peers.get_mut(&peer) else { return };
                let away = known.redial.failures >= limits::REDIALS_BEFORE_AWAY;
                let usual =
                    if away { limits::REDIAL_CAP_AWAY } else { cap(&known.addresses, limits::REDIAL_CAP) };
                back_off(&mut known.redial, usual, &mut self.dice, now);
                if known.origin < Origin::Itself && known.redial.failures >= limits::REDIALS_OF_HEARSAY {
                    self.peers.remove(&peer);
                }
            }
        }
    }

    /// A dial was not made, for a reason that says nothing about the other side.
    pub(super) fn not_dialled(&mut self, key: DialKey, now: Instant) {
        let redial = match key {
            DialKey::Bootstrap(place) => self.bootstrap.get_mut(place).map(|bootstrap| &mut bootstrap.redial),
            DialKey::Peer(peer) => self.peers.get_mut(&peer).map(|known| &mut known.redial),
        };
        if let Some(redial) = redial {
            redial.under_way = false;
            redial.next = now + self.dice.around(limits::REDIAL_FIRST);
        }
    }

    /// A bootstrap address turned out to be this node's own: in a list shared by all, everybody finds himself.
    pub(super) fn is_own(&mut self, key: DialKey) {
        match key {
            DialKey::Bootstrap(place) => {
                if let Some(bootstrap) = self.bootstrap.get_mut(place) {
                    bootstrap.own = true;
                }
            }
            DialKey::Peer(peer) => {
                self.peers.remove(&peer);
            }
        }
    }

    /// A connected peer has shown that it belongs to this community; past failures are forgotten.
    pub(super) fn proved(&mut self, peer: &PeerId) {
        for bootstrap in self.bootstrap.iter_mut().filter(|bootstrap| bootstrap.found == Some(*peer)) {
            bootstrap.redial.failures = 0;
        }
        if let Some(known) = self.peers.get_mut(peer) {
            known.redial.failures = 0;
        }
    }

    /// The last connection to a peer is gone. One that never proved itself counts as a failed dial, so that
    /// pauses grow between visits to a node that turns us away.
    pub(super) fn lost(&mut self, peer: &PeerId, now: Instant) {
        for bootstrap in self.bootstrap.iter_mut().filter(|bootstrap| bootstrap.found == Some(*peer)) {
            let cap = cap(std::slice::from_ref(&bootstrap.address), limits::REDIAL_CAP);
            back_off(&mut bootstrap.redial, cap, &mut self.dice, now);
        }
        if let Some(known) = self.peers.get_mut(peer) {
            let cap = cap(&known.addresses, limits::REDIAL_CAP);
            back_off(&mut known.redial, cap, &mut self.dice, now);
        }
    }

    /// A peer belongs to another community; it is not dialled again for a while.
    pub(super) fn stranger(&mut self, peer: PeerId, now: Instant) {
        self.peers.remove(&peer);
        if self.strangers.len() >= limits::STRANGERS {
            self.strangers.retain(|_, until| *until > now);
        }
        if self.strangers.len() < limits::STRANGERS {
            self.strangers.insert(peer, now + limits::STRANGER_MEMORY);
        }
    }

    fn is_stranger(&self, peer: &PeerId, now: Instant) -> bool {
        self.strangers.get(peer).is_some_and(|until| *until > now)
    }

    /// What to dial now: bootstrap addresses where nobody is connected, and known peers while there are few.
    /// At most `places` dials are returned, and counted as under way until one of the above is called.
    pub(super) fn due(&mut self, connected: &HashSet<PeerId>, places: usize, now: Instant) -> Vec<Dial> {
        let mut dials = Vec::new();
        for place in 0..self.bootstrap.len() {
            let bootstrap = &self.bootstrap[place];
            let there = [bootstrap.expected, bootstrap.found];
            let met = there.iter().flatten().any(|peer| connected.contains(peer));
            let strange = there.iter().flatten().any(|peer| self.is_stranger(peer, now));
            if dials.len() < places && !bootstrap.own && !met && !strange && is_due(&bootstrap.redial, now) {
                dials.push(Dial {
                    key: DialKey::Bootstrap(place),
                    peer: bootstrap.expected,
                    addresses: vec![bootstrap.address.clone()],
                });
                self.bootstrap[place].redial.under_way = true;
            }
        }
        let wanted = limits::WANTED_PEERS.saturating_sub(connected.len());
        let mut candidates: Vec<_> = self
            .peers
            .iter()
            .filter(|(peer, known)| {
                !connected.contains(peer) && !known.addresses.is_empty() && is_due(&known.redial, now)
            })
            .map(|(peer, known)| (std::cmp::Reverse(known.origin), known.redial.next, *peer))
            .collect();
        candidates.sort();
        for (_, _, peer) in candidates.into_iter().take(wanted.min(places.saturating_sub(dials.len()))) {
            if let Some(known) = self.peers.get_mut(&peer) {
                known.redial.under_way = true;
                dials.push(Dial {
                    key: DialKey::Peer(peer),
                    peer: Some(peer),
                    addresses: known.addresses.clone(),
                });
            }
        }
        dials
    }

    /// Finds place for one more peer by forgetting one of less weight, those that answered least first.
    fn make_place(&mut self, origin: Origin) -> bool {
        if self.peers.len() < limits::BOOK_PEERS {
            return true;
        }
        let least = self
            .peers
            .iter()
            .filter(|(_, known)| known.origin < origin || known.redial.failures > 0)
            .min_by_key(|(_, known)| (known.origin, std::cmp::Reverse(known.redial.failures)))
            .map(|(peer, _)| *peer);
        least.is_some_and(|peer| self.peers.remove(&peer).is_some())
    }
}

fn is_due(redial: &Redial, now: Instant) -> bool {
    !redial.under_way && redial.next <= now
}

fn cap(addresses: &[Multiaddr], usual: Duration) -> Duration {
    let here = !addresses.is_empty() && addresses.iter().all(addresses::is_loopback);
    if here { limits::REDIAL_CAP_LOOPBACK } else { usual }
}

fn back_off(redial: &mut Redial, cap: Duration, dice: &mut Dice, now: Instant) {
    let pause = limits::REDIAL_FIRST.saturating_mul(1 << redial.failures.min(16)).min(cap);
    redial.failures = redial.failures.saturating_add(1);
    redial.under_way = false;
    redial.next = now + dice.around(pause);
}

/// A small generator (xorshift) for jitter: nodes that lost one another must not all dial in step.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    /// Between three and five quarters of a pause.
    fn around(&mut self, pause: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let part = u32::try_from(self.0 % 1024).unwrap_or(0);
        pause * 3 / 4 + pause / 2 * part / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn book(bootstrap: &[Multiaddr], now: Instant) -> AddressBook {
        AddressBook::new(PeerId::random(), bootstrap, 7, now)
    }

    fn keys(dials: &[Dial]) -> Vec<DialKey> {
        dials.iter().map(|dial| dial.key).collect()
    }

    #[test]
    fn a_bootstrap_address_is_dialled_for_ever_with_growing_pauses() {
        let mut now = Instant::now();
        let mut book = book(&[address("/ip4/192.0.2.1/tcp/1")], now);
        let nobody = HashSet::new();
        let mut pauses = Vec::new();
        for _ in 0..200 {
            let dials = book.due(&nobody, 8, now);
            assert_eq!(keys(&dials), [DialKey::Bootstrap(0)]);
            assert!(book.due(&nobody, 8, now).is_empty(), "one dial at a time");
            book.missed(DialKey::Bootstrap(0), now);
            pauses.push(book.bootstrap[0].redial.next - now);
            now = book.bootstrap[0].redial.next;
        }
        assert!(pauses[0] <= Duration::from_millis(625), "{:?}", pauses[0]);
        assert!(pauses.iter().all(|pause| *pause <= limits::REDIAL_CAP * 5 / 4));
        assert!(pauses[199] >= limits::REDIAL_CAP * 3 / 4);
    }

    #[test]
    fn on_loopback_the_pauses_stay_short() {
        let mut now = Instant::now();
        let mut book = book(&[address("/ip4/127.0.0.1/tcp/1")], now);
        for _ in 0..20 {
            assert_eq!(book.due(&HashSet::new(), 8, now).len(), 1);
            book.missed(DialKey::Bootstrap(0), now);
            assert!(book.bootstrap[0].redial.next - now <= Duration::from_millis(2500));
            now = book.bootstrap[0].redial.next;
        }
    }

    #[test]
    fn nobody_is_dialled_who_is_connected_and_everybody_again_who_is_lost() {
        let now = Instant::now();
        let at = address("/ip4/192.0.2.1/tcp/1");
        let mut book = book(std::slice::from_ref(&at), now);
        let peer = PeerId::random();
        book.due(&HashSet::new(), 8, now);
        book.missed(DialKey::Bootstrap(0), now);
        book.reached(DialKey::Bootstrap(0), peer, &at, now);
        book.learn(peer, at, Origin::Itself, now);
        book.proved(&peer);
        assert!(book.due(&HashSet::from([peer]), 8, now).is_empty());
        book.lost(&peer, now);
        assert!(book.due(&HashSet::new(), 8, now).is_empty(), "not at once");
        let soon = now + Duration::from_millis(700);
        assert_eq!(keys(&book.due(&HashSet::new(), 8, soon)), [DialKey::Bootstrap(0), DialKey::Peer(peer)]);
    }

    #[test]
    fn pauses_grow_between_visits_to_a_node_that_turns_us_away() {
        let mut now = Instant::now();
        let at = address("/ip4/192.0.2.1/tcp/1");
        let mut book = book(std::slice::from_ref(&at), now);
        let peer = PeerId::random();
        for _ in 0..20 {
            assert_eq!(book.due(&HashSet::new(), 8, now).len(), 1);
            book.reached(DialKey::Bootstrap(0), peer, &at, now);
            book.lost(&peer, now);
            now = book.bootstrap[0].redial.next;
        }
        book.due(&HashSet::new(), 8, now);
        book.reached(DialKey::Bootstrap(0), peer, &at, now);
        book.lost(&peer, now);
        assert!(book.bootstrap[0].redial.next - now >= limits::REDIAL_CAP * 3 / 4);
    }

    #[test]
    fn a_node_does_not_dial_itself() {
        let now = Instant::now();
        let mut book = book(&[address("/ip4/192.0.2.1/tcp/1")], now);
        let local = book.local;
        book.learn(local, address("/ip4/192.0.2.1/tcp/2"), Origin::Hearsay, now);
        assert_eq!(book.len(), 0);
        book.due(&HashSet::new(), 8, now);
        book.is_own(DialKey::Bootstrap(0));
        assert!(book.due(&HashSet::new(), 8, now + Duration::from_secs(3600)).is_empty());
    }

    #[test]
    fn hearsay_is_forgotten_when_nobody_answers_and_old_peers_are_not() {
        let mut now = Instant::now();
        let mut book = book(&[], now);
        let (rumour, friend) = (PeerId::random(), PeerId::random());
        book.learn(rumour, address("/ip4/192.0.2.1/tcp/1"), Origin::Hearsay, now);
        book.learn(friend, address("/ip4/192.0.2.2/tcp/1"), Origin::Itself, now);
        for _ in 0..100 {
            for dial in book.due(&HashSet::new(), 8, now) {
                book.missed(dial.key, now);
            }
            now += Duration::from_secs(400);
        }
        assert!(book.addresses(&rumour).is_empty());
        assert_eq!(book.addresses(&friend).len(), 1);
    }

    #[test]
    fn strangers_are_not_dialled() {
        let now = Instant::now();
        let peer = PeerId::random();
        let named = address("/ip4/192.0.2.1/tcp/1").with(libp2p::multiaddr::Protocol::P2p(peer));
        let mut book = book(&[named], now);
        book.stranger(peer, now);
        book.learn(peer, address("/ip4/192.0.2.1/tcp/1"), Origin::LocalNetwork, now);
        assert!(book.due(&HashSet::new(), 8, now).is_empty());
        let later = now + limits::STRANGER_MEMORY + Duration::from_secs(1);
        assert_eq!(book.due(&HashSet::new(), 8, later).len(), 1);
    }

    #[test]
    fn the_book_is_bounded_and_keeps_those_who_were_here() {
        let now = Instant::now();
        let mut book = book(&[], now);
        let friend = PeerId::random();
        book.learn(friend, address("/ip4/192.0.2.1/tcp/1"), Origin::Itself, now);
        for port in 1..=2000 {
            book.learn(
                PeerId::random(),
                address(&format!("/ip4/192.0.2.2/tcp/{port}")),
                Origin::Hearsay,
                now,
            );
            book.learn(friend, address(&format!("/ip4/192.0.2.1/tcp/{port}")), Origin::Itself, now);
        }
        assert_eq!(book.len(), limits::BOOK_PEERS);
        assert_eq!(book.addresses(&friend).len(), limits::BOOK_ADDRESSES);
        // A peer that has come itself finds a place where there was only hearsay.
        let late = PeerId::random();
        book.learn(late, address("/ip4/192.0.2.3/tcp/1"), Origin::Itself, now);
        assert_eq!(book.addresses(&late).len(), 1);
        assert_eq!(book.len(), limits::BOOK_PEERS);
    }

    #[test]
    fn what_a_peer_says_of_itself_replaces_what_was_known() {
        let now = Instant::now();
        let mut book = book(&[], now);
        let peer = PeerId::random();
        let [old, new, newer] =
            ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/2", "/ip4/192.0.2.1/tcp/3"].map(address);
        book.learn(peer, old.clone(), Origin::Hearsay, now);
        book.told(peer, vec![new.clone(), newer.clone()], now);
        assert_eq!(book.addresses(&peer), [new.clone(), newer.clone()]);
        book.learn(peer, old, Origin::Hearsay, now);
        assert_eq!(book.addresses(&peer), [new.clone(), newer.clone()]);
        book.reached(DialKey::Peer(peer), peer, &newer, now);
        book.told(peer, vec![new.clone(), newer.clone()], now);
        assert_eq!(book.addresses(&peer), [newer, new]);
    }

    #[test]
    fn those_who_were_here_are_worth_remembering() {
        let now = Instant::now();
        let (mut first, mut second) = (book(&[], now), book(&[], now));
        let friend = PeerId::random();
        first.told(friend, vec![address("/ip4/127.0.0.1/tcp/1")], now);
        first.learn(PeerId::random(), address("/ip4/192.0.2.2/tcp/1"), Origin::Hearsay, now);
        second.remember(&first.memorable(), now);
        assert_eq!(second.addresses(&friend), first.addresses(&friend));
        assert_eq!(second.len(), 1);
        // Nothing is dialled because of a file that somebody has damaged.
        second.remember(&[address("/ip4/192.0.2.2/tcp/1"), Multiaddr::empty()], now);
        assert_eq!(second.len(), 1);
    }

    #[test]
    fn few_are_dialled_at_once_and_none_when_enough_are_connected() {
        let now = Instant::now();
        let mut book = book(&[], now);
        for port in 1..=100 {
            book.learn(
                PeerId::random(),
                address(&format!("/ip4/192.0.2.2/tcp/{port}")),
                Origin::Hearsay,
                now,
            );
        }
        assert_eq!(book.due(&HashSet::new(), 8, now).len(), 8);
        let enough: HashSet<_> = (0..limits::WANTED_PEERS).map(|_| PeerId::random()).collect();
        assert!(book.due(&enough, 8, now).is_empty());
    }
}
