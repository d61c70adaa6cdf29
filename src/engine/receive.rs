//! An entry arrives: is it wanted, where does it stand, and what follows from it.

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, Body, EntryId, Verified,
    entry::log,
    feed::{self, Step},
    identity::Voice,
    payload::{Content, Visibility},
    sync::News,
};

use super::{
    Event,
    checked::{Checked, CheckedFrame},
    erase::erasable,
    sessions::Session,
    turn::{Fresh, Turn},
};
use crate::{
    network::{Command, GossipRef, Verdict},
    store::{Audience, Error, body},
};

/// Gossip carries news. What claims to be older is left to sync, which asks for it by place.
const GOSSIP_AGE_MS: u64 = 24 * 60 * 60 * 1000;

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
    /// A gossiped frame: stored or not, its verdict goes back to the network.
    pub fn gossip(
        &mut self,
        shard: u8,
        from: PeerId,
        message: GossipRef,
        checked: Checked,
    ) -> Result<(), Error> {
        let verdict = match checked {
            Checked::Gossip(Some(frame)) => self.gossiped(shard, from, *frame)?,
            _ => Verdict::Reject,
        };
        self.network(Command::Verdict { message, verdict });
        Ok(())
    }

    fn gossiped(&mut self, shard: u8, from: PeerId, frame: CheckedFrame) -> Result<Verdict, Error> {
        let (record, entry) = match frame {
            CheckedFrame::Entry(record, entry) => (record, Some(entry)),
            CheckedFrame::Identity(record) => (record, None),
            CheckedFrame::Fork(record, proof) => {
                if !self.in_shard(&record, shard) || proof.place().author != record_author(&record) {
                    return Ok(Verdict::Reject);
                }
                return self.gossiped_fork(&record, &proof);
            }
        };
        if !self.in_shard(&record, shard) {
            return Ok(Verdict::Reject);
        }
        let Some(entry) = entry else {
            if !self.is_known(&record_author(&record))? {
                return Ok(Verdict::Ignore);
            }
            let verdict = match self.merge_identity(&record, None)? {
                Ok(true) => Verdict::Accept,
                // The record was verified on the way: what is left is that it knows nothing new.
                Ok(false) | Err(_) => Verdict::Ignore,
            };
            // It may have cut off all that was held.
            self.forget_bare(&record_author(&record))?;
            return Ok(verdict);
        };
        let author = entry.header().author;
        if author != record_author(&record) {
            return Ok(Verdict::Reject);
        }
        // A stranger's identity is only kept together with an entry that is.
        if self.state.blocked.contains(&author) || self.old_news(&entry) {
            return Ok(Verdict::Ignore);
        }
        // Of strangers only what people read: the rest is for those who follow them, and asks for it.
        if !self.is_home(&author) && (self.state.disk_low || !self.concerns_strangers(&entry)?) {
            return Ok(Verdict::Ignore);
        }
        // What is known already costs its author nothing: anybody can send it again.
        if self.is_held(&entry)? {
            return Ok(Verdict::Ignore);
        }
        let allowed = self.state.rates.allow(&author, self.now);
        if !allowed && !self.is_home(&author) {
            return Ok(Verdict::Ignore);
        }
        if self.merge_identity(&record, None)?.is_err() {
            return Ok(Verdict::Ignore);
        }
        if entry.payload().is_none() && self.is_home(&author) {
            // The payload was too large to come along, and is worth asking for: so is the whole entry.
            self.want(&entry)?;
            return Ok(if allowed { Verdict::Accept } else { Verdict::Ignore });
        }
        let outcome = self.receive(&entry, Source::Gossip(from))?;
        if outcome != Outcome::New {
            self.forget_bare(&author)?;
        }
        Ok(if outcome == Outcome::New && allowed { Verdict::Accept } else { Verdict::Ignore })
    }

    /// Whether an entry is worth keeping for those who do not follow its author: what can be shown to
    /// them, and what changes or takes back something that is held.
    fn concerns_strangers(&mut self, entry: &Verified) -> Result<bool, Error> {
        let header = entry.header();
        if header.log != log::POSTS {
            return Ok(false);
        }
        let public = |content: &Content| content.visibility != Visibility::Unlisted;
        Ok(match body(entry) {
            // Too long to come along; whoever follows its author asks for the rest.
            None => entry.payload().is_none(),
            Some(Body::Post(content) | Body::Reply { content, .. }) => public(content),
            Some(Body::Boost(_) | Body::Unknown { .. }) => true,
            Some(Body::Edit { replaces, content }) => {
                public(content) && self.holds_of(&header.author, replaces)?
            }
            Some(Body::Delete(ids)) => {
                for id in ids {
                    if self.holds_of(&header.author, id)? {
                        return Ok(true);
                    }
                }
                false
            }
            Some(_) => false,
        })
    }

    /// Whether an entry of this author with this id is held.
    fn holds_of(&mut self, author: &AuthorId, id: &EntryId) -> Result<bool, Error> {
        let Some(arrival) = self.batch.find(id)? else { return Ok(false) };
        let held = self.batch.entry(arrival)?;
        Ok(held.is_some_and(|(entry, _)| entry.id() == *id && entry.header().author == *author))
    }

    /// Whether anybody here may care who speaks for this author: somebody followed, or held anyway.
    pub fn is_known(&mut self, author: &AuthorId) -> Result<bool, Error> {
        if self.is_home(author) {
            return Ok(true);
        }
        let Some(number) = self.batch.author_number(author)? else { return Ok(false) };
        Ok(!self.state.blocked.contains(author) && self.batch.identity(number)?.is_some())
    }

    /// Whether an entry is held with as much as this one brings.
    fn is_held(&mut self, entry: &Verified) -> Result<bool, Error> {
        let Some(arrival) = self.batch.find(&entry.id())? else { return Ok(false) };
        let Some((held, _)) = self.batch.entry(arrival)? else { return Ok(false) };
        if held.id() != entry.id() {
            return Ok(false);
        }
        let Some(number) = self.batch.author_number(&held.header().author)? else { return Ok(false) };
        let whole = held.payload().is_some() || entry.payload().is_none();
        Ok(whole || self.batch.erased(number, &entry.id())?)
    }

    fn in_shard(&self, record: &starling_protocol::identity::Record, shard: u8) -> bool {
        super::surface::shard(&record_author(record)) == shard
    }

    fn old_news(&self, entry: &Verified) -> bool {
        entry.header().time.saturating_add(GOSSIP_AGE_MS) < self.now
    }

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

/// The author of a record that was checked, or one that nobody is.
fn record_author(record: &starling_protocol::identity::Record) -> AuthorId {
    record.author().unwrap_or(AuthorId::new([0; 32]))
}
