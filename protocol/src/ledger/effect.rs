//! What a sealed record changes, or why it changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{
    Attestation, AttestationEnd, AttestationEntry, CastBallot, ChainHead, Deposit, Ledger, Member,
    MemberStatus, Moderation, Prediction, Proposal, ProposalStatus, Replacement, Response,
};
use crate::{
    charter::Charter,
    hash::RecordId,
    keys::PublicKey,
    loans::{Movement, Step},
    records::{Ballot, Body, Direction, Fork, Received, Record, Subject},
};

macro_rules! voids {
    ($($reason:ident = $name:literal, $sentence:literal;)*) => {
        /// Why a sealed record changed nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
        #[serde(into = "&'static str")]
        #[allow(missing_docs, reason = "the messages say it")]
        pub enum Void {
            $(#[error($sentence)] $reason,)*
        }

        impl Void {
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$reason),*];

            /// The short name, which does not change: for programs and for counting. The message is for people.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name,)* }
            }
        }
    };
}

voids! {
    AlreadyMember = "already-member", "the key is a member already, or was one";
    AlreadySuspended = "already-suspended", "the key is suspended already";
    NotSuspended = "not-suspended", "the key is not suspended";
    AlreadyLeaving = "already-leaving", "the member is leaving already";
    SuccessorInUse = "successor-in-use", "the successor key is in use already";
    NotOpen = "not-open", "the proposal is no longer open";
    SameTerms = "same-terms", "the terms are the same as before";
    AmendedTerms = "amended-terms", "the attestation is for terms that have been amended since";
    RunOut = "run-out", "the attestation had run out when it was sealed";
    NotCurrent = "not-current", "the attestation was revoked or replaced before";
    AfterClose = "after-close", "the ballot was sealed after the close of its round";
    PoolTooSmall = "pool-too-small", "the pool holds less than this";
    ProvedBefore = "proved-before", "this fork has been proved before";
    LostKey = "lost-key", "the key has been replaced as lost: whoever has found it may have signed this";
    NotFunded = "not-funded", "the loan is not funded";
    MoreThanUndrawn = "more-than-undrawn", "more than was allocated to the loan and is not paid out yet";
    MoreThanOwed = "more-than-owed", "more than the borrower owes";
    MoreThanLost = "more-than-lost", "more than was written off and has not come in";
    HasLeft = "has-left", "the member has left";
    TooManyArguments = "too-many-arguments", "the member has argued as often in this round as one may";
    AlreadyEndorsed = "already-endorsed", "the member has endorsed this argument already";
    NotEndorsed = "not-endorsed", "the member has not endorsed this argument";
    AlreadyHidden = "already-hidden", "the argument is hidden already";
    NotHidden = "not-hidden", "the argument is not hidden";
    RoleEnded = "role-ended", "the charter in force no longer gives the author the role that this needs";
    NamedInCharter = "named-in-charter", "the charter in force names the key: it cannot be replaced";
    OtherCharter = "other-charter", "another charter is in force than the one that it amends";
    NamesReplacedKey = "names-replaced-key", "the amended charter names a key that was replaced by another one";
    AlreadyReplaced = "already-replaced", "the key was replaced by another one before";
    NoMember = "no-member", "the lost key is not a member's";
    NotDelegated = "not-delegated", "the member has delegated nothing like this";
}

impl From<Void> for &'static str {
    fn from(void: Void) -> Self {
        void.name()
    }
}

impl Ledger {
    /// Carries out an admissible record, sealed at this height, position and time.
    pub(super) fn carry_out(
        &mut self,
        received: &Received,
        sealed: (u64, u32),
        time: u64,
    ) -> Result<(), Void> {
        let record = received.record();
        let author = record.author;
        let moved = |step, principal, interest| Movement {
            record: received.id,
            height: sealed.0,
            time,
            step,
            principal,
            interest,
        };
        self.has_left(record)?;
        // Also without effect it is sealed: what it says can be revoked.
        if let Body::Attest { proposal, .. } = &record.body {
            self.attested.insert(received.id, (*proposal, author));
        }
        self.under_charter(record)?;
        match &record.body {
            Body::Admit { key, weight, name, group } => self.admit(*key, *weight, name, *group),
            Body::Suspend { key, reason } => self.suspend(*key, reason),
            Body::Readmit { key, .. } => {
                let key = self.newest(*key);
                self.suspended.remove(&key).map(|_| ()).ok_or(Void::NotSuspended)
            }
            Body::Leave => self.leave(&author),
            Body::RotateKey { successor, .. } => self.rotate(received, *successor),
            Body::ReplaceKey { lost, successor, reason, .. } => self.replace(Replacement {
                record: received.id,
                registrar: author,
                height: sealed.0,
                time,
                lost: *lost,
                successor: *successor,
                reason: reason.clone(),
            }),
            Body::Propose(subject) => {
                self.propose(received.id, author, subject, sealed);
                Ok(())
            }
            Body::Amend { proposal, subject } => {
                let terms = subject.terms();
                let found = self.open(proposal)?;
                if found.terms == terms {
                    return Err(Void::SameTerms);
                }
                found.former.push(found.terms);
                found.since = sealed.0;
                found.terms = terms;
                found.subject = Arc::new(subject.clone());
                Ok(())
            }
            Body::Withdraw { proposal, .. } => {
                self.open(proposal)?.status = ProposalStatus::Withdrawn;
                Ok(())
            }
            Body::Attest { proposal, terms, assessment } => {
                let attestation = Attestation {
                    id: received.id,
                    attestor: author,
                    terms: *terms,
                    assessment: Arc::new(assessment.clone()),
                };
                self.attest(proposal, attestation, sealed.0, time)
            }
            Body::RevokeAttestation { attestation, reason } => {
                self.revoke(attestation, received.id, time, reason)
            }
            Body::Ballot(ballot) => self.vote(received.id, sealed.0, &author, ballot),
            Body::Fund { direction, amount, source, purpose } => self.fund(Deposit {
                record: received.id,
                height: sealed.0,
                time,
                direction: *direction,
                amount: *amount,
                source: source.clone(),
                purpose: purpose.clone(),
            }),
            Body::Evidence(fork) => {
                self.may_convict(fork)?;
                let (key, sequence) = (fork.author(), fork.sequence());
                self.evidence.insert((key, sequence), received.id);
                self.suspended
                    .entry(self.newest(key))
                    .or_insert_with(|| format!("signed two records with number {sequence}").into());
                Ok(())
            }
            Body::Predict { proposal, terms, default } => {
                let prediction = Prediction { id: received.id, terms: *terms, default: *default };
                self.predict(proposal, author, prediction)
            }
            Body::Respond { about, status, reason } => {
                let response = Response {
                    record: received.id,
                    author,
                    height: sealed.0,
                    time,
                    status: *status,
                    reason: reason.clone(),
                };
                self.responses.entry(*about).or_default().push(response);
                Ok(())
            }
            Body::Argue { on, stance, .. } => {
                self.argue(received.id, &author, *on, *stance, (sealed.0, time))
            }
            Body::Endorse { argument, withdrawn } => self.endorse(&author, argument, *withdrawn),
            Body::Delegate { scope, to } => {
                self.delegate(&author, *scope, *to, (received.id, sealed.0, time))
            }
            Body::Moderate { argument, hidden, reason } => {
                let moderation = Moderation {
                    record: received.id,
                    author,
                    height: sealed.0,
                    time,
                    hidden: *hidden,
                    reason: reason.clone(),
                };
                self.moderate(argument, moderation)
            }
            Body::Disburse { proposal, amount } => self.book(proposal, moved(Step::Disburse, *amount, 0)),
            Body::Release { proposal, amount, .. } => self.book(proposal, moved(Step::Release, *amount, 0)),
            Body::Repay { proposal, principal, interest } => {
                self.book(proposal, moved(Step::Repay, *principal, *interest))
            }
            Body::WriteOff { proposal, amount, .. } => self.book(proposal, moved(Step::WriteOff, *amount, 0)),
            Body::Recover { proposal, amount } => self.book(proposal, moved(Step::Recover, *amount, 0)),
        }
    }

    /// Of what members say, this is void when they have left.
    pub(super) fn has_left(&self, record: &Record) -> Result<(), Void> {
        let is_members = matches!(
            record.body,
            Body::Propose(_)
                | Body::Amend { .. }
                | Body::Withdraw { .. }
                | Body::Predict { .. }
                | Body::Ballot(_)
                | Body::Argue { .. }
                | Body::Endorse { .. }
                | Body::Delegate { .. }
        );
        match self.members.get(&record.author) {
            Some(member) if is_members && member.status == MemberStatus::Left => Err(Void::HasLeft),
            _ => Ok(()),
        }
    }

    /// What the charter in force no longer allows, and an earlier one did, is void.
    pub(super) fn under_charter(&self, record: &Record) -> Result<(), Void> {
        let community = &self.community;
        if record.body.role().is_some_and(|role| !community.charter.holds(&record.author, role)) {
            return Err(Void::RoleEnded);
        }
        match &record.body {
            Body::RotateKey { .. } if community.charter.names(&record.author) => Err(Void::NamedInCharter),
            Body::ReplaceKey { lost, .. } if community.charter.names(lost) => Err(Void::NamedInCharter),
            Body::Propose(subject) | Body::Amend { subject, .. } => match subject.change() {
                Some(change) if change.base != community.hash => Err(Void::OtherCharter),
                Some(change) if self.replaced_in(&change.charter).is_some() => Err(Void::NamesReplacedKey),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Would evidence of this fork suspend anybody?
    ///
    /// Nobody can tell when a fork was signed. Once a registrar has put another key in the place of a lost one, or of
    /// one that came after it, only what is sealed by then speaks against the member.
    ///
    /// # Errors
    /// The reason for which it would be [`Void`].
    pub fn may_convict(&self, fork: &Fork) -> Result<(), Void> {
        let (mut key, sequence) = (fork.author(), fork.sequence());
        if self.evidence.contains_key(&(key, sequence)) {
            return Err(Void::ProvedBefore);
        }
        while let Some(successor) = self.retired.get(&key) {
            if self.lost.contains(&key) {
                return Err(Void::LostKey);
            }
            key = *successor;
        }
        Ok(())
    }

    /// The first key that a charter names and that was replaced: whoever has it could still witness, and say nothing.
    pub(super) fn replaced_in(&self, charter: &Charter) -> Option<PublicKey> {
        charter.named().filter(|key| self.retired.contains_key(*key)).min().copied()
    }

    fn admit(&mut self, key: PublicKey, weight: u32, name: &str, group: u16) -> Result<(), Void> {
        if self.members.contains_key(&key) || self.retired.contains_key(&key) {
            return Err(Void::AlreadyMember);
        }
        let status = MemberStatus::Active;
        let member = Member {
            name: name.into(),
            weight,
            group,
            first: key,
            status,
            cast: None,
            standing: None,
            delegations: BTreeMap::new(),
            argued: (0, 0),
        };
        self.members.insert(key, member);
        Ok(())
    }

    fn suspend(&mut self, key: PublicKey, reason: &str) -> Result<(), Void> {
        let key = self.newest(key);
        if self.suspended.contains_key(&key) {
            return Err(Void::AlreadySuspended);
        }
        self.suspended.insert(key, reason.into());
        Ok(())
    }

    fn leave(&mut self, author: &PublicKey) -> Result<(), Void> {
        match self.members.get_mut(author) {
            Some(member) if member.status == MemberStatus::Active => {
                member.status = MemberStatus::Leaving;
                Ok(())
            }
            _ => Err(Void::AlreadyLeaving),
        }
    }

    fn rotate(&mut self, rotation: &Received, new: PublicKey) -> Result<(), Void> {
        let old = rotation.record().author;
        // By a registrar who admitted it before this was sealed, for instance.
        if self.known(&new).is_ok() {
            return Err(Void::SuccessorInUse);
        }
        let Some(member) = self.members.remove(&old) else { return Err(Void::SuccessorInUse) };
        self.hand_over(old, new, member, self.chain(&old).after(rotation, self.round));
        Ok(())
    }

    /// By a registrar, after all else that the seal holds: what the lost key has said beside it still counts.
    fn replace(&mut self, replacement: Replacement) -> Result<(), Void> {
        let (old, new) = (replacement.lost, replacement.successor);
        self.may_replace(&old, &new)?;
        let Some(member) = self.members.remove(&old) else { return Err(Void::NoMember) };
        let chain = self.chain(&old);
        self.hand_over(old, new, member, chain);
        self.chains.insert(old, ChainHead { retired: true, ..chain });
        self.lost.insert(old);
        self.replacements.push(replacement);
        Ok(())
    }

    pub(super) fn may_replace(&self, lost: &PublicKey, successor: &PublicKey) -> Result<(), Void> {
        if self.retired.contains_key(lost) {
            return Err(Void::AlreadyReplaced);
        }
        let member = self.members.get(lost).ok_or(Void::NoMember)?;
        if member.status == MemberStatus::Left {
            return Err(Void::HasLeft);
        }
        if self.known(successor).is_ok() { Err(Void::SuccessorInUse) } else { Ok(()) }
    }

    /// A member goes on under another key, whose chain begins empty, but for what the old one has used of the
    /// round's quota.
    fn hand_over(&mut self, old: PublicKey, new: PublicKey, member: Member, used: ChainHead) {
        self.members.insert(new, member);
        self.retired.insert(old, new);
        let ChainHead { round, in_round, .. } = used;
        self.chains.insert(new, ChainHead { round, in_round, ..ChainHead::EMPTY });
        if let Some(reason) = self.suspended.remove(&old) {
            self.suspended.insert(new, reason);
        }
        for proposal in self.proposals.values_mut() {
            if proposal.owner == old {
                proposal.owner = new;
            }
            if let Some(prediction) = proposal.predictions.remove(&old) {
                proposal.predictions.insert(new, prediction);
            }
        }
    }

    fn propose(&mut self, id: RecordId, owner: PublicKey, subject: &Subject, sealed: (u64, u32)) {
        let proposal = Proposal {
            id,
            owner,
            terms: subject.terms(),
            subject: Arc::new(subject.clone()),
            since: sealed.0,
            former: Vec::new(),
            sealed,
            status: ProposalStatus::Open,
            attestations: BTreeMap::new(),
            history: Vec::new(),
            predictions: BTreeMap::new(),
        };
        self.proposals.insert(id, proposal);
    }

    fn open(&mut self, proposal: &RecordId) -> Result<&mut Proposal, Void> {
        self.proposals
            .get_mut(proposal)
            .filter(|found| found.status == ProposalStatus::Open)
            .ok_or(Void::NotOpen)
    }

    fn attest(
        &mut self,
        proposal: &RecordId,
        attestation: Attestation,
        height: u64,
        time: u64,
    ) -> Result<(), Void> {
        let found = self.proposals.get_mut(proposal).ok_or(Void::NotOpen)?;
        let void = if found.status != ProposalStatus::Open {
            Some(Void::NotOpen)
        } else if found.terms != attestation.terms {
            Some(Void::AmendedTerms)
        } else if attestation.assessment.valid_until <= time {
            Some(Void::RunOut)
        } else {
            None
        };
        if void.is_none() {
            let (by, attestor) = (attestation.id, attestation.attestor);
            if let Some(before) = found.attestations.insert(attestor, attestation.clone()) {
                found.end(&before.id, AttestationEnd::Replaced { by, time });
            }
        }
        let end = void.map(|reason| AttestationEnd::Void { reason });
        found.history.push(AttestationEntry { attestation, height, time, end });
        void.map_or(Ok(()), Err)
    }

    fn revoke(
        &mut self,
        attestation: &RecordId,
        record: RecordId,
        time: u64,
        reason: &str,
    ) -> Result<(), Void> {
        let (proposal, attestor) = self.attested.get(attestation).copied().ok_or(Void::NotCurrent)?;
        let found = self.proposals.get_mut(&proposal).ok_or(Void::NotCurrent)?;
        match found.attestations.get(&attestor) {
            Some(current) if current.id == *attestation => {
                found.attestations.remove(&attestor);
                let reason = reason.to_owned();
                found.end(attestation, AttestationEnd::Revoked { record, time, reason });
                Ok(())
            }
            _ => Err(Void::NotCurrent),
        }
    }

    fn predict(
        &mut self,
        proposal: &RecordId,
        member: PublicKey,
        prediction: Prediction,
    ) -> Result<(), Void> {
        let found = self.open(proposal)?;
        if found.terms != prediction.terms {
            return Err(Void::AmendedTerms);
        }
        found.predictions.insert(member, prediction);
        Ok(())
    }

    fn vote(&mut self, id: RecordId, height: u64, author: &PublicKey, ballot: &Ballot) -> Result<(), Void> {
        let late = ballot.round < self.round;
        if late && !ballot.standing {
            return Err(Void::AfterClose);
        }
        // Admissible ballots are members'; a rotation sealed beside it ends the chain before it.
        let Some(member) = self.members.get_mut(author) else { return Err(Void::AfterClose) };
        let cast = Arc::new(CastBallot { id, height, ballot: ballot.clone() });
        if ballot.standing {
            member.standing = (!ballot.is_blank()).then(|| Arc::clone(&cast));
        }
        if !late {
            member.cast = Some(cast);
        }
        Ok(())
    }

    fn fund(&mut self, deposit: Deposit) -> Result<(), Void> {
        let amount = u128::from(deposit.amount);
        match deposit.direction {
            Direction::In => self.pool.paid_in += amount,
            Direction::Out if amount > self.pool.available() => return Err(Void::PoolTooSmall),
            Direction::Out => self.pool.paid_out += amount,
        }
        Arc::make_mut(&mut self.deposits).push(deposit);
        Ok(())
    }

    fn book(&mut self, proposal: &RecordId, movement: Movement) -> Result<(), Void> {
        let account = self.accounts.get_mut(proposal).ok_or(Void::NotFunded)?;
        Arc::make_mut(account).book(movement)?;
        self.pool.loans.add(movement.step, movement.principal, movement.interest);
        Ok(())
    }
}

impl Proposal {
    /// Notes how an attestation ended. It is among the newest.
    fn end(&mut self, attestation: &RecordId, end: AttestationEnd) {
        if let Some(entry) = self.history.iter_mut().rfind(|entry| entry.attestation.id == *attestation) {
            entry.end = Some(end);
        }
    }
}
