//! The interface of the crate `asynchronous-codec` 0.7, as far as libp2p uses it, with buffers that are held only while
//! there is something in them.
//!
//! libp2p frames what it sends by that crate: Noise once a connection, gossipsub in two streams more. Each of these
//! reserves 16 KiB when it is made and keeps them as long as it lives, though a connection is silent nearly always.
//! That was a quarter of the memory of a simulated node with nine neighbours, and 28 MB of a relay whose 576 connections
//! are all taken. Here a buffer is given back as soon as it is empty and there is nothing to fill it with.
//!
//! What must stay true: what was decoded, encoded and written does not depend on the buffers, and a frame that came in
//! part is kept until the rest comes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;

/// Bytes that are read at once: at first, and while more comes than that. Both have to be written over with zeros before
/// each reading, and most of what is said fits the first.
const FIRST_CHUNK: usize = 1 << 10;
const CHUNK: usize = 8 << 10;

/// Bytes that may wait to be written before more is refused: more than a socket takes at once, and so little that many
/// slow readers do not fill the memory.
const HIGH_WATER: usize = 128 << 10;

/// Makes frames of bytes.
pub trait Decoder {
    /// A frame.
    type Item;
    /// What may be wrong with one.
    type Error: From<io::Error>;

    /// Takes a frame off the front, if all of it is there.
    ///
    /// # Errors
    /// If what is there is no frame and cannot become one.
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error>;

    /// The same when no more bytes will come.
    ///
    /// # Errors
    /// The same.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        self.decode(src)
    }
}

/// Makes bytes of frames.
pub trait Encoder {
    /// A frame.
    type Item<'a>;
    /// What may be wrong with one.
    type Error: From<io::Error>;

    /// Puts the bytes of a frame at the end.
    ///
    /// # Errors
    /// If it cannot be said in bytes.
    fn encode(&mut self, item: Self::Item<'_>, dst: &mut BytesMut) -> Result<(), Self::Error>;
}

/// Frames that are read from a stream and written to it.
#[derive(Debug)]
pub struct Framed<T, C> {
    io: T,
    codec: C,
    read: BytesMut,
    write: BytesMut,
}

/// What a [`Framed`] is made of, with what was read and not decoded, and encoded and not written.
#[derive(Debug)]
#[non_exhaustive]
pub struct FramedParts<T, C> {
    /// The stream.
    pub io: T,
    /// The codec.
    pub codec: C,
    /// Bytes that no frame was made of yet.
    pub read_buffer: BytesMut,
    /// Bytes that were not written yet.
    pub write_buffer: BytesMut,
}

impl<T, C> FramedParts<T, C> {
    /// The same with another codec.
    pub fn map_codec<D>(self, map: impl FnOnce(C) -> D) -> FramedParts<T, D> {
        let FramedParts { io, codec, read_buffer, write_buffer } = self;
        FramedParts { io, codec: map(codec), read_buffer, write_buffer }
    }
}

impl<T, C> Framed<T, C> {
    /// Frames over a stream of which nothing was read yet.
    pub fn new(io: T, codec: C) -> Self {
        Framed { io, codec, read: BytesMut::new(), write: BytesMut::new() }
    }

    /// Goes on with what another left.
    pub fn from_parts(parts: FramedParts<T, C>) -> Self {
        let FramedParts { io, codec, read_buffer: read, write_buffer: write } = parts;
        Framed { io, codec, read, write }
    }

    /// Ends, leaving everything to another.
    pub fn into_parts(self) -> FramedParts<T, C> {
        let Framed { io, codec, read: read_buffer, write: write_buffer } = self;
        FramedParts { io, codec, read_buffer, write_buffer }
    }

    /// The codec.
    pub fn codec(&self) -> &C {
        &self.codec
    }

    /// The codec, to be changed.
    pub fn codec_mut(&mut self) -> &mut C {
        &mut self.codec
    }
}

// Nothing in it is ever pinned: the stream under it has to be `Unpin` to be used at all.
impl<T, C> Unpin for Framed<T, C> {}

impl<T: AsyncRead + Unpin, C: Decoder> Stream for Framed<T, C> {
    type Item = Result<C::Item, C::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        poll_read(&mut this.io, &mut this.codec, &mut this.read, cx)
    }
}

impl<T: AsyncWrite + Unpin, C: Encoder> Sink<C::Item<'_>> for Framed<T, C> {
    type Error = C::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        poll_write_down_to(HIGH_WATER - 1, &mut this.io, &mut this.write, cx).map_err(Into::into)
    }

    fn start_send(self: Pin<&mut Self>, item: C::Item<'_>) -> Result<(), Self::Error> {
        let this = self.get_mut();
        this.codec.encode(item, &mut this.write)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        poll_flush(&mut this.io, &mut this.write, cx).map_err(Into::into)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        ready!(poll_flush(&mut this.io, &mut this.write, cx))?;
        Pin::new(&mut this.io).poll_close(cx).map_err(Into::into)
    }
}

/// Frames that are read from a stream.
#[derive(Debug)]
pub struct FramedRead<T, D>(Framed<T, D>);

impl<T, D> FramedRead<T, D> {
    /// Frames over a stream of which nothing was read yet.
    pub fn new(io: T, decoder: D) -> Self {
        FramedRead(Framed::new(io, decoder))
    }
}

impl<T: AsyncRead + Unpin, D: Decoder> Stream for FramedRead<T, D> {
    type Item = Result<D::Item, D::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

/// Frames that are written to a stream.
#[derive(Debug)]
pub struct FramedWrite<T, E>(Framed<T, E>);

impl<T, E> FramedWrite<T, E> {
    /// Frames to a stream to which nothing was written yet.
    pub fn new(io: T, encoder: E) -> Self {
        FramedWrite(Framed::new(io, encoder))
    }
}

impl<T: AsyncWrite + Unpin, E: Encoder> Sink<E::Item<'_>> for FramedWrite<T, E> {
    type Error = E::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: E::Item<'_>) -> Result<(), Self::Error> {
        Pin::new(&mut self.0).start_send(item)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Sink::<E::Item<'_>>::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Sink::<E::Item<'_>>::poll_close(Pin::new(&mut self.0), cx)
    }
}

/// What a stream of frames answers.
type Next<D> = Poll<Option<Result<<D as Decoder>::Item, <D as Decoder>::Error>>>;

/// The next frame: of what is there, or of what comes.
fn poll_read<T: AsyncRead + Unpin, D: Decoder>(
    io: &mut T,
    decoder: &mut D,
    buffer: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Next<D> {
    if !buffer.is_empty()
        && let Some(item) = decoder.decode(buffer)?
    {
        return Poll::Ready(Some(Ok(item)));
    }
    if let Some(done) = read_by::<FIRST_CHUNK, T, D>(io, decoder, buffer, cx) {
        return done;
    }
    loop {
        if let Some(done) = read_by::<CHUNK, T, D>(io, decoder, buffer, cx) {
            return done;
        }
    }
}

/// Reads so many bytes at once until there is something to say; nothing if they all came and are no frame yet.
fn read_by<const BYTES: usize, T: AsyncRead + Unpin, D: Decoder>(
    io: &mut T,
    decoder: &mut D,
    buffer: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Option<Next<D>> {
    let mut chunk = [0; BYTES];
    loop {
        let read = match Pin::new(&mut *io).poll_read(cx, &mut chunk) {
            Poll::Ready(Ok(read)) => read.min(BYTES),
            Poll::Ready(Err(error)) => return Some(Poll::Ready(Some(Err(error.into())))),
            Poll::Pending => {
                release(buffer);
                return Some(Poll::Pending);
            }
        };
        if read == 0 {
            return Some(Poll::Ready(end(decoder, buffer)));
        }
        buffer.extend_from_slice(&chunk[..read]);
        match decoder.decode(buffer) {
            Ok(Some(item)) => return Some(Poll::Ready(Some(Ok(item)))),
            Err(error) => return Some(Poll::Ready(Some(Err(error)))),
            Ok(None) if read == BYTES => return None,
            Ok(None) => {}
        }
    }
}

/// What there is to say when no more bytes come.
fn end<D: Decoder>(decoder: &mut D, buffer: &mut BytesMut) -> Option<Result<D::Item, D::Error>> {
    if buffer.is_empty() {
        return None;
    }
    match decoder.decode_eof(buffer) {
        Ok(None) if buffer.is_empty() => None,
        Ok(None) => {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended within a frame");
            Some(Err(error.into()))
        }
        Ok(Some(item)) => Some(Ok(item)),
        Err(error) => Some(Err(error)),
    }
}

/// Writes until no more than so many bytes wait.
fn poll_write_down_to<T: AsyncWrite + Unpin>(
    most: usize,
    io: &mut T,
    buffer: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while buffer.len() > most {
        let written = ready!(Pin::new(&mut *io).poll_write(cx, buffer))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        buffer.advance(written.min(buffer.len()));
    }
    Poll::Ready(Ok(()))
}

fn poll_flush<T: AsyncWrite + Unpin>(
    io: &mut T,
    buffer: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    ready!(poll_write_down_to(0, io, buffer, cx))?;
    release(buffer);
    Pin::new(io).poll_flush(cx)
}

/// Gives the memory of a buffer back that nothing is in.
fn release(buffer: &mut BytesMut) {
    if buffer.is_empty() {
        *buffer = BytesMut::new();
    }
}

#[cfg(test)]
mod tests;
