//! Opens the terminal, runs the UI in it, and leaves the terminal as it was, whatever happens.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::Command,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{self, DisableBracketedPaste, EnableBracketedPaste, Event},
        execute,
    },
};

use crate::{
    app::App,
    client::{Client, Server},
    keys::Keys,
    layout::Bidi,
    msg::{Effect, Msg},
    theme::Theme,
    view,
    words::Words,
};

/// Messages that may wait for the UI.
const MESSAGES: usize = 256;
/// How often the UI is told the time.
const TICK: Duration = Duration::from_secs(1);
/// Messages that are taken in before the screen is drawn again: a flood of news must not keep the screen from following.
const BEFORE_DRAWING: usize = 256;

/// How it is to be run.
pub struct Options {
    /// Where the server is.
    pub server: Server,
    /// How it looks.
    pub theme: Theme,
    /// What the keys do.
    pub keys: Keys,
    /// Who orders letters.
    pub bidi: Bidi,
    /// What it says, in which language.
    pub words: Words,
    /// A folder for text that is written in an editor.
    pub scratch: PathBuf,
}

/// Opens the UI and runs it until the person leaves.
///
/// # Errors
/// If there is no terminal, or it goes away.
pub fn open(options: Options) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let _ = execute!(io::stdout(), EnableBracketedPaste);
    let result = run(&mut terminal, options);
    let _ = execute!(io::stdout(), DisableBracketedPaste);
    ratatui::try_restore()?;
    result
}

fn run(terminal: &mut DefaultTerminal, options: Options) -> io::Result<()> {
    let (messages, incoming) = sync_channel(MESSAGES);
    let client = Client::start(options.server, &options.words, &messages)?;
    let keyboard = Keyboard::start(messages.clone())?;
    let size = terminal.size()?;
    let (mut app, effects) = App::new(
        options.theme,
        options.keys,
        options.bidi,
        options.words,
        (size.width, size.height),
        Timestamp::now(),
    );
    let mut carrier = Carrier { client, messages, keyboard, scratch: options.scratch };
    if !carrier.carry(terminal, effects, &mut app)? {
        return Ok(());
    }
    let mut ticked = Instant::now();
    loop {
        terminal.draw(|frame| view::draw(&app, frame))?;
        let mut taken = 0;
        let mut next = match incoming.recv_timeout(TICK.saturating_sub(ticked.elapsed())) {
            Ok(msg) => Some(msg),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        while let Some(msg) = next {
            let effects = app.update(msg);
            if !carrier.carry(terminal, effects, &mut app)? {
                return Ok(());
            }
            taken += 1;
            next = if taken < BEFORE_DRAWING { incoming.try_recv().ok() } else { None };
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            let effects = app.update(Msg::Tick(Timestamp::now()));
            if !carrier.carry(terminal, effects, &mut app)? {
                return Ok(());
            }
        }
    }
}

struct Carrier {
    client: Client,
    messages: SyncSender<Msg>,
    keyboard: Keyboard,
    scratch: PathBuf,
}

impl Carrier {
    /// Has effects carried out. False when the person leaves.
    fn carry(
        &mut self,
        terminal: &mut DefaultTerminal,
        effects: Vec<Effect>,
        app: &mut App,
    ) -> io::Result<bool> {
        let mut effects = std::collections::VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Quit => return Ok(false),
                Effect::Copy(text) => copy(&text)?,
                Effect::Editor(text) => {
                    let edited = self.edit(terminal, &text);
                    let msg = match edited {
                        Ok(text) => Msg::Edited(text),
                        Err(error) => Msg::Failed(
                            Box::new(Effect::Editor(String::new())),
                            app.words.put("run-no-editor", [("why", error.to_string())]).into_owned(),
                        ),
                    };
                    effects.extend(app.update(msg));
                }
                other => {
                    if let Err(effect) = self.client.carry(other) {
                        let msg = Msg::Failed(Box::new(effect), app.words.say("run-too-much").into_owned());
                        effects.extend(app.update(msg));
                    }
                }
            }
        }
        Ok(true)
    }

    /// Lends the terminal to the person's editor. None if the text was not saved.
    fn edit(&mut self, terminal: &mut DefaultTerminal, text: &str) -> io::Result<Option<String>> {
        let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok());
        let editor = editor.filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".into());
        let mut words = editor.split_whitespace();
        let Some(program) = words.next() else { return Ok(None) };
        let path = self.scratch.join(format!("starling-post-{}.txt", std::process::id()));
        std::fs::write(&path, text)?;
        self.keyboard.pause();
        let _ = execute!(io::stdout(), DisableBracketedPaste);
        ratatui::try_restore()?;
        let status = Command::new(program).args(words).arg(&path).status();
        *terminal = ratatui::try_init()?;
        let _ = execute!(io::stdout(), EnableBracketedPaste);
        self.keyboard.resume(self.messages.clone())?;
        let edited = std::fs::read_to_string(&path);
        let _ = std::fs::remove_file(&path);
        Ok(if status?.success() { Some(edited?) } else { None })
    }
}

/// Hands text to the terminal's clipboard (OSC 52), if it takes it.
fn copy(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    execute!(out, crossterm::clipboard::CopyToClipboard::to_clipboard_from(text))?;
    out.flush()
}

/// The thread that reads keys. It looks up now and then, so that it can be told to stop: an editor wants the keys.
struct Keyboard {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Keyboard {
    fn start(messages: SyncSender<Msg>) -> io::Result<Self> {
        let mut keyboard = Self { stop: std::sync::Arc::default(), thread: None };
        keyboard.resume(messages)?;
        Ok(keyboard)
    }

    fn pause(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn resume(&mut self, messages: SyncSender<Msg>) -> io::Result<()> {
        self.stop.store(false, std::sync::atomic::Ordering::Relaxed);
        let stop = std::sync::Arc::clone(&self.stop);
        self.thread = Some(thread::Builder::new().name("keys".into()).spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let event = match event::poll(Duration::from_millis(100)) {
                    Ok(true) => event::read(),
                    Ok(false) => continue,
                    Err(_) => return,
                };
                let msg = match event {
                    Ok(Event::Key(key)) => Msg::Key(key),
                    Ok(Event::Paste(text)) => Msg::Paste(text),
                    Ok(Event::Resize(columns, rows)) => Msg::Resize(columns, rows),
                    Ok(_) => continue,
                    Err(_) => return,
                };
                if messages.send(msg).is_err() {
                    return;
                }
            }
        })?);
        Ok(())
    }
}
