//! A receipt as text: short enough for one QR code, in letters that survive mail and paper.

use data_encoding::BASE32_NOPAD;

use super::{RECEIPT_BYTES, Receipt};
use crate::codec::{self, CodecError};

/// What a receipt's text begins with; the number is the version of the format.
pub const TEXT_PREFIX: &str = "MUTUA-RECEIPT-1:";

/// Characters that the largest QR code (version 40-L) holds in its alphanumeric mode, to which prefix and base 32
/// belong (ISO/IEC 18004, table 7).
pub const QR_CHARACTERS: usize = 4296;

/// Why text is no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It does not begin like one.
    #[error("this is no text of a receipt: it would begin with '{TEXT_PREFIX}'")]
    Prefix,
    /// More characters than a receipt can have.
    #[error("the text of a receipt has no more than {0} characters")]
    TooLong(usize),
    /// Something else than the letters A to Z and the digits 2 to 7 stands in it.
    #[error("the text is not that of a receipt: {0}")]
    Letters(data_encoding::DecodeError),
    /// The bytes do not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl Receipt {
    /// The text: the prefix, then the canonical bytes in base 32 (RFC 4648) without padding.
    #[must_use]
    pub fn to_text(&self) -> String {
        TEXT_PREFIX.to_owned() + &BASE32_NOPAD.encode(&codec::encode(self))
    }

    /// Reads a text. White space is passed over, wherever it stands: mail breaks lines. Small letters are the
    /// same as capital ones.
    ///
    /// # Errors
    /// [`TextError`] for any other text.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let limit = TEXT_PREFIX.len() + BASE32_NOPAD.encode_len(RECEIPT_BYTES);
        let mut letters = String::new();
        for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
            if letters.len() > limit {
                return Err(TextError::TooLong(limit));
            }
            letters.push(letter.to_ascii_uppercase());
        }
        let encoded = letters.strip_prefix(TEXT_PREFIX).ok_or(TextError::Prefix)?;
        let bytes = BASE32_NOPAD.decode(encoded.as_bytes()).map_err(TextError::Letters)?;
        Ok(codec::decode(&bytes, RECEIPT_BYTES)?)
    }

    /// Does its text fit into one QR code?
    #[must_use]
    pub fn fits_qr(&self) -> bool {
        self.to_text().len() <= QR_CHARACTERS
    }
}
