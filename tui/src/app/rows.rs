//! The rows of a timeline, and where the reader is in them. What arrives never moves the selection: it waits above until
//! it is asked for.

use crate::{
    api::{Id, Status},
    msg::{Row, Span},
};

/// Rows that are kept of one timeline. Older ones are fetched again when they are wanted.
const KEPT: usize = 50_000;

/// Rows, newest first.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// What arrived and is not shown yet, newest first.
    fresh: Vec<Row>,
    selected: usize,
    /// The first row on the screen.
    top: usize,
    /// What is under way.
    pub loading: Option<Span>,
    /// Whether anything was ever fetched.
    pub loaded: bool,
    /// Whether the oldest row is the last there is.
    pub ended: bool,
}

impl Row {
    /// Its id within its timeline.
    pub fn id(&self) -> &Id {
        match self {
            Self::Post(status) => &status.id,
            Self::Notification(notification) => &notification.id,
        }
    }

    /// The post that it shows, if it shows one.
    pub fn post(&self) -> Option<&Status> {
        match self {
            Self::Post(status) => Some(status.inner()),
            Self::Notification(notification) => notification.status.as_ref().map(Status::inner),
        }
    }

    fn posts_mut(&mut self) -> Option<&mut Status> {
        match self {
            Self::Post(status) => Some(status),
            Self::Notification(notification) => notification.status.as_mut(),
        }
    }
}

impl Rows {
    /// All rows that are shown, and the first on the screen.
    pub fn shown(&self) -> (&[Row], usize) {
        (&self.rows, self.top)
    }

    /// How many wait above.
    pub fn waiting(&self) -> usize {
        self.fresh.len()
    }

    /// Which row is selected.
    pub fn selected(&self) -> Option<(usize, &Row)> {
        self.rows.get(self.selected).map(|row| (self.selected, row))
    }

    /// Selects another row, so many further, and keeps it on a screen of `height` rows.
    pub fn step(&mut self, by: isize, height: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        self.keep_in_sight(height);
    }

    /// Keeps the selection on a screen of `height` rows.
    pub fn keep_in_sight(&mut self, height: usize) {
        let height = height.max(1);
        self.top = self.top.min(self.selected).max((self.selected + 1).saturating_sub(height));
    }

    /// Whether the reader is so near the end that more should be fetched.
    pub fn wants_more(&self, height: usize) -> bool {
        self.loaded && !self.ended && self.loading.is_none() && self.selected + 2 * height >= self.rows.len()
    }

    /// Takes in a part that was fetched.
    pub fn take(&mut self, span: &Span, page: Vec<Row>) {
        self.loading = None;
        match span {
            Span::Newest if self.rows.is_empty() => {
                self.ended = page.is_empty();
                self.rows = page;
                self.loaded = true;
            }
            Span::Newest => {
                // The newest, while others are shown: only what is really new waits above.
                let known = page.iter().position(|row| self.is_known(row.id())).unwrap_or(page.len());
                let new: Vec<Row> = page.into_iter().take(known).collect();
                self.fresh.splice(0..0, new);
            }
            Span::Above(_) => {
                let new: Vec<Row> = page.into_iter().filter(|row| !self.is_known(row.id())).collect();
                self.fresh.splice(0..0, new);
            }
            Span::Below(_) => {
                self.ended = page.is_empty();
                let new: Vec<Row> = page.into_iter().filter(|row| !self.is_known(row.id())).collect();
                self.rows.extend(new);
            }
        }
        self.bound();
    }

    /// Something arrived.
    pub fn arrive(&mut self, row: Row) {
        if self.loaded && !self.is_known(row.id()) {
            self.fresh.insert(0, row);
            self.bound();
        }
    }

    /// Shows what waits above. The selection stays on the same row, and the newest comes into sight above it.
    pub fn show_new(&mut self) {
        let count = self.fresh.len();
        let was_empty = self.rows.is_empty();
        self.rows.splice(0..0, self.fresh.drain(..));
        if !was_empty {
            self.selected += count;
            self.top = 0;
        }
    }

    /// The newest row that is known, shown or not.
    pub fn newest(&self) -> Option<&Id> {
        self.fresh.first().or(self.rows.first()).map(Row::id)
    }

    /// The oldest row that is here.
    pub fn oldest(&self) -> Option<&Id> {
        self.rows.last().map(Row::id)
    }

    /// A post says something else, or counts otherwise.
    pub fn change(&mut self, new: &Status) {
        for row in self.fresh.iter_mut().chain(&mut self.rows) {
            let Some(held) = row.posts_mut() else { continue };
            if held.id == new.id {
                *held = new.clone();
            } else if let Some(inner) = held.reblog.as_mut().filter(|inner| inner.id == new.id) {
                **inner = new.clone();
            }
        }
    }

    /// A post is gone. The selection stays where it was, or on what came after.
    pub fn remove(&mut self, id: &Id) {
        let gone = |row: &Row| row.id() == id || row.post().is_some_and(|post| post.id == *id);
        self.fresh.retain(|row| !gone(row));
        let above = self.rows.iter().take(self.selected).filter(|row| gone(row)).count();
        let before_top = self.rows.iter().take(self.top).filter(|row| gone(row)).count();
        self.rows.retain(|row| !gone(row));
        self.selected = (self.selected - above).min(self.rows.len().saturating_sub(1));
        self.top -= before_top;
    }

    fn is_known(&self, id: &Id) -> bool {
        // Near the top is where an id is met again.
        self.fresh.iter().chain(&self.rows).any(|row| row.id() == id)
    }

    fn bound(&mut self) {
        self.fresh.truncate(KEPT);
        if self.rows.len() > KEPT {
            self.rows.truncate(KEPT.max(self.selected + 1));
            self.ended = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str) -> Row {
        Row::Post(Box::new(Status { id: id.into(), ..Status::default() }))
    }

    fn rows(ids: &str) -> Vec<Row> {
        ids.chars().map(|id| row(&id.to_string())).collect()
    }

    fn shown(rows: &Rows) -> String {
        rows.shown().0.iter().map(|row| row.id().as_str()).collect()
    }

    #[test]
    fn what_arrives_waits_and_moves_nothing() {
        let mut list = Rows::default();
        list.take(&Span::Newest, rows("dcba"));
        list.step(2, 2);
        assert_eq!((list.selected().unwrap().1.id().as_str(), list.shown().1), ("b", 1));
        list.arrive(row("e"));
        list.arrive(row("e"));
        list.take(&Span::Newest, rows("gfedc"));
        assert_eq!((list.waiting(), shown(&list).as_str()), (3, "dcba"));
        assert_eq!(list.selected().unwrap().1.id(), "b");
        list.show_new();
        assert_eq!((shown(&list).as_str(), list.waiting()), ("gfedcba", 0));
        assert_eq!(list.selected().unwrap().1.id(), "b");
    }

    #[test]
    fn older_rows_are_added_until_there_are_none() {
        let mut list = Rows::default();
        list.take(&Span::Newest, rows("fed"));
        assert!(list.wants_more(10));
        list.take(&Span::Below("d".into()), rows("dcb"));
        assert_eq!(shown(&list), "fedcb");
        list.take(&Span::Below("b".into()), Vec::new());
        assert!(list.ended && !list.wants_more(10));
    }

    #[test]
    fn what_is_gone_takes_no_neighbour_with_it() {
        let mut list = Rows::default();
        list.take(&Span::Newest, rows("dcba"));
        list.step(2, 9);
        list.remove(&"d".into());
        assert_eq!((shown(&list).as_str(), list.selected().unwrap().1.id().as_str()), ("cba", "b"));
        list.remove(&"b".into());
        assert_eq!(list.selected().unwrap().1.id(), "a");
        list.remove(&"a".into());
        list.remove(&"c".into());
        assert!(list.selected().is_none());
        list.step(-1, 9);
    }

    #[test]
    fn a_changed_post_changes_where_it_was_passed_on_too() {
        let mut list = Rows::default();
        let boost = Status {
            id: "b".into(),
            reblog: Some(Box::new(Status { id: "a".into(), ..Status::default() })),
            ..Status::default()
        };
        list.take(&Span::Newest, vec![Row::Post(Box::new(boost)), row("a")]);
        list.change(&Status { id: "a".into(), favourited: true, ..Status::default() });
        assert!(list.shown().0.iter().all(|row| row.post().unwrap().favourited));
    }
}
