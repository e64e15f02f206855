//! What each commit writes about the whole store, so that silent loss is found.

use serde::{Deserialize, Serialize};

/// The state that a commit leaves, written with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Number of the commit, from 1.
    pub commit: u64,
    /// Height of the newest seal; 0 before the first.
    pub head: u64,
    /// Fingerprint of the tables that no seal vouches for.
    pub unsealed: Fingerprint,
}

impl State {
    /// Greatest size of the canonical bytes.
    pub(super) const BYTES: usize = 8 + 8 + 8 + 32;

    /// The state before the first commit.
    pub(super) const EMPTY: Self = Self { commit: 0, head: 0, unsealed: Fingerprint::EMPTY };
}

/// Number and sum (exclusive or) of the hashes of a set of entries, whatever their order. It finds
/// accidents, not attackers: whoever can write the store's file needs no collision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    count: u64,
    sum: [u8; 32],
}

impl Fingerprint {
    pub(super) const EMPTY: Self = Self { count: 0, sum: [0; 32] };

    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_add(1);
        self.mix(key, value);
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_sub(1);
        self.mix(key, value);
    }

    fn mix(&mut self, key: &[u8], value: &[u8]) {
        let mut hasher = blake3::Hasher::new_derive_key("mutua 1 store fingerprint");
        hasher.update(&(key.len() as u64).to_be_bytes()).update(key).update(value);
        for (sum, byte) in self.sum.iter_mut().zip(hasher.finalize().as_bytes()) {
            *sum ^= byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let mut one = Fingerprint::EMPTY;
        one.add(b"a", b"1");
        one.add(b"b", b"2");
        let mut other = Fingerprint::EMPTY;
        other.add(b"b", b"2");
        other.add(b"a", b"1");
        assert_eq!(one, other);
        other.remove(b"b", b"2");
        assert_ne!(one, other);
        other.add(b"", b"b2");
        assert_ne!(one, other);
    }
}
