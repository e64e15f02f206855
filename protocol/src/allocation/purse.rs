//! What each unit of weight of a class of voters has left, in fixed precision, and how much weight that is.
//!
//! Money is counted in parts of one voter's endowment. Most of the engine's time goes into gathering
//! purses from all over memory, so in all but the largest electorates one takes eight bytes.

use std::fmt::Debug;
use std::ops::AddAssign;

use super::instance::Instance;

/// A purse. The order of purses with a weight is that of their money, the order against
/// [`least`](Self::least) too. Nothing is left in the default purse, whose weight is zero.
pub(super) trait Purse: Copy + Debug + Default + PartialOrd {
    /// Holds the money of any number of purses, times their weights.
    type Sum: Copy + Default + AddAssign + Into<u128>;

    /// An endowment.
    const ENDOWMENT: u64;

    /// The greatest error of a purse, and the greatest distance of the bounds of a price that is paid: far
    /// below the differences between real prices, and above what dozens of purchases add up to.
    const COARSE: u64;

    fn new(money: u64, weight: u64) -> Self;

    /// The least purse with so much money, for comparison.
    fn least(money: u128) -> Self;

    fn money(self) -> u64;

    fn weight(self) -> u64;

    /// Money times weight.
    fn value(self) -> Self::Sum;
}

/// A purse for weights that add up to anything that an instance allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Wide {
    money: u64,
    weight: u64,
}

impl Purse for Wide {
    type Sum = u128;

    /// Sums over a weight of at most `2^62` fit 124 bits.
    const ENDOWMENT: u64 = 1 << 62;
    const COARSE: u64 = 1 << 36;

    fn new(money: u64, weight: u64) -> Self {
        Self { money, weight }
    }

    fn least(money: u128) -> Self {
        Self { money: u64::try_from(money).unwrap_or(u64::MAX), weight: 0 }
    }

    fn money(self) -> u64 {
        self.money
    }

    fn weight(self) -> u64 {
        self.weight
    }

    fn value(self) -> u128 {
        u128::from(self.money) * u128::from(self.weight)
    }
}

/// A purse for weights that add up to less than [`PACKED_WEIGHT`]: weight in the low 20 bits, money above.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Packed(u64);

const WEIGHT_BITS: u32 = 20;

/// The total of weights from which on purses have to be [`Wide`].
const PACKED_WEIGHT: u64 = 1 << WEIGHT_BITS;

/// A purse so rough that bounds overlap all the time, and exact numbers have to decide.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Rough(Wide);

#[cfg(test)]
impl Purse for Rough {
    type Sum = u128;

    const ENDOWMENT: u64 = 1 << 9;
    const COARSE: u64 = 1 << 5;

    fn new(money: u64, weight: u64) -> Self {
        Self(Wide::new(money, weight))
    }

    fn least(money: u128) -> Self {
        Self(Wide::least(money))
    }

    fn money(self) -> u64 {
        self.0.money()
    }

    fn weight(self) -> u64 {
        self.0.weight()
    }

    fn value(self) -> u128 {
        self.0.value()
    }
}

/// From so many classes on, purses of sixteen bytes spill out of the nearer caches of a processor. Below, their
/// greater precision saves more than small ones would.
const MANY: usize = 1 << 14;

/// Whether small purses do better where precision matters.
pub(super) fn is_packed(instance: &Instance) -> bool {
    instance.classes().len() >= MANY && fits_packed(instance)
}

/// Whether small purses hold the weights.
pub(super) fn fits_packed(instance: &Instance) -> bool {
    instance.total_weight() < PACKED_WEIGHT
}

impl Purse for Packed {
    type Sum = u64;

    /// Sums over a weight of less than `2^20` fit 63 bits.
    const ENDOWMENT: u64 = 1 << 43;
    const COARSE: u64 = 1 << 26;

    fn new(money: u64, weight: u64) -> Self {
        Self(money << WEIGHT_BITS | weight)
    }

    fn least(money: u128) -> Self {
        // More than any purse holds is as good as the most that fits.
        let most = u64::MAX >> WEIGHT_BITS;
        Self(u64::try_from(money).unwrap_or(most).min(most) << WEIGHT_BITS)
    }

    fn money(self) -> u64 {
        self.0 >> WEIGHT_BITS
    }

    fn weight(self) -> u64 {
        self.0 & (PACKED_WEIGHT - 1)
    }

    fn value(self) -> u64 {
        self.money() * self.weight()
    }
}
