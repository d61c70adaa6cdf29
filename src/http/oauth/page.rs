//! The page that the person sees: plain, without script, and everything on it escaped by the macro that writes it.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{redirect, scope, waiting::Asked};
use crate::text::DisplayText;

/// How often a page that waits looks again, in seconds.
const AGAIN: u32 = 3;
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}\
h1{font-size:1.4rem}\
code{font-size:1.1em;overflow-wrap:anywhere}\
pre{padding:.75rem 1rem;border:1px solid;border-radius:.4rem;white-space:pre-wrap}\
button{font:inherit;padding:.4rem 1rem;margin-right:.5rem}";

/// Asks the person to say yes in a terminal.
pub(super) fn waiting(asked: &Asked) -> Response {
    let grant = &asked.grant;
    let body = html! {
        h1 { "Let " (safe(&grant.name)) " in?" }
        @if let Some(website) = &grant.website { p { "It says that it is from " (safe(website)) "." } }
        p { "It wants to:" }
        ul { @for scope in &grant.scopes { li { (scope::words(scope)) " (" (scope) ")" } } }
        p { (destination(asked)) }
        p { "To let it in, say so in a terminal on this machine:" }
        pre { code { "starling api approve " (asked.word) } }
        p { "Compare the letters. If you did not begin this yourself, close the page: nothing happens." }
        form method="post" action="/oauth/authorize" {
            input type="hidden" name="request" value=(asked.ticket);
            button name="action" value="continue" { "Continue" }
            button name="action" value="deny" { "Do not let it in" }
        }
    };
    let mut response = page(StatusCode::OK, "Let a program in", &body);
    // The page goes on by itself once the terminal has said yes; the button is for browsers that do not look again.
    let again = format!("{AGAIN}; url=/oauth/authorize?request={}", asked.ticket);
    if let Ok(again) = HeaderValue::from_str(&again) {
        response.headers_mut().insert(HeaderName::from_static("refresh"), again);
    }
    response
}

/// Where the answer goes.
fn destination(asked: &Asked) -> Markup {
    let place = &asked.grant.redirect;
    match redirect::host(place) {
        _ if asked.is_out_of_band() => html! { "You will be shown a code to copy into the program." },
        Some(host) => html! { "You will be sent to " strong { (host.as_str()) } "." },
        None => html! {
            "You will be sent to a program that opens "
            strong { (safe(place.split(':').next().unwrap_or_default())) ":" }
            " addresses."
        },
    }
}

/// Shows the code to the person, who carries it over.
pub(super) fn code(asked: &Asked, code: &str) -> Response {
    let body = html! {
        h1 { (safe(&asked.grant.name)) " is let in" }
        p { "Copy this code into the program:" }
        pre { code id="code" { (code) } }
        p { "It is good once, for ten minutes." }
    };
    page(StatusCode::OK, "The code", &body)
}

/// The person said no, and the program has no address to be told.
pub(super) fn declined() -> Response {
    page(StatusCode::OK, "Not let in", &html! { h1 { "The program was not let in" } })
}

/// Says what is wrong; `back` leads to the program, which is told so. Nobody is sent there without wanting it.
pub(super) fn wrong(why: &str, back: Option<&str>) -> Response {
    let body = html! {
        h1 { "This does not work" }
        p { (safe(why)) }
        @if let Some(back) = back { p { a href=(back) rel="noreferrer" { "Back to the program" } } }
    };
    page(StatusCode::BAD_REQUEST, "This does not work", &body)
}

fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " · Starling" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    // No `form-action`: browsers hold the way back to the program, which comes after the form, to it as well.
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // With `no-referrer` the page's own form would come from `Origin: null`, as a stranger's.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let mut response = (status, headers, page.into_string()).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A stranger's text, on one line and without tricks.
fn safe(text: &str) -> String {
    DisplayText::new(text).as_str().to_owned()
}
