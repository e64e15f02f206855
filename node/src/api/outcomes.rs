//! Outcomes, with the names that people need.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use mutua_protocol::{
    allocation::Fraction,
    ledger::{Closing, Ledger},
    outcome::CandidateResult,
};

use super::{
    Shared,
    problem::Problem,
    types::{LoanShares, OutcomeSummary, OutcomeView, ProposalName, SharesView},
};
use crate::service::Core;

pub(super) async fn list(State(shared): State<Shared>) -> Result<Json<Vec<OutcomeSummary>>, Problem> {
    let rounds =
        shared.ask(|core| core.ledger().closings().iter().map(|closing| summary(closing)).collect()).await?;
    Ok(Json(rounds))
}

pub(super) async fn show(
    State(shared): State<Shared>,
    Path(round): Path<String>,
) -> Result<Json<OutcomeView>, Problem> {
    let round = Round::parse(&round)?;
    let view = shared
        .ask(move |core| {
            let closing = round.find(core)?;
            Ok::<_, Problem>(view(core.ledger(), &closing, matches!(round, Round::Current)))
        })
        .await??;
    Ok(Json(view))
}

pub(super) async fn shares(
    State(shared): State<Shared>,
    Path(round): Path<String>,
) -> Result<Json<SharesView>, Problem> {
    let round = Round::parse(&round)?;
    let closing = shared.ask(move |core| round.find(core)).await??;
    let loans = closing
        .outcome
        .funded
        .iter()
        .zip(&closing.shares)
        .map(|(loan, shares)| LoanShares { proposal: loan.proposal, shares: shares.clone() })
        .collect();
    Ok(Json(SharesView { digest: closing.digest, loans }))
}

/// Which outcome is meant.
#[derive(Debug, Clone, Copy)]
enum Round {
    /// What would come out if the round closed now.
    Current,
    /// The newest closed round.
    Latest,
    /// A closed round.
    Number(u32),
}

impl Round {
    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "current" => Ok(Self::Current),
            "latest" => Ok(Self::Latest),
            _ => text.parse().map(Self::Number).map_err(|_| {
                Problem::bad_request(format!("'{text}' is no round: use a number, 'latest' or 'current'"))
            }),
        }
    }

    fn find(self, core: &Core) -> Result<Arc<Closing>, Problem> {
        if let Some(disagreement) = core.disagreement() {
            return Err(Problem::conflict(format!("{disagreement}; this node shows no figures of its own")));
        }
        let closings = core.ledger().closings();
        match self {
            Self::Current => core.provisional().ok_or_else(Problem::stopping),
            Self::Latest => closings.last().cloned().ok_or_else(|| {
                Problem::not_found("no round has closed yet; 'current' shows the provisional outcome")
            }),
            Self::Number(round) => {
                closings.iter().find(|closing| closing.outcome.round == round).cloned().ok_or_else(|| {
                    let now = core.ledger().round();
                    Problem::not_found(format!("round {round} has not closed; the current round is {now}"))
                })
            }
        }
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

fn view(ledger: &Ledger, closing: &Closing, provisional: bool) -> OutcomeView {
    let outcome = &closing.outcome;
    let mut proposals = BTreeMap::new();
    let ids = outcome
        .candidates
        .iter()
        .map(|candidate| candidate.proposal)
        .chain(outcome.motions.iter().map(|motion| motion.proposal));
    for id in ids {
        let Some(proposal) = ledger.proposals().get(&id) else { continue };
        let name = ProposalName {
            title: proposal.subject.title().to_owned(),
            borrower: proposal.subject.loan().map(|loan| loan.borrower.clone()),
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
                CandidateResult::Ineligible(reason) => Some(reason.to_string()),
            };
        }
    }
    for loan in &outcome.funded {
        if let (Some(name), Some(price)) = (proposals.get_mut(&loan.proposal), &loan.price) {
            name.price =
                Fraction::from_bytes(&price.numerator, &price.denominator).map(|price| price.to_string());
        }
    }
    OutcomeView { digest: closing.digest, provisional, outcome: outcome.clone(), proposals }
}
