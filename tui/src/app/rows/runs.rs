//! Runs of boosts by one person, drawn as one row until they are unfolded.

use super::{Held, Rows};

/// Boosts by one person in a row that are drawn as one: two of them take no more room than one row of a run and the key
/// that unfolds it.
pub(super) const RUN: usize = 3;

impl Rows {
    /// Rows in the run of the selected one while it is folded; 1 if it is in none.
    pub fn selected_run(&self) -> usize {
        if self.rows.is_empty() { 0 } else { self.after(self.selected) - self.selected }
    }

    /// Unfolds the run of the selected row, or folds it again. False if there is none.
    pub fn fold(&mut self, height: usize) -> bool {
        let Some(held) = self.rows.get(self.selected) else { return false };
        let mut head = self.selected;
        while self.rows[head].member {
            head -= 1;
        }
        let open = !held.open;
        let members = self.rows[head + 1..].iter().take_while(|held| held.member).count();
        if members == 0 {
            return false;
        }
        for held in &mut self.rows[head..=head + members] {
            held.open = open;
        }
        self.selected = head;
        self.top = self.drawn(self.top);
        self.keep_in_sight(height);
        true
    }

    /// The row that is drawn for this one: itself, or the first of its folded run.
    pub(super) fn drawn(&self, mut at: usize) -> usize {
        while self.rows.get(at).is_some_and(|held| held.member && !held.open) {
            at -= 1;
        }
        at
    }

    /// The row that is drawn below this one, or how many rows there are.
    pub(super) fn after(&self, at: usize) -> usize {
        let hidden = self.rows.iter().skip(at + 1).take_while(|held| held.member && !held.open).count();
        at + 1 + hidden
    }

    /// The row that is drawn above this one; the first one stays.
    pub(super) fn before(&self, at: usize) -> usize {
        self.drawn(at.saturating_sub(1))
    }

    /// Finds runs among new rows. Rows that were there keep their place in the run they were in: a run is never joined to
    /// one that the reader may be on.
    pub(super) fn find_runs(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let booster = self.rows[at].row.booster().cloned();
            let end = match &booster {
                Some(_) => {
                    let same = |held: &&Held| held.row.booster() == booster.as_ref();
                    at + self.rows[at..to].iter().take_while(same).count()
                }
                None => at + 1,
            };
            let open = self.rows[at].open;
            let old = self.rows[at].member || open;
            if (old || end - at >= RUN) && (open || !(at + 1..end).contains(&self.selected)) {
                for held in &mut self.rows[at + 1..end] {
                    (held.member, held.open) = (true, open);
                }
            }
            at = end;
        }
    }
}
