//! A witness that lies: it has a real witness key, and breaks every rule that it can.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use mutua_node::{
    network::{NetworkEvent, NetworkHandle, Topic, Verdict},
    wire::{self, SealNotice, Standing},
    witness::{Body, ProposalStatement, ProposedSeal, SignedProposal, SignedVote, WitnessMessage, proposer},
};
use mutua_protocol::{
    charter::Community,
    hash::{CommunityId, OutcomeDigest, RecordId, Root, SealId},
    keys::{Purpose, SecretKey},
    seals::{Certificate, SealHeader, Vote, VoteKind},
};

use crate::{Api, HostilePeer, now};

/// How it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Votes for everything and for nothing, twice in each step, and when its turn comes proposes several
    /// seals that do not hold. Answers no request.
    Votes,
    /// Says that it has a thousand seals more than there are, and answers every request with rubbish.
    Answers,
}

/// A lying witness in the network, until it is dropped.
#[derive(Debug)]
pub struct LyingWitness {
    peer: HostilePeer,
    told: Arc<Mutex<Told>>,
}

/// What it has said.
#[derive(Debug, Default)]
struct Told {
    votes: usize,
    proposals: usize,
    answers: usize,
    seals: BTreeSet<u64>,
}

struct Liar {
    community: Arc<Community>,
    key: SecretKey,
    lie: Lie,
    /// An honest node, from which it learns which seal is the newest.
    spy: Api,
    /// Rounds in which it has voted on these values, and in which it has proposed.
    voted: BTreeSet<(u64, u32, Option<SealId>)>,
    proposed: BTreeSet<(u64, u32)>,
    told: Arc<Mutex<Told>>,
}

impl LyingWitness {
    /// Joins the network at these addresses with a witness's key.
    #[must_use]
    #[track_caller]
    pub fn join(
        community: &Arc<Community>,
        key: &SecretKey,
        lie: Lie,
        addresses: &[String],
        spy: &Api,
    ) -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let mut liar = Liar {
            community: Arc::clone(community),
            key: key.clone(),
            lie,
            spy: spy.clone(),
            voted: BTreeSet::new(),
            proposed: BTreeSet::new(),
            told: Arc::clone(&told),
        };
        let name = format!("liar {lie:?}");
        let peer = HostilePeer::join_with(community.id, &name, addresses, move |network, event| {
            liar.act(network, event);
        });
        Self { peer, told }
    }

    /// How many votes and proposals it has signed, and how many requests it has answered.
    ///
    /// # Panics
    /// When it has panicked itself.
    #[must_use]
    pub fn told(&self) -> (usize, usize, usize) {
        let told = self.told.lock().expect("the liar is well");
        (told.votes, told.proposals, told.answers)
    }

    /// How many peers have broken off the connection.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.peer.dropped()
    }
}

impl Liar {
    fn act(&mut self, network: &NetworkHandle, event: NetworkEvent) {
        match event {
            NetworkEvent::Gossip { topic: Topic::Witness, data, token, .. } => {
                // It passes nothing on.
                let _ = network.verdict(token, Verdict::Ignore);
                if self.lie == Lie::Votes
                    && let Ok(message) = WitnessMessage::decode(&data)
                {
                    self.contradict(network, &message);
                }
            }
            NetworkEvent::Gossip { token, .. } => {
                let _ = network.verdict(token, Verdict::Ignore);
            }
            NetworkEvent::Request { data, token, .. } => match self.lie {
                Lie::Votes => _ = network.decline(token),
                Lie::Answers => {
                    let answer = self.rubbish(&data);
                    if network.respond(token, answer).is_ok() {
                        self.count(|told| told.answers += 1);
                    }
                }
            },
            _ => {}
        }
    }

    fn count(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().expect("nobody panics while counting"));
    }

    /// Votes for and against what it hears of, and proposes rubbish when it is its turn.
    fn contradict(&mut self, network: &NetworkHandle, message: &WitnessMessage) {
        let (height, round) = (message.height(), message.round());
        let value = match &message.body {
            Body::Proposal(proposal) => Some(proposal.seal.header.id()),
            Body::Vote(vote) => vote.vote.value,
            Body::Polka(polka) => Some(polka.value),
            Body::Round(_) => None,
        };
        for value in [value, None, Some(SealId([7; 32]))] {
            if self.voted.insert((height, round, value)) {
                for kind in [VoteKind::Prevote, VoteKind::Precommit] {
                    self.vote(network, height, round, kind, value);
                }
            }
        }
        let turn = proposer(&self.community.witnesses, height, round);
        if turn.is_some_and(|witness| witness.key == self.key.public())
            && self.proposed.insert((height, round))
        {
            for seal in self.false_seals(height) {
                self.propose(network, height, round, seal);
            }
        }
    }

    fn vote(&self, network: &NetworkHandle, height: u64, round: u32, kind: VoteKind, value: Option<SealId>) {
        let vote = Vote { community: self.community.id, height, round, kind, value };
        let signature = self.key.sign(Purpose::Vote, &vote.bytes());
        let body = Body::Vote(SignedVote { vote, witness: self.key.public(), signature });
        if network.publish(Topic::Witness, WitnessMessage { body, copy: 0 }.encode()).is_ok() {
            self.count(|told| told.votes += 1);
        }
    }

    fn propose(&self, network: &NetworkHandle, height: u64, round: u32, seal: ProposedSeal) {
        let statement = ProposalStatement {
            community: self.community.id,
            height,
            round,
            pol_round: None,
            value: seal.header.id(),
        };
        let signature = self.key.sign(Purpose::Proposal, &statement.bytes());
        // The seal alone, as if it were agreed on, with the one signature that the liar can make.
        let certificate = Certificate { round, signatures: vec![(self.key.public(), signature)] };
        let notice = SealNotice { header: seal.header.clone(), certificate, ids: seal.ids.clone() };
        let body = Body::Proposal(SignedProposal {
            height,
            round,
            pol_round: None,
            seal,
            proposer: self.key.public(),
            signature,
        });
        if network.publish(Topic::Witness, WitnessMessage { body, copy: 0 }.encode()).is_ok() {
            self.count(|told| told.proposals += 1);
        }
        // Once: a node that is sent it has nothing to do with the liar any more, and the test wants it to go on.
        let first = self.told.lock().expect("nobody panics while counting").seals.is_empty();
        if first && height > 3 {
            let _ = network.publish(Topic::Seals, wire::encode(&notice));
            self.count(|told| _ = told.seals.insert(height));
        }
    }

    /// Seals that fit together and must not be agreed on: a record that does not exist, an outcome that
    /// nobody computed, a time far away, another predecessor.
    fn false_seals(&self, height: u64) -> Vec<ProposedSeal> {
        let Ok(status) = self.spy.status() else { return Vec::new() };
        let Ok(previous) = status.head.parse::<SealId>() else { return Vec::new() };
        let seal = |ids: Vec<RecordId>, time: u64, previous: SealId, closes: Option<OutcomeDigest>| {
            let header = SealHeader {
                community: self.community.id,
                height,
                previous,
                time,
                count: u32::try_from(ids.len()).unwrap_or(0),
                root: SealHeader::root_of(&ids),
                closes,
            };
            ProposedSeal { header, ids }
        };
        vec![
            seal(Vec::new(), now(), previous, Some(OutcomeDigest([9; 32]))),
            seal(Vec::new(), now() + 3_600_000_000, previous, None),
            seal(Vec::new(), now(), SealId([3; 32]), None),
            seal(vec![RecordId([5; 32])], now(), previous, None),
        ]
    }

    fn rubbish(&self, data: &[u8]) -> Vec<u8> {
        match wire::decode::<wire::Request>(data) {
            Ok(wire::Request::Standing) => wire::encode(&wire::Response::Standing(Standing {
                height: 100_000,
                head: SealId([1; 32]),
                tail: 7,
                tail_digest: Root([2; 32]),
                outcome: Some((1, OutcomeDigest([4; 32]))),
            })),
            Ok(wire::Request::Seals { from }) => {
                let header = SealHeader {
                    community: CommunityId(self.community.id.0),
                    height: from,
                    previous: SealId([1; 32]),
                    time: now(),
                    count: 0,
                    root: SealHeader::root_of(&[]),
                    closes: None,
                };
                let certificate = Certificate { round: 0, signatures: Vec::new() };
                let batch = mutua_protocol::seals::SealedBatch { header, certificate, records: Vec::new() };
                wire::encode(&wire::Response::Seals(vec![batch]))
            }
            Ok(wire::Request::Records { .. }) => wire::encode(&wire::Response::Records(vec![vec![0; 64]])),
            Ok(wire::Request::Reconcile { message }) => wire::encode(&wire::Response::Reconcile(message)),
            Err(_) => vec![0xff; 100],
        }
    }
}
