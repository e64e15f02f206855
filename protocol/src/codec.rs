//! Canonical bytes (SPEC section 2): the only module that touches bincode.
//!
//! Fixed-width big-endian integers, a decode limit, every byte consumed, and *decode, re-encode,
//! compare*: of the many byte strings that could decode to one value, exactly one is accepted.

use bincode::{
    config::{BigEndian, Configuration, Fixint, Limit},
    enc::write::Writer,
    error::EncodeError,
};
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
    let mut same = Comparison { rest: bytes };
    match bincode::serde::encode_into_writer(&value, &mut same, configuration()) {
        Ok(()) if same.rest.is_empty() => Ok(value),
        _ => Err(CodecError::NotCanonical),
    }
}

/// A writer that compares what is written with bytes that are there already.
struct Comparison<'a> {
    rest: &'a [u8],
}

impl Writer for Comparison<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.rest = self.rest.strip_prefix(bytes).ok_or(EncodeError::UnexpectedEnd)?;
        Ok(())
    }
}

/// Decodes what stands most often in a log by hand, field by field, where the codec goes byte by byte.
/// What `by_hand` does not read to the last byte, the codec decodes: it alone refuses, and says why.
///
/// `by_hand` may give a value only for the canonical bytes of that value. Fixed widths leave one way to write
/// each, and tests compare both ways on spoiled bytes; debug builds compare them always.
pub(crate) fn decode_quickly<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    limit: usize,
    by_hand: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Result<T, CodecError> {
    match read_by_hand(bytes, limit, |fields| by_hand(fields)) {
        Some(value) => {
            debug_assert_eq!(encode(&value), bytes, "what is read by hand is canonical");
            Ok(value)
        }
        None => decode(bytes, limit),
    }
}

/// The first half of [`decode_quickly`]: what can be read by hand to the last byte.
pub(crate) fn read_by_hand<'a, T>(
    bytes: &'a [u8],
    limit: usize,
    by_hand: impl FnOnce(&mut Fields<'a>) -> Option<T>,
) -> Option<T> {
    if bytes.len() > limit.min(DECODE_BYTES) {
        return None;
    }
    let mut fields = Fields { rest: bytes };
    by_hand(&mut fields).filter(|_| fields.rest.is_empty())
}

/// Canonical bytes, taken field by field. Each method is `None` where the bytes do not begin with such a field.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A boolean, or the mark of an option.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// The length of a list whose items take at least this many bytes each, which must be there.
    fn length(&mut self, least: usize) -> Option<usize> {
        let length = usize::try_from(self.u64()?).ok()?;
        (length.checked_mul(least)? <= self.rest.len()).then_some(length)
    }

    /// A list of items that take at least this many bytes each.
    pub(crate) fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let length = self.length(least)?;
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(item(self)?);
        }
        Some(items)
    }

    pub(crate) fn blob(&mut self) -> Option<&'a [u8]> {
        let length = self.length(1)?;
        let (blob, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(blob)
    }
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
