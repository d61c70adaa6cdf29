//! What was settled about people: not to be seen for a while, noted, recommended, followed in part.

use serde::{Deserialize, Serialize};
use starling_protocol::AuthorId;

use super::{Change, Shelf};
use crate::store::{Batch, Error, Reader};

/// Characters of a note, as Mastodon has it.
pub const NOTE_CHARS: usize = 2_000;

/// Somebody who is not to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Where it stands in the order of mutes.
    pub number: u64,
    /// Until when, in milliseconds since 1970; for ever, if none.
    pub until: Option<u64>,
    /// Whether nothing of theirs is told either.
    pub notifications: bool,
}

impl Mute {
    /// Whether it still holds.
    pub fn holds(&self, now: u64) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// How somebody is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    /// Whether what they pass on is shown at home.
    pub boosts: bool,
    /// Whether each of their posts is told.
    pub notify: bool,
    /// Only posts in these languages, or in none, are shown at home; all, if there are none.
    pub languages: Vec<String>,
}

impl Default for Following {
    fn default() -> Self {
        Self { boosts: true, notify: false, languages: Vec::new() }
    }
}

/// Does not want to see somebody.
pub fn mute(author: &AuthorId, mute: &Mute) -> Change {
    Change::put(Shelf::Mute, *author.as_bytes(), mute)
}

/// Wants to see them again.
pub fn unmute(author: &AuthorId) -> Change {
    Change::take(Shelf::Mute, *author.as_bytes())
}

/// Follows somebody like this from now on.
pub fn follow_like(author: &AuthorId, following: &Following) -> Change {
    match *following == Following::default() {
        true => Change::take(Shelf::Following, *author.as_bytes()),
        false => Change::put(Shelf::Following, *author.as_bytes(), following),
    }
}

/// Notes this about somebody; nothing, if it is empty.
pub fn note(author: &AuthorId, text: &str) -> Change {
    match text.is_empty() {
        true => Change::take(Shelf::Note, *author.as_bytes()),
        false => Change::put(Shelf::Note, *author.as_bytes(), &text),
    }
}

/// Recommends somebody, as the `number`th.
pub fn endorse(author: &AuthorId, number: u64) -> Change {
    Change::put(Shelf::Endorsement, *author.as_bytes(), &number)
}

/// Recommends them no longer.
pub fn unendorse(author: &AuthorId) -> Change {
    Change::take(Shelf::Endorsement, *author.as_bytes())
}

impl Reader {
    /// Whether and how somebody is muted at `now`.
    pub fn mute(&self, author: &AuthorId, now: u64) -> Result<Option<Mute>, Error> {
        Ok(self.kept::<Mute>(Shelf::Mute, author.as_bytes())?.filter(|mute| mute.holds(now)))
    }

    /// How somebody is followed, if they are.
    pub fn following_like(&self, author: &AuthorId) -> Result<Following, Error> {
        Ok(self.kept(Shelf::Following, author.as_bytes())?.unwrap_or_default())
    }

    /// What was noted about somebody.
    pub fn note(&self, author: &AuthorId) -> Result<String, Error> {
        Ok(self.kept(Shelf::Note, author.as_bytes())?.unwrap_or_default())
    }

    /// Whether somebody is recommended.
    pub fn endorsed(&self, author: &AuthorId) -> Result<bool, Error> {
        self.keeps(Shelf::Endorsement, author.as_bytes())
    }
}

impl Batch<'_> {
    /// Whether and how somebody is muted at `now`.
    pub fn mute(&self, author: &AuthorId, now: u64) -> Result<Option<Mute>, Error> {
        Ok(self.kept::<Mute>(Shelf::Mute, author.as_bytes())?.filter(|mute| mute.holds(now)))
    }

    /// How somebody is followed, if they are.
    pub fn following_like(&self, author: &AuthorId) -> Result<Following, Error> {
        Ok(self.kept(Shelf::Following, author.as_bytes())?.unwrap_or_default())
    }
}
