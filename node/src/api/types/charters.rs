//! Charters, and how they follow each other.

use mutua_protocol::{
    charter::Charter,
    hash::{CharterHash, CommunityId},
    keys::PublicKey,
    records::{CharterChange, ProposalId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The community's charters, and how they may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Charters {
    /// The community's id: the hash of the founding charter.
    pub community: CommunityId,
    /// Every charter that has been in force, the founding one first, the one in force last.
    pub charters: Vec<CharterView>,
    /// The changes that members can answer now, in the order in which they were sealed.
    pub open: Vec<OpenChange>,
}

/// A charter that is or was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CharterView {
    /// Its hash.
    pub hash: CharterHash,
    /// The first seal for which it is in force.
    pub from_seal: u64,
    /// How it was adopted; nothing for the founding charter.
    pub adopted: Option<Adoption>,
    /// The charter.
    pub charter: Charter,
}

/// How a charter was adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adoption {
    /// In the close of which round.
    pub round: u32,
    /// When that was, in milliseconds since 1970.
    pub time: u64,
    /// By which proposal.
    pub proposal: ProposalId,
    /// Its title.
    pub title: String,
}

/// A change of the charter that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenChange {
    /// The proposal.
    pub proposal: ProposalId,
    /// Whose it is.
    pub owner: PublicKey,
    /// What it says.
    #[serde(flatten)]
    pub change: CharterChange,
}
