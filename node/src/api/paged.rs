//! Long lists, a part at a time: `limit` and `after` in the query, and `Link: <...>; rel="next"` where there is more (RFC 8288).

use std::fmt::Display;

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{
        Header, HeaderStyle, Operation, ParameterSchemaOrContent, ReferenceOr, Response as Told, SchemaObject,
    },
};
use axum::{
    Json,
    http::{HeaderValue, header::LINK},
    response::{IntoResponse, Response},
};
use schemars::{JsonSchema, json_schema};
use serde::Serialize;

/// A part of a list, and where the next one is.
pub(super) struct Paged<T> {
    answer: T,
    next: Option<String>,
}

/// So many entries, and the key of the last one if more follow.
pub(super) struct Part<T> {
    pub(super) entries: Vec<T>,
    pub(super) last: Option<String>,
}

/// The entries behind the one with this key, or from the beginning; at most so many. Behind a key that is not in the list there is nothing.
pub(super) fn part<T, K: PartialEq + Display>(
    mut all: impl Iterator<Item = T>,
    key: impl Fn(&T) -> K,
    after: Option<K>,
    limit: usize,
) -> Part<T> {
    if let Some(after) = after {
        all.by_ref().find(|entry| key(entry) == after);
    }
    let entries: Vec<T> = all.by_ref().take(limit).collect();
    let more = all.next().is_some();
    let last = entries.last().filter(|_| more).map(|last| key(last).to_string());
    Part { entries, last }
}

impl<T> Paged<T> {
    /// An answer from this path; `last` is the key of its last entry if more follow.
    pub(super) fn new(answer: T, path: &str, limit: usize, last: Option<String>) -> Self {
        Self { answer, next: last.map(|last| format!("<{path}?limit={limit}&after={last}>; rel=\"next\"")) }
    }
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.answer).into_response();
        if let Some(next) = self.next.and_then(|next| HeaderValue::from_str(&next).ok()) {
            response.headers_mut().insert(LINK, next);
        }
        response
    }
}

impl<T: JsonSchema> OperationOutput for Paged<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Told> {
        let mut told = Json::<T>::operation_response(context, operation)?;
        let schema = SchemaObject {
            json_schema: json_schema!({"type": "string"}),
            example: None,
            external_docs: None,
        };
        let next = Header {
            description: Some("Where the next part is, if there is one: `<...>; rel=\"next\"`.".to_owned()),
            style: HeaderStyle::Simple,
            required: false,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema),
            example: None,
            examples: Default::default(),
            extensions: Default::default(),
        };
        told.headers.insert("Link".to_owned(), ReferenceOr::Item(next));
        Some(told)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Told)> {
        Self::operation_response(context, operation).map(|told| (Some(200), told)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn the_parts_of_a_list_are_the_list() {
        for length in 0..8u32 {
            for limit in 1..9 {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let part = part(0..length, |entry| *entry, after, limit);
                    assert!(part.entries.len() <= limit);
                    found.extend(part.entries);
                    match part.last {
                        Some(last) => after = Some(last.parse().unwrap()),
                        None => break,
                    }
                }
                assert!(found.into_iter().eq(0..length));
            }
        }
        assert!(part(0..5u32, |entry| *entry, Some(9), 3).entries.is_empty());
    }
}
