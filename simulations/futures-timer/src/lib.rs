//! The interface of the crate `futures-timer` 3 over tokio's timers.
//!
//! libp2p waits by that crate, which keeps a thread of its own that sleeps by the machine's clock. This one takes its
//! place in the whole workspace, for two reasons:
//! - in a simulation time is virtual: libp2p has to wait by the same clock as everything else, and a second thread
//!   would make the order of things depend on the machine;
//! - in the node one timer is enough, and a thread less is a thread less.
//!
//! What must stay true: every [`Delay`] is made and polled inside a tokio runtime with its timer enabled. All of the
//! node is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// For a deadline that the clock cannot express: thirty years are as good as never.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Ready when its time has passed, and ready again whenever it is asked after that.
pub struct Delay(Pin<Box<Sleep>>);

impl Delay {
    /// Begins to wait.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(duration: Duration) -> Self {
        Delay(Box::pin(sleep(duration)))
    }

    /// Begins anew, whether its time has passed or not.
    pub fn reset(&mut self, duration: Duration) {
        let now = Instant::now();
        let deadline = now.checked_add(duration).unwrap_or_else(|| now + NEVER);
        self.0.as_mut().reset(deadline);
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delay").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn waits_by_the_clock_of_the_runtime() {
        let start = Instant::now();
        Delay::new(3600 * SECOND).await;
        assert_eq!(start.elapsed(), 3600 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn stays_ready_until_it_is_reset() {
        let start = Instant::now();
        let mut delay = Delay::new(SECOND);
        (&mut delay).await;
        (&mut delay).await;
        assert_eq!(start.elapsed(), SECOND);
        delay.reset(2 * SECOND);
        (&mut delay).await;
        assert_eq!(start.elapsed(), 3 * SECOND);
        delay.reset(Duration::ZERO);
        (&mut delay).await;
        assert_eq!(start.elapsed(), 3 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn an_impossible_time_is_no_panic() {
        let mut delay = Delay::new(Duration::MAX);
        delay.reset(Duration::MAX);
        let first = tokio::time::timeout(SECOND, delay).await;
        assert!(first.is_err());
    }
}
