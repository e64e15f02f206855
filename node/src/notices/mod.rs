//! What a member would want to be told, found anew in the ledger each time: whoever was away misses nothing, and nothing
//! has to be remembered but what was told already.

mod find;
mod words;

use mutua_protocol::{
    hash::{OutcomeDigest, RecordId},
    keys::PublicKey,
    records::{ProposalId, ResponseStatus, Stance},
};
use serde::{Deserialize, Serialize};

use crate::service::MatterKind;

pub use find::{Found, find};

/// Greatest number of notices in one answer.
pub const NOTICES: usize = 200;

/// How long before the close a member without a ballot is reminded, in milliseconds.
pub const REMINDER_MS: u64 = 24 * 3600 * 1000;

/// Who is told, and of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interests {
    /// The members, by any of their keys.
    pub members: Vec<PublicKey>,
    /// Positions in the charter's categories.
    pub categories: Follow,
}

/// Which categories are followed. Motions and changes of the charter are in none, and told to everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Follow {
    /// None.
    #[default]
    None,
    /// These.
    Some(Vec<u16>),
    /// Every one.
    All,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Notice {
    /// The same for the same thing at any time on any node.
    pub id: String,
    /// The seal that brought it, unless it is no matter of the log.
    pub height: Option<u64>,
    /// Since when: milliseconds since 1970; nothing where nobody remembers.
    pub time: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub news: News,
    /// The same in a sentence.
    pub text: String,
}

/// What there is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", tag = "kind")]
pub enum News {
    /// Something can be voted on.
    Proposal {
        /// Which.
        proposal: ProposalId,
        /// What people call it.
        title: String,
        /// Its category, if it is a loan.
        category: Option<String>,
    },
    /// Somebody answered a member's argument, or asked about a member's proposal.
    Answer {
        /// About which proposal.
        proposal: ProposalId,
        /// What people call it.
        title: String,
        /// Which argument.
        argument: RecordId,
        /// As what it was said.
        stance: Stance,
        /// Who said it.
        name: String,
    },
    /// The board answered a member's motion or question.
    Response {
        /// Which motion, or about which proposal the question was.
        proposal: ProposalId,
        /// What people call it.
        title: String,
        /// The board's stand.
        status: ResponseStatus,
    },
    /// The round closes soon, and nothing counts for a member.
    Closing {
        /// Which round.
        round: u32,
        /// When: milliseconds since 1970.
        close: u64,
        /// Whose vote is missing.
        name: String,
    },
    /// A round was decided.
    Outcome {
        /// Which.
        round: u32,
        /// How many loans were funded.
        funded: usize,
        /// How many loans could have been.
        candidates: usize,
        /// The digest of the outcome.
        digest: OutcomeDigest,
    },
    /// Somebody signed what convicts them.
    Misbehaviour {
        /// By this name the evidence is exported.
        evidence: String,
        /// What kind.
        what: MatterKind,
        /// Whose, where it is a single key's: a member's name, or the beginning of a key.
        name: Option<String>,
    },
    /// Nothing: somebody tries whether notices come.
    Attempt,
    /// This node and the witnesses come to different results.
    Disagreement {
        /// How.
        about: String,
    },
}

/// The answer to those who ask for notices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Notices {
    /// The newest seal that was looked at.
    pub height: u64,
    /// The oldest first.
    pub notices: Vec<Notice>,
    /// How many older ones were left off.
    pub left_off: usize,
}
