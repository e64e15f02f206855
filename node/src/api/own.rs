//! Whose node this is.

use axum::{Json, extract::State};

use super::{
    Shared, blocking,
    problem::Problem,
    types::{OwnKey, OwnKeyView},
    views::find_member,
};

/// The keys that the desk of this node has, as they are now, and the members who have them. None where there is no desk.
pub(super) async fn keys(State(shared): State<Shared>) -> Result<Json<Vec<OwnKeyView>>, Problem> {
    let keys = match shared.desk.clone() {
        Some(desk) => blocking(move || desk.keys()).await?.map_err(Problem::unavailable)?,
        None => Vec::new(),
    };
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
