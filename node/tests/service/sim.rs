//! Nodes, a clock and a network, all of them values: what happens follows from the seed alone.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    path::PathBuf,
    sync::Arc,
};

use libp2p::{PeerId, identity::Keypair};
use mutua_node::{
    network::{Topic, Verdict},
    service::{Core, Imported, Input, Now, Output, Reception, ReceptionStatus, Signed},
    store::Store,
    witness::{Body, WitnessMessage},
};
use mutua_protocol::{
    charter::Community,
    hash::{RecordId, SealId},
    keys::PublicKey,
    records::Received,
    seals::SealedBatch,
};

use super::world::{EPOCH, key, witness};

/// A small random number generator (SplitMix64): the same numbers everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// How the network treats messages.
#[derive(Debug, Clone, Copy)]
pub struct Links {
    pub least_ms: u64,
    pub greatest_ms: u64,
    /// Of a thousand gossip messages on one link.
    pub lost: u64,
    pub doubled: u64,
    /// Of a thousand requests.
    pub unanswered: u64,
}

impl Links {
    pub const GOOD: Self = Self { least_ms: 1, greatest_ms: 20, lost: 0, doubled: 0, unanswered: 0 };
    pub const BAD: Self = Self { least_ms: 1, greatest_ms: 200, lost: 200, doubled: 100, unanswered: 100 };
}

/// How long the network waits for an answer.
const ANSWER_MS: u64 = 30_000;
/// How long a banned peer stays away.
const BAN_MS: u64 = 60_000;
/// Longest sleep of a node.
const TICK_MS: u64 = 50;

enum What {
    Gossip { from: usize, topic: Topic, data: Arc<Vec<u8>> },
    Request { from: usize, request: u64, data: Vec<u8>, life: u32 },
    Response { request: u64, data: Option<Vec<u8>>, life: u32 },
    Reconnect { with: usize },
}

struct Event {
    at: u64,
    number: u64,
    to: usize,
    what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// A peer that is no node: says whatever the test wants. Given the request and the time; the answer, and
/// after how many milliseconds it leaves.
pub type Liar = Box<dyn FnMut(&[u8]) -> (Option<Vec<u8>>, u64)>;

/// What of its input never reaches a node.
pub type Deaf = Box<dyn Fn(&Input) -> bool>;

pub struct Node {
    pub core: Option<Core>,
    pub peer: PeerId,
    pub liar: Option<Liar>,
    pub deaf: Option<Deaf>,
    /// Added to this node's clock on the wall.
    pub skew: i64,
    /// Counts the starts: what is meant for an earlier life is lost.
    life: u32,
    born: u64,
    wake: u64,
    path: PathBuf,
    witness: Option<String>,
    seen: BTreeSet<[u8; 32]>,
    gossip: BTreeMap<u64, (usize, Topic, Arc<Vec<u8>>)>,
    asked: BTreeMap<u64, (usize, u64, u32)>,
    token: u64,
    /// Requests answered, by kind.
    pub requests: u64,
    pub bytes: u64,
}

pub struct Sim {
    pub seed: u64,
    pub rng: Rng,
    pub community: Arc<Community>,
    pub nodes: Vec<Node>,
    pub links: Links,
    pub now: u64,
    /// What nodes have said that they hold for good.
    pub acknowledged: BTreeSet<RecordId>,
    /// Commits left until a node crashes.
    pub crash_in: BTreeMap<usize, u64>,
    pub bans: Vec<(usize, usize)>,
    /// What the liar witnesses are exempted from: their own word.
    pub liars: BTreeSet<PublicKey>,
    /// What was said about seals.
    pub heard: Vec<Vec<u8>>,
    number: u64,
    queue: BinaryHeap<Reverse<Event>>,
    cut: BTreeSet<(usize, usize)>,
    votes: BTreeMap<(PublicKey, u64, u32, u8), Option<SealId>>,
    _folder: tempfile::TempDir,
}

fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::TempDir::new_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

impl Sim {
    /// So many witnesses, then so many other nodes; all started.
    pub fn new(seed: u64, community: &Arc<Community>, others: usize, links: Links) -> Self {
        let folder = folder();
        let witnesses = community.witnesses.witnesses().len();
        let nodes = (0..witnesses + others)
            .map(|position| {
                let mut bytes = [7; 32];
                bytes[0] = u8::try_from(position).unwrap();
                Node {
                    core: None,
                    peer: Keypair::ed25519_from_bytes(bytes).unwrap().public().to_peer_id(),
                    liar: None,
                    deaf: None,
                    skew: 0,
                    life: 0,
                    born: 0,
                    wake: 0,
                    path: folder.path().join(format!("node{position}")),
                    witness: (position < witnesses).then(|| witness(position)),
                    seen: BTreeSet::new(),
                    gossip: BTreeMap::new(),
                    asked: BTreeMap::new(),
                    token: 0,
                    requests: 0,
                    bytes: 0,
                }
            })
            .collect();
        let mut sim = Self {
            seed,
            rng: Rng::new(seed),
            community: Arc::clone(community),
            nodes,
            links,
            now: 0,
            acknowledged: BTreeSet::new(),
            crash_in: BTreeMap::new(),
            bans: Vec::new(),
            liars: BTreeSet::new(),
            heard: Vec::new(),
            number: 0,
            queue: BinaryHeap::new(),
            cut: BTreeSet::new(),
            votes: BTreeMap::new(),
            _folder: folder,
        };
        for position in 0..sim.nodes.len() {
            sim.start(position);
        }
        sim
    }

    /// All nodes' positions.
    pub fn all(&self) -> std::ops::Range<usize> {
        0..self.nodes.len()
    }

    fn time(&self, node: usize) -> Now {
        let node = &self.nodes[node];
        Now {
            wall: (EPOCH + self.now).saturating_add_signed(node.skew),
            elapsed: self.now.saturating_sub(node.born),
        }
    }

    /// The clock on the wall.
    pub fn wall(&self) -> u64 {
        EPOCH + self.now
    }

    fn linked(&self, a: usize, b: usize) -> bool {
        let up = |node: &Node| node.core.is_some() || node.liar.is_some();
        a != b && !self.cut.contains(&(a.min(b), a.max(b))) && up(&self.nodes[a]) && up(&self.nodes[b])
    }

    /// Starts a node from what its store holds.
    pub fn start(&mut self, node: usize) {
        let born = self.now;
        {
            let this = &mut self.nodes[node];
            assert!(this.core.is_none());
            this.life += 1;
            this.born = born;
            this.wake = born;
            this.seen.clear();
            this.gossip.clear();
            this.asked.clear();
        }
        let store = Store::open(&self.nodes[node].path, 4 << 20).unwrap();
        let witness = self.nodes[node].witness.as_deref().map(key);
        let core =
            Core::open(Arc::clone(&self.community), store, witness, self.time(node), |_, _| {}).unwrap();
        self.nodes[node].core = Some(core);
        for other in self.all() {
            if self.linked(node, other) {
                self.connect(node, other);
            }
        }
    }

    /// Restarts a node with the key of this witness.
    pub fn name_witness(&mut self, node: usize, name: &str) {
        self.nodes[node].witness = Some(name.to_owned());
        self.crash(node);
        self.start(node);
    }

    /// A peer that is no node, under the next position.
    pub fn add_liar(&mut self, liar: Liar) -> usize {
        let position = self.nodes.len();
        let mut bytes = [7; 32];
        bytes[0] = u8::try_from(position).unwrap();
        self.nodes.push(Node {
            core: None,
            peer: Keypair::ed25519_from_bytes(bytes).unwrap().public().to_peer_id(),
            liar: Some(liar),
            deaf: None,
            skew: 0,
            life: 1,
            born: 0,
            wake: u64::MAX,
            path: PathBuf::new(),
            witness: None,
            seen: BTreeSet::new(),
            gossip: BTreeMap::new(),
            asked: BTreeMap::new(),
            token: 0,
            requests: 0,
            bytes: 0,
        });
        for other in 0..position {
            if self.linked(position, other) {
                self.connect(position, other);
            }
        }
        position
    }

    /// The node is gone, with what it had not committed.
    pub fn crash(&mut self, node: usize) {
        self.nodes[node].core = None;
        self.crash_in.remove(&node);
        for other in self.all() {
            if other != node && !self.cut.contains(&(node.min(other), node.max(other))) {
                self.input(other, Input::Disconnected(self.nodes[node].peer));
            }
        }
    }

    /// Removes what a node had on its disk.
    pub fn wipe(&mut self, node: usize) {
        assert!(self.nodes[node].core.is_none());
        std::fs::remove_dir_all(&self.nodes[node].path).unwrap();
    }

    fn connect(&mut self, a: usize, b: usize) {
        let address = format!("/memory/{b}");
        self.input(a, Input::Connected(self.nodes[b].peer, address));
        let address = format!("/memory/{a}");
        self.input(b, Input::Connected(self.nodes[a].peer, address));
    }

    /// Cuts the link between two nodes.
    pub fn cut(&mut self, a: usize, b: usize) {
        if self.cut.insert((a.min(b), a.max(b))) {
            self.input(a, Input::Disconnected(self.nodes[b].peer));
            self.input(b, Input::Disconnected(self.nodes[a].peer));
        }
    }

    /// Mends the link between two nodes.
    pub fn mend(&mut self, a: usize, b: usize) {
        if self.cut.remove(&(a.min(b), a.max(b))) && self.linked(a, b) {
            self.connect(a, b);
        }
    }

    /// Cuts every link between these nodes and all others.
    pub fn part(&mut self, some: &[usize]) {
        for a in self.all() {
            for b in a + 1..self.nodes.len() {
                if some.contains(&a) != some.contains(&b) {
                    self.cut(a, b);
                }
            }
        }
    }

    /// Mends all links.
    pub fn join(&mut self) {
        for (a, b) in self.cut.clone() {
            self.mend(a, b);
        }
    }

    fn send(&mut self, to: usize, after: u64, what: What) {
        self.number += 1;
        self.queue.push(Reverse(Event { at: self.now + after, number: self.number, to, what }));
    }

    fn delay(&mut self) -> u64 {
        let Links { least_ms, greatest_ms, .. } = self.links;
        least_ms + self.rng.below(greatest_ms - least_ms + 1)
    }

    fn input(&mut self, node: usize, input: Input) {
        let now = self.time(node);
        let this = &mut self.nodes[node];
        if this.deaf.as_ref().is_some_and(|deaf| deaf(&input)) {
            if let Input::Response { request, .. } = input
                && let Some(core) = &mut this.core
            {
                core.handle(now, Input::Response { request, data: None }).unwrap();
            }
            return;
        }
        if let Some(core) = &mut this.core {
            core.handle(now, input).unwrap();
            this.wake = self.now;
        }
    }

    /// Gives a node an input from nowhere.
    pub fn inject(&mut self, node: usize, input: Input) {
        self.input(node, input);
        self.turn(node);
    }

    /// Gives a node a gossip message from a peer, with the token that it bears.
    pub fn hear(&mut self, node: usize, from: usize, token: u64, input: Input) {
        if let Input::Gossip { topic, data, .. } = &input {
            let data = Arc::new(data.clone());
            self.nodes[node].gossip.insert(token, (from, *topic, data));
        }
        self.inject(node, input);
    }

    /// Lets a node do what is due, commit, and tell.
    pub fn turn(&mut self, node: usize) {
        let now = self.time(node);
        let Some(core) = &mut self.nodes[node].core else { return };
        core.tick(now).unwrap();
        // A crash comes before the commit, or after it and before anything is told.
        if let Some(left) = self.crash_in.get_mut(&node) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                if self.rng.chance(500)
                    && let Some(core) = &mut self.nodes[node].core
                {
                    core.commit().unwrap();
                }
                return self.crash(node);
            }
        }
        let Some(core) = &mut self.nodes[node].core else { return };
        let outputs = core.commit().unwrap();
        let deadline = core.deadline().map_or(TICK_MS, |at| at.saturating_sub(now.elapsed).min(TICK_MS));
        self.nodes[node].wake = self.now + deadline.max(1);
        for output in outputs {
            self.carry_out(node, output);
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Publish(topic, data) => {
                if topic == Topic::Witness {
                    self.witnessed(&data);
                    self.heard.push(data.clone());
                }
                self.tell(node, None, topic, &Arc::new(data));
            }
            Output::Verdict(token, verdict) => {
                let (from, topic, data) = self.nodes[node].gossip.remove(&token).unwrap();
                if verdict == Verdict::Accept {
                    self.tell(node, Some(from), topic, &data);
                }
            }
            Output::Request { request, peer, data } => {
                let life = self.nodes[node].life;
                let to = self.nodes.iter().position(|other| other.peer == peer).unwrap();
                if self.linked(node, to) && !self.rng.chance(self.links.unanswered) {
                    let after = self.delay();
                    self.send(to, after, What::Request { from: node, request, data, life });
                    // The network's own patience; an answer that came before is the first.
                    self.send(node, ANSWER_MS, What::Response { request, data: None, life });
                } else {
                    let after = if self.linked(node, to) { ANSWER_MS } else { 1 };
                    self.send(node, after, What::Response { request, data: None, life });
                }
            }
            Output::Respond(token, data) => self.respond(node, token, Some(data)),
            Output::Decline(token) => self.respond(node, token, None),
            Output::Tell(_) => {}
            Output::Ban(peer) => {
                let other = self.nodes.iter().position(|other| other.peer == peer).unwrap();
                self.bans.push((node, other));
                self.cut(node, other);
                self.send(node, BAN_MS, What::Reconnect { with: other });
            }
        }
    }

    fn respond(&mut self, node: usize, token: u64, data: Option<Vec<u8>>) {
        let (from, request, life) = self.nodes[node].asked.remove(&token).unwrap();
        self.nodes[node].requests += 1;
        self.nodes[node].bytes += data.as_ref().map_or(0, |data| data.len() as u64);
        if self.linked(node, from) && !self.rng.chance(self.links.unanswered) {
            let after = self.delay();
            self.send(from, after, What::Response { request, data, life });
        }
    }

    /// Hands a message to the links of a node.
    fn tell(&mut self, node: usize, except: Option<usize>, topic: Topic, data: &Arc<Vec<u8>>) {
        self.nodes[node].seen.insert(name(topic, data));
        for other in self.all() {
            if Some(other) == except || !self.linked(node, other) || self.nodes[other].core.is_none() {
                continue;
            }
            let copies = if self.rng.chance(self.links.doubled) { 2 } else { 1 };
            for _ in 0..copies {
                if !self.rng.chance(self.links.lost) {
                    let after = self.delay();
                    let what = What::Gossip { from: node, topic, data: Arc::clone(data) };
                    self.send(other, after, what);
                }
            }
        }
    }

    /// No witness contradicts itself, crashes or not.
    fn witnessed(&mut self, data: &[u8]) {
        let message = WitnessMessage::decode(data).unwrap();
        let said = match message.body {
            Body::Vote(vote) => {
                (vote.witness, vote.vote.height, vote.vote.round, vote.vote.kind as u8, vote.vote.value)
            }
            Body::Proposal(said) => (said.proposer, said.height, said.round, 9, Some(said.seal.header.id())),
            _ => return,
        };
        let (witness, height, round, kind, value) = said;
        if self.liars.contains(&witness) {
            return;
        }
        let first = *self.votes.entry((witness, height, round, kind)).or_insert(value);
        assert_eq!(
            first, value,
            "witness {witness} contradicts itself at {height}/{round}, seed {}",
            self.seed
        );
    }

    fn deliver(&mut self, event: Event) {
        let to = event.to;
        match event.what {
            What::Gossip { from, topic, data } => {
                let fresh = self.linked(from, to) && self.nodes[to].seen.insert(name(topic, &data));
                if !fresh || self.nodes[to].core.is_none() {
                    return;
                }
                let this = &mut self.nodes[to];
                this.token += 1;
                let token = this.token;
                let bytes = data.to_vec();
                this.gossip.insert(token, (from, topic, data));
                let source = self.nodes[from].peer;
                self.input(to, Input::Gossip { topic, source, data: bytes, token });
            }
            What::Request { from, request, data, life } => {
                if !self.linked(from, to) {
                    return;
                }
                if let Some(liar) = &mut self.nodes[to].liar {
                    let (data, after) = liar(&data);
                    let data = data.filter(|_| after < ANSWER_MS);
                    let what = What::Response { request, data, life };
                    return self.send(from, after.min(ANSWER_MS), what);
                }
                let peer = self.nodes[from].peer;
                let this = &mut self.nodes[to];
                this.token += 1;
                let token = this.token;
                this.asked.insert(token, (from, request, life));
                self.input(to, Input::Request { peer, data, token });
            }
            What::Response { request, data, life } => {
                if self.nodes[to].life == life {
                    self.input(to, Input::Response { request, data });
                }
            }
            What::Reconnect { with } => self.mend(to, with),
        }
    }

    /// Goes to the next thing that happens, if it does before `until`.
    fn step(&mut self, until: u64) -> bool {
        let event = self.queue.peek().map_or(u64::MAX, |Reverse(event)| event.at);
        let wake = self.nodes.iter().filter(|node| node.core.is_some()).map(|node| node.wake).min();
        let next = event.min(wake.unwrap_or(u64::MAX)).max(self.now);
        if next > until {
            self.now = until;
            return false;
        }
        self.now = next;
        while self.queue.peek().is_some_and(|Reverse(event)| event.at <= next) {
            let Some(Reverse(event)) = self.queue.pop() else { break };
            self.deliver(event);
        }
        for node in self.all() {
            if self.nodes[node].core.is_some() && self.nodes[node].wake <= next {
                self.turn(node);
            }
        }
        true
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.step(until) {}
    }

    /// Lets time pass until something holds; fails when it does not within so many milliseconds.
    pub fn run_until(&mut self, what: &str, ms: u64, holds: impl Fn(&Self) -> bool) {
        let until = self.now + ms;
        while !holds(self) {
            let began = self.now;
            let goes_on = self.step(until);
            if self.now > began || goes_on {
                continue;
            }
            panic!("seed {}: not within {ms} ms: {what}\n{}", self.seed, self.describe());
        }
    }

    /// Where all nodes stand.
    pub fn describe(&self) -> String {
        self.nodes
            .iter()
            .enumerate()
            .map(|(position, node)| match &node.core {
                None => format!("node {position}: down\n"),
                Some(core) => {
                    let status = core.status();
                    format!(
                        "node {position}: height {} round {} tail {} parked {:?} witness {:?} refused {:?} void {:?} \
                         peers {} disagreement {:?}\n",
                        status.height,
                        status.round,
                        status.tail,
                        status.parked_by,
                        status.witness.map(|witness| (witness.height, witness.round, witness.halted)),
                        status.refused,
                        status.void,
                        status.peers.len(),
                        status.disagreement,
                    )
                }
            })
            .collect()
    }

    pub fn core(&self, node: usize) -> &Core {
        self.nodes[node].core.as_ref().unwrap()
    }

    /// Hands records to a node, as its user does. Empty if the node crashed over it.
    pub fn submit(&mut self, node: usize, records: &[Received]) -> Vec<Reception> {
        self.hand_in(node, records, Signed::Here)
    }

    /// Hands in records that were signed here or apart. Empty if the node crashed over it.
    pub fn hand_in(&mut self, node: usize, records: &[Received], place: Signed) -> Vec<Reception> {
        let now = self.time(node);
        let bytes: Vec<Vec<u8>> = records.iter().map(|record| record.bytes.to_vec()).collect();
        let Some(core) = &mut self.nodes[node].core else { return Vec::new() };
        let receptions = core.submit(now, &bytes, place).unwrap();
        self.turn(node);
        if self.nodes[node].core.is_none() {
            return Vec::new();
        }
        for reception in &receptions {
            if matches!(reception.status, ReceptionStatus::Accepted | ReceptionStatus::Held) {
                self.acknowledged.extend(reception.id);
            }
        }
        receptions
    }

    /// Has a node let go of records that wait there for their own author.
    pub fn let_go(&mut self, node: usize, ids: &[RecordId]) -> Option<RecordId> {
        self.nodes[node].core.as_mut().unwrap().let_go(ids).unwrap()
    }

    /// Hands records to a node that has to accept them.
    pub fn accept(&mut self, node: usize, records: &[Received]) {
        for reception in self.submit(node, records) {
            assert_eq!(reception.status, ReceptionStatus::Accepted, "seed {}", self.seed);
        }
    }

    /// Hands a node a seal of an archive.
    pub fn import(&mut self, node: usize, batch: &SealedBatch) -> Imported {
        let now = self.time(node);
        let imported = self.nodes[node].core.as_mut().unwrap().import(now, batch).unwrap();
        self.turn(node);
        imported
    }

    /// The nodes that are up.
    pub fn up(&self) -> Vec<usize> {
        self.all().filter(|node| self.nodes[*node].core.is_some()).collect()
    }

    /// Everything that a node has sealed.
    pub fn sealed(&self, node: usize) -> BTreeSet<RecordId> {
        self.core(node).reader().seals_from(1).flat_map(|seal| seal.unwrap().ids).collect()
    }

    /// All nodes that are up have sealed everything that was acknowledged, and hold nothing else.
    pub fn is_settled(&self) -> bool {
        let up = self.up();
        let first = self.core(up[0]).ledger();
        up.iter().all(|node| {
            let core = self.core(*node);
            core.ledger().head() == first.head() && core.tail().next().is_none()
        }) && {
            // Walking the seals is dear: only when the rest holds.
            let sealed = self.sealed(up[0]);
            self.acknowledged.iter().all(|id| sealed.contains(id))
        }
    }

    /// Waits until all nodes are settled, and checks that they agree.
    pub fn settle(&mut self, ms: u64) {
        self.run_until("everything acknowledged is sealed everywhere", ms, Self::is_settled);
        self.assert_agreement();
    }

    /// All nodes that are up have the same seals and the same ledger, to the last byte.
    pub fn assert_agreement(&self) {
        let up = self.up();
        let ledger = format!("{:?}", self.core(up[0]).ledger());
        for node in &up {
            assert_eq!(self.core(*node).status().disagreement, None, "seed {}", self.seed);
            assert!(
                format!("{:?}", self.core(*node).ledger()) == ledger,
                "seed {}: node {node} has another ledger than node {}\n{}",
                self.seed,
                up[0],
                self.describe()
            );
        }
    }

    /// All nodes that are up have agreeing histories, as far as each has come.
    pub fn assert_one_history(&self) {
        let mut seals: BTreeMap<u64, SealId> = BTreeMap::new();
        for node in self.up() {
            for seal in self.core(node).reader().seals_from(1) {
                let header = seal.unwrap().header;
                let first = *seals.entry(header.height).or_insert(header.id());
                assert_eq!(first, header.id(), "seed {}: two seals {}", self.seed, header.height);
            }
        }
    }

    /// The archive of a node.
    pub fn archive(&self, node: usize) -> Vec<SealedBatch> {
        let reader = self.core(node).reader();
        reader
            .seals_from(1)
            .map(|seal| {
                let seal = seal.unwrap();
                let records = seal.ids.iter().map(|id| reader.record(id).unwrap().unwrap()).collect();
                SealedBatch { header: seal.header, certificate: seal.certificate, records }
            })
            .collect()
    }
}

fn name(topic: Topic, data: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[topic as u8]);
    hasher.update(data);
    *hasher.finalize().as_bytes()
}
