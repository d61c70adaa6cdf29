//! The sockets under the door: how many there are, how much they may send, how long they may take.
//!
//! A connection has an allowance of bytes and a deadline. At first both are just enough for the head
//! of a request; only a request that was let in gets more, for its body and its answer. So whoever
//! has no token holds a socket for seconds and a few kilobytes, whatever is sent.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

/// Connections at once. A client holds a handful; file descriptors and memory are finite.
const CONNECTIONS: usize = 512;
/// Bytes that may arrive before a request is let in: the 16 KiB of its head, and the first of its
/// body that arrive with it.
const HEAD: usize = 24 * 1024;
/// How long a connection may be silent, and how long a head may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens, and counts who is inside.
pub(super) struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(CONNECTIONS)) }
    }
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed; without a place the door waits and the kernel queues.
        let place = self.places.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let _ = stream.set_nodelay(true); // small answers at once; without it they are only later
        (Connection::new(stream, place), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What a connection may still do, shared with the requests that come through it.
#[derive(Debug, Clone)]
pub(super) struct Allowance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bytes: AtomicUsize,
    until: Mutex<Instant>,
}

impl Allowance {
    fn new() -> Self {
        let until = Mutex::new(Instant::now() + PATIENCE);
        Self(Arc::new(Shared { bytes: AtomicUsize::new(HEAD), until }))
    }

    /// A request was let in: its body may have this many bytes and all of it take this long. The
    /// head of the next one is in it.
    pub(super) fn grant(&self, bytes: usize, time: Duration) {
        self.0.bytes.store(bytes + HEAD, Ordering::Relaxed);
        self.wait(time + PATIENCE);
    }

    fn wait(&self, time: Duration) {
        *self.0.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + time;
    }

    fn until(&self) -> Instant {
        *self.0.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Door>> for Allowance {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().allowance.clone()
    }
}

/// One socket.
pub(super) struct Connection {
    stream: TcpStream,
    allowance: Allowance,
    alarm: Pin<Box<Sleep>>,
    /// Given back when the connection is dropped.
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn new(stream: TcpStream, place: Option<OwnedSemaphorePermit>) -> Self {
        let allowance = Allowance::new();
        let alarm = Box::pin(tokio::time::sleep_until(allowance.until()));
        Self { stream, allowance, alarm, _place: place }
    }

    /// An error once the deadline has passed; else this task is woken then.
    fn check_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            let until = self.allowance.until();
            if self.alarm.deadline() != until {
                self.alarm.as_mut().reset(until);
            }
            if self.alarm.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            if self.allowance.until() <= Instant::now() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    fn wrote(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Pending = written {
            self.check_time(cx)?;
        }
        written
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_time(cx)?;
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        let left = self.allowance.0.bytes.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::other("more was sent than was allowed")));
        }
        self.allowance.0.bytes.store(left - read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
