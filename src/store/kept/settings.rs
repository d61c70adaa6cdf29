//! How posts are written unless something else is said, and how far timelines were read.

use serde::{Deserialize, Serialize};

use super::{Change, Shelf};
use crate::store::{Error, Reader};

const POSTING: &[u8] = b"posting";

/// How posts are written unless something else is said. The words are Mastodon's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// `public` or `unlisted`.
    pub visibility: String,
    /// Whether pictures are covered.
    pub sensitive: bool,
    /// A BCP 47 tag.
    pub language: Option<String>,
}

impl Default for Posting {
    fn default() -> Self {
        Self { visibility: "public".into(), sensitive: false, language: None }
    }
}

impl Posting {
    /// Keeps these.
    pub fn put(&self) -> Change {
        Change::put(Shelf::Preference, POSTING, self)
    }
}

/// How far a timeline was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The last id that was seen, as the client says it.
    pub last_read: String,
    /// How often it was moved.
    pub version: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

impl Marker {
    /// Keeps it for this timeline.
    pub fn put(&self, timeline: &str) -> Change {
        Change::put(Shelf::Marker, timeline, self)
    }
}

impl Reader {
    /// How posts are written unless something else is said.
    pub fn posting(&self) -> Result<Posting, Error> {
        Ok(self.kept(Shelf::Preference, POSTING)?.unwrap_or_default())
    }

    /// How far a timeline was read.
    pub fn marker(&self, timeline: &str) -> Result<Option<Marker>, Error> {
        self.kept(Shelf::Marker, timeline.as_bytes())
    }
}
