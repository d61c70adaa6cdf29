//! Frames of a length and as many bytes, over a stream that gives and takes as little as it likes.

use std::collections::VecDeque;

use futures::executor::block_on;
use futures::{SinkExt, StreamExt as _};

use super::*;

/// Frames that begin with their length.
#[derive(Debug)]
struct Counted;

impl Decoder for Counted {
    type Item = Vec<u8>;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<Vec<u8>>> {
        match src.first() {
            Some(0xff) => Err(io::Error::other("no length")),
            Some(len) if src.len() > usize::from(*len) => {
                let frame = src.split_to(usize::from(*len) + 1);
                Ok(Some(frame[1..].to_vec()))
            }
            _ => Ok(None),
        }
    }
}

impl Encoder for Counted {
    type Item<'a> = &'a [u8];
    type Error = io::Error;

    fn encode(&mut self, item: &[u8], dst: &mut BytesMut) -> io::Result<()> {
        dst.extend_from_slice(&[u8::try_from(item.len()).map_err(io::Error::other)?]);
        dst.extend_from_slice(item);
        Ok(())
    }
}

/// A stream: what each reading gives, nothing meaning that it is not ready, and what each writing takes.
#[derive(Debug, Default)]
struct Pipe {
    gives: VecDeque<Option<Vec<u8>>>,
    takes: VecDeque<usize>,
    taken: Vec<u8>,
}

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.gives.pop_front() {
            Some(Some(bytes)) => {
                into[..bytes.len()].copy_from_slice(&bytes);
                Poll::Ready(Ok(bytes.len()))
            }
            Some(None) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(Ok(0)),
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let taken = self.takes.pop_front().unwrap_or(from.len()).min(from.len());
        self.taken.extend_from_slice(&from[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn giving(pieces: &[Option<&[u8]>]) -> Framed<Pipe, Counted> {
    let gives = pieces.iter().map(|piece| piece.map(<[u8]>::to_vec)).collect();
    Framed::new(Pipe { gives, ..Pipe::default() }, Counted)
}

#[test]
fn frames_come_however_they_are_cut() {
    let mut framed = giving(&[Some(&[2, b'a']), None, Some(&[b'b', 0, 3, b'c']), Some(b"de"), None]);
    let read = |framed: &mut Framed<Pipe, Counted>| block_on(framed.next()).map(Result::unwrap);
    assert_eq!(read(&mut framed).as_deref(), Some(b"ab".as_ref()));
    assert_eq!(read(&mut framed).as_deref(), Some(b"".as_ref()));
    assert_eq!(read(&mut framed).as_deref(), Some(b"cde".as_ref()));
    assert_eq!(read(&mut framed), None);
}

#[test]
fn a_frame_may_be_larger_than_what_is_read_at_once() {
    /// As many bytes as the first two say.
    struct Long;
    impl Decoder for Long {
        type Item = usize;
        type Error = io::Error;
        fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<usize>> {
            let Some(len) = src.first_chunk().map(|bytes| usize::from(u16::from_be_bytes(*bytes)) + 2) else {
                return Ok(None);
            };
            Ok((src.len() >= len).then(|| src.split_to(len).len()))
        }
    }
    let mut bytes = vec![7; 40_002];
    bytes[..2].copy_from_slice(&40_000_u16.to_be_bytes());
    bytes.extend([0, 1, 9]);
    let mut framed = Framed::new(futures::io::Cursor::new(bytes), Long);
    let read = |framed: &mut Framed<_, _>| block_on(framed.next()).map(Result::unwrap);
    assert_eq!((read(&mut framed), read(&mut framed), read(&mut framed)), (Some(40_002), Some(3), None));
}

#[test]
fn a_stream_that_ends_within_a_frame_is_an_error() {
    let error = block_on(giving(&[Some(&[2, b'a'])]).next()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(block_on(giving(&[Some(&[0xff])]).next()).unwrap().is_err());
}

#[test]
fn an_idle_stream_holds_no_buffer() {
    let mut framed = giving(&[Some(&[1, b'a']), None, Some(&[2, b'b']), None]);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let mut poll = |framed: &mut Framed<Pipe, Counted>| Pin::new(framed).poll_next(&mut cx).is_ready();
    assert!(poll(&mut framed));
    assert!(!poll(&mut framed));
    assert_eq!(framed.read.capacity(), 0);
    assert!(!poll(&mut framed));
    assert_eq!(framed.read.as_ref(), [2, b'b'], "what came in part stays");
    block_on(framed.send(b"hello")).unwrap();
    assert_eq!(framed.write.capacity(), 0);
}

#[test]
fn what_is_taken_in_pieces_arrives_in_order() {
    let mut framed = Framed::new(Pipe { takes: [1, 2, 1].into(), ..Pipe::default() }, Counted);
    block_on(framed.feed(b"ab")).unwrap();
    block_on(framed.feed(b"c")).unwrap();
    block_on(framed.close()).unwrap();
    assert_eq!(framed.io.taken, [2, b'a', b'b', 1, b'c']);
    framed.io.takes = [0].into();
    let error = block_on(framed.send(b"d")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}

#[test]
fn who_does_not_take_anything_is_not_fed_without_end() {
    let mut framed = giving(&[]);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    while framed.write.len() < HIGH_WATER {
        Pin::new(&mut framed).start_send(&[7; 200]).unwrap();
    }
    framed.io.takes = [10, 0].into();
    let ready = Sink::<&[u8]>::poll_ready(Pin::new(&mut framed), &mut cx);
    assert!(matches!(ready, Poll::Ready(Err(_))), "more is taken only when there is room");
    assert!(Sink::<&[u8]>::poll_ready(Pin::new(&mut framed), &mut cx).is_ready());
    assert!(framed.write.len() < HIGH_WATER);
}

#[test]
fn another_codec_goes_on_where_one_ended() {
    let mut framed = giving(&[Some(&[1, b'a', 1, b'b'])]);
    assert_eq!(block_on(framed.next()).unwrap().unwrap(), b"a");
    block_on(framed.feed(b"x")).unwrap();
    let parts = framed.into_parts().map_codec(|Counted| Counted);
    assert_eq!(
        (parts.read_buffer.as_ref(), parts.write_buffer.as_ref()),
        ([1, b'b'].as_ref(), [1, b'x'].as_ref())
    );
    let mut framed = Framed::from_parts(parts);
    assert_eq!(block_on(framed.next()).unwrap().unwrap(), b"b");
    block_on(SinkExt::<&[u8]>::flush(&mut framed)).unwrap();
    assert_eq!(framed.io.taken, [1, b'x']);
}

#[test]
fn frames_in_one_direction_only() {
    let gives = [Some(vec![1, b'a'])].into();
    let mut read = FramedRead::new(Pipe { gives, ..Pipe::default() }, Counted);
    assert_eq!(block_on(read.next()).unwrap().unwrap(), b"a");
    let mut write = FramedWrite::new(Pipe::default(), Counted);
    block_on(write.send(b"b")).unwrap();
    block_on(write.close()).unwrap();
    assert_eq!(write.0.io.taken, [1, b'b']);
}
