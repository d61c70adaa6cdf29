//! Sheets: lists of lines with a selected one, and the catch-up.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line as Text,
    widgets::Paragraph,
};

use super::post::{self, aligned};
use crate::{
    app::{
        App, CHROME,
        sheet::{CatchUp, Row, Sheet, Tone},
    },
    layout::{self, width},
    text::DisplayText,
};

/// Columns that the rest of a sheet keeps beside a code.
const TEXT: usize = 24;

/// Draws a sheet so that the selected line is in sight.
pub fn draw(app: &App, sheet: &Sheet, frame: &mut Frame<'_>, area: Rect) {
    let (cells, height) = (usize::from(area.width), usize::from(area.height));
    let mut rows = sheet.rows(app);
    let selected = sheet.selected.min(rows.len().saturating_sub(1));
    if let Some(columns) = beside(app, &rows, (cells, height)) {
        let sides = [Constraint::Min(0), Constraint::Length(columns)];
        let [text, code] = match app.words.right_to_left() {
            false => Layout::horizontal(sides).areas(area),
            true => {
                let [code, text] = Layout::horizontal([sides[1], sides[0]]).areas(area);
                [text, code]
            }
        };
        let is_code = |row: &mut Row| row.tone == Tone::Fixed;
        let lines = rows.extract_if(.., is_code).flat_map(|row| drawn(app, &row, false, (cells, height)));
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), code);
        return listed(app, &rows, selected, frame, text);
    }
    listed(app, &rows, selected, frame, area);
}

/// The columns of a code that is too high to stand below the rest and has room beside it.
fn beside(app: &App, rows: &[Row], (cells, height): (usize, usize)) -> Option<u16> {
    let code = rows.iter().find(|row| row.tone == Tone::Fixed && !row.text.is_empty())?;
    let (columns, lines) = size(&code.text);
    let rest = rows.iter().filter(|row| row.tone != Tone::Fixed);
    let above: usize = rest.map(|row| drawn(app, row, false, (cells, height)).len()).sum();
    let wanted = !app.theme.ascii && above + lines > height;
    let room = columns + TEXT <= cells && shown_lines(lines, height) <= height;
    (wanted && room).then_some(columns as u16)
}

/// Draws rows so that the selected one is in sight.
fn listed(app: &App, rows: &[Row], selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let (cells, height) = (usize::from(area.width), usize::from(area.height));
    // Only what can be in sight is laid out: a list of feeds may have thousands.
    let from = selected.saturating_sub(height);
    let mut lines: Vec<Text<'static>> = Vec::new();
    let (mut begins, mut ends) = (0, 0);
    for (number, row) in rows.iter().enumerate().skip(from).take(2 * height + 1) {
        if number == selected {
            begins = lines.len();
        }
        lines.extend(drawn(app, row, number == selected, (cells, height)));
        if number == selected {
            ends = lines.len();
        }
    }
    let skip = ends.saturating_sub(height).min(begins);
    let shown: Vec<_> = lines.into_iter().skip(skip).take(height).collect();
    frame.render_widget(Paragraph::new(shown), area);
}

fn drawn(app: &App, row: &Row, selected: bool, (cells, height): (usize, usize)) -> Vec<Text<'static>> {
    // A margin of a third at most: the text is what it is about.
    let margin = usize::from(row.indent).min(cells / 3);
    let inner = cells - margin;
    if row.tone == Tone::Fixed {
        return fixed(app, &row.text, (inner, height), selected);
    }
    let style = style(app, row.tone);
    let mut lines = Vec::new();
    for line in layout::lines(DisplayText::block(&row.text).as_str(), inner, app.bidi) {
        let right = line.right;
        let text = if selected { filled(&line.text, inner, right) } else { line.text };
        let style = if selected { app.theme.selected() } else { style };
        let mut line = aligned(layout::Drawn { text, right }, style);
        line.spans.insert(0, " ".repeat(margin).into());
        lines.push(line);
    }
    lines
}

/// A line as wide as the screen, so that what is selected is a bar.
fn filled(text: &str, cells: usize, right: bool) -> String {
    let gap = " ".repeat(cells.saturating_sub(width(text)));
    if right { format!("{gap}{text}") } else { format!("{text}{gap}") }
}

fn style(app: &App, tone: Tone) -> Style {
    match tone {
        Tone::Head => app.theme.title(),
        Tone::Plain | Tone::Fixed => Style::new(),
        Tone::Faint => app.theme.faint(),
        Tone::Good => app.theme.good(),
        Tone::Warning => app.theme.warning(),
        Tone::Bad => app.theme.failure(),
    }
}

/// A code to scan, if there is room for the whole of it and the terminal has the letters: black on white whatever the
/// terminal's colours are, since scanners read no other.
fn fixed(app: &App, text: &str, (cells, height): (usize, usize), selected: bool) -> Vec<Text<'static>> {
    let (columns, lines) = size(text);
    let shown = shown_lines(lines, height);
    let fits = columns <= cells && shown <= height;
    let faint = if selected { app.theme.selected() } else { app.theme.faint() };
    if app.theme.ascii || text.is_empty() {
        return vec![super::ours(app, &app.words.say("identity-no-letters"), cells, faint)];
    }
    if !fits {
        let rows = lines.saturating_sub(1) + usize::from(CHROME);
        let words = app.words.put("identity-no-room", [("columns", columns), ("rows", rows)]);
        return vec![super::ours(app, &words, cells, faint)];
    }
    let paper = app.theme.code();
    let lines = text.lines().take(shown);
    lines.map(|line| Text::from(ratatui::text::Span::styled(line.to_owned(), paper))).collect()
}

/// Columns and lines of a code.
fn size(code: &str) -> (usize, usize) {
    (code.lines().map(width).max().unwrap_or(0), code.lines().count())
}

/// The lines of a code that are drawn: the lower half of the last line of modules is paper, which is margin enough where
/// there is no line more.
fn shown_lines(lines: usize, height: usize) -> usize {
    lines.saturating_sub(usize::from(lines == height + 1))
}

/// Draws a catch-up: who wrote how much; then one post after the other; then that this was all.
pub fn catch_up(app: &App, it: &CatchUp, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.theme;
    let cells = usize::from(area.width);
    let [above, below] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let total = it.posts.len();
    let line = |name: &str| super::ours(app, &app.words.say(name), cells, theme.faint());
    if it.loading {
        frame.render_widget(line("sheet-loading"), above);
        return;
    }
    if total == 0 {
        frame.render_widget(line("catchup-nothing"), above);
        return;
    }
    if let (Some(post), Some((number, span)), Some(at)) = (it.post(), it.author(), it.at) {
        let name = &it.authors[number].0;
        let mut args = fluent_bundle::FluentArgs::new();
        args.set("who", name.as_str());
        for (key, number) in
            [("at", at + 1), ("total", total), ("number", at - span.start + 1), ("count", span.len())]
        {
            args.set(key, number);
        }
        let words = app.words.with("catchup-place", &args).into_owned();
        frame.render_widget(super::ours(app, &words, cells, theme.title()), above);
        post::whole(app, post.inner(), it.scroll, frame, below);
        return;
    }
    if it.at.is_some() {
        let mut args = fluent_bundle::FluentArgs::new();
        args.set("count", total);
        args.set("people", it.authors.len());
        let words = app.words.with("catchup-end", &args).into_owned();
        let lines = layout::lines(&words, cells, app.bidi);
        let lines: Vec<_> = lines.into_iter().map(|line| aligned(line, theme.good())).collect();
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    overview(app, it, frame, (above, below));
}

/// Who wrote how much.
fn overview(app: &App, it: &CatchUp, frame: &mut Frame<'_>, (above, below): (Rect, Rect)) {
    let cells = usize::from(above.width);
    let mut args = fluent_bundle::FluentArgs::new();
    args.set("count", it.posts.len());
    args.set("people", it.authors.len());
    let name = if it.more { "catchup-total-more" } else { "catchup-total" };
    let words = app.words.with(name, &args).into_owned();
    frame.render_widget(super::ours(app, &words, cells, app.theme.title()), above);
    let height = usize::from(below.height);
    let first = (it.chosen + 1).saturating_sub(height);
    let row = |number: usize| {
        let count = it.span(number).len().to_string();
        let name = layout::line(&it.authors[number].0, cells.saturating_sub(count.len() + 2), app.bidi);
        let gap = " ".repeat(cells.saturating_sub(width(&name) + count.len()));
        let style = if number == it.chosen { app.theme.selected() } else { Style::new() };
        super::across(app.words.right_to_left(), vec![name.into(), gap.into(), count.into()], Some(style))
    };
    let shown: Vec<_> = (first..it.authors.len()).take(height).map(row).collect();
    frame.render_widget(Paragraph::new(shown), below);
}
