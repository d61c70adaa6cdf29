//! Where an entry is to be found beside its log: timelines, threads, reactions, relations.
//!
//! [`Batch::index`] and [`Batch::unindex`] are mirror images: what the one writes for an entry, the
//! other takes away, so that a deletion leaves nothing behind in any table.

use starling_protocol::{
    EntryId, Verified,
    entry::log,
    limits,
    payload::{Body, Visibility},
};

use super::{
    Batch, Error, Taken,
    graph::{self, Standing},
    record::{prefix, tie},
    words::Touched,
};

/// A boost in the table of reactions.
pub const BOOST: u8 = 0;
/// A like in the table of reactions.
pub const LIKE: u8 = 1;

/// Which timeline an author's posts stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Our own, and those of authors we follow.
    Home,
    /// Everybody else's.
    Network,
    /// None: the author is blocked.
    Nobody,
}

/// A change in whom an author follows or blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    /// [`graph::FOLLOW`] or [`graph::BLOCK`].
    pub kind: u8,
    /// Whom, by number.
    pub target: u32,
    /// Whether it holds now.
    pub holds: bool,
}

/// Where an entry stands in time: where its author says, unless that is too far ahead of when it
/// came. Then it is ordered by that, and the claim stays visible.
pub fn order_time(claimed: u64, received: u64) -> u64 {
    if claimed > received.saturating_add(limits::CLOCK_SKEW_MS) { received } else { claimed }
}

/// What an entry says, if it is there and stands in the log where it belongs: elsewhere it says
/// nothing, so that logs that are kept in part cannot hold what must be kept whole, and the other way.
pub fn body(entry: &Verified) -> Option<&Body> {
    let body = entry.payload()?.body();
    (body.log() == entry.header().log).then_some(body)
}

impl Batch<'_> {
    /// Enters an entry wherever it is to be found. Gives back a change of a relation, if it was one.
    pub fn index(
        &mut self,
        entry: &Verified,
        taken: Taken,
        received: u64,
        audience: Audience,
    ) -> Result<Option<Turned>, Error> {
        let Some(body) = body(entry) else { return Ok(None) };
        let Taken { arrival, author, .. } = taken;
        let header = entry.header();
        if header.log == log::GRAPH && self.log(taken.log)?.floor > 0 {
            // A graph of which a part was let go says nothing: half a list of follows is a wrong one.
            return Ok(None);
        }
        let time = order_time(header.time, received);
        self.show(body, arrival, true)?;
        // Registers settle by the claimed time: when an entry came differs from node to node.
        let standing =
            |holds| Standing { time: header.time, device: tie(&header.device), seq: header.seq, holds };
        match body {
            Body::Post(content) => {
                self.surface(taken, time, audience, content.visibility)?;
                self.tag_post(entry, content, taken, time)?;
            }
            Body::Reply { parent, content, .. } => {
                self.tables.replies.insert((&prefix(&parent.id), time, arrival), ())?;
                self.surface(taken, time, audience, content.visibility)?;
                self.tag_post(entry, content, taken, time)?;
            }
            Body::Boost(link) => {
                self.tables.reactions.insert((&prefix(&link.id), BOOST, author, arrival), ())?;
                self.surface(taken, time, audience, Visibility::Public)?;
            }
            Body::Unknown { .. } => self.surface(taken, time, audience, Visibility::Public)?,
            Body::Like(link) => {
                self.tables.reactions.insert((&prefix(&link.id), LIKE, author, arrival), ())?;
                if self.me()? == Some(author) {
                    self.tables.liked.insert((time, arrival), ())?;
                }
            }
            Body::Vote(link, choices) => self.enter_vote(entry, link, choices, author)?,
            Body::Edit { replaces, content } => {
                self.tables.edits.insert((&prefix(replaces), author, header.time, arrival), ())?;
                self.tag_edit(replaces, content, author)?;
            }
            Body::Delete(ids) => {
                for id in ids {
                    self.tables.erased.insert((author, id.as_bytes(), arrival), ())?;
                    self.settle_hollow(author, id)?;
                }
            }
            Body::Follow(target) => {
                return self.turn(author, graph::FOLLOW, target, standing(true), received);
            }
            Body::Unfollow(target) => {
                return self.turn(author, graph::FOLLOW, target, standing(false), received);
            }
            Body::Block(target) => return self.turn(author, graph::BLOCK, target, standing(true), received),
            Body::Unblock(target) => {
                return self.turn(author, graph::BLOCK, target, standing(false), received);
            }
            Body::Pin(id) => self.pin(author, id, standing(true))?,
            Body::Unpin(id) => self.pin(author, id, standing(false))?,
            Body::Profile(_) => {
                let new = (standing(true).time, tie(&header.device), header.seq, arrival);
                self.change_author(author, |row| {
                    if row.profile.is_none_or(|held| held < new) {
                        row.profile = Some(new);
                    }
                })?;
            }
        }
        Ok(None)
    }

    /// Takes an entry out of everything that [`Batch::index`] entered it in. Relations and profiles
    /// stay: they are undone by saying the opposite.
    pub fn unindex(&mut self, entry: &Verified, taken: Taken, received: u64) -> Result<(), Error> {
        let Some(body) = body(entry) else { return Ok(()) };
        let Taken { arrival, author, .. } = taken;
        let time = order_time(entry.header().time, received);
        self.show(body, arrival, false)?;
        let shown = match body {
            Body::Unknown { .. } => true,
            Body::Post(content) => {
                self.untag_post(entry, content, taken, time)?;
                true
            }
            Body::Reply { parent, content, .. } => {
                self.tables.replies.remove((&prefix(&parent.id), time, arrival))?;
                self.untag_post(entry, content, taken, time)?;
                true
            }
            Body::Boost(link) => {
                self.tables.reactions.remove((&prefix(&link.id), BOOST, author, arrival))?;
                true
            }
            Body::Like(link) => {
                self.tables.reactions.remove((&prefix(&link.id), LIKE, author, arrival))?;
                self.tables.liked.remove((time, arrival))?;
                false
            }
            Body::Vote(link, _) => {
                self.remove_vote(entry, link, author)?;
                false
            }
            Body::Edit { replaces, content } => {
                self.tables.edits.remove((&prefix(replaces), author, entry.header().time, arrival))?;
                self.untag_edit(replaces, content, author)?;
                if let Some(edited) = self.find(replaces)? {
                    self.note_stale(Touched::Post(edited))?;
                }
                false
            }
            Body::Delete(ids) => {
                for id in ids {
                    self.tables.erased.remove((author, id.as_bytes(), arrival))?;
                    self.settle_hollow(author, id)?;
                }
                false
            }
            _ => false,
        };
        if shown {
            self.note_stale(Touched::Post(arrival))?;
            self.tables.home.remove((time, arrival))?;
            self.tables.network.remove((time, arrival))?;
            // Once only: what a fork hid may be forgotten later.
            if self.tables.authored.remove((author, time, arrival))?.is_some() {
                self.change_author(author, |row| row.posts = row.posts.saturating_sub(1))?;
            }
        }
        Ok(())
    }

    fn surface(
        &mut self,
        taken: Taken,
        time: u64,
        audience: Audience,
        visibility: Visibility,
    ) -> Result<(), Error> {
        self.stand((time, taken.arrival), audience, visibility)?;
        let new = self.tables.authored.insert((taken.author, time, taken.arrival), ())?.is_none();
        self.change_author(taken.author, |row| {
            row.posts += u64::from(new);
            row.last_post = row.last_post.max(time);
        })
    }

    fn stand(&mut self, key: (u64, u64), audience: Audience, visibility: Visibility) -> Result<(), Error> {
        match (audience, visibility) {
            (Audience::Home, _) => self.tables.home.insert(key, ())?,
            (Audience::Network, Visibility::Public | Visibility::Local) => {
                self.tables.network.insert(key, ())?
            }
            (Audience::Network, Visibility::Unlisted) | (Audience::Nobody, _) => None,
        };
        Ok(())
    }

    fn turn(
        &mut self,
        author: u32,
        kind: u8,
        target: &starling_protocol::AuthorId,
        standing: Standing,
        now: u64,
    ) -> Result<Option<Turned>, Error> {
        let target = self.intern_author(target, now)?;
        let changed = self.relate(author, kind, target, standing)?;
        Ok(changed.then_some(Turned { kind, target, holds: standing.holds }))
    }

    /// Notes whether the payload of an entry of this author is wanted, after a delete of it came or went.
    fn settle_hollow(&mut self, author: u32, id: &EntryId) -> Result<(), Error> {
        let Some(arrival) = self.find(id)? else { return Ok(()) };
        let Some((entry, _)) = self.entry(arrival)? else { return Ok(()) };
        let Some(log) = self.record(arrival)?.map(|record| record.log) else { return Ok(()) };
        if entry.id() != *id || self.log(log)?.author_number != author {
            return Ok(());
        }
        let place = (log, entry.header().seq);
        if entry.payload().is_none() && !self.erased(author, id)? {
            self.tables.hollow.insert(place, ())?;
        } else {
            self.tables.hollow.remove(place)?;
        }
        Ok(())
    }

    /// The highest places in `from..=to` of a log whose payload is wanted, so many at most, as ranges, highest first.
    pub fn hollow(&self, log: u32, from: u64, to: u64, most: usize) -> Result<Vec<(u64, u64)>, Error> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for row in self.tables.hollow.range((log, from)..=(log, to.max(from)))?.rev().take(most) {
            let seq = row?.0.value().1;
            match ranges.last_mut() {
                Some((low, _)) if *low == seq + 1 => *low = seq,
                _ => ranges.push((seq, seq)),
            }
        }
        Ok(ranges)
    }

    /// Whether the payload of any entry of a log is wanted.
    pub fn is_hollow(&self, log: u32) -> Result<bool, Error> {
        Ok(self.tables.hollow.range((log, 0)..=(log, u64::MAX))?.next().is_some())
    }

    /// Whether a delete is held that names this entry of this author.
    pub fn erased(&self, author: u32, id: &EntryId) -> Result<bool, Error> {
        let id = id.as_bytes();
        Ok(self.tables.erased.range((author, id, 0)..=(author, id, u64::MAX))?.next().is_some())
    }

    /// Where an author's reactions to a post are: one, unless two devices reacted.
    pub fn reactions(&self, target: &EntryId, kind: u8, author: u32) -> Result<Vec<u64>, Error> {
        let key = prefix(target);
        let rows = self.tables.reactions.range((&key, kind, author, 0)..=(&key, kind, author, u64::MAX))?;
        rows.map(|row| Ok(row?.0.value().3)).collect()
    }

    /// The edits of a post by its author.
    pub fn edits(&self, target: &EntryId, author: u32) -> Result<Vec<u64>, Error> {
        let key = prefix(target);
        let rows = self.tables.edits.range((&key, author, 0, 0)..=(&key, author, u64::MAX, u64::MAX))?;
        rows.map(|row| Ok(row?.0.value().3)).collect()
    }

    /// The claimed time of the newest edit of a post by its author.
    pub fn last_edit(&self, target: &EntryId, author: u32) -> Result<Option<u64>, Error> {
        let key = prefix(target);
        let rows = self.tables.edits.range((&key, author, 0, 0)..=(&key, author, u64::MAX, u64::MAX))?;
        rows.last().map(|row| Ok(row?.0.value().2)).transpose()
    }

    /// Puts an author's held posts on another timeline, and says of all that is held whether it is
    /// kept: after a follow, unfollow, block or unblock.
    pub fn move_to(&mut self, author: u32, audience: Audience) -> Result<(), Error> {
        for log in self.logs_of(author)? {
            let row = self.log(log)?;
            let (class, frozen) = (row.log, row.state.frozen().unwrap_or(u64::MAX));
            for arrival in self.arrivals(log, 0, u64::MAX)? {
                self.let_pass(arrival, audience != Audience::Home)?;
            }
            if class != log::POSTS {
                continue;
            }
            for arrival in self.arrivals(log, 0, frozen)? {
                let Some((entry, received)) = self.entry(arrival)? else { continue };
                let visibility = match body(&entry) {
                    Some(Body::Post(content) | Body::Reply { content, .. }) => content.visibility,
                    Some(Body::Boost(_) | Body::Unknown { .. }) => Visibility::Public,
                    _ => continue,
                };
                let key = (order_time(entry.header().time, received), arrival);
                self.tables.home.remove(key)?;
                self.tables.network.remove(key)?;
                self.stand(key, audience, visibility)?;
            }
        }
        Ok(())
    }

    /// Makes an author's relations and profile anew from the entries of their graph that stand.
    pub fn rebuild_graph(&mut self, author: u32) -> Result<(), Error> {
        for kind in [graph::FOLLOW, graph::BLOCK] {
            self.clear_relations(author, kind)?;
        }
        self.clear_pins(author)?;
        self.change_author(author, |row| row.profile = None)?;
        for log in self.logs_of(author)? {
            let row = self.log(log)?;
            if row.log != log::GRAPH || row.floor > 0 {
                continue;
            }
            let frozen = row.state.frozen().unwrap_or(u64::MAX);
            for arrival in self.arrivals(log, 0, frozen)? {
                let Some((entry, received)) = self.entry(arrival)? else { continue };
                self.index(&entry, Taken { arrival, log, author }, received, Audience::Nobody)?;
            }
        }
        Ok(())
    }

    /// The arrivals of what is held of a log in `from..to`.
    pub fn arrivals(&self, log: u32, from: u64, to: u64) -> Result<Vec<u64>, Error> {
        let rows = self.tables.places.range((log, from)..(log, to.max(from)))?;
        rows.map(|row| Ok(row?.1.value())).collect()
    }

    /// The places held of a log from `from` on.
    pub fn seqs(&self, log: u32, from: u64) -> Result<Vec<u64>, Error> {
        let rows = self.tables.places.range((log, from)..=(log, u64::MAX))?;
        rows.map(|row| Ok(row?.0.value().1)).collect()
    }
}
