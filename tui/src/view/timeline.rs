//! Timelines, a person above theirs, and what a search found.

use ratatui::{Frame, layout::Rect, style::Style, text::Line as Text, widgets::Paragraph};

use super::post::{self, name};
use crate::{
    api::Notification,
    app::{App, Found, ROW_LINES, TABS, rows::Shown},
    keys::Action,
    layout::{self, clip},
    msg::{Line, Row},
    text::DisplayText,
    words::Words,
};

/// The timeline on the screen.
pub fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let (line, rows) = app.line();
    let Some(rows) = rows else { return };
    if rows.is_empty() {
        // Once it is known that there is nothing, that stands until something comes: it is asked for again and again, each
        // time the stream is opened for one.
        let words = match rows.loaded {
            true => nothing(app, line),
            false => app.words.say("timeline-loading").into_owned(),
        };
        let lines = layout::lines(&words, area.width.into(), app.bidi);
        let lines: Vec<_> = lines.into_iter().map(|line| post::aligned(line, app.theme.faint())).collect();
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let fit = usize::from(area.height.div_ceil(ROW_LINES));
    let mut lines = Vec::new();
    let cells = area.width.into();
    for Shown { row, selected, run } in rows.shown(fit) {
        lines.extend(match row {
            Row::Post(status) if run > 1 => post::run(app, status, run, cells, selected),
            Row::Post(status) => post::row(app, status, cells, selected),
            Row::Notification(notification) => notice(app, notification, cells, selected),
        });
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// What to say of a timeline with nothing on it, and what to do.
fn nothing(app: &App, line: &Line) -> String {
    let (name, key) = match line {
        Line::Home => ("timeline-no-home", (tab(&Line::Network) + 1).to_string()),
        Line::Local | Line::Network => ("timeline-no-public", String::new()),
        Line::Notifications => ("timeline-no-notifications", String::new()),
        Line::Bookmarks => ("timeline-no-bookmarks", app.keys.best(Action::Bookmark)),
        Line::Favourites => ("timeline-no-favourites", app.keys.best(Action::Like)),
        Line::Tag(_) => ("timeline-no-tag", String::new()),
        Line::Person(_) => ("timeline-no-posts", String::new()),
        Line::List(..) => ("timeline-no-list", String::new()),
    };
    let invite = app.keys.best(Action::Invite);
    app.words.put(name, [("key", key), ("invite", invite)]).into_owned()
}

fn tab(line: &Line) -> usize {
    TABS.iter().position(|tab| tab == line).unwrap_or(0)
}

/// What happened, in words.
pub fn happened(words: &Words, notification: &Notification) -> String {
    let what = match notification.kind.as_str() {
        "mention" => "timeline-mention",
        "reblog" => "timeline-reblog",
        "favourite" => "timeline-favourite",
        "follow" => "timeline-follow",
        "follow_request" => "timeline-follow-request",
        "poll" => "timeline-poll",
        "update" => "timeline-update",
        "status" => "timeline-status",
        "quote" => "timeline-quote",
        _ => "timeline-other",
    };
    words.put(what, [("who", name(&notification.account))]).into_owned()
}

fn notice(app: &App, notification: &Notification, cells: usize, selected: bool) -> [Text<'static>; 2] {
    let theme = app.theme;
    let age = layout::line(&post::age(app, notification.created_at), cells, app.bidi);
    let first = happened(&app.words, notification);
    let first = layout::line(&first, cells.saturating_sub(layout::width(&age) + 1), app.bidi);
    let gap = " ".repeat(cells.saturating_sub(layout::width(&first) + layout::width(&age)));
    let gist =
        notification.status.as_ref().map(|status| post::gist(app, status.inner()).0).unwrap_or_default();
    let second = format!("  {}", layout::line(&gist, cells.saturating_sub(2), app.bidi));
    let fill = " ".repeat(cells.saturating_sub(layout::width(&second)));
    let styles = if selected { [theme.selected(); 2] } else { [theme.name(), Style::new()] };
    let lines = [vec![first.into(), gap.into(), age.into()], vec![second.into(), fill.into()]];
    let [above, below] = lines;
    let rtl = app.words.right_to_left();
    [super::across(rtl, above, Some(styles[0])), super::across(rtl, below, Some(styles[1]))]
}

/// What a search found: people, tags, posts.
pub fn found(app: &App, found: &Found, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.theme;
    let cells = usize::from(area.width);
    if found.is_empty() {
        let name = if found.loading { "timeline-searching" } else { "timeline-not-found" };
        frame.render_widget(super::ours(app, &app.words.say(name), cells, theme.faint()), area);
        return;
    }
    let mut lines: Vec<Text<'static>> = Vec::new();
    let mut selected_line = 0;
    let one = |text: String, selected: bool, style: Style| {
        let text = clip(&text, cells).into_owned();
        Text::styled(text, if selected { theme.selected() } else { style })
    };
    for (number, account) in found.people.iter().enumerate() {
        if number == found.selected {
            selected_line = lines.len();
        }
        let words = format!("{}  @{}", name(account), DisplayText::short(&account.acct));
        lines.push(one(words, number == found.selected, theme.name()));
    }
    for (number, tag) in found.tags.iter().enumerate().map(|(number, tag)| (number + found.people.len(), tag))
    {
        if number == found.selected {
            selected_line = lines.len();
        }
        lines.push(one(format!("#{}", DisplayText::new(tag)), number == found.selected, theme.link()));
    }
    let before = found.people.len() + found.tags.len();
    for (number, status) in found.posts.iter().enumerate().map(|(number, post)| (number + before, post)) {
        if number == found.selected {
            selected_line = lines.len() + 1;
        }
        lines.extend(post::row(app, status, cells, number == found.selected));
    }
    let skip = (selected_line + 1).saturating_sub(area.height.into());
    let shown: Vec<_> = lines.into_iter().skip(skip).take(area.height.into()).collect();
    frame.render_widget(Paragraph::new(shown), area);
}
