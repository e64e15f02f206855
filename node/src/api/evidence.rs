//! Evidence of misbehaviour: a list, and files that anybody can check.

use std::num::NonZeroUsize;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared, archive,
    named::{ByEvidence, Named},
    paged::{Paged, part},
    problem::Problem,
};
use crate::service::{Core, EvidenceFile, Sightings};

/// Greatest number of pieces of evidence in one answer.
const PIECES: usize = 1_000;

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct PartOfEvidence {
    /// At most so many pieces that can be proved.
    limit: Option<NonZeroUsize>,
    /// Begin behind the piece with this name.
    after: Option<String>,
}

/// What can be proved, a part at a time; with the first part, what cannot.
pub(super) async fn list(
    State(shared): State<Shared>,
    wanted: Result<Query<PartOfEvidence>, QueryRejection>,
) -> Result<Paged<Sightings>, Problem> {
    let Query(PartOfEvidence { limit, after }) = wanted?;
    let limit = limit.map_or(PIECES, NonZeroUsize::get).min(PIECES);
    let Sightings { proved, unproved } = shared.ask(Core::sightings).await??;
    let unproved = if after.is_none() { unproved } else { Vec::new() };
    let part = part(proved.into_iter(), |sighting| sighting.name.clone(), after, limit);
    Ok(Paged::new(Sightings { proved: part.entries, unproved }, "/v1/evidence", limit, part.last))
}

pub(super) async fn show(
    State(shared): State<Shared>,
    Named(ByEvidence { name }): Named<ByEvidence>,
) -> Result<Response, Problem> {
    let wanted = name.clone();
    match shared.ask(move |core| core.evidence_file(&wanted)).await?? {
        Some(EvidenceFile::File(bytes)) => {
            Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
        }
        Some(EvidenceFile::Log(last)) => archive::disputed(&shared, *last).await,
        None => Err(Problem::not_found(format!(
            "there is no evidence '{name}', or its file would be too large; 'mutua evidence list' names what there is"
        ))),
    }
}
