//! Who is connected to whom, and who follows whom.

use schemars::JsonSchema;
use serde::Deserialize;

use super::quantity::{Amount, Length, Share};

/// Whom nodes know from the beginning and call. Of two nodes the one that starts later calls, unless it is the only one
/// that can be called.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum Topology {
    /// Everybody has the same number of neighbours, chosen by chance.
    RandomRegular {
        /// How many.
        degree: u32,
    },
    /// Newcomers prefer who has many neighbours already (Barabási–Albert): few hubs, many leaves.
    ScaleFree {
        /// Neighbours that each newcomer calls.
        edges: u32,
    },
    /// A ring of neighbours with a few far calls (Watts–Strogatz).
    SmallWorld {
        /// Neighbours on the ring; even.
        degree: u32,
        /// Part of the connections that lead anywhere instead.
        rewire: Share,
    },
    /// Groups whose members mostly know each other. Community `c` holds nodes `c·size` and following, as it does for
    /// follows.
    Communities {
        /// Nodes of a community.
        size: u32,
        /// Neighbours of each node, about.
        degree: u32,
        /// Part of them in the own community.
        inside: Share,
    },
    /// Everybody calls everybody.
    Full {},
    /// Everybody calls some of the relays and nobody else; the relays call each other.
    Relays {
        /// How many relays everybody calls.
        each: u32,
    },
    /// A list of connections: a line `A B` for each, where A calls B.
    File {
        /// The file, from where the scenario is.
        path: String,
    },
    /// Nobody knows anybody, but for what events and `[relays]` bring.
    None {},
}

/// Who follows whom.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follows {
    /// The graph.
    #[schemars(flatten)]
    pub graph: FollowGraph,
    /// Whether follows are signed entries that followers fetch. Otherwise they only stand in the stores when a node
    /// starts: ten thousand nodes with two hundred follows each would fetch 400 million entries before anything else.
    #[serde(default)]
    pub signed: bool,
    /// People follow one after the other, by chance within this time, rather than all at the start. Such follows are
    /// always signed.
    pub over: Option<Length>,
}

impl Default for Follows {
    fn default() -> Self {
        Self { graph: FollowGraph::Random { mean: Amount(20.0) }, signed: false, over: None }
    }
}

/// The graph of who follows whom.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum FollowGraph {
    /// Anybody follows anybody.
    Random {
        /// Whom a person follows, in the mean.
        mean: Amount,
    },
    /// Some are followed by many, most by few.
    PowerLaw {
        /// Whom a person follows, in the mean.
        mean: Amount,
        /// Exponent of the number of followers, above 2; networks of people have 2.1 to 2.5.
        exponent: Amount,
    },
    /// Groups whose members mostly follow each other.
    Communities {
        /// People of a community.
        size: u32,
        /// Part of the follows that stays in the own community.
        inside: Share,
        /// Whom a person follows, in the mean.
        mean: Amount,
    },
    /// Everybody follows everybody.
    Full {},
    /// Everybody follows the same few people, those with the lowest numbers, and nobody else.
    Stars {
        /// How many those are.
        count: u32,
    },
    /// A list: a line `A B` for each, where A follows B.
    File {
        /// The file, from where the scenario is.
        path: String,
    },
    /// Nobody follows anybody, but for what events bring.
    None {},
}
