//! A comparison for a terminal of 80 columns.

use super::{Comparison, Row};
use crate::report::format;

/// The comparison as text.
pub fn text(comparison: &Comparison) -> String {
    let mut text = format!(
        "scenario {}\n  A  {}{}\n  B  {}{}\n",
        comparison.scenario,
        comparison.a.display(),
        runs(comparison.runs.0),
        comparison.b.display(),
        runs(comparison.runs.1)
    );
    match comparison.setup.as_slice() {
        [] => text.push_str("Both were set up alike.\n"),
        differences => {
            text.push_str("They were set up differently:\n");
            for difference in differences {
                text.push_str(&format!(
                    "  {:<16} A {}   B {}\n",
                    difference.what, difference.a, difference.b
                ));
            }
        }
    }
    let trace = match comparison.same_trace {
        Some(true) => "equal: the same happened",
        Some(false) => "different",
        None => "not kept",
    };
    text.push_str(&format!("Traces: {trace}.\n"));
    if comparison.same_figures {
        text.push_str("All figures are equal, but for what the runs cost.\n");
    }
    let several = comparison.runs.0 > 1 || comparison.runs.1 > 1;
    text.push_str(&format!("\n{:<38}{:>11}{:>11}{:>10}{:>9}\n", "", "A", "B", "B - A", "B / A"));
    for row in &comparison.rows {
        let apart = if row.apart == Some(true) { "  apart" } else { "" };
        text.push_str(&format!(
            "{:<38}{:>11}{:>11}{:>10}{:>9}{apart}\n",
            cut(&named(row), 37),
            some(row.a),
            some(row.b),
            some(row.difference),
            some(row.ratio)
        ));
        if several && (row.a_range.is_some() || row.b_range.is_some()) {
            let range = |range: Option<(f64, f64)>| {
                range.map_or(String::new(), |(from, to)| {
                    format!("{} … {}", format::number(from), format::number(to))
                })
            };
            text.push_str(&format!("    A {:<30} B {}\n", range(row.a_range), range(row.b_range)));
        }
    }
    text.push_str(&format!("\n{}\n", comparison.caution));
    text
}

fn runs(count: usize) -> String {
    if count == 1 { String::new() } else { format!(" ({count} runs: medians, least … largest)") }
}

fn named(row: &Row) -> String {
    if row.unit == "bytes" { format!("{} (bytes)", row.name) } else { row.name.clone() }
}

fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(most - 1).collect();
    short.push('…');
    short
}

fn some(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| match value.abs() {
        size if size >= 1e6 => format!("{value:.3e}"),
        size if size >= 1e3 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.4}"),
    })
}
