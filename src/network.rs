//! The network layer: one task that owns the libp2p swarm, carries bytes between it and the rest of the node, and
//! takes no decisions.
//!
//! It knows topics, streams and addresses, but no entry and no author. What arrives is handed up as an [`Event`];
//! what shall happen comes down as a [`Command`]. Whether a gossiped frame deserves to be forwarded is the engine's
//! [`Verdict`], and whom to call, keep or ban is its choice as well; this layer only keeps every queue, stream and
//! connection inside a stated bound, so that no peer can spend more of this machine than was set aside for it.
//!
//! ```text
//!   Handle ──Command──▶ task ◀──▶ swarm ◀──▶ peers
//!                        │ outbox (control first, then admitted gossip)
//!   runtime ◀──Event─────┴──────────── sync streams, one small task each
//! ```

use libp2p::Multiaddr;
use libp2p::identity::Keypair;
use tokio::sync::{mpsc, oneshot};

mod admission;
mod behaviour;
mod blobs;
mod boxed;
mod bucket;
mod command;
mod discovery;
mod event;
mod gossip;
mod limits;
mod muxer;
mod outbox;
mod stats;
mod substream;
mod sync;
mod task;
mod transport;
mod witness;

#[cfg(test)]
mod tests;

pub use blobs::{BLOB_PROTOCOL, BlobStream};
pub use command::{Command, Counters, Gauges, PeerStats, ShardStats, Stats, Verdict};
pub use event::{Event, GossipRef, Misbehaviour, StreamId, SyncRole};
pub use gossip::{MAX_GOSSIP_FRAME, SHARDS};
pub use limits::Limits;
pub use sync::{MAX_SYNC_FRAME, SYNC_PROTOCOL};
pub use transport::{Wire, multiplex, secure};
pub use witness::Witness;

/// Commands that may wait for the network task. A writer that fills it waits, which is the wanted brake; 256 is a
/// few milliseconds of the task's work.
const COMMAND_QUEUE: usize = 256;

/// How many strangers and strain a node is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// A person's own node: few connections, small memory.
    #[default]
    Home,
    /// A machine that serves many nodes.
    Relay,
}

/// What [`start`] needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key that peers know this node by. It is neither an author's nor a device's key.
    pub keypair: Keypair,
    /// Addresses to listen on (`/ip4/…/tcp/…`, `/ip4/…/udp/…/quic-v1`); none means that this node only dials.
    pub listen: Vec<Multiaddr>,
    /// Whether to announce this node on the local network and to look for others there.
    pub mdns: bool,
    /// Home or relay; only kept to say so in the log, what follows from it is in `limits`.
    pub role: Role,
    /// The bounds of everything; [`Limits::of`] the role unless a test needs others.
    pub limits: Limits,
    /// Where streams for files go; without, none is taken.
    pub blobs: Option<mpsc::Sender<BlobStream>>,
    /// Who is told of every copy of a gossiped frame; only for those who measure.
    pub witness: Option<Witness>,
}

impl Config {
    /// The usual settings of a role: no listening address, mDNS off.
    pub fn new(keypair: Keypair, role: Role) -> Self {
        let limits = Limits::of(role);
        Config { keypair, listen: Vec::new(), mdns: false, role, limits, blobs: None, witness: None }
    }
}

/// Why the network could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment asks the TLS library to write session keys to a file, which would open every QUIC connection
    /// to whoever reads it.
    #[error(
        "SSLKEYLOGFILE is set: it would write the keys of every connection to a file; unset it and start again"
    )]
    KeyLog,
    /// Noise could not be set up with this key.
    #[error("the node key cannot be used for encryption: {0}")]
    Noise(#[from] libp2p::noise::Error),
    /// A gossip setting was refused by the library; only a change of the constants can cause it.
    #[error("gossip settings were refused: {0}")]
    Gossip(String),
    /// mDNS was asked for but its socket could not be opened.
    #[error("local discovery (mDNS) could not start: {0}")]
    Mdns(std::io::Error),
    /// There is no async runtime to run on.
    #[error("the network must be started inside a tokio runtime")]
    NoRuntime,
}

/// The network task is gone: it was shut down, or the receiver of its events was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the network is closed")]
pub struct Closed;

/// Why a command could not be handed over at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrySendError {
    /// The queue is full; try again or use [`Handle::send`].
    #[error("the network's command queue is full")]
    Full,
    /// The task is gone.
    #[error("the network is closed")]
    Closed,
}

/// The way to reach the network task. Cloning is cheap. When the last handle is dropped the task shuts down.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<task::Order>,
}

impl Handle {
    /// Hands a command over, waiting while the queue is full.
    ///
    /// # Errors
    /// [`Closed`] when the task is gone.
    pub async fn send(&self, command: Command) -> Result<(), Closed> {
        self.commands.send(task::Order::Command(command)).await.map_err(|_| Closed)
    }

    /// Hands a command over if there is room.
    ///
    /// # Errors
    /// [`TrySendError::Full`] when the queue is full, [`TrySendError::Closed`] when the task is gone.
    pub fn try_send(&self, command: Command) -> Result<(), TrySendError> {
        self.commands.try_send(task::Order::Command(command)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => TrySendError::Full,
            mpsc::error::TrySendError::Closed(_) => TrySendError::Closed,
        })
    }

    /// Opens a stream for files to a connected peer. [`BlobStream::Outbound`] follows where streams for files go.
    ///
    /// # Errors
    /// [`Closed`] when the task is gone.
    pub async fn open_blob(&self, peer: libp2p::PeerId) -> Result<(), Closed> {
        self.commands.send(task::Order::OpenBlob(peer)).await.map_err(|_| Closed)
    }

    /// Asks how the network is doing.
    ///
    /// # Errors
    /// [`Closed`] when the task is gone.
    pub async fn stats(&self) -> Result<Stats, Closed> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Stats { reply }).await?;
        answer.await.map_err(|_| Closed)
    }

    /// Asks for what can be told at next to no cost.
    ///
    /// # Errors
    /// [`Closed`] when the task is gone.
    pub async fn gauges(&self) -> Result<Gauges, Closed> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Gauges { reply }).await?;
        answer.await.map_err(|_| Closed)
    }

    /// Waits until the task has ended, in good order or not.
    pub async fn ended(&self) {
        self.commands.closed().await;
    }

    /// Closes all connections in good order and ends the task and everything it started; returns when that is done.
    /// Events still on their way are dropped. Calling it on a closed network does nothing.
    pub async fn shutdown(self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(task::Order::Shutdown(reply)).await.is_ok() {
            // An error means that the task ended for another reason meanwhile, which is what was wanted.
            let _ = done.await;
        }
    }
}

/// Starts the network on the current tokio runtime.
///
/// Listening happens after this returns: each address answers with [`Event::Listening`] or [`Event::ListenFailed`].
/// `events` should hold a few hundred; while it is full, control events wait in a bounded backlog, gossip is refused
/// after a bound and sync streams stop reading.
///
/// # Errors
/// See [`Error`].
pub fn start(mut config: Config, events: mpsc::Sender<Event>) -> Result<Handle, Error> {
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        return Err(Error::KeyLog);
    }
    // libp2p's TCP sockets share their port with whoever wants it too, so that calls can come from it. Two nodes at one
    // port would each get some of the connections that are meant for the other.
    config.listen.retain(|address| match transport::is_free(address) {
        Ok(()) => true,
        Err(error) => {
            let failed = Event::ListenFailed { address: address.clone(), reason: error.to_string() };
            // There is room: nothing else was told yet.
            let _ = events.try_send(failed);
            false
        }
    });
    let wire = transport::build(&config.keypair)?;
    start_over(config, wire, events)
}

/// Starts the same network over other connections than TCP and QUIC, for example those of a simulated network; see
/// [`secure`] for how to make them of byte streams. They must prove the peer that `config.keypair` names.
///
/// # Errors
/// See [`Error`].
pub fn start_over(config: Config, wire: Wire, events: mpsc::Sender<Event>) -> Result<Handle, Error> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::NoRuntime)?;
    let (commands, orders) = mpsc::channel(COMMAND_QUEUE);
    let task = task::Task::new(config, wire, events, orders)?;
    runtime.spawn(task.run());
    Ok(Handle { commands })
}
