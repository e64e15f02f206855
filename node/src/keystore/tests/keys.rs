//! Making, finding, unlocking and protecting keys.

use std::{fs, sync::Barrier, time::Duration};

use serde_json::{Value, json};

use super::*;

#[test]
fn a_key_is_unlocked_by_label_and_by_the_beginning_of_its_public_key() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, key) = with_ada(folder.path());
    let hex = key.public().to_string();
    for name in ["ada", &hex, &hex[..4], &hex.to_ascii_uppercase()] {
        assert_eq!(keystore.unlock(name, &passphrase("right")).unwrap().seed(), key.seed(), "{name}");
    }
    for name in ["bob", "", &hex[..3], "../ada", "Ada"] {
        let result = keystore.unlock(name, &passphrase("right"));
        assert!(matches!(result, Err(KeystoreError::Unknown { .. })), "{name}");
    }
    let list = keystore.list().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((&*list[0].label, list[0].public, list[0].throw_away), ("ada", key.public(), true));
}

#[test]
fn a_key_of_full_protection_opens_and_its_file_says_how_it_is_protected() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = keystore(folder.path());
    let key = keystore.create("board", &passphrase("right"), Protection::Strong).unwrap();
    assert_eq!(keystore.unlock("board", &passphrase("right")).unwrap().public(), key.public());
    let file: Value =
        serde_json::from_slice(&fs::read(folder.path().join("keys/board.key")).unwrap()).unwrap();
    let kdf = json!({ "name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 1 });
    assert_eq!((&file["kdf"], &file["throw_away"]), (&kdf, &json!(false)));
    assert_eq!(file["public"], json!(key.public().to_string()));
}

#[test]
fn a_wrong_passphrase_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, _) = with_ada(folder.path());
    let error = keystore.unlock("ada", &passphrase("wrong")).unwrap_err();
    assert!(matches!(error, KeystoreError::Passphrase { .. }), "{error}");
    assert!(error.to_string().contains("does not open the key 'ada'"), "{error}");
}

#[test]
fn files_are_private_and_others_are_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, _) = with_ada(folder.path());
    let keys = folder.path().join("keys");
    let file = keys.join("ada.key");
    assert_eq!((mode(&keys), mode(&file)), (0o700, 0o600));
    for wrong in [0o640, 0o604, 0o644, 0o660] {
        set_mode(&file, wrong);
        let error = keystore.unlock("ada", &passphrase("right")).unwrap_err();
        assert!(matches!(error, KeystoreError::Exposed { mode, .. } if mode == wrong), "{error}");
        assert!(error.to_string().contains(&format!("chmod 600 {}", file.display())), "{error}");
        assert!(matches!(keystore.list(), Err(KeystoreError::Exposed { .. })));
    }
    set_mode(&file, 0o400);
    keystore.unlock("ada", &passphrase("right")).unwrap();
    set_mode(&keys, 0o755);
    let error = Keystore::open(&keys).unwrap_err().to_string();
    assert!(error.contains("chmod 700"), "{error}");
}

#[test]
fn every_change_of_a_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, _) = with_ada(folder.path());
    let path = folder.path().join("keys/ada.key");
    let original: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let changes = [
        ("version", json!(2)),
        ("kind", json!("keyring")),
        ("label", json!("bob")),
        ("public", json!("00".repeat(32))),
        ("throw_away", json!(false)),
        ("kdf", json!({ "name": "argon2id", "memory_kib": 65, "passes": 1, "lanes": 1 })),
        ("kdf", json!({ "name": "argon2id", "memory_kib": u32::MAX, "passes": 1, "lanes": 1 })),
        ("kdf", json!({ "name": "argon2id", "memory_kib": 0, "passes": 0, "lanes": 0 })),
        ("kdf", json!({ "name": "none" })),
        ("salt", json!("00".repeat(16))),
        ("salt", json!("00")),
        ("nonce", json!("00".repeat(24))),
        ("ciphertext", json!("00".repeat(48))),
        ("ciphertext", json!("")),
    ];
    for (field, value) in changes {
        let mut changed = original.clone();
        changed[field] = value;
        fs::write(&path, serde_json::to_vec(&changed).unwrap()).unwrap();
        assert!(keystore.unlock("ada", &passphrase("right")).is_err(), "{field}");
    }
    fs::write(&path, serde_json::to_vec(&original).unwrap()).unwrap();
    keystore.unlock("ada", &passphrase("right")).unwrap();
}

#[test]
fn a_truncated_or_foreign_file_is_told_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, _) = with_ada(folder.path());
    let path = folder.path().join("keys/ada.key");
    let original = fs::read(&path).unwrap();
    // Only the line's end may be missing.
    for length in 0..original.len() - 1 {
        fs::write(&path, &original[..length]).unwrap();
        let error = keystore.unlock("ada", &passphrase("right")).unwrap_err();
        assert!(matches!(error, KeystoreError::Unreadable { .. }), "{length}: {error}");
    }
    for foreign in [vec![0xff; 100], b"[]".to_vec(), vec![b' '; 100_000]] {
        fs::write(&path, foreign).unwrap();
        assert!(matches!(keystore.list(), Err(KeystoreError::Unreadable { .. })));
    }
}

#[test]
fn a_key_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, key) = with_ada(folder.path());
    let again = keystore.create("ada", &passphrase("other"), Protection::ThrowAway);
    assert!(matches!(again, Err(KeystoreError::Exists { .. })));
    assert_eq!(keystore.unlock("ada", &passphrase("right")).unwrap().seed(), key.seed());
    // Nor when many try at once.
    let barrier = Barrier::new(8);
    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    keystore.create("bob", &passphrase("right"), Protection::ThrowAway).ok()
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.len(), 1);
    assert_eq!(keystore.unlock("bob", &passphrase("right")).unwrap().seed(), made[0].seed());
}

#[test]
fn what_a_crash_left_of_a_new_key_is_not_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = keystore(folder.path());
    fs::write(folder.path().join("keys/ada.key.new"), "half").unwrap();
    assert_eq!(keystore.list().unwrap(), []);
    keystore.create("ada", &passphrase("right"), Protection::ThrowAway).unwrap();
    assert!(!folder.path().join("keys/ada.key.new").exists());
}

#[test]
fn labels_that_are_no_file_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = keystore(folder.path());
    for label in ["", ".", "../x", "a/b", "A", "-a", "ä", "a b", &"x".repeat(65)] {
        let result = keystore.create(label, &passphrase("x"), Protection::ThrowAway);
        assert!(matches!(result, Err(KeystoreError::Label(_))), "{label}");
    }
}

#[test]
fn a_changed_passphrase_replaces_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, key) = with_ada(folder.path());
    assert!(keystore.change_passphrase("ada", &passphrase("wrong"), &passphrase("new")).is_err());
    keystore.change_passphrase("ada", &passphrase("right"), &passphrase("new")).unwrap();
    assert!(keystore.unlock("ada", &passphrase("right")).is_err());
    assert_eq!(keystore.unlock("ada", &passphrase("new")).unwrap().seed(), key.seed());
    assert_eq!(mode(&folder.path().join("keys/ada.key")), 0o600);
    assert!(keystore.list().unwrap()[0].throw_away);
}

#[test]
fn a_beginning_that_fits_two_keys_is_ambiguous() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, key) = with_ada(folder.path());
    let keys = folder.path().join("keys");
    let mut copy: Value = serde_json::from_slice(&fs::read(keys.join("ada.key")).unwrap()).unwrap();
    copy["label"] = json!("bob");
    fs::write(keys.join("bob.key"), serde_json::to_vec(&copy).unwrap()).unwrap();
    set_mode(&keys.join("bob.key"), 0o600);
    let error = keystore.find(&key.public().to_string()[..8]).unwrap_err();
    assert!(matches!(&error, KeystoreError::Ambiguous { labels, .. } if labels.len() == 2), "{error}");
}

#[test]
fn a_keyring_has_the_same_keys_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = keystore(folder.path());
    let made = keystore.create_keyring("voters", 1000, &passphrase("right"), Protection::ThrowAway).unwrap();
    let publics: Vec<_> = made.publics().collect();
    let opened = keystore.unlock_keyring("voters", &passphrase("right")).unwrap();
    assert_eq!(opened.count(), 1000);
    assert_eq!(opened.publics().collect::<Vec<_>>(), publics);
    assert_eq!(opened.key(999).unwrap().public(), publics[999]);
    assert!(matches!(opened.key(1000), Err(KeystoreError::NoSuchIndex { .. })));
    assert_eq!(publics.iter().collect::<std::collections::BTreeSet<_>>().len(), 1000);
    let info = keystore.find("voters").unwrap();
    assert_eq!((info.keyring, info.public), (Some(1000), publics[0]));
    assert!(keystore.unlock("voters", &passphrase("right")).is_err());
    keystore.change_passphrase("voters", &passphrase("right"), &passphrase("new")).unwrap();
    let opened = keystore.unlock_keyring("voters", &passphrase("new")).unwrap();
    assert_eq!(opened.key(7).unwrap().public(), publics[7]);
}

#[test]
fn two_do_not_sign_with_one_key_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (keystore, _) = with_ada(folder.path());
    keystore.create("bob", &passphrase("right"), Protection::ThrowAway).unwrap();
    let lock = keystore.lock("ada", Duration::ZERO).unwrap();
    let error = keystore.lock("ada", Duration::from_millis(20)).unwrap_err();
    assert!(error.to_string().contains("another mutua process is signing with the key 'ada'"), "{error}");
    let _bobs = keystore.lock("bob", Duration::ZERO).unwrap();
    // A changed passphrase makes another file, and the lock is still the same one.
    keystore.change_passphrase("ada", &passphrase("right"), &passphrase("new")).unwrap();
    assert!(keystore.lock("ada", Duration::ZERO).is_err());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| keystore.lock("ada", Duration::from_secs(30)));
        std::thread::sleep(Duration::from_millis(50));
        drop(lock);
        let _ = waiting.join().unwrap().unwrap();
    });
}

#[test]
#[ignore = "a measurement"]
fn measure_protection() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = keystore(folder.path());
    for (label, protection) in [("strong", Protection::Strong), ("throw-away", Protection::ThrowAway)] {
        keystore.create(label, &passphrase("right"), protection).unwrap();
        let start = std::time::Instant::now();
        keystore.unlock(label, &passphrase("right")).unwrap();
        println!("{label}: unlocked in {:?}", start.elapsed());
    }
    let keyring =
        keystore.create_keyring("voters", 50_000, &passphrase("right"), Protection::ThrowAway).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(keyring.publics().count(), 50_000);
    println!("50,000 public keys of a keyring in {:?}", start.elapsed());
}
