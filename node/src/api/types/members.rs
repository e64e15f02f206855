//! Members, their ballots and delegations.

use mutua_protocol::{
    hash::RecordId,
    keys::PublicKey,
    ledger::{Replacement, WayEnd},
    records::{Ballot, Scope},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A lost key that a registrar has replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplacementView {
    /// What people call the member.
    pub name: String,
    /// Which key, by which, and who confirmed it.
    #[serde(flatten)]
    pub replacement: Replacement,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BallotView {
    /// The newest ballot for this round, with whether it is sealed.
    pub newest: Option<CastView>,
    /// The standing ballot that counts where no other does.
    pub standing: Option<CastView>,
}

/// One ballot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// What a member has delegated, and what others have delegated to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heads {
    /// How many.
    pub heads: u64,
    /// Their weight.
    pub weight: u64,
}

/// A key, and what people call who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonView {
    /// The key.
    pub key: PublicKey,
    /// The name; empty if the key is no member's.
    pub name: String,
}

/// A delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
