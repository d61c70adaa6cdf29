//! Writes a recording while the engine runs, on the engine's thread. What goes wrong with the file ends the recording
//! and never the node.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use libp2p::{Multiaddr, PeerId};
use serde::Serialize;
use serde_bytes::ByteBuf;
use starling_protocol::{AuthorId, DeviceKey, cbor, entry, feed::ForkProof};

use super::{
    Batch, Disk, End, Error, Happened, Head, Item, Own, Summary, Thing, VERSION, blank, counts,
    format::MAGIC, reader::item, summary,
};
use crate::{
    engine::{Command, Entropy, Event, Input, Output, Setup, command::ImportItem},
    network::{Event as Net, Misbehaviour, SyncRole},
    store::{self, Store},
};

/// Bytes at which a recording ends: hours of a busy node, and no more than a person can keep or send.
pub const LIMIT: u64 = 1 << 30;
/// The part of that which may be taken by what was held at the beginning.
const HELD: u64 = LIMIT / 2;

/// Bytes of a salt. What is drawn in other sizes decides when something is done, and is recorded.
const SALT: usize = 16;

/// The small random numbers that an engine drew since they were last taken.
#[derive(Debug, Clone, Default)]
pub struct Draws(Arc<Mutex<Vec<u8>>>);

impl Draws {
    /// A source of randomness whose small numbers are noted here.
    pub fn note(&self, mut entropy: Entropy) -> Entropy {
        let draws = self.clone();
        Box::new(move |bytes| {
            entropy(bytes);
            if bytes.len() != SALT {
                draws.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            }
        })
    }

    pub(super) fn take(&self) -> ByteBuf {
        ByteBuf::from(std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Takes down what reaches an engine and what leaves it.
#[derive(Debug)]
pub struct Recorder {
    out: Option<BufWriter<File>>,
    path: PathBuf,
    author: AuthorId,
    device: DeviceKey,
    draws: Draws,
    written: u64,
    limit: u64,
}

impl Recorder {
    /// Makes the file, which must not be there yet and which only its owner can read, and begins with the setup of an
    /// engine and what its store holds. From now on the setup notes what it draws.
    ///
    /// # Errors
    /// If the file cannot be made or written, or the store not be read.
    pub fn create(path: &Path, setup: &mut Setup, store: &Store, now: u64) -> Result<Self, Error> {
        Self::create_limited(path, setup, store, now, LIMIT, HELD)
    }

    pub(super) fn create_limited(
        path: &Path,
        setup: &mut Setup,
        store: &Store,
        now: u64,
        limit: u64,
        held: u64,
    ) -> Result<Self, Error> {
        let failed = |error| Error::Io { path: path.to_owned(), error };
        let file = crate::home::private().create_new(true).open(path).map_err(failed)?;
        let draws = Draws::default();
        let entropy = std::mem::replace(&mut setup.entropy, Box::new(|_| {}));
        setup.entropy = draws.note(entropy);
        let head = Head {
            magic: MAGIC.into(),
            version: VERSION,
            software: env!("CARGO_PKG_VERSION").into(),
            author: setup.author,
            device: setup.device.public(),
            peer: bytes(&setup.peer),
            identity: setup.identity.clone(),
            guarded: setup.guard.is_some(),
            bootstrap: texts(&setup.bootstrap),
            policy: (&setup.policy).into(),
            at: now,
        };
        let out = Some(BufWriter::new(file));
        let (author, device) = (setup.author, setup.device.public());
        let mut recorder = Self { out, path: path.to_owned(), author, device, draws, written: 0, limit };
        recorder.put(&head).map_err(failed)?;
        recorder.hold(store, held)?;
        recorder.flush().map_err(failed)?;
        Ok(recorder)
    }

    /// Writes down what a store holds: whole authors, for as long as a limit is not passed.
    fn hold(&mut self, store: &Store, limit: u64) -> Result<(), Error> {
        let mut authors = store.write(|batch| {
            let numbers = batch.all_authors()?;
            numbers.into_iter().map(|number| Ok(batch.author(number)?.author)).collect::<Result<Vec<_>, _>>()
        })?;
        // Our own first: without it nothing that was signed later can stand.
        authors.sort_by_key(|author| *author != self.author);
        let path = self.path.clone();
        let failed = |error| Error::Io { path: path.clone(), error };
        let reader = store.read()?;
        let mut whole = true;
        for author in authors {
            if self.written > limit {
                tracing::warn!(
                    "the store is too large to be recorded whole: a replay begins with a part of it"
                );
                whole = false;
                break;
            }
            let Some(record) = reader.identity_of(&author)? else { continue };
            self.put(&Item::Held(Thing::Identity(record))).map_err(failed)?;
            for proof in reader.forks_of(&author)? {
                self.put(&Item::Held(Thing::Fork(proof.into()))).map_err(failed)?;
            }
            let entry = |signed| self.put(&Item::Held(Thing::Entry(blank::signed(signed).to_bytes().into())));
            reader.each_entry(&author, entry)?.map_err(failed)?;
        }
        for (id, row) in reader.peers()? {
            self.put(&Item::Peer(id.into(), row)).map_err(failed)?;
        }
        self.put(&Item::Whole(whole)).map_err(failed)
    }

    /// What the engine did when it began.
    pub fn began(&mut self, outputs: &[Output]) {
        let began = Item::Began(counts(outputs), self.draws.take());
        self.take_down(&began);
    }

    /// What is about to reach the engine. Nothing, if nothing is recorded any more.
    pub fn before(&self, inputs: &[Input]) -> Vec<Happened> {
        if self.out.is_none() {
            return Vec::new();
        }
        let mut all = Vec::with_capacity(inputs.len());
        for input in inputs {
            happened(input, &mut all);
        }
        all
    }

    /// What left it. The store is asked for what was signed.
    pub fn batch(&mut self, at: u64, inputs: Vec<Happened>, outputs: &[Output], store: &Store) {
        if self.out.is_none() {
            return;
        }
        let signs = inputs.iter().any(|input| matches!(input, Happened::Signs(_)));
        let own = if signs { self.own(outputs, store) } else { Ok(Vec::new()) };
        let own = own.unwrap_or_else(|error| {
            tracing::warn!("what was signed is missing in the recording: {error}");
            Vec::new()
        });
        let batch = Batch { at, inputs, own, draws: self.draws.take(), outputs: counts(outputs) };
        self.take_down(&Item::Batch(batch));
        if self.out.is_some() && self.written >= self.limit {
            tracing::warn!("the recording has {} bytes, which is its limit: it ends here", self.written);
            self.end("limit", store);
        }
    }

    /// The end: the node stops.
    pub fn stop(mut self, store: &Store) {
        self.end("stopped", store);
    }

    fn end(&mut self, why: &str, store: &Store) {
        let summary = summary(store).unwrap_or_else(|error| {
            tracing::warn!("the recording ends without a summary of the store: {error}");
            Summary::default()
        });
        self.take_down(&Item::End(End { why: why.into(), summary }));
        self.out = None;
    }

    /// What our device signed, as it stands in the store.
    fn own(&self, outputs: &[Output], store: &Store) -> Result<Vec<Own>, store::Error> {
        let mut own = Vec::new();
        for output in outputs {
            match output {
                Output::Event(Event::Identity(author)) if *author == self.author => {
                    own.extend(store.read()?.identity_of(author)?.map(Own::Identity));
                }
                Output::Event(Event::Stored { id, author, .. }) if *author == self.author => {
                    let found = store.read()?.provenance(id)?.map(|found| found.bytes);
                    let ours =
                        |bytes: &Vec<u8>| entry::peek(bytes).is_ok_and(|header| header.device == self.device);
                    own.extend(found.filter(ours).map(|bytes| Own::Entry(blank::entry(&bytes).into())));
                }
                _ => {}
            }
        }
        Ok(own)
    }

    /// Writes an item out to the system, or ends the recording.
    fn take_down(&mut self, item: &Item) {
        if self.out.is_none() {
            return;
        }
        if let Err(error) = self.put(item).and_then(|()| self.flush()) {
            tracing::warn!("{}: {error}; nothing is recorded any more", self.path.display());
            self.out = None;
        }
    }

    fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        let bytes = item(cbor::encode(value));
        self.written += bytes.len() as u64;
        out.write_all(&bytes)
    }

    /// After each batch: a node that is killed loses the batch that it was at.
    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

fn bytes(peer: &PeerId) -> ByteBuf {
    ByteBuf::from(peer.to_bytes())
}

fn texts(addresses: &[Multiaddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn happened(input: &Input, all: &mut Vec<Happened>) {
    let one = match input {
        Input::Tick => Happened::Tick,
        Input::Disk(disk) => Happened::Disk(Disk { free: disk.free, total: disk.total, store: disk.store }),
        Input::Command(_, command) => return wish(command, all),
        Input::Network(event, _) => event_of(event),
    };
    all.push(one);
}

fn wish(command: &Command, all: &mut Vec<Happened>) {
    let name = match command {
        Command::AddPeer(addresses) => return all.push(Happened::AddPeer(texts(addresses))),
        Command::BanPeer(peer) => return all.push(Happened::Ban(bytes(peer))),
        Command::UnbanPeer(peer) => return all.push(Happened::Unban(bytes(peer))),
        Command::OpenGuard => return all.push(Happened::OpenGuard),
        Command::Import(items) => {
            let thing = |item: &ImportItem| match item {
                ImportItem::Identity(record) => Thing::Identity(record.clone()),
                ImportItem::Entry(entry) => {
                    Thing::Entry(blank::signed(entry.signed().clone()).to_bytes().into())
                }
                ImportItem::Fork(proof) => Thing::Fork(ForkProof::to_bytes(proof).into()),
            };
            return all.push(Happened::Import(items.iter().map(thing).collect()));
        }
        Command::Follow { addresses, .. } => {
            if !addresses.is_empty() {
                all.push(Happened::AddPeer(texts(addresses)));
            }
            "follow"
        }
        Command::Publish { .. } => "publish",
        Command::Edit { .. } => "edit",
        Command::Delete(_) => "delete",
        Command::Boost(_) => "boost",
        Command::Unboost(_) => "unboost",
        Command::Like(_) => "like",
        Command::Unlike(_) => "unlike",
        Command::Vote(..) => "vote",
        Command::Unfollow(_) => "unfollow",
        Command::Pin(_) => "pin",
        Command::Unpin(_) => "unpin",
        Command::Block(_) => "block",
        Command::Unblock(_) => "unblock",
        Command::SetProfile(_) => "profile",
        Command::RemoveDevice(_) => "remove device",
        Command::Keep(_) => "keep",
    };
    all.push(Happened::Signs(name.into()));
}

fn event_of(event: &Net) -> Happened {
    match event {
        Net::Listening { address } => Happened::Listening(address.to_string()),
        Net::ListenFailed { address, .. } => Happened::ListenFailed(address.to_string()),
        Net::Connected { peer, address, outbound, first } => {
            Happened::Connected(bytes(peer), address.to_string(), *outbound, *first)
        }
        Net::Disconnected { peer } => Happened::Disconnected(bytes(peer)),
        Net::DialFailed { peer, addresses, .. } => {
            Happened::DialFailed(peer.as_ref().map(bytes), texts(addresses))
        }
        Net::Discovered { peer, addresses } => Happened::Discovered(bytes(peer), texts(addresses)),
        Net::Identified { peer, .. } => Happened::Identified(bytes(peer)),
        Net::Gossip { shard, from, frame, .. } => {
            Happened::Gossip(*shard, bytes(from), blank::gossip(frame).into())
        }
        Net::SyncOpened { stream, peer, role } => {
            Happened::SyncOpened(stream.number(), bytes(peer), *role == SyncRole::Pull)
        }
        Net::SyncFailed { peer, .. } => Happened::SyncFailed(bytes(peer)),
        Net::SyncFrame { stream, frame } => Happened::SyncFrame(stream.number(), sync(frame).into()),
        Net::SyncClosed { stream, peer, .. } => Happened::SyncClosed(stream.number(), bytes(peer)),
        Net::PeerMisbehaved { peer, what } => Happened::Misbehaved(bytes(peer), rule(*what)),
    }
}

/// Answers have kinds from 129 on, see [`starling_protocol::sync::Answer`].
fn sync(frame: &[u8]) -> Vec<u8> {
    match frame.first() {
        Some(0..128) => blank::ask(frame),
        _ => blank::answer(frame),
    }
}

fn rule(what: Misbehaviour) -> u8 {
    match what {
        Misbehaviour::SyncFrameSize => 0,
        Misbehaviour::SyncStalled => 1,
        Misbehaviour::SyncNotReading => 2,
        Misbehaviour::SyncStreams => 3,
        Misbehaviour::GossipFlood => 4,
        Misbehaviour::GossipInvalid => 5,
    }
}
