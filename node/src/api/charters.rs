//! The charter in force, those before it, and the changes that are open.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{
    charter::Charter,
    ledger::{Ledger, Proposal, ProposalStatus},
    outcome::ChangeResult,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared,
    problem::Problem,
    types::{Adoption, CharterView, Charters, OpenChange},
};

/// The charter that is in force for the next seal.
pub(super) async fn in_force(State(shared): State<Shared>) -> Result<Json<Charter>, Problem> {
    Ok(Json(shared.ask(|core| core.ledger().community().charter.clone()).await?))
}

/// What is wanted of the charters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Wanted {
    /// Also the changes that are open, each with a whole charter [default: yes].
    #[serde(default = "yes")]
    open: bool,
}

const fn yes() -> bool {
    true
}

/// Every charter that has been in force, the founding one first, and what is proposed.
pub(super) async fn all(
    State(shared): State<Shared>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Charters>, Problem> {
    let Query(Wanted { open }) = wanted?;
    Ok(Json(shared.ask(move |core| charters(core.ledger(), open)).await?))
}

fn charters(ledger: &Ledger, with_open: bool) -> Charters {
    let community = ledger.community();
    let adopted = |height: u64| {
        let closing = ledger.closings().iter().find(|closing| closing.outcome.height == height)?;
        let outcome = &closing.outcome;
        let motion = outcome.motions.iter().find(|motion| motion.change == Some(ChangeResult::Adopted))?;
        Some(Adoption {
            round: outcome.round,
            time: outcome.time,
            proposal: motion.proposal,
            title: title(ledger.proposals().get(&motion.proposal)),
        })
    };
    let mut charters: Vec<CharterView> = community
        .history()
        .map(|each| CharterView {
            hash: each.hash,
            from_seal: each.since + 1,
            adopted: adopted(each.since),
            charter: each.charter.clone(),
        })
        .collect();
    charters.reverse();
    let mut open: Vec<&Proposal> = ledger
        .proposals()
        .values()
        .filter(|held| with_open && held.status == ProposalStatus::Open && held.subject.change().is_some())
        .collect();
    open.sort_by_key(|held| held.sealed);
    let open = open
        .into_iter()
        .filter_map(|held| {
            Some(OpenChange { proposal: held.id, owner: held.owner, change: held.subject.change()?.clone() })
        })
        .collect();
    Charters { community: community.id, charters, open }
}

fn title(proposal: Option<&Proposal>) -> String {
    proposal.map_or_else(String::new, |held| held.subject.title().to_owned())
}
