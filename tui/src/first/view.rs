//! Draws the first run: one question a screen.

use std::borrow::Cow;

use fluent_bundle::FluentArgs;
use ratatui::{
    Frame,
    layout::{Alignment, Constraint, Layout, Rect},
    style::Style,
    text::Line as Text,
    widgets::Paragraph,
};
use unicode_segmentation::UnicodeSegmentation;

use super::{First, Step, WAYS};
use crate::{
    layout::{clip, line, lines, width},
    text::DisplayText,
};

/// Columns that text is spread over: longer lines are hard to read.
const WIDEST: u16 = 72;
/// Cells of a word of the phrase with its number and the gap to the next.
const WORD: u16 = 13;
/// Rows above and below what is asked: title, a line of what was wrong, what the keys do.
const AROUND: u16 = 3;

/// Rows up to which none is kept for what was wrong while nothing is.
const ROOMY: u16 = 8;

/// Words of the phrase in a row of a screen of this width. Two at least from 24 cells on, and four where there is room, so
/// that they are read row by row.
fn columns(cells: u16) -> u16 {
    (cells.min(WIDEST) / WORD).clamp(1, 4)
}

/// Words of the phrase on a screen of this size.
pub fn words_a_page(size: (u16, u16)) -> usize {
    usize::from(columns(size.0) * size.1.saturating_sub(AROUND).max(1))
}

/// Draws it.
pub fn draw(first: &First<'_>, frame: &mut Frame<'_>) {
    let whole = frame.area();
    let words = &first.from.words;
    if whole.width < 20 || whole.height < 6 {
        let small = words.say("view-too-small");
        frame.render_widget(Paragraph::new(clip(&small, whole.width.into())), whole);
        return;
    }
    let area = Rect { width: whole.width.min(WIDEST), ..whole };
    // Few rows are too few to keep one for what is not said.
    let said = u16::from(first.wrong.is_some() || whole.height > ROOMY);
    let [title, body, wrong, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(said),
        Constraint::Length(1),
    ])
    .areas(area);
    let theme = first.from.theme;
    let (named, says, hints) = told(first);
    one(first, &title_of(first, named), theme.title(), frame, title);
    if let Some(why) = &first.wrong {
        one(first, DisplayText::new(why).as_str(), theme.failure(), frame, wrong);
    }
    // Parts that there is no room for are left out whole.
    let dot = theme.mark(" · ", " - ");
    let hints: Vec<String> = words.say(hints).split(dot).map(str::to_owned).collect();
    one(first, &crate::view::fitting(&hints, keys.width.into(), dot), theme.faint(), frame, keys);
    match &first.step {
        Step::Why(from) => {
            let page = why(first).into_iter().skip(*from).take(body.height.into());
            let page: Vec<_> = page.map(aligned).collect();
            frame.render_widget(Paragraph::new(page), body);
        }
        Step::Phrase(from) => phrase(first, *from, frame, body),
        Step::Meet(at) => {
            let below = text(first, &says, frame, body, WAYS.len() as u16);
            ways(first, *at, frame, below);
        }
        Step::Name | Step::Asked(..) | Step::Invite => {
            let below = text(first, &says, frame, body, 1);
            field(first, frame, below);
        }
        Step::Making | Step::Failed(_) => drop(text(first, &says, frame, body, 0)),
    }
    if theme.ascii {
        crate::view::in_ascii(frame.buffer_mut());
    }
}

/// The title; of words that do not all fit, which they are.
fn title_of(first: &First<'_>, named: &str) -> String {
    let (count, page) = (first.phrase().len(), words_a_page(first.size));
    let words = &first.from.words;
    match first.step {
        Step::Phrase(from) if page < count => {
            let args = [("first", from + 1), ("last", (from + page).min(count)), ("count", count)];
            words.put("first-phrase-page", args).into_owned()
        }
        _ => words.say(named).into_owned(),
    }
}

/// What the phrase is for, in lines.
fn why(first: &First<'_>) -> Vec<crate::layout::Drawn> {
    let cells = first.size.0.min(WIDEST).into();
    lines(&first.from.words.say("first-phrase-why"), cells, first.from.bidi)
}

/// Whether there is room for that above the words, with a gap between them.
pub fn explains(first: &First<'_>) -> bool {
    let rows = first.phrase().len().div_ceil(columns(first.size.0).into());
    why(first).len() + 1 + rows <= usize::from(first.size.1.saturating_sub(AROUND))
}

/// The next page of it, if there is one.
pub fn more_why(first: &First<'_>, from: usize) -> Option<usize> {
    let around = AROUND - u16::from(first.size.1 <= ROOMY);
    let next = from + usize::from(first.size.1.saturating_sub(around).max(1));
    (next < why(first).len()).then_some(next)
}

fn aligned(line: crate::layout::Drawn) -> Text<'static> {
    let side = if line.right { Alignment::Right } else { Alignment::Left };
    Text::raw(line.text).alignment(side)
}

/// The title of a step, what it says, and what the keys do.
fn told<'f>(first: &'f First<'_>) -> (&'static str, Cow<'f, str>, &'static str) {
    let words = &first.from.words;
    match &first.step {
        Step::Name => {
            let mut args = FluentArgs::new();
            args.set("command", "`starling restore`");
            ("first-name", words.with("first-name-why", &args), "first-name-keys")
        }
        Step::Why(_) | Step::Phrase(_) => ("first-phrase", "".into(), "first-phrase-keys"),
        Step::Asked(places, answered) => {
            let args = [("count", places[*answered] + 1), ("step", answered + 1)];
            ("first-asked", words.put("first-asked-which", args), "first-asked-keys")
        }
        Step::Meet(_) => ("first-meet", words.say("first-meet-why"), "first-meet-keys"),
        Step::Invite => ("first-invite", words.say("first-invite-why"), "first-invite-keys"),
        Step::Making => ("first-making", words.say("first-making-why"), "first-making-keys"),
        Step::Failed(why) => {
            ("first-failed", DisplayText::block(why).to_string().into(), "first-failed-keys")
        }
    }
}

/// One line, at the edge where its language begins.
fn one(first: &First<'_>, text: &str, style: Style, frame: &mut Frame<'_>, area: Rect) {
    let side = if first.from.words.right_to_left() { Alignment::Right } else { Alignment::Left };
    let text = line(text, area.width.into(), first.from.bidi);
    frame.render_widget(Paragraph::new(Text::styled(text, style)).alignment(side), area);
}

/// Paragraphs, cut where `rows` and a gap still have to find room below them. Gives what is below.
fn text(first: &First<'_>, text: &str, frame: &mut Frame<'_>, area: Rect, rows: u16) -> Rect {
    let room = area.height.saturating_sub(rows);
    let drawn = lines(text, area.width.into(), first.from.bidi);
    let used = room.min(drawn.len() as u16);
    let cut = drawn.len() > used.into();
    let mut drawn: Vec<_> = drawn.into_iter().take(used.into()).collect();
    if let (true, Some(last)) = (cut, drawn.last_mut()) {
        // What is left out is seen to be.
        let cells = usize::from(area.width);
        last.text = format!("{}…", clip(last.text.trim_end(), cells.saturating_sub(1)).trim_end_matches('…'));
    }
    let drawn: Vec<_> = drawn.into_iter().map(aligned).collect();
    frame.render_widget(Paragraph::new(drawn), Rect { height: used, ..area });
    let gap = u16::from(used < room && used > 0);
    Rect { y: area.y + used + gap, height: area.height - used - gap, ..area }
}

/// What is typed, with the cursor behind it: the end is what the eye is on.
fn field(first: &First<'_>, frame: &mut Frame<'_>, area: Rect) {
    let typed = DisplayText::new(&first.typed);
    let whole = format!("> {}", typed.as_str());
    let cells = usize::from(area.width.saturating_sub(1));
    let mut room = cells;
    let fits = whole.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        let fits = width(grapheme) <= room;
        room = room.saturating_sub(width(grapheme));
        fits
    });
    let shown = &whole[fits.last().map_or(whole.len(), |(at, _)| at)..];
    let shown = if shown.len() < whole.len() { format!("…{}", tail_of(shown)) } else { shown.to_owned() };
    frame.set_cursor_position((area.x + width(&shown).min(cells) as u16, area.y));
    frame.render_widget(Paragraph::new(shown), area);
}

/// A text without its first character.
fn tail_of(text: &str) -> &str {
    text.graphemes(true).next().map_or(text, |first| &text[first.len()..])
}

fn ways(first: &First<'_>, at: usize, frame: &mut Frame<'_>, area: Rect) {
    let row = |(number, name): (usize, &&str)| {
        let style = if number == at { first.from.theme.selected() } else { Style::new() };
        let words = format!("{} {}", number + 1, first.from.words.say(name));
        Text::styled(line(&words, area.width.into(), first.from.bidi), style)
    };
    let rows: Vec<_> = WAYS.iter().enumerate().map(row).collect();
    frame.render_widget(Paragraph::new(rows), area);
}

/// The words of the phrase, row by row.
fn phrase(first: &First<'_>, from: usize, frame: &mut Frame<'_>, area: Rect) {
    let words = first.phrase();
    let page = words_a_page(first.size);
    // All on one page: there may be room to say what they are, above them.
    let rows = words.len().min(page).div_ceil(columns(area.width).into()) as u16;
    let below = text(first, &first.from.words.say("first-phrase-why"), frame, area, rows);
    let shown: Vec<_> = words.iter().enumerate().skip(from).take(page).collect();
    let row = |row: &[(usize, &&str)]| {
        let cell = |(number, word): &(usize, &&str)| format!("{:>2} {word:<10}", number + 1);
        Text::raw(row.iter().map(cell).collect::<String>().trim_end().to_owned())
    };
    let drawn: Vec<_> = shown.chunks(columns(area.width).into()).map(row).collect();
    frame.render_widget(Paragraph::new(drawn).style(first.from.theme.title()), below);
}
