//! What a ballot would change, before it is cast. Nothing is signed, kept or told to anybody.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use mutua_protocol::{
    keys::Signature,
    records::{Body, Received, Record, SignedRecord},
};

use super::{
    Shared,
    outcomes::view,
    problem::Problem,
    types::{OutcomeView, PreviewRequest},
};
use crate::service::Core;

/// The outcome if the round closed now and the member had cast this ballot last.
pub(super) async fn show(
    State(shared): State<Shared>,
    request: Result<Json<PreviewRequest>, JsonRejection>,
) -> Result<Json<OutcomeView>, Problem> {
    let Json(request) = request?;
    let closing = shared.standing_with(move |core| with_ballot(core, request)).await?;
    Ok(Json(shared.ask(move |core| view(core, &closing, true)).await?))
}

fn with_ballot(core: &Core, request: PreviewRequest) -> Result<Received, Problem> {
    let PreviewRequest { member, ballot } = request;
    let ledger = core.ledger();
    if !ledger.members().contains_key(&member) {
        return Err(Problem::not_found(format!("{member} is no member's key")));
    }
    let body = Body::Ballot(ballot);
    body.check(ledger.community(), &member).map_err(|error| Problem::unprocessable(error.to_string()))?;
    let head = core.chain(&member);
    let record = Record {
        community: ledger.community().id,
        author: member,
        sequence: head.sequence + 1,
        previous: head.id,
        clock: core.now().wall,
        body,
    };
    ledger.admissible(&record).map_err(|reason| Problem::unprocessable(reason.to_string()))?;
    // It goes nowhere, so nobody asks for its signature.
    let unsigned = SignedRecord { record, signature: Signature([0; Signature::LENGTH]) };
    Ok(Received::own(unsigned))
}
