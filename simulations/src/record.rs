//! The record of a run: the trace that two runs of one seed must have in common, and what metrics are made of.

use std::{collections::HashMap, sync::Arc};

use starling_protocol::EntryId;

use crate::plan::{Micros, NodeId, Plan, PostId};

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

/// Takes down what happens.
pub struct Recorder {
    plan: Arc<Plan>,
    hash: Option<blake3::Hasher>,
    events: u64,
    posts: HashMap<EntryId, PostId>,
}

impl Recorder {
    /// Begins. A `free` run keeps no trace.
    pub fn new(plan: Arc<Plan>, free: bool) -> Self {
        Self { plan, hash: (!free).then(blake3::Hasher::new), events: 0, posts: HashMap::new() }
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

    /// A post of the plan was signed, or refused.
    pub fn posted(&mut self, _at: Micros, _node: NodeId, post: PostId, id: Option<EntryId>) {
        if let Some(id) = id {
            self.posts.insert(id, post);
        }
    }

    /// A node stored an entry for the first time.
    pub fn stored(&mut self, at: Micros, node: NodeId, id: EntryId) {
        self.trace(at, node, b's', id.as_bytes());
    }

    /// A copy of a gossiped frame reached a node.
    pub fn copy(&mut self, _node: NodeId, _copy: Copy, _bytes: u64) {}

    /// Bytes left one node for another.
    pub fn bytes(&mut self, _from: NodeId, _to: NodeId, _kind: Traffic, _bytes: u64) {}

    /// A connection stands.
    pub fn connected(&mut self, _at: Micros, _node: NodeId, _peer: NodeId) {}

    /// The last connection of two nodes is gone.
    pub fn disconnected(&mut self, _at: Micros, _node: NodeId, _peer: NodeId) {}

    /// A node has a mesh of so many peers in a shard, having had `before`.
    pub fn meshed(&mut self, _at: Micros, _node: NodeId, _shard: u8, _before: u32, _now: u32) {}

    /// A node joined or left a shard.
    pub fn shard(&mut self, _at: Micros, _node: NodeId, _shard: u8, _joined: bool) {}

    /// A node found a log forked.
    pub fn forked(&mut self, at: Micros, node: NodeId, author: NodeId) {
        self.trace(at, node, b'f', &author.to_le_bytes());
    }

    /// An honest node stored an entry of somebody who does not keep to the rules.
    pub fn reached(&mut self, _at: Micros, _node: NodeId, _author: NodeId) {}

    /// A node refused a frame as broken.
    pub fn rejected(&mut self, _at: Micros, _node: NodeId, _from: NodeId) {}

    /// A node started or ended.
    pub fn running(&mut self, at: Micros, node: NodeId, running: bool) {
        self.trace(at, node, b'r', &[u8::from(running)]);
    }

    /// An invariant does not hold.
    pub fn violated(&mut self, _at: Micros, _node: Option<NodeId>, _what: String) {}

    /// The state of the world now and then.
    pub fn sample(&mut self, _sample: Sample) {}

    /// The plan that is being run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The trace hash so far, in hexadecimal; none if no trace was kept.
    pub fn trace_hash(&self) -> Option<String> {
        self.hash.as_ref().map(|hash| hash.finalize().to_hex().to_string())
    }
}
