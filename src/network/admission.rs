//! Who may ask the engine for a verdict, and how often.
//!
//! A frame that was gossiped to us costs the engine a decoding and a signature check before anyone knows whether it
//! was worth it. The library would hand over everything at once: a peer's 200 broken frames are all with the engine
//! before the first verdict comes back. So every peer starts with three frames at a time and earns more by accepted
//! ones, the rest waits its turn here, and a peer whose third frame was rejected is not heard any more.
//!
//! From the same books follows each peer's *standing*, the one number by which the router chooses whom to have in its
//! meshes. The library would keep an account for each peer in each of the shards, and add all of them up for whoever
//! sends anything and in each heartbeat: that was a quarter of what a node of a quiet network does at all. A peer that
//! sends nonsense in one shard is no better in another, and in most shards next to nothing is said from which anything
//! could follow; so there is one account here. Who passes on a copy of a frame that somebody else's was rejected for
//! has no fault entered: the copy is dropped unread, it costs nothing.
//!
//! Pure: it is told the time and never waits.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use libp2p::PeerId;
use tokio::time::Instant;

use super::bucket::{Bucket, Rate};
use super::command::Verdict;
use super::event::GossipRef;

/// Frames that wait here for the engine: 32 MiB at most.
const MAX_HELD: usize = 1_024;

/// Frames of one peer that wait here: its burst and a little.
const MAX_HELD_OF_PEER: usize = 256;

/// Frames with the engine at a time.
const MAX_UNJUDGED: usize = 256;

/// Frames of one peer with the engine: at first, and at most. The first is what a stranger can make us check in vain;
/// the last keeps 20 frames a second flowing when a verdict takes most of a second.
const FIRST_WINDOW: usize = 3;
const LAST_WINDOW: usize = 16;

/// Rejected frames after which a peer is not heard, and for how long they count.
const FAULTS: usize = 3;
const FAULT_MEMORY: Duration = Duration::from_secs(5 * 3600);

/// What good conduct is worth: a point for each so long in company, and one for each frame that was new and accepted,
/// of which a tenth is left after a minute. Both are capped, so that one rejected frame outweighs them.
const POINT: Duration = Duration::from_secs(12);
pub(super) const GOODWILL: f64 = 10.0;

/// What is left of the points for frames at the next [`tick`](Admission::tick), ten seconds later: 0.1 to the sixth part.
const MERIT_LEFT: f64 = 0.681_292_1;

/// What faults cost, times their square. Three outweigh all goodwill and lead to [`SHUNNED`] besides.
pub(super) const FAULT: f64 = -50.0;

/// The standing of a peer that is to be heard no more, whatever else it did.
pub(super) const SHUNNED: f64 = -1_000.0;

/// New frames and bytes a second from one peer.
const FRAMES: Rate = Rate { burst: 200.0, per_second: 20.0 };
const BYTES: Rate = Rate { burst: (8 << 20) as f64, per_second: (1 << 20) as f64 };

/// Frames above that rate which are merely ignored. A peer above this too is flooding.
const EXCESS: Rate = Rate { burst: 1_000.0, per_second: 20.0 };
const FLOOD_SHUN: Duration = Duration::from_secs(600);

/// After this the engine is taken to have dropped the frame; a later verdict does nothing.
const UNANSWERED: Duration = Duration::from_secs(30);

/// Records of peers that left with something to their discredit.
const MAX_REMEMBERED: usize = 10_000;

/// A frame that waits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    pub message: GossipRef,
    pub shard: u8,
    pub frame: Bytes,
}

/// What becomes of an offered frame.
#[derive(Debug, PartialEq)]
pub(super) enum Offer {
    /// It waits for its turn. A frame of a greedier peer may have had to make room and is to be ignored.
    Held { displaced: Option<GossipRef> },
    /// It is to be ignored.
    Ignored,
    /// It is to be ignored, and so is everything else from this peer: the frames here, and what comes.
    Flood { dropped: Vec<GossipRef> },
}

/// What follows from a verdict.
#[derive(Debug, PartialEq, Default)]
pub(super) struct Judged {
    /// Whether the frame was waiting for it.
    pub known: bool,
    /// What the peer's standing is now, if it fell.
    pub standing: Option<f64>,
    /// Set when the peer is not to be heard any more: the frames that were waiting, to be ignored.
    pub shun: Option<Vec<GossipRef>>,
}

/// What time brings.
#[derive(Debug, PartialEq, Default)]
pub(super) struct Ticked {
    /// Frames that never got a verdict, to be ignored.
    pub unanswered: Vec<GossipRef>,
    /// Peers whose standing changed.
    pub standings: Vec<(PeerId, f64)>,
}

#[derive(Debug)]
struct Conduct {
    /// Since when it is connected, if it is.
    connected: Option<Instant>,
    /// Points for frames that were new and accepted.
    merit: f64,
    /// The standing that was told last.
    told: f64,
    held: VecDeque<Held>,
    unjudged: usize,
    window: usize,
    frames: Bucket,
    bytes: Bucket,
    excess: Bucket,
    faults: VecDeque<Instant>,
    shunned_until: Option<Instant>,
}

impl Conduct {
    fn new(now: Instant) -> Self {
        Conduct {
            connected: None,
            merit: 0.0,
            told: 0.0,
            held: VecDeque::new(),
            unjudged: 0,
            window: FIRST_WINDOW,
            frames: Bucket::new(FRAMES, now),
            bytes: Bucket::new(BYTES, now),
            excess: Bucket::new(EXCESS, now),
            faults: VecDeque::new(),
            shunned_until: None,
        }
    }

    fn drop_held(&mut self) -> Vec<GossipRef> {
        self.held.drain(..).map(|held| held.message).collect()
    }

    fn in_disgrace(&self) -> bool {
        !self.faults.is_empty() || self.shunned_until.is_some()
    }

    /// What it has earned so far.
    fn standing(&self, now: Instant) -> f64 {
        if self.shunned_until.is_some() {
            return SHUNNED;
        }
        let company = self.connected.map_or(0, |since| now.saturating_duration_since(since).as_secs());
        let company = (company / POINT.as_secs()) as f64;
        let faults = self.faults.len() as f64;
        company.min(GOODWILL) + self.merit + FAULT * faults * faults
    }

    /// The same, noting that it was told.
    fn tell_standing(&mut self, now: Instant) -> f64 {
        self.told = self.standing(now);
        self.told
    }

    /// A frame was broken. True if it is the last that will be heard.
    fn fault(&mut self, now: Instant) -> bool {
        self.faults.push_back(now);
        self.window = FIRST_WINDOW.saturating_sub(self.faults.len()).max(1);
        let last = self.faults.len() >= FAULTS && self.shunned_until.is_none();
        if last {
            self.shunned_until = Some(now + FAULT_MEMORY);
        }
        while self.faults.len() > FAULTS {
            self.faults.pop_front();
        }
        last
    }
}

/// The books on all peers' gossip.
#[derive(Debug, Default)]
pub(super) struct Admission {
    peers: HashMap<PeerId, Conduct>,
    /// Peers with frames waiting, each once, in the order of their turns.
    turns: VecDeque<PeerId>,
    unjudged: HashMap<GossipRef, Instant>,
    held: usize,
}

impl Admission {
    /// A peer connected. Its standing: what it did before is remembered.
    pub fn connected(&mut self, now: Instant, peer: PeerId) -> f64 {
        let conduct = self.peers.entry(peer).or_insert_with(|| Conduct::new(now));
        conduct.connected = Some(now);
        conduct.tell_standing(now)
    }

    /// A peer left. Its waiting frames are to be ignored; its faults are remembered.
    pub fn disconnected(&mut self, peer: PeerId) -> Vec<GossipRef> {
        let Some(conduct) = self.peers.get_mut(&peer) else {
            return Vec::new();
        };
        (conduct.connected, conduct.merit) = (None, 0.0);
        conduct.window = FIRST_WINDOW;
        let dropped = conduct.drop_held();
        let forget = !conduct.in_disgrace();
        self.forget_turn(peer, dropped.len());
        if forget || self.peers.len() > MAX_REMEMBERED {
            self.peers.remove(&peer);
        }
        dropped
    }

    /// A frame arrived.
    pub fn offer(&mut self, now: Instant, held: Held) -> Offer {
        let peer = held.message.source;
        let conduct = self.peers.entry(peer).or_insert_with(|| Conduct::new(now));
        if conduct.shunned_until.is_some() {
            return Offer::Ignored;
        }
        if !conduct.frames.take(now, 1.0) || !conduct.bytes.take(now, held.frame.len() as f64) {
            if conduct.excess.take(now, 1.0) {
                return Offer::Ignored;
            }
            conduct.shunned_until = Some(now + FLOOD_SHUN);
            let dropped = conduct.drop_held();
            self.forget_turn(peer, dropped.len());
            return Offer::Flood { dropped };
        }
        let waiting = conduct.held.len();
        if waiting >= MAX_HELD_OF_PEER {
            return Offer::Ignored;
        }
        let mut displaced = None;
        if self.held >= MAX_HELD {
            displaced = self.displace(waiting);
            if displaced.is_none() {
                return Offer::Ignored;
            }
        }
        if let Some(conduct) = self.peers.get_mut(&peer) {
            if conduct.held.is_empty() {
                self.turns.push_back(peer);
            }
            conduct.held.push_back(held);
            self.held += 1;
        }
        Offer::Held { displaced }
    }

    /// Takes the newest frame from the peer with most of them, if that is more than `than`.
    fn displace(&mut self, than: usize) -> Option<GossipRef> {
        let (&peer, greedy) = self.peers.iter_mut().max_by_key(|(_, conduct)| conduct.held.len())?;
        if greedy.held.len() <= than {
            return None;
        }
        let newest = greedy.held.pop_back()?;
        let empty = greedy.held.is_empty();
        self.held -= 1;
        if empty {
            self.turns.retain(|waiting| *waiting != peer);
        }
        Some(newest.message)
    }

    /// The next frame for the engine, by turns among the peers that have not used up their window.
    pub fn next(&mut self, now: Instant) -> Option<Held> {
        if self.unjudged.len() >= MAX_UNJUDGED {
            return None;
        }
        for _ in 0..self.turns.len() {
            let peer = self.turns.pop_front()?;
            let Some(conduct) = self.peers.get_mut(&peer) else {
                continue;
            };
            if conduct.unjudged >= conduct.window {
                self.turns.push_back(peer);
                continue;
            }
            let Some(held) = conduct.held.pop_front() else {
                continue;
            };
            if !conduct.held.is_empty() {
                self.turns.push_back(peer);
            }
            conduct.unjudged += 1;
            self.held -= 1;
            self.unjudged.insert(held.message, now);
            return Some(held);
        }
        None
    }

    /// The engine has judged.
    pub fn judged(&mut self, now: Instant, message: GossipRef, verdict: Verdict) -> Judged {
        if self.unjudged.remove(&message).is_none() {
            return Judged::default();
        }
        let peer = message.source;
        if let Some(conduct) = self.peers.get_mut(&peer) {
            conduct.unjudged = conduct.unjudged.saturating_sub(1);
            if verdict == Verdict::Accept {
                conduct.window = (conduct.window + 1).min(LAST_WINDOW);
                conduct.merit = (conduct.merit + 1.0).min(GOODWILL);
            }
        }
        match verdict {
            Verdict::Accept | Verdict::Ignore => Judged { known: true, ..Judged::default() },
            Verdict::Reject => Judged { known: true, ..self.fault(now, peer) },
        }
    }

    /// A peer sent a frame that cannot be one: what follows from that.
    pub fn broken(&mut self, now: Instant, peer: PeerId) -> Judged {
        self.fault(now, peer)
    }

    /// A fault is remembered even if the peer left meanwhile: reconnecting must not wash it off.
    fn fault(&mut self, now: Instant, peer: PeerId) -> Judged {
        if !self.peers.contains_key(&peer) && self.peers.len() >= MAX_REMEMBERED {
            return Judged::default();
        }
        let conduct = self.peers.entry(peer).or_insert_with(|| Conduct::new(now));
        let mut judged = Judged::default();
        if conduct.fault(now) {
            let dropped = conduct.drop_held();
            judged.shun = Some(dropped);
        }
        judged.standing = Some(conduct.tell_standing(now));
        let dropped = judged.shun.as_ref().map_or(0, Vec::len);
        self.forget_turn(peer, dropped);
        judged
    }

    /// Ten seconds have passed.
    pub fn tick(&mut self, now: Instant) -> Ticked {
        let waits = self.unjudged.iter();
        let lost = waits.filter(|(_, since)| now.saturating_duration_since(**since) >= UNANSWERED);
        let unanswered: Vec<GossipRef> = lost.map(|(message, _)| *message).collect();
        for message in &unanswered {
            self.judged(now, *message, Verdict::Ignore);
        }
        let mut standings = Vec::new();
        self.peers.retain(|peer, conduct| {
            conduct.merit *= MERIT_LEFT;
            while conduct.faults.front().is_some_and(|at| now.saturating_duration_since(*at) >= FAULT_MEMORY)
            {
                conduct.faults.pop_front();
            }
            if conduct.shunned_until.is_some_and(|until| now >= until) {
                conduct.shunned_until = None;
            }
            // What is next to nothing is not worth telling.
            if (conduct.standing(now) - conduct.told).abs() >= 0.5 {
                standings.push((*peer, conduct.tell_standing(now)));
            }
            // Frames that wait are counted in `held`: their record goes after them.
            conduct.connected.is_some() || conduct.in_disgrace() || !conduct.held.is_empty()
        });
        Ticked { unanswered, standings }
    }

    /// Frames waiting here, and with the engine.
    pub fn load(&self) -> (usize, usize) {
        (self.held, self.unjudged.len())
    }

    fn forget_turn(&mut self, peer: PeerId, dropped: usize) {
        self.held -= dropped;
        if dropped > 0 {
            self.turns.retain(|waiting| *waiting != peer);
        }
    }
}

#[cfg(test)]
#[path = "tests/admission.rs"]
mod tests;
