//! How long things took: distributions in a few kilobytes each, right to three digits.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::audience::Ring;
use crate::{
    metrics::{CdfRow, Curve, MS_PER_MICRO},
    plan::{Micros, Plan},
};

/// The longest time that is told apart, in microseconds: 400 days. What takes longer counts as that.
const LONGEST: u64 = 400 * 24 * 3600 * 1_000_000;

/// Parts of all values at which a curve is drawn.
const PARTS: [f64; 8] = [0.992, 0.994, 0.996, 0.998, 0.999, 0.9995, 0.9999, 1.0];

/// A distribution of times.
#[derive(Debug, Clone)]
pub struct Times {
    histogram: Histogram<u64>,
    sum: u128,
    least: Micros,
    longest: Micros,
}

impl Default for Times {
    fn default() -> Self {
        // It grows with what is put in: most of what is measured takes seconds, and there is one for each pair of regions.
        #[expect(clippy::expect_used, reason = "so many digits are accepted, and no input changes them")]
        let histogram = Histogram::new(3).expect("a fixed number of digits");
        Self { histogram, sum: 0, least: Micros::MAX, longest: 0 }
    }
}

impl Times {
    /// Takes one down.
    pub fn add(&mut self, time: Micros) {
        // An error would mean that it cannot grow so far, but it can to half of all numbers.
        let _ = self.histogram.record(time.min(LONGEST));
        self.sum += u128::from(time);
        self.least = self.least.min(time);
        self.longest = self.longest.max(time);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The value that so large a part does not exceed. The least and the largest are exact, others right to three digits.
    pub fn quantile(&self, part: f64) -> Micros {
        self.histogram.value_at_quantile(part).clamp(self.least.min(self.longest), self.longest)
    }

    /// The value at a place in their order, from 1.
    pub fn nth(&self, place: u64) -> Micros {
        // Half a place short, so that no rounding leads to the next.
        self.quantile((place as f64 - 0.5) / self.count().max(1) as f64)
    }

    fn ms(&self, part: f64) -> f64 {
        self.quantile(part) as f64 * MS_PER_MICRO
    }

    /// The figures that a table shows; none if nothing was taken down.
    pub fn curve(&self) -> Option<Curve> {
        if self.count() == 0 {
            return None;
        }
        Some(Curve {
            count: self.count(),
            mean_ms: self.sum as f64 / self.count() as f64 * MS_PER_MICRO,
            p50_ms: self.ms(0.5),
            p95_ms: self.ms(0.95),
            p99_ms: self.ms(0.99),
            max_ms: self.ms(1.0),
        })
    }

    /// The points of its curve, from the least to the largest: each hundredth, and finer at the end.
    pub fn points(&self, kind: &str, group: &str) -> Vec<CdfRow> {
        if self.count() == 0 {
            return Vec::new();
        }
        let hundredths = (0..100).map(|part| f64::from(part) / 100.0);
        let parts = hundredths.chain(PARTS);
        let row = |part| CdfRow {
            kind: kind.to_owned(),
            group: group.to_owned(),
            fraction: part,
            latency_ms: if part == 0.0 { self.least as f64 * MS_PER_MICRO } else { self.ms(part) },
        };
        parts.map(row).collect()
    }
}

/// What deliveries are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// All of them.
    All,
    /// How near the node is to the author.
    Ring(Ring),
    /// Whether gossip brought it, or sync.
    Way(bool),
    /// So many hops of gossip.
    Hops(u8),
    /// The phase of the plan that it was posted in.
    Phase(u16),
    /// Regions of author and node.
    Regions(u16, u16),
    /// The node was not running all the time.
    Late,
}

impl Key {
    /// Kind and name, as in tables.
    pub fn names(self, plan: &Plan) -> (&'static str, String) {
        let region = |number: u16| match plan.regions.get(usize::from(number)) {
            Some(name) => name.clone(),
            None => number.to_string(),
        };
        match self {
            Self::All => ("all", "all".to_owned()),
            Self::Ring(ring) => ("ring", ring.name().to_owned()),
            Self::Way(true) => ("way", "gossip".to_owned()),
            Self::Way(false) => ("way", "sync".to_owned()),
            Self::Hops(hops) => ("hops", hops.to_string()),
            Self::Phase(phase) => {
                let name = plan.phases.get(usize::from(phase)).map(|phase| phase.name.clone());
                ("phase", name.unwrap_or_else(|| phase.to_string()))
            }
            Self::Regions(from, to) => ("regions", format!("{} to {}", region(from), region(to))),
            Self::Late => ("late", "late".to_owned()),
        }
    }
}

/// Distributions by group.
#[derive(Debug, Default)]
pub struct Groups(BTreeMap<Key, Times>);

impl Groups {
    /// Takes a time down for a group.
    pub fn add(&mut self, key: Key, time: Micros) {
        self.0.entry(key).or_default().add(time);
    }

    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Times)> {
        self.0.iter().map(|(key, times)| (*key, times))
    }
}
