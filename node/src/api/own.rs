//! Whose node this is.

use axum::{Json, extract::State};

use super::{
    Shared,
    problem::Problem,
    types::{OwnKey, OwnKeyView},
    views::find_member,
};

/// The keys that lie in the node's home, and the members who have them.
pub(super) async fn keys(State(shared): State<Shared>) -> Result<Json<Vec<OwnKeyView>>, Problem> {
    let keys = std::sync::Arc::clone(&shared.keys);
    let views = shared
        .ask(move |core| {
            let view = |own: &OwnKey| {
                let ledger = core.ledger();
                OwnKeyView {
                    label: own.label.clone(),
                    key: own.key,
                    member: find_member(core, &own.key),
                    roles: ledger
                        .community()
                        .charter
                        .roles
                        .iter()
                        .filter(|held| held.keys.contains(&own.key))
                        .map(|held| held.role)
                        .collect(),
                }
            };
            keys.iter().map(view).collect()
        })
        .await?;
    Ok(Json(views))
}
