//! Which shards of the gossip this node takes part in: all of them, as long as that costs nothing. In a
//! large network nearly all that a shard carries is of people who are not followed here; then the shard
//! is left, and open sessions bring the rest.
//!
//! Why all, and not only those of the authors followed: a frame is only passed on by neighbours who take
//! part in its shard. With some ten neighbours and some twenty follows, two or three of them would, and a
//! third of what is followed would never come, because no chain of them leads to its author. While the
//! network is small everybody listens to everybody; as it grows the shards fill with those who care.
//!
//! A shard of somebody who is followed may be left when, for an hour, more came than costs nothing and next to none of it was of
//! anybody followed, and when two peers push each author of it whom we follow. Such a peer has caught up
//! with us in an open session about that author, and it holds the feed or asks for it itself. Two more
//! things are asked of them:
//!
//! - **They come before us.** Of each author, every node ranks all peers alike, by a hash of both. Whoever
//!   relied on anybody at all could wait in a circle in which each trusts the next to listen and nobody
//!   does. Whoever relies only on those who rank before it cannot: the first of any circle still listens.
//! - **One of them we called.** Whoever calls us chose to; two strangers could call, push for a while, and
//!   then be silent about the one post that counts.
//!
//! It is joined again when fewer than two are left, after a short while in which they may come back, and
//! once a day in any case, to look whether what the sessions bring is all there is. Our own author's shard
//! is never left, and a relay leaves none. All of this is local: nobody is told, and nothing depends on it
//! but the work that this node has.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::PeerId;
use starling_protocol::AuthorId;

use super::{sessions::Session, state::State, surface::shard, turn::Turn};
use crate::network::{self, Command};

/// Half of the time for which a shard is listened to before it is judged. An hour in all: people post in
/// bursts, and less would judge a shard by one conversation.
const HALF_MS: u64 = 30 * 60 * 1000;
/// Of a hundred frames so many have to be of somebody followed, or the shard costs more than it gives: at
/// one in twenty, leaving it saves nineteen twentieths.
const USEFUL_PERCENT: u64 = 5;
/// For so long the peers must have covered a shard before it is left: those who come and go do not count.
/// It doubles whenever a shard had to be joined again because they went.
const STEADY_MS: u64 = 10 * 60 * 1000;
const STEADY_MOST_MS: u64 = 6 * 60 * 60 * 1000;
/// Pause between two looks at who covers a shard: each asks all sessions about all authors of it.
const LOOK_MS: u64 = 60 * 1000;
/// Peers that have to push an author: one may fail unnoticed, two seldom do at once.
const COVER: usize = 2;
/// How long one of two may be missing before the shard is joined again: a session that breaks is opened
/// anew within seconds.
const GRACE_MS: u64 = 60 * 1000;
/// How long a shard is left at most. What two peers kept from us is then heard within a day.
const AWAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What came in a shard in some time.
#[derive(Clone, Copy, Default)]
struct Count {
    frames: u64,
    useful: u64,
}

/// What was heard in a shard lately.
struct Heard {
    /// When the first frame came.
    begun: u64,
    /// When this half of the window began.
    since: u64,
    /// What came in the half before it.
    before: Count,
    count: Count,
    /// When it is looked at next who covers it.
    look_at: u64,
    /// Since when it is covered, as far as was seen.
    covered_since: Option<u64>,
    /// For how long it has to be.
    steady: u64,
}

impl Heard {
    fn new(now: u64, steady: u64) -> Self {
        Self {
            begun: now,
            since: now,
            before: Count::default(),
            count: Count::default(),
            look_at: 0,
            covered_since: None,
            steady,
        }
    }

    /// Counts a frame.
    fn add(&mut self, now: u64, useful: bool) {
        let passed = now.saturating_sub(self.since);
        if passed >= HALF_MS {
            // After a long silence the last half was an empty one.
            self.before = if passed < 2 * HALF_MS { self.count } else { Count::default() };
            (self.count, self.since) = (Count::default(), now - passed % HALF_MS);
        }
        self.count.frames += 1;
        self.count.useful += u64::from(useful);
    }

    /// Whether more than `frames` came in the last hour, next to none of them useful.
    fn is_idle_talk(&self, now: u64, frames: u64) -> bool {
        let all = self.before.frames + self.count.frames;
        let useful = self.before.useful + self.count.useful;
        now >= self.begun + 2 * HALF_MS && all > frames && useful * 100 < all * USEFUL_PERCENT
    }
}

/// A shard that was left.
struct Left {
    since: u64,
    /// When it is joined again, if fewer peers cover it than should and none comes back before.
    rejoin_at: Option<u64>,
    /// For how long it was covered before.
    steady: u64,
}

/// What is remembered of shards beside which are joined: at most one row for each of the 64.
#[derive(Default)]
pub(super) struct Listening {
    heard: BTreeMap<u8, Heard>,
    left: BTreeMap<u8, Left>,
    /// Who covers what may have changed.
    unsure: bool,
}

impl Listening {
    /// Sessions came or went, or their peers or we follow others.
    pub fn doubt(&mut self) {
        self.unsure = true;
    }

    /// When something is to be done about a shard that was left.
    pub fn deadline(&self) -> Option<u64> {
        let due = |left: &Left| left.rejoin_at.unwrap_or(u64::MAX).min(left.since.saturating_add(AWAY_MS));
        self.left.values().map(due).min()
    }
}

/// Before whom a peer comes in what concerns an author: the lower, the earlier. Known to everybody.
pub(super) fn rank(peer: &PeerId, author: &AuthorId) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("starling 2026-11 who listens for whom v1");
    let mut first = [0; 8];
    hasher.update(author.as_bytes()).update(&peer.to_bytes()).finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

impl State {
    /// How many peers we may rely on to push an author to us.
    fn pushers(&self, author: &AuthorId) -> usize {
        let ours = rank(&self.peer, author);
        let (mut pushers, mut called) = (0, false);
        for session in self.sessions.values().filter(|session| session.caught_about(author)) {
            let Some(peer) = self.peers.get(&session.peer()) else { continue };
            let serve = peer.serve.and_then(|stream| self.sessions.get(&stream));
            let holds = session.shown(author) || serve.is_some_and(|serve: &Session| serve.serves(author));
            if holds && rank(&session.peer(), author) < ours {
                pushers += 1;
                called |= peer.outbound;
            }
        }
        if called { pushers } else { 0 }
    }

    /// How many peers push the author of a shard, of those whom we follow, who has fewest.
    fn cover(&self, number: u8) -> usize {
        let followed = self.following.iter().filter(|author| !self.blocked.contains(*author));
        let pushers = followed.filter(|author| shard(author) == number).map(|author| self.pushers(author));
        pushers.min().unwrap_or(usize::MAX)
    }
}

impl Turn<'_, '_> {
    /// Joins all shards but for those that were left.
    pub fn join_shards(&mut self) {
        let own = shard(&self.state.author);
        let mut wanted: BTreeSet<u8> = (0..network::SHARDS).collect();
        let listening = &mut self.state.listening;
        listening.left.retain(|left, _| *left != own);
        wanted.retain(|shard| !listening.left.contains_key(shard));
        listening.heard.retain(|heard, _| wanted.contains(heard));
        listening.doubt();
        let held = std::mem::replace(&mut self.state.shards, wanted.clone());
        for shard in wanted.difference(&held) {
            self.network(Command::Join { shard: *shard });
        }
        for shard in held.difference(&wanted) {
            self.network(Command::Leave { shard: *shard });
        }
    }

    /// A frame of this author came in their shard.
    pub fn heard_in(&mut self, number: u8, author: &AuthorId) {
        let (now, useful) = (self.now, self.is_home(author));
        let never = self.state.policy.stay_in_shards || number == shard(&self.state.author);
        if never || !self.state.shards.contains(&number) {
            return;
        }
        let heard = self.state.listening.heard.entry(number).or_insert_with(|| Heard::new(now, STEADY_MS));
        heard.add(now, useful);
        if now < heard.look_at || !heard.is_idle_talk(now, self.state.policy.shard_frames) {
            return;
        }
        heard.look_at = now + LOOK_MS;
        let covered = self.state.cover(number) >= COVER;
        let Some(heard) = self.state.listening.heard.get_mut(&number) else { return };
        heard.covered_since = covered.then_some(heard.covered_since.unwrap_or(now));
        let steady = heard.steady;
        if heard.covered_since.is_some_and(|since| now >= since + steady) {
            tracing::debug!("leaving shard {number}: little in it is of use, and others push that");
            self.state.listening.left.insert(number, Left { since: now, rejoin_at: None, steady });
            self.join_shards();
        }
    }

    /// Joins again what nobody covers any more, or what was left for long enough.
    pub fn keep_shards(&mut self) {
        let (now, unsure) = (self.now, std::mem::take(&mut self.state.listening.unsure));
        if unsure {
            self.doubt_cover();
        }
        let left = std::mem::take(&mut self.state.listening.left);
        if left.is_empty() {
            return;
        }
        let (mut stays, mut rejoins) = (BTreeMap::new(), Vec::new());
        for (number, mut left) in left {
            if unsure {
                left.rejoin_at = match self.state.cover(number) {
                    COVER.. => None,
                    // Nobody is left to tell us anything.
                    0 => Some(now),
                    _ => Some(left.rejoin_at.unwrap_or(now + GRACE_MS)),
                };
            }
            if left.rejoin_at.is_some_and(|at| at <= now) {
                rejoins.push((number, (2 * left.steady).min(STEADY_MOST_MS)));
            } else if now >= left.since.saturating_add(AWAY_MS) {
                rejoins.push((number, STEADY_MS));
            } else {
                stays.insert(number, left);
            }
        }
        self.state.listening.left = stays;
        if !rejoins.is_empty() {
            let heard = rejoins.into_iter().map(|(number, steady)| (number, Heard::new(now, steady)));
            self.state.listening.heard.extend(heard);
            self.join_shards();
        }
    }

    /// Sessions changed: whoever covered a shard that is to be left may have gone, if only for a while.
    fn doubt_cover(&mut self) {
        let heard = self.state.listening.heard.iter();
        let hopeful: Vec<u8> =
            heard.filter(|(_, heard)| heard.covered_since.is_some()).map(|(number, _)| *number).collect();
        for number in hopeful {
            if self.state.cover(number) < COVER
                && let Some(heard) = self.state.listening.heard.get_mut(&number)
            {
                heard.covered_since = None;
            }
        }
    }

    /// The clock was set back: what was measured by it says nothing. Everything is listened to anew.
    pub fn forget_heard(&mut self) {
        self.state.listening = Listening::default();
        self.join_shards();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60 * 1000;

    /// Whether a shard can go in which so many frames come a minute, every n-th of them useful.
    fn can_go(minutes: u64, each: u64, useful: u64) -> bool {
        let mut heard = Heard::new(0, STEADY_MS);
        for frame in 0..minutes * each {
            heard.add(frame * MINUTE / each, frame % useful == 0);
        }
        heard.is_idle_talk(minutes * MINUTE, 120)
    }

    #[test]
    fn a_shard_is_judged_by_an_hour_of_it() {
        assert!(!can_go(59, 10, 100));
        assert!(can_go(61, 10, 100));
        // Useful enough, or too little of it to matter.
        assert!(!can_go(121, 10, 15));
        assert!(!can_go(121, 1, 100));
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let mut heard = Heard::new(0, STEADY_MS);
        (0..1_000).for_each(|frame| heard.add(frame * MINUTE / 10, false));
        assert!(heard.is_idle_talk(100 * MINUTE, 120));
        heard.add(300 * MINUTE, false);
        assert!(!heard.is_idle_talk(300 * MINUTE, 120));
    }

    #[test]
    fn everybody_ranks_peers_alike_and_each_author_differently() {
        let peers: Vec<PeerId> = (0..20).map(|_| PeerId::random()).collect();
        let order = |author: &AuthorId| {
            let mut sorted = peers.clone();
            sorted.sort_by_key(|peer| rank(peer, author));
            sorted
        };
        let (one, two) = (AuthorId::new([1; 32]), AuthorId::new([2; 32]));
        assert_eq!(order(&one), order(&one));
        assert_ne!(order(&one), order(&two));
    }
}
