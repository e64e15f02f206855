//! Keys and values: one byte names the table, numbers are big-endian, so that order is meaning.
//!
//! | table | key after the table's byte | value |
//! |---|---|---|
//! | `FORMAT` | | the number of this layout, 4 bytes |
//! | `STATE` | | the canonical bytes of [`State`](super::fingerprint::State) |
//! | `META` | name | bytes |
//! | `RECORD` | record id | canonical bytes of the signed record |
//! | `TAIL` | author, sequence number | record id, time of arrival |
//! | `SEAL` | height | canonical bytes of header and certificate |
//! | `IDS` | height, part | up to [`IDS_PER_PART`] record ids |
//! | `LOG` | height, entry, part | 1 in the last part and 0 in those before it, then bytes |
//! | `FORK` | author, sequence number | two record ids, the smaller first |
//! | `EVIDENCE` | what it is about | bytes of whoever keeps evidence |

use mutua_protocol::{hash::RecordId, keys::PublicKey, limits};

/// The number of this layout.
pub(super) const FORMAT_NUMBER: u32 = 2;

/// Greatest size of a value: twenty of them, and a node of sled's tree has rarely more than seventeen,
/// stay below the quarter of a segment that sled keeps in one piece.
pub const VALUE_BYTES: usize = (64 << 10) - 1;

const _: () = assert!(limits::RECORD_BYTES <= VALUE_BYTES);
const _: () = assert!(limits::CHARTER_BYTES <= VALUE_BYTES);
const _: () = assert!(LOG_ENTRY_BYTES / LOG_PART_BYTES <= 128, "as put_log_entry expects");

/// Record ids in one value: 16 KiB, so that reading a small seal does not load a large page.
pub(super) const IDS_PER_PART: usize = 512;

/// Bytes of a log entry in one value.
pub(super) const LOG_PART_BYTES: usize = 32 << 10;

/// Greatest size of a log entry: far more than a proposed seal with its ids, and far less than memory.
pub(super) const LOG_ENTRY_BYTES: usize = 4 << 20;

/// Greatest length of a name in the table `META`.
pub(super) const NAME_BYTES: usize = 64;

pub(super) const FORMAT: u8 = 0;
pub(super) const STATE: u8 = 1;
pub(super) const META: u8 = 2;
pub(super) const RECORD: u8 = 3;
pub(super) const TAIL: u8 = 4;
pub(super) const SEAL: u8 = 5;
pub(super) const IDS: u8 = 6;
pub(super) const LOG: u8 = 7;
pub(super) const FORK: u8 = 8;
pub(super) const EVIDENCE: u8 = 9;

fn key(table: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![table];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

pub(super) fn meta(name: &str) -> Vec<u8> {
    key(META, &[name.as_bytes()])
}

pub(super) fn record(id: &RecordId) -> Vec<u8> {
    key(RECORD, &[&id.0])
}

/// Where the records stand whose ids begin with these bytes.
pub(super) fn records(beginning: &[u8]) -> Vec<u8> {
    key(RECORD, &[beginning])
}

/// The id of a key in `RECORD`.
pub(super) fn record_id(key: &[u8]) -> Option<RecordId> {
    Some(RecordId(key.get(1..)?.try_into().ok()?))
}

pub(super) fn tail_of(author: &PublicKey) -> Vec<u8> {
    key(TAIL, &[&author.0])
}

pub(super) fn tail(author: &PublicKey, sequence: u64) -> Vec<u8> {
    key(TAIL, &[&author.0, &sequence.to_be_bytes()])
}

pub(super) fn fork(author: &PublicKey, sequence: u64) -> Vec<u8> {
    key(FORK, &[&author.0, &sequence.to_be_bytes()])
}

pub(super) fn evidence(matter: &[u8]) -> Vec<u8> {
    key(EVIDENCE, &[matter])
}

/// Author and sequence number of a key in `TAIL` or `FORK`.
pub(super) fn author_and_sequence(key: &[u8]) -> Option<(PublicKey, u64)> {
    let (author, sequence) = key.get(1..)?.split_first_chunk::<32>()?;
    Some((PublicKey(*author), u64::from_be_bytes(sequence.try_into().ok()?)))
}

pub(super) fn seal(height: u64) -> Vec<u8> {
    key(SEAL, &[&height.to_be_bytes()])
}

pub(super) fn ids_of(height: u64) -> Vec<u8> {
    key(IDS, &[&height.to_be_bytes()])
}

pub(super) fn ids(height: u64, part: u32) -> Vec<u8> {
    key(IDS, &[&height.to_be_bytes(), &part.to_be_bytes()])
}

pub(super) fn log_of(height: u64) -> Vec<u8> {
    key(LOG, &[&height.to_be_bytes()])
}

pub(super) fn log(height: u64, entry: u32, part: u32) -> Vec<u8> {
    key(LOG, &[&height.to_be_bytes(), &entry.to_be_bytes(), &part.to_be_bytes()])
}

/// Height, entry and part of a key in `LOG`.
pub(super) fn log_position(key: &[u8]) -> Option<(u64, u32, u32)> {
    let (height, rest) = key.get(1..)?.split_first_chunk::<8>()?;
    let (entry, part) = rest.split_first_chunk::<4>()?;
    Some((u64::from_be_bytes(*height), u32::from_be_bytes(*entry), u32::from_be_bytes(part.try_into().ok()?)))
}

/// Record ids that stand one after the other.
pub(super) fn split_ids(bytes: &[u8]) -> Option<Vec<RecordId>> {
    let (ids, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| ids.iter().map(|id| RecordId(*id)).collect())
}
