//! What a researcher asks of a world, as a TOML file: who is there, how they are wired, what they say and what goes
//! wrong. Nothing is drawn here; [`crate::world::draw`] does that, from a seed.
//!
//! Every error points at the line of the file. The doc comments of these types are the schema's descriptions.

mod check;
mod earth;
pub mod event;
mod files;
pub mod graph;
pub mod quantity;
pub mod sections;
mod shipped;
mod source;
pub mod spread;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::Deserialize;

pub use event::{Adversary, Event};
pub use graph::{Follows, Topology};
pub use sections::{
    Churn, Clocks, Failures, Gossip, Latency, Links, Measure, Nat, People, PolicyTable, Region, Relays, Start,
};
pub use shipped::shipped;
pub use source::{Error, Fault, Located, Source, nearest};

use quantity::{Length, Moment};

/// A world to be drawn. All times are virtual.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it asks, in a sentence.
    pub asks: String,
    /// What is expected, in a sentence.
    pub expects: String,
    /// How long the world lasts.
    pub duration: Length,
    /// How many nodes there are, relays and adversaries among them.
    pub nodes: u32,
    /// What is drawn from, unless another seed is given.
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// What a true clock shows when the world begins.
    #[serde(default = "first_moment")]
    pub begins: Moment,
    /// How nodes start.
    #[serde(default)]
    pub start: Start,
    /// Whom nodes know from the beginning.
    pub topology: Topology,
    /// Who follows whom.
    #[serde(default)]
    pub follows: Follows,
    /// Where nodes are. Without regions everybody is in one place, or where the latency's preset has people.
    #[serde(default)]
    pub region: Vec<Region>,
    /// How far apart regions are.
    #[serde(default)]
    pub latency: Latency,
    /// The wires.
    #[serde(default)]
    pub links: Links,
    /// Who cannot be called.
    #[serde(default)]
    pub nat: Nat,
    /// Machines that serve many. They have the first numbers.
    pub relays: Option<Relays>,
    /// Nodes that come and go.
    pub churn: Option<Churn>,
    /// Processes that end and start again.
    pub restarts: Option<Failures>,
    /// Machines that lose power and start again.
    pub crashes: Option<Failures>,
    /// Clocks that are wrong.
    #[serde(default)]
    pub clocks: Clocks,
    /// What people do.
    #[serde(default)]
    pub people: People,
    /// Who does not keep to the rules.
    #[serde(default)]
    pub adversary: Vec<Adversary>,
    /// What happens at a time.
    #[serde(default)]
    pub event: Vec<Event>,
    /// What is measured.
    #[serde(default)]
    pub measure: Measure,
    /// Bounds of the nodes that differ from the node's own.
    #[serde(default)]
    pub policy: PolicyTable,
    /// How gossip is modelled, in the model layer.
    #[serde(default)]
    pub gossip: Gossip,
    /// The text that it was read from.
    #[serde(skip)]
    #[schemars(skip)]
    pub source: Source,
    /// The texts of the files that it names, by their names.
    #[serde(skip)]
    #[schemars(skip)]
    pub files: BTreeMap<String, String>,
}

fn first_seed() -> u64 {
    1
}

/// Midnight before a Monday, so that days and weeks of a world begin where people think they do.
fn first_moment() -> Moment {
    Moment(1_767_571_200_000)
}

impl Scenario {
    /// Reads a scenario from text that names no files, or whose files are found from the current directory.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        Self::within(name, text, Path::new(""))
    }

    /// Reads a scenario from a file.
    ///
    /// # Errors
    /// If a file cannot be read, or where the scenario is not one.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Io { path: path.into(), error })?;
        Self::within(&path.to_string_lossy(), &text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the scenario that is meant: a file, or one that is shipped.
    ///
    /// # Errors
    /// If there is neither, or where it is no scenario.
    pub fn open(name: &str) -> Result<Self, Error> {
        let path = Path::new(name);
        if path.exists() {
            return Self::read(path);
        }
        let plain = name.strip_suffix(".toml").unwrap_or(name);
        if let Some((name, text)) = shipped().iter().find(|(shipped, _)| *shipped == plain) {
            return Self::parse(&format!("{name}.toml"), text);
        }
        // A name with a slash is a path: say what is wrong with that path.
        if name.contains(std::path::MAIN_SEPARATOR) {
            return Self::read(path);
        }
        let near = nearest(plain, shipped().iter().map(|(name, _)| *name));
        Err(Error::Unknown { name: name.into(), nearest: near.map(str::to_owned) })
    }

    /// Reads a scenario from text; the files that it names are found from a directory.
    ///
    /// # Errors
    /// If a file cannot be read, or where the scenario is not one.
    pub fn within(name: &str, text: &str, directory: &Path) -> Result<Self, Error> {
        let source = Source { name: name.into(), text: text.into() };
        let mut scenario: Self = source.read()?;
        scenario.source = source;
        files::load(&mut scenario, directory)?;
        scenario.sound(scenario.nodes)?;
        Ok(scenario)
    }

    /// Whether a world of so many nodes can be drawn.
    ///
    /// # Errors
    /// What cannot be, and where it stands.
    pub fn check(&self, nodes: u32) -> Result<(), Error> {
        self.sound(nodes)?;
        check::volume(self, nodes).map_err(|fault| self.fault(fault))
    }

    /// Whether it makes sense. How much is said in it is not asked: the world that is drawn may have fewer nodes than
    /// the file says.
    fn sound(&self, nodes: u32) -> Result<(), Error> {
        check::check(self, nodes).map_err(|fault| self.fault(fault))?;
        self.matrix()?;
        if nodes == self.nodes {
            if let Topology::File { path } = &self.topology {
                self.pairs(path, nodes)?;
            }
            if let graph::FollowGraph::File { path } = &self.follows.graph {
                self.pairs(path, nodes)?;
            }
        }
        Ok(())
    }

    /// The regions: those of the file, or those of the preset, or one.
    pub fn regions(&self) -> Vec<Region> {
        if !self.region.is_empty() {
            return self.region.clone();
        }
        match self.latency {
            Latency::Earth {} => earth::regions(),
            _ => vec![Region { name: "everywhere".into(), share: quantity::Share(1.0), utc_hours: 0.0 }],
        }
    }

    /// Milliseconds one way between regions, where the latency is told by pairs of them.
    ///
    /// # Errors
    /// If its file has gaps or is no latency file.
    pub fn matrix(&self) -> Result<Option<Vec<Vec<f64>>>, Error> {
        let regions = self.regions();
        let names: Vec<String> = regions.into_iter().map(|region| region.name).collect();
        Ok(match &self.latency {
            Latency::Same { .. } => None,
            Latency::Matrix { ms } => {
                Some(ms.iter().map(|row| row.iter().map(|ms| ms.0).collect()).collect())
            }
            Latency::File { path } => Some(self.latencies(path, &names)?),
            Latency::Earth {} => {
                let row = |from: &String| {
                    names.iter().map(|to| earth::latency(from, to).unwrap_or_default()).collect()
                };
                Some(names.iter().map(row).collect())
            }
        })
    }

    /// A number of nodes of the file in a world of another size: as large a part of it, and at least one.
    pub fn scaled(&self, count: u32, nodes: u32) -> u32 {
        if nodes == self.nodes || count == 0 {
            return count;
        }
        let part = f64::from(count) * f64::from(nodes) / f64::from(self.nodes);
        (part.round() as u32).clamp(1, nodes)
    }

    /// How many relays a world of so many nodes has.
    pub fn relay_count(&self, nodes: u32) -> u32 {
        self.relays.as_ref().map_or(0, |relays| self.scaled(relays.count, nodes))
    }

    /// How many adversaries of each kind a world of so many nodes has.
    pub fn adversary_counts(&self, nodes: u32) -> Vec<u32> {
        let count = |adversary: &Adversary| match (adversary.count, adversary.share) {
            (Some(count), _) => self.scaled(count, nodes),
            (None, Some(share)) => ((share.0 * f64::from(nodes)).round() as u32).max(1),
            (None, None) => 0,
        };
        self.adversary.iter().map(count).collect()
    }

    /// The error of something that cannot be.
    pub fn fault(&self, fault: Fault) -> Error {
        self.source.fault(fault)
    }
}

/// The JSON schema of a scenario.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Scenario).to_value()
}
