//! What stands in a loan's way whatever the votes, even if no other loan is funded.

use serde::{Deserialize, Serialize};

use super::{Figures, Ledger, Proposal};
use crate::charter::BASIS_POINTS;

/// A bound that a loan breaks all by itself, in the pool as it is now. Amounts are in the smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "bound")]
pub enum TooLargeAlone {
    /// It costs more than there is.
    Pool {
        /// What can be allocated.
        greatest: u128,
    },
    /// It costs more than one borrower may get.
    BorrowerCap {
        /// What one borrower may get.
        greatest: u128,
    },
    /// It costs more than one category may get.
    CategoryCap {
        /// What one category may get.
        greatest: u128,
    },
    /// Its expected loss is greater than that of a whole round may be.
    ExpectedLossCap {
        /// The loan's, rounded down.
        expected: u128,
        /// What the round's may be, rounded down.
        greatest: u128,
    },
}

impl Ledger {
    /// The bounds that an eligible loan would break at a close with nothing but itself, if the pool were then what
    /// it is now.
    #[must_use]
    pub fn too_large_alone(&self, proposal: &Proposal, figures: Figures) -> Vec<TooLargeAlone> {
        let Some(loan) = proposal.subject.loan() else { return Vec::new() };
        let (pool, caps) = (self.pool.available(), self.community.charter.policy.caps);
        let (amount, points) = (u128::from(loan.amount), u128::from(BASIS_POINTS));
        let share = |cap: u16| pool.saturating_mul(u128::from(cap));
        let mut broken = Vec::new();
        if amount > pool {
            broken.push(TooLargeAlone::Pool { greatest: pool });
        }
        if let Some(cap) = caps.borrower.filter(|cap| amount * points > share(*cap)) {
            broken.push(TooLargeAlone::BorrowerCap { greatest: share(cap) / points });
        }
        if let Some(cap) = caps.category.filter(|cap| amount * points > share(*cap)) {
            broken.push(TooLargeAlone::CategoryCap { greatest: share(cap) / points });
        }
        let expected = amount * u128::from(figures.default) * u128::from(figures.loss);
        if let Some(cap) = caps.expected_loss.filter(|cap| expected > share(*cap).saturating_mul(points)) {
            let (expected, greatest) = (expected / (points * points), share(cap) / points);
            broken.push(TooLargeAlone::ExpectedLossCap { expected, greatest });
        }
        broken
    }
}
