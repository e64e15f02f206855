//! `mutua predict`: a member's own estimate of a loan's risk.

use clap::Args;
use mutua_protocol::records::Body;

use crate::{
    amounts,
    context::Context,
    failure::{Done, Failure},
    named,
    signing::{Signer, SignerArguments, tell},
};

const EXAMPLE: &str = "\
Example:
  mutua predict 5b3e90aa 2.5%

The probability that something of this loan has to be written off. It is never a vote. When the loan has ended, it is
compared with what came, beside the attestors' estimates: 'mutua track-record'. The newest one before the close counts,
and only for the terms that it was made for.";

/// What `mutua predict` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The loan's id, or its first digits
    #[arg(value_name = "LOAN")]
    loan: String,
    /// Probability of default over the term: 2.5% or 250bp
    #[arg(value_parser = amounts::parse_rate, value_name = "RATE")]
    default: u16,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Arguments {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let proposals = signer.client.proposals()?;
        let loan = named::proposal(&self.loan, &proposals)?;
        if loan.subject.loan().is_none() {
            return Err(Failure::input("this is a motion; only loans have a probability of default"));
        }
        let default = self.default;
        let said = signer.say(Body::Predict { proposal: loan.id, terms: loan.terms, default })?;
        tell(context, &said, |page| {
            let (title, default) = (loan.subject.title(), amounts::percent(default));
            page.line(format!("You expect '{title}' to default with a probability of {default}."));
        })
    }
}
