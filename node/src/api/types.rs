//! The JSON of the API, for the server and for clients.

use std::collections::BTreeMap;

use mutua_protocol::{
    allocation::Distance,
    charter::Charter,
    hash::{CharterHash, CommunityId, OutcomeDigest, RecordId, SealId, TermsHash},
    keys::PublicKey,
    ledger::{
        Change, Endorsements, Explanation, Figures, Forecast, LoanExplanation, Moderation, Replacement,
        Response, Supporter, Tally, WayEnd, WhatIf,
    },
    loans::{Movement, Sums},
    outcome::{Outcome, Share},
    records::{Assessment, Ballot, CharterChange, ProposalId, Record, Scope, Stance, Subject},
    seals::SealHeader,
};
use serde::{Deserialize, Serialize};

use crate::service::Reception;

/// An error (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemDetails {
    /// Always `about:blank`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The meaning of the status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, and what to do.
    pub detail: String,
}

/// Records to be handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The canonical bytes of signed records, in hexadecimal, at most 1,000.
    pub records: Vec<String>,
}

/// What became of them, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receptions {
    /// One for each record.
    pub records: Vec<Reception>,
}

/// The community's charters, and how they may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charters {
    /// The community's id: the hash of the founding charter.
    pub community: CommunityId,
    /// Every charter that has been in force, the founding one first, the one in force last.
    pub charters: Vec<CharterView>,
    /// The changes that members can answer now, in the order in which they were sealed.
    pub open: Vec<OpenChange>,
}

/// A charter that is or was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharterView {
    /// Its hash.
    pub hash: CharterHash,
    /// The first seal for which it is in force.
    pub from_seal: u64,
    /// How it was adopted; nothing for the founding charter.
    pub adopted: Option<Adoption>,
    /// The charter.
    pub charter: Charter,
}

/// How a charter was adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// In the close of which round.
    pub round: u32,
    /// When that was, in milliseconds since 1970.
    pub time: u64,
    /// By which proposal.
    pub proposal: ProposalId,
    /// Its title.
    pub title: String,
}

/// A change of the charter that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChange {
    /// The proposal.
    pub proposal: ProposalId,
    /// Whose it is.
    pub owner: PublicKey,
    /// What it says.
    #[serde(flatten)]
    pub change: CharterChange,
}

/// What to sign next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainView {
    /// Whose chain.
    pub author: PublicKey,
    /// Number of the newest record, sealed or not; 0 before the first.
    pub sequence: u64,
    /// The newest record; zeros before the first.
    pub id: RecordId,
    /// Number of the newest sealed record.
    pub sealed: u64,
    /// The current round, for ballots.
    pub round: u32,
    /// The member with this key, if there is one.
    pub member: Option<MemberView>,
    /// The key that was put in the place of this one, if one was.
    pub successor: Option<PublicKey>,
}

/// A lost key that a registrar has replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacementView {
    /// What people call the member.
    pub name: String,
    /// Which key, by which, and who confirmed it.
    #[serde(flatten)]
    pub replacement: Replacement,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    /// The key.
    pub key: PublicKey,
    /// What people call them.
    pub name: String,
    /// Voting weight.
    pub weight: u32,
    /// The group's name.
    pub group: String,
    /// `active`, `leaving` or `left`.
    pub status: String,
    /// Why the member is suspended, if so.
    pub suspended: Option<String>,
    /// The newest sealed ballot for this round.
    pub cast: Option<RecordId>,
    /// The newest sealed standing ballot.
    pub standing: Option<RecordId>,
}

/// The ballots of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotView {
    /// The newest ballot for this round, with whether it is sealed.
    pub newest: Option<CastView>,
    /// The standing ballot that counts where no other does.
    pub standing: Option<CastView>,
}

/// One ballot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CastView {
    /// Its record.
    pub id: RecordId,
    /// Is it sealed?
    pub sealed: bool,
    /// In which seal. It counts for terms that were sealed before.
    pub height: Option<u64>,
    /// What it says.
    pub ballot: Ballot,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// The arguments about a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// The proposal.
    pub proposal: ProposalId,
    /// What it is called.
    pub title: String,
    /// How many arguments are sealed, hidden ones included.
    pub tally: Tally,
    /// How many questions wait for an answer.
    pub open_questions: usize,
    /// In the order of sealing, what is replied to before its replies; in the end those that are not sealed yet. At most
    /// so many as were asked for.
    pub arguments: Vec<ArgumentView>,
    /// There are more: ask for those behind the last one that is sealed here.
    pub more: bool,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgumentView {
    /// The record.
    pub id: RecordId,
    /// The proposal of whose thread it is a part.
    pub proposal: ProposalId,
    /// The argument that it replies to, if it is a reply.
    pub reply_to: Option<RecordId>,
    /// 1 if it is about the proposal, and one more for each reply.
    pub depth: u8,
    /// How it stands to what it is about.
    pub stance: Stance,
    /// The key that signed it.
    pub author: PublicKey,
    /// The author's name.
    pub author_name: String,
    /// The seal that holds it; none if it waits to be sealed.
    pub height: Option<u64>,
    /// That seal's time, milliseconds since 1970.
    pub time: Option<u64>,
    /// What is said. Nothing if it is hidden, unless hidden texts were asked for.
    pub text: Option<String>,
    /// Is it hidden from view?
    pub hidden: bool,
    /// Every time it was hidden or shown, and why. The last one holds.
    pub moderations: Vec<Moderation>,
    /// Who stands behind it, beside its author.
    pub endorsements: Endorsements,
    /// Is it a question that waits for an answer?
    pub waits: bool,
    /// To a question, what the board has answered, the first answer first.
    pub responses: Vec<Response>,
}

/// What a member has delegated, and what others have delegated to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationsView {
    /// The member.
    pub member: PersonView,
    /// The member's own ballot for this round, which counts instead of any delegation.
    pub cast: Option<RecordId>,
    /// The member's standing ballot, which does so, too.
    pub standing: Option<RecordId>,
    /// What the member has delegated, that for all first.
    pub delegations: Vec<DelegationView>,
    /// Who has named the member as a delegate, for whatever scope: at most a thousand of them.
    pub delegators: Vec<PersonView>,
    /// How many these are.
    pub delegated_by: Heads,
    /// For whom the member's ballot would count by delegation if the round closed with what is sealed now.
    pub counts_for: Heads,
}

/// A number of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// How many.
    pub heads: u64,
    /// Their weight.
    pub weight: u64,
}

/// A key, and what people call who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// The key.
    pub key: PublicKey,
    /// The name; empty if the key is no member's.
    pub name: String,
}

/// A delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationView {
    /// For what.
    pub scope: Scope,
    /// The category's name, if it is for one.
    pub category: Option<String>,
    /// To whom, under the newest key.
    pub to: PersonView,
    /// The record.
    pub record: RecordId,
    /// The seal that holds it; none if it waits to be sealed.
    pub height: Option<u64>,
    /// That seal's time, milliseconds since 1970.
    pub time: Option<u64>,
    /// Where it leads with what is sealed now; nothing while it waits to be sealed itself.
    pub way: Option<WayView>,
}

/// Where a delegation leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayView {
    /// Those on the way, beginning with the delegate; the first ones, if there are many.
    pub through: Vec<PersonView>,
    /// How many there are.
    pub steps: u64,
    /// Where it ends.
    pub end: WayEnd,
    /// What people call the one at whom it ends.
    pub end_name: String,
}

/// A question that waits for an answer of the proposal's owner, or of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionView {
    /// The question's record.
    pub id: RecordId,
    /// The proposal that it is about.
    pub proposal: ProposalId,
    /// What that is called.
    pub title: String,
    /// Who owns it, and owes the answer.
    pub owner: PublicKey,
    /// The owner's name.
    pub owner_name: String,
    /// The time of the seal that holds the question, milliseconds since 1970.
    pub since: u64,
}

/// An attestation in the history of a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionsView {
    /// How many members.
    pub count: u64,
    /// Their mean.
    pub mean: Exact,
}

/// How right attestors and members were, on loans that have ended by a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exact {
    /// `n/d`, or `n`.
    pub exact: String,
    /// With six digits after the point.
    pub decimal: String,
}

/// How far estimates were from what came: 0 is the best, 1 the worst.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreView {
    /// How many estimates.
    pub estimates: u64,
    /// Their mean Brier score.
    pub brier: Exact,
}

/// A loan that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberScoreView {
    /// Who, under the key of the prediction.
    pub member: PublicKey,
    /// The name, if the key is still theirs.
    pub name: Option<String>,
    /// The score.
    pub score: ScoreView,
}

/// What became of a funded loan's money, in the smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// An attestation in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    /// May it?
    pub eligible: bool,
    /// The time for which this is said: the close, in milliseconds since 1970.
    pub at: u64,
    /// Why not: the reason that the outcome will state.
    pub reason: Option<String>,
    /// Every reason against it, that one included.
    pub reasons: Vec<String>,
    /// Bounds of the pool that it would break all by itself, whatever the votes.
    pub too_large: Vec<String>,
    /// The most cautious figures of its valid attestations.
    pub figures: Option<Figures>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordView {
    /// Its name.
    pub id: RecordId,
    /// Is it sealed? Otherwise it waits in the tail.
    pub sealed: bool,
    /// Why it changed nothing, if so.
    pub void: Option<String>,
    /// What it says.
    pub record: Record,
    /// Its canonical bytes with the signature, in hexadecimal.
    pub bytes: String,
}

/// A closed round, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// An outcome with the names that people need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplanationView {
    /// Is it what would come out if the round closed now?
    pub provisional: bool,
    /// The explanation.
    pub explanation: Explanation,
    /// The loans in it.
    pub names: BTreeMap<ProposalId, LoanName>,
}

/// One loan of an outcome, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIfRequest {
    /// At most 16.
    pub changes: Vec<Change>,
}

/// What the same ballots would have come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastAnswer {
    /// Draws that are made.
    pub done: u32,
    /// Of so many.
    pub of: u32,
    /// The forecast, once all are made: ask again until it is there.
    pub view: Option<ForecastView>,
}

/// A forecast with the names that people need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastView {
    /// The forecast.
    pub forecast: Forecast,
    /// The loans in it.
    pub names: BTreeMap<ProposalId, LoanName>,
}

/// The members' shares of the funded loans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharesView {
    /// The digest of the outcome they belong to.
    pub digest: OutcomeDigest,
    /// For each funded loan, in the order of selection.
    pub loans: Vec<LoanShares>,
}

/// The members' shares of a funded loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoanShares {
    /// The loan.
    pub proposal: ProposalId,
    /// What each member's vote paid, sorted by key.
    pub shares: Vec<Share>,
}

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealView {
    /// Its name.
    pub id: SealId,
    /// What the witnesses signed.
    pub header: SealHeader,
    /// Who signed.
    pub signers: Vec<PublicKey>,
    /// The records, in the seal's order.
    pub records: Vec<RecordId>,
}

/// Where an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportView {
    /// Number of the newest seal now.
    pub height: u64,
}
