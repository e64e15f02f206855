//! What can still be said of seals after one that does not hold.
//!
//! Without the ledger, nobody can tell whether the records of a later seal were allowed, or what a round
//! should have decided. But each seal can be looked at by itself (bytes, community, count, records,
//! certificate, signatures, order, sizes, Merkle root) and beside the one before it (number, link, time).
//! A survey does that, and names everything it finds.
//!
//! Witnesses and limits are those of the charter in force at the first fault. Which changes of it were adopted afterwards,
//! only the ledger could tell. One that was proposed is taken for adopted when a seal after the next close holds by it,
//! and does not by the charter before.

use std::sync::Arc;

use super::{
    Check, Fault,
    open::{decode, record, unsigned_record, unsigned_seal},
};
use crate::{
    charter::Community,
    hash::{RecordId, SealId},
    keys::{Claim, KnownKeys, verify_batch},
    ledger::{Ledger, ProposalStatus, SealFault},
    limits,
    records::{Body, CharterChange, Received},
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
    /// Which changes of the charter are proposed in it.
    changes: Vec<CharterChange>,
    /// Is something wrong that may be right under another charter?
    depends: bool,
}

/// Looks at a seal by itself. At most `most` faults are kept, all are counted.
#[must_use]
pub fn survey(community: &Community, bytes: &[u8], most: usize) -> Surveyed {
    let mut surveyed = Surveyed {
        header: None,
        certified: false,
        records: 0,
        faults: Vec::new(),
        found: 0,
        changes: Vec::new(),
        depends: false,
    };
    let mut note = |fault: Fault| {
        surveyed.found += 1;
        surveyed.depends |= matches!(fault.check, Check::Certificate | Check::RecordBytes | Check::Body);
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
        match record(community, &KnownKeys::up_to(0), height, position, bytes) {
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
    let change = |(_, received): &(usize, Received)| match &received.record().body {
        Body::Propose(subject) | Body::Amend { subject, .. } => subject.change().cloned(),
        _ => None,
    };
    surveyed.changes = records.iter().filter_map(change).collect();
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

/// Charters that are considered at a time: an archive that proposes more makes no more work.
const CHARTERS: usize = 16;

/// Puts surveyed seals one beside the other.
#[derive(Debug, Clone)]
pub struct Surveyor {
    expected: u64,
    /// Id and time of the seal with the number before, if they are certain.
    before: Option<(SealId, u64)>,
    /// By whose rules the seals hold, as far as one can tell.
    community: Arc<Community>,
    /// What may have been adopted by a close since then.
    possible: Vec<Arc<Community>>,
    /// What may be adopted by the next close.
    proposed: Vec<Arc<Community>>,
}

impl Surveyor {
    /// Goes on after the last seal that a ledger has taken in.
    #[must_use]
    pub fn after(ledger: &Ledger) -> Self {
        let mut surveyor = Self {
            expected: ledger.height() + 1,
            before: Some((ledger.head(), ledger.time())),
            community: Arc::clone(ledger.community()),
            possible: Vec::new(),
            proposed: Vec::new(),
        };
        let open = ledger.proposals().values().filter(|held| held.status == ProposalStatus::Open);
        for change in open.filter_map(|held| held.subject.change()) {
            surveyor.propose(change);
        }
        surveyor
    }

    /// By whose rules the next seal should be looked at.
    #[must_use]
    pub fn community(&self) -> &Arc<Community> {
        &self.community
    }

    /// What is found in the next seal by the rules in force for it, given what was found ahead by these rules.
    #[must_use]
    pub fn look(&mut self, bytes: &[u8], most: usize, by: &Arc<Community>, ahead: Surveyed) -> Surveyed {
        let mut found =
            if Arc::ptr_eq(by, &self.community) { ahead } else { survey(&self.community, bytes, most) };
        if found.depends {
            for at in 0..self.possible.len() {
                let other = survey(&self.possible[at], bytes, most);
                if other.certified && (!found.certified || other.found < found.found) {
                    self.community = self.possible.swap_remove(at);
                    self.possible.clear();
                    found = other;
                    break;
                }
            }
        }
        for change in &found.changes {
            self.propose(change);
        }
        if found.header.as_ref().is_some_and(|header| header.closes.is_some()) {
            self.possible.append(&mut self.proposed);
            self.possible.truncate(CHARTERS);
        }
        found
    }

    /// Notes what may be adopted.
    fn propose(&mut self, change: &CharterChange) {
        if self.proposed.len() >= CHARTERS {
            return;
        }
        let mut bases = std::iter::once(&self.community).chain(&self.possible);
        let amended = bases
            .find(|base| base.hash == change.base)
            .and_then(|base| base.amended(change.charter.clone(), self.expected).ok());
        self.proposed.extend(amended.map(Arc::new));
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
