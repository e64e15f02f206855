//! What a node says about itself.

use std::collections::BTreeMap;

use mutua_protocol::{
    hash::{CommunityId, OutcomeDigest, SealId},
    keys::PublicKey,
    ledger::{Ledger, OpenQuestion},
    records::{About, ResponseStatus},
};
use serde::{Deserialize, Serialize};

use super::{Core, Event, Health, Output, core::Counts, limits::HEALTH_MS};

/// What was refused, and what came to nothing, by the name of the rule.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) refused: Counts,
    pub(super) void: Counts,
    pub(super) forks: u64,
}

impl Counters {
    pub(super) fn refuse(&mut self, rule: &str) {
        debug_assert!(super::meaning(rule).is_some(), "the rule '{rule}' has no meaning");
        *self.refused.entry(rule.to_owned()).or_insert(0) += 1;
    }
}

/// Where a node stands, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NodeStatus {
    /// This program's version.
    pub version: String,
    /// The community's id.
    pub community: CommunityId,
    /// Its name.
    pub name: String,
    /// Number of the newest seal.
    pub height: u64,
    /// The newest seal.
    pub head: SealId,
    /// Its time, milliseconds since 1970.
    pub time: u64,
    /// The current round.
    pub round: u32,
    /// When it closes, milliseconds since 1970.
    pub close: u64,
    /// Sealed records.
    pub records: u64,
    /// Records held and not sealed.
    pub tail: usize,
    /// Records that wait for something else, in memory only.
    pub parked: usize,
    /// Members who take part.
    pub members: usize,
    /// Proposals, whatever became of them.
    pub proposals: usize,
    /// What can be allocated, in the smallest unit.
    pub pool: u128,
    /// Connected peers.
    pub peers: Vec<PeerStatus>,
    /// What this node does as a witness, if it is one.
    pub witness: Option<WitnessStatus>,
    /// The newest closed round and the digest of its outcome, computed here.
    pub outcome: Option<(u32, OutcomeDigest)>,
    /// Set when the witnesses certified an outcome that this node does not find in the log.
    pub disagreement: Option<String>,
    /// Things refused since the start, by the short name of the rule.
    pub refused: BTreeMap<String, u64>,
    /// Records parked now, by the short name of what they wait for.
    pub parked_by: BTreeMap<String, u64>,
    /// Records sealed since the start that changed nothing, by the short name of the reason.
    pub void: BTreeMap<String, u64>,
    /// What the short names above mean, in a sentence each.
    pub meanings: BTreeMap<String, String>,
    /// Authors whose forks were seen since the start.
    pub forks: u64,
    /// Evidence of misbehaviour, by kind: all that this node holds.
    pub evidence: BTreeMap<String, u64>,
    /// What waits for the board's answer, the oldest first, at most a hundred.
    pub waiting: Vec<WaitingAnswer>,
    /// How many of them there are.
    pub waiting_count: usize,
    /// Questions about proposals that wait for an answer of the proposal's owner or of the board, the oldest first, at
    /// most a hundred.
    pub questions: Vec<WaitingQuestion>,
    /// How many of them there are.
    pub questions_count: usize,
}

/// Greatest number of things that wait for an answer and are named in a status.
const SHOWN: usize = 100;

/// Something that waits for the board's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaitingAnswer {
    /// What.
    pub about: About,
    /// What people call it.
    pub title: String,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// What the board has said so far.
    pub status: Option<ResponseStatus>,
}

/// A question that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaitingQuestion {
    /// Its record, and whom it waits for.
    #[serde(flatten)]
    pub question: OpenQuestion,
    /// What people call the proposal.
    pub title: String,
}

fn questions(ledger: &Ledger) -> (Vec<WaitingQuestion>, usize) {
    let all = ledger.open_questions();
    let title = |proposal| ledger.proposals().get(proposal).map(|found| found.subject.title().to_owned());
    let shown = all.iter().take(SHOWN).map(|question| WaitingQuestion {
        question: *question,
        title: title(&question.proposal).unwrap_or_default(),
    });
    (shown.collect(), all.len())
}

fn waiting(ledger: &Ledger) -> (Vec<WaitingAnswer>, usize) {
    let all = ledger.waiting();
    let title = |about| match about {
        About::Outcome(round) => format!("Outcome of round {round}"),
        About::Motion(motion) => ledger
            .proposals()
            .get(&motion)
            .map_or_else(String::new, |proposal| proposal.subject.title().to_owned()),
        About::Question(question) => ledger
            .argument(&question)
            .and_then(|question| ledger.proposals().get(&question.proposal))
            .map_or_else(String::new, |proposal| format!("About '{}'", proposal.subject.title())),
    };
    let shown = all.iter().take(SHOWN).map(|waits| WaitingAnswer {
        about: waits.about,
        title: title(waits.about),
        since: waits.since,
        status: waits.status,
    });
    (shown.collect(), all.len())
}

/// A connected peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PeerStatus {
    /// Its name.
    pub peer: String,
    /// Where it is.
    pub address: String,
    /// Number of its newest seal, when it has said so.
    pub height: Option<u64>,
    /// Records that it holds and no seal holds.
    pub tail: Option<u32>,
    /// The newest closed round and the outcome that it computed.
    pub outcome: Option<(u32, OutcomeDigest)>,
}

/// What a node does as a witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WitnessStatus {
    /// Its key.
    pub key: PublicKey,
    /// The height that is being agreed on, if one is.
    pub height: Option<u64>,
    /// The round of that height.
    pub round: Option<u32>,
    /// Why it has stopped voting on this height, if it has.
    pub halted: Option<String>,
}

/// The newest closed round and its outcome.
pub(super) fn newest_outcome(ledger: &Ledger) -> Option<(u32, OutcomeDigest)> {
    ledger.closings().last().map(|closing| (closing.outcome.round, closing.digest))
}

impl Core {
    /// How this node gets on with the others.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            peers: self.catchup.peers().len(),
            halted: self.witness_status().and_then(|witness| witness.halted),
            disagreement: self.disagreement.clone(),
        }
    }

    /// Tells those who watch when that has changed.
    pub(super) fn tell_health(&mut self) {
        let now = self.now.elapsed;
        if now < self.health.0.saturating_add(HEALTH_MS) {
            return;
        }
        let health = self.health();
        if health != self.health.1 {
            self.outputs.push(Output::Tell(Event::Health(health.clone())));
        }
        self.health = (now, health);
    }

    /// Where this node stands.
    #[must_use]
    pub fn status(&self) -> NodeStatus {
        let ledger = &self.ledger;
        let parked_by = self.parked.by_rule();
        let (waiting, waiting_count) = waiting(ledger);
        let (questions, questions_count) = questions(ledger);
        NodeStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            community: self.community.id,
            name: self.community.charter.name.clone(),
            height: ledger.height(),
            head: ledger.head(),
            time: ledger.time(),
            round: ledger.round(),
            close: ledger.close(),
            records: ledger.records(),
            tail: self.tail.len(),
            parked: self.parked.len(),
            members: ledger
                .members()
                .values()
                .filter(|member| member.status != mutua_protocol::ledger::MemberStatus::Left)
                .count(),
            proposals: ledger.proposals().len(),
            pool: ledger.pool().available(),
            peers: self.catchup.peers(),
            witness: self.witness_status(),
            outcome: newest_outcome(ledger),
            disagreement: self.disagreement.clone(),
            refused: self.counters.refused.clone(),
            meanings: [&self.counters.refused, &self.counters.void, &parked_by]
                .into_iter()
                .flat_map(BTreeMap::keys)
                .filter_map(|name| Some((name.clone(), super::meaning(name)?)))
                .collect(),
            parked_by,
            void: self.counters.void.clone(),
            forks: self.counters.forks,
            evidence: self.count_evidence(),
            waiting,
            waiting_count,
            questions,
            questions_count,
        }
    }
}
