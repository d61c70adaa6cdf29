//! The terminal while it is ours: taken over whole, and given back as it was, once, whoever asks first.

use std::{
    io::{self, BufWriter, Stdout, Write, stdout},
    panic,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
        execute, queue,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};

use super::backend::Quiet;

/// A frame of a large terminal in one write, so that no half of one is seen over a slow line.
const FRAME: usize = 64 * 1024;

/// Whether the terminal is ours.
static OURS: AtomicBool = AtomicBool::new(false);
/// Whether its mouse is, while it is.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// What panicked elsewhere while the terminal was ours, to be told when it no longer is.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Panics that are kept: the first tell why, those that follow from them do not.
const TOLD: usize = 8;

/// The terminal.
pub struct Screen {
    terminal: Terminal<Quiet<CrosstermBackend<BufWriter<Stdout>>>>,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If there is none.
    pub fn open() -> io::Result<Self> {
        hook();
        take()?;
        let terminal = terminal().inspect_err(|_| give_back())?;
        Ok(Self { terminal })
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view).map(drop)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Gives the terminal back for a while.
    pub fn lend(&mut self) {
        give_back();
    }

    /// Takes the terminal over again, whatever was done to it meanwhile: everything is drawn anew.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn again(&mut self) -> io::Result<()> {
        // Raw mode counts as on until it was switched off, whatever a shell made of it.
        let _ = disable_raw_mode();
        take()?;
        self.terminal = terminal()?;
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        tell();
    }
}

fn terminal() -> io::Result<Terminal<Quiet<CrosstermBackend<BufWriter<Stdout>>>>> {
    let out = BufWriter::with_capacity(FRAME, stdout());
    Terminal::new(Quiet::new(CrosstermBackend::new(out)))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste).inspect_err(|_| give_back())?;
    if MOUSE.load(Ordering::SeqCst) { execute!(stdout(), EnableMouseCapture) } else { Ok(()) }
}

/// Takes the terminal's mouse as well, or gives it back: whoever selects text with it needs it.
///
/// # Errors
/// If the terminal is gone.
pub fn mouse(on: bool) -> io::Result<()> {
    MOUSE.store(on, Ordering::SeqCst);
    if on { execute!(stdout(), EnableMouseCapture) } else { execute!(stdout(), DisableMouseCapture) }
}

/// Gives the terminal back, if it is ours. Whatever cannot be done changes nothing: there may be no terminal any more.
pub fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    // The mode first: it needs no room in a terminal that takes no bytes.
    let _ = disable_raw_mode();
    let mut out = stdout();
    let _ = queue!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = out.flush();
}

/// A panic of the UI gives the terminal back before it is told; one of another thread must not be written across the
/// screen, and is told at the end.
fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (ui, before) = (thread::current().id(), panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            if OURS.load(Ordering::SeqCst) && thread::current().id() != ui {
                let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
                if panics.len() < TOLD {
                    panics.push(info.to_string());
                }
                return;
            }
            give_back();
            before(info);
        }));
    });
}

fn tell() {
    let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    for panic in panics {
        // Whoever closed stderr does not want to know.
        let _ = writeln!(io::stderr(), "{panic}");
    }
}
