//! Handing in and showing records.

use std::sync::Arc;

use axum::{
    Json,
    extract::{
        Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
};
use mutua_protocol::{hash::RecordId, records::Received};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared, blocking,
    named::{ByRecord, Named},
    problem::Problem,
    types::{LetGo, LetGoView, Receptions, RecordView, Submission},
};
use crate::service::Signed;

/// Greatest number of records in one submission.
const RECORDS: usize = 1000;

/// Greatest number of ids that are told for one beginning: who gets several has to give more digits.
const FOUND: usize = 16;

pub(super) async fn submit(
    State(shared): State<Shared>,
    submission: Result<Json<Submission>, JsonRejection>,
) -> Result<Json<Receptions>, Problem> {
    let Json(submission) = submission?;
    if submission.records.len() > RECORDS {
        let many = submission.records.len();
        return Err(Problem::unprocessable(format!(
            "{many} records; at most {RECORDS} can be handed in at once"
        )));
    }
    let mut records = Vec::with_capacity(submission.records.len());
    for (position, text) in submission.records.iter().enumerate() {
        let bytes = hex::decode(text).map_err(|error| {
            Problem::unprocessable(format!("record {position} is not hexadecimal: {error}"))
        })?;
        records.push(bytes);
    }
    let service = shared.service.clone();
    let place = if submission.signed_apart { Signed::Apart } else { Signed::Here };
    let records = blocking(move || service.submit(records, place)).await??;
    Ok(Json(Receptions { records }))
}

/// Lets go of records that wait here for their own author and that nobody else knows.
pub(super) async fn let_go(
    State(shared): State<Shared>,
    wanted: Result<Json<LetGo>, JsonRejection>,
) -> Result<Json<LetGoView>, Problem> {
    let Json(LetGo { ids }) = wanted?;
    if ids.len() > RECORDS {
        let many = ids.len();
        return Err(Problem::unprocessable(format!("{many} ids; at most {RECORDS} can be named at once")));
    }
    let service = shared.service.clone();
    Ok(Json(LetGoView { known: blocking(move || service.let_go(ids)).await?? }))
}

/// What the ids of records begin with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Wanted {
    prefix: String,
}

/// The ids that begin like this.
pub(super) async fn beginning(
    State(shared): State<Shared>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Vec<RecordId>>, Problem> {
    let Query(Wanted { prefix }) = wanted?;
    let digits = prefix.bytes().filter(u8::is_ascii_hexdigit).count();
    if digits != prefix.len() || !(4..=2 * RecordId::LENGTH).contains(&digits) {
        return Err(Problem::bad_request(format!(
            "'prefix' has to be 4 to {} hexadecimal digits",
            2 * RecordId::LENGTH
        )));
    }
    Ok(Json(blocking(move || shared.reader.records_beginning(&prefix, FOUND)).await??))
}

pub(super) async fn show(
    State(shared): State<Shared>,
    Named(ByRecord { id }): Named<ByRecord>,
) -> Result<Json<RecordView>, Problem> {
    let (in_tail, void, community) = shared
        .ask(move |core| {
            let void = core.ledger().void().get(&id).map(ToString::to_string);
            (core.in_tail(&id).cloned(), void, Arc::clone(core.ledger().community()))
        })
        .await?;
    let (sealed, received) = match in_tail {
        Some(received) => (false, received),
        None => {
            let reader = shared.reader.clone();
            let received = blocking(move || reader.record(&id))
                .await??
                .and_then(|bytes| Received::decode(&bytes, &community).ok())
                .ok_or_else(|| Problem::not_found(format!("this node holds no record {id}")))?;
            let asked = received.clone();
            (shared.ask(move |core| core.is_sealed(&asked)).await??, received)
        }
    };
    Ok(Json(RecordView {
        id,
        sealed,
        void,
        record: received.record().clone(),
        bytes: hex::encode(&received.bytes),
    }))
}
