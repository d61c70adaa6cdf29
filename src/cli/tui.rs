//! `tui`: the terminal UI on the node that runs, on one started inside, or on any server with the Mastodon client API.

use std::{collections::BTreeMap, io::IsTerminal, path::PathBuf};

use starling_tui::{Bidi, Keys, Leave, Options, Server, Theme, Words};

use super::{
    Failure, Kind,
    session::{Context, Session},
};

/// Read and write in the terminal
#[derive(Debug, Default, clap::Args)]
pub struct Tui {
    /// Talk to this server instead of the own node: any with the Mastodon client API
    #[arg(long, value_name = "URL", requires = "token_file")]
    server: Option<String>,
    /// The file that holds the access token for that server
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
    /// The terminal itself orders what runs from right to left
    #[arg(long)]
    terminal_bidi: bool,
    /// Draw with ASCII only
    #[arg(long)]
    ascii: bool,
}

impl Tui {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        if !possible() {
            return Err(Failure::new(
                Kind::Usage,
                "the terminal UI needs a terminal: `starling home` prints",
            ));
        }
        let keys = keys(context)?;
        let bidi = if self.terminal_bidi { Bidi::Terminal } else { Bidi::Here };
        let theme = Theme::of_environment();
        let theme = if self.ascii { theme.in_ascii() } else { theme };
        let open = |server| {
            let words = Words::of_environment();
            let options = Options { server, theme, keys, bidi, words, scratch: std::env::temp_dir() };
            match starling_tui::open(options)? {
                None => Ok(()),
                Some(Leave::Interrupted) => Err(Failure::new(Kind::Interrupted, "interrupted")),
                Some(Leave::Told) => Err(Failure::new(Kind::Told, "told to end")),
                Some(Leave::HungUp) => Err(Failure::new(Kind::HungUp, "the terminal went away")),
            }
        };
        if let (Some(url), Some(file)) = (&self.server, &self.token_file) {
            let token = std::fs::read_to_string(file)
                .map_err(|error| Failure::new(Kind::Usage, format!("{}: {error}", file.display())))?;
            let base = url.trim_end_matches('/').to_owned();
            return open(Server { base, token: token.trim().to_owned(), drafts: None });
        }
        let home = context.home()?;
        let session = match Session::running(&home)? {
            Some(session) => session,
            None => {
                // What it would say would stand in the middle of the screen; the health line says what matters.
                super::run::log("off", false);
                Session::with_network(home.clone(), context.settings()?.config)?
            }
        };
        let (base, token) = session.client.door();
        let opened = open(Server { base, token, drafts: Some(home.path().join("draft.json")) });
        session.close();
        opened
    }
}

/// Whether there is a terminal to draw on.
pub fn possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// The keys, as the person's file beside the settings changes them.
fn keys(context: &Context) -> Result<Keys, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        keys: BTreeMap<String, String>,
    }
    let mut keys = Keys::default();
    let path = context.places.config.with_file_name("keys.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(keys),
        Err(error) => return Err(Failure::new(Kind::Config, format!("{}: {error}", path.display()))),
    };
    let wrong = |why: String| Failure::new(Kind::Config, format!("{}: {why}", path.display()));
    let file: File = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    keys.patch(&file.keys).map_err(wrong)?;
    Ok(keys)
}
