//! Finding what there is to be told.

use std::collections::BTreeSet;

use mutua_protocol::{
    hash::RecordId,
    keys::PublicKey,
    ledger::{CastBallot, Ledger, MemberStatus, Proposal, ProposalStatus, Way, WayEnd},
    records::{About, Body, ProposalId, Received, Scope, Stance, Subject},
};

use super::{Follow, Interests, NOTICES, News, Notice, Notices, REMINDER_MS};
use crate::{
    service::Core,
    store::{Reader, StoreError},
};

/// Greatest number of matters of misbehaviour in one answer: they must not keep all else out.
const MATTERS: usize = 50;

/// What was found, before the log is asked for the times of seals.
#[derive(Debug, Default)]
pub struct Found {
    height: u64,
    left_off: usize,
    news: Vec<(String, Place, News)>,
}

/// What there is to be told to these: all that seals after `since` brought, and what is no matter of the log.
/// `wall` is the time: milliseconds since 1970. Nothing is read from the disk.
#[must_use]
pub fn find(core: &Core, interests: &Interests, since: u64, wall: u64) -> Found {
    let ledger = core.ledger();
    let mine = interests.members.iter().map(|key| ledger.newest(*key)).collect();
    let mut search =
        Search { ledger, mine, categories: &interests.categories, since, news: Vec::new(), left_off: 0 };
    search.proposals();
    search.arguments();
    search.responses();
    search.outcomes();
    search.closing(wall, core.tail());
    search.misbehaviour(core);
    let Search { mut news, left_off, .. } = search;
    news.sort_by(|(a, at_a, _), (b, at_b, _)| (at_a.height(), a).cmp(&(at_b.height(), b)));
    let older = news.len().saturating_sub(NOTICES);
    Found { height: ledger.height(), left_off: left_off + older, news: news.split_off(older) }
}

impl Found {
    /// With the times of their seals, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub fn dated(self, reader: &Reader) -> Result<Notices, StoreError> {
        let mut notices = Vec::with_capacity(self.news.len());
        for (id, place, news) in self.news {
            let (height, time) = match place {
                Place::Seal(height, Some(time)) => (Some(height), Some(time)),
                Place::Seal(height, None) => {
                    (Some(height), reader.seal(height)?.map(|seal| seal.header.time))
                }
                Place::Now(time) => (None, time),
            };
            let text = news.to_string();
            notices.push(Notice { id, height, time, news, text });
        }
        notices.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Ok(Notices { height: self.height, notices, left_off: self.left_off })
    }
}

/// Where something is.
#[derive(Debug)]
enum Place {
    /// In this seal, of this time if that is known.
    Seal(u64, Option<u64>),
    /// Not in the log, since this time if that is known.
    Now(Option<u64>),
}

impl Place {
    /// What is not in the log comes after all that is.
    fn height(&self) -> u64 {
        match self {
            Self::Seal(height, _) => *height,
            Self::Now(_) => u64::MAX,
        }
    }
}

struct Search<'a> {
    ledger: &'a Ledger,
    mine: BTreeSet<PublicKey>,
    categories: &'a Follow,
    since: u64,
    news: Vec<(String, Place, News)>,
    left_off: usize,
}

impl Search<'_> {
    fn tell(&mut self, id: String, place: Place, news: News) {
        self.news.push((id, place, news));
    }

    fn is_mine(&self, key: &PublicKey) -> bool {
        !self.mine.is_empty() && self.mine.contains(&self.ledger.newest(*key))
    }

    fn name(&self, key: &PublicKey) -> String {
        let member = self.ledger.members().get(&self.ledger.newest(*key));
        member.map_or_else(|| key.short(), |member| member.name.to_string())
    }

    fn title(&self, proposal: &ProposalId) -> String {
        self.ledger
            .proposals()
            .get(proposal)
            .map_or_else(String::new, |found| found.subject.title().to_owned())
    }

    fn proposals(&mut self) {
        let charter = &self.ledger.community().charter;
        for proposal in self.ledger.proposals().values() {
            let is_new = proposal.sealed.0 > self.since && proposal.status == ProposalStatus::Open;
            if !is_new || self.is_mine(&proposal.owner) {
                continue;
            }
            let category = match &*proposal.subject {
                Subject::Loan(loan) => match self.categories {
                    Follow::Some(followed) if !followed.contains(&loan.category) => continue,
                    Follow::None => continue,
                    Follow::Some(_) | Follow::All => Some(loan.category),
                },
                Subject::Motion(_) | Subject::Charter(_) => None,
            };
            let category = category.and_then(|at| charter.categories.get(usize::from(at)).cloned());
            let title = proposal.subject.title().to_owned();
            let news = News::Proposal { proposal: proposal.id, title, category };
            self.tell(format!("proposal-{}", proposal.id), Place::Seal(proposal.sealed.0, None), news);
        }
    }

    fn arguments(&mut self) {
        for argument in self.ledger.arguments().values() {
            let is_new = argument.height > self.since && !argument.is_hidden();
            if !is_new || self.is_mine(&argument.author) {
                continue;
            }
            let answers = |on: RecordId| self.ledger.argument(&on).is_some_and(|on| self.is_mine(&on.author));
            let owner = self.ledger.proposals().get(&argument.proposal).map(|proposal| proposal.owner);
            let asks = argument.stance == Stance::Question && owner.is_some_and(|owner| self.is_mine(&owner));
            if asks || argument.reply_to().is_some_and(answers) {
                let news = News::Answer {
                    proposal: argument.proposal,
                    title: self.title(&argument.proposal),
                    argument: argument.id,
                    stance: argument.stance,
                    name: self.name(&argument.author),
                };
                let place = Place::Seal(argument.height, Some(argument.time));
                self.tell(format!("answer-{}", argument.id), place, news);
            }
        }
    }

    fn responses(&mut self) {
        if self.mine.is_empty() {
            return;
        }
        let motions = self.ledger.proposals().values().filter(|proposal| self.is_mine(&proposal.owner));
        let mut asked: Vec<(About, ProposalId)> =
            motions.map(|proposal| (About::Motion(proposal.id), proposal.id)).collect();
        let questions = self
            .ledger
            .arguments()
            .values()
            .filter(|argument| argument.stance == Stance::Question && self.is_mine(&argument.author));
        asked.extend(questions.map(|question| (About::Question(question.id), question.proposal)));
        for (about, proposal) in asked {
            for response in self.ledger.responses(about) {
                if response.height > self.since && !self.is_mine(&response.author) {
                    let title = self.title(&proposal);
                    let news = News::Response { proposal, title, status: response.status };
                    let place = Place::Seal(response.height, Some(response.time));
                    self.tell(format!("response-{}", response.record), place, news);
                }
            }
        }
    }

    fn outcomes(&mut self) {
        let since = self.since;
        let closings = self.ledger.closings().iter().rev();
        for closing in closings.take_while(|closing| closing.outcome.height > since) {
            let outcome = &closing.outcome;
            let news = News::Outcome {
                round: outcome.round,
                funded: outcome.funded.len(),
                candidates: outcome.candidates.len(),
                digest: closing.digest,
            };
            let place = Place::Seal(outcome.height, Some(outcome.time));
            self.tell(format!("outcome-{}", outcome.round), place, news);
        }
    }

    /// Members for whom nothing would count, although there is something to vote on.
    fn closing<'a>(&mut self, wall: u64, tail: impl Iterator<Item = &'a Received>) {
        let (round, close) = (self.ledger.round(), self.ledger.close());
        let is_due = wall < close && close - wall <= REMINDER_MS;
        let open = |proposal: &Proposal| proposal.status == ProposalStatus::Open;
        if self.mine.is_empty() || !is_due || !self.ledger.proposals().values().any(open) {
            return;
        }
        // Whoever waits to be sealed has voted.
        let ballots = tail.map(Received::record).filter(|record| matches!(record.body, Body::Ballot(_)));
        let voting: BTreeSet<PublicKey> =
            ballots.map(|record| record.author).filter(|author| self.mine.contains(author)).collect();
        let silent: Vec<PublicKey> =
            self.mine.iter().filter(|key| !voting.contains(key) && self.is_silent(key)).copied().collect();
        let begun = self.ledger.closings().last().map_or(0, |closing| closing.outcome.time);
        let since = close.saturating_sub(REMINDER_MS).max(begun);
        for key in silent {
            let news = News::Closing { round, close, name: self.name(&key) };
            self.tell(format!("closing-{round}-{key}"), Place::Now(Some(since)), news);
        }
    }

    /// May this member vote, and would nothing be counted for them?
    fn is_silent(&self, key: &PublicKey) -> bool {
        let Some(member) = self.ledger.members().get(key) else { return false };
        let may_vote = member.status != MemberStatus::Left && self.ledger.suspension(key).is_none();
        let leads_to_a_ballot = |scope: &Scope| {
            matches!(self.ledger.way(key, *scope), Some(Way { end: WayEnd::Ballot { .. }, .. }))
        };
        may_vote
            && member.own_ballot().is_none_or(|ballot| !self.says_something(ballot))
            && !member.delegations.keys().any(leads_to_a_ballot)
    }

    /// Is anything in this ballot about terms that still hold? One that was left empty says so on purpose.
    fn says_something(&self, cast: &CastBallot) -> bool {
        let ballot = &cast.ballot;
        let said = ballot.scores.iter().map(|score| score.proposal);
        let mut said = said.chain(ballot.answers.iter().map(|answer| answer.proposal)).peekable();
        let holds = |id: ProposalId| {
            self.ledger
                .proposals()
                .get(&id)
                .is_some_and(|proposal| proposal.status == ProposalStatus::Open && proposal.is_known_to(cast))
        };
        said.peek().is_none() || said.any(holds)
    }

    fn misbehaviour(&mut self, core: &Core) {
        let mut matters = core.matters();
        matters.sort_by_key(|(matter, seen)| (*seen, *matter));
        let older = matters.len().saturating_sub(MATTERS);
        self.left_off += older;
        for (matter, seen) in matters.split_off(older) {
            let name = matter.of().map(|key| self.name(&key));
            let evidence = matter.name();
            let id = format!("misbehaviour-{evidence}");
            self.tell(id, Place::Now(seen), News::Misbehaviour { evidence, what: matter.kind, name });
        }
        // What peers merely say of their results is unsigned: whoever lies would wake everybody up.
        if let Some(about) = core.disagreement().map(str::to_owned) {
            let id = format!("disagreement-{}", self.ledger.height());
            self.tell(id, Place::Now(None), News::Disagreement { about });
        }
    }
}
