//! Many keys under one passphrase.

use mutua_protocol::keys::{PublicKey, SecretKey};
use zeroize::{Zeroize, Zeroizing};

use super::{KeystoreError, envelope::Secret};

/// The keys of an imported election: tens of thousands of voters, one file, one passphrase. Key `index` has the
/// seed BLAKE3-derive-key("mutua 1 keyring seed", master seed, index as 8 big-endian bytes).
pub struct Keyring {
    pub(super) label: String,
    pub(super) count: u64,
    pub(super) master: Secret,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} of {} keys)", self.label, self.count)
    }
}

impl Keyring {
    /// How many keys it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The key with this number, from 0.
    ///
    /// # Errors
    /// [`KeystoreError::NoSuchIndex`] past the last.
    pub fn key(&self, index: u64) -> Result<SecretKey, KeystoreError> {
        if index >= self.count {
            let label = self.label.clone();
            return Err(KeystoreError::NoSuchIndex { label, count: self.count, index });
        }
        Ok(derive(&self.master, index))
    }

    /// The public keys, in order of their numbers.
    pub fn publics(&self) -> impl Iterator<Item = PublicKey> + '_ {
        (0..self.count).map(|index| derive(&self.master, index).public())
    }
}

/// The key with this number under this master seed.
pub(super) fn derive(master: &Secret, index: u64) -> SecretKey {
    let mut hasher = blake3::Hasher::new_derive_key("mutua 1 keyring seed");
    hasher.update(&master[..]).update(&index.to_be_bytes());
    let mut seed = Zeroizing::new([0; 32]);
    hasher.finalize_xof().fill(&mut seed[..]);
    hasher.zeroize();
    SecretKey::from_seed(&seed)
}
