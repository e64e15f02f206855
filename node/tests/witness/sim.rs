//! A community of witnesses in one process: virtual clock, seeded network, disks that lose what was
//! not synced, and a node around each engine that does just what the node owes it.
//!
//! Whatever happens, two things are watched at every step: no honest witness publishes two statements
//! that contradict each other, and no two honest witnesses hold different seals of one height.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use mutua_node::witness::{
    Body, Engine, Equivocation, Fault, Ignored, Input, Output, ProposedSeal, SignedVote, TimeoutId, Timing,
    WitnessMessage,
};
use mutua_protocol::{
    hash::{CommunityId, RecordId, SealId},
    keys::{PublicKey, Purpose, SecretKey},
    seals::{Certificate, SealHeader, VoteKind, Witness, WitnessSet},
};

use crate::liar::{self, Lie};

pub(crate) const COMMUNITY: CommunityId = CommunityId([7; 32]);

/// Two statements of which an honest witness signs one, and both of them signed.
pub(crate) fn assert_proved(proof: &Equivocation) {
    let witness = proof.witness();
    match proof {
        Equivocation::Votes(first, second) => {
            let step = |said: &SignedVote| (said.witness, said.vote.height, said.vote.round, said.vote.kind);
            assert_eq!(step(first), step(second));
            assert_ne!(first.vote.value, second.vote.value);
            for said in [first, second] {
                witness.verify(Purpose::Vote, &said.vote.bytes(), &said.signature).unwrap();
            }
        }
        Equivocation::Proposals { first, second, .. } => {
            assert_eq!((first.0.height, first.0.round), (second.0.height, second.0.round));
            assert_ne!(first.0, second.0);
            for (said, signature) in [first, second] {
                witness.verify(Purpose::Proposal, &said.bytes(), signature).unwrap();
            }
        }
    }
}

/// How long gossip remembers a message by its content (the duplicate cache of gossipsub).
const REMEMBERED_MS: u64 = 60_000;

/// How often a node asks another for seals that it lacks.
const CATCH_UP_MS: u64 = 3_000;

/// Small, seeded, the same everywhere (SplitMix64).
#[derive(Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True so many times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// What the network does to messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Lost, in a thousand.
    pub(crate) loss: u64,
    /// Delivered twice, in a thousand.
    pub(crate) twice: u64,
    /// Greatest delay in milliseconds; each message has its own, so they overtake each other.
    pub(crate) delay: u64,
}

impl Weather {
    pub(crate) const FAIR: Self = Self { loss: 0, twice: 0, delay: 20 };
    pub(crate) const ROUGH: Self = Self { loss: 100, twice: 100, delay: 400 };
    pub(crate) const FOUL: Self = Self { loss: 300, twice: 200, delay: 2_000 };
    /// Rounds are mostly in vain.
    pub(crate) const AWFUL: Self = Self { loss: 650, twice: 200, delay: 3_000 };
}

/// Records that no honest node would seal.
pub(crate) const POISON: u8 = 0xee;
/// Records that picky nodes only accept when two thirds have.
pub(crate) const UNWELCOME: u8 = 0xdd;

/// A seal that a node holds.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    pub(crate) header: SealHeader,
    pub(crate) ids: Vec<RecordId>,
    pub(crate) certificate: Certificate,
}

/// What survives a crash.
#[derive(Default)]
struct Disk {
    seals: Vec<Sealed>,
    log: Vec<Vec<u8>>,
    log_height: u64,
}

pub(crate) struct Node {
    pub(crate) key: SecretKey,
    engine: Option<Engine>,
    disk: Disk,
    /// Log entries that are not on disk yet.
    unsynced: Vec<Vec<u8>>,
    /// Counts lives: events for an earlier one are void.
    life: u64,
    /// Which scheduling of a timeout is the valid one.
    timeouts: BTreeMap<TimeoutId, u64>,
    /// Messages that gossip remembers.
    seen: BTreeMap<Vec<u8>, u64>,
    /// Outputs until the next crash.
    pub(crate) crash_in: Option<u64>,
    /// Outputs carried out so far.
    pub(crate) carried_out: u64,
    /// How it lies, if it does.
    pub(crate) lie: Option<Lie>,
    /// Accepts unwelcome records only when two thirds have.
    pub(crate) picky: bool,
    /// Proposes unwelcome records.
    pub(crate) unwelcome: bool,
    /// Says nothing and hears nothing.
    pub(crate) silent: bool,
    /// Which side of a partition it is on.
    pub(crate) side: u8,
    pub(crate) halted: Option<String>,
    /// Something was done to it that it cannot overcome by itself.
    pub(crate) may_halt: bool,
    pub(crate) ignored: BTreeMap<Ignored, u64>,
    pub(crate) refused: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) equivocations: Vec<Equivocation>,
    pub(crate) rejudged: u64,
    /// Seals that its own engine decided, not fetched from others.
    pub(crate) decided: u64,
    /// The greatest round in which one was decided.
    pub(crate) greatest_round: u32,
}

impl Node {
    pub(crate) fn height(&self) -> u64 {
        self.disk.seals.len() as u64
    }

    pub(crate) fn seals(&self) -> &[Sealed] {
        &self.disk.seals
    }

    /// Entries logged for the running height.
    pub(crate) fn logged(&self) -> usize {
        self.disk.log.len() + self.unsynced.len()
    }

    /// Damages what is on its disk.
    pub(crate) fn log_mut(&mut self) -> &mut Vec<Vec<u8>> {
        &mut self.disk.log
    }

    pub(crate) fn round(&self) -> u32 {
        self.engine.as_ref().map_or(0, |engine| engine.status().round)
    }

    fn previous(&self) -> SealId {
        self.disk.seals.last().map_or(SealId([0; 32]), |sealed| sealed.header.id())
    }

    fn is_honest(&self) -> bool {
        self.lie.is_none()
    }
}

enum Event {
    Deliver { to: usize, bytes: Vec<u8> },
    Timeout { node: usize, life: u64, id: TimeoutId, number: u64 },
    Answer { node: usize, life: u64, input: Box<Input> },
    Begin { node: usize, life: u64 },
    CatchUp { node: usize },
    Restart { node: usize },
}

/// What each witness has published: vote by (witness, height, round, kind), proposal by (.., `None`).
type Statements = BTreeMap<(PublicKey, u64, u32, Option<VoteKind>), (Option<SealId>, Option<u32>)>;

pub(crate) struct Sim {
    pub(crate) seed: u64,
    pub(crate) rng: Rng,
    pub(crate) now: u64,
    pub(crate) weather: Weather,
    pub(crate) set: WitnessSet,
    pub(crate) nodes: Vec<Node>,
    /// Heights to be agreed.
    pub(crate) heights: u64,
    /// How long a crashed node stays down, at most.
    pub(crate) down: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    number: u64,
    statements: Statements,
    pub(crate) published: u64,
    /// Votes of this kind are lost.
    pub(crate) no_votes: Option<VoteKind>,
    /// Proposals are lost.
    pub(crate) no_proposals: bool,
    timing: Timing,
}

/// Timing with which simulated time passes quickly.
pub(crate) const TIMING: Timing = Timing {
    propose: 1_500,
    prevote: 500,
    precommit: 500,
    increment: 500,
    rebroadcast: 1_000,
    greatest: 10_000,
};

impl Sim {
    pub(crate) fn new(seed: u64, witnesses: usize, heights: u64, weather: Weather) -> Self {
        let powers = vec![1; witnesses];
        Self::with_powers(seed, &powers, heights, weather)
    }

    pub(crate) fn with_powers(seed: u64, powers: &[u64], heights: u64, weather: Weather) -> Self {
        let mut keys: Vec<SecretKey> =
            (1..=powers.len()).map(|n| SecretKey::from_seed(&[u8::try_from(n).unwrap(); 32])).collect();
        keys.sort_by_key(SecretKey::public);
        let witness = |(key, power): (&SecretKey, &u64)| Witness {
            key: key.public(),
            power: *power,
            name: String::new(),
        };
        let set = WitnessSet::new(keys.iter().zip(powers).map(witness).collect());
        let node = |key: SecretKey| Node {
            key,
            engine: None,
            disk: Disk::default(),
            unsynced: Vec::new(),
            life: 0,
            timeouts: BTreeMap::new(),
            seen: BTreeMap::new(),
            crash_in: None,
            carried_out: 0,
            lie: None,
            picky: false,
            unwelcome: false,
            silent: false,
            side: 0,
            halted: None,
            may_halt: false,
            ignored: BTreeMap::new(),
            refused: 0,
            faults: Vec::new(),
            equivocations: Vec::new(),
            rejudged: 0,
            decided: 0,
            greatest_round: 0,
        };
        let mut sim = Self {
            seed,
            rng: Rng(seed),
            now: 0,
            weather,
            set,
            nodes: keys.into_iter().map(node).collect(),
            heights,
            down: 5_000,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            number: 0,
            statements: Statements::new(),
            published: 0,
            no_votes: None,
            no_proposals: false,
            timing: TIMING,
        };
        for node in 0..sim.nodes.len() {
            sim.at(0, Event::Restart { node });
            let first = sim.rng.below(CATCH_UP_MS);
            sim.at(first, Event::CatchUp { node });
        }
        sim
    }

    fn at(&mut self, after: u64, event: Event) {
        self.number += 1;
        self.queue.push(Reverse((self.now + after, self.number)));
        self.events.insert(self.number, event);
    }

    /// Runs until `done` or for so long.
    pub(crate) fn run(&mut self, limit_ms: u64, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit_ms;
        while !done(self) {
            let Some(Reverse((time, number))) = self.queue.pop() else { return false };
            if time > end {
                self.queue.push(Reverse((time, number)));
                self.now = end;
                return false;
            }
            self.now = time;
            let event = self.events.remove(&number).expect("each event is queued once");
            self.happen(event);
        }
        true
    }

    /// Runs until every honest witness that is not silent has all the seals.
    pub(crate) fn run_to_the_end(&mut self, limit_ms: u64) {
        let heights = self.heights;
        let done = self.run(limit_ms, |sim| sim.honest().all(|node| node.silent || node.height() >= heights));
        assert!(done, "seed {}: no agreement by {} ms: {}", self.seed, self.now, self.summary());
        self.check();
    }

    pub(crate) fn honest(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is_honest())
    }

    pub(crate) fn summary(&self) -> String {
        let node = |node: &Node| {
            let status = node.engine.as_ref().map(Engine::status);
            format!("\n  sealed {}, {status:?}, halted {:?}", node.height(), node.halted)
        };
        self.nodes.iter().map(node).collect()
    }

    /// All honest witnesses hold the same seals, each with a certificate that holds by itself.
    pub(crate) fn check(&self) {
        let seed = self.seed;
        let longest = self.honest().max_by_key(|node| node.height()).expect("there is an honest node");
        for node in self.honest() {
            for (mine, other) in node.seals().iter().zip(longest.seals()) {
                assert_eq!(mine.header, other.header, "seed {seed}: two seals of one height");
                assert_eq!(mine.ids, other.ids, "seed {seed}: other records");
                let id = mine.header.id();
                self.set
                    .check(COMMUNITY, mine.header.height, id, &mine.certificate)
                    .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
                assert!(mine.ids.iter().all(|id| id.0[0] != POISON), "seed {seed}: poison was sealed");
            }
            assert_eq!(node.halted, None, "seed {seed}");
            if self.nodes.iter().all(Node::is_honest) {
                assert_eq!(node.faults, [], "seed {seed}: an honest witness was blamed");
                assert_eq!(node.equivocations, [], "seed {seed}: an honest witness was accused");
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Restart { node } => self.restart(node),
            Event::Begin { node, life } => {
                if self.nodes[node].life == life {
                    self.begin(node);
                }
            }
            Event::Timeout { node, life, id, number } => {
                let valid = self.nodes[node].timeouts.get(&id) == Some(&number);
                if self.nodes[node].life == life && valid {
                    self.nodes[node].timeouts.remove(&id);
                    self.input(node, Input::Timeout(id));
                }
            }
            Event::Answer { node, life, input } => {
                if self.nodes[node].life == life {
                    self.input(node, *input);
                }
            }
            Event::Deliver { to, bytes } => self.deliver(to, bytes),
            Event::CatchUp { node } => {
                self.catch_up(node);
                self.at(CATCH_UP_MS, Event::CatchUp { node });
            }
        }
    }

    /// A node comes up with what is on its disk.
    pub(crate) fn restart(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if node.engine.is_some() {
            return;
        }
        let sealed = node.height();
        let engine = Engine::new(COMMUNITY, self.set.clone(), node.key.clone(), self.timing, sealed).unwrap();
        node.engine = Some(engine);
        node.life += 1;
        self.begin(at);
    }

    /// A node goes down. Of what it had not synced, the disk may hold any prefix.
    pub(crate) fn crash(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let kept = usize::try_from(self.rng.below(node.unsynced.len() as u64 + 1)).unwrap();
        let unsynced = std::mem::take(&mut node.unsynced);
        node.disk.log.extend(unsynced.into_iter().take(kept));
        node.engine = None;
        node.life += 1;
        node.timeouts.clear();
        node.seen.clear();
        let after = self.rng.below(self.down);
        self.at(after, Event::Restart { node: at });
    }

    /// Starts the next height, if there is one to be agreed and none is running.
    fn begin(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let next = node.height() + 1;
        let Some(engine) = node.engine.as_mut() else { return };
        if engine.status().height == Some(next) || next > self.heights || node.halted.is_some() {
            return;
        }
        if node.disk.log_height != next {
            node.disk.log.clear();
            node.disk.log_height = next;
        }
        node.unsynced.clear();
        node.timeouts.clear();
        let outputs = engine.start_height(next, node.disk.log.clone());
        self.carry_out(at, outputs);
    }

    pub(crate) fn input(&mut self, at: usize, input: Input) {
        if self.nodes[at].silent {
            // Its clock goes on, but nobody hears of it: keep the timeouts coming.
            if let Input::Message(_) = input {
                return;
            }
        }
        let Some(engine) = self.nodes[at].engine.as_mut() else { return };
        let outputs = engine.handle(input);
        self.carry_out(at, outputs);
    }

    fn deliver(&mut self, to: usize, bytes: Vec<u8>) {
        let now = self.now;
        let node = &mut self.nodes[to];
        if node.engine.is_none() || node.silent || !node.remember(&bytes, now) {
            return;
        }
        if let Ok(message) = WitnessMessage::decode(&bytes) {
            self.input(to, Input::Message(message));
        } else {
            node.refused += 1;
        }
    }

    fn carry_out(&mut self, at: usize, outputs: Vec<Output>) {
        for output in outputs {
            if let Some(left) = self.nodes[at].crash_in.as_mut() {
                if *left == 0 {
                    self.nodes[at].crash_in = None;
                    return self.crash(at);
                }
                *left -= 1;
            }
            self.nodes[at].carried_out += 1;
            self.carry_out_one(at, output);
            if self.nodes[at].engine.is_none() {
                return;
            }
        }
    }

    fn carry_out_one(&mut self, at: usize, output: Output) {
        let life = self.nodes[at].life;
        let node = &mut self.nodes[at];
        match output {
            Output::Log(bytes) => node.unsynced.push(bytes),
            Output::Publish(message) => {
                node.disk.log.append(&mut node.unsynced);
                self.publish(at, message);
            }
            Output::Schedule { id, after_ms } => {
                let number = self.number + 1;
                node.timeouts.insert(id, number);
                self.at(after_ms, Event::Timeout { node: at, life, id, number });
            }
            Output::Cancel(id) => {
                node.timeouts.remove(&id);
            }
            Output::CancelAll => node.timeouts.clear(),
            Output::NeedValue { height, round } => {
                let seal = self.build(at, height);
                let after = self.rng.below(200);
                let input = Box::new(Input::Propose { height, round, seal });
                self.at(after, Event::Answer { node: at, life, input });
            }
            Output::Judge { height, quorum, value, seal, .. } => {
                let valid = self.judge(at, height, quorum, &seal);
                let after = self.rng.below(300);
                let input = Box::new(Input::Judged { height, value, valid });
                self.at(after, Event::Answer { node: at, life, input });
            }
            Output::Decided { height, round, header, ids, certificate } => {
                assert_eq!(height, node.height() + 1, "seed {}: a height decided twice", self.seed);
                node.decided += 1;
                node.greatest_round = node.greatest_round.max(round);
                self.store(at, Sealed { header, ids, certificate });
                let after = self.rng.below(100);
                self.at(after, Event::Begin { node: at, life });
            }
            Output::Equivocation(proof) => {
                assert_proved(&proof);
                node.equivocations.push(*proof);
            }
            Output::Ahead { height, .. } => {
                let idle = node.engine.as_ref().is_some_and(|engine| engine.status().height.is_none());
                if idle && height == node.height() + 1 {
                    self.at(0, Event::Begin { node: at, life });
                } else {
                    self.catch_up(at);
                }
            }
            Output::Misbehaved(fault) => {
                node.refused += 1;
                if node.faults.len() < 1000 {
                    node.faults.push(fault);
                }
            }
            Output::Ignored(why) => *node.ignored.entry(why).or_default() += 1,
            Output::Halted { reason, .. } => {
                assert!(node.may_halt, "seed {}: witness {at} gave up: {reason}", self.seed);
                node.halted = Some(reason);
            }
        }
    }

    /// A seal as an honest node would propose it.
    fn build(&mut self, at: usize, height: u64) -> ProposedSeal {
        let count = self.rng.below(4);
        let first = if self.nodes[at].unwelcome { UNWELCOME } else { 1 };
        let ids = (0..count + 1)
            .map(|n| {
                let mut id = [0; 32];
                id[0] = first;
                id[1] = u8::try_from(at).unwrap();
                id[2] = u8::try_from(n).unwrap();
                id[8..16].copy_from_slice(&height.to_be_bytes());
                id[16..24].copy_from_slice(&self.rng.next().to_be_bytes());
                RecordId(id)
            })
            .collect();
        propose(height, self.nodes[at].previous(), self.now, ids)
    }

    fn judge(&mut self, at: usize, height: u64, quorum: Option<u32>, seal: &ProposedSeal) -> bool {
        let node = &mut self.nodes[at];
        let has = |mark| seal.ids.iter().any(|id| id.0[0] == mark);
        if quorum.is_some() && has(UNWELCOME) {
            node.rejudged += 1;
        }
        seal.header.height == height
            && seal.header.previous == node.previous()
            && !has(POISON)
            && !(node.picky && has(UNWELCOME) && quorum.is_none())
    }

    fn store(&mut self, at: usize, sealed: Sealed) {
        let node = &mut self.nodes[at];
        assert_eq!(sealed.header.previous, node.previous(), "seed {}: the chain is broken", self.seed);
        node.disk.seals.push(sealed);
        node.disk.log.clear();
        node.unsynced.clear();
        node.halted = None;
    }

    /// Fetches what somebody else has and checks it.
    fn catch_up(&mut self, at: usize) {
        let from = usize::try_from(self.rng.below(self.nodes.len() as u64)).unwrap();
        let (me, other) = (&self.nodes[at], &self.nodes[from]);
        let reachable = me.side == other.side
            && !me.silent
            && !other.silent
            && me.engine.is_some()
            && other.engine.is_some()
            && other.is_honest();
        if !reachable || other.height() <= me.height() {
            return;
        }
        let new: Vec<Sealed> = other.seals()[me.seals().len()..].to_vec();
        for sealed in new {
            let id = sealed.header.id();
            self.set.check(COMMUNITY, sealed.header.height, id, &sealed.certificate).unwrap();
            self.store(at, sealed);
        }
        let height = self.nodes[at].height();
        let engine = self.nodes[at].engine.as_mut().expect("checked above");
        let outputs = engine.sealed(height);
        self.carry_out(at, outputs);
        self.begin(at);
    }

    fn publish(&mut self, from: usize, message: WitnessMessage) {
        self.published += 1;
        if self.nodes[from].is_honest() {
            self.watch(from, &message);
        }
        let lost = match &message.body {
            Body::Vote(vote) => self.no_votes == Some(vote.vote.kind),
            Body::Proposal(_) => self.no_proposals,
            _ => false,
        };
        if self.nodes[from].silent || lost {
            return;
        }
        if self.nodes[from].lie.is_some() {
            return liar::publish(self, from, &message);
        }
        let bytes = message.encode();
        assert_eq!(WitnessMessage::decode(&bytes).as_ref(), Ok(&message), "seed {}", self.seed);
        let now = self.now;
        if !self.nodes[from].remember(&bytes, now) {
            return;
        }
        for to in 0..self.nodes.len() {
            self.send(from, to, bytes.clone());
        }
    }

    /// Sends bytes to one node, as the weather permits.
    pub(crate) fn send(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        if from == to || self.nodes[from].side != self.nodes[to].side || self.rng.chance(self.weather.loss) {
            return;
        }
        let times = if self.rng.chance(self.weather.twice) { 2 } else { 1 };
        for _ in 0..times {
            let after = 1 + self.rng.below(self.weather.delay);
            self.at(after, Event::Deliver { to, bytes: bytes.clone() });
        }
    }

    /// No honest witness ever says two things.
    fn watch(&mut self, from: usize, message: &WitnessMessage) {
        let me = self.nodes[from].key.public();
        let (key, said) = match &message.body {
            Body::Vote(vote) if vote.witness == me => {
                let vote = &vote.vote;
                ((me, vote.height, vote.round, Some(vote.kind)), (vote.value, None))
            }
            Body::Proposal(proposal) if proposal.proposer == me => {
                let value = Some(proposal.seal.header.id());
                ((me, proposal.height, proposal.round, None), (value, proposal.pol_round))
            }
            _ => return,
        };
        let first = *self.statements.entry(key).or_insert(said);
        assert_eq!(first, said, "seed {}: witness {from} contradicts itself: {key:?}", self.seed);
    }
}

impl Node {
    /// Notes a message. Returns whether gossip lets it pass.
    fn remember(&mut self, bytes: &[u8], now: u64) -> bool {
        match self.seen.get(bytes) {
            Some(then) if now < then + REMEMBERED_MS => false,
            _ => self.seen.insert(bytes.to_vec(), now).is_none_or(|_| true),
        }
    }
}

/// A seal with these records.
pub(crate) fn propose(height: u64, previous: SealId, time: u64, ids: Vec<RecordId>) -> ProposedSeal {
    let header = SealHeader {
        community: COMMUNITY,
        height,
        previous,
        time,
        count: u32::try_from(ids.len()).unwrap(),
        root: SealHeader::root_of(&ids),
        closes: None,
    };
    ProposedSeal { header, ids }
}
