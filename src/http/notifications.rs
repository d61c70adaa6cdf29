//! What concerns this person: answered, liked, passed on, followed, quoted, and polls that have ended.
//!
//! | file | what |
//! |---|---|
//! | `grouped` | the same, with what happened to one thing told together |
//! | `requests` | whose notifications wait until the person looks, and who decides that |
//! | `push` | why nobody is called over the push services of browsers |

mod grouped;
mod push;
mod requests;

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::{Value, json};
use starling_protocol::AuthorId;

use super::{
    App, At, Base,
    entities::{Dresser, Notification},
    error::Error,
    input::{self, Name, Params},
    lookup, paging,
    route::{Needs, Route},
};
use crate::{
    engine::Command,
    store::{
        self, Reader,
        kept::notification::{Kind, MOST, Notification as Row, Window},
    },
};

const READ: Needs = Needs::Scope("read:notifications");
const WRITE: Needs = Needs::Scope("write:notifications");
/// Notifications on a page if nobody says how many, and at most.
const PAGE: (usize, usize) = (40, 80);
/// How far unread ones are counted, and at most: a badge says 99+.
const UNREAD: (usize, usize) = (100, 1_000);

type Answer<T> = Result<Json<T>, Error>;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/api/v1/notifications", READ, list),
        Route::get("/api/v1/notifications/unread_count", READ, unread),
        Route::post("/api/v1/notifications/clear", WRITE, clear),
        Route::post("/api/v1/notifications/dismiss", WRITE, dismiss_named),
        Route::get("/api/v1/notifications/{id}", READ, show),
        Route::post("/api/v1/notifications/{id}/dismiss", WRITE, dismiss),
    ];
    routes.extend(grouped::routes());
    routes.extend(requests::routes());
    routes.extend(push::routes());
    routes
}

/// Which of the notifications are asked for.
struct Wanted {
    kinds: Vec<Kind>,
    from: Option<AuthorId>,
    filtered: bool,
}

impl Wanted {
    fn of(params: &Params) -> Result<Self, Error> {
        let named = |name: &'static str| {
            params.all(name).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let (with, without) = (named("types"), named("exclude_types"));
        let is = |words: &[String], kind: Kind| words.iter().any(|word| word == kind.word());
        let mut kinds = Kind::ALL.to_vec();
        // A type that is not known fits nothing.
        kinds.retain(|kind| (with.is_empty() || is(&with, *kind)) && !is(&without, *kind));
        let from = params.get("account_id").map(lookup::author).transpose()?;
        Ok(Self { kinds, from, filtered: params.switch("include_filtered") })
    }

    fn fits(&self, row: &Row) -> bool {
        self.kinds.contains(&row.kind)
            && self.from.is_none_or(|from| from == row.from)
            // Whoever asks for those of one person sees what waits of them.
            && (self.filtered || self.from.is_some() || !row.filtered)
    }
}

/// The window that the parameters ask for.
fn window(params: &Params) -> Result<Window, Error> {
    Ok(Window {
        max: params.parse("max_id")?,
        since: params.parse("since_id")?,
        min: params.parse("min_id")?,
        limit: params.parse("limit")?.unwrap_or(PAGE.0).clamp(1, PAGE.1),
    })
}

async fn list(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Notification>>), Error> {
    app.read(move |reader| {
        let wanted = Wanted::of(&params)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let dress = |number, row: &Row| match wanted.fits(row) {
            true => Ok::<_, Error>(dresser.notification(number, row)?),
            false => Ok(None),
        };
        let window = window(&params)?;
        let found = reader.notifications(&window, dress)?;
        let link = found.first().zip(found.last()).and_then(|(first, last)| {
            // Read upwards, what is below is known to be there.
            let more = window.min.is_some() || found.len() == window.limit;
            let path = "/api/v1/notifications";
            paging::link_to(&base, path, &params, &first.id, more.then_some(&last.id))
        });
        Ok((paging::headers(link), Json(found)))
    })
    .await
}

async fn show(State(app): State<App>, Extension(Base(base)): At, Name(id): Name) -> Answer<Notification> {
    app.read(move |reader| {
        let (number, row) = find(reader, &id)?;
        let dressed = Dresser { base: &base, reader: Some(reader) }.notification(number, &row)?;
        dressed.map(Json).ok_or_else(|| unknown(&id))
    })
    .await
}

fn find(reader: &Reader, id: &str) -> Result<(u64, Row), Error> {
    let number = id.parse().map_err(|_| unknown(id))?;
    let row = reader.notification(number)?.ok_or_else(|| unknown(id))?;
    Ok((number, row))
}

fn unknown(id: &str) -> Error {
    let brief: String = id.chars().take(24).collect();
    Error::NotFound(format!("the notification {brief:?}"))
}

/// All that stand there, with their numbers.
fn all<E: From<store::Error>>(
    reader: &Reader,
    mut fits: impl FnMut(&Row) -> bool,
) -> Result<Vec<(u64, Row)>, E> {
    let window = Window { limit: MOST as usize, ..Window::default() };
    reader.notifications(&window, |number, row| Ok(fits(row).then_some((number, *row))))
}

/// Takes these away.
async fn take_away(app: &App, gone: Vec<(u64, Row)>) -> Answer<Value> {
    let changes: Vec<_> = gone.iter().flat_map(|(number, row)| row.dismissal(*number)).collect();
    if !changes.is_empty() {
        app.command(Command::Keep(changes)).await?;
    }
    Ok(Json(json!({})))
}

async fn clear(State(app): State<App>) -> Answer<Value> {
    let gone = app.read(|reader| all(reader, |row| !row.filtered)).await?;
    take_away(&app, gone).await
}

async fn dismiss(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let gone = app.read(move |reader| find(reader, &id)).await?;
    take_away(&app, vec![gone]).await
}

#[derive(Deserialize)]
struct Named {
    id: Option<Value>,
}

/// The older way to say the same.
async fn dismiss_named(state: State<App>, input::Json(named): input::Json<Named>) -> Answer<Value> {
    let id = match named.id {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(Error::Invalid("id is missing".into())),
    };
    dismiss(state, Name(id)).await
}

/// How many came since the person last read them, as the marker says.
async fn unread(State(app): State<App>, params: Params) -> Answer<Value> {
    let limit = params.parse("limit")?.unwrap_or(UNREAD.0).clamp(1, UNREAD.1);
    app.read(move |reader| {
        let wanted = Wanted::of(&params)?;
        let window = Window { since: last_read(reader)?, limit, ..Window::default() };
        let counts = |_, row: &Row| Ok::<_, Error>((wanted.fits(row) && !row.quiet).then_some(()));
        Ok(Json(json!({ "count": reader.notifications(&window, counts)?.len() })))
    })
    .await
}

/// The number up to which the person has read.
fn last_read(reader: &Reader) -> Result<Option<u64>, Error> {
    // A client may have written anything there.
    Ok(reader.marker("notifications")?.and_then(|marker| marker.last_read.parse().ok()))
}
