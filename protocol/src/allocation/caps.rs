//! Caps: no borrower, no category and no portfolio risk may take more than a share of the pool.
//!
//! A project that would break a cap when its turn comes is passed over for good (what counts against a
//! cap only grows), and the rule goes on with the next one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the shares in [`Caps`] are counted in: ten thousandths of the budget.
pub const BASIS_POINTS: u32 = 10_000;
/// What [`Project::risk`](super::Project::risk) is counted in.
pub const RISK_UNITS: u32 = 100_000_000;

/// Caps, in basis points of the budget; nothing means no cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Most that one borrower may get.
    pub borrower: Option<u32>,
    /// Most that one category may get.
    pub category: Option<u32>,
    /// Most that the funded projects may be expected to lose, together.
    pub expected_loss: Option<u32>,
}

impl Caps {
    /// No caps.
    pub const NONE: Self = Self { borrower: None, category: None, expected_loss: None };
}

/// The cap that stopped a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cap {
    /// Its borrower would get more than the cap.
    Borrower,
    /// Its category would get more than the cap.
    Category,
    /// The funded projects together would be expected to lose more than the cap.
    ExpectedLoss,
}

impl fmt::Display for Cap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Borrower => "the cap for one borrower",
            Self::Category => "the cap for one category",
            Self::ExpectedLoss => "the cap on expected loss",
        })
    }
}
