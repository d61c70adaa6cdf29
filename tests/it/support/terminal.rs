//! A terminal that no person sits at: the program runs in it as in any other, and what it shows can be read.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::{Home, eventually, when};

/// How long is waited for what is to be shown: nodes start meanwhile, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(40);
const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// What was written to it so far.
struct Shown {
    parser: vt100::Parser,
    bytes: usize,
    /// Nothing more is read.
    closed: bool,
}

/// The terminal and the program in it, which ends with the test.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    reader: Option<thread::JoinHandle<()>>,
    /// How the terminal was set before anything ran in it.
    before: String,
}

impl Terminal {
    /// Runs the program for a home, with these arguments and a changed environment.
    pub fn open(home: &Home, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = settings(&*pair.master);
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_starling"));
        command.env_clear();
        let base: BTreeMap<&str, &str> = [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("STARLING_NETWORK_LISTEN", "/ip4/127.0.0.1/tcp/0"),
        ]
        .into_iter()
        .chain(environment.iter().copied())
        .collect();
        base.iter().for_each(|(name, value)| command.env(name, value));
        command.arg("--home");
        command.arg(home.path());
        command.args(arguments);
        command.cwd(home.path().parent().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let size = |cells: u16| std::num::NonZeroU16::new(cells).unwrap();
        let parser = vt100::Parser::new(size(ROWS), size(COLUMNS), 0);
        let shown = Arc::new((Mutex::new(Shown { parser, bytes: 0, closed: false }), Condvar::new()));
        let reader = pair.master.try_clone_reader().unwrap();
        let filled = Arc::clone(&shown);
        let reader = thread::spawn(move || read(reader, &filled));
        let writer = pair.master.take_writer().unwrap();
        Self { child, master: Some(pair.master), writer: Some(writer), shown, reader: Some(reader), before }
    }

    /// Types. `\r` is enter, `\x1b` escape, `\x13` control and s.
    pub fn types(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until this is shown, and gives all that is.
    pub fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contents().contains(text))
    }

    /// Waits until this is no longer shown.
    pub fn hides(&self, text: &str) -> String {
        self.until(&format!("no {text}"), |screen| !screen.contents().contains(text))
    }

    /// Waits until the screen is as it should be.
    pub fn until(&self, what: &str, good: impl Fn(&vt100::Screen) -> bool) -> String {
        let (shown, changed) = &*self.shown;
        let until = Instant::now() + PATIENCE;
        let mut shown = shown.lock().unwrap();
        loop {
            let contents = shown.parser.screen().contents();
            if good(shown.parser.screen()) {
                return contents;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.closed, "expected: {what}; shown:\n{contents}");
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Bytes that were written to it.
    pub fn bytes(&self) -> usize {
        self.shown.0.lock().unwrap().bytes
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// What the system says the process does: S sleeps, R runs, T stands still.
    pub fn state(&self) -> char {
        let pid = self.child.process_id().unwrap();
        let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        line.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    }

    /// Time that the process worked, in hundredths of a second.
    pub fn worked(&self) -> u64 {
        let pid = self.child.process_id().unwrap();
        let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<&str> = line.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Waits until the program has ended.
    pub fn ends(&mut self) -> ExitStatus {
        eventually("the program ends", || {
            let status = self.child.try_wait().map_err(|error| error.to_string())?;
            status.ok_or_else(|| self.contents())
        })
    }

    /// All that is shown now.
    pub fn contents(&self) -> String {
        self.shown.0.lock().unwrap().parser.screen().contents()
    }

    /// The terminal is as it was before the program: another program can be used in it.
    pub fn is_restored(&self) {
        self.until("the terminal as it was", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
        let now = settings(&**self.master.as_ref().unwrap());
        assert_eq!(now, self.before, "the mode of the terminal is another one");
    }

    /// The terminal is closed, as by a click on its window: nobody reads or types any more.
    pub fn closes(&mut self) {
        // The reader looks up when it is given something.
        self.shown.0.lock().unwrap().closed = true;
        self.signal(Signal::WINCH);
        self.types("j\x0c");
        drop(self.writer.take());
        if let Some(reader) = self.reader.take() {
            self.master
                .as_ref()
                .unwrap()
                .resize(PtySize { rows: 20, cols: 60, ..PtySize::default() })
                .unwrap();
            reader.join().unwrap();
        }
        drop(self.master.take());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut reader: Box<dyn Read + Send>, filled: &(Mutex<Shown>, Condvar)) {
    let mut bytes = [0; 4096];
    loop {
        // A terminal whose program is gone gives an error.
        let read = reader.read(&mut bytes).unwrap_or(0);
        let mut shown = filled.0.lock().unwrap();
        shown.parser.process(&bytes[..read]);
        shown.bytes += read;
        let closed = read == 0 || shown.closed;
        shown.closed = closed;
        filled.1.notify_all();
        if closed {
            return;
        }
    }
}

/// How a terminal is set, as text that can be compared.
fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

/// Waits until a file has this in it.
pub fn holds(path: &std::path::Path, text: &str) {
    eventually(&format!("{text:?} in {}", path.display()), || {
        let held = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        when(held.contains(text), held)
    });
}

/// For messages of failed tests.
impl Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.contents())
    }
}
