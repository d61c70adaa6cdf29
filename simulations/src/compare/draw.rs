//! The curves of both sides in one plot.

use std::{fs, path::Path};

use super::{Comparison, Side};
use crate::{
    metrics,
    report::{
        Error,
        chart::{Chart, Curve},
        frame::Heading,
        plots::{curve_of, latency_axes},
        png, scene,
    },
};

/// Draws the latency curves of both sides, over all their runs, into a directory that is made if need be: as SVG and
/// as PNG. Nothing if neither side has any.
///
/// # Errors
/// If a file cannot be written.
pub fn draw(
    a: &Side,
    b: &Side,
    comparison: &Comparison,
    dir: &Path,
) -> Result<Vec<std::path::PathBuf>, Error> {
    let mut curves = Vec::new();
    let shown = [(a, "A", scene::COLOURS[0]), (b, "B", scene::COLOURS[1])];
    for (side, name, colour) in shown {
        let layer = side.setup(|run| crate::report::plots::layer(run).to_owned());
        let seed = side.setup(|run| run.seed.to_string());
        for (place, run) in side.runs.iter().enumerate() {
            let points = curve_of(&run.metrics.tables.latency, "ring", "follower");
            // One name for all curves of a side: the legend has an entry for each named curve.
            let name = if place == 0 { format!("{name}: {layer} layer, seed {seed}") } else { String::new() };
            curves.push(Curve { steps: true, ..Curve::new(name, colour, points) });
        }
    }
    let times = || curves.iter().flat_map(|curve| curve.points.iter().flatten().map(|(x, _)| *x));
    let (Some(from), Some(to)) = (times().min_by(f64::total_cmp), times().max_by(f64::total_cmp)) else {
        return Ok(Vec::new());
    };
    let (x, y) = latency_axes(from, to);
    let version = a.setup(|run| run.version.clone());
    let title = "Delivery latency to followers, side by side".to_owned();
    let heading = Heading {
        title: title.clone(),
        source: format!(
            "{} · version {version} · {} and {} runs",
            comparison.scenario,
            a.runs.len(),
            b.runs.len()
        ),
        legend: Vec::new(),
    };
    let picture = Chart { heading, x, y, curves, shades: Vec::new() }.scene();
    let middle = |name: &str| {
        let row = comparison.rows.iter().find(|row| row.name == name);
        let form = |value: Option<f64>| crate::report::format::some(value, crate::report::format::ms);
        row.map_or(String::new(), |row| format!("A {}, B {}", form(row.a), form(row.b)))
    };
    let alt = format!(
        "Cumulative distribution. Half within: {}. 99 in 100 within: {}.",
        middle("latency[ring: follower].p50_ms"),
        middle("latency[ring: follower].p99_ms")
    );
    fs::create_dir_all(dir).map_err(|error| Error::Io { path: dir.to_owned(), error })?;
    let svg = picture.svg("compare", &title, &alt)?;
    metrics::whole(dir, "compare.svg", scene::alone(&svg).as_bytes())?;
    Ok(vec![dir.join("compare.svg"), png(&picture, dir, "compare")?])
}
