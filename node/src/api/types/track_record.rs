//! How right estimates were.

use mutua_protocol::{keys::PublicKey, records::ProposalId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How right attestors and members were, on loans that have ended by a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackRecordView {
    /// The time, in milliseconds since 1970.
    pub time: u64,
    /// The loans that have ended.
    pub loans: Vec<EndedLoanView>,
    /// Each attestor who rated one of them.
    pub attestors: Vec<AttestorView>,
    /// Each member who predicted one of them.
    pub members: Vec<MemberScoreView>,
    /// All predictions together.
    pub predictions: Option<ScoreView>,
    /// The mean of the predictions of each loan, as one estimate.
    pub crowd: Option<ScoreView>,
}

/// An exact fraction, and the same as a decimal, cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exact {
    /// `n/d`, or `n`.
    pub exact: String,
    /// With six digits after the point.
    pub decimal: String,
}

/// How far estimates were from what came: 0 is the best, 1 the worst.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreView {
    /// How many estimates.
    pub estimates: u64,
    /// Their mean Brier score.
    pub brier: Exact,
}

/// A loan that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndedLoanView {
    /// Which.
    pub proposal: ProposalId,
    /// What it is called.
    pub title: String,
    /// The round that funded it.
    pub round: u32,
    /// Was anything written off?
    pub defaulted: bool,
    /// What was paid out, in the smallest unit.
    pub disbursed: u128,
    /// What is lost of it.
    pub lost: u128,
    /// The loss to be expected by the figures with which it was funded.
    pub expected_loss: Exact,
}

/// How right an attestor was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttestorView {
    /// Who.
    pub attestor: PublicKey,
    /// The name, if the key is a member's.
    pub name: Option<String>,
    /// The score.
    pub score: ScoreView,
    /// What came of each grade.
    pub grades: Vec<GradeView>,
    /// The loss to be expected by the attestor's figures, in the smallest unit.
    pub expected_loss: Exact,
    /// What is lost.
    pub lost: u128,
}

/// What came of the loans of one grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeView {
    /// 1 is the best.
    pub grade: u8,
    /// How many loans.
    pub loans: u64,
    /// How many of them defaulted.
    pub defaulted: u64,
    /// The mean of the stated probabilities of default.
    pub expected: Exact,
}

/// How right a member was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberScoreView {
    /// Who, under the key of the prediction.
    pub member: PublicKey,
    /// The name, if the key is still theirs.
    pub name: Option<String>,
    /// The score.
    pub score: ScoreView,
}
