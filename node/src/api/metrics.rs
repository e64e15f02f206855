//! Figures for Prometheus, as it reads them (OpenMetrics text).
//!
//! What the node knows anyway is looked at when it is asked for; only requests are counted here.

use std::sync::atomic::AtomicU64;

use axum::{
    extract::{MatchedPath, Request, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use mutua_protocol::ledger::MemberStatus;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{Shared, blocking, problem::Problem};
use crate::{
    network::Refusal,
    service::{Clock, Core, NodeStatus},
};

/// The format that Prometheus asks for.
pub(super) const MEDIA: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every name begins with this.
const PREFIX: &str = "mutua";

/// Requests that were answered.
#[derive(Clone, Default)]
pub(super) struct Requests(Family<Answered, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    /// The path as the routes have it, so that there are few of them; `page` for the files of the page.
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    /// `records` for what the service refuses, `network` for what the network does.
    by: &'static str,
    reason: String,
}

impl Requests {
    /// By which name a request is counted.
    pub(super) fn route(request: &Request) -> String {
        let path = request.extensions().get::<MatchedPath>();
        path.map_or_else(|| "page".to_owned(), |path| path.as_str().to_owned())
    }

    pub(super) fn count(&self, route: String, response: &Response) {
        self.0.get_or_create(&Answered { route, status: response.status().as_u16() }).inc();
    }
}

/// What the ledger tells beside the status.
struct Votes {
    voted: u64,
    weight: u64,
    voted_weight: u64,
}

fn votes(core: &Core) -> Votes {
    let ledger = core.ledger();
    let mut votes = Votes { voted: 0, weight: 0, voted_weight: 0 };
    let all = ledger.members().iter();
    for (_, member) in
        all.filter(|(key, member)| member.status != MemberStatus::Left && ledger.suspension(key).is_none())
    {
        votes.weight += u64::from(member.weight);
        if member.cast.is_some() || member.standing.is_some() {
            votes.voted += 1;
            votes.voted_weight += u64::from(member.weight);
        }
    }
    votes
}

/// The figures of now.
struct Figures(Registry);

impl Figures {
    fn new() -> Self {
        Self(Registry::with_prefix(PREFIX))
    }

    /// One figure. What does not fit is shown as the greatest that does.
    fn gauge(&mut self, name: &str, help: &str, value: impl TryInto<u64>) -> &mut Self {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.set(value.try_into().unwrap_or(u64::MAX));
        self.0.register(name, help, gauge);
        self
    }

    /// The same for a length of time, given in milliseconds.
    fn seconds(&mut self, name: &str, help: &str, milliseconds: u64) -> &mut Self {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.set(milliseconds / 1_000);
        self.0.register_with_unit(name, help, Unit::Seconds, gauge);
        self
    }

    /// What the node says of itself.
    fn node(&mut self, status: &NodeStatus, votes: &Votes, wall: u64) {
        self.gauge("round", "The current round", status.round)
            .seconds("round_left", "Time until the round closes", status.close.saturating_sub(wall))
            .seconds(
                "close_late",
                "For how long the round should have been closed: the witnesses are late",
                wall.saturating_sub(status.close),
            )
            .gauge("seal_height", "The number of the newest seal", status.height)
            .seconds("seal_age", "Time since the newest seal", wall.saturating_sub(status.time))
            .gauge("records_sealed", "Records in seals", status.records)
            .gauge("records_unsealed", "Records that wait for a seal", status.tail)
            .gauge("records_parked", "Records that wait for others, in memory", status.parked)
            .gauge("members", "Members who take part", status.members)
            .gauge(
                "members_voted",
                "Members with a ballot of their own that counts in this round",
                votes.voted,
            )
            .gauge("weight", "The weight of all who have a vote", votes.weight)
            .gauge("weight_voted", "The weight of those with a ballot of their own", votes.voted_weight)
            .gauge("proposals", "Proposals, whatever became of them", status.proposals)
            .gauge("pool", "What can be allocated, in the smallest unit", status.pool)
            .gauge(
                "disagreement",
                "1 if the witnesses certified an outcome that this node does not find in the log",
                u64::from(status.disagreement.is_some()),
            )
            .gauge("forks", "Authors whose forks were seen since the start", status.forks)
            .gauge("evidence", "Pieces of evidence of misbehaviour that this node holds", {
                status.evidence.values().sum::<u64>()
            })
            .gauge("answers_owed", "What waits for an answer of the board", status.waiting_count)
            .gauge(
                "questions_open",
                "Questions about proposals that wait for an answer",
                status.questions_count,
            );
        if let Some(witness) = &status.witness {
            self.gauge(
                "witness_attempt",
                "At which attempt the witnesses agree on the next seal, from 0: each more is one that was late",
                witness.round.unwrap_or(0),
            )
            .gauge(
                "witness_halted",
                "1 if this witness has stopped voting on this height",
                u64::from(witness.halted.is_some()),
            );
        }
        let newest = status.peers.iter().filter_map(|peer| peer.height).max().unwrap_or(0);
        self.gauge("seals_behind", "Seals that a peer has and this node has not", {
            newest.saturating_sub(status.height)
        });
    }
}

pub(super) async fn show(State(shared): State<Shared>) -> Result<Response, Problem> {
    let (status, votes) = shared.ask(|core| (core.status(), votes(core))).await?;
    let network = shared.network.status();
    let reader = shared.reader.clone();
    let size = blocking(move || reader.size_on_disk()).await??;
    let mut figures = Figures::new();
    figures.node(&status, &votes, Clock::started().now().wall);
    figures
        .gauge("peers", "Connected peers of this community", network.peers.len())
        .gauge("peers_banned", "Peers kept out at the moment", network.banned_peers)
        .gauge("publish_queue", "Messages that wait to be published", network.publish_queue)
        .gauge("store_bytes", "The size of the store on the disk", size);
    let refused = Family::<Refused, Counter>::default();
    let by_service = status.refused.into_iter().map(|(reason, count)| ("records", reason, count));
    // All reasons from the beginning, so that the first time of one shows as a change.
    let by_network =
        Refusal::ALL.iter().map(|refusal| ("network", refusal.name().to_owned(), network.refusals(*refusal)));
    for (by, reason, count) in by_service.chain(by_network) {
        refused.get_or_create(&Refused { by, reason }).inc_by(count);
    }
    let Figures(mut registry) = figures;
    registry.register("refused", "What was refused since the start, by reason", refused);
    registry.register("requests", "Requests answered, by route and status", shared.0.requests.0.clone());
    let mut text = String::new();
    encode(&mut text, &registry).expect("a string can be written to");
    Ok(([(CONTENT_TYPE, MEDIA)], text).into_response())
}
