//! What a replay found, for people and for programs.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;
use starling::recording::{Counts, Happened, Summary};

/// What was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Version of the program that recorded.
    pub software: String,
    /// Whose node it was.
    pub author: String,
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    /// How the file ends: "stopped" with its node, at its "limit", or a sentence.
    pub file_end: String,
    /// Items that were read, the head among them.
    pub items: u64,
    /// Whether everything that the store held at the beginning is in the file.
    pub whole: bool,
    /// Entries that it held then, as far as they are in the file.
    pub held: u64,
    /// Calls of the engine.
    pub batches: u64,
    /// What reached it in them.
    pub inputs: u64,
    /// From the beginning to the last batch, in seconds of the recorded clock.
    pub span_s: f64,
    /// What the replay took, in seconds.
    pub wall_s: f64,
    /// Batches whose outputs differ in kind or number from those that were recorded.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// What the audit of the store found wrong.
    pub violations: Vec<String>,
    /// Whether the store holds what the node's store held in the end; none if the file does not say.
    pub same_state: Option<bool>,
    /// What that was.
    pub recorded: Option<Summary>,
    /// What the store holds now.
    pub state: State,
    /// BLAKE3 over all outputs by kind and the final heads: two replays of one file have it in common.
    pub digest: String,
    /// Where the time went, the longest first.
    pub timings: Vec<Timing>,
}

/// A batch that went another way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Which, counted from 1; 0 is the beginning of the engine.
    pub batch: u64,
    /// When, in seconds since the beginning.
    pub at_s: f64,
    /// Outputs by kind, as recorded.
    pub recorded: Counts,
    /// As they are now.
    pub found: Counts,
}

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct State {
    /// Entries.
    pub entries: u64,
    /// Logs that have any.
    pub logs: u64,
    /// Digest of all their heads, see [`Summary::heads`].
    pub heads: String,
    /// Authors that are known.
    pub authors: u64,
    /// Feeds that are kept: our own and those that are followed.
    pub feeds: u64,
    /// Rows of the home timeline.
    pub home: u64,
    /// Rows of the network timeline.
    pub network: u64,
    /// Forks.
    pub forks: u64,
}

/// What one kind of input took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// Its name; "several kinds" are batches that had more than one.
    pub kind: String,
    /// How many there were.
    pub inputs: u64,
    /// Verifying them, in milliseconds. A node does that on all its cores.
    pub check_ms: f64,
    /// The engine with its store, in milliseconds, in batches of this kind alone.
    pub handle_ms: f64,
    /// Those batches.
    pub batches: u64,
}

/// Takes down what takes how long.
#[derive(Debug, Default)]
pub(super) struct Stopwatch(BTreeMap<&'static str, (u64, Duration, Duration, u64)>);

impl Stopwatch {
    /// An input was decoded and verified.
    pub fn checked(&mut self, kind: &'static str, took: Duration) {
        let row = self.0.entry(kind).or_default();
        row.0 += 1;
        row.1 += took;
    }

    /// A batch was handled.
    pub fn handled(&mut self, inputs: &[Happened], took: Duration) {
        let mut kinds = inputs.iter().map(Happened::kind);
        let Some(first) = kinds.next() else { return };
        let kind = if kinds.all(|kind| kind == first) { first } else { "several kinds" };
        let row = self.0.entry(kind).or_default();
        row.2 += took;
        row.3 += 1;
    }

    /// What was taken down.
    pub fn timings(self) -> Vec<Timing> {
        let ms = |took: Duration| took.as_secs_f64() * 1_000.0;
        let timing = |(kind, (inputs, check, handle, batches)): (&str, (u64, Duration, Duration, u64))| {
            Timing { kind: kind.to_owned(), inputs, check_ms: ms(check), handle_ms: ms(handle), batches }
        };
        let mut timings: Vec<Timing> = self.0.into_iter().map(timing).collect();
        timings.sort_by(|a, b| (b.check_ms + b.handle_ms).total_cmp(&(a.check_ms + a.handle_ms)));
        timings
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "node of {}, starling {}", self.author, self.software)?;
        let Self { batches, inputs, span_s, wall_s, .. } = self;
        writeln!(f, "{inputs} inputs in {batches} batches over {span_s:.1} s, replayed in {wall_s:.2} s")?;
        if !self.whole {
            writeln!(
                f,
                "the store was too large to be recorded whole: what follows began with a part of it"
            )?;
        }
        match self.file_end.as_str() {
            "stopped" => {}
            "limit" => writeln!(f, "the recording ended at its limit, the node went on")?,
            other => writeln!(f, "replayed up to here: {other}")?,
        }
        let State { entries, logs, feeds, home, network, forks, .. } = &self.state;
        writeln!(f, "holds {entries} entries in {logs} logs, {feeds} feeds, {forks} forks")?;
        writeln!(f, "timelines: home {home}, network {network}")?;
        match (self.same_state, &self.recorded) {
            (Some(true), _) => writeln!(f, "the node held the same in the end")?,
            (Some(false), Some(recorded)) => {
                let Summary { entries, logs, .. } = recorded;
                writeln!(f, "the node held something else in the end: {entries} entries in {logs} logs")?;
            }
            _ => {}
        }
        match self.differing {
            0 => writeln!(f, "every batch led to the same kinds of outputs")?,
            many => writeln!(f, "{many} batches led to other kinds of outputs:")?,
        }
        for difference in &self.differences {
            let Difference { batch, at_s, recorded, found } = difference;
            write!(f, "  batch {batch} at {at_s:.3} s:")?;
            let kinds: std::collections::BTreeSet<&String> = recorded.keys().chain(found.keys()).collect();
            for kind in kinds {
                let (then, now) = (recorded.get(kind).unwrap_or(&0), found.get(kind).unwrap_or(&0));
                if then != now {
                    write!(f, " {kind} {then} then, {now} now;")?;
                }
            }
            writeln!(f)?;
        }
        for violation in &self.violations {
            writeln!(f, "violated: {violation}")?;
        }
        writeln!(
            f,
            "{:<16} {:>8} {:>10} {:>8} {:>10}",
            "input", "count", "check ms", "batches", "engine ms"
        )?;
        for Timing { kind, inputs, check_ms, handle_ms, batches } in &self.timings {
            writeln!(f, "{kind:<16} {inputs:>8} {check_ms:>10.1} {batches:>8} {handle_ms:>10.1}")?;
        }
        write!(f, "digest {}", self.digest)
    }
}
