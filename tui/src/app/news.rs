//! What the server tells unasked, and how the link to it is.

use super::{App, Link, TABS};
use crate::msg::{Effect, Line, News, Row, Span};

impl App {
    /// Puts news where they belong. Nothing moves: what is new waits above.
    pub(super) fn news(&mut self, news: News) -> Vec<Effect> {
        match news {
            News::Update(status) => {
                // The stream of the reader is that of the home timeline.
                if let Some(rows) = self.lines.get_mut(&tab(&Line::Home)) {
                    rows.arrive(Row::Post(status));
                }
            }
            News::Changed(status) => self.change(&status),
            News::Deleted(id) => self.remove(&id),
            News::Notified(notification) => {
                if let Some(rows) = self.lines.get_mut(&tab(&Line::Notifications)) {
                    rows.arrive(Row::Notification(notification));
                }
            }
        }
        Vec::new()
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
                for (number, line) in TABS.iter().enumerate() {
                    let Some(rows) = self.lines.get_mut(&number).filter(|rows| rows.loaded) else { continue };
                    let span = rows.newest().map_or(Span::Newest, |newest| Span::Above(newest.clone()));
                    effects.push(Effect::Load(line.clone(), span));
                }
                if !self.lines.get(&self.tab).is_some_and(|rows| rows.loaded) {
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

fn tab(line: &Line) -> usize {
    TABS.iter().position(|tab| tab == line).unwrap_or(0)
}
