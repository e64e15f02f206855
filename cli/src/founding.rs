//! What a charter says beside keys: the terms on which a community is founded.

use clap::Args;
use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Currency, GradeBounds, MotionPolicy, PROTOCOL,
        RiskPolicy, RoleHolders, Schedule, Sealing,
    },
    limits,
    seals::Witness,
};

use crate::{
    amounts,
    failure::{Done, Failure},
    rules::RuleArguments,
    times::{self, When},
};

/// The terms of a charter, as options.
#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// What the pool is counted in
    #[arg(long, default_value = "EUR", value_name = "CODE")]
    currency: String,
    /// Digits after the decimal point
    #[arg(long, default_value_t = 2, value_name = "N")]
    decimals: u8,
    /// When the first round closes
    #[arg(long, default_value = "+30d", value_parser = When::parse, value_name = "TIME")]
    first_close: When,
    /// How long a round is
    #[arg(long, default_value = "30d", value_parser = times::parse_duration, value_name = "DURATION")]
    period: u64,
    /// Kinds of members
    #[arg(long, default_value = "members", value_delimiter = ',', value_name = "NAME,...")]
    groups: Vec<String>,
    /// Kinds of loans
    #[arg(long, default_value = "general", value_delimiter = ',', value_name = "NAME,...")]
    categories: Vec<String>,
    #[command(flatten)]
    rule: RuleArguments,
    /// Worst grade that may be funded; 1 is the best
    #[arg(long, default_value_t = 5, value_name = "N")]
    worst_grade: u8,
    /// Greatest probability of default that may be funded
    #[arg(long, default_value = "10%", value_parser = amounts::parse_rate, value_name = "RATE")]
    greatest_default: u16,
    /// Greatest amount of one loan [default: no bound but the protocol's]
    #[arg(long, value_name = "AMOUNT")]
    greatest_amount: Option<String>,
    /// Least outlook that may be funded, 0 to 100
    #[arg(long, default_value_t = 0, value_name = "N")]
    least_outlook: u8,
    /// Bounds of a grade, from the best on, again for each: greatest probability of default, and greatest
    /// amount where there is one
    #[arg(long, value_name = "RATE[:AMOUNT]")]
    grade: Vec<String>,
    /// Greatest share of the pool for one borrower
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE")]
    borrower_cap: Option<u16>,
    /// Greatest share of the pool for one category
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE")]
    category_cap: Option<u16>,
    /// Greatest expected loss of a round's loans, as a share of the pool
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE")]
    loss_cap: Option<u16>,
    /// Share of the members' weight that must answer a motion
    #[arg(long, default_value = "20%", value_parser = amounts::parse_rate, value_name = "RATE")]
    quorum: u16,
    /// Share of yes among yes and no that must be exceeded
    #[arg(long, default_value = "50%", value_parser = amounts::parse_rate, value_name = "RATE")]
    majority: u16,
    /// Share of the members' weight that must answer a change of the charter
    #[arg(long, default_value = "50%", value_parser = amounts::parse_rate, value_name = "RATE")]
    charter_quorum: u16,
    /// Share of yes among yes and no that must be exceeded for a change of the charter, at least half: two thirds by
    /// default
    #[arg(long, default_value = "66.66%", value_parser = amounts::parse_rate, value_name = "RATE")]
    charter_majority: u16,
    /// Greatest score in a ballot
    #[arg(long, default_value_t = 10, value_name = "N")]
    score: u8,
    /// How long a witness may hold a record before it refuses seals without it
    #[arg(long, default_value = "5s", value_parser = times::parse_duration, value_name = "DURATION")]
    patience: u64,
    /// How far a seal's time may lie from a witness's clock
    #[arg(long, default_value = "10s", value_parser = times::parse_duration, value_name = "DURATION")]
    drift: u64,
}

impl Terms {
    /// The charter with these terms. Whether it is valid is for the protocol to say.
    ///
    /// # Errors
    /// When an amount is none.
    pub(crate) fn charter(
        &self,
        name: &str,
        mut roles: Vec<RoleHolders>,
        mut witnesses: Vec<Witness>,
    ) -> Done<Charter> {
        roles.sort_by_key(|held| held.role);
        witnesses.sort_by_key(|witness| witness.key);
        let greatest_amount = match &self.greatest_amount {
            None => limits::AMOUNT,
            Some(text) => amounts::parse_units(text, self.decimals)?,
        };
        Ok(Charter {
            protocol: PROTOCOL,
            name: name.to_owned(),
            currency: Currency { code: self.currency.clone(), decimals: self.decimals },
            groups: self.groups.clone(),
            categories: self.categories.clone(),
            roles,
            witnesses,
            schedule: Schedule { first_close: self.first_close.resolve(times::now()), period: self.period },
            sealing: Sealing { patience: self.patience, drift: self.drift },
            rule: self.rule.rule()?,
            policy: RiskPolicy {
                worst_grade: self.worst_grade,
                greatest_default: self.greatest_default,
                greatest_amount,
                least_outlook: self.least_outlook,
                grades: self.grades(greatest_amount)?,
                caps: Caps {
                    borrower: self.borrower_cap,
                    category: self.category_cap,
                    expected_loss: self.loss_cap,
                },
            },
            motions: MotionPolicy {
                quorum: self.quorum,
                majority: self.majority,
                charter: CharterMajority { quorum: self.charter_quorum, majority: self.charter_majority },
            },
            limits: CharterLimits { score: self.score, ..CharterLimits::default() },
        })
    }

    fn grades(&self, greatest_amount: u64) -> Done<Vec<GradeBounds>> {
        let read = |text: &String| {
            let (rate, amount) = text.split_once(':').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            let greatest_default = amounts::parse_rate(rate)
                .map_err(|why| Failure::input(format!("'--grade {text}': {why}")))?;
            let greatest_amount = match amount {
                None => greatest_amount,
                Some(amount) => amounts::parse_units(amount, self.decimals)?,
            };
            Ok(GradeBounds { greatest_default, greatest_amount })
        };
        self.grade.iter().map(read).collect()
    }
}
