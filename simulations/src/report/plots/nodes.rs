//! Every node: what it sent, and on a map what reached it.

use super::{Plot, heading, series::kinds};
use crate::{
    metrics::{NodeRow, Run},
    report::{
        bars::Bars,
        format,
        map::{DOTS, Dot, Map},
    },
};

/// Bytes that each node sent.
pub fn bytes(run: &Run) -> Option<Plot> {
    let rows = &run.metrics.tables.nodes;
    let parts = |row: &NodeRow| vec![row.sent_payload as f64, row.sent_control as f64, row.sent_sync as f64];
    let values: Vec<_> = rows.iter().filter(|row| row.started_s.is_some()).map(parts).collect();
    if values.iter().flatten().sum::<f64>() == 0.0 {
        return None;
    }
    let title = "Bytes that each node sent";
    let each = run.metrics.traffic.sent_per_node.unwrap_or_default();
    let alt = format!(
        "Stacked bars, nodes in the order of their bytes. Honest nodes sent {} at the least, {} in the middle, {} at the most.",
        format::bytes(each.min),
        format::bytes(each.p50),
        format::bytes(each.max)
    );
    let bars =
        Bars { heading: heading(run, title), parts: kinds().into(), name: "bytes sent".to_owned(), values };
    Some(Plot { name: "bytes", title: title.to_owned(), alt, scene: bars.scene() })
}

/// A map of nodes by a value: `ends` are the values at both ends of the colours.
fn map(
    run: &Run,
    name: &'static str,
    title: &str,
    form: fn(f64) -> String,
    value: &dyn Fn(&NodeRow) -> Option<f64>,
    ends: (f64, f64),
) -> Plot {
    let region = |name: &str| run.regions.iter().position(|region| region == name).unwrap_or(0);
    let wide = (ends.1 - ends.0).max(f64::MIN_POSITIVE);
    let dot = |row: &NodeRow| Dot {
        region: region(&row.region),
        value: value(row).map(|value| (value - ends.0) / wide),
        marked: row.role != "honest",
    };
    let dots: Vec<Dot> = run.metrics.tables.nodes.iter().map(dot).collect();
    let every = dots.len().div_ceil(DOTS).max(1);
    let title = if every > 1 { format!("{title} (every {every}th node)") } else { title.to_owned() };
    let alt = format!(
        "A dot for each node, together by region, coloured from {} to {}.",
        form(ends.0),
        form(ends.1)
    );
    let map = Map {
        heading: heading(run, &title),
        regions: run.regions.clone(),
        dots,
        ends: (form(ends.0), form(ends.1)),
        mark: "does not keep to the rules".to_owned(),
    };
    Plot { name, title, alt, scene: map.scene() }
}

/// Nodes by what they got.
pub fn delivery_map(run: &Run) -> Option<Plot> {
    let value = |row: &NodeRow| (row.due > 0).then(|| row.delivered as f64 / row.due as f64);
    let least = run.metrics.tables.nodes.iter().filter_map(value).min_by(f64::total_cmp)?;
    let low = if least < 1.0 { least } else { 0.99 };
    Some(map(
        run,
        "map-delivery",
        "Part of the posts due to a node that it has",
        format::percent,
        &value,
        (low, 1.0),
    ))
}

/// Nodes by how long it took.
pub fn latency_map(run: &Run) -> Option<Plot> {
    let value = |row: &NodeRow| row.latency_mean_ms;
    let mut values: Vec<f64> = run.metrics.tables.nodes.iter().filter_map(value).collect();
    values.sort_by(f64::total_cmp);
    // A single straggler does not paint all others in one colour.
    let low = *values.get(values.len() / 50)?;
    let high = *values.get(values.len() - 1 - values.len() / 50)?;
    let title = "Mean latency of what reaches a node while it runs";
    Some(map(run, "map-latency", title, format::ms, &value, (low, high.max(low * 1.01))))
}
