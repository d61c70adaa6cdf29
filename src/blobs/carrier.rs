//! Carries files between nodes: gives peers what they may have, and fetches what is wanted here.
//!
//! What is wanted stands in the store, so a restart forgets nothing. The peer that brought the post is asked first,
//! then the others that are connected, one after the other; with nobody left to ask, it waits for a peer to come, or
//! for a while that grows. That also holds if peers say that it is larger than its author said: it is their word only,
//! and the author's may be true. A peer that sends what is not of the file is cut off and not asked again for an hour.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future::pending,
    io::Read,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libp2p::PeerId;
use tokio::{
    sync::{Semaphore, broadcast::error::RecvError, mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};
use tokio_util::compat::FuturesAsyncReadCompatExt;

use super::{
    Blobs, Error, Hash, MAX_BYTES,
    exchange::Answer,
    fetch::{Came, Line},
    picture,
    queue::{Fetched, Queue},
    serve::{A_PEER, Served, Serving},
};
use crate::{
    clock,
    engine::{Command, Event},
    network::{self, BlobStream},
    runtime::Node,
    store::kept::{
        Change, Shelf,
        blob::{BlobRow, WantedRow},
    },
};

/// Files that are fetched at once: each has a thread while it is checked, and 320 KiB on its way.
const FETCHES: usize = 4;
/// Streams that may wait to be taken.
pub const STREAMS: usize = 16;
/// How long a store that cannot be read is left alone: it may be open again after that. In tests it soon is.
const AGAIN: Duration = Duration::from_millis(if cfg!(test) { 100 } else { 5_000 });
/// How long a liar is not asked.
const SHUNNED: Duration = Duration::from_secs(3600);
/// How long a stream may take to be opened.
const OPENING: Duration = Duration::from_secs(15);
/// Times that all were asked in vain, after which a file is wanted no more until somebody looks for it: some weeks.
const TRIES: u32 = 500;

/// Starts to carry files for this node. It ends when the node stops.
pub fn start(node: &Node, network: network::Handle, streams: mpsc::Receiver<BlobStream>) {
    let shared = Shared {
        blobs: node.blobs().clone(),
        network,
        served: Arc::default(),
        lines: Mutex::default(),
        liars: Mutex::default(),
    };
    let carrier = Carrier {
        shared: Arc::new(shared),
        serving: JoinSet::new(),
        fetching: JoinSet::new(),
        queue: Queue::default(),
        again: None,
        peers: HashSet::new(),
    };
    tokio::spawn(carrier.run(node.downgrade(), node.watched(), streams));
}

struct Shared {
    blobs: Blobs,
    network: network::Handle,
    served: Arc<Mutex<Served>>,
    lines: Mutex<HashMap<PeerId, Arc<Lines>>>,
    liars: Mutex<HashMap<PeerId, Instant>>,
}

/// Our streams to one peer.
struct Lines {
    /// As many as it takes.
    places: Semaphore,
    idle: Mutex<Vec<Line>>,
    opening: Mutex<VecDeque<oneshot::Sender<Result<Line, String>>>>,
}

struct Carrier {
    shared: Arc<Shared>,
    serving: JoinSet<()>,
    fetching: JoinSet<(Hash, Fetched)>,
    queue: Queue,
    /// When to look again for what is wanted, if it could not be read.
    again: Option<Instant>,
    peers: HashSet<PeerId>,
}

impl Carrier {
    async fn run(
        mut self,
        node: crate::runtime::WeakNode,
        watched: crate::runtime::Watched,
        mut streams: mpsc::Receiver<BlobStream>,
    ) {
        let crate::runtime::Watched { mut status, mut news, mut stopping } = watched;
        let mut dirty = true;
        loop {
            let now = Instant::now();
            {
                let Some(node) = node.upgrade() else { return };
                if dirty && self.again.is_none_or(|at| at <= now) {
                    let read = self.reload(&node).await;
                    self.again = read.as_ref().err().map(|_| Instant::now() + AGAIN);
                    dirty = read.is_err();
                    // A store that failed is opened again in time: that ends nothing here.
                    if let Err(error) = read
                        && !*stopping.borrow()
                    {
                        #[cfg(test)]
                        self.shared.blobs.0.failing.notify_one();
                        tracing::warn!("what files are wanted cannot be read: {error}");
                    }
                }
                self.begin(&node, now);
            }
            let wake = self.next_due(now).into_iter().chain(self.again).min();
            let waits = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                stream = streams.recv() => match (stream, node.upgrade()) {
                    (Some(stream), Some(node)) => self.stream(node, stream),
                    _ => return,
                },
                Some(done) = self.fetching.join_next() => dirty |= self.fetched(done),
                Some(_) = self.serving.join_next() => {}
                event = news.recv() => match event {
                    Ok(Event::Kept(Shelf::WantedBlob)) | Err(RecvError::Lagged(_)) => dirty = true,
                    Ok(_) => {}
                    Err(RecvError::Closed) => return,
                },
                () = self.shared.blobs.asked() => {
                    for hash in self.shared.blobs.take_asked() {
                        self.queue.look(&hash);
                    }
                    // It may be wanted otherwise than was heard here so far.
                    dirty = true;
                }
                changed = status.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = status.borrow_and_update().peers.iter().map(|peer| peer.peer).collect();
                    self.peers_are(now);
                }
                () = waits => {}
            }
        }
    }

    /// Reads what is wanted.
    async fn reload(&mut self, node: &Node) -> Result<(), Error> {
        let reader = node.read()?;
        let read = tokio::task::spawn_blocking(move || reader.wanted_blobs());
        self.queue.set(read.await.map_err(|_| Error::Stopping)??);
        Ok(())
    }

    /// A new peer may have what nobody had.
    fn peers_are(&mut self, now: HashSet<PeerId>) {
        if now.difference(&self.peers).next().is_some() {
            self.queue.all_due();
        }
        let mut lines = self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|peer, _| now.contains(peer));
        self.peers = now;
    }

    /// Begins to fetch what is due.
    fn begin(&mut self, node: &Node, now: Instant) {
        if self.peers.is_empty() {
            return;
        }
        while self.fetching.len() < FETCHES
            && let Some((hash, row)) = self.queue.begin(now)
        {
            let fetch = Fetch { shared: self.shared.clone(), node: node.clone(), hash, row };
            let peers: Vec<_> = self.peers.iter().copied().collect();
            self.fetching.spawn(async move { (hash, fetch.run(peers).await) });
        }
    }

    fn next_due(&self, now: Instant) -> Option<Instant> {
        if self.peers.is_empty() || self.fetching.len() >= FETCHES {
            return None;
        }
        self.queue.next_due(now)
    }

    fn fetched(&mut self, done: Result<(Hash, Fetched), tokio::task::JoinError>) -> bool {
        let Ok((hash, fetched)) = done else {
            // Its task panicked: all that are active are begun anew.
            self.queue.begin_anew();
            return true;
        };
        self.queue.fetched(hash, &fetched, Instant::now())
    }

    fn stream(&mut self, node: Node, stream: BlobStream) {
        match stream {
            BlobStream::Inbound { peer, stream } => {
                let blobs = self.shared.blobs.clone();
                match Serving::enter(blobs, node, peer, &self.shared.served) {
                    Some(serving) => drop(self.serving.spawn(serving.run(stream))),
                    None => tracing::debug!(%peer, "no place for another stream for files"),
                }
            }
            BlobStream::Outbound { peer, result } => {
                let lines = self.shared.lines(peer);
                let mut opening = lines.opening.lock().unwrap_or_else(PoisonError::into_inner);
                let mut opened = result.map(FuturesAsyncReadCompatExt::compat);
                while let Some(waiting) = opening.pop_front() {
                    match waiting.send(opened) {
                        Ok(()) => break,
                        // Whoever waited no longer leaves it to the next.
                        Err(back) => opened = back,
                    }
                }
                if !opening.is_empty() {
                    let network = self.shared.network.clone();
                    self.serving.spawn(async move {
                        // An error means that the network is gone; whoever waits gives up in time.
                        let _ = network.open_blob(peer).await;
                    });
                }
            }
        }
    }
}

impl Shared {
    fn lines(&self, peer: PeerId) -> Arc<Lines> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let new =
            || Lines { places: Semaphore::new(A_PEER), idle: Mutex::default(), opening: Mutex::default() };
        lines.entry(peer).or_insert_with(|| Arc::new(new())).clone()
    }

    async fn open(&self, peer: PeerId, lines: &Lines) -> Result<Line, String> {
        let (opened, open) = oneshot::channel();
        lines.opening.lock().unwrap_or_else(PoisonError::into_inner).push_back(opened);
        self.network.open_blob(peer).await.map_err(|error| error.to_string())?;
        match tokio::time::timeout(OPENING, open).await {
            Ok(Ok(line)) => line,
            Ok(Err(_)) => Err("the peer went away".into()),
            Err(_) => Err("the stream took too long to open".into()),
        }
    }

    fn lies(&self, peer: &PeerId) -> bool {
        let mut liars = self.liars.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        liars.retain(|_, since| *since + SHUNNED > now);
        liars.contains_key(peer)
    }
}

/// One file that is fetched.
struct Fetch {
    shared: Arc<Shared>,
    node: Node,
    hash: Hash,
    row: WantedRow,
}

impl Fetch {
    async fn run(self, peers: Vec<PeerId>) -> Fetched {
        match self.fetch(peers).await {
            Ok(fetched) => fetched,
            Err(error) => {
                tracing::warn!("a file could not be fetched: {error}");
                Fetched::Nobody
            }
        }
    }

    async fn fetch(&self, mut peers: Vec<PeerId>) -> Result<Fetched, Error> {
        let (reader, hash, row) = (self.node.read()?, self.hash, self.row.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let held = reader.blob(&hash)?.is_some();
            let wanted = reader.portrays(&row.author, &hash)? || reader.shows(&hash)?.is_some();
            Ok::<_, Error>((!held && wanted, reader.brought(&hash)?))
        });
        let (wanted, brought) = looked.await.map_err(|_| Error::Stopping)??;
        if !wanted {
            return self.shared.blobs.forget(&self.node, hash).await;
        }
        // Who brought the post has it most likely; the others in an order that is no peer's doing.
        let lot = |peer: &PeerId| *blake3::hash(&[&hash[..], &peer.to_bytes()].concat()).as_bytes();
        peers.sort_by_cached_key(|peer| (Some(*peer) != brought, lot(peer)));
        // What somebody looks at may be as large as any file, and comes though there is no room: when files are looked
        // through next, it takes the place of what nobody has looked at for longest.
        let most = if self.row.size > 0 { self.row.size } else { MAX_BYTES };
        if !self.shared.blobs.make_room(&self.node, &self.row.author).await? && self.row.size > 0 {
            return Ok(Fetched::Full);
        }
        let _begun = self.shared.blobs.begin(self.hash, self.row.author);
        for peer in peers {
            if self.shared.lies(&peer) {
                continue;
            }
            match self.ask(peer, most).await {
                Came::Whole(size) => {
                    self.shared.blobs.take_in(&self.node, hash, &self.row, size).await?;
                    return Ok(Fetched::Done);
                }
                Came::Not(_) => {}
                // That is nothing but the peer's word: another may have the file as it was said to be, now or later.
                Came::Larger(size) => {
                    tracing::debug!(%peer, size, most, "a file is larger than it was said to be");
                }
                Came::Broken(error) => tracing::debug!(%peer, %error, "a file did not come whole"),
                Came::Lie => self.shun(peer).await,
                Came::Disk(error) => return Err(error.into()),
            }
        }
        self.shared.blobs.in_vain(&self.node, hash, &self.row).await
    }

    async fn ask(&self, peer: PeerId, most: u64) -> Came {
        if !self.shared.blobs.room(self.node.home().path(), MAX_BYTES) {
            return Came::Disk(std::io::ErrorKind::StorageFull.into());
        }
        let lines = self.shared.lines(peer);
        let Ok(_place) = lines.places.acquire().await else { return Came::Not(Answer::Busy) };
        let idle = lines.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut line) = idle {
            // One that was left open may be closed at its other end by now.
            match self.shared.blobs.ask(self.hash, most, &mut line).await {
                Came::Broken(_) => {}
                came => return Self::put_back(&lines, line, came),
            }
        }
        match self.shared.open(peer, &lines).await {
            Ok(mut line) => {
                let came = self.shared.blobs.ask(self.hash, most, &mut line).await;
                Self::put_back(&lines, line, came)
            }
            Err(reason) => Came::Broken(std::io::Error::other(reason)),
        }
    }

    /// Keeps a stream for the next file, if it is fit for that.
    fn put_back(lines: &Lines, line: Line, came: Came) -> Came {
        if matches!(came, Came::Whole(_) | Came::Not(_)) {
            lines.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        came
    }

    async fn shun(&self, peer: PeerId) {
        tracing::warn!(%peer, "a peer sent what is not of the file that was asked for");
        self.shared.liars.lock().unwrap_or_else(PoisonError::into_inner).insert(peer, Instant::now());
        // An error means that the network is gone, and the peer with it.
        let _ = self.shared.network.send(network::Command::Disconnect { peer }).await;
    }
}

impl Blobs {
    /// Notes that nobody gave a file that was wanted like this.
    pub(crate) async fn in_vain(&self, node: &Node, hash: Hash, wish: &WantedRow) -> Result<Fetched, Error> {
        // Who looks at it writes its row as well.
        let _order = self.0.order.lock().await;
        let Some(row) = node.read()?.wanted(&hash)? else { return Ok(Fetched::Done) };
        // Somebody looked at it meanwhile, or said that it is larger: as that, nobody was asked for it yet.
        if row.size != wish.size {
            return Ok(Fetched::Done);
        }
        let tries = row.tries + 1;
        if tries >= TRIES {
            return self.forget(node, hash).await;
        }
        let row = WantedRow { tries, ..row };
        node.command(Command::Keep(vec![Change::put(Shelf::WantedBlob, hash, &row)])).await?;
        Ok(Fetched::Nobody)
    }

    async fn forget(&self, node: &Node, hash: Hash) -> Result<Fetched, Error> {
        node.command(Command::Keep(vec![Change::take(Shelf::WantedBlob, hash)])).await?;
        let blobs = self.clone();
        let removed = tokio::task::spawn_blocking(move || blobs.drop_part(&hash)).await;
        removed.map_err(|_| Error::Stopping)??;
        Ok(Fetched::Done)
    }

    /// Writes down that a file is here that was wanted like this.
    pub(crate) async fn take_in(
        &self,
        node: &Node,
        hash: Hash,
        wish: &WantedRow,
        size: u64,
    ) -> Result<(), Error> {
        let _order = self.0.order.lock().await;
        let met = Change::take(Shelf::WantedBlob, hash);
        if node.read()?.blob(&hash)?.is_some() {
            // The person uploaded the same meanwhile: it counts already, and stays theirs.
            node.command(Command::Keep(vec![met])).await?;
            return Ok(());
        }
        let disk = self.disk().clone();
        let head = tokio::task::spawn_blocking(move || {
            let mut head = Vec::new();
            disk.open(&hash)?.take(64).read_to_end(&mut head)?;
            Ok::<_, std::io::Error>(head)
        });
        let head = head.await.map_err(|_| Error::Stopping)??;
        let now = clock::now();
        let row = BlobRow {
            size,
            mime: picture::mime(&head).unwrap_or("application/octet-stream").into(),
            dimensions: (0, 0),
            blurhash: String::new(),
            added: now,
            used: now,
            own: wish.author == node.author(),
            author: wish.author,
            loose: 0,
        };
        node.command(Command::Keep(vec![row.put(&hash), met])).await?;
        self.grew(size);
        Ok(())
    }
}
