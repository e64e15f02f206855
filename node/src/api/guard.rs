//! Who may speak to the API.

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, Method, StatusCode,
        header::{
            AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, ORIGIN,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    BODY_BYTES, Door, REQUEST_TIME, Shared, kept,
    metrics::Requests,
    page::{PROTECTION, is_file},
    problem::{PROBLEM, Problem},
};

/// Lets a request through that may come, when there is room.
pub(super) async fn admit(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let route = Requests::route(&request);
    if let Err(problem) = check(&shared, &request) {
        let response = problem.into_response();
        shared.0.requests.count(route, &response);
        return protected(without_more(response));
    }
    let Ok(_place) = shared.0.places.acquire().await else {
        return protected(Problem::stopping().into_response());
    };
    let tag = kept::tag(&shared, &request);
    let mut response = match tag {
        Some(tag) if kept::is_known(&request, &tag) => kept::unchanged(tag),
        tag => {
            let response = answer(request, next).await;
            match tag {
                Some(tag) if response.status() == StatusCode::OK => kept::marked(response, tag),
                _ => response,
            }
        }
    };
    shared.0.requests.count(route, &response);
    if is_refusal(response.status()) {
        response = without_more(response);
    }
    protected(response)
}

async fn answer(request: Request, next: Next) -> Response {
    let response = match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout().into_response(),
    };
    // What axum itself refuses, such as an address that is not UTF-8, it refuses in plain text.
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if !is_problem && (response.status().is_client_error() || response.status().is_server_error()) {
        return Problem::of(response.status()).into_response();
    }
    response
}

/// Is it a client that this node does not want to hear again soon?
fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT
    )
}

/// The last answer on its connection, whose place is free for others then.
fn without_more(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// With what a browser has to know. What a handler says about keeping its answer holds.
fn protected(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in [(X_CONTENT_TYPE_OPTIONS, "nosniff")].into_iter().chain(PROTECTION) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn check(shared: &Shared, request: &Request) -> Result<(), Problem> {
    let (headers, uri) = (request.headers(), request.uri());
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match shared.0.door {
        Door::Owner(address) => {
            let port = address.port();
            let host = text(HOST).or(uri.host()).unwrap_or_default();
            if !is_own(host, port) {
                // A page that resolves its own name to this machine (DNS rebinding) shows its name here.
                return Err(Problem::forbidden(
                    "the Host header does not name this node's API on this machine",
                ));
            }
            if headers.contains_key(ORIGIN) {
                let own = text(ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
                if !own.is_some_and(|origin| is_own(origin, port)) {
                    return Err(Problem::forbidden("the Origin header names another site"));
                }
            }
            if is_file(uri.path()) && matches!(*request.method(), Method::GET | Method::HEAD) {
                return Ok(());
            }
        }
        Door::Auditors if headers.contains_key(ORIGIN) => {
            return Err(Problem::forbidden("auditors come with a program of their own, not with a browser"));
        }
        Door::Auditors => {}
    }
    let shown = text(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // Comparing hashes takes the same time wherever they differ.
    if blake3::hash(shown.as_bytes()) != blake3::hash(shared.token.as_bytes()) {
        return Err(match shared.0.door {
            Door::Owner(_) => Problem::unauthorized(),
            Door::Auditors => Problem::unknown_auditor(),
        });
    }
    // Refused before any of it is read; a body that does not say its length is cut off at the limit.
    let said = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if said.is_some_and(|length| length > BODY_BYTES as u64) {
        return Err(Problem::too_large());
    }
    Ok(())
}

/// Is this the API's own address, as a client on this machine would write it?
fn is_own(host: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| {
            rest.strip_prefix(':').map_or(rest.is_empty() && port == 80, |said| said == port.to_string())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_names_of_this_machine_with_the_right_port_are_its_own() {
        for own in ["127.0.0.1:4611", "localhost:4611", "[::1]:4611"] {
            assert!(is_own(own, 4611), "{own}");
        }
        for other in [
            "",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost.evil.example:4611",
            "evil.example:4611",
            "127.0.0.1:46110",
        ] {
            assert!(!is_own(other, 4611), "{other}");
        }
    }
}
