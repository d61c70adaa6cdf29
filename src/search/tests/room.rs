//! One author's engine over a store in memory, and an index of it on disk.

use std::{path::PathBuf, sync::Arc, sync::atomic::AtomicBool};

use libp2p::identity::Keypair;
use starling_protocol::{
    EntryId, Identity,
    identity::{Action, Inception, Operation},
    keys::{Phrase, Secret},
    payload::Content,
};

use crate::{
    engine::{Command, Engine, Input, Output, Policy, Reply, Request, Setup},
    search::{Ask, House, Query, Search, State, document::Document, index::Pen, indexer::Keeper},
    store::{Store, kept::Change},
};

/// A morning in November 2026.
const BEGIN: u64 = 1_794_900_000_000;

pub struct Room {
    engine: Engine,
    pub store: Store,
    folder: tempfile::TempDir,
    pub search: Search,
    now: u64,
}

impl Room {
    pub fn new() -> Self {
        let store = Store::over(redb::backends::InMemoryBackend::new(), 1 << 20).unwrap();
        let phrase = Phrase::from_entropy([1; 32]);
        let device = Secret::from_seed([2; 32]);
        let mut identity = Identity::begin(Inception::of(&phrase));
        let add = Action::AddDevice(device.public());
        identity.apply(Operation::sign(identity.author(), 0, add, &phrase.root(0))).unwrap();
        let mut drawn = 0u8;
        let entropy = Box::new(move |bytes: &mut [u8]| {
            drawn = drawn.wrapping_add(1);
            bytes.fill(drawn);
        });
        let setup = Setup {
            author: identity.author(),
            peer: Keypair::ed25519_from_bytes([9; 32]).unwrap().public().to_peer_id(),
            identity: identity.record(),
            device,
            root: None,
            entropy,
            guard: None,
            bootstrap: Vec::new(),
            policy: Policy::default(),
        };
        let (engine, _) = Engine::new(store.clone(), setup, BEGIN).unwrap();
        // A commit of the index waits for the disk; memory will do, where it has the shape of one.
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.unwrap();
        Self { engine, store, folder, search: Search::default(), now: BEGIN }
    }

    pub fn later(&mut self, ms: u64) {
        self.now += ms;
    }

    fn command(&mut self, command: Command) -> Reply {
        let outputs = self.engine.handle(self.now, Input::Command(Request(0), command));
        let reply = outputs.into_iter().find_map(|output| match output {
            Output::Reply(_, reply) => Some(reply),
            _ => None,
        });
        reply.unwrap().unwrap()
    }

    pub fn post(&mut self, text: &str) -> EntryId {
        self.post_in(text, None)
    }

    pub fn post_in(&mut self, text: &str, in_reply_to: Option<EntryId>) -> EntryId {
        let content = Box::new(content(text));
        match self.command(Command::Publish { content, in_reply_to, idempotency: None }) {
            Reply::Published { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    pub fn edit(&mut self, id: EntryId, text: &str) {
        self.command(Command::Edit { id, content: Box::new(content(text)) });
    }

    pub fn delete(&mut self, id: EntryId) {
        self.command(Command::Delete(vec![id]));
    }

    pub fn boost(&mut self, id: EntryId) {
        self.command(Command::Boost(id));
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("index")
    }

    pub fn house(&self) -> House {
        let (reading, keeping) = (self.store.clone(), self.store.clone());
        let stopping = Arc::new(AtomicBool::new(false));
        House {
            read: Box::new(move || reading.read()),
            keep: Box::new(move |changes: Vec<Change>| {
                keeping
                    .write(|batch| changes.iter().try_for_each(|change| batch.keep(change).map(drop)))
                    .is_ok()
            }),
            stopping: Box::new(move || stopping.load(std::sync::atomic::Ordering::Relaxed)),
            room: Box::new(|| true),
        }
    }

    fn keep(&self, work: impl FnOnce(&mut Keeper<'_>)) {
        let (house, path) = (self.house(), self.path());
        let mut keeper = Keeper::open(&path, &house, &self.search).unwrap();
        while keeper.step().unwrap().is_none() {
            keeper = Keeper::open(&path, &house, &self.search).unwrap();
        }
        work(&mut keeper);
    }

    /// Brings the index to where the store is, as a node does that was just started.
    pub fn tend(&self) {
        self.keep(|_| {});
        assert_eq!((self.search.status().state, self.search.status().behind), (State::Ready, 0));
    }

    /// Writes the files anew that have words of what is gone.
    pub fn wash(&self) {
        self.keep(|keeper| {
            let mut pen = None;
            keeper.wash(&mut pen).unwrap();
            pen.map(Pen::lay_down).transpose().unwrap();
        });
    }

    pub fn ask(&self, question: &str, limit: usize, offset: usize) -> Vec<EntryId> {
        let ask = Ask { query: Query::parse(question), limit, offset, ..Ask::default() };
        self.put(&ask)
    }

    pub fn ask_between(
        &self,
        question: &str,
        limit: usize,
        max: Option<EntryId>,
        min: Option<EntryId>,
    ) -> Vec<EntryId> {
        self.put(&Ask { query: Query::parse(question), limit, max, min, ..Ask::default() })
    }

    fn put(&self, ask: &Ask) -> Vec<EntryId> {
        let now = self.search.now();
        let posts = now.posts(&self.store.read().unwrap(), ask).unwrap();
        posts.into_iter().map(|post| post.id).collect()
    }

    /// The answer without an index: all that is stored, held against the question.
    pub fn filter(&self, question: &str) -> Vec<EntryId> {
        let (reader, query) = (self.store.read().unwrap(), Query::parse(question));
        let from = |who: &str| reader.my_number().filter(|_| who == "me");
        let mut found = Vec::new();
        for arrival in reader.arrivals_after(0, usize::MAX).unwrap() {
            let Some(said) = reader.said(arrival).unwrap() else { continue };
            if Document::of(&said).answers(&query, &from)
                && let Some(post) = reader.post_that_arrived(arrival).unwrap()
            {
                found.push((said.time, arrival, post.id));
            }
        }
        found.sort_unstable();
        found.into_iter().rev().map(|(_, _, id)| id).collect()
    }
}

fn content(text: &str) -> Content {
    let tags = text.split(' ').filter_map(|word| word.strip_prefix('#')).map(str::to_owned);
    let mut tags: Vec<String> = tags.collect();
    tags.dedup();
    tags.truncate(1);
    Content {
        text: text.into(),
        warning: text.contains("cw!").then(|| "look out".into()),
        language: text.contains("de!").then(|| "de-AT".into()),
        tags,
        ..Content::default()
    }
}
