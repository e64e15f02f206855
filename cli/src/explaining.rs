//! Why a loan is funded or not, in words that a loser understands.

use mutua_protocol::{
    allocation::{Cap, CapExcess, Distance, Fraction, Idle, Phase, Rule, Utility},
    ledger::{Ineligible, LoanFate},
    outcome::PassedOver,
};

/// How amounts are written.
pub(crate) type Money<'a> = &'a dyn Fn(u128) -> String;

/// A loan and what became of it.
pub(crate) struct Case<'a> {
    /// What people call it: "loan", or "project".
    pub noun: &'static str,
    /// What it costs, in smallest units.
    pub amount: u64,
    /// How many support it, and their weight.
    pub supporters: (u64, u64),
    /// What became of it.
    pub fate: &'a LoanFate,
    /// How far it was from being funded.
    pub distance: Option<&'a Distance>,
    /// The rule.
    pub rule: Rule,
}

/// `1 supporter`, `3 supporters (weight 7)`.
pub(crate) fn people((heads, weight): (u64, u64), noun: &str) -> String {
    let plural = if heads == 1 { "" } else { "s" };
    if heads == weight {
        format!("{heads} {noun}{plural}")
    } else {
        format!("{heads} {noun}{plural} (weight {weight})")
    }
}

impl Case<'_> {
    /// The explanation, a sentence each.
    pub(crate) fn sentences(&self, money: Money<'_>) -> Vec<String> {
        match self.fate {
            LoanFate::Funded { place, by, price, payers, greatest_share } => {
                self.funded(*place, *by, price.as_deref(), (*payers, *greatest_share), money)
            }
            LoanFate::PassedOver { reason, left, missing, over_pool, cap, time } => {
                let mut said = vec![format!("Not funded. It has {}.", people(self.supporters, "supporter"))];
                said.extend(self.reason(*reason, (*left, *missing), *over_pool, money));
                if let Some(time) =
                    time.as_ref().and_then(|time| fraction(time)).and_then(|time| time.floor())
                {
                    said.push(format!(
                        "Its supporters would have had its cost together once each had paid {} in all.",
                        money(time)
                    ));
                }
                said.extend(cap.as_ref().map(|cap| excess(cap, money)));
                said.extend(self.distance.map(|distance| self.enough(distance, money)));
                said
            }
            LoanFate::Ineligible { against, .. } => {
                let mut said = vec!["It could not be funded, whatever the votes:".to_owned()];
                said.extend(against.iter().map(|reason| format!("- {}", lack(reason, money))));
                said
            }
        }
    }

    fn funded(
        &self,
        place: u32,
        by: Phase,
        price: Option<&str>,
        (payers, greatest): (u64, u64),
        money: Money<'_>,
    ) -> Vec<String> {
        let mut said =
            vec![format!("Funded as number {place}. It has {}.", people(self.supporters, "supporter"))];
        let price = price.and_then(fraction);
        match (by, price, self.rule) {
            (Phase::EqualShares, Some(price), Rule::EqualShares { utility, .. }) => {
                let price = match utility {
                    Utility::Cost => percent(&price).map(|percent| format!("{percent} of its cost")),
                    Utility::Cardinality => price.floor().map(money),
                    Utility::Score => price.floor().map(|price| format!("{} for each point", money(price))),
                };
                let price = price.unwrap_or_default();
                said.push(format!(
                    "Its supporters bought it with their shares of the budget: for each unit of weight they paid {price}, or all they had left."
                ));
            }
            (Phase::Phragmen, Some(price), _) => said.push(format!(
                "Its supporters bought it as soon as they had its cost together: each has paid {} by then, for this and what they bought before.",
                price.floor().map(money).unwrap_or_default()
            )),
            _ => said.push(
                "Its turn came by its support while it still fitted; its cost is counted to its supporters by weight.".to_owned(),
            ),
        }
        said.push(format!("{payers} of them paid for it, at most {} each.", money(greatest.into())));
        said
    }

    fn reason(
        &self,
        reason: PassedOver,
        (left, missing): (Option<u64>, Option<u64>),
        over_pool: Option<u64>,
        money: Money<'_>,
    ) -> Option<String> {
        let noun = self.noun;
        Some(match reason {
            PassedOver::NoSupporters => format!("Nobody who voted supports this {noun}."),
            PassedOver::NoUtility => format!("{}.", sentence(&reason.to_string())),
            PassedOver::SupportersLackMoney => match (left, missing) {
                (Some(left), Some(missing)) => format!(
                    "After all purchases its supporters have {} of their shares left together. It costs {}: {} more.",
                    money(left.into()),
                    money(self.amount.into()),
                    money(missing.into())
                ),
                _ => format!("{}.", sentence(&reason.to_string())),
            },
            PassedOver::PoolSpent => match over_pool {
                Some(over) => format!(
                    "It costs {}, which is {} more than is left of the budget.",
                    money(self.amount.into()),
                    money(over.into())
                ),
                None => "It cost more than was left of the budget when its turn came.".to_owned(),
            },
            PassedOver::Stopped => {
                format!("The rule stopped at another {noun}, which came first and did not fit any more.")
            }
            // Told with its figures.
            PassedOver::BorrowerCap | PassedOver::CategoryCap | PassedOver::ExpectedLossCap => return None,
        })
    }

    fn enough(&self, distance: &Distance, money: Money<'_>) -> String {
        let further = match (distance.further_supporters, distance.supporters_are_certain) {
            (Some(number), true) => {
                format!(
                    "with {number} further supporter{} who vote{} for nothing else",
                    if number == 1 { "" } else { "s" },
                    if number == 1 { "s" } else { "" }
                )
            }
            (Some(number), false) => {
                format!("with {number} further supporters who vote for nothing else (perhaps fewer)")
            }
            (None, true) => "not even with as many further supporters as there are votes".to_owned(),
            (None, false) => "not with any number of further supporters that was tried".to_owned(),
        };
        let cheaper = match (distance.greatest_cost, distance.cost_is_certain) {
            (Some(cost), true) => format!("at a cost of at most {}", money(cost.into())),
            (Some(cost), false) => format!("at a cost of {} (perhaps also at more)", money(cost.into())),
            (None, true) => "at no lower cost".to_owned(),
            (None, false) => "at no lower cost that was tried".to_owned(),
        };
        format!("It would have been funded {further}; or {cheaper}.")
    }
}

fn excess(excess: &CapExcess, money: Money<'_>) -> String {
    let what = match excess.cap {
        Cap::Borrower => "its borrower",
        Cap::Category => "its category",
        Cap::ExpectedLoss => "expected loss",
    };
    format!(
        "The cap for {what} allows {}; with it, it would be {}: {} too much.",
        money(excess.allowed.into()),
        money(excess.with.into()),
        money(u128::from(excess.with - excess.allowed.min(excess.with)))
    )
}

/// What a loan lacks that may not be funded.
pub(crate) fn lack(reason: &Ineligible, money: Money<'_>) -> String {
    match reason {
        Ineligible::Amount { greatest } => format!(
            "its amount is greater than {}, the least bound of attestations and policy",
            money(u128::from(*greatest))
        ),
        other => other.to_string(),
    }
}

/// Why money is left.
pub(crate) fn idle(idle: Idle) -> &'static str {
    match idle {
        Idle::NoSupporters => "everything that anybody supports is funded",
        Idle::TooDear => "everything else that is supported costs more than that",
        Idle::Caps => "what would still fit would break a cap",
        Idle::SupportersLackMoney => "what would still fit is more than its supporters' own shares hold",
        Idle::Stopped => "the rule stopped at what came next and did not fit",
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A fraction of one as a percentage with two decimals, cut.
fn percent(share: &Fraction) -> Option<String> {
    Some(format!("{} %", share.scaled(100, 1)?.to_decimal(2)))
}

/// Reads `n/d` or `n`.
pub(crate) fn fraction(text: &str) -> Option<Fraction> {
    text.parse().ok()
}
