//! What this person keeps for themselves: bookmarks, lists, filters, the programs they let in. Never signed, never
//! sent, and in the same file as all else, so that whatever happens to one happens to the other.
//!
//! One table holds all of it, in shelves: a row is found by its shelf and a key that the shelf's owner chooses, in the
//! order of the keys' bytes. What a row holds is its owner's business; here it is CBOR.

pub mod blob;
pub mod filters;
pub mod lists;
pub mod marks;
pub mod notification;
pub mod origin;
pub mod own;
pub mod people;
pub mod program;
pub mod scheduled;
pub mod senders;
pub mod settings;
pub mod tags;

use redb::ReadableTable;
use serde::{Serialize, de::DeserializeOwned};
use starling_protocol::cbor;

use super::{Batch, Error, Reader, record::row};

/// Bytes of a key: two ids and a few words.
pub const KEY_BYTES: usize = 256;
/// Bytes of a row: the longest post that waits for its hour, with all that it names.
pub const ROW_BYTES: usize = 64 * 1024;
/// Rows of all shelves: bookmarks and notifications of many years. A program that keeps without end must not fill the
/// disk.
pub const ROWS: u64 = 1_000_000;

/// What is kept. The numbers are on disk: one that was given out is never given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Shelf {
    /// Programs that may ask to be let in.
    App = 1,
    /// What lets a program in, by its hash.
    Token = 2,
    /// Posts to be found again, and below, the same by when they were marked.
    Bookmark = 3,
    /// See `Bookmark`.
    BookmarkOrder = 4,
    /// Lists of people.
    List = 5,
    /// Who is on a list.
    ListMember = 6,
    /// Words that hide or warn.
    Filter = 7,
    /// People who are not to be seen for a while.
    Mute = 8,
    /// Threads of which no notice is wanted.
    MutedThread = 9,
    /// Hosts whose people are not to be seen.
    DomainBlock = 10,
    /// How far a timeline was read.
    Marker = 11,
    /// What was noted about a person.
    Note = 12,
    /// Posts that wait for their hour.
    Scheduled = 13,
    /// What concerns this person, by number.
    Notification = 14,
    /// Notifications by what they are about, so that they can be found when that goes.
    NotificationOf = 15,
    /// Tags that are followed.
    FollowedTag = 16,
    /// Tags that are shown on the own profile.
    FeaturedTag = 17,
    /// Settings of clients.
    Preference = 18,
    /// Files that are held, by hash.
    Blob = 19,
    /// Files that are wanted, by hash.
    WantedBlob = 20,
    /// Uploads that no post shows yet.
    Upload = 21,
    /// How far the index of words is.
    Search = 22,
    /// People who are recommended on the own profile.
    Endorsement = 23,
    /// How somebody is followed, if not in full.
    Following = 30,
    /// People who are not to be suggested any more.
    Declined = 31,
    /// What led to following somebody.
    Origin = 32,
    /// Polls that concern this person and have not ended yet, by their end.
    OpenPoll = 40,
}

/// One row that is to be put in its place, or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// On which shelf.
    pub shelf: Shelf,
    /// Where on it.
    pub key: Vec<u8>,
    /// What stands there from now on; nothing if it is to go.
    pub row: Option<Vec<u8>>,
}

impl Change {
    /// This stands there from now on.
    pub fn put(shelf: Shelf, key: impl Into<Vec<u8>>, row: &impl Serialize) -> Self {
        Self { shelf, key: key.into(), row: Some(cbor::encode(row)) }
    }

    /// Nothing stands there from now on.
    pub fn take(shelf: Shelf, key: impl Into<Vec<u8>>) -> Self {
        Self { shelf, key: key.into(), row: None }
    }

    /// Whether it is within the bounds of a row.
    pub fn fits(&self) -> bool {
        self.key.len() <= KEY_BYTES && self.row.as_ref().is_none_or(|row| row.len() <= ROW_BYTES)
    }
}

/// Which part of a shelf, and which end of it first.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// Keys that begin like this.
    pub prefix: Vec<u8>,
    /// Only keys below this one.
    pub below: Option<Vec<u8>>,
    /// Only keys above this one.
    pub above: Option<Vec<u8>>,
    /// The highest key first.
    pub backwards: bool,
    /// Rows at most.
    pub limit: usize,
}

impl Span {
    /// The first rows whose keys begin like this.
    pub fn of(prefix: impl Into<Vec<u8>>, limit: usize) -> Self {
        Self { prefix: prefix.into(), limit, ..Self::default() }
    }

    /// The last rows first.
    pub fn backwards(self) -> Self {
        Self { backwards: true, ..self }
    }

    fn rows<T: DeserializeOwned>(
        &self,
        table: &impl ReadableTable<(u8, &'static [u8]), &'static [u8]>,
        shelf: Shelf,
    ) -> Result<Vec<(Vec<u8>, T)>, Error> {
        let lowest = self.above.as_deref().unwrap_or_default().max(&self.prefix);
        let end = end_of(&self.prefix);
        let highest = match (&self.below, &end) {
            (Some(below), Some(end)) => (shelf as u8, below.min(end).as_slice()),
            (Some(one), None) | (None, Some(one)) => (shelf as u8, one.as_slice()),
            (None, None) => (shelf as u8 + 1, [].as_slice()),
        };
        if (shelf as u8, lowest) >= highest {
            return Ok(Vec::new());
        }
        let mut rows = table.range((shelf as u8, lowest)..highest)?;
        let mut found = Vec::new();
        while found.len() < self.limit {
            let Some(next) = (if self.backwards { rows.next_back() } else { rows.next() }) else { break };
            let (key, value) = next?;
            let key = key.value().1;
            if self.above.as_deref() == Some(key) {
                continue;
            }
            found.push((key.to_vec(), row(value.value())?));
        }
        Ok(found)
    }
}

/// The lowest key that is above all that begin with `prefix`; none if there is no such key.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

impl Batch<'_> {
    /// Puts a row in its place, or takes it away. Whether there was one before.
    pub fn keep(&mut self, change: &Change) -> Result<bool, Error> {
        let key = (change.shelf as u8, change.key.as_slice());
        let before = match &change.row {
            Some(row) => self.tables.kept.insert(key, row.as_slice())?.is_some(),
            // Looked for first: taking away what is not there would count as written.
            None if self.tables.kept.get(key)?.is_none() => false,
            None => self.tables.kept.remove(key)?.is_some(),
        };
        Ok(before)
    }

    /// The row in this place.
    pub fn kept<T: DeserializeOwned>(&self, shelf: Shelf, key: &[u8]) -> Result<Option<T>, Error> {
        self.tables.kept.get((shelf as u8, key))?.map(|bytes| row(bytes.value())).transpose()
    }

    /// Whether there is a row in this place.
    pub fn keeps(&self, shelf: Shelf, key: &[u8]) -> Result<bool, Error> {
        Ok(self.tables.kept.get((shelf as u8, key))?.is_some())
    }

    /// Rows of a shelf, with their keys.
    pub fn shelf<T: DeserializeOwned>(
        &mut self,
        shelf: Shelf,
        span: &Span,
    ) -> Result<Vec<(Vec<u8>, T)>, Error> {
        span.rows(self.tables.kept.table()?, shelf)
    }

    /// Rows of all shelves.
    pub fn rows_kept(&self) -> Result<u64, Error> {
        self.tables.kept.len()
    }
}

impl Reader {
    /// The row in this place.
    pub fn kept<T: DeserializeOwned>(&self, shelf: Shelf, key: &[u8]) -> Result<Option<T>, Error> {
        self.tables().kept.get((shelf as u8, key))?.map(|bytes| row(bytes.value())).transpose()
    }

    /// Whether there is a row in this place.
    pub fn keeps(&self, shelf: Shelf, key: &[u8]) -> Result<bool, Error> {
        Ok(self.tables().kept.get((shelf as u8, key))?.is_some())
    }

    /// Rows of a shelf, with their keys.
    pub fn shelf<T: DeserializeOwned>(&self, shelf: Shelf, span: &Span) -> Result<Vec<(Vec<u8>, T)>, Error> {
        span.rows(&self.tables().kept, shelf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn keys(reader: &Reader, span: Span) -> Vec<Vec<u8>> {
        reader.shelf::<u8>(Shelf::List, &span).unwrap().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_shelf_is_read_in_order_from_both_ends_and_holds_no_others_rows() {
        let store = Store::in_memory().unwrap();
        store
            .write(|batch| {
                for key in [[1, 1], [1, 2], [1, 3], [2, 0], [255, 255]] {
                    assert!(!batch.keep(&Change::put(Shelf::List, key, &key[1]))?);
                }
                batch.keep(&Change::put(Shelf::ListMember, [1, 2], &9u8))?;
                batch.keep(&Change::put(Shelf::BookmarkOrder, [1, 2], &9u8))
            })
            .unwrap();
        let reader = store.read().unwrap();
        assert_eq!(keys(&reader, Span::of([], 9)).len(), 5);
        assert_eq!(keys(&reader, Span::of([1], 9)), [[1, 1], [1, 2], [1, 3]]);
        assert_eq!(keys(&reader, Span::of([1], 2).backwards()), [[1, 3], [1, 2]]);
        assert_eq!(keys(&reader, Span::of([255], 9)), [[255, 255]]);
        let below = Span { below: Some(vec![1, 3]), ..Span::of([1], 9) };
        assert_eq!(keys(&reader, below.backwards()), [[1, 2], [1, 1]]);
        let above = Span { above: Some(vec![1, 2]), ..Span::of([1], 9) };
        assert_eq!(keys(&reader, above), [[1, 3]]);
        let nothing = Span { above: Some(vec![3]), below: Some(vec![2]), ..Span::of([1], 9) };
        assert!(keys(&reader, nothing).is_empty());
        assert_eq!(reader.kept::<u8>(Shelf::ListMember, &[1, 2]).unwrap(), Some(9));
    }

    #[test]
    fn what_is_taken_away_is_gone() {
        let store = Store::in_memory().unwrap();
        let put = Change::put(Shelf::Note, *b"who", &"why");
        assert!(!store.write(|batch| batch.keep(&put)).unwrap());
        assert!(store.write(|batch| batch.keep(&put)).unwrap());
        assert!(store.read().unwrap().keeps(Shelf::Note, b"who").unwrap());
        assert!(store.write(|batch| batch.keep(&Change::take(Shelf::Note, *b"who"))).unwrap());
        assert!(!store.write(|batch| batch.keep(&Change::take(Shelf::Note, *b"who"))).unwrap());
        assert!(!store.read().unwrap().keeps(Shelf::Note, b"who").unwrap());
    }
}
