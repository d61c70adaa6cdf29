//! A run in a few lines, for whoever started it.

use std::fmt::Write;

use starling_simulations::metrics::{Curve, Run};

use super::output::{bytes, count, span};

/// The figures that most people look for first.
pub fn text(run: &Run) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = lines(run, &mut text);
    text
}

fn lines(run: &Run, to: &mut String) -> std::fmt::Result {
    let metrics = &run.metrics;
    let Run { scenario, seed, nodes, layer, .. } = run;
    let layer = format!("{layer:?}").to_lowercase();
    writeln!(to, "{scenario}: {} nodes, seed {seed}, layer {layer}", count(u64::from(*nodes)))?;
    if !run.complete {
        writeln!(to, "  ended early, after {} of {}", seconds(run.virtual_s), seconds(run.span_s))?;
    }
    let delivery = &metrics.delivery;
    let (delivered, due) = (count(delivery.delivered), count(delivery.due));
    writeln!(to, "  delivered    {} of {due} ({})", delivered, part(delivery.ratio))?;
    let latency = metrics.latency.iter().find(|latency| latency.kind == "all");
    if let Some(Curve { p50_ms, p95_ms, p99_ms, max_ms, .. }) = latency.map(|latency| latency.curve) {
        writeln!(
            to,
            "  latency      p50 {p50_ms:.0} ms, p95 {p95_ms:.0} ms, p99 {p99_ms:.0} ms, most {max_ms:.0} ms"
        )?;
    }
    for heal in &metrics.heals {
        let (at, missing) = (seconds(heal.at_s), count(heal.missing));
        let whole = heal
            .nodes_whole
            .all_s
            .map_or("not all of it came".into(), |s| format!("all there after {s:.1} s"));
        writeln!(
            to,
            "  heal at {at:<5} {missing} posts were missing, {whole}, {} of sync",
            bytes(heal.sync_bytes)
        )?;
    }
    let traffic = &metrics.traffic;
    let each = |sum: u64| bytes(sum / u64::from(*nodes).max(1));
    let (payload, control, sync) =
        (each(traffic.bytes.payload), each(traffic.bytes.control), each(traffic.bytes.sync));
    writeln!(to, "  sent a node  {payload} payload, {control} control, {sync} sync")?;
    if let Some(duplicates) = traffic.duplicates_per_delivery {
        writeln!(to, "  duplicates   {duplicates:.2} for each delivery by gossip")?;
    }
    let speed = &metrics.speed;
    let (virtually, wall, rate) = (seconds(run.virtual_s), seconds(run.wall_s), speed.virtual_per_wall);
    let (events, held) = (count(speed.events_per_s as u64), bytes(speed.resident_bytes));
    writeln!(
        to,
        "  run          {virtually} in {wall} ({rate:.0}x real time), {events} events/s, {held} of memory"
    )?;
    let trace = run.trace_hash.as_deref().map_or("none kept", |hash| hash.get(..16).unwrap_or(hash));
    write!(to, "  trace        {trace}")
}

fn seconds(seconds: f64) -> String {
    span((seconds * 1e6) as u64)
}

fn part(ratio: Option<f64>) -> String {
    ratio.map_or("nothing was due".into(), |ratio| format!("{:.2} %", ratio * 100.0))
}
