//! Exact prices of what has been bought, and exact money of those who bought it.
//!
//! No voter needs a rational of their own: what voters have left is their endowment less the prices of
//! the bought projects on their ballots. So the money of any group is a sum with one term for each
//! purchase, and only the purchases carry big numbers.

use dashu_int::UBig;

/// The prices paid so far, each over a denominator that divides the next one's.
///
/// Price `i` is `numerator[i] / (first * factor[0] * .. * factor[i])`, in the currency's smallest unit
/// per unit of utility; the first denominator is the electorate's weight.
#[derive(Clone, Debug)]
pub(crate) struct Prices {
    endowments: UBig,
    first: UBig,
    denominator: UBig,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    factor: u128,
    numerator: UBig,
}

impl Prices {
    /// No prices yet; the electorate, of this weight, shares `endowments` equally.
    pub(crate) fn new(endowments: UBig, weight: u64) -> Self {
        Self { endowments, first: UBig::from(weight), denominator: UBig::from(weight), steps: Vec::new() }
    }

    /// How many prices there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The denominator over which [`money`](Self::money) counts.
    pub(crate) const fn denominator(&self) -> &UBig {
        &self.denominator
    }

    /// What a group has left, over [`denominator`](Self::denominator): its endowments, by weight, less
    /// `amounts[i]` times price `i`.
    pub(crate) fn money(&self, weight: u128, amounts: &[u128]) -> UBig {
        self.money_after(self.steps.len(), weight, amounts)
    }

    /// What a group had left after the first `steps` purchases, over the denominator of that time.
    pub(crate) fn money_after(&self, steps: usize, weight: u128, amounts: &[u128]) -> UBig {
        if weight == 0 {
            return UBig::ZERO;
        }
        let mut money = &self.endowments * weight;
        for (step, amount) in self.steps[..steps].iter().zip(amounts) {
            if step.factor != 1 {
                money *= step.factor;
            }
            if *amount != 0 {
                money -= &step.numerator * *amount;
            }
        }
        money
    }

    /// The sum of `amounts[i]` times price `i`, over [`denominator`](Self::denominator).
    pub(crate) fn total(&self, amounts: &[u128]) -> UBig {
        let mut total = UBig::ZERO;
        for (step, amount) in self.steps.iter().zip(amounts) {
            if step.factor != 1 {
                total *= step.factor;
            }
            if *amount != 0 {
                total += &step.numerator * *amount;
            }
        }
        total
    }

    /// Adds the price `rest / (denominator * slope)`.
    pub(crate) fn push(&mut self, rest: UBig, slope: u128) {
        let common = common_factor(&rest, slope);
        let factor = slope / common;
        let numerator = if common == 1 { rest } else { rest / common };
        self.denominator *= factor;
        self.steps.push(Step { factor, numerator });
    }

    /// By what the denominator grew with a purchase; one for a purchase that does not exist.
    pub(crate) fn factor(&self, step: usize) -> u128 {
        self.steps.get(step).map_or(1, |step| step.factor)
    }

    /// The last price in units of `endowment / precision`, rounded down.
    pub(crate) fn last_rounded_down(&self, precision: u128) -> u128 {
        self.steps.last().map_or(0, |last| self.rounded_down(&last.numerator, &self.denominator, precision))
    }

    /// Any price in units of `endowment / precision`, rounded down.
    pub(crate) fn rounded_down(&self, price: &UBig, denominator: &UBig, precision: u128) -> u128 {
        let scaled = price * &self.first * precision;
        u128::try_from(scaled / (denominator * &self.endowments)).unwrap_or(u128::MAX)
    }

    /// The prices up to and including one, over the denominator of that one.
    pub(crate) fn up_to(&self, last: usize) -> Common {
        let mut numerators = Vec::new();
        let mut denominator = UBig::ONE;
        for step in self.steps.iter().take(last + 1).rev() {
            numerators.push(&step.numerator * &denominator);
            denominator *= step.factor;
        }
        numerators.reverse();
        Common { numerators, denominator: denominator * &self.first }
    }

    /// What all endowments add up to.
    pub(crate) const fn endowments(&self) -> &UBig {
        &self.endowments
    }

    /// All prices as numerator and denominator, not reduced.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&UBig, UBig)> {
        self.steps.iter().scan(self.first.clone(), |denominator, step| {
            *denominator *= step.factor;
            Some((&step.numerator, denominator.clone()))
        })
    }
}

/// Prices over a common denominator.
pub(crate) struct Common {
    pub(crate) numerators: Vec<UBig>,
    pub(crate) denominator: UBig,
}

/// The greatest common divisor of a big number and a small one (at least one).
fn common_factor(big: &UBig, small: u128) -> u128 {
    if small <= 1 {
        return 1;
    }
    let (mut a, mut b) = (small, big % small);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
