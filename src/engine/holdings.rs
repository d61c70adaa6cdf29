//! What is held here and what is not, as the machines of a session see it.

use std::collections::BTreeSet;

use starling_protocol::{
    AuthorId, DeviceKey,
    entry::log,
    identity::{Record, Voice},
    limits,
    sync::{self, Batch as Served, FeedState, Held, Interests, LogHead, Own, Range, Source as Holder},
};

use super::{outgoing::OwnReads, sessions::InFlight, turn::Turn};
use crate::{
    network::StreamId,
    store::{Batch, Error},
};

/// Places without their payload that are looked at a time: a session asks for the highest first, and comes again for
/// those below. An author, or whoever serves a log, can leave out as many as there are entries.
const HOLLOW: usize = 256;

impl Turn<'_, '_> {
    /// What we hold of these authors, for comparing. While the guard is closed our own feed is left
    /// out, so that a peer that has it says so.
    pub fn own_states(&mut self, interests: &[AuthorId]) -> Result<Vec<Own>, Error> {
        let guarded = self.state.guard.reason().is_some();
        let mut own = Vec::new();
        for author in interests {
            if guarded && *author == self.state.author {
                continue;
            }
            let Some(number) = self.batch.author_number(author)? else { continue };
            let Some(state) = feed_state(self.batch, author, number)? else { continue };
            let complete = is_complete(self.batch, number)?;
            own.push(Own { state, complete });
        }
        Ok(own)
    }
}

/// What is held of an author, as peers are told; none if the identity is not known.
fn feed_state(batch: &mut Batch<'_>, author: &AuthorId, number: u32) -> Result<Option<FeedState>, Error> {
    let Some(digest) = batch.identity(number)?.map(starling_protocol::Identity::digest) else {
        return Ok(None);
    };
    let mut heads = Vec::new();
    for log in batch.logs_of(number)? {
        let row = batch.log(log)?.clone();
        let head = LogHead::of(row.log, &row.state, |seq| batch.id_at(log, seq))?;
        heads.extend(head.map(|head| (row.device, head)));
    }
    Ok(Some(FeedState::new(*author, &digest, heads)))
}

fn is_complete(batch: &mut Batch<'_>, number: u32) -> Result<bool, Error> {
    for log in batch.logs_of(number)? {
        if batch.is_hollow(log)? {
            return Ok(false);
        }
        let row = batch.log(log)?;
        if row.state.runs().len() > 1 || row.state.top().is_some_and(|top| top.lo > row.floor) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is missing here, for a machine that asks.
pub(super) struct Holding<'a, 't> {
    pub batch: &'a mut Batch<'t>,
    pub in_flight: &'a mut InFlight,
    pub stream: StreamId,
    pub now: u64,
}

impl Held for Holding<'_, '_> {
    type Error = Error;

    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Error> {
        let Range { author, device, log, mut from, mut to } = *range;
        let Some(number) = self.batch.author_number(&author)? else { return Ok(Vec::new()) };
        let voice = self.batch.identity(number)?.map(|identity| identity.voice(&device, log));
        match voice {
            None | Some(Voice::Silent) => return Ok(Vec::new()),
            Some(Voice::Until(end, _)) => to = to.min(end),
            Some(Voice::Speaks) => {}
        }
        let missing = match self.batch.log_number(number, &device, log)? {
            None => vec![(from, to)],
            Some(number_of_log) => {
                let row = self.batch.log(number_of_log)?;
                from = from.max(row.floor);
                match row.state.frozen() {
                    Some(0) => return Ok(Vec::new()),
                    Some(frozen) => to = to.min(frozen - 1),
                    None => {}
                }
                let mut missing = row.state.missing(from, to);
                // Held without their payload, which their author did not erase.
                missing.extend(self.batch.hollow(number_of_log, from, to, HOLLOW)?);
                missing
            }
        };
        let missing = missing.into_iter().filter(|(from, to)| from <= to).collect();
        Ok(self.in_flight.claim((author, device, log), missing, self.stream, self.now))
    }

    fn contradicts(&mut self, author: &AuthorId, device: &DeviceKey, head: &LogHead) -> Result<bool, Error> {
        let Some(number) = self.batch.author_number(author)? else { return Ok(false) };
        let voice = self.batch.identity(number)?.map(|identity| identity.voice(device, head.log));
        let Some(log) = self.batch.log_number(number, device, head.log)? else { return Ok(false) };
        let frozen = self.batch.log(log)?.state.frozen();
        if voice != Some(Voice::Speaks) || frozen.is_some_and(|frozen| frozen <= head.hi) {
            return Ok(false);
        }
        Ok(self.batch.id_at(log, head.hi)?.is_some_and(|held| held != head.head))
    }
}

/// What is held here, for a machine that answers.
pub(super) struct Holdings<'a, 't> {
    pub batch: &'a mut Batch<'t>,
    /// Nothing of these is passed on.
    pub blocked: &'a BTreeSet<AuthorId>,
    /// Who we are, and which device.
    pub me: (AuthorId, DeviceKey),
    /// What is read of our own.
    pub own: OwnReads,
}

impl Holder for Holdings<'_, '_> {
    type Error = Error;

    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Error> {
        let mut feeds = Vec::new();
        for prefix in interests.prefixes() {
            for (author, number) in self.batch.authors_with(*prefix)? {
                if self.blocked.contains(&author) {
                    continue;
                }
                feeds.extend(feed_state(self.batch, &author, number)?);
            }
        }
        Ok(feeds)
    }

    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Error> {
        self.own.told |= *author == self.me.0;
        match self.batch.author_number(author)? {
            Some(number) if !self.blocked.contains(author) => feed_state(self.batch, author, number),
            _ => Ok(None),
        }
    }

    fn identity(&mut self, author: &AuthorId) -> Result<Option<Record>, Error> {
        let Some(number) = self.batch.author_number(author)? else { return Ok(None) };
        Ok(self.batch.identity(number)?.map(starling_protocol::Identity::record))
    }

    fn forks(&mut self, author: &AuthorId) -> Result<Vec<Vec<u8>>, Error> {
        match self.batch.author_number(author)? {
            Some(number) => self.batch.forks(number),
            None => Ok(Vec::new()),
        }
    }

    fn read(&mut self, range: &Range, max_entries: usize, max_bytes: usize) -> Result<Served, Error> {
        debug_assert!(max_bytes >= limits::ENTRY_BYTES);
        let Some(number) = self.batch.author_number(&range.author)? else { return Ok(Served::default()) };
        if self.blocked.contains(&range.author) {
            return Ok(Served::default());
        }
        let Some(row) = self.batch.log_number(number, &range.device, range.log)? else {
            return Ok(Served::default());
        };
        let frozen = self.batch.log(row)?.state.frozen();
        let to = match frozen {
            Some(0) => return Ok(Served::default()),
            Some(frozen) => range.to.min(frozen - 1),
            None => range.to,
        };
        let (entries, next) = self.batch.read_down(row, range.from, to, max_entries, max_bytes)?;
        if (range.author, range.device) == self.me && range.log == log::POSTS {
            self.own.note(&entries);
        }
        Ok(sync::Batch { entries, next })
    }
}
