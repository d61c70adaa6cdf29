//! What a run is judged by, and the files that it leaves.
//!
//! A run directory holds `run.json` (a [`Run`]), tables (see [`tables`]) and the scenario as it was run. These types
//! are the documentation of both: [`schema`] makes a JSON Schema of the first, [`tables::COLUMNS`] tells the columns
//! of the second. Times inside the simulator are microseconds; here they are seconds (`_s`) or milliseconds (`_ms`).

mod files;
#[cfg(test)]
pub(crate) mod sample;
pub mod tables;
#[cfg(test)]
mod tests;

pub use files::{Error, RUN, Results, SCENARIO, Sink, read, whole, write, write_to};
pub use tables::{CdfRow, HealRow, NodeRow, PostRow, SeriesRow, Tables};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{control::Layer, plan::Plan};

/// Milliseconds in a microsecond.
pub const MS_PER_MICRO: f64 = 1e-3;
/// Seconds in a microsecond.
pub const S_PER_MICRO: f64 = 1e-6;
/// Version of the form of the files. It grows when a field changes its meaning or goes; new fields do not change it.
pub const FORM: u32 = 1;

/// A run: `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Version of the form of these files.
    pub form: u32,
    /// Hash of everything that happened, in hexadecimal: equal for two runs of one seed, scenario and build. None if
    /// no trace was kept.
    pub trace_hash: Option<String>,
    /// Name of the scenario.
    pub scenario: String,
    /// What the scenario asks.
    pub asks: String,
    /// What its author expects.
    pub expects: String,
    /// What carried the bytes: `model` or `real`.
    #[schemars(with = "String")]
    pub layer: Layer,
    /// What everything was drawn from.
    pub seed: u64,
    /// Nodes of the world.
    pub nodes: u32,
    /// Version of the program.
    pub version: String,
    /// The command that repeats the run.
    pub command: String,
    /// Virtual time that passed, in seconds.
    pub virtual_s: f64,
    /// Virtual time that the scenario lasts, in seconds.
    pub span_s: f64,
    /// Time that it took, in seconds.
    pub wall_s: f64,
    /// Whether the run reached its end. If not, the figures tell what happened until then.
    pub complete: bool,
    /// Names of the regions, in the order of their numbers.
    pub regions: Vec<String>,
    /// Stretches of time that have a name, such as a partition.
    pub phases: Vec<Phase>,
    /// The figures.
    #[serde(flatten)]
    pub metrics: Metrics,
}

impl Run {
    /// Puts the figures of a run beside what was run. `command` is what repeats it.
    pub fn new(
        plan: &Plan,
        layer: Layer,
        trace_hash: Option<String>,
        command: String,
        metrics: Metrics,
    ) -> Self {
        let seconds = |micros: u64| micros as f64 * S_PER_MICRO;
        let phase = |phase: &crate::plan::Phase| Phase {
            name: phase.name.clone(),
            from_s: seconds(phase.from),
            to_s: seconds(phase.to),
        };
        Self {
            form: FORM,
            trace_hash,
            scenario: plan.scenario.clone(),
            asks: plan.asks.clone(),
            expects: plan.expects.clone(),
            layer,
            seed: plan.seed,
            nodes: plan.nodes.len() as u32,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            virtual_s: metrics.virtual_s,
            span_s: seconds(plan.span),
            wall_s: metrics.speed.wall_s,
            complete: metrics.complete,
            regions: plan.regions.clone(),
            phases: plan.phases.iter().map(phase).collect(),
            metrics,
        }
    }
}

/// A stretch of time with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Phase {
    /// Such as "partition".
    pub name: String,
    /// When it begins, in seconds of virtual time.
    pub from_s: f64,
    /// When it is over.
    pub to_s: f64,
}

/// The figures of a run. Only honest nodes and honest authors count, except where something else is said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// Virtual time that passed, in seconds.
    #[serde(skip)]
    pub virtual_s: f64,
    /// Whether the plan's end was reached.
    #[serde(skip)]
    pub complete: bool,
    /// Who got what.
    pub delivery: Delivery,
    /// How long it took, by groups; the curves are in `latency.csv`.
    pub latency: Vec<Latency>,
    /// What travelled.
    pub traffic: Traffic,
    /// How long nodes took to have neighbours.
    pub mesh: Mesh,
    /// What followed each heal, in order; the curves are in `heals.csv`.
    pub heals: Vec<Heal>,
    /// After each start of a node that missed posts of those it follows: until it had them all.
    pub catch_up: Option<Curve>,
    /// How complete timelines were; over time in `series.csv`.
    pub completeness: Completeness,
    /// How far followers agree at the end, read from their stores; none if nobody looked.
    pub agreement: Option<Agreement>,
    /// Bytes of the stores of all nodes at the end; each in `nodes.csv`.
    pub storage: Option<Spread>,
    /// Shards that nodes which run at the end take part in.
    pub shards: Option<Spread>,
    /// Forked logs and who knew of them.
    pub forks: Vec<Fork>,
    /// What adversaries achieved; none if there are none.
    pub adversaries: Option<Adversaries>,
    /// What the run cost.
    pub speed: Speed,
    /// Invariants that did not hold, the first thousand of them.
    pub violations: Vec<Violation>,
    /// How many there were.
    pub violations_total: u64,
    /// What goes into tables.
    #[serde(skip)]
    pub tables: Tables,
}

/// Who got what. A pair is a post and an honest node that followed its honest author when it was posted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// Posts that were signed.
    pub posts: u64,
    /// Posts of the plan that were not: their author did not run, or was refused.
    pub refused: u64,
    /// Pairs whose node ran for 30 s without a break after the post, still follows at the end, and whose post was not
    /// taken back.
    pub due: u64,
    /// Of those, delivered.
    pub delivered: u64,
    /// `delivered / due`; the delivery ratio. None if nothing was due.
    pub ratio: Option<f64>,
    /// Due pairs whose node ran when the post was made.
    pub live_due: u64,
    /// Of those, delivered.
    pub live_delivered: u64,
    /// `live_delivered / live_due`.
    pub live_ratio: Option<f64>,
    /// Pairs, whether or not the node ever ran again (those who stopped following, and posts taken back, left out).
    pub all: u64,
    /// Of those, delivered.
    pub all_delivered: u64,
    /// `all_delivered / all`: the strict variant.
    pub all_ratio: Option<f64>,
    /// Posts that reached honest nodes that do not follow their author.
    pub strangers: u64,
    /// Bytes of an entry, on average over the posts whose size is known; 0 if none is.
    pub entry_bytes: f64,
}

/// A distribution of times.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Curve {
    /// Values.
    pub count: u64,
    /// Their mean, in milliseconds.
    pub mean_ms: f64,
    /// Half of them are at most so long; right to three digits, like the following two.
    pub p50_ms: f64,
    /// 95 in 100 are at most so long.
    pub p95_ms: f64,
    /// 99 in 100 are at most so long.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// How long delivery took, for one group of deliveries.
///
/// A delivery is timed from the moment that the author's node signed to the moment that an honest node stored the
/// post. Except for the kind `late`, only nodes count that ran from before the post until they had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// What the group is made by: `all`, `ring` (of the node around the author), `way` (by gossip or by sync),
    /// `hops` (of gossip), `phase` (that it was posted in), `regions` (of author and node), `late` (the node was not
    /// running all the time).
    pub kind: String,
    /// The group's name.
    pub group: String,
    /// Its figures.
    #[serde(flatten)]
    pub curve: Curve,
}

/// Bytes by what they were for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Kinds {
    /// Gossiped frames, each copy counted.
    pub payload: u64,
    /// What keeps gossip going, and the wires' own overhead.
    pub control: u64,
    /// Sync sessions.
    pub sync: u64,
}

/// What travelled, over all nodes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// Bytes sent.
    pub bytes: Kinds,
    /// Bytes sent by an honest node.
    pub sent_per_node: Option<Spread>,
    /// Gossiped frames that reached a node for the first time.
    pub firsts: u64,
    /// Gossiped frames that reached a node again.
    pub duplicates: u64,
    /// `duplicates / firsts`.
    pub duplicates_per_delivery: Option<f64>,
    /// Bytes of the frames that reached a node for the first time.
    pub first_bytes: u64,
    /// Bytes sent for each of those bytes, beyond the byte itself: `(all - first_bytes) / first_bytes`.
    pub overhead: Option<f64>,
    /// Of that, control and sync: `(control + sync) / first_bytes`.
    pub control_overhead: Option<f64>,
    /// Frames refused as broken.
    pub rejected: u64,
}

/// How long nodes took to have neighbours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Mesh {
    /// Peers that make a mesh: 5, gossipsub's lower bound, or all others in a world that has fewer.
    pub enough: u32,
    /// Nodes that started.
    pub started: u32,
    /// Of those, nodes that had a mesh of so many in the shard of their own posts.
    pub formed: u32,
    /// Until then, from a node's first start.
    pub time: Option<Curve>,
    /// Until 90 % of all nodes that started had one, from the first start of all, in seconds.
    pub until_90_percent_s: Option<f64>,
}

/// When so large a part was done, in seconds after a heal; none if it never was.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Until {
    /// Half.
    pub p50_s: Option<f64>,
    /// 90 %.
    pub p90_s: Option<f64>,
    /// 99 %.
    pub p99_s: Option<f64>,
    /// All.
    pub all_s: Option<f64>,
}

/// What followed a heal: how long until nodes held all posts from before it of those they follow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Heal {
    /// When it healed, in seconds of virtual time.
    pub at_s: f64,
    /// When watching it ended, if that was before the end: at the next cut or heal.
    pub until_s: Option<f64>,
    /// Honest nodes that ran at the heal.
    pub nodes: u32,
    /// Of those, nodes that missed something.
    pub behind: u32,
    /// Of those, nodes that ended before they had it; they count no more.
    pub left: u32,
    /// Missing posts, each counted for each node that missed it.
    pub missing: u64,
    /// Of those, still missing when watching ended.
    pub open: u64,
    /// When so large a part of the nodes had everything.
    pub nodes_whole: Until,
    /// When so large a part of the missing posts had arrived.
    pub posts_arrived: Until,
    /// Bytes of all sync sessions from the heal until nothing was missing, or until watching ended.
    pub sync_bytes: u64,
    /// The least that it could have been: `missing × entry_bytes`. None while no entry's size is known.
    pub least_bytes: Option<f64>,
    /// `sync_bytes / least_bytes`.
    pub bytes_ratio: Option<f64>,
}

/// How complete timelines were: part of the pairs whose post is older than 30 s that are delivered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Completeness {
    /// At the last sample, of the nodes that ran.
    pub last: Option<f64>,
    /// At the worst sample, of the nodes that ran.
    pub least: Option<f64>,
    /// At the last sample, of all nodes.
    pub last_all: Option<f64>,
}

/// How far those who follow an author hold the same of them at the end.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// Pairs of an honest node that runs and an honest author whom it follows.
    pub pairs: u64,
    /// Those in which the node holds the newest of each of the author's logs that anybody of them holds.
    pub agreeing: u64,
    /// `agreeing / pairs`.
    pub ratio: Option<f64>,
}

/// A distribution over nodes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// Nodes.
    pub count: u64,
    /// Of all together.
    pub sum: f64,
    /// The mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The middle one; of two the lower.
    pub p50: f64,
    /// Only 5 in 100 are above.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of some values; none if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let count = values.len();
        let rank = |part: f64| {
            let rank = (part * count as f64).ceil() as usize;
            values[rank.clamp(1, count) - 1]
        };
        let sum: f64 = values.iter().sum();
        let (p50, p95) = (rank(0.5), rank(0.95));
        Some(Self { count: count as u64, sum, mean: sum / count as f64, min, p50, p95, max })
    }
}

/// A forked log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fork {
    /// Number of the node whose author signed twice.
    pub author: u32,
    /// When: of the first lie if it was told, else of the attack's begin, else of the first discovery; in seconds.
    pub at_s: f64,
    /// Honest nodes that know.
    pub knew: u32,
    /// Of so many that ever ran.
    pub of: u32,
    /// How long the fork was unknown to those nodes.
    pub exposure: Option<Curve>,
}

/// What adversaries achieved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Adversaries {
    /// How many there are.
    pub nodes: u32,
    /// Honest nodes that stored an entry of one.
    pub reached: u32,
    /// Of so many that ever ran.
    pub honest: u32,
    /// `reached / honest`.
    pub reach: Option<f64>,
    /// Entries of adversaries in honest stores.
    pub stored: u64,
    /// Bytes that adversaries sent.
    pub bytes: Kinds,
    /// Delivery ratio of honest posts that were made during an attack.
    pub during: Option<f64>,
    /// Delivery ratio of honest posts that were made at other times.
    pub otherwise: Option<f64>,
    /// Delivery ratio to those whom an eclipse is aimed at.
    pub victims: Option<f64>,
}

/// What the run cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Speed {
    /// Time that the run took, in seconds.
    pub wall_s: f64,
    /// Virtual seconds for each of them.
    pub virtual_per_wall: f64,
    /// Inputs of engines, and what else is in the trace.
    pub events: u64,
    /// Of those in a second.
    pub events_per_s: f64,
    /// Posts that nodes stored.
    pub deliveries: u64,
    /// The most memory that the process had at a sample, in bytes.
    pub resident_bytes: u64,
    /// That, for each node.
    pub resident_bytes_per_node: f64,
}

/// An invariant did not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// When, in seconds of virtual time.
    pub at_s: f64,
    /// Where, if it was one node.
    pub node: Option<u32>,
    /// What.
    pub what: String,
}

/// The JSON Schema of `run.json`; under `tables` the columns of the tables beside it.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Run);
    let columns = |columns: &[(&str, &str)]| {
        let told =
            columns.iter().map(|(name, meaning)| ((*name).to_owned(), serde_json::Value::from(*meaning)));
        serde_json::Value::Object(told.collect())
    };
    let all = tables::COLUMNS.iter().map(|(file, told)| ((*file).to_owned(), columns(told)));
    schema.insert("tables".to_owned(), serde_json::Value::Object(all.collect()));
    schema.to_value()
}
