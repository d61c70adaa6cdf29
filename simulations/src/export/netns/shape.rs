//! Delays and losses of a plan in the words of `tc netem`, which knows fewer distributions.

use crate::plan::{Links, Plan, SEC, Spread};

/// Bytes of a packet on the wire, as netem counts its queue in packets.
const PACKET: u64 = 1_500;
/// Packets that may be on a wire at least: acknowledgements are small, and count as one each.
const QUEUE: u64 = 1_000;

/// A delay as netem has it: around a mean, so wide, so shaped.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Delay {
    mean: f64,
    width: f64,
    /// Netem's own word; none for a uniform distribution.
    shape: Option<&'static str>,
    /// Whether that is what the plan has.
    exact: bool,
}

fn delay(spread: Spread) -> Delay {
    let of = |mean, width, shape, exact| Delay { mean, width, shape, exact };
    match spread {
        Spread::Fixed(value) => of(value, 0.0, None, true),
        Spread::Uniform(from, to) => of((from + to) / 2.0, (to - from) / 2.0, None, true),
        Spread::Normal(mean, sd) => of(mean, sd, Some("normal"), true),
        Spread::LogNormal(median, sigma) => {
            let mean = median * (sigma * sigma / 2.0).exp();
            of(mean, mean * ((sigma * sigma).exp() - 1.0).sqrt(), Some("paretonormal"), false)
        }
        Spread::Exponential(mean) => of(mean, mean, Some("pareto"), false),
        Spread::Pareto(least, shape) => {
            // Where mean or width are without bounds, those of a shape that has them.
            let shape = shape.max(2.1);
            let mean = shape * least / (shape - 1.0);
            of(mean, mean / (shape * (shape - 2.0)).sqrt(), Some("pareto"), false)
        }
        Spread::Weibull(scale, shape) => {
            // By its quantiles, which is as close as netem's own tables are.
            let steps = 1_000;
            let quantile =
                |step| (-(1.0 - (f64::from(step) + 0.5) / f64::from(steps)).ln()).powf(1.0 / shape);
            let mean = (0..steps).map(quantile).sum::<f64>() / f64::from(steps);
            let square = (0..steps).map(|step| quantile(step).powi(2)).sum::<f64>() / f64::from(steps);
            of(scale * mean, scale * (square - mean * mean).max(0.0).sqrt(), Some("paretonormal"), false)
        }
    }
}

fn sum(one: Delay, other: Delay) -> Delay {
    let (shape, exact) = match (one.width > 0.0, other.width > 0.0) {
        (_, false) => (one.shape, one.exact),
        (false, true) => (other.shape, other.exact),
        (true, true) => (Some("normal"), one.shape == Some("normal") && other.shape == one.shape),
    };
    Delay { mean: one.mean + other.mean, width: one.width.hypot(other.width), shape, exact }
}

fn between(links: &Links, from: usize, to: usize) -> Delay {
    let base = links.latency.get(from).and_then(|row| row.get(to)).copied();
    sum(delay(base.unwrap_or(Spread::Fixed(0.0))), delay(links.jitter))
}

/// The mean delay from a region to a region, in microseconds, and whether it varies.
pub(in crate::export) fn mean(links: &Links, from: usize, to: usize) -> (f64, bool) {
    let delay = between(links, from, to);
    (delay.mean, delay.width > 0.0)
}

/// The arguments of netem from a region to a region.
pub(super) fn netem(plan: &Plan, from: usize, to: usize) -> String {
    let links = &plan.links;
    let delay = between(links, from, to);
    let up = plan.nodes.iter().filter(|node| usize::from(node.region) == from).map(|node| node.up_bps).max();
    let up = up.unwrap_or(0).max(1_000);
    // What is on the wire waits in netem, beside what waits for the wire.
    let flying = (delay.mean + 3.0 * delay.width) as u64 * (up / 8) / SEC;
    let limit = (links.queue_bytes.saturating_add(flying) / PACKET).clamp(QUEUE, u64::from(u32::MAX));
    let mut text = format!("limit {limit} delay {}us", delay.mean.round().max(0.0));
    if delay.width >= 1.0 {
        text += &format!(" {}us", delay.width.round());
        if let Some(shape) = delay.shape {
            text += &format!(" distribution {shape}");
        }
    }
    if links.loss > 0.0 {
        text += &format!(" loss {:.4}%", links.loss.min(1.0) * 100.0);
    }
    // With a rate netem keeps packets in their order, as a wire does, however the delay varies.
    text + &format!(" rate {up}bit")
}

/// What netem cannot say of these links.
pub(super) fn losses(links: &Links) -> Vec<String> {
    let regions = links.latency.len();
    let inexact = (0..regions)
        .flat_map(|from| (0..regions).map(move |to| (from, to)))
        .filter(|(from, to)| !between(links, *from, *to).exact)
        .count();
    if inexact == 0 {
        return Vec::new();
    }
    vec![format!(
        "the delays of {inexact} pairs of regions have their mean and width here, but one of netem's own shapes"
    )]
}
