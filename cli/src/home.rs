//! The home folder of a node: charter, settings, keys, network identity, token.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use mutua_node::{
    api::types::OwnKey,
    keystore::{Keystore, Passphrase},
    run::{RUNNING, Running},
};
use mutua_protocol::charter::{Charter, Community};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    context::Context,
    failure::{Done, Failure},
    files,
    notify::Notify,
};

/// Greatest size of a settings file, token or identity.
const SMALL_FILE_BYTES: u64 = 64 << 10;

const CHARTER: &str = "charter.json";
const SETTINGS: &str = "node.toml";
const KEYS: &str = "keys";
const STORE: &str = "store";
const IDENTITY: &str = "network.key";
const TOKEN: &str = "api-token";
const AUDITOR_TOKEN: &str = "auditor-token";

/// How a node is run: the file `node.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where to listen for peers.
    pub listen: Vec<String>,
    /// Where to find peers.
    #[serde(default)]
    pub bootstrap: Vec<String>,
    /// Look for peers on the local network?
    #[serde(default = "yes")]
    pub mdns: bool,
    /// Where the local API listens.
    pub api: SocketAddr,
    /// Where auditors are let in to read the log, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auditors: Option<SocketAddr>,
    /// Label of the witness key, on a witness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// How the owner is told what happens, if at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
    /// The store's cache.
    #[serde(default = "usual_cache")]
    pub cache_mib: u64,
}

fn yes() -> bool {
    true
}

fn usual_cache() -> u64 {
    64
}

impl Settings {
    /// What `init` and `join` write where nothing else was said.
    pub(crate) fn usual() -> Self {
        Self {
            listen: vec!["/ip4/0.0.0.0/tcp/4610".to_owned(), "/ip4/0.0.0.0/udp/4610/quic-v1".to_owned()],
            bootstrap: Vec::new(),
            mdns: true,
            api: SocketAddr::from(([127, 0, 0, 1], 4611)),
            auditors: None,
            witness: None,
            notify: None,
            cache_mib: usual_cache(),
        }
    }
}

/// A home folder.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    path: PathBuf,
}

impl Home {
    /// The folder that this call is about; it need not exist.
    ///
    /// # Errors
    /// When none was named and the user has no home folder.
    pub(crate) fn named(context: &Context) -> Done<Self> {
        if let Some(path) = &context.home {
            return Ok(Self::at(path));
        }
        let user = std::env::var_os("HOME").filter(|home| !home.is_empty()).ok_or_else(|| {
            Failure::input("HOME is not set: name the node's home folder with --home DIR or MUTUA_HOME")
        })?;
        Ok(Self::at(Path::new(&user).join(".mutua")))
    }

    /// The folder that this call is about, which must be a node's home.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn existing(context: &Context) -> Done<Self> {
        let home = Self::named(context)?;
        if home.path.join(CHARTER).is_file() {
            return Ok(home);
        }
        Err(Failure::file(
            &home.path,
            "is no node's home (it has no charter.json); make one with 'mutua init' or 'mutua join', or name \
             another folder with --home",
        ))
    }

    /// The home folder at this path.
    pub(crate) fn at(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Nobody's home is made anew.
    ///
    /// # Errors
    /// When it is a home already.
    pub(crate) fn must_be_new(&self) -> Done {
        if self.path.join(CHARTER).exists() {
            return Err(Failure::file(
                &self.path,
                "is a node's home already; choose another folder with --home",
            ));
        }
        Ok(())
    }

    /// Makes the folder with its own network identity and token. Keys that are there stay.
    ///
    /// # Errors
    /// When it is a home already, or cannot be written.
    pub(crate) fn create(&self, charter: &Charter, settings: &Settings) -> Done {
        self.must_be_new()?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(|error| Failure::file(&self.path, format!("cannot be made: {error}")))?;
        let text = toml::to_string(settings)
            .map_err(|error| Failure::input(format!("the settings cannot be written: {error}")))?;
        self.write(SETTINGS, text.as_bytes(), 0o600)?;
        self.write(IDENTITY, hex::encode(random()?.as_slice()).as_bytes(), 0o600)?;
        self.write(TOKEN, hex::encode(random()?.as_slice()).as_bytes(), 0o600)?;
        // The charter comes last: with it, the folder is a home.
        let text = serde_json::to_string_pretty(charter)
            .map_err(|error| Failure::input(format!("the charter cannot be written: {error}")))?;
        self.write(CHARTER, (text + "\n").as_bytes(), 0o644)
    }

    /// Writes a file for its owner's eyes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_secret(&self, name: &str, bytes: &[u8]) -> Done {
        self.write(name, bytes, 0o600)
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Done {
        let path = self.path.join(name);
        let failed = |error| Failure::file(&path, format!("cannot be written: {error}"));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&path)
            .map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// The community.
    ///
    /// # Errors
    /// When the charter cannot be read, or breaks a bound.
    pub(crate) fn community(&self) -> Done<Community> {
        files::read_charter(&self.path.join(CHARTER))
    }

    /// The settings.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn settings(&self) -> Done<Settings> {
        let path = self.path.join(SETTINGS);
        let text = files::read_text(&path, SMALL_FILE_BYTES)?;
        toml::from_str(&text).map_err(|error| Failure::file(&path, error))
    }

    /// The keys.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub(crate) fn keystore(&self) -> Done<Keystore> {
        Keystore::open(self.path.join(KEYS)).map_err(Failure::keys)
    }

    /// The public keys, sorted by label, without those of whole groups.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn own_keys(&self) -> Done<Vec<OwnKey>> {
        let keys = self.keystore()?.list().map_err(Failure::keys)?;
        let single = keys.into_iter().filter(|key| key.keyring.is_none());
        Ok(single.map(|key| OwnKey { label: key.label, key: key.public }).collect())
    }

    /// Has a node run in it?
    pub(crate) fn has_store(&self) -> bool {
        self.path.join(STORE).exists()
    }

    /// The seed of the network identity.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn identity(&self) -> Done<Zeroizing<[u8; 32]>> {
        let path = self.path.join(IDENTITY);
        let text = Zeroizing::new(files::read_text(&path, SMALL_FILE_BYTES)?);
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), seed.as_mut_slice()).map_err(|_| {
            Failure::file(&path, "does not hold 64 hexadecimal digits; remove it and join again")
        })?;
        Ok(seed)
    }

    /// The token of the local API.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn token(&self) -> Done<Zeroizing<String>> {
        let text = Zeroizing::new(files::read_text(&self.path.join(TOKEN), SMALL_FILE_BYTES)?);
        Ok(Zeroizing::new(text.trim().to_owned()))
    }

    /// What auditors have to show. It is made when it is first asked for.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub(crate) fn auditor_token(&self) -> Done<Zeroizing<String>> {
        let path = self.path.join(AUDITOR_TOKEN);
        if !path.exists() {
            return self.new_auditor_token();
        }
        let text = Zeroizing::new(files::read_text(&path, SMALL_FILE_BYTES)?);
        let token = text.trim();
        if token.len() < TOKEN_DIGITS {
            return Err(Failure::file(
                &path,
                "is too short for a token; 'mutua auditor-token --new' makes another one",
            ));
        }
        Ok(Zeroizing::new(token.to_owned()))
    }

    /// Makes another token for auditors, who cannot come in with the old one once the node has been restarted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn new_auditor_token(&self) -> Done<Zeroizing<String>> {
        let token = Zeroizing::new(hex::encode(random()?.as_slice()));
        self.write(AUDITOR_TOKEN, token.as_bytes(), 0o600)?;
        Ok(token)
    }

    /// Where its running node can be reached.
    ///
    /// # Errors
    /// When none is running.
    pub(crate) fn running(&self) -> Done<Running> {
        let path = self.path.join(RUNNING);
        let text = files::read_text(&path, SMALL_FILE_BYTES).map_err(|_| {
            Failure::node(format!("no node is running in {}; start it with 'mutua run'", self.path.display()))
        })?;
        serde_json::from_str(&text).map_err(|error| Failure::file(&path, error))
    }
}

/// Fewest characters of a token: what nobody can guess.
const TOKEN_DIGITS: usize = 32;

/// Thirty-two random bytes.
fn random() -> Done<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| Failure::input(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

/// The passphrase that opens keys: from the file or the variable, else asked for.
///
/// # Errors
/// When there is none, or the file is open to everybody.
pub(crate) fn passphrase(context: &Context, prompt: &str) -> Done<Passphrase> {
    Passphrase::resolve(context.passphrase_file.as_deref(), || rpassword::prompt_password(prompt))
        .map_err(Failure::keys)
}

/// A passphrase for a new key: from the file or the variable, else asked for twice.
///
/// # Errors
/// When there is none, or the two differ.
pub(crate) fn new_passphrase(context: &Context) -> Done<Passphrase> {
    let ask = || twice(|prompt| rpassword::prompt_password(prompt));
    Passphrase::resolve(context.passphrase_file.as_deref(), ask).map_err(Failure::keys)
}

/// A passphrase that takes the place of the present one, which the variable holds: from this file, else asked for twice.
///
/// # Errors
/// When there is none, or the two differ.
pub(crate) fn other_passphrase(file: Option<&Path>) -> Done<Passphrase> {
    match file {
        Some(_) => Passphrase::resolve(file, || Ok(String::new())).map_err(Failure::keys),
        None => {
            twice(|prompt| rpassword::prompt_password(prompt)).map(Passphrase::new).map_err(Failure::keys)
        }
    }
}

/// What is typed twice: with a slip of the finger nobody could unlock the key again.
fn twice(mut ask: impl FnMut(&str) -> std::io::Result<String>) -> std::io::Result<String> {
    let first = Zeroizing::new(ask("New passphrase: ")?);
    if first.is_empty() {
        return Err(std::io::Error::other("the passphrase is empty, and an empty one opens nothing"));
    }
    let again = Zeroizing::new(ask("Once more: ")?);
    if *first == *again {
        Ok(first.to_string())
    } else {
        Err(std::io::Error::other("the two passphrases differ; nothing is changed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_typed_twice_and_says_something() {
        let typed = |words: &'static [&str]| {
            let mut words = words.iter();
            twice(move |_| {
                words.next().map(|word| (*word).to_owned()).ok_or(std::io::ErrorKind::UnexpectedEof.into())
            })
        };
        assert_eq!(typed(&["battery", "battery"]).unwrap(), "battery");
        for wrong in [&["battery", "batery"][..], &["", ""], &["battery", ""], &["battery"], &[]] {
            assert!(typed(wrong).is_err(), "{wrong:?}");
        }
    }
}
