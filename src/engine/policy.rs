//! What this node is willing to hold and to pass on. All of it is local: nothing here decides whether
//! an entry is valid, only whether it is wanted.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use libp2p::PeerId;
use starling_protocol::{AuthorId, entry::log};

use super::{Disk, turn::Turn};
use crate::store::Error;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// Bounds that the person can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Bytes of the store at which what others write is no longer taken in.
    pub store_bytes: u64,
    /// Entries kept of people who are not followed: the network timeline and what belongs to it.
    pub network_rows: u64,
    /// Entries kept of each log of posts of an author we follow.
    pub retention: u64,
    /// Bytes kept of an author we follow.
    pub followed_bytes: u64,
    /// Bytes kept of an author whom somebody we follow follows.
    pub seen_bytes: u64,
    /// Bytes kept of a stranger.
    pub stranger_bytes: u64,
    /// Connections that we make by ourselves.
    pub outbound: usize,
    /// Whether gossip is passed on in every shard that was once joined, for the sake of others: a relay's.
    pub stay_in_shards: bool,
    /// Frames an hour up to which a shard is listened to whatever is in it: two a minute are no burden,
    /// and strangers' posts are how people are found.
    pub shard_frames: u64,
    /// Bytes of a file up to which it is fetched before anybody looks at it, of authors we follow.
    pub media_bytes: u64,
    /// Authors that may be followed: as many as a home node can keep up to date.
    pub follows: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            store_bytes: 4 * GIB,
            network_rows: 20_000,
            retention: 200_000,
            followed_bytes: 100 * MIB,
            seen_bytes: 5 * MIB,
            stranger_bytes: 256 * KIB,
            outbound: 8,
            stay_in_shards: false,
            shard_frames: 120,
            media_bytes: 10 * MIB,
            follows: 10_000,
        }
    }
}

/// Free bytes under which what others write is not taken in: a full disk breaks more than this node.
const FREE_FLOOR: u64 = GIB;
/// The same as a part of the disk; the smaller of the two holds, so that small disks can be used.
const FREE_PART: u64 = 20;
/// Free bytes under which nothing is written at all, or half of the other floor if that is less.
const OWN_FLOOR: u64 = 200 * MIB;

/// Free bytes of a disk under which a node writes less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floors {
    /// Under it nothing of others is taken in, neither entries nor files.
    pub others: u64,
    /// Under it nothing is written at all.
    pub own: u64,
}

impl Floors {
    /// Those of a disk of so many bytes.
    pub fn of(total: u64) -> Self {
        let others = FREE_FLOOR.min(total / FREE_PART);
        Self { others, own: OWN_FLOOR.min(others / 2) }
    }
}

impl Policy {
    /// Whether room is low (others' entries wait) and whether it is gone (our own wait as well).
    pub fn room(&self, disk: Disk) -> (bool, bool) {
        let floors = Floors::of(disk.total);
        (disk.free < floors.others || disk.store > self.store_bytes, disk.free < floors.own)
    }
}

/// How well an author is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    Own,
    Followed,
    Seen,
    Stranger,
}

/// Followers of a stranger that are looked through for somebody we follow.
const INTRODUCTIONS: usize = 64;

/// Entries of one author a second that are passed on and shown to strangers, in the long run.
const AUTHOR_RATE_MS: u64 = 1_000;
/// And at once.
const AUTHOR_BURST: u64 = 30;
/// Authors whose rate is remembered; beyond, the memory begins anew.
pub(super) const RATED: usize = 10_000;

/// Frames of all strangers together that are passed on, 15 a second in the long run, and at once. Authors cost nothing:
/// a few peers can bring new ones all day, each within bounds. A node that passed on all of it would be taken for the
/// flood by its own neighbours, who put up with 20 a second and 200 at once of a peer (`network::admission`).
/// Each peer that brings them has a part, so that one alone does not use up all.
const STRANGERS_RATE_MS: u64 = 66;
const STRANGERS_BURST: u64 = 150;
/// Peers whose part is remembered: more than are ever connected.
const BRINGERS: usize = 1_024;

/// How fast authors speak, for display and forwarding; never for what a log may contain.
#[derive(Default)]
pub(super) struct Rates {
    authors: HashMap<AuthorId, u64>,
    strangers: u64,
    bringers: HashMap<PeerId, u64>,
}

impl Rates {
    /// Authors that are remembered.
    pub fn len(&self) -> usize {
        self.authors.len()
    }

    /// Takes one from an author's allowance, if there is one left.
    pub fn allow(&mut self, author: &AuthorId, now: u64) -> bool {
        if self.authors.len() >= RATED {
            self.authors.clear();
        }
        take(self.authors.entry(*author).or_default(), now, AUTHOR_RATE_MS, AUTHOR_BURST)
    }

    /// Takes one from what all strangers together have, and from the part of the peer that brings it: of two peers each
    /// has all, of more each as much as two have of as many.
    pub fn allow_stranger(&mut self, from: PeerId, peers: usize, now: u64) -> bool {
        if self.bringers.len() >= BRINGERS {
            self.bringers.clear();
        }
        let parts = (peers as u64 / 2).clamp(1, STRANGERS_BURST);
        let part = self.bringers.entry(from).or_default();
        take(part, now, STRANGERS_RATE_MS * parts, STRANGERS_BURST / parts)
            && take(&mut self.strangers, now, STRANGERS_RATE_MS, STRANGERS_BURST)
    }
}

/// The generic cell rate algorithm: `full` is the time at which the bucket is full again.
fn take(full: &mut u64, now: u64, each: u64, burst: u64) -> bool {
    let next = (*full).max(now) + each;
    if next > now + burst * each {
        return false;
    }
    *full = next;
    true
}

impl Turn<'_, '_> {
    pub fn trust(&mut self, author: &AuthorId, number: u32) -> Result<Trust, Error> {
        if *author == self.state.author {
            return Ok(Trust::Own);
        }
        if self.state.following.contains(author) {
            return Ok(Trust::Followed);
        }
        for follower in self.batch.related_from(number, crate::store::graph::FOLLOW, INTRODUCTIONS)? {
            let follower = self.batch.author(follower)?.author;
            if self.state.following.contains(&follower) {
                return Ok(Trust::Seen);
            }
        }
        Ok(Trust::Stranger)
    }

    /// Bytes that are kept of an author; none for our own, which has no bound.
    fn quota(&mut self, author: &AuthorId, number: u32) -> Result<Option<u64>, Error> {
        Ok(match self.trust(author, number)? {
            Trust::Own => None,
            Trust::Followed => Some(self.state.policy.followed_bytes),
            Trust::Seen => Some(self.state.policy.seen_bytes),
            Trust::Stranger => Some(self.state.policy.stranger_bytes),
        })
    }

    /// Whether an author holds twice their quota, in logs of which nothing is forgotten.
    pub fn far_over_quota(&mut self, author: &AuthorId, number: u32) -> Result<bool, Error> {
        let bytes = self.batch.author(number)?.bytes;
        // The smallest quota first: it spares nearly everybody the question how well they are known.
        if bytes <= self.state.policy.stranger_bytes {
            return Ok(false);
        }
        Ok(self.quota(author, number)?.is_some_and(|quota| bytes > 2 * quota))
    }

    /// Forgets the oldest entries of an author who is over their quota, down to fifteen sixteenths of
    /// it, in whichever log they are. The graph is kept: half a list of follows is a wrong one.
    pub fn keep_quota(&mut self, author: &AuthorId, number: u32) -> Result<(), Error> {
        let bytes = self.batch.author(number)?.bytes;
        if bytes <= self.state.policy.stranger_bytes {
            return Ok(());
        }
        let Some(quota) = self.quota(author, number)?.filter(|quota| bytes > *quota) else { return Ok(()) };
        let target = quota / 16 * 15;
        let mut oldest = BinaryHeap::new();
        for log in self.batch.logs_of(number)? {
            if !matches!(self.batch.log(log)?.log, log::GRAPH | log::KEYS) {
                oldest.extend(self.lowest(log)?.map(Reverse));
            }
        }
        while self.batch.author(number)?.bytes > target {
            let Some(Reverse((_, log, seq))) = oldest.pop() else { break };
            self.forget_lowest(log, seq)?;
            oldest.extend(self.lowest(log)?.map(Reverse));
        }
        Ok(())
    }

    /// The lowest entry of a log: when it claims to be from, the log, its place. One that cannot be read
    /// counts as the oldest.
    fn lowest(&mut self, log: u32) -> Result<Option<(u64, u32, u64)>, Error> {
        let Some(seq) = self.batch.log(log)?.state.runs().first().map(|run| run.lo) else { return Ok(None) };
        let entry = match self.batch.at(log, seq)? {
            Some(arrival) => self.batch.entry(arrival)?,
            None => None,
        };
        Ok(Some((entry.map_or(0, |(entry, _)| entry.header().time), log, seq)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_has_a_burst_and_then_a_rate() {
        let mut rates = Rates::default();
        let author = AuthorId::new([1; 32]);
        let allowed = (0..100).filter(|_| rates.allow(&author, 5_000)).count();
        assert_eq!(allowed as u64, AUTHOR_BURST);
        assert!(rates.allow(&author, 5_000 + AUTHOR_RATE_MS));
        assert!(!rates.allow(&author, 5_000 + AUTHOR_RATE_MS));
    }

    #[test]
    fn strangers_have_one_together_and_each_peer_a_part_of_it() {
        let mut rates = Rates::default();
        let [one, two, three] = [(); 3].map(|()| PeerId::random());
        let mut allowed =
            |from, peers, now| (0..1_000).filter(|_| rates.allow_stranger(from, peers, now)).count() as u64;
        assert_eq!(allowed(one, 2, 5_000), STRANGERS_BURST);
        assert_eq!(allowed(two, 2, 5_000), 0);
        let later = 5_000 + STRANGERS_BURST * STRANGERS_RATE_MS;
        assert_eq!(allowed(one, 6, later), STRANGERS_BURST / 3);
        assert_eq!(allowed(two, 6, later), STRANGERS_BURST / 3);
        assert_eq!(allowed(three, 6, later), STRANGERS_BURST / 3);
        assert_eq!(allowed(PeerId::random(), 6, later), 0);
    }

    #[test]
    fn room_runs_out_for_others_first() {
        let policy = Policy::default();
        let disk = |free| Disk { free, total: 100 * GIB, store: 0 };
        assert_eq!(policy.room(disk(2 * GIB)), (false, false));
        assert_eq!(policy.room(disk(GIB - 1)), (true, false));
        assert_eq!(policy.room(disk(100 * MIB)), (true, true));
        assert_eq!(policy.room(Disk { free: 90 * GIB, total: 100 * GIB, store: 5 * GIB }), (true, false));
        assert_eq!(Floors::of(2 * GIB), Floors { others: 2 * GIB / 20, own: GIB / 20 });
    }
}
