//! How long deliveries took: curves, and a table of regions.

use super::{CURVES, Plot, colour, heading};
use crate::{
    metrics::{Latency, Run, tables::CdfRow},
    report::{
        chart::{Chart, Curve},
        format,
        frame::{Axis, Scale},
        matrix::Matrix,
    },
};

/// The points of a group's curve.
pub fn curve_of<'a>(
    rows: &'a [CdfRow],
    kind: &'a str,
    group: &'a str,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    rows.iter()
        .filter(move |row| row.kind == kind && row.group == group)
        .map(|row| (row.latency_ms, row.fraction))
}

/// Axes of a latency plot for curves between two times in milliseconds.
pub fn latency_axes(from: f64, to: f64) -> (Axis, Axis) {
    // Some room at the sides, and never less than a factor of ten: a curve of one value is a vertical line.
    let from = (from * 0.8).max(0.01).min(to / 4.0).max(0.001);
    let x = Axis {
        name: "time from signed to stored".to_owned(),
        scale: Scale::Log,
        from,
        to: (to * 1.25).max(from * 10.0),
        form: format::ms,
    };
    let y = Axis {
        name: "part of deliveries".to_owned(),
        scale: Scale::Linear,
        from: 0.0,
        to: 1.0,
        form: |part| format!("{:.0} %", part * 100.0),
    };
    (x, y)
}

/// Curves of the groups of some kinds.
pub fn latency(run: &Run, name: &'static str, title: &str, kinds: &[&str]) -> Option<Plot> {
    let rows = &run.metrics.tables.latency;
    let wanted = |row: &&Latency| kinds.contains(&row.kind.as_str());
    let mut groups: Vec<&Latency> = run.metrics.latency.iter().filter(wanted).collect();
    let all = groups.len();
    let mut title = title.to_owned();
    if all > CURVES {
        // Hops are a sequence: their beginning says more than the most frequent of them.
        if kinds != ["hops"] {
            groups.sort_by_key(|row| std::cmp::Reverse(row.curve.count));
        } else {
            groups.sort_by_key(|row| row.group.parse::<u32>().unwrap_or(u32::MAX));
        }
        groups.truncate(CURVES);
        title = match kinds {
            ["hops"] => format!("{title}, the first {CURVES} of {all}"),
            _ => format!("{title}, the {CURVES} most frequent of {all}"),
        };
    }
    let mut curves: Vec<Curve> = Vec::new();
    let mut said = Vec::new();
    for (place, row) in groups.iter().enumerate() {
        let label = match row.kind.as_str() {
            "late" => "late: not always running".to_owned(),
            "phase" => format!("posted in {}", row.group),
            "hops" if row.group == "1" => "1 hop".to_owned(),
            "hops" => format!("{} hops", row.group),
            "way" => format!("by {}", row.group),
            _ => row.group.clone(),
        };
        let label = format!("{label} ({})", format::count(row.curve.count));
        said.push(format!(
            "{label}: half within {}, 99 in 100 within {}, all within {}",
            format::ms(row.curve.p50_ms),
            format::ms(row.curve.p99_ms),
            format::ms(row.curve.max_ms)
        ));
        curves.push(Curve {
            steps: true,
            ..Curve::new(label, colour(place), curve_of(rows, &row.kind, &row.group))
        });
    }
    let times = || curves.iter().flat_map(|curve| curve.points.iter().flatten().map(|(x, _)| *x));
    let (from, to) = (times().min_by(f64::total_cmp)?, times().max_by(f64::total_cmp)?);
    let (x, y) = latency_axes(from, to);
    let scene = Chart { heading: heading(run, &title), x, y, curves, shades: Vec::new() }.scene();
    Some(Plot { name, title, alt: format!("Cumulative distribution. {}.", said.join("; ")), scene })
}

/// Few pairs of regions are curves; many are a table in colours.
pub fn regions(run: &Run) -> Option<Plot> {
    let title = "Delivery latency by regions of author and node";
    let pairs: Vec<&Latency> = run.metrics.latency.iter().filter(|row| row.kind == "regions").collect();
    if pairs.len() <= CURVES {
        return latency(run, "latency-regions", title, &["regions"]);
    }
    let p95 = |from: &String, to: &String| {
        let group = format!("{from} to {to}");
        pairs.iter().find(|row| row.group == group).map(|row| row.curve.p95_ms)
    };
    let values = run.regions.iter().map(|from| run.regions.iter().map(|to| p95(from, to)).collect());
    let title = format!("{title}: 95 in 100 within");
    let slowest = pairs.iter().max_by(|a, b| a.curve.p95_ms.total_cmp(&b.curve.p95_ms))?;
    let fastest = pairs.iter().min_by(|a, b| a.curve.p95_ms.total_cmp(&b.curve.p95_ms))?;
    let alt = format!(
        "A table of regions in colours. 95 in 100 deliveries within: {} from {} at the least, {} from {} at the most.",
        format::ms(fastest.curve.p95_ms),
        fastest.group,
        format::ms(slowest.curve.p95_ms),
        slowest.group
    );
    let matrix = Matrix {
        heading: heading(run, &title),
        names: run.regions.clone(),
        sides: ("author in".to_owned(), "node in".to_owned()),
        values: values.collect(),
        form: format::ms,
    };
    Some(Plot { name: "latency-regions", title, alt, scene: matrix.scene() })
}
