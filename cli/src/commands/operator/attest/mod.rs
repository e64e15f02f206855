//! `mutua attest` and `mutua revoke`: the operator's word on a loan.

mod batch;
mod plan;
mod queue;
mod rows;

use std::path::PathBuf;

use clap::Args;
use mutua_protocol::{
    charter::Role,
    hash::{DocumentHash, RecordId},
    records::{Assessment, Body, Verdict},
};

use super::document::hash_of;
use crate::{
    amounts,
    context::Context,
    failure::{Done, Failure},
    named,
    page::cut,
    signing::{Signer, SignerArguments, tell},
    times::{self, When},
};

const ATTEST_EXAMPLE: &str = "\
Examples:
  mutua attest --queue --within 14d
  mutua attest --queue --csv > ratings.csv
  mutua attest --batch ratings.csv --dry-run
  mutua attest 5b3e90aa --grade 2 --default 1.5% --loss 40% --greatest 28000.00 --outlook 75 --valid +180d \\
      --reason \"Five years of growing turnover\"

An attestation holds for the proposal's present terms alone: when it is amended, it needs a new one. Needs an attestor's
key; --queue and --dry-run need no passphrase, since they sign nothing.

A batch is a table of comma-separated values (also semicolons or tabs; UTF-8), whose first line names the columns, in any order:
  proposal    the whole id
  terms       the hash of the terms that were rated; if empty, the present ones [optional]
  verdict     approved or declined
  grade       1 is the best
  default     probability of default over the term: 1.5% or 150bp
  loss        loss given default: 40% or 4000bp
  greatest    greatest amount: 28000.00
  outlook     0 to 100
  valid       until when: 2026-12-24 (to the end of that day, UTC), 2026-12-24T18:00:00Z or +180d
  conditions, reasons
              several in one cell: with | between them, or a line each [optional]
  documents   likewise: hashes, or files beside the table [optional]
  title, borrower
              if given, they have to be those of the loan [optional]
'mutua attest --queue --csv' writes such a table, with further columns that are not read. Lines without a rating are left out.
A line that is wrong anywhere keeps all from being signed (exit status 1). What was signed is kept until the node has all of it: a
batch that was interrupted goes on with the next command of the same key, and a table that is through is not signed again. No limit
of records in a round binds attestors; one table has at most 20,000 lines.";

/// What stands in the place of one rating.
const INSTEAD: [&str; 2] = ["queue", "batch"];

/// What makes up one rating.
const RATING: [&str; 11] = [
    "proposal",
    "grade",
    "default",
    "loss",
    "greatest",
    "outlook",
    "valid",
    "declined",
    "reason",
    "condition",
    "document",
];

/// What `mutua attest` is told.
#[derive(Debug, Args)]
#[command(after_help = ATTEST_EXAMPLE)]
pub(crate) struct Attest {
    /// The loan's id, or its first digits
    #[arg(value_name = "PROPOSAL", required_unless_present_any = INSTEAD)]
    proposal: Option<String>,
    /// 1 is the best
    #[arg(long, value_name = "N", required_unless_present_any = INSTEAD)]
    grade: Option<u8>,
    /// Probability of default over the term: 1.5% or 150bp
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE", required_unless_present_any = INSTEAD)]
    default: Option<u16>,
    /// Loss given default: 40% or 4000bp of the amount
    #[arg(long, value_parser = amounts::parse_rate, value_name = "RATE", required_unless_present_any = INSTEAD)]
    loss: Option<u16>,
    /// Greatest amount that this holds for
    #[arg(long, value_name = "AMOUNT", required_unless_present_any = INSTEAD)]
    greatest: Option<String>,
    /// Outlook, 0 (bad) to 100 (good)
    #[arg(long, value_name = "N", required_unless_present_any = INSTEAD)]
    outlook: Option<u8>,
    /// Until when it holds
    #[arg(long, value_parser = When::parse, value_name = "TIME", required_unless_present_any = INSTEAD)]
    valid: Option<When>,
    /// The loan may not be funded, whatever the votes
    #[arg(long)]
    declined: bool,
    /// A reason for it, again for each
    #[arg(long, value_name = "TEXT")]
    reason: Vec<String>,
    /// A condition of it, again for each
    #[arg(long, value_name = "TEXT")]
    condition: Vec<String>,
    /// A document behind it, by its hash, again for each
    #[arg(long, value_name = "FILE")]
    document: Vec<PathBuf>,
    #[command(flatten)]
    queue: queue::QueueArguments,
    #[command(flatten)]
    batch: batch::BatchArguments,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Attest {
    /// Attests.
    pub(crate) fn run(self, context: &Context) -> Done {
        if self.queue.queue {
            return self.queue.run(context, self.signer.label.as_deref());
        }
        if let Some(path) = self.batch.batch.clone() {
            return self.batch.run(&path, context, &self.signer);
        }
        let (
            Some(prefix),
            Some(grade),
            Some(default),
            Some(loss),
            Some(greatest),
            Some(outlook),
            Some(valid),
        ) = (self.proposal, self.grade, self.default, self.loss, self.greatest, self.outlook, self.valid)
        else {
            return Err(Failure::input("name a loan and all of its rating"));
        };
        let signer = Signer::take(context, &self.signer, Some(Role::Attestor))?;
        let proposals = signer.client.proposals()?;
        let proposal = named::proposal(&prefix, &proposals)?;
        if proposal.subject.loan().is_none() {
            return Err(Failure::input("this is a motion; only loans are rated"));
        }
        let currency = &signer.community.charter.currency;
        let assessment = Assessment {
            verdict: if self.declined { Verdict::Declined } else { Verdict::Approved },
            grade,
            default,
            loss,
            greatest_amount: amounts::parse(&greatest, currency)?,
            outlook,
            conditions: self.condition,
            reasons: self.reason,
            documents: documents(&self.document)?,
            valid_until: valid.resolve(times::now()),
        };
        let (default, loss) = (amounts::percent(default), amounts::percent(loss));
        let body =
            Body::Attest { proposal: proposal.id, terms: proposal.terms, assessment: assessment.clone() };
        let said = signer.say(body)?;
        tell(context, &said, |page| {
            page.line(format!("'{}' is rated.", proposal.subject.title()));
            page.facts([
                ("verdict", verdict(assessment.verdict).to_owned()),
                ("grade", assessment.grade.to_string()),
                ("default", format!("{default}, loss in that case {loss}")),
                ("up to", amounts::show(assessment.greatest_amount, currency)),
                ("outlook", assessment.outlook.to_string()),
                ("holds until", times::show(assessment.valid_until)),
            ]);
        })
    }
}

/// A verdict in a word.
fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approved",
        Verdict::Declined => "declined",
    }
}

/// Hashes of documents.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn documents(paths: &[PathBuf]) -> Done<Vec<DocumentHash>> {
    paths.iter().map(|path| hash_of(path)).collect()
}

const REVOKE_EXAMPLE: &str = "\
Example:
  mutua revoke 77d0c1e2 --reason \"The security was sold\"

The attestation is named by its id, as 'mutua proposals --json' shows it, or by its first digits. Needs the key of the
attestor who made it.";

/// What `mutua revoke` is told.
#[derive(Debug, Args)]
#[command(after_help = REVOKE_EXAMPLE)]
pub(crate) struct Revoke {
    /// The attestation's id, or its first digits
    #[arg(value_name = "ATTESTATION")]
    attestation: String,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Revoke {
    /// Revokes.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, Some(Role::Attestor))?;
        let proposals = signer.client.proposals()?;
        let held = proposals.iter().flat_map(|proposal| {
            proposal.attestations.iter().map(move |attestation| (attestation.id, proposal.subject.title()))
        });
        let held: Vec<(RecordId, &str)> = held.collect();
        let ids: Vec<RecordId> = held.iter().map(|(id, _)| *id).collect();
        let attestation = named::record("attestation", &self.attestation, &ids)?;
        let said = signer.say(Body::RevokeAttestation { attestation, reason: self.reason })?;
        tell(context, &said, |page| {
            let title = held.iter().find(|(id, _)| *id == attestation).map_or("", |(_, title)| title);
            page.line(format!("The attestation {} of '{}' is revoked.", attestation.short(), cut(title, 60)));
        })
    }
}
