//! A run in a terminal of 80 columns.

use textplots::{Chart, Plot as _, Shape};

use super::{
    format,
    key::{self, Figure},
    plots::{curve_of, source},
};
use crate::metrics::Run;

/// Dots across: two to a column, with room for the labels beside the plot.
const DOTS_ACROSS: u32 = 130;
/// Dots up: four to a row.
const DOTS_UP: u32 = 40;

/// The run as text.
pub fn text(run: &Run) -> String {
    let mut text = format!("{}\n", wrap(&source(run)));
    if !run.asks.is_empty() {
        text.push_str(&format!("{}\n", wrap(&run.asks)));
    }
    text.push('\n');
    for Figure { name, value, .. } in key::figures(run) {
        text.push_str(&format!("  {name:<46} {value:>28}\n"));
    }
    let curve: Vec<(f32, f32)> = curve_of(&run.metrics.tables.latency, "ring", "follower")
        .filter(|(ms, _)| *ms > 0.0)
        .map(|(ms, part)| (ms.log10() as f32, part as f32 * 100.0))
        .collect();
    if let (Some((from, _)), Some((to, _))) = (curve.first(), curve.last()) {
        text.push_str("\nTime until followers have a post, % of deliveries, times by their size\n");
        let (from, to) = (from.min(to - 0.5), *to);
        text.push_str(&plot(&curve, (from, to), (0.0, 100.0)));
        let (from, to) = (10f64.powf(f64::from(from)), 10f64.powf(f64::from(to)));
        text.push_str(&ends(&format::ms(from), &format::ms((from * to).sqrt()), &format::ms(to)));
    }
    let series = &run.metrics.tables.series;
    let whole = |row: &crate::metrics::SeriesRow| Some((row.at_s as f32, row.completeness? as f32 * 100.0));
    let curve: Vec<(f32, f32)> = series.iter().filter_map(whole).collect();
    if curve.len() > 1 {
        let to = run.virtual_s as f32;
        text.push_str("\nCompleteness of the timelines of nodes that run, % of posts older than 30 s\n");
        text.push_str(&plot(&curve, (0.0, to), (0.0, 100.0)));
        text.push_str(&ends("0 s", &format::seconds(run.virtual_s / 2.0), &format::seconds(run.virtual_s)));
        for phase in run.phases.iter().take(4) {
            let (from, to) = (format::seconds(phase.from_s), format::seconds(phase.to_s));
            text.push_str(&format!("  {}: {from} to {to}\n", phase.name));
        }
        if run.phases.len() > 4 {
            text.push_str(&format!("  and {} more phases\n", run.phases.len() - 4));
        }
    }
    for violation in run.metrics.violations.iter().take(5) {
        let node = violation.node.map(|node| format!(", node {node}")).unwrap_or_default();
        let line = format!("violation at {}{node}: {}", format::seconds(violation.at_s), violation.what);
        text.push_str(&format!("\n{}\n", wrap(&line)));
    }
    text.push_str(&format!("\nAgain: {}\n", run.command));
    text
}

fn plot(points: &[(f32, f32)], x: (f32, f32), y: (f32, f32)) -> String {
    let shape = Shape::Lines(points);
    let mut chart = Chart::new_with_y_range(DOTS_ACROSS, DOTS_UP, x.0, x.1, y.0, y.1);
    let chart = chart.lineplot(&shape);
    // The library's own labels are the logarithms; ours stand beside and below.
    chart.figures();
    let drawn = chart.frame();
    let rows = drawn.lines().count();
    let mut text = String::new();
    for (row, line) in drawn.lines().enumerate() {
        let label = match row {
            0 => "100",
            row if row + 1 == rows => "0",
            row if row == rows / 2 => "50",
            _ => "",
        };
        text.push_str(&format!("  {label:>3} │{}\n", line.trim_end_matches([' ', '\u{2800}'])));
    }
    text.push_str(&format!("      └{}\n", "─".repeat((DOTS_ACROSS / 2) as usize)));
    text
}

fn ends(left: &str, middle: &str, right: &str) -> String {
    let across = (DOTS_ACROSS / 2) as usize;
    let side = (across.saturating_sub(middle.chars().count())) / 2;
    let rest = across.saturating_sub(side + middle.chars().count());
    format!("       {left:<side$}{middle}{right:>rest$}\n")
}

/// Lines of at most 78 columns.
pub fn wrap(text: &str) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let wide = word.chars().count();
        if length > 0 && length + 1 + wide > 78 {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += wide;
    }
    lines
}
