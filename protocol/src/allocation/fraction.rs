//! Exact non-negative rationals: prices and sums of money that no fixed number of digits can hold.

use std::cmp::Ordering;
use std::fmt;

use dashu_int::UBig;
use dashu_int::ops::{DivRem, Gcd};

/// An exact non-negative rational in lowest terms.
///
/// Two fractions are equal exactly when their numbers are, so a fraction has one encoding
/// ([`numerator_bytes`](Self::numerator_bytes), [`denominator_bytes`](Self::denominator_bytes)) and
/// can be part of something that is hashed.
#[derive(Clone, PartialEq, Eq)]
pub struct Fraction {
    numerator: UBig,
    denominator: UBig,
}

impl Fraction {
    /// The fraction `numerator / denominator`; nothing if the denominator is zero.
    #[must_use]
    pub fn new(numerator: u128, denominator: u128) -> Option<Self> {
        Self::reduce(UBig::from(numerator), UBig::from(denominator))
    }

    /// The whole number `value`.
    #[must_use]
    pub fn from_integer(value: u128) -> Self {
        Self { numerator: UBig::from(value), denominator: UBig::ONE }
    }

    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self { numerator: UBig::ZERO, denominator: UBig::ONE }
    }

    /// Brings two whole numbers to lowest terms; nothing if the denominator is zero.
    pub(crate) fn reduce(numerator: UBig, denominator: UBig) -> Option<Self> {
        if denominator.is_zero() {
            return None;
        }
        if numerator.is_zero() {
            return Some(Self::zero());
        }
        let common = (&numerator).gcd(&denominator);
        if common.is_one() {
            return Some(Self { numerator, denominator });
        }
        Some(Self { numerator: numerator / &common, denominator: denominator / common })
    }

    /// Reads what [`numerator_bytes`](Self::numerator_bytes) and
    /// [`denominator_bytes`](Self::denominator_bytes) wrote; nothing if the bytes are not what these
    /// would have written (leading zeros, not in lowest terms, denominator zero).
    #[must_use]
    pub fn from_bytes(numerator: &[u8], denominator: &[u8]) -> Option<Self> {
        if numerator.first() == Some(&0) || denominator.first() == Some(&0) {
            return None;
        }
        let read =
            Self { numerator: UBig::from_be_bytes(numerator), denominator: UBig::from_be_bytes(denominator) };
        let canonical = Self::reduce(read.numerator.clone(), read.denominator.clone())?;
        (canonical == read).then_some(read)
    }

    /// The numerator, big-endian, without leading zeros; zero is no bytes at all.
    #[must_use]
    pub fn numerator_bytes(&self) -> Vec<u8> {
        minimal_bytes(&self.numerator)
    }

    /// The denominator, big-endian, without leading zeros; never empty.
    #[must_use]
    pub fn denominator_bytes(&self) -> Vec<u8> {
        minimal_bytes(&self.denominator)
    }

    /// The fraction times a whole number, divided by another; nothing if that is zero.
    #[must_use]
    pub fn scaled(&self, times: u64, divided_by: u64) -> Option<Self> {
        Self::reduce(&self.numerator * times, &self.denominator * divided_by)
    }

    /// Whether the fraction is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    /// The whole number, if the fraction is one and fits.
    #[must_use]
    pub fn to_integer(&self) -> Option<u128> {
        if self.denominator.is_one() { u128::try_from(&self.numerator).ok() } else { None }
    }

    /// The greatest whole number that is not above the fraction, if it fits.
    #[must_use]
    pub fn floor(&self) -> Option<u128> {
        u128::try_from(&self.numerator / &self.denominator).ok()
    }

    /// The fraction as a decimal with `digits` digits after the point, cut (not rounded).
    ///
    /// For people's eyes; nothing may be computed from it.
    #[must_use]
    pub fn to_decimal(&self, digits: u8) -> String {
        let scale = UBig::from(10u8).pow(usize::from(digits));
        let (whole, rest) = (&self.numerator * &scale / &self.denominator).div_rem(&scale);
        if digits == 0 {
            return whole.to_string();
        }
        let rest = rest.to_string();
        let zeros = usize::from(digits).saturating_sub(rest.len());
        format!("{whole}.{}{rest}", "0".repeat(zeros))
    }
}

fn minimal_bytes(number: &UBig) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.numerator * &other.denominator).cmp(&(&other.numerator * &self.denominator))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Fraction {
    /// `n/d`, and `n` for a whole number.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator.is_one() {
            write!(formatter, "{}", self.numerator)
        } else {
            write!(formatter, "{}/{}", self.numerator, self.denominator)
        }
    }
}

/// A text is no fraction that [`Fraction`] would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFraction;

impl fmt::Display for NotAFraction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a fraction is written as n or n/d, in lowest terms")
    }
}

impl std::error::Error for NotAFraction {}

impl std::str::FromStr for Fraction {
    type Err = NotAFraction;

    fn from_str(text: &str) -> Result<Self, NotAFraction> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain { digits.parse::<UBig>().map_err(|_| NotAFraction) } else { Err(NotAFraction) }
        };
        let read = Self::reduce(number(numerator)?, number(denominator)?).ok_or(NotAFraction)?;
        if read.to_string() == text { Ok(read) } else { Err(NotAFraction) }
    }
}

impl fmt::Debug for Fraction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_terms_and_one_encoding() {
        let half = Fraction::new(21, 42).unwrap();
        assert_eq!(half, Fraction::new(1, 2).unwrap());
        assert_eq!(half.to_string(), "1/2");
        assert_eq!(half.numerator_bytes(), [1]);
        assert_eq!(Fraction::from_bytes(&[1], &[2]), Some(half));
        assert_eq!(Fraction::from_bytes(&[2], &[4]), None);
        assert_eq!(Fraction::from_bytes(&[0, 1], &[2]), None);
        assert_eq!(Fraction::from_bytes(&[1], &[]), None);
        assert_eq!(Fraction::from_bytes(&[], &[1]), Some(Fraction::zero()));
        assert_eq!(Fraction::from_bytes(&[], &[2]), None);
        assert_eq!(Fraction::new(1, 0), None);
    }

    #[test]
    fn what_is_written_can_be_read() {
        for text in ["0", "7", "1/2", "340282366920938463463374607431768211457/3"] {
            assert_eq!(text.parse::<Fraction>().unwrap().to_string(), text);
        }
        for text in ["", "/", "1/", "/2", "2/4", "1/1", "1/0", "01", "-1", "+1", "1_0", "1/2/3", " 1"] {
            assert_eq!(text.parse::<Fraction>(), Err(NotAFraction), "{text}");
        }
    }

    #[test]
    fn order_and_decimals() {
        let a = Fraction::new(1, 3).unwrap();
        let b = Fraction::new(333_333_333, 1_000_000_000).unwrap();
        assert!(b < a);
        assert_eq!(a.to_decimal(4), "0.3333");
        assert_eq!(Fraction::new(201, 2).unwrap().to_decimal(3), "100.500");
        assert_eq!(Fraction::from_integer(7).to_decimal(0), "7");
        assert_eq!(Fraction::from_integer(7).to_string(), "7");
    }
}
