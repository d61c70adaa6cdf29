//! Draws the UI. Nothing is changed here, and nothing is drawn that did not pass through
//! [`DisplayText`].

mod compose;
mod help;
mod post;
mod thread;
mod timeline;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line as Text, Span},
    widgets::{Clear, Paragraph},
};

use crate::{
    app::{App, Asks, Link, Prompt, Said, Screen, TABS},
    keys::Action,
    layout::{clip, width},
    msg::Line,
    text::DisplayText,
};

/// Smallest terminal in which something can be read.
const SMALLEST: (u16, u16) = (20, 6);
/// Columns from which the selected post stands beside its timeline.
const TWO_COLUMNS: u16 = 90;

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let small = app.words.say("view-too-small");
        frame.render_widget(Paragraph::new(clip(&small, area.width.into())), area);
        return;
    }
    let [tabs, body, said, health] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(top(app, tabs.width.into()), tabs);
    let prompt = match app.stack.last() {
        Some(Screen::Prompt(prompt)) => Some(prompt),
        _ => None,
    };
    let screen = app.stack.iter().rev().find(|screen| !matches!(screen, Screen::Prompt(_)));
    match screen {
        Some(Screen::Compose(form)) => compose::draw(app, form, frame, body),
        Some(Screen::Thread(tree)) => thread::draw(app, tree, frame, body),
        Some(Screen::Found(found)) => timeline::found(app, found, frame, body),
        Some(Screen::Help(filter)) => help::draw(app, filter, frame, body),
        Some(Screen::Line(_, person)) => {
            let body = match person {
                Some(person) => timeline::person(app, person, frame, body),
                None => body,
            };
            columns(app, frame, body);
        }
        Some(Screen::Prompt(_)) | None => columns(app, frame, body),
    }
    match prompt {
        Some(prompt) => ask(app, prompt, frame, body, said),
        None => frame.render_widget(word(app, said.width.into()), said),
    }
    frame.render_widget(well(app, health.width.into()), health);
}

/// A timeline, and beside it the selected post where there is room.
fn columns(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if area.width < TWO_COLUMNS {
        timeline::draw(app, frame, area);
        return;
    }
    let [list, rule, whole] =
        Layout::horizontal([Constraint::Percentage(45), Constraint::Length(1), Constraint::Min(20)])
            .areas(area);
    timeline::draw(app, frame, list);
    let bar = app.theme.mark("│", "|");
    let bars = vec![Text::styled(bar, app.theme.faint()); rule.height.into()];
    frame.render_widget(Paragraph::new(bars), rule);
    if let Some(post) = app.subject() {
        post::whole(app, post, frame, whole);
    }
}

/// What a timeline is called.
pub fn title(line: &Line) -> String {
    match line {
        Line::Home => "Home".into(),
        Line::Local => "Local".into(),
        Line::Network => "Network".into(),
        Line::Notifications => "Notices".into(),
        Line::Bookmarks => "Marked".into(),
        Line::Favourites => "Liked".into(),
        Line::Tag(tag) => format!("#{}", DisplayText::new(tag)),
        Line::Person(_) => "Posts".into(),
    }
}

/// Where the reader is.
fn top(app: &App, cells: usize) -> Text<'static> {
    let theme = app.theme;
    let crumbs: Vec<String> = app.stack.iter().filter_map(crumb).collect();
    if !crumbs.is_empty() {
        let path = format!("{} › {}", title(&TABS[app.tab]), crumbs.join(" › "));
        let path = if theme.ascii { path.replace('›', ">") } else { path };
        return Text::styled(clip(&path, cells).into_owned(), theme.title());
    }
    let mut spans = Vec::new();
    let mut used = 0;
    for (number, line) in TABS.iter().enumerate() {
        let waiting = app.lines.get(&number).map_or(0, crate::app::rows::Rows::waiting);
        let count = if waiting > 0 { format!(" {waiting}") } else { String::new() };
        let words = format!("{} {}{count}", number + 1, title(line));
        let gap = if number == 0 { 0 } else { 2 };
        if used + gap + width(&words) > cells && number != app.tab {
            continue;
        }
        used += gap + width(&words);
        let style = if number == app.tab { theme.selected() } else { theme.faint() };
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(words, style));
    }
    Text::from(spans)
}

fn crumb(screen: &Screen) -> Option<String> {
    match screen {
        Screen::Thread(_) => Some("Thread".into()),
        Screen::Line(Line::Person(_), Some(person)) => {
            Some(DisplayText::new(&person.account.display_name).to_string())
        }
        Screen::Line(line, _) => Some(title(line)),
        Screen::Compose(form) if form.edits.is_some() => Some("Change".into()),
        Screen::Compose(form) => Some(if form.reply_to.is_some() { "Answer" } else { "Write" }.into()),
        Screen::Found(found) => Some(format!("Search: {}", DisplayText::new(&found.words))),
        Screen::Help(_) => Some("Keys".into()),
        Screen::Prompt(_) => None,
    }
}

/// The last thing that was said, or what can be done here.
fn word(app: &App, cells: usize) -> Text<'static> {
    if let Some((said, _)) = &app.said {
        let (text, style) = match said {
            Said::Good(text) => (text, app.theme.good()),
            Said::Bad(text) => (text, app.theme.failure()),
        };
        return Text::styled(clip(DisplayText::new(text).as_str(), cells).into_owned(), style);
    }
    if matches!(app.stack.last(), Some(Screen::Compose(_))) {
        let keys = "ctrl-s send · tab next field · ctrl-o editor · esc keep and leave";
        let keys = if app.theme.ascii { keys.replace('·', "-") } else { keys.into() };
        return Text::styled(clip(&keys, cells).into_owned(), app.theme.faint());
    }
    let waiting = app.line().1.map_or(0, crate::app::rows::Rows::waiting);
    if waiting > 0 && matches!(app.stack.last(), None | Some(Screen::Line(..))) {
        let key = app.keys.of(Action::LoadNew).first().copied().unwrap_or(":load-new").to_owned();
        return Text::styled(
            clip(&format!("{waiting} new: {key} shows them"), cells).into_owned(),
            app.theme.warning(),
        );
    }
    let hint = |action, word: &str| Some(format!("{} {word}", app.keys.of(action).first()?));
    let hints = [
        hint(Action::Open, "open"),
        hint(Action::Reply, "answer"),
        hint(Action::Compose, "write"),
        hint(Action::Boost, "pass on"),
        hint(Action::Like, "like"),
        hint(Action::Search, "search"),
        hint(Action::Help, "keys"),
        hint(Action::Quit, "leave"),
    ];
    let mut line = String::new();
    for hint in hints.into_iter().flatten() {
        if width(&line) + 3 + width(&hint) > cells {
            break;
        }
        if !line.is_empty() {
            line.push_str(app.theme.mark(" · ", " - "));
        }
        line.push_str(&hint);
    }
    Text::styled(line, app.theme.faint())
}

/// The health line: what is wrong and what to do, or that all is well.
fn well(app: &App, cells: usize) -> Text<'static> {
    let theme = app.theme;
    let (text, style) = health(app, theme);
    Text::styled(clip(&text, cells).into_owned(), style)
}

fn health(app: &App, theme: crate::theme::Theme) -> (String, Style) {
    if let Link::Lost(why) = &app.link {
        return (
            format!("Not connected: {}. Trying again; nothing you type is lost.", DisplayText::new(why)),
            theme.failure(),
        );
    }
    let Some(node) = &app.node else {
        let words = if app.link == Link::Opening { "Connecting…" } else { "Connected." };
        return (words.into(), theme.faint());
    };
    if node.disk_low {
        return (
            "The disk is nearly full: nothing of others is taken in. Free some space.".into(),
            theme.failure(),
        );
    }
    if node.guarded {
        let why = node.guarded_because.as_deref().unwrap_or("a peer that knows you has to be met first");
        return (format!("Nothing is signed yet: {}", DisplayText::new(why)), theme.warning());
    }
    let mut parts = Vec::new();
    parts.push(match node.peers {
        0 if !node.network => "no network".into(),
        0 => "no peers: share an invite, or add one".into(),
        1 => "1 peer".into(),
        peers => format!("{peers} peers"),
    });
    if node.syncing > 0 {
        parts.push(format!("fetching from {}", node.syncing));
    }
    if node.waiting > 0 {
        parts.push(format!("{} of yours wait for a peer", node.waiting));
    }
    let style = if node.peers == 0 { theme.warning() } else { theme.faint() };
    (parts.join(theme.mark(" · ", " - ")), style)
}

/// A line to type in, with what it offers above it.
fn ask(app: &App, prompt: &Prompt, frame: &mut Frame<'_>, body: Rect, line: Rect) {
    let cells = usize::from(line.width);
    let (before, text) = match &prompt.asks {
        Asks::Search => ("Search: ", DisplayText::new(&prompt.text).to_string()),
        Asks::Palette => (":", DisplayText::new(&prompt.text).to_string()),
        Asks::Sure(_, question) => (*question, " y/n".to_owned()),
    };
    if prompt.asks == Asks::Palette {
        let offered = crate::app::offered(&prompt.text);
        let rows = usize::from(body.height).min(offered.len()).min(10);
        let first = (prompt.chosen + 1).saturating_sub(rows);
        let area = Rect { y: body.bottom() - rows as u16, height: rows as u16, ..body };
        let row = |(number, (action, name, what)): (usize, &(Action, &str, &str))| {
            let keys = app.keys.of(*action).join(" ");
            let style = if number == prompt.chosen { app.theme.selected() } else { Style::new() };
            Text::styled(clip(&format!("{name:<20} {what}  ({keys})"), cells).into_owned(), style)
        };
        let shown: Vec<_> = offered.iter().enumerate().skip(first).take(rows).map(row).collect();
        frame.render_widget(Clear, area);
        frame.render_widget(Paragraph::new(shown), area);
    }
    let whole = format!("{before}{text}");
    // The end of what is typed is what the eye is on.
    let skip = width(&whole).saturating_sub(cells.saturating_sub(1));
    let shown: String = tail(&whole, skip);
    frame.set_cursor_position((line.x + width(&shown).min(cells.saturating_sub(1)) as u16, line.y));
    frame.render_widget(Paragraph::new(shown), line);
}

/// A text without its first cells.
fn tail(text: &str, mut cells: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    text.graphemes(true)
        .skip_while(|grapheme| {
            let skip = cells > 0;
            cells = cells.saturating_sub(width(grapheme));
            skip
        })
        .collect()
}

#[cfg(test)]
mod tests;
