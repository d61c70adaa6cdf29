//! Polls: read and voted on. They are made with the posts that they go with.

use std::time::Duration;

use axum::{Extension, Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use starling_protocol::{EntryId, limits, payload::poll::Poll};

use super::{
    App, At, Base,
    draft::switch,
    entities::Dresser,
    error::Error,
    input::{self, Name},
    lookup,
    route::{Needs, Route},
};
use crate::{engine::Command, store::Reader};

/// How long a poll may last, as Mastodon has it: five minutes to a month.
pub(super) const SHORTEST: Duration = Duration::from_secs(5 * 60);
pub(super) const LONGEST: Duration = Duration::from_secs(2_629_746);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/polls/{id}", Needs::Scope("read:statuses"), show),
        Route::post("/api/v1/polls/{id}/votes", Needs::Scope("write:statuses"), vote),
    ]
}

/// The poll of the post with this id.
fn find(reader: &Reader, base: &str, id: &str) -> Result<(EntryId, Value), Error> {
    let unknown = || Error::NotFound("this poll".into());
    let id = lookup::entry(reader, id)?;
    let post = reader.post(&id)?.ok_or_else(unknown)?;
    let (poll, tally) = post.poll.as_deref().ok_or_else(unknown)?;
    Ok((id, Dresser { base, reader: Some(reader) }.poll(&post, poll, tally)))
}

async fn show(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
) -> Result<Json<Value>, Error> {
    app.read(move |reader| Ok(Json(find(reader, &base, &id)?.1))).await
}

#[derive(Deserialize)]
struct Vote {
    #[serde(default)]
    choices: Vec<Value>,
}

impl Vote {
    /// The places of the answers, ascending; as numbers or, in forms, as texts.
    fn choices(&self) -> Result<Vec<u8>, Error> {
        let place = |choice: &Value| match choice {
            Value::Number(place) => place.as_u64().and_then(|place| place.try_into().ok()),
            Value::String(place) => place.parse().ok(),
            _ => None,
        };
        let places: Option<Vec<u8>> = self.choices.iter().map(place).collect();
        let wrong = || Error::Invalid("The chosen vote option does not exist".into());
        let mut places = places.filter(|places| !places.is_empty()).ok_or_else(wrong)?;
        places.sort_unstable();
        places.dedup();
        if places.len() > limits::POLL_OPTIONS { Err(wrong()) } else { Ok(places) }
    }
}

async fn vote(
    State(app): State<App>,
    base: At,
    Name(id): Name,
    input::Json(vote): input::Json<Vote>,
) -> Result<Json<Value>, Error> {
    let name = id.clone();
    let at = base.0.0.clone();
    let (post, _) = app.read(move |reader| find(reader, &at, &name)).await?;
    app.command(Command::Vote(post, vote.choices()?)).await?;
    show(State(app), base, Name(id)).await
}

/// A poll as a client asks for it with a post.
#[derive(Debug, Deserialize)]
struct Wish {
    #[serde(default)]
    options: Vec<String>,
    expires_in: Option<Value>,
    #[serde(default, deserialize_with = "switch")]
    multiple: bool,
    #[serde(default, deserialize_with = "switch")]
    hide_totals: bool,
}

/// The poll that a draft asks for, if it does; it begins at `from`, in milliseconds since 1970.
pub(super) fn wished(wish: Option<&Value>, from: u64) -> Result<Option<Poll>, Error> {
    let Some(wish) = wish.filter(|wish| !wish.is_null() && **wish != "") else { return Ok(None) };
    let invalid = |why: String| Error::Invalid(why);
    let wish: Wish =
        serde_json::from_value(wish.clone()).map_err(|error| invalid(format!("poll: {error}")))?;
    let seconds = match &wish.expires_in {
        Some(Value::Number(seconds)) => seconds.as_u64(),
        Some(Value::String(seconds)) => seconds.parse().ok(),
        _ => None,
    };
    let (shortest, longest) = (SHORTEST.as_secs(), LONGEST.as_secs());
    let seconds = seconds
        .filter(|seconds| (shortest..=longest).contains(seconds))
        .ok_or_else(|| invalid(format!("poll: expires_in is between {shortest} and {longest} seconds")))?;
    let options =
        wish.options.iter().map(|option| option.trim().to_owned()).filter(|option| !option.is_empty());
    let poll = Poll {
        options: options.collect(),
        ends_at: from.saturating_add(seconds * 1000),
        multiple: wish.multiple,
        hides_totals: wish.hide_totals,
    };
    if !poll.is_sound() {
        let (most, chars) = (limits::POLL_OPTIONS, limits::POLL_OPTION_CHARS);
        return Err(invalid(format!(
            "poll: there are 2 to {most} different answers of up to {chars} characters"
        )));
    }
    Ok(Some(poll))
}

/// Clients send the poll again with every edit. It stays as it is: other answers would change what votes meant.
pub(super) fn check_unchanged(wish: Option<&Value>, held: Option<&Poll>) -> Result<(), Error> {
    let Some(options) = wish.and_then(|wish| wish.get("options")) else { return Ok(()) };
    let same = held.is_some_and(|held| *options == serde_json::json!(held.options));
    if same { Ok(()) } else { Err(Error::Invalid("the poll of a post cannot be changed".into())) }
}
