//! Lists of people, each a timeline of its own.

use serde::{Deserialize, Serialize};
use starling_protocol::AuthorId;

use super::{Change, Shelf, Span};
use crate::store::{Error, Reader};

/// Lists that a person has at most: each is looked through when a page of the home timeline is made.
pub const LISTS: usize = 100;
/// People on a list: the timeline of a list is put together from theirs when it is read.
pub const MEMBERS: usize = 500;
/// Characters of a title.
pub const TITLE_CHARS: usize = 256;

/// Which replies a list shows. The words are Mastodon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Replies {
    /// To anybody who is followed.
    Followed,
    /// To people on the list.
    #[default]
    List,
    /// None.
    None,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// What it is called.
    pub title: String,
    /// Which replies it shows.
    pub replies: Replies,
    /// Whether those who are on it are not shown at home.
    pub exclusive: bool,
}

/// Keeps a list under this number.
pub fn put(id: u64, list: &List) -> Change {
    Change::put(Shelf::List, id.to_be_bytes(), list)
}

/// Puts somebody on a list, as the `number`th.
pub fn add(id: u64, author: &AuthorId, number: u64) -> Change {
    Change::put(Shelf::ListMember, member(id, author), &number)
}

/// Takes somebody off a list.
pub fn remove(id: u64, author: &AuthorId) -> Change {
    Change::take(Shelf::ListMember, member(id, author))
}

fn member(id: u64, author: &AuthorId) -> Vec<u8> {
    [&id.to_be_bytes(), &author.as_bytes()[..]].concat()
}

impl Reader {
    /// All lists, oldest first.
    pub fn lists(&self) -> Result<Vec<(u64, List)>, Error> {
        let rows = self.shelf(Shelf::List, &Span::of([], LISTS))?;
        Ok(rows.into_iter().filter_map(|(key, list)| Some((super::marks::number(&key)?, list))).collect())
    }

    /// A list.
    pub fn list(&self, id: u64) -> Result<Option<List>, Error> {
        self.kept(Shelf::List, &id.to_be_bytes())
    }

    /// Who is on a list, last added first, each with the number of their place.
    pub fn list_members(&self, id: u64) -> Result<Vec<(u64, AuthorId)>, Error> {
        let rows = self.shelf::<u64>(Shelf::ListMember, &Span::of(id.to_be_bytes(), usize::MAX))?;
        let author = |key: &[u8]| Some(AuthorId::new(key.get(8..)?.try_into().ok()?));
        let mut members: Vec<_> =
            rows.iter().filter_map(|(key, number)| Some((*number, author(key)?))).collect();
        members.sort_unstable_by(|a, b| b.cmp(a));
        Ok(members)
    }

    /// Whether somebody is on a list.
    pub fn on_list(&self, id: u64, author: &AuthorId) -> Result<bool, Error> {
        self.keeps(Shelf::ListMember, &member(id, author))
    }
}
