//! How often each check was made, for the report of an audit.

use super::{Check, SealReport};

/// How often each check of SPEC section 12 was made and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally([u64; Check::ALL.len()]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; Check::ALL.len()])
    }
}

impl Tally {
    /// The charter, or the end mark, holds.
    pub fn holds(&mut self, check: Check) {
        self.add(check, 1);
    }

    /// A seal holds: every check of it and of its records was made.
    pub fn seal(&mut self, report: &SealReport) {
        let records = report.records as u64;
        for check in Check::ALL {
            self.add(
                *check,
                match check {
                    Check::Charter | Check::End => 0,
                    Check::Height
                    | Check::Count
                    | Check::Canonical
                    | Check::Certificate
                    | Check::Link
                    | Check::Root
                    | Check::Time
                    | Check::Closing
                    | Check::Idle => 1,
                    Check::RecordBytes
                    | Check::Signature
                    | Check::Order
                    | Check::Sequence
                    | Check::Predecessor
                    | Check::Authority
                    | Check::Reference
                    | Check::Body => records,
                    // Of each record, and of the seal as a whole.
                    Check::Community | Check::Quota => records + 1,
                    Check::Outcome => u64::from(report.applied.closing.is_some()),
                    Check::Evidence => report.evidence as u64,
                },
            );
        }
    }

    /// How often this check was made.
    #[must_use]
    pub fn of(&self, check: Check) -> u64 {
        self.0[check as usize]
    }

    fn add(&mut self, check: Check, times: u64) {
        self.0[check as usize] += times;
    }
}
