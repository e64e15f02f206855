//! Members, chains, ballots and proposals.

use std::{num::NonZeroUsize, ops::Bound};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{
    allocation::Fraction,
    charter::{BASIS_POINTS, Charter, Currency},
    keys::PublicKey,
    ledger::{
        AttestationEnd, AttestationEntry, CastBallot, Ineligible, Ledger, Member, MemberStatus, Proposal,
        ProposalStatus, Replacement, TooLargeAlone,
    },
    records::{About, Body, ProposalId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared,
    loans::exact,
    named::{ByKey, ByProposal, Named},
    paged::{Paged, part},
    problem::Problem,
    show_amount,
    types::{
        AccountView, AttestationView, BallotView, CastView, ChainView, Eligibility, MemberView,
        PastAttestation, PredictionsView, ProposalView, ReplacementView,
    },
};
use crate::service::Core;

/// Greatest number of members in one answer.
const MEMBERS: usize = 10_000;

/// Greatest number of proposals in one answer: with the longest texts, a few megabytes.
const PROPOSALS: usize = 500;

/// Which part of the list of members is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Page {
    /// At most so many entries.
    limit: Option<NonZeroUsize>,
    /// Begin behind this key.
    after: Option<PublicKey>,
}

pub(super) async fn members(
    State(shared): State<Shared>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Paged<Vec<MemberView>>, Problem> {
    let Query(page) = page?;
    let after = page.after;
    let limit = page.limit.map_or(MEMBERS, NonZeroUsize::get).min(MEMBERS);
    let (members, last) = shared
        .ask(move |core| {
            let ledger = core.ledger();
            let charter = &ledger.community().charter;
            let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
            let all = ledger.members().range((begin, Bound::Unbounded));
            let part = part(all, |(key, _)| **key, None, limit);
            let views = part.entries.into_iter();
            let views = views.map(|(key, member)| member_view(ledger, charter, key, member));
            (views.collect(), part.last)
        })
        .await?;
    Ok(Paged::new(members, "/v1/members", limit, last))
}

pub(super) async fn member(
    State(shared): State<Shared>,
    Named(ByKey { key }): Named<ByKey>,
) -> Result<Json<MemberView>, Problem> {
    let found = shared.ask(move |core| find_member(core, &key)).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("{key} is no member's key")))
}

pub(super) async fn chain(
    State(shared): State<Shared>,
    Named(ByKey { key }): Named<ByKey>,
) -> Result<Json<ChainView>, Problem> {
    let author = key;
    let chain = shared
        .ask(move |core| {
            let head = core.chain(&author);
            ChainView {
                author,
                sequence: head.sequence,
                id: head.id,
                sealed: core.ledger().chain(&author).sequence,
                round: core.ledger().round(),
                member: find_member(core, &author),
                successor: core.ledger().successor(&author),
            }
        })
        .await?;
    Ok(Json(chain))
}

/// Every key that was replaced, with the one that took its place.
pub(super) async fn successors(State(shared): State<Shared>) -> Result<Json<Vec<[PublicKey; 2]>>, Problem> {
    let pair = |(lost, successor)| [lost, successor];
    Ok(Json(shared.ask(move |core| core.ledger().successors().map(pair).collect()).await?))
}

pub(super) async fn replacements(
    State(shared): State<Shared>,
) -> Result<Json<Vec<ReplacementView>>, Problem> {
    let replacements = shared
        .ask(|core| {
            let ledger = core.ledger();
            let name =
                |key| ledger.members().get(&key).map_or_else(String::new, |member| member.name.to_string());
            let view = |replacement: &Replacement| ReplacementView {
                name: name(ledger.newest(replacement.lost)),
                replacement: replacement.clone(),
            };
            ledger.replacements().iter().map(view).collect()
        })
        .await?;
    Ok(Json(replacements))
}

pub(super) async fn ballot(
    State(shared): State<Shared>,
    Named(ByKey { key }): Named<ByKey>,
) -> Result<Json<BallotView>, Problem> {
    let author = key;
    let ballots = shared
        .ask(move |core| {
            let member = core.ledger().members().get(&author)?;
            let sealed = |cast: &CastBallot| CastView {
                id: cast.id,
                sealed: true,
                height: Some(cast.height),
                ballot: cast.ballot.clone(),
            };
            let mut view = BallotView {
                newest: member.cast.as_deref().map(sealed),
                standing: member.standing.as_deref().map(sealed),
            };
            for received in core.tail().filter(|received| received.record().author == author) {
                if let Body::Ballot(ballot) = &received.record().body {
                    let cast =
                        CastView { id: received.id, sealed: false, height: None, ballot: ballot.clone() };
                    if ballot.standing {
                        view.standing = (!ballot.is_blank()).then(|| cast.clone());
                    }
                    view.newest = Some(cast);
                }
            }
            Some(view)
        })
        .await?;
    ballots.map(Json).ok_or_else(|| Problem::not_found(format!("{author} is no member's key")))
}

/// Which part of the list of proposals is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct PartOfProposals {
    /// At most so many entries.
    limit: Option<NonZeroUsize>,
    /// Begin behind this proposal.
    after: Option<ProposalId>,
}

pub(super) async fn proposals(
    State(shared): State<Shared>,
    wanted: Result<Query<PartOfProposals>, QueryRejection>,
) -> Result<Paged<Vec<ProposalView>>, Problem> {
    let Query(PartOfProposals { limit, after }) = wanted?;
    let limit = limit.map_or(PROPOSALS, NonZeroUsize::get).min(PROPOSALS);
    let (proposals, last) = shared
        .ask(move |core| {
            let ledger = core.ledger();
            let mut all: Vec<&Proposal> = ledger.proposals().values().collect();
            all.sort_by_key(|proposal| proposal.sealed);
            let part = part(all.into_iter(), |proposal| proposal.id, after, limit);
            let views = part.entries.into_iter().map(|proposal| proposal_view(core, proposal, false));
            (views.collect(), part.last)
        })
        .await?;
    Ok(Paged::new(proposals, "/v1/proposals", limit, last))
}

pub(super) async fn proposal(
    State(shared): State<Shared>,
    Named(ByProposal { id }): Named<ByProposal>,
) -> Result<Json<ProposalView>, Problem> {
    let found = shared
        .ask(move |core| {
            core.ledger().proposals().get(&id).map(|proposal| proposal_view(core, proposal, true))
        })
        .await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("no proposal {id} is sealed")))
}

pub(super) fn find_member(core: &Core, key: &PublicKey) -> Option<MemberView> {
    let ledger = core.ledger();
    let member = ledger.members().get(key)?;
    Some(member_view(ledger, &ledger.community().charter, key, member))
}

fn member_view(ledger: &Ledger, charter: &Charter, key: &PublicKey, member: &Member) -> MemberView {
    MemberView {
        key: *key,
        name: member.name.to_string(),
        weight: member.weight,
        group: charter.groups.get(usize::from(member.group)).cloned().unwrap_or_default(),
        status: match member.status {
            MemberStatus::Active => "active",
            MemberStatus::Leaving => "leaving",
            MemberStatus::Left => "left",
        }
        .to_owned(),
        suspended: ledger.suspension(key).map(str::to_owned),
        cast: member.cast.as_ref().map(|cast| cast.id),
        standing: member.standing.as_ref().map(|standing| standing.id),
    }
}

fn proposal_view(core: &Core, proposal: &Proposal, whole: bool) -> ProposalView {
    let ledger = core.ledger();
    let (status, round) = match proposal.status {
        ProposalStatus::Open => ("open", None),
        ProposalStatus::Withdrawn => ("withdrawn", None),
        ProposalStatus::Expired(round) => ("expired", Some(round)),
        ProposalStatus::Funded(round) => ("funded", Some(round)),
        ProposalStatus::Decided(round) => ("decided", Some(round)),
    };
    let is_open_loan = proposal.status == ProposalStatus::Open && proposal.subject.loan().is_some();
    // What runs out before the close does not help a loan then.
    let at = ledger.close().max(core.now().wall);
    let eligibility = is_open_loan.then(|| eligibility(ledger, proposal, at));
    ProposalView {
        id: proposal.id,
        owner: proposal.owner,
        owner_name: ledger.members().get(&proposal.owner).map_or_else(String::new, |m| m.name.to_string()),
        status: status.to_owned(),
        round,
        subject: (*proposal.subject).clone(),
        terms: proposal.terms,
        amendments: proposal.former.len(),
        height: proposal.sealed.0,
        since: proposal.since,
        attestations: proposal
            .attestations
            .values()
            .map(|held| AttestationView {
                id: held.id,
                attestor: held.attestor,
                terms: held.terms,
                for_present_terms: held.terms == proposal.terms,
                assessment: (*held.assessment).clone(),
            })
            .collect(),
        eligibility,
        account: ledger.accounts().get(&proposal.id).map(|account| AccountView {
            sums: account.sums,
            undrawn: account.sums.undrawn(),
            outstanding: account.sums.outstanding(),
            lost: account.sums.lost(),
            movements: whole.then(|| account.movements.clone()),
        }),
        history: whole
            .then(|| proposal.history.iter().map(|entry| past(ledger, proposal, entry, at)).collect()),
        predictions: predictions(proposal),
        arguments: ledger.tally(&proposal.id),
        open_questions: ledger.questions_about(&proposal.id).count(),
        responses: ledger.responses(About::Motion(proposal.id)).to_vec(),
    }
}

fn predictions(proposal: &Proposal) -> Option<PredictionsView> {
    let said = proposal.predictions.values().filter(|said| said.terms == proposal.terms);
    let (count, sum) =
        said.fold((0u64, 0u128), |(count, sum), said| (count + 1, sum + u128::from(said.default)));
    let mean = Fraction::new(sum, u128::from(count) * u128::from(BASIS_POINTS))?;
    Some(PredictionsView { count, mean: exact(&mean) })
}

fn past(ledger: &Ledger, proposal: &Proposal, entry: &AttestationEntry, at: u64) -> PastAttestation {
    let held = &entry.attestation;
    let ended = match &entry.end {
        Some(AttestationEnd::Void { reason }) => Some(format!("it never had an effect: {reason}")),
        Some(AttestationEnd::Replaced { by, .. }) => {
            Some(format!("its author replaced it by {}", by.short()))
        }
        Some(AttestationEnd::Revoked { reason, .. }) => Some(format!("its author revoked it: {reason}")),
        None if held.terms != proposal.terms => Some("it is for earlier terms".to_owned()),
        None if held.assessment.valid_until <= at => Some("it has run out by then".to_owned()),
        None => ledger.suspension(&held.attestor).map(|reason| format!("its author is suspended: {reason}")),
    };
    PastAttestation {
        id: held.id,
        attestor: held.attestor,
        terms: held.terms,
        height: entry.height,
        time: entry.time,
        assessment: (*held.assessment).clone(),
        counts: ended.is_none(),
        ended,
    }
}

fn eligibility(ledger: &Ledger, proposal: &Proposal, at: u64) -> Eligibility {
    let currency = &ledger.community().charter.currency;
    let (figures, against) = ledger.exclusions(proposal, at);
    let reasons: Vec<String> = against.iter().map(|reason| ineligible(reason, currency)).collect();
    let too_large = figures.map_or_else(Vec::new, |figures| ledger.too_large_alone(proposal, figures));
    Eligibility {
        eligible: reasons.is_empty(),
        at,
        reason: reasons.first().cloned(),
        reasons,
        against,
        too_large: too_large.iter().map(|bound| too_large_alone(bound, currency)).collect(),
        figures,
    }
}

/// The bound that a loan breaks by itself, with amounts as people read them.
fn too_large_alone(bound: &TooLargeAlone, currency: &Currency) -> String {
    let show = |amount: &u128| show_amount(*amount, currency);
    match bound {
        TooLargeAlone::Pool { greatest } => {
            format!("its amount is greater than {}, all that the pool holds now", show(greatest))
        }
        TooLargeAlone::BorrowerCap { greatest } => {
            format!("its amount is greater than {}, the cap for one borrower", show(greatest))
        }
        TooLargeAlone::CategoryCap { greatest } => {
            format!("its amount is greater than {}, the cap for one category", show(greatest))
        }
        TooLargeAlone::ExpectedLossCap { expected, greatest } => format!(
            "its expected loss, {}, is greater than {}, the cap for all loans of a round",
            show(expected),
            show(greatest)
        ),
    }
}

/// Why a loan may not be funded, with amounts as people read them.
pub(super) fn ineligible(reason: &Ineligible, currency: &Currency) -> String {
    match reason {
        Ineligible::Amount { greatest } => format!(
            "its amount is greater than {}, the least bound of attestations and policy",
            show_amount(u128::from(*greatest), currency)
        ),
        other => other.to_string(),
    }
}
