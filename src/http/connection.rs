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
        atomic::{AtomicBool, AtomicUsize, Ordering},
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
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

use super::tls::{Stream, Ways};

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
    ways: Ways,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Door {
    pub(super) fn new(listener: TcpListener, ways: Ways) -> Self {
        Self::with(listener, ways, CONNECTIONS, PATIENCE)
    }

    fn with(listener: TcpListener, ways: Ways, places: usize, patience: Duration) -> Self {
        Self { listener, ways, places: Arc::new(Semaphore::new(places)), patience }
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
        let stream = Stream::new(stream, address, &self.ways);
        (Connection::new(stream, place, self.patience), address)
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
    patience: Duration,
    bytes: AtomicUsize,
    until: Mutex<Instant>,
    /// Whether nobody on the way can read what is said.
    secret: AtomicBool,
}

impl Allowance {
    fn new(patience: Duration) -> Self {
        let until = Mutex::new(Instant::now() + patience);
        Self(Arc::new(Shared {
            patience,
            bytes: AtomicUsize::new(HEAD),
            until,
            secret: AtomicBool::new(false),
        }))
    }

    /// A request was let in: its body may have this many bytes and all of it take this long. The
    /// head of the next one is in it.
    pub(super) fn grant(&self, bytes: usize, time: Duration) {
        self.0.bytes.store(bytes + HEAD, Ordering::Relaxed);
        let until = Instant::now() + time + self.0.patience;
        *self.0.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Whether the connection is encrypted. Known once a request has come through it.
    pub(super) fn is_secret(&self) -> bool {
        self.0.secret.load(Ordering::Relaxed)
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
    stream: Stream,
    allowance: Allowance,
    alarm: Pin<Box<Sleep>>,
    /// Given back when the connection is dropped.
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn new(stream: Stream, place: Option<OwnedSemaphorePermit>, patience: Duration) -> Self {
        let allowance = Allowance::new(patience);
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
        if written.is_pending() {
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
        if self.stream.is_secret() {
            self.allowance.0.secret.store(true, Ordering::Relaxed);
        }
        let left = self.allowance.0.bytes.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::other("more was sent than was allowed")));
        }
        self.allowance.0.bytes.store(left - read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
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
        // What is encrypted is held back until there is room for it, and that is waited for here.
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_pending() {
            self.check_time(cx)?;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        if shut.is_pending() {
            self.check_time(cx)?;
        }
        shut
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn door(places: usize, patience: Duration) -> (Door, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Door::with(listener, Ways::default(), places, patience), address)
    }

    #[tokio::test]
    async fn a_place_is_given_to_one_at_a_time() {
        let (mut door, address) = door(1, PATIENCE).await;
        let _first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let (inside, _) = door.accept().await;
        assert_eq!(door.places.available_permits(), 0);
        drop(inside);
        door.accept().await;
    }

    #[tokio::test]
    async fn the_silent_are_let_go() {
        let (mut door, address) = door(2, Duration::from_millis(1)).await;
        let _silent = TcpStream::connect(address).await.unwrap();
        let (mut inside, _) = door.accept().await;
        let error = inside.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // One who does not read what is sent is silent too.
        let _deaf = TcpStream::connect(address).await.unwrap();
        let (mut inside, _) = door.accept().await;
        let error = loop {
            if let Err(error) = inside.write_all(&[0; 65_536]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_handshake_has_an_end() {
        let home = tempfile::tempdir().unwrap();
        let certificate = super::super::certificate::Certificate::open(home.path(), [127, 0, 0, 1].into(), 0);
        let (mut door, address) = door(1, Duration::from_millis(1)).await;
        door.ways.tls = Some(certificate.unwrap().acceptor);
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(&[0x16]).await.unwrap();
        let (mut inside, _) = door.accept().await;
        assert_eq!(inside.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_encrypts_and_does_not_read_is_let_go_as_well() {
        use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types};
        let home = tempfile::tempdir().unwrap();
        let certificate = super::super::certificate::Certificate::open(
            home.path(),
            [127, 0, 0, 1].into(),
            crate::clock::now(),
        );
        let certificate = certificate.unwrap();
        let mut roots = RootCertStore::empty();
        let authority: pki_types::CertificateDer<'_> =
            pki_types::pem::PemObject::from_pem_file(certificate.authority()).unwrap();
        roots.add(authority).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let (mut door, address) = door(1, PATIENCE).await;
        door.ways.tls = Some(certificate.acceptor.clone());
        let outside = tokio::spawn(async move {
            let socket = TcpStream::connect(address).await.unwrap();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let name = pki_types::ServerName::try_from("localhost").unwrap();
            let mut stream = connector.connect(name, socket).await.unwrap();
            stream.write_all(b"x").await.unwrap();
            stream.flush().await.unwrap();
            stream
        });
        let (mut inside, _) = door.accept().await;
        assert_eq!(inside.read_u8().await.unwrap(), b'x');
        let _deaf = outside.await.unwrap();
        assert!(inside.allowance.is_secret());
        *inside.allowance.0.until.lock().unwrap() = Instant::now();
        let error = loop {
            if let Err(error) = inside.write_all(&[0; 65_536]).await {
                break error;
            }
            if let Err(error) = inside.flush().await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn more_than_a_head_must_be_granted() {
        let (mut door, address) = door(1, PATIENCE).await;
        let mut outside = TcpStream::connect(address).await.unwrap();
        let (mut inside, _) = door.accept().await;
        let mut bytes = vec![0; HEAD];
        outside.write_all(&bytes).await.unwrap();
        inside.read_exact(&mut bytes).await.unwrap();
        outside.write_all(b"x").await.unwrap();
        assert_eq!(inside.read_u8().await.unwrap_err().kind(), io::ErrorKind::Other);
        inside.allowance.grant(1, PATIENCE);
        outside.write_all(b"y").await.unwrap();
        assert_eq!(inside.read_u8().await.unwrap(), b'y');
    }
}
