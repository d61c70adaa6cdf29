//! The record of a run: the trace that two runs of one seed must have in common, and what metrics are made of.
//!
//! Nothing is kept for a single delivery: the largest worlds have twenty million. A post has a bit for each follower,
//! a node has counters, times go into histograms. What the plan alone decides, such as when it heals, is read from
//! the plan; calls must come in the order of time.
//!
//! A *pair* is a post of an honest author and an honest node that follows the author when it is posted.

mod advance;
mod audience;
mod deliver;
mod finish;
mod latency;
mod node;
mod posts;
mod repair;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use starling_protocol::EntryId;

use crate::{
    metrics::{S_PER_MICRO, SeriesRow, Violation},
    plan::{Micros, NodeId, Plan, PostId, SEC, What},
};
use audience::Audience;
use latency::{Groups, Times};
use node::{Bytes, Counters};
use posts::Post;
use repair::{CatchUp, Repair};

/// A node that ran so long after a post, without a break, was there for long enough to get it: mobile devices wake
/// for about that long, and a healed network of a thousand nodes is to be whole again by then.
pub const LONG_ENOUGH: Micros = 30 * SEC;
/// Posts younger than that do not count for completeness: they are on their way.
pub const AGED: Micros = 30 * SEC;
/// Peers that make a mesh: below that, gossipsub looks for more.
pub const MESH_LOW: u32 = 5;
/// Violations that are kept in words. A broken invariant breaks at every step, and the first are what one reads.
const VIOLATIONS: usize = 1000;
/// A hop count that is not known.
const NO_HOPS: u8 = u8::MAX;

/// What kind of bytes travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Gossiped frames, each copy counted.
    Payload,
    /// What keeps gossip going: heartbeats, subscriptions, told and asked-for ids, and the wires' own overhead.
    Control,
    /// Sync sessions.
    Sync,
}

/// What became of a copy of a gossiped frame that reached a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// The first: it was handed to the engine.
    First,
    /// It was there already.
    Duplicate,
}

/// The state of the world at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// When.
    pub at: Micros,
    /// Nodes that run.
    pub running: u32,
    /// Connections that stand.
    pub connections: u32,
    /// Links of gossip meshes, each counted at both ends, over all shards.
    pub mesh_links: u32,
    /// Shards that nodes take part in, over all nodes.
    pub shards: u32,
    /// Sync sessions that are open.
    pub sessions: u32,
    /// Bytes of all stores.
    pub stored_bytes: u64,
    /// Memory of the process, in bytes.
    pub resident_bytes: u64,
}

/// What the plan decides and the record has to know of.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Cut,
    Heal,
    Attack(bool),
    /// A post is taken back.
    Delete(PostId),
    /// Somebody stops following somebody.
    Leave(NodeId, NodeId),
}

/// Sums over the whole world.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    posts: u64,
    refused: u64,
    deliveries: u64,
    firsts: u64,
    first_bytes: u64,
    duplicates: u64,
    bytes: Bytes,
}

/// A forked log.
#[derive(Debug, Default)]
struct Forked {
    told: Option<Micros>,
    first: Option<Micros>,
    knew: HashSet<NodeId>,
    at: Vec<Micros>,
}

/// Takes down what happens.
pub struct Recorder {
    plan: Arc<Plan>,
    hash: Option<blake3::Hasher>,
    events: u64,
    posts: HashMap<EntryId, PostId>,
    audience: Audience,
    honest: Vec<bool>,
    marks: VecDeque<(Micros, Mark)>,
    attack: bool,
    nodes: Vec<Counters>,
    signed: Vec<Option<Post>>,
    /// The number after that of the last post that was signed.
    next_post: PostId,
    /// Posts that are not aged yet, in the order of time.
    young: VecDeque<PostId>,
    /// Hops to each node, of young posts.
    hops: HashMap<PostId, Vec<u8>>,
    /// What gossip has just brought to a node: when, the node, the post, hops.
    brought: Vec<(Micros, NodeId, PostId, u8)>,
    /// Whether anybody tells what gossip brings.
    ways: bool,
    latency: Groups,
    repair: Option<Repair>,
    repairs: Vec<Repair>,
    catching: Vec<Option<CatchUp>>,
    catch_ups: Times,
    forks: BTreeMap<NodeId, Forked>,
    totals: Totals,
    sampled: Totals,
    series: Vec<SeriesRow>,
    violations: Vec<Violation>,
    violated: u64,
    peak: u64,
}

impl Recorder {
    /// Begins. A `free` run keeps no trace.
    pub fn new(plan: Arc<Plan>, free: bool) -> Self {
        let marks = plan.happenings.iter().filter_map(|happening| {
            let mark = match happening.what {
                What::Cut(_) => Mark::Cut,
                What::Heal => Mark::Heal,
                What::Attack(on) => Mark::Attack(on),
                What::Delete(_, post) => Mark::Delete(post),
                What::Unfollow(node, whom) | What::Block(node, whom) => Mark::Leave(node, whom),
                _ => return None,
            };
            Some((happening.at, mark))
        });
        let count = plan.nodes.len();
        Self {
            hash: (!free).then(blake3::Hasher::new),
            events: 0,
            posts: HashMap::new(),
            audience: Audience::of(&plan),
            honest: plan.nodes.iter().map(|node| node.role.honest()).collect(),
            marks: marks.collect(),
            attack: false,
            nodes: vec![Counters::default(); count],
            signed: vec![None; plan.posts as usize],
            next_post: 0,
            young: VecDeque::new(),
            hops: HashMap::new(),
            brought: Vec::new(),
            ways: false,
            latency: Groups::default(),
            repair: None,
            repairs: Vec::new(),
            catching: vec![None; count],
            catch_ups: Times::default(),
            forks: BTreeMap::new(),
            totals: Totals::default(),
            sampled: Totals::default(),
            series: Vec::new(),
            violations: Vec::new(),
            violated: 0,
            peak: 0,
            plan,
        }
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Something happened at a node: goes into the trace. `tag` says what kind of thing, `what` which.
    pub fn trace(&mut self, at: Micros, node: NodeId, tag: u8, what: &[u8]) {
        self.events += 1;
        if let Some(hash) = &mut self.hash {
            hash.update(&at.to_le_bytes()).update(&node.to_le_bytes()).update(&[tag, what.len() as u8]);
            hash.update(what);
        }
    }

    /// The shard of a node's own posts. Without it, a mesh in any shard counts as its first.
    pub fn own_shard(&mut self, node: NodeId, shard: u8) {
        if let Some(counters) = self.nodes.get_mut(node as usize) {
            counters.own_shard = Some(shard);
        }
    }

    /// A post of the plan was signed, or refused.
    pub fn posted(&mut self, at: Micros, node: NodeId, post: PostId, id: Option<EntryId>) {
        self.advance(at);
        let Some(id) = id else {
            self.totals.refused += u64::from(self.is_honest(node));
            return;
        };
        self.posts.insert(id, post);
        if !self.is_honest(node) {
            return;
        }
        self.totals.posts += 1;
        let followers = self.audience.followers(node);
        let mut new = Post::new(at, node, followers.len());
        for (place, follower) in followers.iter().enumerate() {
            if let Some(counters) = self.nodes.get_mut(*follower as usize)
                && self.audience.follows_at(*follower, node, at)
            {
                new.followers += 1;
                counters.missing += 1;
                if counters.since.is_some() {
                    new.runs(place);
                }
            }
        }
        let within = |phase: &crate::plan::Phase| (phase.from..phase.to).contains(&at);
        new.phase = self.plan.phases.iter().position(within).map(|phase| phase as u16);
        new.attacked = self.attack;
        if let Some(place) = self.signed.get_mut(post as usize) {
            *place = Some(new);
            self.young.push_back(post);
            self.next_post = post + 1;
        }
    }

    /// Gossip brings a node an entry of so many bytes; told before its engine is. It is not known yet whether the
    /// engine stores it.
    pub fn brought(&mut self, at: Micros, node: NodeId, from: Option<NodeId>, id: EntryId, bytes: u32) {
        self.ways = true;
        if self.brought.last().is_some_and(|(then, there, ..)| (*then, *there) != (at, node)) {
            self.brought.clear();
        }
        let Some(post) = self.posts.get(&id).copied() else { return };
        let Some(Some(signed)) = self.signed.get_mut(post as usize) else { return };
        signed.bytes = bytes;
        let sender = match from {
            Some(from) if from == signed.author => 0,
            Some(from) => {
                let known = self.hops.get(&post).and_then(|hops| hops.get(from as usize));
                known.copied().unwrap_or(NO_HOPS)
            }
            None => NO_HOPS,
        };
        let hops = if sender == NO_HOPS { NO_HOPS } else { sender.saturating_add(1) };
        self.brought.push((at, node, post, hops));
    }

    /// A node stored an entry for the first time.
    pub fn stored(&mut self, at: Micros, node: NodeId, id: EntryId) {
        self.trace(at, node, b's', id.as_bytes());
        self.advance(at);
        if let Some(post) = self.posts.get(&id).copied()
            && self.is_honest(node)
        {
            self.deliver(at, node, post);
        }
    }

    /// An honest node stored an entry of somebody who does not keep to the rules.
    pub fn reached(&mut self, _at: Micros, node: NodeId, author: NodeId) {
        if self.is_honest(node) && !self.is_honest(author) {
            self.nodes[node as usize].hostile += 1;
        }
    }

    /// A copy of a gossiped frame reached a node.
    pub fn copy(&mut self, node: NodeId, copy: Copy, bytes: u64) {
        let Some(counters) = self.nodes.get_mut(node as usize) else { return };
        match copy {
            Copy::First => {
                counters.firsts += 1;
                self.totals.firsts += 1;
                self.totals.first_bytes += bytes;
            }
            Copy::Duplicate => {
                counters.duplicates += 1;
                self.totals.duplicates += 1;
            }
        }
    }

    /// Bytes left one node for another.
    pub fn bytes(&mut self, from: NodeId, to: NodeId, kind: Traffic, bytes: u64) {
        self.totals.bytes.add(kind, bytes);
        if let Some(counters) = self.nodes.get_mut(from as usize) {
            counters.sent.add(kind, bytes);
        }
        if let Some(counters) = self.nodes.get_mut(to as usize) {
            counters.received.add(kind, bytes);
        }
    }

    /// A connection stands. Told for each of its ends.
    pub fn connected(&mut self, _at: Micros, node: NodeId, _peer: NodeId) {
        if let Some(counters) = self.nodes.get_mut(node as usize) {
            counters.connections += 1;
        }
    }

    /// The last connection of two nodes is gone. Told for each of its ends.
    pub fn disconnected(&mut self, _at: Micros, node: NodeId, _peer: NodeId) {
        if let Some(counters) = self.nodes.get_mut(node as usize) {
            counters.connections = counters.connections.saturating_sub(1);
        }
    }

    /// Whether a node ever had a mesh that was large enough in the shard of its own posts.
    pub fn has_mesh(&self, node: NodeId) -> bool {
        self.nodes.get(node as usize).is_some_and(|counters| counters.meshed.is_some())
    }

    /// A node has a mesh of so many peers in a shard.
    pub fn meshed(&mut self, at: Micros, node: NodeId, shard: u8, now: u32) {
        let enough = self.mesh_enough();
        let Some(counters) = self.nodes.get_mut(node as usize) else { return };
        let own = counters.own_shard.is_none_or(|own| own == shard);
        if own && now >= enough {
            counters.meshed.get_or_insert(at);
        }
    }

    /// A node joined or left a shard.
    pub fn shard(&mut self, _at: Micros, node: NodeId, shard: u8, joined: bool) {
        if let Some(counters) = self.nodes.get_mut(node as usize) {
            let bit = 1 << (shard % 64);
            if joined { counters.shards |= bit } else { counters.shards &= !bit }
        }
    }

    /// An adversary signed a second entry for one place of its log.
    pub fn lied(&mut self, at: Micros, author: NodeId) {
        self.forks.entry(author).or_default().told.get_or_insert(at);
    }

    /// A node found a log forked.
    pub fn forked(&mut self, at: Micros, node: NodeId, author: NodeId) {
        self.trace(at, node, b'f', &author.to_le_bytes());
        let honest = self.is_honest(node);
        let fork = self.forks.entry(author).or_default();
        fork.first.get_or_insert(at);
        if honest && fork.knew.insert(node) {
            fork.at.push(at);
        }
    }

    /// A node refused a frame as broken.
    pub fn rejected(&mut self, _at: Micros, node: NodeId, _from: NodeId) {
        if let Some(counters) = self.nodes.get_mut(node as usize) {
            counters.rejected += 1;
        }
    }

    /// A node started or ended.
    pub fn running(&mut self, at: Micros, node: NodeId, running: bool) {
        self.trace(at, node, b'r', &[u8::from(running)]);
        self.advance(at);
        let index = node as usize;
        let honest = self.is_honest(node);
        let Some(counters) = self.nodes.get_mut(index) else { return };
        if running {
            let began = counters.since.is_none();
            counters.start(at);
            if began && honest && counters.missing > 0 {
                let before = self.next_post;
                self.catching[index] = Some(CatchUp { since: at, missing: counters.missing, before });
            }
        } else {
            counters.stop(at);
            counters.connections = 0;
            self.catching[index] = None;
            if let Some(repair) = &mut self.repair {
                repair.gone(at, node, self.totals.bytes.sync);
            }
        }
    }

    /// An invariant does not hold.
    pub fn violated(&mut self, at: Micros, node: Option<NodeId>, what: String) {
        self.violated += 1;
        if self.violations.len() < VIOLATIONS {
            self.violations.push(Violation { at_s: at as f64 * S_PER_MICRO, node, what });
        }
    }

    /// Violations so far, and how many there were.
    pub fn violations(&self) -> (&[Violation], u64) {
        (&self.violations, self.violated)
    }

    /// Bytes of each node's store at the end.
    pub fn storage(&mut self, bytes: &[u64]) {
        for (counters, bytes) in self.nodes.iter_mut().zip(bytes) {
            counters.stored = Some(*bytes);
        }
    }

    /// The plan that is being run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The trace hash so far, in hexadecimal; none if no trace was kept.
    pub fn trace_hash(&self) -> Option<String> {
        self.hash.as_ref().map(|hash| hash.finalize().to_hex().to_string())
    }

    fn is_honest(&self, node: NodeId) -> bool {
        self.honest.get(node as usize).copied().unwrap_or(false)
    }

    fn mesh_enough(&self) -> u32 {
        MESH_LOW.min((self.nodes.len() as u32).saturating_sub(1))
    }
}
