//! Receipts, made of what the store holds.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use mutua_protocol::{
    charter::Community,
    codec,
    hash::RecordId,
    keys::PublicKey,
    ledger::Closing,
    receipt::{CertifiedSeal, CountedProof, Place, RECEIPT_BYTES, Receipt, SealedProof},
    records::Received,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Shared, blocking, outcomes::Round, problem::Problem};
use crate::store::StoredSeal;

/// What the receipt is to be about: a record, or what was counted for a key in a round, or both. Without a record,
/// the ballot that was counted is the record; of several that were counted by delegation, that for all.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Wanted {
    /// The record that is to be shown as sealed.
    record: Option<RecordId>,
    /// The round of which is to be shown what was counted; with `key`.
    round: Option<u32>,
    /// The key for which it was counted.
    key: Option<PublicKey>,
}

pub(super) async fn show(
    State(shared): State<Shared>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Wanted { record, round, key }) = wanted?;
    let counted = match (round, key) {
        (Some(round), Some(key)) => Some((Round::Number(round).find(&shared).await?, key)),
        (None, None) => None,
        _ => return Err(Problem::bad_request("'round' and 'key' belong together")),
    };
    if record.is_none() && counted.is_none() {
        return Err(Problem::bad_request("say what about: 'record', or 'round' and 'key'"));
    }
    let community = shared.ask(|core| Arc::clone(core.ledger().community())).await?;
    let mut receipt = {
        let shared = shared.clone();
        blocking(move || make(&shared, &community, record, counted)).await??
    };
    let seals =
        [receipt.sealed.as_ref().map(|proof| &proof.seal), receipt.counted.as_ref().map(|proof| &proof.seal)];
    let height = seals.into_iter().flatten().map(|seal| seal.header.height).max().unwrap_or(0);
    receipt.successions = shared.ask(move |core| core.successions(height)).await??;
    if codec::encode(&receipt).len() > RECEIPT_BYTES {
        return Err(Problem::conflict(format!(
            "the charter was changed {} times before that, and a receipt that shows all of it would be longer than {} \
             KiB; hand on the log instead: 'mutua log export'",
            receipt.successions.len(),
            RECEIPT_BYTES >> 10
        )));
    }
    Ok(([(CONTENT_TYPE, "application/octet-stream")], receipt.to_file()).into_response())
}

fn make(
    shared: &Shared,
    community: &Community,
    record: Option<RecordId>,
    counted: Option<(Arc<Closing>, PublicKey)>,
) -> Result<Receipt, Problem> {
    let counted = counted
        .map(|(closing, key)| {
            let height = closing.outcome.height;
            let seal = shared.reader.seal(height)?;
            let seal = seal.ok_or_else(|| Problem::not_found(format!("this node holds no seal {height}")))?;
            Ok::<_, Problem>(CountedProof::new(&closing, certified(community, &seal), &key))
        })
        .transpose()?;
    let ballot = counted.as_ref().and_then(|proof| match &proof.place {
        Place::Listed(line) => line.entry.counted.ballots().next(),
        Place::Unlisted { .. } => None,
    });
    let sealed = record.or(ballot).map(|id| sealed(shared, community, &id)).transpose()?;
    Ok(Receipt { successions: Vec::new(), sealed, counted })
}

fn sealed(shared: &Shared, community: &Community, id: &RecordId) -> Result<SealedProof, Problem> {
    let received = shared
        .reader
        .record(id)?
        .and_then(|bytes| Received::decode(&bytes, community).ok())
        .ok_or_else(|| Problem::not_found(format!("this node holds no record {id}")))?;
    let proof = shared
        .reader
        .seal_of(id)?
        .and_then(|seal| SealedProof::new(&received, certified(community, &seal), &seal.ids));
    proof.ok_or_else(|| {
        Problem::conflict(format!(
            "record {} is in no seal yet; ask again once the witnesses have sealed it",
            id.short()
        ))
    })
}

fn certified(community: &Community, seal: &StoredSeal) -> CertifiedSeal {
    let witnesses = &community.at(seal.header.height).witnesses;
    CertifiedSeal::new(seal.header.clone(), &seal.certificate, witnesses)
}
