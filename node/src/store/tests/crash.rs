//! A process that is killed loses nothing that it acknowledged, and leaves no batch in parts.

use std::{process::Command, thread, time::Duration};

use super::{
    child::{listen, spawn},
    numbered::assert_whole,
    *,
};

/// Stores, each of which is killed several times and grows.
const STORES: usize = 3;

const KILLS: usize = 12;

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_leaves_no_batch_in_parts() {
    for _ in 0..STORES {
        kill_often();
    }
}

fn kill_often() {
    let folder = tempfile::tempdir().unwrap();
    let mut newest = 0;
    let mut unacknowledged = 0;
    for kill in 0..KILLS {
        let mut child = spawn(folder.path(), "");
        let mut random = [0; 2];
        getrandom::fill(&mut random).unwrap();
        // Up to 330 ms: most kills hit the writing, some the opening.
        let delay = Duration::from_micros(u64::from(u16::from_le_bytes(random)) * 5);
        let killer = thread::spawn({
            let id = child.id();
            move || {
                thread::sleep(delay);
                Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap()
            }
        });
        let said = listen(&mut child);
        assert!(killer.join().unwrap().success(), "the child ended before it was killed: {said:?}");
        let acknowledged = newest.max(said.acknowledged);
        let store = open(folder.path()).unwrap();
        newest = assert_whole(&store, acknowledged);
        assert!(newest <= acknowledged + 1, "kill {kill}: {newest} batches are held, {said:?}");
        unacknowledged += newest - acknowledged;
    }
    println!("{KILLS} kills, {newest} batches, of which {unacknowledged} were kept and not acknowledged");
    assert!(newest > 0);
}
