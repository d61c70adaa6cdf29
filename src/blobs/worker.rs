//! The thread that pictures are decoded on: one, so that strangers' pictures never take more than one core, and beside
//! everything else, so that nobody waits for them but those who asked.

use std::{
    io,
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
};

use tokio::sync::oneshot;

use super::Error;

/// Pieces of work that may wait. Each holds a file of 10 MiB at most.
const QUEUE: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The way to the thread. It ends when this is dropped and what waits is done.
pub struct Worker(SyncSender<Job>);

impl Worker {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(QUEUE);
        std::thread::Builder::new().name("pictures".into()).spawn(move || {
            while let Ok(job) = waiting.recv() {
                // A decoder that panics costs the picture, not the node.
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a picture's decoder failed in a way that it should not");
                }
            }
        })?;
        Ok(Self(jobs))
    }

    /// Has work done, and gives what came of it. An error when there is too much of it already.
    pub fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<oneshot::Receiver<R>, Error> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may be gone.
            let _ = done.send(work());
        });
        self.0.try_send(job).map(|()| result).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Stopping,
        })
    }
}
