//! Tests of the keystore. All but one use the protection for throw-away keys, which is the same code.

mod keys;
mod passphrases;

use std::path::Path;

use super::*;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn keystore(folder: &Path) -> Keystore {
    Keystore::open(folder.join("keys")).unwrap()
}

/// A keystore with the key "ada" under the passphrase "right".
fn with_ada(folder: &Path) -> (Keystore, mutua_protocol::keys::SecretKey) {
    let keystore = keystore(folder);
    let key = keystore.create("ada", &passphrase("right"), Protection::ThrowAway).unwrap();
    (keystore, key)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
