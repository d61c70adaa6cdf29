//! Sync streams: frames in both directions on `/starling/sync/1`, each with a four-byte big-endian length in front.
//!
//! Every stream is one small task with a reading and a writing half. The reading half hands frames up only as fast as
//! the node takes them, so a fast peer is slowed by TCP or QUIC itself; the writing half has a queue with a bound and
//! a deadline, so a slow peer costs a bounded amount of memory for a bounded time. Lengths are read by hand rather
//! than by a codec, because a frame shall own exactly its bytes, and memory shall follow bytes that have arrived, not
//! bytes that were announced.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use libp2p::PeerId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{self, JoinSet};
use tokio::time::Instant;

use super::bucket::{Bucket, Rate};
use super::{Event, Limits, Misbehaviour, StreamId, SyncRole};
use worker::{Ending, Outgoing, Traffic, Worker};

mod worker;

/// The protocol's name on the wire.
pub const SYNC_PROTOCOL: &str = "/starling/sync/1";

/// Largest frame in bytes: a response of 1 MiB and room for what surrounds it.
pub const MAX_SYNC_FRAME: usize = (1 << 20) + (64 << 10);

/// Bytes queued for one stream: two of the largest frames, so that the next is ready when one has been written.
const MAX_QUEUED_BYTES: usize = 2 * MAX_SYNC_FRAME;

/// Frames queued for one stream. Live pushes are small; more than this unread means that nobody reads.
const MAX_QUEUED_FRAMES: usize = 256;

/// Bytes of received frames that are alive in this process, over all streams. Readers wait when it is used up.
const MAX_RECEIVED: usize = 32 << 20;

/// Streams that one peer may open: some at once after a bad start, then one every two seconds, which is as often
/// as an honest node opens a conversation that ended again.
const OPENS: Rate = Rate { burst: 8.0, per_second: 0.5 };

/// Refusals since a peer's last stream was taken at which it counts as a breach. A node that starts, fails and is
/// started again many times comes back a few times within the two seconds: it is refused, waits, and is answered. Who
/// was refused so often within them opens streams in a loop.
const HASTE: u32 = 16;

/// What the task keeps of a stream.
struct Entry {
    peer: PeerId,
    role: SyncRole,
    task: task::Id,
    /// Dropped to close in good order.
    queue: Option<mpsc::Sender<Outgoing>>,
    queued: Arc<AtomicUsize>,
    /// Ends the stream at once, for the reason sent.
    stop: Option<oneshot::Sender<Ending>>,
}

/// An event that must reach the node before its stream begins to read.
pub(super) struct Opening {
    pub event: Event,
    pub delivered: oneshot::Sender<()>,
}

/// All sync streams of this node.
pub(super) struct Streams {
    entries: HashMap<StreamId, Entry>,
    opens: HashMap<PeerId, Opens>,
    tasks: JoinSet<StreamId>,
    next: u64,
    events: mpsc::Sender<Event>,
    received: Arc<Semaphore>,
    traffic: Arc<Traffic>,
    max_streams: usize,
    max_queued: usize,
    stall: Duration,
}

/// How fast a peer opens streams, and how many were refused since the last that was taken.
struct Opens {
    bucket: Bucket,
    refused: u32,
}

/// Why a stream was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// All places are taken.
    Full,
    /// This peer opens streams too fast; a `breach` if so fast that no honest node does, said once.
    TooFast { breach: bool },
}

impl Streams {
    pub fn new(limits: &Limits, events: mpsc::Sender<Event>) -> Self {
        Streams {
            entries: HashMap::new(),
            opens: HashMap::new(),
            tasks: JoinSet::new(),
            next: 0,
            events,
            received: Arc::new(Semaphore::new(MAX_RECEIVED)),
            traffic: Arc::default(),
            max_streams: limits.sync_streams,
            max_queued: limits.sync_queued,
            stall: limits.sync_stall,
        }
    }

    /// Takes a new stream, replacing an older one of the same peer and role.
    pub fn add<S>(
        &mut self,
        now: Instant,
        peer: PeerId,
        role: SyncRole,
        stream: S,
    ) -> Result<Opening, Refused>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        if role == SyncRole::Serve {
            let opens = self
                .opens
                .entry(peer)
                .or_insert_with(|| Opens { bucket: Bucket::new(OPENS, now), refused: 0 });
            if !opens.bucket.take(now, 1.0) {
                opens.refused = opens.refused.saturating_add(1);
                return Err(Refused::TooFast { breach: opens.refused == HASTE });
            }
            opens.refused = 0;
        }
        // Tasks, not entries: an ended stream counts until the node has taken its last event.
        if self.tasks.len() >= self.max_streams {
            return Err(Refused::Full);
        }
        if let Some(old) = self.find(peer, role) {
            self.stop(old, Ending::of("replaced by a newer stream"));
        }
        let id = StreamId(self.next);
        self.next += 1;
        let (queue, outgoing) = mpsc::channel(MAX_QUEUED_FRAMES);
        let (stop, stopped) = oneshot::channel();
        let (delivered, begin) = oneshot::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let worker = Worker {
            id,
            peer,
            events: self.events.clone(),
            received: Arc::clone(&self.received),
            traffic: Arc::clone(&self.traffic),
            queued: Arc::clone(&queued),
            stall: self.stall,
        };
        let task = self.tasks.spawn(worker.run(stream, outgoing, stopped, begin)).id();
        self.entries.insert(id, Entry { peer, role, task, queue: Some(queue), queued, stop: Some(stop) });
        Ok(Opening { event: Event::SyncOpened { stream: id, peer, role }, delivered })
    }

    /// Queues a frame. Over the bounds the stream ends: at first this one, or with the sum of all too large, the one
    /// with most.
    pub fn send(&mut self, now: Instant, id: StreamId, frame: Bytes) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let Some(queue) = &entry.queue else { return };
        if frame.is_empty() || frame.len() > MAX_SYNC_FRAME {
            tracing::error!(len = frame.len(), "a sync frame of impossible size was to be sent");
            self.stop(id, Ending::of("a frame of impossible size was to be sent"));
            return;
        }
        let len = frame.len();
        let fits = entry.queued.fetch_add(len, Ordering::AcqRel) + len <= MAX_QUEUED_BYTES;
        if !fits || queue.try_send(Outgoing { frame, deadline: now + self.stall }).is_err() {
            self.stop(id, Ending::breach("the peer does not read", Misbehaviour::SyncNotReading));
            return;
        }
        if self.queued() > self.max_queued {
            let most = self.entries.iter().max_by_key(|(_, entry)| entry.queued.load(Ordering::Acquire));
            if let Some((&greedy, _)) = most {
                self.stop(greedy, Ending::of("too much is queued for all streams together"));
            }
        }
    }

    /// Closes a stream once its queue is written.
    pub fn close(&mut self, id: StreamId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.queue = None;
        }
    }

    /// Forgets who opened no streams lately.
    pub fn tick(&mut self, now: Instant) {
        self.opens.retain(|_, opens| !opens.bucket.is_full(now));
    }

    /// Waits for a stream to end and forgets it; pending while there is none.
    pub async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(id)) => {
                self.entries.remove(&id);
            }
            Some(Err(error)) => {
                tracing::error!(%error, "a sync stream's task failed");
                self.entries.retain(|_, entry| entry.task != error.id());
            }
            None => std::future::pending().await,
        }
    }

    /// Ends all streams at once, without events.
    pub async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
        self.entries.clear();
    }

    /// Open streams.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Bytes queued for writing.
    pub fn queued(&self) -> usize {
        self.entries.values().map(|entry| entry.queued.load(Ordering::Acquire)).sum()
    }

    /// The roles we have towards a peer.
    pub fn roles(&self, peer: PeerId) -> Vec<SyncRole> {
        self.entries
            .values()
            .filter(|entry| entry.peer == peer && entry.stop.is_some())
            .map(|entry| entry.role)
            .collect()
    }

    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    fn find(&self, peer: PeerId, role: SyncRole) -> Option<StreamId> {
        let living = |entry: &Entry| entry.peer == peer && entry.role == role && entry.stop.is_some();
        self.entries.iter().find(|(_, entry)| living(entry)).map(|(id, _)| *id)
    }

    fn stop(&mut self, id: StreamId, ending: Ending) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.queue = None;
            // The bytes are given up with the stream; they must not count against the others meanwhile.
            entry.queued = Arc::default();
            if let Some(stop) = entry.stop.take() {
                // An error means that it ended by itself.
                let _ = stop.send(ending);
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/sync.rs"]
mod tests;
