//! The board's answer to what members have decided or asked.

use serde::{Deserialize, Serialize};

use super::ProposalId;
use crate::hash::RecordId;

/// What is answered. Later things are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A motion.
    Motion(ProposalId),
    /// The outcome of a round that has closed.
    Outcome(u32),
    /// A question about a proposal, by its record.
    Question(RecordId),
}

/// Where the board stands. Later stands are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ResponseStatus {
    /// It agrees.
    Accepted,
    /// It will do it, and has not yet.
    Planned,
    /// It will not do it.
    Declined,
    /// It has done it.
    Done,
}

impl ResponseStatus {
    /// Is anything still to come from the board?
    #[must_use]
    pub fn is_last_word(self) -> bool {
        match self {
            Self::Accepted | Self::Declined | Self::Done => true,
            Self::Planned => false,
        }
    }
}
