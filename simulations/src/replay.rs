//! A recording of a real node, run again in an engine over memory: what it did, whether it does so again, and what
//! took how long.
//!
//! The recording has no texts, so their hashes do not fit ([`starling_protocol::entry::blanked`] says how that is
//! borne here and nowhere else), and no keys: what was signed there is taken in as a file would be. Everything else is
//! the node's own engine and store, given the same inputs at the same times in the same batches.

mod inputs;
mod report;

use std::{
    collections::VecDeque,
    io::BufRead,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use starling::{
    engine::{Engine, Input, Setup, command::ImportItem},
    recording::{self, Batch, Broken, Counts, End, Head, Item, Own, Reader, Thing, counts, summary},
    store::{self, Store, audit, peers::PeerRow},
};
use starling_protocol::{entry::blanked, keys::Secret};

use crate::disk::Disk;
use report::Stopwatch;
pub use report::{Difference, Report, State, Timing};

/// Differences that are told one by one; all are counted. The first ones say what went another way.
const TOLD: usize = 20;

/// Why a recording cannot be replayed at all. What is wrong further on in the file is in the [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is no recording.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Something in it is signed and cannot be read, although its check sum is right.
    #[error("the recording makes no sense: {0}")]
    Senseless(&'static str),
    /// The store in memory failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What to do with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Stop before the first batch that is so many milliseconds after the beginning.
    pub until: Option<u64>,
    /// Look through the whole store every so many batches, and at the end; never if none.
    pub audit_every: Option<u64>,
}

/// Runs a recording again.
///
/// # Errors
/// If it is none, or memory fails as a disk.
pub fn replay(from: impl BufRead, options: Options) -> Result<Report, Error> {
    // For as long as this lasts, and on this thread alone.
    let _blanked = blanked::take();
    let mut reader = Reader::new(from)?;
    let began = Instant::now();
    let mut replay = Replay::begin(&reader.head, options)?;
    let file_end = loop {
        match reader.next() {
            Ok(None) => break "the file ends without saying that it does".to_owned(),
            Err(broken) => break broken.to_string(),
            Ok(Some(Item::End(End { why, summary }))) => {
                replay.recorded = Some(summary);
                break why;
            }
            Ok(Some(item)) => {
                if !replay.item(item)? {
                    break "as far as was asked for".to_owned();
                }
            }
        }
    };
    let items = reader.items();
    replay.finish(reader.head, file_end, items, began.elapsed())
}

/// The small random numbers that the engine drew then, to be drawn again.
type Draws = Arc<Mutex<VecDeque<u8>>>;

struct Replay {
    options: Options,
    store: Store,
    /// None until everything that was held is in the store.
    engine: Option<Engine>,
    head: Head,
    draws: Draws,
    held: Vec<ImportItem>,
    requests: u64,
    whole: bool,
    last_at: u64,
    recorded: Option<recording::Summary>,
    report: Report,
    watch: Stopwatch,
    hash: blake3::Hasher,
}

/// No clock shows more milliseconds since 1970: that is in 285,000 years, and what is added to it still fits.
const LATEST: u64 = 1 << 53;

/// Things taken in at once before the engine begins.
const AT_ONCE: usize = 2_048;

impl Replay {
    fn begin(head: &Head, options: Options) -> Result<Self, Error> {
        if head.at > LATEST {
            return Err(Error::Senseless("the time in its head"));
        }
        let recording::Policy { store_bytes, followed_bytes, seen_bytes, stranger_bytes, .. } = head.policy;
        if [store_bytes, followed_bytes, seen_bytes, stranger_bytes].into_iter().any(|bytes| bytes > LATEST) {
            return Err(Error::Senseless("the bounds in its head"));
        }
        let store = Store::over(Disk::new(false), 0)?;
        Ok(Self {
            options,
            store,
            engine: None,
            head: head.clone(),
            draws: Draws::default(),
            held: Vec::new(),
            requests: 0,
            whole: true,
            last_at: head.at,
            recorded: None,
            report: Report::default(),
            watch: Stopwatch::default(),
            hash: blake3::Hasher::new(),
        })
    }

    /// Takes the next item. False when that is far enough.
    fn item(&mut self, item: Item) -> Result<bool, Error> {
        match item {
            Item::Held(thing) => {
                self.report.held += u64::from(matches!(thing, Thing::Entry(_)));
                self.held.extend(inputs::thing(&thing));
                if self.held.len() >= AT_ONCE {
                    self.hold()?;
                }
            }
            Item::Peer(id, row) => {
                // Its number is for this store to give.
                let known = |peer: &mut PeerRow| *peer = PeerRow { number: peer.number, ..row };
                self.store.write(|batch| batch.change_peer(&id, known))?;
            }
            Item::Whole(whole) => {
                self.hold()?;
                self.whole = whole;
            }
            Item::Began(outputs, draws) => {
                self.draw(&draws);
                let (engine, found) = Engine::new(self.store.clone(), self.setup()?, self.head.at)?;
                self.engine = Some(engine);
                self.compare(0, self.head.at, &outputs, &counts(&found), false);
            }
            Item::Batch(batch) => {
                if self.options.until.is_some_and(|until| batch.at.saturating_sub(self.head.at) >= until) {
                    return Ok(false);
                }
                self.batch(batch)?;
            }
            Item::End(_) => {}
        }
        Ok(true)
    }

    /// Brings what was held then into the store, by an engine of its own.
    fn hold(&mut self) -> Result<(), Error> {
        let items = std::mem::take(&mut self.held);
        if items.is_empty() {
            return Ok(());
        }
        let (mut engine, _) = Engine::new(self.store.clone(), self.setup()?, self.head.at)?;
        let request = self.request();
        engine.handle(self.head.at, Input::Command(request, starling::engine::Command::Import(items)));
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> Result<(), Error> {
        let Some(mut engine) = self.engine.take() else {
            return Err(Error::Senseless("a batch comes before the engine began"));
        };
        if batch.at > LATEST {
            return Err(Error::Senseless("the time of a batch"));
        }
        self.draw(&batch.draws);
        self.last_at = batch.at;
        self.report.batches += 1;
        self.report.inputs += batch.inputs.len() as u64;
        let mut own: Vec<ImportItem> = batch.own.iter().filter_map(own).collect();
        let mut given = Vec::with_capacity(batch.inputs.len());
        let mut signs = false;
        for happened in &batch.inputs {
            let request = self.request();
            let since = Instant::now();
            let input = inputs::input(happened, request, self.requests, &mut signs, &mut own);
            self.watch.checked(happened.kind(), since.elapsed());
            given.extend(input);
        }
        let since = Instant::now();
        let found = engine.handle_all(batch.at, given);
        self.watch.handled(&batch.inputs, since.elapsed());
        self.engine = Some(engine);
        self.compare(self.report.batches, batch.at, &batch.outputs, &counts(&found), signs);
        if self.options.audit_every.is_some_and(|every| self.report.batches.is_multiple_of(every.max(1))) {
            self.audit()?;
        }
        Ok(())
    }

    /// Notes how the outputs of a batch differ in kind from those that were recorded. What was signed then is only
    /// taken in here: neither published nor answered, and so it waits for nobody, which is all that the status of
    /// this batch and of later ones can differ in.
    fn compare(&mut self, batch: u64, at: u64, recorded: &Counts, found: &Counts, signs: bool) {
        self.hash.update(&at.to_le_bytes());
        for (kind, count) in found {
            self.hash.update(kind.as_bytes()).update(&count.to_le_bytes());
        }
        let left_out =
            |kind: &str| kind == "status" || (signs && ["publish", "reply", "refusal"].contains(&kind));
        let of = |counts: &Counts| -> Counts {
            counts
                .iter()
                .filter(|(kind, _)| !left_out(kind))
                .map(|(kind, count)| (kind.clone(), *count))
                .collect()
        };
        let (recorded, found) = (of(recorded), of(found));
        if recorded == found {
            return;
        }
        self.report.differing += 1;
        if self.report.differences.len() < TOLD {
            let at_s = at.saturating_sub(self.head.at) as f64 / 1_000.0;
            self.report.differences.push(Difference { batch, at_s, recorded, found });
        }
    }

    fn audit(&mut self) -> Result<(), Error> {
        if self.report.violations.len() < TOLD {
            let batch = self.report.batches;
            let found = audit::audit(&self.store)?;
            self.report
                .violations
                .extend(found.into_iter().map(|what| format!("after batch {batch}: {what}")));
        }
        Ok(())
    }

    fn draw(&mut self, draws: &[u8]) {
        let mut held = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        // What was left over was drawn then for something that did not happen here.
        held.clear();
        held.extend(draws);
    }

    fn request(&mut self) -> starling::engine::Request {
        self.requests += 1;
        starling::engine::Request(self.requests)
    }

    fn setup(&self) -> Result<Setup, Error> {
        let senseless = |_| Error::Senseless("the peer id in its head");
        let draws = self.draws.clone();
        Ok(Setup {
            author: self.head.author,
            peer: libp2p::PeerId::from_bytes(&self.head.peer).map_err(senseless)?,
            identity: self.head.identity.clone(),
            // Made up: the one that signed is nowhere but in its home, and nothing is signed here.
            device: Secret::from_seed(*blake3::hash(&self.head.peer).as_bytes()),
            root: None,
            entropy: Box::new(move |bytes| {
                let mut draws = draws.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.fill_with(|| draws.pop_front().unwrap_or_default());
            }),
            guard: self.head.guarded.then_some("it was closed when the recording began"),
            bootstrap: self.head.bootstrap.iter().filter_map(|address| address.parse().ok()).collect(),
            policy: self.head.policy.into(),
        })
    }

    fn finish(
        mut self,
        head: Head,
        file_end: String,
        items: u64,
        took: std::time::Duration,
    ) -> Result<Report, Error> {
        if self.options.audit_every.is_some() {
            self.audit()?;
        }
        let summary = summary(&self.store)?;
        let stats = self.store.read()?.stats()?;
        self.hash.update(summary.heads.as_bytes());
        Ok(Report {
            software: head.software,
            author: head.author.to_string(),
            began_ms: head.at,
            file_end,
            items,
            whole: self.whole,
            span_s: self.last_at.saturating_sub(head.at) as f64 / 1_000.0,
            wall_s: took.as_secs_f64(),
            same_state: self.recorded.as_ref().map(|recorded| *recorded == summary),
            recorded: self.recorded,
            state: State {
                entries: summary.entries,
                logs: summary.logs,
                heads: summary.heads,
                authors: stats.authors,
                feeds: stats.feeds,
                home: stats.home,
                network: stats.network,
                forks: stats.forks,
            },
            digest: self.hash.finalize().to_hex().to_string(),
            timings: self.watch.timings(),
            ..self.report
        })
    }
}

/// What was signed then, as a file would bring it.
fn own(own: &Own) -> Option<ImportItem> {
    match own {
        Own::Entry(bytes) => inputs::thing(&Thing::Entry(bytes.clone())),
        Own::Identity(record) => Some(ImportItem::Identity(record.clone())),
    }
}

#[cfg(test)]
#[path = "replay/tests.rs"]
mod tests;
