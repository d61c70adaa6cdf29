//! What goes to the terminal, and nothing twice: a screen on which nothing changed costs not a byte, which is what a slow
//! line and a battery want. Ratatui hides or places the cursor with every frame, and resets colours after each.

use std::io;

use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};

/// A backend that leaves out what the terminal knows already.
#[derive(Debug)]
pub struct Quiet<B> {
    inner: B,
    /// Whether the cursor is shown and where, if it is known.
    cursor: Option<Cursor>,
    changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Hidden,
    Shown(Option<Position>),
}

impl<B> Quiet<B> {
    /// In front of another one.
    pub fn new(inner: B) -> Self {
        Self { inner, cursor: None, changed: false }
    }
}

impl<B: Backend<Error = io::Error>> Backend for Quiet<B> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.changed = true;
        // Cells are written where the cursor is: afterwards it stands elsewhere.
        if let Some(Cursor::Shown(place)) = &mut self.cursor {
            *place = None;
        }
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor != Some(Cursor::Hidden) {
            self.inner.hide_cursor()?;
            self.cursor = Some(Cursor::Hidden);
        }
        Ok(())
    }

    /// A terminal that cannot show it is gone, which the next thing that is drawn tells: this is also called at the end,
    /// where whoever calls would complain to the same terminal.
    fn show_cursor(&mut self) -> io::Result<()> {
        if !matches!(self.cursor, Some(Cursor::Shown(_))) {
            let _ = self.inner.show_cursor();
            self.cursor = Some(Cursor::Shown(None));
        }
        Ok(())
    }

    /// Where it was placed last. The terminal is never asked: its answer would come among the keys, or not at all.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(match self.cursor {
            Some(Cursor::Shown(Some(place))) => place,
            _ => Position::ORIGIN,
        })
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        // A cursor that nobody sees may stand anywhere: cells are placed by themselves.
        match &mut self.cursor {
            Some(Cursor::Shown(Some(held))) if *held == position => return Ok(()),
            Some(Cursor::Shown(held)) => *held = Some(position),
            Some(Cursor::Hidden) | None => {}
        }
        self.changed = true;
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.changed = true;
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.changed = true;
        self.inner.clear_region(region)
    }

    fn append_lines(&mut self, lines: u16) -> io::Result<()> {
        self.changed = true;
        self.inner.append_lines(lines)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.changed) { self.inner.flush() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, io::Write, rc::Rc};

    use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};

    use super::*;

    /// Bytes that went to the terminal.
    #[derive(Clone, Default)]
    struct Wire(Rc<RefCell<Vec<u8>>>);

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn drawn(
        wire: &Wire,
        terminal: &mut Terminal<Quiet<CrosstermBackend<Wire>>>,
        text: &str,
        at: Option<u16>,
    ) -> String {
        let _ = terminal
            .draw(|frame| {
                frame.render_widget(text, frame.area());
                if let Some(at) = at {
                    frame.set_cursor_position((at, 0));
                }
            })
            .unwrap();
        String::from_utf8(wire.0.take()).unwrap()
    }

    #[test]
    fn a_screen_on_which_nothing_changed_costs_nothing() {
        let wire = Wire::default();
        let backend = Quiet::new(CrosstermBackend::new(wire.clone()));
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)) };
        let mut terminal = Terminal::with_options(backend, options).unwrap();
        wire.0.take();
        assert!(drawn(&wire, &mut terminal, "hello", None).contains("hello"));
        assert_eq!(drawn(&wire, &mut terminal, "hello", None), "");
        let placed = drawn(&wire, &mut terminal, "hello", Some(3));
        assert!(placed.contains("\u{1b}[?25h") && placed.contains("\u{1b}[1;4H"), "{placed:?}");
        assert_eq!(drawn(&wire, &mut terminal, "hello", Some(3)), "");
        // What is drawn moves the cursor, which therefore is placed again.
        let moved = drawn(&wire, &mut terminal, "help", Some(3));
        assert!(moved.ends_with("\u{1b}[1;4H") && !moved.contains("\u{1b}[?25h"), "{moved:?}");
        assert_eq!(drawn(&wire, &mut terminal, "help", None), "\u{1b}[?25l");
    }
}
