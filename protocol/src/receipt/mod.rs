//! Receipts: what a member keeps in hand (SPEC section 13).
//!
//! A receipt proves, with nothing but the founding charter beside it, that a record is in a seal, and, once a round is
//! closed, what was counted in the name of a key: this ballot, another one, none, or that the key had no vote at
//! all. It is small: the record's body can be left out, and the outcome is represented by its head.

mod check;
mod counted;
mod seal;
mod sealed;
mod succession;
mod text;

use serde::{Deserialize, Serialize};

pub use check::{ReceiptCheck, ReceiptFault};
pub use counted::{CountedProof, Line, Place, ProvenCount};
pub use seal::{CertifiedSeal, NotCertified};
pub use sealed::{Content, ProvenSeal, SealedProof};
pub use succession::{BrokenSuccession, Succession};
pub use text::{QR_CHARACTERS, TEXT_PREFIX, TextError};

use crate::{
    charter::Community,
    codec::{self, CodecError},
};

/// The first bytes of a receipt's file; the last one is the version of the format.
pub const MAGIC: &[u8; 16] = b"mutua receipt \0\x01";

/// Greatest size of a receipt after the magic: a record of the greatest size, two certificates of all
/// [`crate::limits::WITNESSES`], and paths of 64 hashes each, which are 40 KiB; and some fifty changes of the largest
/// charter that fits a record, or hundreds of a usual one.
pub const RECEIPT_BYTES: usize = 1 << 20;

/// A receipt: one proof, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// How the charter was changed before that, the first change first.
    pub successions: Vec<Succession>,
    /// That a record is in a seal.
    pub sealed: Option<SealedProof>,
    /// What was counted in the name of a key.
    pub counted: Option<CountedProof>,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// The record that is in a seal.
    pub sealed: Option<ProvenSeal>,
    /// What was counted.
    pub counted: Option<ProvenCount>,
}

/// Why bytes are no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReceipt {
    /// They do not begin like one.
    #[error("this is no receipt (or one of another version); 'mutua receipt' writes one")]
    Magic,
    /// They do not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl Receipt {
    /// The file: magic and canonical bytes.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        [&MAGIC[..], &codec::encode(self)].concat()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`NoReceipt`] for any other bytes.
    pub fn from_file(bytes: &[u8]) -> Result<Self, NoReceipt> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or(NoReceipt::Magic)?;
        Ok(codec::decode(bytes, RECEIPT_BYTES)?)
    }

    /// The same receipt with the record's header in the record's place: it shows that the author said something
    /// there, and no longer what.
    #[must_use]
    pub fn without_body(&self, community: &Community) -> Self {
        let mut receipt = self.clone();
        if let (Some(sealed), Ok(community)) =
            (&mut receipt.sealed, Succession::follow(community, &self.successions))
        {
            sealed.content = sealed.content.without_body(&community);
        }
        receipt
    }

    /// Checks the receipt against the founding charter.
    ///
    /// # Errors
    /// [`ReceiptFault`] with the number of the first check that fails.
    pub fn verify(&self, community: &Community) -> Result<Proven, ReceiptFault> {
        if self.sealed.is_none() && self.counted.is_none() {
            return Err(ReceiptCheck::Canonical.fault("it holds no proof at all"));
        }
        let community = &Succession::follow(community, &self.successions)
            .map_err(|broken| ReceiptCheck::Succession.fault(broken))?;
        let sealed = self.sealed.as_ref().map(|proof| proof.verify(community)).transpose()?;
        let counted = self.counted.as_ref().map(|proof| proof.verify(community)).transpose()?;
        Ok(Proven { sealed, counted })
    }
}

impl Proven {
    /// Is the record that is in a seal the one that was counted? Nothing if the receipt does not prove both.
    #[must_use]
    pub fn is_counted(&self) -> Option<bool> {
        let (sealed, counted) = (self.sealed.as_ref()?, self.counted.as_ref()?);
        Some(counted.counts(&sealed.record))
    }
}
