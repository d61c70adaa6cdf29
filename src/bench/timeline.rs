//! A page of a long home timeline.

use std::time::Instant;

use starling_protocol::{EntryId, entry};

use super::{Error, Measure, Options, Watch, feeds, measure::percentile, rig, scratch::Scratch};
use crate::{config::Config, home::Home, store::Store, view::Page};

/// Posts of each feed that are written and taken in at once, so that memory holds a part of them.
const PART: usize = 100;
/// Pages that are read.
const PAGES: usize = 2_000;
/// Rows of a page: what clients ask for.
const ROWS: usize = 40;

/// A home with a long timeline.
pub struct Long {
    /// Where.
    pub home: Home,
    /// Entries in it, all of them posts.
    pub entries: usize,
    /// Feeds they are of.
    pub feeds: usize,
    /// Posts from everywhere in it, where pages may begin.
    begins: Vec<EntryId>,
    _scratch: Scratch,
}

impl Long {
    /// Writes the feeds, follows them and takes all of it in.
    pub fn make(options: &Options, watch: &mut dyn Watch) -> Result<Self, Error> {
        let (count, of) = (options.entries(1_000_000), options.feeds(1_000));
        let scratch = Scratch::new(options, "long")?;
        let home = rig::home(scratch.path(), 2)?;
        let mut engine = rig::engine(&home)?;
        let mut feeds = feeds::feeds(of)?;
        rig::follow(&mut engine, &feeds)?;
        let (mut entries, mut begins) = (0, Vec::new());
        while entries < count {
            watch.doing(&format!("making a long timeline: {entries} of {count}"));
            let part = feeds::write(&mut feeds, PART.min((count - entries).div_ceil(of)));
            rig::ingest(&mut engine, &part, rig::LARGE)?;
            let step = (count / PAGES).max(1);
            for bytes in part.iter().skip(step / 2).step_by(step) {
                let signed = entry::Signed::from_bytes(bytes);
                begins.extend(signed.map(|signed| signed.id()).ok());
            }
            entries += part.len();
        }
        Ok(Self { home, entries, feeds: of, begins, _scratch: scratch })
    }

    /// Reads pages: the first, and from everywhere. Each with a snapshot of its own, as HTTP does.
    pub fn pages(&self, watch: &mut dyn Watch) -> Result<(), Error> {
        watch.doing("reading pages");
        let store = Store::open(&self.home.store_path(), Config::default().store.cache_bytes as usize)?;
        let (mut times, mut worked) = (Vec::with_capacity(PAGES), Vec::with_capacity(PAGES));
        // Not from the newest to the oldest: a stride through them, so that no page finds its
        // neighbour's rows in memory.
        let stride = self.begins.len() / 2 + 1;
        for turn in 0..PAGES {
            let max = match turn % 2 {
                0 => None,
                _ => self.begins.get(turn * stride % self.begins.len().max(1)).copied(),
            };
            let (before, since) = (rig::thread_time(), Instant::now());
            let posts = store.read()?.home(&Page { max, limit: ROWS, ..Page::default() })?;
            times.push(since.elapsed().as_secs_f64() * 1e3);
            worked.push(rig::thread_time().saturating_sub(before).as_secs_f64() * 1e3);
            if max.is_none() && posts.len() < ROWS.min(self.entries) {
                return Err(Error::Void(format!("a page of {} posts", posts.len())));
            }
        }
        let note =
            format!("{} entries of {} feeds, {} pages of {ROWS}", self.entries, self.feeds, times.len());
        let (median, worked) = (percentile(&mut times, 0.5), percentile(&mut worked, 0.99));
        watch.measured(
            &Measure::most("home page, p99", percentile(&mut times, 0.99), "ms", 2.0)
                .noting(format!("{note}; p50 {median:.2} ms; p99 of processor time {worked:.2} ms")),
        );
        Ok(())
    }
}
