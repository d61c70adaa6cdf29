//! Data on stdout, talk on stderr.

use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Write},
};

use serde::Serialize;
use starling::{config::Color, text::DisplayText};
use zeroize::Zeroizing;

use super::{Failure, layout};

/// Columns where a terminal does not say, and the most that text is spread over: longer lines are
/// hard to read.
const WIDTH: usize = 80;
const WIDEST: usize = 100;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Objects for programs instead of text for people.
    pub json: bool,
    color: bool,
    /// Columns that text may take.
    pub width: usize,
}

impl Output {
    /// For this terminal, or for none.
    pub fn new(json: bool, color: Color) -> Self {
        let terminal = io::stdout().is_terminal();
        let dumb = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !dumb,
        };
        let columns = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        let width = columns.filter(|_| terminal).unwrap_or(WIDTH).clamp(20, WIDEST);
        Self { json, color: color && !json, width }
    }

    /// A line of data.
    pub fn line(&self, text: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(io::stdout().lock(), "{text}")?)
    }

    /// A line with one object.
    pub fn object(&self, object: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        stdout.write_all(&line)?;
        Ok(stdout.flush()?)
    }

    /// Bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// The object for programs, the text for people.
    pub fn either(&self, object: &impl Serialize, text: impl fmt::Display) -> Result<(), Failure> {
        if self.json { self.object(object) } else { self.line(text) }
    }

    /// Something to know beside the data. Nothing is lost if nobody listens.
    pub fn talk(&self, text: impl fmt::Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A sign of life for work that takes long: only on a terminal, and gone when it is dropped.
    pub fn progress(&self, what: &'static str) -> Progress {
        let shown = !self.json && io::stderr().is_terminal();
        let progress = Progress { what, shown };
        progress.show(0);
        progress
    }

    /// Emphasised.
    pub fn bold(&self, text: impl fmt::Display) -> String {
        self.style("1", text)
    }

    /// In the background.
    pub fn dim(&self, text: impl fmt::Display) -> String {
        self.style("2", text)
    }

    /// A warning.
    pub fn warn(&self, text: impl fmt::Display) -> String {
        self.style("33", text)
    }

    fn style(&self, code: &str, text: impl fmt::Display) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// See [`Output::progress`].
pub struct Progress {
    what: &'static str,
    shown: bool,
}

impl Progress {
    /// Counts the bytes that are read.
    pub fn reads<R: io::Read>(&self, from: R) -> Counted<'_, R> {
        Counted { from, bytes: 0, told: 0, progress: self }
    }

    fn show(&self, bytes: u64) {
        if self.shown {
            let count = if bytes > 0 { layout::bytes(bytes) } else { String::new() };
            // Back to the start of the line and clear it: the next one stands in its place.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}… {count}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// A reader that is counted.
pub struct Counted<'p, R> {
    from: R,
    bytes: u64,
    told: u64,
    progress: &'p Progress,
}

impl<R: io::Read> io::Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.bytes += read as u64;
        // A terminal is slow: once a MiB is often enough.
        if self.bytes - self.told >= 1 << 20 {
            self.told = self.bytes;
            self.progress.show(self.bytes);
        }
        Ok(read)
    }
}

/// A stranger's text on one line.
pub fn safe(text: &str) -> String {
    DisplayText::new(text).as_str().to_owned()
}

/// Whether somebody can answer questions.
pub fn interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on stderr; an empty answer is the default.
pub fn ask(question: &str, default: &str) -> Result<String, Failure> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { default.into() } else { answer.into() })
}

/// Asks for a secret, which is not echoed.
pub fn ask_secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    if !interactive() {
        return Err(Failure::usage("nobody is there to type a secret").hint("give it in a file"));
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} ")?;
    stderr.flush()?;
    Ok(Zeroizing::new(console::Term::stderr().read_secure_line()?))
}

/// Asks whether to go on with something that cannot be undone; `yes` answers beforehand.
pub fn confirm(plan: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let refused = || Failure::new(super::Kind::Refused, "not done").hint("--yes goes on without asking");
    let _ = writeln!(io::stderr().lock(), "{plan}");
    if interactive() && ask("Go on? [y/N]", "n")?.to_lowercase().starts_with('y') {
        Ok(())
    } else {
        Err(refused())
    }
}
