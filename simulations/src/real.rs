//! The real layer: the node's own network task, libp2p and all, over simulated wires and under virtual time.
//!
//! ```text
//!            ┌───────────────── one thread, one clock ─────────────────┐
//! plan ──▶ world ──▶ cast (engines) ◀──▶ brain ◀──▶ network task ──▶ net ──▶ the other nodes
//!            └── starts, ends, cuts, posts ──────────────────────────▶ ┘
//! ```
//! Everything runs on one fresh thread whose clock and randomness are [`det`]'s, so one seed gives one run. Those can
//! be taken over on Linux with the GNU C library; elsewhere this layer says that it is not available.

use crate::cast::Cast;
use crate::control::{Control, Ended};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod brain;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub mod det;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod ledger;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod net;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod stream;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod world;

/// What connections are secured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crypto {
    /// As the node does it.
    #[default]
    Noise,
    /// Not at all: peers say who they are and are believed. For large worlds in which nobody lies about that.
    Plaintext,
}

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This system's clock and randomness cannot be taken over.
    #[error("the real layer needs Linux with the GNU C library; the model layer runs everywhere")]
    Unavailable,
    /// The system has no thread, or no timer, for a run.
    #[error("the simulation's thread could not be set up: {0}")]
    Thread(#[from] std::io::Error),
    /// The thread ended by a panic, which is a fault of the simulator or of the node.
    #[error("the simulation's thread panicked")]
    Panicked,
    /// A node's network did not start.
    #[error("node {node}'s network: {error}")]
    Network {
        /// Which node.
        node: crate::plan::NodeId,
        /// Why.
        error: starling::network::Error,
    },
    /// An engine or a store failed.
    #[error(transparent)]
    Cast(#[from] anyhow::Error),
}

/// Bytes that a host put on its wire and took from it, headers included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wire {
    /// Put on the wire.
    pub sent: u64,
    /// Taken from the wire.
    pub received: u64,
}

/// What a run leaves.
pub struct Outcome {
    /// The cast at the end, with its record.
    pub cast: Cast,
    /// How it ended.
    pub ended: Ended,
    /// Bytes on each node's wire, headers, handshakes and all.
    pub wires: Vec<Wire>,
    /// What the network tasks counted, summed over each node's processes.
    pub counters: Vec<starling::network::Counters>,
}

/// Lives through the cast's plan.
///
/// # Errors
/// [`Error`]; nothing of the run is left then.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn run(cast: Cast, control: &mut Control, crypto: Crypto) -> Result<Outcome, Error> {
    /// Progress that may wait for the watcher; a slow watcher is not waited for.
    const TOLD: usize = 4;
    let (tell, told) = std::sync::mpsc::sync_channel(TOLD);
    let (stop, free) = (control.stop.clone(), control.free);
    let live = move || {
        det::enter(cast.plan.epoch_ms, (!free).then_some(cast.plan.seed));
        let runtime = det::runtime()?;
        world::live(runtime, cast, crypto, &stop, &|progress| {
            // Whoever watches by the machine's clock does so on another thread.
            let _ = tell.try_send(progress);
        })
    };
    let thread = std::thread::Builder::new().name("simulation".into()).spawn(live)?;
    for progress in told {
        control.tell(progress);
    }
    thread.join().map_err(|_| Error::Panicked)?
}

/// Says that this cannot be done here.
///
/// # Errors
/// [`Error::Unavailable`].
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn run(_: Cast, _: &mut Control, _: Crypto) -> Result<Outcome, Error> {
    Err(Error::Unavailable)
}
