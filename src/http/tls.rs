//! HTTPS for clients that speak nothing else, on the same port as HTTP: the first byte says which of the two begins.
//!
//! Whoever is on this machine may go on without; whoever is not must encrypt, unless the person said that they need not.

use std::{
    future::Future,
    io, mem,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

/// The first byte of a TLS connection, a record of the handshake; that of HTTP is a letter.
const HANDSHAKE: u8 = 0x16;

/// How connections may begin.
#[derive(Clone, Default)]
pub(super) struct Ways {
    /// Encrypted, with this.
    pub tls: Option<TlsAcceptor>,
    /// In the clear, from other machines.
    pub plain: bool,
}

/// One socket, whatever is spoken on it.
pub(super) enum Stream {
    /// Nothing was read yet. In the clear if that is `true`.
    Fresh(TcpStream, TlsAcceptor, bool),
    Shaking(Box<Accept<TcpStream>>),
    Plain(TcpStream),
    Secret(Box<TlsStream<TcpStream>>),
    Closed,
}

impl Stream {
    pub(super) fn new(stream: TcpStream, from: SocketAddr, ways: &Ways) -> Self {
        let Some(tls) = &ways.tls else { return Self::Plain(stream) };
        let here = stream.local_addr().is_ok_and(|here| here.ip() == from.ip());
        let plain = ways.plain || here || from.ip().is_loopback();
        Self::Fresh(stream, tls.clone(), plain)
    }

    /// Whether nobody on the way can read it.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// Ready once it is known what is spoken, and the handshake is done.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self {
                Self::Fresh(stream, ..) => {
                    let mut first = [0];
                    ready!(stream.poll_peek(cx, &mut ReadBuf::new(&mut first)))?;
                    let Self::Fresh(stream, tls, plain) = mem::replace(self, Self::Closed) else { continue };
                    *self = match first == [HANDSHAKE] {
                        true => Self::Shaking(Box::new(tls.accept(stream))),
                        false if plain => Self::Plain(stream),
                        false => return Poll::Ready(Err(io::ErrorKind::PermissionDenied.into())),
                    };
                }
                Self::Shaking(shaking) => {
                    let stream = ready!(Pin::new(shaking).poll(cx));
                    *self = Self::Closed;
                    *self = Self::Secret(Box::new(stream?));
                }
                Self::Plain(_) | Self::Secret(_) => return Poll::Ready(Ok(())),
                Self::Closed => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secret(stream) => Pin::new(stream).poll_read(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secret(stream) => Pin::new(stream).poll_write(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Secret(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        // Both of them are.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secret(stream) => Pin::new(stream).poll_flush(cx),
            // Nothing was written yet.
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) | Self::Fresh(stream, ..) => Pin::new(stream).poll_shutdown(cx),
            Self::Secret(stream) => Pin::new(stream).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::http::certificate::Certificate;

    /// What the door reads of `bytes`, if they come from `from`.
    async fn read(from: [u8; 4], plain: bool, bytes: &[u8]) -> io::Result<u8> {
        let home = tempfile::tempdir().unwrap();
        let certificate = Certificate::open(home.path(), [127, 0, 0, 1].into(), 0).unwrap();
        let ways = Ways { tls: Some(certificate.acceptor), plain };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut outside = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (inside, _) = listener.accept().await.unwrap();
        outside.write_all(bytes).await.unwrap();
        Stream::new(inside, (from, 1).into(), &ways).read_u8().await
    }

    #[tokio::test]
    async fn what_is_in_the_clear_comes_from_here_or_was_allowed() {
        let far = [192, 0, 2, 1];
        assert_eq!(read([127, 0, 0, 1], false, b"GET").await.unwrap(), b'G');
        assert_eq!(read(far, true, b"GET").await.unwrap(), b'G');
        assert_eq!(read(far, false, b"GET").await.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[tokio::test]
    async fn what_only_begins_like_a_handshake_is_none() {
        let long = [&[HANDSHAKE][..], &[0xff; 64]].concat();
        assert_eq!(read([127, 0, 0, 1], true, &long).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
