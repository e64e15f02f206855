//! Finding what there is to be told.

use mutua_protocol::{
    hash::RecordId,
    keys::PublicKey,
    ledger::{Argument, Ledger, MemberStatus, Proposal, ProposalStatus, Response},
    records::{About, Body, ProposalId, Received, Scope, Stance, Subject},
};

use super::{Follow, Interests, NOTICES, News, Notice, Notices, REMINDER_MS};
use crate::{
    service::{Core, CoreError},
    store::StoreError,
};

/// What there is to be told to these: all that seals after `since` brought, and what is no matter of the log.
/// `wall` is the time: milliseconds since 1970.
///
/// # Errors
/// [`CoreError`] when the store fails.
pub fn find(core: &Core, interests: &Interests, since: u64, wall: u64) -> Result<Notices, CoreError> {
    let ledger = core.ledger();
    let mine = interests.members.iter().map(|key| ledger.newest(*key)).collect();
    let search = Search { ledger, mine, categories: &interests.categories, since };
    let mut found = Vec::new();
    search.proposals(&mut found);
    search.arguments(&mut found);
    search.responses(&mut found);
    search.outcomes(&mut found);
    let is_ballot_of = |key: &PublicKey, waiting: &Received| {
        waiting.record().author == *key && matches!(waiting.record().body, Body::Ballot(_))
    };
    let voting = |key: &PublicKey| core.tail().any(|waiting| is_ballot_of(key, waiting));
    search.closing(wall, voting, &mut found);
    search.misbehaviour(core, wall, &mut found)?;
    found.sort_by(|(a, at_a, _), (b, at_b, _)| (at_a.height(), a).cmp(&(at_b.height(), b)));
    let left_off = found.len().saturating_sub(NOTICES);
    let mut notices = Vec::with_capacity(found.len() - left_off);
    for (id, place, news) in found.split_off(left_off) {
        let (height, time) = match place {
            Place::Seal(height, Some(time)) => (Some(height), time),
            Place::Seal(height, None) => (Some(height), seal_time(core, height)?),
            Place::Now(time) => (None, time),
        };
        let text = news.to_string();
        notices.push(Notice { id, height, time, news, text });
    }
    notices.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    Ok(Notices { height: ledger.height(), notices, left_off })
}

fn seal_time(core: &Core, height: u64) -> Result<u64, StoreError> {
    Ok(core.reader().seal(height)?.map_or(0, |seal| seal.header.time))
}

/// Where something is.
enum Place {
    /// In this seal, of this time if that is known.
    Seal(u64, Option<u64>),
    /// Not in the log, since this time.
    Now(u64),
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

type Found = Vec<(String, Place, News)>;

struct Search<'a> {
    ledger: &'a Ledger,
    mine: Vec<PublicKey>,
    categories: &'a Follow,
    since: u64,
}

impl Search<'_> {
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

    fn proposals(&self, found: &mut Found) {
        let charter = &self.ledger.community().charter;
        let new = |proposal: &&Proposal| proposal.sealed.0 > self.since && !self.is_mine(&proposal.owner);
        for proposal in self.ledger.proposals().values().filter(new) {
            let category = match &*proposal.subject {
                Subject::Loan(loan) => match self.categories {
                    Follow::Some(followed) if followed.contains(&loan.category) => Some(loan.category),
                    Follow::All => Some(loan.category),
                    _ => continue,
                },
                Subject::Motion(_) | Subject::Charter(_) => None,
            };
            let category = category.and_then(|at| charter.categories.get(usize::from(at)).cloned());
            let title = proposal.subject.title().to_owned();
            let news = News::Proposal { proposal: proposal.id, title, category };
            found.push((format!("proposal-{}", proposal.id), Place::Seal(proposal.sealed.0, None), news));
        }
    }

    fn arguments(&self, found: &mut Found) {
        let new = |argument: &&Argument| {
            argument.height > self.since && !argument.is_hidden() && !self.is_mine(&argument.author)
        };
        for argument in self.ledger.arguments().values().map(AsRef::as_ref).filter(new) {
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
                found.push((
                    format!("answer-{}", argument.id),
                    Place::Seal(argument.height, Some(argument.time)),
                    news,
                ));
            }
        }
    }

    fn responses(&self, found: &mut Found) {
        if self.mine.is_empty() {
            return;
        }
        let mut tell = |about: About, proposal: ProposalId| {
            let new = |response: &&Response| response.height > self.since && !self.is_mine(&response.author);
            for response in self.ledger.responses(about).iter().filter(new) {
                let news = News::Response { proposal, title: self.title(&proposal), status: response.status };
                found.push((
                    format!("response-{}", response.record),
                    Place::Seal(response.height, Some(response.time)),
                    news,
                ));
            }
        };
        for proposal in self.ledger.proposals().values().filter(|proposal| self.is_mine(&proposal.owner)) {
            tell(About::Motion(proposal.id), proposal.id);
        }
        let question =
            |argument: &&Argument| argument.stance == Stance::Question && self.is_mine(&argument.author);
        for asked in self.ledger.arguments().values().map(AsRef::as_ref).filter(question) {
            tell(About::Question(asked.id), asked.proposal);
        }
    }

    fn outcomes(&self, found: &mut Found) {
        for closing in
            self.ledger.closings().iter().rev().take_while(|closing| closing.outcome.height > self.since)
        {
            let outcome = &closing.outcome;
            let news = News::Outcome {
                round: outcome.round,
                funded: outcome.funded.len(),
                candidates: outcome.candidates.len(),
                digest: closing.digest,
            };
            found.push((
                format!("outcome-{}", outcome.round),
                Place::Seal(outcome.height, Some(outcome.time)),
                news,
            ));
        }
    }

    /// Members for whom nothing would count, although there is something to vote on.
    fn closing(&self, wall: u64, voting: impl Fn(&PublicKey) -> bool, found: &mut Found) {
        let (round, close) = (self.ledger.round(), self.ledger.close());
        let open = |proposal: &Proposal| proposal.status == ProposalStatus::Open;
        if wall.saturating_add(REMINDER_MS) < close || wall >= close {
            return;
        }
        if !self.ledger.proposals().values().any(open) {
            return;
        }
        for key in &self.mine {
            let Some(member) = self.ledger.members().get(key) else { continue };
            let may = member.status != MemberStatus::Left && self.ledger.suspension(key).is_none();
            let delegated = self.ledger.way(key, Scope::All).is_some();
            if may && member.own_ballot().is_none() && !delegated && !voting(key) {
                let news = News::Closing { round, close, name: member.name.to_string() };
                let begun = self.ledger.closings().last().map_or(0, |closing| closing.outcome.time);
                let since = close.saturating_sub(REMINDER_MS).max(begun);
                found.push((format!("closing-{round}-{key}"), Place::Now(since), news));
            }
        }
    }

    fn misbehaviour(&self, core: &Core, wall: u64, found: &mut Found) -> Result<(), CoreError> {
        let sightings = core.sightings()?;
        for seen in sightings.proved {
            let names: Vec<String> = seen.keys.iter().map(|key| self.name(key)).collect();
            let about =
                if names.is_empty() { seen.about } else { format!("{}: {}", names.join(", "), seen.about) };
            let id = format!("misbehaviour-{}", seen.name);
            found.push((
                id,
                Place::Now(seen.seen.unwrap_or(wall)),
                News::Misbehaviour { evidence: seen.name, about },
            ));
        }
        // What peers merely say of their results is unsigned: whoever lies would wake everybody up.
        if let Some(about) = core.disagreement().map(str::to_owned) {
            let id = format!("disagreement-{}", self.ledger.height());
            found.push((id, Place::Now(wall), News::Disagreement { about }));
        }
        Ok(())
    }
}
