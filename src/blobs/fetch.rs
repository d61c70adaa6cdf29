//! Gets one file from one peer: asks from where what is held ends, checks every group as it comes, and keeps what is
//! proven, so that the next try, with this peer or another, today or after a restart, goes on from there.

use std::{
    fs::File,
    io::{self, Write},
    time::Duration,
};

use bytes::BytesMut;
use libp2p::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::compat::Compat;

use super::{
    Blobs, Hash, MAX_BYTES,
    disk::Beside,
    exchange::{self, Answer, GROUP, Request},
    pipe::{Outlet, PIECE, pipe},
    serve::timed,
};

/// How long a peer may be silent while it owes an answer.
const STALL: Duration = Duration::from_secs(15);

/// A stream that files are asked for on.
pub type Line = Compat<Stream>;

/// What came of asking a peer.
#[derive(Debug)]
pub enum Came {
    /// The whole file is in its place; so many bytes.
    Whole(u64),
    /// The peer does not have it, or not now.
    Not(Answer),
    /// The peer says that the file has so many bytes, which are more than were asked for.
    Larger(u64),
    /// The peer sent what is not of this file.
    Lie,
    /// The line broke, or the peer took too long. What came is kept.
    Broken(io::Error),
    /// The own disk is at fault.
    Disk(io::Error),
}

impl Blobs {
    /// Asks for a file of at most so many bytes on this stream.
    pub async fn ask<S>(&self, hash: Hash, most: u64, line: &mut S) -> Came
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let blobs = self.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let path = blobs.disk().beside(&hash, Beside::Part);
            blobs.disk().make_folder(&path)?;
            let file = File::options().create(true).append(true).open(path)?;
            // Half a group proves nothing.
            let held = file.metadata()?.len() / GROUP * GROUP;
            file.set_len(held)?;
            blobs.0.parts.note(&hash, held);
            Ok((file, held))
        });
        let (part, held) = match opened.await.map_err(io::Error::other).flatten() {
            Ok(opened) => opened,
            Err(error) => return Came::Disk(error),
        };
        let from = u32::try_from(held / GROUP).unwrap_or(u32::MAX - 1);
        let request = Request { hash, from, to: u32::MAX };
        match self.converse(request, most, part, line).await {
            Ok(came) => came,
            Err(error) => Came::Broken(error),
        }
    }

    async fn converse<S>(&self, request: Request, most: u64, part: File, line: &mut S) -> io::Result<Came>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        timed(STALL, line.write_all(&request.to_bytes())).await?;
        timed(STALL, line.flush()).await?;
        match Answer::from_byte(timed(STALL, line.read_u8()).await?) {
            Some(Answer::Here) => {}
            Some(answer) => return Ok(Came::Not(answer)),
            None => return Ok(Came::Lie),
        }
        let size = timed(STALL, line.read_u64()).await?;
        if size > MAX_BYTES {
            return Ok(Came::Lie);
        }
        if size > most {
            return Ok(Came::Larger(size));
        }
        let (to, from) = pipe();
        let blobs = self.clone();
        let mut taking =
            tokio::task::spawn_blocking(move || blobs.take(request, size, part, Outlet::new(from)));
        let mut piece = BytesMut::new();
        let came = loop {
            piece.reserve(PIECE);
            tokio::select! {
                biased;
                came = &mut taking => break came,
                read = timed(STALL, line.read_buf(&mut piece)) => match read {
                    Ok(1..) => {
                        // An error means that taking has ended, which is seen above.
                        let _ = to.send(piece.split().freeze()).await;
                    }
                    broken => {
                        // What is proven of what came is kept first.
                        drop(to);
                        break match (taking.await, broken) {
                            (Ok(Came::Broken(_)), Err(error)) => Ok(Came::Broken(error)),
                            (came, _) => came,
                        };
                    }
                },
            }
        };
        came.map_err(io::Error::other)
    }

    /// Takes in what comes, group by group.
    fn take(&self, request: Request, size: u64, part: File, from: Outlet) -> Came {
        let mut part = part;
        let mut disk = Ok(());
        let start = u64::from(request.from) * GROUP;
        let mut held = start;
        let taken = exchange::decode(request, size, from, |at, group| {
            // What is asked for beyond the end is answered with the end, which is held already.
            if at < start {
                return Ok(());
            }
            disk = part.write_all(group);
            held += group.len() as u64;
            self.0.parts.note(&request.hash, held);
            // Any error ends the taking; which one it was is known here.
            disk.as_ref().map(drop).map_err(|_| io::ErrorKind::Other.into())
        });
        if let Err(error) = disk {
            return Came::Disk(error);
        }
        match taken {
            Ok(()) => match self.complete(request, size, part) {
                Ok(true) => Came::Whole(size),
                // What an earlier run left was not what it had proven: it begins anew.
                Ok(false) => Came::Broken(io::ErrorKind::InvalidData.into()),
                Err(error) => Came::Disk(error),
            },
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Came::Lie,
            Err(error) => Came::Broken(error),
        }
    }

    /// Gives what arrived its name. All of it was proven; but what an earlier run had proven may have been changed on
    /// the disk since, so then the whole is looked at once more.
    fn complete(&self, request: Request, size: u64, part: File) -> io::Result<bool> {
        part.sync_all()?;
        let hash = &request.hash;
        if request.from > 0 {
            let bytes = std::fs::read(self.disk().beside(hash, Beside::Part))?;
            if *blake3::hash(&bytes).as_bytes() != *hash || bytes.len() as u64 != size {
                self.drop_part(hash)?;
                return Ok(false);
            }
        }
        self.disk().promote(hash)?;
        self.0.parts.note(hash, 0);
        Ok(true)
    }
}
