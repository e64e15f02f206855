//! The numbered checks of evidence (SPEC section 14.3).

use serde::Serialize;

/// A check of an evidence file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "&'static str")]
pub enum EvidenceCheck {
    /// The bytes are canonical.
    Canonical,
    /// Everything in it belongs to this community.
    Community,
    /// The statements contradict each other.
    Contradiction,
    /// They hold the office that the statements are about.
    Office,
    /// They signed both.
    Signature,
    /// The chain between two attestations is whole.
    Chain,
    /// Both stood at one moment.
    Standing,
    /// The later one is in a seal.
    Sealed,
    /// Amended charters follow from the founding charter.
    Succession,
}

impl EvidenceCheck {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Canonical,
        Self::Community,
        Self::Contradiction,
        Self::Office,
        Self::Signature,
        Self::Chain,
        Self::Standing,
        Self::Sealed,
        Self::Succession,
    ];

    /// The number in the specification.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::Canonical => "7.1",
            Self::Community => "7.2",
            Self::Contradiction => "7.3",
            Self::Office => "7.4",
            Self::Signature => "7.5",
            Self::Chain => "7.6",
            Self::Standing => "7.7",
            Self::Sealed => "7.8",
            Self::Succession => "7.9",
        }
    }

    /// What must hold.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Canonical => "the file's bytes are canonical",
            Self::Community => "everything in it belongs to this community",
            Self::Contradiction => "the two statements contradict each other, and stand in their order",
            Self::Office => "the accused is a witness, or an attestor",
            Self::Signature => "both statements are signed by those who are accused",
            Self::Chain => "the attestor's records follow one another without gap",
            Self::Standing => "neither attestation was taken back, replaced or run out at that moment",
            Self::Sealed => "the later attestation is in a seal",
            Self::Succession => "each amended charter was adopted under the one before it",
        }
    }

    pub(super) fn fault(self, detail: impl ToString) -> EvidenceFault {
        EvidenceFault { check: self, detail: detail.to_string() }
    }
}

impl From<EvidenceCheck> for &'static str {
    fn from(check: EvidenceCheck) -> Self {
        check.number()
    }
}

/// A check that evidence fails: it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("check {} fails ({}): {detail}", check.number(), check.title())]
pub struct EvidenceFault {
    /// Which.
    pub check: EvidenceCheck,
    /// What was found.
    pub detail: String,
}
