//! Damaged files give an error or, where the damage hit nothing that counts, the whole of what was there;
//! never a panic that gets out, and never a store that has silently lost something.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{super::tables, numbered, power::copy_folder, *};

/// Names the folder with the whole store; unset, `damage_child` is no test.
const FOLDER: &str = "MUTUA_STORE_TEST_DAMAGE";

/// More of them in a night: `MUTUA_STORE_TEST_TRIALS=5000`.
const TRIALS: u64 = 100;

/// Enough for three segments of sled's log.
const BATCHES: u64 = 240;

#[test]
fn damage_is_told_or_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    // Opened twice, so that there is one of sled's snapshot files.
    for half in [BATCHES / 2, BATCHES] {
        let mut store = open(&whole).unwrap();
        for number in numbered::newest(&store) + 1..=half {
            let batch = numbered::batch(&store, number);
            store.commit(batch).unwrap();
        }
    }
    // A process of its own: sled's panics are to be expected, and would fill this one's output.
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "store::tests::damage::damage_child", "--nocapture"])
        .env(FOLDER, &whole)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the child failed:\n{said}");
    let count = |word: &str| said.lines().filter(|line| line.starts_with(word)).count();
    let silent = said.lines().filter(|line| line.contains("commits, and holds")).count();
    println!(
        "{} found when opening ({silent} by the number of commits alone), {} when checking, {} harmless",
        count("open"),
        count("check"),
        count("whole")
    );
    assert!(count("open") > 0);
}

#[test]
fn damage_child() {
    let Some(whole) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let trials = env::var("MUTUA_STORE_TEST_TRIALS").map_or(TRIALS, |text| text.parse().unwrap());
    for trial in 0..trials {
        let copy = whole.with_file_name("copy");
        copy_folder(&whole, &copy);
        let what = damage(&copy, trial);
        let found = look(&copy);
        println!("{found} | trial {trial}: {what}");
        fs::remove_dir_all(&copy).unwrap();
    }
}

/// Where the damage was found; panics when it was not, and did matter.
fn look(folder: &Path) -> String {
    let store = match open(folder) {
        Ok(store) => store,
        Err(error) => return format!("open: {error}"),
    };
    if let Err(error) = store.check(id_of, |_| ()) {
        return format!("check: {error}");
    }
    assert_eq!(numbered::assert_whole(&store, BATCHES), BATCHES);
    "whole".to_owned()
}

/// Damages one file of the store in one of several ways, which follow from the number.
fn damage(folder: &Path, trial: u64) -> String {
    let mut choices = blake3::Hasher::new().update(&trial.to_be_bytes()).finalize_xof();
    let mut choose = |limit: usize| {
        let mut bytes = [0; 8];
        choices.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % limit as u64).unwrap()
    };
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.ends_with("lock"))
        .collect();
    names.sort();
    let database = names.iter().position(|path| path.ends_with("db")).unwrap();
    // Mostly the database.
    let name = names.swap_remove(if choose(5) > 0 { database } else { choose(names.len()) });
    if choose(20) == 0 {
        fs::remove_file(&name).unwrap();
        return format!("{} removed", name.display());
    }
    let mut bytes = fs::read(&name).unwrap();
    // What is written lies in front; the rest of the last segment is empty.
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let place = choose(written);
    let what = match choose(4) {
        0 => {
            bytes.truncate(place);
            "cut".to_owned()
        }
        1 => {
            bytes[place] ^= 1 << choose(8);
            "one bit".to_owned()
        }
        2 => {
            let end = (place + 4096).min(written);
            bytes[place..end].fill(0);
            "a zeroed page".to_owned()
        }
        _ => {
            let end = (place + 512).min(written);
            for byte in &mut bytes[place..end] {
                *byte = u8::try_from(choose(256)).unwrap();
            }
            "a sector of noise".to_owned()
        }
    };
    fs::write(&name, bytes).unwrap();
    format!("{what} at {place} of {}", name.display())
}

#[test]
fn a_damaged_store_is_set_aside_under_a_free_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for number in 1..=2 {
        fill(&mut open(&path).unwrap(), 1, 5);
        fs::write(path.join("acknowledged"), "x").unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("store.damaged-<n>"), "{error}");
        let aside = Store::set_aside(&path).unwrap();
        assert_eq!(aside, folder.path().join(format!("store.damaged-{number}")));
        assert!(aside.join("db").exists() && !path.exists());
    }
    assert_eq!(open(&path).unwrap().head().unwrap(), None);
}

/// sled's recovery leaves out what it cannot read at the end of its log. A whole commit lost so is found.
#[test]
fn a_store_that_lost_its_last_commit_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = open(&path).unwrap();
    fill(&mut store, 2, 5);
    let old = fs::read(path.join("db")).unwrap();
    let mut batch = Batch::default();
    batch.put_meta("last", vec![1]);
    store.commit(batch).unwrap();
    drop(store);
    fs::write(path.join("db"), old).unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("it acknowledged 5 commits, and holds 4"), "{error}");
}

#[test]
fn a_newer_layout_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.reader().db.insert([tables::FORMAT], &[0, 0, 0, 9]).unwrap();
    store.reader().db.flush().unwrap();
    drop(store);
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
    assert!(error.to_string().contains("its layout has number 9, and this version reads 2"), "{error}");
}

#[test]
fn a_record_that_is_missing_or_another_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    fill(&mut store, 3, 10);
    let (id, bytes) = record(17, 600);
    let key = tables::record(&id);
    store.reader().db.insert(&key, vec![1]).unwrap();
    let error = store.check(id_of, |_| ()).unwrap_err().to_string();
    assert!(error.contains(&format!("the bytes kept as record {id} of seal 2 are another's")), "{error}");
    store.reader().db.remove(&key).unwrap();
    let error = store.check(id_of, |_| ()).unwrap_err().to_string();
    assert!(error.contains(&format!("record {id} of seal 2 is missing")), "{error}");
    store.reader().db.insert(&key, bytes).unwrap();
    store.check(id_of, |_| ()).unwrap();
    store.reader().db.remove(tables::tail(&author(30), 30)).unwrap();
    let error = store.check(id_of, |_| ()).unwrap_err().to_string();
    assert!(error.contains("tail, log, forks, evidence or meta values"), "{error}");
}
