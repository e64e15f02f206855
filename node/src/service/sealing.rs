//! Applying seals that are certified, and what follows for the tail.

use std::sync::Arc;

use libp2p::PeerId;
use mutua_protocol::{
    archive::{Fault, open_batch},
    ledger::SealFault,
    records::Received,
    seals::{Certificate, SealHeader, SealedBatch},
};

use super::{Core, CoreError, Event, Imported, Now, Output, intake::Taken};
use crate::{
    network::{Topic, Verdict},
    wire::{self, SealNotice},
};

/// Why a certified seal was not applied.
pub(super) enum NotApplied {
    /// The bytes or signatures are at fault, or it does not follow from this ledger.
    Fault(String),
    /// This node and the witnesses differ.
    Disagreement,
}

impl Core {
    /// Takes the next seal from an archive.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn import(&mut self, now: Now, batch: &SealedBatch) -> Result<Imported, CoreError> {
        self.now = now;
        if batch.header.height <= self.ledger.height() {
            self.compare_seal(&batch.header, &batch.certificate)?;
            return Ok(self.same_seal(batch));
        }
        Ok(match self.apply_batch(batch)? {
            Ok(()) => Ok(self.ledger.height()),
            Err(NotApplied::Fault(fault)) => Err(fault),
            Err(NotApplied::Disagreement) => Err(self.disagreement.clone().unwrap_or_default()),
        })
    }

    /// A seal that this node holds already must be the same one.
    fn same_seal(&self, batch: &SealedBatch) -> Imported {
        let height = batch.header.height;
        match self.seal(height) {
            Ok(Some((held, _))) if held == batch.header => Ok(self.ledger.height()),
            Ok(Some(_)) => Err(format!(
                "seal {height} of this archive is another one than this node holds: two histories. Keep both, and \
                 tell the other members: 'mutua log export' writes the one held here, and 'mutua evidence list' shows \
                 whether the witnesses have signed both"
            )),
            Ok(None) => Err(format!("seal {height} is not in the store")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Checks a batch completely and applies it.
    pub(super) fn apply_batch(&mut self, batch: &SealedBatch) -> Result<Result<(), NotApplied>, CoreError> {
        if self.disagreement.is_some() {
            return Ok(Err(NotApplied::Disagreement));
        }
        match open_batch(&self.ledger, batch) {
            Err(Fault { check, detail, .. }) => {
                self.compare_seal(&batch.header, &batch.certificate)?;
                Ok(Err(NotApplied::Fault(format!("check {}: {detail}", check.number()))))
            }
            Ok(records) => self.apply_seal(&batch.header, &batch.certificate, &records),
        }
    }

    /// Applies a seal whose certificate and signatures have been checked.
    pub(super) fn apply_seal(
        &mut self,
        header: &SealHeader,
        certificate: &Certificate,
        records: &[Received],
    ) -> Result<Result<(), NotApplied>, CoreError> {
        let applied = match self.ledger.apply(header, records) {
            Ok(applied) => applied,
            Err(fault @ SealFault::Outcome { .. }) => {
                self.disagree(header.height, &fault);
                self.disputed = Some(SealedBatch {
                    header: header.clone(),
                    certificate: certificate.clone(),
                    records: records.iter().map(|received| received.bytes.to_vec()).collect(),
                });
                return Ok(Err(NotApplied::Disagreement));
            }
            Err(fault) => {
                self.compare_seal(header, certificate)?;
                return Ok(Err(NotApplied::Fault(fault.to_string())));
            }
        };
        for received in records.iter().filter(|received| self.tail.get(&received.id).is_none()) {
            self.batch.put_record(received.id, received.bytes.to_vec());
        }
        let ids: Vec<_> = records.iter().map(|received| received.id).collect();
        self.batch.put_seal(header, certificate, &ids);
        self.batch.clear_log_below(header.height + 1);
        for (_, void) in &applied.void {
            *self.counters.void.entry(void.name().to_owned()).or_insert(0) += 1;
        }
        tracing::info!(height = header.height, records = records.len(), "sealed");
        if let Some(closing) = &applied.closing {
            tracing::info!(
                round = closing.outcome.round,
                funded = closing.outcome.funded.len(),
                digest = %closing.digest,
                "round closed"
            );
            self.outputs.push(Output::Tell(Event::Closed {
                round: closing.outcome.round,
                height: header.height,
                digest: closing.digest,
            }));
        }
        self.outputs.push(Output::Tell(Event::Sealed {
            height: header.height,
            time: header.time,
            records: u64::from(header.count),
        }));
        self.follow_charter();
        self.compare_attestations(header, records)?;
        for received in records {
            self.is_told(received);
        }
        self.settle_tail(records);
        self.retry_parked()?;
        self.forks.0.retain(|_, seen| self.ledger.may_convict(&seen.fork).is_ok());
        self.witness_sealed(header.height)?;
        Ok(Ok(()))
    }

    /// When the seal just applied has adopted another charter, everything from now on is judged by that one.
    fn follow_charter(&mut self) {
        if Arc::ptr_eq(&self.community, self.ledger.community()) {
            return;
        }
        self.community = Arc::clone(self.ledger.community());
        tracing::info!(charter = %self.community.hash, "an amended charter is in force");
        self.follow_witnesses();
    }

    /// Takes what was sealed out of the tail, and what can no longer be sealed with it.
    fn settle_tail(&mut self, sealed: &[Received]) {
        for author in self.tail.authors() {
            for held in self.tail.review(&author, &self.ledger) {
                let (_, sequence) = held.received.order();
                self.batch.remove_tail(author, sequence);
                let same_number = sealed.iter().find(|received| received.order() == (author, sequence));
                if let Some(sealed) = same_number.filter(|sealed| sealed.id != held.received.id) {
                    self.seen_fork(&sealed.clone(), &held.received);
                }
            }
        }
    }

    /// What was parked may fit now.
    fn retry_parked(&mut self) -> Result<(), CoreError> {
        for received in self.parked.take_all() {
            if let Taken::Refused(rule, _) = self.take(received)? {
                self.counters.refuse(rule);
            }
        }
        Ok(())
    }

    /// A seal told by a peer.
    pub(super) fn gossiped_seal(&mut self, source: PeerId, data: &[u8]) -> Result<Verdict, CoreError> {
        let Ok(notice) = wire::decode::<SealNotice>(data) else {
            self.counters.refuse("bytes");
            return Ok(Verdict::Reject);
        };
        let header = &notice.header;
        if header.community != self.community.id
            || header.count as usize != notice.ids.len()
            || SealHeader::root_of(&notice.ids) != header.root
        {
            self.counters.refuse("seal-notice");
            return Ok(Verdict::Reject);
        }
        if header.height <= self.ledger.height() {
            self.compare_seal(header, &notice.certificate)?;
            return Ok(Verdict::Ignore);
        }
        let certified =
            self.community.witnesses.check(header.community, header.height, header.id(), &notice.certificate);
        if certified.is_err() {
            self.counters.refuse("certificate");
            // A later seal may be certified by witnesses of a charter that this node has yet to learn of.
            let is_next = header.height == self.ledger.height() + 1;
            return Ok(if is_next { Verdict::Reject } else { Verdict::Ignore });
        }
        self.catchup.heard_of(source, header.height);
        if header.height == self.ledger.height() + 1 && self.disagreement.is_none() {
            let records: Option<Vec<Received>> =
                notice.ids.iter().map(|id| self.tail.get(id).map(|held| held.received.clone())).collect();
            if let Some(records) = records
                && let Err(NotApplied::Fault(fault)) =
                    self.apply_seal(header, &notice.certificate, &records)?
            {
                tracing::error!(height = header.height, "a certified seal does not follow: {fault}");
            }
        }
        self.fetch_seals();
        Ok(Verdict::Accept)
    }

    /// Tells others of a seal.
    pub(super) fn publish_seal(&mut self, notice: &SealNotice) {
        self.outputs.push(Output::Publish(Topic::Seals, wire::encode(notice)));
    }
}
