//! Ctrl-C and SIGTERM: the first asks for an end in good order, the second ends at once.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Kind, Output};

/// Becomes true at the first signal. The second ends the process, with whatever was not written yet.
///
/// # Errors
/// If the system does not tell of signals.
pub fn stop(output: Output) -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        // Signals are taken over before this returns: one that comes right after must not end the process.
        let _inside = runtime.enter();
        Signals::new()?
    };
    let told = stop.clone();
    // A thread of its own: the one that simulates may live under another clock.
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            told.store(true, Ordering::Relaxed);
            output.talk("stopping; what was found so far is kept (again: stop at once)");
            signals.next().await;
        });
        process::exit(Kind::Interrupted as i32);
    })?;
    Ok(stop)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without the console's signals there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
