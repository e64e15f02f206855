//! What is put is what is read, before and after opening again.

use mutua_protocol::{hash::RecordId, limits::SEAL_RECORDS};

use super::{super::VALUE_BYTES, *};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn an_empty_store_holds_nothing() {
    let folder = folder();
    for _ in 0..3 {
        let store = open(folder.path()).unwrap();
        assert_eq!(store.head().unwrap(), None);
        assert_eq!(store.tail().count(), 0);
        assert_eq!(store.seals_from(0).count(), 0);
        assert!(store.seal(0).unwrap().is_none() && store.seal(1).unwrap().is_none());
        assert_eq!(store.check(id_of, |_| ()).unwrap().seals, 0);
    }
}

#[test]
fn what_is_put_is_read_after_opening_again() {
    let folder = folder();
    fill(&mut open(folder.path()).unwrap(), 3, 40);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.head().unwrap(), Some(3));
    let seals: Vec<_> = store.seals_from(2).collect::<Result<_, _>>().unwrap();
    assert_eq!(seals.iter().map(|seal| seal.header.height).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(seals[0].certificate, certificate());
    assert_eq!(seals[0].ids[5], record(45, 600).0);
    assert_eq!(store.record(&seals[0].ids[5]).unwrap().unwrap(), record(45, 600).1);
    assert!(!store.has_record(&RecordId([0; 32])).unwrap());
    assert_eq!(store.meta("charter").unwrap().unwrap(), b"the charter");
    assert_eq!(store.meta("chart").unwrap(), None);
    let forks: Vec<_> = store.forks().collect::<Result<_, _>>().unwrap();
    assert_eq!(forks, [(author(1), 3, RecordId([8; 32]), RecordId([9; 32]))]);
    let mut heights = Vec::new();
    let checked = store.check(id_of, |progress| heights.push(progress.height)).unwrap();
    assert_eq!((checked.seals, checked.sealed_records, checked.tail_records), (3, 120, 20));
    assert_eq!(heights, [1, 2, 3]);
    assert!(store.size_on_disk().unwrap() > 100 * 600);
}

#[test]
fn records_are_found_by_the_beginning_of_their_ids() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let id = |start: &[u8]| {
        let mut bytes = [0x55; 32];
        bytes[..start.len()].copy_from_slice(start);
        RecordId(bytes)
    };
    let ids = [id(&[0xab, 0xcd, 0x11]), id(&[0xab, 0xcd, 0x1f]), id(&[0xab, 0xce]), id(&[0xff, 0xff])];
    let mut batch = Batch::default();
    for id in ids {
        batch.put_record(id, b"a record".to_vec());
    }
    store.commit(batch).unwrap();
    let found = |digits: &str| store.records_beginning(digits, 3).unwrap();
    assert_eq!(found("abcd"), ids[..2]);
    assert_eq!(found("aBcD1"), ids[..2]);
    assert_eq!(found("abcd1f"), ids[1..2]);
    assert_eq!(found("abc"), ids[..3]);
    assert_eq!(found("ffff5"), ids[3..]);
    assert_eq!(found(&ids[0].to_string()), ids[..1]);
    assert_eq!(found(""), ids[..3]);
    for none in ["abcf", "abcd2", "xy", "äb", &"0".repeat(64), &"a".repeat(100)] {
        assert_eq!(found(none), [], "{none}");
    }
}

#[test]
fn the_tail_is_in_order_and_shrinks() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let mut batch = Batch::default();
    for (who, sequence) in [(2, 256), (1, 1), (2, 255), (2, 1)] {
        batch.add_tail(author(who), sequence, RecordId(author(who).0), 7);
    }
    store.commit(batch).unwrap();
    let sequences =
        |store: &Store| store.tail_of(&author(2)).map(|entry| entry.unwrap().1).collect::<Vec<_>>();
    assert_eq!(sequences(&store), [1, 255, 256]);
    let mut batch = Batch::default();
    batch.remove_tail(author(2), 255).remove_tail(author(9), 9);
    store.commit(batch).unwrap();
    assert_eq!(sequences(&store), [1, 256]);
    assert_eq!(store.tail().count(), 3);
    assert!(store.tail().map(|entry| entry.unwrap()).is_sorted());
}

#[test]
fn a_full_seal_is_read_whole() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let ids: Vec<RecordId> = (0..SEAL_RECORDS as u64).map(|number| record(number, 10).0).collect();
    let mut batch = Batch::default();
    batch.put_seal(&seal(None, &ids), &certificate(), &ids);
    store.commit(batch).unwrap();
    assert_eq!(store.seal(1).unwrap().unwrap().ids, ids);
}

#[test]
fn a_seal_must_follow_the_head_and_count_its_ids() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let first = seal(None, &[]);
    let second = seal(Some(&first), &[]);
    let mut gap = Batch::default();
    gap.put_meta("x", vec![1]).put_seal(&second, &certificate(), &[]);
    let error = store.commit(gap).unwrap_err();
    assert!(error.to_string().contains("seal 2 does not follow seal 0"), "{error}");
    assert_eq!(store.meta("x").unwrap(), None);
    let mut both = Batch::default();
    both.put_seal(&first, &certificate(), &[]).put_seal(&second, &certificate(), &[]);
    store.commit(both).unwrap();
    assert_eq!(store.head().unwrap(), Some(2));
    let third = seal(Some(&second), &[RecordId([1; 32])]);
    let mut miscounted = Batch::default();
    miscounted.put_seal(&third, &certificate(), &[]);
    assert!(matches!(store.commit(miscounted), Err(StoreError::Refused(_))));
}

#[test]
fn the_log_keeps_order_and_long_entries_and_is_cleared() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let entries: Vec<Vec<u8>> =
        [0, 1, 32 << 10, (32 << 10) + 1, 200_000].iter().map(|length| record(7, *length).1).collect();
    for pair in entries.chunks(2) {
        let mut batch = Batch::default();
        for entry in pair {
            batch.append_log(5, entry.clone()).append_log(6, vec![6]);
        }
        store.commit(batch).unwrap();
    }
    assert_eq!(store.log(5).unwrap(), entries);
    assert_eq!(store.log(6).unwrap().len(), 5);
    let mut batch = Batch::default();
    batch.clear_log_below(6);
    store.commit(batch).unwrap();
    assert_eq!(store.log(5).unwrap(), Vec::<Vec<u8>>::new());
    assert_eq!(store.log(6).unwrap().len(), 5);
    store.check(id_of, |_| ()).unwrap();
}

#[test]
fn what_is_too_long_is_refused_and_nothing_of_its_batch_written() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let (id, bytes) = record(1, VALUE_BYTES + 1);
    let mut batch = Batch::default();
    batch.put_meta("x", vec![1]).put_record(id, bytes);
    assert!(matches!(store.commit(batch), Err(StoreError::Refused(_))));
    assert_eq!(store.meta("x").unwrap(), None);
    let mut batch = Batch::default();
    batch.put_meta("x", vec![1]);
    store.commit(batch).unwrap();
}

/// sled writes what is too large for its log into files that it does not sync. With the largest values
/// that we allow, next to each other and rewritten, there must be none.
#[test]
fn the_largest_values_stay_in_the_synced_file() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    for turn in 0..4u8 {
        for number in 0..120 {
            let mut batch = Batch::default();
            batch.put_meta(&format!("{number:03}"), vec![turn; VALUE_BYTES]);
            store.commit(batch).unwrap();
        }
        let blobs = std::fs::read_dir(folder.path().join("blobs")).unwrap().count();
        assert_eq!(blobs, 0, "after turn {turn}");
    }
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.meta("077").unwrap().unwrap(), vec![3; VALUE_BYTES]);
    store.check(id_of, |_| ()).unwrap();
}

#[test]
fn a_second_user_is_told_who_has_the_folder() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        matches!(error, StoreError::InUse { pid: Some(pid), .. } if pid == std::process::id()),
        "{error}"
    );
    assert!(error.to_string().contains("another mutua node"), "{error}");
    assert!(matches!(Store::set_aside(folder.path()), Err(StoreError::InUse { .. })));
    drop(store);
    open(folder.path()).unwrap();
}

#[test]
fn a_reader_in_another_thread_sees_whole_commits() {
    let folder = folder();
    let mut store = open(folder.path()).unwrap();
    let reader = store.reader();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                if let Some(value) = reader.meta("number").unwrap() {
                    // What one commit wrote with the number must be there with it.
                    assert!(reader.meta(&format!("with {}", value[0])).unwrap().is_some());
                    seen += 1;
                }
            }
            seen
        });
        for number in 0..50u8 {
            let mut batch = Batch::default();
            batch.put_meta("number", vec![number]).put_meta(&format!("with {number}"), vec![]);
            store.commit(batch).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(watching.join().unwrap() > 0);
    });
}
