//! Everybody in a world: engines, their stores and what they are told and say. Both layers carry bytes between the
//! same cast.
//!
//! A layer tells the cast what reached a node ([`Cast::network`], [`Cast::tick`]) or what the plan wants
//! ([`Cast::act`], [`Cast::start`], [`Cast::stop`]) and is given the network commands that the node's engine wants
//! carried out. Everything here is a function of the plan and of the order of those calls.

mod agree;
mod check;
mod finish;
mod hear;
mod judge;
mod lifecycle;
mod setup;
mod wishes;

pub use agree::Agreement;
pub use finish::Finish;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use libp2p::PeerId;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use starling::{
    engine::{self, Engine},
    network,
    store::{Care, Store},
};
use starling_protocol::{AuthorId, EntryId};

use crate::{
    adversary::{Attacker, Schedule},
    control::Control,
    disk::Disk,
    people::{self, Person},
    plan::{Ending, Micros, NodeId, Plan},
    record::Recorder,
};

/// Network commands of one node, to be carried out by the layer in their order.
pub type Orders = Vec<network::Command>;

/// Everybody.
pub struct Cast {
    /// What is to happen.
    pub plan: Arc<Plan>,
    /// What happened.
    pub record: Recorder,
    people: Vec<Person>,
    by_peer: HashMap<PeerId, NodeId>,
    by_author: HashMap<AuthorId, NodeId>,
    nodes: Vec<Node>,
    /// The entries that the plan's posts became.
    posts: Vec<Option<EntryId>>,
    checker: check::Checker,
    /// Whether the laws hold.
    judge: judge::Judge,
    /// When attacks are on.
    schedule: Arc<Schedule>,
    rng: ChaCha8Rng,
    free: bool,
    /// Bytes of pages that each store keeps at hand.
    cache: usize,
}

struct Node {
    engine: Option<Engine>,
    disk: Disk,
    /// The device sleeps: the engine is there, and nothing reaches it.
    asleep: bool,
    starts: u64,
    requests: u64,
    /// Whom its person blocked.
    blocked: BTreeSet<NodeId>,
    /// Who stands between the engine and the network, if the node does not keep to the rules.
    attacker: Option<Attacker>,
}

impl Node {
    fn new(careful: bool, attacker: Option<Attacker>) -> Self {
        Self {
            engine: None,
            disk: Disk::new(careful),
            asleep: false,
            starts: 0,
            requests: 0,
            blocked: BTreeSet::new(),
            attacker,
        }
    }

    fn runs(&self) -> bool {
        self.engine.is_some() && !self.asleep
    }

    /// The engine, if anything reaches it.
    fn awake(&mut self) -> Option<&mut Engine> {
        self.engine.as_mut().filter(|_| !self.asleep)
    }
}

impl Cast {
    /// Makes everybody; nobody runs yet.
    ///
    /// # Errors
    /// If an identity cannot be made.
    pub fn new(plan: Arc<Plan>, control: &Control) -> anyhow::Result<Self> {
        let count = plan.nodes.len() as NodeId;
        let people =
            (0..count).map(|node| people::person(plan.seed, node)).collect::<anyhow::Result<Vec<_>>>()?;
        let by_peer = people.iter().zip(0..).map(|(person, node)| (person.peer, node)).collect();
        let by_author = people.iter().zip(0..).map(|(person, node)| (person.author, node)).collect();
        let schedule = Arc::new(Schedule::of(&plan));
        let node = |node: NodeId| {
            let careful = plan.nodes[node as usize].careful_disk;
            Node::new(careful, Attacker::of(&plan, node, &schedule))
        };
        let nodes = (0..count).map(node).collect();
        let mut record = Recorder::new(plan.clone(), control.free);
        for (person, node) in people.iter().zip(0..) {
            record.own_shard(node, engine::shard(&person.author));
        }
        Ok(Self {
            record,
            people,
            by_peer,
            by_author,
            nodes,
            posts: vec![None; plan.posts as usize],
            checker: check::Checker::default(),
            judge: judge::Judge::new(control.checking),
            schedule,
            rng: ChaCha8Rng::from_seed(people::derive(plan.seed, NodeId::MAX, "cast")),
            free: control.free,
            cache: 0,
            plan,
        })
    }

    /// Has stores that are opened from now on keep pages at hand, so many bytes in all and no more than a mebibyte each.
    /// A disk in memory is quick, and yet a page that is read from it is made whole and copied: a third of what a
    /// modelled world does. What happens in it does not depend on this.
    pub fn keep_pages(&mut self, bytes: usize) {
        self.cache = (bytes / self.nodes.len().max(1)).min(1 << 20);
    }

    /// Who runs a node.
    pub fn person(&self, node: NodeId) -> &Person {
        &self.people[node as usize]
    }

    /// The node that a peer id belongs to.
    pub fn node_of(&self, peer: &PeerId) -> Option<NodeId> {
        self.by_peer.get(peer).copied()
    }

    /// Whether a node runs and does not sleep.
    pub fn awake(&self, node: NodeId) -> bool {
        self.nodes[node as usize].runs()
    }

    /// Whether the person of a node blocked another.
    pub fn blocks(&self, node: NodeId, whom: NodeId) -> bool {
        self.nodes[node as usize].blocked.contains(&whom)
    }

    /// The engine of a node, if it runs or sleeps.
    pub fn engine(&self, node: NodeId) -> Option<&Engine> {
        self.nodes[node as usize].engine.as_ref()
    }

    /// What a node's clock shows, in milliseconds since 1970.
    pub fn clock(&self, at: Micros, node: NodeId) -> u64 {
        (self.plan.epoch_ms + at / 1_000).saturating_add_signed(self.plan.nodes[node as usize].skew_ms)
    }

    /// When a node wants to be called with [`Cast::tick`] at the latest.
    pub fn next_wake(&self, at: Micros, node: NodeId) -> Option<Micros> {
        let held = &self.nodes[node as usize];
        let engine = held.engine.as_ref().filter(|_| !held.asleep)?;
        let clock = self.clock(at, node);
        // At least a millisecond on, the engine's own unit: it would be asked for ever otherwise.
        let wake = engine.next_wake(clock).map(|wake| at + wake.saturating_sub(clock).max(1) * 1_000);
        let acts = held.attacker.as_ref().and_then(|attacker| attacker.next(at));
        wake.into_iter().chain(acts).min()
    }

    /// Bytes a second that a node takes in from all its peers, if it reads slowly now.
    pub fn read_rate(&self, at: Micros, node: NodeId) -> Option<u64> {
        self.schedule.read_rate(at, &self.plan.nodes[node as usize].role)
    }

    /// Starts a node over the disk it has. After a sleep it only goes on.
    ///
    /// # Errors
    /// If its store cannot be opened.
    pub fn start(&mut self, at: Micros, node: NodeId) -> anyhow::Result<Orders> {
        let clock = self.clock(at, node);
        let index = node as usize;
        self.record.running(at, node, true);
        if self.nodes[index].engine.is_some() {
            self.nodes[index].asleep = false;
            return self.tick(at, node);
        }
        let plan = self.plan.clone();
        // Nobody cuts the power of a disk that is not careful: it need not be written as if. On one that is, each write
        // counts, and none is put off.
        let careful = plan.nodes[index].careful_disk;
        let (care, cache) = if careful { (Care::Full, 0) } else { (Care::None, self.cache) };
        let store = Store::over_with(self.nodes[index].disk.clone(), cache, care)?;
        let first = self.nodes[index].starts == 0;
        self.nodes[index].starts += 1;
        if first && !plan.follows_signed {
            self.follow_quietly(&store, node, clock)?;
        }
        self.judge_restart(at, node, &store)?;
        let setup = self.setup(node);
        let (engine, outputs) = Engine::new(store, setup, clock)?;
        self.nodes[index].engine = Some(engine);
        let mut orders = self.carry(at, node, outputs);
        if first {
            let mut wishes = Vec::new();
            for there in &plan.nodes[index].dials {
                wishes.push(engine::Command::AddPeer(vec![self.place(*there)]));
            }
            if plan.follows_signed {
                wishes.extend(plan.follows[index].iter().map(|followed| self.following(*followed)));
            }
            orders.extend(self.wish(at, node, wishes));
        }
        Ok(orders)
    }

    /// Ends a node. For the layer to see to: that its peers hear of it, or not.
    pub fn stop(&mut self, at: Micros, node: NodeId, ending: Ending) {
        self.record.running(at, node, false);
        if ending == Ending::Sleep {
            let held = &mut self.nodes[node as usize];
            held.asleep = held.engine.is_some();
            return;
        }
        self.judge_stop(at, node);
        let held = &mut self.nodes[node as usize];
        held.asleep = false;
        held.attacker.iter_mut().for_each(Attacker::stopped);
        if ending == Ending::PowerCut {
            let engine = held.engine.take();
            let store = engine.as_ref().map(Engine::store);
            let found = lifecycle::cut(&held.disk, store, &mut self.rng);
            drop(engine);
            held.disk = found;
        }
        held.engine = None;
    }
}

#[cfg(test)]
mod tests;
