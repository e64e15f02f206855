//! The board's answers, and what still waits for one.

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::{
    charter::Role,
    hash::RecordId,
    keys::PublicKey,
    records::{About, ResponseStatus},
};

/// An answer of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Response {
    /// The record.
    pub record: RecordId,
    /// Who gave it.
    pub author: PublicKey,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// Where the board stands.
    pub status: ResponseStatus,
    /// Why.
    pub reason: String,
}

/// Something that waits for the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// What.
    pub about: About,
    /// Since when: the close that decided it, the seal that holds the question, or the answer that said it was planned; milliseconds since 1970.
    pub since: u64,
    /// What the board has said so far.
    pub status: Option<ResponseStatus>,
}

impl Ledger {
    /// The board's answers to this, the first one first. The last one holds.
    #[must_use]
    pub fn responses(&self, about: About) -> &[Response] {
        self.responses.get(&about).map_or(&[], |answers| answers)
    }

    /// What waits for the board, the oldest first: carried motions (changes of the charter need no answer), and
    /// outcomes that funded a loan, without a last word on them; and questions that nobody has answered who owes it.
    /// Nothing waits where the charter names no board.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        if self.community.charter.holders(Role::Board).is_empty() {
            return Vec::new();
        }
        let mut waiting = Vec::new();
        for closing in &self.closings {
            let outcome = &closing.outcome;
            let motions = outcome.motions.iter().filter(|motion| motion.carried && motion.change.is_none());
            let motions = motions.map(|motion| About::Motion(motion.proposal));
            let itself = (!outcome.funded.is_empty()).then_some(About::Outcome(outcome.round));
            for about in motions.chain(itself) {
                let last = self.responses(about).last();
                if last.is_none_or(|last| !last.status.is_last_word()) {
                    let since = last.map_or(outcome.time, |last| last.time);
                    waiting.push(Waiting { about, since, status: last.map(|last| last.status) });
                }
            }
        }
        for question in self.open_questions() {
            let last = self.responses(About::Question(question.id)).last();
            let since = last.map_or(question.since, |last| last.time);
            let (about, status) = (About::Question(question.id), last.map(|last| last.status));
            waiting.push(Waiting { about, since, status });
        }
        waiting.sort_by_key(|waits| waits.since);
        waiting
    }
}
