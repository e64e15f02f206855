//! Evidence of misbehaviour: a list, and files that anybody can check.

use axum::{
    Json,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use super::{
    Shared, archive,
    named::{ByEvidence, Named},
    problem::Problem,
};
use crate::service::{Core, EvidenceFile, Sightings};

pub(super) async fn list(State(shared): State<Shared>) -> Result<Json<Sightings>, Problem> {
    Ok(Json(shared.ask(Core::sightings).await??))
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
