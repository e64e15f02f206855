//! What is said about proposals, and asked.

use mutua_protocol::{
    hash::RecordId,
    keys::PublicKey,
    ledger::{Endorsements, Moderation, Response, Tally},
    records::{ProposalId, Stance},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The arguments about a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// A question that waits for an answer of the proposal's owner, or of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
