//! The thread that reads keys. It sleeps until there is one, or until it is told to stop: an editor wants the keys.

use std::{
    io,
    sync::mpsc::{SyncSender, TrySendError},
    thread,
    time::Duration,
};

use ratatui::crossterm::event::{self, Event};

use crate::{
    msg::{Leave, Msg},
    terminal::Late,
};

/// How long it waits for room before it looks again.
const ROOM: Duration = Duration::from_millis(5);

/// The thread, and the way to stop it.
pub struct Keyboard {
    messages: SyncSender<Msg>,
    thread: Option<(wait::Stop, thread::JoinHandle<Option<Msg>>)>,
    /// What was read when the reading stopped, and had no room yet among the messages.
    held: Option<Msg>,
}

/// Why no more is read.
enum Ended {
    /// It was told to stop, with this still in its hand.
    Stopped(Option<Box<Msg>>),
    /// There is no terminal any more, or no UI.
    Gone,
}

impl Keyboard {
    /// Begins to read.
    ///
    /// # Errors
    /// If the system has no threads left, or there is no terminal.
    pub fn start(messages: SyncSender<Msg>) -> io::Result<Self> {
        let mut keyboard = Self { messages, thread: None, held: None };
        keyboard.resume()?;
        Ok(keyboard)
    }

    /// Stops reading.
    pub fn pause(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            stop.stop();
            self.held = thread.join().ok().flatten();
        }
    }

    /// Reads again.
    ///
    /// # Errors
    /// If the system has no threads left, or there is no terminal.
    pub fn resume(&mut self) -> io::Result<()> {
        let (messages, held) = (self.messages.clone(), self.held.take());
        let (stop, keys) = wait::keys()?;
        let thread = thread::Builder::new().name("keys".into()).spawn(move || {
            let ended = match read(&messages, &keys, held) {
                Ended::Gone => put(&messages, &keys, Msg::Leave(Leave::HungUp)).err(),
                stopped => Some(stopped),
            };
            match ended {
                Some(Ended::Stopped(held)) => held.map(|held| *held),
                _ => None,
            }
        })?;
        self.thread = Some((stop, thread));
        Ok(())
    }
}

/// Reads until it is told to stop, beginning with what was read before.
fn read(messages: &SyncSender<Msg>, keys: &wait::Keys, held: Option<Msg>) -> Ended {
    let mut late = Late::default();
    // What the library had read already when it was stopped is waited for by nobody.
    let mut done = match held {
        Some(msg) => put(messages, keys, msg).and_then(|()| pass_on(messages, keys, &mut late)),
        None => Ok(()),
    };
    loop {
        if let Err(ended) = done {
            return ended;
        }
        done = match keys.wait() {
            Ok(true) => pass_on(messages, keys, &mut late),
            Ok(false) => Err(Ended::Stopped(None)),
            // Nothing more will ever come: to look again would be to look for ever.
            Err(_) => Err(Ended::Gone),
        };
    }
}

/// Passes on what there is to read.
fn pass_on(messages: &SyncSender<Msg>, keys: &wait::Keys, late: &mut Late) -> Result<(), Ended> {
    let gone = |_| Ended::Gone;
    while event::poll(wait::MOMENT).map_err(gone)? {
        let msg = match event::read().map_err(gone)? {
            Event::Key(key) if late.takes(&key) => continue,
            Event::Key(key) => Msg::Key(key),
            Event::Mouse(event) => Msg::Mouse(event),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(columns, rows) => Msg::Resize(columns, rows),
            _ => continue,
        };
        put(messages, keys, msg)?;
    }
    Ok(())
}

/// Hands a message over as soon as there is room. Whoever stops the reading is the one who would make room: while there is
/// none it is looked whether that is so, and the message is kept.
fn put(messages: &SyncSender<Msg>, keys: &wait::Keys, mut msg: Msg) -> Result<(), Ended> {
    loop {
        msg = match messages.try_send(msg) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Disconnected(_)) => return Err(Ended::Gone),
            Err(TrySendError::Full(msg)) => msg,
        };
        if keys.stops(ROOM) {
            return Err(Ended::Stopped(Some(Box::new(msg))));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// The UI pauses the keyboard from where it takes messages: a reader that waited for room would wait for ever.
    #[test]
    fn who_stops_the_reading_does_not_wait_for_room() {
        let (stop, keys) = wait::of_nothing().unwrap();
        let (messages, incoming) = sync_channel(1);
        assert!(put(&messages, &keys, Msg::Resize(1, 1)).is_ok());
        stop.stop();
        let held = match put(&messages, &keys, Msg::Resize(2, 2)) {
            Err(Ended::Stopped(Some(held))) => held,
            _ => panic!("what was read is lost"),
        };
        let (_stop, keys) = wait::of_nothing().unwrap();
        let taking =
            thread::spawn(move || incoming.iter().take(2).map(|msg| format!("{msg:?}")).collect::<Vec<_>>());
        assert!(put(&messages, &keys, *held).is_ok());
        assert_eq!(taking.join().unwrap(), ["Resize(1, 1)", "Resize(2, 2)"]);
        assert!(matches!(put(&messages, &keys, Msg::Woken), Err(Ended::Gone)));
    }
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
        event::{PollFd, PollFlags, Timespec, poll},
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

    /// Without a terminal to read from.
    #[cfg(test)]
    pub fn of_nothing() -> io::Result<(Stop, Keys)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Stop(ours), Keys { stop: theirs, terminal: None }))
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

        /// Whether it is to end, looked at for so long.
        pub fn stops(&self, within: Duration) -> bool {
            let within = Timespec { tv_sec: 0, tv_nsec: within.subsec_nanos().into() };
            let mut places = [PollFd::new(&self.stop, PollFlags::IN)];
            poll(&mut places, Some(&within)).is_ok_and(|ready| ready > 0)
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
            Ok(!self.stops(Duration::ZERO))
        }

        pub fn stops(&self, within: Duration) -> bool {
            std::thread::sleep(within);
            self.0.load(Ordering::Relaxed)
        }
    }
}
