//! What the server tells unasked, and how the link to it is.

use super::{App, Link};
use crate::msg::{Effect, Line, News, Row};

impl App {
    /// Puts news where they belong. Nothing moves: what is new waits above.
    pub(super) fn news(&mut self, news: News) -> Vec<Effect> {
        match news {
            News::Update(status) => {
                // The stream of the reader is that of the home timeline.
                return self.arrived(&Line::Home, Row::Post(status));
            }
            News::Changed(status) => self.change(&status),
            News::Deleted(id) => self.remove(&id),
            News::Notified(notification) => {
                return self.arrived(&Line::Notifications, Row::Notification(notification));
            }
        }
        Vec::new()
    }

    fn arrived(&mut self, line: &Line, row: Row) -> Vec<Effect> {
        let height = self.height();
        let mine = matches!((&self.me, &row), (Some(me), Row::Post(status)) if status.account.id == me.id);
        let Some(rows) = self.lines.get_mut(line) else { return Vec::new() };
        let first = rows.is_empty();
        rows.arrive(row);
        // What the reader wrote is no news to them, unless something of others waits below it. And who looks at nothing
        // waits for the first thing to come.
        if first || mine && rows.waiting() == 1 {
            rows.show_new(height);
        }
        // What was missed before it may not have been fetched yet.
        if rows.is_behind() { self.load_more(line) } else { Vec::new() }
    }

    /// The stream was opened, or is lost.
    pub(super) fn stream(&mut self, state: Result<(), String>) -> Vec<Effect> {
        match state {
            Ok(()) => {
                let back = matches!(self.link, Link::Lost(_));
                self.link = Link::Open;
                if back {
                    let _ = self.good("news-back");
                }
                // What was missed while nobody listened.
                let mut effects = vec![Effect::Me];
                let lines: Vec<Line> =
                    self.lines.keys().filter(|line| line.hangs_on_ids()).cloned().collect();
                for line in lines {
                    if let Some(rows) = self.lines.get_mut(&line) {
                        rows.fall_behind();
                    }
                    effects.extend(self.load_more(&line));
                }
                if !self.line().1.is_some_and(|rows| rows.loaded) {
                    effects.extend(self.load_newest());
                }
                effects
            }
            Err(why) => {
                self.link = Link::Lost(why);
                Vec::new()
            }
        }
    }
}
