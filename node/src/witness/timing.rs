//! How long each step waits.

use serde::{Deserialize, Serialize};

/// What a timeout is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// Waiting for a proposal.
    Propose,
    /// Waiting for more than two thirds to prevote the same.
    Prevote,
    /// Waiting for more than two thirds to precommit the same.
    Precommit,
    /// Time to repeat what was said, in case it was lost.
    Rebroadcast,
}

/// Names a timeout. Scheduling one that is already scheduled replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeoutId {
    /// Height it was scheduled at.
    pub height: u64,
    /// Round it was scheduled in.
    pub round: u32,
    /// What it is about.
    pub step: Step,
}

/// Lengths of the timeouts, in milliseconds. Witnesses may differ in them; they decide how soon a
/// round is given up, and never what is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long round 0 waits for a proposal: time to build a seal, send it and fetch missing records.
    pub propose: u64,
    /// How long round 0 waits after two thirds have prevoted differently.
    pub prevote: u64,
    /// How long round 0 waits after two thirds have precommitted differently.
    pub precommit: u64,
    /// By how much each of these grows with every round: sooner or later a round is long enough
    /// for the network as it is.
    pub increment: u64,
    /// How often votes are repeated while a round lasts.
    pub rebroadcast: u64,
    /// No timeout is longer than this, so that a community that was without a quorum for days
    /// goes on soon after it is back.
    pub greatest: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            propose: 3_000,
            prevote: 1_000,
            precommit: 1_000,
            increment: 500,
            rebroadcast: 2_000,
            greatest: 30_000,
        }
    }
}

impl Timing {
    /// How long this step of this round waits.
    #[must_use]
    pub fn wait(&self, step: Step, round: u32) -> u64 {
        let first = match step {
            Step::Propose => self.propose,
            Step::Prevote => self.prevote,
            Step::Precommit => self.precommit,
            Step::Rebroadcast => return self.rebroadcast,
        };
        first.saturating_add(self.increment.saturating_mul(u64::from(round))).min(self.greatest)
    }
}
