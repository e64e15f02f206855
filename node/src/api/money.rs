//! Amounts for people.

use mutua_protocol::charter::Currency;

/// An amount in the smallest unit, with the currency's decimals and code: `1500.00 EUR`.
#[must_use]
pub fn show_amount(amount: u128, currency: &Currency) -> String {
    let unit = 10u128.pow(u32::from(currency.decimals));
    let (whole, part) = (amount / unit, amount % unit);
    match currency.decimals {
        0 => format!("{amount} {}", currency.code),
        decimals => format!("{whole}.{part:0width$} {}", currency.code, width = usize::from(decimals)),
    }
}
