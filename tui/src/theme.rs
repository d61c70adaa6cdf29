//! Colours by meaning. Sixteen colours at most, which every terminal has and every person's scheme makes readable; on a
//! light ground the dark ones, on a dark ground the light ones. With `NO_COLOR` none, and what a colour says is said by
//! weight or by a word as well.

use ratatui::style::{Color, Modifier, Style};

/// What letters stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// Nobody knows: colours that can be told from both.
    #[default]
    Unknown,
    /// Dark: light letters.
    Dark,
    /// Light: dark letters.
    Light,
}

/// How each kind of thing is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours are used at all.
    colour: bool,
    /// Whether lines and marks are drawn in ASCII.
    pub ascii: bool,
    /// Whether addresses are handed to the terminal as such.
    pub links: bool,
    ground: Ground,
}

impl Theme {
    /// With colours or without, with lines or in ASCII.
    pub fn new(colour: bool, ascii: bool) -> Self {
        Self { colour, ascii, links: false, ground: Ground::Unknown }
    }

    /// The same on this ground.
    pub fn on(self, ground: Ground) -> Self {
        Self { ground, ..self }
    }

    /// The same without colours.
    pub fn without_colours(self) -> Self {
        Self { colour: false, ..self }
    }

    /// The same without addresses that a terminal opens by itself.
    pub fn without_links(self) -> Self {
        Self { links: false, ..self }
    }

    /// Whether there are colours.
    pub fn has_colours(self) -> bool {
        self.colour
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
            // The console of Linux and old terminals print what they do not know.
            links: !set("NO_COLOR") && !["dumb", "vt100", "linux", ""].contains(&term.as_str()),
            ground: ground_of_environment(&std::env::var("COLORFGBG").unwrap_or_default()),
        }
    }

    /// The colour that can be read on this ground: of the unknown, the dark, the light one.
    fn with(self, unknown: Color, dark: Color, light: Color) -> Style {
        let colour = match self.ground {
            Ground::Unknown => unknown,
            Ground::Dark => dark,
            Ground::Light => light,
        };
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// Who wrote it.
    pub fn name(self) -> Style {
        self.with(Color::Cyan, Color::LightCyan, Color::Blue).add_modifier(Modifier::BOLD)
    }

    /// What is beside the matter: ages, ids, counts.
    pub fn faint(self) -> Style {
        match self.colour {
            true => self.with(Color::DarkGray, Color::Gray, Color::DarkGray),
            false => Style::new().add_modifier(Modifier::DIM),
        }
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
        self.with(Color::Yellow, Color::LightYellow, Color::Magenta)
    }

    /// What went wrong.
    pub fn failure(self) -> Style {
        self.with(Color::Red, Color::LightRed, Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What is well.
    pub fn good(self) -> Style {
        self.with(Color::Green, Color::LightGreen, Color::Green)
    }

    /// What the reader did: liked, passed on, marked.
    pub fn mine(self) -> Style {
        self.with(Color::Magenta, Color::LightMagenta, Color::Magenta)
    }

    /// A tag, a name in a text, an address.
    pub fn link(self) -> Style {
        self.with(Color::Blue, Color::LightBlue, Color::Blue)
    }

    /// A code for scanners: dark on light, as far as that is known without colours.
    pub fn code(self) -> Style {
        match (self.colour, self.ground) {
            (true, _) => Style::new().fg(Color::Black).bg(Color::White),
            (false, Ground::Light) => Style::new(),
            (false, _) => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// A mark in letters that the terminal has.
    pub fn mark(self, mark: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { mark }
    }
}

/// What `COLORFGBG` says, where a terminal sets it: the last of its numbers is the colour of the ground.
fn ground_of_environment(colours: &str) -> Ground {
    match colours.rsplit(';').next().and_then(|number| number.parse::<u8>().ok()) {
        Some(7 | 9..=15) => Ground::Light,
        Some(0..=6 | 8) => Ground::Dark,
        _ => Ground::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ground_is_told_by_its_number() {
        for (colours, ground) in [
            ("15;0", Ground::Dark),
            ("0;15", Ground::Light),
            ("0;default;7", Ground::Light),
            ("", Ground::Unknown),
            ("15;default", Ground::Unknown),
            ("0;99", Ground::Unknown),
        ] {
            assert_eq!(ground_of_environment(colours), ground, "{colours}");
        }
    }

    #[test]
    fn no_more_than_sixteen_colours_and_without_colours_none() {
        let all = |theme: Theme| {
            [
                theme.name(),
                theme.faint(),
                theme.selected(),
                theme.title(),
                theme.warning(),
                theme.failure(),
                theme.good(),
                theme.mine(),
                theme.link(),
                theme.code(),
            ]
        };
        for ground in [Ground::Unknown, Ground::Dark, Ground::Light] {
            let theme = Theme::new(true, false).on(ground);
            assert!(
                all(theme).iter().all(|style| !matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))))
            );
            assert!(
                all(theme.without_colours()).iter().all(|style| style.fg.is_none() && style.bg.is_none())
            );
            // What went wrong is not to be mistaken for what went well.
            assert_ne!(theme.failure(), theme.good());
            assert_ne!(theme.without_colours().failure(), theme.without_colours().good());
        }
    }
}
