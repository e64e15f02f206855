//! Money in fixed precision, as a descent counts it, and bounds of prices.

use super::step::Step;
use crate::allocation::purse::Purse;

/// Money is counted with so many binary digits at most: sums over all weights then fit 116 bits, and a thousand
/// endowments 64.
pub(super) const DIGITS: u32 = 54;

/// Bounds of a price that are farther apart than this are of no use.
pub(super) const COARSE: u128 = 1 << 32;

/// Stands for the price of a project that is out of the race.
pub(super) const GONE: u64 = u64::MAX;

/// Bounds of a sum of prices.
#[derive(Clone, Copy, Default)]
pub(super) struct Paid {
    pub(super) low: u128,
    pub(super) high: u128,
}

impl Paid {
    pub(super) fn and(self, step: &Step) -> Self {
        Self { low: self.low + u128::from(step.low), high: self.high + u128::from(step.high) }
    }

    /// How far the bounds are apart for a voter with the highest score for all.
    pub(super) fn apart(self, most: u64) -> i128 {
        i128::try_from((self.high - self.low).saturating_mul(u128::from(most))).unwrap_or(i128::MAX)
    }
}

/// Turns money here into the till's, and back.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    /// The till's endowment in terms of the one here, with 64 fractional bits, rounded down.
    ratio: u128,
    endowment: u64,
    whole: u64,
    score_bits: u32,
}

impl Scale {
    pub(super) fn new<P: Purse>(endowment: u64, score_bits: u32) -> Self {
        let ratio = (u128::from(P::ENDOWMENT) << 64).checked_div(u128::from(endowment)).unwrap_or(0);
        Self { ratio, endowment, whole: P::ENDOWMENT, score_bits }
    }

    /// A price, rounded down, and by how much at most.
    pub(super) fn to_price(self, low: u64, high: u64) -> (u128, u64) {
        let apart = (u128::from(high - low) * self.ratio) >> 64;
        (self.to_bid(low), clamped(apart + 4))
    }

    /// Rounded down.
    pub(super) fn to_bid(self, low: u64) -> u128 {
        ((u128::from(low.min(self.endowment)) * self.ratio) >> 64) << self.score_bits
    }

    /// Rounded down.
    pub(super) fn of_bid(self, low: u128) -> u64 {
        let low = u128::from(clamped(low >> self.score_bits));
        clamped(low * u128::from(self.endowment) / u128::from(self.whole))
    }
}

/// As a price; one that is too high to be held is not [`GONE`] for that.
pub(super) fn clamped(price: u128) -> u64 {
    u64::try_from(price).unwrap_or(GONE).min(GONE - 1)
}
