//! The smaller sections of a scenario: places, wires, failures, people.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    quantity::{Amount, Bandwidth, Length, Rate, Share, Size},
    spread::Spread,
};

/// How nodes start.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Start {
    /// Nodes start one after the other, by chance within this time.
    pub within: Length,
    /// Part of the nodes that is there at the beginning; `growth` events bring the others. Those with the lowest
    /// numbers come first.
    pub share: Share,
}

impl Default for Start {
    fn default() -> Self {
        Self { within: Length(10_000_000), share: Share(1.0) }
    }
}

/// A region.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Part of the nodes that is there; the shares of all regions come to 1.
    pub share: Share,
    /// Hours that its clocks are ahead of UTC, for the rhythm of its people.
    #[serde(default)]
    pub utc_hours: f64,
}

/// One-way latency between regions.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum Latency {
    /// The same between any two nodes.
    Same {
        /// How much.
        latency: Spread<Length>,
    },
    /// The earth in seven regions with the shares of people on the network, as one sees between data centres.
    Earth {},
    /// A row for each region in the order of the `[[region]]` tables.
    Matrix {
        /// Milliseconds, `[from][to]`.
        ms: Vec<Vec<Amount>>,
    },
    /// A file with a line `FROM,TO,MILLISECONDS` for each pair of regions; a pair counts in both directions unless
    /// the other is given too.
    File {
        /// The file, from where the scenario is.
        path: String,
    },
}

impl Default for Latency {
    fn default() -> Self {
        Self::Same { latency: Spread::Fixed(Length(50_000)) }
    }
}

/// The wires between nodes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Links {
    /// What is added to the latency of each packet.
    pub jitter: Spread<Length>,
    /// Part of the packets that is lost.
    pub loss: Share,
    /// What a node can send.
    pub up: Spread<Bandwidth>,
    /// What a node can receive.
    pub down: Spread<Bandwidth>,
    /// What waits before a node's uplink at most; what comes on top is lost.
    pub queue: Size,
    /// Kinds of access, instead of `up` and `down`.
    pub class: Vec<Class>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            jitter: Spread::Fixed(Length(0)),
            loss: Share(0.0),
            up: Spread::Fixed(Bandwidth(20e6)),
            down: Spread::Fixed(Bandwidth(100e6)),
            queue: Size(1 << 20),
            class: Vec::new(),
        }
    }
}

/// A kind of access to the network.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Part of the nodes that has it; the shares of all classes come to 1.
    pub share: Share,
    /// What such a node can send.
    pub up: Spread<Bandwidth>,
    /// What such a node can receive.
    pub down: Spread<Bandwidth>,
}

/// Address translators.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nat {
    /// Part of the people whom nobody can call. Of two of them each calls somebody else instead.
    pub closed: Share,
}

/// Machines that serve many. They follow nobody and say nothing.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relays {
    /// How many; in a world of another size, as large a part of it.
    pub count: u32,
    /// How many of them everybody else knows and asks when they know nobody. 0: none.
    #[serde(default = "three")]
    pub known: u32,
    /// What a relay can send.
    pub up: Option<Bandwidth>,
    /// What a relay can receive.
    pub down: Option<Bandwidth>,
}

fn three() -> u32 {
    3
}

/// Nodes that come and go.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    /// Part of the people whose nodes do.
    #[serde(default = "everybody")]
    pub share: Share,
    /// How long a node stays.
    pub session: Spread<Length>,
    /// How long it is away.
    pub absence: Spread<Length>,
    /// How it ends.
    #[serde(default)]
    pub how: super::event::How,
    /// From then on nobody leaves, and who is away comes back.
    pub until: Option<Length>,
}

fn everybody() -> Share {
    Share(1.0)
}

/// Failures that nodes come back from.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    /// How often it happens to a node.
    pub rate: Rate,
    /// How long it takes until it is back.
    pub down: Spread<Length>,
    /// From then on it happens no more.
    pub until: Option<Length>,
}

/// Clocks that are wrong.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Clocks {
    /// Standard deviation of everybody's clock.
    pub deviation: Length,
    /// Part of the people whose clock is simply wrong.
    pub wrong: Share,
    /// By how much, forward or back.
    pub wrong_by: Length,
}

/// What people do.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// How often a person posts, in the mean. People only post while their node runs.
    pub posts: Option<Rate>,
    /// Or how often all of them together do.
    pub posts_in_all: Option<Rate>,
    /// How unequal they are: standard deviation of the logarithm of a person's rate; 0 makes all alike.
    pub unequal: Amount,
    /// When they do.
    pub rhythm: Rhythm,
    /// Nobody posts before.
    pub from: Length,
    /// Nobody posts after; without it, people post to the end.
    pub until: Option<Length>,
    /// Part of the posts that answers a recent post of somebody whom the author follows.
    pub replies: Share,
    /// How often a post is passed on by followers of its author, in the mean.
    pub boosts: Amount,
    /// How often a post is liked by followers of its author, in the mean.
    pub likes: Amount,
    /// Bytes of a text, up to 5,000.
    pub text: Spread<Size>,
}

impl Default for People {
    fn default() -> Self {
        Self {
            posts: None,
            posts_in_all: None,
            unequal: Amount(0.0),
            rhythm: Rhythm::Even,
            from: Length(0),
            until: None,
            replies: Share(0.0),
            boosts: Amount(0.0),
            likes: Amount(0.0),
            text: Spread::Fixed(Size(200)),
        }
    }
}

/// When people post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rhythm {
    /// At any time alike.
    #[default]
    Even,
    /// Most in the evening of their region, least before dawn.
    Day,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Measure {
    /// Samples of the state of the world are taken this often; without it, two hundred times in all.
    pub sample: Option<Length>,
}

/// Bounds of the nodes.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyTable {
    /// Connections that a node makes by itself, beyond those of the topology.
    pub outbound: u32,
    /// Entries that a node keeps of people who are not followed.
    pub network_rows: Option<u64>,
    /// Entries that a node keeps of each log of posts of somebody followed.
    pub retention: Option<u64>,
}

/// How gossip is modelled. The defaults are the node's own.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gossip {
    /// Peers that whole messages are exchanged with, per shard.
    pub mesh: Option<u32>,
    /// Time between heartbeats.
    pub heartbeat: Option<Length>,
    /// Peers outside the mesh that are told of messages at each heartbeat, at least.
    pub lazy: Option<u32>,
}
