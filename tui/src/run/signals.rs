//! What the system asks of the UI: to end, to stand still, to go on, to look at the size of its window.

use std::{io, sync::mpsc::SyncSender};

use crate::msg::Msg;

#[cfg(unix)]
pub use unix::{Signals, stand_still};

#[cfg(unix)]
mod unix {
    use std::{
        collections::VecDeque,
        mem::discriminant,
        sync::{
            Mutex, MutexGuard, PoisonError,
            atomic::{AtomicBool, Ordering},
            mpsc::TrySendError,
        },
        thread,
        time::{Duration, Instant},
    };

    use signal_hook::{
        consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH},
        iterator::Signals as Waiting,
        low_level::emulate_default_handler,
    };

    use super::{Msg, SyncSender, io};
    use crate::{msg::Leave, run::screen};

    /// How long an orderly end may take before being asked once more means now.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// How long the UI is left to make room for what it is told.
    const ROOM: Duration = Duration::from_millis(10);

    /// Whom signals are told to. A process has one set of handlers, which cannot be given back: when nobody listens any
    /// more, signals do what they do by themselves.
    static LISTENER: Mutex<Option<SyncSender<Msg>>> = Mutex::new(None);
    /// Whether the thread that hears them was begun.
    static HEARD: Mutex<bool> = Mutex::new(false);
    /// When the end began, whoever asked for it.
    static ENDING: Mutex<Option<Instant>> = Mutex::new(None);
    /// Whether the terminal is lent to another program, which hears the same.
    static LENT: AtomicBool = AtomicBool::new(false);

    /// Signals are told as messages while this is kept.
    pub struct Signals;

    fn listener() -> MutexGuard<'static, Option<SyncSender<Msg>>> {
        LISTENER.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl Signals {
        /// Begins to listen.
        ///
        /// # Errors
        /// If the system does not let us.
        pub fn start(messages: SyncSender<Msg>) -> io::Result<Self> {
            *listener() = Some(messages);
            *ENDING.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
            if !*heard {
                let waiting = Waiting::new([SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH])?;
                thread::Builder::new().name("signals".into()).spawn(move || hear(waiting))?;
                *heard = true;
            }
            Ok(Self)
        }

        /// The terminal is lent to another program, or no longer.
        pub fn lend(&self, lent: bool) {
            LENT.store(lent, Ordering::SeqCst);
        }
    }

    impl Drop for Signals {
        fn drop(&mut self) {
            ending();
            *listener() = None;
        }
    }

    /// Notes that the end begins, and since when it does.
    fn ending() -> Instant {
        *ENDING.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now)
    }

    fn hear(mut waiting: Waiting) {
        // At most one of each kind: what is told later says the same, or says it newer.
        let mut untold: VecDeque<Msg> = VecDeque::new();
        loop {
            let came: Vec<i32> = if untold.is_empty() {
                waiting.wait().collect()
            } else {
                // The UI is busy. Being asked twice to end must still be heard.
                thread::sleep(ROOM);
                waiting.pending().collect()
            };
            for msg in came.into_iter().filter_map(meant) {
                untold.retain(|held| discriminant(held) != discriminant(&msg));
                untold.push_back(msg);
            }
            let Some(messages) = listener().clone() else {
                untold.clear(); // whoever has just stopped listening is leaving anyway
                continue;
            };
            while let Some(msg) = untold.pop_front() {
                if let Err(TrySendError::Full(msg)) = messages.try_send(msg) {
                    untold.push_front(msg);
                    break;
                }
            }
        }
    }

    /// What a signal means to the UI, if it is to be told of it. What cannot wait is done here.
    fn meant(signal: i32) -> Option<Msg> {
        let heard = listener().is_some();
        let asked = *ENDING.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = LENT.load(Ordering::SeqCst);
        let msg = match signal {
            // What is typed in the editor is meant for the editor.
            SIGINT | SIGCONT | SIGWINCH if lent => return None,
            SIGCONT => Msg::Woken,
            SIGWINCH => {
                let (columns, rows) = ratatui::crossterm::terminal::size().ok()?;
                Msg::Resize(columns, rows)
            }
            // If the editor stands still so do we, or the shell would wait for us.
            SIGTSTP if lent || !heard => {
                let _ = stand_still();
                return None;
            }
            SIGTSTP => Msg::Suspend,
            // A terminal that closes says so several times at once, which is no impatience.
            _ if asked.is_some_and(|asked| asked.elapsed() < PATIENCE) => return None,
            // Asked again, or nobody listens: whatever holds us up, perhaps a terminal that takes no bytes, is not
            // waited for.
            _ if !heard || asked.is_some() => {
                screen::give_back();
                let _ = emulate_default_handler(signal);
                return None;
            }
            SIGINT => Msg::Leave(Leave::Interrupted),
            SIGHUP => Msg::Leave(Leave::HungUp),
            _ => Msg::Leave(Leave::Told),
        };
        if matches!(msg, Msg::Leave(_)) {
            ending();
        }
        Some(msg)
    }

    /// Has the whole process stand still until it is told to go on.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn stand_still() -> io::Result<()> {
        emulate_default_handler(SIGTSTP)
    }
}

#[cfg(not(unix))]
pub use elsewhere::{Signals, stand_still};

#[cfg(not(unix))]
mod elsewhere {
    use super::{Msg, SyncSender, io};

    /// Where there are none.
    pub struct Signals;

    impl Signals {
        /// Nothing to listen to.
        ///
        /// # Errors
        /// None.
        pub fn start(_: SyncSender<Msg>) -> io::Result<Self> {
            Ok(Self)
        }

        /// Nobody hears anything.
        pub fn lend(&self, _: bool) {}
    }

    /// No process stands still here.
    ///
    /// # Errors
    /// None.
    pub fn stand_still() -> io::Result<()> {
        Ok(())
    }
}
