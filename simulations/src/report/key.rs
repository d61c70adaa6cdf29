//! The figures that a reader looks at first.

use super::format::{bytes, count, ms, number, percent, seconds, some};
use crate::metrics::Run;

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// Its value, with its unit.
    pub value: String,
    /// What exactly is counted.
    pub note: &'static str,
}

fn figure(name: impl Into<String>, value: impl Into<String>, note: &'static str) -> Figure {
    Figure { name: name.into(), value: value.into(), note }
}

/// The figures of a run.
pub fn figures(run: &Run) -> Vec<Figure> {
    let metrics = &run.metrics;
    let delivery = &metrics.delivery;
    let of = |part: u64, all: u64| format!("{} of {}", count(part), count(all));
    let mut figures = vec![
        figure(
            "delivered, of what was due",
            format!("{} ({})", some(delivery.ratio, percent), of(delivery.delivered, delivery.due)),
            "posts to honest followers that ran for 30 s without a break afterwards",
        ),
        figure(
            "delivered, of all",
            format!("{} ({})", some(delivery.all_ratio, percent), of(delivery.all_delivered, delivery.all)),
            "posts to honest followers, whether or not they ever ran again",
        ),
    ];
    if let Some(row) = metrics.latency.iter().find(|row| row.kind == "ring" && row.group == "follower") {
        let curve = &row.curve;
        let value = format!("{} / {} / {}", ms(curve.p50_ms), ms(curve.p95_ms), ms(curve.p99_ms));
        figures.push(figure(
            "latency to followers, p50 / p95 / p99",
            value,
            "of nodes that ran all the time",
        ));
        figures.push(figure(
            "latency to followers, longest",
            ms(curve.max_ms),
            "of nodes that ran all the time",
        ));
    }
    let traffic = &metrics.traffic;
    figures.push(figure(
        "duplicates per delivery",
        some(traffic.duplicates_per_delivery, number),
        "copies of gossiped frames after the first",
    ));
    figures.push(figure(
        "overhead per delivered byte",
        some(traffic.overhead, number),
        "bytes sent beyond the first copy of each frame, for each byte of it",
    ));
    if let Some(sent) = traffic.sent_per_node {
        let value = format!("{} / {}", bytes(sent.p50), bytes(sent.p95));
        figures.push(figure("bytes sent per node, p50 / p95", value, "over the whole run"));
    }
    if metrics.mesh.formed > 0 {
        figures.push(figure(
            "90 % of nodes in a mesh after",
            some(metrics.mesh.until_90_percent_s, seconds),
            "a mesh of five, or of all others, in the shard of its own posts",
        ));
    }
    for (place, heal) in metrics.heals.iter().enumerate().take(3) {
        let which =
            if metrics.heals.len() > 1 { format!("heal {}: ", place + 1) } else { "heal: ".to_owned() };
        let never = |until: Option<f64>| until.map_or("not reached".to_owned(), seconds);
        let whole = &heal.nodes_whole;
        figures.push(figure(
            format!("{which}99 % / all nodes whole after"),
            format!("{} / {}", never(whole.p99_s), never(whole.all_s)),
            "honest nodes that hold everything from before the heal of those they follow",
        ));
        let ratio = some(heal.bytes_ratio, |ratio| format!("{} times", number(ratio)));
        figures.push(figure(
            format!("{which}sync bytes, beside the least"),
            format!("{} ({ratio})", bytes(heal.sync_bytes as f64)),
            "bytes of all sync sessions until everything was there; the least is missing entries times their size",
        ));
    }
    if let Some(catch_up) = &metrics.catch_up {
        let value = format!("{} / {}", ms(catch_up.p50_ms), ms(catch_up.p99_ms));
        figures.push(figure("caught up after a start, p50 / p99", value, "nodes that missed something"));
    }
    figures.push(figure(
        "completeness, last / least",
        format!(
            "{} / {}",
            some(metrics.completeness.last, percent),
            some(metrics.completeness.least, percent)
        ),
        "of posts older than 30 s, at followers that run",
    ));
    if let Some(agreement) = metrics.agreement {
        let value =
            format!("{} ({})", some(agreement.ratio, percent), of(agreement.agreeing, agreement.pairs));
        figures.push(figure(
            "followers that agree at the end",
            value,
            "on the newest of each log of an author",
        ));
    }
    if let Some(storage) = metrics.storage {
        let value = format!("{} / {}", bytes(storage.p50), bytes(storage.max));
        figures.push(figure("store of a node, p50 / largest", value, "at the end"));
    }
    if let Some(shards) = metrics.shards {
        let value = format!("{} / {} / {}", number(shards.min), number(shards.p50), number(shards.max));
        figures.push(figure("shards of a node, least / p50 / most", value, "at the end"));
    }
    if let Some(found) = &metrics.adversaries {
        let reach = of(u64::from(found.reached), u64::from(found.honest));
        figures.push(figure(
            "adversaries reached",
            format!("{reach} honest nodes"),
            "that stored one of their entries",
        ));
        let value = format!("{} / {}", some(found.during, percent), some(found.otherwise, percent));
        figures.push(figure("delivered during attacks / otherwise", value, "of what was due"));
    }
    for fork in metrics.forks.iter().take(3) {
        let knew = of(u64::from(fork.knew), u64::from(fork.of));
        let last = fork.exposure.map_or("–".to_owned(), |exposure| ms(exposure.max_ms));
        let name = format!("fork of node {}: known to / after", fork.author);
        figures.push(figure(
            name,
            format!("{knew} / {last}"),
            "honest nodes, and until the last of them knew",
        ));
    }
    let speed = &metrics.speed;
    figures.push(figure(
        "speed",
        format!("{} × real time", number(speed.virtual_per_wall)),
        "virtual time for the time that it took",
    ));
    figures.push(figure("events per second", number(speed.events_per_s), "inputs of engines"));
    let memory =
        format!("{} ({} a node)", bytes(speed.resident_bytes as f64), bytes(speed.resident_bytes_per_node));
    figures.push(figure("memory of the simulator", memory, "the most at a sample"));
    figures.push(figure("violations", count(metrics.violations_total), "invariants that did not hold"));
    figures
}
