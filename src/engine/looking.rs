//! After a cut: what was said on its other side has to reach those who have nobody there.
//!
//! A session brings what a neighbour holds. Somebody all of whose neighbours were on the same side of a cut,
//! or who was alone with one of them, would hear of what was said elsewhere only when its author speaks
//! again. So whoever hears, from a peer that was away and is back, what others said there, tells the peers
//! that ask it ([`Answer::Back`](starling_protocol::sync::Answer::Back)). They call their own absent peers
//! at once, pass the news on, and wait a moment. Whoever then has fewer than two peers who came back, or fewer
//! than two who never went, asks some of those who told it to look for the authors that it follows
//! ([`Ask::Look`](starling_protocol::sync::Ask::Look)). They ask those who came back to them, or those who
//! told them in turn, keep the newest posts as if these had been gossiped, and push them to whoever asked.
//!
//! What it costs is bounded: the news travels once a minute and [`HOPS`] far, somebody who is only back from
//! sleep is no news, few have to ask, and what is fetched for others is so many posts of so many authors, for a
//! minute, under the same quotas as the posts of any stranger.
//!
//! The other half is the author's: what was signed while next to nobody was there is gossiped again once
//! somebody is. Whoever holds it already passes it on no further.

use std::collections::{BTreeMap, VecDeque};

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, EntryId,
    entry::log,
    sync::{LOOK, Load, PullAction, ServeAction},
};

use super::{peers::PeerState, sessions::Session, state::State, turn::Turn};
use crate::{network::StreamId, store::Error};

/// How long after the first sign of it a cut counts as healing: by then all who can be called were.
const HEALING_MS: u64 = 60 * 1000;
/// What is waited for before somebody else is asked: own calls and sessions take a few round trips.
const WAIT_MS: u64 = 4 * 1000;
/// How far the news travels: it reaches thousands over neighbours of neighbours, and a chain of villages.
const HOPS: u8 = 4;
/// Peers that came back, and peers that never went, with which we look for ourselves: one of them may have
/// been alone, two seldom were.
const ENOUGH: usize = 2;
/// Peers that are asked to look: one may find nothing.
const ASKED: usize = 3;
/// Peers in which somebody who looks for others does so.
const WINDOWS: usize = 2;
/// Authors that are looked for at once on behalf of others.
const SOUGHT: usize = 4 * LOOK;
/// Posts of each of them that are fetched: a screenful or two, the rest comes when its author is asked.
const POSTS: u64 = 64;
/// Own entries that are gossiped again: as many as others pass on of one author at once.
const UNHEARD: usize = 24;
/// With fewer peers than these what is said here may go no further than to them.
const AUDIENCE: usize = 3;

/// What is remembered of a cut that heals, and of what was said when nobody was there.
#[derive(Default)]
pub(super) struct Looking {
    /// The first sign of it; none before there ever was one.
    since: Option<u64>,
    /// When to judge whether somebody else has to be asked.
    look_at: Option<u64>,
    /// Authors that are looked for on behalf of others, with how many posts of each may still come.
    sought: BTreeMap<AuthorId, u64>,
    /// Until when they are.
    until: u64,
    /// Own entries that may have gone no further than to a neighbour, oldest first.
    unheard: VecDeque<EntryId>,
}

impl Looking {
    fn is_healing(&self, now: u64) -> bool {
        self.since.is_some_and(|since| since <= now && now < since.saturating_add(HEALING_MS))
    }

    /// How many more posts of an author are looked for on behalf of others.
    pub fn seeks(&self, author: &AuthorId) -> Option<u64> {
        self.sought.get(author).copied()
    }

    /// When something is to be done.
    pub fn deadline(&self) -> Option<u64> {
        let until = (!self.sought.is_empty()).then_some(self.until);
        [self.look_at, until].into_iter().flatten().min()
    }

    pub fn loads(&self) -> [Load; 2] {
        [
            Load { name: "authors sought for others", held: self.sought.len(), bound: SOUGHT },
            Load { name: "own entries nobody may have heard", held: self.unheard.len(), bound: UNHEARD },
        ]
    }

    /// An author is followed here from now on; whether they were looked for on behalf of others.
    pub fn leave(&mut self, author: &AuthorId) -> bool {
        self.sought.remove(author).is_some()
    }

    /// One of the posts that were looked for came.
    pub fn found(&mut self, author: &AuthorId) {
        if let Some(left) = self.sought.get_mut(author) {
            *left = left.saturating_sub(1);
        }
    }

    /// The clock was set back: nothing is waited for by it.
    pub fn hurry(&mut self) {
        (self.since, self.until) = (None, 0);
        self.look_at = self.look_at.map(|_| 0);
    }

    fn note_unheard(&mut self, id: EntryId) {
        if self.unheard.len() >= UNHEARD {
            self.unheard.pop_front();
        }
        self.unheard.push_back(id);
    }
}

/// What a peer has to do with a cut that heals.
#[derive(Debug, Clone, Default)]
pub(super) struct Return {
    /// When it came back, having been away.
    pub back_at: Option<u64>,
    /// One of those whose entries it brought since.
    first: Option<AuthorId>,
    /// It brought entries of several authors: it was in company where we were not.
    worldly: bool,
    /// When we told it that somebody is back.
    told_at: Option<u64>,
    /// When it told us, and how far away that somebody is.
    told_us: Option<(u64, u8)>,
}

impl Return {
    fn is_back(&self, now: u64) -> bool {
        self.back_at.is_some_and(|at| at <= now && now < at.saturating_add(2 * HEALING_MS))
    }

    fn hops(&self, now: u64) -> Option<u8> {
        self.told_us
            .filter(|(at, _)| *at <= now && now < at.saturating_add(2 * HEALING_MS))
            .map(|(_, hops)| hops)
    }
}

impl State {
    /// How far away somebody is back, as far as is known from others than `but`.
    fn hops_but(&self, but: &PeerId, now: u64) -> Option<u8> {
        let others = self.peers.iter().filter(|(peer, _)| *peer != but).map(|(_, held)| &held.back);
        let hops = |held: &Return| match held.worldly && held.is_back(now) {
            true => Some(0),
            false => held.hops(now).map(|hops| hops.saturating_add(1)),
        };
        others.filter_map(hops).min().filter(|hops| *hops < HOPS)
    }

    /// Sessions in which peers are asked that fulfil a condition, but for one peer, the lowest rank first.
    fn asking<R: Ord>(&self, but: Option<PeerId>, rank: impl Fn(&PeerState) -> Option<R>) -> Vec<StreamId> {
        let others = self.peers.iter().filter(|(peer, _)| Some(**peer) != but);
        let mut ranked: Vec<(R, StreamId)> =
            others.filter_map(|(_, held)| Some((rank(held)?, held.pull?))).collect();
        ranked.sort();
        ranked.into_iter().map(|(_, stream)| stream).collect()
    }
}

impl Turn<'_, '_> {
    /// A session brought something new.
    pub fn brought(&mut self, peer: &PeerId, author: &AuthorId) -> Result<(), Error> {
        let now = self.now;
        let Some(held) = self.state.peers.get_mut(peer) else { return Ok(()) };
        let back = &mut held.back;
        if back.worldly || !back.is_back(now) {
            return Ok(());
        }
        // Its own feed is what anybody brings who was away.
        back.worldly = *back.first.get_or_insert(*author) != *author;
        if back.worldly { self.heals() } else { Ok(()) }
    }

    /// A peer says that somebody is back.
    pub fn told_back(&mut self, peer: &PeerId, hops: u8) -> Result<(), Error> {
        let now = self.now;
        match self.state.peers.get_mut(peer) {
            Some(held) if hops < HOPS => held.back.told_us = Some((now, hops)),
            _ => return Ok(()),
        }
        self.heals()
    }

    /// There is a sign that a cut heals.
    fn heals(&mut self) -> Result<(), Error> {
        if !self.state.looking.is_healing(self.now) {
            self.state.looking.since = Some(self.now);
            self.state.looking.look_at = Some(self.now + WAIT_MS);
            self.rally()?;
        }
        self.tell_back();
        Ok(())
    }

    /// Tells those who ask us and have not been told that somebody is back.
    pub fn tell_back(&mut self) {
        let now = self.now;
        if !self.state.looking.is_healing(now) {
            return;
        }
        let since = self.state.looking.since;
        let untold = |held: &PeerState| held.serve.filter(|_| held.back.told_at < since);
        let untold: Vec<(PeerId, StreamId)> =
            self.state.peers.iter().filter_map(|(peer, held)| Some((*peer, untold(held)?))).collect();
        for (peer, stream) in untold {
            let Some(hops) = self.state.hops_but(&peer, now) else { continue };
            let serving = self.state.sessions.get_mut(&stream).and_then(Session::serving);
            let actions = serving.map(|serving| serving.back(hops)).unwrap_or_default();
            if let (false, Some(held)) = (actions.is_empty(), self.state.peers.get_mut(&peer)) {
                held.back.told_at = Some(now);
            }
            for action in actions {
                if let ServeAction::Send(frame) = action {
                    self.send(stream, frame);
                }
            }
        }
    }

    /// Does what is due.
    pub fn look(&mut self) -> Result<(), Error> {
        let now = self.now;
        if self.state.looking.look_at.is_some_and(|at| at <= now) {
            self.state.looking.look_at = None;
            self.ask_to_look();
        }
        if self.state.looking.until <= now && !self.state.looking.sought.is_empty() {
            let sought = std::mem::take(&mut self.state.looking.sought);
            let left: Vec<AuthorId> = sought.into_keys().filter(|author| !self.is_home(author)).collect();
            self.change_interests(&[], &left);
            for author in &left {
                self.forget_bare(author)?;
            }
        }
        Ok(())
    }

    /// Asks some of those who told us to look for whom we follow, unless we can do so ourselves.
    fn ask_to_look(&mut self) {
        let now = self.now;
        let back = self.state.peers.values().filter(|held| held.back.is_back(now)).count();
        if back >= ENOUGH && self.state.peers.len() - back >= ENOUGH {
            return;
        }
        let followed = self.state.following.iter().filter(|author| !self.state.blocked.contains(*author));
        let mut authors: Vec<AuthorId> = followed.copied().collect();
        // Of many, others the next time.
        let turn = (now / 1_000) as usize % authors.len().max(1);
        authors.rotate_left(turn);
        let mut asked = self.state.asking(None, |held| held.back.hops(now));
        asked.truncate(ASKED);
        for stream in asked {
            self.ask_look(stream, &authors);
        }
    }

    fn ask_look(&mut self, stream: StreamId, authors: &[AuthorId]) {
        let pull = self.state.sessions.get_mut(&stream).and_then(Session::pulling);
        for action in pull.map(|pull| pull.machine.look(authors)).unwrap_or_default() {
            if let PullAction::Send(frame) = action {
                self.send(stream, frame);
            }
        }
    }

    /// A peer asks us to look for some authors.
    pub fn look_for(&mut self, peer: PeerId, authors: &[AuthorId]) {
        let now = self.now;
        let mut new: Vec<AuthorId> = Vec::new();
        for author in authors {
            let known = self.is_home(author) || self.state.looking.sought.contains_key(author);
            if !known && !self.state.blocked.contains(author) {
                new.push(*author);
            }
        }
        new.truncate(SOUGHT.saturating_sub(self.state.looking.sought.len()));
        let mut windows =
            self.state.asking(Some(peer), |held| held.back.is_back(now).then_some(!held.back.worldly));
        let onward = windows.is_empty();
        if onward {
            windows = self.state.asking(Some(peer), |held| held.back.hops(now));
        }
        windows.truncate(WINDOWS);
        if windows.is_empty() || new.is_empty() || self.state.disk_low {
            return;
        }
        self.state.looking.sought.extend(new.iter().map(|author| (*author, POSTS)));
        self.state.looking.until = now + HEALING_MS;
        for stream in windows {
            let pull = self.state.sessions.get_mut(&stream).and_then(Session::pulling);
            for action in pull.map(|pull| pull.machine.interests(now, &new, &[])).unwrap_or_default() {
                if let PullAction::Send(frame) = action {
                    self.send(stream, frame);
                }
            }
            if onward {
                new.chunks(LOOK).for_each(|authors| self.ask_look(stream, authors));
            }
        }
    }

    /// An own entry was signed. With hardly anybody there it may go no further than to them.
    pub fn said(&mut self, id: EntryId) {
        if self.state.peers.len() < AUDIENCE {
            self.state.looking.note_unheard(id);
        }
    }

    /// At the start: what was said last may have been said to nobody.
    pub fn recall_unheard(&mut self) -> Result<(), Error> {
        let (me, device) = (self.state.me, self.state.device_key());
        let Some(log) = self.batch.log_number(me, &device, log::POSTS)? else { return Ok(()) };
        let Some(top) = self.batch.log(log)?.state.top().copied() else { return Ok(()) };
        for seq in (top.hi + 1).saturating_sub(UNHEARD as u64).max(top.lo)..=top.hi {
            if let Some(id) = self.batch.id_at(log, seq)? {
                self.state.looking.note_unheard(id);
            }
        }
        Ok(())
    }

    /// Somebody is there: gossips again what nobody may have heard.
    pub fn say_again(&mut self) -> Result<(), Error> {
        let enough = self.state.peers.len() >= AUDIENCE;
        let unheard = std::mem::take(&mut self.state.looking.unheard);
        // The newest first, as all that is caught up with.
        for id in unheard.iter().rev() {
            let Some(arrival) = self.batch.find(id)? else { continue };
            let Some((entry, _)) = self.batch.entry(arrival)? else { continue };
            if entry.id() == *id && entry.payload().is_some() && !self.is_old_news(&entry) {
                self.gossip_own(&entry)?;
            }
        }
        if !enough {
            self.state.looking.unheard = unheard;
        }
        Ok(())
    }
}
