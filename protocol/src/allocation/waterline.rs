//! The price of a project in fixed precision: how high the water stands when supporters pay the cost.
//!
//! Supporters pay the same price per unit of utility, and those who have less give all they have. So
//! the price is the level at which the purses, filled up to it, hold the cost. Money is counted in
//! [`ENDOWMENT`]ths of one voter's endowment.

use super::classes::Row;

/// An endowment in fixed precision. Purses then fit 64 bits, and their sum over any number of voters
/// 128 bits (the sum of weights is at most `2^62`).
pub(super) const ENDOWMENT: u64 = 1 << 62;

/// Fractional bits of a level per unit of score, so that payments for high scores stay precise.
pub(super) const SCORE_BITS: u32 = 32;

/// What each unit of weight of some voters has, and how much weight that is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purse {
    pub(super) money: u64,
    pub(super) weight: u64,
}

/// A purse whose owners give a score.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scored {
    purse: Purse,
    score: u32,
}

/// Gathers in `held` the supporters whose purses are not below a level. Yields the money of the others
/// and of those.
///
/// Which of two values is written does not depend on a branch: purses come in no order that a
/// processor could foresee.
pub(super) fn hold(purses: &[Purse], supporters: &[u32], level: u128, held: &mut Vec<Purse>) -> (u128, u128) {
    let level = u64::try_from(level).unwrap_or(u64::MAX);
    held.clear();
    held.resize(supporters.len(), Purse::default());
    let (mut count, mut below, mut total) = (0, 0u128, 0u128);
    for class in supporters {
        let purse = purses[*class as usize];
        let money = u128::from(purse.money) * u128::from(purse.weight);
        let holds = purse.money >= level;
        total += money;
        below += if holds { 0 } else { money };
        held[count] = purse;
        count += usize::from(holds);
    }
    held.truncate(count);
    (below, total - below)
}

/// The same for a level per unit of score, with [`SCORE_BITS`].
pub(super) fn hold_scored(
    purses: &[Purse],
    supporters: Row<'_>,
    level: u128,
    held: &mut Vec<Scored>,
) -> (u128, u128) {
    held.clear();
    let (mut below, mut total) = (0u128, 0u128);
    for (class, score) in supporters.iter() {
        let purse = purses[class];
        let money = u128::from(purse.money) * u128::from(purse.weight);
        total += money;
        if u128::from(purse.money) << SCORE_BITS < level * u128::from(score) {
            below += money;
        } else {
            held.push(Scored { purse, score });
        }
    }
    (below, total - below)
}

/// A level, rounded up, and the weight (times score) of those who are not emptied by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) ceiling: u128,
    pub(super) slope: u128,
}

/// The level at which `purses` hold `target`. The caller makes sure that together they hold at least
/// that. Purses under the level are removed.
pub(super) fn level(purses: &mut Vec<Purse>, mut target: u128) -> Level {
    let mut slope: u128 = purses.iter().map(|purse| u128::from(purse.weight)).sum();
    loop {
        let ceiling = divide_up(target, slope);
        let bound = u64::try_from(ceiling).unwrap_or(u64::MAX);
        let (mut count, mut emptied, mut weight) = (0, 0u128, 0u128);
        for place in 0..purses.len() {
            let purse = purses[place];
            let stays = purse.money >= bound;
            let money = u128::from(purse.money) * u128::from(purse.weight);
            emptied += if stays { 0 } else { money };
            weight += if stays { 0 } else { u128::from(purse.weight) };
            purses[count] = purse;
            count += usize::from(stays);
        }
        if count == purses.len() {
            return Level { ceiling, slope };
        }
        purses.truncate(count);
        target -= emptied;
        slope -= weight;
    }
}

/// The same with scores; the level is per unit of score and carries [`SCORE_BITS`] fractional bits.
pub(super) fn score_level(purses: &mut Vec<Scored>, mut target: u128) -> Level {
    let steepness = |held: &Scored| u128::from(held.purse.weight) * u128::from(held.score);
    let mut slope: u128 = purses.iter().map(steepness).sum();
    loop {
        let ceiling = divide_scaled(target, slope) + 1;
        let (round_target, round_slope, before) = (target, slope, purses.len());
        purses.retain(|held| {
            let money = u128::from(held.purse.money);
            let score = u128::from(held.score);
            let filled = money << SCORE_BITS;
            let stays = filled >= ceiling * score
                || (filled >= (ceiling - 1) * score && !wide_less(round_slope, money, round_target, score));
            if !stays {
                target -= money * u128::from(held.purse.weight);
                slope -= steepness(held);
            }
            stays
        });
        if purses.len() == before {
            return Level { ceiling, slope };
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
    use super::*;
    use proptest::prelude::*;

    fn purse(money: u64, weight: u64) -> Purse {
        Purse { money, weight }
    }

    #[test]
    fn the_poor_give_all_and_the_others_the_same() {
        let mut purses = vec![purse(1, 2), purse(10, 1), purse(10, 3)];
        assert_eq!(level(&mut purses, 10), Level { ceiling: 2, slope: 4 });
        assert_eq!(purses.len(), 2);
        let mut purses = vec![purse(5, 1), purse(7, 1)];
        assert_eq!(level(&mut purses, 12), Level { ceiling: 7, slope: 1 });
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
