//! What a member can delegate.

use serde::{Deserialize, Serialize};

/// For what somebody else's ballot shall count. Later scopes are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// For all loans and motions.
    All,
    /// For the loans of one category, by its position in the charter's categories.
    Category(u16),
}
