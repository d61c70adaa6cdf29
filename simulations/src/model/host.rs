//! A machine, and what the network layer of the node on it remembers.
//!
//! Everything per shard is a bit in a number of 64: a hundred thousand nodes with a dozen neighbours each stay small.

use std::collections::VecDeque;

use starling::network::{self, Limits};

use super::link::LinkId;
use crate::plan::{Micros, Nat, NodeId, NodePlan, SEC};

/// Shards, and so bits in a set of them.
pub(super) const SHARDS: usize = network::SHARDS as usize;

/// Frames that a peer may send: at once, and a second in the long run.
pub(super) const FRAMES: (f32, f32) = (200.0, 20.0);
/// Sync streams that a peer may open, likewise.
pub(super) const OPENS: (f32, f32) = (8.0, 0.5);

/// What state a machine is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    /// There is no machine, or it has no power: nothing answers.
    Off,
    /// The machine is there, the node does not run: calls are refused.
    Idle,
    /// The node runs.
    On,
    /// The machine sleeps with everything in its memory.
    Asleep,
}

/// A peer with at least one connection.
#[derive(Debug)]
pub(super) struct Neighbour {
    /// Who.
    pub peer: NodeId,
    /// The connections, oldest first; two at most.
    pub links: Vec<LinkId>,
    /// Whether we called, in the first of them.
    pub outbound: bool,
    /// The shards that it said it takes part in.
    pub subscribed: u64,
    /// The shards in whose mesh it is here.
    pub mesh: u64,
    /// The shards that it was told we take part in; none before the hello.
    pub told: Option<u64>,
    /// Shards to graft it to, and to prune it from, with the next message.
    pub graft: u64,
    /// See `graft`.
    pub prune: u64,
    /// Shards that it must not be grafted to before a time.
    pub backoff: Vec<(u8, Micros)>,
    /// Frames of this peer that the engine judged broken.
    pub faults: u32,
    /// Whether its gossip is not listened to any more.
    pub shunned: bool,
    /// Frames that it may send.
    pub frames: Allowance,
    /// Sync streams that it may open.
    pub opens: Allowance,
    /// Whether its haste in that has been told.
    pub hasty: bool,
}

impl Neighbour {
    pub(super) fn new(peer: NodeId, outbound: bool, now: Micros) -> Self {
        Self {
            peer,
            links: Vec::with_capacity(1),
            outbound,
            subscribed: 0,
            mesh: 0,
            told: None,
            graft: 0,
            prune: 0,
            backoff: Vec::new(),
            faults: 0,
            shunned: false,
            frames: Allowance::new(FRAMES.0, now),
            opens: Allowance::new(OPENS.0, now),
            hasty: false,
        }
    }

    /// Until when it must not be grafted to a shard, if that is so.
    pub(super) fn waits(&self, shard: u8, now: Micros) -> Option<Micros> {
        self.backoff.iter().find(|(held, until)| *held == shard && *until > now).map(|(_, until)| *until)
    }

    /// Sees to it that it is not grafted to a shard before a time.
    pub(super) fn back_off(&mut self, shard: u8, until: Micros, now: Micros) {
        self.backoff.retain(|(held, end)| *end > now && *held != shard);
        self.backoff.push((shard, until));
    }
}

/// An allowance that fills up again with time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    left: f32,
    since: Micros,
}

impl Allowance {
    pub(super) fn new(burst: f32, now: Micros) -> Self {
        Self { left: burst, since: now }
    }

    /// Takes one, if there is one; what is left. Who takes more than there is owes it, down to minus a burst.
    pub(super) fn take(&mut self, now: Micros, burst: f32, per_second: f32) -> f32 {
        let grown = now.saturating_sub(self.since) as f32 / SEC as f32 * per_second;
        self.left = ((self.left + grown).min(burst) - 1.0).max(-burst);
        self.since = now;
        self.left
    }

    /// Takes one only if there is one.
    pub(super) fn take_if(&mut self, now: Micros, burst: f32, per_second: f32) -> bool {
        let taken = self.take(now, burst, per_second) >= 0.0;
        if !taken {
            self.left += 1.0;
        }
        taken
    }
}

/// A frame that the engine has not judged yet.
#[derive(Debug)]
pub(super) struct Unjudged {
    pub message: u32,
    pub from: NodeId,
    /// Who else sent it meanwhile: it is not sent back to them.
    pub others: Vec<NodeId>,
}

/// A machine.
#[derive(Debug)]
pub(super) struct Host {
    pub power: Power,
    /// Starts so far: what was planned for one run of the node must not happen in the next.
    pub life: u32,
    pub region: u16,
    pub up_bps: u64,
    pub down_bps: u64,
    pub closed: bool,
    pub limits: Limits,
    /// When all that waits before the uplink is sent, and before the downlink is received.
    pub up_free: Micros,
    /// See `up_free`.
    pub down_free: Micros,
    /// When a slow reader has read all that has come.
    pub read_free: Micros,
    /// Connections of an earlier run of the node that peers still take to stand.
    pub strays: Vec<LinkId>,
    /// In the order of their numbers.
    pub neighbours: Vec<Neighbour>,
    /// Shards that the node takes part in.
    pub joined: u64,
    /// Peers in the mesh of each shard.
    pub degree: Box<[u8; SHARDS]>,
    /// Shards whose mesh is to be looked at when it beats next.
    pub dirty: u64,
    /// When in each interval it beats.
    pub phase: Micros,
    /// When it beats next, if it has a reason to.
    pub beat_at: Option<Micros>,
    /// What was accepted lately, with the time: for lazy gossip.
    pub recent: VecDeque<(Micros, u32)>,
    /// What was asked for after it was told of, and until when that is waited for.
    pub promised: Vec<(u32, Micros)>,
    pub unjudged: Vec<Unjudged>,
    /// What has come in for the engine.
    pub inbox: Vec<network::Event>,
    /// Whether the engine is about to take it in.
    pub turn: bool,
    /// When the engine wants to be called.
    pub wake_at: Option<Micros>,
    /// Whom it is calling.
    pub dialling: Vec<NodeId>,
    pub banned: Vec<NodeId>,
    /// Connections that are being made by others, and those that stand, by who called.
    pub pending_in: usize,
    /// Calls that may be taken.
    pub accepts: Allowance,
    pub incoming: usize,
    pub outgoing: usize,
}

impl Host {
    pub(super) fn new(plan: &NodePlan, phase: Micros) -> Self {
        let role = if plan.relay { network::Role::Relay } else { network::Role::Home };
        Self {
            power: Power::Off,
            life: 0,
            region: plan.region,
            up_bps: plan.up_bps.max(1),
            down_bps: plan.down_bps.max(1),
            closed: plan.nat == Nat::Closed,
            limits: Limits::of(role),
            up_free: 0,
            down_free: 0,
            read_free: 0,
            strays: Vec::new(),
            neighbours: Vec::new(),
            joined: 0,
            degree: Box::new([0; SHARDS]),
            dirty: 0,
            phase,
            beat_at: None,
            recent: VecDeque::new(),
            promised: Vec::new(),
            unjudged: Vec::new(),
            inbox: Vec::new(),
            turn: false,
            wake_at: None,
            dialling: Vec::new(),
            banned: Vec::new(),
            pending_in: 0,
            accepts: Allowance::new(f32::MAX, 0),
            incoming: 0,
            outgoing: 0,
        }
    }

    /// Whether a node runs here that hears and answers.
    pub(super) fn awake(&self) -> bool {
        self.power == Power::On
    }

    /// The place of a neighbour, or where it would be.
    pub(super) fn find(&self, peer: NodeId) -> Result<usize, usize> {
        self.neighbours.binary_search_by_key(&peer, |held| held.peer)
    }

    pub(super) fn neighbour(&self, peer: NodeId) -> Option<&Neighbour> {
        self.find(peer).ok().map(|place| &self.neighbours[place])
    }

    pub(super) fn neighbour_mut(&mut self, peer: NodeId) -> Option<&mut Neighbour> {
        self.find(peer).ok().map(|place| &mut self.neighbours[place])
    }

    /// The connection that something for a peer goes out on.
    pub(super) fn way(&self, peer: NodeId) -> Option<LinkId> {
        self.neighbour(peer)?.links.last().copied()
    }

    /// Forgets everything that was in the memory of the node.
    pub(super) fn forget(&mut self) {
        self.life += 1;
        self.neighbours.clear();
        self.joined = 0;
        self.degree.fill(0);
        self.dirty = 0;
        self.beat_at = None;
        self.recent.clear();
        self.promised.clear();
        self.unjudged.clear();
        self.inbox.clear();
        self.turn = false;
        self.wake_at = None;
        self.dialling.clear();
        self.banned.clear();
        (self.pending_in, self.incoming, self.outgoing) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_used_up_and_grows_again() {
        let mut allowance = Allowance::new(2.0, 0);
        let mut take = |at| allowance.take_if(at, 2.0, 1.0);
        assert!(take(0) && take(0) && !take(0));
        assert!(!take(SEC / 2));
        assert!(take(SEC) && !take(SEC));
        assert!(take(9 * SEC) && take(9 * SEC) && !take(9 * SEC));
    }

    #[test]
    fn who_takes_far_too_much_owes_it() {
        let mut allowance = Allowance::new(2.0, 0);
        let left: Vec<f32> = (0..5).map(|_| allowance.take(0, 2.0, 1.0)).collect();
        assert_eq!(left, [1.0, 0.0, -1.0, -2.0, -2.0]);
    }
}
