//! Which loans may be funded (SPEC section 10.2).

use serde::{Deserialize, Serialize};

use super::{Attestation, Ledger, Proposal};
use crate::{charter::Role, records::Verdict};

/// The most cautious figures of all valid attestations of a loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Figures {
    /// Worst grade.
    pub grade: u8,
    /// Greatest probability of default, in basis points.
    pub default: u16,
    /// Greatest loss given default, in basis points.
    pub loss: u16,
    /// Least of the greatest amounts, in the smallest unit.
    pub greatest_amount: u64,
    /// Least outlook.
    pub outlook: u8,
}

/// Why a loan that is open may not be funded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ineligible {
    /// The proposal lapsed before the close.
    #[error("the proposal has lapsed")]
    Expired,
    /// An attestor has declined it.
    #[error("an attestor has declined it")]
    Declined,
    /// Not enough valid attestations for exactly these terms.
    #[error("{have} of {needed} valid attestations for its present terms")]
    Attestations {
        /// Valid ones.
        have: u8,
        /// How many the charter wants.
        needed: u8,
    },
    /// Its grade is worse than the policy allows.
    #[error("grade {grade} is worse than {worst}, the policy's bound")]
    Grade {
        /// The loan's.
        grade: u8,
        /// The policy's.
        worst: u8,
    },
    /// Its probability of default is greater than the policy allows.
    #[error(
        "probability of default {default} bp is greater than {greatest} bp, the policy's bound for its grade"
    )]
    Default {
        /// The loan's.
        default: u16,
        /// The policy's, for the loan's grade.
        greatest: u16,
    },
    /// Its outlook is worse than the policy allows.
    #[error("outlook {outlook} is below {least}, the policy's bound")]
    Outlook {
        /// The loan's.
        outlook: u8,
        /// The policy's.
        least: u8,
    },
    /// Its amount is greater than an attestor or the policy allows.
    #[error("its amount is greater than {greatest}, the least bound of attestations and policy")]
    Amount {
        /// The bound, in the smallest unit.
        greatest: u64,
    },
}

impl Ledger {
    /// May this open loan be funded by a seal of this time?
    ///
    /// # Errors
    /// The first reason against it, in the order of [`Ineligible`]'s variants.
    pub fn eligible(&self, proposal: &Proposal, time: u64) -> Result<Figures, Ineligible> {
        let (figures, against) = self.exclusions(proposal, time);
        match (figures, against.first()) {
            (Some(figures), None) => Ok(figures),
            (_, Some(reason)) => Err(*reason),
            (None, None) => Err(Ineligible::Expired),
        }
    }

    /// The figures of a loan at this time, if it has a valid attestation, and every reason against funding it, in
    /// the order of [`Ineligible`]'s variants.
    #[must_use]
    pub fn exclusions(&self, proposal: &Proposal, time: u64) -> (Option<Figures>, Vec<Ineligible>) {
        let charter = &self.community.charter;
        let Some(loan) = proposal.subject.loan() else { return (None, Vec::new()) };
        let mut against = Vec::new();
        let mut object = |holds: bool, reason: Ineligible| {
            if holds {
                against.push(reason);
            }
        };
        let valid: Vec<&Attestation> =
            proposal.attestations.values().filter(|held| self.valid(proposal, held, time)).collect();
        object(loan.expires <= time, Ineligible::Expired);
        object(valid.iter().any(|held| held.assessment.verdict == Verdict::Declined), Ineligible::Declined);
        let count = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let (have, needed) = (count(valid.len()), count(charter.attestations_needed()));
        let figures = most_cautious(&valid);
        object(have < needed || figures.is_none(), Ineligible::Attestations { have, needed });
        if let Some(figures) = figures {
            let (Figures { grade, default, outlook, .. }, policy) = (figures, &charter.policy);
            let bounds = policy.bounds(grade);
            let (worst, least) = (policy.worst_grade, policy.least_outlook);
            object(grade > worst, Ineligible::Grade { grade, worst });
            let greatest = bounds.greatest_default;
            object(default > greatest, Ineligible::Default { default, greatest });
            object(outlook < least, Ineligible::Outlook { outlook, least });
            let greatest = figures.greatest_amount.min(bounds.greatest_amount);
            object(loan.amount > greatest, Ineligible::Amount { greatest });
        }
        (figures, against)
    }

    /// An attestation counts while it is for the present terms, has not run out, and its author may attest.
    #[must_use]
    pub fn valid(&self, proposal: &Proposal, held: &Attestation, time: u64) -> bool {
        held.terms == proposal.terms
            && held.assessment.valid_until > time
            && self.holds(&held.attestor, Role::Attestor)
            && !self.suspended.contains_key(&held.attestor)
    }
}

fn most_cautious(valid: &[&Attestation]) -> Option<Figures> {
    valid
        .iter()
        .map(|held| Figures {
            grade: held.assessment.grade,
            default: held.assessment.default,
            loss: held.assessment.loss,
            greatest_amount: held.assessment.greatest_amount,
            outlook: held.assessment.outlook,
        })
        .reduce(|a, b| Figures {
            grade: a.grade.max(b.grade),
            default: a.default.max(b.default),
            loss: a.loss.max(b.loss),
            greatest_amount: a.greatest_amount.min(b.greatest_amount),
            outlook: a.outlook.min(b.outlook),
        })
}
