//! `mutua disburse`, `release`, `repay`, `write-off` and `recover`: what became of a funded loan.

use clap::Args;
use mutua_node::api::types::ProposalView;
use mutua_protocol::{
    charter::{Currency, Role},
    records::{Body, ProposalId},
};

use crate::{
    amounts,
    context::Context,
    failure::{Done, Failure},
    named,
    signing::{Signer, SignerArguments, tell},
};

const DISBURSE_EXAMPLE: &str = "\
Example:
  mutua disburse 5b3e90aa 28000.00

States that the borrower was paid; it moves no money. A loan can be paid out in parts, each with a schedule of its own.
Needs a treasurer's key.";

const RELEASE_EXAMPLE: &str = "\
Example:
  mutua release 5b3e90aa 2500.00 --reason \"The oven was cheaper\"

States that this much of what was allocated will not be paid out: it goes back to the pool. Needs a treasurer's key.";

const REPAY_EXAMPLE: &str = "\
Example:
  mutua repay 5b3e90aa --principal 533.39 --interest 105.00

States what the borrower has paid. Needs a treasurer's key.";

const WRITE_OFF_EXAMPLE: &str = "\
Example:
  mutua write-off 5b3e90aa 12000.00 --reason \"Bankrupt; the oven is sold\"

Gives up this much of the principal. Needs a treasurer's key.";

const RECOVER_EXAMPLE: &str = "\
Example:
  mutua recover 5b3e90aa 3000.00

States that this much came in of what was written off. Needs a treasurer's key.";

/// A loan and a sum.
#[derive(Debug, Args)]
struct Sum {
    /// The loan's id, or its first digits
    #[arg(value_name = "LOAN")]
    loan: String,
    /// How much, in the charter's currency, such as 28000.00
    #[arg(value_name = "AMOUNT")]
    amount: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// What `mutua disburse` is told.
#[derive(Debug, Args)]
#[command(after_help = DISBURSE_EXAMPLE)]
pub(crate) struct Disburse {
    #[command(flatten)]
    sum: Sum,
}

/// What `mutua release` is told.
#[derive(Debug, Args)]
#[command(after_help = RELEASE_EXAMPLE)]
pub(crate) struct Release {
    #[command(flatten)]
    sum: Sum,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
}

/// What `mutua repay` is told.
#[derive(Debug, Args)]
#[command(after_help = REPAY_EXAMPLE)]
pub(crate) struct Repay {
    /// The loan's id, or its first digits
    #[arg(value_name = "LOAN")]
    loan: String,
    /// The part that pays the loan back
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    principal: String,
    /// The part that is interest
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    interest: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// What `mutua write-off` is told.
#[derive(Debug, Args)]
#[command(after_help = WRITE_OFF_EXAMPLE)]
pub(crate) struct WriteOff {
    #[command(flatten)]
    sum: Sum,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
}

/// What `mutua recover` is told.
#[derive(Debug, Args)]
#[command(after_help = RECOVER_EXAMPLE)]
pub(crate) struct Recover {
    #[command(flatten)]
    sum: Sum,
}

impl Disburse {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        self.sum.say(context, "paid out to", |proposal, amount| Body::Disburse { proposal, amount })
    }
}

impl Release {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let reason = self.reason;
        self.sum.say(context, "released; not paid out to", |proposal, amount| Body::Release {
            proposal,
            amount,
            reason,
        })
    }
}

impl WriteOff {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let reason = self.reason;
        self.sum.say(context, "written off of what is owed by", |proposal, amount| Body::WriteOff {
            proposal,
            amount,
            reason,
        })
    }
}

impl Recover {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        self.sum.say(context, "recovered from", |proposal, amount| Body::Recover { proposal, amount })
    }
}

impl Sum {
    fn say(self, context: &Context, done: &str, body: impl FnOnce(ProposalId, u64) -> Body) -> Done {
        let (signer, loan) = open(context, &self.signer, &self.loan)?;
        let amount = amounts::parse(&self.amount, &signer.community.charter.currency)?;
        say(context, &signer, &loan, body(loan.id, amount), |currency| {
            format!("{} {done}", amounts::show(amount, currency))
        })
    }
}

impl Repay {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let (signer, loan) = open(context, &self.signer, &self.loan)?;
        let currency = &signer.community.charter.currency;
        let principal = amounts::parse(&self.principal, currency)?;
        let interest = amounts::parse(&self.interest, currency)?;
        let body = Body::Repay { proposal: loan.id, principal, interest };
        say(context, &signer, &loan, body, |currency| {
            let show = |part: u64| amounts::show(part, currency);
            format!("{} of principal and {} of interest paid by", show(principal), show(interest))
        })
    }
}

/// The treasurer's key, and the loan of this name.
fn open(context: &Context, signer: &SignerArguments, loan: &str) -> Done<(Signer, ProposalView)> {
    let signer = Signer::take(context, signer, Some(Role::Treasurer))?;
    let proposals = signer.client.proposals()?;
    let loan = named::proposal(loan, &proposals)?.clone();
    if loan.subject.loan().is_none() {
        return Err(Failure::input("this is a motion; money moves for loans"));
    }
    Ok((signer, loan))
}

fn say(
    context: &Context,
    signer: &Signer,
    loan: &ProposalView,
    body: Body,
    what: impl FnOnce(&Currency) -> String,
) -> Done {
    let currency = &signer.community.charter.currency;
    let said = signer.say(body)?;
    tell(context, &said, |page| {
        let borrower = loan.subject.loan().map_or("", |terms| terms.borrower.as_str());
        page.line(format!("{} {borrower}, for '{}'.", what(currency), loan.subject.title()));
    })
}
