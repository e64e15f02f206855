//! What can still be said of seals after one that does not hold.
//!
//! Without the ledger, nobody can tell whether the records of a later seal were allowed, or what a round
//! should have decided. But each seal can be looked at by itself (bytes, community, count, records,
//! certificate, signatures, order, sizes, Merkle root) and beside the one before it (number, link, time).
//! A survey does that, and names everything it finds.
//!
//! Witnesses and limits are those of the charter in force at the first fault: where the charter was amended afterwards, which
//! only the ledger could tell, the certificates of later seals are found at fault as well.

use super::{
    Check, Fault,
    open::{decode, record, unsigned_record, unsigned_seal},
};
use crate::{
    charter::Community,
    hash::{RecordId, SealId},
    keys::{Claim, verify_batch},
    ledger::{Ledger, SealFault},
    limits,
    records::Received,
    seals::{SealHeader, SealedBatch},
};

/// A seal by itself.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// Its header, if the bytes have one.
    pub header: Option<SealHeader>,
    /// Does the certificate hold? Only then is the header what the witnesses signed.
    pub certified: bool,
    /// How many records it holds.
    pub records: usize,
    /// What is wrong, in the order of the checks, at most as many as were asked for.
    pub faults: Vec<Fault>,
    /// How many faults the seal has by itself.
    pub found: usize,
}

/// Looks at a seal by itself. At most `most` faults are kept, all are counted.
#[must_use]
pub fn survey(community: &Community, bytes: &[u8], most: usize) -> Surveyed {
    let mut surveyed = Surveyed { header: None, certified: false, records: 0, faults: Vec::new(), found: 0 };
    let mut note = |fault: Fault| {
        surveyed.found += 1;
        if surveyed.faults.len() < most {
            surveyed.faults.push(fault);
        }
    };
    let batch = match decode(bytes, 0) {
        Ok(batch) => batch,
        Err(fault) => {
            note(Fault { seal: None, ..fault });
            return surveyed;
        }
    };
    let header = &batch.header;
    let height = header.height;
    let fault = |check, detail: String| Fault { check, seal: Some(height), record: None, detail };
    if header.community != community.id {
        note(fault(Check::Community, SealFault::Community.to_string()));
    }
    let counted = header.count as usize == batch.records.len();
    if !counted {
        let wrong = SealFault::Count { counted: header.count, present: batch.records.len() };
        note(fault(Check::Count, wrong.to_string()));
    }
    let mut records: Vec<(usize, Received)> = Vec::with_capacity(batch.records.len());
    for (position, bytes) in batch.records.iter().enumerate() {
        match record(community, height, position, bytes) {
            Ok(received) => records.push((position, received)),
            Err(fault) => note(fault),
        }
    }
    let certified = certificate(community, &batch).map_err(&mut note).is_ok();
    let claims: Vec<Claim> = records.iter().map(|(_, received)| received.claim()).collect();
    for bad in verify_batch(&claims).err().unwrap_or_default() {
        let (position, received) = &records[bad];
        note(unsigned_record(height, *position, received));
    }
    if batch.records.len() > limits::SEAL_RECORDS
        || batch.records.iter().map(Vec::len).sum::<usize>() > limits::SEAL_BYTES
    {
        note(fault(Check::Quota, SealFault::TooLarge.to_string()));
    }
    // Where records are missing, what follows from that needs no name of its own.
    if counted && batch.records.is_empty() && header.closes.is_none() {
        note(fault(Check::Idle, SealFault::Idle.to_string()));
    }
    for pair in records.windows(2) {
        let [(_, before), (position, after)] = pair else { continue };
        if before.order() >= after.order() {
            let detail = SealFault::Order { id: after.id }.to_string();
            note(Fault { record: Some((*position, Some(after.id))), ..fault(Check::Order, detail) });
        }
    }
    let ids: Vec<RecordId> = records.iter().map(|(_, received)| received.id).collect();
    if counted && ids.len() == batch.records.len() && SealHeader::root_of(&ids) != header.root {
        note(fault(Check::Root, SealFault::Root.to_string()));
    }
    surveyed.records = batch.records.len();
    surveyed.certified = certified;
    surveyed.header = Some(batch.header);
    surveyed
}

fn certificate(community: &Community, batch: &SealedBatch) -> Result<(), Fault> {
    let SealedBatch { header, certificate, .. } = batch;
    let claims = community.witnesses.claims(community.id, header.height, header.id(), certificate).map_err(
        |error| Fault {
            check: Check::Certificate,
            seal: Some(header.height),
            record: None,
            detail: error.to_string(),
        },
    )?;
    verify_batch(&claims).map_err(|bad| unsigned_seal(header.height, &claims[bad[0]].key))
}

/// Puts surveyed seals one beside the other.
#[derive(Debug, Clone)]
pub struct Surveyor {
    expected: u64,
    /// Id and time of the seal with the number before, if they are certain.
    before: Option<(SealId, u64)>,
}

impl Surveyor {
    /// Goes on after the last seal that a ledger has taken in.
    #[must_use]
    pub fn after(ledger: &Ledger) -> Self {
        Self { expected: ledger.height() + 1, before: Some((ledger.head(), ledger.time())) }
    }

    /// The number of the next seal.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// Is the last seal the one that an end mark names, as far as that is certain?
    #[must_use]
    pub fn ends(&self, height: u64, head: SealId) -> bool {
        self.expected.checked_sub(1) == Some(height) && self.before.is_none_or(|(id, _)| id == head)
    }

    /// What is wrong with the next seal, beside the one before it: what the survey of it has found
    /// stands first.
    #[must_use]
    pub fn next(&mut self, surveyed: &Surveyed) -> Vec<Fault> {
        let expected = self.expected;
        self.expected = expected.saturating_add(1);
        let mut faults = surveyed.faults.clone();
        let before = self.before.take();
        let Some(header) = &surveyed.header else {
            for fault in &mut faults {
                fault.seal = Some(expected);
            }
            return faults;
        };
        let mut note = |check, seal, wrong: SealFault| {
            faults.push(Fault { check, seal: Some(seal), record: None, detail: wrong.to_string() });
        };
        if header.height != expected {
            let wrong = SealFault::Height { height: header.height, expected };
            note(Check::Height, expected, wrong);
        } else if let Some((id, time)) = before {
            if header.previous != id {
                note(Check::Link, header.height, SealFault::Previous);
            }
            if header.time <= time {
                note(Check::Time, header.height, SealFault::Time { time: header.time, before: time });
            }
        }
        // What the witnesses have not signed says nothing about what comes next.
        if surveyed.certified {
            self.expected = header.height.saturating_add(1);
            self.before = Some((header.id(), header.time));
        }
        faults
    }
}
