//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal},
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use starling_simulations::{
    control::{Progress, Watcher},
    memory,
};

use super::{
    Output,
    output::{bytes, count, span},
};

/// Between two lines where there is no terminal: often enough to see that it lives, seldom enough for a log.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Between two looks at how far it is: a terminal is slow.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A watcher for the thread that simulates, and the other end of it. What comes faster than it is shown is left out.
pub fn channel() -> (Watcher, Receiver<Progress>) {
    // One: only the newest matters, and the simulation never waits for who looks at it.
    let (told, shown): (SyncSender<Progress>, _) = mpsc::sync_channel(1);
    let watcher = Box::new(move |progress| match told.try_send(progress) {
        Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
    });
    (watcher, shown)
}

/// Shows how far it is until the run is over and its end of the channel gone.
pub fn show(output: Output, shown: &Receiver<Progress>) {
    let bar = io::stderr().is_terminal().then(bar);
    let began = Instant::now();
    let mut line: Option<Instant> = None;
    let mut newest = None;
    loop {
        match shown.recv_timeout(LOOK_EVERY) {
            Ok(progress) => newest = Some(progress),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let Some(progress) = newest else { continue };
        let said = said(progress, began.elapsed());
        if let Some(bar) = &bar {
            bar.set_length(progress.span);
            bar.set_position(progress.at);
            bar.set_message(said);
            std::thread::sleep(LOOK_EVERY);
        } else if line.is_none_or(|line| line.elapsed() >= LINE_EVERY) {
            line = Some(Instant::now());
            let part = progress.at as f64 / progress.span.max(1) as f64 * 100.0;
            output.talk(format!("{part:.0} % {said}"));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(1);
    // The template is written here, and the tests read it.
    bar.set_style(style());
    bar
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {percent} % {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn said(progress: Progress, elapsed: Duration) -> String {
    let Progress { at, span: whole, events, running } = progress;
    let wall = elapsed.as_secs_f64().max(1e-3);
    let rate = at as f64 / 1e6 / wall;
    let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    let (at, whole, events, held) =
        (span(at), span(whole), count((events as f64 / wall) as u64), bytes(memory::resident()));
    format!("{at} of {whole}, {rate}x real time, {running} nodes, {events} events/s, {held}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let progress = Progress { at: 90_000_000, span: 3_600_000_000, events: 20_000, running: 50 };
        let said = said(progress, Duration::from_secs(2));
        assert!(said.starts_with("1m30s of 1h00m, 45x real time, 50 nodes, 10 000 events/s, "), "{said}");
        assert!(ProgressStyle::with_template("{wide_bar} {percent} % {msg}").is_ok());
    }

    #[test]
    fn whoever_does_not_look_holds_nothing_up() {
        let (mut watcher, shown) = channel();
        for at in 0..5 {
            watcher(Progress { at, span: 5, events: 0, running: 0 });
        }
        assert_eq!(shown.recv().map(|progress| progress.at), Ok(0));
        drop(shown);
        watcher(Progress { at: 9, span: 5, events: 0, running: 0 });
    }
}
