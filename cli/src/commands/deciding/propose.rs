//! `mutua propose`, `amend` and `withdraw`: what the members decide on.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use mutua_protocol::{
    charter::{Charter, Community},
    codec,
    limits::CHANGE_BYTES,
    records::{self, Body, CharterChange, Loan, Motion, Subject},
};

use crate::{
    amounts,
    commands::{
        community::charter::tell_differences, community::members::position, operator::attest::documents,
    },
    context::Context,
    difference,
    failure::{Done, Failure},
    files, named,
    page::Page,
    signing::{Signer, SignerArguments, tell},
    times::{self, When},
};

const LOAN_EXAMPLE: &str = "\
Example:
  mutua propose loan --title \"A second oven\" --borrower \"Reyes Bakery\" --purpose \"The old one is too small.\" \\
      --category business --amount 28000.00 --term 48 --rate 4.5% --repayment annuity --expires +180d";

const MOTION_EXAMPLE: &str = "\
Example:
  mutua propose motion --title \"Longer opening hours\" --text \"Open until seven on Thursdays?\"

A motion is answered with yes, no or abstain, in the round in which it is made.";

const CHARTER_EXAMPLE: &str = "\
Example:
  mutua charter show --out amended.json
  mutua propose charter amended.json --title \"A witness in the library\" --purpose \"The school moves away.\"

A change of the charter is answered like a motion, with 'mutua vote ID=yes', and needs the quorum and the majority that
the charter prescribes for it. If it is carried, it is in force from the seal after the close on; everybody's
node follows by itself.";

const AMEND_EXAMPLE: &str = "\
Example:
  mutua amend 5b3e90aa --amount 24000.00

What is not named stays. Attestations and votes were for the terms before: a loan needs new ones.";

const WITHDRAW_EXAMPLE: &str = "\
Example:
  mutua withdraw 5b3e90aa --reason \"We found a second-hand oven\"";

/// What `mutua propose` is told.
#[derive(Debug, Args)]
pub(crate) struct Propose {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Propose a loan from the pool
    #[command(after_help = LOAN_EXAMPLE)]
    Loan(LoanArguments),
    /// Propose a product idea, or a question to the board
    #[command(after_help = MOTION_EXAMPLE)]
    Motion(MotionArguments),
    /// Propose an amended charter
    #[command(after_help = CHARTER_EXAMPLE)]
    Charter(CharterArguments),
}

#[derive(Debug, Args)]
struct LoanArguments {
    /// One line
    #[arg(long)]
    title: String,
    /// Who borrows
    #[arg(long)]
    borrower: String,
    /// What the money is for
    #[arg(long)]
    purpose: String,
    /// One of the charter's categories [default: the charter's first]
    #[arg(long)]
    category: Option<String>,
    /// How much, in the charter's currency, such as 28000.00
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// Months until it is repaid
    #[arg(long, value_name = "MONTHS")]
    term: u16,
    /// Yearly interest: 4.5% or 450bp
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE")]
    rate: u16,
    /// How it is repaid
    #[arg(long, value_enum, default_value = "annuity")]
    repayment: Repayment,
    /// When the proposal lapses
    #[arg(long, value_parser = When::parse, default_value = "+180d", value_name = "TIME")]
    expires: When,
    /// A document about it, by its hash, again for each
    #[arg(long, value_name = "FILE")]
    document: Vec<PathBuf>,
    #[command(flatten)]
    signer: SignerArguments,
}

/// How a loan is repaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Repayment {
    /// The same payment each month
    Annuity,
    /// The same principal each month, and interest on what is left
    Linear,
    /// Interest each month, and the principal at the end
    Bullet,
}

impl Repayment {
    fn way(self) -> records::Repayment {
        match self {
            Self::Annuity => records::Repayment::Annuity,
            Self::Linear => records::Repayment::Linear,
            Self::Bullet => records::Repayment::Bullet,
        }
    }
}

/// A way of repayment in words.
fn repayment(way: records::Repayment) -> &'static str {
    match way {
        records::Repayment::Annuity => "annuity: the same payment each month",
        records::Repayment::Linear => "linear: the same principal each month, and interest on what is left",
        records::Repayment::Bullet => "bullet: interest each month, and the principal at the end",
    }
}

#[derive(Debug, Args)]
struct MotionArguments {
    /// One line
    #[arg(long)]
    title: String,
    /// The whole of it
    #[arg(long)]
    text: String,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Debug, Args)]
struct CharterArguments {
    /// The amended charter, a JSON file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// One line
    #[arg(long)]
    title: String,
    /// What it is good for
    #[arg(long)]
    purpose: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// The amended charter in a file, if it may follow the one in force, and a record can hold it.
fn amended(file: &Path, community: &Community) -> Done<Charter> {
    let charter = files::read_charter(file)?.charter;
    charter.check_follows(&community.charter).map_err(|error| Failure::file(file, error))?;
    let (bytes, most) = (codec::encode(&charter).len(), community.charter.limits.record_bytes);
    if bytes + CHANGE_BYTES > most as usize {
        return Err(Failure::file(
            file,
            format!(
                "this charter has {bytes} bytes in its canonical form, and a record of this community holds one of \
                 at most {} (limits.record_bytes less {CHANGE_BYTES}): shorten names, or propose a higher limit first",
                (most as usize).saturating_sub(CHANGE_BYTES)
            ),
        ));
    }
    Ok(charter)
}

impl Propose {
    /// Proposes.
    pub(crate) fn run(self, context: &Context) -> Done {
        let (signer, subject) = match self.what {
            What::Loan(loan) => {
                let signer = Signer::take(context, &loan.signer, None)?;
                let charter = &signer.community.charter;
                let subject = Subject::Loan(Loan {
                    borrower: loan.borrower,
                    title: loan.title,
                    purpose: loan.purpose,
                    category: category(loan.category.as_deref(), charter)?,
                    amount: amounts::parse(&loan.amount, &charter.currency)?,
                    term: loan.term,
                    rate: loan.rate,
                    repayment: loan.repayment.way(),
                    documents: documents(&loan.document)?,
                    expires: loan.expires.resolve(times::now()),
                });
                (signer, subject)
            }
            What::Motion(motion) => {
                let signer = Signer::take(context, &motion.signer, None)?;
                (signer, Subject::Motion(Motion { title: motion.title, text: motion.text }))
            }
            What::Charter(change) => {
                let signer = Signer::take(context, &change.signer, None)?;
                let charter = amended(&change.file, &signer.community)?;
                let base = signer.community.hash;
                let CharterArguments { title, purpose, .. } = change;
                (signer, Subject::Charter(Box::new(CharterChange { title, purpose, base, charter })))
            }
        };
        let said = signer.say(Body::Propose(subject.clone()))?;
        tell(context, &said, |page| {
            page.line(format!("Proposal {} is made:", said.id.short()));
            tell_subject(page, &subject, &signer.community.charter);
        })
    }
}

fn category(name: Option<&str>, charter: &Charter) -> Done<u16> {
    name.map_or(Ok(0), |name| position("category", name, &charter.categories))
}

/// A proposal's terms.
pub(crate) fn tell_subject(page: &mut Page, subject: &Subject, charter: &Charter) {
    match subject {
        Subject::Loan(loan) => {
            let category = charter.categories.get(usize::from(loan.category));
            page.facts([
                ("loan", loan.title.clone()),
                ("borrower", loan.borrower.clone()),
                ("purpose", loan.purpose.clone()),
                ("category", category.cloned().unwrap_or_default()),
                ("amount", amounts::show(loan.amount, &charter.currency)),
                ("term", format!("{} months at {} a year", loan.term, amounts::percent(loan.rate))),
                ("repayment", repayment(loan.repayment).to_owned()),
                ("documents", loan.documents.len().to_string()),
                ("lapses", times::show(loan.expires)),
            ]);
        }
        Subject::Motion(motion) => {
            page.facts([("motion", motion.title.clone()), ("text", motion.text.clone())]);
        }
        Subject::Charter(change) => {
            page.facts([
                ("change of the charter", change.title.clone()),
                ("purpose", change.purpose.clone()),
                ("amends", change.base.to_string()),
                ("amended charter", change.charter.hash().to_string()),
            ]);
            if change.base == charter.hash() {
                page.gap();
                tell_differences(page, &difference::between(charter, &change.charter));
            }
        }
    }
}

/// What `mutua amend` is told.
#[derive(Debug, Args)]
#[command(after_help = AMEND_EXAMPLE)]
pub(crate) struct Amend {
    /// The proposal's id, or its first digits
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    /// Another title
    #[arg(long)]
    title: Option<String>,
    /// Another borrower
    #[arg(long, conflicts_with = "text")]
    borrower: Option<String>,
    /// Another purpose
    #[arg(long, conflicts_with = "text")]
    purpose: Option<String>,
    /// Another category
    #[arg(long, conflicts_with = "text")]
    category: Option<String>,
    /// Another amount
    #[arg(long, value_name = "AMOUNT", conflicts_with = "text")]
    amount: Option<String>,
    /// Another term, in months
    #[arg(long, value_name = "MONTHS", conflicts_with = "text")]
    term: Option<u16>,
    /// Another rate
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE", conflicts_with = "text")]
    rate: Option<u16>,
    /// Another way of repayment
    #[arg(long, value_enum, conflicts_with = "text")]
    repayment: Option<Repayment>,
    /// Another end of the proposal
    #[arg(long, value_parser = When::parse, value_name = "TIME", conflicts_with = "text")]
    expires: Option<When>,
    /// Other documents instead of all before
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    document: Vec<PathBuf>,
    /// Another text of a motion
    #[arg(long)]
    text: Option<String>,
    /// Another amended charter, a JSON file
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    charter: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Amend {
    /// Amends.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let charter = &signer.community.charter;
        let proposals = signer.client.proposals()?;
        let proposal = named::proposal(&self.proposal, &proposals)?;
        let mut subject = proposal.subject.clone();
        match &mut subject {
            Subject::Loan(_) | Subject::Motion(_) if self.charter.is_some() => {
                return Err(Failure::input("this is no change of the charter: it has no --charter"));
            }
            Subject::Loan(_) if self.text.is_some() => {
                return Err(Failure::input("this is a loan: it has a purpose, and no text"));
            }
            Subject::Loan(loan) => {
                set(&mut loan.title, self.title);
                set(&mut loan.borrower, self.borrower);
                set(&mut loan.purpose, self.purpose);
                set(&mut loan.term, self.term);
                set(&mut loan.rate, self.rate);
                set(&mut loan.repayment, self.repayment.map(Repayment::way));
                set(&mut loan.expires, self.expires.map(|when| when.resolve(times::now())));
                if let Some(name) = &self.category {
                    loan.category = category(Some(name), charter)?;
                }
                if let Some(amount) = &self.amount {
                    loan.amount = amounts::parse(amount, &charter.currency)?;
                }
                if !self.document.is_empty() {
                    loan.documents = documents(&self.document)?;
                }
            }
            Subject::Motion(motion) => {
                if self.purpose.is_some() || self.names_loan_terms() {
                    return Err(Failure::input("this is a motion: it has a title and a text alone"));
                }
                set(&mut motion.title, self.title);
                set(&mut motion.text, self.text);
            }
            Subject::Charter(change) => {
                if self.text.is_some() || self.names_loan_terms() {
                    return Err(Failure::input(
                        "this is a change of the charter: it has a title, a purpose and a charter",
                    ));
                }
                if let Some(file) = &self.charter {
                    change.charter = amended(file, &signer.community)?;
                    change.base = signer.community.hash;
                }
                set(&mut change.title, self.title);
                set(&mut change.purpose, self.purpose);
            }
        }
        if subject == proposal.subject {
            return Err(Failure::input("nothing changes: name what is to be another, such as --amount"));
        }
        let said = signer.say(Body::Amend { proposal: proposal.id, subject: subject.clone() })?;
        tell(context, &said, |page| {
            page.line(format!("Proposal {} has new terms:", proposal.id.short()));
            tell_subject(page, &subject, charter);
            page.line("Attestations and votes for the old terms no longer count.");
        })
    }

    /// Is anything given that only loans have? (Changes of the charter have a purpose, too, and motions a text.)
    fn names_loan_terms(&self) -> bool {
        self.borrower.is_some()
            || self.category.is_some()
            || self.amount.is_some()
            || self.term.is_some()
            || self.rate.is_some()
            || self.repayment.is_some()
            || self.expires.is_some()
            || !self.document.is_empty()
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// What `mutua withdraw` is told.
#[derive(Debug, Args)]
#[command(after_help = WITHDRAW_EXAMPLE)]
pub(crate) struct Withdraw {
    /// The proposal's id, or its first digits
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Withdraw {
    /// Withdraws.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let proposals = signer.client.proposals()?;
        let proposal = named::proposal(&self.proposal, &proposals)?;
        let said = signer.say(Body::Withdraw { proposal: proposal.id, reason: self.reason })?;
        tell(context, &said, |page| {
            page.line(format!("'{}' is withdrawn.", proposal.subject.title()));
        })
    }
}
