//! A world that was drawn: what a scenario left to chance is decided here, so that both layers, and every run of
//! one seed, live through the same.
//!
//! A plan can be written down and read again (it is plain data for `serde`), so that a world that was cut down to
//! where it fails can be kept as it is.
//!
//! Times are in microseconds of virtual time since the world began. Nodes are numbered from 0.

use std::{collections::BTreeMap, sync::Arc};

use rand::Rng;
use rand_distr::{Distribution as _, Exp, LogNormal, Normal, Pareto, Weibull};
use serde::{Deserialize, Serialize};

/// Microseconds of virtual time since the world began.
pub type Micros = u64;

/// A millisecond.
pub const MS: Micros = 1_000;
/// A second.
pub const SEC: Micros = 1_000_000;
/// Number of a node.
pub type NodeId = u32;
/// Number of a post of the plan, in the order of their times; not its place in any log.
pub type PostId = u32;

/// A world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the scenario.
    pub scenario: String,
    /// What the scenario asks, in a sentence.
    pub asks: String,
    /// What is expected, in a sentence.
    pub expects: String,
    /// What everything was drawn from.
    pub seed: u64,
    /// How long it lasts.
    pub span: Micros,
    /// What a true clock shows when it begins, in milliseconds since 1970.
    pub epoch_ms: u64,
    /// The nodes.
    pub nodes: Vec<NodePlan>,
    /// Names of the regions.
    pub regions: Vec<String>,
    /// The wires.
    pub links: Links,
    /// Whom each node follows when the world begins.
    pub follows: Arc<Vec<Vec<NodeId>>>,
    /// Whether those follows are signed entries, which followers fetch, or only stand in the stores. Ten thousand
    /// nodes with two hundred follows each would fetch 400 million entries before anything else happens.
    pub follows_signed: bool,
    /// What happens, in the order of time; what is simultaneous happens in this order.
    pub happenings: Vec<Happening>,
    /// Number of posts that the happenings hold.
    pub posts: u32,
    /// Phases for reports: name, from, to (such as a partition, to be shaded).
    pub phases: Vec<Phase>,
    /// Bounds of the nodes that differ from the node's own defaults.
    pub policy: PolicyPlan,
    /// Samples of the state of the world are taken this often.
    pub sample_every: Micros,
    /// How gossip is modelled, for the model layer.
    pub gossip: GossipModel,
}

/// A stretch of time with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Such as "partition".
    pub name: String,
    /// When it begins.
    pub from: Micros,
    /// When it is over.
    pub to: Micros,
}

/// Bounds of nodes that a scenario may set; none leaves the node's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PolicyPlan {
    /// Connections that a node makes by itself, beyond those the topology gives it.
    pub outbound: usize,
    /// Entries kept of people who are not followed.
    pub network_rows: Option<u64>,
    /// Entries kept of each log of posts of a followed author.
    pub retention: Option<u64>,
}

/// How gossip's mesh is modelled. The defaults are those of the node's gossipsub.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GossipModel {
    /// Peers that whole messages are exchanged with, per shard.
    pub mesh: usize,
    /// Time between heartbeats: when meshes are mended and lazy gossip is told.
    pub heartbeat: Micros,
    /// Peers outside the mesh that are told of messages at each heartbeat, at least.
    pub lazy: usize,
    /// Heartbeats for which a message is told of lazily.
    pub history_told: u32,
    /// Heartbeats for which a message can be asked for.
    pub history_kept: u32,
}

impl Default for GossipModel {
    fn default() -> Self {
        Self { mesh: 6, heartbeat: 2 * SEC, lazy: 6, history_told: 3, history_kept: 6 }
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodePlan {
    /// Index of its region.
    pub region: u16,
    /// Bits a second that it can send.
    pub up_bps: u64,
    /// Bits a second that it can receive.
    pub down_bps: u64,
    /// Who can call it.
    pub nat: Nat,
    /// A machine that serves many: it stays in all its shards, and has room for more connections.
    pub relay: bool,
    /// What its clock shows beyond the true time, in milliseconds.
    pub skew_ms: i64,
    /// Whom it knows from the beginning and calls; the first topology. Kept across restarts.
    pub dials: Vec<NodeId>,
    /// Whom it asks when it knows nobody (such as the default relays).
    pub bootstrap: Vec<NodeId>,
    /// Whether it keeps to the rules.
    pub role: Role,
    /// Whether its disk keeps what was synced when the power fails; a disk that never fails is cheaper.
    pub careful_disk: bool,
}

/// Who can call a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nat {
    /// Everybody.
    Open,
    /// Nobody: it is behind an address translator, and only calls.
    Closed,
}

/// What somebody is up to. Everybody but the honest runs the node's own engine with something in between that lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// Keeps to the rules.
    Honest,
    /// One of many identities of one attacker: joins and speaks so much, so that honest voices drown.
    Sybil,
    /// Takes a victim's connections and keeps back what passes: neither forwards nor serves feeds of others.
    Eclipse {
        /// Whom it surrounds.
        victims: Arc<Vec<NodeId>>,
    },
    /// Sends so many frames a second, valid ones of its own and a part that is garbage.
    Flood {
        /// Frames a second to each neighbour.
        per_second: f64,
        /// Part of them that is garbage, 0 to 1.
        garbage: f64,
    },
    /// Signs two entries for one place and tells one half of the world one, the other half the other.
    Equivocate,
    /// Gossips again what it heard long ago, and serves an old state of its feed.
    Replay,
    /// Reads so slowly that queues towards it fill.
    SlowRead {
        /// Bytes a second that it takes in.
        bytes_per_second: u64,
    },
}

impl Role {
    /// Whether it keeps to the rules.
    pub fn honest(&self) -> bool {
        matches!(self, Self::Honest)
    }
}

/// Something happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// When.
    pub at: Micros,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A node starts: for the first time, or again over the store it has.
    Start(NodeId),
    /// A node ends.
    Stop(NodeId, Ending),
    /// Somebody posts; perhaps an answer to an earlier post of the plan.
    Post {
        /// Who.
        node: NodeId,
        /// Number of the post.
        post: PostId,
        /// Bytes of its text.
        bytes: u32,
        /// What it answers.
        reply_to: Option<PostId>,
    },
    /// Somebody passes a post on.
    Boost(NodeId, PostId),
    /// Somebody likes a post.
    Like(NodeId, PostId),
    /// Somebody takes a post back.
    Delete(NodeId, PostId),
    /// Somebody follows somebody, by a signed entry.
    Follow(NodeId, NodeId),
    /// Somebody follows somebody no longer.
    Unfollow(NodeId, NodeId),
    /// Somebody blocks somebody.
    Block(NodeId, NodeId),
    /// A node learns where another is and calls it.
    Meet(NodeId, NodeId),
    /// From now on packets only travel within a group; each node's group.
    Cut(Arc<Vec<u16>>),
    /// Packets travel everywhere again.
    Heal,
    /// The roles that are not honest begin, or end, what they are up to.
    Attack(bool),
}

/// How a node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// In good order: connections are closed.
    Quit,
    /// The process is killed: connections break, what was committed is on disk.
    Kill,
    /// The power fails: peers hear nothing, what was not synced may be gone.
    PowerCut,
    /// The device sleeps: peers hear nothing; it goes on later from memory where it was.
    Sleep,
}

/// The wires between nodes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Links {
    /// One-way latency in microseconds between regions, `[from][to]`.
    pub latency: Vec<Vec<Spread>>,
    /// What is added to each packet's latency.
    pub jitter: Spread,
    /// Part of the packets that is lost, 0 to 1.
    pub loss: f64,
    /// Bytes that wait before a sender's uplink at most; what comes on top is lost.
    pub queue_bytes: u64,
}

impl Links {
    /// Draws the one-way delay of a packet, without what the bandwidth adds.
    pub fn delay(&self, from: u16, to: u16, rng: &mut impl Rng) -> Micros {
        let base = self.latency.get(usize::from(from)).and_then(|row| row.get(usize::from(to)));
        let base = base.map_or(0.0, |spread| spread.sample(rng));
        (base + self.jitter.sample(rng)).max(1.0) as Micros
    }
}

/// A distribution of a quantity that is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Spread {
    /// Always the same.
    Fixed(f64),
    /// Anything between two bounds.
    Uniform(f64, f64),
    /// Around a mean, with a standard deviation.
    Normal(f64, f64),
    /// By its median and the standard deviation of its logarithm.
    LogNormal(f64, f64),
    /// By its mean.
    Exponential(f64),
    /// By its least value and its shape; heavy tailed below a shape of 2.
    Pareto(f64, f64),
    /// By its scale and its shape; below a shape of 1 what lasted long goes on long, as sessions do.
    Weibull(f64, f64),
}

impl Spread {
    /// Draws a value. Bad parameters, which a scenario is not let through with, give their location.
    pub fn sample(&self, rng: &mut impl Rng) -> f64 {
        let drawn = match *self {
            Self::Fixed(value) => value,
            Self::Uniform(from, to) => from + (to - from) * rand::RngExt::random::<f64>(rng),
            Self::Normal(mean, sd) => Normal::new(mean, sd).map_or(mean, |spread| spread.sample(rng)),
            Self::LogNormal(median, sigma) => {
                LogNormal::new(median.ln(), sigma).map_or(median, |spread| spread.sample(rng))
            }
            Self::Exponential(mean) => Exp::new(1.0 / mean).map_or(mean, |spread| spread.sample(rng)),
            Self::Pareto(least, shape) => {
                Pareto::new(least, shape).map_or(least, |spread| spread.sample(rng))
            }
            Self::Weibull(scale, shape) => {
                Weibull::new(scale, shape).map_or(scale, |spread| spread.sample(rng))
            }
        };
        drawn.max(0.0)
    }
}

impl Plan {
    /// How many followers each post's author has at the beginning, by node.
    pub fn followers(&self) -> Vec<Vec<NodeId>> {
        let mut followers = vec![Vec::new(); self.nodes.len()];
        for (node, follows) in self.follows.iter().enumerate() {
            for followed in follows {
                if let Some(list) = followers.get_mut(*followed as usize) {
                    list.push(node as NodeId);
                }
            }
        }
        followers
    }

    /// How often each kind of thing happens, for a person who looks at a plan.
    pub fn summary(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for happening in &self.happenings {
            let kind = match happening.what {
                What::Start(_) => "start",
                What::Stop(..) => "stop",
                What::Post { .. } => "post",
                What::Boost(..) => "boost",
                What::Like(..) => "like",
                What::Delete(..) => "delete",
                What::Follow(..) => "follow",
                What::Unfollow(..) => "unfollow",
                What::Block(..) => "block",
                What::Meet(..) => "meet",
                What::Cut(_) => "cut",
                What::Heal => "heal",
                What::Attack(_) => "attack",
            };
            *kinds.entry(kind).or_default() += 1;
        }
        kinds
    }
}
