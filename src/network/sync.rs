//! Sync streams: frames in both directions on `/starling/sync/1`, each with a four-byte big-endian length in front.
//!
//! Every stream is one small task with a reading and a writing half. The reading half hands frames up only as fast as
//! the node takes them, so a fast peer is slowed by TCP or QUIC itself; the writing half has a queue with a bound and
//! a deadline, so a slow peer costs a bounded amount of memory for a bounded time. Lengths are read by hand rather
//! than by a codec, because a frame shall own exactly its bytes, and memory shall follow bytes that have arrived, not
//! bytes that were announced.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use libp2p::PeerId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::bucket::{Bucket, Rate};
use super::{Event, Limits, Misbehaviour, StreamId, SyncRole};

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

/// Memory set aside for a frame before its bytes arrive.
const FIRST_READ: usize = 16 << 10;

/// Streams that one peer may open: some at once after a bad start, then one every five seconds.
const OPENS: Rate = Rate {
    burst: 8.0,
    per_second: 0.2,
};

/// A frame that waits to be written.
struct Outgoing {
    frame: Bytes,
    deadline: Instant,
}

/// What the task keeps of a stream.
struct Entry {
    peer: PeerId,
    role: SyncRole,
    /// Dropped to close in good order.
    queue: Option<mpsc::Sender<Outgoing>>,
    queued: Arc<AtomicUsize>,
    /// Ends the stream at once, for the reason sent.
    stop: Option<oneshot::Sender<Ending>>,
}

/// Why a stream ended: a text for the log, and a rule if one was broken.
#[derive(Debug, Clone)]
struct Ending {
    reason: String,
    broken: Option<Misbehaviour>,
}

impl Ending {
    fn of(reason: impl Into<String>) -> Self {
        Ending {
            reason: reason.into(),
            broken: None,
        }
    }

    fn breach(reason: impl Into<String>, broken: Misbehaviour) -> Self {
        Ending {
            reason: reason.into(),
            broken: Some(broken),
        }
    }
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

/// Bytes that went over all streams so far.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub received: AtomicU64,
    pub sent: AtomicU64,
}

/// How fast a peer opens streams, and whether its haste has been told.
struct Opens {
    bucket: Bucket,
    told: bool,
}

/// Why a stream was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// All places are taken.
    Full,
    /// This peer opens streams too fast; `first` since the last that was taken.
    TooFast { first: bool },
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
            let opens = self.opens.entry(peer).or_insert_with(|| Opens {
                bucket: Bucket::new(OPENS, now),
                told: false,
            });
            if !opens.bucket.take(now, 1.0) {
                return Err(Refused::TooFast {
                    first: !std::mem::replace(&mut opens.told, true),
                });
            }
            opens.told = false;
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
        self.tasks
            .spawn(worker.run(stream, outgoing, stopped, begin));
        self.entries.insert(
            id,
            Entry {
                peer,
                role,
                queue: Some(queue),
                queued,
                stop: Some(stop),
            },
        );
        Ok(Opening {
            event: Event::SyncOpened {
                stream: id,
                peer,
                role,
            },
            delivered,
        })
    }

    /// Queues a frame. Over the bounds the stream ends: at first this one, or with the sum of all too large, the one
    /// with most.
    pub fn send(&mut self, now: Instant, id: StreamId, frame: Bytes) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let Some(queue) = &entry.queue else { return };
        if frame.is_empty() || frame.len() > MAX_SYNC_FRAME {
            tracing::error!(
                len = frame.len(),
                "a sync frame of impossible size was to be sent"
            );
            self.stop(id, Ending::of("a frame of impossible size was to be sent"));
            return;
        }
        let len = frame.len();
        let fits = entry.queued.fetch_add(len, Ordering::AcqRel) + len <= MAX_QUEUED_BYTES;
        if !fits
            || queue
                .try_send(Outgoing {
                    frame,
                    deadline: now + self.stall,
                })
                .is_err()
        {
            self.stop(
                id,
                Ending::breach("the peer does not read", Misbehaviour::SyncNotReading),
            );
            return;
        }
        if self.queued() > self.max_queued {
            let most = self
                .entries
                .iter()
                .max_by_key(|(_, entry)| entry.queued.load(Ordering::Acquire));
            if let Some((&greedy, _)) = most {
                self.stop(
                    greedy,
                    Ending::of("too much is queued for all streams together"),
                );
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
            Some(Err(error)) => tracing::error!(%error, "a sync stream's task failed"),
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
        self.entries
            .values()
            .map(|entry| entry.queued.load(Ordering::Acquire))
            .sum()
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
        let living =
            |entry: &Entry| entry.peer == peer && entry.role == role && entry.stop.is_some();
        self.entries
            .iter()
            .find(|(_, entry)| living(entry))
            .map(|(id, _)| *id)
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

/// The task of one stream.
struct Worker {
    id: StreamId,
    peer: PeerId,
    events: mpsc::Sender<Event>,
    received: Arc<Semaphore>,
    traffic: Arc<Traffic>,
    queued: Arc<AtomicUsize>,
    stall: Duration,
}

impl Worker {
    async fn run<S>(
        self,
        stream: S,
        outgoing: mpsc::Receiver<Outgoing>,
        stopped: oneshot::Receiver<Ending>,
        begin: oneshot::Receiver<()>,
    ) -> StreamId
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        // No frame may overtake the news that its stream exists.
        if begin.await.is_err() {
            return self.id;
        }
        let (read, write) = tokio::io::split(stream);
        let ending = tokio::select! {
            // In this order, so that a stop is obeyed and everything read is handed up before a write error shows.
            biased;
            Ok(ending) = stopped => ending,
            ending = self.read(BufReader::new(read)) => ending,
            ending = self.write(BufWriter::new(write), outgoing) => ending,
        };
        if let Some(what) = ending.broken {
            let _ = self
                .events
                .send(Event::PeerMisbehaved {
                    peer: self.peer,
                    what,
                })
                .await;
        }
        // An error means that the node is gone, and then nobody wants to know.
        let _ = self
            .events
            .send(Event::SyncClosed {
                stream: self.id,
                peer: self.peer,
                reason: ending.reason,
            })
            .await;
        self.id
    }

    async fn read(&self, mut stream: impl AsyncRead + Unpin) -> Ending {
        loop {
            let frame = match self.frame(&mut stream).await {
                Ok(frame) => frame,
                Err(ending) => return ending,
            };
            self.traffic
                .received
                .fetch_add(frame.len() as u64, Ordering::Relaxed);
            if self
                .events
                .send(Event::SyncFrame {
                    stream: self.id,
                    frame,
                })
                .await
                .is_err()
            {
                return Ending::of("this node is shutting down");
            }
        }
    }

    /// Reads one frame. Between frames a peer may be silent as long as it likes, within one it may not.
    async fn frame(&self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Bytes, Ending> {
        let len = match stream.read_u32().await {
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(Ending::of("closed by the peer"));
            }
            Err(error) => return Err(Ending::of(error.to_string())),
        };
        let size = usize::try_from(len).unwrap_or(usize::MAX);
        if size == 0 || size > MAX_SYNC_FRAME {
            let reason = format!("a frame of {len} bytes was announced");
            return Err(Ending::breach(reason, Misbehaviour::SyncFrameSize));
        }
        let bytes = match timeout(self.stall, read_exactly(stream, size)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => return Err(Ending::of(format!("in the middle of a frame: {error}"))),
            Err(_) => {
                return Err(Ending::breach(
                    "a frame was begun and not continued",
                    Misbehaviour::SyncStalled,
                ));
            }
        };
        // Charged for whole frames only: a peer must not hold a share of all for bytes it never sends. The budget
        // outlives this stream, so it is never closed.
        let Ok(permit) = Arc::clone(&self.received).acquire_many_owned(len).await else {
            return Err(Ending::of("this node is shutting down"));
        };
        Ok(Bytes::from_owner(Received {
            bytes,
            _permit: permit,
        }))
    }

    async fn write(
        &self,
        mut stream: impl AsyncWrite + Unpin,
        mut outgoing: mpsc::Receiver<Outgoing>,
    ) -> Ending {
        let late = || Ending::breach("the peer does not read", Misbehaviour::SyncNotReading);
        while let Some(Outgoing { frame, deadline }) = outgoing.recv().await {
            let last = outgoing.is_empty();
            match timeout_at(deadline, write_frame(&mut stream, &frame, last)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Ending::of(error.to_string()),
                Err(_) => return late(),
            }
            self.queued.fetch_sub(frame.len(), Ordering::AcqRel);
            self.traffic
                .sent
                .fetch_add(frame.len() as u64, Ordering::Relaxed);
        }
        match timeout(self.stall, stream.shutdown()).await {
            Ok(Ok(())) => Ending::of("closed by this node"),
            Ok(Err(error)) => Ending::of(error.to_string()),
            Err(_) => late(),
        }
    }
}

async fn read_exactly(stream: &mut (impl AsyncRead + Unpin), size: usize) -> io::Result<BytesMut> {
    let mut bytes = BytesMut::with_capacity(size.min(FIRST_READ));
    while bytes.len() < size {
        let missing = (size - bytes.len()) as u64;
        if (&mut *stream).take(missing).read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(bytes)
}

async fn write_frame(
    stream: &mut (impl AsyncWrite + Unpin),
    frame: &[u8],
    flush: bool,
) -> io::Result<()> {
    let len =
        u32::try_from(frame.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    stream.write_u32(len).await?;
    stream.write_all(frame).await?;
    // Small frames that follow at once share a packet.
    if flush { stream.flush().await } else { Ok(()) }
}

/// A received frame's bytes and their share of the budget, which comes back when the last clone is dropped.
struct Received {
    bytes: BytesMut,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Received {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
#[path = "tests/sync.rs"]
mod tests;
