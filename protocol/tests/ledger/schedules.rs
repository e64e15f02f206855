//! What a loan's terms say is due.

use mutua_protocol::{
    limits,
    loans::{Installment, schedule},
    records::{Loan, Repayment},
};
use num_bigint::BigUint;
use proptest::prelude::*;

use crate::support::loan;

fn terms(repayment: Repayment, amount: u64, term: u16, rate: u16) -> Loan {
    Loan { amount, term, rate, repayment, ..loan("bakery", amount) }
}

fn due(repayment: Repayment, amount: u64, term: u16, rate: u16) -> Vec<(u64, u64)> {
    let whole = schedule(&terms(repayment, amount, term, rate), amount);
    whole.iter().map(|month| (month.principal, month.interest)).collect()
}

#[test]
fn known_schedules() {
    assert_eq!(due(Repayment::Linear, 1000, 3, 0), [(333, 0), (333, 0), (334, 0)]);
    // Six per cent a year are half a per cent a month.
    assert_eq!(due(Repayment::Linear, 90_000, 3, 600), [(30_000, 450), (30_000, 300), (30_000, 150)]);
    assert_eq!(due(Repayment::Bullet, 90_000, 3, 600), [(0, 450), (0, 450), (90_000, 450)]);
    assert_eq!(due(Repayment::Annuity, 90_000, 3, 600), [(29_851, 450), (30_000, 301), (30_149, 151)]);
    // The textbook's annuity of 10,000.00 over twelve months at six per cent is 860.664 a month.
    let year = schedule(&terms(Repayment::Annuity, 1_000_000, 12, 600), 1_000_000);
    assert!(year[..11].iter().all(|month| month.total() == 86_067), "{year:?}");
    assert_eq!(year[11].total(), 86_059);
    assert_eq!(due(Repayment::Annuity, 1, 3, 0), [(1, 0), (0, 0), (0, 0)]);
    assert_eq!(due(Repayment::Annuity, 5, 1, 10_000), [(5, 0)]);
    // Half a unit of interest is one unit.
    assert_eq!(due(Repayment::Bullet, 6, 1, 10_000), [(6, 1)]);
}

/// The sum of what is due.
fn sums(months: &[Installment]) -> (u128, u128) {
    months.iter().fold((0, 0), |(principal, interest), month| {
        (principal + u128::from(month.principal), interest + u128::from(month.interest))
    })
}

/// Is nothing left after all months of this payment? In numbers of any size.
fn repays(amount: u64, term: u16, rate: u16, payment: u64) -> bool {
    let mut left = BigUint::from(amount);
    for _ in 0..term {
        let interest = (&left * u32::from(rate) + 60_000u32) / 120_000u32;
        let owed = left + interest;
        left = if owed > BigUint::from(payment) { owed - payment } else { BigUint::ZERO };
    }
    left == BigUint::ZERO
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_schedule_adds_up(
        bits in 0u32..51,
        low in any::<u64>(),
        term in 1u16..=600,
        rate in 0u16..=10_000,
        part in 1u64..=16,
    ) {
        let amount = (low % (1 << bits)).clamp(1, limits::AMOUNT);
        for repayment in [Repayment::Annuity, Repayment::Linear, Repayment::Bullet] {
            let loan = terms(repayment, amount, term, rate);
            let part = (amount / part).max(1);
            let months = schedule(&loan, part);
            prop_assert_eq!(months.len(), usize::from(term));
            prop_assert_eq!(sums(&months).0, u128::from(part));
            let mut left = part;
            for month in &months {
                let exact = u128::from(left) * u128::from(rate);
                let twice = 2 * 120_000 * u128::from(month.interest);
                prop_assert!(twice <= 2 * exact + 120_000 && 2 * exact < twice + 120_000);
                left -= month.principal;
            }
            if repayment == Repayment::Annuity {
                let payment = months[0].total();
                prop_assert!(months.windows(2).all(|pair| pair[0].total() >= pair[1].total()));
                prop_assert!(repays(part, term, rate, payment));
                // A first month that repays everything may be less than the payment.
                if months[0].principal < part {
                    prop_assert!(!repays(part, term, rate, payment - 1));
                }
            }
        }
    }
}
