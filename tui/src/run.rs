//! Opens the terminal, runs the UI in it, and leaves the terminal as it was, whatever happens: a key, a signal, a panic,
//! or a terminal that is no longer there.

mod backend;
mod editor;
mod first;
mod keyboard;
mod screen;
mod signals;

use std::{
    collections::VecDeque,
    io,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ratatui::Frame;

use crate::{
    app::App,
    client::{Client, Server},
    keys::Keys,
    layout::Bidi,
    msg::{Effect, Leave, Msg},
    pictures::Eye,
    terminal::Asked,
    theme::Theme,
    view,
    words::Words,
};
pub use backend::Quiet;
pub use first::{Began, begin};
use keyboard::Keyboard;
use screen::Screen;
use signals::Signals;

/// Messages that may wait for the UI.
pub const MESSAGES: usize = 256;
/// How often the UI is told the time.
const TICK: Duration = Duration::from_secs(1);
/// Messages that are taken in before the screen is drawn again: a flood of news must not keep the screen from following.
pub const BEFORE_DRAWING: usize = 256;

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
    /// What the terminal said, if it is to show pictures.
    pub pictures: Option<Asked>,
    /// A folder for text that is written in an editor.
    pub scratch: PathBuf,
}

/// Opens the UI and runs it until the person leaves; says why it ended if it was not the person who left.
///
/// # Errors
/// If there is no terminal, or it goes away.
pub fn open(options: Options) -> io::Result<Option<Leave>> {
    shown(Desk::open()?, options, None, view::draw)
}

/// How a frame is drawn.
type Draw = fn(&App, &mut Frame<'_>);

/// Shows the UI in a terminal that is ours already, and gives it back.
fn shown(
    mut desk: Desk,
    options: Options,
    greeting: Option<String>,
    draw: Draw,
) -> io::Result<Option<Leave>> {
    let client = Client::start(options.server, &options.words, &desk.messages)?;
    let (mut app, effects) = App::new(
        options.theme,
        options.keys,
        options.bidi,
        options.words,
        desk.screen.size()?,
        Timestamp::now(),
    );
    if let Some(asked) = options.pictures {
        app.pictures.eye = desk.eye(asked)?;
    }
    if let Some(greeting) = greeting {
        app.greet(greeting);
    }
    let mut carrier = Carrier { client, scratch: options.scratch };
    let result =
        panic::catch_unwind(AssertUnwindSafe(|| run(&mut desk, &mut carrier, &mut app, effects, draw)));
    // The terminal first: what is still to be kept is no reason to keep it back.
    drop(desk);
    let left = match result {
        Ok(Ok(left)) => left,
        // Writing to a terminal that is gone fails.
        Ok(Err(_)) => Some(Leave::HungUp),
        Err(panic) => {
            carrier.part(&mut app);
            panic::resume_unwind(panic);
        }
    };
    carrier.part(&mut app);
    Ok(left)
}

/// The terminal, and all that comes from it.
struct Desk {
    screen: Screen,
    keyboard: Keyboard,
    signals: Signals,
    messages: SyncSender<Msg>,
    incoming: Receiver<Msg>,
}

impl Desk {
    fn open() -> io::Result<Self> {
        let (messages, incoming) = sync_channel(MESSAGES);
        // Before the terminal is taken over, so that whoever ends us finds it given back.
        let signals = Signals::start(messages.clone())?;
        let screen = Screen::open()?;
        let keyboard = Keyboard::start(messages.clone())?;
        Ok(Self { screen, keyboard, signals, messages, incoming })
    }

    /// How the terminal shows pictures. It answers by the keyboard, which nobody else may read meanwhile. Not before the
    /// terminal is ours: whoever asks leaves its mode as it was when they began, and does that when it suits them.
    fn eye(&mut self, asked: Asked) -> io::Result<Option<Eye>> {
        self.keyboard.pause();
        let eye = Eye::of_terminal(asked);
        self.keyboard.resume()?;
        Ok(eye)
    }

    /// Has the process stand still, with the terminal in the hands of the shell.
    fn suspend(&mut self) -> io::Result<Msg> {
        self.screen.lend();
        signals::stand_still()?;
        self.wake()
    }

    /// Goes on, in whatever became of the terminal.
    fn wake(&mut self) -> io::Result<Msg> {
        self.screen.again()?;
        let (columns, rows) = self.screen.size()?;
        Ok(Msg::Resize(columns, rows))
    }
}

fn run(
    desk: &mut Desk,
    carrier: &mut Carrier,
    app: &mut App,
    effects: Vec<Effect>,
    draw: Draw,
) -> io::Result<Option<Leave>> {
    if !carrier.carry(desk, effects, app)? {
        return Ok(None);
    }
    let mut ticked = Instant::now();
    loop {
        desk.screen.draw(|frame| draw(app, frame))?;
        let mut taken = 0;
        let mut next = match desk.incoming.recv_timeout(TICK.saturating_sub(ticked.elapsed())) {
            Ok(msg) => Some(msg),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        };
        while let Some(msg) = next {
            let msg = match msg {
                Msg::Leave(why) => return Ok(Some(why)),
                Msg::Suspend => desk.suspend()?,
                Msg::Woken => desk.wake()?,
                msg => msg,
            };
            let effects = app.update(msg);
            if !carrier.carry(desk, effects, app)? {
                return Ok(None);
            }
            taken += 1;
            next = if taken < BEFORE_DRAWING { desk.incoming.try_recv().ok() } else { None };
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            let effects = app.update(Msg::Tick(Timestamp::now()));
            if !carrier.carry(desk, effects, app)? {
                return Ok(None);
            }
        }
    }
}

struct Carrier {
    client: Client,
    scratch: PathBuf,
}

impl Carrier {
    /// Has effects carried out. False when the person leaves.
    fn carry(&mut self, desk: &mut Desk, effects: Vec<Effect>, app: &mut App) -> io::Result<bool> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Quit => return Ok(false),
                Effect::Suspend => {
                    let woken = desk.suspend()?;
                    effects.extend(app.update(woken));
                }
                Effect::Mouse(on) => screen::mouse(on)?,
                Effect::Copy(text) => editor::copy(&text)?,
                Effect::Editor(text) => {
                    let msg = match editor::edit(desk, &self.scratch, &text)? {
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

    /// Keeps what is to be kept when the UI ends, and waits until it is on disk.
    fn part(&mut self, app: &mut App) {
        for effect in app.part() {
            // Refused if too much waits; then what was kept at the last pause stands.
            let _ = self.client.carry(effect);
        }
        self.client.settle();
    }
}

#[cfg(test)]
mod tests;
