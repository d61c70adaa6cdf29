//! Everybody in a world: engines, their stores and what they are told and say. Both layers carry bytes between the
//! same cast.
//!
//! A layer tells the cast what reached a node ([`Cast::network`], [`Cast::tick`]) or what the plan wants
//! ([`Cast::act`], [`Cast::start`], [`Cast::stop`]) and is given the network commands that the node's engine wants
//! carried out. Everything here is a function of the plan and of the order of those calls.

use std::{collections::HashMap, sync::Arc};

use libp2p::PeerId;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use starling::{
    engine::{self, Engine, Input, Output, Policy, Request, Setup, checked},
    network::{self, Event as Net},
    store::{Store, graph},
};
use starling_protocol::{AuthorId, EntryId, payload::Content};

use crate::{
    control::Control,
    disk::Disk,
    people::{self, Person},
    plan::{Ending, Micros, NodeId, Plan, PostId, What},
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
    rng: ChaCha8Rng,
    free: bool,
}

struct Node {
    engine: Option<Engine>,
    disk: Disk,
    starts: u64,
    requests: u64,
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
        let node = |careful| Node { engine: None, disk: Disk::new(careful), starts: 0, requests: 0 };
        let nodes = plan.nodes.iter().map(|planned| node(planned.careful_disk)).collect();
        Ok(Self {
            record: Recorder::new(plan.clone(), control.free),
            people,
            by_peer,
            by_author,
            nodes,
            posts: vec![None; plan.posts as usize],
            rng: ChaCha8Rng::from_seed(people::derive(plan.seed, NodeId::MAX, "cast")),
            free: control.free,
            plan,
        })
    }

    /// Who runs a node.
    pub fn person(&self, node: NodeId) -> &Person {
        &self.people[node as usize]
    }

    /// The node that a peer id belongs to.
    pub fn node_of(&self, peer: &PeerId) -> Option<NodeId> {
        self.by_peer.get(peer).copied()
    }

    /// The engine of a node, if it runs.
    pub fn engine(&self, node: NodeId) -> Option<&Engine> {
        self.nodes[node as usize].engine.as_ref()
    }

    /// What a node's clock shows, in milliseconds since 1970.
    pub fn clock(&self, at: Micros, node: NodeId) -> u64 {
        (self.plan.epoch_ms + at / 1_000).saturating_add_signed(self.plan.nodes[node as usize].skew_ms)
    }

    /// When an engine wants to be called with [`Cast::tick`] at the latest.
    pub fn next_wake(&self, at: Micros, node: NodeId) -> Option<Micros> {
        let clock = self.clock(at, node);
        let wake = self.engine(node)?.next_wake(clock)?;
        // At least a millisecond on, the engine's own unit: it would be asked for ever otherwise.
        Some(at + wake.saturating_sub(clock).max(1) * 1_000)
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
            return self.input(at, node, vec![Input::Tick]);
        }
        let plan = self.plan.clone();
        let store = Store::over(self.nodes[index].disk.clone(), 0)?;
        let first = self.nodes[index].starts == 0;
        self.nodes[index].starts += 1;
        if first && !plan.follows_signed {
            self.follow_quietly(&store, node, clock)?;
        }
        let setup = self.setup(node);
        let (engine, outputs) = Engine::new(store, setup, clock)?;
        self.nodes[index].engine = Some(engine);
        let mut orders = self.carry(at, node, outputs);
        if first {
            let mut commands = Vec::new();
            for there in &plan.nodes[index].dials {
                commands.push(engine::Command::AddPeer(vec![self.place(*there)]));
            }
            if plan.follows_signed {
                for followed in &plan.follows[index] {
                    commands.push(self.following(*followed));
                }
            }
            for command in commands {
                orders.extend(self.ask(at, node, command)?);
            }
        }
        Ok(orders)
    }

    /// Ends a node. For the layer to see to: that its peers hear of it, or not.
    pub fn stop(&mut self, at: Micros, node: NodeId, ending: Ending) {
        self.record.running(at, node, false);
        let held = &mut self.nodes[node as usize];
        match ending {
            Ending::Sleep => {}
            Ending::Quit | Ending::Kill => held.engine = None,
            Ending::PowerCut => {
                let found = held.disk.power_cut(&mut self.rng);
                held.engine = None;
                held.disk = found;
            }
        }
    }

    /// Somebody does what the plan says. Starts, ends and cuts are the layer's affair and do nothing here.
    ///
    /// # Errors
    /// If a store fails.
    pub fn act(&mut self, at: Micros, what: &What) -> anyhow::Result<Option<(NodeId, Orders)>> {
        use engine::Command as Do;
        let (node, command) = match *what {
            What::Start(_) | What::Stop(..) | What::Cut(_) | What::Heal | What::Attack(_) => return Ok(None),
            What::Post { node, post, bytes, reply_to } => return self.post(at, node, post, bytes, reply_to),
            What::Boost(node, post) => (node, self.entry(post).map(Do::Boost)),
            What::Like(node, post) => (node, self.entry(post).map(Do::Like)),
            What::Delete(node, post) => (node, self.entry(post).map(|id| Do::Delete(vec![id]))),
            What::Follow(node, whom) => (node, Some(self.following(whom))),
            What::Unfollow(node, whom) => (node, Some(Do::Unfollow(self.person(whom).author))),
            What::Block(node, whom) => (node, Some(Do::Block(self.person(whom).author))),
            What::Meet(node, whom) => (node, Some(Do::AddPeer(vec![self.place(whom)]))),
        };
        let Some(command) = command else { return Ok(None) };
        Ok(Some((node, self.ask(at, node, command)?)))
    }

    /// The network tells a node something.
    ///
    /// # Errors
    /// If its store fails.
    pub fn network(&mut self, at: Micros, node: NodeId, events: Vec<Net>) -> anyhow::Result<Orders> {
        let checked = events.into_iter().map(|event| {
            let found = checked::check(&event);
            Input::Network(event, found)
        });
        let inputs = checked.collect();
        self.input(at, node, inputs)
    }

    /// Time passes for a node.
    ///
    /// # Errors
    /// If its store fails.
    pub fn tick(&mut self, at: Micros, node: NodeId) -> anyhow::Result<Orders> {
        self.input(at, node, vec![Input::Tick])
    }

    fn input(&mut self, at: Micros, node: NodeId, inputs: Vec<Input>) -> anyhow::Result<Orders> {
        for input in &inputs {
            self.trace(at, node, input);
        }
        let clock = self.clock(at, node);
        let Some(engine) = &mut self.nodes[node as usize].engine else { return Ok(Orders::new()) };
        let outputs = engine.handle_all(clock, inputs);
        Ok(self.carry(at, node, outputs))
    }

    fn carry(&mut self, at: Micros, node: NodeId, outputs: Vec<Output>) -> Orders {
        let mut orders = Orders::new();
        for output in outputs {
            match output {
                Output::Network(command) => orders.push(command),
                Output::Event(engine::Event::Stored { id, .. }) => self.record.stored(at, node, id),
                Output::Event(engine::Event::Forked { author, .. }) => {
                    if let Some(author) = self.by_author.get(&author) {
                        self.record.forked(at, node, *author);
                    }
                }
                Output::Event(_) | Output::Reply(..) | Output::Status(_) => {}
            }
        }
        orders
    }

    fn ask(&mut self, at: Micros, node: NodeId, command: engine::Command) -> anyhow::Result<Orders> {
        let request = self.request(node);
        self.input(at, node, vec![Input::Command(request, command)])
    }

    fn request(&mut self, node: NodeId) -> Request {
        let held = &mut self.nodes[node as usize];
        held.requests += 1;
        Request(held.requests)
    }

    fn post(
        &mut self,
        at: Micros,
        node: NodeId,
        post: PostId,
        bytes: u32,
        reply_to: Option<PostId>,
    ) -> anyhow::Result<Option<(NodeId, Orders)>> {
        let content = Content { text: text(post, bytes), ..Content::default() };
        let in_reply_to = reply_to.and_then(|post| self.entry(post));
        let command = engine::Command::Publish { content: Box::new(content), in_reply_to, idempotency: None };
        let request = self.request(node);
        let clock = self.clock(at, node);
        let Some(engine) = &mut self.nodes[node as usize].engine else { return Ok(None) };
        let outputs = engine.handle_all(clock, vec![Input::Command(request, command)]);
        let id = outputs.iter().find_map(|output| match output {
            Output::Reply(_, Ok(engine::Reply::Published { id, .. })) => Some(*id),
            _ => None,
        });
        self.posts[post as usize] = id;
        self.record.posted(at, node, post, id);
        Ok(Some((node, self.carry(at, node, outputs))))
    }

    fn trace(&mut self, at: Micros, node: NodeId, input: &Input) {
        if self.free {
            return;
        }
        let who = |cast: &Self, peer: &PeerId| cast.node_of(peer).unwrap_or(NodeId::MAX).to_le_bytes();
        match input {
            Input::Network(Net::Gossip { from, frame, .. }, _) => {
                let peer = who(self, from);
                let hash = blake3::hash(frame);
                self.record.trace(at, node, b'g', &[&peer, &hash.as_bytes()[..8]].concat());
            }
            Input::Network(Net::SyncFrame { frame, .. }, _) => {
                self.record.trace(at, node, b'y', &blake3::hash(frame).as_bytes()[..8]);
            }
            Input::Network(Net::Connected { peer, .. }, _) => {
                let peer = who(self, peer);
                self.record.trace(at, node, b'c', &peer);
            }
            Input::Network(Net::Disconnected { peer }, _) => {
                let peer = who(self, peer);
                self.record.trace(at, node, b'd', &peer);
            }
            Input::Network(..) => self.record.trace(at, node, b'n', &[]),
            Input::Command(request, _) => self.record.trace(at, node, b'a', &request.0.to_le_bytes()),
            Input::Disk(_) => self.record.trace(at, node, b'k', &[]),
            Input::Tick => self.record.trace(at, node, b't', &[]),
        }
    }

    fn entry(&self, post: PostId) -> Option<EntryId> {
        self.posts.get(post as usize).copied().flatten()
    }

    fn following(&self, whom: NodeId) -> engine::Command {
        engine::Command::Follow { author: self.person(whom).author, addresses: Vec::new() }
    }

    fn place(&self, node: NodeId) -> libp2p::Multiaddr {
        people::address(node).with(libp2p::multiaddr::Protocol::P2p(self.person(node).peer))
    }

    /// Writes whom a node follows into its store, without entries that say so.
    fn follow_quietly(&self, store: &Store, node: NodeId, clock: u64) -> anyhow::Result<()> {
        let me = self.person(node).author;
        store.write(|batch| {
            let me = batch.intern_author(&me, clock)?;
            for followed in &self.plan.follows[node as usize] {
                let target = batch.intern_author(&self.person(*followed).author, clock)?;
                let standing = graph::Standing { time: 0, device: 0, seq: 0, holds: true };
                batch.relate(me, graph::FOLLOW, target, standing)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn setup(&self, node: NodeId) -> Setup {
        let planned = &self.plan.nodes[node as usize];
        let person = self.person(node);
        let salt = people::derive(self.plan.seed, node, "salts");
        let mut drawn = self.nodes[node as usize].starts << 40;
        let defaults = Policy::default();
        Setup {
            author: person.author,
            peer: person.peer,
            identity: person.record.clone(),
            device: person.device.clone(),
            root: Some(person.root.clone()),
            entropy: Box::new(move |bytes| {
                drawn += 1;
                blake3::Hasher::new_keyed(&salt).update(&drawn.to_le_bytes()).finalize_xof().fill(bytes);
            }),
            guard: None,
            bootstrap: planned.bootstrap.iter().map(|there| self.place(*there)).collect(),
            policy: Policy {
                outbound: self.plan.policy.outbound,
                network_rows: self.plan.policy.network_rows.unwrap_or(defaults.network_rows),
                retention: self.plan.policy.retention.unwrap_or(defaults.retention),
                ..defaults
            },
        }
    }
}

/// A text of so many bytes that no other post has.
fn text(post: PostId, bytes: u32) -> String {
    let mut text = format!("post {post}: ");
    let words = [
        "the ",
        "starlings ",
        "turn ",
        "as ",
        "one ",
        "over ",
        "the ",
        "reeds ",
        "and ",
        "nobody ",
        "leads ",
    ];
    let mut word = post as usize;
    while text.len() < bytes as usize {
        text.push_str(words[word % words.len()]);
        word = word.wrapping_mul(31).wrapping_add(7);
    }
    text.truncate(bytes.max(12) as usize);
    text
}
