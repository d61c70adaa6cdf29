//! What callers are told when it does not work: Mastodon's shape, and a hint what to do.
//!
//! `{"error": …, "code": …, "hint": …}`; `code` is for programs and stays the same, the texts are
//! for people and may change. What is only for the operator goes to the log instead.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{blobs, engine::Refusal, runtime, store};

/// Why a request was not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `Authorization: Bearer`.
    #[error("The access token is invalid")]
    NoToken,
    /// Another token.
    #[error("The access token is invalid")]
    WrongToken,
    /// `Host` is not ours.
    #[error("This address is not served here")]
    Host,
    /// A page of somebody else asks.
    #[error("Requests from other web pages are not answered")]
    Origin,
    /// The head is too long.
    #[error("The request's header lines are too long")]
    HeadersTooLarge,
    /// No such path.
    #[error("Not found")]
    NoRoute,
    /// No such method on this path.
    #[error("This method is not for this address")]
    Method,
    /// There is no such thing here.
    #[error("{0} is not known here")]
    NotFound(String),
    /// A path that is not UTF-8.
    #[error("The address cannot be read")]
    Path,
    /// A body that is not JSON at all.
    #[error("The body cannot be read: {0}")]
    Malformed(String),
    /// A body of another type.
    #[error("The body must be JSON or a form, and its Content-Type say so")]
    NotJson,
    /// A token that is good for other things.
    #[error("This action is outside the authorized scopes")]
    Scope,
    /// A token of a program that the person did not let in.
    #[error("This method requires an authenticated user")]
    NotLetIn,
    /// A body that is too long.
    #[error("The body may have {0} bytes")]
    TooLarge(usize),
    /// Readable, and wrong.
    #[error("Validation failed: {0}")]
    Invalid(String),
    /// A file that is not taken.
    #[error("Validation failed: file: {0}")]
    Unfit(blobs::picture::Unfit),
    /// Two programs wrote at once.
    #[error("Conflict during update, please try again")]
    Conflict,
    /// Several of the kind fit.
    #[error("{what} may mean {}", matches.join(", "))]
    Ambiguous {
        /// What was asked for.
        what: String,
        /// What it may mean.
        matches: Vec<String>,
    },
    /// The engine refuses.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The store fails.
    #[error("The store cannot be read: {0}")]
    Store(#[from] store::Error),
    /// The node fails.
    #[error("{0}")]
    Runtime(#[from] runtime::Error),
    /// Two long tasks are under way already.
    #[error("The node is busy with another export, import or check")]
    Busy,
    /// More requests than a program may make, or than strangers may.
    #[error("Too many requests")]
    TooMany,
    /// Enough streams are open already.
    #[error("Too many streams are open")]
    Streams,
    /// Too many uploads at once.
    #[error("Too many files are being taken in")]
    Crowded,
    /// A file that is shown and has not arrived.
    #[error("The file is not here yet: it is being asked for")]
    NotHere,
    /// A part of a file that it does not have.
    #[error("The file has {0} bytes")]
    Range(u64),
    /// It took too long.
    #[error("It took too long")]
    Timeout,
    /// The node stops.
    #[error("The node is stopping")]
    Stopping,
    /// Something here is broken; the log says what.
    #[error("Something is broken here")]
    Internal(String),
}

impl From<blobs::Error> for Error {
    fn from(error: blobs::Error) -> Self {
        match error {
            blobs::Error::Unfit(unfit) => Self::Unfit(unfit),
            blobs::Error::Busy => Self::Crowded,
            blobs::Error::Full => Self::Refused(Refusal::Storage(error.to_string())),
            blobs::Error::Disk(error) => Self::Refused(Refusal::Storage(error.to_string())),
            blobs::Error::Refused(refusal) => Self::Refused(refusal),
            blobs::Error::Store(error) => Self::Store(error),
            blobs::Error::Stopping => Self::Stopping,
        }
    }
}

impl Error {
    /// Status, code and hint.
    fn explain(&self) -> (StatusCode, &'static str, Option<&'static str>) {
        use StatusCode as S;
        match self {
            Self::NoToken => (
                S::UNAUTHORIZED,
                "no_token",
                Some("send Authorization: Bearer with what is in the home's file token"),
            ),
            Self::WrongToken => (
                S::UNAUTHORIZED,
                "wrong_token",
                Some("log in again; the command line reads the home's file token"),
            ),
            Self::Scope => (S::FORBIDDEN, "scope", None),
            Self::Host => (S::MISDIRECTED_REQUEST, "host", Some("use localhost or 127.0.0.1 with the port")),
            Self::Origin => (S::FORBIDDEN, "origin", None),
            Self::HeadersTooLarge => (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", None),
            Self::NoRoute => (S::NOT_FOUND, "no_route", None),
            Self::Method => (S::METHOD_NOT_ALLOWED, "method", None),
            Self::NotFound(_) => (S::NOT_FOUND, "not_found", None),
            Self::Path => (S::BAD_REQUEST, "malformed", None),
            Self::Malformed(_) => (S::BAD_REQUEST, "malformed", None),
            Self::NotJson => (S::UNSUPPORTED_MEDIA_TYPE, "not_json", None),
            Self::NotLetIn => {
                (S::UNPROCESSABLE_ENTITY, "not_let_in", Some("ask the person: `/oauth/authorize`"))
            }
            Self::TooLarge(bytes) => {
                let file = *bytes as u64 == blobs::MAX_BYTES;
                (S::PAYLOAD_TOO_LARGE, "too_large", file.then_some(blobs::TAKEN))
            }
            Self::Unfit(_) => (S::UNPROCESSABLE_ENTITY, "invalid", Some(blobs::TAKEN)),
            Self::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid", None),
            Self::Conflict => (S::CONFLICT, "conflict", Some("read it again, then change it")),
            Self::Ambiguous { .. } => (S::UNPROCESSABLE_ENTITY, "ambiguous", Some("write more of it")),
            Self::Refused(refusal) => explain_refusal(refusal),
            Self::Store(store::Error::Closed) => (S::SERVICE_UNAVAILABLE, "stopping", None),
            Self::Store(_) => {
                (S::INTERNAL_SERVER_ERROR, "store", Some("run `starling doctor` and `starling store verify`"))
            }
            Self::Runtime(runtime::Error::NotFound(_)) => (S::NOT_FOUND, "not_found", None),
            Self::Runtime(runtime::Error::Bundle(_)) => {
                (S::UNPROCESSABLE_ENTITY, "bundle", Some("nothing of it was taken in: fetch the file again"))
            }
            Self::Runtime(_) => (S::INTERNAL_SERVER_ERROR, "node", Some("run `starling doctor`")),
            Self::Busy => (S::TOO_MANY_REQUESTS, "busy", Some("try again when it is done")),
            Self::TooMany => (S::TOO_MANY_REQUESTS, "too_many", Some("wait a few minutes")),
            Self::Streams => (S::TOO_MANY_REQUESTS, "streams", Some("close one of them first")),
            Self::Crowded => (S::TOO_MANY_REQUESTS, "busy", Some("try again when they are done")),
            Self::NotHere => (S::SERVICE_UNAVAILABLE, "not_here", Some("try again in a few seconds")),
            Self::Range(_) => (S::RANGE_NOT_SATISFIABLE, "range", None),
            Self::Timeout => (S::SERVICE_UNAVAILABLE, "timeout", Some("try again")),
            Self::Stopping => (S::SERVICE_UNAVAILABLE, "stopping", Some("start the node again")),
            Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, "internal", Some("see the node's log")),
        }
    }
}

/// Nothing in it was done, whatever the status.
fn explain_refusal(refusal: &Refusal) -> (StatusCode, &'static str, Option<&'static str>) {
    use StatusCode as S;
    match refusal {
        Refusal::NotFound(_) => (S::NOT_FOUND, "not_found", None),
        Refusal::NotOurs(_) => (S::FORBIDDEN, "not_ours", None),
        Refusal::OverLimit(_) => (S::UNPROCESSABLE_ENTITY, "over_limit", Some("make it shorter")),
        Refusal::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid", None),
        Refusal::Empty => (S::UNPROCESSABLE_ENTITY, "empty", Some("write a text")),
        Refusal::Guarded => {
            (S::CONFLICT, "guarded", Some("connect to a peer that follows you: `starling peers add ADDRESS`"))
        }
        Refusal::Silenced => {
            (S::CONFLICT, "silenced", Some("`starling restore` with your phrase goes on with a new device"))
        }
        Refusal::Forked => {
            (S::CONFLICT, "forked", Some("`starling restore` with your phrase goes on with a new device"))
        }
        Refusal::Policy(_) => (S::FORBIDDEN, "policy", None),
        Refusal::Storage(_) => {
            (S::INSUFFICIENT_STORAGE, "storage", Some("free some disk space; nothing was stored"))
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code, hint) = self.explain();
        if status.is_server_error() && !matches!(self, Self::NotHere) {
            let why = match &self {
                Self::Internal(why) => why.clone(),
                other => other.to_string(),
            };
            tracing::warn!(code, why = %crate::text::DisplayText::new(&why), "a request failed");
        }
        let mut body = json!({ "error": self.to_string(), "code": code });
        if let Some(hint) = hint {
            body["hint"] = hint.into();
        }
        if let Self::Ambiguous { matches, .. } = &self {
            body["matches"] = json!(matches);
        }
        let mut response = (status, Json(body)).into_response();
        match &self {
            Self::NotHere | Self::Crowded => {
                // A file of 10 MiB takes seconds; whoever has it may have to be called first.
                let soon = header::HeaderValue::from_static("5");
                response.headers_mut().insert(header::RETRY_AFTER, soon);
            }
            Self::Range(size) => {
                if let Ok(value) = header::HeaderValue::from_str(&format!("bytes */{size}")) {
                    response.headers_mut().insert(header::CONTENT_RANGE, value);
                }
            }
            _ => {}
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Bearer realm=\"Starling\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_status_that_clients_know() {
        let cases = [
            (Refusal::NotFound("it".into()), 404),
            (Refusal::NotOurs("not yours"), 403),
            (Refusal::Empty, 422),
            (Refusal::Guarded, 409),
            (Refusal::Forked, 409),
            (Refusal::Silenced, 409),
            (Refusal::Policy("enough".into()), 403),
            (Refusal::Storage("full".into()), 507),
        ];
        for (refusal, status) in cases {
            let text = refusal.to_string();
            assert_eq!(Error::from(refusal).into_response().status().as_u16(), status, "{text}");
        }
    }

    #[test]
    fn what_is_broken_here_is_for_the_log() {
        let error = Error::Internal("/home/alice/secret is gone".into());
        assert!(!error.to_string().contains("secret"));
        let token = Error::NoToken.into_response();
        assert!(token.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
