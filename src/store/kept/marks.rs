//! Posts to be found again, and threads of which no more is wanted.

use starling_protocol::EntryId;

use super::{Change, Shelf, Span};
use crate::store::{Error, Reader};

/// Marks a post as the `number`th of all marks, see [`Reader::next_number`].
pub fn bookmark(post: &EntryId, number: u64) -> [Change; 2] {
    [
        Change::put(Shelf::Bookmark, *post.as_bytes(), &number),
        Change::put(Shelf::BookmarkOrder, number.to_be_bytes(), post),
    ]
}

/// Takes the mark of that number away.
pub fn unbookmark(post: &EntryId, number: u64) -> [Change; 2] {
    [
        Change::take(Shelf::Bookmark, *post.as_bytes()),
        Change::take(Shelf::BookmarkOrder, number.to_be_bytes()),
    ]
}

/// Wants no more of the thread that this post began.
pub fn mute_thread(root: &EntryId) -> Change {
    Change::put(Shelf::MutedThread, *root.as_bytes(), &true)
}

/// Wants it again.
pub fn unmute_thread(root: &EntryId) -> Change {
    Change::take(Shelf::MutedThread, *root.as_bytes())
}

impl Reader {
    /// The number of a post's mark, if it has one.
    pub fn bookmark(&self, post: &EntryId) -> Result<Option<u64>, Error> {
        self.kept(Shelf::Bookmark, post.as_bytes())
    }

    /// Whether no more is wanted of the thread that this post began.
    pub fn thread_muted(&self, root: &EntryId) -> Result<bool, Error> {
        self.keeps(Shelf::MutedThread, root.as_bytes())
    }

    /// A number for the next row of a shelf whose keys are numbers: above all that are there, and above all that
    /// were, as long as the clock was not set back. `now` in milliseconds since 1970.
    pub fn next_number(&self, shelf: Shelf, now: u64) -> Result<u64, Error> {
        let last = self.shelf::<serde::de::IgnoredAny>(shelf, &Span::of([], 1).backwards())?;
        let last = last.first().and_then(|(key, _)| number(key));
        Ok(last.map_or(now, |last| now.max(last + 1)))
    }
}

/// The number that a key is.
pub fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}
