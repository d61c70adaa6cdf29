//! What an index of words reads: what was said, in the order in which it came.

use std::collections::BTreeSet;

use redb::ReadableTable;
use starling_protocol::{AuthorId, Body, EntryId, payload::Content};

use super::Reader;
use crate::{
    store::{
        Error,
        index::order_time,
        kept::{Shelf, Span},
        words::{STALE, Touched},
    },
    view::Post,
};

/// A post as it is looked for.
#[derive(Debug, Clone)]
pub struct Said {
    /// Where it stands in time.
    pub time: u64,
    /// Its author's number.
    pub author: u32,
    /// What is said, in the latest edit; nothing for a boost.
    pub content: Option<Content>,
    /// Whether it answers another.
    pub reply: bool,
    /// Whether it was edited.
    pub edited: bool,
}

impl Reader {
    /// The newest arrival; 0 if there is none.
    pub fn newest_arrival(&self) -> Result<u64, Error> {
        Ok(self.tables.entries.last()?.map_or(0, |(arrival, _)| arrival.value()))
    }

    /// The first so many arrivals after one.
    pub fn arrivals_after(&self, arrival: u64, limit: usize) -> Result<Vec<u64>, Error> {
        let rows = self.tables.entries.range(arrival.saturating_add(1)..)?;
        rows.take(limit).map(|row| Ok(row?.0.value())).collect()
    }

    /// The newest so many arrivals after one, and the newest of our own author's posts.
    pub fn newest_after(&self, arrival: u64, limit: usize) -> Result<BTreeSet<u64>, Error> {
        let rows = self.tables.entries.range(arrival.saturating_add(1)..)?;
        let mut found = BTreeSet::new();
        for row in rows.rev().take(limit) {
            found.insert(row?.0.value());
        }
        if let Some(me) = self.me
            && found.len() == limit
        {
            let own = self.tables.authored.range((me, 0, 0)..=(me, u64::MAX, u64::MAX))?;
            for row in own.rev().take(limit) {
                let (_, _, own) = row?.0.value();
                if own > arrival {
                    found.insert(own);
                }
            }
        }
        Ok(found)
    }

    /// What the entry that arrived then changes of what can be found.
    pub fn touched_by(&self, arrival: u64) -> Result<Option<Touched>, Error> {
        let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
        Ok(match crate::store::body(&entry) {
            Some(Body::Post(_) | Body::Reply { .. } | Body::Boost(_) | Body::Unknown { .. }) => {
                Some(Touched::Post(arrival))
            }
            Some(Body::Edit { replaces, .. }) => self.find(replaces)?.map(Touched::Post),
            Some(Body::Profile(_)) => Some(Touched::Person(self.log(record.log)?.author_number)),
            _ => None,
        })
    }

    /// What was said by the post that arrived then, unless it is gone.
    pub fn said(&self, arrival: u64) -> Result<Option<Said>, Error> {
        let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
        let author = self.log(record.log)?.author_number;
        let (content, reply) = match crate::store::body(&entry) {
            Some(Body::Post(content)) => (Some(content), false),
            Some(Body::Reply { content, .. }) => (Some(content), true),
            Some(Body::Boost(_)) => (None, false),
            _ => return Ok(None),
        };
        let edit = self.latest_edit(&entry.id(), author)?;
        let shown = edit.as_ref().and_then(|edit| edit.payload()?.body().content()).or(content);
        let time = order_time(entry.header().time, record.received_at);
        Ok(Some(Said { time, author, content: shown.cloned(), reply, edited: edit.is_some() }))
    }

    /// The post that arrived then, if it may be shown.
    pub fn post_that_arrived(&self, arrival: u64) -> Result<Option<Post>, Error> {
        self.post_at(arrival, 1)
    }

    /// Where a post stands on a timeline: time, arrival.
    pub fn standing_of(&self, id: &EntryId) -> Result<Option<(u64, u64)>, Error> {
        let Some(arrival) = self.find(id)? else { return Ok(None) };
        let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
        Ok(Some((order_time(entry.header().time, record.received_at), arrival)))
    }

    /// The id of the entry that arrived then.
    pub fn id_that_arrived(&self, arrival: u64) -> Result<Option<EntryId>, Error> {
        Ok(self.entry_at(arrival)?.map(|(entry, _)| entry.id()))
    }

    /// The number by which tables know an author.
    pub fn author_number(&self, author: &AuthorId) -> Result<Option<u32>, Error> {
        self.number(author)
    }

    /// An author by number, as known here; none if they were forgotten.
    pub fn account_numbered(&self, number: u32) -> Result<Option<crate::view::Account>, Error> {
        if self.tables.authors.get(number)?.is_none() {
            return Ok(None);
        }
        self.account_of(number).map(Some)
    }

    /// This node's own author, by number.
    pub fn my_number(&self) -> Option<u32> {
        self.me
    }

    /// Whether the wish to follow, or the block, of our own author holds for another: `(followed, blocked)`.
    pub fn related_to_me(&self, author: u32) -> Result<(bool, bool), Error> {
        Ok((self.me_relates(crate::store::graph::FOLLOW, author)?, self.blocked(author)?))
    }

    /// Authors whose id begins like this, as people copy it.
    pub fn authors_beginning(&self, text: &str, limit: usize) -> Result<Vec<u32>, Error> {
        let Some(lowest) = author_range(text) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for row in self.tables.author_numbers.range::<&[u8; 32]>(&lowest..)? {
            let (id, number) = row?;
            if found.len() == limit || !AuthorId::new(*id.value()).to_string().starts_with(text) {
                break;
            }
            found.push(number.value());
        }
        Ok(found)
    }

    /// What changed where it stands since an index last looked, newest first, with the keys of the notes.
    pub fn stale(&self, limit: usize) -> Result<Vec<(Vec<u8>, Touched)>, Error> {
        self.shelf(Shelf::Search, &Span::of([STALE], limit).backwards())
    }
}

/// The lowest author id whose text begins like this: 5 bits a character after "star1".
fn author_range(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("star1").filter(|digits| digits.len() <= 51)?;
    let mut id = [0u8; 32];
    for (at, digit) in digits.chars().enumerate() {
        let value = "qpzry9x8gf2tvdw0s3jn54khce6mua7l".find(digit)?;
        for bit in 0..5 {
            let place = at * 5 + bit;
            id[place / 8] |= ((value >> (4 - bit) & 1) as u8) << (7 - place % 8);
        }
    }
    Some(id)
}
