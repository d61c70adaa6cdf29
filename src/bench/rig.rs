//! A home and an engine to be measured, with nothing around them.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rayon::prelude::*;
use starling_protocol::keys::Phrase;

use super::{Error, feeds::Feed};
use crate::{
    clock,
    config::Config,
    engine::{
        Command, Engine, Input, Output, Policy, Refusal, Reply, Request, Setup, checked, command::ImportItem,
    },
    home::{Home, Places},
    store::Store,
};

/// Entries that are committed together where the time counts: what a few peers send while one commit
/// waits for the disk.
pub const BATCH: usize = 2_048;
/// And where only the result counts.
pub const LARGE: usize = 16_384;

/// A home for a new author. `number` keeps several apart.
pub fn home(dir: &Path, number: u8) -> Result<Home, Error> {
    let phrase = Phrase::from_entropy([number; 32]);
    Ok(Home::create(Places::within(dir.join(format!("home-{number}"))), &phrase)?)
}

/// The engine of a home, as the runtime sets it up.
pub fn engine(home: &Home) -> Result<Engine, Error> {
    let keys = home.keys()?;
    let cache = Config::default().store.cache_bytes as usize;
    let setup = Setup {
        author: home.author()?,
        peer: keys.keypair().public().to_peer_id(),
        identity: home.identity()?,
        device: keys.device.clone(),
        root: keys.root.clone(),
        entropy: Box::new(|bytes| bytes.fill(7)),
        guard: None,
        bootstrap: Vec::new(),
        policy: Policy::default(),
    };
    let store = Store::open(&home.store_path(), cache)?;
    // Now that the store exists, the home is where it was.
    home.settle()?;
    Ok(Engine::new(store, setup, clock::now())?.0)
}

/// What some work took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// Time that passed.
    pub time: Duration,
    /// Processor time of this process, all threads together; zero if the system does not say.
    pub processor: Duration,
}

impl Spent {
    /// Does `work` and sees what it takes.
    pub fn on<R>(work: impl FnOnce() -> R) -> (R, Self) {
        let (since, before) = (Instant::now(), processor("self"));
        let result = work();
        (result, Self { time: since.elapsed(), processor: processor("self").saturating_sub(before) })
    }

    /// How many a second, if this was spent on `count`.
    pub fn rate(&self, count: usize) -> f64 {
        count as f64 / self.time.as_secs_f64()
    }

    /// Microseconds of processor time for each of `count`.
    pub fn each(&self, count: usize) -> f64 {
        self.processor.as_secs_f64() * 1e6 / count as f64
    }
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.time += other.time;
        self.processor += other.processor;
    }
}

/// Processor time that a process took so far; zero if the system does not say.
pub fn processor(process: &str) -> Duration {
    /// `USER_HZ`, which is this on every Linux that there is.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name, which may hold anything, come the fields from the third on: 14 and 15 are the
    // ticks spent in the program and in the system for it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u32 = fields.skip(14 - 3).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    TICK * ticks
}

/// The same of this thread alone, to the nanosecond.
pub fn thread_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = stat.split_whitespace().next().and_then(|nanoseconds| nanoseconds.parse().ok());
    Duration::from_nanos(first.unwrap_or(0))
}

/// Has the engine do something.
pub fn command(engine: &mut Engine, command: Command) -> Result<Reply, Error> {
    let outputs = engine.handle(clock::now(), Input::Command(Request(0), command));
    let reply = outputs.into_iter().find_map(|output| match output {
        Output::Reply(_, result) => Some(result),
        _ => None,
    });
    Ok(reply.ok_or_else(|| Refusal::Storage("no answer came".into()))??)
}

/// Follows all of the feeds and learns of their identities.
pub fn follow(engine: &mut Engine, feeds: &[Feed]) -> Result<(), Error> {
    let follow = |feed: &Feed| Command::follow(feed.author, Vec::new());
    let inputs = feeds.iter().map(|feed| Input::Command(Request(0), follow(feed))).collect();
    for output in engine.handle_all(clock::now(), inputs) {
        if let Output::Reply(_, result) = output {
            result?;
        }
    }
    let items = feeds.iter().map(|feed| ImportItem::Identity(feed.record.clone())).collect();
    command(engine, Command::Import(items))?;
    Ok(())
}

/// Takes entries in, from bytes to committed and indexed: signatures are checked on all cores while
/// the engine stores what was checked before, `together` in one transaction.
pub fn ingest(engine: &mut Engine, entries: &[Vec<u8>], together: usize) -> Result<(), Error> {
    std::thread::scope(|scope| {
        let (checked, arriving) = std::sync::mpsc::sync_channel(2);
        scope.spawn(move || {
            for batch in entries.chunks(together) {
                let items: Vec<Option<ImportItem>> = batch
                    .par_iter()
                    .map(|bytes| checked::check_entry(bytes).ok().map(ImportItem::Entry))
                    .collect();
                if checked.send(items).is_err() {
                    return;
                }
            }
        });
        for items in arriving {
            let wanted = items.len() as u64;
            let items = items.into_iter().flatten().collect();
            match command(engine, Command::Import(items))? {
                Reply::Imported { new, .. } if new == wanted => {}
                reply => return Err(Error::Void(format!("not all entries were new: {reply:?}"))),
            }
        }
        Ok(())
    })
}
