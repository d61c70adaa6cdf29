//! Posts that wait for their hour.

use serde::{Deserialize, Serialize};
use starling_protocol::{
    Body, EntryId,
    payload::{Content, Payload},
};

use super::{Change, Shelf, Span};
use crate::store::{Batch, Error, Reader};

/// Posts that may wait at once, as Mastodon has it.
pub const WAITING: usize = 300;

/// A post that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// When it is to be published, in milliseconds since 1970.
    pub at: u64,
    /// When it is tried (again): as `at`, unless that failed.
    pub due: u64,
    /// What it answers.
    pub parent: Option<EntryId>,
    /// What it says, as the payload of a post.
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
    /// What the client named the wish.
    pub idempotency: Option<String>,
}

impl Scheduled {
    /// A post that says `content` at `at`.
    pub fn new(at: u64, parent: Option<EntryId>, content: Content, idempotency: Option<String>) -> Self {
        let payload = Payload::new([0; 16], Body::Post(content)).encode();
        Self { at, due: at, parent, payload, idempotency }
    }

    /// What it says.
    pub fn content(&self) -> Option<Content> {
        Payload::decode(&self.payload).ok()?.body().content().cloned()
    }

    /// Keeps it under this number.
    pub fn put(&self, id: u64) -> Change {
        Change::put(Shelf::Scheduled, id.to_be_bytes(), self)
    }
}

/// Publishes it no more.
pub fn take(id: u64) -> Change {
    Change::take(Shelf::Scheduled, id.to_be_bytes())
}

fn numbered(rows: Vec<(Vec<u8>, Scheduled)>) -> Vec<(u64, Scheduled)> {
    rows.into_iter().filter_map(|(key, post)| Some((super::marks::number(&key)?, post))).collect()
}

impl Reader {
    /// All posts that wait, oldest wish first.
    pub fn scheduled(&self) -> Result<Vec<(u64, Scheduled)>, Error> {
        Ok(numbered(self.shelf(Shelf::Scheduled, &Span::of([], usize::MAX))?))
    }
}

impl Batch<'_> {
    /// All posts that wait, oldest wish first.
    pub fn scheduled(&mut self) -> Result<Vec<(u64, Scheduled)>, Error> {
        Ok(numbered(self.shelf(Shelf::Scheduled, &Span::of([], usize::MAX))?))
    }
}
