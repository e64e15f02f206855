//! Decimal numbers as whole numbers of a smallest unit.

/// The most digits after the point that are read.
pub const MAX_DECIMALS: u8 = 12;

/// A decimal number: `mantissa * 10^-decimals`, without trailing zeros after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) mantissa: i64,
    pub(super) decimals: u8,
}

/// Why a text is not a number that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotDecimal {
    /// Not a number at all.
    Syntax,
    /// A number with too many digits.
    Range,
}

impl Decimal {
    /// Reads `12`, `-3`, `1584196.52`, `12,5` (both marks occur in Pabulib files) and `100000.0`.
    pub(super) fn parse(text: &str) -> Result<Self, NotDecimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + part.len() == 0 || !number(whole) || !number(part) {
            return Err(NotDecimal::Syntax);
        }
        let part = part.trim_end_matches('0');
        let decimals = u8::try_from(part.len())
            .ok()
            .filter(|decimals| *decimals <= MAX_DECIMALS)
            .ok_or(NotDecimal::Range)?;
        let mut mantissa = 0i64;
        for digit in whole.bytes().chain(part.bytes()) {
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|shifted| shifted.checked_add(i64::from(digit - b'0')))
                .ok_or(NotDecimal::Range)?;
        }
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, decimals })
    }

    /// The number in units of `10^-decimals`, of which there are at least as many as its own.
    pub(super) fn scaled(self, decimals: u8) -> Option<i64> {
        let missing = decimals.checked_sub(self.decimals)?;
        self.mantissa.checked_mul(10i64.checked_pow(u32::from(missing))?)
    }
}

/// `amount * 10^-decimals` as a decimal without trailing zeros.
pub(super) fn render(amount: u64, decimals: u8) -> String {
    let unit = 10u64.pow(u32::from(decimals.min(MAX_DECIMALS)));
    let (whole, part) = (amount / unit, amount % unit);
    if part == 0 {
        return whole.to_string();
    }
    let part = format!("{part:0width$}", width = usize::from(decimals));
    format!("{whole}.{}", part.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_written_exactly() {
        for (text, mantissa, decimals, written) in [
            ("12", 12, 0, "12"),
            ("1584196.52", 158_419_652, 2, "1584196.52"),
            ("100000.0", 100_000, 0, "100000"),
            ("12,50", 125, 1, "12.5"),
            (".5", 5, 1, "0.5"),
            ("+7.", 7, 0, "7"),
            ("0.001", 1, 3, "0.001"),
        ] {
            let read = Decimal::parse(text).unwrap();
            assert_eq!(read, Decimal { mantissa, decimals }, "{text}");
            assert_eq!(render(u64::try_from(mantissa).unwrap(), decimals), written);
        }
        assert_eq!(Decimal::parse("-3").unwrap().mantissa, -3);
        for text in ["", "-", ".", "1 000", "1e6", "abc", "1.2.3", "٣"] {
            assert_eq!(Decimal::parse(text), Err(NotDecimal::Syntax), "{text}");
        }
        assert_eq!(Decimal::parse("9223372036854775808"), Err(NotDecimal::Range));
        assert_eq!(Decimal::parse("0.1234567890123"), Err(NotDecimal::Range));
    }

    #[test]
    fn scaling_stays_in_range() {
        assert_eq!(Decimal { mantissa: 5, decimals: 1 }.scaled(3), Some(500));
        assert_eq!(Decimal { mantissa: i64::MAX, decimals: 0 }.scaled(1), None);
        assert_eq!(Decimal { mantissa: 5, decimals: 2 }.scaled(1), None);
    }
}
