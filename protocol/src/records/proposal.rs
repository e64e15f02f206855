//! What is proposed: a loan, a motion, or a change of the charter.

use serde::{Deserialize, Serialize};

use super::BodyError;
use crate::{
    charter::{BASIS_POINTS, Charter, Community},
    codec,
    hash::{CharterHash, DocumentHash, RecordId, TermsHash, context, derive},
    limits, text,
};

/// A proposal is named by the record that made it.
pub type ProposalId = RecordId;

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A loan from the pool.
    Loan(Loan),
    /// A product idea or a question to the board.
    Motion(Motion),
    /// An amended charter.
    Charter(Box<CharterChange>),
}

/// The terms of a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Loan {
    /// Who borrows.
    pub borrower: String,
    /// One line.
    pub title: String,
    /// What the money is for.
    pub purpose: String,
    /// Position in the charter's categories.
    pub category: u16,
    /// Smallest units of the currency, at least 1.
    pub amount: u64,
    /// Months until it is repaid, 1 to 600.
    pub term: u16,
    /// Yearly interest in basis points.
    pub rate: u16,
    /// How it is repaid over the term (`loans::schedule` says what follows).
    pub repayment: Repayment,
    /// Documents, by hash.
    pub documents: Vec<DocumentHash>,
    /// When the proposal lapses: milliseconds since 1970.
    pub expires: u64,
}

/// How a loan is repaid, month by month. Later ways are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Repayment {
    /// The same payment each month, interest and principal together.
    Annuity,
    /// The same principal each month, and the interest on what is left.
    Linear,
    /// Interest each month, and the principal at the end.
    Bullet,
}

/// A question that is answered with yes, no or abstention, in the round in which it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Motion {
    /// One line.
    pub title: String,
    /// The whole of it.
    pub text: String,
}

/// An amended charter, answered like a motion. If it is carried, it is in force from the next seal on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CharterChange {
    /// One line.
    pub title: String,
    /// What it is good for.
    pub purpose: String,
    /// The charter that it amends: it can take the place of no other.
    pub base: CharterHash,
    /// All of the amended charter.
    pub charter: Charter,
}

impl Subject {
    /// The hash of the terms, to which attestations are bound.
    #[must_use]
    pub fn terms(&self) -> TermsHash {
        TermsHash(derive(context::TERMS, &codec::encode(self)))
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Loan(loan) => &loan.title,
            Self::Motion(motion) => &motion.title,
            Self::Charter(change) => &change.title,
        }
    }

    /// The loan, if it is one.
    #[must_use]
    pub fn loan(&self) -> Option<&Loan> {
        match self {
            Self::Loan(loan) => Some(loan),
            Self::Motion(_) | Self::Charter(_) => None,
        }
    }

    /// The change of the charter, if it is one.
    #[must_use]
    pub fn change(&self) -> Option<&CharterChange> {
        match self {
            Self::Charter(change) => Some(change),
            Self::Loan(_) | Self::Motion(_) => None,
        }
    }

    /// Is the other of the same kind? No amendment makes a motion of a loan.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`BodyError`] that names the field.
    pub fn check(&self, community: &Community) -> Result<(), BodyError> {
        match self {
            Self::Loan(loan) => loan.check(&community.charter),
            Self::Motion(motion) => {
                text::line("title", &motion.title, limits::NAME_BYTES)?;
                text::paragraphs("text", &motion.text, limits::TEXT_BYTES)?;
                Ok(())
            }
            Self::Charter(change) => {
                text::line("title", &change.title, limits::NAME_BYTES)?;
                text::paragraphs("purpose", &change.purpose, limits::TEXT_BYTES)?;
                change.charter.check().map_err(|error| BodyError::Field {
                    field: "charter",
                    problem: format!("is refused: {error}"),
                })
            }
        }
    }
}

impl Loan {
    fn check(&self, charter: &Charter) -> Result<(), BodyError> {
        text::line("borrower", &self.borrower, limits::NAME_BYTES)?;
        text::line("title", &self.title, limits::NAME_BYTES)?;
        text::paragraphs("purpose", &self.purpose, limits::TEXT_BYTES)?;
        text::count("documents", self.documents.len(), limits::ITEMS)?;
        BodyError::demand(usize::from(self.category) < charter.categories.len(), "category", || {
            format!("is {}, but the charter has {} categories", self.category, charter.categories.len())
        })?;
        BodyError::demand(self.amount >= 1 && self.amount <= limits::AMOUNT, "amount", || {
            format!("is {}, not between 1 and 2^50 smallest units", self.amount)
        })?;
        BodyError::demand((1..=600).contains(&self.term), "term", || {
            format!("is {} months, not between 1 and 600", self.term)
        })?;
        BodyError::demand(self.rate <= BASIS_POINTS, "rate", || {
            format!("is {} basis points, more than {BASIS_POINTS}", self.rate)
        })
    }
}
