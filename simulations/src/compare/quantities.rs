//! What is compared, by name.

use std::collections::BTreeSet;

use super::{Row, Side, middle};
use crate::metrics::{Metrics, Run, Speed, Tables};

/// A quantity of a run.
pub struct Quantity {
    name: &'static str,
    unit: &'static str,
    of: fn(&Metrics) -> Option<f64>,
}

const fn quantity(name: &'static str, unit: &'static str, of: fn(&Metrics) -> Option<f64>) -> Quantity {
    Quantity { name, unit, of }
}

/// All of them, but for latencies, which have groups.
pub const QUANTITIES: &[Quantity] = &[
    quantity("delivery.ratio", "", |metrics| metrics.delivery.ratio),
    quantity("delivery.live_ratio", "", |metrics| metrics.delivery.live_ratio),
    quantity("delivery.all_ratio", "", |metrics| metrics.delivery.all_ratio),
    quantity("delivery.posts", "", |metrics| Some(metrics.delivery.posts as f64)),
    quantity("delivery.due", "", |metrics| Some(metrics.delivery.due as f64)),
    quantity("delivery.strangers", "", |metrics| Some(metrics.delivery.strangers as f64)),
    quantity("traffic.bytes.payload", "bytes", |metrics| Some(metrics.traffic.bytes.payload as f64)),
    quantity("traffic.bytes.control", "bytes", |metrics| Some(metrics.traffic.bytes.control as f64)),
    quantity("traffic.bytes.sync", "bytes", |metrics| Some(metrics.traffic.bytes.sync as f64)),
    quantity("traffic.sent_per_node.p50", "bytes", |metrics| {
        metrics.traffic.sent_per_node.map(|sent| sent.p50)
    }),
    quantity("traffic.sent_per_node.p95", "bytes", |metrics| {
        metrics.traffic.sent_per_node.map(|sent| sent.p95)
    }),
    quantity("traffic.duplicates_per_delivery", "", |metrics| metrics.traffic.duplicates_per_delivery),
    quantity("traffic.overhead", "", |metrics| metrics.traffic.overhead),
    quantity("traffic.control_overhead", "", |metrics| metrics.traffic.control_overhead),
    quantity("mesh.time.p50_ms", "ms", |metrics| metrics.mesh.time.map(|time| time.p50_ms)),
    quantity("mesh.until_90_percent_s", "s", |metrics| metrics.mesh.until_90_percent_s),
    quantity("heals[0].missing", "", |metrics| metrics.heals.first().map(|heal| heal.missing as f64)),
    quantity("heals[0].nodes_whole.p50_s", "s", |metrics| metrics.heals.first()?.nodes_whole.p50_s),
    quantity("heals[0].nodes_whole.p99_s", "s", |metrics| metrics.heals.first()?.nodes_whole.p99_s),
    quantity("heals[0].nodes_whole.all_s", "s", |metrics| metrics.heals.first()?.nodes_whole.all_s),
    quantity("heals[0].sync_bytes", "bytes", |metrics| {
        metrics.heals.first().map(|heal| heal.sync_bytes as f64)
    }),
    quantity("heals[0].bytes_ratio", "", |metrics| metrics.heals.first()?.bytes_ratio),
    quantity("catch_up.p50_ms", "ms", |metrics| metrics.catch_up.map(|curve| curve.p50_ms)),
    quantity("catch_up.p99_ms", "ms", |metrics| metrics.catch_up.map(|curve| curve.p99_ms)),
    quantity("completeness.last", "", |metrics| metrics.completeness.last),
    quantity("completeness.least", "", |metrics| metrics.completeness.least),
    quantity("agreement.ratio", "", |metrics| metrics.agreement?.ratio),
    quantity("storage.p50", "bytes", |metrics| metrics.storage.map(|storage| storage.p50)),
    quantity("shards.mean", "", |metrics| metrics.shards.map(|shards| shards.mean)),
    quantity("adversaries.reach", "", |metrics| metrics.adversaries.as_ref()?.reach),
    quantity("adversaries.during", "", |metrics| metrics.adversaries.as_ref()?.during),
    quantity("adversaries.otherwise", "", |metrics| metrics.adversaries.as_ref()?.otherwise),
    quantity("adversaries.victims", "", |metrics| metrics.adversaries.as_ref()?.victims),
    quantity("forks[0].knew", "", |metrics| metrics.forks.first().map(|fork| f64::from(fork.knew))),
    quantity("forks[0].exposure.max_ms", "ms", |metrics| {
        metrics.forks.first()?.exposure.map(|curve| curve.max_ms)
    }),
    quantity("violations_total", "", |metrics| Some(metrics.violations_total as f64)),
    quantity("speed.events", "", |metrics| Some(metrics.speed.events as f64)),
    quantity("speed.virtual_per_wall", "", |metrics| Some(metrics.speed.virtual_per_wall)),
    quantity("speed.resident_bytes", "bytes", |metrics| Some(metrics.speed.resident_bytes as f64)),
];

impl Quantity {
    /// The quantity on both sides.
    pub fn row(&self, a: &Side, b: &Side) -> Row {
        row(self.name.to_owned(), self.unit, a, b, &|run| (self.of)(&run.metrics))
    }
}

/// Latencies of each group that a side has, but for the pairs of regions, which are too many to read.
pub fn groups(a: &Side, b: &Side) -> Vec<Row> {
    let latencies = a.runs.iter().chain(&b.runs).flat_map(|run| &run.metrics.latency);
    let kinds = ["all", "ring", "way", "late"];
    let shown = latencies.filter(|row| kinds.contains(&row.kind.as_str()));
    let named: BTreeSet<(&str, &str)> = shown.map(|row| (row.kind.as_str(), row.group.as_str())).collect();
    let mut rows = Vec::new();
    for (kind, group) in named {
        let part = |name: &str, of: fn(&crate::metrics::Curve) -> f64| {
            let find = |run: &Run| {
                let found = run.metrics.latency.iter().find(|row| row.kind == kind && row.group == group)?;
                Some(of(&found.curve))
            };
            let group = if kind == group { kind.to_owned() } else { format!("{kind}: {group}") };
            row(format!("latency[{group}].{name}"), "ms", a, b, &find)
        };
        rows.push(part("p50_ms", |curve| curve.p50_ms));
        rows.push(part("p95_ms", |curve| curve.p95_ms));
        rows.push(part("p99_ms", |curve| curve.p99_ms));
        rows.push(part("max_ms", |curve| curve.max_ms));
    }
    rows
}

fn row(name: String, unit: &str, a: &Side, b: &Side, of: &dyn Fn(&Run) -> Option<f64>) -> Row {
    let spread = |side: &Side| middle(side.runs.iter().filter_map(of));
    let range =
        |side: &Side| spread(side).filter(|_| side.runs.len() > 1).map(|spread| (spread.min, spread.max));
    let (in_a, in_b) = (spread(a).map(|spread| spread.p50), spread(b).map(|spread| spread.p50));
    let (a_range, b_range) = (range(a), range(b));
    let apart = a_range.zip(b_range).map(|(a, b)| a.1 < b.0 || b.1 < a.0);
    Row {
        name,
        unit: unit.to_owned(),
        a: in_a,
        b: in_b,
        a_range,
        b_range,
        difference: in_a.zip(in_b).map(|(a, b)| b - a),
        ratio: in_a.zip(in_b).filter(|(a, _)| *a != 0.0).map(|(a, b)| b / a),
        apart,
    }
}

/// Whether two runs have the same figures, tables included, but for what the runs cost.
pub fn equal(a: &Run, b: &Run) -> bool {
    let free = |run: &Run| {
        let mut metrics = Metrics {
            speed: Speed { events: run.metrics.speed.events, ..Speed::default() },
            tables: Tables::default(),
            ..run.metrics.clone()
        };
        metrics.tables = run.metrics.tables.clone();
        for row in &mut metrics.tables.series {
            row.resident_bytes = 0;
        }
        metrics
    };
    free(a) == free(b)
}
