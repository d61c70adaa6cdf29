//! What whoever runs a world holds in hand: a way to stop it, to be told how far it is, and how closely to look.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::plan::Micros;

/// Which layer carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Gossip and links are modelled.
    Model,
    /// The node's network task over simulated wires.
    Real,
}

/// How often the invariants are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checking {
    /// Never.
    #[default]
    Off,
    /// At each sample and at the end.
    Samples,
    /// After every input of a node. Slow: for tests of small worlds.
    Steps,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Virtual time.
    pub at: Micros,
    /// Of so much.
    pub span: Micros,
    /// Events so far.
    pub events: u64,
    /// Nodes that run.
    pub running: u32,
}

/// Who is told how far a run is.
pub type Watcher = Box<dyn FnMut(Progress) + Send>;

/// The reins of a run.
#[derive(Default)]
pub struct Control {
    /// Once it is true, the run ends at the next moment, and what it has so far is its result.
    pub stop: Arc<AtomicBool>,
    /// Told at each sample.
    pub watcher: Option<Watcher>,
    /// How closely to look.
    pub checking: Checking,
    /// No override of randomness and no trace: only to measure what determinism costs.
    pub free: bool,
}

impl Control {
    /// Whether the run shall end now.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells how far it is.
    pub fn tell(&mut self, progress: Progress) {
        if let Some(watcher) = &mut self.watcher {
            watcher(progress);
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Virtual time that was reached.
    pub at: Micros,
    /// Whether that is the end of the plan.
    pub complete: bool,
}
