//! The world that stories happen in: engines over stores in memory, wired by a queue of network
//! events, with one virtual clock. Everything in it is deterministic.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId, identity, multiaddr::Protocol};
use redb::backends::InMemoryBackend;
use starling_protocol::{
    AuthorId, EntryId, Identity,
    identity::{Action, Inception, Operation, Record},
    keys::{Phrase, Secret},
    payload::Content,
};

use crate::{
    engine::{
        Command, Engine, Event, Input, Output, Policy, Refusal, Reply, Request, Setup, Status, checked,
    },
    network::{self, Event as Net, GossipRef, StreamId, SyncRole, Verdict},
    store::{
        Reader, Store, audit,
        kept::{
            Shelf, Span,
            origin::{Followed, Noted},
        },
    },
    view::{Page, Post, PostBody},
};

/// When every world begins: a moment in 2026.
pub const START: u64 = 1_795_000_000_000;

/// Who somebody is, as a phrase and a device key made from a number.
#[derive(Clone)]
pub struct Person {
    pub author: AuthorId,
    pub phrase: Phrase,
    pub device: Secret,
    pub record: Record,
}

impl Person {
    /// Somebody new whose only device speaks.
    pub fn new(seed: u8) -> Self {
        let phrase = Phrase::from_entropy([seed; 32]);
        let device = Secret::from_seed([seed ^ 0x5a; 32]);
        let mut identity = Identity::begin(Inception::of(&phrase));
        let add = Action::AddDevice(device.public());
        identity.apply(Operation::sign(identity.author(), 0, add, &phrase.root(0))).unwrap();
        Self { author: identity.author(), phrase, device, record: identity.record() }
    }

    /// The same person on another device; whether it speaks already is for `known` to say.
    pub fn on(&self, device: u8, known: bool) -> Self {
        let device = Secret::from_seed([device; 32]);
        let mut identity = Identity::begin(Inception::of(&self.phrase));
        if known {
            let add = Action::AddDevice(device.public());
            identity.merge(&self.record).unwrap();
            identity.apply(Operation::sign(self.author, 0, add, &self.phrase.root(0))).unwrap();
        }
        Self { device, record: identity.record(), ..self.clone() }
    }

    pub fn setup(&self, peer: PeerId, seed: u64) -> Setup {
        let mut state = seed;
        Setup {
            author: self.author,
            peer,
            identity: self.record.clone(),
            device: self.device.clone(),
            root: Some(self.phrase.root(0)),
            entropy: Box::new(move |bytes| {
                state += 1;
                let mut reader = blake3::Hasher::new().update(&state.to_le_bytes()).finalize_xof();
                reader.fill(bytes);
            }),
            guard: None,
            bootstrap: Vec::new(),
            policy: Policy { outbound: 0, ..Policy::default() },
        }
    }
}

/// One node.
pub struct Node {
    pub person: Person,
    pub peer: PeerId,
    pub engine: Option<Engine>,
    pub store: Store,
    pub policy: Policy,
    pub guard: Option<&'static str>,
    /// What this node's clock shows beyond the world's, in milliseconds.
    pub skew: i64,
    pub shards: BTreeSet<u8>,
    pub events: Vec<Event>,
    pub status: Status,
    pub banned: BTreeSet<PeerId>,
    /// Gossip that this node passed on, and that it rejected.
    pub forwarded: u64,
    pub rejected: u64,
    seen: HashSet<[u8; 32]>,
    unjudged: HashMap<[u8; 32], (u8, Bytes)>,
    replies: HashMap<u64, Result<Reply, Refusal>>,
}

/// All nodes, and what is on its way between them.
pub struct World {
    pub now: u64,
    pub nodes: Vec<Node>,
    /// Whether every node is audited after every step. Long stories audit at their end.
    pub careful: bool,
    links: BTreeSet<(usize, usize)>,
    /// Open streams: the end that asks, the end that answers.
    streams: BTreeMap<u64, (usize, usize)>,
    next_stream: u64,
    requests: u64,
    queue: VecDeque<(usize, Net)>,
}

impl World {
    /// Nobody, yet.
    pub fn new() -> Self {
        Self {
            now: START,
            nodes: Vec::new(),
            careful: true,
            links: BTreeSet::new(),
            streams: BTreeMap::new(),
            next_stream: 0,
            requests: 0,
            queue: VecDeque::new(),
        }
    }

    /// So many people who do not know of each other.
    pub fn of(people: u8) -> Self {
        let mut world = Self::new();
        for seed in 1..=people {
            world.add(Person::new(seed));
        }
        world
    }

    pub fn add(&mut self, person: Person) -> usize {
        self.add_with(person, None, |_| {})
    }

    /// A node over an empty store, with its guard closed if there is a reason.
    pub fn add_with(
        &mut self,
        person: Person,
        guard: Option<&'static str>,
        policy: impl FnOnce(&mut Policy),
    ) -> usize {
        let store = Store::over(InMemoryBackend::new(), 1 << 20).unwrap();
        self.add_over(person, guard, policy, store)
    }

    pub fn add_over(
        &mut self,
        person: Person,
        guard: Option<&'static str>,
        policy: impl FnOnce(&mut Policy),
        store: Store,
    ) -> usize {
        let at = self.nodes.len();
        let key = identity::Keypair::ed25519_from_bytes([at as u8 + 1; 32]).unwrap();
        let mut bounds = Policy { outbound: 0, ..Policy::default() };
        policy(&mut bounds);
        self.nodes.push(Node {
            person,
            peer: key.public().to_peer_id(),
            engine: None,
            store,
            policy: bounds,
            guard,
            skew: 0,
            shards: BTreeSet::new(),
            events: Vec::new(),
            status: Status::default(),
            banned: BTreeSet::new(),
            forwarded: 0,
            rejected: 0,
            seen: HashSet::new(),
            unjudged: HashMap::new(),
            replies: HashMap::new(),
        });
        self.start(at);
        at
    }

    /// Starts a node over the store it has.
    pub fn start(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let mut setup = node.person.setup(node.peer, 1_000_000 * (at as u64 + 1) + self.requests);
        (setup.policy, setup.guard) = (node.policy.clone(), node.guard);
        let now = self.now.saturating_add_signed(node.skew);
        // What equals this is not told.
        node.status = Default::default();
        let (engine, outputs) = Engine::new(node.store.clone(), setup, now).unwrap();
        node.engine = Some(engine);
        self.carry(at, outputs);
        self.settle();
    }

    /// Stops a node: its connections break, what it remembered is gone.
    pub fn stop(&mut self, at: usize) {
        for other in 0..self.nodes.len() {
            self.unlink(at, other);
        }
        self.settle();
        let node = &mut self.nodes[at];
        node.engine = None;
        node.shards.clear();
        node.seen.clear();
        node.unjudged.clear();
    }

    pub fn author(&self, at: usize) -> AuthorId {
        self.nodes[at].person.author
    }

    pub fn clock(&self, at: usize) -> u64 {
        self.now.saturating_add_signed(self.nodes[at].skew)
    }

    /// Connects two nodes; the first calls.
    pub fn link(&mut self, from: usize, to: usize) {
        let running = self.nodes[from].engine.is_some() && self.nodes[to].engine.is_some();
        if from == to || !running || !self.links.insert((from.min(to), from.max(to))) {
            return;
        }
        for (here, there, outbound) in [(from, to, true), (to, from, false)] {
            let (peer, address) = (self.nodes[there].peer, address(there));
            self.queue.push_back((here, Net::Connected { peer, address, outbound, first: true }));
        }
    }

    /// Breaks the connection of two nodes.
    pub fn unlink(&mut self, a: usize, b: usize) {
        if !self.links.remove(&(a.min(b), a.max(b))) {
            return;
        }
        for (here, there) in [(a, b), (b, a)] {
            let peer = self.nodes[there].peer;
            self.queue.push_back((here, Net::Disconnected { peer }));
        }
        let ends = |(_, (asks, serves)): &(&u64, &(usize, usize))| {
            (*asks.min(serves), *asks.max(serves)) == (a.min(b), a.max(b))
        };
        let streams: Vec<u64> = self.streams.iter().filter(ends).map(|(stream, _)| *stream).collect();
        streams.into_iter().for_each(|stream| self.close(stream));
    }

    /// Connects two nodes and lets everything happen that follows.
    pub fn meet(&mut self, a: usize, b: usize) {
        self.link(a, b);
        self.settle();
    }

    /// Breaks a connection and lets everything happen that follows.
    pub fn part(&mut self, a: usize, b: usize) {
        self.unlink(a, b);
        self.settle();
    }

    /// Asks a node for something and lets everything happen that follows.
    pub fn ask(&mut self, at: usize, command: Command) -> Result<Reply, Refusal> {
        self.now += 1;
        let answer = self.ask_only(at, command);
        self.settle();
        answer
    }

    /// Asks a node for something, and lets nothing else happen yet.
    pub fn ask_only(&mut self, at: usize, command: Command) -> Result<Reply, Refusal> {
        self.requests += 1;
        let request = self.requests;
        self.input(at, vec![Input::Command(Request(request), command)]);
        self.nodes[at].replies.remove(&request).expect("every command is answered")
    }

    /// Posts a text; its id.
    pub fn post(&mut self, at: usize, text: &str) -> EntryId {
        published(self.ask(at, publish(text, None)))
    }

    /// Answers a post.
    pub fn reply(&mut self, at: usize, to: EntryId, text: &str) -> EntryId {
        published(self.ask(at, publish(text, Some(to))))
    }

    /// Follows somebody.
    pub fn follow(&mut self, at: usize, author: AuthorId) {
        self.ask(at, Command::follow(author, vec![])).unwrap();
    }

    /// Gives inputs to a node in one transaction.
    pub fn input(&mut self, at: usize, inputs: Vec<Input>) {
        let now = self.clock(at);
        let Some(engine) = &mut self.nodes[at].engine else { return };
        let outputs = engine.handle_all(now, inputs);
        self.carry(at, outputs);
    }

    /// Gives inputs to a node in one transaction, and keeps what it wants done from happening.
    pub fn engine_outputs(&mut self, at: usize, inputs: Vec<Input>) -> Vec<Output> {
        let now = self.clock(at);
        self.nodes[at].engine.as_mut().unwrap().handle_all(now, inputs)
    }

    /// Delivers one event to a node of which there is something to tell; each node hears in order.
    pub fn step_to(&mut self, choice: usize) -> bool {
        let waiting: BTreeSet<usize> = self.queue.iter().map(|(at, _)| *at).collect();
        let Some(at) = waiting.iter().nth(choice % waiting.len().max(1)).copied() else { return false };
        let Some(place) = self.queue.iter().position(|(to, _)| *to == at) else { return false };
        let Some((_, event)) = self.queue.remove(place) else { return false };
        let found = checked::check(&event);
        self.input(at, vec![Input::Network(event, found)]);
        true
    }

    /// Delivers the next event, if there is one.
    pub fn step(&mut self) -> bool {
        let Some((at, event)) = self.queue.pop_front() else { return false };
        let found = checked::check(&event);
        self.input(at, vec![Input::Network(event, found)]);
        true
    }

    /// Lets everything happen that is on its way, and audits every node.
    pub fn settle(&mut self) {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            assert!(steps < 200_000, "the world never comes to rest");
        }
        if self.careful {
            self.audit();
        }
    }

    /// Checks the invariants of every node.
    pub fn audit(&self) {
        for (at, node) in self.nodes.iter().enumerate() {
            let found = audit::audit(&node.store).unwrap();
            assert!(found.is_empty(), "node {at}: {found:#?}");
            let reader = node.store.read().unwrap();
            let following = reader.following(&node.person.author).unwrap();
            for (author, _) in reader.shelf::<Noted>(Shelf::Origin, &Span::of([], usize::MAX)).unwrap() {
                let followed = following.iter().any(|one| one.as_bytes()[..] == author);
                assert!(followed, "node {at} notes how it came to follow who is not followed");
            }
            let seen = node.engine.as_ref().map(Engine::inspect);
            let overfull: Vec<_> = seen.iter().flat_map(|seen| seen.overfull()).collect();
            assert!(overfull.is_empty(), "node {at}: {overfull:?}");
        }
    }

    /// Lets time pass. Every node is called when it wants to be.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let wakes = (0..self.nodes.len()).filter_map(|at| {
                let now = self.clock(at);
                let wake = self.nodes[at].engine.as_ref()?.next_wake(now)?;
                assert!(wake.saturating_sub(now) <= 24 * 60 * 60 * 1000, "node {at} sleeps too long");
                Some((self.now + wake.saturating_sub(now).max(1), at))
            });
            let Some((wake, at)) = wakes.min().filter(|(wake, _)| *wake <= end) else { break };
            self.now = wake;
            self.input(at, vec![Input::Tick]);
            // What was due is done: nobody is woken twice for the same.
            let now = self.clock(at);
            let again = self.nodes[at].engine.as_ref().and_then(|engine| engine.next_wake(now));
            assert!(again.is_none_or(|again| again > now), "node {at} does not come to rest");
            while self.step() {}
        }
        self.now = end;
        self.settle();
    }

    pub fn read(&self, at: usize) -> Reader {
        self.nodes[at].store.read().unwrap()
    }

    /// Since when and how a node follows somebody.
    pub fn followed(&self, at: usize, author: &AuthorId) -> Option<Followed> {
        self.read(at).followed(author, &self.nodes[at].person.device.public()).unwrap()
    }

    /// The texts of the home timeline, newest first.
    pub fn home(&self, at: usize) -> Vec<String> {
        texts(&self.read(at).home(&Page { limit: 80, ..Page::default() }).unwrap())
    }

    /// The texts of the network timeline, newest first.
    pub fn network(&self, at: usize) -> Vec<String> {
        texts(&self.read(at).network(&Page { limit: 80, ..Page::default() }).unwrap())
    }

    /// The texts of an author's posts, newest first.
    pub fn posts(&self, at: usize, author: &AuthorId) -> Vec<String> {
        texts(&self.read(at).author_posts(author, &Page { limit: 80, ..Page::default() }).unwrap())
    }

    /// A gossip frame reaches `to` as if from `from`.
    pub fn gossip(&mut self, from: usize, to: usize, shard: u8, frame: Bytes) {
        let mut hasher = blake3::Hasher::new();
        let id = *hasher.update(&[shard]).update(&frame).finalize().as_bytes();
        let source = self.nodes[from].peer;
        let node = &mut self.nodes[to];
        if node.engine.is_some() && node.shards.contains(&shard) && node.seen.insert(id) {
            node.unjudged.insert(id, (shard, frame.clone()));
            let message = GossipRef::new(id, source);
            self.queue.push_back((to, Net::Gossip { shard, from: source, message, frame }));
        }
    }

    fn neighbours(&self, at: usize) -> Vec<usize> {
        let other = |(a, b): &(usize, usize)| match (*a == at, *b == at) {
            (true, _) => Some(*b),
            (_, true) => Some(*a),
            _ => None,
        };
        self.links.iter().filter_map(other).collect()
    }

    fn who(&self, peer: PeerId) -> Option<usize> {
        self.nodes.iter().position(|node| node.peer == peer)
    }

    fn carry(&mut self, at: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Reply(request, result) => {
                    self.nodes[at].replies.insert(request.0, result);
                }
                Output::Event(event) => self.nodes[at].events.push(event),
                Output::Status(status) => self.nodes[at].status = status,
                Output::Network(command) => self.order(at, command),
            }
        }
    }

    /// Does what a real network would do.
    fn order(&mut self, at: usize, command: network::Command) {
        use network::Command as Order;
        match command {
            Order::Dial { peer, addresses } => {
                let there = peer.and_then(|peer| self.who(peer));
                match there.filter(|there| self.nodes[*there].engine.is_some()) {
                    Some(there) => self.link(at, there),
                    None => {
                        let reason = "nobody there".into();
                        self.queue.push_back((at, Net::DialFailed { peer, addresses, reason }));
                    }
                }
            }
            Order::Disconnect { peer } | Order::Ban { peer } => {
                if let Order::Ban { .. } = command {
                    self.nodes[at].banned.insert(peer);
                }
                if let Some(there) = self.who(peer) {
                    self.unlink(at, there);
                }
            }
            Order::Unban { peer } => drop(self.nodes[at].banned.remove(&peer)),
            Order::Join { shard } => drop(self.nodes[at].shards.insert(shard)),
            Order::Leave { shard } => drop(self.nodes[at].shards.remove(&shard)),
            Order::Publish { shard, frame } => {
                for there in self.neighbours(at) {
                    self.gossip(at, there, shard, frame.clone());
                }
            }
            Order::Verdict { message, verdict } => {
                let (id, source) = message.parts();
                let Some((shard, frame)) = self.nodes[at].unjudged.remove(&id) else { return };
                self.nodes[at].forwarded += u64::from(verdict == Verdict::Accept);
                self.nodes[at].rejected += u64::from(verdict == Verdict::Reject);
                for there in self.neighbours(at) {
                    if verdict == Verdict::Accept && self.nodes[there].peer != source {
                        self.gossip(at, there, shard, frame.clone());
                    }
                }
            }
            Order::OpenSync { peer } => self.open(at, peer),
            Order::SendSync { stream, frame } => {
                let (number, asks) = (stream_number(stream) / 2, stream_number(stream).is_multiple_of(2));
                if let Some((puller, server)) = self.streams.get(&number) {
                    let (there, end) = if asks { (*server, number * 2 + 1) } else { (*puller, number * 2) };
                    self.queue.push_back((there, Net::SyncFrame { stream: StreamId::new(end), frame }));
                }
            }
            Order::CloseSync { stream } => self.close(stream_number(stream) / 2),
            Order::Stats { .. } | Order::Gauges { .. } => {}
        }
    }

    fn open(&mut self, at: usize, peer: PeerId) {
        let there = self.who(peer).filter(|there| self.links.contains(&(at.min(*there), at.max(*there))));
        let Some(there) = there else {
            let reason = "not connected".into();
            self.queue.push_back((at, Net::SyncFailed { peer, reason }));
            return;
        };
        let old = self.streams.iter().find(|(_, ends)| **ends == (at, there)).map(|(stream, _)| *stream);
        old.into_iter().for_each(|stream| self.close(stream));
        self.next_stream += 1;
        let number = self.next_stream;
        self.streams.insert(number, (at, there));
        for (here, peer, end, role) in [
            (at, peer, number * 2, SyncRole::Pull),
            (there, self.nodes[at].peer, number * 2 + 1, SyncRole::Serve),
        ] {
            self.queue.push_back((here, Net::SyncOpened { stream: StreamId::new(end), peer, role }));
        }
    }

    fn close(&mut self, number: u64) {
        let Some((puller, server)) = self.streams.remove(&number) else { return };
        for (here, there, end) in [(puller, server, number * 2), (server, puller, number * 2 + 1)] {
            let (stream, peer, reason) = (StreamId::new(end), self.nodes[there].peer, "closed".into());
            self.queue.push_back((here, Net::SyncClosed { stream, peer, reason }));
        }
    }
}

/// Where a node can be called.
pub fn address(at: usize) -> Multiaddr {
    Multiaddr::empty().with(Protocol::Memory(at as u64 + 1))
}

/// The wish to post a text.
pub fn publish(text: &str, in_reply_to: Option<EntryId>) -> Command {
    Command::Publish { content: content(text), in_reply_to, idempotency: None }
}

pub fn content(text: &str) -> Box<Content> {
    Box::new(Content { text: text.into(), ..Content::default() })
}

/// The id that an answer gives.
pub fn published(answer: Result<Reply, Refusal>) -> EntryId {
    match answer {
        Ok(Reply::Published { id, .. }) => id,
        other => panic!("not published: {other:?}"),
    }
}

/// What posts say, for comparing.
pub fn texts(posts: &[Post]) -> Vec<String> {
    let text = |post: &Post| match &post.body {
        PostBody::Content { content, .. } => content.text.clone(),
        PostBody::Boost { post: Some(post), .. } => format!("boost: {}", texts(&[(**post).clone()])[0]),
        PostBody::Boost { .. } => "boost of something".into(),
        PostBody::Unknown { .. } => "unknown".into(),
        PostBody::Absent => "absent".into(),
    };
    posts.iter().map(text).collect()
}

fn stream_number(stream: StreamId) -> u64 {
    stream.number()
}

/// The gossip shard of an author.
pub fn shard(author: &AuthorId) -> u8 {
    crate::engine::surface::shard(author)
}
