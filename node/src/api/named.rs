//! What the paths of the API name.

use aide::{OperationInput, generate::GenContext, openapi::Operation};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use mutua_protocol::{hash::RecordId, keys::PublicKey, records::ProposalId};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

use super::problem::Problem;

/// What a path names, or a problem that says what is wrong with it.
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(Path::from_request_parts(parts, state).await?.0))
    }
}

impl<T: JsonSchema> OperationInput for Named<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Path::<T>::operation_input(context, operation);
    }
}

/// A member, an attestor or another author.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByKey {
    /// The public key.
    pub(super) key: PublicKey,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByProposal {
    /// The record that made the proposal.
    pub(super) id: ProposalId,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByRecord {
    /// The record.
    pub(super) id: RecordId,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByHeight {
    /// The number of the seal, from 1.
    #[schemars(range(min = 1))]
    pub(super) height: u64,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByEvidence {
    /// The name that the list of evidence gives to it.
    pub(super) name: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByRound {
    /// A round's number, `latest` for the newest that has closed, or `current` for what would come out now.
    #[schemars(regex(pattern = r"^(latest|current|0|[1-9][0-9]{0,8})$"))]
    pub(super) round: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ByLoan {
    /// A round's number, `latest` for the newest that has closed, or `current` for what would come out now.
    #[schemars(regex(pattern = r"^(latest|current|0|[1-9][0-9]{0,8})$"))]
    pub(super) round: String,
    /// The loan.
    pub(super) proposal: ProposalId,
}
