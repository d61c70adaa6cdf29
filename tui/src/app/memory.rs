//! What is remembered from one run to the next: where the reader was, and how they like to read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{App, TABS};
use crate::{
    api::Id,
    msg::{Effect, Line},
};

/// Timelines whose place is remembered: those that a person comes back to, and some tags.
const PLACES: usize = 200;
/// Threads of which is remembered when they were looked at last.
const THREADS: usize = 500;
/// People whose warnings are always opened.
const ALWAYS: usize = 10_000;
/// Columns at most, unless the reader wants fewer.
pub const COLUMNS: u8 = 3;
/// Pause between two times that the place is kept, in seconds: a reader who moves on moves often.
const KEEP_EVERY: i64 = 3;

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The tab that was open, by its name.
    pub tab: String,
    /// Columns at most.
    pub columns: u8,
    /// The row that was selected, by timeline, the last used at the end.
    pub places: Vec<(String, Id)>,
    /// Authors whose warnings are opened at once.
    pub always: BTreeSet<Id>,
    /// When that was written down.
    pub at: Option<Timestamp>,
    /// When a thread was looked at last, by the post that begins it, the last used at the end.
    pub threads: Vec<(Id, Timestamp)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            tab: Line::Home.key(),
            columns: COLUMNS,
            places: Vec::new(),
            at: None,
            always: BTreeSet::new(),
            threads: Vec::new(),
        }
    }
}

impl Memory {
    /// The row that was selected on this timeline.
    pub fn place(&self, line: &Line) -> Option<&Id> {
        let key = line.key();
        self.places.iter().find(|(held, _)| *held == key).map(|(_, id)| id)
    }

    /// Keeps the row that is selected on this timeline.
    pub fn keep_place(&mut self, line: &Line, id: Id) {
        put(&mut self.places, line.key(), id, PLACES);
    }

    /// When this thread was looked at last.
    pub fn visited(&self, root: &Id) -> Option<Timestamp> {
        self.threads.iter().find(|(held, _)| held == root).map(|(_, at)| *at)
    }

    /// Keeps when this thread was looked at.
    pub fn visit(&mut self, root: Id, at: Timestamp) {
        put(&mut self.threads, root, at, THREADS);
    }

    /// Opens the warnings of this author from now on, or no longer. True if they are now.
    pub fn open_always(&mut self, author: Id) -> bool {
        if self.always.remove(&author) {
            return false;
        }
        if self.always.len() >= ALWAYS {
            self.always.pop_first();
        }
        self.always.insert(author)
    }

    /// What is kept now, with all that changed here since `before`: another UI of the same reader may have kept something
    /// else meanwhile, and only where both changed the same does the later one hold.
    pub fn onto(&self, before: &Self, mut kept: Self) -> Self {
        if self.tab != before.tab {
            kept.tab.clone_from(&self.tab);
        }
        if self.columns != before.columns {
            kept.columns = self.columns;
        }
        for place in self.places.iter().filter(|place| !before.places.contains(place)) {
            put(&mut kept.places, place.0.clone(), place.1.clone(), PLACES);
        }
        for (root, at) in self.threads.iter().filter(|visit| !before.threads.contains(visit)) {
            let last = kept.visited(root).map_or(*at, |held| held.max(*at));
            put(&mut kept.threads, root.clone(), last, THREADS);
        }
        kept.always.retain(|author| self.always.contains(author) || !before.always.contains(author));
        kept.always.extend(self.always.difference(&before.always).cloned());
        while kept.always.len() > ALWAYS {
            kept.always.pop_first();
        }
        kept.at = kept.at.max(self.at);
        kept
    }
}

/// Puts a pair in its place, or at the end if it is a new one or another one now; the oldest goes.
fn put<K: PartialEq, V: PartialEq>(pairs: &mut Vec<(K, V)>, key: K, value: V, most: usize) {
    match pairs.iter().position(|(held, _)| *held == key) {
        Some(at) if pairs[at].1 == value => return,
        Some(at) => drop(pairs.remove(at)),
        None if pairs.len() >= most => drop(pairs.remove(0)),
        None => {}
    }
    pairs.push((key, value));
}

impl App {
    /// What was remembered when the UI ran last. The timelines are fetched now: where, is known only now.
    pub(super) fn take_memory(&mut self, memory: Memory) -> Vec<Effect> {
        self.kept = Some((memory.clone(), self.now));
        self.memory = memory;
        if self.stack.is_empty() && self.tab == 0 {
            let tab = TABS.iter().position(|line| line.key() == self.memory.tab);
            self.tab = tab.unwrap_or(0);
        }
        // The news of the stream are those of the home timeline, and their count stands beside its name.
        let mut effects = self.load_line(&Line::Home);
        effects.extend(self.load_newest());
        effects
    }

    /// Whether what is remembered is known: until then no timeline is fetched, because nobody knows from where.
    pub(super) fn remembers(&self) -> bool {
        self.kept.is_some()
    }

    /// Keeps what changed, if it is time.
    pub(super) fn keep_memory_now_and_then(&mut self) -> Vec<Effect> {
        match &self.kept {
            Some((_, at)) if self.now.as_second() - at.as_second() >= KEEP_EVERY => self.keep_memory(),
            _ => Vec::new(),
        }
    }

    /// Keeps what changed.
    pub fn keep_memory(&mut self) -> Vec<Effect> {
        let lines: Vec<Line> = self.lines.keys().cloned().collect();
        for line in lines {
            self.keep_place(&line);
        }
        self.memory.tab = TABS[self.tab].key();
        let Some((kept, _)) = &self.kept else { return Vec::new() };
        if *kept == self.memory {
            return Vec::new();
        }
        let marks: BTreeMap<String, Id> = [Line::Home, Line::Notifications]
            .iter()
            .filter(|line| kept.place(line) != self.memory.place(line))
            .filter_map(|line| Some((line.key(), self.memory.place(line)?.clone())))
            .collect();
        self.memory.at = Some(self.now);
        self.kept = Some((self.memory.clone(), self.now));
        let mut effects = vec![Effect::Remember(Box::new(self.memory.clone()))];
        if !marks.is_empty() {
            effects.push(Effect::Mark(marks));
        }
        effects
    }

    /// Where the reader is on a timeline.
    pub(super) fn keep_place(&mut self, line: &Line) {
        let Some(rows) = self.lines.get(line).filter(|_| is_kept(line)) else { return };
        let place = match line {
            // What was told is read when it was in sight.
            Line::Notifications => rows.newest_shown(),
            _ => rows.selected().map(|(_, row)| row.id()),
        };
        if let Some(id) = place.cloned() {
            self.memory.keep_place(line, id);
        }
    }

    /// Where the reader was on a timeline when it was open last.
    pub(super) fn place(&self, line: &Line) -> Option<Id> {
        self.memory.place(line).filter(|_| is_kept(line)).cloned()
    }
}

/// Whether the place on a timeline is kept. Whoever looks at a person wants to see their newest.
fn is_kept(line: &Line) -> bool {
    line.hangs_on_ids() && !matches!(line, Line::Person(_))
}
