//! A frame is gossiped: is it what it should be, is it wanted, and shall it go further.

use std::collections::VecDeque;

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, Body, EntryId, Verified,
    entry::log,
    payload::{Content, Visibility},
    sync::Load,
};

use super::{
    checked::{Checked, CheckedFrame, Vouched},
    receive::{Outcome, Source},
    surface,
    turn::Turn,
};
use crate::{
    network::{Command, GossipRef, Verdict},
    store::{Error, body},
};

/// Gossip carries news. What claims to be older is left to sync, which asks for it by place.
const GOSSIP_AGE_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a session may be ahead of the gossip, in milliseconds: several hops of a slow mesh.
const AHEAD_MS: u64 = 2 * 60 * 1000;
/// Entries that are remembered for as long: more than a home node is pushed in that time. The oldest make
/// room, and are not passed on.
const AHEAD: usize = 1_024;

/// Entries that a session brought before the gossip did, with the time, oldest first.
#[derive(Default)]
pub(super) struct Pushed(VecDeque<(u64, EntryId)>);

impl Pushed {
    /// Remembers an entry.
    pub fn note(&mut self, id: EntryId, now: u64) {
        while self.0.len() >= AHEAD || self.0.front().is_some_and(|(at, _)| at + AHEAD_MS < now) {
            self.0.pop_front();
        }
        self.0.push_back((now, id));
    }

    /// Whether an entry is one of them, and this is the first time that it is asked for.
    pub fn take(&mut self, id: &EntryId, now: u64) -> bool {
        let Some(place) = self.0.iter().position(|(_, held)| held == id) else { return false };
        self.0.remove(place).is_some_and(|(at, _)| now <= at + AHEAD_MS)
    }

    /// How many are remembered, and the most that ever are.
    pub fn load(&self) -> Load {
        Load { name: "entries ahead of the gossip", held: self.0.len(), bound: AHEAD }
    }
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
        let (author, said) = match &frame {
            CheckedFrame::Entry(vouched, entry) => (vouched.author(), Some(entry.header().author)),
            CheckedFrame::Identity(vouched) => (vouched.author(), None),
            CheckedFrame::Fork(vouched, proof) => (vouched.author(), Some(proof.place().author)),
        };
        if surface::shard(&author) != shard || said.is_some_and(|said| said != author) {
            return Ok(Verdict::Reject);
        }
        self.heard_in(shard, &author);
        self.state.late.passed(self.now);
        match frame {
            CheckedFrame::Entry(vouched, entry) => self.gossiped_entry(from, &author, &vouched, &entry),
            CheckedFrame::Identity(vouched) => self.gossiped_identity(from, &author, &vouched),
            CheckedFrame::Fork(vouched, proof) => self.gossiped_fork(from, &vouched, &proof),
        }
    }

    fn gossiped_identity(
        &mut self,
        from: PeerId,
        author: &AuthorId,
        vouched: &Vouched,
    ) -> Result<Verdict, Error> {
        if !self.is_known(author)? || !self.may_bring_news(author, vouched)? {
            return Ok(Verdict::Ignore);
        }
        let verdict = match self.merge_vouched(vouched)? {
            Ok(true) => self.passes_on(from, author),
            // The record was verified on the way: what is left is that it knows nothing new.
            Ok(false) | Err(_) => Verdict::Ignore,
        };
        // It may have cut off all that was held.
        self.forget_bare(author)?;
        Ok(verdict)
    }

    fn gossiped_entry(
        &mut self,
        from: PeerId,
        author: &AuthorId,
        vouched: &Vouched,
        entry: &Verified,
    ) -> Result<Verdict, Error> {
        // A stranger's identity is only kept together with an entry that is.
        if self.state.blocked.contains(author) || self.is_old_news(entry) {
            return Ok(Verdict::Ignore);
        }
        // Of strangers only what people read: the rest is for those who follow them, and asks for it.
        if !self.is_home(author) && (self.state.disk_low || !self.concerns_strangers(entry)?) {
            return Ok(Verdict::Ignore);
        }
        // What is known already costs its author nothing: anybody can send it again. But if a session was
        // quicker than the gossip, others may still wait for it: it goes on, once.
        if self.is_held(entry)? {
            self.state.late.heard(&entry.id());
            let first = self.state.pushed.take(&entry.id(), self.now);
            let passes = first && self.state.rates.allow(author, self.now);
            return Ok(if passes { Verdict::Accept } else { Verdict::Ignore });
        }
        let allowed = self.state.rates.allow(author, self.now);
        if !allowed && !self.is_home(author) {
            return Ok(Verdict::Ignore);
        }
        if self.merge_vouched(vouched)?.is_err() {
            return Ok(Verdict::Ignore);
        }
        if entry.payload().is_none() && self.is_home(author) {
            // The payload was too large to come along, and is worth asking for: so is the whole entry.
            self.want(entry)?;
            return Ok(if allowed { Verdict::Accept } else { Verdict::Ignore });
        }
        let outcome = self.receive(entry, Source::Gossip(from))?;
        if outcome != Outcome::New {
            self.forget_bare(author)?;
        }
        Ok(if outcome == Outcome::New && allowed { self.passes_on(from, author) } else { Verdict::Ignore })
    }

    /// Whether what is said of an author is worth merging with all that is known. A stranger's news are as many as a
    /// stranger's posts may be; but what is known already costs its author nothing, for anybody can send it again.
    pub(super) fn may_bring_news(&mut self, author: &AuthorId, vouched: &Vouched) -> Result<bool, Error> {
        if self.is_home(author) {
            return Ok(true);
        }
        if let Some(number) = self.batch.author_number(author)?
            && self.batch.identity(number)?.is_some_and(|held| held.knows(vouched.record()))
        {
            return Ok(false);
        }
        Ok(!self.state.disk_low && self.state.rates.allow(author, self.now))
    }

    /// What becomes of a frame that was news: it goes on, unless it is a stranger's and strangers say too much.
    pub(super) fn passes_on(&mut self, from: PeerId, author: &AuthorId) -> Verdict {
        let peers = self.state.peers.len();
        let passes = self.is_home(author) || self.state.rates.allow_stranger(from, peers, self.now);
        if passes { Verdict::Accept } else { Verdict::Ignore }
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
        let id = entry.id();
        let Some(arrival) = self.batch.find(&id)? else { return Ok(false) };
        let Some(held) = self.batch.record(arrival)? else { return Ok(false) };
        let (author, whole) = (self.batch.log(held.log)?.author_number, held.has_payload());
        if self.batch.id_of(held)? != id {
            return Ok(false);
        }
        Ok(whole || entry.payload().is_none() || self.batch.erased(author, &id)?)
    }

    pub fn is_old_news(&self, entry: &Verified) -> bool {
        entry.header().time.saturating_add(GOSSIP_AGE_MS) < self.now
    }
}
