//! What is said at the desk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A command that signs something.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    /// Its words, without the program's name: `["vote", "5b3e90aa=10"]`.
    pub words: Vec<String>,
    /// What opens the key.
    pub passphrase: String,
}

impl std::fmt::Debug for ActRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActRequest").field("words", &self.words).finish_non_exhaustive()
    }
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActView {
    /// What it answers with `--json`.
    pub answer: serde_json::Value,
    /// What it said beside that.
    pub notes: Vec<String>,
}
