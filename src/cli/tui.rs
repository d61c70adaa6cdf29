//! `tui`: the terminal UI on the node that runs, on one started inside, or on any server with the Mastodon client API.

use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::PathBuf,
    sync::{Arc, OnceLock},
    thread::{self, JoinHandle},
};

use starling::{
    config::Config,
    home::{self, Home},
};
use starling_tui::{Again, Keys, Leave, Options, PlainOptions, Server, Words};

use super::{
    Failure, Kind,
    look::Look,
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
    /// Lines instead of a screen, for screen readers, slow lines and pipes: `help` tells the commands
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    look: Look,
}

impl Tui {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        if !self.plain && !possible() {
            return Err(Failure::usage("the terminal UI needs a terminal")
                .hint("`starling tui --plain` reads and writes lines, `starling home` prints"));
        }
        if let (Some(url), Some(file)) = (&self.server, &self.token_file) {
            let token = std::fs::read_to_string(file)
                .map_err(|error| Failure::new(Kind::Usage, format!("{}: {error}", file.display())))?;
            let base = url.trim_end_matches('/').to_owned();
            let server = Server { base, token: token.trim().to_owned(), drafts: None, again: None };
            return self.open(server, context);
        }
        if let (false, Err(home::Error::Missing(_))) = (self.plain, Home::open_at(context.places.clone())) {
            return super::first::run(&self, context);
        }
        let home = context.home()?;
        if let Some(session) = Session::running(&home)? {
            return self.open(near(&session, &home), context);
        }
        // The UI is there at once; the node inside opens its store meanwhile.
        let starting = Starting::begin(&home, context.settings()?.config);
        let opened = self.open(starting.server(&home), context);
        starting.end().and(opened)
    }

    fn open(&self, server: Server, context: &Context) -> Result<(), Failure> {
        if self.plain {
            let prompt = std::io::stdin().is_terminal();
            let options = PlainOptions { server, words: self.words(context)?, prompt };
            return Ok(starling_tui::plain(options, std::io::stdin().lock(), std::io::stdout().lock())?);
        }
        left(starling_tui::open(Options { server, ..self.options(context)? })?)
    }

    /// How the UI is to be run, but for where its server is.
    pub fn options(&self, context: &Context) -> Result<Options, Failure> {
        let (theme, pictures) = self.look.of_terminal();
        Ok(Options {
            server: Server { base: String::new(), token: String::new(), drafts: None, again: None },
            theme,
            pictures,
            keys: keys(context)?,
            bidi: self.look.bidi(),
            words: self.words(context)?,
            scratch: std::env::temp_dir(),
        })
    }

    /// What the UI says, in which language.
    pub fn words(&self, context: &Context) -> Result<Words, Failure> {
        self.look.words(context)
    }
}

/// A node inside that is starting, in a thread of its own.
struct Starting {
    door: Arc<OnceLock<Option<(String, String)>>>,
    session: JoinHandle<Result<Session, Failure>>,
}

impl Starting {
    fn begin(home: &Home, config: Config) -> Self {
        quiet();
        let (door, home) = (Arc::<OnceLock<_>>::default(), home.clone());
        let known = Arc::clone(&door);
        let session = thread::spawn(move || {
            let session = Session::with_network(home, config);
            // Nobody else says where it is.
            let _ = known.set(session.as_ref().ok().map(|session| session.client.door()));
            session
        });
        Self { door, session }
    }

    fn server(&self, home: &Home) -> Server {
        let door = Arc::clone(&self.door);
        let again: Again = Arc::new(move || door.wait().clone());
        Server { base: String::new(), token: String::new(), drafts: Some(drafts(home)), again: Some(again) }
    }

    /// Stops it in good order, or says why it did not start, or ended by itself.
    fn end(self) -> Result<(), Failure> {
        match self.session.join() {
            Ok(session) => {
                let session = session?;
                let ended = session.ended();
                session.close();
                ended
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Where the UI keeps what was typed and is not sent.
fn drafts(home: &Home) -> PathBuf {
    home.path().join("draft.json")
}

/// The node of this home, as the UI's server.
pub fn near(session: &Session, home: &Home) -> Server {
    let (base, token) = session.client.door();
    let here = home.clone();
    let again: Again = Arc::new(move || {
        let session = Session::running(&here).ok()??;
        Some(session.client.door())
    });
    // A node inside this process stays where it is.
    let again = session.online().then_some(again);
    Server { base, token, drafts: Some(drafts(home)), again }
}

/// Has the node inside say nothing: it would stand in the middle of the screen, and the health line says what matters.
pub fn quiet() {
    super::run::log("off", false);
}

/// The exit code for how the UI ended.
pub fn left(left: Option<Leave>) -> Result<(), Failure> {
    match left {
        None => Ok(()),
        Some(Leave::Interrupted) => Err(Failure::new(Kind::Interrupted, "interrupted")),
        Some(Leave::Told) => Err(Failure::new(Kind::Told, "told to end")),
        Some(Leave::NoServer) => Err(Failure::failed("the node does not start")),
        Some(Leave::HungUp) => Err(Failure::new(Kind::HungUp, "the terminal went away")),
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
    let wrong = |why: String| {
        Failure::new(Kind::Config, format!("{}: {why}", path.display()))
            .hint("mend the file, or move it away and the keys are those that come with the program")
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(keys),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let file: File = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    keys.patch(&file.keys).map_err(wrong)?;
    Ok(keys)
}
