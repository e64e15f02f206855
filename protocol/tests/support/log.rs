//! A log as an archive that can be taken apart, spoiled and put together again.

use mutua_protocol::{
    archive::{Auditor, Fault, VerifyError, end_frame, opening, seal_frame, verify},
    charter::Charter,
    hash::{RecordId, SealId},
    ledger::Ledger,
    records::Received,
    seals::{SealHeader, SealedBatch},
};

use super::World;

/// The parts of an archive.
#[derive(Clone)]
pub struct Log {
    pub charter: Charter,
    pub batches: Vec<SealedBatch>,
    pub end: (u64, SealId),
}

impl Log {
    pub fn of(world: &World) -> Self {
        Self {
            charter: world.community().at(0).charter.clone(),
            batches: world.batches.clone(),
            end: (world.ledger.height(), world.ledger.head()),
        }
    }

    /// The frames: opening, seals, end.
    pub fn frames(&self) -> Vec<Vec<u8>> {
        let mut frames = vec![opening(&self.charter)];
        frames.extend(self.batches.iter().map(seal_frame));
        frames.push(end_frame(self.end.0, self.end.1));
        frames
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.frames().concat()
    }
}

/// Checks an archive.
pub fn audit(bytes: &[u8]) -> Result<Auditor, Fault> {
    verify(bytes, |_| {}).map_err(|error| match error {
        VerifyError::Fault(fault) => fault,
        VerifyError::Io(error) => panic!("bytes in memory can be read: {error}"),
    })
}

/// The header of a seal with any records, right or wrong: only count and root are those of the records.
pub fn header(ledger: &Ledger, time: u64, records: &[Received]) -> SealHeader {
    let ids: Vec<RecordId> = records.iter().map(|received| received.id).collect();
    SealHeader {
        community: ledger.community().id,
        height: ledger.height() + 1,
        previous: ledger.head(),
        time,
        count: u32::try_from(ids.len()).expect("few records"),
        root: SealHeader::root_of(&ids),
        closes: None,
    }
}
