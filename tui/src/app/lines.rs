//! Timelines: what of them is fetched when, and what becomes of it.

use super::{App, Screen, TABS, rows::Rows};
use crate::{
    api::Id,
    msg::{Effect, Line, Page, Span},
};

/// How often the server is asked for what is new on a timeline of which no stream tells, in seconds.
const ASK_EVERY: i64 = 60;
/// Posts of which is known that they were looked at: a day of reading. After it threads tell by their time alone.
const SEEN: usize = 10_000;
/// Screens above the timelines: who opens more leaves the lowest behind.
pub(super) const DEEPEST: usize = 32;

impl App {
    /// The timeline that is on the screen, and its rows.
    pub fn line(&self) -> (&Line, Option<&Rows>) {
        let line = self.stack.iter().rev().find_map(as_line).unwrap_or(&TABS[self.tab]);
        (line, self.lines.get(line))
    }

    /// The rows that are on the screen, to be moved in.
    pub(super) fn rows_mut(&mut self) -> &mut Rows {
        let line = self.line().0.clone();
        self.lines.entry(line).or_default()
    }

    /// Fetches the timeline on the screen from where the reader was, or what is new on it, unless that is under way.
    pub(super) fn load_newest(&mut self) -> Vec<Effect> {
        let line = self.line().0.clone();
        self.load_line(&line)
    }

    /// Fetches a timeline from where the reader was, or what is new on it, unless that is under way. Of notifications the
    /// newest are what its tab is opened for.
    pub(super) fn load_line(&mut self, line: &Line) -> Vec<Effect> {
        if !self.remembers() {
            return Vec::new();
        }
        let place = self.place(line).filter(|_| *line != Line::Notifications);
        let rows = self.lines.entry(line.clone()).or_default();
        if rows.loading.is_some() {
            return Vec::new();
        }
        let span = match place {
            Some(id) if !rows.loaded => Span::Around(id),
            _ => Span::Newest,
        };
        rows.loading = Some(span.clone());
        vec![Effect::Load(line.clone(), span)]
    }

    /// Fetches what a timeline wants next: what was missed, or what is below its end if the reader is near it.
    pub(super) fn load_more(&mut self, line: &Line) -> Vec<Effect> {
        let height = self.height();
        let Some(rows) = self.lines.get_mut(line) else { return Vec::new() };
        let Some(span) = rows.wanted(height) else { return Vec::new() };
        rows.loading = Some(span.clone());
        vec![Effect::Load(line.clone(), span)]
    }

    /// The reader asks for what is new. Who was away for long, and does not want to read all of it, begins at the newest.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        let rows = self.rows_mut();
        if rows.is_behind() && rows.loading.is_none() {
            rows.start_over();
            let line = self.line().0.clone();
            self.rows_mut().loading = Some(Span::Newest);
            return vec![Effect::Load(line, Span::Newest)];
        }
        let mut effects = self.load_newest();
        if let Some(Screen::Line(Line::Person(id), _)) = self.stack.last() {
            effects.push(Effect::Person(id.clone()));
        }
        effects
    }

    pub(super) fn take_page(&mut self, line: &Line, span: &Span, page: Page) -> Vec<Effect> {
        let height = self.height();
        // Closed meanwhile.
        let Some(rows) = self.lines.get_mut(line) else { return Vec::new() };
        if matches!(span, Span::Around(_)) && page.rows.is_empty() {
            return self.load_otherwise(line);
        }
        rows.take(span, page);
        rows.keep_in_sight(height);
        self.load_more(line)
    }

    /// A timeline could not be fetched.
    pub(super) fn page_failed(&mut self, line: &Line, span: &Span) -> Vec<Effect> {
        if let Some(rows) = self.lines.get_mut(line) {
            rows.loading = None;
        }
        Vec::from_iter(
            matches!(span, Span::Around(_)).then(|| self.load_otherwise(line)).into_iter().flatten(),
        )
    }

    /// Where the reader was is nowhere any more: the newest, then.
    fn load_otherwise(&mut self, line: &Line) -> Vec<Effect> {
        let Some(rows) = self.lines.get_mut(line) else { return Vec::new() };
        rows.loading = Some(Span::Newest);
        vec![Effect::Load(line.clone(), Span::Newest)]
    }

    /// Asks now and then for what no stream tells of.
    pub(super) fn ask_now_and_then(&mut self) -> Vec<Effect> {
        let streamed = self.link == super::Link::Open;
        let line = self.line().0.clone();
        if self.now.as_second() - self.asked_line < ASK_EVERY
            || (streamed && matches!(line, Line::Home | Line::Notifications))
        {
            return Vec::new();
        }
        self.asked_line = self.now.as_second();
        let Some(rows) = self.lines.get_mut(&line).filter(|rows| rows.loaded && rows.loading.is_none())
        else {
            return Vec::new();
        };
        if line.hangs_on_ids() {
            rows.fall_behind();
            return self.load_more(&line);
        }
        self.load_line(&line)
    }

    pub(super) fn show_tab(&mut self, tab: usize) -> Vec<Effect> {
        if tab >= TABS.len() {
            return Vec::new();
        }
        self.threads_left();
        self.stack.clear();
        self.forget_closed();
        self.tab = tab;
        let line = &TABS[tab];
        let height = self.height();
        if let Some(rows) = self.lines.get_mut(line).filter(|rows| rows.loaded) {
            // Whoever opens this tab wants to see what its number counts, not where they were.
            if *line == Line::Notifications && rows.waiting() > 0 {
                rows.show_new(height);
                rows.step(isize::MIN / 2, height);
            }
            return self.load_more(line);
        }
        self.load_newest()
    }

    pub(super) fn show_line(&mut self, line: Line) -> Vec<Effect> {
        if self.stack.iter().rev().find_map(as_line) == Some(&line) {
            return Vec::new();
        }
        self.push(Screen::Line(line.clone(), None));
        if self.lines.get(&line).is_some_and(|rows| rows.loaded) { Vec::new() } else { self.load_newest() }
    }

    /// Puts a screen above the others.
    pub(super) fn push(&mut self, screen: Screen) {
        if self.stack.len() >= DEEPEST {
            self.stack.remove(0);
            self.forget_closed();
        }
        // What was said of another screen would stand in the place of what can be done on this one.
        if matches!(screen, Screen::Compose(_) | Screen::Sheet(_)) {
            self.said = None;
        }
        self.stack.push(screen);
    }

    /// Forgets the rows of timelines that are not open any more.
    pub(super) fn forget_closed(&mut self) {
        let open: Vec<&Line> = TABS.iter().chain(self.stack.iter().filter_map(as_line)).collect();
        let closed: Vec<Line> = self.lines.keys().filter(|line| !open.contains(line)).cloned().collect();
        for line in closed {
            self.keep_place(&line);
            self.lines.remove(&line);
        }
    }

    /// A post is read: it was the one that the reader looked at.
    pub(super) fn read_selected(&mut self) {
        if let Some(Screen::Thread(tree)) = self.stack.last_mut() {
            tree.read_selected();
        }
        if let Some(id) = self.subject().map(|post| post.id.clone()) {
            self.saw(id);
        }
    }

    /// A post was looked at.
    pub(super) fn saw(&mut self, id: Id) {
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        self.seen.insert(id);
    }
}

/// The timeline that a screen shows.
pub(super) fn as_line(screen: &Screen) -> Option<&Line> {
    match screen {
        Screen::Line(line, _) => Some(line),
        _ => None,
    }
}
