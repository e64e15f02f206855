//! Signatures checked many at a time, by ZIP-215 (SPEC section 4).
//!
//! With S, R and h of each signature, its key A and a weight z of 128 bits that nobody can choose, all of them hold if
//! `8·(Σ z·R + Σ z·h·A − Σ z·S·B) = 0`: one sum of many products, which costs far less than one after the other. `R`
//! is read from the signature by ZIP-215, as `A` is from the key: to find the point behind 32 bytes takes a good part
//! of a check, and members sign often. So points of keys can be kept ([`KnownKeys`]).

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    iter::once,
    sync::{PoisonError, RwLock},
};

use curve25519_dalek::{
    EdwardsPoint, Scalar,
    constants::ED25519_BASEPOINT_POINT,
    edwards::CompressedEdwardsY,
    traits::{IsIdentity, VartimeMultiscalarMul},
};
use sha2::{Digest, Sha512};

use super::{KeyError, PublicKey, Signature};
use crate::hash::context;

/// One signature to be checked with others.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Whose signature it is said to be.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
    /// The signed message, with its prefix ([`Purpose::message`](super::Purpose::message)).
    pub message: Vec<u8>,
}

impl Claim {
    fn r(&self) -> CompressedEdwardsY {
        CompressedEdwardsY(self.signature.halves().0)
    }

    fn holds_alone(&self) -> bool {
        ed25519_zebra::VerificationKey::try_from(self.key.0)
            .is_ok_and(|key| key.verify(&self.signature.0.into(), &self.message).is_ok())
    }
}

impl Signature {
    /// R and S.
    fn halves(&self) -> ([u8; 32], [u8; 32]) {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&self.0[..32]);
        s.copy_from_slice(&self.0[32..]);
        (r, s)
    }
}

/// Checks many signatures at once. On success all of them hold, and each would hold alone.
///
/// The weights of the batch equation come from a hash of the whole batch, so that nobody who makes
/// a signature can choose them, and a check that is repeated gives the same answer.
///
/// # Errors
/// The positions of the signatures that do not hold.
pub fn verify_batch(claims: &[Claim]) -> Result<(), Vec<usize>> {
    KnownKeys::up_to(0).verify_batch(claims)
}

/// The points of keys that were admitted or with which signatures have held, for those who check many signatures of the
/// same authors. What holds does not depend on it.
#[derive(Debug)]
pub struct KnownKeys {
    points: RwLock<BTreeMap<PublicKey, EdwardsPoint>>,
    most: usize,
}

impl KnownKeys {
    /// Room for the points of this many keys, which takes about 250 bytes for each. The first ones stay: a log in which
    /// more members vote, each in turn, would find none of those that were pushed out.
    #[must_use]
    pub const fn up_to(most: usize) -> Self {
        Self { points: RwLock::new(BTreeMap::new()), most }
    }

    /// As [`verify_batch`].
    ///
    /// # Errors
    /// The positions of the signatures that do not hold.
    pub fn verify_batch(&self, claims: &[Claim]) -> Result<(), Vec<usize>> {
        if self.hold_together(claims) {
            return Ok(());
        }
        let alone = claims.iter().enumerate().filter(|(_, claim)| !claim.holds_alone());
        let bad: Vec<usize> = alone.map(|(position, _)| position).collect();
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }

    /// Does the equation hold? If each signature holds, it does; if one does not, it does with a probability of 1 in 2^128.
    fn hold_together(&self, claims: &[Claim]) -> bool {
        // The signatures of one key share a term.
        let mut claims: Vec<&Claim> = claims.iter().collect();
        claims.sort_by_key(|claim| claim.key);
        let Some(weighted) = weighted(&claims) else { return false };
        let mut base = Scalar::ZERO;
        let mut keys: Vec<(PublicKey, Scalar)> = Vec::with_capacity(claims.len());
        for (claim, Weighted { s, h, z }) in claims.iter().zip(&weighted) {
            base -= z * s;
            match keys.last_mut() {
                Some((key, factor)) if *key == claim.key => *factor += z * h,
                _ => keys.push((claim.key, z * h)),
            }
        }
        let Some((points, new)) = self.find(&keys) else { return false };
        let sum = EdwardsPoint::optional_multiscalar_mul(
            once(&base)
                .chain(keys.iter().map(|(_, factor)| factor))
                .chain(weighted.iter().map(|weighted| &weighted.z)),
            once(Some(ED25519_BASEPOINT_POINT))
                .chain(points.iter().copied().map(Some))
                .chain(claims.iter().map(|claim| claim.r().decompress())),
        );
        let holds = sum.is_some_and(|sum| sum.mul_by_cofactor().is_identity());
        if holds {
            self.keep(new.into_iter().map(|at| (keys[at].0, points[at])));
        }
        holds
    }

    /// The points of keys in ascending order, and the positions of those that were not known; nothing if a key is no point.
    fn find(&self, keys: &[(PublicKey, Scalar)]) -> Option<(Vec<EdwardsPoint>, Vec<usize>)> {
        let found: Vec<Option<EdwardsPoint>> = {
            let known = self.points.read().unwrap_or_else(PoisonError::into_inner);
            keys.iter().map(|(key, _)| known.get(key).copied()).collect()
        };
        let mut new = Vec::new();
        let mut points = Vec::with_capacity(keys.len());
        for (at, ((key, _), found)) in keys.iter().zip(found).enumerate() {
            points.push(match found {
                Some(point) => point,
                None => {
                    new.push(at);
                    CompressedEdwardsY(key.0).decompress()?
                }
            });
        }
        Some((points, new))
    }

    /// As [`PublicKey::check_strong`].
    pub(crate) fn check_strong(&self, key: &PublicKey) -> Result<(), KeyError> {
        let held = self.points.read().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        let point = held.or_else(|| CompressedEdwardsY(key.0).decompress()).ok_or(KeyError::Weak)?;
        if point.is_small_order() || !key.is_canonical() {
            return Err(KeyError::Weak);
        }
        if held.is_none() {
            self.keep(once((*key, point)));
        }
        Ok(())
    }

    fn keep(&self, new: impl ExactSizeIterator<Item = (PublicKey, EdwardsPoint)>) {
        if self.most == 0 || new.len() == 0 {
            return;
        }
        let mut known = self.points.write().unwrap_or_else(PoisonError::into_inner);
        let room = self.most.saturating_sub(known.len());
        known.extend(new.take(room));
    }
}

/// The numbers of a signature, and its weight in the equation.
struct Weighted {
    s: Scalar,
    h: Scalar,
    z: Scalar,
}

/// The numbers of each signature; nothing if the S of one is not below the order of the base point.
fn weighted(claims: &[&Claim]) -> Option<Vec<Weighted>> {
    const NUMBERS: usize = 128;
    let mut numbers = Vec::with_capacity(claims.len());
    let mut bytes = Vec::with_capacity(NUMBERS * claims.len());
    for claim in claims {
        let (r, s) = claim.signature.halves();
        let hash = Sha512::new().chain_update(r).chain_update(claim.key.0).chain_update(&claim.message);
        let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let s = Scalar::from_canonical_bytes(s).into_option()?;
        for part in [&r, &claim.key.0, s.as_bytes(), h.as_bytes()] {
            bytes.extend_from_slice(part);
        }
        numbers.push((s, h));
    }
    let mut weights = vec![0; 16 * claims.len()];
    blake3::Hasher::new_derive_key(context::BATCH).update(&bytes).finalize_xof().fill(&mut weights);
    let (weights, _) = weights.as_chunks::<16>();
    let weighted = numbers.into_iter().zip(weights);
    Some(weighted.map(|((s, h), z)| Weighted { s, h, z: u128::from_le_bytes(*z).into() }).collect())
}
