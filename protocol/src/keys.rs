//! Keys and signatures (SPEC section 4).
//!
//! Signing is Ed25519 (RFC 8032) with `ed25519-dalek`. Validity is ZIP-215 with `ed25519-zebra`:
//! the one rule under which checking signatures one by one and in batches always agree, so that
//! two honest nodes cannot differ about one record.

mod batch;

use std::fmt;

use ed25519_dalek::Signer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use batch::{Claim, KnownKeys, verify_batch};

use crate::hash::{ParseHexError, byte_type};

byte_type!(
    /// An Ed25519 public key: who an author, a member or a witness is.
    PublicKey,
    32
);
byte_type!(
    /// An Ed25519 signature.
    Signature,
    64
);

/// What a signature is for. The name stands in front of the signed bytes, so that a signature made
/// for one purpose is void for every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An author signs a record: the message holds the record id.
    Record,
    /// A witness signs a vote: the message holds the canonical bytes of the vote.
    Vote,
    /// A witness signs a proposed seal.
    Proposal,
    /// A successor key agrees to take over: the message holds the community's id and the old key.
    Succession,
    /// A new key agrees to take over from one that is lost, if a registrar confirms it: the message holds the
    /// community's id and the lost key.
    Replacement,
}

impl Purpose {
    /// The bytes in front of the message.
    #[must_use]
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Record => b"mutua 1 signature of a record\0",
            Self::Vote => b"mutua 1 signature of a vote\0",
            Self::Proposal => b"mutua 1 signature of a proposal\0",
            Self::Succession => b"mutua 1 signature of a succession\0",
            Self::Replacement => b"mutua 1 signature of a replacement\0",
        }
    }

    /// The message that is signed.
    #[must_use]
    pub fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.prefix(), bytes].concat()
    }
}

/// A signature that does not hold, or a key that may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The signature is not one of this key over these bytes.
    #[error("the signature does not hold: these bytes were not signed by this key")]
    Signature,
    /// The key is not a point, is written in a non-canonical way, or has small order.
    #[error("the public key is weak or not canonical; make a new one with 'mutua key new'")]
    Weak,
}

impl PublicKey {
    /// Checks that this key may be admitted: a canonical encoding of a point that is not of small order.
    ///
    /// # Errors
    /// [`KeyError::Weak`] otherwise.
    pub fn check_strong(&self) -> Result<(), KeyError> {
        KnownKeys::up_to(0).check_strong(self)
    }

    /// Is this the one way to write its point, if the point is not of small order? Then x is not 0 and has two signs,
    /// and y is written as what it is: below p = 2^255 - 19.
    fn is_canonical(&self) -> bool {
        let [lowest, middle @ .., highest] = &self.0;
        let from_p_on = *lowest >= 0xed && middle.iter().all(|byte| *byte == 0xff) && highest & 0x7f == 0x7f;
        !from_p_on
    }

    /// Checks one signature by ZIP-215.
    ///
    /// # Errors
    /// [`KeyError::Signature`] when it does not hold.
    pub fn verify(&self, purpose: Purpose, bytes: &[u8], signature: &Signature) -> Result<(), KeyError> {
        ed25519_zebra::VerificationKey::try_from(self.0)
            .and_then(|key| key.verify(&signature.0.into(), &purpose.message(bytes)))
            .map_err(|_| KeyError::Signature)
    }
}

/// A private key. It is wiped when dropped, and never printed.
#[derive(Clone)]
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// The key with this secret seed. The caller is responsible for its randomness.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The secret seed, for the keystore alone.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs bytes for a purpose.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(&purpose.message(bytes)).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public().short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_purpose_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signature = key.sign(Purpose::Record, b"x");
        assert_eq!(key.public().verify(Purpose::Record, b"x", &signature), Ok(()));
        assert_eq!(key.public().verify(Purpose::Vote, b"x", &signature), Err(KeyError::Signature));
        assert_eq!(key.public().verify(Purpose::Record, b"y", &signature), Err(KeyError::Signature));
    }

    #[test]
    fn weak_and_non_canonical_keys_are_refused() {
        assert_eq!(SecretKey::from_seed(&[9; 32]).public().check_strong(), Ok(()));
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey(identity).check_strong(), Err(KeyError::Weak));
        assert_eq!(PublicKey([0; 32]).check_strong(), Err(KeyError::Weak));
        // y = p + 3, a second way to write y = 3.
        let mut high = [0xff; 32];
        high[0] = 0xf0;
        high[31] = 0x7f;
        assert_eq!(PublicKey(high).check_strong(), Err(KeyError::Weak));
    }

    #[test]
    fn a_key_is_strong_if_its_point_is_written_in_one_way_and_not_of_small_order() {
        let slow = |key: &PublicKey| {
            let point = ed25519_dalek::VerifyingKey::from_bytes(&key.0).ok();
            point
                .is_some_and(|key_of| !key_of.is_weak() && key_of.to_edwards().compress().to_bytes() == key.0)
        };
        // Everything around zero and around p, with both signs, and others by chance.
        let mut keys: Vec<[u8; 32]> = Vec::new();
        for lowest in 0..=255 {
            for (middle, highest) in [(0xff, 0x7f), (0, 0), (0xff, 0x7e), (0, 0x7f)] {
                let mut key = [middle; 32];
                (key[0], key[31]) = (lowest, highest);
                keys.push(key);
                key[17] ^= 4;
                keys.push(key);
            }
            keys.push(crate::hash::derive("test keys", &[lowest]));
            keys.push(SecretKey::from_seed(&[lowest; 32]).public().0);
        }
        let mut strong = 0;
        for mut key in keys {
            for sign in [0, 0x80] {
                key[31] ^= sign;
                let key = PublicKey(key);
                assert_eq!(key.check_strong().is_ok(), slow(&key), "{key}");
                strong += u32::from(slow(&key));
            }
        }
        assert!(strong > 500, "{strong} strong keys");
    }
}
