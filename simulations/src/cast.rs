//! Everybody in a world: engines, their stores and what they are told and say. Both layers carry bytes between the
//! same cast.
//!
//! A layer tells the cast what reached a node ([`Cast::network`], [`Cast::tick`]) or what the plan wants
//! ([`Cast::act`], [`Cast::start`], [`Cast::stop`]) and is given the network commands that the node's engine wants
//! carried out. Everything here is a function of the plan and of the order of those calls.

mod agree;
mod check;
mod finish;
mod setup;

pub use agree::Agreement;
pub use finish::Finish;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use libp2p::PeerId;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use starling::{
    engine::{self, Engine, Input, Output, Request, checked::Checked},
    network::{self, Event as Net},
    store::{Care, Store},
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
    checker: check::Checker,
    rng: ChaCha8Rng,
    free: bool,
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
}

impl Node {
    fn new(careful: bool) -> Self {
        Self {
            engine: None,
            disk: Disk::new(careful),
            asleep: false,
            starts: 0,
            requests: 0,
            blocked: BTreeSet::new(),
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
        let nodes = plan.nodes.iter().map(|planned| Node::new(planned.careful_disk)).collect();
        Ok(Self {
            record: Recorder::new(plan.clone(), control.free),
            people,
            by_peer,
            by_author,
            nodes,
            posts: vec![None; plan.posts as usize],
            checker: check::Checker::default(),
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

    /// When an engine wants to be called with [`Cast::tick`] at the latest.
    pub fn next_wake(&self, at: Micros, node: NodeId) -> Option<Micros> {
        let clock = self.clock(at, node);
        let wake = self.engine(node).filter(|_| self.awake(node))?.next_wake(clock)?;
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
            self.nodes[index].asleep = false;
            return self.input(at, node, Input::Tick);
        }
        let plan = self.plan.clone();
        // Nobody cuts the power of a disk that is not careful: it need not be written as if.
        let care = if plan.nodes[index].careful_disk { Care::Full } else { Care::None };
        let store = Store::over_with(self.nodes[index].disk.clone(), 0, care)?;
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
            Ending::Sleep => held.asleep = held.engine.is_some(),
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
        if let What::Block(node, whom) = *what
            && self.awake(node)
        {
            self.nodes[node as usize].blocked.insert(whom);
        }
        Ok(Some((node, self.ask(at, node, command)?)))
    }

    /// The network tells a node something.
    ///
    /// # Errors
    /// If its store fails.
    pub fn network(&mut self, at: Micros, node: NodeId, events: Vec<Net>) -> anyhow::Result<Orders> {
        let mut inputs = Vec::with_capacity(events.len());
        for event in events {
            let hash = self.trace_event(at, node, &event);
            let found = self.checker.check(&event, hash);
            inputs.push(Input::Network(event, found));
        }
        Ok(self.handle(at, node, inputs))
    }

    /// Time passes for a node.
    ///
    /// # Errors
    /// If its store fails.
    pub fn tick(&mut self, at: Micros, node: NodeId) -> anyhow::Result<Orders> {
        self.input(at, node, Input::Tick)
    }

    fn input(&mut self, at: Micros, node: NodeId, input: Input) -> anyhow::Result<Orders> {
        if !self.free {
            match &input {
                Input::Network(event, Checked::Nothing) => drop(self.trace_event(at, node, event)),
                Input::Network(..) => {}
                Input::Command(request, _) => self.record.trace(at, node, b'a', &request.0.to_le_bytes()),
                Input::Disk(_) => self.record.trace(at, node, b'k', &[]),
                Input::Tick => self.record.trace(at, node, b't', &[]),
            }
        }
        Ok(self.handle(at, node, vec![input]))
    }

    fn handle(&mut self, at: Micros, node: NodeId, inputs: Vec<Input>) -> Orders {
        let clock = self.clock(at, node);
        let Some(engine) = self.nodes[node as usize].awake() else { return Orders::new() };
        let outputs = engine.handle_all(clock, inputs);
        self.carry(at, node, outputs)
    }

    fn carry(&mut self, at: Micros, node: NodeId, outputs: Vec<Output>) -> Orders {
        let mut orders = Orders::new();
        for output in outputs {
            match output {
                Output::Network(command) => {
                    if let network::Command::Verdict { message, verdict: network::Verdict::Reject } = &command
                        && let Some(from) = self.node_of(&message.parts().1)
                    {
                        self.record.rejected(at, node, from);
                    }
                    orders.push(command);
                }
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
        self.input(at, node, Input::Command(request, command))
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
        let Some(engine) = self.nodes[node as usize].awake() else { return Ok(None) };
        let outputs = engine.handle_all(clock, vec![Input::Command(request, command)]);
        let id = outputs.iter().find_map(|output| match output {
            Output::Reply(_, Ok(engine::Reply::Published { id, .. })) => Some(*id),
            _ => None,
        });
        self.posts[post as usize] = id;
        self.record.posted(at, node, post, id);
        Ok(Some((node, self.carry(at, node, outputs))))
    }

    /// Takes an event down; the hash of what was gossiped, which is of use again.
    fn trace_event(&mut self, at: Micros, node: NodeId, event: &Net) -> Option<check::Hash> {
        if self.free {
            return None;
        }
        let who = |cast: &Self, peer: &PeerId| cast.node_of(peer).unwrap_or(NodeId::MAX).to_le_bytes();
        match event {
            Net::Gossip { from, frame, .. } => {
                let mut what = [0; 12];
                let hash = *blake3::hash(frame).as_bytes();
                what[..4].copy_from_slice(&who(self, from));
                what[4..].copy_from_slice(&hash[..8]);
                self.record.trace(at, node, b'g', &what);
                return Some(hash);
            }
            Net::SyncFrame { frame, .. } => {
                self.record.trace(at, node, b'y', &blake3::hash(frame).as_bytes()[..8]);
            }
            Net::Connected { peer, .. } => {
                let peer = who(self, peer);
                self.record.trace(at, node, b'c', &peer);
            }
            Net::Disconnected { peer } => {
                let peer = who(self, peer);
                self.record.trace(at, node, b'd', &peer);
            }
            _ => self.record.trace(at, node, b'n', &[]),
        }
        None
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
