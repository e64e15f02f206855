//! May this author say this? Judged by the ledger before the seal.

use serde::Serialize;

use super::{Argument, ChainHead, Ledger, Member, MemberStatus, Proposal, Void};
use crate::{
    charter::Role,
    hash::{CharterHash, RecordId, TermsHash},
    keys::PublicKey,
    limits,
    records::{About, Ballot, Body, CharterChange, Kind, On, ProposalId, Record, Stance, Subject},
};

/// Why a record may not be sealed, now or ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "rule")]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Inadmissible {
    #[error("the author {author} is neither a member nor named in the charter")]
    UnknownAuthor { author: PublicKey },
    #[error("the author is suspended: {reason}")]
    Suspended { reason: String },
    #[error("the author has left the community")]
    Left,
    #[error("the author's key was replaced by {successor}")]
    Retired { successor: PublicKey },
    #[error("{kind:?} needs the role {role:?}, which this key does not hold")]
    Role { kind: Kind, role: Role },
    #[error("{kind:?} is for members, and this key is not one")]
    NotMember { kind: Kind },
    #[error("a key that the charter names cannot be replaced: the charter has to change")]
    NamedInCharter,
    #[error("the key {key} is not known")]
    UnknownKey { key: PublicKey },
    #[error("the proposal {proposal} is not sealed")]
    UnknownProposal { proposal: RecordId },
    #[error("the record {record}, to which it refers, was sealed without effect: {void}")]
    VoidReference { record: RecordId, void: Void },
    #[error("the proposal {proposal} is not the author's own")]
    NotOwn { proposal: RecordId },
    #[error(
        "the proposal {proposal} is of the other kind: scores and attestations are for loans, answers for motions"
    )]
    OtherKind { proposal: RecordId },
    #[error("the terms {terms} were never those of the proposal {proposal}")]
    UnknownTerms { proposal: RecordId, terms: TermsHash },
    #[error("the attestation {attestation} is not sealed")]
    UnknownAttestation { attestation: RecordId },
    #[error("the attestation {attestation} is another attestor's")]
    OtherAttestor { attestation: RecordId },
    #[error("round {round} has not begun: the ledger is in round {current}")]
    FutureRound { round: u32, current: u32 },
    #[error("round {round} has not closed: the ledger is in round {current}")]
    OpenRound { round: u32, current: u32 },
    #[error("the argument {argument} is not sealed")]
    UnknownArgument { argument: RecordId },
    #[error("the argument {argument} is no question")]
    NotQuestion { argument: RecordId },
    #[error("the argument {argument} has the greatest depth already: argue about the proposal itself")]
    TooDeep { argument: RecordId },
    #[error("the argument {argument} is the author's own")]
    OwnArgument { argument: RecordId },
    #[error("the charter {base}, which it amends, has never been in force")]
    UnknownCharter { base: CharterHash },
    #[error("{problem}")]
    CannotFollow { problem: String },
    #[error("the author has sealed {limit} records in this round, the most the charter allows")]
    TooMany { limit: u32 },
}

impl Inadmissible {
    /// Can the passing of time and of other records make it admissible? Then it is worth keeping.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::UnknownAuthor { .. }
            | Self::Suspended { .. }
            | Self::NotMember { .. }
            | Self::UnknownKey { .. }
            | Self::UnknownProposal { .. }
            | Self::UnknownTerms { .. }
            | Self::UnknownAttestation { .. }
            | Self::UnknownArgument { .. }
            | Self::FutureRound { .. }
            | Self::OpenRound { .. }
            | Self::UnknownCharter { .. }
            | Self::TooMany { .. } => true,
            Self::Left
            | Self::Retired { .. }
            | Self::Role { .. }
            | Self::NamedInCharter
            | Self::CannotFollow { .. }
            | Self::VoidReference { .. }
            | Self::NotOwn { .. }
            | Self::OtherKind { .. }
            | Self::OtherAttestor { .. }
            | Self::NotQuestion { .. }
            | Self::TooDeep { .. }
            | Self::OwnArgument { .. } => false,
        }
    }
}

impl Ledger {
    /// May this record be sealed next, as far as everything but its chain goes?
    ///
    /// # Errors
    /// [`Inadmissible`] that names the rule.
    pub fn admissible(&self, record: &Record) -> Result<(), Inadmissible> {
        let author = &record.author;
        let found = self.members.get(author);
        self.author(author, found, &record.body)?;
        // A member who has left meanwhile, and may still speak as an officer, is one: else what they said before would stand
        // in the way of all that comes after it.
        let by_member =
            || found.map(|_| ()).ok_or_else(|| Inadmissible::NotMember { kind: record.body.kind() });
        match &record.body {
            Body::Admit { .. } => self.role(record, Role::Registrar),
            Body::Suspend { key, .. } | Body::Readmit { key, .. } => {
                self.role(record, Role::Registrar)?;
                self.known(key)
            }
            Body::Fund { .. } => self.role(record, Role::Treasurer),
            Body::Leave => by_member(),
            Body::Propose(subject) => {
                by_member()?;
                self.change(subject.change())
            }
            Body::RotateKey { .. } => {
                by_member()?;
                if self.community.has_always_named(author) {
                    Err(Inadmissible::NamedInCharter)
                } else {
                    Ok(())
                }
            }
            Body::ReplaceKey { lost, .. } => {
                self.role(record, Role::Registrar)?;
                self.known(lost)?;
                if self.community.has_always_named(lost) { Err(Inadmissible::NamedInCharter) } else { Ok(()) }
            }
            Body::Amend { proposal, subject } => {
                by_member()?;
                let found = self.own(proposal, author)?;
                if !found.is_like(subject) {
                    return Err(Inadmissible::OtherKind { proposal: *proposal });
                }
                self.change(subject.change())
            }
            Body::Withdraw { proposal, .. } => {
                by_member()?;
                self.own(proposal, author).map(|_| ())
            }
            Body::Attest { proposal, terms, .. } => {
                self.role(record, Role::Attestor)?;
                self.terms(proposal, terms)
            }
            Body::Predict { proposal, terms, .. } => {
                by_member()?;
                self.terms(proposal, terms)
            }
            Body::Respond { about, .. } => {
                self.role(record, Role::Board)?;
                match *about {
                    About::Motion(proposal) => self.subject(&proposal, false),
                    About::Outcome(round) if round >= self.round => {
                        Err(Inadmissible::OpenRound { round, current: self.round })
                    }
                    About::Outcome(_) => Ok(()),
                    About::Question(argument) => self.question(&argument),
                }
            }
            Body::Argue { on, stance, .. } => {
                by_member()?;
                self.arguable(on, *stance)
            }
            Body::Endorse { argument, .. } => {
                by_member()?;
                let found = self.sealed_argument(argument)?;
                let own = self.members.get(author).is_some_and(|member| member.first == found.member);
                if own { Err(Inadmissible::OwnArgument { argument: *argument }) } else { Ok(()) }
            }
            Body::Delegate { to, .. } => {
                by_member()?;
                match to {
                    Some(key) if !self.members.contains_key(key) && !self.retired.contains_key(key) => {
                        Err(Inadmissible::UnknownKey { key: *key })
                    }
                    _ => Ok(()),
                }
            }
            Body::Moderate { argument, .. } => {
                self.role(record, Role::Moderator)?;
                self.sealed_argument(argument).map(|_| ())
            }
            Body::RevokeAttestation { attestation, .. } => {
                self.role(record, Role::Attestor)?;
                let attestation = *attestation;
                match self.attested.get(&attestation) {
                    None => Err(Inadmissible::UnknownAttestation { attestation }),
                    Some((_, attestor)) if attestor != author => {
                        Err(Inadmissible::OtherAttestor { attestation })
                    }
                    Some(_) => Ok(()),
                }
            }
            Body::Ballot(ballot) => {
                by_member()?;
                self.ballot(ballot)
            }
            Body::Evidence(fork) => self.known(&fork.author()),
            Body::Disburse { proposal, .. }
            | Body::Release { proposal, .. }
            | Body::Repay { proposal, .. }
            | Body::WriteOff { proposal, .. }
            | Body::Recover { proposal, .. } => {
                self.role(record, Role::Treasurer)?;
                self.subject(proposal, true)
            }
        }
    }

    /// May this author add another record to this chain?
    ///
    /// # Errors
    /// [`Inadmissible::TooMany`] when the charter's limit for the round is reached.
    pub fn within_quota(&self, author: &PublicKey, chain: &ChainHead) -> Result<(), Inadmissible> {
        let charter = &self.community.charter;
        let limit = charter.limits.records_per_round;
        let used = if chain.round == self.round { chain.in_round } else { 0 };
        let unlimited = charter.roles.iter().any(|held| held.keys.binary_search(author).is_ok());
        if unlimited || used < limit { Ok(()) } else { Err(Inadmissible::TooMany { limit }) }
    }

    fn author(&self, author: &PublicKey, member: Option<&Member>, body: &Body) -> Result<(), Inadmissible> {
        if let Some(successor) = self.retired.get(author) {
            return Err(Inadmissible::Retired { successor: *successor });
        }
        // Nobody can refuse a member's leaving, not even by suspending them first.
        if let Some(reason) = self.suspended.get(author).filter(|_| !matches!(body, Body::Leave)) {
            return Err(Inadmissible::Suspended { reason: reason.to_string() });
        }
        match member {
            Some(member) if member.status == MemberStatus::Left && !self.community.has_named(author) => {
                Err(Inadmissible::Left)
            }
            Some(_) => Ok(()),
            None if self.community.has_named(author) => Ok(()),
            None => Err(Inadmissible::UnknownAuthor { author: *author }),
        }
    }

    /// Who held the role under an earlier charter may have said this before they knew of the change: then it is void,
    /// and not in the way of what they say as a member.
    fn role(&self, record: &Record, role: Role) -> Result<(), Inadmissible> {
        if self.community.has_held(&record.author, role) {
            Ok(())
        } else {
            Err(Inadmissible::Role { kind: record.body.kind(), role })
        }
    }

    pub(super) fn known(&self, key: &PublicKey) -> Result<(), Inadmissible> {
        let known =
            self.members.contains_key(key) || self.retired.contains_key(key) || self.community.has_named(key);
        if known { Ok(()) } else { Err(Inadmissible::UnknownKey { key: *key }) }
    }

    /// It amends a charter that is or was in force, and may follow it.
    fn change(&self, change: Option<&CharterChange>) -> Result<(), Inadmissible> {
        let Some(CharterChange { base, charter, .. }) = change else { return Ok(()) };
        let amends = self.community.with_hash(base).ok_or(Inadmissible::UnknownCharter { base: *base })?;
        charter
            .check_follows(amends)
            .map_err(|error| Inadmissible::CannotFollow { problem: error.to_string() })
    }

    fn own(&self, proposal: &RecordId, author: &PublicKey) -> Result<&Subject, Inadmissible> {
        let proposal = *proposal;
        let found = self.sealed_proposal(&proposal)?;
        if found.owner == *author { Ok(&found.subject) } else { Err(Inadmissible::NotOwn { proposal }) }
    }

    fn subject(&self, proposal: &RecordId, loan: bool) -> Result<(), Inadmissible> {
        let proposal = *proposal;
        let found = self.sealed_proposal(&proposal)?;
        if found.subject.loan().is_some() == loan {
            Ok(())
        } else {
            Err(Inadmissible::OtherKind { proposal })
        }
    }

    /// The proposal is a loan, and these are its terms or were.
    fn terms(&self, proposal: &RecordId, terms: &TermsHash) -> Result<(), Inadmissible> {
        self.subject(proposal, true)?;
        let found = self
            .proposals
            .get(proposal)
            .is_some_and(|found| found.terms == *terms || found.former.contains(terms));
        if found { Ok(()) } else { Err(Inadmissible::UnknownTerms { proposal: *proposal, terms: *terms }) }
    }

    fn sealed_argument(&self, argument: &RecordId) -> Result<&Argument, Inadmissible> {
        let argument = *argument;
        self.not_void(&argument)?;
        self.argument(&argument).ok_or(Inadmissible::UnknownArgument { argument })
    }

    fn sealed_proposal(&self, proposal: &ProposalId) -> Result<&Proposal, Inadmissible> {
        let proposal = *proposal;
        self.not_void(&proposal)?;
        self.proposals.get(&proposal).ok_or(Inadmissible::UnknownProposal { proposal })
    }

    /// What was sealed without effect will never be there: nobody need wait for it.
    fn not_void(&self, record: &RecordId) -> Result<(), Inadmissible> {
        match self.void.get(record) {
            Some(void) => Err(Inadmissible::VoidReference { record: *record, void: *void }),
            None => Ok(()),
        }
    }

    fn question(&self, argument: &RecordId) -> Result<(), Inadmissible> {
        let found = self.sealed_argument(argument)?;
        if found.stance == Stance::Question {
            Ok(())
        } else {
            Err(Inadmissible::NotQuestion { argument: *argument })
        }
    }

    /// Can this be argued about, with this stance?
    fn arguable(&self, on: &On, stance: Stance) -> Result<(), Inadmissible> {
        let argument = match on {
            On::Proposal(proposal) => return self.sealed_proposal(proposal).map(|_| ()),
            On::Argument(argument) => argument,
        };
        let found = self.sealed_argument(argument)?;
        if stance == Stance::Answer {
            self.question(argument)?;
        }
        if found.depth >= limits::ARGUMENT_DEPTH {
            return Err(Inadmissible::TooDeep { argument: *argument });
        }
        Ok(())
    }

    fn ballot(&self, ballot: &Ballot) -> Result<(), Inadmissible> {
        if ballot.round > self.round {
            return Err(Inadmissible::FutureRound { round: ballot.round, current: self.round });
        }
        for score in &ballot.scores {
            self.subject(&score.proposal, true)?;
        }
        for answer in &ballot.answers {
            self.subject(&answer.proposal, false)?;
        }
        Ok(())
    }
}
