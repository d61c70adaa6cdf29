//! An entry arrives: is it wanted, where does it stand, and what follows from it.

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, Verified,
    entry::log,
    feed::{self, Step},
    identity::Voice,
    sync::News,
};

use super::{
    Event,
    erase::erasable,
    sessions::Session,
    turn::{Fresh, Turn},
};
use crate::store::{Audience, Error};

/// By which way an entry came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// It was signed here.
    Own,
    /// A peer gossiped it.
    Gossip(PeerId),
    /// A peer sent it in a session.
    Sync(PeerId),
    /// It stood in a file.
    File,
}

impl Source {
    fn peer(self) -> Option<PeerId> {
        match self {
            Self::Gossip(peer) | Self::Sync(peer) => Some(peer),
            Self::Own | Self::File => None,
        }
    }
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Stored.
    New,
    /// It was held already, or erased by its author.
    Known,
    /// Its device does not speak for its author, as far as is known.
    Unvouched,
    /// It contradicts another entry of its device, or comes after one that does.
    Forked,
    /// Good, and not wanted here or now.
    Unwanted,
}

impl Turn<'_, '_> {
    /// Takes an entry in, if it can stand and is wanted.
    pub fn receive(&mut self, entry: &Verified, source: Source) -> Result<Outcome, Error> {
        let header = *entry.header();
        let author = header.author;
        if self.state.blocked.contains(&author) {
            return Ok(Outcome::Unwanted);
        }
        // Our own feed is taken in whatever the disk says: signing below it would fork it.
        if self.state.disk_low && author != self.state.author {
            return Ok(Outcome::Unwanted);
        }
        let Some(number) = self.batch.author_number(&author)? else { return Ok(Outcome::Unvouched) };
        let Some(identity) = self.batch.identity(number)? else { return Ok(Outcome::Unvouched) };
        let voice = identity.voice(&header.device, header.log);
        match voice {
            Voice::Silent => return Ok(Outcome::Unvouched),
            Voice::Until(seq, id) if header.seq > seq || (header.seq == seq && entry.id() != id) => {
                return Ok(Outcome::Forked);
            }
            _ => {}
        }
        if matches!(source, Source::Sync(_)) && !self.is_home(&author) {
            return Ok(Outcome::Unwanted);
        }
        if source != Source::Own && self.far_over_quota(&author, number)? {
            return Ok(Outcome::Unwanted);
        }
        let log = self.batch.intern_log(number, &header.device, header.log)?;
        // What a quota forgot does not come back by the way that it came.
        if header.seq < self.batch.log(log)?.floor && matches!(source, Source::Gossip(_) | Source::Sync(_)) {
            return Ok(Outcome::Unwanted);
        }
        let frozen = self.batch.log(log)?.state.frozen();
        if voice == Voice::Speaks && frozen.is_some_and(|frozen| header.seq >= frozen) {
            // It may still prove that the branches part one place lower than was known.
            if frozen == Some(header.seq) && header.previous.is_some() {
                let below = self.batch.id_at(log, header.seq - 1)?;
                if below.is_some() && below != header.previous {
                    return self.contradicted(entry, number, log, header.seq - 1, voice, source);
                }
            }
            return Ok(if self.batch.find(&entry.id())?.is_some() {
                Outcome::Known
            } else {
                Outcome::Forked
            });
        }
        let state = self.batch.log(log)?.state.clone();
        let held = if state.holds(header.seq) { self.batch.id_at(log, header.seq)? } else { None };
        if held.is_none() && state.holds(header.seq) {
            return self.mend(entry, number, log, source);
        }
        match feed::step(&state, &header, entry.id(), |_| held) {
            Step::Next | Step::Gap => self.store(entry, number, log, source),
            Step::Duplicate => self.complete(entry, number, source),
            Step::Scattered => Ok(Outcome::Unwanted),
            Step::Fork { against, .. } => self.contradicted(entry, number, log, against, voice, source),
        }
    }

    /// Stores an entry, and does what follows from it.
    pub fn store(
        &mut self,
        entry: &Verified,
        number: u32,
        log: u32,
        source: Source,
    ) -> Result<Outcome, Error> {
        let header = *entry.header();
        // What was erased before it came is held without its payload, and stays silent.
        let erased = erasable(entry) && self.batch.erased(number, &entry.id())?;
        let silent = erased.then(|| entry.clone().without_payload());
        let entry = silent.as_ref().unwrap_or(entry);
        let from = self.peer_number(source.peer())?;
        let gap = !self.batch.log(log)?.state.runs().iter().any(|run| run.hi + 1 == header.seq);
        let taken = self.batch.take(entry, log, self.now, from)?;
        let audience = self.audience(&header.author);
        if audience != Audience::Home {
            self.batch.let_pass(taken.arrival, true)?;
        }
        let turn = self.batch.index(entry, taken, self.now, audience)?;
        self.follow_up(entry, number, turn)?;
        self.tell(entry, audience, source);
        if matches!(source, Source::Sync(_)) && !erased {
            self.state.pushed.note(entry.id(), self.now);
            self.note_late(&header, entry.id());
        }
        if gap && header.seq > 0 && !matches!(source, Source::Sync(_) | Source::Own) {
            self.want_below(&header)?;
        }
        self.keep_quota(&header.author, number)?;
        // What was erased is no news: it closes the chain here, and goes no further.
        Ok(if erased { Outcome::Known } else { Outcome::New })
    }

    fn tell(&mut self, entry: &Verified, audience: Audience, source: Source) {
        let author = entry.header().author;
        let home = audience == Audience::Home && entry.header().log == log::POSTS;
        self.event(Event::Stored { id: entry.id(), author, home });
        self.show_live(entry, audience);
        let asks = |session: &Session| Some(session.peer()) != source.peer() && session.serves(&author);
        if self.state.sessions.values().any(asks) {
            let news = News::Entry(author, entry.signed().to_bytes());
            self.fresh.push(Fresh { news, from: source.peer() });
        }
        if let Some(peer) = source.peer().and_then(|peer| self.state.peers.get_mut(&peer)) {
            peer.received += 1;
        }
    }

    /// A header that is held may have come without its payload; this one may bring it.
    fn complete(&mut self, entry: &Verified, number: u32, source: Source) -> Result<Outcome, Error> {
        let (Some(arrival), Some(_)) = (self.batch.find(&entry.id())?, entry.payload()) else {
            return Ok(Outcome::Known);
        };
        let Some(record) = self.batch.record(arrival)? else { return Ok(Outcome::Known) };
        if record.has_payload() || (erasable(entry) && self.batch.erased(number, &entry.id())?) {
            return Ok(Outcome::Known);
        }
        let (log, received) = (record.log, record.received_at);
        self.batch.fill(arrival, entry)?;
        let author = entry.header().author;
        let audience = self.audience(&entry.header().author);
        let taken = crate::store::Taken { arrival, log, author: number };
        let turn = self.batch.index(entry, taken, received, audience)?;
        self.follow_up(entry, number, turn)?;
        self.tell(entry, audience, source);
        self.keep_quota(&author, number)?;
        Ok(Outcome::New)
    }

    /// What is held at this place cannot be read any more, and came again: it is written anew.
    fn mend(&mut self, entry: &Verified, number: u32, log: u32, source: Source) -> Result<Outcome, Error> {
        let place = self.batch.at(log, entry.header().seq)?;
        let (Some(arrival), true) = (place, self.batch.find(&entry.id())? == place) else {
            // Nothing says that it was this one.
            return Ok(Outcome::Unwanted);
        };
        let erased = erasable(entry) && self.batch.erased(number, &entry.id())?;
        if entry.payload().is_none() && !erased {
            return Ok(Outcome::Unwanted);
        }
        let silent = erased.then(|| entry.clone().without_payload());
        let entry = silent.as_ref().unwrap_or(entry);
        let from = self.peer_number(source.peer())?;
        self.batch.mend(arrival, log, entry, self.now, from)?;
        // It stands in the indexes already, unless it came without its payload at first.
        let audience = self.audience(&entry.header().author);
        let taken = crate::store::Taken { arrival, log, author: number };
        let turn = self.batch.index(entry, taken, self.now, audience)?;
        self.follow_up(entry, number, turn)?;
        Ok(Outcome::Known)
    }

    pub fn audience(&self, author: &AuthorId) -> Audience {
        if self.state.blocked.contains(author) {
            Audience::Nobody
        } else if self.is_home(author) {
            Audience::Home
        } else {
            Audience::Network
        }
    }
}
