//! What can go wrong with keys, told to the person who has to act.

use std::{io, path::PathBuf};

/// Why a key cannot be made, found or used.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The passphrase does not open the file, or the file was changed. The two cannot be told apart.
    #[error("the passphrase does not open the key '{label}': it is another key's passphrase, or mistyped, or the file {} was changed", path.display())]
    Passphrase {
        /// The key.
        label: String,
        /// Its file.
        path: PathBuf,
    },
    /// An empty passphrase protects nothing.
    #[error("the passphrase from {0} is empty; give one with at least one character")]
    EmptyPassphrase(&'static str),
    /// Nobody gave a passphrase.
    #[error(
        "no passphrase: {0}; set MUTUA_PASSPHRASE, name a file with --passphrase-file, or run this in a terminal"
    )]
    NoPassphrase(String),
    /// Others may read what only the owner should.
    #[error("others may read {} (its mode is {mode:03o}): protect it with 'chmod {wanted:03o} {}', and think about replacing what it protects", path.display(), path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// The mode it has.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
    /// A key of this label is there already.
    #[error("there is a key '{label}' already, in {}; choose another label: a key is never overwritten", path.display())]
    Exists {
        /// The label.
        label: String,
        /// Its file.
        path: PathBuf,
    },
    /// No key of this name.
    #[error("no key '{name}' in {}; 'mutua key list' shows those there are", path.display())]
    Unknown {
        /// What was asked for.
        name: String,
        /// The folder.
        path: PathBuf,
    },
    /// Several keys begin so.
    #[error("'{name}' is the beginning of several public keys ({}); give more digits, or the label", labels.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The labels of the keys that fit.
        labels: Vec<String>,
    },
    /// A label that cannot be a file's name.
    #[error(
        "'{0}' cannot be a label: use 1 to 64 of the characters a-z, 0-9, '-' and '_', beginning with a letter or digit"
    )]
    Label(String),
    /// The file is not one of ours, or not whole.
    #[error("{} is not a key file that can be read: {why}; restore it from a backup", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A keyring has fewer keys than that.
    #[error("the keyring '{label}' has {count} keys, numbered from 0: there is no key {index}")]
    NoSuchIndex {
        /// The keyring.
        label: String,
        /// How many keys it has.
        count: u64,
        /// The number asked for.
        index: u64,
    },
    /// Another process signs with the key.
    #[error("another mutua process is signing with the key '{0}'; wait until it has finished, and try again")]
    Busy(String),
    /// The system has no randomness, or too little memory.
    #[error("the key cannot be {doing}: {why}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be {doing}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl KeystoreError {
    pub(super) fn io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.into(), doing, source }
    }

    pub(super) fn unreadable(path: impl Into<PathBuf>, why: impl ToString) -> Self {
        Self::Unreadable { path: path.into(), why: why.to_string() }
    }
}
