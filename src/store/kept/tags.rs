//! Tags that are followed, and those that are shown on the own profile.

use serde::{Deserialize, Serialize};

use super::{Change, Shelf, Span};
use crate::store::{Error, Reader, tags::folded};

/// Tags that a person follows: the home timeline is put together from their posts too.
pub const FOLLOWED: usize = 100;
/// Tags on a profile, as Mastodon has it.
pub const FEATURED: usize = 10;

/// A tag that is followed or shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// As the person wrote it.
    pub name: String,
    /// Where it stands in the order of such tags.
    pub number: u64,
}

/// Keeps a tag on one of the shelves of tags.
pub fn put(shelf: Shelf, tag: &Tag) -> Change {
    Change::put(shelf, folded(&tag.name), tag)
}

/// Lets a tag go from it.
pub fn take(shelf: Shelf, name: &str) -> Change {
    Change::take(shelf, folded(name))
}

impl Reader {
    /// The tags on one of the shelves of tags, newest first.
    pub fn kept_tags(&self, shelf: Shelf) -> Result<Vec<Tag>, Error> {
        let rows = self.shelf::<Tag>(shelf, &Span::of([], usize::MAX))?;
        let mut tags: Vec<_> = rows.into_iter().map(|(_, tag)| tag).collect();
        tags.sort_unstable_by_key(|tag| std::cmp::Reverse(tag.number));
        Ok(tags)
    }

    /// A tag on one of the shelves of tags.
    pub fn kept_tag(&self, shelf: Shelf, name: &str) -> Result<Option<Tag>, Error> {
        self.kept(shelf, folded(name).as_bytes())
    }
}
