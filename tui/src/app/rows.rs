//! The rows of a timeline, and where the reader is in them. What arrives never moves the selection: it waits above until
//! it is asked for.
//!
//! What is held is whole: from the oldest row to the newest that waits there is nothing that the server has and this does
//! not. After a time away the rows are therefore continued upwards, page by page, and what the stream tells meanwhile is
//! left to those pages ([`Rows::wanted`]).
//!
//! A run of boosts by one person is one row until it is unfolded.

mod runs;

use std::collections::{HashSet, VecDeque};

use crate::{
    api::{Account, Id, Status},
    msg::{Page, Row, Span},
};
use runs::RUN;

/// Rows that are kept of one timeline. Older ones are fetched again when they are wanted.
const KEPT: usize = 50_000;
/// Rows that are fetched ahead of a reader who was away. More come when these were looked at: who was away for a month
/// would otherwise wait for all of it, and a server with limits would shut its door.
const AHEAD: usize = 400;
/// A row, and how it stands to a run of boosts.
#[derive(Debug, Clone)]
struct Held {
    row: Row,
    /// Whether it belongs to the run of the row above it.
    member: bool,
    /// Whether its run is unfolded.
    open: bool,
}

/// Rows, newest first.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    rows: Vec<Held>,
    /// What arrived and is not shown yet, newest first.
    fresh: VecDeque<Row>,
    /// The ids of both.
    known: HashSet<Id>,
    selected: usize,
    /// The first row on the screen.
    top: usize,
    /// What is under way.
    pub loading: Option<Span>,
    /// Whether anything was ever fetched.
    pub loaded: bool,
    /// Whether the oldest row is the last there is.
    pub ended: bool,
    /// Whether the server may have newer rows than those that are here.
    behind: bool,
    /// Whether the stream told of something while that was so.
    told: bool,
    /// Where the page below the oldest row begins, if the server said so.
    below: Option<Id>,
    /// What arrived while the newest page was on its way: the page may be older.
    late: HashSet<Id>,
}

/// A row as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown<'a> {
    pub row: &'a Row,
    pub selected: bool,
    /// Boosts of the same person that are folded into this row, itself included; 1 if none are.
    pub run: usize,
}

impl Rows {
    /// The rows from the first on the screen on, at most so many.
    pub fn shown(&self, most: usize) -> Vec<Shown<'_>> {
        let mut shown = Vec::with_capacity(most.min(self.rows.len()));
        let mut at = self.top;
        while shown.len() < most && at < self.rows.len() {
            let next = self.after(at);
            let run = next - at;
            shown.push(Shown { row: &self.rows[at].row, selected: at == self.selected, run });
            at = next;
        }
        shown
    }

    #[cfg(test)]
    /// All rows that are held, waiting ones aside.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Row> + ExactSizeIterator {
        self.rows.iter().map(|held| &held.row)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many wait above.
    pub fn waiting(&self) -> usize {
        self.fresh.len()
    }

    /// Whether there may be more above than waits.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// Which row is selected.
    pub fn selected(&self) -> Option<(usize, &Row)> {
        self.rows.get(self.selected).map(|held| (self.selected, &held.row))
    }

    /// Selects another row, so many further, and keeps it on a screen of `height` rows.
    pub fn step(&mut self, by: isize, height: usize) {
        if self.rows.is_empty() {
            return;
        }
        for _ in 0..by.unsigned_abs().min(self.rows.len()) {
            let next = if by > 0 { self.after(self.selected) } else { self.before(self.selected) };
            if next >= self.rows.len() || next == self.selected {
                break;
            }
            self.selected = next;
        }
        self.keep_in_sight(height);
    }

    /// Keeps the selection on a screen of `height` rows.
    pub fn keep_in_sight(&mut self, height: usize) {
        let mut first = self.selected;
        for _ in 1..height.max(1) {
            first = self.before(first);
        }
        self.top = self.top.min(self.selected).max(first);
    }

    /// What should be fetched next, if anything: what the reader missed, or what is near the end of what is here.
    pub fn wanted(&self, height: usize) -> Option<Span> {
        if !self.loaded || self.loading.is_some() {
            return None;
        }
        if self.behind && self.fresh.len() < AHEAD {
            return Some(self.newest().map_or(Span::Newest, |newest| Span::Above(newest.clone())));
        }
        let near = self.selected + 2 * height.max(1) >= self.rows.len();
        let edge = self.below.as_ref().or(self.rows.last().map(|held| held.row.id()));
        edge.filter(|_| near && !self.ended).map(|edge| Span::Below(edge.clone()))
    }

    /// There may be newer rows than those that are here: the stream was away.
    pub fn fall_behind(&mut self) {
        self.behind = self.loaded;
    }

    /// Takes in a part that was fetched.
    pub fn take(&mut self, span: &Span, page: Page) {
        self.loading = None;
        match span {
            Span::Newest if !self.loaded || self.rows.is_empty() => {
                self.clear();
                self.append(page, None);
                self.behind = std::mem::take(&mut self.told);
            }
            Span::Newest => self.merge(page),
            Span::Around(id) => {
                let at = page.rows.iter().position(|row| row.id() == id);
                let mut rows = page.rows;
                let below = rows.split_off(at.unwrap_or(0));
                self.clear();
                self.append(Page { rows: below, ..page }, None);
                self.put_above(rows);
                self.behind = true;
            }
            Span::Above(_) => {
                let more = self.put_above(page.rows) > 0;
                // What came by while this was on its way is in the next page, or there is none.
                self.behind = more || std::mem::take(&mut self.told);
            }
            Span::Below(edge) => self.append(page, Some(edge)),
        }
        self.late.clear();
        self.loaded = true;
        self.bound();
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.fresh.clear();
        self.known.clear();
        (self.selected, self.top) = (0, 0);
    }

    /// Adds a page at the end: what was asked for below this edge.
    fn append(&mut self, page: Page, edge: Option<&Id>) {
        let known = &mut self.known;
        let new: Vec<Row> = page.rows.into_iter().filter(|row| known.insert(row.id().clone())).collect();
        // A page may be empty and lead to the next one; one that leads to itself is the last.
        self.ended = page.last || new.is_empty() && (page.below.is_none() || page.below.as_ref() == edge);
        self.below = page.below;
        let from = self.rows.len();
        self.rows.extend(new.into_iter().map(|row| Held { row, member: false, open: false }));
        self.find_runs(from.saturating_sub(RUN), self.rows.len());
        self.top = self.drawn(self.top);
    }

    /// Puts what is new of a page above all that is here, and says how much that is.
    fn put_above(&mut self, page: Vec<Row>) -> usize {
        let before = self.fresh.len();
        for row in page.into_iter().rev() {
            if self.known.insert(row.id().clone()) {
                self.fresh.push_front(row);
            }
        }
        self.fresh.len() - before
    }

    /// Takes in the newest page while others are shown. What is above all that is known waits; what is between goes to
    /// its place; what the page would have and has not is gone; if nothing of it is known, there is more between it and
    /// what is here.
    fn merge(&mut self, page: Page) {
        self.drop_gone(&page);
        let page = page.rows;
        let Some(first) = page.iter().position(|row| self.is_known(row.id())) else {
            self.behind = !page.is_empty();
            return;
        };
        self.behind = false;
        let mut page = page.into_iter();
        let new: Vec<Row> = page.by_ref().take(first).collect();
        let mut after: Option<Id> = None;
        for row in page {
            let id = row.id().clone();
            if let Some(after) = &after
                && self.known.insert(id.clone())
            {
                self.insert_after(after, row);
            }
            after = Some(id);
        }
        self.put_above(new);
    }

    /// Drops the rows that the newest page would have and has not: those above the oldest row that both have, and those
    /// below it as well if nothing is below the page.
    fn drop_gone(&mut self, page: &Page) {
        let ids: HashSet<&Id> = page.rows.iter().map(Row::id).collect();
        let here: Vec<&Id> =
            self.fresh.iter().chain(self.rows.iter().map(|held| &held.row)).map(Row::id).collect();
        let oldest = page.rows.iter().rev().map(Row::id).find(|id| self.known.contains(*id));
        let within = match oldest {
            _ if page.last || page.rows.is_empty() && page.below.is_none() => here.len(),
            Some(oldest) => here.iter().position(|id| *id == oldest).unwrap_or(0),
            None => 0,
        };
        let gone: HashSet<Id> = here
            .into_iter()
            .take(within)
            .filter(|id| !ids.contains(*id) && !self.late.contains(*id))
            .cloned()
            .collect();
        if !gone.is_empty() {
            self.drop_rows(|row| gone.contains(row.id()));
        }
    }

    fn insert_after(&mut self, id: &Id, row: Row) {
        if let Some(at) = self.fresh.iter().position(|held| held.id() == id) {
            self.fresh.insert(at + 1, row);
        } else if let Some(at) = self.rows.iter().position(|held| held.row.id() == id) {
            if let Some(next) = self.rows.get_mut(at + 1) {
                next.member = false; // it begins what is left of a run that is cut in two
            }
            self.rows.insert(at + 1, Held { row, member: false, open: false });
            self.selected += usize::from(self.selected > at);
            self.top += usize::from(self.top > at);
        }
    }

    /// Something arrived.
    pub fn arrive(&mut self, row: Row) {
        if self.behind || !self.loaded {
            self.told = true;
        } else if self.known.insert(row.id().clone()) {
            if self.loading == Some(Span::Newest) {
                self.late.insert(row.id().clone());
            }
            self.fresh.push_front(row);
            self.bound();
        }
    }

    /// Shows what waits above. The selection stays on the same row, and the newest comes into sight above it as far as
    /// there is room.
    pub fn show_new(&mut self, height: usize) {
        let count = self.fresh.len();
        let was_empty = self.rows.is_empty();
        let new = self.fresh.drain(..).map(|row| Held { row, member: false, open: false });
        self.rows.splice(0..0, new);
        if !was_empty {
            self.selected += count;
            self.top = 0;
        }
        self.find_runs(0, count);
        self.keep_in_sight(height);
    }

    /// Forgets all rows: the newest are fetched again.
    pub fn start_over(&mut self) {
        *self = Self { loading: self.loading.take(), ..Self::default() };
    }

    /// The newest row that is known, shown or not.
    pub fn newest(&self) -> Option<&Id> {
        self.fresh.front().or(self.rows.first().map(|held| &held.row)).map(Row::id)
    }

    /// The newest row that the reader could see.
    pub fn newest_shown(&self) -> Option<&Id> {
        self.rows.first().map(|held| held.row.id())
    }

    /// A post says something else, or counts otherwise.
    pub fn change(&mut self, new: &Status) {
        for row in self.fresh.iter_mut().chain(self.rows.iter_mut().map(|held| &mut held.row)) {
            let Some(held) = row.status_mut() else { continue };
            if held.id == new.id {
                *held = new.clone();
            } else if let Some(inner) = held.reblog.as_mut().filter(|inner| inner.id == new.id) {
                **inner = new.clone();
            }
        }
    }

    /// What is known of somebody now, wherever they stand.
    pub fn rename(&mut self, account: &Account) {
        for row in self.fresh.iter_mut().chain(self.rows.iter_mut().map(|held| &mut held.row)) {
            if let Row::Notification(notification) = row
                && notification.account.id == account.id
            {
                notification.account = account.clone();
            }
            let Some(held) = row.status_mut() else { continue };
            for status in [Some(&mut held.account), held.reblog.as_mut().map(|inner| &mut inner.account)] {
                if let Some(known) = status.filter(|known| known.id == account.id) {
                    *known = account.clone();
                }
            }
        }
    }

    /// Something about all posts that fit.
    pub fn each(&mut self, mut what: impl FnMut(&mut Status)) {
        for row in self.fresh.iter_mut().chain(self.rows.iter_mut().map(|held| &mut held.row)) {
            let Some(held) = row.status_mut() else { continue };
            match &mut held.reblog {
                Some(inner) => what(inner),
                None => what(held),
            }
        }
    }

    /// A post is gone.
    pub fn remove(&mut self, id: &Id) {
        self.drop_rows(|row| row.id() == id || row.post().is_some_and(|post| post.id == *id));
    }

    /// Drops rows. The selection stays where it was, or on what came after.
    pub fn drop_rows(&mut self, gone: impl Fn(&Row) -> bool) {
        let known = &mut self.known;
        self.fresh.retain(|row| !gone(row) || !known.remove(row.id()));
        let above = self.rows.iter().take(self.selected).filter(|held| gone(&held.row)).count();
        let before_top = self.rows.iter().take(self.top).filter(|held| gone(&held.row)).count();
        let mut headless = false;
        self.rows.retain_mut(|held| {
            // The next of a run takes the place of the first.
            held.member &= !std::mem::take(&mut headless);
            if gone(&held.row) {
                headless = !held.member;
                known.remove(held.row.id());
                return false;
            }
            true
        });
        self.selected = (self.selected - above).min(self.rows.len().saturating_sub(1));
        self.selected = self.drawn(self.selected);
        self.top = self.drawn((self.top - before_top).min(self.selected));
    }

    fn is_known(&self, id: &Id) -> bool {
        self.known.contains(id)
    }

    fn bound(&mut self) {
        while self.fresh.len() > KEPT {
            // The newest go: what is whole stays whole, and they are fetched again when these were looked at.
            if let Some(row) = self.fresh.pop_front() {
                self.known.remove(row.id());
            }
            self.behind = true;
        }
        let keep = KEPT.max(self.selected + 1);
        if self.rows.len() > keep {
            for held in self.rows.drain(keep..) {
                self.known.remove(held.row.id());
            }
            self.ended = false;
            self.below = None;
        }
    }
}

#[cfg(test)]
mod tests;
