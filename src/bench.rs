//! What the node can do on this machine, each figure beside the bound it is to be judged by.
//!
//! A rate alone says more about the machine than about the node, so the rates stand beside what the
//! same machine does with signatures alone, measured in the same run and interleaved with it: the
//! ratio is what counts. Feeds are made up from a fixed seed and thrown away afterwards.

mod api;
mod blob;
mod compare;
mod feeds;
mod ingest;
mod measure;
mod publish;
mod rig;
mod scratch;
mod start;
mod sync;
mod timeline;
mod tui;
mod words;

use std::path::PathBuf;

pub use measure::{Bound, Measure, Target};
pub use start::{child, door};

use crate::{engine::Refusal, home, runtime, store};

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// From bytes to committed and indexed.
    Ingest,
    /// A cold sync between two processes, and reading out for it alone.
    Sync,
    /// Comparing many feeds of which few changed.
    Compare,
    /// From publishing to a follower's timeline.
    Publish,
    /// A page of a long timeline.
    Timeline,
    /// Start, disk and memory.
    Start,
    /// The HTTP door under load.
    Api,
    /// A file fetched from a peer.
    Blob,
    /// The terminal UI.
    Tui,
    /// What it costs to be found by words.
    Words,
    /// All of them.
    All,
}

/// How much is to be measured; what is not said is what the figures are stated for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Entries in all.
    pub entries: Option<usize>,
    /// Feeds that they are spread over.
    pub feeds: Option<usize>,
    /// Where to put stores meanwhile, if not in the system's folder for such things.
    pub dir: Option<PathBuf>,
    /// Where a store that takes minutes to make is left for the next run.
    pub keep: Option<PathBuf>,
}

/// Who is told how it goes.
pub trait Watch {
    /// A figure was found.
    fn measured(&mut self, measure: &Measure);
    /// What is being done now, for a person who waits.
    fn doing(&mut self, what: &str);
}

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A home.
    #[error(transparent)]
    Home(#[from] home::Error),
    /// A node.
    #[error(transparent)]
    Runtime(#[from] runtime::Error),
    /// A node refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file, a thread or a process.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What was measured did not do what it was to do, so its time means nothing.
    #[error("the measure is void: {0}")]
    Void(String),
}

impl Options {
    fn entries(&self, stated: usize) -> usize {
        self.entries.unwrap_or(stated).max(1)
    }

    fn feeds(&self, stated: usize) -> usize {
        self.feeds.unwrap_or(stated).max(1)
    }
}

/// Measures.
///
/// # Errors
/// [`Error`]; what was found before was told already.
pub fn run(verb: Verb, options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let all = verb == Verb::All;
    if all || verb == Verb::Ingest {
        ingest::run(options, watch)?;
    }
    if all || verb == Verb::Sync {
        sync::run(options, watch)?;
    }
    if all || verb == Verb::Compare {
        compare::run(options, watch)?;
    }
    if all || verb == Verb::Publish {
        publish::run(options, watch)?;
    }
    if all || matches!(verb, Verb::Api | Verb::Blob) {
        blob::run(options, watch)?;
    }
    if all || verb == Verb::Words {
        words::run(options, watch)?;
    }
    if all || verb == Verb::Api {
        api::run(options, watch)?;
    }
    if all || verb == Verb::Tui {
        tui::run(options, watch)?;
    }
    if all || verb == Verb::Timeline || verb == Verb::Start {
        // Both want a long timeline, which takes a minute to make.
        let long = timeline::Long::make(options, watch)?;
        if all || verb == Verb::Timeline {
            long.pages(watch)?;
        }
        if all || verb == Verb::Start {
            start::run(options, &long, watch)?;
        }
    }
    Ok(())
}
