//! The door for programs: HTTP on this machine, with Mastodon's names where Mastodon has one.
//!
//! Readers are answered from a snapshot of the store and never wait for the engine; wishes go to the
//! engine as a [`Command`] and are answered when they are on disk. What is here only checks who
//! asks, reads what is asked, and dresses up the answer.
//!
//! | file | what |
//! |---|---|
//! | `access`, `connection`, `cors`, `guard`, `tls`, `certificate` | who may speak, and how much |
//! | `route`, `caller` | every route, and which programs may use it |
//! | `oauth`, `tokens` | how programs are let in, and by what they are known afterwards |
//! | `input`, `form`, `paging`, `error` | what is common to all requests |
//! | `entities` | what answers look like |
//! | `accounts`, `profile`, `relations`, `people`, `mutes` | Mastodon's API: people |
//! | `statuses`, `polls`, `marks`, `timelines`, `tags`, `lists`, `filters`, `scheduled` | posts |
//! | `instance`, `settings`, `absent`, `well_known` | the node, and what it has not |
//! | `keeping` | changing what the person keeps for themselves |
//! | `notifications`, `streaming`, `search` | what concerns the person, what happens, what is looked for |
//! | `media`, `portraits`, `multipart`, `files` | files: in, beside a name, in a body, out |
//! | `node`, `progress`, `openapi`, `entries`, `invites`, `bundles`, `store`, `identity` | Starling's own, under `/api/starling/v1` |

mod absent;
pub mod access;
mod accounts;
mod bundles;
mod caller;
pub mod certificate;
mod connection;
mod cors;
mod draft;
mod entities;
mod entries;
mod error;
mod files;
mod filters;
mod form;
mod guard;
mod html;
mod identity;
mod input;
mod instance;
mod invites;
mod keeping;
mod lists;
mod lookup;
mod marks;
mod media;
mod mesh;
mod multipart;
mod mutes;
mod node;
mod notifications;
mod oauth;
mod openapi;
mod pages;
mod paging;
mod people;
mod pictures;
mod polls;
mod portraits;
mod profile;
mod progress;
mod relations;
mod route;
mod scheduled;
mod search;
mod settings;
mod statuses;
mod store;
mod streaming;
mod tags;
mod timelines;
mod tls;
mod tokens;
mod well_known;

use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, ServiceExt, extract::Request, middleware};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
};

use tower_http::normalize_path::NormalizePath;

pub use access::Access;
use connection::{Allowance, Door};
pub use error::Error;
use route::{Route, Table};

use crate::{
    engine::{Command, Refusal, Reply},
    runtime::Node,
    store::Reader,
};

/// Exports, imports, backups and checks at once: each reads or writes the whole store.
const LONG_TASKS: usize = 2;
/// How long the requests under way may take once the node stops. An upload of a quarter of an hour
/// is not waited for: nothing of it was answered yet.
const GRACE: Duration = Duration::from_secs(5);

/// Answers requests until `stop` is done or the node stops; then finishes those under way, if that
/// does not take long.
///
/// # Errors
/// If others could reach the listener and `access` does not say that they may. A connection that
/// fails is that connection's end only.
pub async fn serve(
    node: Node,
    listener: TcpListener,
    access: Access,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    access.check_listener(listener.local_addr()?)?;
    let reader = node.read().map_err(io::Error::other)?;
    access.tokens().load(&reader).map_err(io::Error::other)?;
    drop(reader);
    let (routes, table) = route::build(routes()).map_err(io::Error::other)?;
    let door = Door::new(listener, access.ways());
    let app = App::new(node, access, table);
    let teller = app.clone();
    let (began, beginning) = oneshot::channel();
    // Around the routes, not a layer of theirs: it must be done before a route is looked for.
    let service = NormalizePath::trim_trailing_slash(router(app.clone(), routes));
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<Allowance>(service);
    let stop = async move {
        tokio::select! {
            () = stop => {}
            () = app.node().stopped() => {}
        }
        app.begin_to_stop();
        let _ = began.send(());
    };
    let late = async {
        // A sender that is gone means that serving has ended, which is what is waited for.
        let _ = beginning.await;
        tokio::time::sleep(GRACE).await;
    };
    let telling = streaming::run(teller);
    tokio::select! {
        () = async { telling.await; std::future::pending().await } => Ok(()),
        served = axum::serve(door, service).with_graceful_shutdown(stop) => served,
        () = late => Ok(()),
    }
}

/// What every request can reach.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    node: Node,
    access: Access,
    table: Table,
    /// Programs that wait for the person's answer.
    waiting: oauth::Waiting,
    /// Counts what those may have written down who are not known.
    strangers: caller::Caller,
    /// Who listens.
    streams: streaming::Hub,
    /// What was answered last.
    pages: pages::Pages,
    long: Arc<Semaphore>,
    /// Held by whoever decides what is kept, see [`App::keep`].
    keeping: tokio::sync::Mutex<()>,
    stopping: AtomicBool,
}

/// Where the door is, as this caller knows it: `http://host:port`.
#[derive(Debug, Clone)]
struct Base(String);

/// [`Base`] as handlers take it.
type At = Extension<Base>;

impl App {
    fn new(node: Node, access: Access, table: Table) -> Self {
        let long = Arc::new(Semaphore::new(LONG_TASKS));
        let (waiting, keeping) = (oauth::Waiting::default(), tokio::sync::Mutex::new(()));
        let (strangers, streams) = (caller::Caller::strangers(), streaming::Hub::default());
        let (stopping, pages) = (AtomicBool::new(false), pages::Pages::default());
        Self(Arc::new(Shared {
            node,
            access,
            table,
            waiting,
            strangers,
            streams,
            pages,
            long,
            keeping,
            stopping,
        }))
    }

    /// From now on nothing new is begun.
    fn begin_to_stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        self.0.streams.end_all(streaming::End::Stopping);
    }

    fn check_running(&self) -> Result<(), Error> {
        if self.0.stopping.load(Ordering::Relaxed) { Err(Error::Stopping) } else { Ok(()) }
    }

    fn node(&self) -> &Node {
        &self.0.node
    }

    /// Answers from a snapshot of the store, on a thread that may wait for the disk.
    async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let node = self.node().clone();
        blocking(move || work(&node.read()?)).await
    }

    /// Asks the engine. The answer comes when the wish is on disk.
    async fn command(&self, command: Command) -> Result<Reply, Error> {
        let reply = self.node().command(command).await;
        if let Err(Refusal::Storage(_)) = &reply {
            // An engine that is gone stores nothing; that it is on purpose is worth knowing.
            self.check_running()?;
        }
        Ok(reply?)
    }

    /// A place among the long tasks.
    fn long_task(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.0.long.clone().try_acquire_owned().map_err(|_| Error::Busy)
    }
}

/// Does what may wait for the disk on a thread of its own.
async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Error> + Send + 'static,
) -> Result<R, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::Internal(error.to_string())))
}

/// Every route there is.
fn routes() -> Vec<Route> {
    [
        instance::routes(),
        pictures::routes(),
        files::routes(),
        media::routes(),
        portraits::routes(),
        accounts::routes(),
        statuses::routes(),
        timelines::routes(),
        relations::routes(),
        people::routes(),
        profile::routes(),
        marks::routes(),
        mutes::routes(),
        lists::routes(),
        filters::routes(),
        tags::routes(),
        settings::routes(),
        scheduled::routes(),
        absent::routes(),
        well_known::routes(),
        notifications::routes(),
        polls::routes(),
        streaming::routes(),
        search::routes(),
        node::routes(),
        mesh::routes(),
        identity::routes(),
        lookup::routes(),
        entries::routes(),
        invites::routes(),
        bundles::routes(),
        store::routes(),
        oauth::routes(),
        openapi::routes(),
        progress::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn router(app: App, routes: Router<App>) -> Router {
    routes
        .fallback(async || Error::NoRoute)
        .method_not_allowed_fallback(async || Error::Method)
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(cors::layer(&app.0.access))
        .layer(middleware::from_fn_with_state(app.clone(), guard::place))
        .with_state(app)
}

#[cfg(test)]
mod tests;
