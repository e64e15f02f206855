//! What members say about proposals to one another.

use serde::{Deserialize, Serialize};

use super::{BodyError, ProposalId};
use crate::{hash::RecordId, limits, text};

/// What an argument is about. Later things are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// A proposal.
    Proposal(ProposalId),
    /// Another argument: it is a reply.
    Argument(RecordId),
}

/// How an argument stands to what it is about. Later stances are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stance {
    /// It speaks for it.
    For,
    /// It speaks against it.
    Against,
    /// It asks about it: an answer is owed.
    Question,
    /// It answers a question.
    Answer,
}

/// Checks the bounds of an argument that do not depend on the ledger.
pub(super) fn check(on: On, stance: Stance, said: &str) -> Result<(), BodyError> {
    text::passage("text", said, limits::TEXT_BYTES)?;
    BodyError::demand(stance != Stance::Answer || matches!(on, On::Argument(_)), "stance", || {
        "is an answer, but it is about a proposal; answer one of the questions about it".to_owned()
    })
}
