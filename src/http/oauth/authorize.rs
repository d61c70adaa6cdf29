//! `/oauth/authorize`: a program sends the person here, and the page sends them back.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    Refused, client, page, redirect, scope,
    waiting::{Asked, Grant},
};
use crate::{
    clock,
    http::{
        App, Error,
        input::{self, Params},
        route::{Needs, Route},
    },
};

/// Bytes of what the program wants back. It goes into an address.
const STATE: usize = 4 * 1024;
/// What a program may say once (RFC 6749 §3.1).
const ONCE: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/oauth/authorize", Needs::Nothing, open),
        Route::post("/oauth/authorize", Needs::Nothing, press),
    ]
}

async fn open(State(app): State<App>, params: Params) -> Response {
    if let Some(ticket) = params.get("request") {
        return proceed(&app, ticket);
    }
    let (redirect, name) = match known(&app, &params).await {
        Ok(known) => known,
        Err(refused) => return page::wrong(&refused.explain().1, None),
    };
    match ask(&app, &params, &redirect, name) {
        Ok(asked) => page::waiting(&asked),
        Err(refused) => {
            let (error, why) = refused.explain();
            let back = back(&redirect, &[("error", error), ("error_description", &why)], params.get("state"));
            page::wrong(&why, back.as_deref())
        }
    }
}

/// Who asks, and where they want the answer. Until both are sure nobody is sent anywhere.
async fn known(
    app: &App,
    params: &Params,
) -> Result<(String, (String, crate::store::kept::program::Program)), Refused> {
    if ONCE.iter().any(|name| params.0.iter().filter(|(given, _)| given == name).count() > 1) {
        return Err(Refused::request("Something is said twice in the address"));
    }
    let id = params.get("client_id").unwrap_or_default();
    let program = client::find(app, id).await?.ok_or(Refused::client())?;
    let redirect = params.get("redirect_uri").unwrap_or_default();
    if !redirect::is_registered(redirect, &program.redirects) {
        return Err(Refused::request("The program did not register the address that it wants the answer at"));
    }
    Ok((redirect.to_owned(), (id.to_owned(), program)))
}

fn ask(
    app: &App,
    params: &Params,
    redirect: &str,
    (client, program): (String, crate::store::kept::program::Program),
) -> Result<Asked, Refused> {
    if params.get("response_type") != Some("code") {
        return Err(Refused::response_type());
    }
    let scopes = scope::parse(params.get("scope"))?;
    scope::within(&scopes, &program.scopes)?;
    let challenge = params.get("code_challenge");
    match (challenge, params.get("code_challenge_method")) {
        (None, None) => {}
        (Some(challenge), Some("S256")) if is_challenge(challenge) => {}
        (Some(_), Some("S256")) => {
            return Err(Refused::request("The challenge is not a SHA-256 in base64url"));
        }
        _ => return Err(Refused::request("A challenge must be of the method S256")),
    }
    let state = params.get("state").map(str::to_owned);
    if state.as_ref().is_some_and(|state| state.len() > STATE) {
        return Err(Refused::request("The state is too long"));
    }
    let grant = Grant {
        client,
        name: program.name,
        website: program.website,
        redirect: redirect.to_owned(),
        scopes,
        challenge: challenge.map(str::to_owned),
    };
    Ok(app.0.waiting.ask(grant, state, clock::now())?)
}

/// 32 bytes in base64url are 43 letters.
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// What the page's form says.
#[derive(Deserialize)]
struct Pressed {
    request: Option<String>,
    action: Option<String>,
}

async fn press(
    State(app): State<App>,
    input::Json(pressed): input::Json<Pressed>,
) -> Result<Response, Error> {
    let ticket = pressed.request.unwrap_or_default();
    if pressed.action.as_deref() != Some("deny") {
        return Ok(proceed(&app, &ticket));
    }
    let Some(asked) = app.0.waiting.decline(&ticket, clock::now()) else { return Ok(over()) };
    let said = [("error", "access_denied"), ("error_description", "The person did not let the program in")];
    let back = back(&asked.grant.redirect, &said, asked.state.as_deref());
    Ok(back.map_or_else(page::declined, |back| see_other(&back)))
}

/// Goes on if the person said yes; else shows the page again.
fn proceed(app: &App, ticket: &str) -> Response {
    let Some(asked) = app.0.waiting.proceed(ticket, clock::now()) else { return over() };
    let Some(code) = &asked.code else { return page::waiting(&asked) };
    let back = back(&asked.grant.redirect, &[("code", code)], asked.state.as_deref());
    back.map_or_else(|| page::code(&asked, code), |back| see_other(&back))
}

fn over() -> Response {
    page::wrong(
        "This request is over, or was made before the node was started. Begin again in the program.",
        None,
    )
}

/// The program's address with an answer; none if it has no address.
fn back(redirect: &str, answer: &[(&str, &str)], state: Option<&str>) -> Option<String> {
    let mut pairs = answer.to_vec();
    pairs.extend(state.map(|state| ("state", state)));
    (redirect != redirect::OUT_OF_BAND).then(|| redirect::with(redirect, &pairs))
}

/// `303`: what follows a form is read, not sent again.
fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
