//! What a loss of power would leave on the disk: of the writes since the last sync, any part.
//!
//! Nobody can pull the plug in a test. But the file's blocks before a commit and after it are known, and a
//! commit that was not acknowledged may have left any mixture of them. Each mixture must open as the one state or as
//! the other, because a batch in parts is what must never be.

use std::{fs, path::Path};

use super::{
    numbered::{self, assert_whole},
    *,
};

/// What a disk writes in one piece.
const BLOCK: usize = 512;

const COMMITS: u64 = 40;

/// Mixtures of each commit's blocks.
const MIXTURES: u32 = 4;

#[test]
fn any_part_of_an_unfinished_commit_opens_as_before_or_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("original");
    let copy = folder.path().join("copy");
    let mut store = open(&original).unwrap();
    let (mut before, mut after) = (0, 0);
    for number in 1..=COMMITS {
        let old = fs::read(original.join("db")).unwrap();
        let acknowledged = fs::read(original.join("acknowledged")).unwrap();
        let batch = numbered::batch(&store, number);
        store.commit(batch).unwrap();
        let new = fs::read(original.join("db")).unwrap();
        for mixture in 0..MIXTURES {
            copy_folder(&original, &copy);
            fs::write(copy.join("db"), mix(&old, &new, number * 100 + u64::from(mixture))).unwrap();
            fs::write(copy.join("acknowledged"), &acknowledged).unwrap();
            let opened = open(&copy).unwrap();
            match assert_whole(&opened, number - 1) {
                held if held == number => after += 1,
                held if held == number - 1 => before += 1,
                held => panic!("batch {held} is the newest, while {number} was being committed"),
            }
            drop(opened);
            fs::remove_dir_all(&copy).unwrap();
        }
    }
    println!("{before} mixtures opened as before the commit, {after} as after it");
    assert!(before > 0);
}

/// Each block as it was or as it became. The first mixtures keep most of the new ones.
fn mix(old: &[u8], new: &[u8], seed: u64) -> Vec<u8> {
    let mut choices = blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof();
    let keep_old = [3, 40, 128, 250][usize::try_from(seed % 4).unwrap()];
    let mut mixed = new.to_vec();
    for (position, block) in mixed.chunks_mut(BLOCK).enumerate() {
        let mut choice = [0];
        choices.fill(&mut choice);
        if choice[0] < keep_old {
            for (offset, byte) in block.iter_mut().enumerate() {
                // Blocks that a file has gained and not yet written are zeros.
                *byte = old.get(position * BLOCK + offset).copied().unwrap_or(0);
            }
        }
    }
    mixed
}

pub(super) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("blobs")).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
