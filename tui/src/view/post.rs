//! A post: in two lines of a timeline, and whole.

use std::num::NonZeroU16;

use fluent_bundle::FluentArgs;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ratatui::{
    Frame,
    buffer::CellDiffOption,
    layout::{Alignment, Rect},
    style::Style,
    text::{Line as Text, Span},
    widgets::Paragraph,
};

use crate::{
    api::{Account, Media, Poll, Status},
    app::App,
    keys::Action,
    layout::{self, clip, width},
    links,
    pictures::Picture,
    text::DisplayText,
    words::Words,
};

/// Lines of a quoted post: it can be opened whole.
const QUOTED: usize = 4;

/// What somebody is called, safe to draw.
pub fn name(account: &Account) -> String {
    let name = DisplayText::short(account.display_name.trim()).to_string();
    if name.is_empty() { DisplayText::short(&account.acct).to_string() } else { name }
}

/// How long ago, as short as can be.
pub fn age(app: &App, then: Option<Timestamp>) -> String {
    ago(&app.words, app.now, then)
}

/// The same, of any clock.
pub fn ago(words: &Words, now: Timestamp, then: Option<Timestamp>) -> String {
    let Some(then) = then else { return String::new() };
    let ago = now.duration_since(then).max(SignedDuration::ZERO).as_secs();
    let (name, count) = match ago {
        0..60 => ("post-now", 0),
        60..3_600 => ("post-minutes", ago / 60),
        3_600..86_400 => ("post-hours", ago / 3_600),
        86_400..31_536_000 => ("post-days", ago / 86_400),
        _ => ("post-years", ago / 31_536_000),
    };
    words.put(name, [("count", count)]).into_owned()
}

/// Rows of a terminal from which on a post has a head of several lines.
const ROOMY: u16 = 11;

/// The first words of a post: its warning while that is closed, else its text in one line.
pub fn gist(app: &App, post: &Status) -> (String, bool) {
    if app.is_closed(post) {
        return (DisplayText::short(&post.spoiler_text).to_string(), true);
    }
    let text = DisplayText::short(layout::plain(post).as_str()).to_string();
    if text.trim().is_empty() && !post.media_attachments.is_empty() {
        return (files(app, post), false);
    }
    (text, false)
}

fn files(app: &App, post: &Status) -> String {
    post.media_attachments.iter().map(|media| file(&app.words, media)).collect::<Vec<_>>().join(" ")
}

/// A file in words: its kind, and what it shows.
pub fn file(words: &Words, media: &Media) -> String {
    let kind = words.say(match media.kind.as_str() {
        "image" => "post-image",
        "video" => "post-video",
        "gifv" => "post-gifv",
        "audio" => "post-audio",
        _ => "post-unknown",
    });
    match media.description.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(text) => {
            let alt = DisplayText::new(text);
            words.put("post-file", [("kind", &*kind), ("alt", alt.as_str())]).into_owned()
        }
        None => words.put("post-file-bare", [("kind", kind)]).into_owned(),
    }
}

/// Two lines of a timeline: who and when, and the first words.
pub fn row(app: &App, status: &Status, cells: usize, selected: bool) -> [Text<'static>; 2] {
    parts(app, status, cells).drawn(app, cells, selected, app.words.right_to_left())
}

/// The same where what is around it stands at the left in every language.
pub fn row_in_thread(app: &App, status: &Status, cells: usize) -> [Text<'static>; 2] {
    parts(app, status, cells).drawn(app, cells, false, false)
}

fn parts(app: &App, status: &Status, cells: usize) -> Parts {
    let theme = app.theme;
    let post = status.inner();
    let mut who = name(&post.account);
    if status.reblog.is_some() {
        let by = name(&status.account);
        who = match theme.ascii {
            true => app.words.put("post-via", [("who", who.as_str()), ("by", by.as_str())]).into_owned(),
            false => format!("{who} ⟲ {by}"),
        };
    }
    let mut marks = String::new();
    for (on, mark) in [
        (post.favourited, theme.mark("★", "*")),
        (post.reblogged, theme.mark("⟲", "+")),
        (post.bookmarked, theme.mark("⚑", "#")),
        (post.in_reply_to_id.is_some(), theme.mark("↳", ">")),
        (!post.media_attachments.is_empty(), theme.mark("▣", "%")),
    ] {
        if on {
            marks.push_str(mark);
        }
    }
    let age = layout::line(&age(app, post.created_at), cells, app.bidi);
    let right = [marks.as_str(), age.as_str()]
        .iter()
        .filter(|text| !text.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let (gist, warned) = gist(app, post);
    let before = if warned { theme.mark("⚠ ", "! ") } else { "" };
    Parts { who, right, before, gist, warned }
}

/// Two lines of a run of boosts that is folded: who passed on how many, and the first words of the newest.
pub fn run(app: &App, status: &Status, run: usize, cells: usize, selected: bool) -> [Text<'static>; 2] {
    let mut args = FluentArgs::new();
    args.set("who", name(&status.account));
    args.set("count", run);
    let who = format!("{} {}", app.theme.mark("⟲", "+"), app.words.with("post-run", &args));
    let post = status.inner();
    let (gist, warned) = gist(app, post);
    let gist = format!("{}: {gist}", name(&post.account));
    let right = layout::line(&age(app, status.created_at), cells, app.bidi);
    let before = if warned { app.theme.mark("⚠ ", "! ") } else { "" };
    let rtl = app.words.right_to_left();
    Parts { who, right, before, gist, warned }.drawn(app, cells, selected, rtl)
}

/// What the two lines of a row are made of.
struct Parts {
    who: String,
    right: String,
    before: &'static str,
    gist: String,
    warned: bool,
}

impl Parts {
    fn drawn(self, app: &App, cells: usize, selected: bool, rtl: bool) -> [Text<'static>; 2] {
        let theme = app.theme;
        let Self { who, right, before, gist, warned } = self;
        let room = cells.saturating_sub(width(&right) + 1);
        let who = layout::line(&who, room, app.bidi);
        let gap = cells.saturating_sub(width(&who) + width(&right));
        let gist = layout::line(&gist, cells.saturating_sub(2 + width(before)), app.bidi);
        let fill = cells.saturating_sub(2 + width(before) + width(&gist));
        let style = if warned { theme.warning() } else { Style::new() };
        let first = vec![
            Span::styled(who, theme.name()),
            Span::raw(" ".repeat(gap)),
            Span::styled(right, theme.faint()),
        ];
        let mark = before.trim_end();
        let second = vec![
            Span::raw("  "),
            Span::styled(mark, theme.warning()),
            Span::raw(" ".repeat(width(before) - width(mark))),
            Span::styled(gist, style),
            Span::raw(" ".repeat(fill)),
        ];
        // One style for the whole of a selected row: colours inside a reversed row are hard to read.
        let style = selected.then(|| theme.selected());
        [super::across(rtl, first, style), super::across(rtl, second, style)]
    }
}

/// A post, laid out.
pub struct Laid<'a> {
    /// All its lines.
    pub lines: Vec<Text<'static>>,
    /// Its pictures, and on which of the lines each begins. So many lines are empty.
    pub pictures: Vec<(usize, &'a Picture)>,
    /// Addresses that stand whole in a line: which line, how far in, and the address.
    pub links: Vec<(usize, usize, String)>,
}

impl Laid<'_> {
    /// Draws the pictures over lines that were drawn in this area, whose first line is the one of this number, and of which
    /// so many cells at the left are margin. One that is not in sight whole is left out: its words tell of it.
    pub fn draw_pictures(&self, frame: &mut Frame<'_>, area: Rect, first: isize, margin: u16) {
        for (line, picture) in &self.pictures {
            let (width, height) = picture.size();
            let at = *line as isize - first;
            let fits =
                at >= 0 && at + height as isize <= area.height as isize && width + margin <= area.width;
            if fits {
                let place = Rect { x: area.x + margin, y: area.y + at as u16, width, height };
                frame.render_widget(picture.widget(), place);
            }
        }
    }
}

impl Laid<'_> {
    /// Tells the terminal where addresses lead (OSC 8), over lines that were drawn in this area. The text stays as it is: a
    /// terminal that opens links opens what the reader sees.
    pub fn draw_links(&self, frame: &mut Frame<'_>, area: Rect, first: isize, margin: u16) {
        for (line, column, address) in &self.links {
            let at = *line as isize - first;
            let x = usize::from(margin) + column;
            if at < 0 || at >= area.height as isize || x + address.len() > usize::from(area.width) {
                continue;
            }
            let place = (area.x + x as u16, area.y + at as u16);
            let wide = u16::try_from(address.len()).ok().and_then(NonZeroU16::new);
            if let (Some(wide), Some(cell)) = (wide, frame.buffer_mut().cell_mut(place)) {
                // In one cell, which counts as many: text in several would be cut where the terminal does not expect it.
                cell.set_symbol(&format!("\u{1b}]8;;{address}\u{1b}\\{address}\u{1b}]8;;\u{1b}\\"));
                cell.set_diff_option(CellDiffOption::ForcedWidth(wide));
            }
        }
    }
}

/// Who wrote a post and when. On a screen of few rows that is one line: the text is what it is about.
fn head(app: &App, post: &Status, cells: usize) -> Vec<Text<'static>> {
    let theme = app.theme;
    let mut more: Vec<std::borrow::Cow<'_, str>> = Vec::new();
    if post.edited_at.is_some() {
        more.push(app.words.say("post-changed"));
    }
    if post.starling.as_ref().is_some_and(|extra| extra.time_doubted) {
        more.push(app.words.say("post-clock-ahead"));
    }
    if app.size.1 < ROOMY {
        let mut words = vec![name(&post.account), age(app, post.created_at)];
        words.extend(more.iter().map(ToString::to_string));
        let line = layout::line(&words.join(theme.mark(" · ", " - ")), cells, app.bidi);
        return vec![Text::styled(line, theme.name())];
    }
    let acct = DisplayText::short(&post.account.acct).to_string();
    let mut when: Vec<_> = post.created_at.map(|at| moment(at, &app.zone).into()).into_iter().collect();
    when.extend(more);
    vec![
        Text::styled(layout::line(&name(&post.account), cells, app.bidi), theme.name()),
        Text::styled(clip(&format!("@{acct}"), cells).into_owned(), theme.faint()),
        Text::styled(layout::line(&when.join(", "), cells, app.bidi), theme.faint()),
        Text::default(),
    ]
}

/// A post as it is drawn whole in so many cells.
pub fn laid<'a>(app: &'a App, post: &Status, cells: usize) -> Laid<'a> {
    let theme = app.theme;
    let (mut pictures, mut links) = (Vec::new(), Vec::new());
    let mut out = Vec::new();
    out.extend(head(app, post, cells));
    if !post.spoiler_text.is_empty() {
        for line in layout::lines(layout::block(&post.spoiler_text).as_str(), cells, app.bidi) {
            out.push(aligned(line, theme.warning()));
        }
        if app.is_closed(post) {
            let key = app.keys.best(Action::Reveal);
            let words = app.words.put("post-opens", [("key", key)]);
            out.push(super::ours(app, &words, cells, theme.faint()));
        } else {
            out.push(Text::default());
        }
    }
    if !app.is_closed(post) {
        let addresses = if theme.links { links::plain_addresses(post) } else { Vec::new() };
        for line in layout::lines(layout::plain(post).as_str(), cells, app.bidi) {
            let found = |address: &String| {
                let at = line.text.find(address.as_str()).filter(|_| !line.right)?;
                Some((out.len(), width(&line.text[..at]), address.clone()))
            };
            links.extend(addresses.iter().filter_map(found));
            out.push(aligned(line, Style::new()));
        }
        if !post.media_attachments.is_empty() {
            out.push(Text::default());
            if app.is_veiled(post) && post.spoiler_text.is_empty() && app.pictures.eye.is_some() {
                let words = app.words.put("post-opens", [("key", app.keys.best(Action::Reveal))]);
                out.push(super::ours(app, &words, cells, theme.faint()));
            } else {
                let drawn = theme.has_colours() && !theme.ascii;
                let here = crate::pictures::addresses(post).filter_map(|at| app.pictures.at(at));
                for picture in here.filter(|_| drawn) {
                    let (width, height) = picture.size();
                    if usize::from(width) <= cells {
                        pictures.push((out.len(), picture));
                        out.extend(vec![Text::default(); height.into()]);
                    }
                }
            }
            for line in layout::lines(&files(app, post), cells, app.bidi) {
                out.push(aligned(line, theme.link()));
            }
        }
        if let Some(poll) = &post.poll {
            out.push(Text::default());
            out.extend(self::poll(app, poll, cells));
        }
        if post.quote.is_some() {
            out.push(Text::default());
            out.extend(quote(app, post, cells));
        }
    }
    out.push(Text::default());
    out.push(counts(app, post, cells));
    Laid { lines: out, pictures, links }
}

/// What others did to a post; what the reader did has its mark, which does not hang on a colour.
fn counts(app: &App, post: &Status, cells: usize) -> Text<'static> {
    let theme = app.theme;
    let parts = [
        ("post-answers", post.replies_count, false, ""),
        ("post-boosts", post.reblogs_count, post.reblogged, theme.mark("⟲ ", "+ ")),
        ("post-likes", post.favourites_count, post.favourited, theme.mark("★ ", "* ")),
    ];
    let words = |(name, count, mine, mark): (_, u64, bool, &str)| {
        let words = app.words.put(name, [("count", count)]);
        (format!("{}{words}", if mine { mark } else { "" }), mine)
    };
    let mut said: Vec<(String, bool)> = parts.into_iter().map(words).collect();
    if post.bookmarked {
        said.push((format!("{}{}", theme.mark("⚑ ", "# "), app.words.say("post-bookmarked")), true));
    }
    let mut spans = Vec::new();
    let mut room = cells;
    for (words, mine) in said {
        let gap = if spans.is_empty() { "" } else { "  " };
        let words = layout::line(&words, room.saturating_sub(gap.len()), app.bidi);
        room = room.saturating_sub(gap.len() + width(&words));
        spans.extend([Span::raw(gap), Span::styled(words, if mine { theme.mine() } else { theme.faint() })]);
    }
    Text::from(spans)
}

/// A poll, with what is known of its votes.
fn poll(app: &App, poll: &Poll, cells: usize) -> Vec<Text<'static>> {
    let theme = app.theme;
    let most = poll.options.iter().filter_map(|option| option.votes_count).max().unwrap_or(0);
    let mut out = Vec::new();
    for (number, option) in poll.options.iter().enumerate() {
        let mine = poll.own_votes.iter().flatten().take(poll.options.len()).any(|own| *own == number);
        let mark = if mine { "(x) " } else { "( ) " };
        let dot = theme.mark(" · ", " - ");
        let votes = option.votes_count.map(|votes| format!("{dot}{votes}")).unwrap_or_default();
        let room = cells.saturating_sub(width(mark) + width(&votes));
        let title = layout::line(DisplayText::short(&option.title).as_str(), room, app.bidi);
        let leads = most > 0 && option.votes_count == Some(most);
        out.push(Text::from(vec![
            Span::styled(mark, if mine { theme.mine() } else { theme.faint() }),
            Span::styled(title, if leads { theme.title() } else { Style::new() }),
            Span::styled(votes, theme.faint()),
        ]));
    }
    let mut words = vec![app.words.put("post-votes", [("count", poll.votes_count)])];
    match (poll.expired, poll.expires_at) {
        (true, _) => words.push(app.words.say("post-poll-over")),
        (false, Some(at)) => words.push(app.words.put("post-poll-until", [("when", moment(at, &app.zone))])),
        (false, None) => {}
    }
    if !poll.expired && poll.voted != Some(true) {
        words.push(app.words.put("post-poll-open", [("key", app.keys.best(Action::Vote))]));
    }
    let words = words.join(theme.mark(" · ", " - "));
    out.push(super::ours(app, &words, cells, theme.faint()));
    out
}

/// What a post quotes, in a few lines behind a bar.
fn quote(app: &App, post: &Status, cells: usize) -> Vec<Text<'static>> {
    let theme = app.theme;
    let Some(quoted) = post.quoted() else {
        return vec![super::ours(app, &app.words.say("post-quote-missing"), cells, theme.faint())];
    };
    let room = cells.saturating_sub(2);
    let mut lines = vec![Text::styled(layout::line(&name(&quoted.account), room, app.bidi), theme.name())];
    let (text, style) = match app.is_closed(quoted) {
        true => (&DisplayText::short(&quoted.spoiler_text), theme.warning()),
        false => (layout::plain(quoted), Style::new()),
    };
    // Of a long one no more is laid out than may be drawn.
    let text = text.as_str();
    let begin = &text[..text.floor_char_boundary(QUOTED * room * 4)];
    let mut drawn = layout::lines(begin, room, app.bidi);
    let more = drawn.len() > QUOTED;
    drawn.truncate(QUOTED);
    lines.extend(drawn.into_iter().map(|line| aligned(line, style)));
    if more {
        lines.push(Text::styled("…", theme.faint()));
    }
    for line in &mut lines {
        line.spans.insert(0, Span::styled(theme.mark("┃ ", "| "), theme.faint()));
    }
    lines
}

/// A post whole, from this line on, as much of it as there is room for.
pub fn whole(app: &App, post: &Status, from: usize, frame: &mut Frame<'_>, area: Rect) {
    let mut laid = laid(app, post, area.width.into());
    // It may be shorter than when the reader went down in it.
    let from = from.min(laid.lines.len().saturating_sub(area.height.into()));
    let lines: Vec<_> = std::mem::take(&mut laid.lines).into_iter().skip(from).collect();
    frame.render_widget(Paragraph::new(lines), area);
    laid.draw_pictures(frame, area, from as isize, 0);
    laid.draw_links(frame, area, from as isize, 0);
}

/// A line at the edge where it belongs.
pub fn aligned(line: layout::Drawn, style: Style) -> Text<'static> {
    let alignment = if line.right { Alignment::Right } else { Alignment::Left };
    Text::styled(line.text, style).alignment(alignment)
}

/// A moment where the reader is, to the minute.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
