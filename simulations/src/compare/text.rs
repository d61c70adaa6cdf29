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
    text.push_str(&format!("\n{:<36}{:>11}{:>11}{:>10}{:>8}\n", "", "A", "B", "B - A", "B / A"));
    for row in &comparison.rows {
        let apart = if row.apart == Some(true) { " ≠" } else { "" };
        text.push_str(&format!(
            "{:<36}{:>11}{:>11}{:>10}{:>8}{apart}\n",
            cut(&named(row), 35),
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
    if comparison.rows.iter().any(|row| row.apart == Some(true)) {
        text.push_str("\n≠  all values of one side lie beyond all of the other\n");
    }
    text.push_str(&format!("\n{}\n", crate::report::wrap(&comparison.caution)));
    text
}

fn runs(count: usize) -> String {
    if count == 1 { String::new() } else { format!(" ({count} runs: medians, least … largest)") }
}

fn named(row: &Row) -> String {
    if row.unit == "bytes" { format!("{} (bytes)", row.name) } else { row.name.clone() }
}

/// A name in so many columns: what is left out is in its middle, as its end tells the quantity.
fn cut(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let tail = 12.min(most / 2);
    let (begin, end) = (&letters[..most - 1 - tail], &letters[letters.len() - tail..]);
    begin.iter().chain(&['…']).chain(end).collect()
}

fn some(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| match value.abs() {
        size if size >= 1e6 => format!("{value:.3e}"),
        size if size >= 1e3 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.4}"),
    })
}
