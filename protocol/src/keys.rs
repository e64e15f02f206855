//! Keys and signatures (SPEC section 4).
//!
//! Signing is Ed25519 (RFC 8032) with `ed25519-dalek`. Validity is ZIP-215 with `ed25519-zebra`:
//! the one rule under which checking signatures one by one and in batches always agree, so that
//! two honest nodes cannot differ about one record.

use std::{convert::Infallible, fmt};

use ed25519_dalek::Signer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hash::{ParseHexError, byte_type, context};

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
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::Weak)?;
        if key.is_weak() || !self.is_canonical() { Err(KeyError::Weak) } else { Ok(()) }
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

/// One signature to be checked with others.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Whose signature it is said to be.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
    /// The signed message, with its prefix ([`Purpose::message`]).
    pub message: Vec<u8>,
}

/// Checks many signatures at once. On success all of them hold, and each would hold alone.
///
/// The weights of the batch equation come from a hash of the whole batch, so that nobody who makes
/// a signature can choose them, and a check that is repeated gives the same answer.
///
/// # Errors
/// The positions of the signatures that do not hold.
pub fn verify_batch(claims: &[Claim]) -> Result<(), Vec<usize>> {
    let mut weights = blake3::Hasher::new_derive_key(context::BATCH);
    let mut verifier = ed25519_zebra::batch::Verifier::new();
    for claim in claims {
        weights.update(&claim.key.0);
        weights.update(&claim.signature.0);
        weights.update(blake3::hash(&claim.message).as_bytes());
        let signature = ed25519_zebra::Signature::from(claim.signature.0);
        let key = ed25519_zebra::VerificationKeyBytes::from(claim.key.0);
        verifier.queue((key, signature, &claim.message[..]));
    }
    if verifier.verify(Weights(weights.finalize_xof())).is_ok() {
        return Ok(());
    }
    let bad: Vec<usize> = claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| {
            ed25519_zebra::VerificationKey::try_from(claim.key.0)
                .and_then(|key| key.verify(&claim.signature.0.into(), &claim.message))
                .is_err()
        })
        .map(|(position, _)| position)
        .collect();
    if bad.is_empty() { Ok(()) } else { Err(bad) }
}

/// The stream of weights for a batch equation.
struct Weights(blake3::OutputReader);

impl rand_core::TryRng for Weights {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Weights {}

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

    fn claim(seed: u8, text: &[u8]) -> Claim {
        let key = SecretKey::from_seed(&[seed; 32]);
        Claim {
            key: key.public(),
            signature: key.sign(Purpose::Record, text),
            message: Purpose::Record.message(text),
        }
    }

    #[test]
    fn a_signature_holds_for_its_purpose_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signature = key.sign(Purpose::Record, b"x");
        assert_eq!(key.public().verify(Purpose::Record, b"x", &signature), Ok(()));
        assert_eq!(key.public().verify(Purpose::Vote, b"x", &signature), Err(KeyError::Signature));
        assert_eq!(key.public().verify(Purpose::Record, b"y", &signature), Err(KeyError::Signature));
    }

    #[test]
    fn a_batch_names_the_bad_ones() {
        let mut claims: Vec<Claim> = (0..20).map(|seed| claim(seed, &[seed])).collect();
        assert_eq!(verify_batch(&claims), Ok(()));
        claims[3].signature.0[5] ^= 1;
        claims[17].message.push(0);
        assert_eq!(verify_batch(&claims), Err(vec![3, 17]));
        assert_eq!(verify_batch(&[]), Ok(()));
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

    /// A signature whose R has a torsion part splits implementations that check without the
    /// cofactor; here one by one and in a batch must agree.
    #[test]
    fn single_and_batch_agree_on_torsion() {
        // The point of order two, (0, -1).
        let mut torsion = [0xff; 32];
        torsion[0] = 0xec;
        torsion[31] = 0x7f;
        let key = PublicKey(torsion);
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&torsion);
        let signature = Signature(bytes);
        let claim = Claim { key, signature, message: Purpose::Record.message(b"any") };
        let alone = key.verify(Purpose::Record, b"any", &signature).is_ok();
        assert_eq!(verify_batch(&vec![claim; 8]).is_ok(), alone);
    }
}
