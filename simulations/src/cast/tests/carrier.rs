//! The plainest layer: connections that stand or do not, gossip that floods, streams that keep their order. Nothing
//! takes time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use starling::network::{Command, Event as Net, GossipRef, StreamId, SyncRole, Verdict};
use starling_protocol::{EntryId, entry::log};

use super::super::{Cast, Orders};
use crate::{
    control::{Checking, Control},
    invariant::Law,
    people,
    plan::{
        Ending, GossipModel, Links, Micros, Nat, NodeId, NodePlan, Plan, PolicyPlan, PostId, Role, SEC,
        Spread, What,
    },
};

/// A world in which everybody follows everybody, and nobody is connected.
pub fn plan(nodes: u32, edit: impl FnOnce(&mut Plan)) -> Arc<Plan> {
    let node = NodePlan {
        region: 0,
        up_bps: 1 << 24,
        down_bps: 1 << 24,
        nat: Nat::Open,
        relay: false,
        skew_ms: 0,
        dials: Vec::new(),
        bootstrap: Vec::new(),
        role: Role::Honest,
        careful_disk: false,
    };
    let follows = (0..nodes).map(|me| (0..nodes).filter(|other| *other != me).collect());
    let mut plan = Plan {
        scenario: "test".into(),
        asks: String::new(),
        expects: String::new(),
        seed: 7,
        span: 3_600 * SEC,
        epoch_ms: 1_795_000_000_000,
        nodes: vec![node; nodes as usize],
        regions: vec!["here".into()],
        links: Links {
            latency: vec![vec![Spread::Fixed(1.0)]],
            jitter: Spread::Fixed(0.0),
            loss: 0.0,
            queue_bytes: 1 << 20,
        },
        follows: Arc::new(follows.collect()),
        follows_signed: false,
        happenings: Vec::new(),
        posts: 100,
        phases: Vec::new(),
        policy: PolicyPlan::default(),
        sample_every: 60 * SEC,
        gossip: GossipModel::default(),
    };
    edit(&mut plan);
    Arc::new(plan)
}

/// A cast and what is on its way between its nodes.
pub struct World {
    pub cast: Cast,
    pub at: Micros,
    pub links: BTreeSet<(NodeId, NodeId)>,
    /// Frames that were gossiped by each node.
    pub published: BTreeMap<NodeId, Vec<Bytes>>,
    /// Verdicts of Reject, by node.
    pub rejected: BTreeMap<NodeId, u64>,
    streams: BTreeMap<u64, (NodeId, NodeId)>,
    next_stream: u64,
    shards: BTreeMap<NodeId, BTreeSet<u8>>,
    seen: HashSet<(NodeId, [u8; 32])>,
    unjudged: HashMap<(NodeId, [u8; 32]), (u8, Bytes)>,
    queue: VecDeque<(NodeId, Net)>,
    posts: PostId,
}

impl World {
    /// Everybody started, nobody connected, the laws checked after every step.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::checking(plan, Checking::Steps)
    }

    pub fn checking(plan: Arc<Plan>, checking: Checking) -> Self {
        let control = Control { checking, ..Control::default() };
        let cast = Cast::new(plan.clone(), &control).unwrap();
        let mut world = Self {
            cast,
            at: 0,
            links: BTreeSet::new(),
            published: BTreeMap::new(),
            rejected: BTreeMap::new(),
            streams: BTreeMap::new(),
            next_stream: 0,
            shards: BTreeMap::new(),
            seen: HashSet::new(),
            unjudged: HashMap::new(),
            queue: VecDeque::new(),
            posts: 0,
        };
        (0..plan.nodes.len() as NodeId).for_each(|node| world.start(node));
        world
    }

    /// Everybody started and connected to everybody.
    pub fn whole(plan: Arc<Plan>) -> Self {
        let mut world = Self::new(plan);
        world.connect_all();
        world
    }

    pub fn connect_all(&mut self) {
        let count = self.cast.plan.nodes.len() as NodeId;
        for from in 0..count {
            (from + 1..count).for_each(|to| self.link(from, to));
        }
        self.settle();
    }

    pub fn start(&mut self, node: NodeId) {
        let orders = self.cast.start(self.at, node).unwrap();
        self.order(node, orders);
        self.settle();
    }

    pub fn stop(&mut self, node: NodeId, ending: Ending) {
        let links: Vec<_> = self.links.iter().copied().filter(|(a, b)| *a == node || *b == node).collect();
        self.cast.stop(self.at, node, ending);
        links.into_iter().for_each(|(a, b)| self.unlink(a, b));
        self.shards.remove(&node);
        self.settle();
    }

    /// Something happens; everything follows that follows from it.
    pub fn act(&mut self, what: What) {
        self.at += 1_000;
        if let Some((node, orders)) = self.cast.act(self.at, &what).unwrap() {
            self.order(node, orders);
        }
        self.settle();
    }

    /// Somebody posts; its number in the plan.
    pub fn post(&mut self, node: NodeId) -> PostId {
        let post = self.posts;
        self.posts += 1;
        self.act(What::Post { node, post, bytes: 40, reply_to: None });
        post
    }

    /// The entry that a post became.
    pub fn entry(&self, post: PostId) -> EntryId {
        self.cast.posts[post as usize].expect("it was posted")
    }

    /// Which laws were broken so far.
    pub fn broken(&self) -> BTreeSet<Law> {
        self.cast.violations().0.iter().map(|violation| violation.law).collect()
    }

    /// No law was broken.
    pub fn is_lawful(&self) {
        let (found, count) = self.cast.violations();
        assert_eq!(count, 0, "{found:#?}");
    }

    /// What a node holds of another's log of posts: the highest place, and where it is frozen.
    pub fn log(&self, node: NodeId, of: NodeId) -> Option<(Option<u64>, Option<u64>)> {
        let reader = self.cast.engine(node).expect("it runs").store().read().unwrap();
        let rows = reader.log_rows(&self.cast.person(of).author).unwrap();
        let row = rows.into_iter().find(|row| row.log == log::POSTS)?;
        Some((row.state.top().map(|top| top.hi), row.state.frozen()))
    }

    /// Whether a node holds a post.
    pub fn holds(&self, node: NodeId, post: PostId) -> bool {
        let reader = self.cast.engine(node).expect("it runs").store().read().unwrap();
        reader.provenance(&self.entry(post)).unwrap().is_some()
    }

    pub fn link(&mut self, from: NodeId, to: NodeId) {
        let both = self.cast.awake(from) && self.cast.awake(to);
        if from == to || !both || !self.links.insert((from.min(to), from.max(to))) {
            return;
        }
        for (here, there, outbound) in [(from, to, true), (to, from, false)] {
            let peer = self.cast.person(there).peer;
            self.queue.push_back((
                here,
                Net::Connected { peer, address: people::address(there), outbound, first: true },
            ));
        }
    }

    pub fn unlink(&mut self, a: NodeId, b: NodeId) {
        if !self.links.remove(&(a.min(b), a.max(b))) {
            return;
        }
        for (here, there) in [(a, b), (b, a)] {
            self.queue.push_back((here, Net::Disconnected { peer: self.cast.person(there).peer }));
        }
        let streams = self.streams.iter();
        let gone = streams.filter(|(_, (x, y))| (*x.min(y), *x.max(y)) == (a.min(b), a.max(b)));
        let gone: Vec<u64> = gone.map(|(stream, _)| *stream).collect();
        gone.into_iter().for_each(|stream| self.close(stream));
    }

    /// Everything arrives.
    pub fn settle(&mut self) {
        let mut steps = 0;
        while let Some((node, event)) = self.queue.pop_front() {
            let orders = self.cast.network(self.at, node, vec![event]).unwrap();
            self.order(node, orders);
            steps += 1;
            assert!(steps < 100_000, "the world never comes to rest");
        }
    }

    /// Time passes, and every node is called when it wants to be.
    pub fn pass(&mut self, time: Micros) {
        let end = self.at + time;
        loop {
            let nodes = 0..self.cast.plan.nodes.len() as NodeId;
            let wakes = nodes.filter_map(|node| Some((self.cast.next_wake(self.at, node)?, node)));
            let Some((wake, node)) = wakes.min().filter(|(wake, _)| *wake <= end) else { break };
            assert!(wake > self.at, "node {node} wants to be called without end");
            self.at = wake;
            let orders = self.cast.tick(self.at, node).unwrap();
            self.order(node, orders);
            self.settle();
        }
        self.at = end;
    }

    /// A frame of gossip reaches a node from another.
    pub fn gossip(&mut self, from: NodeId, to: NodeId, shard: u8, frame: &Bytes) {
        let id = *blake3::Hasher::new().update(&[shard]).update(frame).finalize().as_bytes();
        let joined = self.shards.get(&to).is_some_and(|shards| shards.contains(&shard));
        if joined && self.cast.awake(to) && self.seen.insert((to, id)) {
            let from = self.cast.person(from).peer;
            self.unjudged.insert((to, id), (shard, frame.clone()));
            let message = GossipRef::new(id, from);
            self.queue.push_back((to, Net::Gossip { shard, from, message, frame: frame.clone() }));
        }
    }

    pub fn order(&mut self, node: NodeId, orders: Orders) {
        for order in orders {
            match order {
                Command::Dial { addresses, .. } => {
                    if let Some(there) = addresses.first().and_then(people::node_at) {
                        self.link(node, there);
                    }
                }
                Command::Disconnect { peer } | Command::Ban { peer } => {
                    if let Some(there) = self.cast.node_of(&peer) {
                        self.unlink(node, there);
                    }
                }
                Command::Join { shard } => drop(self.shards.entry(node).or_default().insert(shard)),
                Command::Leave { shard } => drop(self.shards.entry(node).or_default().remove(&shard)),
                Command::Publish { shard, frame } => {
                    self.published.entry(node).or_default().push(frame.clone());
                    self.spread(node, shard, &frame);
                }
                Command::Verdict { message, verdict } => {
                    *self.rejected.entry(node).or_default() += u64::from(verdict == Verdict::Reject);
                    let judged = self.unjudged.remove(&(node, message.parts().0));
                    if let (Some((shard, frame)), Verdict::Accept) = (judged, verdict) {
                        self.spread(node, shard, &frame);
                    }
                }
                Command::OpenSync { peer } => self.open(node, peer),
                Command::SendSync { stream, frame } => {
                    if let Some(there) = self.other_end(node, stream) {
                        self.queue.push_back((there, Net::SyncFrame { stream, frame }));
                    }
                }
                Command::CloseSync { stream } => self.close(stream.number()),
                Command::Unban { .. } | Command::Stats { .. } | Command::Gauges { .. } => {}
            }
        }
    }

    fn spread(&mut self, node: NodeId, shard: u8, frame: &Bytes) {
        let near: Vec<NodeId> = self
            .links
            .iter()
            .filter_map(|(a, b)| match node {
                node if node == *a => Some(*b),
                node if node == *b => Some(*a),
                _ => None,
            })
            .collect();
        near.into_iter().for_each(|there| self.gossip(node, there, shard, frame));
    }

    fn open(&mut self, node: NodeId, peer: libp2p::PeerId) {
        let there = self
            .cast
            .node_of(&peer)
            .filter(|there| self.links.contains(&(node.min(*there), node.max(*there))));
        let Some(there) = there else {
            return self.queue.push_back((node, Net::SyncFailed { peer, reason: "not connected".into() }));
        };
        self.next_stream += 1;
        self.streams.insert(self.next_stream, (node, there));
        let stream = StreamId::new(self.next_stream);
        let back = self.cast.person(node).peer;
        self.queue.push_back((there, Net::SyncOpened { stream, peer: back, role: SyncRole::Serve }));
        self.queue.push_back((node, Net::SyncOpened { stream, peer, role: SyncRole::Pull }));
    }

    fn other_end(&self, node: NodeId, stream: StreamId) -> Option<NodeId> {
        let (asks, serves) = self.streams.get(&stream.number())?;
        Some(if *asks == node { *serves } else { *asks })
    }

    fn close(&mut self, stream: u64) {
        let Some((asks, serves)) = self.streams.remove(&stream) else { return };
        let stream = StreamId::new(stream);
        for (here, there) in [(asks, serves), (serves, asks)] {
            let (peer, reason) = (self.cast.person(there).peer, String::new());
            self.queue.push_back((here, Net::SyncClosed { stream, peer, reason }));
        }
    }
}
