//! The thread that reads keys. It sleeps until there is one, or until it is told to stop: an editor wants the keys.

use std::{io, sync::mpsc::SyncSender, thread};

use ratatui::crossterm::event::{self, Event};

use crate::{
    msg::{Leave, Msg},
    terminal::Late,
};

/// The thread, and the way to stop it.
pub struct Keyboard {
    messages: SyncSender<Msg>,
    thread: Option<(wait::Stop, thread::JoinHandle<()>)>,
}

impl Keyboard {
    /// Begins to read.
    ///
    /// # Errors
    /// If the system has no threads left, or there is no terminal.
    pub fn start(messages: SyncSender<Msg>) -> io::Result<Self> {
        let mut keyboard = Self { messages, thread: None };
        keyboard.resume()?;
        Ok(keyboard)
    }

    /// Stops reading.
    pub fn pause(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            stop.stop();
            let _ = thread.join();
        }
    }

    /// Reads again.
    ///
    /// # Errors
    /// If the system has no threads left, or there is no terminal.
    pub fn resume(&mut self) -> io::Result<()> {
        let messages = self.messages.clone();
        let (stop, keys) = wait::keys()?;
        let thread = thread::Builder::new().name("keys".into()).spawn(move || {
            let mut late = Late::default();
            let told = loop {
                match keys.wait() {
                    Ok(true) => {}
                    Ok(false) => return,
                    // Nothing more will ever come: to look again would be to look for ever.
                    Err(_) => break Leave::HungUp,
                }
                if pass_on(&messages, &mut late).is_err() {
                    break Leave::HungUp;
                }
            };
            let _ = messages.send(Msg::Leave(told));
        })?;
        self.thread = Some((stop, thread));
        Ok(())
    }
}

/// Passes on what there is to read.
fn pass_on(messages: &SyncSender<Msg>, late: &mut Late) -> io::Result<()> {
    while event::poll(wait::MOMENT)? {
        let msg = match event::read()? {
            Event::Key(key) if late.takes(&key) => continue,
            Event::Key(key) => Msg::Key(key),
            Event::Mouse(event) => Msg::Mouse(event),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(columns, rows) => Msg::Resize(columns, rows),
            _ => continue,
        };
        messages.send(msg).map_err(|_| io::ErrorKind::BrokenPipe)?;
    }
    Ok(())
}

#[cfg(unix)]
mod wait {
    use std::{
        fs::File,
        io::{self, IsTerminal, Write},
        os::{
            fd::{AsFd, BorrowedFd},
            unix::net::UnixStream,
        },
        time::Duration,
    };

    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
    };

    /// How long the reader of keys may look once it is known that there is something: with none at all it does not look.
    pub const MOMENT: Duration = Duration::from_millis(1);

    /// Ends the waiting.
    pub struct Stop(UnixStream);

    impl Stop {
        pub fn stop(mut self) {
            // It may have ended already.
            let _ = self.0.write_all(&[0]);
        }
    }

    /// Waits for keys. The system is asked here and not by the library that reads them, which in a terminal that is gone
    /// reads nothing for ever, at full speed.
    pub struct Keys {
        stop: UnixStream,
        terminal: Option<File>,
    }

    pub fn keys() -> io::Result<(Stop, Keys)> {
        let (ours, theirs) = UnixStream::pair()?;
        // The same place that keys are read from.
        let terminal = if io::stdin().is_terminal() { None } else { Some(File::open("/dev/tty")?) };
        Ok((Stop(ours), Keys { stop: theirs, terminal }))
    }

    impl Keys {
        /// True as soon as there is something to read, false when it is to end.
        pub fn wait(&self) -> io::Result<bool> {
            let stdin = io::stdin();
            let terminal: BorrowedFd<'_> = match &self.terminal {
                Some(file) => file.as_fd(),
                None => stdin.as_fd(),
            };
            let mut places =
                [PollFd::new(&self.stop, PollFlags::IN), PollFd::from_borrowed_fd(terminal, PollFlags::IN)];
            loop {
                match poll(&mut places, None) {
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                    Ok(_) if !places[0].revents().is_empty() => return Ok(false),
                    Ok(_) => break,
                }
            }
            let seen = places[1].revents();
            if seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(true)
        }
    }
}

#[cfg(not(unix))]
mod wait {
    use std::{
        io,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    /// How often it looks whether it is to end.
    pub const MOMENT: Duration = Duration::from_millis(100);

    pub struct Stop(Arc<AtomicBool>);

    impl Stop {
        pub fn stop(self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    pub struct Keys(Arc<AtomicBool>);

    pub fn keys() -> io::Result<(Stop, Keys)> {
        let stop = Arc::<AtomicBool>::default();
        Ok((Stop(Arc::clone(&stop)), Keys(stop)))
    }

    impl Keys {
        pub fn wait(&self) -> io::Result<bool> {
            Ok(!self.0.load(Ordering::Relaxed))
        }
    }
}
