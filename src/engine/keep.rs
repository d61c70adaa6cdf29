//! What the person keeps for themselves: the engine only sees that it is bounded, and that all of a wish is done at once.

use super::{
    Event, Refusal, Reply,
    turn::{Answered, Turn},
};
use crate::store::kept::{Change, ROWS, Shelf};

/// Rows that one wish may change: a list with as many people as one may follow, and what is found by it.
const CHANGES: usize = 20_000;

impl Turn<'_, '_> {
    /// Puts rows in their places or takes them away.
    pub fn keep(&mut self, changes: &[Change]) -> Answered<Reply> {
        if changes.len() > CHANGES || !changes.iter().all(Change::fits) {
            return Ok(Err(Refusal::Policy("that is more than is kept in one go".into())));
        }
        let new = changes.iter().filter(|change| change.row.is_some()).count() as u64;
        if new > 0 && self.batch.rows_kept()? + new > ROWS {
            return Ok(Err(Refusal::Policy(format!("{ROWS} things are kept already: let some go first"))));
        }
        let mut shelves = Vec::new();
        for change in changes {
            self.batch.keep(change)?;
            if !shelves.contains(&change.shelf) {
                shelves.push(change.shelf);
            }
        }
        if shelves.contains(&Shelf::Scheduled) {
            self.load_scheduled()?;
        }
        for shelf in shelves {
            self.event(Event::Kept(shelf));
        }
        Ok(Ok(Reply::Done))
    }
}
