//! The numbered checks of a receipt (SPEC section 13.3).

use serde::Serialize;

/// A check of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "&'static str")]
pub enum ReceiptCheck {
    /// The bytes are canonical.
    Canonical,
    /// Everything in it belongs to this community.
    Community,
    /// The record is one.
    Record,
    /// The record is in the seal.
    Sealed,
    /// The seals are certified.
    Certificate,
    /// The outcome is the one that the seal closes with.
    Outcome,
    /// The line is in the roll.
    Listed,
    /// The key is not in the roll.
    Unlisted,
    /// Amended charters follow from the founding charter.
    Succession,
}

impl ReceiptCheck {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Canonical,
        Self::Community,
        Self::Record,
        Self::Sealed,
        Self::Certificate,
        Self::Outcome,
        Self::Listed,
        Self::Unlisted,
        Self::Succession,
    ];

    /// The number in the specification.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::Canonical => "6.1",
            Self::Community => "6.2",
            Self::Record => "6.3",
            Self::Sealed => "6.4",
            Self::Certificate => "6.5",
            Self::Outcome => "6.6",
            Self::Listed => "6.7",
            Self::Unlisted => "6.8",
            Self::Succession => "6.9",
        }
    }

    /// What must hold.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Canonical => "the receipt's bytes are canonical, and hold a proof",
            Self::Community => "everything in it belongs to this community",
            Self::Record => "the record is within its bounds and signed by its author",
            Self::Sealed => "the record is in the seal",
            Self::Certificate => "more than two thirds of the witnesses' power have signed the seal",
            Self::Outcome => "the outcome is the one that the seal closes with",
            Self::Listed => "the line is in the roll of that outcome",
            Self::Unlisted => "the key is not in the roll of that outcome",
            Self::Succession => "each amended charter was adopted under the one before it",
        }
    }

    pub(super) fn fault(self, detail: impl ToString) -> ReceiptFault {
        ReceiptFault { check: self, detail: detail.to_string() }
    }
}

impl From<ReceiptCheck> for &'static str {
    fn from(check: ReceiptCheck) -> Self {
        check.number()
    }
}

/// A check that a receipt fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("check {} fails ({}): {detail}", check.number(), check.title())]
pub struct ReceiptFault {
    /// Which.
    pub check: ReceiptCheck,
    /// What was found.
    pub detail: String,
}
