//! How a network becomes whole again.

use std::collections::BTreeMap;

use super::{CURVES, Plot, colour, heading};
use crate::{
    metrics::Run,
    report::{
        chart::{Chart, Curve, time_axis, unit_of},
        format,
        frame::{Axis, Scale},
    },
};

/// What arrived when, after each heal.
pub fn heals(run: &Run) -> Option<Plot> {
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
            let after = |until: Option<f64>| {
                until.map_or("never".to_owned(), |after| format!("after {}", format::seconds(after)))
            };
            said.push(format!(
                "{} posts were missing at {} nodes{which}; half of them arrived {}, all {}",
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
