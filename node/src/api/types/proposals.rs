//! Proposals, and what is attested and predicted about them.

use mutua_protocol::{
    hash::{RecordId, TermsHash},
    keys::PublicKey,
    ledger::{Figures, Ineligible, Response, Tally},
    loans::{Movement, Sums},
    records::{Assessment, ProposalId, Subject},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::track_record::Exact;

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalView {
    /// The record that made it.
    pub id: ProposalId,
    /// Whose it is.
    pub owner: PublicKey,
    /// The owner's name.
    pub owner_name: String,
    /// `open`, `withdrawn`, `expired`, `funded` or `decided`.
    pub status: String,
    /// The round in which it was funded, decided or lapsed.
    pub round: Option<u32>,
    /// The terms.
    pub subject: Subject,
    /// Their hash, to which attestations are bound.
    pub terms: TermsHash,
    /// How often it was amended.
    pub amendments: usize,
    /// The seal in which it was made.
    pub height: u64,
    /// The seal in which it got its present terms: only ballots sealed later are about them.
    pub since: u64,
    /// The attestations in force.
    pub attestations: Vec<AttestationView>,
    /// For an open loan: may it be funded, by the figures of now?
    pub eligibility: Option<Eligibility>,
    /// For a funded loan: what became of its money.
    pub account: Option<AccountView>,
    /// Every attestation that was sealed, in the order of sealing, and what became of it; only where one proposal
    /// is asked for.
    pub history: Option<Vec<PastAttestation>>,
    /// The members' newest predictions for the present terms, if there are any.
    pub predictions: Option<PredictionsView>,
    /// How many arguments about it are sealed, hidden ones included.
    pub arguments: Tally,
    /// How many questions about it wait for an answer.
    pub open_questions: usize,
    /// For a motion: what the board has answered, the first answer first.
    pub responses: Vec<Response>,
}

/// An attestation in the history of a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastAttestation {
    /// The record.
    pub id: RecordId,
    /// Who made it.
    pub attestor: PublicKey,
    /// For which terms.
    pub terms: TermsHash,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time: nobody can date it back.
    pub time: u64,
    /// What it says.
    pub assessment: Assessment,
    /// Does it count for the close that comes?
    pub counts: bool,
    /// Why it does not count, if so.
    pub ended: Option<String>,
}

/// Members' estimates of a loan's probability of default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PredictionsView {
    /// How many members.
    pub count: u64,
    /// Their mean.
    pub mean: Exact,
}

/// An attestation in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttestationView {
    /// The record.
    pub id: RecordId,
    /// Who made it.
    pub attestor: PublicKey,
    /// For which terms.
    pub terms: TermsHash,
    /// Is that what is proposed now?
    pub for_present_terms: bool,
    /// What it says.
    pub assessment: Assessment,
}

/// Whether a loan may be funded when the round closes, as things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Eligibility {
    /// May it?
    pub eligible: bool,
    /// The time for which this is said: the close, in milliseconds since 1970.
    pub at: u64,
    /// Why not: the reason that the outcome will state.
    pub reason: Option<String>,
    /// Every reason against it, that one included.
    pub reasons: Vec<String>,
    /// The same for programs, in the same order.
    pub against: Vec<Ineligible>,
    /// Bounds of the pool that it would break all by itself, whatever the votes.
    pub too_large: Vec<String>,
    /// The most cautious figures of its valid attestations.
    pub figures: Option<Figures>,
}

/// What became of a funded loan's money, in the smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    /// The sums of its movements.
    pub sums: Sums,
    /// Allocated, and neither paid out nor released.
    pub undrawn: u128,
    /// Principal that the borrower owes.
    pub outstanding: u128,
    /// Principal that was given up and has not come in.
    pub lost: u128,
    /// The movements, each with its record, in the order of sealing; only where one proposal is asked for.
    pub movements: Option<Vec<Movement>>,
}
