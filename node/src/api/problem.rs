//! Errors as problem details (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::{BODY_BYTES, types::ProblemDetails};
use crate::{
    service::{CoreError, Stopped},
    store::StoreError,
};

/// The media type of problem details.
pub(super) const PROBLEM: &str = "application/problem+json";

/// An error that a client sees.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// What the status says, and no more.
    pub(super) fn of(status: StatusCode) -> Self {
        Self::new(status, "the request is not one that this address can answer")
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "show the token from the file 'api-token' in the node's home: 'Authorization: Bearer <token>'",
        )
    }

    pub(super) fn unknown_auditor() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "show the token that the node's owner gives to auditors ('mutua auditor-token' shows it there)",
        )
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
    }

    pub(super) fn timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the request took too long")
    }

    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(super) fn too_large() -> Self {
        let detail = format!("a body has at most {BODY_BYTES} bytes; send it in parts");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub(super) fn busy() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "the node sends such an answer to others already; try again later",
        )
    }

    pub(super) fn overloaded(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
    }

    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the node is stopping")
    }
}

impl From<Stopped> for Problem {
    fn from(_: Stopped) -> Self {
        Self::stopping()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the node's store has failed; see the node's log")
    }
}

impl From<CoreError> for Problem {
    fn from(error: CoreError) -> Self {
        tracing::error!(%error, "the service failed");
        Self::stopping()
    }
}

impl From<axum::extract::rejection::JsonRejection> for Problem {
    fn from(error: axum::extract::rejection::JsonRejection) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

impl From<axum::extract::rejection::BytesRejection> for Problem {
    fn from(error: axum::extract::rejection::BytesRejection) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

impl From<axum::extract::rejection::PathRejection> for Problem {
    fn from(error: axum::extract::rejection::PathRejection) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

impl From<axum::extract::rejection::QueryRejection> for Problem {
    fn from(error: axum::extract::rejection::QueryRejection) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemDetails {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        response
    }
}
