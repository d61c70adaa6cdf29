//! One sync stream: a reading and a writing half until either ends, or until it is told to stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use libp2p::PeerId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::MAX_SYNC_FRAME;
use crate::network::bucket::{Bucket, Rate};
use crate::network::{Event, Misbehaviour, StreamId};

/// Memory set aside for a frame before its bytes arrive.
const FIRST_READ: usize = 16 << 10;

/// Bytes that small frames share on their way to the wire; larger writes pass by it. It is held for every open stream,
/// used or not. Reading has none: what a stream gives is in the multiplexer's memory already.
const BUFFER: usize = 2 << 10;

/// Frames that one stream may have us read. The fastest honest session brings some hundreds a second, each full of entries;
/// a few bytes that say nothing cost us as much to look at, and their sender nothing. Who is faster waits.
const FRAMES: Rate = Rate { burst: 200.0, per_second: 1_000.0 };
/// How long at a time.
const SLOWED: Duration = Duration::from_millis(10);

/// A frame that waits to be written.
pub(super) struct Outgoing {
    pub frame: Bytes,
    pub deadline: Instant,
}

/// Why a stream ended: a text for the log, and a rule if one was broken.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub reason: String,
    pub broken: Option<Misbehaviour>,
}

impl Ending {
    pub fn of(reason: impl Into<String>) -> Self {
        Ending { reason: reason.into(), broken: None }
    }

    pub fn breach(reason: impl Into<String>, broken: Misbehaviour) -> Self {
        Ending { reason: reason.into(), broken: Some(broken) }
    }
}

/// Bytes that went over all streams so far.
#[derive(Debug, Default)]
pub(in crate::network) struct Traffic {
    pub received: AtomicU64,
    pub sent: AtomicU64,
}

/// The task of one stream.
pub(super) struct Worker {
    pub id: StreamId,
    pub peer: PeerId,
    pub events: mpsc::Sender<Event>,
    pub received: Arc<Semaphore>,
    pub traffic: Arc<Traffic>,
    pub queued: Arc<AtomicUsize>,
    pub stall: Duration,
}

impl Worker {
    pub async fn run<S>(
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
            ending = self.read(read) => ending,
            ending = self.write(BufWriter::with_capacity(BUFFER, write), outgoing) => ending,
        };
        if let Some(what) = ending.broken {
            let _ = self.events.send(Event::PeerMisbehaved { peer: self.peer, what }).await;
        }
        // An error means that the node is gone, and then nobody wants to know.
        let _ = self
            .events
            .send(Event::SyncClosed { stream: self.id, peer: self.peer, reason: ending.reason })
            .await;
        self.id
    }

    async fn read(&self, mut stream: impl AsyncRead + Unpin) -> Ending {
        let mut frames = Bucket::new(FRAMES, Instant::now());
        loop {
            while !frames.take(Instant::now(), 1.0) {
                sleep(SLOWED).await;
            }
            let frame = match self.frame(&mut stream).await {
                Ok(frame) => frame,
                Err(ending) => return ending,
            };
            self.traffic.received.fetch_add(frame.len() as u64, Ordering::Relaxed);
            if self.events.send(Event::SyncFrame { stream: self.id, frame }).await.is_err() {
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
                return Err(Ending::breach("a frame was begun and not continued", Misbehaviour::SyncStalled));
            }
        };
        // Charged for whole frames only: a peer must not hold a share of all for bytes it never sends. The budget
        // outlives this stream, so it is never closed.
        let Ok(permit) = Arc::clone(&self.received).acquire_many_owned(len).await else {
            return Err(Ending::of("this node is shutting down"));
        };
        Ok(Bytes::from_owner(Received { bytes, _permit: permit }))
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
            self.traffic.sent.fetch_add(frame.len() as u64, Ordering::Relaxed);
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

async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8], flush: bool) -> io::Result<()> {
    let len = u32::try_from(frame.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
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
