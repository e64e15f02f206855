//! Evidence files: misbehaviour that anybody can check with the charter alone (SPEC section 14).
//!
//! Each proves that somebody signed two things of which an honest author, attestor or witness signs at most one.
//! What nobody signed cannot be proved this way, and is not made to look like it: that a node shows another
//! outcome than the seal, for instance, is found by auditing the log.

mod attestations;
mod check;
mod witnesses;

use serde::{Deserialize, Serialize};

pub use attestations::{Attested, Contradiction};
pub use check::{EvidenceCheck, EvidenceFault};
pub use witnesses::{Split, TwoProposals, TwoSeals, TwoVotes};

use crate::{
    charter::Community,
    codec::{self, CodecError},
    keys::PublicKey,
    receipt::Succession,
    records::{EvidenceError, Fork},
};

/// The first bytes of an evidence file; the last one is the version of the format.
pub const MAGIC: &[u8; 16] = b"mutua evidence\0\x01";

/// Greatest size of an evidence file after the magic: more records of one attestor than are sealed in a year, and what
/// one value of the codec can hold.
pub const EVIDENCE_FILE_BYTES: usize = crate::limits::DECODE_BYTES;

/// A proof of misbehaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// An author signed two records with one number.
    Fork(Fork),
    /// The witnesses certified two seals of which a log can hold only one.
    Seals(TwoSeals),
    /// A witness cast two votes in one step of one round.
    Votes(TwoVotes),
    /// A witness made two proposals in one round.
    Proposals(TwoProposals),
    /// An attestor let two attestations stand that contradict each other.
    Attestations(Contradiction),
}

/// An evidence file: a proof of misbehaviour, and how the charter was changed before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// How the charter was changed before that, the first change first.
    pub successions: Vec<Succession>,
    /// The proof.
    pub evidence: Evidence,
}

/// What evidence proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Convicted {
    /// Those whose signatures contradict each other, sorted.
    pub keys: Vec<PublicKey>,
    /// What was proved, and about what.
    #[serde(flatten)]
    pub what: Misdeed,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Misdeed {
    /// Two records with this number.
    Fork {
        /// The number.
        sequence: u64,
    },
    /// Two certified seals.
    Seals(Split),
    /// Two votes.
    Votes {
        /// The height voted on.
        height: u64,
        /// The round of the consensus.
        round: u32,
    },
    /// Two proposals.
    Proposals {
        /// The height proposed for.
        height: u64,
        /// The round of the consensus.
        round: u32,
    },
    /// Two attestations of the same terms, both in force.
    Attestations {
        /// The earlier one.
        first: Attested,
        /// The later one.
        second: Attested,
        /// The time of the seal that holds the later one, when both were in force.
        moment: u64,
    },
}

/// Why bytes are no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvidence {
    /// They do not begin like it.
    #[error("this is no evidence file (or one of another version); 'mutua evidence export' writes one")]
    Magic,
    /// They do not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl EvidenceFile {
    /// The file: magic and canonical bytes.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        [&MAGIC[..], &codec::encode(self)].concat()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`NoEvidence`] for any other bytes.
    pub fn from_file(bytes: &[u8]) -> Result<Self, NoEvidence> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or(NoEvidence::Magic)?;
        Ok(codec::decode(bytes, EVIDENCE_FILE_BYTES)?)
    }

    /// Checks it against the founding charter.
    ///
    /// # Errors
    /// [`EvidenceFault`] with the number of the first check that fails.
    pub fn verify(&self, founding: &Community) -> Result<Convicted, EvidenceFault> {
        let community = Succession::follow(founding, &self.successions)
            .map_err(|broken| EvidenceCheck::Succession.fault(broken))?;
        self.evidence.verify(&community)
    }
}

impl Evidence {
    /// A file for a community whose charter has not been changed before that.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        EvidenceFile { successions: Vec::new(), evidence: self.clone() }.to_file()
    }

    /// The height up to which one must know the changes of the charter to judge it: 0 if they do not matter.
    #[must_use]
    pub fn height(&self) -> u64 {
        match self {
            Self::Fork(_) => 0,
            Self::Seals(seals) => seals.second.header.height,
            Self::Votes(votes) => votes.first.0.height,
            Self::Proposals(proposals) => proposals.first.0.height,
            Self::Attestations(contradiction) => contradiction.sealed.seal.header.height,
        }
    }

    /// What kind of evidence it is, in one word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fork(_) => "fork",
            Self::Seals(_) => "seals",
            Self::Votes(_) => "votes",
            Self::Proposals(_) => "proposals",
            Self::Attestations(_) => "attestations",
        }
    }

    /// Checks it against the charter, and those before it.
    ///
    /// # Errors
    /// [`EvidenceFault`] with the number of the first check that fails.
    pub fn verify(&self, community: &Community) -> Result<Convicted, EvidenceFault> {
        match self {
            Self::Fork(fork) => {
                fork.check(community.id).map_err(|error| {
                    let check = match error {
                        EvidenceError::Community(_) => EvidenceCheck::Community,
                        EvidenceError::NoFork => EvidenceCheck::Contradiction,
                        EvidenceError::Signature => EvidenceCheck::Signature,
                    };
                    check.fault(error)
                })?;
                let what = Misdeed::Fork { sequence: fork.sequence() };
                Ok(Convicted { keys: vec![fork.author()], what })
            }
            Self::Seals(seals) => seals.verify(community),
            Self::Votes(votes) => votes.verify(community),
            Self::Proposals(proposals) => proposals.verify(community),
            Self::Attestations(contradiction) => contradiction.verify(community),
        }
    }
}
