//! What a file of many records comes to: how many of which kind, and their sums.

use std::collections::BTreeMap;

use mutua_protocol::{
    charter::Charter,
    records::{Body, Record},
};

use crate::{amounts, page::Page, spelled};

/// What the records of one kind come to.
#[derive(Default)]
struct Sum {
    count: u64,
    /// In the currency's smallest unit; only where the kind is about money.
    money: Option<u128>,
    /// The members' weights, for admissions.
    weight: Option<u64>,
}

/// Tells what the records come to.
pub(super) fn tell(page: &mut Page, records: &[Record], charter: &Charter) {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for record in records {
        let sum = sums.entry(spelled::body(&record.body, charter).0).or_default();
        sum.count += 1;
        match &record.body {
            Body::Admit { weight, .. } => *sum.weight.get_or_insert(0) += u64::from(*weight),
            Body::Fund { amount, .. }
            | Body::Disburse { amount, .. }
            | Body::Release { amount, .. }
            | Body::WriteOff { amount, .. }
            | Body::Recover { amount, .. } => *sum.money.get_or_insert(0) += u128::from(*amount),
            Body::Repay { principal, interest, .. } => {
                *sum.money.get_or_insert(0) += u128::from(*principal) + u128::from(*interest);
            }
            _ => {}
        }
    }
    for (what, sum) in sums {
        let money = sum.money.map(|money| format!(", together {}", amounts::show(money, &charter.currency)));
        let weight = sum.weight.map(|weight| format!(", together of weight {weight}"));
        page.line(format!(
            "{} times: {what}{}{}",
            sum.count,
            money.unwrap_or_default(),
            weight.unwrap_or_default()
        ));
    }
}
