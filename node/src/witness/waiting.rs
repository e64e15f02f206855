//! What witnesses that are further on have said, until this one gets there.

use std::collections::BTreeMap;

use mutua_protocol::keys::PublicKey;

use super::message::{Body, WitnessMessage};

/// Heights ahead for which messages are kept. One is the usual case: others have decided a moment
/// earlier. Whoever is further behind catches up with sealed history and needs none of them.
const HEIGHTS: u64 = 2;

/// Votes kept of one witness for one height: both steps of the rounds that may pass meanwhile.
const VOTES: usize = 16;

/// Proposals kept of one witness for one height: they are large, and are repeated while they matter.
const PROPOSALS: usize = 2;

/// Messages for heights to come, within bounds that one witness cannot use up for another.
#[derive(Default)]
pub(super) struct Waiting {
    messages: BTreeMap<u64, BTreeMap<PublicKey, Vec<Body>>>,
    /// The greatest height of which each witness has spoken.
    heights: BTreeMap<PublicKey, u64>,
}

impl Waiting {
    /// Notes that a witness has validly spoken of a height, and returns those that have spoken of
    /// this height or a later one.
    pub(super) fn note(&mut self, witness: PublicKey, height: u64) -> impl Iterator<Item = &PublicKey> {
        let greatest = self.heights.entry(witness).or_insert(height);
        *greatest = height.max(*greatest);
        self.heights.iter().filter(move |(_, greatest)| **greatest >= height).map(|(witness, _)| witness)
    }

    /// Keeps a checked message for a height after `current`. Returns whether there was room.
    pub(super) fn keep(&mut self, current: u64, message: &WitnessMessage) -> bool {
        let Some(witness) = message.witness() else { return false };
        if message.height() > current.saturating_add(HEIGHTS) {
            return false;
        }
        let kept = self.messages.entry(message.height()).or_default().entry(witness).or_default();
        if kept.contains(&message.body) {
            return true;
        }
        let is_proposal = |body: &&Body| matches!(body, Body::Proposal(_));
        let proposals = kept.iter().filter(is_proposal).count();
        let room = match message.body {
            Body::Proposal(_) => proposals < PROPOSALS,
            _ => kept.len() - proposals < VOTES,
        };
        if room {
            kept.push(message.body.clone());
        }
        room
    }

    /// Takes the messages for this height, and drops those for earlier ones.
    pub(super) fn take(&mut self, height: u64) -> Vec<Body> {
        let later = self.messages.split_off(&height.saturating_add(1));
        let due = self.messages.remove(&height);
        self.messages = later;
        due.into_iter().flatten().flat_map(|(_, bodies)| bodies).collect()
    }
}
