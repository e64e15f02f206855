//! The desk: where the owner's page has something said, with a key of this home.
//!
//! The node signs nothing for members. The program around it may lend it a desk, which takes the words of a command and a
//! passphrase, and does what the command does: with all its checks, and one number never signed twice.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use zeroize::Zeroizing;

use super::{
    Shared,
    problem::Problem,
    types::{ActRequest, ActView, OwnKey},
};

/// What a desk's work ends in, some time.
pub type Acting = Pin<Box<dyn Future<Output = Result<ActView, ActError>> + Send>>;

/// Where commands are carried out.
pub trait Desk: Send + Sync {
    /// The keys that can sign, sorted by label.
    ///
    /// # Errors
    /// When they cannot be read, in words for the owner.
    fn keys(&self) -> Result<Vec<OwnKey>, String>;

    /// Carries a command out, given without the program's name.
    fn act(self: Arc<Self>, words: Vec<String>, passphrase: Zeroizing<String>) -> Acting;
}

/// Why a command was not carried out; each in words for the owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The words are no command that a desk carries out, or say something that cannot be read.
    #[error("{0}")]
    Input(String),
    /// Refused, by the command or by the node.
    #[error("{0}")]
    Refused(String),
    /// The node did not answer the command.
    #[error("{0}")]
    Node(String),
    /// Wrong passphrase, or no key that fits.
    #[error("{0}")]
    Keys(String),
    /// The command could not be run to its end.
    #[error("{0}")]
    Failed(String),
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        let detail = error.to_string();
        match error {
            ActError::Input(_) => Self::bad_request(detail),
            ActError::Refused(_) => Self::conflict(detail),
            ActError::Keys(_) => Self::forbidden(detail),
            ActError::Node(_) | ActError::Failed(_) => Self::unavailable(detail),
        }
    }
}

/// Carries a command out.
pub(super) async fn act(
    State(shared): State<Shared>,
    request: Result<Json<ActRequest>, JsonRejection>,
) -> Result<Json<ActView>, Problem> {
    let Json(request) = request?;
    let passphrase = Zeroizing::new(request.passphrase);
    let desk = shared.desk.clone().ok_or_else(|| {
        Problem::not_found("this node signs nothing: give the command in a terminal, where the key is")
    })?;
    Ok(Json(desk.act(request.words, passphrase).await?))
}
