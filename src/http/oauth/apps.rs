//! `/api/v1/apps`: programs register before they ask.

use axum::{Extension, Json, extract::State};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{client, count_stranger, redirect, scope};
use crate::{
    clock,
    engine::Command,
    http::{
        App, Error,
        caller::Caller,
        input,
        route::{Needs, Route},
        tokens,
    },
    store::kept::{Shelf, Span, program::Program},
};

/// Programs that are remembered. Toot and others register anew with every login.
const PROGRAMS: usize = 1_000;
/// Characters of a name and of a website: Mastodon's bounds.
const NAME: usize = 60;
const WEBSITE: usize = 2_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/apps", Needs::Nothing, register),
        Route::get("/api/v1/apps/verify_credentials", Needs::Program, verify_credentials),
    ]
}

/// What a program says of itself.
#[derive(Deserialize)]
pub(super) struct Registration {
    client_name: Option<String>,
    redirect_uris: Option<Lines>,
    scopes: Option<String>,
    website: Option<String>,
}

/// One text with a line for each, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    Text(String),
    List(Vec<String>),
}

pub(super) async fn register(
    State(app): State<App>,
    input::Json(asked): input::Json<Registration>,
) -> Result<Json<Value>, Error> {
    count_stranger(&app)?;
    let wrong = |why: &str| Error::Invalid(why.to_owned());
    let name = asked.client_name.as_deref().unwrap_or_default().trim();
    if name.is_empty() {
        return Err(wrong("Application Name can't be blank"));
    }
    if name.chars().count() > NAME {
        return Err(wrong("Application Name is too long (maximum is 60 characters)"));
    }
    let website = asked.website.filter(|website| !website.trim().is_empty());
    if website.as_deref().is_some_and(|website| website.len() > WEBSITE || redirect::host(website).is_none())
    {
        return Err(wrong("Application Website is not a valid URL"));
    }
    let redirects = match asked.redirect_uris {
        Some(Lines::Text(text)) => text,
        Some(Lines::List(list)) => list.join("\n"),
        None => String::new(),
    };
    let redirects = redirect::parse(&redirects).map_err(wrong)?;
    let scopes = scope::parse(asked.scopes.as_deref());
    let scopes = scopes.map_err(|_| wrong("Scopes doesn't match configured on the server."))?;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| Error::Internal(error.to_string()))?;
    let (id, secret) = (BASE64_URL_SAFE_NO_PAD.encode(id), tokens::secret()?);
    let program = Program {
        name: name.to_owned(),
        website,
        redirects,
        scopes,
        secret: tokens::hash(&secret),
        created: clock::now(),
    };
    let mut changes = make_room(&app).await?;
    changes.push(program.put(&id));
    app.command(Command::Keep(changes)).await?;
    let mut shown = show(&id, &program.name, program.website.as_deref(), &program.scopes, &program.redirects);
    shown["client_id"] = json!(id);
    shown["client_secret"] = json!(secret);
    shown["client_secret_expires_at"] = json!(0);
    Ok(Json(shown))
}

/// The oldest programs go that no token was given to, and only if there are too many.
async fn make_room(app: &App) -> Result<Vec<crate::store::kept::Change>, Error> {
    let span = Span::of([], 2 * PROGRAMS);
    let held = app.read(move |reader| Ok(reader.shelf::<Program>(Shelf::App, &span)?)).await?;
    let surplus = (held.len() + 1).saturating_sub(PROGRAMS);
    if surplus == 0 {
        return Ok(Vec::new());
    }
    let tokens = app.0.access.tokens().list();
    let mut unused: Vec<_> = held
        .into_iter()
        .filter(|(id, _)| {
            !tokens.iter().any(|token| token.client.as_ref().is_some_and(|client| client.as_bytes() == id))
        })
        .collect();
    unused.sort_by_key(|(_, program)| program.created);
    if unused.len() < surplus {
        return Err(Error::Invalid(
            "too many programs are registered; `starling api revoke` lets some go".into(),
        ));
    }
    let going = unused.into_iter().take(surplus);
    Ok(going.map(|(id, _)| crate::store::kept::Change::take(Shelf::App, id)).collect())
}

/// Which program speaks.
async fn verify_credentials(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, Error> {
    let program = caller.program();
    let (id, name) =
        (program.and_then(|program| program.client.as_deref()), program.map(|program| &program.name));
    let known = match id {
        Some(id) => client::find(&app, id).await?,
        None => None,
    };
    let website = program.and_then(|program| program.website.as_deref());
    let redirects = known.map(|known| known.redirects).unwrap_or_default();
    let name = name.map_or("Starling", String::as_str);
    Ok(Json(show(id.unwrap_or("0"), name, website, caller.scopes(), &redirects)))
}

fn show(id: &str, name: &str, website: Option<&str>, scopes: &[String], redirects: &[String]) -> Value {
    // Clients take it for a number in a text.
    let number = blake3::hash(id.as_bytes()).as_bytes()[..4]
        .iter()
        .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
    json!({
        "id": number.to_string(),
        "name": name,
        "website": website,
        "scopes": scopes,
        "redirect_uri": redirects.join("\n"),
        "redirect_uris": redirects,
        // No service that wakes sleeping telephones is used here.
        "vapid_key": "",
    })
}
