//! What became of the funded loans, and how right those were who had estimated their risk.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{
    allocation::Fraction,
    keys::PublicKey,
    ledger::Ledger,
    loans::{Portfolio, Score, TrackRecord, portfolio, track_record},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared,
    problem::Problem,
    types::{AttestorView, EndedLoanView, Exact, GradeView, MemberScoreView, ScoreView, TrackRecordView},
};

/// Digits after the point where an exact fraction is shown as a decimal, too.
const DIGITS: u8 = 6;

/// For which time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct At {
    /// Milliseconds since 1970 [default: the newest seal's time].
    at: Option<u64>,
}

pub(super) async fn show_portfolio(
    State(shared): State<Shared>,
    at: Result<Query<At>, QueryRejection>,
) -> Result<Json<Portfolio>, Problem> {
    let Query(At { at }) = at?;
    let found = shared
        .ask(move |core| {
            let ledger = core.ledger();
            portfolio(ledger, at.unwrap_or_else(|| ledger.time()))
        })
        .await?;
    Ok(Json(found))
}

pub(super) async fn show_track_record(
    State(shared): State<Shared>,
    at: Result<Query<At>, QueryRejection>,
) -> Result<Json<TrackRecordView>, Problem> {
    let Query(At { at }) = at?;
    let found = shared
        .ask(move |core| {
            let ledger = core.ledger();
            let time = at.unwrap_or_else(|| ledger.time());
            let accounts = ledger.accounts().iter().map(|(proposal, account)| (proposal, &**account));
            view(ledger, &track_record(accounts, time, |key| ledger.newest(key)), time)
        })
        .await?;
    Ok(Json(found))
}

fn view(ledger: &Ledger, track: &TrackRecord, time: u64) -> TrackRecordView {
    let name = |key: &PublicKey| ledger.members().get(key).map(|member| member.name.to_string());
    TrackRecordView {
        time,
        loans: track
            .loans
            .iter()
            .map(|loan| EndedLoanView {
                proposal: loan.proposal,
                title: ledger
                    .proposals()
                    .get(&loan.proposal)
                    .map_or_else(String::new, |proposal| proposal.subject.title().to_owned()),
                round: loan.round,
                defaulted: loan.defaulted,
                disbursed: loan.disbursed,
                lost: loan.lost,
                expected_loss: exact(&loan.expected_loss),
            })
            .collect(),
        attestors: track
            .attestors
            .iter()
            .map(|(attestor, record)| AttestorView {
                attestor: *attestor,
                name: name(attestor),
                score: score(&record.score),
                grades: record
                    .grades
                    .iter()
                    .map(|(grade, calibration)| GradeView {
                        grade: *grade,
                        loans: calibration.loans,
                        defaulted: calibration.defaulted,
                        expected: exact(&calibration.expected),
                    })
                    .collect(),
                expected_loss: exact(&record.expected_loss),
                lost: record.lost,
            })
            .collect(),
        members: track
            .members
            .iter()
            .map(|(member, found)| MemberScoreView {
                member: *member,
                name: name(member),
                score: score(found),
            })
            .collect(),
        predictions: track.predictions.as_ref().map(score),
        crowd: track.crowd.as_ref().map(score),
    }
}

fn score(score: &Score) -> ScoreView {
    ScoreView { estimates: score.estimates, brier: exact(&score.brier) }
}

/// A fraction for people and programs.
pub(super) fn exact(fraction: &Fraction) -> Exact {
    Exact { exact: fraction.to_string(), decimal: fraction.to_decimal(DIGITS) }
}
