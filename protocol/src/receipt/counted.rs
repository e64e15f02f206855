//! What was counted in the name of a key.

use serde::{Deserialize, Serialize};

use super::{CertifiedSeal, ReceiptCheck, ReceiptFault};
use crate::{
    charter::Community,
    codec,
    hash::{OutcomeDigest, RecordId, Root, context},
    keys::PublicKey,
    ledger::Closing,
    outcome::{ByDelegation, CountedAs, OutcomeHead, RollEntry, Turnout},
    seals::{merkle_path, merkle_root, root_by_path},
};

/// The proof of what was counted in the name of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedProof {
    /// The outcome, without what was decided.
    pub outcome: OutcomeHead,
    /// Where the key stands in the roll, or would stand.
    pub place: Place,
    /// The seal that closed the round.
    pub seal: CertifiedSeal,
}

/// Where a key stands in the roll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In this line.
    Listed(Line),
    /// Nowhere: it would stand between these lines, which are neighbours.
    Unlisted {
        /// The key.
        key: PublicKey,
        /// The line before it; none if it would be the first.
        before: Option<Line>,
        /// The line after it; none if it would be the last.
        after: Option<Line>,
    },
}

/// A line of the roll, with the proof that it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it says.
    pub entry: RollEntry,
    /// Its position, from 0.
    pub position: u64,
    /// What stands beside it on the way to the roll's root, from below.
    pub path: Vec<Root>,
}

/// What was counted in the name of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenCount {
    /// The key.
    pub key: PublicKey,
    /// The round.
    pub round: u32,
    /// When it was due: milliseconds since 1970.
    pub close: u64,
    /// Number of the seal that closed it.
    pub height: u64,
    /// That seal's time.
    pub time: u64,
    /// The digest of the outcome.
    pub digest: OutcomeDigest,
    /// Who could vote, and who did.
    pub turnout: Turnout,
    /// The key's line in the roll; none if the key had no vote in this round.
    pub entry: Option<RollEntry>,
}

impl CountedProof {
    /// The proof for this key, from a round's closing and the seal that closed it.
    #[must_use]
    pub fn new(closing: &Closing, seal: CertifiedSeal, key: &PublicKey) -> Self {
        let roll = &closing.roll;
        let line = |position: usize| {
            let path = merkle_path(context::ROLL_TREE, roll.iter().map(RollEntry::bytes), position)?;
            Some(Line { entry: roll.get(position)?.clone(), position: position as u64, path })
        };
        let unlisted = |place: usize| Place::Unlisted {
            key: *key,
            before: place.checked_sub(1).and_then(line),
            after: line(place),
        };
        let place = match roll.binary_search_by_key(key, |entry| entry.member) {
            Ok(position) => line(position).map_or_else(|| unlisted(position), Place::Listed),
            Err(place) => unlisted(place),
        };
        Self { outcome: closing.outcome.head(), place, seal }
    }

    /// Checks it (checks 6.2 and 6.5 to 6.8).
    ///
    /// # Errors
    /// [`ReceiptFault`] with the first check that fails.
    pub fn verify(&self, community: &Community) -> Result<ProvenCount, ReceiptFault> {
        let (seal, outcome) = (&self.seal.header, &self.outcome);
        if seal.community != community.id {
            return Err(ReceiptCheck::Community.fault("the seal belongs to another community"));
        }
        let digest = outcome.digest();
        if seal.closes != Some(digest) {
            return Err(ReceiptCheck::Outcome.fault(match seal.closes {
                None => format!("seal {} closes no round", seal.height),
                Some(other) => format!("the digest of the outcome is {digest}, the seal closes with {other}"),
            }));
        }
        if (outcome.height, outcome.time) != (seal.height, seal.time) {
            return Err(ReceiptCheck::Outcome.fault("the outcome names another seal or time"));
        }
        let (key, entry) = self.place(outcome)?;
        self.seal.check(community).map_err(|error| ReceiptCheck::Certificate.fault(error))?;
        Ok(ProvenCount {
            key,
            round: outcome.round,
            close: outcome.close,
            height: outcome.height,
            time: outcome.time,
            digest,
            turnout: outcome.turnout,
            entry,
        })
    }

    fn place(&self, outcome: &OutcomeHead) -> Result<(PublicKey, Option<RollEntry>), ReceiptFault> {
        let members = outcome.turnout.members;
        let (key, before, after) = match &self.place {
            Place::Listed(line) => {
                line.check(outcome, ReceiptCheck::Listed)?;
                return Ok((line.entry.member, Some(line.entry.clone())));
            }
            Place::Unlisted { key, before, after } => (key, before, after),
        };
        let unlisted = |detail: &str| Err(ReceiptCheck::Unlisted.fault(detail));
        for line in before.iter().chain(after) {
            line.check(outcome, ReceiptCheck::Unlisted)?;
        }
        let neighbours = match (before, after) {
            (None, None) => members == 0 && outcome.roll == merkle_root::<[u8; 0]>(context::ROLL_TREE, []),
            (Some(last), None) => last.position.checked_add(1) == Some(members),
            (None, Some(first)) => first.position == 0,
            (Some(before), Some(after)) => before.position.checked_add(1) == Some(after.position),
        };
        if !neighbours {
            return unlisted("the lines around the key are not neighbours, or not the first or the last");
        }
        if before.as_ref().is_some_and(|line| line.entry.member >= *key)
            || after.as_ref().is_some_and(|line| line.entry.member <= *key)
        {
            return unlisted("the key would not stand between these lines");
        }
        Ok((*key, None))
    }
}

impl Line {
    fn check(&self, outcome: &OutcomeHead, check: ReceiptCheck) -> Result<(), ReceiptFault> {
        let leaf = codec::encode(&self.entry);
        let led = root_by_path(context::ROLL_TREE, &leaf, self.position, outcome.turnout.members, &self.path);
        if led == Some(outcome.roll) {
            Ok(())
        } else {
            Err(check.fault("the path does not lead to the root of the roll"))
        }
    }
}

impl ProvenCount {
    /// The ballot that was counted, if it is one for everything.
    #[must_use]
    pub fn ballot(&self) -> Option<RecordId> {
        match &self.entry.as_ref()?.counted {
            CountedAs::Nothing => None,
            CountedAs::Cast(id) | CountedAs::Standing(id) => Some(*id),
            CountedAs::Delegated(by) if by.categories.is_empty() => by.all.map(|line| line.ballot),
            CountedAs::Delegated(_) => None,
        }
    }

    /// Was this ballot counted, for everything or for some of it?
    #[must_use]
    pub fn counts(&self, record: &RecordId) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.counted.ballots().any(|ballot| ballot == *record))
    }

    /// What was counted by delegation, if anything was.
    #[must_use]
    pub fn delegated(&self) -> Option<&ByDelegation> {
        match &self.entry.as_ref()?.counted {
            CountedAs::Delegated(by) => Some(by),
            _ => None,
        }
    }
}
