//! Writing a node's home folder as `mutua init` and `mutua join` leave it behind.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use mutua_node::keystore::{Keystore, Passphrase, Protection};
use mutua_protocol::{charter::Charter, hash::derive, keys::SecretKey};

use crate::binary::PASSPHRASE;

/// The label under which a witness's key lies in its home.
const WITNESS: &str = "witness";

/// What goes into a home.
pub(crate) struct HomePlan<'a> {
    pub(crate) charter: &'a Charter,
    /// Names the home; the network key follows from it, so that no two are the same.
    pub(crate) name: &'a str,
    pub(crate) listen: &'a [String],
    pub(crate) bootstrap: &'a [String],
    pub(crate) witness: bool,
}

/// Makes the folder of a home, and in it the key of a witness: its charter can only be written once its public
/// key is known.
///
/// # Panics
/// When the folder cannot be written.
pub(crate) fn make(home: &Path, witness: bool) -> Option<SecretKey> {
    fs::DirBuilder::new().mode(0o700).create(home).expect("the test's folder can be written");
    witness.then(|| {
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        Keystore::open(home.join("keys"))
            .and_then(|store| store.create(WITNESS, &passphrase, Protection::ThrowAway))
            .expect("the key can be written")
    })
}

/// Writes what else belongs to a home.
///
/// # Panics
/// When the folder cannot be written.
pub(crate) fn write(home: &Path, plan: &HomePlan<'_>) {
    let charter = serde_json::to_string_pretty(plan.charter).expect("a charter has a JSON form");
    fs::write(home.join("charter.json"), charter).expect("the home can be written");
    write_node_toml(home, plan.listen, plan.bootstrap, plan.witness.then_some(WITNESS));
    let seed = derive("mutua-tests network key", plan.name.as_bytes());
    secret(home, "network.key", &hex::encode(seed));
    let token = derive("mutua-tests api token", plan.name.as_bytes());
    secret(home, "api-token", &hex::encode(token));
}

/// Writes a node's configuration: addresses on loopback, an API on any free port, no multicast.
///
/// # Panics
/// When the home cannot be written.
pub fn write_node_toml(home: &Path, listen: &[String], bootstrap: &[String], witness: Option<&str>) {
    let quoted =
        |items: &[String]| items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "listen = [{}]\nbootstrap = [{}]\nmdns = false\napi = \"127.0.0.1:0\"\ncache_mib = 16\n",
        quoted(listen),
        quoted(bootstrap),
    );
    if let Some(label) = witness {
        text.push_str(&format!("witness = \"{label}\"\n"));
    }
    fs::write(home.join("node.toml"), text).expect("the home can be written");
}

fn secret(home: &Path, name: &str, text: &str) {
    let path = home.join(name);
    fs::write(&path, text).expect("the home can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode can be set");
}
