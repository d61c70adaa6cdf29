//! How far things are: what is fetched, what is held of whom, and what still waits to be done.

use axum::{Json, extract::State};
use serde::{Serialize, de::IgnoredAny};
use starling_protocol::{AuthorId, EntryId};
use utoipa::ToSchema;

use super::{
    App, blocking,
    entities::time,
    error::Error,
    input::Params,
    lookup,
    route::{Needs, OWNER, Route},
};
use crate::{
    runtime::{Delivery, Progress},
    store::{
        Reader,
        kept::{Shelf, Span},
    },
};

/// Authors that one answer tells of: all that one may follow would be megabytes.
const AUTHORS: usize = 1_000;
/// Gaps that are told of a log.
const GAPS: usize = 16;
/// Rows that are counted of a shelf.
const COUNTED: usize = 10_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/sync", OWNER, sync),
        Route::get("/api/starling/v1/queue", OWNER, queue),
        Route::get("/api/starling/v1/coverage", Needs::Scope("read:accounts"), coverage),
    ]
}

async fn sync(State(app): State<App>) -> Result<Json<Progress>, Error> {
    let node = app.node().clone();
    blocking(move || Ok(Json(node.progress()?))).await
}

/// What waits to be done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Queue {
    /// Own entries that nobody was there to take since the node was started.
    unsent: u64,
    /// Why nothing is signed, if that is so.
    guarded_because: Option<&'static str>,
    /// Posts that wait for their hour.
    scheduled: usize,
    /// Files that are shown and have not arrived.
    wanted_files: usize,
    /// Uploads that no post shows yet.
    uploads: usize,
    /// Entries that the index of words does not have yet.
    unindexed: u64,
    /// Where the newest own posts are that were written since the node was started, the newest first.
    outgoing: Vec<Outgoing>,
}

/// Where an own post is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outgoing {
    /// The post.
    entry: String,
    /// When it was signed.
    at: String,
    #[serde(flatten)]
    delivery: Delivery,
}

async fn queue(State(app): State<App>) -> Result<Json<Queue>, Error> {
    let node = app.node().clone();
    blocking(move || {
        let (status, reader) = (node.status()?, node.read()?);
        let count = |shelf| {
            let rows = reader.shelf::<IgnoredAny>(shelf, &Span::of([], COUNTED));
            rows.map(|rows| rows.len())
        };
        Ok(Json(Queue {
            unsent: status.waiting,
            guarded_because: status.guarded_because,
            scheduled: count(Shelf::Scheduled)?,
            wanted_files: count(Shelf::WantedBlob)?,
            uploads: count(Shelf::Upload)?,
            unindexed: status.search.behind,
            outgoing: node.deliveries().into_iter().map(outgoing).collect(),
        }))
    })
    .await
}

fn outgoing((entry, at, delivery): (EntryId, u64, Delivery)) -> Outgoing {
    Outgoing { entry: entry.to_string(), at: time(at), delivery }
}

/// What is held of an author.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Coverage {
    author: String,
    name: String,
    /// Entries held.
    held: u64,
    /// Places between what is held that are known to be missing.
    missing: u64,
    /// Connected peers that keep this feed: they ask for it, or have shown that they hold some of it.
    sources: usize,
    logs: Vec<Log>,
}

/// What is held of one log of a device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Log {
    device: String,
    /// Which of the device's logs.
    log: u8,
    /// Below this place nothing is wanted any more.
    floor: u64,
    /// The highest place that is held.
    top: Option<u64>,
    held: u64,
    /// First and last place of what is missing, the lowest first; some of them, if there are many.
    gaps: Vec<(u64, u64)>,
    /// The place from which on two versions exist.
    frozen: Option<u64>,
}

/// `GET coverage?author[]=`: of these authors, or of this node's own and all that they follow.
async fn coverage(State(app): State<App>, params: Params) -> Result<Json<Vec<Coverage>>, Error> {
    let (me, node) = (app.node().author(), app.node().clone());
    app.read(move |reader| {
        let mut authors = Vec::new();
        for who in params.all("author").take(AUTHORS) {
            authors.push(lookup::who(reader, who)?);
        }
        if authors.is_empty() {
            authors.push(me);
            authors.extend(reader.following(&me)?.into_iter().take(AUTHORS - 1));
        }
        let row = |author: &AuthorId| of(reader, author, node.sources(author));
        authors.iter().map(row).collect::<Result<_, _>>().map(Json)
    })
    .await
}

fn of(reader: &Reader, author: &AuthorId, sources: usize) -> Result<Coverage, Error> {
    let name = reader.account(author)?.map(|account| account.profile.name).unwrap_or_default();
    let (mut held, mut missing, mut logs) = (0, 0, Vec::new());
    for row in reader.log_rows(author)? {
        let (state, floor) = (&row.state, row.floor);
        let top = state.top().map(|run| run.hi);
        let mut gaps = top.map(|top| state.missing(floor, top)).unwrap_or_default();
        held += state.len();
        missing += gaps.iter().map(|(from, to)| to - from + 1).sum::<u64>();
        gaps.truncate(GAPS);
        let frozen = state.frozen();
        logs.push(Log {
            device: row.device.to_string(),
            log: row.log,
            floor,
            top,
            held: state.len(),
            gaps,
            frozen,
        });
    }
    Ok(Coverage { author: author.to_string(), name, held, missing, sources, logs })
}
