//! Timelines, a person above theirs, and what a search found.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line as Text,
    widgets::Paragraph,
};

use super::post::{self, name};
use crate::{
    api::Notification,
    app::{App, Found, Person, ROW_LINES},
    layout::{self, clip},
    msg::{Line, Row},
    text::DisplayText,
};

/// Lines of a person above their posts at most.
const PERSON_LINES: usize = 8;

/// The timeline on the screen.
pub fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let (line, rows) = app.line();
    let Some(rows) = rows else { return };
    let (all, top) = rows.shown();
    if all.is_empty() {
        let words = if rows.loading.is_some() || !rows.loaded { "Loading…" } else { nothing(line) };
        let lines = layout::lines(words, area.width.into(), app.bidi);
        let lines: Vec<_> = lines.into_iter().map(|line| post::aligned(line, app.theme.faint())).collect();
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let selected = rows.selected().map(|(number, _)| number);
    let fit = usize::from(area.height.div_ceil(ROW_LINES));
    let mut lines = Vec::new();
    for (number, row) in all.iter().enumerate().skip(top).take(fit) {
        let is_selected = selected == Some(number);
        lines.extend(match row {
            Row::Post(status) => post::row(app, status, area.width.into(), is_selected),
            Row::Notification(notification) => notice(app, notification, area.width.into(), is_selected),
        });
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// What to say of a timeline with nothing on it, and what to do.
fn nothing(line: &Line) -> &'static str {
    match line {
        Line::Home => {
            "Nothing here yet. Follow somebody: open their invite with `starling invite open`, or look at Network (3)."
        }
        Line::Local | Line::Network => {
            "Nothing came by yet. As soon as a peer is connected, posts of others show up here."
        }
        Line::Notifications => "Nobody answered, liked or followed you yet.",
        Line::Bookmarks => "Nothing is marked. m marks a post.",
        Line::Favourites => "Nothing is liked yet. f likes a post.",
        Line::Tag(_) => "Nothing with this tag is here.",
        Line::Person(_) => "Nothing of theirs is here yet.",
    }
}

fn notice(app: &App, notification: &Notification, cells: usize, selected: bool) -> [Text<'static>; 2] {
    let theme = app.theme;
    let what = match notification.kind.as_str() {
        "mention" => "answered or mentioned you",
        "reblog" => "passed this on",
        "favourite" => "likes this",
        "follow" => "follows you",
        "follow_request" => "asks to follow you",
        "poll" => "a poll has ended",
        "update" => "changed this",
        "status" => "wrote this",
        "quote" => "quotes you",
        _ => "did something new",
    };
    let age = post::age(app.now, notification.created_at);
    let first = format!("{} {what}", name(&notification.account));
    let first = layout::line(&first, cells.saturating_sub(age.len() + 1), app.bidi);
    let gap = " ".repeat(cells.saturating_sub(layout::width(&first) + age.len()));
    let gist =
        notification.status.as_ref().map(|status| post::gist(app, status.inner()).0).unwrap_or_default();
    let second = format!("  {}", layout::line(&gist, cells.saturating_sub(2), app.bidi));
    if selected {
        let fill = " ".repeat(cells.saturating_sub(layout::width(&second)));
        let style = theme.selected();
        return [
            Text::styled(format!("{first}{gap}{age}"), style),
            Text::styled(format!("{second}{fill}"), style),
        ];
    }
    [Text::styled(format!("{first}{gap}{age}"), theme.name()), Text::styled(second, Style::new())]
}

/// A person, and the area that is left for their posts.
pub fn person(app: &App, person: &Person, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let theme = app.theme;
    let cells = usize::from(area.width);
    let account = &person.account;
    let mut lines = vec![
        Text::styled(layout::line(&name(account), cells, app.bidi), theme.name()),
        Text::styled(
            clip(&format!("@{}", DisplayText::new(&account.acct)), cells).into_owned(),
            theme.faint(),
        ),
    ];
    let relation = &person.relation;
    let mut stands: Vec<&str> = Vec::new();
    for (holds, words) in [
        (relation.following, "you follow them"),
        (relation.followed_by, "they follow you"),
        (relation.muting, "muted"),
        (relation.blocking, "blocked"),
    ] {
        if holds {
            stands.push(words);
        }
    }
    let counts = format!(
        "{} posts, {} followers, {} followed{}{}",
        account.statuses_count,
        account.followers_count,
        account.following_count,
        if stands.is_empty() { "" } else { "; " },
        stands.join(", ")
    );
    let bio = match &account.starling {
        Some(extra) => extra.bio.clone(),
        None => layout::of_html(&account.note),
    };
    for line in layout::lines(DisplayText::block(&bio).as_str(), cells, app.bidi) {
        if !line.text.is_empty() {
            lines.push(post::aligned(line, Style::new()));
        }
    }
    for field in &account.fields {
        let words = format!(
            "{}: {}",
            DisplayText::new(&field.name),
            DisplayText::new(&layout::of_html(&field.value))
        );
        lines.push(Text::raw(clip(&words, cells).into_owned()));
    }
    lines.truncate(PERSON_LINES - 1);
    lines.push(Text::styled(clip(&counts, cells).into_owned(), theme.faint()));
    let height = (lines.len() as u16).min(area.height / 2);
    let [above, below] = Layout::vertical([Constraint::Length(height), Constraint::Min(1)]).areas(area);
    frame.render_widget(Paragraph::new(lines), above);
    below
}

/// What a search found: people, tags, posts.
pub fn found(app: &App, found: &Found, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.theme;
    let cells = usize::from(area.width);
    if found.is_empty() {
        let words = if found.loading { "Searching…" } else { "Nothing was found in what is stored here." };
        frame.render_widget(Paragraph::new(clip(words, cells).into_owned()), area);
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
        let words = format!("{}  @{}", name(account), DisplayText::new(&account.acct));
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
