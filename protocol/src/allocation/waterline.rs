//! The price of a project in fixed precision: how high the water stands when supporters pay the cost.
//!
//! Supporters pay the same price per unit of utility, and those who have less give all they have. So
//! the price is the level at which the [purses](super::purse), filled up to it, hold the cost.

use super::classes::Row;
use super::purse::Purse;

/// Fractional bits of a level per unit of score, so that payments for high scores stay precise.
pub(super) const SCORE_BITS: u32 = 32;

/// A purse whose owners give a score.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scored<P> {
    purse: P,
    score: u32,
}

impl<P: Purse> Scored<P> {
    /// Whether the owners have more than a price for their score, even if they have `error` less than it
    /// seems.
    pub(super) fn pays(&self, price: u128, error: u64) -> bool {
        let least = u128::from(self.purse.money().saturating_sub(error)) << SCORE_BITS;
        least >= price.saturating_mul(u128::from(self.score))
    }
}

/// What supporters have, in fixed precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// The money of those below a level.
    pub(super) below: u128,
    /// The money of the others.
    pub(super) held: u128,
    /// The weight of all who have any.
    pub(super) weight: u128,
    /// The weight (times score) of those who are not below the level.
    pub(super) slope: u128,
}

impl Sums {
    pub(super) const fn total(&self) -> u128 {
        self.below + self.held
    }
}

/// Gathers in `held` the supporters whose purses are not below a level and at most another, the greater.
///
/// Which of two values is written does not depend on a branch: purses come in no order that a
/// processor could foresee.
pub(super) fn hold<P: Purse>(
    purses: &[P],
    supporters: &[u32],
    level: u128,
    most: u128,
    held: &mut Vec<P>,
) -> Sums {
    let (level, most) = (P::least(level), P::least(most.saturating_add(1)));
    held.resize(supporters.len(), P::default());
    let places = held.as_mut_slice();
    let (mut count, mut weight, mut weight_below) = (0, 0u64, 0u64);
    let (mut below, mut total) = (P::Sum::default(), P::Sum::default());
    for class in supporters {
        let purse = purses[*class as usize];
        let money = purse.value();
        let holds = purse >= level;
        total += money;
        weight += purse.weight();
        below += if holds { P::Sum::default() } else { money };
        weight_below += if holds { 0 } else { purse.weight() };
        places[count] = purse;
        count += usize::from(holds & (purse < most));
    }
    held.truncate(count);
    let below = below.into();
    Sums {
        below,
        held: total.into() - below,
        weight: u128::from(weight),
        slope: u128::from(weight - weight_below),
    }
}

/// The same sums without gathering anybody.
pub(super) fn weigh<P: Purse>(purses: &[P], supporters: &[u32], level: u128) -> Sums {
    let level = P::least(level);
    let (mut weight, mut weight_below) = (0u64, 0u64);
    let (mut below, mut total) = (P::Sum::default(), P::Sum::default());
    for class in supporters {
        let purse = purses[*class as usize];
        let money = purse.value();
        let holds = purse >= level;
        total += money;
        weight += purse.weight();
        below += if holds { P::Sum::default() } else { money };
        weight_below += if holds { 0 } else { purse.weight() };
    }
    let below = below.into();
    Sums {
        below,
        held: total.into() - below,
        weight: u128::from(weight),
        slope: u128::from(weight - weight_below),
    }
}

/// The same for a level per unit of score, with [`SCORE_BITS`].
pub(super) fn hold_scored<P: Purse>(
    purses: &[P],
    supporters: Row<'_>,
    level: u128,
    held: &mut Vec<Scored<P>>,
) -> Sums {
    held.clear();
    let mut sums = Sums::default();
    for (class, score) in supporters.iter() {
        let purse = purses[class];
        let money = purse.value().into();
        sums.weight += u128::from(purse.weight());
        if u128::from(purse.money()) << SCORE_BITS < level * u128::from(score) {
            sums.below += money;
        } else {
            sums.held += money;
            sums.slope += u128::from(purse.weight()) * u128::from(score);
            held.push(Scored { purse, score });
        }
    }
    sums
}

/// A level, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) ceiling: u128,
    /// The weight (times score) of those who are not emptied by it.
    pub(super) slope: u128,
    /// Their weight.
    pub(super) weight: u128,
    /// The money of those who are.
    pub(super) emptied: u128,
}

/// The level at which `purses` and richer ones, with a weight of `slope` together, hold `target`, and the
/// poorest of `purses` that is not under it. The caller makes sure that together they hold at least that, and that
/// the richer ones are above the level. Purses under the level are removed.
pub(super) fn level<P: Purse>(purses: &mut Vec<P>, mut slope: u128, target: u128) -> (Level, P) {
    let mut emptied = 0;
    loop {
        let ceiling = divide_up(target - emptied, slope);
        let bound = P::least(ceiling);
        let places = purses.as_mut_slice();
        let (mut count, mut money_below, mut weight_below) = (0, P::Sum::default(), 0u64);
        let mut poorest = P::least(u128::MAX);
        for place in 0..places.len() {
            let purse = places[place];
            let stays = purse >= bound;
            money_below += if stays { P::Sum::default() } else { purse.value() };
            weight_below += if stays { 0 } else { purse.weight() };
            poorest = if purse < poorest { purse } else { poorest };
            places[count] = purse;
            count += usize::from(stays);
        }
        if count == places.len() {
            return (Level { ceiling, slope, weight: slope, emptied }, poorest);
        }
        purses.truncate(count);
        emptied += money_below.into();
        slope -= u128::from(weight_below);
    }
}

/// What paying a price does to supporters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paid {
    /// The weight of those who had the price.
    pub(super) slope: u64,
    /// How many had less, and have nothing any more.
    pub(super) emptied: usize,
}

/// Takes a price from supporters, or all they have if that is less; they are listed in `emptied`. Those
/// whom it leaves with at most `close` are added to `unsure`.
///
/// Without branches on who is emptied, which no processor could foresee.
pub(super) fn pay<P: Purse>(
    purses: &mut [P],
    supporters: &[u32],
    price: u64,
    close: u64,
    emptied: &mut Vec<u32>,
    unsure: &mut Vec<(u32, u32)>,
) -> Paid {
    if emptied.len() < supporters.len() {
        emptied.resize(supporters.len(), 0);
    }
    let places = emptied.as_mut_slice();
    let (mut slope, mut count) = (0u64, 0);
    for &class in supporters {
        let purse = purses[class as usize];
        let (money, weight) = (purse.money(), purse.weight());
        let lacks = money < price;
        let left = money.wrapping_sub(price);
        places[count] = class;
        count += usize::from(lacks & (weight > 0));
        purses[class as usize] = if lacks { P::default() } else { P::new(left, weight) };
        slope += if lacks { 0 } else { weight };
        if left <= close {
            unsure.push((class, 1));
        }
    }
    // Those who had nothing before are near no price but zero.
    unsure.retain(|(class, _)| purses[*class as usize].weight() > 0);
    Paid { slope, emptied: count }
}

/// The same with scores; the level is per unit of score and carries [`SCORE_BITS`] fractional bits.
pub(super) fn score_level<P: Purse>(purses: &mut Vec<Scored<P>>, mut slope: u128, target: u128) -> Level {
    let steepness = |held: &Scored<P>| u128::from(held.purse.weight()) * u128::from(held.score);
    let mut emptied = 0;
    loop {
        let ceiling = divide_scaled(target - emptied, slope) + 1;
        let (round_target, round_slope, before) = (target - emptied, slope, purses.len());
        purses.retain(|held| {
            let money = u128::from(held.purse.money());
            let score = u128::from(held.score);
            let filled = money << SCORE_BITS;
            let stays = filled >= ceiling * score
                || (filled >= (ceiling - 1) * score && !wide_less(round_slope, money, round_target, score));
            if !stays {
                emptied += held.purse.value().into();
                slope -= steepness(held);
            }
            stays
        });
        if purses.len() == before {
            let weight = purses.iter().map(|held| u128::from(held.purse.weight())).sum();
            return Level { ceiling, slope, weight, emptied };
        }
    }
}

/// `numerator / denominator`, rounded up; by zero, the greatest number there is.
pub(super) fn divide_up(numerator: u128, denominator: u128) -> u128 {
    if denominator == 0 { u128::MAX } else { numerator.div_ceil(denominator) }
}

/// `numerator / denominator` with [`SCORE_BITS`] fractional bits, rounded down.
///
/// The denominator is below `2^95` and the quotient below `2^95`.
pub(super) fn divide_scaled(numerator: u128, denominator: u128) -> u128 {
    let denominator = denominator.max(1);
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    (whole << SCORE_BITS) + (rest << SCORE_BITS) / denominator
}

/// Whether `a * b < c * d`, where the products may need 256 bits.
pub(super) fn wide_less(a: u128, b: u128, c: u128, d: u128) -> bool {
    wide_product(a, b) < wide_product(c, d)
}

/// `a * b` as high and low half.
fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & HALF);
    let (b_high, b_low) = (b >> 64, b & HALF);
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> 64);
    let (middle, carry) = (middle & HALF, middle >> 64);
    let middle = a_low * b_high + middle;
    let high = a_high * b_high + carry + (middle >> 64);
    (high, (middle << 64) | (low & HALF))
}

#[cfg(test)]
mod tests {
    use super::super::purse::{Packed, Wide};
    use super::*;
    use proptest::prelude::*;

    fn the_poor_give_all<P: Purse + PartialEq>() {
        let purses = |all: &[(u64, u64)]| -> Vec<P> {
            all.iter().map(|(money, weight)| P::new(*money, *weight)).collect()
        };
        let mut some = purses(&[(1, 2), (10, 1), (10, 3)]);
        let poorest = P::new(10, 1);
        assert_eq!(level(&mut some, 6, 10), (Level { ceiling: 2, slope: 4, weight: 4, emptied: 2 }, poorest));
        assert_eq!(some.len(), 2);
        let mut some = purses(&[(5, 1), (7, 1)]);
        let poorest = P::new(7, 1);
        assert_eq!(level(&mut some, 2, 12), (Level { ceiling: 7, slope: 1, weight: 1, emptied: 5 }, poorest));
    }

    #[test]
    fn the_poor_give_all_and_the_others_the_same() {
        the_poor_give_all::<Wide>();
        the_poor_give_all::<Packed>();
    }

    proptest! {
        #[test]
        fn wide_products_are_right(a: u128, b: u128) {
            let (high, low) = wide_product(a, b);
            let exact = dashu_int::UBig::from(a) * dashu_int::UBig::from(b);
            prop_assert_eq!((dashu_int::UBig::from(high) << 128) + dashu_int::UBig::from(low), exact);
        }
    }
}
