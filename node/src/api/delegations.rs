//! What members have delegated, and whose ballot counts by it.

use axum::{Json, extract::State};
use mutua_protocol::{
    keys::PublicKey,
    ledger::{Delegation, Ledger, WayEnd},
    records::{Body, Scope},
};

use super::{
    Shared,
    named::{ByKey, Named},
    problem::Problem,
    types::{DelegationView, DelegationsView, Heads, PersonView, WayView},
};
use crate::service::Core;

/// Greatest number of delegators that are named.
const SHOWN: usize = 1_000;

pub(super) async fn show(
    State(shared): State<Shared>,
    Named(ByKey { key }): Named<ByKey>,
) -> Result<Json<DelegationsView>, Problem> {
    let found = shared.ask(move |core| view(core, &key)).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("{key} is no member's key")))
}

fn view(core: &Core, key: &PublicKey) -> Option<DelegationsView> {
    let ledger = core.ledger();
    let member = ledger.members().get(key)?;
    let mut delegations: Vec<DelegationView> =
        member.delegations.iter().map(|(scope, held)| sealed(ledger, key, *scope, held)).collect();
    for received in core.tail().filter(|received| received.record().author == *key) {
        let Body::Delegate { scope, to } = received.record().body else { continue };
        delegations.retain(|held| held.scope != scope);
        delegations.extend(to.map(|to| DelegationView {
            scope,
            category: category(ledger, scope),
            to: person(ledger, ledger.newest(to)),
            record: received.id,
            height: None,
            time: None,
            way: None,
        }));
    }
    delegations.sort_by_key(|held| held.scope);
    let delegators = ledger.delegators(key);
    let weight = |key: &PublicKey| ledger.members().get(key).map_or(0, |member| u64::from(member.weight));
    // To whom nobody has delegated, nobody's way leads.
    let counted = if delegators.is_empty() { (0, 0) } else { ledger.counted_through(key) };
    Some(DelegationsView {
        member: person(ledger, *key),
        cast: member.cast.as_ref().map(|cast| cast.id),
        standing: member.standing.as_ref().map(|standing| standing.id),
        delegations,
        delegators: delegators.iter().take(SHOWN).map(|key| person(ledger, *key)).collect(),
        delegated_by: Heads { heads: delegators.len() as u64, weight: delegators.iter().map(weight).sum() },
        counts_for: Heads { heads: counted.0, weight: counted.1 },
    })
}

fn sealed(ledger: &Ledger, key: &PublicKey, scope: Scope, held: &Delegation) -> DelegationView {
    let way = ledger.way(key, scope).map(|way| {
        let last = match way.end {
            WayEnd::Ballot { voter, .. } => voter,
            WayEnd::Silent(key) | WayEnd::NoVote(key) | WayEnd::Circle(key) => key,
        };
        WayView {
            through: way.through.iter().map(|key| person(ledger, *key)).collect(),
            steps: way.steps,
            end: way.end,
            end_name: person(ledger, last).name,
        }
    });
    DelegationView {
        scope,
        category: category(ledger, scope),
        to: person(ledger, ledger.newest(held.to)),
        record: held.record,
        height: Some(held.height),
        time: Some(held.time),
        way,
    }
}

fn category(ledger: &Ledger, scope: Scope) -> Option<String> {
    match scope {
        Scope::All => None,
        Scope::Category(category) => {
            ledger.community().charter.categories.get(usize::from(category)).cloned()
        }
    }
}

fn person(ledger: &Ledger, key: PublicKey) -> PersonView {
    let name = ledger.members().get(&key).map_or_else(String::new, |member| member.name.to_string());
    PersonView { key, name }
}
