//! Hashes and the names they give to things (SPEC section 3).
//!
//! Every hash is BLAKE3 in derive-key mode with a context string of its own, so that bytes hashed
//! for one purpose can never stand for another.

use std::{fmt, sync::OnceLock};

use blake3::hazmat::HasherExt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Context strings of every hash in the protocol.
pub mod context {
    /// The hash of a charter, over its canonical bytes; that of the founding charter is the community's id.
    pub const COMMUNITY: &str = "mutua 1 community id";
    /// The hash of what a record says, over the canonical bytes of its body.
    pub const BODY: &str = "mutua 1 record body";
    /// The id of a record, over the canonical bytes of its header.
    pub const RECORD: &str = "mutua 1 record id";
    /// The hash of a proposal's terms.
    pub const TERMS: &str = "mutua 1 proposal terms";
    /// The id of a seal, over the canonical bytes of its header.
    pub const SEAL: &str = "mutua 1 seal id";
    /// The Merkle tree over the record ids of a seal.
    pub const SEAL_TREE: &str = "mutua 1 seal tree";
    /// The Merkle tree over the roll of an outcome.
    pub const ROLL_TREE: &str = "mutua 1 roll tree";
    /// What an outcome decided: its candidates, funded loans and motions.
    pub const DECISIONS: &str = "mutua 1 outcome decisions";
    /// The digest of an outcome, over its head.
    pub const OUTCOME: &str = "mutua 1 outcome digest";
    /// The digest of the members' shares of one funded loan.
    pub const SHARES: &str = "mutua 1 members shares";
    /// A document that a record refers to.
    pub const DOCUMENT: &str = "mutua 1 document";
    /// The ballots that a forecast draws. Nothing that is sealed depends on it.
    pub const FORECAST: &str = "mutua 1 forecast";
    /// Weights for checking signatures in a batch.
    pub const BATCH: &str = "mutua 1 signature batch";
}

/// A context whose key is derived once: for what is hashed for every record of a log.
pub(crate) struct Context {
    name: &'static str,
    key: OnceLock<blake3::hazmat::ContextKey>,
}

impl Context {
    /// The hash of what a record says.
    pub(crate) fn body() -> &'static Self {
        static BODY: Context = Context::new(context::BODY);
        &BODY
    }

    /// The id of a record.
    pub(crate) fn record() -> &'static Self {
        static RECORD: Context = Context::new(context::RECORD);
        &RECORD
    }

    const fn new(name: &'static str) -> Self {
        Self { name, key: OnceLock::new() }
    }

    /// The hash over parts, as if they stood in one piece.
    pub(crate) fn derive(&self, parts: &[&[u8]]) -> [u8; 32] {
        let key = self.key.get_or_init(|| blake3::hazmat::hash_derive_key_context(self.name));
        let mut hasher = blake3::Hasher::new_from_context_key(key);
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// BLAKE3 in derive-key mode: 32 bytes.
#[must_use]
pub fn derive(context: &str, bytes: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, bytes)
}

/// Numbers that nobody can foresee without the seed, and that are the same for all who have it: BLAKE3 in
/// derive-key mode over the seed and the number of the draw (32 bits, big-endian), as an endless output.
pub(crate) struct Draws {
    output: blake3::OutputReader,
    held: [u8; 1024],
    used: usize,
}

impl Draws {
    /// The draw of this number.
    pub(crate) fn new(context: &str, seed: &[u8; 32], number: u32) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(seed).update(&number.to_be_bytes());
        Self { output: hasher.finalize_xof(), held: [0; 1024], used: 1024 }
    }

    /// A number, each equally likely.
    pub(crate) fn next(&mut self) -> u32 {
        if self.used == self.held.len() {
            self.output.fill(&mut self.held);
            self.used = 0;
        }
        let mut word = [0; 4];
        word.copy_from_slice(&self.held[self.used..self.used + 4]);
        self.used += 4;
        u32::from_be_bytes(word)
    }

    /// A number below the bound, each equally likely; zero if the bound is zero. (D. Lemire: *Fast Random
    /// Integer Generation in an Interval*, 2019.)
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.next()) * u64::from(bound);
            let (high, low) = (product >> 32, product & u64::from(u32::MAX));
            let unfair = u64::from(bound.wrapping_neg().checked_rem(bound).unwrap_or(0));
            if low >= unfair {
                return u32::try_from(high).unwrap_or(0);
            }
        }
    }
}

/// Makes a fixed-size byte type: raw bytes in canonical form, hexadecimal for people.
macro_rules! byte_type {
    ($(#[$doc:meta])* $name:ident, $length:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; $length]);

        impl Ord for $name {
            /// The order of the bytes. The first eight nearly always decide, and are one number.
            #[inline]
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                match (self.0.first_chunk(), other.0.first_chunk()) {
                    (Some(a), Some(b)) if a != b => u64::from_be_bytes(*a).cmp(&u64::from_be_bytes(*b)),
                    _ => self.0.cmp(&other.0),
                }
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// The first eight hexadecimal digits: enough for people to tell things apart.
            #[must_use]
            pub fn short(&self) -> String {
                hex::encode(&self.0[..4])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseHexError;

            fn from_str(text: &str) -> Result<Self, ParseHexError> {
                let mut bytes = [0; $length];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| ParseHexError { what: stringify!($name), digits: 2 * $length })?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&hex::encode(self.0))
                } else {
                    use serde::ser::SerializeTuple;
                    let mut tuple = serializer.serialize_tuple($length)?;
                    for byte in &self.0 {
                        tuple.serialize_element(byte)?;
                    }
                    tuple.end()
                }
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!(stringify!($name), ", in hexadecimal digits"),
                    "type": "string",
                    "pattern": format!("^[0-9a-fA-F]{{{}}}$", 2 * $length),
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} bytes, in text {} hexadecimal digits", $length, 2 * $length)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<$name, A::Error> {
                        let mut bytes = [0; $length];
                        for (position, byte) in bytes.iter_mut().enumerate() {
                            *byte = seq
                                .next_element()?
                                .ok_or_else(|| serde::de::Error::invalid_length(position, &self))?;
                        }
                        Ok($name(bytes))
                    }
                }
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Visitor)
                } else {
                    deserializer.deserialize_tuple($length, Visitor)
                }
            }
        }
    };
}
pub(crate) use byte_type;

/// Text that should be hexadecimal digits and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {what} is written as {digits} hexadecimal digits")]
pub struct ParseHexError {
    /// The type wanted.
    pub what: &'static str,
    /// How many digits it has.
    pub digits: usize,
}

byte_type!(
    /// Names a community: the hash of its founding charter.
    CommunityId,
    32
);
byte_type!(
    /// Names a charter, the founding one or an amended one.
    CharterHash,
    32
);
byte_type!(
    /// Names a record: the hash of its header.
    RecordId,
    32
);
byte_type!(
    /// Names what a record says: the hash of its body.
    BodyHash,
    32
);
byte_type!(
    /// Names the terms of a proposal; an amendment changes it.
    TermsHash,
    32
);
byte_type!(
    /// Names a seal: the hash of its header.
    SealId,
    32
);
byte_type!(
    /// A Merkle root.
    Root,
    32
);
byte_type!(
    /// Names the outcome of a round to the last cent.
    OutcomeDigest,
    32
);
byte_type!(
    /// Names a document that is kept elsewhere.
    DocumentHash,
    32
);

impl DocumentHash {
    /// The hash of a document's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(derive(context::DOCUMENT, bytes))
    }
}

/// The hash of a document that comes in parts.
#[derive(Debug, Clone)]
pub struct DocumentHasher(blake3::Hasher);

impl Default for DocumentHasher {
    fn default() -> Self {
        Self(blake3::Hasher::new_derive_key(context::DOCUMENT))
    }
}

impl DocumentHasher {
    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The hash of all parts together.
    #[must_use]
    pub fn finish(&self) -> DocumentHash {
        DocumentHash(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn a_document_has_one_hash_in_whatever_parts_it_comes() {
        let document: Vec<u8> = (0..5_000u32).map(|number| number.to_le_bytes()[0]).collect();
        for size in [1, 7, 1_024, 5_000] {
            let mut hasher = DocumentHasher::default();
            document.chunks(size).for_each(|part| hasher.update(part));
            assert_eq!(hasher.finish(), DocumentHash::of(&document), "{size}");
        }
    }

    #[test]
    fn a_hash_is_its_raw_bytes_in_canonical_form() {
        let id = RecordId([7; 32]);
        assert_eq!(codec::encode(&id), vec![7; 32]);
        assert_eq!(codec::decode::<RecordId>(&[7; 32], 32).unwrap(), id);
    }

    #[test]
    fn a_hash_is_hexadecimal_for_people() {
        let id = RecordId([0xab; 32]);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, format!("\"{}\"", "ab".repeat(32)));
        assert_eq!(serde_json::from_str::<RecordId>(&text).unwrap(), id);
        assert!(serde_json::from_str::<RecordId>("\"abc\"").is_err());
    }

    #[test]
    fn the_order_is_that_of_the_bytes() {
        let ids: Vec<RecordId> = [0, 1, 7, 8, 9, 31]
            .into_iter()
            .flat_map(|place| {
                [1, 127, 128, 255].map(|byte| {
                    let mut id = [5; 32];
                    id[place] = byte;
                    RecordId(id)
                })
            })
            .collect();
        for (a, b) in ids.iter().flat_map(|a| ids.iter().map(move |b| (a, b))) {
            assert_eq!(a.cmp(b), a.0.cmp(&b.0), "{a} and {b}");
        }
    }

    #[test]
    fn contexts_separate() {
        assert_ne!(derive(context::RECORD, b"x"), derive(context::SEAL, b"x"));
    }
}
