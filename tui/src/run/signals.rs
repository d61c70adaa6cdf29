//! What the system asks of the UI: to end, to stand still, to go on, to look at the size of its window.

use std::{io, sync::mpsc::SyncSender};

use crate::msg::Msg;

#[cfg(unix)]
pub use unix::{Signals, stand_still};

#[cfg(unix)]
mod unix {
    use std::{
        sync::{
            Mutex, MutexGuard, PoisonError,
            atomic::{AtomicBool, Ordering},
        },
        thread,
    };

    use signal_hook::{
        consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH},
        iterator::Signals as Waiting,
        low_level::emulate_default_handler,
    };

    use super::{Msg, SyncSender, io};
    use crate::{msg::Leave, run::screen};

    /// Whom signals are told to. A process has one set of handlers, which cannot be given back: when nobody listens any
    /// more, signals do what they do by themselves.
    static LISTENER: Mutex<Option<SyncSender<Msg>>> = Mutex::new(None);
    /// Whether the thread that hears them was begun.
    static HEARD: Mutex<bool> = Mutex::new(false);
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
            *listener() = None;
        }
    }

    fn hear(mut waiting: Waiting) {
        let mut asked = false;
        for signal in &mut waiting {
            let messages = listener().clone();
            let lent = LENT.load(Ordering::SeqCst);
            let msg = match signal {
                // What is typed in the editor is meant for the editor.
                SIGINT | SIGCONT | SIGWINCH if lent => continue,
                SIGCONT => Msg::Woken,
                SIGWINCH => match ratatui::crossterm::terminal::size() {
                    Ok((columns, rows)) => Msg::Resize(columns, rows),
                    Err(_) => continue,
                },
                // If the editor stands still so do we, or the shell would wait for us.
                SIGTSTP if lent || messages.is_none() => {
                    let _ = stand_still();
                    continue;
                }
                SIGTSTP => Msg::Suspend,
                // Asked twice, or nobody listens: whatever holds us up, perhaps a terminal that takes no bytes, is not
                // waited for.
                _ if asked || messages.is_none() => {
                    screen::give_back();
                    let _ = emulate_default_handler(signal);
                    continue;
                }
                SIGINT => Msg::Leave(Leave::Interrupted),
                SIGHUP => Msg::Leave(Leave::HungUp),
                _ => Msg::Leave(Leave::Told),
            };
            asked |= matches!(msg, Msg::Leave(_));
            // Whoever has just stopped listening is leaving anyway.
            if let Some(messages) = messages {
                let _ = messages.send(msg);
            }
        }
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
