//! Arguments about proposals, and the questions that wait for an answer.

use std::{collections::BTreeMap, num::NonZeroUsize};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{
    hash::RecordId,
    keys::PublicKey,
    ledger::{Argument, Endorsements, Ledger},
    records::{About, Body, On, ProposalId, Received, Stance},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared, blocking,
    named::{ByProposal, Named},
    paged::{Paged, part},
    problem::Problem,
    types::{ArgumentView, QuestionView, ThreadView},
};
use crate::{service::Core, store::StoreError};

/// Greatest number of arguments in one answer: texts of the greatest length are four megabytes then.
const PAGE: usize = 1_000;

/// Greatest number of arguments that one prefix finds: enough to say that it has to be longer.
const FOUND: usize = 16;

/// Which part of a thread is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Part {
    limit: Option<usize>,
    /// Begin behind this argument.
    after: Option<RecordId>,
    /// Show the texts of hidden arguments, too.
    #[serde(default)]
    hidden: bool,
}

/// Which arguments are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Wanted {
    /// The first digits of their ids.
    prefix: String,
    /// Show the texts of hidden arguments, too.
    #[serde(default)]
    hidden: bool,
}

pub(super) async fn thread(
    State(shared): State<Shared>,
    Named(ByProposal { id }): Named<ByProposal>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<ThreadView>, Problem> {
    let Query(part) = part?;
    let after = part.after;
    let limit = part.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let view = shared.ask(move |core| view(core, &id, after, limit)).await?;
    let mut view = view.ok_or_else(|| Problem::not_found(format!("no proposal {id} is sealed")))?;
    view.arguments = with_texts(&shared, view.arguments, part.hidden).await?;
    Ok(Json(view))
}

pub(super) async fn find(
    State(shared): State<Shared>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Vec<ArgumentView>>, Problem> {
    let Query(wanted) = wanted?;
    let prefix = wanted.prefix.to_ascii_lowercase();
    let is_prefix = (1..=2 * RecordId::LENGTH).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_prefix {
        return Err(Problem::bad_request(format!("'{prefix}': write the first digits of an id")));
    }
    let least: RecordId = format!("{prefix:0<width$}", width = 2 * RecordId::LENGTH)
        .parse()
        .map_err(|error| Problem::bad_request(format!("'{prefix}': {error}")))?;
    let found = shared
        .ask(move |core| {
            let ledger = core.ledger();
            let all = ledger.arguments().range(least..).map(|(_, argument)| argument);
            let fit = all.take_while(|argument| argument.id.to_string().starts_with(&prefix));
            fit.take(FOUND).map(|argument| sealed(ledger, argument)).collect()
        })
        .await?;
    Ok(Json(with_texts(&shared, found, wanted.hidden).await?))
}

/// Which part of the list of questions is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct PartOfQuestions {
    /// At most so many entries.
    limit: Option<NonZeroUsize>,
    /// Begin behind this question.
    after: Option<RecordId>,
}

pub(super) async fn questions(
    State(shared): State<Shared>,
    wanted: Result<Query<PartOfQuestions>, QueryRejection>,
) -> Result<Paged<Vec<QuestionView>>, Problem> {
    let Query(PartOfQuestions { limit, after }) = wanted?;
    let limit = limit.map_or(PAGE, NonZeroUsize::get).min(PAGE);
    let (open, last) = shared
        .ask(move |core| {
            let ledger = core.ledger();
            let view = |question: mutua_protocol::ledger::OpenQuestion| {
                let title = ledger.proposals().get(&question.proposal).map(|found| found.subject.title());
                QuestionView {
                    id: question.id,
                    proposal: question.proposal,
                    title: title.unwrap_or_default().to_owned(),
                    owner: question.owner,
                    owner_name: name(ledger, &question.owner),
                    since: question.since,
                }
            };
            let part = part(ledger.open_questions().into_iter(), |question| question.id, after, limit);
            (part.entries.into_iter().map(view).collect(), part.last)
        })
        .await?;
    Ok(Paged::new(open, "/v1/questions", limit, last))
}

fn view(core: &Core, id: &ProposalId, after: Option<RecordId>, limit: usize) -> Option<ThreadView> {
    let ledger = core.ledger();
    let proposal = ledger.proposals().get(id)?;
    let mut rest = ledger.thread(id);
    if let Some(after) = after {
        // Behind one that is not in the thread there is nothing.
        rest.by_ref().find(|argument| argument.id == after);
    }
    let mut arguments: Vec<ArgumentView> =
        rest.by_ref().take(limit).map(|argument| sealed(ledger, argument)).collect();
    let more = rest.next().is_some();
    if !more {
        let room = limit - arguments.len();
        arguments.extend(unsealed(core, id).into_iter().take(room));
    }
    Some(ThreadView {
        proposal: *id,
        title: proposal.subject.title().to_owned(),
        tally: ledger.tally(id),
        open_questions: ledger.questions_about(id).count(),
        arguments,
        more,
    })
}

/// A sealed argument, without its text.
fn sealed(ledger: &Ledger, argument: &Argument) -> ArgumentView {
    let responses = match argument.stance {
        Stance::Question => ledger.responses(About::Question(argument.id)).to_vec(),
        _ => Vec::new(),
    };
    ArgumentView {
        id: argument.id,
        proposal: argument.proposal,
        reply_to: argument.reply_to(),
        depth: argument.depth,
        stance: argument.stance,
        author: argument.author,
        author_name: name(ledger, &argument.author),
        height: Some(argument.height),
        time: Some(argument.time),
        text: None,
        hidden: argument.is_hidden(),
        moderations: argument.moderations.clone(),
        endorsements: ledger.endorsements(argument),
        waits: ledger.waits(argument).is_some(),
        responses,
    }
}

/// The arguments about a proposal that wait to be sealed.
fn unsealed(core: &Core, proposal: &ProposalId) -> Vec<ArgumentView> {
    let ledger = core.ledger();
    let part = |received: &Received| {
        let record = received.record();
        let Body::Argue { on, stance, text } = &record.body else { return None };
        let (about, depth) = match on {
            On::Proposal(proposal) => (*proposal, 1),
            On::Argument(argument) => {
                let found = ledger.argument(argument)?;
                (found.proposal, found.depth.saturating_add(1))
            }
        };
        (about == *proposal).then(|| ArgumentView {
            id: received.id,
            proposal: about,
            reply_to: match on {
                On::Proposal(_) => None,
                On::Argument(argument) => Some(*argument),
            },
            depth,
            stance: *stance,
            author: record.author,
            author_name: name(ledger, &record.author),
            height: None,
            time: None,
            text: Some(text.clone()),
            hidden: false,
            moderations: Vec::new(),
            endorsements: Endorsements::default(),
            waits: false,
            responses: Vec::new(),
        })
    };
    core.tail().filter_map(part).collect()
}

/// What people call who had this key.
fn name(ledger: &Ledger, key: &PublicKey) -> String {
    let member = ledger.members().get(&ledger.newest(*key));
    member.map_or_else(String::new, |member| member.name.to_string())
}

/// Adds the texts, which the log keeps; those of hidden arguments only where they are asked for.
async fn with_texts(
    shared: &Shared,
    mut arguments: Vec<ArgumentView>,
    hidden: bool,
) -> Result<Vec<ArgumentView>, Problem> {
    let (reader, community) = (shared.reader.clone(), shared.community.clone());
    let told = blocking(move || -> Result<Vec<ArgumentView>, StoreError> {
        let mut texts: BTreeMap<RecordId, String> = BTreeMap::new();
        for argument in arguments.iter().filter(|argument| argument.text.is_none()) {
            if argument.hidden && !hidden {
                continue;
            }
            let Some(bytes) = reader.record(&argument.id)? else { continue };
            let said =
                Received::decode(&bytes, &community).ok().map(|received| received.record().body.clone());
            if let Some(Body::Argue { text, .. }) = said {
                texts.insert(argument.id, text);
            }
        }
        for argument in arguments.iter_mut().filter(|argument| argument.text.is_none()) {
            argument.text = texts.remove(&argument.id);
        }
        Ok(arguments)
    });
    Ok(told.await??)
}
