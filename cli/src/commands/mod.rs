//! The commands: a folder for each kind of work, a file for each group.

pub(crate) mod auditor;
pub(crate) mod community;
pub(crate) mod deciding;
pub(crate) mod election;
pub(crate) mod node;
pub(crate) mod operator;

use clap::Subcommand;

use crate::{context::Context, failure::Done};
use auditor::{audit, auditor_token, evidence, receipt};
use community::{charter, init, join, key, members};
use deciding::{argue, arguments, delegate, forecast, outcome, predict, proposals, propose, vote, whatif};
use election::{allocate, import_election};
use node::{log, notices, page, run, sign, status, submit};
use operator::{attest, document, fund, payments, portfolio, respond, track_record};

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Found a community
    Init(Box<init::Arguments>),
    /// Make a home for a member of an existing community
    Join(join::Arguments),
    /// Run the node
    Run(run::Arguments),
    /// Show the link to the web page of the running node, or open it
    Page(page::Arguments),
    /// Make, show and replace keys
    Key(key::Arguments),
    /// Show where the node and its community stand
    Status(status::Arguments),
    /// Show what has happened that concerns you, and try how you are told
    Notices(notices::Arguments),
    /// List the members
    Members(members::Members),
    /// List what can be voted on, or show one proposal
    Proposals(proposals::Arguments),
    /// Vote on loans and motions
    Vote(vote::Arguments),
    /// Let another member's ballot count where you cast none
    Delegate(delegate::Arguments),
    /// Show what a round decided, and why
    Outcome(outcome::Arguments),
    /// Show what a round's ballots would have come to under other terms
    Whatif(whatif::Arguments),
    /// Show how likely the open loans are to be funded
    Forecast(forecast::Arguments),
    /// Estimate a loan's probability of default: never a vote, and compared with what comes
    Predict(predict::Arguments),
    /// Argue for or against a proposal, ask about it, or answer
    Argue(argue::Argue),
    /// Make somebody's argument your own, or no longer do
    Endorse(argue::Endorse),
    /// Show what is said about a proposal
    Arguments(arguments::Arguments),
    /// Propose a loan, a motion, or a change of the charter
    Propose(propose::Propose),
    /// Change the terms of a proposal of one's own
    Amend(propose::Amend),
    /// Take a proposal of one's own back
    Withdraw(propose::Withdraw),
    /// Leave the community
    Leave(members::Leave),
    /// Admit a member (registrar)
    Admit(members::Admit),
    /// Suspend a member or another key (registrar)
    Suspend(members::Suspend),
    /// Lift a suspension (registrar)
    Readmit(members::Readmit),
    /// State money into or out of the pool (treasurer)
    Fund(fund::Arguments),
    /// State that a funded loan was paid out, or a part of it (treasurer)
    Disburse(payments::Disburse),
    /// State that a part of a funded loan will not be paid out (treasurer)
    Release(payments::Release),
    /// State what a borrower has paid (treasurer)
    Repay(payments::Repay),
    /// Give up what a borrower owes, or a part of it (treasurer)
    WriteOff(payments::WriteOff),
    /// State that something written off came in after all (treasurer)
    Recover(payments::Recover),
    /// Show all funded loans: owed, due, overdue, paid back and lost
    Portfolio(portfolio::Arguments),
    /// Show how right attestors and members were about loans that have ended
    TrackRecord(track_record::Arguments),
    /// Hide an argument from view, or show it again; the log keeps both (moderator)
    Moderate(argue::Moderate),
    /// Answer a motion, a question or an outcome (board)
    Respond(respond::Arguments),
    /// Rate a loan (attestor)
    Attest(attest::Attest),
    /// Take a rating back (attestor)
    Revoke(attest::Revoke),
    /// Hash documents, and find the records that name them
    Document(document::Arguments),
    /// Export the log to a file, or import one
    Log(log::Arguments),
    /// Sign what was written elsewhere with --unsigned, where the key is
    Sign(sign::Arguments),
    /// Hand in records that were signed before
    Submit(submit::Arguments),
    /// Turn an election in Pabulib's format into a community
    ImportElection(import_election::Arguments),
    /// Show the charter in force, and compose, check and compare charters
    Charter(charter::Arguments),
    /// Check a community's whole log from a file or a node, or follow it, trusting nobody
    Audit(audit::Arguments),
    /// Show what auditors have to show to this node, to read its log
    AuditorToken(auditor_token::Arguments),
    /// Get a proof that a record is sealed, and of what was counted for a member
    Receipt(receipt::Make),
    /// Check a receipt with nothing but the charter
    VerifyReceipt(receipt::Verify),
    /// Show and export the misbehaviour that the node has seen
    Evidence(evidence::Arguments),
    /// Check evidence of misbehaviour with nothing but the charter
    VerifyEvidence(evidence::Verify),
    /// Apply an allocation rule to an election in Pabulib's format, offline
    Allocate(allocate::Arguments),
}

impl Command {
    /// Does it say something with a member's or an office's key, which a page may ask for? Keys and homes are looked after
    /// in a terminal, and so is whatever names a file.
    pub(crate) const fn may_be_asked_for(&self) -> bool {
        match self {
            Self::Vote(_)
            | Self::Propose(_)
            | Self::Delegate(_)
            | Self::Predict(_)
            | Self::Argue(_)
            | Self::Endorse(_)
            | Self::Amend(_)
            | Self::Withdraw(_)
            | Self::Admit(_)
            | Self::Suspend(_)
            | Self::Readmit(_)
            | Self::Fund(_)
            | Self::Disburse(_)
            | Self::Release(_)
            | Self::Repay(_)
            | Self::WriteOff(_)
            | Self::Recover(_)
            | Self::Moderate(_)
            | Self::Respond(_)
            | Self::Attest(_)
            | Self::Revoke(_) => true,
            Self::Init(_)
            | Self::Join(_)
            | Self::Run(_)
            | Self::Page(_)
            | Self::Key(_)
            | Self::Status(_)
            | Self::Notices(_)
            | Self::Members(_)
            | Self::Proposals(_)
            | Self::Outcome(_)
            | Self::Whatif(_)
            | Self::Forecast(_)
            | Self::Arguments(_)
            | Self::Leave(_)
            | Self::Portfolio(_)
            | Self::TrackRecord(_)
            | Self::Document(_)
            | Self::Log(_)
            | Self::Sign(_)
            | Self::Submit(_)
            | Self::ImportElection(_)
            | Self::Charter(_)
            | Self::Audit(_)
            | Self::AuditorToken(_)
            | Self::Receipt(_)
            | Self::VerifyReceipt(_)
            | Self::Evidence(_)
            | Self::VerifyEvidence(_)
            | Self::Allocate(_) => false,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// [`crate::failure::Failure`] with what is wrong and the exit status.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self {
            Self::Init(arguments) => arguments.run(context),
            Self::Join(arguments) => arguments.run(context),
            Self::Run(arguments) => arguments.run(context),
            Self::Page(arguments) => arguments.run(context),
            Self::Key(arguments) => arguments.run(context),
            Self::Status(arguments) => arguments.run(context),
            Self::Notices(arguments) => arguments.run(context),
            Self::Members(arguments) => arguments.run(context),
            Self::Proposals(arguments) => arguments.run(context),
            Self::Vote(arguments) => arguments.run(context),
            Self::Delegate(arguments) => arguments.run(context),
            Self::Outcome(arguments) => arguments.run(context),
            Self::Whatif(arguments) => arguments.run(context),
            Self::Forecast(arguments) => arguments.run(context),
            Self::Argue(arguments) => arguments.run(context),
            Self::Endorse(arguments) => arguments.run(context),
            Self::Arguments(arguments) => arguments.run(context),
            Self::Propose(arguments) => arguments.run(context),
            Self::Amend(arguments) => arguments.run(context),
            Self::Withdraw(arguments) => arguments.run(context),
            Self::Leave(arguments) => arguments.run(context),
            Self::Admit(arguments) => arguments.run(context),
            Self::Suspend(arguments) => arguments.run(context),
            Self::Readmit(arguments) => arguments.run(context),
            Self::Fund(arguments) => arguments.run(context),
            Self::Disburse(arguments) => arguments.run(context),
            Self::Release(arguments) => arguments.run(context),
            Self::Repay(arguments) => arguments.run(context),
            Self::WriteOff(arguments) => arguments.run(context),
            Self::Recover(arguments) => arguments.run(context),
            Self::Predict(arguments) => arguments.run(context),
            Self::Portfolio(arguments) => arguments.run(context),
            Self::TrackRecord(arguments) => arguments.run(context),
            Self::Moderate(arguments) => arguments.run(context),
            Self::Respond(arguments) => arguments.run(context),
            Self::Attest(arguments) => arguments.run(context),
            Self::Revoke(arguments) => arguments.run(context),
            Self::Document(arguments) => arguments.run(context),
            Self::Log(arguments) => arguments.run(context),
            Self::Sign(arguments) => arguments.run(context),
            Self::Submit(arguments) => arguments.run(context),
            Self::ImportElection(arguments) => arguments.run(context),
            Self::Charter(arguments) => arguments.run(context),
            Self::Audit(arguments) => arguments.run(context),
            Self::AuditorToken(arguments) => arguments.run(context),
            Self::Receipt(arguments) => arguments.run(context),
            Self::VerifyReceipt(arguments) => arguments.run(context),
            Self::Evidence(arguments) => arguments.run(context),
            Self::VerifyEvidence(arguments) => arguments.run(context),
            Self::Allocate(arguments) => arguments.run(context),
        }
    }
}
