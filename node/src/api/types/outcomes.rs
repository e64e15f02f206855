//! Outcomes: explained, forecast, and under other terms.

use std::collections::BTreeMap;

use mutua_protocol::{
    allocation::Distance,
    hash::OutcomeDigest,
    keys::PublicKey,
    ledger::{Change, Explanation, Forecast, LoanExplanation, Supporter, WhatIf},
    outcome::{Outcome, Share},
    records::{Ballot, ProposalId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members::Heads;

/// A closed round, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeSummary {
    /// The round.
    pub round: u32,
    /// The digest of its outcome.
    pub digest: OutcomeDigest,
    /// The seal that closed it.
    pub height: u64,
    /// That seal's time.
    pub time: u64,
    /// What could be allocated, in the smallest unit.
    pub pool: u64,
    /// What was.
    pub allocated: u64,
    /// Loans funded.
    pub funded: usize,
}

/// A ballot that somebody thinks of casting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// Whose.
    pub member: PublicKey,
    /// What it would say.
    pub ballot: Ballot,
}

/// An outcome with the names that people need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeView {
    /// Its digest.
    pub digest: OutcomeDigest,
    /// Is it what would come out if the round closed now?
    pub provisional: bool,
    /// The outcome.
    pub outcome: Outcome,
    /// For how many of its voters the ballots of others counted, by delegation.
    pub delegated: Heads,
    /// The proposals in it.
    pub proposals: BTreeMap<ProposalId, ProposalName>,
}

/// What people call a proposal, and why it was not funded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalName {
    /// Its title.
    pub title: String,
    /// Who borrows.
    pub borrower: Option<String>,
    /// Why it was not funded.
    pub reason: Option<String>,
    /// The price per unit of utility, as an exact fraction.
    pub price: Option<String>,
}

/// What people call a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoanName {
    /// Its title.
    pub title: String,
    /// Who borrows.
    pub borrower: String,
    /// Position in the charter's categories.
    pub category: u16,
    /// Smallest units.
    pub amount: u64,
}

/// An outcome, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplanationView {
    /// Is it what would come out if the round closed now?
    pub provisional: bool,
    /// The explanation.
    pub explanation: Explanation,
    /// The loans in it.
    pub names: BTreeMap<ProposalId, LoanName>,
}

/// One loan of an outcome, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoanView {
    /// The digest of the outcome.
    pub digest: OutcomeDigest,
    /// What became of it.
    pub loan: LoanExplanation,
    /// For one that was passed over, how far it was from being funded.
    pub distance: Option<Distance>,
    /// Who supports it, by key. Nobody is listed for a loan that may not be funded.
    pub supporters: Vec<Supporter>,
}

/// What shall be tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfRequest {
    /// At most 16.
    pub changes: Vec<Change>,
}

/// What the same ballots would have come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfView {
    /// The round.
    pub round: u32,
    /// The digest of its outcome.
    pub digest: OutcomeDigest,
    /// Is it what would come out if the round closed now?
    pub provisional: bool,
    /// The loans that may be funded, in the order in which they were sealed.
    pub loans: Vec<ProposalId>,
    /// Weight of those whose ballots count.
    pub voted: u64,
    /// Under the charter's rule, as it is.
    pub base: WhatIf,
    /// One for each change, in their order.
    pub variants: Vec<WhatIf>,
    /// All loans that were open.
    pub names: BTreeMap<ProposalId, LoanName>,
}

/// A forecast, or how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastAnswer {
    /// Draws that are made.
    pub done: u32,
    /// Of so many.
    pub of: u32,
    /// The forecast, once all are made: ask again until it is there.
    pub view: Option<ForecastView>,
}

/// A forecast with the names that people need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastView {
    /// The forecast.
    pub forecast: Forecast,
    /// The loans in it.
    pub names: BTreeMap<ProposalId, LoanName>,
}

/// The members' shares of the funded loans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharesView {
    /// The digest of the outcome they belong to.
    pub digest: OutcomeDigest,
    /// For each funded loan, in the order of selection.
    pub loans: Vec<LoanShares>,
}

/// The members' shares of a funded loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoanShares {
    /// The loan.
    pub proposal: ProposalId,
    /// What each member's vote paid, sorted by key.
    pub shares: Vec<Share>,
}
