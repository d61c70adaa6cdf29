//! What changed over time.

use super::{Plot, colour, heading};
use crate::{
    metrics::{Run, SeriesRow},
    report::{
        chart::{Chart, Curve, Shade, time_axis, unit_of},
        format,
        frame::{Axis, Scale},
        scene::{COLOURS, Colour},
    },
};

/// A value of a sample, if it has one.
type Value<'a> = &'a dyn Fn(&SeriesRow) -> Option<f64>;

fn shades(run: &Run, per: f64) -> Vec<Shade> {
    let shade = |phase: &crate::metrics::Phase| Shade {
        name: phase.name.clone(),
        from: phase.from_s / per,
        to: phase.to_s.min(run.virtual_s) / per,
    };
    run.phases.iter().filter(|phase| phase.from_s < run.virtual_s).map(shade).collect()
}

/// A plot over time of values that are never negative.
pub fn series(
    run: &Run,
    name: &'static str,
    title: &str,
    unit: &str,
    form: fn(f64) -> String,
    values: &[(&str, Value<'_>)],
) -> Option<Plot> {
    let rows = &run.metrics.tables.series;
    let last = rows.last()?;
    let per = unit_of(0.0, last.at_s);
    let mut said = Vec::new();
    let mut curves = Vec::new();
    let mut top = 0.0f64;
    for (place, (name, value)) in values.iter().enumerate() {
        let points: Vec<_> = rows.iter().filter_map(|row| Some((row.at_s / per, value(row)?))).collect();
        let highest = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let Some((_, latest)) = points.last().copied() else { continue };
        top = top.max(highest);
        said.push(format!("{name}: at the end {}, at most {}", form(latest), form(highest)));
        // A single curve is what the title says.
        let legend = if values.len() > 1 { *name } else { "" };
        curves.push(Curve::new(legend, colour(place), points));
    }
    if top == 0.0 {
        return None;
    }
    let y = Axis { name: unit.to_owned(), scale: Scale::Linear, from: 0.0, to: top * 1.08, form };
    let chart = Chart {
        heading: heading(run, title),
        x: time_axis("virtual time", 0.0, last.at_s),
        y,
        curves,
        shades: shades(run, per),
    };
    Some(Plot {
        name,
        title: title.to_owned(),
        alt: format!("Over time. {}.", said.join("; ")),
        scene: chart.scene(),
    })
}

/// How much of what was posted a while ago has arrived.
pub fn completeness(run: &Run) -> Option<Plot> {
    let rows = &run.metrics.tables.series;
    let last = rows.last()?;
    let per = unit_of(0.0, last.at_s);
    let curve = |name: &str, colour, wide, value: &dyn Fn(&SeriesRow) -> Option<f64>| Curve {
        name: name.to_owned(),
        colour,
        points: rows.iter().map(|row| value(row).map(|part| (row.at_s / per, part))).collect(),
        wide,
        steps: false,
    };
    let curves = vec![
        curve("all followers", COLOURS[1], 11.0, &|row| row.completeness_all),
        curve("followers that run", COLOURS[0], 4.0, &|row| row.completeness),
    ];
    let least = curves.iter().flat_map(|curve| curve.points.iter().flatten().map(|(_, part)| *part));
    let least = least.min_by(f64::total_cmp)?;
    // From zero, unless all of it happens close to the top: then the axis says so by its marks.
    let from = if least > 0.9 { (least * 50.0).floor() / 50.0 - 0.02 } else { 0.0 };
    let y = Axis {
        name: "part delivered".to_owned(),
        scale: Scale::Linear,
        from,
        to: 1.0,
        form: |part| format!("{} %", format::number(part * 100.0)),
    };
    let title = "Completeness of timelines: posts older than 30 s";
    let x = time_axis("virtual time", 0.0, last.at_s);
    let chart = Chart { heading: heading(run, title), x, y, curves, shades: shades(run, per) };
    let alt = format!(
        "Over time. Of followers that run: at the end {}, at least {}. Of all followers: at the end {}.",
        format::some(run.metrics.completeness.last, format::percent),
        format::some(run.metrics.completeness.least, format::percent),
        format::some(run.metrics.completeness.last_all, format::percent)
    );
    Some(Plot { name: "completeness", title: title.to_owned(), alt, scene: chart.scene() })
}

/// Connections, meshes and shards.
pub fn neighbours(run: &Run) -> Option<Plot> {
    let each = |count: u32, row: &SeriesRow| f64::from(count) / f64::from(row.running.max(1));
    series(
        run,
        "neighbours",
        "Connections, mesh links and shards of a node that runs",
        "mean per node",
        format::number,
        &[
            // Both ends of a connection have it.
            ("connections", &|row| Some(2.0 * each(row.connections, row))),
            ("mesh links", &|row| Some(each(row.mesh_links, row))),
            ("shards", &|row| Some(each(row.shards, row))),
        ],
    )
}

/// How often frames come again.
pub fn duplicates(run: &Run) -> Option<Plot> {
    let title = "Gossiped frames that came again, for each that came first";
    series(
        run,
        "duplicates",
        title,
        "duplicates per first copy",
        format::number,
        &[("duplicates", &|row| (row.firsts > 0).then(|| row.duplicates as f64 / row.firsts as f64))],
    )
}

/// The kinds of traffic, in their colours.
pub fn kinds() -> [(String, Colour); 3] {
    [("payload".to_owned(), COLOURS[0]), ("control".to_owned(), COLOURS[4]), ("sync".to_owned(), COLOURS[2])]
}

/// Bytes by kind.
pub fn traffic(run: &Run) -> Option<Plot> {
    let rows = &run.metrics.tables.series;
    let last = rows.last()?;
    let per = unit_of(0.0, last.at_s);
    let mut curves = Vec::new();
    let mut top = 0.0f64;
    for (place, (name, colour)) in kinds().into_iter().enumerate() {
        let mut before = 0.0;
        let mut points = Vec::new();
        for row in rows {
            let bytes = [row.payload_bytes, row.control_bytes, row.sync_bytes][place] as f64;
            let rate = bytes / (row.at_s - before).max(1e-6) / f64::from(row.running.max(1));
            if row.at_s > before {
                points.push((row.at_s / per, rate));
                top = top.max(rate);
            }
            before = row.at_s;
        }
        curves.push(Curve::new(name, colour, points));
    }
    if top == 0.0 {
        return None;
    }
    let title = "Bytes that a node sends in a second";
    let y = Axis {
        name: "bytes/s per node".to_owned(),
        scale: Scale::Linear,
        from: 0.0,
        to: top * 1.08,
        form: format::bytes,
    };
    let x = time_axis("virtual time", 0.0, last.at_s);
    let chart = Chart { heading: heading(run, title), x, y, curves, shades: shades(run, per) };
    let sum = &run.metrics.traffic.bytes;
    let alt = format!(
        "Over time, by kind. In all: payload {}, control {}, sync {}.",
        format::bytes(sum.payload as f64),
        format::bytes(sum.control as f64),
        format::bytes(sum.sync as f64)
    );
    Some(Plot { name: "traffic", title: title.to_owned(), alt, scene: chart.scene() })
}
