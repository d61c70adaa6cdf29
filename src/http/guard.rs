//! What every request passes before anything reads it, and every answer after.

use std::time::Duration;

use axum::{
    body::HttpBody,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    App, Base, caller::Budget, connection::Allowance, entities::time, error::Error, input, route::Needs,
    tokens::Tokens,
};
use crate::clock;

/// How long an answer may take. Disks are slow, and people gone after half a minute.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the answers may take that read or write the whole store: 4 GiB, on a slow disk.
const LONG: Duration = Duration::from_secs(15 * 60);
/// Bytes of a bundle that is taken in: a feed of 100 MiB and as much again for others.
pub(super) const BUNDLE: usize = 256 * 1024 * 1024;
/// Bytes of a body with files in it: two of the largest (a picture and its thumbnail, an avatar and a header), and
/// what is said of them.
pub(super) const FILES: usize = 2 * crate::blobs::MAX_BYTES as usize + input::BODY;
/// How long a body with files may take: 20 MiB over a slow wireless network.
const UPLOAD: Duration = Duration::from_secs(3 * 60);

/// Where a token may be shown in the address: browsers let no page write a header for a WebSocket.
const STREAMS: &str = "/api/v1/streaming";

/// Looks where a request was sent to and which page sends it, before anything else; and sees that no answer is more
/// than data to a browser.
pub(super) async fn place(State(app): State<App>, mut request: Request, next: Next) -> Response {
    // What browsers ask beforehand has no body, and whoever sends one is not waited for.
    let unread = !request.body().is_end_stream() && request.method() == Method::OPTIONS;
    let (mut response, unread) = match app.0.access.check_place(request.uri(), request.headers()) {
        Ok(host) => {
            let connection = request.extensions().get::<ConnectInfo<Allowance>>();
            let secret = connection.is_some_and(|ConnectInfo(allowance)| allowance.is_secret());
            let scheme = if secret { "https" } else { "http" };
            request.extensions_mut().insert(Base(format!("{scheme}://{host}")));
            (next.run(request).await, unread)
        }
        Err(error) => (error.into_response(), !request.body().is_end_stream()),
    };
    close(response.headers_mut(), app.0.access.has_origins());
    if unread {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Lets a request in, or not; then sees that it ends.
pub(super) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let has_body = !request.body().is_end_stream();
    let mut budget = None;
    let answered = match enter(&app, &mut request, &mut budget) {
        Ok(time) => {
            let answer = tokio::time::timeout(time, answer(request, next));
            answer.await.unwrap_or(Err(Error::Timeout))
        }
        Err(error) => Err(error),
    };
    let (mut response, read) = match answered {
        Ok(answered) => answered,
        Err(error) => (error.into_response(), false),
    };
    if let Some(budget) = budget {
        tell(response.headers_mut(), budget);
    }
    if has_body && !read {
        // What is left of the body stands between this answer and the next request.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Has a request answered, and says whether its body was read. All but a bundle or a file is read before,
/// even if nobody looks at it: a connection with half a body on it cannot be used again.
async fn answer(request: Request, next: Next) -> Result<(Response, bool), Error> {
    if limits(request.uri().path()).0 > input::BODY {
        let response = next.run(request).await;
        let read = response.status().is_success();
        return Ok((response, read));
    }
    let (parts, body) = request.into_parts();
    let body = input::read(body).await?;
    Ok((next.run(Request::from_parts(parts, body.into())).await, true))
}

/// Checks a request, and says how long its answer may take.
fn enter(app: &App, request: &mut Request, budget: &mut Option<Budget>) -> Result<Duration, Error> {
    let access = &app.0.access;
    let (bytes, time) = limits(request.uri().path());
    let path = request.uri().path();
    let needs = app.0.table.needs(request.method(), path);
    if needs != Needs::Nothing {
        let caller = match path.starts_with(STREAMS) {
            true => access.caller_of_stream(request.uri(), request.headers())?,
            false => access.caller(request.headers())?,
        };
        if !caller.may(needs) {
            return Err(if caller.is_let_in() { Error::Scope } else { Error::NotLetIn });
        }
        let now = clock::now();
        Tokens::note(app, &caller, now);
        *budget = caller.spend(now, access.requests());
        if budget.is_some_and(|budget| budget.over) {
            return Err(Error::TooMany);
        }
        request.extensions_mut().insert(caller);
    }
    app.check_running()?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|announced| announced > bytes) {
        return Err(Error::TooLarge(bytes));
    }
    if let Some(ConnectInfo(allowance)) = request.extensions().get::<ConnectInfo<Allowance>>() {
        // Chunks carry their lengths: at worst 5 bytes around one, and hyper reads on behind them.
        let framed = if announced.is_some() { 1 } else { 2 };
        allowance.grant(announced.unwrap_or(bytes) * framed, time);
    }
    Ok(time)
}

/// Bytes of a body, and time for an answer.
fn limits(path: &str) -> (usize, Duration) {
    if matches!(path, "/api/v1/media" | "/api/v2/media" | "/api/v1/accounts/update_credentials") {
        return (FILES, UPLOAD);
    }
    match path.strip_prefix("/api/starling/v1/") {
        Some("import") => (BUNDLE, LONG),
        Some("export" | "backup" | "store/verify") => (input::BODY, LONG),
        _ => (input::BODY, PATIENCE),
    }
}

/// Tells a program how many requests it has left.
fn tell(headers: &mut HeaderMap, budget: Budget) {
    let values = [
        ("x-ratelimit-limit", budget.limit.to_string()),
        ("x-ratelimit-remaining", budget.left.to_string()),
        ("x-ratelimit-reset", time(budget.reset)),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Whatever a browser is made to load from here stays data, and stays here. Only pictures may be shown by others, if
/// there are pages of other origins that may use the node: which pictures are held tells who is followed.
fn close(headers: &mut HeaderMap, has_origins: bool) {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let shown = has_origins && ["image/", "audio/", "video/"].iter().any(|shown| kind.starts_with(shown));
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            if shown { "cross-origin" } else { "same-origin" },
        ),
    ];
    for (name, value) in fixed {
        // A page for people, and a picture for the pages of others, say something else.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
