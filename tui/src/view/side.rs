//! The third column: who wrote the selected post, and where it comes from.

use ratatui::{Frame, layout::Rect, style::Style, text::Line as Text, widgets::Paragraph};

use super::{ours, post};
use crate::{
    api::{Account, Status},
    app::App,
    layout,
    text::DisplayText,
};

/// Draws it.
pub fn draw(app: &App, post: &Status, frame: &mut Frame<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let mut lines = card(app, &post.account, cells);
    lines.push(Text::default());
    lines.extend(origin(app, post, cells));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Somebody, as far as their posts tell.
pub fn card(app: &App, account: &Account, cells: usize) -> Vec<Text<'static>> {
    let theme = app.theme;
    let mut lines = vec![Text::styled(layout::line(&post::name(account), cells, app.bidi), theme.name())];
    let acct = format!("@{}", DisplayText::short(&account.acct));
    lines.push(Text::styled(layout::clip(&acct, cells).into_owned(), theme.faint()));
    let about = layout::about(account);
    if !about.as_str().trim().is_empty() {
        lines.push(Text::default());
        let drawn = layout::lines(about.as_str(), cells, app.bidi);
        lines.extend(drawn.into_iter().map(|line| post::aligned(line, Style::new())));
    }
    for (name, value) in layout::fields(account) {
        lines.push(Text::raw(layout::line(&format!("{name}: {value}"), cells, app.bidi)));
    }
    lines.push(Text::default());
    for (name, count) in [
        ("side-posts", account.statuses_count),
        ("side-followers", account.followers_count),
        ("side-followed", account.following_count),
    ] {
        let words = app.words.put(name, [("count", count)]);
        lines.push(ours(app, &words, cells, theme.faint()));
    }
    lines
}

/// Where a post comes from: what only Starling says, and what every server does.
fn origin(app: &App, post: &Status, cells: usize) -> Vec<Text<'static>> {
    let mut parts = Vec::new();
    if let Some(at) = post.created_at {
        parts.push(app.words.put("side-written", [("when", post::moment(at, &app.zone))]));
    }
    if let Some(at) = post.edited_at {
        parts.push(app.words.put("side-changed", [("when", post::moment(at, &app.zone))]));
    }
    if let Some(extra) = &post.starling {
        if let Some(at) = extra.received_at {
            parts.push(app.words.put("side-arrived", [("when", post::moment(at, &app.zone))]));
        }
        for (name, text) in [("side-device", &extra.device), ("side-entry", &extra.entry)] {
            if !text.is_empty() {
                parts.push(app.words.put(name, [("id", DisplayText::new(text).to_string())]));
            }
        }
    } else if let Some(url) = &post.url {
        parts.push(DisplayText::new(url).to_string().into());
    }
    let mut lines = Vec::new();
    for part in parts {
        let drawn = layout::lines(&part, cells, app.bidi);
        lines.extend(drawn.into_iter().map(|line| post::aligned(line, app.theme.faint())));
    }
    lines
}
