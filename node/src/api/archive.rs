//! Seals, and the whole log as an archive.

use std::{io, sync::Arc};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{
        Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use mutua_protocol::{
    archive::{end_frame, opening, seal_frame},
    codec,
    hash::SealId,
    limits,
    seals::SealedBatch,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Shared, blocking,
    named::{ByHeight, Named},
    problem::Problem,
    types::{ImportView, SealView},
};
use crate::store::{Reader, StoreError};

/// The header of an archive's response that says how many seals the log has.
pub const HEIGHT: &str = "mutua-height";

/// Frames that wait for a slow client.
const FRAMES: usize = 8;

pub(super) async fn seal(
    State(shared): State<Shared>,
    Named(ByHeight { height }): Named<ByHeight>,
) -> Result<Json<SealView>, Problem> {
    let reader = shared.reader.clone();
    let found = blocking(move || reader.seal(height)).await??;
    let stored = found.ok_or_else(|| Problem::not_found(format!("this node holds no seal {height}")))?;
    Ok(Json(SealView {
        id: stored.header.id(),
        header: stored.header,
        signers: stored.certificate.signatures.iter().map(|(key, _)| *key).collect(),
        records: stored.ids,
    }))
}

pub(super) async fn import(
    State(shared): State<Shared>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ImportView>, Problem> {
    let body = body?;
    let batch: SealedBatch = codec::decode(&body, limits::DECODE_BYTES)
        .map_err(|error| Problem::unprocessable(format!("this is no seal: {error}")))?;
    let service = shared.service.clone();
    let height = blocking(move || service.import(batch)).await??.map_err(Problem::conflict)?;
    Ok(Json(ImportView { height }))
}

/// Which part of the log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Part {
    /// The first seal, from 1.
    #[serde(default = "first")]
    from: u64,
    /// At most this many seals.
    #[serde(default = "all")]
    seals: u64,
}

fn first() -> u64 {
    1
}

fn all() -> u64 {
    u64::MAX
}

/// Streams the archive from the store, up to the seal that is the newest now, or a part of it. The end mark names the
/// last seal of the part, or where the part has none, the newest one.
pub(super) async fn export(
    State(shared): State<Shared>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(part) = part?;
    if part.from == 0 {
        return Err(Problem::bad_request("seals are numbered from 1"));
    }
    stream(&shared, part, None).await
}

/// Streams the whole archive, with a last seal that this node has not applied.
pub(super) async fn disputed(shared: &Shared, last: SealedBatch) -> Result<Response, Problem> {
    stream(shared, Part { from: first(), seals: all() }, Some(last)).await
}

async fn stream(shared: &Shared, part: Part, more: Option<SealedBatch>) -> Result<Response, Problem> {
    let reader = shared.reader.clone();
    let last = blocking(move || reader.head()).await??.unwrap_or(0);
    let reader = shared.reader.clone();
    let community = shared.community.clone();
    let body = streamed(shared, move |send| {
        if send(opening(&community.charter)) { send_seals(&reader, &part, last, more, send) } else { Ok(()) }
    })?;
    let newest = last.to_string();
    Ok(([(CONTENT_TYPE.as_str(), "application/octet-stream"), (HEIGHT, newest.as_str())], body)
        .into_response())
}

/// A body whose parts are made on a thread of their own, as fast as the client takes them: `send` waits, and is
/// false when nobody listens any more. After an error the body breaks off, which the client sees.
pub(super) fn streamed(
    shared: &Shared,
    make: impl FnOnce(&dyn Fn(Vec<u8>) -> bool) -> Result<(), StoreError> + Send + 'static,
) -> Result<Body, Problem> {
    let turn = Arc::clone(&shared.0.downloads).try_acquire_owned().map_err(|_| Problem::busy())?;
    let (frames, stream) = mpsc::channel::<Result<Bytes, io::Error>>(FRAMES);
    drop(tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let send = |part: Vec<u8>| frames.blocking_send(Ok(part.into())).is_ok();
        if let Err(error) = make(&send) {
            tracing::error!(%error, "an answer breaks off: the store cannot be read");
            let _ = frames.blocking_send(Err(io::Error::other("the node's store failed")));
        }
    }));
    Ok(Body::from_stream(ReceiverStream::new(stream)))
}

fn send_seals(
    reader: &Reader,
    part: &Part,
    last: u64,
    more: Option<SealedBatch>,
    send: &dyn Fn(Vec<u8>) -> bool,
) -> Result<(), StoreError> {
    let newest = if last == 0 { None } else { reader.seal(last)? };
    let mut end = (last, newest.map_or(SealId([0; 32]), |seal| seal.header.id()));
    let seals = last.saturating_sub(part.from - 1).min(part.seals);
    for seal in reader.seals_from(part.from).take(usize::try_from(seals).unwrap_or(usize::MAX)) {
        let seal = seal?;
        let mut records = Vec::with_capacity(seal.ids.len());
        for id in &seal.ids {
            let Some(bytes) = reader.record(id)? else { return Ok(()) };
            records.push(bytes);
        }
        end = (seal.header.height, seal.header.id());
        let batch = SealedBatch { header: seal.header, certificate: seal.certificate, records };
        if !send(seal_frame(&batch)) {
            return Ok(());
        }
    }
    if let Some(batch) = more {
        end = (batch.header.height, batch.header.id());
        if !send(seal_frame(&batch)) {
            return Ok(());
        }
    }
    send(end_frame(end.0, end.1));
    Ok(())
}
