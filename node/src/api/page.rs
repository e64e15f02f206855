//! The web page: files that are part of the program. They are the same for everybody, so they need no token; what
//! they show comes from the API, which does.

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
        },
    },
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::Problem;

/// The files. In a debug build they are read from the source folder, so that a change shows without a build.
#[derive(RustEmbed)]
#[folder = "web"]
struct Files;

/// What a browser may do with any answer of this node: nothing that does not come from it. The hash is that of the style sheet
/// which the plotting library puts into each of its drawings, always the same.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
     'sha256-+TfQir1nvDucAdvE6XUQBt4ayUjpAWkbw2kCdSfekHM='; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer.
pub(super) const PROTECTION: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Is this the path of a file, and not of the API?
pub(super) fn is_file(path: &str) -> bool {
    path != "/v1" && !path.starts_with("/v1/")
}

/// A file of the page.
pub(super) async fn show(request: Request) -> Response {
    let name = match request.uri().path() {
        "/" => "index.html",
        path => path.trim_start_matches('/'),
    };
    let found = is_name(name).then(|| Files::get(name)).flatten();
    let Some(file) = found else {
        return Problem::not_found(
            "there is nothing at this path; the API begins at /v1/, and the page is at /",
        )
        .into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return ([(ALLOW, "GET, HEAD")], Problem::method()).into_response();
    }
    answer(name, file, request.headers().get(IF_NONE_MATCH))
}

fn answer(name: &str, file: EmbeddedFile, known: Option<&HeaderValue>) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    // Kept, and asked for again each time: another version of the program may serve it next time.
    let caching = [(ETAG, tag.as_str()), (CACHE_CONTROL, "no-cache")];
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(CONTENT_TYPE, media_type(name))], Body::from(file.data)).into_response()
}

/// The names of files are plain: nothing that means something to a file system gets further.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    name.split('/').all(is_part)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_looked_for() {
        for good in ["index.html", "pages/now.js", "vendor/htm/preact.module.js", "LICENSE"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "..",
            "../Cargo.toml",
            "pages/../../Cargo.toml",
            ".git",
            "a//b",
            "a%2f",
            "a\\b",
            "pages/",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn every_file_of_the_page_has_a_name_and_a_type() {
        let mut scripts = 0;
        for name in Files::iter() {
            assert!(is_name(&name), "{name}");
            scripts += usize::from(media_type(&name).starts_with("text/javascript"));
        }
        assert!(scripts > 1);
    }
}
