//! A token bucket: so many at once, so many a second after that. Used for accepted connections, opened streams and
//! gossip, all of which a peer may otherwise repeat as fast as its line allows.

use tokio::time::Instant;

/// The two numbers of a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// What may come at once.
    pub burst: f64,
    /// What comes back in a second.
    pub per_second: f64,
}

/// A bucket of tokens, full at first.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub fn new(rate: Rate, now: Instant) -> Self {
        Bucket { rate, tokens: rate.burst, at: now }
    }

    /// Takes `amount` tokens if they are there; takes none otherwise.
    pub fn take(&mut self, now: Instant, amount: f64) -> bool {
        self.refill(now);
        let there = self.tokens >= amount;
        if there {
            self.tokens -= amount;
        }
        there
    }

    /// Whether nothing is missing, so that forgetting the bucket changes nothing.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.tokens >= self.rate.burst
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate.per_second).min(self.rate.burst);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn gives_the_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate { burst: 3.0, per_second: 2.0 }, start);
        let taken = |bucket: &mut Bucket, at| (0..10).filter(|_| bucket.take(at, 1.0)).count();
        assert_eq!(taken(&mut bucket, start), 3);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(1)), 2);
        // A clock that does not move forward gives nothing.
        assert_eq!(taken(&mut bucket, start), 0);
        assert!(!bucket.is_full(start + Duration::from_secs(1)));
        assert!(bucket.is_full(start + Duration::from_secs(60)));
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(60)), 3);
    }
}
