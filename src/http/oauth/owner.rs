//! What the person does about programs, through the command line: say yes, look, take back.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refused, exchange, scope, waiting::Asked};
use crate::{
    clock,
    http::{
        App, Error,
        entities::time,
        input::{self, Name},
        route::{Needs, OWNER, Route},
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

fn asked(asked: &Asked) -> Value {
    let grant = &asked.grant;
    let can: Vec<&str> = grant.scopes.iter().map(|scope| scope::words(scope)).collect();
    json!({
        "word": asked.word,
        "name": grant.name,
        "website": grant.website,
        "redirect_uri": grant.redirect,
        "scopes": grant.scopes,
        "can": can,
        "asked_at": time(asked.at),
        "approved": asked.code.is_some(),
    })
}

async fn waiting(State(app): State<App>) -> Json<Vec<Value>> {
    Json(app.0.waiting.list(clock::now()).iter().map(asked).collect())
}

async fn show(State(app): State<App>, Name(word): Name) -> Result<Json<Value>, Error> {
    let found = app.0.waiting.find(&word, clock::now());
    Ok(Json(asked(&found.ok_or_else(|| unknown(&word))?)))
}

/// The code is told only if it is the person who has to carry it over: else it goes through the page.
async fn approve(State(app): State<App>, Name(word): Name) -> Result<Json<Value>, Error> {
    let found = app.0.waiting.approve(&word, clock::now())?.ok_or_else(|| unknown(&word))?;
    let mut answer = asked(&found);
    answer["code"] = json!(found.code.as_deref().filter(|_| found.is_out_of_band()));
    Ok(Json(answer))
}

fn token(row: &Token) -> Value {
    json!({
        "number": row.number,
        "name": row.name,
        "website": row.website,
        "scopes": row.scopes,
        "let_in": row.person,
        "created_at": time(row.created),
        "used_at": (row.used > 0).then(|| time(row.used)),
    })
}

async fn list(State(app): State<App>) -> Json<Vec<Value>> {
    Json(app.0.access.tokens().list().iter().map(token).collect())
}

#[derive(Deserialize)]
struct Wanted {
    scopes: Option<String>,
    name: Option<String>,
}

async fn give(
    State(app): State<App>,
    input::Json(wanted): input::Json<Wanted>,
) -> Result<Json<Value>, Refused> {
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
    let mut shown = exchange::shown(&text, &row);
    shown["number"] = json!(row.number);
    shown["name"] = json!(row.name);
    Ok(Json(shown))
}

async fn revoke(State(app): State<App>, Name(number): Name) -> Result<Json<Value>, Error> {
    let unknown = || Error::NotFound("a token with this number".into());
    let number: u64 = number.parse().map_err(|_| unknown())?;
    match app.0.access.tokens().revoke(&app, |row| row.number == number).await? {
        0 => Err(unknown()),
        _ => Ok(Json(json!({ "number": number, "revoked": true }))),
    }
}

/// The whole table: method, path, and what a token must be for. `null` is everybody, `token` any program.
async fn routes_there_are(State(app): State<App>) -> Json<Vec<Value>> {
    let scope = |needs| match needs {
        Needs::Nothing => Value::Null,
        Needs::Program | Needs::Token => json!("token"),
        Needs::Scope(scope) => json!(scope),
    };
    let lines = app.0.table.lines().iter();
    let line = lines.map(
        |(method, path, needs)| json!({ "method": method.as_str(), "path": path, "scope": scope(*needs) }),
    );
    Json(line.collect())
}
