//! What the person does about programs, through the command line: say yes, look, take back.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Refused, exchange, scope, waiting::Asked};
use crate::{
    clock,
    http::{
        App, Error,
        entities::time,
        input::{self, Name},
        route::{OWNER, Route},
    },
    store::kept::program::Token,
};

/// Characters of the name of a token that the person makes.
const NAME: usize = 60;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/programs/waiting", OWNER, waiting),
        Route::get("/api/starling/v1/programs/waiting/{word}", OWNER, show),
        Route::post("/api/starling/v1/programs/waiting/{word}/approve", OWNER, approve),
        Route::get("/api/starling/v1/tokens", OWNER, list),
        Route::post("/api/starling/v1/tokens", OWNER, give),
        Route::delete("/api/starling/v1/tokens/{number}", OWNER, revoke),
        Route::get("/api/starling/v1/routes", OWNER, routes_there_are),
    ]
}

fn unknown(word: &str) -> Error {
    let brief: String = word.chars().take(16).collect();
    Error::NotFound(format!("a program that waits as \"{brief}\""))
}

/// A program that waits for the person's answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Visitor {
    /// The letters on its page.
    word: String,
    name: String,
    website: Option<String>,
    /// Where its code goes.
    redirect_uri: String,
    scopes: Vec<String>,
    /// What each of them means.
    can: Vec<&'static str>,
    asked_at: String,
    approved: bool,
    /// The code, if the person has to carry it over, and only to who has just said yes.
    code: Option<String>,
}

fn visitor(asked: &Asked) -> Visitor {
    let grant = &asked.grant;
    Visitor {
        word: asked.word.clone(),
        name: grant.name.clone(),
        website: grant.website.clone(),
        redirect_uri: grant.redirect.clone(),
        scopes: grant.scopes.clone(),
        can: grant.scopes.iter().map(|scope| scope::words(scope)).collect(),
        asked_at: time(asked.at),
        approved: asked.code.is_some(),
        code: None,
    }
}

async fn waiting(State(app): State<App>) -> Json<Vec<Visitor>> {
    Json(app.0.waiting.list(clock::now()).iter().map(visitor).collect())
}

async fn show(State(app): State<App>, Name(word): Name) -> Result<Json<Visitor>, Error> {
    let found = app.0.waiting.find(&word, clock::now());
    Ok(Json(visitor(&found.ok_or_else(|| unknown(&word))?)))
}

/// The code is told only if it is the person who has to carry it over: else it goes through the page.
async fn approve(State(app): State<App>, Name(word): Name) -> Result<Json<Visitor>, Error> {
    let found = app.0.waiting.approve(&word, clock::now())?.ok_or_else(|| unknown(&word))?;
    let code = found.code.clone().filter(|_| found.is_out_of_band());
    Ok(Json(Visitor { code, ..visitor(&found) }))
}

/// A token, without itself.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Held {
    /// Names it.
    number: u64,
    name: String,
    website: Option<String>,
    scopes: Vec<String>,
    /// Whether the person let the program in. Else it only proves which program speaks.
    let_in: bool,
    created_at: String,
    /// When it was last used, give or take an hour.
    used_at: Option<String>,
}

fn token(row: &Token) -> Held {
    Held {
        number: row.number,
        name: row.name.clone(),
        website: row.website.clone(),
        scopes: row.scopes.clone(),
        let_in: row.person,
        created_at: time(row.created),
        used_at: (row.used > 0).then(|| time(row.used)),
    }
}

async fn list(State(app): State<App>) -> Json<Vec<Held>> {
    Json(app.0.access.tokens().list().iter().map(token).collect())
}

/// What a new token is to be for.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct Wanted {
    /// Separated by blanks; `read` if nothing is said.
    scopes: Option<String>,
    /// What to call it in lists.
    name: Option<String>,
}

/// A new token, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Given {
    #[serde(flatten)]
    token: exchange::Shown,
    number: u64,
    name: String,
}

/// A token is good no longer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Revoked {
    number: u64,
    revoked: bool,
}

/// One way to use the door.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Line {
    method: String,
    path: &'static str,
    /// What a token must be for; `token` is any, and none is everybody.
    scope: Option<&'static str>,
}

async fn give(
    State(app): State<App>,
    input::Json(wanted): input::Json<Wanted>,
) -> Result<Json<Given>, Refused> {
    let name = wanted.name.unwrap_or_else(|| "script".into());
    if name.trim().is_empty() || name.chars().count() > NAME {
        return Err(Error::Invalid(format!("a name has 1 to {NAME} characters")).into());
    }
    let scopes = scope::parse(wanted.scopes.as_deref());
    let scopes = scopes.map_err(|refused| Error::Invalid(refused.explain().1))?;
    let row = Token {
        number: 0,
        client: None,
        name,
        website: None,
        scopes,
        person: true,
        created: clock::now(),
        used: 0,
    };
    let (text, row) = app.0.access.tokens().give(&app, row).await?;
    Ok(Json(Given { token: exchange::shown(&text, &row), number: row.number, name: row.name }))
}

async fn revoke(State(app): State<App>, Name(number): Name) -> Result<Json<Revoked>, Error> {
    let unknown = || Error::NotFound("a token with this number".into());
    let number: u64 = number.parse().map_err(|_| unknown())?;
    match app.0.access.tokens().revoke(&app, |row| row.number == number).await? {
        0 => Err(unknown()),
        _ => Ok(Json(Revoked { number, revoked: true })),
    }
}

/// The whole table: method, path, and what a token must be for. `null` is everybody, `token` any program.
async fn routes_there_are(State(app): State<App>) -> Json<Vec<Line>> {
    let lines = app.0.table.lines().iter();
    let line =
        lines.map(|(method, path, needs)| Line { method: method.to_string(), path, scope: needs.scope() });
    Json(line.collect())
}
