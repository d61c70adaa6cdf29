//! Posts that wait for their hour.

use std::collections::HashSet;

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

    /// What it says if it is published at `at`: a poll stays open for as long as was wished.
    pub fn content_at(&self, at: u64) -> Option<Content> {
        let mut content = self.content()?;
        if let Some(mut poll) = content.poll() {
            poll.ends_at = at.saturating_add(poll.ends_at.saturating_sub(self.at));
            content.set_poll(Some(&poll));
        }
        Some(content)
    }

    /// Is to be published at `at` instead.
    pub fn put_off(&mut self, at: u64) {
        if let Some(content) = self.content_at(at) {
            self.payload = Payload::new([0; 16], Body::Post(content)).encode();
        }
        (self.at, self.due) = (at, at);
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

    /// Files that posts will show which wait.
    pub fn scheduled_files(&self) -> Result<HashSet<[u8; 32]>, Error> {
        let contents = self.scheduled()?.into_iter().filter_map(|(_, post)| post.content());
        Ok(contents.flat_map(|content| content.media).map(|media| media.blob).collect())
    }
}

impl Batch<'_> {
    /// All posts that wait, oldest wish first.
    pub fn scheduled(&mut self) -> Result<Vec<(u64, Scheduled)>, Error> {
        Ok(numbered(self.shelf(Shelf::Scheduled, &Span::of([], usize::MAX))?))
    }
}

#[cfg(test)]
mod tests {
    use starling_protocol::payload::poll::Poll;

    use super::*;

    #[test]
    fn a_poll_that_is_put_off_stays_open_for_as_long() {
        let mut content = Content { text: "?".into(), ..Content::default() };
        let options = ["yes", "no"].map(String::from).to_vec();
        let poll = Poll { options, ends_at: 1_600, multiple: false, hides_totals: true };
        content.set_poll(Some(&poll));
        let mut post = Scheduled::new(1_000, None, content.clone(), None);
        assert_eq!(post.content_at(1_000), Some(content));
        post.put_off(5_000);
        assert_eq!((post.at, post.due), (5_000, 5_000));
        let ends =
            |content: Option<Content>| content.and_then(|content| content.poll()).map(|poll| poll.ends_at);
        assert_eq!(ends(post.content()), Some(5_600));
        // The node was off at the hour.
        assert_eq!(ends(post.content_at(7_000)), Some(7_600));
    }
}
