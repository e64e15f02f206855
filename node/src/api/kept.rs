//! Answers that are the same until something is sealed, taken in or found out, and the tags by which clients know them.

use std::collections::BTreeSet;

use axum::{
    extract::{MatchedPath, Request},
    http::{
        HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};

use super::Shared;

/// The paths, as the routes have them, whose answers follow from the log and what waits for a seal.
pub(super) type Kept = BTreeSet<&'static str>;

/// The tag of what this request would be answered now, if its answer is one of those. It is taken before the answer is made, so
/// that it is never newer.
pub(super) fn tag(shared: &Shared, request: &Request) -> Option<HeaderValue> {
    let route = request.extensions().get::<MatchedPath>()?;
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    // What would come out now changes with the time, too.
    let current = request.uri().path().split('/').any(|part| part == "current");
    if !asks || current || !shared.0.kept.contains(route.as_str()) {
        return None;
    }
    let mark = shared.service.feed().mark();
    HeaderValue::from_str(&format!("\"{:x}-{:x}-{:x}\"", mark.began, mark.number, mark.height)).ok()
}

/// Does the client have the answer with this tag?
pub(super) fn is_known(request: &Request, tag: &HeaderValue) -> bool {
    let known = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    known.flat_map(|known| known.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes()
    })
}

/// Nothing has changed.
pub(super) fn unchanged(tag: HeaderValue) -> Response {
    marked(StatusCode::NOT_MODIFIED.into_response(), tag)
}

/// The answer with its tag, to be kept by this client and asked for again each time.
pub(super) fn marked(mut answer: Response, tag: HeaderValue) -> Response {
    let headers = answer.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    answer
}
