//! What the keys do, made from the table that the keys are looked up in; then what the marks mean.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line as Text, Span},
    widgets::Paragraph,
};

use crate::{
    app::{App, Help},
    keys::{self, ACTIONS},
    layout::{self, clip, width},
    text::DisplayText,
};

/// Columns below which what a key does stands on a line of its own.
const NARROW: usize = 36;

/// Marks of the timelines, as they are drawn and in ASCII, with the names of the words for them.
pub const MARKS: [(&str, &str, &str); 7] = [
    ("★", "*", "help-liked"),
    ("⟲", "+", "help-boosted"),
    ("⚑", "#", "help-bookmarked"),
    ("↳", ">", "help-reply"),
    ("▣", "%", "help-files"),
    ("⚠", "!", "help-warning"),
    ("•", "o", "help-unread"),
];

/// Draws the keys whose meaning or name has what is typed in it.
pub fn draw(app: &App, help: &Help, frame: &mut Frame<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let [above, below] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let words = app.words.put("help-filter", [("words", DisplayText::new(&help.filter).as_str())]);
    frame.render_widget(super::ours(app, &words, cells, app.theme.faint()), above);
    let lines = lines(app, &help.filter, cells);
    let from = help.from.min(lines.len().saturating_sub(below.height.into()));
    let shown: Vec<_> = lines.into_iter().skip(from).take(below.height.into()).collect();
    frame.render_widget(Paragraph::new(shown), below);
}

/// How far down help can be read on this screen.
pub fn deepest(app: &App, filter: &str, (columns, rows): (u16, u16)) -> usize {
    lines(app, filter, columns.into()).len().saturating_sub(rows.saturating_sub(1).into())
}

fn lines(app: &App, filter: &str, cells: usize) -> Vec<Text<'static>> {
    let wanted = filter.to_lowercase();
    let mut rows: Vec<(String, String)> = Vec::new();
    for (action, name, _) in ACTIONS {
        let what = keys::what(&app.words, name);
        let keys = app.keys.of(*action).join(" ");
        if what.to_lowercase().contains(&wanted) || name.contains(&wanted) || keys.contains(filter) {
            rows.push((keys, what));
        }
    }
    for (mark, ascii, name) in MARKS {
        let what = app.words.say(name).into_owned();
        if what.to_lowercase().contains(&wanted) {
            rows.push((app.theme.mark(mark, ascii).to_owned(), what));
        }
    }
    if rows.is_empty() {
        return vec![super::ours(app, &app.words.say("help-nothing"), cells, app.theme.faint())];
    }
    let widest = rows.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0).min(cells / 3);
    rows.iter().flat_map(|(keys, what)| row(app, keys, what, (widest, cells))).collect()
}

/// A key and what it does, in as many lines as that takes.
fn row(app: &App, keys: &str, what: &str, (widest, cells): (usize, usize)) -> Vec<Text<'static>> {
    let key = |cells| Span::styled(clip(keys, cells).into_owned(), app.theme.name());
    let margin = if cells < NARROW { 2 } else { widest + 1 };
    let what = layout::lines(what, cells.saturating_sub(margin).max(1), app.bidi);
    let mut lines: Vec<Text<'static>> = what
        .into_iter()
        .map(|line| Text::from(vec![Span::raw(" ".repeat(margin)), Span::raw(line.text)]))
        .collect();
    if cells < NARROW {
        lines.insert(0, Text::from(key(cells)));
    } else if let Some(first) = lines.first_mut() {
        let key = key(widest);
        let gap = " ".repeat(margin.saturating_sub(width(&key.content)));
        first.spans.splice(0..1, [key, Span::raw(gap)]);
    }
    lines
}
