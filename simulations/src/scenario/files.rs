//! The files that a scenario names: edge lists and latencies. Errors point at the line of the file itself.

use std::path::Path;

use super::{Error, Fault, Scenario, Source, graph::FollowGraph, graph::Topology, sections::Latency};
use crate::plan::NodeId;

/// Reads the files that a scenario names into it.
///
/// # Errors
/// If one cannot be read.
pub fn load(scenario: &mut Scenario, directory: &Path) -> Result<(), Error> {
    let mut named = Vec::new();
    if let Topology::File { path } = &scenario.topology {
        named.push(path.clone());
    }
    if let FollowGraph::File { path } = &scenario.follows.graph {
        named.push(path.clone());
    }
    if let Latency::File { path } = &scenario.latency {
        named.push(path.clone());
    }
    for name in named {
        let path = directory.join(&name);
        let text = std::fs::read_to_string(&path).map_err(|error| Error::Io { path, error })?;
        scenario.files.insert(name, text);
    }
    Ok(())
}

/// Lines of a file that say something, with their numbers from 0 and where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split('\n').filter_map(move |line| {
        let begin = next;
        next += line.len() + 1;
        let said = line.split('#').next().unwrap_or("").trim();
        (!said.is_empty()).then_some((begin, said))
    })
}

fn fields(line: &str) -> Vec<&str> {
    line.split([',', ' ', '\t', ';']).map(str::trim).filter(|field| !field.is_empty()).collect()
}

impl Scenario {
    fn file(&self, name: &str) -> Source {
        Source { name: name.into(), text: self.files.get(name).cloned().unwrap_or_default() }
    }

    /// Pairs of an edge list, as they stand in the file; each has to be of two nodes below `nodes`.
    ///
    /// # Errors
    /// At the line that is no pair.
    pub fn pairs(&self, name: &str, nodes: u32) -> Result<Vec<(NodeId, NodeId)>, Error> {
        let file = self.file(name);
        let mut pairs = Vec::new();
        for (begin, line) in lines(&file.text) {
            let bad = |message: String| file.at_offset(begin, message);
            let fields = fields(line);
            let [from, to] = fields[..] else {
                return Err(bad(format!("a line is two numbers of nodes, and this one is {}", fields.len())));
            };
            let number = |field: &str| {
                let number =
                    field.parse::<NodeId>().map_err(|_| bad(format!("{field:?} is no number of a node")))?;
                if number >= nodes {
                    let last = nodes.saturating_sub(1);
                    return Err(bad(format!(
                        "there is no node {number}: they are numbered from 0 to {last}"
                    )));
                }
                Ok(number)
            };
            let pair = (number(from)?, number(to)?);
            if pair.0 == pair.1 {
                return Err(bad(format!("node {} is paired with itself", pair.0)));
            }
            pairs.push(pair);
        }
        Ok(pairs)
    }

    /// The matrix of a latency file in milliseconds, `[from][to]`, by names of regions.
    ///
    /// # Errors
    /// At the line that is no latency, or if a pair is missing.
    pub fn latencies(&self, name: &str, regions: &[String]) -> Result<Vec<Vec<f64>>, Error> {
        let file = self.file(name);
        let mut given: Vec<Vec<Option<f64>>> = vec![vec![None; regions.len()]; regions.len()];
        for (begin, line) in lines(&file.text) {
            let bad = |message: String| file.at_offset(begin, message);
            let fields = fields(line);
            let [from, to, ms] = fields[..] else {
                return Err(bad("a line is FROM,TO,MILLISECONDS".into()));
            };
            let region = |name: &str| {
                regions.iter().position(|region| region == name).ok_or_else(|| {
                    bad(format!("{name:?} is no region of the scenario; there are {}", regions.join(", ")))
                })
            };
            let (from, to) = (region(from)?, region(to)?);
            let ms = ms.parse::<f64>().ok().filter(|ms| ms.is_finite() && *ms >= 0.0);
            let ms =
                ms.ok_or_else(|| bad("a latency is a number of milliseconds that is not negative".into()))?;
            if given[from][to].replace(ms).is_some() {
                return Err(bad(format!("{} to {} was given before", regions[from], regions[to])));
            }
        }
        let mut whole = vec![vec![0.0; regions.len()]; regions.len()];
        for from in 0..regions.len() {
            for to in 0..regions.len() {
                let Some(ms) = given[from][to].or(given[to][from]) else {
                    let gap = format!("{name} lacks the latency from {} to {}", regions[from], regions[to]);
                    return Err(self.fault(Fault::new("latency.path", gap)));
                };
                whole[from][to] = ms;
            }
        }
        Ok(whole)
    }
}
