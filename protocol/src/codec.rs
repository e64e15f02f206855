//! Canonical bytes (SPEC section 2): the only module that touches bincode.
//!
//! Fixed-width big-endian integers, a decode limit, every byte consumed, and *decode, re-encode,
//! compare*: of the many byte strings that could decode to one value, exactly one is accepted.

use bincode::config::{BigEndian, Configuration, Fixint, Limit};
use serde::{Serialize, de::DeserializeOwned};

use crate::limits::DECODE_BYTES;

type Canonical = Configuration<BigEndian, Fixint, Limit<DECODE_BYTES>>;

fn configuration() -> Canonical {
    bincode::config::standard().with_big_endian().with_fixed_int_encoding().with_limit::<DECODE_BYTES>()
}

/// Why bytes were refused, or a value could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More bytes than this kind of thing may have.
    #[error("{actual} bytes, where at most {limit} are allowed")]
    TooLong {
        /// Bytes given.
        actual: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes do not decode.
    #[error("the bytes do not decode: {0}")]
    Malformed(String),
    /// Bytes follow the end of the value.
    #[error("{0} bytes follow the end of the value")]
    Trailing(usize),
    /// The bytes decode, but are not the one canonical encoding of what they say.
    #[error("the bytes are not canonical: the value they hold is written differently")]
    NotCanonical,
}

/// The canonical bytes of a value.
///
/// # Panics
/// Never for the types of this crate: they hold no maps, floats or unsized sequences, and their
/// constructors keep them below [`DECODE_BYTES`].
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, configuration())
        .expect("a protocol type has only fields that the codec can write")
}

/// Decodes canonical bytes of at most `limit` bytes.
///
/// # Errors
/// [`CodecError`] when the bytes are too long, malformed, followed by others, or not canonical.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, CodecError> {
    if bytes.len() > limit.min(DECODE_BYTES) {
        return Err(CodecError::TooLong { actual: bytes.len(), limit: limit.min(DECODE_BYTES) });
    }
    let (value, used): (T, usize) = bincode::serde::decode_from_slice(bytes, configuration())
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    if used != bytes.len() {
        return Err(CodecError::Trailing(bytes.len() - used));
    }
    if encode(&value) != bytes {
        return Err(CodecError::NotCanonical);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_claims_more_than_there_is_is_refused_without_allocating() {
        let mut bytes = u64::MAX.to_be_bytes().to_vec();
        bytes.push(0);
        assert!(matches!(decode::<Vec<u8>>(&bytes, 100), Err(CodecError::Malformed(_))));
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut bytes = encode(&7u32);
        bytes.push(0);
        assert_eq!(decode::<u32>(&bytes, 100), Err(CodecError::Trailing(1)));
    }

    #[test]
    fn a_boolean_that_is_neither_is_refused() {
        assert!(matches!(decode::<bool>(&[2], 1), Err(CodecError::Malformed(_))));
    }

    #[test]
    fn more_bytes_than_the_limit_are_refused_before_decoding() {
        assert_eq!(decode::<u64>(&[0; 8], 7), Err(CodecError::TooLong { actual: 8, limit: 7 }));
    }
}
