//! `mutua fund`: money into or out of the pool.

use clap::Args;
use mutua_protocol::{
    charter::Role,
    records::{Body, Direction},
};

use crate::{
    amounts,
    context::Context,
    failure::Done,
    signing::{Signer, SignerArguments, tell},
};

const EXAMPLE: &str = "\
Example:
  mutua fund 200000.00 --source \"Members' savings deposits, third quarter\"
  mutua fund 20000.00 --source \"Green savings bonds\" --purpose \"For loans to farms\"
  mutua fund 5000 --out --source \"Withdrawn deposits\"

States that money has come in or gone out; it moves none. A purpose is there for people to read: the pool is one, and
the allocation is not bound by it. Needs a treasurer's key.";

/// What `mutua fund` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// How much, in the charter's currency, such as 1500.00
    #[arg(value_name = "AMOUNT")]
    amount: String,
    /// Where it came from, or went to
    #[arg(long)]
    source: String,
    /// What the depositor has meant it for
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// It went out of the pool
    #[arg(long)]
    out: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Arguments {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, Some(Role::Treasurer))?;
        let currency = &signer.community.charter.currency;
        let amount = amounts::parse(&self.amount, currency)?;
        let direction = if self.out { Direction::Out } else { Direction::In };
        let said = signer.say(Body::Fund {
            direction,
            amount,
            source: self.source.clone(),
            purpose: self.purpose.clone(),
        })?;
        tell(context, &said, |page| {
            let way = if self.out { "out of" } else { "into" };
            page.line(format!("{} {way} the pool: {}.", amounts::show(amount, currency), self.source));
            if let Some(purpose) = &self.purpose {
                page.line(format!("Meant for: {purpose}"));
            }
        })
    }
}
