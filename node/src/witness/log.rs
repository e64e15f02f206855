//! What a witness writes down before it speaks, so that after a crash it stands by what it said.
//!
//! An entry is a version, the height and one of the inputs that moved the state machine. Replaying
//! the entries of a height in order brings the machine back to where it was; votes and proposals of
//! this witness among them are what it must never contradict.

use mutua_protocol::{
    codec::{self, CodecError},
    hash::SealId,
    keys::{PublicKey, Signature},
    seals::VoteKind,
};
use serde::{Deserialize, Serialize};

use super::{
    message::{MESSAGE_BYTES, ProposedSeal},
    timing::Step,
};

/// Version of the entries. A witness that finds another one in its log does not vote at that height.
const VERSION: u8 = 1;

/// Greatest size of an entry: a proposed seal with the most ids. Below the 64 KiB of a stored value.
const ENTRY_BYTES: usize = MESSAGE_BYTES;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Entry {
    /// A seal that later entries name by its id.
    Seal(ProposedSeal),
    /// A proposal was received or made.
    Proposal { round: u32, pol_round: Option<u32>, value: SealId, proposer: PublicKey, signature: Signature },
    /// A seal was judged; `quorum` is the round in which more than two thirds had prevoted for it, if
    /// that was known when the question was put.
    Judged { round: u32, quorum: Option<u32>, value: SealId, proposer: PublicKey, valid: bool },
    /// A vote was received or cast.
    Vote { round: u32, kind: VoteKind, value: Option<SealId>, witness: PublicKey, signature: Signature },
    /// A timeout ran out.
    Timeout { round: u32, step: Step },
    /// A certificate of prevotes was received.
    Polka { round: u32, value: SealId, signatures: Vec<(PublicKey, Signature)> },
}

#[derive(Serialize, Deserialize)]
struct Framed {
    version: u8,
    height: u64,
    entry: Entry,
}

/// Why a log cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// An entry's bytes are damaged.
    #[error("entry {position} of the witness log is damaged: {error}")]
    Damaged {
        /// Which entry, from 0.
        position: usize,
        /// What is wrong.
        error: CodecError,
    },
    /// An entry was written by another version of this program.
    #[error("entry {position} of the witness log has version {version}, which this program does not know")]
    Version {
        /// Which entry, from 0.
        position: usize,
        /// Its version.
        version: u8,
    },
    /// An entry belongs to another height.
    #[error("entry {position} of the witness log is for height {height}")]
    Height {
        /// Which entry, from 0.
        position: usize,
        /// Its height.
        height: u64,
    },
}

/// The bytes of an entry.
pub(super) fn write(height: u64, entry: Entry) -> Vec<u8> {
    codec::encode(&Framed { version: VERSION, height, entry })
}

/// Reads a height's entries.
pub(super) fn read(height: u64, log: &[Vec<u8>]) -> Result<Vec<Entry>, LogError> {
    log.iter()
        .enumerate()
        .map(|(position, bytes)| {
            let version = bytes.first().copied().unwrap_or(VERSION);
            if version != VERSION {
                return Err(LogError::Version { position, version });
            }
            let framed: Framed =
                codec::decode(bytes, ENTRY_BYTES).map_err(|error| LogError::Damaged { position, error })?;
            if framed.height != height {
                return Err(LogError::Height { position, height: framed.height });
            }
            Ok(framed.entry)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_back_and_a_damaged_one_is_refused() {
        let entry = Entry::Timeout { round: 3, step: Step::Prevote };
        let bytes = write(7, entry.clone());
        assert_eq!(read(7, std::slice::from_ref(&bytes)), Ok(vec![entry]));
        assert_eq!(read(8, std::slice::from_ref(&bytes)), Err(LogError::Height { position: 0, height: 7 }));
        let mut newer = bytes.clone();
        newer[0] = 2;
        assert_eq!(read(7, &[bytes.clone(), newer]), Err(LogError::Version { position: 1, version: 2 }));
        for cut in 0..bytes.len() {
            assert!(matches!(read(7, &[bytes[..cut].to_vec()]), Err(LogError::Damaged { .. })), "{cut}");
        }
    }
}
