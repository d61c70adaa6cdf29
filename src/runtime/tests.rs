//! Whole nodes in this process, over real sockets: the parts fit together.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use starling_protocol::{
    AuthorId, EntryId,
    keys::Phrase,
    payload::{Content, Profile},
};

use super::{Node, Options, start, start_with};
use crate::{
    config::Config,
    engine::{Command, Event, Refusal, Reply},
    home::{Home, Places},
    view::{Page, PostBody},
};

/// Far longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(50);

struct Person {
    node: Node,
    _folder: tempfile::TempDir,
}

impl Person {
    async fn new(seed: u8) -> Self {
        let (folder, home) = new_home(seed);
        Self { node: start(options(home)).await.unwrap(), _folder: folder }
    }

    async fn post(&self, text: &str) -> EntryId {
        let content = Box::new(Content { text: text.into(), ..Content::default() });
        let wish = Command::Publish { content, in_reply_to: None, idempotency: None };
        match self.node.command(wish).await.unwrap() {
            Reply::Published { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    async fn follow(&self, other: &Self) {
        assert!(other.node.wait_for(|status| !status.listen.is_empty()).await);
        let (author, addresses) = (other.node.author(), other.node.listen());
        self.node.command(Command::follow(author, addresses)).await.unwrap();
    }

    fn home_texts(&self) -> Vec<String> {
        let posts = self.node.read().unwrap().home(&Page { limit: 80, ..Page::default() }).unwrap();
        let text = |body| match body {
            PostBody::Content { content, .. } => Some(content.text),
            _ => None,
        };
        posts.into_iter().filter_map(|post| text(post.body)).collect()
    }

    /// Waits until the entry is stored here.
    async fn until_held(&self, id: EntryId) {
        let mut events = self.node.events();
        let held = async {
            while self.node.read().unwrap().post(&id).unwrap().is_none() {
                // A watcher that fell behind looks again, like one that was told.
                let _ = events.recv().await;
            }
        };
        tokio::time::timeout(PATIENCE, held).await.expect("the entry came");
    }
}

fn options(home: Home) -> Options {
    let listen = Some(vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()]);
    Options {
        home,
        config: Config::default(),
        network: true,
        listen,
        mdns: Some(false),
        force_guard: false,
        record: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_travels_live_and_after_being_away() {
    let (alice, bob) = (Person::new(1).await, Person::new(2).await);
    let before = alice.post("before anybody listened").await;
    bob.follow(&alice).await;
    bob.until_held(before).await;
    let live = alice.post("live").await;
    bob.until_held(live).await;
    assert_eq!(bob.home_texts(), ["live", "before anybody listened"]);

    let home = bob.node.home().clone();
    bob.node.clone().shutdown().await;
    let away = alice.post("while bob was away").await;
    let bob = Person { node: start(options(home)).await.unwrap(), _folder: bob._folder };
    bob.until_held(away).await;
    assert_eq!(bob.home_texts()[0], "while bob was away");
    assert_eq!(bob.node.read().unwrap().stats().unwrap().feeds, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_passes_through_a_third_while_its_author_is_gone() {
    let (alice, bob, carol) = (Person::new(1).await, Person::new(2).await, Person::new(3).await);
    let post = alice.post("carried by bob").await;
    bob.follow(&alice).await;
    bob.until_held(post).await;
    let author: AuthorId = alice.node.author();
    alice.node.shutdown().await;
    carol.node.command(Command::follow(author, bob.node.listen())).await.unwrap();
    carol.until_held(post).await;
    assert_eq!(carol.home_texts(), ["carried by bob"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_says_why_and_stores_nothing() {
    let alice = Person::new(1).await;
    let long = Box::new(Content { text: "x".repeat(5_001), ..Content::default() });
    let wish = Command::Publish { content: long, in_reply_to: None, idempotency: None };
    assert!(matches!(alice.node.command(wish).await, Err(Refusal::OverLimit(_))));
    let unknown = EntryId::new([9; 32]);
    assert!(matches!(alice.node.command(Command::Like(unknown)).await, Err(Refusal::NotFound(_))));
    assert_eq!(alice.node.read().unwrap().stats().unwrap().entries, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phrase_brings_the_feed_back_on_a_new_device() {
    let (alice, bob) = (Person::new(1).await, Person::new(2).await);
    let profile = Box::new(Profile { name: "Alice".into(), ..Profile::default() });
    alice.node.command(Command::SetProfile(profile)).await.unwrap();
    let old = alice.post("from the old device").await;
    bob.follow(&alice).await;
    bob.until_held(old).await;
    let author = alice.node.author();
    alice.node.shutdown().await;

    let phrase = Phrase::from_entropy([1; 32]);
    let inception = starling_protocol::identity::Inception::of(&phrase);
    let folder = tempfile::tempdir().unwrap();
    let places = Places::within(folder.path().join("home"));
    let home = Home::create_restoring(places, &inception, &phrase.root(0), None).unwrap();
    let alice = Person { node: start(options(home)).await.unwrap(), _folder: folder };
    assert_eq!(alice.node.author(), author);
    let content = Box::new(Content { text: "too early".into(), ..Content::default() });
    let early = Command::Publish { content, in_reply_to: None, idempotency: None };
    assert_eq!(alice.node.command(early).await, Err(Refusal::Guarded));

    alice.node.command(Command::AddPeer(bob.node.listen())).await.unwrap();
    let open = alice.node.wait_for(|status| status.guarded.is_none());
    assert!(tokio::time::timeout(PATIENCE, open).await.expect("the guard opened"));
    let new = alice.post("from the new device").await;
    bob.until_held(new).await;
    assert_eq!(alice.home_texts(), ["from the new device", "from the old device"]);
    assert_eq!(bob.home_texts(), ["from the new device", "from the old device"]);
    let account = bob.node.read().unwrap().account(&author).unwrap().unwrap();
    assert_eq!((account.profile.name.as_str(), account.forked.len()), ("Alice", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_carries_a_feed_and_twice_is_once() {
    let (alice, bob) = (Person::new(1).await, Person::new(2).await);
    let post = alice.post("on a stick").await;
    let author = alice.node.author();
    bob.node.command(Command::follow(author, vec![])).await.unwrap();
    let mut events = bob.node.events();
    let mut file = Vec::new();
    alice.node.export(None, &mut file).unwrap();
    let imported = bob.node.import(std::io::Cursor::new(file.clone())).await.unwrap().unwrap();
    assert_eq!(imported, Reply::Imported { new: 1, known: 0, refused: 0 });
    let again = bob.node.import(std::io::Cursor::new(file.clone())).await.unwrap().unwrap();
    assert_eq!(again, Reply::Imported { new: 0, known: 1, refused: 0 });
    assert_eq!(bob.home_texts(), ["on a stick"]);
    let middle = file.len() / 2;
    file[middle] ^= 1;
    assert!(bob.node.import(std::io::Cursor::new(file)).await.is_err());
    assert!(bob.node.read().unwrap().post(&post).unwrap().is_some());
    // Of all that happened until then nothing was an erasure.
    let last = bob.post("after it all").await;
    loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await;
        let event = event.expect("the post is told of").unwrap();
        assert!(!matches!(event, Event::Erased { .. }), "{event:?}");
        if matches!(event, Event::Posted { id, .. } if id == last) {
            break;
        }
    }
}

/// A home that nobody has used yet.
fn new_home(seed: u8) -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let phrase = Phrase::from_entropy([seed; 32]);
    let home = Home::create(Places::within(folder.path().join("home")), &phrase).unwrap();
    (folder, home)
}

async fn until_stopped(node: &Node) {
    tokio::time::timeout(PATIENCE, node.stopped()).await.expect("the node ended");
    assert!(node.stopping() && node.read().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_engine_panics_ends_and_says_so() {
    let (folder, home) = new_home(1);
    let broken = Arc::new(AtomicBool::new(false));
    let seen = broken.clone();
    let entropy = move |bytes: &mut [u8]| {
        assert!(!seen.load(Ordering::Relaxed), "no chance is left");
        getrandom::fill(bytes).unwrap();
    };
    let node = start_with(options(home.clone()), Box::new(entropy)).await.unwrap();
    let alice = Person { node, _folder: folder };
    alice.post("before").await;
    assert_eq!(alice.node.failure(), None);
    broken.store(true, Ordering::Relaxed);
    let content = Box::new(Content { text: "in vain".into(), ..Content::default() });
    let wish = Command::Publish { content, in_reply_to: None, idempotency: None };
    let refused = alice.node.command(wish).await;
    assert!(matches!(refused, Err(Refusal::Storage(_))), "{refused:?}");
    until_stopped(&alice.node).await;
    assert_eq!(alice.node.failure(), Some("the engine panicked"));

    let alice = Person { node: start(options(home)).await.unwrap(), _folder: alice._folder };
    alice.post("after").await;
    assert_eq!(alice.home_texts(), ["after", "before"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_network_ends_by_itself_ends_and_says_so() {
    let alice = Person::new(1).await;
    alice.node.shared.network.clone().unwrap().shutdown().await;
    until_stopped(&alice.node).await;
    assert_eq!(alice.node.failure(), Some("the network ended by itself"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_told_to_stop_has_not_failed() {
    let alice = Person::new(1).await;
    alice.node.clone().shutdown().await;
    assert!(alice.node.stopping());
    assert_eq!(alice.node.failure(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_finds_all_as_it_was_writes_nothing() {
    let (_folder, home) = new_home(1);
    let start = async || {
        let mut options = Options { network: false, ..options(home.clone()) };
        options.config.search.enabled = false;
        start(options).await.unwrap()
    };
    start().await.shutdown().await;
    let note = || std::fs::metadata(home.path().join("here")).unwrap().modified().unwrap();
    let noted = note();
    let node = start().await;
    assert_eq!(node.store_version().unwrap(), 0, "a home on a full disk can still be opened");
    assert_eq!(note(), noted);
    node.shutdown().await;
}
