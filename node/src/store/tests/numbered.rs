//! Numbered batches: from its number follows what a batch holds, so that any process can tell whether a batch is
//! in a store wholly, or not at all.

use mutua_protocol::{hash::RecordId, keys::PublicKey};

use super::{super::Reader, *};

/// Every so many batches, one is sealed.
const SEALED_EVERY: u64 = 5;

/// The records of a batch: one to a hundred.
fn records(number: u64) -> Vec<(RecordId, Vec<u8>)> {
    let count = [1, 3, 10, 100][usize::try_from(number % 4).unwrap()];
    (0..count).map(|position| record(number * 1000 + position, 600)).collect()
}

fn meta_name(number: u64) -> String {
    format!("batch {}", number % 50)
}

/// The batch with this number, on top of a store that holds those before it.
pub(super) fn batch(reader: &Reader, number: u64) -> Batch {
    let mut batch = Batch::default();
    let mut ids = Vec::new();
    for (sequence, (id, bytes)) in (0..).zip(records(number)) {
        batch.put_record(id, bytes);
        ids.push(id);
        if !number.is_multiple_of(SEALED_EVERY) {
            batch.add_tail(author(number), sequence, id, number);
        }
    }
    if number.is_multiple_of(SEALED_EVERY) {
        let previous = reader.head().unwrap().map(|head| reader.seal(head).unwrap().unwrap().header);
        batch.put_seal(&seal(previous.as_ref(), &ids), &certificate(), &ids);
        batch.clear_log_below(number);
    }
    batch.append_log(number, number.to_be_bytes().to_vec());
    batch.put_meta(&meta_name(number), number.to_be_bytes().to_vec());
    batch.put_meta("newest", number.to_be_bytes().to_vec());
    batch
}

/// The number of the newest batch in the store; 0 when there is none.
pub(super) fn newest(reader: &Reader) -> u64 {
    reader.meta("newest").unwrap().map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

/// Is this batch there with everything in it? Panics when a part of it is.
pub(super) fn is_whole(reader: &Reader, number: u64) -> bool {
    let records = records(number);
    let key: PublicKey = author(number);
    let newest = newest(reader);
    let mut parts: Vec<bool> = records
        .iter()
        .map(|(id, bytes)| reader.record(id).unwrap().is_some_and(|held| held == *bytes))
        .collect();
    if number.is_multiple_of(SEALED_EVERY) {
        let ids: Vec<RecordId> = records.iter().map(|(id, _)| *id).collect();
        let held = reader.seal(number / SEALED_EVERY).unwrap();
        parts.push(held.is_some_and(|seal| seal.ids == ids));
    } else {
        let expected: Vec<_> = (0..).zip(&records).map(|(n, (id, _))| (key, n, *id, number)).collect();
        let held: Vec<_> = reader.tail_of(&key).map(|entry| entry.unwrap()).collect();
        assert!(held.is_empty() || held == expected, "batch {number}: {} tail entries", held.len());
        parts.push(!held.is_empty());
    }
    // What a later batch clears or replaces can be told from the newest only.
    let cleared = number < newest / SEALED_EVERY * SEALED_EVERY;
    if !cleared {
        parts.push(reader.log(number).unwrap() == [number.to_be_bytes().to_vec()]);
    }
    if newest < number + 50 {
        parts.push(reader.meta(&meta_name(number)).unwrap().is_some_and(|b| b == number.to_be_bytes()));
    }
    parts.push(newest >= number);
    let there = parts.iter().filter(|part| **part).count();
    assert!(
        there == 0 || there == parts.len(),
        "of batch {number}, {there} of {} parts are there",
        parts.len()
    );
    there > 0
}

/// Asserts that the store holds the batches up to some number, that one among them, wholly, and nothing else.
/// Returns the number.
pub(super) fn assert_whole(store: &Store, acknowledged: u64) -> u64 {
    let newest = newest(store);
    assert!(newest >= acknowledged, "batch {acknowledged} was acknowledged, and {newest} is the newest");
    for number in 1..=newest {
        assert!(is_whole(store, number), "batch {number} of {newest} is missing");
    }
    for number in newest + 1..newest + 5 {
        assert!(!is_whole(store, number), "batch {number} is there after {newest}");
    }
    store.check(id_of, |_| ()).unwrap();
    newest
}
