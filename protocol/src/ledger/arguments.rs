//! Arguments about proposals: threads, endorsements, moderation, and questions that wait for an answer.
//!
//! No outcome depends on them. The ledger keeps who said what about what, and the log what was said.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Ledger, MemberStatus, ProposalStatus, Void};
use crate::{
    hash::RecordId,
    keys::PublicKey,
    limits,
    records::{About, On, ProposalId, Stance},
};

/// An argument, without its text.
#[derive(Debug, Clone)]
pub struct Argument {
    /// The record, which holds the text.
    pub id: RecordId,
    /// The proposal of whose thread it is a part.
    pub proposal: ProposalId,
    /// What it is about.
    pub on: On,
    /// How it stands to that.
    pub stance: Stance,
    /// 1 if it is about the proposal, and one more than what it replies to otherwise.
    pub depth: u8,
    /// The key that signed it.
    pub author: PublicKey,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// Every time it was hidden or shown, the first time first. The last one holds.
    pub moderations: Vec<Moderation>,
    /// Its author, under the key of their admission.
    pub(super) member: PublicKey,
    /// Who has endorsed it, under the keys of their admission: a new key is no second voice.
    endorsers: BTreeSet<PublicKey>,
    /// The answers to it.
    answers: Vec<RecordId>,
}

/// What a moderator did with an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moderation {
    /// The record.
    pub record: RecordId,
    /// The moderator.
    pub author: PublicKey,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// Hidden, or shown again.
    pub hidden: bool,
    /// Why.
    pub reason: String,
}

impl Argument {
    /// Is it hidden from view?
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.moderations.last().is_some_and(|last| last.hidden)
    }

    /// The argument that it replies to, if it is a reply.
    #[must_use]
    pub fn reply_to(&self) -> Option<RecordId> {
        match self.on {
            On::Proposal(_) => None,
            On::Argument(argument) => Some(argument),
        }
    }
}

/// All arguments about a proposal.
#[derive(Debug, Clone, Default)]
pub(super) struct Thread {
    /// In the order of sealing.
    arguments: Vec<RecordId>,
    questions: Vec<RecordId>,
    tally: Tally,
}

/// How many arguments there are about a proposal. Hidden ones are counted like all others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tally {
    /// Arguments for the proposal itself.
    pub in_favour: u64,
    /// Arguments against the proposal itself.
    pub against: u64,
    /// Questions, in replies too.
    pub questions: u64,
    /// Answers.
    pub answers: u64,
    /// Other replies.
    pub replies: u64,
    /// How many of all these are hidden.
    pub hidden: u64,
}

/// Who stands behind an argument, beside its author: members who have endorsed it, have not left and are not
/// suspended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Endorsements {
    /// How many.
    pub heads: u64,
    /// Their weight.
    pub weight: u64,
}

/// A question that waits for an answer: of the proposal's owner, or of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenQuestion {
    /// The question's record.
    pub id: RecordId,
    /// The proposal that it is about.
    pub proposal: ProposalId,
    /// Who owns the proposal.
    pub owner: PublicKey,
    /// The time of the seal that holds the question, milliseconds since 1970.
    pub since: u64,
}

impl Ledger {
    /// A sealed argument.
    #[must_use]
    pub fn argument(&self, id: &RecordId) -> Option<&Argument> {
        self.arguments.get(id).map(AsRef::as_ref)
    }

    /// All sealed arguments, by id.
    #[must_use]
    pub fn arguments(&self) -> &BTreeMap<RecordId, Arc<Argument>> {
        &self.arguments
    }

    /// The arguments about a proposal, in the order of sealing: what is replied to comes before its replies.
    pub fn thread(&self, proposal: &ProposalId) -> impl Iterator<Item = &Argument> {
        let ids = self.threads.get(proposal).map_or(&[][..], |thread| &thread.arguments);
        ids.iter().filter_map(|id| self.argument(id))
    }

    /// How many arguments there are about a proposal.
    #[must_use]
    pub fn tally(&self, proposal: &ProposalId) -> Tally {
        self.threads.get(proposal).map(|thread| thread.tally).unwrap_or_default()
    }

    /// Who stands behind an argument now.
    #[must_use]
    pub fn endorsements(&self, argument: &Argument) -> Endorsements {
        let mut found = Endorsements::default();
        for key in argument.endorsers.iter().map(|first| self.newest(*first)) {
            let takes_part = |member: &&super::Member| member.status != MemberStatus::Left;
            if let Some(member) = self.members.get(&key).filter(takes_part)
                && !self.suspended.contains_key(&key)
            {
                found.heads += 1;
                found.weight += u64::from(member.weight);
            }
        }
        found
    }

    /// Has the member with this key endorsed this argument?
    #[must_use]
    pub fn has_endorsed(&self, member: &PublicKey, argument: &RecordId) -> bool {
        let (Some(member), Some(argument)) = (self.members.get(member), self.argument(argument)) else {
            return false;
        };
        argument.endorsers.contains(&member.first)
    }

    /// The questions about proposals that are open, funded or decided which neither the proposal's owner has answered
    /// nor the board had a last word on, the oldest first. Hidden questions and those of the owner wait for nothing, and
    /// hidden answers are none.
    #[must_use]
    pub fn open_questions(&self) -> Vec<OpenQuestion> {
        let mut open = Vec::new();
        for proposal in self.threads.keys() {
            open.extend(self.questions_about(proposal));
        }
        open.sort_by_key(|question| (question.since, question.id));
        open
    }

    /// Those of them about one proposal.
    pub fn questions_about(&self, proposal: &ProposalId) -> impl Iterator<Item = OpenQuestion> {
        let ids = self.threads.get(proposal).map_or(&[][..], |thread| &thread.questions);
        ids.iter().filter_map(|id| self.waits(self.argument(id)?))
    }

    /// The question, if it waits for an answer.
    #[must_use]
    pub fn waits(&self, question: &Argument) -> Option<OpenQuestion> {
        let proposal = self.proposals.get(&question.proposal)?;
        let over = matches!(proposal.status, ProposalStatus::Withdrawn | ProposalStatus::Expired(_));
        let is_owners = self.newest(question.author) == proposal.owner;
        if over || is_owners || question.stance != Stance::Question || question.is_hidden() {
            return None;
        }
        let settles = |answer: &Argument| !answer.is_hidden() && self.newest(answer.author) == proposal.owner;
        let answered = question.answers.iter().filter_map(|id| self.argument(id)).any(settles);
        let board = self.responses(About::Question(question.id)).last();
        if answered || board.is_some_and(|last| last.status.is_last_word()) {
            return None;
        }
        let (id, proposal, owner) = (question.id, proposal.id, proposal.owner);
        Some(OpenQuestion { id, proposal, owner, since: question.time })
    }

    /// May this member argue once more in this round?
    pub(super) fn may_argue(&self, member: &PublicKey) -> bool {
        self.members.get(member).is_none_or(|member| {
            let (round, times) = member.argued;
            round != self.round || times < limits::ARGUMENTS_PER_ROUND
        })
    }

    /// Takes in an argument that was sealed at this height and time.
    pub(super) fn argue(
        &mut self,
        id: RecordId,
        author: &PublicKey,
        on: On,
        stance: Stance,
        (height, time): (u64, u64),
    ) -> Result<(), Void> {
        if !self.may_argue(author) {
            return Err(Void::TooManyArguments);
        }
        // What it is about was sealed before, and its author is a member: both are admissible only then. A rotation sealed
        // beside it ends the chain before it.
        let parent = match on {
            On::Proposal(proposal) => Some((proposal, 0)),
            On::Argument(argument) => self.argument(&argument).map(|found| (found.proposal, found.depth)),
        };
        let (Some((proposal, depth)), Some(member)) = (parent, self.members.get_mut(author)) else {
            return Err(Void::TooManyArguments);
        };
        let (round, times) = member.argued;
        member.argued = (self.round, if round == self.round { times + 1 } else { 1 });
        let argument = Argument {
            id,
            proposal,
            on,
            stance,
            depth: depth + 1,
            author: *author,
            height,
            time,
            moderations: Vec::new(),
            member: member.first,
            endorsers: BTreeSet::new(),
            answers: Vec::new(),
        };
        let thread = Arc::make_mut(self.threads.entry(proposal).or_default());
        thread.arguments.push(id);
        let tally = &mut thread.tally;
        match (stance, on) {
            (Stance::Question, _) => {
                thread.questions.push(id);
                tally.questions += 1;
            }
            (Stance::Answer, _) => tally.answers += 1,
            (Stance::For, On::Proposal(_)) => tally.in_favour += 1,
            (Stance::Against, On::Proposal(_)) => tally.against += 1,
            (Stance::For | Stance::Against, On::Argument(_)) => tally.replies += 1,
        }
        if stance == Stance::Answer
            && let Some(question) = argument.reply_to().and_then(|id| self.arguments.get_mut(&id))
        {
            Arc::make_mut(question).answers.push(id);
        }
        self.arguments.insert(id, Arc::new(argument));
        Ok(())
    }

    /// Notes or strikes out an endorsement.
    pub(super) fn endorse(
        &mut self,
        author: &PublicKey,
        argument: &RecordId,
        withdrawn: bool,
    ) -> Result<(), Void> {
        let (Some(member), Some(argument)) = (self.members.get(author), self.arguments.get_mut(argument))
        else {
            return Err(Void::NotEndorsed);
        };
        let endorsers = &mut Arc::make_mut(argument).endorsers;
        match withdrawn {
            true if endorsers.remove(&member.first) => Ok(()),
            true => Err(Void::NotEndorsed),
            false if endorsers.insert(member.first) => Ok(()),
            false => Err(Void::AlreadyEndorsed),
        }
    }

    /// Hides an argument, or shows it.
    pub(super) fn moderate(&mut self, argument: &RecordId, moderation: Moderation) -> Result<(), Void> {
        let Some(found) = self.arguments.get_mut(argument) else { return Err(Void::NotHidden) };
        match (moderation.hidden, found.is_hidden()) {
            (true, true) => return Err(Void::AlreadyHidden),
            (false, false) => return Err(Void::NotHidden),
            _ => {}
        }
        if let Some(thread) = self.threads.get_mut(&found.proposal) {
            let hidden = &mut Arc::make_mut(thread).tally.hidden;
            *hidden = if moderation.hidden { *hidden + 1 } else { hidden.saturating_sub(1) };
        }
        Arc::make_mut(found).moderations.push(moderation);
        Ok(())
    }
}
