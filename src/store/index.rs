//! Where an entry is to be found beside its log: timelines, threads, reactions, relations.
//!
//! [`Batch::index`] and [`Batch::unindex`] are mirror images: what the one writes for an entry, the
//! other takes away, so that a deletion leaves nothing behind in any table.

use redb::ReadableTable;
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

impl Batch<'_> {
    /// Enters an entry wherever it is to be found. Gives back a change of a relation, if it was one.
    pub fn index(
        &mut self,
        entry: &Verified,
        taken: Taken,
        received: u64,
        audience: Audience,
    ) -> Result<Option<Turned>, Error> {
        let Some(payload) = entry.payload() else { return Ok(None) };
        let Taken { arrival, author, .. } = taken;
        let header = entry.header();
        let time = order_time(header.time, received);
        let standing = |holds| Standing {
            time: header.time.min(time),
            device: tie(&header.device),
            seq: header.seq,
            holds,
        };
        match payload.body() {
            Body::Post(content) => self.surface(taken, time, audience, content.visibility)?,
            Body::Reply { parent, content, .. } => {
                self.tables.replies.insert((&prefix(&parent.id), time, arrival), ())?;
                self.surface(taken, time, audience, content.visibility)?;
            }
            Body::Boost(link) => {
                self.tables.reactions.insert((&prefix(&link.id), BOOST, author), arrival)?;
                self.surface(taken, time, audience, Visibility::Public)?;
            }
            Body::Unknown { .. } if header.log == log::POSTS => {
                self.surface(taken, time, audience, Visibility::Public)?;
            }
            Body::Unknown { .. } => {}
            Body::Like(link) => {
                self.tables.reactions.insert((&prefix(&link.id), LIKE, author), arrival)?;
            }
            Body::Edit { replaces, .. } => {
                self.tables.edits.insert((&prefix(replaces), author, time, arrival), ())?;
            }
            Body::Delete(ids) => {
                for id in ids {
                    self.tables.erased.insert((author, id.as_bytes()), arrival)?;
                }
            }
            Body::Follow(target) => return self.turn(author, graph::FOLLOW, target, standing(true), received),
            Body::Unfollow(target) => {
                return self.turn(author, graph::FOLLOW, target, standing(false), received);
            }
            Body::Block(target) => return self.turn(author, graph::BLOCK, target, standing(true), received),
            Body::Unblock(target) => {
                return self.turn(author, graph::BLOCK, target, standing(false), received);
            }
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
        let Some(payload) = entry.payload() else { return Ok(()) };
        let Taken { arrival, author, .. } = taken;
        let time = order_time(entry.header().time, received);
        let shown = match payload.body() {
            Body::Post(_) => true,
            Body::Reply { parent, .. } => {
                self.tables.replies.remove((&prefix(&parent.id), time, arrival))?;
                true
            }
            Body::Boost(link) => {
                self.withdraw(&link.id, BOOST, author, arrival)?;
                true
            }
            Body::Like(link) => {
                self.withdraw(&link.id, LIKE, author, arrival)?;
                false
            }
            Body::Edit { replaces, .. } => {
                self.tables.edits.remove((&prefix(replaces), author, time, arrival))?;
                false
            }
            Body::Delete(ids) => {
                for id in ids {
                    self.tables.erased.remove((author, id.as_bytes()))?;
                }
                false
            }
            Body::Unknown { .. } => entry.header().log == log::POSTS,
            _ => false,
        };
        if shown {
            self.tables.home.remove((time, arrival))?;
            self.tables.network.remove((time, arrival))?;
            self.change_author(author, |row| row.posts = row.posts.saturating_sub(1))?;
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
        match (audience, visibility) {
            (Audience::Home, _) => self.tables.home.insert((time, taken.arrival), ())?,
            (Audience::Network, Visibility::Public | Visibility::Local) => {
                self.tables.network.insert((time, taken.arrival), ())?
            }
            (Audience::Network, Visibility::Unlisted) | (Audience::Nobody, _) => None,
        };
        self.change_author(taken.author, |row| {
            row.posts += 1;
            row.last_post = row.last_post.max(time);
        })
    }

    /// A reaction of an author may have been made twice; only the one that stands is taken back.
    fn withdraw(&mut self, target: &EntryId, kind: u8, author: u32, arrival: u64) -> Result<(), Error> {
        let key = (&prefix(target), kind, author);
        if self.tables.reactions.get(key)?.is_some_and(|row| row.value() == arrival) {
            self.tables.reactions.remove(key)?;
        }
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

    /// The delete that names this entry of this author, if one is held.
    pub fn erased(&self, author: u32, id: &EntryId) -> Result<Option<u64>, Error> {
        Ok(self.tables.erased.get((author, id.as_bytes()))?.map(|arrival| arrival.value()))
    }

    /// Where an author's reaction to a post is.
    pub fn reaction(&self, target: &EntryId, kind: u8, author: u32) -> Result<Option<u64>, Error> {
        Ok(self.tables.reactions.get((&prefix(target), kind, author))?.map(|arrival| arrival.value()))
    }

    /// Puts an author's held posts on another timeline: after a follow, unfollow, block or unblock.
    pub fn move_to(&mut self, author: u32, audience: Audience) -> Result<(), Error> {
        for log in self.logs_of(author)? {
            let row = self.log(log)?;
            if row.log != log::POSTS {
                continue;
            }
            let frozen = row.state.frozen().unwrap_or(u64::MAX);
            let arrivals = self.arrivals(log, 0, frozen)?;
            for arrival in arrivals {
                let Some((entry, received)) = self.entry(arrival)? else { continue };
                let taken = Taken { arrival, log, author };
                // Frozen and erased entries are indexed nowhere; they have no payload to show either.
                self.unindex(&entry, taken, received)?;
                self.index(&entry, taken, received, audience)?;
            }
        }
        Ok(())
    }

    /// Makes an author's relations and profile anew from the entries of their graph that stand.
    pub fn rebuild_graph(&mut self, author: u32) -> Result<(), Error> {
        for kind in [graph::FOLLOW, graph::BLOCK] {
            self.clear_relations(author, kind)?;
        }
        self.change_author(author, |row| row.profile = None)?;
        for log in self.logs_of(author)? {
            let row = self.log(log)?;
            if row.log != log::GRAPH {
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

    /// The oldest rows of the network timeline beyond `most`, by arrival.
    pub fn network_surplus(&self, most: u64) -> Result<Vec<u64>, Error> {
        let surplus = self.network_rows()?.saturating_sub(most) as usize;
        let rows = self.tables.network.iter()?.take(surplus);
        rows.map(|row| Ok(row?.0.value().1)).collect()
    }
}
