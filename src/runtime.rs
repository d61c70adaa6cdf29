//! Puts the parts together and keeps them running: store, engine thread, verifier, network.
//!
//! ```text
//!           commands ───────────────────────────┐
//!                                               ▼
//! network ─► verifier (all cores) ─► engine thread ─► store
//!    ▲                                   │
//!    └────────── orders ─────────────────┴─► replies, events, status
//! ```
//! Every arrow is a bounded queue. When the engine is busy the verifier waits, then the network's
//! readers wait, then the peers do.

mod brain;
mod files;
mod finding;
mod status;
mod verifier;

#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, PoisonError, RwLock, Weak, atomic::AtomicU64},
    time::Duration,
};

use libp2p::{Multiaddr, PeerId};
use starling_protocol::{AuthorId, DeviceKey};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

pub use files::ExportSummary;
pub use status::{Delivery, Peer, PeerProgress, Progress, Status};

use crate::{
    blobs::{self, Blobs},
    clock,
    config::Config,
    engine::{self, Command, Engine, Entropy, Policy, Refusal, Reply, Setup},
    home::{self, Home},
    network,
    recording::{self, Recorder},
    store::{self, Reader, Store, Verification},
};

/// Commands that may wait for the engine; each has somebody waiting for its answer.
const COMMANDS: usize = 256;
/// Network events whose signatures are still to be checked: sixteen times what the verifier takes at once.
const EVENTS: usize = 1_024;
/// Batches that may wait for the engine: with what it works on, two batches keep both busy.
const BATCHES: usize = 2;
/// News that a slow watcher may fall behind before it misses some.
const NEWS: usize = 1_024;
/// How often the room on disk is looked at.
const DISK_EVERY: Duration = Duration::from_secs(10);

/// How a node is to be started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its directory.
    pub home: Home,
    /// Its settings.
    pub config: Config,
    /// Whether to talk to other nodes; without, only the engine runs.
    pub network: bool,
    /// Where to listen, if not where the settings say.
    pub listen: Option<Vec<Multiaddr>>,
    /// Whether to look for nodes on the local network, if not as the settings say.
    pub mdns: Option<bool>,
    /// Whether to sign although the network was not asked for our own newest entries.
    pub force_guard: bool,
    /// A file that is not there yet, to take down what reaches the engine.
    pub record: Option<PathBuf>,
}

/// Why a node could not be started, or could not do something as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory or a file in it.
    #[error(transparent)]
    Home(#[from] home::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The network.
    #[error(transparent)]
    Network(#[from] network::Error),
    /// A thread could not be started, or a file not be written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// There is nothing of this author to export.
    #[error("nothing is held of {0}")]
    NotFound(AuthorId),
    /// The file of a recording.
    #[error(transparent)]
    Recording(#[from] recording::Error),
    /// A bundle cannot be read or written.
    #[error("{0}")]
    Bundle(#[from] starling_protocol::bundle::Error),
}

/// A running node. Cloning is cheap; all clones are the same node.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
}

/// What goes on in a node, for tasks that follow it.
pub struct Watched {
    /// How it is doing.
    pub status: watch::Receiver<engine::Status>,
    /// What changes in its store.
    pub news: broadcast::Receiver<engine::Event>,
    /// Whether it is to stop.
    pub stopping: watch::Receiver<bool>,
}

/// A node that may be gone: for tasks that must not keep it.
pub struct WeakNode(Weak<Shared>);

impl WeakNode {
    /// The node, if anybody still has it.
    pub fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(|shared| Node { shared })
    }
}

struct Shared {
    home: Home,
    /// Gone once the node has stopped, so that the file can be opened again while clones are about.
    store: RwLock<Option<Store>>,
    blobs: Blobs,
    author: AuthorId,
    device: DeviceKey,
    peer: PeerId,
    network: Option<network::Handle>,
    commands: mpsc::Sender<brain::Wish>,
    status: watch::Receiver<engine::Status>,
    news: broadcast::Sender<engine::Event>,
    live: broadcast::Sender<engine::Event>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    /// Why it ends although nobody wants it to.
    failed: OnceLock<&'static str>,
    started_at: u64,
    search: crate::search::Search,
    /// Closed when the thread that keeps the index has ended: until then it reads the store.
    indexing: OnceLock<watch::Receiver<()>>,
    /// The last file size that was seen, so that `status` need not ask the file system.
    file_bytes: AtomicU64,
    /// How often somebody wanted to read while there was no store.
    #[cfg(test)]
    refused: watch::Sender<u64>,
}

/// Starts a node: opens the store, starts the engine thread and, if wanted, the network.
///
/// # Errors
/// [`Error`]; nothing keeps running then.
pub async fn start(options: Options) -> Result<Node, Error> {
    start_with(options, Box::new(entropy)).await
}

/// The same with salts from elsewhere.
async fn start_with(options: Options, entropy: Entropy) -> Result<Node, Error> {
    let Options { home, config, network, listen, mdns, force_guard, record } = options;
    let keys = home.keys()?;
    let author = home.author()?;
    let restoring = home.restoring()?.is_some();
    let moved = home.moved();
    let guard = match (force_guard, restoring, moved) {
        (true, ..) | (_, false, false) => None,
        (_, true, _) => Some("restored: waiting for a peer that knows your feed"),
        (_, _, true) => Some("this folder was copied or moved: waiting for a peer that knows your feed"),
    };
    let store = {
        let (path, cache) = (home.store_path(), config.store.cache_bytes as usize);
        tokio::task::spawn_blocking(move || Store::open(&path, cache))
            .await
            .map_err(std::io::Error::other)??
    };
    if guard.is_none() {
        settle(&home, &store, author, restoring)?;
    }
    let policy = Policy {
        store_bytes: config.store.max_bytes,
        network_rows: config.store.network_rows,
        retention: match config.sync.retention {
            0 => Policy::default().retention,
            retention => retention,
        },
        media_bytes: config.sync.media_bytes,
        stay_in_shards: config.network.role == crate::config::Role::Relay,
        ..Policy::default()
    };
    let device = keys.device.public();
    let keypair = keys.keypair();
    let peer = keypair.public().to_peer_id();
    let mut setup = Setup {
        author,
        peer,
        identity: home.identity()?,
        device: keys.device.clone(),
        root: keys.root.clone(),
        entropy,
        guard,
        bootstrap: config.network.bootstrap.clone(),
        policy,
    };
    let now = clock::now();
    let recorder = record.map(|path| Recorder::create(&path, &mut setup, &store, now)).transpose()?;
    let (engine, first) = Engine::new(store.clone(), setup, now)?;

    let (checked, to_engine) = mpsc::channel(BATCHES);
    let mut streams = None;
    let network = if network {
        let (events, arriving) = mpsc::channel(EVENTS);
        let role = match config.network.role {
            crate::config::Role::Home => network::Role::Home,
            crate::config::Role::Relay => network::Role::Relay,
        };
        let mut settings = network::Config::new(keypair, role);
        settings.listen = listen.unwrap_or_else(|| config.network.listen.clone());
        settings.mdns = mdns.unwrap_or(config.network.mdns);
        let (blobs, carried) = mpsc::channel(blobs::carrier::STREAMS);
        settings.blobs = Some(blobs);
        streams = Some(carried);
        let handle = network::start(settings, events)?;
        verifier::spawn(arriving, checked)?;
        Some(handle)
    } else {
        None
    };

    let blobs = Blobs::new(home.blobs_path(), config.store.max_blob_bytes)?;
    let (commands, wishes) = mpsc::channel(COMMANDS);
    let (shown, status) = watch::channel(engine::Status::default());
    let (news, _) = broadcast::channel(NEWS);
    let (live, _) = broadcast::channel(NEWS);
    let (stop, stopping) = watch::channel(false);
    let (ended, stopped) = watch::channel(false);
    let shared = Shared {
        file_bytes: AtomicU64::new(file_size(&home)),
        blobs,
        search: crate::search::Search::default(),
        indexing: OnceLock::new(),
        home,
        store: RwLock::new(Some(store)),
        author,
        device,
        peer,
        network: network.clone(),
        commands,
        status,
        news: news.clone(),
        live: live.clone(),
        stop,
        stopped,
        failed: OnceLock::new(),
        started_at: clock::now(),
        #[cfg(test)]
        refused: watch::Sender::default(),
    };
    let node = Node { shared: Arc::new(shared) };
    let ways = brain::Ways { wishes, checked: to_engine, stopping, network, shown, news, live };
    brain::spawn(engine, first, ways, recorder, node.downgrade(), ended)?;
    node.watch_network();
    if let Err(error) = node.blobs().settle(&node).await {
        // Pictures are not worth the node: it goes on with what it finds.
        tracing::error!("the files of posts could not be looked through: {error}");
    }
    node.blobs().watch(&node);
    if let (Some(network), Some(streams)) = (&node.shared.network, streams) {
        blobs::carrier::start(&node, network.clone(), streams);
    }
    node.watch_disk();
    node.keep_index(config.search.enabled)?;
    if guard.is_some() {
        node.watch_guard(restoring);
    }
    Ok(node)
}

/// Writes down that this directory is ours and that our device speaks.
fn settle(home: &Home, store: &Store, author: AuthorId, restoring: bool) -> Result<(), Error> {
    if restoring && let Some(record) = store.read()?.identity_of(&author)? {
        home.restored(&record)?;
    }
    Ok(home.settle()?)
}

fn file_size(home: &Home) -> u64 {
    std::fs::metadata(home.store_path()).map_or(0, |metadata| metadata.len())
}

/// Bytes free for us on the file system of `path`, and all that it has, where the system says so.
#[cfg(unix)]
pub fn room(path: &std::path::Path) -> Option<(u64, u64)> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some((stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize)))
}

/// Bytes free for us on the file system of `path`, and all that it has: here the system does not say.
#[cfg(not(unix))]
pub fn room(_: &std::path::Path) -> Option<(u64, u64)> {
    None
}

/// Random bytes of the operating system. Without them nothing can be signed safely, so the process
/// ends rather than go on.
#[expect(clippy::expect_used, reason = "a salt that is not random betrays what it should hide")]
fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has no random bytes");
}

impl Node {
    /// Has the engine do something. The answer comes after it is on disk.
    ///
    /// # Errors
    /// [`Refusal`], whose text is for the person.
    pub async fn command(&self, command: Command) -> Result<Reply, Refusal> {
        let gone = || Refusal::Storage("the node is stopping".into());
        let (answer, answered) = oneshot::channel();
        self.shared.commands.send(brain::Wish::Do(command, answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// The store as it is now.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn read(&self) -> Result<Reader, store::Error> {
        self.store()?.read()
    }

    fn store(&self) -> Result<Store, store::Error> {
        let store = self.shared.store.read().unwrap_or_else(PoisonError::into_inner).clone();
        #[cfg(test)]
        if store.is_none() {
            self.shared.refused.send_modify(|count| *count += 1);
        }
        store.ok_or(store::Error::Closed)
    }

    /// Does something while nobody can read the store, as after its disk failed. Then waits until somebody wanted to, and
    /// gives it back.
    #[cfg(test)]
    pub(crate) async fn without_store<R>(&self, work: impl Future<Output = R>) -> R {
        let mut refused = self.shared.refused.subscribe();
        let store = self.shared.store.write().unwrap_or_else(PoisonError::into_inner).take();
        let done = work.await;
        // The sender is the node's.
        let _ = refused.changed().await;
        *self.shared.store.write().unwrap_or_else(PoisonError::into_inner) = store;
        done
    }

    /// The files that posts show.
    pub fn blobs(&self) -> &Blobs {
        &self.shared.blobs
    }

    /// What goes on from now on.
    pub fn watched(&self) -> Watched {
        let mut status = self.shared.status.clone();
        // What is so already is news to whoever begins to watch.
        status.mark_changed();
        Watched { status, news: self.events(), stopping: self.shared.stop.subscribe() }
    }

    /// The node, without keeping it.
    pub fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.shared))
    }

    /// Whose node this is.
    pub fn author(&self) -> AuthorId {
        self.shared.author
    }

    /// The key that signs here.
    pub fn device(&self) -> DeviceKey {
        self.shared.device
    }

    /// What other nodes know this one by.
    pub fn peer_id(&self) -> PeerId {
        self.shared.peer
    }

    /// The directory.
    pub fn home(&self) -> &Home {
        &self.shared.home
    }

    /// Where other nodes reach this one, each with the peer id at its end.
    pub fn listen(&self) -> Vec<Multiaddr> {
        let ours = libp2p::multiaddr::Protocol::P2p(self.shared.peer);
        self.shared.status.borrow().listen.iter().map(|address| address.clone().with(ours.clone())).collect()
    }

    /// A number that is another one after every commit: see [`Store::version`].
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn store_version(&self) -> Result<u64, store::Error> {
        Ok(self.store()?.version())
    }

    /// News of what is stored, from now on. A watcher that is too slow misses some, and is told so.
    pub fn events(&self) -> broadcast::Receiver<engine::Event> {
        self.shared.news.subscribe()
    }

    /// Of the same news only what changes a timeline that somebody looks at right now: what a session brings in bulk
    /// does not drown it.
    pub fn live(&self) -> broadcast::Receiver<engine::Event> {
        self.shared.live.subscribe()
    }

    /// Waits until the engine's status is as `wanted` says. False if the node stops before that.
    pub async fn wait_for(&self, wanted: impl FnMut(&engine::Status) -> bool) -> bool {
        self.shared.status.clone().wait_for(wanted).await.is_ok()
    }

    /// Reads everything back and checks it. Takes a core for as long as it takes.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn verify_store(&self) -> Result<Verification, store::Error> {
        self.store()?.verify()
    }

    /// Stops in good order: connections are closed, what was taken in is on disk.
    pub async fn shutdown(self) {
        self.stop();
        self.stopped().await;
    }

    /// Waits until the node has stopped, because it was told to or by itself: see [`Node::failure`].
    pub async fn stopped(&self) {
        // An error means that the engine thread is gone, which is what is waited for.
        let _ = self.shared.stopped.clone().wait_for(|stopped| *stopped).await;
        if let Some(indexing) = self.shared.indexing.get() {
            while indexing.clone().changed().await.is_ok() {}
        }
        self.shared.store.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Begins to stop, without waiting.
    pub fn stop(&self) {
        // Also if nobody listens any more: whoever asks later is to know.
        self.shared.stop.send_replace(true);
    }

    /// Whether the node stops, or has stopped.
    pub fn stopping(&self) -> bool {
        *self.shared.stop.borrow()
    }

    /// Why the node ends, or ended, although nobody told it to.
    pub fn failure(&self) -> Option<&'static str> {
        self.shared.failed.get().copied()
    }

    /// Stops because of what cannot be gone on after. What follows from the first failure is none of its own.
    fn fail(&self, why: &'static str) {
        if self.shared.failed.set(why).is_ok() {
            tracing::error!("the node ends: {why}");
        }
        self.stop();
    }

    /// Stops when the network ends by itself: nobody would be heard any more.
    fn watch_network(&self) {
        let Some(network) = self.shared.network.clone() else { return };
        let (node, mut stopping) = (self.downgrade(), self.shared.stop.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // The engine ends the network with the node, also if nobody has the node any more.
                _ = stopping.wait_for(|stop| *stop) => {}
                () = network.ended() => {
                    if let Some(node) = node.upgrade() {
                        node.fail("the network ended by itself");
                    }
                }
            }
        });
    }

    /// Tells the engine now and then what room there is.
    fn watch_disk(&self) {
        let node = Arc::downgrade(&self.shared);
        let mut stopping = self.shared.stop.subscribe();
        tokio::spawn(async move {
            loop {
                let Some(shared) = node.upgrade() else { return };
                let (path, size) = (shared.home.path().to_owned(), file_size(&shared.home));
                shared.file_bytes.store(size, std::sync::atomic::Ordering::Relaxed);
                if let Some((free, total)) = room(&path) {
                    let disk = engine::Disk { free, total, store: size };
                    if shared.commands.send(brain::Wish::Disk(disk)).await.is_err() {
                        return;
                    }
                }
                drop(shared);
                tokio::select! {
                    () = tokio::time::sleep(DISK_EVERY) => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
            }
        });
    }

    /// Writes down that the guard opened, once it did.
    fn watch_guard(&self, restoring: bool) {
        let node = self.clone();
        tokio::spawn(async move {
            if node.wait_for(|status| status.guarded.is_none() && !status.listen.is_empty()).await
                && let Ok(store) = node.store()
                && let Err(error) = settle(&node.shared.home, &store, node.shared.author, restoring)
            {
                tracing::error!("cannot write down that the feed was recovered: {error}");
            }
        });
    }
}
