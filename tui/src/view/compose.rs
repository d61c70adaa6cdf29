//! The form to write in.

use fluent_bundle::FluentArgs;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    widgets::Paragraph,
};
use ratatui_textarea::TextArea;

use crate::{
    app::{
        App,
        compose::{Compose, Field, OPEN_FOR, files::State},
    },
    layout::{self, clip},
    text::DisplayText,
};

/// Cells of the names of fields.
const LABEL: usize = 12;
/// Rows of text that are left to the writer, if there are any, before fields are shown that are not being filled in.
const TEXT: u16 = 4;

/// Draws it.
pub fn draw(app: &App, form: &Compose, frame: &mut Frame<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let fields = shown(form, area.height);
    let heights: Vec<u16> = fields.iter().map(|field| height(form, *field)).collect();
    // On the smallest of screens there is a title only if it tells more than where the reader is.
    let says = form.reply_to.is_some() || form.quotes.is_some();
    let title = u16::from(area.height > 4 || (says && fields.is_empty()));
    let mut rows = vec![Constraint::Length(title), Constraint::Min(1)];
    rows.extend(heights.iter().map(|height| Constraint::Length(*height)));
    rows.push(Constraint::Length(1));
    let areas = Layout::vertical(rows).split(area);
    let (Some(above), Some(below)) = (areas.first(), areas.last()) else { return };
    frame.render_widget(super::ours(app, &what(app, form), cells, app.theme.title()), *above);
    frame.render_widget(&form.text, areas[1]);
    for (field, area) in fields.iter().zip(areas.iter().skip(2)) {
        row(app, form, *field, frame, *area);
    }
    let (words, style) = state(app, form);
    frame.render_widget(super::ours(app, &words, cells, style), *below);
}

/// What is being written.
fn what(app: &App, form: &Compose) -> String {
    let who =
        |name: &str, who: &str| app.words.put(name, [("who", DisplayText::new(who).as_str())]).into_owned();
    match (&form.reply_to, &form.quotes, &form.edits) {
        (Some((_, name)), ..) => who("compose-answer-to", name),
        (_, Some((_, name)), _) => who("compose-quote-of", name),
        (.., Some(_)) => app.words.say("compose-change").into_owned(),
        _ => app.words.say("compose-new").into_owned(),
    }
}

/// The fields below the text: all of them if there is room; else the one that is being filled in, how far the post goes,
/// and of the others as many as leave room to write.
fn shown(form: &Compose, rows: u16) -> Vec<Field> {
    let fields: Vec<Field> = form.fields().into_iter().filter(|field| *field != Field::Text).collect();
    let all: u16 = fields.iter().map(|field| height(form, *field)).sum();
    if all + TEXT + 2 <= rows {
        return fields;
    }
    let active = |field: &Field| *field == form.field;
    let mut room = rows.saturating_sub(TEXT + 2);
    let mut kept: Vec<Field> = fields.iter().copied().filter(active).collect();
    room = room.saturating_sub(kept.iter().map(|field| height(form, *field)).sum());
    let first = fields.iter().copied().filter(|field| *field == Field::Visibility);
    for field in first.chain(fields.iter().copied()).filter(|field| !active(field)) {
        if !kept.contains(&field) && height(form, field) <= room {
            room -= height(form, field);
            kept.push(field);
        }
    }
    // In the order in which they are gone through.
    fields.into_iter().filter(|field| kept.contains(field)).collect()
}

fn height(form: &Compose, field: Field) -> u16 {
    match field {
        Field::Files => 1 + form.files.list.len() as u16,
        Field::Poll => (form.poll.lines().len() as u16).clamp(1, 8),
        _ => 1,
    }
}

fn row(app: &App, form: &Compose, field: Field, frame: &mut Frame<'_>, area: Rect) {
    let label = LABEL.min(usize::from(area.width) / 2);
    let rtl = app.words.right_to_left();
    let sides = [Constraint::Length(label as u16), Constraint::Min(1)];
    let [name, value] = match rtl {
        false => Layout::horizontal(sides).areas(area),
        true => {
            let [value, name] = Layout::horizontal([sides[1], sides[0]]).areas(area);
            [name, value]
        }
    };
    let words = app.words.say(label_of(form, field));
    let style = if form.field == field { app.theme.title() } else { app.theme.faint() };
    let room = name.width.saturating_sub(1);
    let side = Rect { x: name.x + u16::from(rtl), width: room, ..name };
    frame.render_widget(super::ours(app, &words, room.into(), style), side);
    let cells = usize::from(value.width);
    let choice = |name: &str, frame: &mut Frame<'_>| {
        let style = if form.field == field { app.theme.selected() } else { Style::new() };
        frame.render_widget(super::ours(app, &app.words.say(name), cells, style), value);
    };
    match field {
        Field::Text => {}
        Field::Warning => typed(app, &form.warning, form.field == field, frame, value),
        Field::Language => typed(app, &form.language, form.field == field, frame, value),
        Field::When => typed(app, &form.when, form.field == field, frame, value),
        Field::Poll => typed(app, &form.poll, form.field == field, frame, value),
        Field::Files => files(app, form, frame, value),
        Field::Visibility => choice(form.visibility.words(), frame),
        Field::PollFor => choice(OPEN_FOR[form.poll_for].1, frame),
        Field::PollMany => choice(if form.poll_many { "compose-many" } else { "compose-one" }, frame),
    }
}

fn label_of(form: &Compose, field: Field) -> &'static str {
    match field {
        Field::Text | Field::Visibility => "compose-who",
        Field::Warning => "compose-warning",
        Field::Language => "compose-language",
        Field::Files if form.files.describing => "compose-describe",
        Field::Files => "compose-file",
        Field::Poll => "compose-poll",
        Field::PollFor => "compose-open-for",
        Field::PollMany => "compose-choice",
        Field::When => "compose-when",
    }
}

/// What is typed in a field: with the cursor while it is being filled in, and what it is for while it is empty.
fn typed(app: &App, held: &TextArea<'static>, active: bool, frame: &mut Frame<'_>, area: Rect) {
    if active {
        frame.render_widget(held, area);
        return;
    }
    let text: Vec<_> = held
        .lines()
        .iter()
        .map(|line| layout::line(DisplayText::new(line).as_str(), area.width.into(), app.bidi).into())
        .collect();
    frame.render_widget(Paragraph::new::<Vec<ratatui::text::Line<'_>>>(text), area);
}

/// The files that are there, and the line in which one more is named or described.
fn files(app: &App, form: &Compose, frame: &mut Frame<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let mut lines = Vec::new();
    for file in &form.files.list {
        let (name, style) = match &file.state {
            State::Named => ("compose-file-named", app.theme.warning()),
            State::Sending => ("compose-file-sending", app.theme.faint()),
            State::Ready(_) => ("compose-file-ready", app.theme.good()),
            State::Failed(_) => ("compose-file-refused", app.theme.failure()),
        };
        let path = DisplayText::new(&file.path).to_string();
        let short: String = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let mut text = format!("{short}: {}", app.words.say(name));
        if let State::Failed(why) = &file.state {
            text = format!("{text} {}", DisplayText::new(why));
        } else if !file.alt.is_empty() {
            text = format!("{text} [{}]", DisplayText::new(&file.alt));
        }
        lines.push(ratatui::text::Line::styled(clip(&text, cells).into_owned(), style));
    }
    // The line in which is typed is always there; of the files the last ones.
    let room = area.height.saturating_sub(1).into();
    let lines = lines.split_off(lines.len().saturating_sub(room));
    let count = lines.len() as u16;
    frame.render_widget(Paragraph::new(lines), Rect { height: count, ..area });
    let below =
        Rect { y: area.y + count.min(area.height.saturating_sub(1)), height: 1.min(area.height), ..area };
    typed(app, &form.files.input, form.field == Field::Files, frame, below);
}

/// How it stands: why it was not taken, that it is on its way, how long it is, and what the field is for.
fn state(app: &App, form: &Compose) -> (String, Style) {
    let theme = app.theme;
    if let Some(why) = &form.failure {
        return (DisplayText::new(why).to_string(), theme.failure());
    }
    if form.sending {
        return (app.words.say("compose-sending").into_owned(), theme.good());
    }
    let hint = match form.field {
        Field::Files if form.files.describing => Some("compose-hint-describe"),
        Field::Files => Some("compose-hint-file"),
        Field::Poll => Some("compose-hint-poll"),
        Field::When => Some("compose-hint-when"),
        Field::Visibility | Field::PollFor | Field::PollMany => Some("compose-hint-choice"),
        Field::Text | Field::Warning | Field::Language => None,
    };
    if let Some(limits) = hint.and_then(|_| limits(app, form)) {
        return (limits, theme.faint());
    }
    if let Some(hint) = hint {
        return (app.words.say(hint).into_owned(), theme.faint());
    }
    let (count, most) = (form.count(), app.limits.statuses.max_characters);
    if most == 0 {
        return (app.words.count("compose-characters", count).into_owned(), theme.faint());
    }
    let words = app.words.put("compose-of-characters", [("count", count), ("most", most)]).into_owned();
    (words, if count > most { theme.failure() } else { theme.faint() })
}

/// What the server takes in the field that is being filled in, if it says so.
fn limits(app: &App, form: &Compose) -> Option<String> {
    let limits = &app.limits;
    match form.field {
        Field::Files if form.files.describing => {
            let most = limits.media_attachments.description_limit;
            (most > 0).then(|| app.words.count("compose-limit-describe", most).into_owned())
        }
        Field::Files => {
            let media = &limits.media_attachments;
            let kinds: Vec<String> = media
                .supported_mime_types
                .iter()
                .filter_map(|kind| Some(DisplayText::new(kind.split_once('/')?.1).to_string()))
                .collect();
            let mut args = FluentArgs::new();
            args.set("kinds", kinds.join(", "));
            args.set("size", media.image_size_limit / 1024 / 1024);
            args.set("count", limits.statuses.max_media_attachments);
            let known = !kinds.is_empty() && media.image_size_limit > 0;
            known.then(|| app.words.with("compose-limit-file", &args).into_owned())
        }
        Field::Poll => {
            let most = limits.polls.max_options;
            (most > 0).then(|| app.words.count("compose-limit-poll", most).into_owned())
        }
        _ => None,
    }
}
