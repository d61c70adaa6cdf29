//! Who or what a caller means: ids, beginnings of ids, names.

use axum::{Json, extract::State};
use serde::Serialize;
use starling_protocol::{AuthorId, EntryId, invite::Invite};
use utoipa::ToSchema;

use super::{
    App,
    error::Error,
    input::Params,
    route::{Needs, Route},
};
use crate::store::Reader;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/starling/v1/resolve", Needs::Scope("read:accounts"), resolve)]
}

/// The author with this id.
pub(super) fn author(id: &str) -> Result<AuthorId, Error> {
    id.parse().map_err(|_| Error::NotFound(format!("an account with the id \"{}\"", brief(id))))
}

/// The entry with this id, or the one that begins like this.
pub(super) fn entry(reader: &Reader, id: &str) -> Result<EntryId, Error> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let found = if id.starts_with("bafyr4i") { reader.find_entry(id)? } else { Vec::new() };
    only(found, format!("a post with the id \"{}\"", brief(id)))
}

/// The author that `who` means: an id, the beginning of one, a name, or an invite to them.
pub(super) fn who(reader: &Reader, who: &str) -> Result<AuthorId, Error> {
    let who = who.trim();
    if let Ok(invite) = who.parse::<Invite>() {
        return Ok(invite.author);
    }
    let who = who.strip_prefix('@').unwrap_or(who);
    only(reader.find_author(who)?, format!("\"{}\"", brief(who)))
}

fn only<T: Copy + ToString>(found: Vec<T>, what: String) -> Result<T, Error> {
    match found.as_slice() {
        [] => Err(Error::NotFound(what)),
        [one] => Ok(*one),
        several => {
            let matches = several.iter().map(T::to_string).collect();
            Err(Error::Ambiguous { what, matches })
        }
    }
}

/// Enough of what was asked for to recognise it in an error.
fn brief(text: &str) -> String {
    let mut brief: String = text.chars().take(72).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    brief
}

/// Who is meant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Resolved {
    author: String,
    /// What they call themselves, if that is known.
    petname: Option<String>,
    /// Whether anything is held of them.
    known: bool,
}

/// `GET resolve?who=`: the author that is meant, and what they call themselves.
pub(super) async fn resolve(State(app): State<App>, params: Params) -> Result<Json<Resolved>, Error> {
    app.read(move |reader| {
        let author = who(reader, params.require("who")?)?;
        let account = reader.account(&author)?;
        let known = account.is_some();
        let name = account.map(|account| account.profile.name).filter(|name| !name.is_empty());
        Ok(Json(Resolved { author: author.to_string(), petname: name, known }))
    })
    .await
}
