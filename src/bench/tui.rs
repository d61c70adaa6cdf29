//! The terminal UI: keys to frames in memory, and the program itself in a terminal of its own, on a long timeline.

use super::{Error, Measure, Options, Watch, measure::percentile, timeline::Long};

/// Rows of the timeline that keys are pressed in.
const ROWS: usize = 50_000;

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let rows = options.entries.unwrap_or(ROWS).min(ROWS);
    watch.doing("pressing keys");
    let mut found = starling_tui::bench::figures(rows)?;
    let (keys, median) = (found.keys.len(), percentile(&mut found.keys, 0.5));
    watch.measured(&Measure::most("tui key, p99", percentile(&mut found.keys, 0.99), "ms", 16.0).noting(
        format!(
            "{rows} rows at 120x36, {keys} keys: rows, pages, both ends, threads, help; p50 {median:.2} ms"
        ),
    ));
    let flooded = found.flooded.len();
    let note = format!("{} posts arrived at 1,000 a second, {flooded} keys meanwhile", found.arrived);
    if found.moved {
        return Err(Error::Void("what arrived moved the selection".into()));
    }
    watch.measured(
        &Measure::most("tui flooded, p99", percentile(&mut found.flooded, 0.99), "ms", 33.0).noting(note),
    );
    let pages = percentile(&mut found.page_bytes, 0.99);
    let most = percentile(&mut found.bytes, 1.0);
    watch.measured(&Measure::most("tui bytes", most, "bytes", 2_048.0).noting(format!(
        "the most of {} moves of the selection at 80x24; a page further takes {pages:.0}",
        found.bytes.len()
    )));
    #[cfg(unix)]
    {
        let long = Long::make(options, watch)?;
        terminal::run(&long, watch)?;
    }
    Ok(())
}

#[cfg(unix)]
mod terminal {
    use std::{
        fs::File,
        io::{Read, Write},
        os::fd::OwnedFd,
        process::{Child, Command, Stdio},
        time::{Duration, Instant},
    };

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        fs::{Mode, OFlags},
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::{Winsize, tcsetwinsize},
    };

    use super::{Error, Long, Measure, Watch, percentile};
    use crate::bench::rig;

    /// Starts of which the median counts.
    const STARTS: usize = 5;
    /// Keys that are pressed.
    const KEYS: usize = 200;
    /// Nothing comes for so long: the frame is over.
    const QUIET: Duration = Duration::from_millis(100);
    /// How long it is left alone.
    const IDLE: Duration = Duration::from_secs(20);
    /// A look at what is worked meanwhile.
    const SECOND: Duration = Duration::from_secs(1);
    /// How long the index of all posts may take.
    const INDEXED: Duration = Duration::from_secs(10 * 60);
    /// How long anything may take before the measure is void.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// The program in a terminal of 80 by 24.
    struct Session {
        child: Child,
        master: File,
        /// What came behind a text that was waited for.
        rest: Vec<u8>,
    }

    impl Session {
        fn start(long: &Long) -> Result<Self, Error> {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).map_err(std::io::Error::from)?;
            grantpt(&master).map_err(std::io::Error::from)?;
            unlockpt(&master).map_err(std::io::Error::from)?;
            let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
            tcsetwinsize(&master, size).map_err(std::io::Error::from)?;
            let name = ptsname(&master, Vec::new()).map_err(std::io::Error::from)?;
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let near: OwnedFd =
                rustix::fs::open(name.as_c_str(), flags, Mode::empty()).map_err(std::io::Error::from)?;
            // Away from the terminal of whoever measures, whose size would be taken otherwise. The ground is said: a
            // terminal that answers no questions would be waited for.
            let child = Command::new("setsid")
                .arg(std::env::current_exe()?)
                .arg("--home")
                .arg(long.home.path())
                .args(["tui", "--theme", "dark"])
                .env("TERM", "xterm-256color")
                .env("LC_ALL", "C.UTF-8")
                .env("STARLING_NETWORK_LISTEN", "/ip4/127.0.0.1/tcp/0")
                .stdin(Stdio::from(near.try_clone()?))
                .stdout(Stdio::from(near))
                .stderr(Stdio::null())
                .spawn()?;
            Ok(Self { child, master: File::from(master), rest: Vec::new() })
        }

        /// What comes next; nothing if nothing comes for so long.
        fn next(&mut self, wait: Duration) -> Result<Vec<u8>, Error> {
            if !self.rest.is_empty() {
                return Ok(std::mem::take(&mut self.rest));
            }
            let until = Timespec::try_from(wait).map_err(std::io::Error::other)?;
            let mut place = [PollFd::new(&self.master, PollFlags::IN)];
            if poll(&mut place, Some(&until)).map_err(std::io::Error::from)? == 0 {
                return Ok(Vec::new());
            }
            let mut bytes = vec![0; 64 * 1024];
            let read = self.master.read(&mut bytes)?;
            bytes.truncate(read);
            Ok(bytes)
        }

        /// Reads until this was shown; what came behind it is there to be read.
        fn until(&mut self, text: &str) -> Result<(), Error> {
            let (began, mut seen) = (Instant::now(), Vec::new());
            loop {
                if let Some(at) = seen.windows(text.len()).position(|part| part == text.as_bytes()) {
                    self.rest = seen.split_off(at + text.len());
                    return Ok(());
                }
                if began.elapsed() > PATIENCE {
                    return Err(Error::Void(format!("the UI never showed {text:?}")));
                }
                seen.extend(self.next(QUIET)?);
            }
        }

        /// Reads until nothing comes any more, and says how much did.
        fn settle(&mut self, quiet: Duration) -> Result<usize, Error> {
            let mut read = 0;
            loop {
                match self.next(quiet)?.len() {
                    0 => return Ok(read),
                    more => read += more,
                }
            }
        }

        fn end(mut self) -> Result<(), Error> {
            self.master.write_all(b"q")?;
            let began = Instant::now();
            // It waits for a terminal that takes what it still writes.
            while self.child.try_wait()?.is_none() {
                if began.elapsed() > PATIENCE {
                    return Err(Error::Void(format!(
                        "the UI was told to end and did not within {} s",
                        PATIENCE.as_secs()
                    )));
                }
                let _ = self.next(QUIET);
            }
            Ok(())
        }
    }

    impl Drop for Session {
        fn drop(&mut self) {
            // Nothing to do about one that is gone already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    pub fn run(long: &Long, watch: &mut dyn Watch) -> Result<(), Error> {
        watch.doing("opening the UI");
        let (mut first, mut filled) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let since = Instant::now();
            let mut session = Session::start(long)?;
            session.until("Home")?;
            first.push(since.elapsed().as_secs_f64() * 1e3);
            session.until("No peers")?;
            filled.push(since.elapsed().as_secs_f64() * 1e3);
            session.settle(QUIET)?;
            session.end()?;
        }
        let filled = percentile(&mut filled, 0.5);
        watch.measured(&Measure::most("tui first frame", percentile(&mut first, 0.5), "ms", 150.0).noting(
            format!(
                "{} entries, from exec to tabs and lines, median of {STARTS}; the node inside answers after {filled:.0}",
                long.entries
            ),
        ));
        let mut session = Session::start(long)?;
        session.until("No peers")?;
        // Two rounds of asking the node how it is.
        session.settle(Duration::from_secs(6))?;
        let (mut times, mut most) = (Vec::new(), 0);
        for turn in 0..KEYS {
            let key = if turn / 5 % 2 == 0 { b"j" } else { b"k" };
            let since = Instant::now();
            session.master.write_all(key)?;
            let bytes = session.next(PATIENCE)?.len();
            times.push(since.elapsed().as_secs_f64() * 1e3);
            most = most.max(bytes + session.settle(Duration::from_millis(20))?);
        }
        watch.measured(
            &Measure::most("tui terminal, p99", percentile(&mut times, 0.99), "ms", 16.0).noting(format!(
                "from a key written to the first bytes of its frame, {KEYS} keys at 80x24; at most {most} bytes each"
            )),
        );
        watch.doing("waiting for the index of words");
        let process = session.child.id().to_string();
        // The node inside has a million posts that it never had to find a word in: that work is not idleness, and over
        // when a second passes with hardly any.
        let began = Instant::now();
        loop {
            let (before, since) = (rig::processor(&process), Instant::now());
            while since.elapsed() < SECOND {
                session.next(SECOND.saturating_sub(since.elapsed()))?;
            }
            if rig::processor(&process).saturating_sub(before) < SECOND / 20 {
                break;
            }
            if began.elapsed() > INDEXED {
                return Err(Error::Void("the node never came to rest".into()));
            }
        }
        watch.doing("leaving the UI alone");
        let (before, since) = (rig::processor(&process), Instant::now());
        let mut written = 0;
        while since.elapsed() < IDLE {
            written += session.next(IDLE.saturating_sub(since.elapsed()))?.len();
        }
        let worked = rig::processor(&process).saturating_sub(before);
        let share = worked.as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
        watch.measured(&Measure::most("tui idle", share, "% of a core", 0.5).noting(format!(
            "over {} s, the node inside included; {written} bytes were written",
            IDLE.as_secs()
        )));
        session.end()
    }
}
