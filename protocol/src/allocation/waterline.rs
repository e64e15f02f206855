//! The price of a project in fixed precision: how high the water stands when supporters pay the cost.
//!
//! Supporters pay the same price per unit of utility, and those who have less give all they have. So
//! the price is the level at which the purses, filled up to it, hold the cost. Money is counted in
//! [`ENDOWMENT`]ths of one voter's endowment.

/// An endowment in fixed precision. Purses then fit 64 bits, and their sum over any number of voters
/// 128 bits (the sum of weights is at most `2^62`).
pub(super) const ENDOWMENT: u64 = 1 << 62;

/// Fractional bits of a level per unit of score, so that payments for high scores stay precise.
pub(super) const SCORE_BITS: u32 = 32;

/// A supporter who may pay less than everything: money, weight, score (1 where all are equal).
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    pub(super) money: u64,
    pub(super) weight: u64,
    pub(super) score: u32,
}

/// A level, rounded up, and the weight (times score) of those who are not emptied by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) ceiling: u128,
    pub(super) slope: u128,
}

/// The level at which `purses` hold `target`, all scores being one. The caller makes sure that
/// together they hold at least that. Purses under the level are removed.
pub(super) fn level(purses: &mut Vec<Purse>, mut target: u128) -> Level {
    let mut slope: u128 = purses.iter().map(|purse| u128::from(purse.weight)).sum();
    loop {
        let ceiling = divide_up(target, slope);
        let before = purses.len();
        purses.retain(|purse| {
            let stays = u128::from(purse.money) >= ceiling;
            if !stays {
                target -= u128::from(purse.money) * u128::from(purse.weight);
                slope -= u128::from(purse.weight);
            }
            stays
        });
        if purses.len() == before {
            return Level { ceiling, slope };
        }
    }
}

/// The same for any scores; the level is per unit of score and carries [`SCORE_BITS`] fractional
/// bits.
pub(super) fn score_level(purses: &mut Vec<Purse>, mut target: u128) -> Level {
    let mut slope: u128 = purses.iter().map(|purse| u128::from(purse.weight) * u128::from(purse.score)).sum();
    loop {
        let (whole, rest) = (target / slope.max(1), target % slope.max(1));
        let ceiling = (whole << SCORE_BITS) + divide_up(rest << SCORE_BITS, slope);
        let before = purses.len();
        let (round_target, round_slope) = (target, slope);
        purses.retain(|purse| {
            let filled = u128::from(purse.money) << SCORE_BITS;
            let score = u128::from(purse.score);
            let stays = filled >= ceiling * score
                || (filled > (ceiling.saturating_sub(1)) * score
                    && !wide_less(round_slope, u128::from(purse.money), round_target, score));
            if !stays {
                target -= u128::from(purse.money) * u128::from(purse.weight);
                slope -= u128::from(purse.weight) * score;
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
        Purse { money, weight, score: 1 }
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
