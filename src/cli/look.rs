//! How the terminal UI looks and in which language it speaks: asked for on the command line, else as the environment and
//! the terminal say.

use starling_tui::{Asked, Bidi, Ground, Theme, Words};

use super::{Failure, Kind, session::Context};

/// How it looks.
#[derive(Debug, Default, clap::Args)]
pub struct Look {
    /// What the letters stand on; `auto` asks the terminal
    #[arg(long, value_enum, default_value_t)]
    theme: Ask,
    /// Draw with ASCII only
    #[arg(long)]
    ascii: bool,
    /// The terminal itself orders what runs from right to left
    #[arg(long)]
    terminal_bidi: bool,
    /// Leave addresses as text: no links that the terminal opens by itself
    #[arg(long)]
    no_links: bool,
    /// Show no pictures, only the words that describe them
    #[arg(long)]
    no_images: bool,
    /// Speak this language (`en`, `he`, or that of a file `words-LANGUAGE.ftl` beside the settings)
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
}

/// What letters stand on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Ask {
    /// As the terminal says
    #[default]
    Auto,
    Dark,
    Light,
    /// No colours at all
    Mono,
}

impl Look {
    /// Colours, and what the terminal said if it is to show pictures. It is asked, so it must be ours.
    pub fn of_terminal(&self) -> (Theme, Option<Asked>) {
        let theme = Theme::of_environment();
        let theme = if self.theme == Ask::Mono { theme.without_colours() } else { theme };
        if !theme.has_colours() {
            return (self.patched(theme), None);
        }
        let asked = starling_tui::ask();
        let theme = match self.theme {
            Ask::Auto if asked.ground == Ground::Unknown => theme,
            Ask::Auto => theme.on(asked.ground),
            Ask::Dark => theme.on(Ground::Dark),
            Ask::Light => theme.on(Ground::Light),
            Ask::Mono => theme,
        };
        let theme = self.patched(theme);
        (theme, (!self.no_images && !theme.ascii).then_some(asked))
    }

    fn patched(&self, theme: Theme) -> Theme {
        let theme = if self.no_links { theme.without_links() } else { theme };
        if self.ascii { theme.in_ascii() } else { theme }
    }

    pub fn bidi(&self) -> Bidi {
        if self.terminal_bidi { Bidi::Terminal } else { Bidi::Here }
    }

    /// What the UI says, in which language. A person's own file goes before what is in the program.
    pub fn words(&self, context: &Context) -> Result<Words, Failure> {
        let locale = self.language.clone().unwrap_or_else(starling_tui::locale);
        let languages = starling_tui::languages(&locale);
        for language in &languages {
            let path = context.places.config.with_file_name(format!("words-{language}.ftl"));
            let wrong = |why: String| {
                Failure::new(Kind::Config, format!("{}: {why}", path.display()))
                    .hint("mend the file, or move it away and the words that come with the program are used")
            };
            match std::fs::read_to_string(&path) {
                Ok(text) => return Words::of_file(language, &text).map_err(wrong),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(wrong(error.to_string())),
            }
        }
        match &self.language {
            Some(asked) if !languages.iter().any(|language| Words::has(language)) => {
                let folder = context.places.config.parent().unwrap_or(&context.places.config);
                let hint = format!("a file words-{asked}.ftl in {} would make it one", folder.display());
                Err(Failure::usage(format!("{asked} is no language that it speaks")).hint(hint))
            }
            _ => Ok(Words::shipped(&locale)),
        }
    }
}
