//! The tables of a run: CSV with a header, one type a table. An empty field says that there is no such value.

use serde::{Deserialize, Serialize};

/// All tables of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tables {
    /// `latency.csv`.
    pub latency: Vec<CdfRow>,
    /// `series.csv`.
    pub series: Vec<SeriesRow>,
    /// `nodes.csv`.
    pub nodes: Vec<NodeRow>,
    /// `posts.csv`.
    pub posts: Vec<PostRow>,
    /// `heals.csv`.
    pub heals: Vec<HealRow>,
}

/// A point of a curve: so large a part of the deliveries of a group took at most so long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each column is told in COLUMNS")]
pub struct CdfRow {
    pub kind: String,
    pub group: String,
    pub fraction: f64,
    pub latency_ms: f64,
}

/// The state of the world at a sample, and what happened since the one before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each column is told in COLUMNS")]
pub struct SeriesRow {
    pub at_s: f64,
    pub running: u32,
    pub connections: u32,
    pub mesh_links: u32,
    pub shards: u32,
    pub sessions: u32,
    pub stored_bytes: u64,
    pub resident_bytes: u64,
    pub completeness: Option<f64>,
    pub completeness_all: Option<f64>,
    pub missing: u64,
    pub posts: u64,
    pub deliveries: u64,
    pub firsts: u64,
    pub duplicates: u64,
    pub payload_bytes: u64,
    pub control_bytes: u64,
    pub sync_bytes: u64,
}

/// One node over the whole run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each column is told in COLUMNS")]
pub struct NodeRow {
    pub node: u32,
    pub region: String,
    pub role: String,
    pub started_s: Option<f64>,
    pub ran_s: f64,
    pub mesh_s: Option<f64>,
    pub shards: u32,
    pub connections: u32,
    pub due: u64,
    pub delivered: u64,
    pub latency_mean_ms: Option<f64>,
    pub sent_payload: u64,
    pub sent_control: u64,
    pub sent_sync: u64,
    pub received_payload: u64,
    pub received_control: u64,
    pub received_sync: u64,
    pub firsts: u64,
    pub duplicates: u64,
    pub rejected: u64,
    pub stored_bytes: Option<u64>,
    pub hostile: u64,
}

/// One post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each column is told in COLUMNS")]
pub struct PostRow {
    pub post: u32,
    pub author: u32,
    pub at_s: f64,
    pub bytes: Option<u32>,
    pub followers: u32,
    pub delivered: u32,
    pub strangers: u32,
    pub mean_ms: Option<f64>,
    pub last_ms: Option<f64>,
}

/// A step of the curve after a heal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each column is told in COLUMNS")]
pub struct HealRow {
    pub heal: u32,
    pub after_s: f64,
    pub nodes_whole: f64,
    pub posts_arrived: f64,
}

/// Tables, their columns, and what those mean.
pub const COLUMNS: &[(&str, &[(&str, &str)])] = &[
    (
        "latency.csv",
        &[
            ("kind", "what groups are made by, as in `latency` of run.json"),
            ("group", "name of the group"),
            ("fraction", "part of the group's deliveries, 0 to 1"),
            ("latency_ms", "that part took at most so long, in milliseconds; right to three digits"),
        ],
    ),
    (
        "series.csv",
        &[
            ("at_s", "virtual time of the sample, in seconds"),
            ("running", "nodes that run"),
            ("connections", "connections that stand"),
            ("mesh_links", "links of gossip meshes, each counted at both ends"),
            ("shards", "shards that nodes take part in, over all nodes"),
            ("sessions", "open sync sessions"),
            ("stored_bytes", "bytes of all stores"),
            ("resident_bytes", "memory of the simulator"),
            (
                "completeness",
                "part of the pairs of a post older than 30 s and a follower that runs, delivered",
            ),
            ("completeness_all", "the same with followers that do not run"),
            ("missing", "pairs of a post and a follower, of any age, not delivered"),
            ("posts", "posts signed since the sample before"),
            ("deliveries", "posts stored by honest nodes since then"),
            ("firsts", "gossiped frames that reached a node for the first time since then"),
            ("duplicates", "gossiped frames that reached a node again since then"),
            ("payload_bytes", "bytes of gossiped frames since then"),
            ("control_bytes", "bytes that keep gossip going since then"),
            ("sync_bytes", "bytes of sync sessions since then"),
        ],
    ),
    (
        "nodes.csv",
        &[
            ("node", "number of the node"),
            ("region", "name of its region"),
            ("role", "honest, or what it is up to"),
            ("started_s", "virtual time of its first start"),
            ("ran_s", "seconds that it ran"),
            ("mesh_s", "seconds from its first start to its first mesh in its own shard"),
            ("shards", "shards that it takes part in at the end"),
            ("connections", "connections that stand at the end"),
            ("due", "posts that were due to it"),
            ("delivered", "of those, delivered"),
            ("latency_mean_ms", "mean latency of what reached it while it ran"),
            ("sent_payload", "bytes of gossiped frames that it sent"),
            ("sent_control", "bytes that keep gossip going that it sent"),
            ("sent_sync", "bytes of sync sessions that it sent"),
            ("received_payload", "the same, received"),
            ("received_control", "the same, received"),
            ("received_sync", "the same, received"),
            ("firsts", "gossiped frames that reached it for the first time"),
            ("duplicates", "gossiped frames that reached it again"),
            ("rejected", "frames that it refused as broken"),
            ("stored_bytes", "bytes of its store at the end"),
            ("hostile", "entries of adversaries that it stored"),
        ],
    ),
    (
        "posts.csv",
        &[
            ("post", "number of the post in the plan"),
            ("author", "number of its author's node"),
            ("at_s", "virtual time when it was signed"),
            ("bytes", "bytes of the entry, if known"),
            ("followers", "honest followers when it was posted"),
            ("delivered", "of those, followers who have it"),
            ("strangers", "other honest nodes that have it"),
            ("mean_ms", "mean time until it reached a follower"),
            ("last_ms", "time until it reached the last follower who has it"),
        ],
    ),
    (
        "heals.csv",
        &[
            ("heal", "number of the heal, from 0, as in `heals` of run.json"),
            ("after_s", "seconds after the heal"),
            ("nodes_whole", "part of the nodes that missed something which have it all now"),
            ("posts_arrived", "part of the missing posts that are not missing any more"),
        ],
    ),
];
