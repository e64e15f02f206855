//! Outcomes, with the names that people need.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use mutua_protocol::{
    allocation::Fraction,
    ledger::Closing,
    outcome::{CandidateResult, CountedAs},
    records::{Body, ProposalId, Subject},
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared,
    archive::streamed,
    named::{ByRound, Named},
    paged::{Paged, part},
    problem::Problem,
    types::{Heads, LoanShares, OutcomeSummary, OutcomeView, ProposalName},
    views::ineligible,
};
use crate::service::Core;

/// Greatest number of rounds in one answer.
const ROUNDS: usize = 1_000;

/// Which part of the list of rounds is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct PartOfRounds {
    /// At most so many entries.
    limit: Option<NonZeroUsize>,
    /// Begin behind this round.
    after: Option<u32>,
}

pub(super) async fn list(
    State(shared): State<Shared>,
    wanted: Result<Query<PartOfRounds>, QueryRejection>,
) -> Result<Paged<Vec<OutcomeSummary>>, Problem> {
    let Query(PartOfRounds { limit, after }) = wanted?;
    let limit = limit.map_or(ROUNDS, NonZeroUsize::get).min(ROUNDS);
    let (rounds, last) = shared
        .ask(move |core| {
            let all = core.ledger().closings().iter();
            let part = part(all, |closing| closing.outcome.round, after, limit);
            (part.entries.into_iter().map(|closing| summary(closing)).collect(), part.last)
        })
        .await?;
    Ok(Paged::new(rounds, "/v1/outcomes", limit, last))
}

pub(super) async fn show(
    State(shared): State<Shared>,
    Named(ByRound { round }): Named<ByRound>,
) -> Result<Json<OutcomeView>, Problem> {
    let round = Round::parse(&round)?;
    let closing = round.find(&shared).await?;
    let view = shared.ask(move |core| view(core, &closing, round.is_provisional())).await?;
    Ok(Json(view))
}

/// Every member may have paid for every loan: one loan at a time is in memory, and [`SharesView`](super::types::SharesView) is written by hand
/// around them.
pub(super) async fn shares(
    State(shared): State<Shared>,
    Named(ByRound { round }): Named<ByRound>,
) -> Result<Response, Problem> {
    let closing = Round::parse(&round)?.find(&shared).await?;
    let body = streamed(&shared, move |send| {
        let mut before = format!("{{\"digest\":\"{}\",\"loans\":[", closing.digest).into_bytes();
        for (loan, shares) in closing.outcome.funded.iter().zip(&closing.shares) {
            let loan = LoanShares { proposal: loan.proposal, shares: shares.clone() };
            let mut part = std::mem::replace(&mut before, b",".to_vec());
            part.extend(serde_json::to_vec(&loan).expect("shares have only fields that JSON can write"));
            if !send(part) {
                return Ok(());
            }
        }
        let mut end = if before == b"," { Vec::new() } else { before };
        end.extend(b"]}");
        send(end);
        Ok(())
    })?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// Which outcome is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Round {
    /// What would come out if the round closed now.
    Current,
    /// The newest closed round.
    Latest,
    /// A closed round.
    Number(u32),
}

impl Round {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "current" => Ok(Self::Current),
            "latest" => Ok(Self::Latest),
            _ => text.parse().map(Self::Number).map_err(|_| {
                Problem::bad_request(format!("'{text}' is no round: use a number, 'latest' or 'current'"))
            }),
        }
    }

    /// Is it what would come out if the round closed now?
    pub(super) fn is_provisional(self) -> bool {
        matches!(self, Self::Current)
    }

    pub(super) async fn find(self, shared: &Shared) -> Result<Arc<Closing>, Problem> {
        if matches!(self, Self::Current) {
            return shared.standing().await;
        }
        shared.ask(move |core| self.find_closed(core)).await?
    }

    fn find_closed(self, core: &Core) -> Result<Arc<Closing>, Problem> {
        if let Some(disagreement) = core.disagreement() {
            return Err(Problem::conflict(format!("{disagreement}; this node shows no figures of its own")));
        }
        let closings = core.ledger().closings();
        let found = match self {
            Self::Number(round) => closings.iter().find(|closing| closing.outcome.round == round),
            Self::Latest | Self::Current => closings.last(),
        };
        found.cloned().ok_or_else(|| match self {
            Self::Number(round) => {
                let now = core.ledger().round();
                Problem::not_found(format!("round {round} has not closed; the current round is {now}"))
            }
            Self::Latest | Self::Current => {
                Problem::not_found("no round has closed yet; 'current' shows the provisional outcome")
            }
        })
    }
}

fn summary(closing: &Closing) -> OutcomeSummary {
    let outcome = &closing.outcome;
    OutcomeSummary {
        round: outcome.round,
        digest: closing.digest,
        height: outcome.height,
        time: outcome.time,
        pool: outcome.pool,
        allocated: outcome.allocated(),
        funded: outcome.funded.len(),
    }
}

pub(super) fn view(core: &Core, closing: &Closing, provisional: bool) -> OutcomeView {
    let currency = &core.ledger().community().charter.currency;
    let outcome = &closing.outcome;
    let mut proposals = BTreeMap::new();
    let ids = outcome
        .candidates
        .iter()
        .map(|candidate| candidate.proposal)
        .chain(outcome.motions.iter().map(|motion| motion.proposal));
    for id in ids {
        let Some(subject) = subject(core, &id) else { continue };
        let name = ProposalName {
            title: subject.title().to_owned(),
            borrower: subject.loan().map(|loan| loan.borrower.clone()),
            reason: None,
            price: None,
        };
        proposals.insert(id, name);
    }
    for candidate in &outcome.candidates {
        if let Some(name) = proposals.get_mut(&candidate.proposal) {
            name.reason = match &candidate.result {
                CandidateResult::Funded(_) => None,
                CandidateResult::PassedOver { reason, .. } => Some(reason.to_string()),
                CandidateResult::Ineligible(reason) => Some(ineligible(reason, currency)),
            };
        }
    }
    for loan in &outcome.funded {
        if let (Some(name), Some(price)) = (proposals.get_mut(&loan.proposal), &loan.price) {
            name.price =
                Fraction::from_bytes(&price.numerator, &price.denominator).map(|price| price.to_string());
        }
    }
    let by_others = closing.roll.iter().filter(|entry| matches!(entry.counted, CountedAs::Delegated(_)));
    let delegated = by_others.fold(Heads { heads: 0, weight: 0 }, |sum, entry| Heads {
        heads: sum.heads + 1,
        weight: sum.weight + u64::from(entry.weight),
    });
    OutcomeView { digest: closing.digest, provisional, outcome: outcome.clone(), delegated, proposals }
}

/// The terms of a proposal, sealed or not.
fn subject<'a>(core: &'a Core, id: &ProposalId) -> Option<&'a Subject> {
    if let Some(proposal) = core.ledger().proposals().get(id) {
        return Some(&proposal.subject);
    }
    match &core.in_tail(id)?.record().body {
        Body::Propose(subject) => Some(subject),
        _ => None,
    }
}
