//! A person above their posts: who they are, how the reader stands to them, and what the reader noted.

use jiff::tz::TimeZone;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line as Text,
    widgets::Paragraph,
};

use super::post::{self, name};
use crate::{
    api::Relationship,
    app::{App, Person},
    layout,
    text::DisplayText,
    words::Words,
};

/// Lines of a person above their posts at most.
const LINES: usize = 12;

/// Rows in which there is room for nothing but what matters and the posts.
const FEW: u16 = 6;

/// Draws a person, and gives the area that is left for their posts.
pub fn draw(app: &App, person: &Person, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let theme = app.theme;
    let cells = usize::from(area.width);
    let account = &person.account;
    // In lines, as many as it takes: what is true of them for this reader must not be cut.
    let said = |text: &str, style: Style| -> Vec<Text<'static>> {
        let lines = layout::lines(text, cells, app.bidi).into_iter();
        lines.map(|line| post::aligned(line, style)).collect()
    };
    let extra = account.starling.as_ref();
    let mut lines = Vec::new();
    if extra.is_some_and(|extra| !extra.forked.is_empty()) {
        lines.extend(said(&app.words.say("people-forked"), theme.failure()));
    }
    if extra.is_some_and(|extra| extra.retired) {
        lines.extend(said(&app.words.say("people-retired"), theme.warning()));
    }
    let stands = stands(app, person);
    if !stands.is_empty() {
        lines.extend(said(&stands.join(", "), theme.faint()));
    }
    if let Some(words) = followed(&app.words, &person.relation, &app.zone) {
        lines.extend(said(&words, theme.faint()));
    }
    if !person.relation.note.trim().is_empty() {
        let note = DisplayText::new(&person.relation.note).to_string();
        lines.extend(said(&app.words.put("people-note", [("note", note)]), theme.mine()));
    }
    // The name is where the reader is as well, above; where there is little room that is enough.
    if area.height > FEW {
        let acct = format!("@{}", DisplayText::short(&account.acct));
        lines.insert(0, Text::styled(layout::line(&name(account), cells, app.bidi), theme.name()));
        lines.insert(1, Text::styled(layout::clip(&acct, cells).into_owned(), theme.faint()));
    }
    let counts = [
        ("posts", account.statuses_count),
        ("followers", account.followers_count),
        ("followed", account.following_count),
    ];
    lines.extend(said(&app.words.put("timeline-counts", counts), theme.faint()));
    for line in layout::lines(layout::about(account).as_str(), cells, app.bidi) {
        if !line.text.is_empty() {
            lines.push(post::aligned(line, Style::new()));
        }
    }
    for (name, value) in layout::fields(account) {
        lines.push(Text::raw(layout::line(&format!("{name}: {value}"), cells, app.bidi)));
    }
    lines.truncate(LINES);
    let height = (lines.len() as u16).min(area.height / 2);
    let [above, below] = Layout::vertical([Constraint::Length(height), Constraint::Min(1)]).areas(area);
    frame.render_widget(Paragraph::new(lines), above);
    below
}

/// Since when and how it came that the reader follows somebody, in words.
pub fn followed(words: &Words, relation: &Relationship, zone: &TimeZone) -> Option<String> {
    let followed = relation.starling.followed.as_ref()?;
    let when = post::moment(followed.at?, zone);
    let via = followed.via.as_ref();
    let name = match (followed.how.as_deref(), via) {
        (Some("invite"), _) => "people-followed-invite",
        (Some("welcome"), _) => "people-followed-welcome",
        (Some("device"), _) => "people-followed-device",
        (_, Some(via)) if via.account == relation.id => "people-followed-own",
        (_, Some(_)) => "people-followed-via",
        (_, None) => "people-followed",
    };
    let who = DisplayText::new(via.map_or("", |via| &via.name)).to_string();
    Some(words.put(name, [("when", when), ("who", who)]).into_owned())
}

/// How the reader stands to them, in words.
fn stands(app: &App, person: &Person) -> Vec<String> {
    let relation = &person.relation;
    let muted = match relation.muting_expires_at {
        Some(until) => app.words.put("people-muted-until", [("when", app.moment(until))]),
        None => app.words.say("timeline-muted"),
    };
    let notices = relation.muting && !relation.muting_notifications;
    [
        (relation.following, app.words.say("timeline-you-follow")),
        (relation.notifying, app.words.say("people-you-are-told")),
        (relation.followed_by, app.words.say("timeline-follows-you")),
        (relation.requested, app.words.say("people-requested")),
        (relation.muting, muted),
        (notices, app.words.say("people-notices-come")),
        (relation.blocking, app.words.say("timeline-blocked")),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, words)| words.into_owned())
    .collect()
}
