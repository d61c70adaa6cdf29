//! Gives files to peers who ask: what a post or profile shows that is held here, and nothing else. Few at once, for a
//! bounded time each, and no faster than the peer takes them.

use std::{
    collections::HashMap,
    fs::File,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libp2p::{PeerId, Stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};

use super::{
    Blobs, Error, Hash,
    disk::Beside,
    exchange::{self, Answer, REQUEST, Request},
    pipe::{Inlet, pipe},
};
use crate::{clock, runtime::Node};

/// Streams of one peer: one file goes while the next is asked for.
pub const A_PEER: usize = 2;
/// Streams of all peers: each holds a file open, a thread while it reads, and 320 KiB.
const ALL: usize = 16;
/// Files that one peer may ask for at once, and how many a second after that: a long home timeline has some hundred.
const BURST: f64 = 256.0;
const A_SECOND: f64 = 8.0;
/// How long a peer may take to read a piece of 64 KiB, or to say what it wants next.
const STALL: Duration = Duration::from_secs(15);
/// How long one answer may take. What is missing then can be asked for again, from there on.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Who is served, and how much they asked for.
#[derive(Default)]
pub struct Served {
    peers: HashMap<PeerId, Account>,
    streams: usize,
}

struct Account {
    streams: usize,
    left: f64,
    at: Instant,
}

impl Served {
    fn enter(&mut self, peer: PeerId, now: Instant) -> bool {
        // Who has no stream and nothing to pay off is forgotten.
        self.peers.retain(|_, account| account.streams > 0 || account.refilled(now) < BURST);
        let account = self.peers.entry(peer).or_insert(Account { streams: 0, left: BURST, at: now });
        let free = account.streams < A_PEER && self.streams < ALL;
        if free {
            account.streams += 1;
            self.streams += 1;
        }
        free
    }

    fn leave(&mut self, peer: &PeerId) {
        self.streams = self.streams.saturating_sub(1);
        if let Some(account) = self.peers.get_mut(peer) {
            account.streams = account.streams.saturating_sub(1);
        }
    }

    fn pay(&mut self, peer: &PeerId, now: Instant) -> bool {
        let Some(account) = self.peers.get_mut(peer) else { return false };
        account.left = account.refilled(now);
        account.at = now;
        let enough = account.left >= 1.0;
        if enough {
            account.left -= 1.0;
        }
        enough
    }
}

impl Account {
    fn refilled(&self, now: Instant) -> f64 {
        (self.left + now.saturating_duration_since(self.at).as_secs_f64() * A_SECOND).min(BURST)
    }
}

/// A stream that a peer opened, counted while it lives.
pub struct Serving {
    blobs: Blobs,
    node: Node,
    peer: PeerId,
    served: Arc<Mutex<Served>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).leave(&self.peer);
    }
}

impl Serving {
    /// Takes a stream, if there is a place for it.
    pub fn enter(blobs: Blobs, node: Node, peer: PeerId, served: &Arc<Mutex<Served>>) -> Option<Self> {
        let free = served.lock().unwrap_or_else(PoisonError::into_inner).enter(peer, Instant::now());
        free.then(|| Self { blobs, node, peer, served: served.clone() })
    }

    /// Answers until the peer asks no more, or breaks a rule.
    pub async fn run(self, stream: Stream) {
        let mut stream = stream.compat();
        if let Err(error) = self.answer_all(&mut stream).await {
            tracing::debug!(peer = %self.peer, %error, "a stream for files ended");
        }
        // What was written goes out before the stream does; whoever does not take it is not waited for.
        let _ = timeout(STALL, stream.shutdown()).await;
    }

    async fn answer_all(&self, stream: &mut Compat<Stream>) -> io::Result<()> {
        loop {
            let mut bytes = [0; REQUEST];
            match timed(STALL, stream.read_exact(&mut bytes)).await {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
            let Some(request) = Request::from_bytes(&bytes) else {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it asks for nothing"));
            };
            let pays =
                self.served.lock().unwrap_or_else(PoisonError::into_inner).pay(&self.peer, Instant::now());
            let found = if pays { self.find(request.hash).await } else { Err(Answer::Busy) };
            match found {
                Ok(found) => timed(LONGEST, self.send(stream, request, found)).await?,
                Err(answer) => timed(STALL, stream.write_all(&[answer.to_byte()])).await?,
            }
            timed(STALL, stream.flush()).await?;
        }
    }

    async fn find(&self, hash: Hash) -> Result<Found, Answer> {
        let (blobs, node) = (self.blobs.clone(), self.node.clone());
        let found = tokio::task::spawn_blocking(move || blobs.find_for_peer(&node, &hash));
        match found.await {
            Ok(Ok(Some(found))) => Ok(found),
            Ok(Ok(None)) => Err(Answer::NotHere),
            Ok(Err(error)) => {
                tracing::warn!("a file could not be given to a peer: {error}");
                Err(Answer::NotHere)
            }
            Err(_) => Err(Answer::Busy),
        }
    }

    async fn send(&self, stream: &mut Compat<Stream>, request: Request, found: Found) -> io::Result<()> {
        let size = found.file.metadata()?.len();
        let mut head = vec![Answer::Here.to_byte()];
        head.extend(size.to_be_bytes());
        timed(STALL, stream.write_all(&head)).await?;
        let (to, mut pieces) = pipe();
        let encoding = tokio::task::spawn_blocking(move || {
            let mut to = Inlet::new(to);
            exchange::encode(request, size, found.file, &found.outboard, &mut to)?;
            io::Write::flush(&mut to)
        });
        while let Some(piece) = pieces.recv().await {
            timed(STALL, stream.write_all(&piece)).await?;
        }
        // A file that turned out damaged ends the stream, so that nobody takes the rest for an answer.
        encoding.await.map_err(io::Error::other)?
    }
}

/// A file that may be given away.
struct Found {
    file: File,
    outboard: Vec<u8>,
}

impl Blobs {
    fn find_for_peer(&self, node: &Node, hash: &Hash) -> Result<Option<Found>, Error> {
        let reader = node.read()?;
        let Some(row) = reader.blob(hash)? else { return Ok(None) };
        // What was uploaded here and waits for a post is nobody's business, though somebody else names it already.
        let me = node.author();
        let shown = reader.shown_by(hash, |author| !row.own || *author == me)?.is_some();
        if !shown && !reader.portrays(&row.author, hash)? {
            return Ok(None);
        }
        self.touch(hash, clock::now());
        let outboard = self.outboard(hash, row.size)?;
        Ok(Some(Found { file: self.disk().open(hash)?, outboard }))
    }

    /// The hashes that prove a file's parts; made when they are first needed.
    pub(super) fn outboard(&self, hash: &Hash, size: u64) -> io::Result<Vec<u8>> {
        if size <= exchange::GROUP {
            return Ok(Vec::new());
        }
        match self.disk().read_beside(hash, Beside::Outboard) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            held => return held,
        }
        let (made, outboard) = exchange::outboard(&std::fs::read(self.disk().path(hash))?);
        if made != *hash {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is damaged"));
        }
        self.disk().put_beside(hash, Beside::Outboard, &outboard)?;
        Ok(outboard)
    }
}

/// Waits, but not for ever.
pub async fn timed<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(time, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_two_streams_and_all_have_sixteen() {
        let (mut served, now) = (Served::default(), Instant::now());
        let peers: Vec<_> = (0..9).map(|_| PeerId::random()).collect();
        assert_eq!((0..5).filter(|_| served.enter(peers[0], now)).count(), A_PEER);
        served.leave(&peers[0]);
        assert!(served.enter(peers[0], now));
        for peer in &peers[1..8] {
            assert!(served.enter(*peer, now) && served.enter(*peer, now));
        }
        assert!(!served.enter(peers[8], now));
        served.leave(&peers[3]);
        assert!(served.enter(peers[8], now));
    }

    #[test]
    fn a_peer_has_a_burst_and_then_a_rate() {
        let (mut served, now) = (Served::default(), Instant::now());
        let peer = PeerId::random();
        assert!(!served.pay(&peer, now), "who has no stream asks for nothing");
        served.enter(peer, now);
        assert_eq!((0..1000).filter(|_| served.pay(&peer, now)).count(), 256);
        let later = now + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| served.pay(&peer, later)).count(), 8);
        // Leaving and coming back does not fill the purse.
        served.leave(&peer);
        served.enter(peer, later);
        assert!(!served.pay(&peer, later));
        served.leave(&peer);
        served.enter(PeerId::random(), later + Duration::from_secs(60));
        assert!(!served.peers.contains_key(&peer));
    }
}
