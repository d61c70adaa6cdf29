//! Where own posts are: which peers they were sent to, and which of those said that they stored them. Only what this
//! node did and was told since it was started, and only of the newest posts: it is for a person who asks what became of
//! what they wrote just now. What nobody had stored when the node was stopped waits on after the next start.

use std::collections::{BTreeSet, VecDeque};

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, Body, EntryId,
    entry::{self, log},
    sync::Serving,
};

use super::turn::Turn;
use crate::store::{Error, body};

/// Posts that are followed on their way: what somebody writes in a day, and a look at each costs nothing.
const POSTS: usize = 32;
/// Peers that are told apart for one post: more than are ever connected.
const PEERS: usize = 256;

/// Where an own post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnItsWay {
    /// The post.
    pub id: EntryId,
    /// When it was signed, in milliseconds since 1970.
    pub at: u64,
    /// Peers that it was sent to, or that had it already.
    pub sent: usize,
    /// Those of them that say that they have stored it.
    pub held: usize,
}

/// The newest own posts, oldest first.
#[derive(Default)]
pub(super) struct Outgoing {
    posts: VecDeque<Post>,
    /// Those of this turn, which nobody was told of yet.
    new: Vec<EntryId>,
    /// Up to which place of the log somebody else stored it, as far as it is written down.
    stored: Option<u64>,
}

struct Post {
    id: EntryId,
    seq: u64,
    at: u64,
    sent: BTreeSet<PeerId>,
    held: BTreeSet<PeerId>,
}

impl Outgoing {
    /// A post was signed.
    pub fn begin(&mut self, id: EntryId, seq: u64, at: u64) {
        self.follow(id, seq, at);
        self.new.push(id);
    }

    fn follow(&mut self, id: EntryId, seq: u64, at: u64) {
        if self.posts.len() >= POSTS {
            self.posts.pop_front();
        }
        self.posts.push_back(Post { id, seq, at, sent: BTreeSet::new(), held: BTreeSet::new() });
    }

    /// The place after the last post that somebody holds.
    fn stored(&self) -> Option<u64> {
        self.posts.iter().rev().find(|post| !post.held.is_empty()).map(|post| post.seq + 1)
    }

    /// A post is erased: nobody waits for it any more.
    pub fn forget(&mut self, id: &EntryId) {
        self.posts.retain(|post| post.id != *id);
        self.new.retain(|new| new != id);
    }

    /// The posts of this turn, once.
    pub fn take_new(&mut self) -> Vec<EntryId> {
        std::mem::take(&mut self.new)
    }

    /// Their places in the log, for whoever reads from it.
    pub fn places(&self) -> Vec<(u64, EntryId)> {
        self.posts.iter().map(|post| (post.seq, post.id)).collect()
    }

    /// Notes what is known of a peer.
    fn note(&mut self, peer: PeerId, went: &Went) {
        for post in &mut self.posts {
            let held = went.stored.contains(&post.id);
            if (held || went.sent.contains(&post.id)) && post.sent.len() < PEERS {
                post.sent.insert(peer);
            }
            if held && post.sent.contains(&peer) {
                post.held.insert(peer);
            }
        }
    }

    /// What is known of each, the newest first.
    pub fn shown(&self) -> Vec<OnItsWay> {
        let row =
            |post: &Post| OnItsWay { id: post.id, at: post.at, sent: post.sent.len(), held: post.held.len() };
        self.posts.iter().rev().map(row).collect()
    }
}

/// Own posts that go out in one session. There are never more than [`POSTS`] of each kind.
#[derive(Default)]
pub(super) struct OnWay {
    /// Handed to the machine, which may hold them back until the peer reads.
    queued: Vec<EntryId>,
    /// Sent, with the batches that were sent by then.
    sent: Vec<(u64, EntryId)>,
    /// Whether the peer was told of our feed as one in which it differs, or comparing is over.
    pub told: bool,
}

/// What became of own posts in one session.
#[derive(Default)]
pub(super) struct Went {
    sent: Vec<EntryId>,
    stored: Vec<EntryId>,
}

impl OnWay {
    /// Posts were handed to the machine.
    pub fn queue(&mut self, ids: impl IntoIterator<Item = EntryId>) {
        for id in ids {
            if !self.queued.contains(&id) && !self.sent.iter().any(|(_, sent)| *sent == id) {
                self.queued.push(id);
            }
        }
        self.queued.drain(..self.queued.len().saturating_sub(POSTS));
    }

    /// The machine did something: what was sent since, and what was stored.
    pub fn settle(&mut self, machine: &Serving, me: &AuthorId) -> Went {
        let (batches, stored) = machine.batches();
        let mut went = Went::default();
        if machine.is_behind(me) {
            self.queued.clear();
        } else if !machine.holds_back() {
            went.sent = std::mem::take(&mut self.queued);
            self.sent.extend(went.sent.iter().map(|id| (batches, *id)));
            self.sent.drain(..self.sent.len().saturating_sub(POSTS));
        }
        self.sent.retain(|(batch, id)| {
            let waits = *batch > stored;
            if !waits {
                went.stored.push(*id);
            }
            waits
        });
        went
    }
}

/// What a session read of our own newest posts, as it answered.
pub(super) struct OwnReads {
    /// The places of the posts that are followed.
    pub places: Vec<(u64, EntryId)>,
    /// Those that were read.
    pub read: Vec<EntryId>,
    /// Whether our feed was told of, because the peer does not hold it as it is.
    pub told: bool,
}

impl OwnReads {
    /// Entries of our own log were read.
    pub fn note(&mut self, entries: &[Vec<u8>]) {
        if self.places.is_empty() {
            return;
        }
        for header in entries.iter().filter_map(|bytes| entry::peek(bytes).ok()) {
            self.read.extend(self.places.iter().find(|(seq, _)| *seq == header.seq).map(|(_, id)| *id));
        }
    }
}

impl Turn<'_, '_> {
    /// Notes what became of own posts in a session.
    pub fn went(&mut self, peer: PeerId, went: &Went) -> Result<(), Error> {
        self.state.outgoing.note(peer, went);
        self.note_stored()
    }

    /// A peer turned out to hold our feed as it is.
    pub fn agrees(&mut self, peer: PeerId) -> Result<(), Error> {
        let stored = self.state.outgoing.places().into_iter().map(|(_, id)| id).collect();
        self.went(peer, &Went { sent: Vec::new(), stored })
    }

    /// Writes down how far others hold our posts, if that is further than before.
    fn note_stored(&mut self) -> Result<(), Error> {
        let outgoing = &mut self.state.outgoing;
        let Some(stored) =
            outgoing.stored().filter(|stored| outgoing.stored.is_none_or(|held| held < *stored))
        else {
            return Ok(());
        };
        outgoing.stored = Some(stored);
        self.batch.set_stored_elsewhere(&self.state.device.public(), stored)
    }

    /// A post was signed: from now on it is followed on its way.
    pub fn begin_way(&mut self, id: EntryId, seq: u64) -> Result<(), Error> {
        let outgoing = &mut self.state.outgoing;
        outgoing.begin(id, seq, self.now);
        if outgoing.stored.is_none() {
            // The first that is: nothing is known of those before it.
            outgoing.stored = Some(seq);
            self.batch.set_stored_elsewhere(&self.state.device.public(), seq)?;
        }
        Ok(())
    }

    /// At the start: follows the newest posts of this device that nobody had stored yet, and says how many there are.
    pub fn load_outgoing(&mut self) -> Result<u64, Error> {
        let device = self.state.device.public();
        let Some(stored) = self.batch.stored_elsewhere(&device)? else { return Ok(0) };
        self.state.outgoing.stored = Some(stored);
        let Some(log) = self.batch.log_number(self.state.me, &device, log::POSTS)? else { return Ok(0) };
        let Some(top) = self.batch.log(log)?.state.top().map(|run| run.hi) else { return Ok(0) };
        let mut waiting = 0;
        for seq in stored.max((top + 1).saturating_sub(POSTS as u64))..=top {
            let Some(arrival) = self.batch.at(log, seq)? else { continue };
            let Some((entry, _)) = self.batch.entry(arrival)? else { continue };
            if matches!(body(&entry), Some(Body::Post(_) | Body::Reply { .. })) {
                self.state.outgoing.follow(entry.id(), seq, entry.header().time);
                waiting += 1;
            }
        }
        Ok(waiting)
    }
}
