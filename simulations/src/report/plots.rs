//! Which plots a run is given, out of its files alone.

mod heals;
mod latency;
mod nodes;
mod series;

pub use latency::{curve_of, latency_axes};

use super::{
    format,
    frame::Heading,
    scene::{COLOURS, Colour, INK, Scene},
};
use crate::metrics::Run;

/// Curves that one plot can hold and still be read.
const CURVES: usize = 6;

/// A plot.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Its file's name without the ending.
    pub name: &'static str,
    /// What it shows.
    pub title: String,
    /// The same in words and figures, for those who do not see it.
    pub alt: String,
    /// The picture.
    pub scene: Scene,
}

/// What every plot names: scenario, seed, layer, version.
pub fn source(run: &Run) -> String {
    let partial = if run.complete { "" } else { " · ended early" };
    format!(
        "{} · seed {} · {} layer · {} nodes · {} · version {}{partial}",
        run.scenario,
        run.seed,
        layer(run),
        format::count(u64::from(run.nodes)),
        format::seconds(run.virtual_s),
        run.version,
    )
}

/// The layer's name.
pub fn layer(run: &Run) -> &'static str {
    match run.layer {
        crate::control::Layer::Model => "model",
        crate::control::Layer::Real => "real",
    }
}

/// All plots of a run that it has data for.
pub fn plots(run: &Run) -> Vec<Plot> {
    let plots = [
        latency::latency(run, "latency-rings", "Delivery latency by ring", &["ring", "late"]),
        latency::regions(run),
        latency::latency(run, "latency-hops", "Delivery latency by hops of gossip", &["hops"]),
        latency::latency(
            run,
            "latency-ways",
            "Delivery latency by what brought the post, and when it was posted",
            &["way", "phase"],
        ),
        series::completeness(run),
        heals::heals(run),
        series::series(
            run,
            "nodes",
            "Nodes that run",
            "nodes",
            format::number,
            &[("running", &|row| Some(f64::from(row.running)))],
        ),
        series::neighbours(run),
        series::duplicates(run),
        series::traffic(run),
        nodes::bytes(run),
        series::series(
            run,
            "storage",
            "Bytes of all stores",
            "bytes",
            format::bytes,
            &[("stored", &|row| Some(row.stored_bytes as f64))],
        ),
        nodes::delivery_map(run),
        nodes::latency_map(run),
    ];
    plots.into_iter().flatten().collect()
}

fn heading(run: &Run, title: &str) -> Heading {
    Heading { title: title.to_owned(), source: source(run), legend: Vec::new() }
}

fn colour(place: usize) -> Colour {
    COLOURS.get(place).copied().unwrap_or(INK)
}
