//! The keystore: private keys on the disk, each in a file of its own, encrypted with a passphrase.
//!
//! A file says in the open what it is: its label, its public key, and how its secret is
//! encrypted. The secret is encrypted with XChaCha20-Poly1305 under a key that argon2id makes from the
//! passphrase, and what stands in the open is authenticated with it: whoever changes a label or a public key
//! makes the file useless. Files are made with mode 0600 in a folder of mode 0700, whole or not at all, and never over
//! another; a file that others may read is refused until its owner has put that right.
//!
//! A [`Keyring`] is one such file for a whole imported election: its secret is a master seed, from
//! which the seeds of any number of keys follow.

mod envelope;
mod error;
mod files;
mod folder;
mod keyring;
mod lock;
mod passphrase;
#[cfg(test)]
mod tests;

pub use envelope::Protection;
pub use error::KeystoreError;
pub use folder::{KeyInfo, Keystore};
pub use keyring::Keyring;
pub use lock::KeyLock;
pub use passphrase::{PASSPHRASE_VARIABLE, Passphrase};
