//! Which pages of other origins may read an answer. Only those on the person's list get that far at all; what is asked
//! here is what browsers want to hear before they hand such a page the answer.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::access::Access;

/// How long a browser need not ask again.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// Header lines that pages may read beside the few that they always may.
const READ: [&str; 8] = [
    "link",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "etag",
    "content-range",
    "retry-after",
];

pub(super) fn layer(access: &Access) -> CorsLayer {
    let access = access.clone();
    let listed = move |origin: &HeaderValue, _: &axum::http::request::Parts| {
        origin.to_str().is_ok_and(|origin| access.is_listed(&origin.to_ascii_lowercase()))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(listed))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers(READ.map(HeaderName::from_static))
        // A page of the wide world asks a node on this machine: browsers want to be told that this is meant.
        .allow_private_network(true)
        .max_age(REMEMBERED)
}
