//! What an index of words must hear of beside new arrivals: posts that changed where they stand.
//!
//! The index follows arrivals and would not notice that an old one was erased, let go, or got its text at last. Such
//! are noted in the same transaction, on a shelf of their own, and taken off it when the index has dealt with them.
//! Nothing is noted while nobody keeps an index.

use serde::{Deserialize, Serialize};

use super::{
    Batch, Error,
    kept::{Change, Shelf},
};

/// First byte of the key of what must be looked at again.
pub const STALE: u8 = 1;
/// The key of the row that says that an index is kept, and what it is called.
pub const FOLLOWED: [u8; 1] = [0];
/// The key of the row that says that too much changed: the index is to be made anew.
pub const ANEW: [u8; 1] = [2];
/// Notes at most. An index that is so far behind is sooner made anew than mended.
const NOTES: u64 = 100_000;

/// What a change concerns, of all that can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Touched {
    /// The post that arrived then.
    Post(u64),
    /// The author with this number.
    Person(u32),
}

impl Touched {
    /// The arrival of a post.
    pub fn post(&self) -> Option<u64> {
        match self {
            Self::Post(arrival) => Some(*arrival),
            Self::Person(_) => None,
        }
    }

    /// The number of a person.
    pub fn person(&self) -> Option<u32> {
        match self {
            Self::Person(number) => Some(*number),
            Self::Post(_) => None,
        }
    }
}

/// The key of the note with this number.
pub fn key(number: u64) -> Vec<u8> {
    [&[STALE], number.to_be_bytes().as_slice()].concat()
}

fn number(key: &[u8]) -> u64 {
    key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

impl Batch<'_> {
    /// Notes that this is not what it was.
    pub fn note_stale(&mut self, what: Touched) -> Result<(), Error> {
        let shelf = Shelf::Search as u8;
        if self.tables.kept.get((shelf, FOLLOWED.as_slice()))?.is_none() {
            return Ok(());
        }
        let (lowest, highest) = ([STALE], [STALE + 1]);
        let (first, last) = {
            let mut rows = self.tables.kept.range((shelf, lowest.as_slice())..(shelf, highest.as_slice()))?;
            let first = rows.next().transpose()?.map(|(key, _)| number(key.value().1));
            let last = rows.next_back().transpose()?.map(|(key, _)| number(key.value().1));
            (first, last.or(first))
        };
        let next = last.map_or(0, |last| last + 1);
        if next - first.unwrap_or(next) >= NOTES {
            self.keep(&Change::put(Shelf::Search, ANEW, &true))?;
            return Ok(());
        }
        self.keep(&Change::put(Shelf::Search, key(next), &what))?;
        Ok(())
    }
}
