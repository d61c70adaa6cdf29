//! The mouse, for those who want it: the wheel moves, a click selects, a second one opens. It is off until it is asked for:
//! a terminal that hands its mouse to a program no longer selects text with it.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{App, ROW_LINES, Screen};
use crate::{keys::Action, msg::Effect};

/// Rows that one turn of the wheel moves.
const WHEEL: isize = 3;
/// Lines above the body of the screen.
const ABOVE: u16 = 1;

impl App {
    /// Takes the mouse, or gives it back.
    pub(super) fn toggle_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        let _ = self.good(if self.mouse { "mouse-on" } else { "mouse-off" });
        vec![Effect::Mouse(self.mouse)]
    }

    /// Something was done with the mouse.
    pub(super) fn moused(&mut self, event: MouseEvent) -> Vec<Effect> {
        // Where something is typed, the mouse has nothing to do.
        if !self.mouse || matches!(self.stack.last(), Some(Screen::Compose(_) | Screen::Prompt(_))) {
            return Vec::new();
        }
        match event.kind {
            MouseEventKind::ScrollDown => self.step(WHEEL),
            MouseEventKind::ScrollUp => self.step(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) => self.clicked(event.row),
            _ => Vec::new(),
        }
    }

    /// A row of a timeline that has the screen for itself was clicked on.
    fn clicked(&mut self, line: u16) -> Vec<Effect> {
        if !matches!(self.stack.last(), None | Some(Screen::Line(_, None))) {
            return Vec::new();
        }
        let height = self.height();
        let Some(number) = line.checked_sub(ABOVE).map(|line| usize::from(line / ROW_LINES)) else {
            return Vec::new();
        };
        let shown = self.line().1.map(|rows| rows.shown(height)).unwrap_or_default();
        let selected = shown.iter().position(|row| row.selected);
        match selected.filter(|_| number < shown.len()) {
            Some(selected) if selected == number => self.act(Action::Open),
            Some(selected) => self.step(number as isize - selected as isize),
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyModifiers;

    use super::*;
    use crate::{
        app::tests::{app, post, press},
        msg::Msg,
    };

    fn mouse(app: &mut App, kind: MouseEventKind, row: u16) -> Vec<Effect> {
        app.update(Msg::Mouse(MouseEvent { kind, column: 5, row, modifiers: KeyModifiers::NONE }))
    }

    #[test]
    fn it_is_off_until_it_is_asked_for_and_then_selects_and_opens() {
        let posts: Vec<_> = (0..30).rev().map(|n| post(&n.to_string(), "Bob", "text")).collect();
        let mut app = app((80, 24), &posts);
        let click = MouseEventKind::Down(MouseButton::Left);
        assert_eq!(mouse(&mut app, click, 5), []);
        assert_eq!(app.subject().unwrap().id, "29");
        assert_eq!(press(&mut app, ":mouse\n"), [Effect::Mouse(true)]);
        mouse(&mut app, click, 5);
        assert_eq!(app.subject().unwrap().id, "27");
        mouse(&mut app, MouseEventKind::ScrollDown, 5);
        assert_eq!(app.subject().unwrap().id, "24");
        mouse(&mut app, MouseEventKind::ScrollUp, 5);
        assert_eq!(mouse(&mut app, click, 6), [Effect::Thread("27".into())]);
        assert_eq!(mouse(&mut app, click, 5), [], "a thread is no timeline");
        for row in [0, 23, u16::MAX] {
            press(&mut app, "\u{1b}");
            mouse(&mut app, click, row);
        }
        assert_eq!(press(&mut app, ":mouse\n"), [Effect::Mouse(false)]);
    }
}
