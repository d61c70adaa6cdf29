//! Colours by meaning. Sixteen colours at most, which every terminal has and every person's scheme makes readable; with
//! `NO_COLOR` none, and what a colour says is said by weight or by a word as well.

use ratatui::style::{Color, Modifier, Style};

/// How each kind of thing is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// Whether colours are used at all.
    colour: bool,
    /// Whether lines and marks are drawn in ASCII.
    pub ascii: bool,
}

impl Theme {
    /// With colours or without, with lines or in ASCII.
    pub fn new(colour: bool, ascii: bool) -> Self {
        Self { colour, ascii }
    }

    /// The same with nothing but ASCII.
    pub fn in_ascii(self) -> Self {
        Self { ascii: true, ..self }
    }

    /// As the environment asks (<https://no-color.org>, and `TERM`).
    pub fn of_environment() -> Self {
        let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
        let term = std::env::var("TERM").unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let utf8 = locale.is_none_or(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
        Self {
            colour: !set("NO_COLOR") && term != "dumb" && term != "vt100",
            ascii: !utf8 || term == "vt100",
        }
    }

    fn with(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// Who wrote it.
    pub fn name(self) -> Style {
        self.with(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// What is beside the matter: ages, ids, counts.
    pub fn faint(self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// The row that is selected.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What is open.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A content warning, and what has to be looked after.
    pub fn warning(self) -> Style {
        self.with(Color::Yellow)
    }

    /// What went wrong.
    pub fn failure(self) -> Style {
        self.with(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What is well.
    pub fn good(self) -> Style {
        self.with(Color::Green)
    }

    /// What the reader did: liked, passed on, marked.
    pub fn mine(self) -> Style {
        self.with(Color::Magenta)
    }

    /// A tag, a name in a text, an address.
    pub fn link(self) -> Style {
        self.with(Color::Blue)
    }

    /// A mark in letters that the terminal has.
    pub fn mark(self, mark: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { mark }
    }
}
