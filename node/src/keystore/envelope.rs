//! A secret of 32 bytes in a file: argon2id, XChaCha20-Poly1305, JSON.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use mutua_protocol::keys::PublicKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeystoreError, Passphrase};

/// A secret: the seed of a key, or the master seed of a keyring.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// The number of this form of file.
const VERSION: u32 = 1;

/// Most memory that a file may ask for, in KiB: a file from elsewhere must not exhaust the machine.
const MEMORY_KIB: u32 = 1 << 20;

/// Most passes and lanes that a file may ask for.
const PASSES: u32 = 16;

/// How dear each guess at a passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// argon2id with 64 MiB, 3 passes and 1 lane: the memory and passes of the second choice of RFC 9106
    /// (section 4), on one core. A sixth of a second or so.
    Strong,
    /// Next to nothing, and the file says so: for the throw-away voters of demonstrations and imported
    /// elections, never for a key that somebody stands behind.
    ThrowAway,
}

impl Protection {
    const fn kdf(self) -> Kdf {
        match self {
            Self::Strong => Kdf { name: KdfName::Argon2id, memory_kib: 64 << 10, passes: 3, lanes: 1 },
            Self::ThrowAway => Kdf { name: KdfName::Argon2id, memory_kib: 64, passes: 1, lanes: 1 },
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Kind {
    /// The seed of one key.
    Key,
    /// A master seed for this many keys. The public key is that of key 0.
    Keyring {
        /// How many.
        count: u64,
    },
}

/// How the passphrase becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kdf {
    name: KdfName,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KdfName {
    Argon2id,
}

/// What stands in the open. All of it is authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    #[serde(flatten)]
    pub kind: Kind,
    pub label: String,
    pub public: PublicKey,
    /// Made with [`Protection::ThrowAway`].
    pub throw_away: bool,
    kdf: Kdf,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    #[serde(with = "hex::serde")]
    nonce: [u8; 24],
}

/// A key file: a header and the encrypted secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Envelope {
    #[serde(flatten)]
    pub header: Header,
    #[serde(with = "hex::serde")]
    ciphertext: Vec<u8>,
}

impl Envelope {
    /// Encrypts a secret, with a new salt and a new nonce.
    pub(super) fn seal(
        kind: Kind,
        label: &str,
        public: PublicKey,
        secret: &Secret,
        passphrase: &Passphrase,
        protection: Protection,
    ) -> Result<Self, KeystoreError> {
        let mut header = Header {
            version: VERSION,
            kind,
            label: label.to_owned(),
            public,
            throw_away: protection == Protection::ThrowAway,
            kdf: protection.kdf(),
            salt: [0; 16],
            nonce: [0; 24],
        };
        fill_random(&mut header.salt)?;
        fill_random(&mut header.nonce)?;
        let payload = Payload { msg: &secret[..], aad: &header.bytes() };
        let ciphertext = header
            .cipher(passphrase)?
            .encrypt(&XNonce::from(header.nonce), payload)
            .map_err(|error| KeystoreError::System { doing: "encrypted", why: error.to_string() })?;
        Ok(Self { header, ciphertext })
    }

    /// Decrypts the secret.
    pub(super) fn open(&self, passphrase: &Passphrase, path: &Path) -> Result<Secret, KeystoreError> {
        let payload = Payload { msg: &self.ciphertext, aad: &self.header.bytes() };
        let wrong =
            || KeystoreError::Passphrase { label: self.header.label.clone(), path: path.to_path_buf() };
        let secret = self
            .header
            .cipher(passphrase)?
            .decrypt(&XNonce::from(self.header.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| wrong())?;
        let secret: &[u8; 32] = secret
            .as_slice()
            .try_into()
            .map_err(|_| KeystoreError::unreadable(path, "its secret has another length"))?;
        Ok(Zeroizing::new(*secret))
    }

    /// The protection that it was made with.
    pub(super) fn protection(&self) -> Protection {
        if self.header.throw_away { Protection::ThrowAway } else { Protection::Strong }
    }

    /// The file's text.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut text =
            serde_json::to_vec_pretty(self).expect("a key file has only fields that JSON can write");
        text.push(b'\n');
        text
    }

    /// Reads a file's text. Nothing in it is authentic before [`Envelope::open`].
    pub(super) fn from_json(bytes: &[u8], path: &Path) -> Result<Self, KeystoreError> {
        let envelope: Self =
            serde_json::from_slice(bytes).map_err(|error| KeystoreError::unreadable(path, error))?;
        let Header { version, kdf, .. } = &envelope.header;
        if *version != VERSION {
            let why = format!("its version is {version}, and this mutua reads {VERSION}");
            return Err(KeystoreError::unreadable(path, why));
        }
        if kdf.memory_kib > MEMORY_KIB || kdf.passes > PASSES || kdf.lanes > PASSES {
            return Err(KeystoreError::unreadable(path, "it asks for more memory or time than any of ours"));
        }
        Ok(envelope)
    }
}

impl Header {
    /// The bytes that are authenticated: the header as JSON, in the order of its fields.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"mutua 1 key file\0".to_vec();
        serde_json::to_writer(&mut bytes, self).expect("a header has only fields that JSON can write");
        bytes
    }

    fn cipher(&self, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, KeystoreError> {
        let failed =
            |error: argon2::Error| KeystoreError::System { doing: "unlocked", why: error.to_string() };
        let params =
            Params::new(self.kdf.memory_kib, self.kdf.passes, self.kdf.lanes, Some(32)).map_err(failed)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.bytes(), &self.salt, &mut key[..])
            .map_err(failed)?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }
}

/// Fills bytes with randomness from the system.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), KeystoreError> {
    getrandom::fill(bytes)
        .map_err(|error| KeystoreError::System { doing: "made without randomness", why: error.to_string() })
}
