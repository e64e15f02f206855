//! Checking an archive, or a page of catch-up, from nothing but the charter.

use std::{io::Read, sync::Arc};

use super::{ArchiveError, ArchiveReader, Check, Frame, OpenedSeal, VerifyError, open_seals};
use crate::{
    charter::Community,
    hash::{OutcomeDigest, RecordId, SealId},
    keys::KnownKeys,
    ledger::{Applied, ChainFault, Inadmissible, Ledger, SealFault},
    records::Kind,
};

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("check {} failed{}{}: {detail} (what must hold: {})", check.number(), place(*seal), item(*record), check.title())]
pub struct Fault {
    /// Which check.
    pub check: Check,
    /// In which seal.
    pub seal: Option<u64>,
    /// In which record: position in the seal, from 0, and id where the bytes have one.
    pub record: Option<(usize, Option<RecordId>)>,
    /// What was found.
    pub detail: String,
}

fn place(seal: Option<u64>) -> String {
    seal.map(|height| format!(" at seal {height}")).unwrap_or_default()
}

fn item(record: Option<(usize, Option<RecordId>)>) -> String {
    match record {
        None => String::new(),
        Some((position, None)) => format!(", record {position}"),
        Some((position, Some(id))) => format!(", record {position} ({id})"),
    }
}

/// What was found in a seal that holds.
#[derive(Debug, Clone)]
pub struct SealReport {
    /// Number of the seal.
    pub height: u64,
    /// Its id.
    pub id: SealId,
    /// Its time.
    pub time: u64,
    /// How many records.
    pub records: usize,
    /// How many of them accuse somebody.
    pub evidence: usize,
    /// How many signatures were checked: records and certificate.
    pub signatures: usize,
    /// What it changed.
    pub applied: Applied,
}

/// Replays a log seal by seal and checks everything.
#[derive(Debug, Clone)]
pub struct Auditor {
    ledger: Ledger,
}

impl Auditor {
    /// Begins with the canonical bytes of a charter.
    ///
    /// # Errors
    /// [`Fault`] of check 1.1.
    pub fn new(charter: &[u8]) -> Result<Self, Fault> {
        let community = Community::decode(charter).map_err(|error| Fault {
            check: Check::Charter,
            seal: None,
            record: None,
            detail: error.to_string(),
        })?;
        Ok(Self { ledger: Ledger::new(Arc::new(community)) })
    }

    /// Begins with the charter, which is the first frame of an archive.
    ///
    /// # Errors
    /// [`VerifyError::Fault`] of check 1.1 or 1.4, [`VerifyError::Io`] when the source fails.
    pub fn begin<R: Read>(reader: &mut ArchiveReader<R>) -> Result<Self, VerifyError> {
        match reader.frame() {
            Ok(Some(Frame::Charter(bytes))) => Ok(Self::new(&bytes)?),
            Ok(_) | Err(ArchiveError::Frame { .. } | ArchiveError::TooLong(_)) => Err(Fault {
                check: Check::Charter,
                seal: None,
                record: None,
                detail: "another frame stands before the charter".to_owned(),
            }
            .into()),
            Err(error) => Err(VerifyError::unreadable(error, None)),
        }
    }

    /// A charter stands where the next seal should stand.
    #[must_use]
    pub fn second_charter(&self) -> Fault {
        Fault {
            check: Check::Canonical,
            seal: Some(self.ledger.height() + 1),
            record: None,
            detail: "a second charter stands among the seals".to_owned(),
        }
    }

    /// The ledger so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Checks the next seal and applies it. On error nothing changes.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn seal(&mut self, bytes: &[u8]) -> Result<SealReport, Fault> {
        let mut opened =
            open_seals(self.ledger.community(), &KnownKeys::up_to(0), self.ledger.height() + 1, &[bytes]);
        self.apply(opened.pop().expect("there is one result for one seal")?)
    }

    /// Applies the next seal, which was opened for this community and this height
    /// ([`open_seals`]), and checks the rest of it. On error nothing changes.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn apply(&mut self, seal: OpenedSeal) -> Result<SealReport, Fault> {
        let applied = self
            .ledger
            .apply_with_root(&seal.header, &seal.records, seal.root)
            .map_err(|fault| seal_fault(&seal, fault))?;
        Ok(SealReport {
            height: seal.header.height,
            id: seal.id,
            time: seal.header.time,
            records: seal.records.len(),
            evidence: seal
                .records
                .iter()
                .filter(|received| received.record().body.kind() == Kind::Evidence)
                .count(),
            signatures: seal.records.len() + seal.signers,
            applied,
        })
    }

    /// Checks the end mark.
    ///
    /// # Errors
    /// [`Fault`] of check 1.4.
    pub fn end(&self, height: u64, head: SealId) -> Result<(), Fault> {
        if (height, head) == (self.ledger.height(), self.ledger.head()) {
            return Ok(());
        }
        Err(Fault {
            check: Check::End,
            seal: Some(self.ledger.height()),
            record: None,
            detail: format!("the end mark names seal {height} ({}), another one is the last", head.short()),
        })
    }

    /// The digest of each round's outcome so far.
    pub fn outcomes(&self) -> impl Iterator<Item = OutcomeDigest> {
        self.ledger.closings().iter().map(|closing| closing.digest)
    }
}

fn seal_fault(seal: &OpenedSeal, fault: SealFault) -> Fault {
    let check = match &fault {
        SealFault::Community => Check::Community,
        SealFault::Height { .. } => Check::Height,
        SealFault::Previous => Check::Link,
        SealFault::Time { .. } => Check::Time,
        SealFault::Count { .. } => Check::Count,
        SealFault::TooLarge => Check::Quota,
        SealFault::Idle => Check::Idle,
        SealFault::Order { .. } => Check::Order,
        SealFault::Root => Check::Root,
        SealFault::Chain { fault: ChainFault::Sequence { .. }, .. } => Check::Sequence,
        SealFault::Chain { fault: ChainFault::Previous { .. } | ChainFault::Retired, .. } => {
            Check::Predecessor
        }
        SealFault::Inadmissible { reason: Inadmissible::TooMany { .. }, .. } => Check::Quota,
        SealFault::Inadmissible {
            reason:
                Inadmissible::UnknownProposal { .. }
                | Inadmissible::VoidReference { .. }
                | Inadmissible::UnknownTerms { .. }
                | Inadmissible::UnknownAttestation { .. }
                | Inadmissible::UnknownArgument { .. }
                | Inadmissible::UnknownKey { .. }
                | Inadmissible::FutureRound { .. }
                | Inadmissible::OpenRound { .. }
                | Inadmissible::UnknownCharter { .. },
            ..
        } => Check::Reference,
        SealFault::Inadmissible { .. } => Check::Authority,
        SealFault::Closing { .. } => Check::Closing,
        SealFault::Outcome { .. } => Check::Outcome,
    };
    let record = match &fault {
        SealFault::Order { id } | SealFault::Chain { id, .. } | SealFault::Inadmissible { id, .. } => {
            seal.records.iter().rposition(|received| received.id == *id).map(|position| (position, Some(*id)))
        }
        _ => None,
    };
    Fault { check, seal: Some(seal.header.height), record, detail: fault.to_string() }
}
