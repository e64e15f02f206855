//! Checking an archive, or a page of catch-up, from nothing but the charter.

use std::sync::Arc;

use super::Check;
use crate::{
    charter::Community,
    codec,
    hash::{OutcomeDigest, RecordId, SealId},
    keys::verify_batch,
    ledger::{Applied, ChainFault, Inadmissible, Ledger, SealFault},
    limits,
    records::{BodyError, MalformedRecord, Received},
    seals::SealedBatch,
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
        let expected = self.ledger.height() + 1;
        let batch: SealedBatch = codec::decode(bytes, limits::DECODE_BYTES).map_err(|error| Fault {
            check: Check::Canonical,
            seal: Some(expected),
            record: None,
            detail: error.to_string(),
        })?;
        let records = open_batch(&self.ledger, &batch)?;
        let applied = self
            .ledger
            .apply(&batch.header, &records)
            .map_err(|fault| seal_fault(&batch, &records, fault))?;
        Ok(SealReport {
            height: batch.header.height,
            id: self.ledger.head(),
            time: batch.header.time,
            records: records.len(),
            signatures: records.len() + batch.certificate.signatures.len(),
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

/// Decodes and authenticates a batch that should follow this ledger: canonical bytes, certificate,
/// signatures. [`Ledger::apply`] checks the rest.
///
/// # Errors
/// The first [`Fault`].
pub fn open_batch(ledger: &Ledger, batch: &SealedBatch) -> Result<Vec<Received>, Fault> {
    let header = &batch.header;
    let community = ledger.community();
    let fault = |check, record, detail: String| Fault { check, seal: Some(header.height), record, detail };
    if header.community != community.id {
        return Err(fault(Check::Community, None, SealFault::Community.to_string()));
    }
    let expected = ledger.height() + 1;
    if header.height != expected {
        let wrong = SealFault::Height { height: header.height, expected };
        return Err(Fault { seal: Some(expected), ..fault(Check::Height, None, wrong.to_string()) });
    }
    if header.count as usize != batch.records.len() {
        let wrong = SealFault::Count { counted: header.count, present: batch.records.len() };
        return Err(fault(Check::Count, None, wrong.to_string()));
    }
    let mut records = Vec::with_capacity(batch.records.len());
    for (position, bytes) in batch.records.iter().enumerate() {
        let received = Received::decode(bytes, community).map_err(|error| {
            let check = match &error {
                MalformedRecord::Codec(_) => Check::RecordBytes,
                MalformedRecord::Community(_) => Check::Community,
                MalformedRecord::Sequence(_) => Check::Sequence,
                MalformedRecord::Body { error: BodyError::Evidence(_), .. } => Check::Evidence,
                MalformedRecord::Body { .. } => Check::Body,
            };
            fault(check, Some((position, None)), error.to_string())
        })?;
        records.push(received);
    }
    community
        .witnesses
        .check(community.id, header.height, header.id(), &batch.certificate)
        .map_err(|error| fault(Check::Certificate, None, error.to_string()))?;
    let claims: Vec<_> = records.iter().map(Received::claim).collect();
    verify_batch(&claims).map_err(|bad| {
        let position = bad[0];
        let detail = "the signature does not hold".to_owned();
        fault(Check::Signature, Some((position, Some(records[position].id))), detail)
    })?;
    Ok(records)
}

fn seal_fault(batch: &SealedBatch, records: &[Received], fault: SealFault) -> Fault {
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
                | Inadmissible::UnknownTerms { .. }
                | Inadmissible::UnknownAttestation { .. }
                | Inadmissible::UnknownKey { .. }
                | Inadmissible::FutureRound { .. },
            ..
        } => Check::Reference,
        SealFault::Inadmissible { .. } => Check::Authority,
        SealFault::Closing { .. } => Check::Closing,
        SealFault::Outcome { .. } => Check::Outcome,
    };
    let record = match &fault {
        SealFault::Order { id } | SealFault::Chain { id, .. } | SealFault::Inadmissible { id, .. } => {
            records.iter().rposition(|received| received.id == *id).map(|position| (position, Some(*id)))
        }
        _ => None,
    };
    Fault { check, seal: Some(batch.header.height), record, detail: fault.to_string() }
}
