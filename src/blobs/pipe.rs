//! Joins what waits (streams of the network) and what blocks (files and hashing): bytes go through a short queue, so
//! that neither side is more than a few pieces ahead of the other.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio::sync::mpsc;

/// Bytes that go through at once.
pub const PIECE: usize = 64 * 1024;
/// Pieces that may wait: one is made while one is on its way, and some slack.
const PIECES: usize = 4;

/// A queue between the two sides.
pub fn pipe() -> (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>) {
    mpsc::channel(PIECES)
}

/// The end of a queue that blocking code writes to. What is written goes on its way in whole pieces, the rest when it
/// is flushed.
pub struct Inlet {
    to: mpsc::Sender<Bytes>,
    piece: Vec<u8>,
}

impl Inlet {
    /// Writes to this queue.
    pub fn new(to: mpsc::Sender<Bytes>) -> Self {
        Self { to, piece: Vec::with_capacity(PIECE) }
    }
}

impl Write for Inlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.to.blocking_send(piece.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The end of a queue that blocking code reads from.
pub struct Outlet {
    from: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Outlet {
    /// Reads from this queue.
    pub fn new(from: mpsc::Receiver<Bytes>) -> Self {
        Self { from, piece: Bytes::new() }
    }
}

impl Read for Outlet {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.from.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let taken = self.piece.len().min(to.len());
        to[..taken].copy_from_slice(&self.piece.split_to(taken));
        Ok(taken)
    }
}
