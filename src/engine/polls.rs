//! Polls: the person votes, and is told when one that concerns them has ended.

use starling_protocol::{
    Body, EntryId, Verified,
    payload::{
        Link,
        poll::{Poll, chosen},
    },
};

use super::{
    Refusal, Reply,
    turn::{Answered, Turn},
};
use crate::store::{
    Error, body,
    kept::{
        Change, Shelf, Span,
        notification::{Kind, Notification},
    },
};

/// How long after its end a poll is no news any more: the feed of a restored home has many of them.
const OLD_MS: u64 = 14 * 24 * 60 * 60 * 1000;
/// Polls whose end is told in one turn.
const AT_ONCE: usize = 16;

impl Turn<'_, '_> {
    /// Votes for our own author.
    pub fn vote(&mut self, id: EntryId, choices: Vec<u8>) -> Answered<Reply> {
        let Some((link, poll)) = self.poll_of(&id)? else {
            return Ok(Err(Refusal::NotFound(format!("the poll {id}"))));
        };
        if link.author == self.state.author {
            return Ok(Err(Refusal::Invalid("You cannot vote in your own poll")));
        }
        if poll.ends_at <= self.now {
            return Ok(Err(Refusal::Invalid("The poll has already ended")));
        }
        if !poll.counts(chosen(&choices), self.now) {
            return Ok(Err(Refusal::Invalid("The chosen vote option does not exist")));
        }
        if self.batch.voted(&id, &poll, self.state.me)? {
            return Ok(Err(Refusal::Invalid("You have already voted on this poll")));
        }
        self.say(Body::Vote(link, choices))
    }

    /// The poll of a post that is held, and whose it is.
    fn poll_of(&mut self, id: &EntryId) -> Result<Option<(Link, Poll)>, Error> {
        let Some(post) = self.shown(id)? else { return Ok(None) };
        let link = Link { author: post.header().author, id: *id };
        let content = match body(&post) {
            Some(Body::Post(content) | Body::Reply { content, .. }) => content,
            _ => return Ok(None),
        };
        Ok(content.poll().map(|poll| (link, poll)))
    }

    /// Notes when a poll ends that our own author began or voted in.
    pub fn await_poll(&mut self, entry: &Verified) -> Result<(), Error> {
        let (id, ends_at) = match body(entry) {
            Some(Body::Post(content) | Body::Reply { content, .. }) => match content.poll() {
                Some(poll) => (entry.id(), poll.ends_at),
                None => return Ok(()),
            },
            Some(Body::Vote(link, _)) => match self.poll_of(&link.id)? {
                Some((_, poll)) => (link.id, poll.ends_at),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if ends_at.saturating_add(OLD_MS) < self.now {
            return Ok(());
        }
        self.batch.keep(&Change::put(Shelf::OpenPoll, place(ends_at, &id), &true))?;
        self.state.next_poll = self.state.next_poll.min(ends_at);
        Ok(())
    }

    /// Tells of the polls that have ended.
    pub fn end_polls(&mut self) -> Result<(), Error> {
        if self.state.next_poll > self.now {
            return Ok(());
        }
        let ended = Span { below: Some((self.now + 1).to_be_bytes().to_vec()), ..Span::of([], AT_ONCE) };
        for (key, _) in self.batch.shelf::<bool>(Shelf::OpenPoll, &ended)? {
            self.batch.keep(&Change::take(Shelf::OpenPoll, key.clone()))?;
            let Some(id) = key.get(8..).and_then(|id| id.try_into().ok()).map(EntryId::new) else { continue };
            // Taken back in the meantime, or of somebody who is blocked now.
            let Some((link, poll)) = self.poll_of(&id)? else { continue };
            let (kind, post, at) = (Kind::Poll, Some(id), poll.ends_at);
            self.put_note(&Notification {
                kind,
                from: link.author,
                post,
                at,
                quiet: false,
                filtered: false,
            })?;
        }
        self.load_polls()
    }

    /// Looks when the next one ends.
    pub fn load_polls(&mut self) -> Result<(), Error> {
        let first = self.batch.shelf::<bool>(Shelf::OpenPoll, &Span::of([], 1))?;
        let ends_at = first.first().and_then(|(key, _)| key.get(..8)?.try_into().ok());
        self.state.next_poll = ends_at.map_or(u64::MAX, u64::from_be_bytes);
        Ok(())
    }
}

/// Where a poll stands among those that have not ended: the next first.
fn place(ends_at: u64, id: &EntryId) -> Vec<u8> {
    [&ends_at.to_be_bytes()[..], id.as_bytes()].concat()
}
