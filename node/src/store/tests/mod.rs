//! Tests of the store. Those that need a process to die start this test program again ([`child`]).

mod child;
mod contents;
mod crash;
mod damage;
mod full;
mod measure;
mod numbered;
mod power;

use std::path::Path;

use mutua_protocol::{
    hash::{CommunityId, RecordId, SealId, derive},
    keys::{PublicKey, Signature},
    seals::{Certificate, SealHeader},
};

use super::{Batch, CACHE_BYTES, Store, StoreError};

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, CACHE_BYTES)
}

/// Bytes that stand for a record, different for every number.
fn record(number: u64, length: usize) -> (RecordId, Vec<u8>) {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&number.to_be_bytes()).finalize_xof().fill(&mut bytes);
    (id_of(&bytes).unwrap(), bytes)
}

fn id_of(bytes: &[u8]) -> Option<RecordId> {
    Some(RecordId(derive("test record", bytes)))
}

fn author(number: u64) -> PublicKey {
    PublicKey(derive("test author", &number.to_be_bytes()))
}

/// The seal after `previous` with these records.
fn seal(previous: Option<&SealHeader>, ids: &[RecordId]) -> SealHeader {
    SealHeader {
        community: CommunityId([1; 32]),
        height: previous.map_or(1, |previous| previous.height + 1),
        previous: previous.map_or(SealId([0; 32]), SealHeader::id),
        time: previous.map_or(1, |previous| previous.time + 1),
        count: u32::try_from(ids.len()).unwrap(),
        root: SealHeader::root_of(ids),
        closes: None,
    }
}

fn certificate() -> Certificate {
    Certificate { round: 0, signatures: (0..4).map(|n| (author(n), Signature([7; 64]))).collect() }
}

/// A store with this many seals of this many records each, and some of everything else.
fn fill(store: &mut Store, seals: u64, records: u64) {
    let mut previous = None;
    for height in 0..seals {
        let mut batch = Batch::default();
        let mut ids = Vec::new();
        for number in height * records..(height + 1) * records {
            let (id, bytes) = record(number, 600);
            batch.put_record(id, bytes);
            ids.push(id);
        }
        let header = seal(previous.as_ref(), &ids);
        batch.put_seal(&header, &certificate(), &ids).append_log(height + 1, vec![1; 100]);
        store.commit(batch).unwrap();
        previous = Some(header);
    }
    let mut batch = Batch::default();
    for number in seals * records..seals * records + 20 {
        let (id, bytes) = record(number, 600);
        batch.put_record(id, bytes).add_tail(author(number), number, id, number);
    }
    batch.put_meta("charter", b"the charter".to_vec());
    batch.put_fork(author(1), 3, RecordId([9; 32]), RecordId([8; 32]));
    store.commit(batch).unwrap();
}
