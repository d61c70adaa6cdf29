//! The model layer: the node's own engines over modelled gossip and modelled wires, one event after another.
//!
//! What is modelled is what the network layer of a node does with bytes: connections with their limits, the meshes
//! of gossipsub, sync streams, and lines with latency, loss and bandwidth. What the node thinks is not modelled, it
//! is the engine that people run. A day of ten thousand nodes takes minutes, because nothing happens when nothing
//! happens: no heartbeat without a mesh to mend, no ping, no copy of a frame that its receiver has already.
//!
//! ```text
//! plan ──happenings──▶ world ──events──▶ engines (cast) ──orders──▶ world ──▶ queue ──▶ …
//! ```
//! Everything is drawn from one seeded generator in the order of events, so a run is a function of its plan.

mod dial;
mod gossip;
mod host;
mod link;
mod mesh;
mod parcel;
mod queue;
mod streams;
mod turns;
mod wire;

use std::{collections::HashMap, sync::Arc};

use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use rustc_hash::FxBuildHasher;
use starling::network::Event as Net;

use crate::{
    cast::Cast,
    control::{Control, Ended, Progress},
    people,
    plan::{Ending, Micros, NodeId, Plan, What},
    record::Sample,
};
use dial::Dial;
use gossip::Messages;
use host::{Host, Power};
use link::Links;
use parcel::Parcel;
use queue::{Event, Queue};
use streams::Stream;

#[cfg(test)]
mod tests;

/// All machines and what is between them.
struct World<'a> {
    cast: &'a mut Cast,
    plan: Arc<Plan>,
    now: Micros,
    queue: Queue,
    rng: ChaCha8Rng,
    hosts: Vec<Host>,
    links: Links,
    streams: HashMap<u64, Stream, FxBuildHasher>,
    next_stream: u64,
    dials: HashMap<u32, Dial, FxBuildHasher>,
    next_dial: u32,
    messages: Messages,
    /// The group of each machine while the world is cut.
    groups: Option<Arc<Vec<u16>>>,
    running: u32,
    connections: u32,
    mesh_links: u32,
    shards: u32,
    sessions: u32,
}

/// Runs a world to its end, or until it is told to stop.
///
/// # Errors
/// If a store fails.
pub fn run(cast: &mut Cast, control: &mut Control) -> anyhow::Result<Ended> {
    let mut world = World::new(cast);
    world.run(control)
}

impl<'a> World<'a> {
    fn new(cast: &'a mut Cast) -> Self {
        let plan = cast.plan.clone();
        let mut rng = ChaCha8Rng::from_seed(people::derive(plan.seed, NodeId::MAX, "model"));
        let every = plan.gossip.heartbeat.max(1);
        let hosts = plan.nodes.iter().map(|node| Host::new(node, rng.random_range(0..every))).collect();
        Self {
            cast,
            now: 0,
            queue: Queue::default(),
            rng,
            hosts,
            links: Links::default(),
            streams: HashMap::default(),
            next_stream: 0,
            dials: HashMap::default(),
            next_dial: 0,
            messages: Messages::default(),
            groups: None,
            running: 0,
            connections: 0,
            mesh_links: 0,
            shards: 0,
            sessions: 0,
            plan,
        }
    }

    fn run(&mut self, control: &mut Control) -> anyhow::Result<Ended> {
        let plan = self.plan.clone();
        let mut happenings = plan.happenings.iter().peekable();
        let every = plan.sample_every.max(1);
        let mut sample_at = 0;
        loop {
            let event_at = self.queue.next_at().unwrap_or(Micros::MAX);
            let plan_at = happenings.peek().map_or(Micros::MAX, |next| next.at);
            let next = event_at.min(plan_at).min(sample_at);
            if next > plan.span {
                break;
            }
            self.now = self.now.max(next);
            if control.stopped() {
                return Ok(self.end(false));
            }
            if sample_at == next {
                self.sample(control);
                sample_at += every;
            } else if plan_at == next {
                if let Some(next) = happenings.next() {
                    self.happen(&next.what)?;
                }
            } else if let Some((_, event)) = self.queue.pop() {
                self.step(event)?;
            }
        }
        self.now = plan.span;
        self.sample(control);
        Ok(self.end(true))
    }

    fn end(&mut self, complete: bool) -> Ended {
        for id in self.links.all() {
            self.count_pings(id);
        }
        Ended { at: self.now, complete }
    }

    fn step(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Arrive { link, end, parcel } => self.arrive(link, end, parcel),
            Event::Knock { dial } => self.knock(dial),
            Event::Answered { dial } => self.answered(dial),
            Event::Greeted { from, to, life, link } => self.greeted(from, to, life, link),
            Event::Unanswered { dial, reason } => self.unanswered(dial, reason),
            Event::Dead { link, end, spell } => self.dead(link, end, spell),
            Event::Resume { link, spell } => self.resume(link, spell),
            Event::Turn { node, life } => return self.turn(node, life),
            Event::Wake { node, life } => return self.wake(node, life),
            Event::Beat { node, life } => self.beat(node, life),
        }
        Ok(())
    }

    fn happen(&mut self, what: &What) -> anyhow::Result<()> {
        match what {
            What::Start(node) => return self.start(*node),
            What::Stop(node, ending) => self.stop(*node, *ending),
            What::Cut(groups) => {
                self.groups = Some(groups.clone());
                self.review_all();
            }
            What::Heal => {
                self.groups = None;
                self.review_all();
            }
            _ => return self.act(what),
        }
        Ok(())
    }

    fn act(&mut self, what: &What) -> anyhow::Result<()> {
        if actor(what).is_some_and(|node| !self.hosts[node as usize].awake()) {
            return Ok(());
        }
        if let Some((node, orders)) = self.cast.act(self.now, what)? {
            self.carry(node, orders);
        }
        Ok(())
    }

    fn review_all(&mut self) {
        for id in self.links.all() {
            self.review(id);
        }
    }

    fn review_of(&mut self, node: NodeId) {
        let held = &self.hosts[node as usize].neighbours;
        let links: Vec<_> = held.iter().flat_map(|held| held.links.iter().copied()).collect();
        for id in links {
            self.review(id);
        }
    }

    /// A node starts, or goes on after a sleep.
    fn start(&mut self, node: NodeId) -> anyhow::Result<()> {
        let power = std::mem::replace(&mut self.hosts[node as usize].power, Power::On);
        if power == Power::On {
            return Ok(());
        }
        self.running += 1;
        let orders = self.cast.start(self.now, node)?;
        if power == Power::Asleep {
            self.review_of(node);
            if self.hosts[node as usize].dirty != 0 {
                self.beat_soon(node);
            }
            if !self.hosts[node as usize].inbox.is_empty() {
                self.hosts[node as usize].turn = false;
                self.plan_turn(node);
            }
        } else {
            if !self.hosts[node as usize].closed {
                self.tell(node, Net::Listening { address: people::address(node) });
            }
            self.review_strays(node);
            let shard = starling::engine::shard(&self.cast.person(node).author);
            self.cast.record.own_shard(node, shard);
        }
        self.carry(node, orders);
        Ok(())
    }

    /// Connections that others believe to have with an earlier run of this node.
    fn review_strays(&mut self, node: NodeId) {
        let mut strays = std::mem::take(&mut self.hosts[node as usize].strays);
        strays.retain(|id| self.links.get(*id).is_some());
        for id in &strays {
            self.review(*id);
        }
        self.hosts[node as usize].strays = strays;
    }

    fn stop(&mut self, node: NodeId, ending: Ending) {
        let host = &mut self.hosts[node as usize];
        if !host.awake() {
            return;
        }
        self.running -= 1;
        self.cast.stop(self.now, node, ending);
        let held = &self.hosts[node as usize].neighbours;
        let links: Vec<_> = held.iter().flat_map(|held| held.links.iter().copied()).collect();
        if ending == Ending::Sleep {
            self.hosts[node as usize].power = Power::Asleep;
            return self.review_of(node);
        }
        for id in &links {
            if ending != Ending::PowerCut {
                self.send_counted(*id, node, Parcel::Farewell);
            }
            if let Some(end) = self.links.get(*id).map(|link| link.end_of(node)) {
                self.close_end(*id, end);
            }
        }
        let host = &mut self.hosts[node as usize];
        host.power = if ending == Ending::PowerCut { Power::Off } else { Power::Idle };
        self.shards -= host.joined.count_ones();
        host.forget();
        host.strays.extend(links);
        self.messages.forget(node);
        self.review_strays(node);
    }

    fn sample(&mut self, control: &mut Control) {
        self.cast.sample(Sample {
            at: self.now,
            connections: self.connections,
            mesh_links: self.mesh_links,
            shards: self.shards,
            sessions: self.sessions,
            ..Sample::default()
        });
        let events = self.cast.record.events();
        control.tell(Progress { at: self.now, span: self.plan.span, events, running: self.running });
    }
}

/// Who does what happens, if somebody does.
fn actor(what: &What) -> Option<NodeId> {
    match *what {
        What::Post { node, .. }
        | What::Boost(node, _)
        | What::Like(node, _)
        | What::Delete(node, _)
        | What::Follow(node, _)
        | What::Unfollow(node, _)
        | What::Block(node, _)
        | What::Meet(node, _) => Some(node),
        What::Start(_) | What::Stop(..) | What::Cut(_) | What::Heal | What::Attack(_) => None,
    }
}
