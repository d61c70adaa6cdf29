//! The real layer: the node's own network task, libp2p and all, over simulated wires and under virtual time.
//!
//! ```text
//!            ┌───────────────── one thread, one clock ─────────────────┐
//! plan ──▶ world ──▶ cast (engines) ◀──▶ brain ◀──▶ network task ──▶ net ──▶ the other nodes
//!            └── starts, ends, cuts, posts ──────────────────────────▶ ┘
//! ```
//! Everything runs on one fresh thread whose clock and randomness are [`det`]'s, so one seed gives one run. Linux
//! only: elsewhere those cannot be taken over.

use std::sync::mpsc::sync_channel;

use crate::cast::Cast;
use crate::control::{Control, Ended, Progress};

mod brain;
pub mod det;
mod ledger;
mod net;
mod stream;
mod world;

pub use net::Wire;

/// Progress that may wait for the watcher; a slow watcher is not waited for.
const TOLD: usize = 4;

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
pub fn run(cast: Cast, control: &mut Control, crypto: Crypto) -> Result<Outcome, Error> {
    let (tell, told) = sync_channel::<Progress>(TOLD);
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
