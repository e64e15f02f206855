//! Would a record change anything if it were sealed now? Asked before a member signs it away.

use super::{Ledger, MemberStatus, ProposalStatus, Void};
use crate::{
    hash::RecordId,
    loans::Step,
    records::{Body, Direction, Record},
};

impl Ledger {
    /// Whether an admissible record would have an effect if it were sealed next, at this time.
    ///
    /// A record that would be void may still be sealed: this is for the node of its own author, which
    /// can refuse it before anybody else has seen it.
    ///
    /// # Errors
    /// The reason for which it would be [`Void`].
    pub fn preflight(&self, record: &Record, time: u64) -> Result<(), Void> {
        let demand = |holds: bool, void: Void| if holds { Ok(()) } else { Err(void) };
        self.has_left(record)?;
        self.under_charter(record)?;
        match &record.body {
            Body::Admit { key, .. } => demand(
                !self.members.contains_key(key) && !self.retired.contains_key(key),
                Void::AlreadyMember,
            ),
            Body::Suspend { key, .. } => {
                demand(!self.suspended.contains_key(&self.newest(*key)), Void::AlreadySuspended)
            }
            Body::Readmit { key, .. } => {
                demand(self.suspended.contains_key(&self.newest(*key)), Void::NotSuspended)
            }
            Body::Leave => {
                let active = self
                    .members
                    .get(&record.author)
                    .is_some_and(|member| member.status == MemberStatus::Active);
                demand(active, Void::AlreadyLeaving)
            }
            Body::RotateKey { successor, .. } => demand(self.known(successor).is_err(), Void::SuccessorInUse),
            Body::ReplaceKey { lost, successor, .. } => self.may_replace(lost, successor),
            Body::Propose(_) => Ok(()),
            Body::Amend { proposal, subject } => {
                demand(self.is_open(proposal), Void::NotOpen)?;
                let terms = self.proposals.get(proposal).map(|found| found.terms);
                demand(terms != Some(subject.terms()), Void::SameTerms)
            }
            Body::Withdraw { proposal, .. } => demand(self.is_open(proposal), Void::NotOpen),
            Body::Attest { proposal, terms, assessment } => {
                demand(self.is_open(proposal), Void::NotOpen)?;
                let current = self.proposals.get(proposal).map(|found| found.terms);
                demand(current == Some(*terms), Void::AmendedTerms)?;
                demand(assessment.valid_until > time, Void::RunOut)
            }
            Body::RevokeAttestation { attestation, .. } => {
                let current = self.attested.get(attestation).is_some_and(|(proposal, attestor)| {
                    self.proposals
                        .get(proposal)
                        .and_then(|found| found.attestations.get(attestor))
                        .is_some_and(|held| held.id == *attestation)
                });
                demand(current, Void::NotCurrent)
            }
            Body::Ballot(ballot) => {
                let late = ballot.round < self.round || (ballot.round == self.round && time >= self.close);
                demand(ballot.standing || !late, Void::AfterClose)
            }
            Body::Fund { direction: Direction::Out, amount, .. } => {
                demand(u128::from(*amount) <= self.pool.available(), Void::PoolTooSmall)
            }
            Body::Fund { direction: Direction::In, .. } => Ok(()),
            Body::Evidence(fork) => self.may_convict(fork),
            Body::Predict { proposal, terms, .. } => {
                demand(self.is_open(proposal), Void::NotOpen)?;
                let current = self.proposals.get(proposal).map(|found| found.terms);
                demand(current == Some(*terms), Void::AmendedTerms)
            }
            Body::Respond { .. } => Ok(()),
            Body::Argue { .. } => demand(self.may_argue(&record.author), Void::TooManyArguments),
            Body::Endorse { argument, withdrawn } => {
                let endorsed = self.has_endorsed(&record.author, argument);
                demand(*withdrawn || !endorsed, Void::AlreadyEndorsed)?;
                demand(!*withdrawn || endorsed, Void::NotEndorsed)
            }
            Body::Delegate { scope, to } => {
                let member = self.members.get(&record.author);
                let held = member.is_some_and(|member| member.delegations.contains_key(scope));
                demand(to.is_some() || held, Void::NotDelegated)
            }
            Body::Moderate { argument, hidden, .. } => {
                let is_hidden = self.argument(argument).is_some_and(|argument| argument.is_hidden());
                demand(!*hidden || !is_hidden, Void::AlreadyHidden)?;
                demand(*hidden || is_hidden, Void::NotHidden)
            }
            Body::Disburse { proposal, amount } => self.may_move(proposal, Step::Disburse, *amount),
            Body::Release { proposal, amount, .. } => self.may_move(proposal, Step::Release, *amount),
            Body::Repay { proposal, principal, .. } => self.may_move(proposal, Step::Repay, *principal),
            Body::WriteOff { proposal, amount, .. } => self.may_move(proposal, Step::WriteOff, *amount),
            Body::Recover { proposal, amount } => self.may_move(proposal, Step::Recover, *amount),
        }
    }

    fn may_move(&self, proposal: &RecordId, step: Step, principal: u64) -> Result<(), Void> {
        self.accounts.get(proposal).ok_or(Void::NotFunded)?.sums.admits(step, principal)
    }

    fn is_open(&self, proposal: &RecordId) -> bool {
        self.proposals.get(proposal).is_some_and(|found| found.status == ProposalStatus::Open)
    }
}
