//! An exported archive, checked and taken apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    sync::Arc,
};

use mutua_protocol::{
    archive::{ArchiveReader, Auditor, Frame},
    codec,
    hash::{OutcomeDigest, RecordId},
    keys::PublicKey,
    ledger::Ledger,
    limits,
    records::{Received, Record},
    seals::SealedBatch,
};

/// What an archive holds, after every check has passed.
#[derive(Debug)]
pub struct AuditedLog {
    /// The sealed records, with the seal they are in.
    pub sealed: BTreeMap<RecordId, u64>,
    /// Each author's chain, as the seals have it.
    pub chains: BTreeMap<PublicKey, Vec<RecordId>>,
    /// The digest of each round's outcome.
    pub outcomes: Vec<OutcomeDigest>,
    /// The ledger at the end.
    pub ledger: Ledger,
}

/// Checks an archive with the protocol's auditor, and then once more, in its own simple way, what these
/// tests are about: that every chain goes on without gap or fork, and that no record is there twice.
///
/// # Panics
/// With the first fault.
#[must_use]
pub fn audited(archive: &[u8]) -> AuditedLog {
    let mut reader = ArchiveReader::new(Cursor::new(archive)).expect("it is an archive");
    let Some(Frame::Charter(charter)) = reader.frame().expect("its first frame is whole") else {
        panic!("an archive begins with a charter")
    };
    let mut auditor = Auditor::new(&charter).expect("the charter passes the audit");
    let mut sealed = BTreeMap::new();
    let mut heads: BTreeMap<PublicKey, (u64, RecordId)> = BTreeMap::new();
    let mut chains: BTreeMap<PublicKey, Vec<RecordId>> = BTreeMap::new();
    loop {
        match reader.frame().expect("the archive is whole") {
            Some(Frame::Seal(bytes)) => {
                let community = Arc::clone(auditor.ledger().community());
                let report = auditor.seal(&bytes).unwrap_or_else(|fault| panic!("{fault}"));
                let batch: SealedBatch = codec::decode(&bytes, limits::DECODE_BYTES).expect("it was audited");
                for bytes in &batch.records {
                    let received = Received::decode(bytes, &community).expect("it was audited");
                    let record = received.record();
                    let before = sealed.insert(received.id, report.height);
                    assert_eq!(before, None, "record {} is sealed twice", received.id);
                    let head = heads.entry(record.author).or_insert((0, Record::NONE));
                    assert_eq!(
                        (record.sequence, record.previous),
                        (head.0 + 1, head.1),
                        "the chain of {} does not go on with record {}",
                        record.author,
                        received.id
                    );
                    *head = (record.sequence, received.id);
                    chains.entry(record.author).or_default().push(received.id);
                }
            }
            Some(Frame::End { height, head }) => {
                auditor.end(height, head).unwrap_or_else(|fault| panic!("{fault}"));
            }
            Some(Frame::Charter(_)) => panic!("a second charter"),
            None => break,
        }
    }
    let outcomes = auditor.outcomes().collect();
    AuditedLog { sealed, chains, outcomes, ledger: auditor.ledger().clone() }
}

impl AuditedLog {
    /// Those of these records that are not sealed.
    pub fn missing<'a>(&self, records: impl IntoIterator<Item = &'a RecordId>) -> BTreeSet<RecordId> {
        records.into_iter().filter(|id| !self.sealed.contains_key(id)).copied().collect()
    }
}
