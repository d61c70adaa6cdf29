//! The health line: what is wrong and what to do, or that all is well. It says what matters most first, and leaves out
//! what there is no room for.

use ratatui::{style::Style, text::Line as Text};

use crate::{
    api::NodeStatus,
    app::{App, Link},
    keys::Action,
    layout::width,
    text::DisplayText,
    words::Words,
};

/// Seconds that two clocks may differ: an answer takes its time, and the server says whole seconds.
const CLOCKS: i64 = 60;

/// Draws it.
pub fn line(app: &App, cells: usize) -> Text<'static> {
    let (parts, style) = health(app);
    let between = app.theme.mark(" · ", " - ");
    let mut text = String::new();
    for part in parts {
        let gap = if text.is_empty() { 0 } else { width(between) };
        if gap > 0 && width(&text) + gap + width(&part) > cells {
            continue;
        }
        text.push_str(if gap > 0 { between } else { "" });
        text.push_str(&part);
    }
    super::ours(app, &text, cells, style)
}

/// What is to be said, the most important first.
fn health(app: &App) -> (Vec<String>, Style) {
    let theme = app.theme;
    let say = |name: &str| app.words.say(name).into_owned();
    if let Link::Lost(why) = &app.link {
        let why = DisplayText::new(why).to_string();
        return (vec![app.words.put("view-lost", [("why", why)]).into_owned()], theme.failure());
    }
    let clock = clock(&app.words, app.ahead);
    let Some(node) = &app.node else {
        let words = say(if app.link == Link::Opening { "view-connecting" } else { "view-connected" });
        let style = if clock.is_some() { theme.warning() } else { theme.faint() };
        return (clock.into_iter().chain([words]).collect(), style);
    };
    if node.disk_low {
        return (vec![say("view-disk-low")], theme.failure());
    }
    if node.guarded {
        let why = match &node.guarded_because {
            Some(why) => DisplayText::new(why).to_string(),
            None => say("view-guarded-why"),
        };
        return (vec![app.words.put("view-guarded", [("why", why)]).into_owned()], theme.warning());
    }
    let troubled = clock.is_some() || node.peers == 0;
    let mut parts: Vec<String> = clock.into_iter().collect();
    parts.extend(running(&app.words, node, &app.keys.best(Action::Invite), &app.keys.best(Action::Queue)));
    if !app.drafts.is_empty() {
        parts.push(app.words.count("health-drafts", app.drafts.len()).into_owned());
    }
    (parts, if troubled { theme.warning() } else { theme.faint() })
}

/// How a node goes that nothing is wrong with: peers, what waits for them, what is fetched. With what is to be pressed or
/// typed for an invite and for the queue.
pub fn running(words: &Words, node: &NodeStatus, invite: &str, queue: &str) -> Vec<String> {
    let mut parts = vec![match node.peers {
        0 if !node.network => words.say("view-no-network").into_owned(),
        0 => words.put("health-no-peers", [("key", invite)]).into_owned(),
        peers => words.count("view-peers", peers).into_owned(),
    }];
    // One number, and the one that the queue says.
    let waits = [("health-waiting", node.waiting as usize), ("health-unheld", node.unheld)];
    if let Some((name, count)) = waits.into_iter().find(|(_, count)| *count > 0) {
        let mut args = fluent_bundle::FluentArgs::new();
        args.set("count", count);
        args.set("key", queue);
        parts.push(words.with(name, &args).into_owned());
    }
    if node.syncing > 0 {
        parts.push(words.count("view-syncing", node.syncing).into_owned());
    }
    parts
}

/// Whether our clock and the server's tell different times.
pub fn clock(words: &Words, ahead: Option<i64>) -> Option<String> {
    let ahead = ahead.filter(|ahead| ahead.abs() > CLOCKS)?;
    let minutes = (ahead.unsigned_abs() / 60) as usize;
    let name = if ahead > 0 { "health-clock-behind" } else { "health-clock-ahead" };
    Some(words.count(name, minutes).into_owned())
}
