//! Which plots a run is given, out of its files alone.

use std::collections::BTreeMap;

use super::{
    bars::Bars,
    chart::{Chart, Curve, Shade, time_axis, unit_of},
    format,
    frame::{Axis, Heading, Scale},
    map::{Dot, Map},
    scene::{COLOURS, Colour, INK, Scene},
};
use crate::metrics::{Latency, Run, SeriesRow, tables::CdfRow};

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
        latency(run, "latency-rings", "Delivery latency by ring", &["ring", "late"]),
        latency(run, "latency-regions", "Delivery latency by regions of author and node", &["regions"]),
        latency(run, "latency-hops", "Delivery latency by hops of gossip", &["hops"]),
        latency(
            run,
            "latency-ways",
            "Delivery latency by what brought the post, and when it was posted",
            &["way", "phase"],
        ),
        completeness(run),
        heals(run),
        series(
            run,
            "nodes",
            "Nodes that run",
            "nodes",
            format::number,
            &[("running", &|row| Some(f64::from(row.running)))],
        ),
        neighbours(run),
        duplicates(run),
        traffic(run),
        bytes(run),
        series(
            run,
            "storage",
            "Bytes of all stores",
            "bytes",
            format::bytes,
            &[("stored", &|row| Some(row.stored_bytes as f64))],
        ),
        delivery_map(run),
        latency_map(run),
    ];
    plots.into_iter().flatten().collect()
}

fn heading(run: &Run, title: &str) -> Heading {
    Heading { title: title.to_owned(), source: source(run), legend: Vec::new() }
}

fn colour(place: usize) -> Colour {
    COLOURS.get(place).copied().unwrap_or(INK)
}

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

fn latency(run: &Run, name: &'static str, title: &str, kinds: &[&str]) -> Option<Plot> {
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
fn series(
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

fn completeness(run: &Run) -> Option<Plot> {
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

fn heals(run: &Run) -> Option<Plot> {
    let mut steps: BTreeMap<u32, Vec<(f64, f64, f64)>> = BTreeMap::new();
    for row in &run.metrics.tables.heals {
        steps.entry(row.heal).or_default().push((row.after_s, row.nodes_whole, row.posts_arrived));
    }
    let missed = |heal: u32| run.metrics.heals.get(heal as usize).is_some_and(|heal| heal.missing > 0);
    steps.retain(|heal, _| missed(*heal));
    let all = steps.len();
    let longest = steps.values().flatten().map(|(after, ..)| *after).fold(0.0, f64::max);
    if all == 0 || longest == 0.0 {
        return None;
    }
    let per = unit_of(0.0, longest);
    let mut curves = Vec::new();
    let mut said = Vec::new();
    // Two curves a heal; of a flapping network the first heals.
    for (heal, steps) in steps.iter().take(CURVES / 2) {
        let place = curves.len();
        let which = if all == 1 { String::new() } else { format!(", heal {}", heal + 1) };
        let nodes = steps.iter().map(|(after, nodes, _)| (after / per, *nodes));
        let posts = steps.iter().map(|(after, _, posts)| (after / per, *posts));
        let mut curve = Curve { steps: true, wide: 11.0, ..Curve::new(String::new(), colour(place), posts) };
        curve.name = format!("missing posts that arrived{which}");
        curves.push(curve);
        let mut curve = Curve { steps: true, ..Curve::new(String::new(), colour(place + 1), nodes) };
        curve.name = format!("nodes that have everything{which}");
        curves.push(curve);
        if let Some(heal) = run.metrics.heals.get(*heal as usize) {
            let after = |until: Option<f64>| until.map_or("never".to_owned(), format::seconds);
            said.push(format!(
                "{} posts were missing at {} nodes{which}; half of them arrived after {}, all after {}",
                format::count(heal.missing),
                format::count(u64::from(heal.behind)),
                after(heal.posts_arrived.p50_s),
                after(heal.posts_arrived.all_s)
            ));
        }
    }
    let mut title = "After the heal: who has what was posted before".to_owned();
    if all > CURVES / 2 {
        title = format!("{title}, the first {} of {all} heals", CURVES / 2);
    }
    let y = Axis {
        name: "part".to_owned(),
        scale: Scale::Linear,
        from: 0.0,
        to: 1.0,
        form: |part| format!("{:.0} %", part * 100.0),
    };
    let x = time_axis("time after the heal", 0.0, longest * 1.05);
    let chart = Chart { heading: heading(run, &title), x, y, curves, shades: Vec::new() };
    Some(Plot {
        name: "heals",
        title,
        alt: format!("Over time after the heal. {}.", said.join("; ")),
        scene: chart.scene(),
    })
}

fn neighbours(run: &Run) -> Option<Plot> {
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

fn duplicates(run: &Run) -> Option<Plot> {
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

fn traffic(run: &Run) -> Option<Plot> {
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

fn bytes(run: &Run) -> Option<Plot> {
    let rows = &run.metrics.tables.nodes;
    let parts = |row: &crate::metrics::NodeRow| {
        vec![row.sent_payload as f64, row.sent_control as f64, row.sent_sync as f64]
    };
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
    value: &dyn Fn(&crate::metrics::NodeRow) -> Option<f64>,
    ends: (f64, f64),
) -> Plot {
    let region = |name: &str| run.regions.iter().position(|region| region == name).unwrap_or(0);
    let wide = (ends.1 - ends.0).max(f64::MIN_POSITIVE);
    let dot = |row: &crate::metrics::NodeRow| Dot {
        region: region(&row.region),
        value: value(row).map(|value| (value - ends.0) / wide),
        marked: row.role != "honest",
    };
    let dots: Vec<Dot> = run.metrics.tables.nodes.iter().map(dot).collect();
    let every = dots.len().div_ceil(super::map::DOTS).max(1);
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

fn delivery_map(run: &Run) -> Option<Plot> {
    let value = |row: &crate::metrics::NodeRow| (row.due > 0).then(|| row.delivered as f64 / row.due as f64);
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

fn latency_map(run: &Run) -> Option<Plot> {
    let value = |row: &crate::metrics::NodeRow| row.latency_mean_ms;
    let mut values: Vec<f64> = run.metrics.tables.nodes.iter().filter_map(value).collect();
    values.sort_by(f64::total_cmp);
    // A single straggler does not paint all others in one colour.
    let low = *values.get(values.len() / 50)?;
    let high = *values.get(values.len() - 1 - values.len() / 50)?;
    let title = "Mean latency of what reaches a node while it runs";
    Some(map(run, "map-latency", title, format::ms, &value, (low, high.max(low * 1.01))))
}
