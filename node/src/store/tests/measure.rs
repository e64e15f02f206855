//! How fast records are committed: `cargo test --release -p mutua-node --lib -- --ignored --nocapture measure`.

use std::time::{Duration, Instant};

use super::*;

const RECORD_BYTES: usize = 600;

#[test]
#[ignore = "a measurement"]
fn measure_records_a_second() {
    for size in [1, 10, 100, 1000] {
        let folder =
            tempfile::tempdir_in(std::env::var_os("MUTUA_MEASURE_IN").unwrap_or(".".into())).unwrap();
        let mut store = open(folder.path()).unwrap();
        let mut times = Vec::new();
        let start = Instant::now();
        let mut number = 0;
        while start.elapsed() < Duration::from_secs(5) {
            let mut batch = Batch::default();
            for _ in 0..size {
                let (id, bytes) = record(number, RECORD_BYTES);
                batch.put_record(id, bytes).add_tail(author(number), 1, id, number);
                number += 1;
            }
            let before = Instant::now();
            store.commit(batch).unwrap();
            times.push(before.elapsed());
        }
        let elapsed = start.elapsed();
        times.sort();
        println!(
            "batches of {size}: {:.0} records/s, median {:?} and p99 {:?} a commit, {:.2} bytes on disk for each of a record",
            number as f64 / elapsed.as_secs_f64(),
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            store.size_on_disk().unwrap() as f64 / (number as f64 * RECORD_BYTES as f64),
        );
        drop(store);
        let before = Instant::now();
        let store = open(folder.path()).unwrap();
        let opened = before.elapsed();
        let checked = store.check(id_of, |_| ()).unwrap();
        println!(
            "    {} records: opened in {opened:?}, checked in {:?}",
            checked.tail_records,
            before.elapsed() - opened
        );
    }
}
