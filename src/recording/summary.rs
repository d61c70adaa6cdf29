//! What is compared between a recording and its replay: how many outputs of which kind, and what is held in the end.

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::{
    engine::{Event, Output},
    network::{Command, Verdict},
    store::{Error, Store},
};

/// What a store holds, in short.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Entries.
    pub entries: u64,
    /// Logs.
    pub logs: u64,
    /// BLAKE3 over every log in the order of author, device and number: where each run of entries begins and ends,
    /// and the id of its last. Hexadecimal.
    pub heads: String,
}

/// What a store holds.
///
/// # Errors
/// If it cannot be read.
pub fn summary(store: &Store) -> Result<Summary, Error> {
    let mut authors = store.write(|batch| {
        let numbers = batch.all_authors()?;
        numbers.into_iter().map(|number| Ok(batch.author(number)?.author)).collect::<Result<Vec<_>, _>>()
    })?;
    authors.sort_unstable();
    let reader = store.read()?;
    let mut hasher = blake3::Hasher::new();
    let mut logs = 0;
    for author in authors {
        let mut rows = reader.log_rows(&author)?;
        rows.sort_unstable_by_key(|row| (row.device, row.log));
        // A log that was only heard of holds nothing.
        for row in rows.iter().filter(|row| !row.state.runs().is_empty()) {
            logs += 1;
            hasher.update(author.as_bytes()).update(row.device.as_bytes()).update(&[row.log]);
            for run in row.state.runs() {
                hasher.update(&run.lo.to_le_bytes()).update(&run.hi.to_le_bytes());
                hasher.update(run.head.as_bytes());
            }
        }
    }
    let entries = reader.stats()?.entries;
    Ok(Summary { entries, logs, heads: hasher.finalize().to_hex().to_string() })
}

/// How many outputs there are of each kind.
pub fn counts(outputs: &[Output]) -> Counts {
    let mut counts = Counts::new();
    for kind in outputs.iter().filter_map(kind) {
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    counts
}

/// None for what is told to whoever looks on: that hangs on texts and on what the person keeps for themselves, of
/// which a recording has neither.
fn kind(output: &Output) -> Option<&'static str> {
    Some(match output {
        Output::Reply(_, Ok(_)) => "reply",
        Output::Reply(_, Err(_)) => "refusal",
        Output::Status(_) => "status",
        Output::Event(event) => match event {
            Event::Stored { .. } => "stored",
            Event::Erased { .. } => "erased",
            Event::Posted { .. }
            | Event::Edited { .. }
            | Event::Gone(_)
            | Event::Notified(_)
            | Event::Kept(_) => return None,
            Event::Identity(_) => "identity",
            Event::Forked { .. } => "forked",
            Event::Synced(_) => "synced",
        },
        Output::Network(command) => match command {
            Command::Dial { .. } => "dial",
            Command::Disconnect { .. } => "disconnect",
            Command::Ban { .. } => "ban",
            Command::Unban { .. } => "unban",
            Command::Join { .. } => "join",
            Command::Leave { .. } => "leave",
            Command::Publish { .. } => "publish",
            Command::Verdict { verdict: Verdict::Accept, .. } => "accept",
            Command::Verdict { verdict: Verdict::Ignore, .. } => "ignore",
            Command::Verdict { verdict: Verdict::Reject, .. } => "reject",
            Command::OpenSync { .. } => "open sync",
            Command::SendSync { .. } => "send sync",
            Command::CloseSync { .. } => "close sync",
            Command::Stats { .. } => "stats",
            Command::Gauges { .. } => "gauges",
        },
    })
}
