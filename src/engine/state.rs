//! What the engine remembers between inputs. All of it can be found again in the store or by asking
//! the network: a restart loses nothing but time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use libp2p::{Multiaddr, PeerId};
use starling_protocol::{AuthorId, DeviceKey, identity::Record, keys::Secret, limits};

use super::{
    Status,
    gossip::Pushed,
    guard::Guard,
    late::Late,
    outgoing::Outgoing,
    peers::PeerState,
    policy::{Policy, Rates},
    sessions::{InFlight, Session},
    shards::Listening,
    sources::Sources,
};
use crate::network::StreamId;

/// Where salts come from: fills the slice with random bytes. A simulation brings a seeded one.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// What the engine has to be given.
pub struct Setup {
    /// Whose node this is.
    pub author: AuthorId,
    /// What other nodes know this one by.
    pub peer: PeerId,
    /// The identity as far as the home directory knows it.
    pub identity: Record,
    /// The key that signs entries.
    pub device: Secret,
    /// The root key, if it is kept here.
    pub root: Option<Secret>,
    /// Salts.
    pub entropy: Entropy,
    /// Why nothing may be signed before the network was asked, if that is so.
    pub guard: Option<&'static str>,
    /// Addresses to call when nobody else is known.
    pub bootstrap: Vec<Multiaddr>,
    /// Bounds of this node.
    pub policy: Policy,
}

/// Pause between two turns that let go of what there is no room for, in milliseconds: whatever else
/// waits for the engine comes in between.
const CROWDED_MS: u64 = 50;

/// While a post waits for its hour the clock is looked at this often: a machine that sleeps does not count the time.
const SCHEDULE_MS: u64 = 60_000;
/// How far a clock may step back without being noticed, in milliseconds: what a time service does to a
/// good one.
pub(super) const STEP_MS: u64 = 1_000;

pub(super) struct State {
    pub author: AuthorId,
    pub peer: PeerId,
    pub identity: Record,
    pub device: Secret,
    pub root: Option<Secret>,
    pub entropy: Entropy,
    pub bootstrap: Vec<Multiaddr>,
    pub policy: Policy,
    /// Number of our own author in the store.
    pub me: u32,
    pub guard: Guard,
    /// Authors we follow.
    pub following: BTreeSet<AuthorId>,
    /// Authors we block.
    pub blocked: BTreeSet<AuthorId>,
    /// The shards that are joined.
    pub shards: BTreeSet<u8>,
    /// What is known of shards beside that.
    pub listening: Listening,
    /// What sessions brought lately, and gossip may still bring.
    pub pushed: Pushed,
    /// What they brought that the gossip should have.
    pub late: Late,
    pub peers: BTreeMap<PeerId, PeerState>,
    pub sessions: BTreeMap<StreamId, Session>,
    pub in_flight: InFlight,
    pub rates: Rates,
    pub listen: Vec<Multiaddr>,
    /// Whether calls of earlier runs are still to be forgotten.
    pub calls_of_earlier: bool,
    /// More was held than there is room for than one turn could let go.
    pub crowded: bool,
    pub disk_low: bool,
    pub disk_full: bool,
    /// Own entries that were signed while nobody was there to take them.
    pub waiting: u64,
    /// Where the newest own posts are.
    pub outgoing: Outgoing,
    /// How many connected peers keep each feed.
    pub sources: Sources,
    pub next_dial: u64,
    /// When the next post is due that waits for its hour.
    pub next_scheduled: u64,
    /// When the next poll that concerns the person ends.
    pub next_poll: u64,
    /// When those who could not be reached were last called all at once.
    pub rallied_at: u64,
    /// The time of the last turn: a clock that went back is noticed.
    pub last_turn: u64,
    /// What is remembered here may be more than was committed: it is read again first of all.
    pub stale: bool,
    /// What whoever watches was told; none if that is not known.
    pub shown: Option<Status>,
    /// Peers by number, to keep where entries came from.
    pub numbers: HashMap<PeerId, u32>,
}

impl State {
    pub fn new(setup: Setup) -> Self {
        Self {
            author: setup.author,
            peer: setup.peer,
            identity: setup.identity,
            device: setup.device,
            root: setup.root,
            entropy: setup.entropy,
            bootstrap: setup.bootstrap,
            policy: setup.policy,
            me: 0,
            guard: Guard::new(setup.guard),
            following: BTreeSet::new(),
            blocked: BTreeSet::new(),
            shards: BTreeSet::new(),
            listening: Listening::default(),
            pushed: Pushed::default(),
            late: Late::default(),
            peers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            in_flight: InFlight::default(),
            rates: Rates::default(),
            listen: Vec::new(),
            calls_of_earlier: true,
            crowded: false,
            disk_low: false,
            disk_full: false,
            waiting: 0,
            outgoing: Outgoing::default(),
            sources: Sources::default(),
            next_dial: 0,
            next_scheduled: u64::MAX,
            next_poll: u64::MAX,
            rallied_at: 0,
            last_turn: 0,
            stale: false,
            shown: Some(Status::default()),
            numbers: HashMap::new(),
        }
    }

    pub fn device_key(&self) -> DeviceKey {
        self.device.public()
    }

    /// Authors whose feeds we fetch: our own, for the sake of our other devices, and those we follow.
    pub fn interests(&self) -> Vec<AuthorId> {
        let followed = self.following.iter().filter(|author| !self.blocked.contains(*author));
        std::iter::once(&self.author).chain(followed).take(limits::INTERESTS).copied().collect()
    }

    /// Whether nothing is due at `now`, so that time alone changes nothing.
    pub fn rests(&mut self, now: u64) -> bool {
        let rests = !self.stale && self.next_wake(now).is_none_or(|wake| wake > now);
        if rests {
            self.last_turn = now;
        }
        rests
    }

    /// The first moment at which something is to be done that nobody but time asks for: a peer has owed
    /// an answer for too long, a claim has lasted too long, somebody is to be called. None if there is
    /// nothing of that kind: a node that has caught up with everybody sleeps.
    pub fn next_wake(&self, now: u64) -> Option<u64> {
        if self.last_turn > now + STEP_MS {
            // The clock was set back: every moment that is waited for is to be thought over at once.
            return Some(now);
        }
        let stall = self.sessions.values().filter_map(Session::deadline).min();
        let claim = self.in_flight.deadline();
        let dial = (self.next_dial < u64::MAX).then_some(self.next_dial);
        let crowd = self.crowded.then_some(self.last_turn + CROWDED_MS);
        let scheduled = self.next_scheduled.min(now.saturating_add(SCHEDULE_MS));
        let scheduled = (self.next_scheduled < u64::MAX).then_some(scheduled);
        let poll = (self.next_poll < u64::MAX).then_some(self.next_poll);
        let late = self.late.deadline();
        [stall, claim, dial, crowd, scheduled, poll, late, self.listening.deadline(), self.sources.deadline()]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.max(now))
    }
}
