//! Amounts and rates as people write them, and as the protocol counts them: exactly, in whole numbers.

use mutua_protocol::charter::Currency;

use crate::failure::{Done, Failure};

/// Reads a decimal number as a count of units of `10^-decimals`.
fn read(text: &str, decimals: u8) -> Result<u64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || text.ends_with('.') {
        return Err("write digits, with a point before decimals and nothing between thousands".to_owned());
    }
    let part = part.trim_end_matches('0');
    let missing = usize::from(decimals)
        .checked_sub(part.len())
        .ok_or_else(|| format!("it has more than {decimals} decimals"))?;
    format!("{whole}{part}{}", "0".repeat(missing)).parse().map_err(|_| "it is too large".to_owned())
}

/// Reads an amount of this currency, such as `1500` or `1500.00`, in its smallest unit.
///
/// # Errors
/// When it is no such amount.
pub(crate) fn parse(text: &str, currency: &Currency) -> Done<u64> {
    parse_units(text, currency.decimals)
}

/// Reads an amount in units of `10^-decimals`.
///
/// # Errors
/// When it is no such amount.
pub(crate) fn parse_units(text: &str, decimals: u8) -> Done<u64> {
    read(text, decimals).map_err(|why| Failure::input(format!("'{text}' is not an amount that fits: {why}")))
}

/// An amount with the currency's decimals and without its code.
pub(crate) fn digits(amount: u128, decimals: u8) -> String {
    let unit = 10u128.pow(u32::from(decimals));
    match decimals {
        0 => amount.to_string(),
        _ => format!("{}.{:0width$}", amount / unit, amount % unit, width = usize::from(decimals)),
    }
}

/// An amount with the currency's decimals and code.
pub(crate) fn show(amount: impl Into<u128>, currency: &Currency) -> String {
    mutua_node::api::show_amount(amount.into(), currency)
}

/// Reads a rate: `1.2%`, or `120bp`.
///
/// # Errors
/// The text that is not one, for clap.
pub(crate) fn parse_rate(text: &str) -> Result<u16, String> {
    let wrong = |why: &str| format!("{why}; write a percentage such as 1.2%, or basis points such as 120bp");
    let points = if let Some(percent) = text.strip_suffix('%') {
        read(percent.trim_end(), 2).map_err(|why| wrong(&why))?
    } else if let Some(points) = text.strip_suffix("bp") {
        read(points.trim_end(), 0).map_err(|why| wrong(&why))?
    } else {
        return Err(wrong("the unit is missing"));
    };
    u16::try_from(points).ok().filter(|points| *points <= 10_000).ok_or_else(|| wrong("it is more than 100%"))
}

/// Basis points as a percentage.
pub(crate) fn percent(points: u16) -> String {
    format!("{}.{:02}%", points / 100, points % 100)
}

/// A part of a whole as a percentage with one decimal, cut.
pub(crate) fn part_of(part: u128, whole: u128) -> String {
    let mille = (part * 1000).checked_div(whole).unwrap_or(0);
    format!("{}.{}%", mille / 10, mille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, decimals, units) in [
            ("1500", 2, 150_000),
            ("1500.00", 2, 150_000),
            ("0.01", 2, 1),
            ("0.1", 2, 10),
            ("12.340", 2, 1234),
            ("18446744073709551615", 0, u64::MAX),
        ] {
            assert_eq!(read(text, decimals), Ok(units), "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1,5", "1 000", "1e3", "0.001", "184467440737095516.16"]
        {
            assert!(read(text, 2).is_err(), "{text}");
        }
        assert_eq!(digits(1234, 2), "12.34");
        assert_eq!(digits(5, 2), "0.05");
        assert_eq!(digits(5, 0), "5");
    }

    #[test]
    fn rates_need_their_unit() {
        assert_eq!(parse_rate("1.2%"), Ok(120));
        assert_eq!(parse_rate("0.05 %"), Ok(5));
        assert_eq!(parse_rate("120bp"), Ok(120));
        assert_eq!(parse_rate("100%"), Ok(10_000));
        for text in ["1.2", "120", "1.234%", "101%", "1.5bp", "%", ""] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
        assert_eq!(percent(120), "1.20%");
        assert_eq!(part_of(1, 3), "33.3%");
        assert_eq!(part_of(1, 0), "0.0%");
    }
}
