//! What there is to be told to members.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{charter::Charter, keys::PublicKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Shared, blocking, problem::Problem};
use crate::{
    notices::{Follow, Found, Interests, Notices, find},
    service::Clock,
};

/// Greatest number of members, and of categories, that one answer is for: what an address can hold.
const NAMED: usize = 500;

/// For whom, and since when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Wanted {
    /// Keys, with commas between.
    #[serde(default)]
    members: String,
    /// Names of categories, one a line; `*` is all of them.
    #[serde(default)]
    categories: String,
    /// What this seal and those before it brought is known already.
    #[serde(default)]
    since: u64,
}

pub(super) async fn list(
    State(shared): State<Shared>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Notices>, Problem> {
    let Query(wanted) = wanted?;
    let members =
        listed(&wanted.members, ',')?.into_iter().map(key).collect::<Result<Vec<PublicKey>, _>>()?;
    let categories =
        listed(&wanted.categories, '\n')?.into_iter().map(str::to_owned).collect::<Vec<String>>();
    let wall = Clock::started().now().wall;
    let found = shared
        .ask(move |core| -> Result<Found, Problem> {
            let categories = followed(&core.ledger().community().charter, &categories)?;
            Ok(find(core, &Interests { members, categories }, wanted.since, wall))
        })
        .await??;
    let reader = shared.reader.clone();
    Ok(Json(blocking(move || found.dated(&reader)).await??))
}

fn key(text: &str) -> Result<PublicKey, Problem> {
    text.parse().map_err(|error| Problem::bad_request(format!("'{text}': {error}")))
}

/// The parts between separators.
fn listed(text: &str, separator: char) -> Result<Vec<&str>, Problem> {
    let parts: Vec<&str> = text.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > NAMED {
        return Err(Problem::bad_request(format!("name at most {NAMED} of a kind, not {}", parts.len())));
    }
    Ok(parts)
}

fn followed(charter: &Charter, names: &[String]) -> Result<Follow, Problem> {
    if names.is_empty() {
        return Ok(Follow::None);
    }
    if names.iter().any(|name| name == "*") {
        return Ok(Follow::All);
    }
    let position = |name: &String| {
        let found = charter.categories.iter().position(|category| category == name);
        found.and_then(|found| u16::try_from(found).ok()).ok_or_else(|| {
            let known = charter.categories.join(", ");
            Problem::bad_request(format!("the charter has no category '{name}'; it has: {known}"))
        })
    };
    Ok(Follow::Some(names.iter().map(position).collect::<Result<_, _>>()?))
}
