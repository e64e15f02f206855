//! Handing records in, and showing them and their seals.

use mutua_protocol::{
    hash::{RecordId, SealId},
    keys::PublicKey,
    records::Record,
    seals::SealHeader,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members::MemberView;
use crate::service::Reception;

/// An error (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The canonical bytes of signed records, in hexadecimal, at most 1,000.
    pub records: Vec<String>,
    /// They were signed on another machine, whose memory has given their numbers away: what would have no effect is
    /// taken all the same, and sealed as void.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed_apart: bool,
}

/// Records whose author has given their numbers back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LetGo {
    /// At most 1,000.
    pub ids: Vec<RecordId>,
}

/// Whether the node has let go of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LetGoView {
    /// One of them that others may know: then all stay.
    pub known: Option<RecordId>,
}

/// What became of them, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receptions {
    /// One for each record.
    pub records: Vec<Reception>,
}

/// What to sign next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportView {
    /// Number of the newest seal now.
    pub height: u64,
}
