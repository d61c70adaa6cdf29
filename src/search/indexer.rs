//! The thread that keeps the index: follows what arrives, mends what changed, and washes out what was erased.
//!
//! It reads snapshots of the store and asks nothing of the engine but to take notes off a shelf, so nobody waits for
//! it. If it dies at any moment nothing is lost: with every commit the index says how far it is, and goes on from there.
//! An index that is not there, was written by another version, for another store, or is damaged is made anew.

use std::{
    collections::BTreeMap,
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    Now, Search, State, Status,
    document::Document,
    index::{self, Mark, Pen, Words},
};
use crate::store::{
    self, Reader,
    kept::{Change, Shelf},
    words::{ANEW, FOLLOWED, Touched},
};

/// Arrivals read from one snapshot: a snapshot that is held keeps old pages of the store alive.
const READ: usize = 1_024;
/// Arrivals after which the index is written to disk while it is made.
const COMMIT: u64 = 50_000;
/// Notes that are dealt with at once.
const NOTES: usize = 4_096;
/// How long erased words stay in the index's files, if writing the files anew takes a second.
const WASH: Duration = Duration::from_secs(60);
/// And if they are large: once in a quarter of an hour, however much is erased.
const WASH_LARGE: Duration = Duration::from_secs(15 * 60);
/// Posts in files that make them large.
const LARGE: u32 = 100_000;

/// Why the index is not kept just now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Index(#[from] index::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the engine does not answer")]
    Engine,
    #[error("it makes no sense")]
    Nonsense,
}

/// A library that reads what somebody else wrote to its files may do anything: an index over which it panics is damaged.
/// What it was working on is not used after that.
fn guarded<R>(work: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Nonsense))
}

/// What the thread can reach of the node.
pub(crate) struct House {
    /// A snapshot.
    pub read: Box<dyn Fn() -> Result<Reader, store::Error> + Send>,
    /// Has rows changed; whether they were.
    pub keep: Box<dyn Fn(Vec<Change>) -> bool + Send>,
    /// Whether the node stops.
    pub stopping: Box<dyn Fn() -> bool + Send>,
    /// Whether there is room on disk.
    pub room: Box<dyn Fn() -> bool + Send>,
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// When something arrives.
    Until,
    /// When something arrives, or after this long.
    Within(Duration),
}

/// Stands in the folder while the index is kept: if it is there at the beginning, the last time had no end, and all of
/// the index is read and checked.
const KEPT: &str = "kept";

/// Takes away the index that is not kept any more, and what was noted for it.
fn give_up(folder: &Path, house: &House) -> Result<(), Error> {
    let reader = (house.read)()?;
    if reader.keeps(Shelf::Search, &FOLLOWED)? {
        take(house, vec![Change::take(Shelf::Search, FOLLOWED), Change::take(Shelf::Search, ANEW)])?;
    }
    forget_notes(house)?;
    Ok(remove(folder)?)
}

fn forget_notes(house: &House) -> Result<(), Error> {
    loop {
        let notes = (house.read)()?.stale(NOTES)?;
        if notes.is_empty() {
            return Ok(());
        }
        take(house, notes.into_iter().map(|(key, _)| Change::take(Shelf::Search, key)).collect())?;
    }
}

fn take(house: &House, changes: Vec<Change>) -> Result<(), Error> {
    if (house.keep)(changes) { Ok(()) } else { Err(Error::Engine) }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Tends the index in `folder` for as long as the node runs. `wait` returns when there may be something to do.
pub(crate) fn tend(
    folder: PathBuf,
    house: House,
    search: Search,
    enabled: bool,
    mut wait: impl FnMut(Pause),
) {
    if !enabled {
        if let Err(error) = give_up(&folder, &house) {
            tracing::warn!("the index of words cannot be removed: {error}");
        }
        return;
    }
    const AGAIN: Duration = Duration::from_secs(30);
    // What makes the library panic may be something that it is given: then a new index ends like the last.
    const PANICS: usize = 3;
    let mut panics = 0;
    while !(house.stopping)() {
        let mut keeper = match guarded(|| Keeper::open(&folder, &house, &search)) {
            Ok(keeper) => keeper,
            Err(error) => {
                complain(&house, &error);
                let unfit = matches!(error, Error::Index(_) | Error::Io(_) | Error::Nonsense);
                if unfit && !(house.stopping)() {
                    // Whatever it is, it is not an index that can be used.
                    let _ = remove(&folder);
                }
                wait(Pause::Within(AGAIN));
                continue;
            }
        };
        loop {
            match guarded(|| keeper.step()) {
                Ok(Some(pause)) => wait(pause),
                Ok(None) => break,
                Err(error) => {
                    complain(&house, &error);
                    if matches!(error, Error::Nonsense) {
                        panics += 1;
                        // It is made anew; what still has its files open goes first.
                        drop(keeper);
                        let _ = remove(&folder);
                        if panics >= PANICS {
                            tracing::error!("the index is given up until the next start");
                            return;
                        }
                    }
                    wait(Pause::Within(AGAIN));
                    break;
                }
            }
            if (house.stopping)() {
                let _ = fs::remove_file(folder.join(KEPT));
                return;
            }
        }
    }
}

fn complain(house: &House, error: &Error) {
    if !(house.stopping)() {
        tracing::error!("the index of words is not kept: {error}");
    }
}

/// An index that is kept.
pub(super) struct Keeper<'a> {
    folder: &'a Path,
    house: &'a House,
    search: &'a Search,
    words: Words,
    name: String,
    upto: u64,
    wash_at: Option<Instant>,
    damaged: Arc<AtomicBool>,
}

impl<'a> Keeper<'a> {
    /// Opens the index, or begins it anew if it cannot be gone on with.
    pub(super) fn open(folder: &'a Path, house: &'a House, search: &'a Search) -> Result<Self, Error> {
        let reader = (house.read)()?;
        let name: Option<String> = reader.kept(Shelf::Search, &FOLLOWED)?;
        let newest = reader.newest_arrival()?;
        search.tell(State::Building, newest);
        let anew = reader.keeps(Shelf::Search, &ANEW)?;
        drop(reader);
        if let Some(name) = name.filter(|_| !anew) {
            match Self::held(folder, &name, newest) {
                Ok((words, upto)) => {
                    fs::write(folder.join(KEPT), b"")?;
                    let mut keeper = Self {
                        folder,
                        house,
                        search,
                        words,
                        name,
                        upto,
                        wash_at: None,
                        damaged: Arc::default(),
                    };
                    keeper.look_for_dirt()?;
                    keeper.show()?;
                    return Ok(keeper);
                }
                Err(why) => tracing::info!("the index of words is made anew: {why}"),
            }
        }
        Self::begin(folder, house, search)
    }

    fn held(folder: &Path, name: &str, newest: u64) -> Result<(Words, u64), String> {
        if !folder.join("meta.json").exists() {
            return Err("there is none".into());
        }
        let opened = guarded(|| {
            let words = Words::open(folder)?;
            let mark = words.mark()?;
            let damaged = folder.join(KEPT).exists() && words.damaged()?;
            Ok((words, mark, damaged))
        });
        match opened {
            Err(error) => Err(error.to_string()),
            Ok((_, _, true)) => Err("a file of it is damaged".into()),
            Ok((_, mark, _)) if !mark.fits(name) => Err("it is of another store or version".into()),
            Ok((_, mark, _)) if mark.arrival > newest => Err("it is ahead of the store".into()),
            Ok((words, mark, _)) => Ok((words, mark.arrival)),
        }
    }

    fn begin(folder: &'a Path, house: &'a House, search: &'a Search) -> Result<Self, Error> {
        remove(folder)?;
        let mut options = fs::DirBuilder::new();
        options.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut options, 0o700);
        options.create(folder)?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let name = random.map(|byte| format!("{byte:02x}")).concat();
        // First the notes are taken, then the store is read: nothing is missed in between.
        let named = Change::put(Shelf::Search, FOLLOWED, &name);
        take(house, vec![named, Change::take(Shelf::Search, ANEW)])?;
        forget_notes(house)?;
        let words = Words::open(folder)?;
        fs::write(folder.join(KEPT), b"")?;
        let keeper =
            Self { folder, house, search, words, name, upto: 0, wash_at: None, damaged: Arc::default() };
        keeper.show()?;
        Ok(keeper)
    }

    /// Brings the index to where the store is. None if it must be made anew.
    pub(super) fn step(&mut self) -> Result<Option<Pause>, Error> {
        if self.damaged.swap(false, Ordering::Relaxed) || (self.house.read)()?.keeps(Shelf::Search, &ANEW)? {
            take(self.house, vec![Change::put(Shelf::Search, ANEW, &true)])?;
            return Ok(None);
        }
        if !(self.house.room)() {
            return Ok(Some(Pause::Within(Duration::from_secs(60))));
        }
        let mut pen = None;
        while self.follow(&mut pen)? {
            if (self.house.stopping)() {
                return Ok(Some(Pause::Until));
            }
        }
        if self.wash_at.is_some_and(|at| at <= Instant::now()) {
            self.wash(&mut pen)?;
        }
        if let Some(pen) = pen.filter(|_| !(self.house.stopping)()) {
            pen.lay_down()?;
            // Merged segments are another moment, with fewer files.
            self.show()?;
        }
        let pause = self.wash_at.map(|at| Pause::Within(at.saturating_duration_since(Instant::now())));
        Ok(Some(pause.unwrap_or(Pause::Until)))
    }

    /// Enters what arrived and what changed, up to a commit. Whether there may be more.
    fn follow(&mut self, pen: &mut Option<Pen>) -> Result<bool, Error> {
        let began = self.upto;
        let mut upto = began;
        let (mut notes, mut changed) = (Vec::new(), false);
        loop {
            let reader = (self.house.read)()?;
            let arrivals = reader.arrivals_after(upto, READ)?;
            // What is entered, and whether it may be in the index already.
            let mut touched: BTreeMap<Touched, bool> = BTreeMap::new();
            for arrival in &arrivals {
                if let Some(what) = reader.touched_by(*arrival)? {
                    *touched.entry(what).or_default() |= what != Touched::Post(*arrival);
                }
            }
            if notes.is_empty() {
                for (key, what) in reader.stale(NOTES)? {
                    notes.push(Change::take(Shelf::Search, key));
                    touched.insert(what, true);
                    if let Some(arrival) = what.post()
                        && let Some(other) = reader.touched_by(arrival)?
                    {
                        touched.insert(other, true);
                    }
                }
            }
            if !touched.is_empty() {
                let pen = match pen {
                    Some(pen) => pen,
                    None => pen.insert(self.words.pen()?),
                };
                for (what, again) in touched {
                    enter(pen, &reader, what, again)?;
                }
                changed = true;
            }
            upto = arrivals.last().copied().unwrap_or(upto);
            let full = arrivals.len() == READ;
            if full && upto - began < COMMIT && !(self.house.stopping)() {
                self.search.tell(State::Building, reader.newest_arrival()?.saturating_sub(upto));
                continue;
            }
            if upto == began && notes.is_empty() {
                return Ok(false);
            }
            // What is no post is not worth a commit of its own; it is passed over again after a start.
            if changed && let Some(pen) = pen {
                pen.commit(&Mark::at(upto, &self.name))?;
                self.look_for_dirt()?;
            }
            self.upto = upto;
            self.show()?;
            if !notes.is_empty() {
                take(self.house, notes)?;
            }
            return Ok(true);
        }
    }

    /// Lets everybody see the index as it is now.
    fn show(&self) -> Result<(), Error> {
        let moment = self.words.moment()?;
        let behind = (self.house.read)()?.newest_arrival()?.saturating_sub(self.upto);
        let state = if behind > COMMIT { State::Building } else { State::Ready };
        let status = Status { state, entered: moment.len(), behind };
        self.search.set(Now { moment: Some(moment), upto: self.upto, status, damaged: self.damaged.clone() });
        Ok(())
    }

    fn look_for_dirt(&mut self) -> Result<(), Error> {
        let soiled = self.words.soiled()?;
        let posts: u32 = soiled.iter().map(|(_, posts)| posts).sum();
        let after = if posts > LARGE { WASH_LARGE } else { WASH };
        if soiled.is_empty() {
            self.wash_at = None;
        } else {
            self.wash_at.get_or_insert_with(|| Instant::now() + after);
        }
        Ok(())
    }

    /// Writes the files anew that still have words of what was erased.
    pub(super) fn wash(&mut self, pen: &mut Option<Pen>) -> Result<(), Error> {
        let soiled: Vec<_> = self.words.soiled()?.into_iter().map(|(segment, _)| segment).collect();
        self.wash_at = None;
        if soiled.is_empty() {
            return Ok(());
        }
        let pen = match pen {
            Some(pen) => pen,
            None => pen.insert(self.words.pen()?),
        };
        pen.wash(&soiled)?;
        tracing::debug!(folder = %self.folder.display(), segments = soiled.len(), "erased words were washed out");
        Ok(())
    }
}

fn enter(pen: &Pen, reader: &Reader, what: Touched, again: bool) -> Result<(), Error> {
    match what {
        Touched::Post(arrival) => {
            if again {
                pen.take_post(arrival);
            }
            if let Some(said) = reader.said(arrival)? {
                pen.post(arrival, Document::of(&said))?;
            }
        }
        Touched::Person(number) => {
            pen.take_person(number);
            if let Some(account) = reader.account_numbered(number)? {
                pen.person(number, Document::of_person(number, &account.profile))?;
            }
        }
    }
    Ok(())
}
