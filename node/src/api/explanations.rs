//! Why an outcome is as it is, and what it would have been.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use mutua_protocol::{
    ledger::{Change, Count, LoanFate},
    records::ProposalId,
};

use super::{
    Shared,
    named::{ByLoan, ByRound, Named},
    outcomes::Round,
    problem::Problem,
    types::{ExplanationView, LoanName, LoanView, WhatIfRequest, WhatIfView},
};

/// Most variants in one request.
const VARIANTS: usize = 16;

pub(super) async fn explanation(
    State(shared): State<Shared>,
    Named(ByRound { round }): Named<ByRound>,
) -> Result<Json<ExplanationView>, Problem> {
    let round = Round::parse(&round)?;
    let closing = round.find(&shared).await?;
    let view = shared.compute(move || ExplanationView {
        provisional: round.is_provisional(),
        explanation: closing.explain(),
        names: names(&closing.count),
    });
    Ok(Json(view.await?))
}

pub(super) async fn loan(
    State(shared): State<Shared>,
    Named(ByLoan { round, proposal }): Named<ByLoan>,
) -> Result<Json<LoanView>, Problem> {
    let closing = Round::parse(&round)?.find(&shared).await?;
    let bench = shared.clone();
    let view = shared.compute(move || {
        let explanation = closing.explain();
        let loan = explanation.loans.into_iter().find(|loan| loan.proposal == proposal)?;
        let distance = match loan.fate {
            LoanFate::PassedOver { .. } => {
                let key = (closing.digest, proposal);
                bench.0.bench.distance(&key).unwrap_or_else(|| {
                    let distance = closing.distance(&proposal);
                    bench.0.bench.keep(key, distance);
                    distance
                })
            }
            LoanFate::Funded { .. } | LoanFate::Ineligible { .. } => None,
        };
        Some(LoanView { digest: closing.digest, loan, distance, supporters: closing.supporters(&proposal) })
    });
    view.await?.map(Json).ok_or_else(|| {
        Problem::not_found("the round had no such loan: only loans that were open are explained")
    })
}

pub(super) async fn what_if(
    State(shared): State<Shared>,
    Named(ByRound { round }): Named<ByRound>,
    request: Result<Json<WhatIfRequest>, JsonRejection>,
) -> Result<Json<WhatIfView>, Problem> {
    let Json(request) = request?;
    if request.changes.len() > VARIANTS {
        return Err(Problem::bad_request(format!("at most {VARIANTS} changes can be tried at once")));
    }
    let round = Round::parse(&round)?;
    let closing = round.find(&shared).await?;
    let view = shared.compute(move || {
        let count = &closing.count;
        let result = |change: &Change| count.what_if(change);
        let base = result(&Change::default())?;
        let variants = request.changes.iter().map(result).collect::<Result<_, _>>()?;
        Ok(WhatIfView {
            round: closing.outcome.round,
            digest: closing.digest,
            provisional: round.is_provisional(),
            loans: count.eligible().map(|counted| counted.proposal).collect(),
            voted: closing.outcome.turnout.voted,
            base,
            variants,
            names: names(count),
        })
    });
    let view: Result<WhatIfView, mutua_protocol::allocation::InstanceError> = view.await?;
    view.map(Json).map_err(|error| Problem::bad_request(error.to_string()))
}

/// What people call the loans.
pub(super) fn names(count: &Count) -> BTreeMap<ProposalId, LoanName> {
    let candidates = count.candidates().iter();
    candidates
        .filter_map(|counted| {
            let loan = counted.subject.loan()?;
            let (title, borrower, category) = (loan.title.clone(), loan.borrower.clone(), loan.category);
            Some((counted.proposal, LoanName { title, borrower, category, amount: loan.amount }))
        })
        .collect()
}
