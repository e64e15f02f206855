//! The folder of keys.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use mutua_protocol::keys::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use super::{
    KeyLock, Keyring, KeystoreError, Passphrase, Protection,
    envelope::{Envelope, Kind, Secret, fill_random},
    files,
    keyring::derive,
};

/// What a key file's name ends with.
const EXTENSION: &str = "key";

/// The lock of the folder.
const FOLDER_LOCK: &str = ".lock";

/// How long to wait for another process that makes a key: unlocking takes it less than a second.
const FOLDER_WAIT: Duration = Duration::from_secs(30);

/// Fewest digits that stand for a public key.
const PREFIX_DIGITS: usize = 4;

/// What a key file says in the open. It is authentic once the key was unlocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// What people call it.
    pub label: String,
    /// The public key; of a keyring, that of its first key.
    pub public: PublicKey,
    /// For a keyring, how many keys it has; none for a single key.
    pub keyring: Option<u64>,
    /// Made with [`Protection::ThrowAway`].
    pub throw_away: bool,
}

/// A folder with private keys, each in a file named after its label.
#[derive(Debug, Clone)]
pub struct Keystore {
    path: PathBuf,
}

impl Keystore {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// # Errors
    /// [`KeystoreError::Exposed`] when others may look into it, and others when it cannot be made.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KeystoreError> {
        files::private_folder(path.as_ref())?;
        Ok(Self { path: path.as_ref().to_path_buf() })
    }

    /// Makes a new key with randomness from the system, and returns it unlocked.
    ///
    /// # Errors
    /// [`KeystoreError::Exists`], [`KeystoreError::Label`], and others when it cannot be written.
    pub fn create(
        &self,
        label: &str,
        passphrase: &Passphrase,
        protection: Protection,
    ) -> Result<SecretKey, KeystoreError> {
        let seed = random_secret()?;
        let key = SecretKey::from_seed(&seed);
        self.add(Kind::Key, label, key.public(), &seed, passphrase, protection)?;
        Ok(key)
    }

    /// Makes a new keyring with this many keys, and returns it unlocked.
    ///
    /// # Errors
    /// As for [`Keystore::create`].
    pub fn create_keyring(
        &self,
        label: &str,
        count: u64,
        passphrase: &Passphrase,
        protection: Protection,
    ) -> Result<Keyring, KeystoreError> {
        let master = random_secret()?;
        let public = derive(&master, 0).public();
        self.add(Kind::Keyring { count }, label, public, &master, passphrase, protection)?;
        Ok(Keyring { label: label.to_owned(), count, master })
    }

    /// The keys and keyrings in the folder, by label.
    ///
    /// # Errors
    /// The first file that cannot be read, or that others may read.
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeystoreError> {
        let failed = |error| KeystoreError::io(&self.path, "listed", error);
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                keys.push(info(&self.read(&path)?));
            }
        }
        keys.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(keys)
    }

    /// What is known of a key without its passphrase, by its label or the first digits (four at least) of its public key.
    ///
    /// # Errors
    /// [`KeystoreError::Unknown`], [`KeystoreError::Ambiguous`], and those of reading.
    pub fn find(&self, name: &str) -> Result<KeyInfo, KeystoreError> {
        let keys = self.list()?;
        if let Some(key) = keys.iter().find(|key| key.label == name) {
            return Ok(key.clone());
        }
        let digits = name.to_ascii_lowercase();
        let mut fit: Vec<KeyInfo> = keys
            .into_iter()
            .filter(|key| digits.len() >= PREFIX_DIGITS && key.public.to_string().starts_with(&digits))
            .collect();
        match (fit.pop(), fit.is_empty()) {
            (Some(key), true) => Ok(key),
            (None, _) => Err(KeystoreError::Unknown { name: name.to_owned(), path: self.path.clone() }),
            (Some(last), false) => {
                fit.push(last);
                let labels = fit.into_iter().map(|key| key.label).collect();
                Err(KeystoreError::Ambiguous { name: name.to_owned(), labels })
            }
        }
    }

    /// Unlocks a key, by its label or the first digits (four at least) of its public key.
    ///
    /// # Errors
    /// [`KeystoreError::Passphrase`] when the passphrase does not open it, and those of [`Keystore::find`].
    pub fn unlock(&self, name: &str, passphrase: &Passphrase) -> Result<SecretKey, KeystoreError> {
        let (path, envelope) = self.envelope(name)?;
        if envelope.header.kind != Kind::Key {
            return Err(KeystoreError::unreadable(path, "it is a keyring, and a single key was asked for"));
        }
        let key = SecretKey::from_seed(&*envelope.open(passphrase, &path)?);
        if key.public() != envelope.header.public {
            return Err(KeystoreError::unreadable(path, "its secret is not that of its public key"));
        }
        Ok(key)
    }

    /// Unlocks a keyring.
    ///
    /// # Errors
    /// As for [`Keystore::unlock`].
    pub fn unlock_keyring(&self, name: &str, passphrase: &Passphrase) -> Result<Keyring, KeystoreError> {
        let (path, envelope) = self.envelope(name)?;
        let Kind::Keyring { count } = envelope.header.kind else {
            return Err(KeystoreError::unreadable(path, "it is a single key, and a keyring was asked for"));
        };
        let master = envelope.open(passphrase, &path)?;
        Ok(Keyring { label: envelope.header.label, count, master })
    }

    /// Encrypts a key or a keyring anew. A crash leaves the file as it was or as it becomes.
    ///
    /// # Errors
    /// As for [`Keystore::unlock`], and those of writing.
    pub fn change_passphrase(
        &self,
        name: &str,
        old: &Passphrase,
        new: &Passphrase,
    ) -> Result<(), KeystoreError> {
        let _lock = self.lock_folder()?;
        let (path, envelope) = self.envelope(name)?;
        let secret = envelope.open(old, &path)?;
        let protection = envelope.protection();
        let header = envelope.header;
        let changed = Envelope::seal(header.kind, &header.label, header.public, &secret, new, protection)?;
        files::write_private(&path, &changed.to_json())
    }

    /// Takes the right to sign with a key, waiting for another process as long as this. For a keyring it covers
    /// all its keys.
    ///
    /// # Errors
    /// [`KeystoreError::Busy`] when the other does not finish, and those of [`Keystore::find`].
    pub fn lock(&self, name: &str, wait: Duration) -> Result<KeyLock, KeystoreError> {
        let label = self.find(name)?.label;
        KeyLock::take(&self.path.join(format!("{label}.lock")), &label, wait)
    }

    fn add(
        &self,
        kind: Kind,
        label: &str,
        public: PublicKey,
        secret: &Secret,
        passphrase: &Passphrase,
        protection: Protection,
    ) -> Result<(), KeystoreError> {
        check_label(label)?;
        let path = self.file(label);
        let exists = || KeystoreError::Exists { label: label.to_owned(), path: path.clone() };
        // Before the passphrase costs its time, and again when nobody else can make the file.
        if path.exists() {
            return Err(exists());
        }
        let envelope = Envelope::seal(kind, label, public, secret, passphrase, protection)?;
        let _lock = self.lock_folder()?;
        if fs::symlink_metadata(&path).is_ok() {
            return Err(exists());
        }
        files::write_private(&path, &envelope.to_json())
    }

    fn envelope(&self, name: &str) -> Result<(PathBuf, Envelope), KeystoreError> {
        // A label is its file's name: another file that is broken does not matter.
        let path = match check_label(name) {
            Ok(()) if self.file(name).exists() => self.file(name),
            _ => self.file(&self.find(name)?.label),
        };
        let envelope = self.read(&path)?;
        Ok((path, envelope))
    }

    fn read(&self, path: &Path) -> Result<Envelope, KeystoreError> {
        let envelope = Envelope::from_json(&files::read_private(path)?, path)?;
        if self.file(&envelope.header.label) != path {
            let why = format!("it holds the key '{}', and its name is another", envelope.header.label);
            return Err(KeystoreError::unreadable(path, why));
        }
        Ok(envelope)
    }

    fn file(&self, label: &str) -> PathBuf {
        self.path.join(format!("{label}.{EXTENSION}"))
    }

    fn lock_folder(&self) -> Result<KeyLock, KeystoreError> {
        KeyLock::take(&self.path.join(FOLDER_LOCK), "(any)", FOLDER_WAIT)
    }
}

fn info(envelope: &Envelope) -> KeyInfo {
    let header = &envelope.header;
    let keyring = match header.kind {
        Kind::Key => None,
        Kind::Keyring { count } => Some(count),
    };
    KeyInfo { label: header.label.clone(), public: header.public, keyring, throw_away: header.throw_away }
}

fn random_secret() -> Result<Secret, KeystoreError> {
    let mut secret = Zeroizing::new([0; 32]);
    fill_random(&mut secret[..])?;
    Ok(secret)
}

/// A label is part of a file's name, on systems that tell capitals apart and on those that do not.
fn check_label(label: &str) -> Result<(), KeystoreError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    let first = label.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if first && label.len() <= 64 && label.bytes().all(fits) {
        Ok(())
    } else {
        Err(KeystoreError::Label(label.to_owned()))
    }
}
