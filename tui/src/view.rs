//! Draws the UI. Nothing is changed here, and nothing is drawn that did not pass through
//! [`DisplayText`].

mod choice;
mod compose;
pub mod health;
mod help;
mod hints;
pub mod person;
pub mod post;
mod sheet;
mod side;
mod thread;
pub mod timeline;

use fluent_bundle::FluentArgs;
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Alignment, Constraint, Layout, Rect},
    style::Style,
    text::{Line as Text, Span},
    widgets::{Clear, Paragraph},
};

use crate::{
    app::{App, Asks, CHROME, Prompt, Said, Screen, TABS, rows::Rows, tree::Tree},
    keys::Action,
    layout::{self, clip, width},
    msg::{Line, Row},
    text::DisplayText,
};

/// Smallest terminal in which something can be read.
const SMALLEST: (u16, u16) = (20, 6);

/// Cells of a key in the palette, which is what is to be learnt from it.
const KEY: usize = 7;
/// Cells of the name of what it does.
const NAME: usize = 18;
/// Columns from which on the palette shows the names of things as well.
const NAMES: usize = 60;

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
    let above = |screen: &&Screen| matches!(screen, Screen::Prompt(_) | Screen::Choice(_));
    let screen = app.stack.iter().rev().find(|screen| !above(screen));
    match screen {
        Some(Screen::Compose(form)) => compose::draw(app, form, frame, body),
        Some(Screen::Thread(tree)) => columns(app, Some(tree), frame, body),
        Some(Screen::History(_, edits, from)) => choice::history(app, edits.as_deref(), *from, frame, body),
        Some(Screen::Found(found)) => timeline::found(app, found, frame, body),
        Some(Screen::Help(it)) => help::draw(app, it, frame, body),
        Some(Screen::Sheet(it)) => sheet::draw(app, it, frame, body),
        Some(Screen::CatchUp(it)) => sheet::catch_up(app, it, frame, body),
        Some(Screen::Line(_, person)) => {
            let body = match person {
                Some(person) => person::draw(app, person, frame, body),
                None => body,
            };
            columns(app, None, frame, body);
        }
        Some(Screen::Prompt(_) | Screen::Choice(_)) | None => columns(app, None, frame, body),
    }
    if let Some(Screen::Choice(choice)) = app.stack.last() {
        choice::draw(app, choice, frame, body);
    }
    match prompt {
        Some(prompt) => ask(app, prompt, frame, body, said),
        None => frame.render_widget(word(app, said.width.into()), said),
    }
    frame.render_widget(health::line(app, health.width.into()), health);
    if app.theme.ascii {
        in_ascii(frame.buffer_mut());
    }
}

/// Marks that stand in sentences, and the ellipsis of what is cut, for terminals that have none of them.
pub fn in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let plain = match cell.symbol() {
            // Words of ours have three dots for it: this is where something was cut.
            "…" => "~",
            "·" | "–" | "—" => "-",
            "›" => ">",
            _ => continue,
        };
        cell.set_symbol(plain);
    }
}

/// A timeline; where there is room, beside it the thread or the selected post, and beside that where it comes from.
/// Where there is none, the thread is in the place of the timeline.
fn columns(app: &App, tree: Option<&Tree>, frame: &mut Frame<'_>, area: Rect) {
    let areas = areas(app, area);
    if areas.len() == 1 {
        match tree {
            Some(tree) => thread::draw(app, tree, frame, area),
            None => timeline::draw(app, frame, area),
        }
        return;
    }
    for rule in areas.iter().skip(1).step_by(2) {
        let bar = app.theme.mark("│", "|");
        let bars = vec![Text::styled(bar, app.theme.faint()); rule.height.into()];
        frame.render_widget(Paragraph::new(bars), *rule);
    }
    timeline::draw(app, frame, areas[0]);
    let account = match app.line().1.and_then(Rows::selected) {
        Some((_, Row::Notification(notification))) => Some(&notification.account),
        _ => None,
    };
    match (tree, app.selected_post(), account) {
        (Some(tree), ..) => thread::draw(app, tree, frame, areas[2]),
        (None, Some(post), _) => post::whole(app, post, 0, frame, areas[2]),
        // Nothing but somebody who did something.
        (None, None, Some(account)) => {
            let lines = side::card(app, account, areas[2].width.into());
            frame.render_widget(Paragraph::new(lines), areas[2]);
        }
        (None, None, None) => {}
    }
    if let (Some(side), Some(post)) = (areas.get(4), app.selected_post()) {
        side::draw(app, post, frame, *side);
    }
}

/// The columns, with the rules between them.
fn areas(app: &App, area: Rect) -> Vec<Rect> {
    let shares = match app.columns() {
        1 => return vec![area],
        2 => vec![Constraint::Percentage(45), Constraint::Length(1), Constraint::Min(20)],
        _ => vec![
            Constraint::Percentage(34),
            Constraint::Length(1),
            Constraint::Min(20),
            Constraint::Length(1),
            Constraint::Percentage(26),
        ],
    };
    Layout::horizontal(shares).split(area).to_vec()
}

/// How far down help can be read.
pub fn help_deepest(app: &App, filter: &str) -> usize {
    help::deepest(app, filter, (app.size.0, app.size.1.saturating_sub(CHROME)))
}

/// Lines of the post that is read in a thread or a catch-up that are below the screen, and how many the screen has for it.
pub fn hidden(app: &App) -> (usize, usize) {
    let (width, height) = (app.size.0, app.size.1.saturating_sub(CHROME));
    match app.stack.last() {
        Some(Screen::Thread(tree)) => {
            let areas = areas(app, Rect { x: 0, y: 0, width, height });
            let area = areas.get(2).or(areas.first()).copied().unwrap_or_default();
            (thread::hidden(app, tree, area), area.height.into())
        }
        Some(Screen::CatchUp(it)) => {
            let Some(post) = it.post() else { return (0, 0) };
            let room = usize::from(height.saturating_sub(1));
            let lines = post::laid(app, post.inner(), width.into()).lines.len();
            (lines.saturating_sub(room + it.scroll), room)
        }
        _ => (0, 0),
    }
}

pub use post::name;

/// What a timeline is called.
pub fn title(app: &App, line: &Line) -> String {
    let name = match line {
        Line::Home => "view-home",
        Line::Local => "view-local",
        Line::Network => "view-network",
        Line::Notifications => "view-notifications",
        Line::Bookmarks => "view-bookmarks",
        Line::Favourites => "view-favourites",
        Line::Tag(tag) => return format!("#{}", DisplayText::new(tag)),
        Line::List(_, title) => return DisplayText::new(title).to_string(),
        Line::Person(_) => "view-person",
    };
    app.words.say(name).into_owned()
}

/// A line of our own words, at the edge where this language begins.
pub fn ours(app: &App, text: &str, cells: usize, style: Style) -> Text<'static> {
    match app.words.right_to_left() {
        true => {
            Text::styled(layout::line_from_right(text, cells, app.bidi), style).alignment(Alignment::Right)
        }
        false => Text::styled(layout::line(text, cells, app.bidi), style),
    }
}

/// Parts of a line that fill it, the first at the edge where a language begins; all in one style, if there is one.
pub fn across(rtl: bool, mut parts: Vec<Span<'static>>, style: Option<Style>) -> Text<'static> {
    if rtl {
        parts.reverse();
    }
    match style {
        Some(style) => {
            Text::styled(parts.iter().map(|part| part.content.as_ref()).collect::<String>(), style)
        }
        None => Text::from(parts),
    }
}

/// Where the reader is.
fn top(app: &App, cells: usize) -> Text<'static> {
    let theme = app.theme;
    let crumbs: Vec<String> = app.stack.iter().filter_map(|screen| crumb(app, screen)).collect();
    if !crumbs.is_empty() {
        let between = theme.mark(" › ", " > ");
        let mut path: Vec<String> = std::iter::once(title(app, &TABS[app.tab])).chain(crumbs).collect();
        // The end says where the reader is: what there is no room for is left out before it.
        let more = theme.mark("…", "...");
        let wide = |path: &[String]| width(&path.join(between));
        while path.len() > 1 && wide(&path) > cells {
            let from = usize::from(path[0] == more);
            path.remove(from);
            if path[0] != more && path.len() > 1 {
                path.insert(0, more.to_owned());
            } else if path.len() == 2 && wide(&path) > cells {
                path.remove(0);
            }
        }
        return ours(app, &path.join(between), cells, theme.title());
    }
    let rtl = app.words.right_to_left();
    let word = |(number, line): (usize, &Line), named: bool| {
        let waiting = app.lines.get(line).map_or(0, Rows::waiting);
        let words = match (named, waiting) {
            (true, 0) => format!("{} {}", number + 1, title(app, line)),
            (true, waiting) => format!("{} {} {waiting}", number + 1, title(app, line)),
            (false, 0) => format!("{}", number + 1),
            (false, waiting) => format!("{}({waiting})", number + 1),
        };
        if rtl {
            layout::line_from_right(&words, cells, app.bidi)
        } else {
            layout::line(&words, cells, app.bidi)
        }
    };
    let tabs = |named: &dyn Fn(usize) -> bool| -> Vec<String> {
        TABS.iter().enumerate().map(|tab| word(tab, named(tab.0))).collect()
    };
    let fits = |words: &[String], gap: usize| {
        words.iter().map(|word| width(word) + gap).sum::<usize>() <= cells + gap
    };
    // Where there is no room for all of their names, the others are numbers: they are there, and so are their news.
    let (mut words, mut gap) = (tabs(&|_| true), "  ");
    if !fits(&words, 2) {
        let mut named = vec![app.tab];
        for number in 0..TABS.len() {
            named.push(number);
            if !fits(&tabs(&|number| named.contains(&number)), 2) {
                named.pop();
            }
        }
        words = tabs(&|number| named.contains(&number));
        gap = if fits(&words, 2) { "  " } else { " " };
    }
    let mut spans = Vec::new();
    for (number, words) in words.into_iter().enumerate() {
        let style = if number == app.tab { theme.selected() } else { theme.faint() };
        if number > 0 {
            spans.push(Span::raw(gap));
        }
        spans.push(Span::styled(words, style));
    }
    if rtl {
        spans.reverse();
        return Text::from(spans).alignment(Alignment::Right);
    }
    Text::from(spans)
}

fn crumb(app: &App, screen: &Screen) -> Option<String> {
    let name = match screen {
        Screen::Thread(_) => "view-thread",
        Screen::Line(Line::Person(_), Some(person)) => {
            return Some(DisplayText::new(&person.account.display_name).to_string());
        }
        Screen::Line(line, _) => return Some(title(app, line)),
        Screen::Compose(form) if form.edits.is_some() => "view-change",
        Screen::Compose(form) if form.reply_to.is_some() => "view-answer",
        Screen::Compose(_) => "view-write",
        Screen::Found(found) => {
            let words = DisplayText::new(&found.words);
            return Some(app.words.put("view-search", [("words", words.as_str())]).into_owned());
        }
        Screen::Help(_) => "view-keys",
        Screen::Sheet(sheet) => sheet.title(),
        Screen::CatchUp(_) => "sheet-catchup",
        Screen::History(..) => "view-history",
        Screen::Prompt(_) | Screen::Choice(_) => return None,
    };
    Some(app.words.say(name).into_owned())
}

/// The last thing that was said, or what can be done here.
fn word(app: &App, cells: usize) -> Text<'static> {
    // The greeting stands until there is something to say, and new posts are.
    let greets = app.said.as_ref().is_some_and(|(_, until)| *until == jiff::Timestamp::MAX);
    let waits = app.stack.is_empty() && app.line().1.is_some_and(|rows| rows.waiting() > 0);
    if let Some((said, _)) = app.said.as_ref().filter(|_| !(greets && waits)) {
        let (text, style) = match said {
            Said::Good(text) => (text, app.theme.good()),
            Said::Bad(text) => (text, app.theme.failure()),
        };
        return ours(app, DisplayText::new(text).as_str(), cells, style);
    }
    if hidden(app).0 > 0 {
        let words = app.words.put("thread-more", [("key", app.keys.best(Action::PageDown))]);
        return ours(app, &words, cells, app.theme.faint());
    }
    if let Some(Screen::Thread(tree)) = app.stack.last()
        && tree.unread() > 0
    {
        let mut args = FluentArgs::new();
        args.set("count", tree.unread());
        args.set("key", app.keys.best(Action::NextUnread));
        return ours(app, &app.words.with("thread-unread", &args), cells, app.theme.faint());
    }
    let rows = app.line().1.filter(|_| matches!(app.stack.last(), None | Some(Screen::Line(..))));
    let waiting = rows.map_or(0, Rows::waiting);
    if waiting > 0 {
        let more = rows.is_some_and(|rows| rows.is_behind() && rows.loading.is_none());
        let mut args = FluentArgs::new();
        args.set("count", waiting);
        args.set("key", app.keys.best(Action::LoadNew));
        args.set("other", app.keys.best(Action::Refresh));
        let name = if more { "view-new-more" } else { "view-new" };
        return ours(app, &app.words.with(name, &args), cells, app.theme.warning());
    }
    let line = fitting(&hints::of(app), cells, app.theme.mark(" · ", " - "));
    ours(app, &line, cells, app.theme.faint())
}

/// As many of these parts as there is room for, whole, the first before the others.
pub fn fitting(parts: &[String], cells: usize, between: &str) -> String {
    let mut line = String::new();
    for part in parts {
        let gap = if line.is_empty() { 0 } else { width(between) };
        if width(&line) + gap + width(part) > cells {
            continue;
        }
        line.push_str(if gap > 0 { between } else { "" });
        line.push_str(part);
    }
    line
}

/// A line to type in, with what it offers above it.
fn ask(app: &App, prompt: &Prompt, frame: &mut Frame<'_>, body: Rect, line: Rect) {
    let cells = usize::from(line.width);
    let typed = || DisplayText::new(&prompt.text).to_string();
    let (before, text) = match &prompt.asks {
        Asks::Search => (format!("{} ", app.words.say("view-ask-search")), typed()),
        Asks::Tag => (format!("{} #", app.words.say("view-ask-tag")), typed()),
        Asks::Palette => (":".to_owned(), typed()),
        Asks::Note(_) => (format!("{} ", app.words.say("people-ask-note")), typed()),
        Asks::Invite => (format!("{} ", app.words.say("invite-ask")), typed()),
        Asks::Address => (format!("{} ", app.words.say("mesh-ask")), typed()),
        Asks::NewList(_) => (format!("{} ", app.words.say("lists-ask-title")), typed()),
        Asks::Sure(_, question) => {
            let question = app.words.put(question, [("who", about(app))]).into_owned();
            (question, format!(" {}", app.words.say("view-yes-no")))
        }
    };
    if prompt.asks == Asks::Palette {
        let offered = crate::app::offered(&app.words, &prompt.text);
        let rows = usize::from(body.height).min(offered.len()).min(10);
        let first = (prompt.chosen + 1).saturating_sub(rows);
        let area = Rect { y: body.bottom() - rows as u16, height: rows as u16, ..body };
        let row = |(number, (action, name, what)): (usize, &(Action, &str, String))| {
            let style = if number == prompt.chosen { app.theme.selected() } else { Style::new() };
            let key = app.keys.told(*action).unwrap_or_default();
            let name = if cells < NAMES { "" } else { name };
            // Columns: each word begins where the language does.
            let gap = |text: &str, cells: usize| " ".repeat(cells.saturating_sub(width(text)) + 1);
            let (after_key, after_name) = (gap(key, KEY), gap(name, NAME));
            let after_name = if name.is_empty() { String::new() } else { after_name };
            let used = width(key) + width(&after_key) + width(name) + width(&after_name);
            let what = layout::line(what, cells.saturating_sub(used), app.bidi);
            let fill = " ".repeat(cells.saturating_sub(used + width(&what)));
            let parts = [key.to_owned(), after_key, name.to_owned(), after_name, what, fill];
            across(app.words.right_to_left(), parts.map(Span::from).into(), Some(style))
        };
        let shown: Vec<_> = offered.iter().enumerate().skip(first).take(rows).map(row).collect();
        frame.render_widget(Clear, area);
        frame.render_widget(Paragraph::new(shown), area);
    }
    let whole = match &prompt.asks {
        // What is asked begins with what would be done.
        Asks::Sure(..) => format!("{}{text}", clip(&before, cells.saturating_sub(width(&text) + 1))),
        // The end of what is typed is what the eye is on. Of what it is typed for nothing is better than a part.
        _ if width(&before) + width(&text) < cells => format!("{before}{text}"),
        _ if width(&text) < cells => text,
        _ => format!("…{}", tail(&text, (width(&text) + 2).saturating_sub(cells))),
    };
    let shown = layout::line(&whole, cells, app.bidi);
    frame.set_cursor_position((line.x + width(&shown).min(cells.saturating_sub(1)) as u16, line.y));
    frame.render_widget(Paragraph::new(shown), line);
}

/// Who it is that something is asked about: the person on the screen, or whose post is selected.
fn about(app: &App) -> String {
    let below = app.stack.iter().rev().find(|screen| !matches!(screen, Screen::Prompt(_)));
    match below {
        Some(Screen::Line(Line::Person(_), Some(person))) => name(&person.account),
        _ => app.selected_post().map(|post| name(&post.account)).unwrap_or_default(),
    }
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
