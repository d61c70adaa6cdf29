//! Why a program was not let in, in the words of RFC 6749 §5.2.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::http::Error;

/// A refusal, or something that went wrong on the way.
#[derive(Debug)]
pub(super) enum Refused {
    /// What the standard has a word for.
    Standard { status: StatusCode, error: &'static str, why: &'static str },
    /// What any request may be answered with.
    Other(Error),
}

impl Refused {
    const fn standard(status: StatusCode, error: &'static str, why: &'static str) -> Self {
        Self::Standard { status, error, why }
    }

    pub(super) const fn request(why: &'static str) -> Self {
        Self::standard(StatusCode::BAD_REQUEST, "invalid_request", why)
    }

    pub(super) const fn scope(why: &'static str) -> Self {
        Self::standard(StatusCode::BAD_REQUEST, "invalid_scope", why)
    }

    /// The code was used, is too old, or is for another program, address or verifier: which of them is not told.
    pub(super) const fn grant() -> Self {
        let why = "The authorization code is wrong, too old, was used, or was given to another program";
        Self::standard(StatusCode::BAD_REQUEST, "invalid_grant", why)
    }

    pub(super) const fn grant_type() -> Self {
        let why = "Tokens are given for grant_type authorization_code or client_credentials";
        Self::standard(StatusCode::BAD_REQUEST, "unsupported_grant_type", why)
    }

    pub(super) const fn response_type() -> Self {
        let why = "Only response_type=code is answered";
        Self::standard(StatusCode::BAD_REQUEST, "unsupported_response_type", why)
    }

    pub(super) const fn client() -> Self {
        let why = "The program is not known, or its secret is wrong";
        Self::standard(StatusCode::UNAUTHORIZED, "invalid_client", why)
    }

    pub(super) const fn not_theirs() -> Self {
        let why = "The token was given to another program";
        Self::standard(StatusCode::FORBIDDEN, "unauthorized_client", why)
    }

    /// The word for programs, and a sentence for people.
    pub(super) fn explain(&self) -> (&'static str, String) {
        match self {
            Self::Standard { error, why, .. } => (error, (*why).to_owned()),
            Self::Other(error) => ("server_error", error.to_string()),
        }
    }
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error, why) = match self {
            Self::Standard { status, error, why } => (status, error, why),
            Self::Other(error) => return error.into_response(),
        };
        let body = json!({ "error": error, "error_description": why, "code": error });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Basic realm=\"Starling\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
