//! Two runs, or two sets of runs, side by side.
//!
//! A run is one sample of what chance can do. Two runs of different seeds differ even if nothing else does; only sets
//! of seeds have medians and ranges, and only ranges that do not touch say something by themselves.

mod draw;
mod quantities;
#[cfg(test)]
mod tests;
mod text;

use std::{
    fs,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::Serialize;

pub use draw::draw;
pub use text::text;

use crate::metrics::{self, Results, Run, Spread};
use quantities::QUANTITIES;

/// Why two things cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of them cannot be read.
    #[error(transparent)]
    Files(#[from] metrics::Error),
    /// Their figures answer different questions.
    #[error(
        "{a} ran the scenario \"{of_a}\" and {b} ran \"{of_b}\": their figures answer different questions"
    )]
    Scenarios {
        /// The first directory.
        a: PathBuf,
        /// Its scenario.
        of_a: String,
        /// The second.
        b: PathBuf,
        /// Its scenario.
        of_b: String,
    },
    /// A set of runs that has runs of several scenarios, layers or sizes, so that no median of them says anything.
    #[error("the runs in {0} are not of one scenario, layer and number of nodes: compare them one by one")]
    Mixed(PathBuf),
}

/// A side of a comparison: one run, or several that differ in their seeds.
#[derive(Debug, Clone)]
pub struct Side {
    /// Where it is.
    pub dir: PathBuf,
    /// Its runs, in the order of their directories' names; at least one.
    pub runs: Vec<Run>,
}

impl Side {
    /// Reads a run's directory, or a directory of such directories, such as a sweep's.
    ///
    /// # Errors
    /// If there is no run, or one that is damaged, or runs of different setups.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let mut runs = Vec::new();
        if dir.join("run.json").exists() {
            runs.push(metrics::read(dir)?);
        } else {
            let inner = dir.join("runs");
            let from = if inner.is_dir() { &inner } else { dir };
            let entries = fs::read_dir(from).map(|entries| entries.flatten().map(|entry| entry.path()));
            let mut folders: Vec<PathBuf> = entries.into_iter().flatten().collect();
            folders.sort();
            for folder in folders.iter().filter(|folder| folder.join("run.json").exists()) {
                runs.push(metrics::read(folder)?);
            }
        }
        let runs: Vec<Run> = runs.into_iter().map(|Results { run, .. }| run).collect();
        let Some(first) = runs.first() else { return Err(metrics::Error::NoRun(dir.to_owned()).into()) };
        let setup = |run: &Run| (run.scenario.clone(), run.layer, run.nodes);
        if runs.iter().any(|run| setup(run) != setup(first)) {
            return Err(Error::Mixed(dir.to_owned()));
        }
        Ok(Self { dir: dir.to_owned(), runs })
    }

    fn setup(&self, part: impl Fn(&Run) -> String) -> String {
        let mut parts: Vec<String> = self.runs.iter().map(part).collect();
        parts.dedup();
        match parts.as_slice() {
            [only] => only.clone(),
            [first, .., last] if parts.len() > 4 => format!("{first} … {last} ({} of them)", parts.len()),
            _ => parts.join(", "),
        }
    }
}

/// What differs in how two sides were run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Such as `seed`.
    pub what: String,
    /// In the first.
    pub a: String,
    /// In the second.
    pub b: String,
}

/// One quantity on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// Name, as a path into `run.json`.
    pub name: String,
    /// Such as `ms`; empty for a plain number.
    pub unit: String,
    /// In the first; the median if it has several runs.
    pub a: Option<f64>,
    /// In the second; the median if it has several runs.
    pub b: Option<f64>,
    /// Least and largest in the first, if it has several runs.
    pub a_range: Option<(f64, f64)>,
    /// Least and largest in the second, if it has several runs.
    pub b_range: Option<(f64, f64)>,
    /// `b - a`.
    pub difference: Option<f64>,
    /// `b / a`.
    pub ratio: Option<f64>,
    /// Whether all values of one side lie beyond all of the other; only said of sets of runs.
    pub apart: Option<bool>,
}

/// Two sides beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// The first directory.
    pub a: PathBuf,
    /// The second.
    pub b: PathBuf,
    /// Name of the scenario.
    pub scenario: String,
    /// Runs on each side.
    pub runs: (usize, usize),
    /// What differs in how they were run.
    pub setup: Vec<Difference>,
    /// Whether the same happened: the traces are equal, run by run. None if a side kept no trace.
    pub same_trace: Option<bool>,
    /// Whether all figures are equal, but for what the runs cost.
    pub same_figures: bool,
    /// What these figures can say.
    pub caution: String,
    /// The quantities that at least one side has.
    pub rows: Vec<Row>,
}

/// A part of a run's setup, as text.
type Part = fn(&Run) -> String;

/// Compares two sides.
///
/// # Errors
/// If they ran different scenarios.
pub fn compare(a: &Side, b: &Side) -> Result<Comparison, Error> {
    let scenario = |side: &Side| side.setup(|run| run.scenario.clone());
    if scenario(a) != scenario(b) {
        return Err(Error::Scenarios {
            a: a.dir.clone(),
            of_a: scenario(a),
            b: b.dir.clone(),
            of_b: scenario(b),
        });
    }
    let parts: [(&str, Part); 6] = [
        ("version", |run| run.version.clone()),
        ("layer", |run| crate::report::plots::layer(run).to_owned()),
        ("nodes", |run| run.nodes.to_string()),
        ("seed", |run| run.seed.to_string()),
        ("virtual time, s", |run| run.virtual_s.to_string()),
        ("complete", |run| if run.complete { "yes" } else { "no" }.to_owned()),
    ];
    let setup = parts.iter().filter_map(|(what, part)| {
        let (a, b) = (a.setup(part), b.setup(part));
        (a != b).then(|| Difference { what: (*what).to_owned(), a, b })
    });
    let pairs = || a.runs.iter().zip(&b.runs);
    let as_many = a.runs.len() == b.runs.len();
    let traced = a.runs.iter().chain(&b.runs).all(|run| run.trace_hash.is_some());
    let rows = QUANTITIES.iter().map(|quantity| quantity.row(a, b)).chain(quantities::groups(a, b));
    let setup: Vec<Difference> = setup.collect();
    Ok(Comparison {
        a: a.dir.clone(),
        b: b.dir.clone(),
        scenario: scenario(a),
        runs: (a.runs.len(), b.runs.len()),
        same_trace: traced.then(|| as_many && pairs().all(|(a, b)| a.trace_hash == b.trace_hash)),
        same_figures: as_many && pairs().all(|(a, b)| quantities::equal(a, b)),
        caution: caution(a, b, &setup),
        setup,
        rows: rows.filter(|row| row.a.is_some() || row.b.is_some()).collect(),
    })
}

fn caution(a: &Side, b: &Side, setup: &[Difference]) -> String {
    let seeds = setup.iter().any(|difference| difference.what == "seed");
    match (a.runs.len(), b.runs.len()) {
        (1, 1) if seeds => "Two runs of different seeds are two samples: they differ by chance as well. `starling sim \
                            sweep` gives medians and ranges over many seeds."
            .to_owned(),
        (1, 1) => "Both were drawn from one seed: the same people say the same at the same time. That is one sample \
                   of the difference; another seed may show another."
            .to_owned(),
        (1, _) | (_, 1) => "One run beside a set: it shows where the run lies in the set's range, and no more."
            .to_owned(),
        _ => "Medians over runs, with the least and the largest. Only where all values of one side lie beyond all of \
              the other are they called apart; nothing is said about what lies between."
            .to_owned(),
    }
}

/// A quantity over the runs of a side: the median and the range.
fn middle(values: impl Iterator<Item = f64>) -> Option<Spread> {
    Spread::of(values)
}
