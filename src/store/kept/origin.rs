//! How this person came to follow somebody: noted in the transaction of the follow, kept while it holds, told to nobody.
//!
//! The follow itself is signed and public. What led to it (an invite, a post that somebody passed on) is the person's own
//! business, so it is no part of the entry.

use serde::{Deserialize, Serialize};
use starling_protocol::{AuthorId, EntryId};

use super::{Change, Shelf};

/// What a follow that was made here came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The person chose them, and perhaps it is known where they were come upon.
    Hand(Option<Via>),
    /// An invite was opened.
    Invite,
    /// They are the feed that comes with the program, followed as the home was made.
    Welcome,
}

/// Where somebody was come upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via {
    /// Through this person.
    pub author: AuthorId,
    /// In this post of theirs.
    pub post: Option<EntryId>,
}

/// A follow as it was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Noted {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// What it came from.
    pub origin: Origin,
}

/// A follow that holds, as far as it is known how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// When it was made, in milliseconds since 1970.
    pub at: u64,
    /// Where, and what it came from.
    pub made: Made,
}

/// Where a follow was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// On this node, like this.
    Here(Origin),
    /// On another device of the same author.
    Elsewhere,
    /// On this node, by a version that noted nothing.
    Unknown,
}

/// The numbers are on disk: one that was given out is never given out again.
#[derive(Serialize, Deserialize)]
struct Wire(u64, u8, Option<AuthorId>, Option<EntryId>);

const HAND: u8 = 0;
const INVITE: u8 = 1;
const WELCOME: u8 = 2;

impl TryFrom<Wire> for Noted {
    type Error = &'static str;

    fn try_from(Wire(at, how, author, post): Wire) -> Result<Self, Self::Error> {
        let origin = match how {
            HAND => Origin::Hand(author.map(|author| Via { author, post })),
            INVITE => Origin::Invite,
            WELCOME => Origin::Welcome,
            _ => return Err("no such way to follow"),
        };
        Ok(Self { at, origin })
    }
}

impl From<Noted> for Wire {
    fn from(Noted { at, origin }: Noted) -> Self {
        match origin {
            Origin::Hand(via) => Self(at, HAND, via.map(|via| via.author), via.and_then(|via| via.post)),
            Origin::Invite => Self(at, INVITE, None, None),
            Origin::Welcome => Self(at, WELCOME, None, None),
        }
    }
}

/// Somebody is followed since now.
pub fn note(author: &AuthorId, noted: &Noted) -> Change {
    Change::put(Shelf::Origin, *author.as_bytes(), noted)
}

/// They are not followed any more.
pub fn forget(author: &AuthorId) -> Change {
    Change::take(Shelf::Origin, *author.as_bytes())
}

#[cfg(test)]
mod tests {
    use starling_protocol::cbor;

    use super::*;

    #[test]
    fn every_way_is_read_as_it_was_written_and_is_small() {
        let (author, post) = (AuthorId::new([7; 32]), EntryId::new([9; 32]));
        let via = |post| Origin::Hand(Some(Via { author, post }));
        for origin in [Origin::Hand(None), via(None), via(Some(post)), Origin::Invite, Origin::Welcome] {
            let noted = Noted { at: u64::MAX, origin };
            let bytes = cbor::encode(&noted);
            assert!(bytes.len() < 100, "{}", bytes.len());
            assert_eq!(cbor::decode::<Noted>(&bytes).unwrap(), noted);
        }
        assert!(cbor::decode::<Noted>(&cbor::encode(&Wire(1, 9, None, None))).is_err());
    }
}
