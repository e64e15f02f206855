//! Whose node it is.

use mutua_protocol::{charter::Role, keys::PublicKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MemberView;

/// A key with which something can be said at the node's desk. The node knows the public key alone: signing is the command's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnKey {
    /// What its owner calls it.
    pub label: String,
    /// The public key.
    pub key: PublicKey,
}

/// The same, with who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnKeyView {
    /// What its owner calls it.
    pub label: String,
    /// The public key.
    pub key: PublicKey,
    /// The member with this key, if there is one.
    pub member: Option<MemberView>,
    /// The roles that the charter in force gives to it.
    pub roles: Vec<Role>,
}
