//! Plans for engines that run the real program: the same world, carried by somebody else's wires.
//!
//! ```text
//! plan ─┬─▶ netns    a script: network namespaces of Linux, real sockets, real time
//!       └─▶ shadow   a configuration and a graph: the Shadow simulator, virtual time
//! ```
//! What an engine cannot do of a plan is never dropped in silence: it is listed in what is written and given back.

pub mod netns;
pub mod shadow;
pub mod steps;

use std::path::{Path, PathBuf};

/// Why nothing was written, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The home of a node cannot be made.
    #[error(transparent)]
    Home(#[from] starling::home::Error),
    /// More than the engine can carry.
    #[error("the plan has {count} {what}, {engine} carries at most {most}: {reason}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// Which engine.
        engine: &'static str,
        /// How many it can.
        most: usize,
        /// Why.
        reason: &'static str,
    },
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// The files, the one to begin with first.
    pub files: Vec<PathBuf>,
    /// How it is started.
    pub start: String,
    /// What could not be carried over, each in a sentence.
    pub losses: Vec<String>,
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let io = |error| Error::Io { path: path.into(), error };
    // Beside its place and renamed into it: a disk that fills leaves no half of a script behind.
    let young = path.with_extension("new");
    std::fs::write(&young, text).map_err(io)?;
    std::fs::rename(&young, path).map_err(io)
}

fn folder(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|error| Error::Io { path: path.into(), error })
}

/// A text that a comment of one line can hold.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    //! A small plan for the tests of all engines.

    use std::sync::Arc;

    use crate::plan::{GossipModel, Links, Nat, NodePlan, Plan, PolicyPlan, Role, SEC, Spread};

    /// So many nodes in two regions, in which nothing happens.
    pub(super) fn plan(nodes: usize) -> Plan {
        let node = NodePlan {
            region: 0,
            up_bps: 10_000_000,
            down_bps: 20_000_000,
            nat: Nat::Open,
            relay: false,
            skew_ms: 0,
            dials: Vec::new(),
            bootstrap: Vec::new(),
            role: Role::Honest,
            careful_disk: false,
        };
        Plan {
            scenario: "small".into(),
            asks: "What is written?".into(),
            expects: "What was planned.".into(),
            seed: 1,
            span: 10 * SEC,
            epoch_ms: 1_800_000_000_000,
            nodes: vec![node; nodes],
            regions: vec!["here".into(), "there".into()],
            links: Links {
                latency: vec![vec![Spread::Fixed(5_000.0); 2]; 2],
                jitter: Spread::Fixed(0.0),
                loss: 0.0,
                queue_bytes: 100_000,
            },
            follows: Arc::new(vec![Vec::new(); nodes]),
            follows_signed: true,
            happenings: Vec::new(),
            posts: 2,
            phases: Vec::new(),
            policy: PolicyPlan { outbound: 8, ..PolicyPlan::default() },
            sample_every: SEC,
            gossip: GossipModel::default(),
        }
    }
}
