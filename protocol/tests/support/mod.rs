//! Authors that write, shelves that hold, and two machines that talk: what the tests of this crate
//! share. A shelf does in memory what a node's store does on disk.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
};

use starling_protocol::{
    AuthorId, Body, DeviceKey, EntryId, Identity, Verified,
    entry::{self, Place},
    feed::{ForkProof, LogState, Step, step},
    identity::{Action, Inception, Operation, Record, Voice},
    keys::{Phrase, Secret},
    limits,
    payload::Content,
    sync::{
        Batch, FeedState, Held, Interests, LogHead, News, Own, PullAction, Pulling, Range, ServeAction,
        Serving, Source,
    },
};

/// Somebody who writes, with one device.
pub struct Writer {
    pub phrase: Phrase,
    pub device: Secret,
    pub identity: Identity,
    heads: BTreeMap<u8, (u64, EntryId)>,
}

impl Writer {
    pub fn new(n: u32) -> Self {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&n.to_le_bytes());
        let phrase = Phrase::from_entropy(seed);
        seed[31] = 1;
        let device = Secret::from_seed(seed);
        let mut identity = Identity::begin(Inception::of(&phrase));
        let add = Action::AddDevice(device.public());
        identity.apply(Operation::sign(identity.author(), 0, add, &phrase.root(0))).unwrap();
        Self { phrase, device, identity, heads: BTreeMap::new() }
    }

    pub fn author(&self) -> AuthorId {
        self.identity.author()
    }

    /// The next entry of a log.
    pub fn write(&mut self, log: u8, text: &str) -> Verified {
        let head = self.heads.get(&log).copied();
        let seq = head.map_or(0, |(seq, _)| seq + 1);
        let entry = self.write_at(log, seq, head.map(|(_, id)| id), text);
        self.heads.insert(log, (seq, entry.id()));
        entry
    }

    /// An entry anywhere, as a cheat would sign it.
    pub fn write_at(&self, log: u8, seq: u64, previous: Option<EntryId>, text: &str) -> Verified {
        let content = Content { text: text.into(), ..Content::default() };
        let place = Place { author: self.author(), log, seq, previous };
        entry::sign(place, Body::Post(content), [7; 16], 1_700_000_000_000 + seq, &self.device)
    }

    pub fn write_many(&mut self, log: u8, count: u64) -> Vec<Verified> {
        (0..count).map(|n| self.write(log, &format!("{n}"))).collect()
    }
}

#[derive(Clone, Default)]
struct ShelvedLog {
    state: LogState,
    entries: BTreeMap<u64, Verified>,
    proof: Option<Vec<u8>>,
}

#[derive(Clone)]
struct Shelved {
    identity: Identity,
    logs: BTreeMap<(DeviceKey, u8), ShelvedLog>,
}

/// What is held of one log: whose, what is known of them, which log, the entries, where it is frozen.
pub type Contents = (AuthorId, [u8; 32], DeviceKey, u8, Vec<EntryId>, Option<u64>);

/// What a node holds.
#[derive(Clone, Default)]
pub struct Shelf {
    feeds: BTreeMap<AuthorId, Shelved>,
}

impl Shelf {
    pub fn meet(&mut self, record: &Record) -> bool {
        let author = record.author().unwrap();
        match self.feeds.get_mut(&author) {
            Some(shelved) => shelved.identity.merge(record).unwrap(),
            None => {
                let identity = Identity::verify(record).unwrap();
                self.feeds.insert(author, Shelved { identity, logs: BTreeMap::new() }).is_none()
            }
        }
    }

    /// Takes an entry. True if it is new.
    pub fn take(&mut self, entry: Verified) -> bool {
        let header = *entry.header();
        let Some(shelved) = self.feeds.get_mut(&header.author) else { return false };
        if shelved.identity.voice(&header.device, header.log) != Voice::Speaks {
            return false;
        }
        let log = shelved.logs.entry((header.device, header.log)).or_default();
        if log.state.frozen().is_some_and(|frozen| frozen <= header.seq) {
            return false;
        }
        let held = |seq| log.entries.get(&seq).map(Verified::id);
        match step(&log.state, &header, entry.id(), held) {
            Step::Next | Step::Gap => {
                log.state.insert(&header, entry.id());
                log.entries.insert(header.seq, entry);
                true
            }
            Step::Duplicate | Step::Scattered => false,
            Step::Fork { seq, against } => {
                let proof = ForkProof::of(&log.entries[&against], &entry).unwrap();
                log.freeze(seq, proof.to_bytes())
            }
        }
    }

    pub fn convict(&mut self, proof: &[u8]) -> bool {
        let place = *ForkProof::from_bytes(proof).unwrap().place();
        let Some(shelved) = self.feeds.get_mut(&place.author) else { return false };
        shelved.logs.entry((place.device, place.log)).or_default().freeze(place.seq, proof.to_vec())
    }

    /// Drops an entry, as retention does.
    pub fn forget(&mut self, author: AuthorId, device: DeviceKey, log: u8, below: u64) {
        let log = self.feeds.get_mut(&author).unwrap().logs.get_mut(&(device, log)).unwrap();
        if below > 0 {
            log.state.forget(below - 1, log.entries.get(&(below - 1)).map(Verified::id));
            log.entries.retain(|seq, _| *seq >= below);
        }
    }

    pub fn seqs(&self, author: AuthorId, device: DeviceKey, log: u8) -> Vec<u64> {
        let shelved = self.feeds.get(&author).and_then(|feed| feed.logs.get(&(device, log)));
        shelved.map(|log| log.entries.keys().copied().collect()).unwrap_or_default()
    }

    pub fn frozen(&self, author: AuthorId, device: DeviceKey, log: u8) -> Option<u64> {
        self.feeds.get(&author)?.logs.get(&(device, log))?.state.frozen()
    }

    /// Everything that is held, to compare two shelves.
    pub fn contents(&self) -> Vec<Contents> {
        let mut all = Vec::new();
        for (author, shelved) in &self.feeds {
            for ((device, log), shelf) in &shelved.logs {
                let ids = shelf.entries.values().map(Verified::id).collect();
                let digest = shelved.identity.digest();
                all.push((*author, digest, *device, *log, ids, shelf.state.frozen()));
            }
        }
        all
    }

    pub fn own(&mut self) -> Vec<Own> {
        let authors: Vec<AuthorId> = self.feeds.keys().copied().collect();
        let own = |author: &AuthorId| {
            let state = self.feed(author).unwrap()?;
            let complete = self.feeds[author].logs.values().all(|log| {
                log.state.len() == log.entries.len() as u64
                    && log.state.top().is_none_or(|top| log.state.missing(0, top.hi).is_empty())
            });
            Some(Own { state, complete })
        };
        authors.iter().filter_map(own).collect()
    }
}

impl ShelvedLog {
    fn freeze(&mut self, seq: u64, proof: Vec<u8>) -> bool {
        if !self.state.freeze(seq) {
            return false;
        }
        // What was held of one branch is dropped: which one counts is for the author to say.
        let head = seq.checked_sub(1).and_then(|seq| self.entries.get(&seq)).map(Verified::id);
        self.state.truncate(seq, head);
        self.entries.retain(|held, _| *held < seq);
        self.proof = Some(proof);
        true
    }
}

impl Source for Shelf {
    type Error = Infallible;

    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Infallible> {
        let authors: Vec<AuthorId> = self.feeds.keys().copied().collect();
        Ok(authors
            .iter()
            .filter(|author| interests.contains(author))
            .filter_map(|author| self.feed(author).unwrap())
            .collect())
    }

    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Infallible> {
        Ok(self.feeds.get(author).map(|shelved| {
            let logs = shelved.logs.iter().filter_map(|((device, log), shelf)| {
                Some((*device, LogHead::of(*log, &shelf.state, |_| Ok::<_, Infallible>(None)).unwrap()?))
            });
            FeedState::new(*author, &shelved.identity.digest(), logs)
        }))
    }

    fn identity(&mut self, author: &AuthorId) -> Result<Option<Record>, Infallible> {
        Ok(self.feeds.get(author).map(|shelved| shelved.identity.record()))
    }

    fn forks(&mut self, author: &AuthorId) -> Result<Vec<Vec<u8>>, Infallible> {
        let logs = self.feeds.get(author).into_iter().flat_map(|shelved| shelved.logs.values());
        Ok(logs.filter_map(|log| log.proof.clone()).collect())
    }

    fn read(&mut self, range: &Range, max: usize, max_bytes: usize) -> Result<Batch, Infallible> {
        assert!(max > 0 && max_bytes >= limits::ENTRY_BYTES);
        let mut batch = Batch::default();
        let Some(log) =
            self.feeds.get(&range.author).and_then(|feed| feed.logs.get(&(range.device, range.log)))
        else {
            return Ok(batch);
        };
        let mut left = max_bytes;
        for (seq, entry) in log.entries.range(..=range.to).rev() {
            let bytes = entry.signed().to_bytes();
            if *seq < range.from || batch.entries.len() == max || bytes.len() > left {
                batch.next = Some(*seq);
                break;
            }
            left -= bytes.len();
            batch.entries.push(bytes);
        }
        Ok(batch)
    }
}

impl Held for Shelf {
    type Error = Infallible;

    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Infallible> {
        let Some(shelved) = self.feeds.get(&range.author) else { return Ok(vec![]) };
        if shelved.identity.voice(&range.device, range.log) != Voice::Speaks {
            return Ok(vec![]);
        }
        let Some(log) = shelved.logs.get(&(range.device, range.log)) else {
            return Ok(vec![(range.from, range.to)]);
        };
        let end = match log.state.frozen() {
            Some(0) => return Ok(vec![]),
            Some(frozen) => range.to.min(frozen - 1),
            None => range.to,
        };
        Ok(log.state.missing(range.from, end))
    }

    fn contradicts(
        &mut self,
        author: &AuthorId,
        device: &DeviceKey,
        head: &LogHead,
    ) -> Result<bool, Infallible> {
        let log = self.feeds.get(author).and_then(|shelved| shelved.logs.get(&(*device, head.log)));
        Ok(log.and_then(|log| log.entries.get(&head.hi)).is_some_and(|held| held.id() != head.head))
    }
}

/// A pulling and a serving node, the frames between them, and what was seen on the way.
pub struct Session {
    pub pulling: Pulling,
    pub serving: Serving,
    pub asks: VecDeque<Vec<u8>>,
    pub answers: VecDeque<Vec<u8>>,
    /// Batches that are taken and not committed.
    pub uncommitted: u32,
    /// Every entry in the order in which it came, and whether it was news.
    pub came: Vec<(Verified, bool)>,
    /// Everything else that the puller was told to do.
    pub seen: Vec<PullAction>,
    pub now: u64,
    /// Whether batches are committed as soon as they are taken.
    pub prompt: bool,
}

impl Session {
    pub fn open(puller: &mut Shelf, interests: &[AuthorId], retention: Option<u64>) -> Self {
        let (pulling, actions) = Pulling::start(0, interests, puller.own(), retention);
        let mut session = Self {
            pulling,
            serving: Serving::new(0),
            asks: VecDeque::new(),
            answers: VecDeque::new(),
            uncommitted: 0,
            came: vec![],
            seen: vec![],
            now: 0,
            prompt: true,
        };
        session.pulled(actions, puller);
        session
    }

    pub fn pulled(&mut self, actions: Vec<PullAction>, puller: &mut Shelf) {
        for action in actions {
            match action {
                PullAction::Send(frame) => {
                    assert!(frame.len() <= limits::SYNC_REQUEST_BYTES);
                    self.asks.push_back(frame);
                }
                PullAction::Take { entries, live } => {
                    for bytes in entries {
                        let entry = entry::verify(&bytes).unwrap();
                        puller.take(entry.clone());
                        self.came.push((entry, live));
                    }
                    self.uncommitted += 1;
                }
                PullAction::Identities(records) => records.iter().for_each(|record| {
                    puller.meet(record);
                }),
                PullAction::Forks(proofs) => proofs.iter().for_each(|proof| {
                    puller.convict(proof);
                }),
                other => self.seen.push(other),
            }
        }
        if self.prompt {
            self.commit();
        }
    }

    pub fn commit(&mut self) {
        let batches = std::mem::take(&mut self.uncommitted);
        for action in self.pulling.committed(self.now, batches) {
            let PullAction::Send(frame) = action else { panic!("a commit only grants credit") };
            self.asks.push_back(frame);
        }
    }

    pub fn served(&mut self, actions: Vec<ServeAction>) {
        for action in actions {
            match action {
                ServeAction::Send(frame) => {
                    assert!(frame.len() <= limits::SYNC_RESPONSE_BYTES);
                    self.answers.push_back(frame);
                }
                // Who is cut off is looked for elsewhere, which is not what is tested here.
                ServeAction::Misbehaved(fault) => panic!("the puller misbehaved: {fault}"),
            }
        }
    }

    /// The server takes one frame.
    pub fn serve_one(&mut self, server: &mut Shelf) -> bool {
        let Some(frame) = self.asks.pop_front() else { return false };
        let actions = self.serving.receive(self.now, &frame, server).unwrap();
        self.served(actions);
        true
    }

    /// The puller takes one frame.
    pub fn pull_one(&mut self, puller: &mut Shelf) -> bool {
        let Some(frame) = self.answers.pop_front() else { return false };
        let actions = self.pulling.receive(self.now, &frame, puller).unwrap();
        self.pulled(actions, puller);
        true
    }

    /// Lets both talk until neither says anything.
    pub fn settle(&mut self, puller: &mut Shelf, server: &mut Shelf) {
        for _ in 0..100_000 {
            let served = self.serve_one(server);
            let pulled = self.pull_one(puller);
            if !served && !pulled {
                return;
            }
        }
        panic!("the session does not end");
    }

    pub fn announce(&mut self, news: Vec<News>) {
        let actions = self.serving.announce(news);
        self.served(actions);
    }
}

/// A shelf that holds everything these writers wrote so far.
pub fn shelf(feeds: &[(&Writer, &[Verified])]) -> Shelf {
    let mut shelf = Shelf::default();
    for (writer, entries) in feeds {
        shelf.meet(&writer.identity.record());
        entries.iter().for_each(|entry| assert!(shelf.take(entry.clone())));
    }
    shelf
}
