//! Two machines that talk: what comes over, in which order, and what it costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::convert::Infallible;

use starling_protocol::{
    AuthorId, DeviceKey, EntryId, Verified,
    entry::log,
    feed::ForkProof,
    identity::Record,
    limits,
    sync::{
        Answer, Ask, Batch, CREDIT, Comparison, FeedState, Held, Interests, LogHead, News, Own, PATIENCE_MS,
        PullAction, Pulling, Range, ServeAction, Serving, Source,
    },
};
use support::{Session, Shelf, Writer, shelf};

fn full_sync(puller: &mut Shelf, server: &mut Shelf, interests: &[AuthorId]) -> Session {
    let mut session = Session::open(puller, interests, None);
    session.settle(puller, server);
    session
}

fn compared(session: &Session) -> Comparison {
    let found = session.seen.iter().find_map(|action| match action {
        PullAction::Compared(comparison) => Some(*comparison),
        _ => None,
    });
    found.expect("comparing ended")
}

#[test]
fn an_empty_node_gets_everything_it_follows_and_nothing_else() {
    let (mut ada, mut bob) = (Writer::new(1), Writer::new(2));
    let (of_ada, of_bob) = (ada.write_many(log::POSTS, 700), bob.write_many(log::POSTS, 5));
    let mut server = shelf(&[(&ada, &of_ada), (&bob, &of_bob)]);
    let mut puller = Shelf::default();
    let session = full_sync(&mut puller, &mut server, &[ada.author()]);
    assert_eq!(puller.seqs(ada.author(), ada.device.public(), log::POSTS), (0..700).collect::<Vec<_>>());
    assert!(puller.seqs(bob.author(), bob.device.public(), log::POSTS).is_empty());
    assert_eq!(session.seen.last(), Some(&PullAction::Caught));
    assert_eq!(session.came.len(), 700, "nothing came twice");
}

#[test]
fn equal_nodes_compare_and_say_no_more() {
    let mut ada = Writer::new(1);
    let posts = ada.write_many(log::POSTS, 40);
    let mut server = shelf(&[(&ada, &posts)]);
    let session = full_sync(&mut server.clone(), &mut server, &[ada.author()]);
    assert_eq!(compared(&session).feeds, 0);
    assert!(session.came.is_empty());
}

#[test]
fn graph_comes_whole_then_the_newest_posts_then_older_ones() {
    let (mut ada, mut bob) = (Writer::new(1), Writer::new(2));
    let mut of_ada = ada.write_many(log::POSTS, 100);
    of_ada.extend(ada.write_many(log::GRAPH, 60));
    of_ada.extend(ada.write_many(log::REACTIONS, 50));
    let of_bob = bob.write_many(log::POSTS, 100);
    let mut server = shelf(&[(&ada, &of_ada), (&bob, &of_bob)]);
    let mut puller = Shelf::default();
    let session = full_sync(&mut puller, &mut server, &[ada.author(), bob.author()]);
    let turn = |entry: &Verified| {
        let header = entry.header();
        match (header.log, header.seq) {
            (log::GRAPH, _) => 0,
            (log::POSTS, 70..) => 1,
            (log::REACTIONS, 20..) => 2,
            _ => 3,
        }
    };
    let turns: Vec<u8> = session.came.iter().map(|(entry, _)| turn(entry)).collect();
    assert!(turns.is_sorted(), "{turns:?}");
    assert_eq!(turns.iter().filter(|turn| **turn == 1).count(), 60);
    assert_eq!(session.came.len(), 310);
}

#[test]
fn retention_bounds_posts_but_not_the_graph() {
    let mut ada = Writer::new(1);
    let mut entries = ada.write_many(log::POSTS, 100);
    entries.extend(ada.write_many(log::GRAPH, 100));
    let mut server = shelf(&[(&ada, &entries)]);
    let mut puller = Shelf::default();
    let mut session = Session::open(&mut puller, &[ada.author()], Some(45));
    session.settle(&mut puller, &mut server);
    let device = ada.device.public();
    assert_eq!(puller.seqs(ada.author(), device, log::POSTS), (55..100).collect::<Vec<_>>());
    assert_eq!(puller.seqs(ada.author(), device, log::GRAPH).len(), 100);
}

#[test]
fn holders_of_different_parts_fill_each_other() {
    let mut ada = Writer::new(1);
    let posts = ada.write_many(log::POSTS, 3_000);
    let part = |keep: &dyn Fn(usize) -> bool| {
        let kept: Vec<Verified> =
            posts.iter().enumerate().filter(|(seq, _)| keep(*seq)).map(|(_, entry)| entry.clone()).collect();
        shelf(&[(&ada, &kept)])
    };
    let mut a = part(&|seq| !(200..2_900).contains(&seq));
    let mut b = part(&|seq| (100..=2_950).contains(&seq));
    full_sync(&mut a, &mut b, &[ada.author()]);
    full_sync(&mut b, &mut a, &[ada.author()]);
    assert_eq!(a.contents(), b.contents());
    assert_eq!(a.seqs(ada.author(), ada.device.public(), log::POSTS).len(), 3_000);
}

#[test]
fn what_was_cut_short_is_asked_for_again_though_the_heads_are_equal() {
    let mut ada = Writer::new(1);
    let posts = ada.write_many(log::POSTS, 90);
    let mut server = shelf(&[(&ada, &posts)]);
    let mut puller = shelf(&[(&ada, &posts[60..])]);
    full_sync(&mut puller, &mut server, &[ada.author()]);
    assert_eq!(puller.contents(), server.contents());
}

#[test]
fn the_reader_sets_the_pace() {
    let mut ada = Writer::new(1);
    let posts = ada.write_many(log::POSTS, 3_000);
    let mut server = shelf(&[(&ada, &posts)]);
    let mut puller = Shelf::default();
    let mut session = Session::open(&mut puller, &[ada.author()], None);
    session.prompt = false;
    session.settle(&mut puller, &mut server);
    assert_eq!(session.uncommitted, CREDIT);
    let before = session.came.len();
    assert!(before < 3_000);
    assert!(!session.pulling.stalled(PATIENCE_MS * 100), "a server without credit owes nothing");
    while session.uncommitted > 0 {
        session.commit();
        session.settle(&mut puller, &mut server);
    }
    assert_eq!(session.came.len(), 3_000);
}

#[test]
fn a_silent_server_is_stalled() {
    let ada = Writer::new(1);
    let session = Session::open(&mut Shelf::default(), &[ada.author()], None);
    assert!(!session.pulling.stalled(PATIENCE_MS));
    assert!(session.pulling.stalled(PATIENCE_MS + 1));
}

#[test]
fn news_is_pushed_to_those_whom_it_interests() {
    let (mut ada, mut bob) = (Writer::new(1), Writer::new(2));
    let mut server = shelf(&[(&ada, &[]), (&bob, &[])]);
    let mut puller = Shelf::default();
    let mut session = full_sync(&mut puller, &mut server, &[ada.author()]);
    let (of_ada, of_bob) = (ada.write(log::POSTS, "new"), bob.write(log::POSTS, "new"));
    let news = |entry: &Verified| News::Entry(entry.header().author, entry.signed().to_bytes());
    session.announce(vec![news(&of_ada), news(&of_bob)]);
    session.settle(&mut puller, &mut server);
    let came: Vec<_> = session.came.iter().map(|(entry, live)| (entry.id(), *live)).collect();
    assert_eq!(came, [(of_ada.id(), true)]);
    assert_eq!(puller.seqs(ada.author(), ada.device.public(), log::POSTS), [0]);
}

#[test]
fn a_reader_that_fell_behind_is_told_of_heads_and_misses_nothing() {
    let mut ada = Writer::new(1);
    let mut server = shelf(&[(&ada, &[])]);
    let mut puller = Shelf::default();
    let mut session = full_sync(&mut puller, &mut server, &[ada.author()]);
    session.prompt = false;
    for entry in ada.write_many(log::POSTS, 2_000) {
        assert!(server.take(entry.clone()));
        session.announce(vec![News::Entry(ada.author(), entry.signed().to_bytes())]);
        while session.pull_one(&mut puller) {}
    }
    assert_eq!(session.came.len(), 4, "one batch for each credit, and no more");
    session.prompt = true;
    session.commit();
    session.settle(&mut puller, &mut server);
    assert_eq!(puller.contents(), server.contents());
}

#[test]
fn much_news_at_once_reaches_an_idle_reader() {
    let mut ada = Writer::new(1);
    let mut server = shelf(&[(&ada, &[])]);
    let mut puller = Shelf::default();
    let mut session = full_sync(&mut puller, &mut server, &[ada.author()]);
    let posts = ada.write_many(log::POSTS, 3_000);
    posts.iter().for_each(|entry| assert!(server.take(entry.clone())));
    session
        .announce(posts.iter().map(|entry| News::Entry(ada.author(), entry.signed().to_bytes())).collect());
    session.settle(&mut puller, &mut server);
    assert_eq!(puller.contents(), server.contents());
}

#[test]
fn a_feed_followed_later_is_answered_with_its_heads() {
    let (mut ada, mut bob) = (Writer::new(1), Writer::new(2));
    let (of_ada, of_bob) = (ada.write_many(log::POSTS, 3), bob.write_many(log::POSTS, 4));
    let mut server = shelf(&[(&ada, &of_ada), (&bob, &of_bob)]);
    let mut puller = Shelf::default();
    let mut session = full_sync(&mut puller, &mut server, &[ada.author()]);
    let actions = session.pulling.interests(1, &[bob.author()], &[ada.author()]);
    session.pulled(actions, &mut puller);
    session.settle(&mut puller, &mut server);
    assert_eq!(puller.seqs(bob.author(), bob.device.public(), log::POSTS).len(), 4);
    assert!(!session.serving.interested(&ada.author()));
}

#[test]
fn a_gap_found_by_gossip_is_filled() {
    let mut ada = Writer::new(1);
    let posts = ada.write_many(log::POSTS, 10);
    let mut server = shelf(&[(&ada, &posts[..2])]);
    let mut puller = Shelf::default();
    let mut session = full_sync(&mut puller, &mut server, &[ada.author()]);
    posts[2..].iter().for_each(|entry| assert!(server.take(entry.clone())));
    assert!(puller.take(posts[9].clone()));
    let device = ada.device.public();
    let gap = Range { author: ada.author(), device, log: log::POSTS, from: 2, to: 8 };
    let actions = session.pulling.want(1, &[gap], &mut puller).unwrap();
    session.pulled(actions, &mut puller);
    session.settle(&mut puller, &mut server);
    assert_eq!(puller.contents(), server.contents());
    assert_eq!(session.seen.iter().filter(|action| **action == PullAction::Caught).count(), 2);
}

#[test]
fn forks_and_identities_come_before_entries() {
    let mut ada = Writer::new(1);
    let posts = ada.write_many(log::POSTS, 6);
    let mut server = shelf(&[(&ada, &posts)]);
    let mut puller = shelf(&[(&ada, &posts)]);
    let other = ada.write_at(log::POSTS, 3, Some(posts[2].id()), "another three");
    server.convict(&ForkProof::of(&posts[3], &other).unwrap().to_bytes());
    full_sync(&mut puller, &mut server, &[ada.author()]);
    assert_eq!(puller.frozen(ada.author(), ada.device.public(), log::POSTS), Some(3));
    assert_eq!(puller.contents(), server.contents());
}

#[test]
fn a_fork_between_two_full_logs_is_found_where_the_branches_part() {
    let mut ada = Writer::new(1);
    let mine = ada.write_many(log::POSTS, 40);
    let mut theirs = mine[..25].to_vec();
    for seq in 25..38 {
        let previous = theirs.last().map(Verified::id);
        theirs.push(ada.write_at(log::POSTS, seq, previous, "another story"));
    }
    let mut server = shelf(&[(&ada, &theirs)]);
    let mut puller = shelf(&[(&ada, &mine)]);
    full_sync(&mut puller, &mut server, &[ada.author()]);
    let device = ada.device.public();
    assert_eq!(puller.frozen(ada.author(), device, log::POSTS), Some(25));
    full_sync(&mut server, &mut puller, &[ada.author()]);
    assert_eq!(puller.contents(), server.contents());
}

/// Feeds by their states alone, as many as one likes.
struct Catalogue(Vec<FeedState>);

fn id(kind: u8, n: u32, version: u8) -> [u8; 32] {
    let mut bytes = [kind; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    bytes[4] = version;
    *blake3::hash(&bytes).as_bytes()
}

impl Catalogue {
    /// Feeds of one device with three logs; those that `changed` says have a newer post.
    fn of(count: u32, changed: impl Fn(u32) -> bool) -> Self {
        let feed = |n: u32| {
            let head = |log: u8| {
                let newer = u8::from(log == 0 && changed(n));
                let hi = 1_000 + u64::from(newer);
                LogHead { log, lo: 0, hi, head: EntryId::new(id(10 + log, n, newer)), frozen: None }
            };
            let device = DeviceKey::new(id(1, n, 0));
            FeedState::new(AuthorId::new(id(0, n, 0)), &id(2, n, 0), (0..3).map(|log| (device, head(log))))
        };
        let mut feeds: Vec<FeedState> = (0..count).map(feed).collect();
        feeds.sort_by_key(FeedState::author);
        Self(feeds)
    }

    fn authors(&self) -> Vec<AuthorId> {
        self.0.iter().map(FeedState::author).collect()
    }
}

impl Source for Catalogue {
    type Error = Infallible;
    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Infallible> {
        Ok(self.0.iter().filter(|feed| interests.contains(&feed.author())).cloned().collect())
    }
    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Infallible> {
        let found = self.0.binary_search_by_key(author, FeedState::author);
        Ok(found.ok().map(|index| self.0[index].clone()))
    }
    fn identity(&mut self, _: &AuthorId) -> Result<Option<Record>, Infallible> {
        Ok(None)
    }
    fn forks(&mut self, _: &AuthorId) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(vec![])
    }
    fn read(&mut self, _: &Range, _: usize, _: usize) -> Result<Batch, Infallible> {
        Ok(Batch::default())
    }
}

/// A puller that notes what it is asked about and wants nothing.
#[derive(Default)]
struct Nosy(Vec<Range>);

impl Held for Nosy {
    type Error = Infallible;
    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Infallible> {
        self.0.push(*range);
        Ok(vec![])
    }
    fn contradicts(&mut self, _: &AuthorId, _: &DeviceKey, _: &LogHead) -> Result<bool, Infallible> {
        Ok(false)
    }
}

/// Compares two catalogues; gives the cost and the authors that came out as different.
fn compare(mine: &Catalogue, server: &mut Catalogue, interests: &[AuthorId]) -> (Comparison, Vec<AuthorId>) {
    let own = mine.0.iter().map(|state| Own { state: state.clone(), complete: true }).collect();
    let (mut pulling, mut actions) = Pulling::start(0, interests, own, None);
    let mut serving = Serving::new(0);
    let mut nosy = Nosy::default();
    let mut cost = None;
    while !actions.is_empty() {
        let mut frames = Vec::new();
        for action in std::mem::take(&mut actions) {
            match action {
                PullAction::Send(frame) => frames.push(frame),
                PullAction::Compared(comparison) => cost = Some(comparison),
                PullAction::Caught => {}
                other => panic!("{other:?}"),
            }
        }
        for frame in frames {
            assert!(frame.len() <= limits::SYNC_REQUEST_BYTES);
            for answer in serving.receive(0, &frame, server).unwrap() {
                let ServeAction::Send(frame) = answer else { panic!("{answer:?}") };
                assert!(frame.len() <= limits::SYNC_RESPONSE_BYTES);
                actions.extend(pulling.receive(0, &frame, &mut nosy).unwrap());
            }
        }
    }
    let mut authors: Vec<AuthorId> = nosy.0.iter().map(|range| range.author).collect();
    authors.sort_unstable();
    authors.dedup();
    (cost.expect("comparing ended"), authors)
}

#[test]
fn ten_thousand_feeds_of_which_one_in_a_hundred_changed_compare_in_120_kilobytes() {
    let mine = Catalogue::of(10_000, |_| false);
    let mut server = Catalogue::of(10_000, |n| n % 100 == 7);
    let (cost, differ) = compare(&mine, &mut server, &mine.authors());
    println!("{cost:?}");
    assert_eq!(differ.len(), 100);
    assert!(cost.rounds <= 4, "{cost:?}");
    assert!(cost.sent + cost.received <= 120_000, "{cost:?}");
}

#[test]
fn sets_that_share_nothing_still_compare() {
    let mine = Catalogue::of(9_000, |_| false);
    let mut server = Catalogue::of(20_000, |_| true);
    let interests = server.authors();
    let (cost, differ) = compare(&mine, &mut server, &interests);
    println!("{cost:?}");
    assert_eq!(differ.len(), 20_000);
    assert_eq!(cost.feeds, 20_000);
}

#[test]
fn interests_cost_three_bytes_each() {
    let authors = Catalogue::of(10_000, |_| false).authors();
    let interests = Interests::of(&authors);
    let bytes = interests.to_bytes();
    assert!(bytes.len() <= 3 * authors.len() + 200, "{}", bytes.len());
    assert_eq!(Interests::from_bytes(&bytes), Some(interests.clone()));
    assert!(authors.iter().all(|author| interests.contains(author)));
}

#[test]
fn misspelled_interests_are_refused() {
    let wrong: [&[u8]; 4] =
        [&[0x80], &[5, 0], &[0xff, 0xff, 0xff, 0xff, 0x7f], &[0x80, 0x80, 0x80, 0x80, 0x80, 1]];
    for bytes in wrong {
        assert_eq!(Interests::from_bytes(bytes), None, "{bytes:02x?}");
    }
    assert!(Interests::from_bytes(&vec![1; limits::INTERESTS]).is_some());
    assert_eq!(Interests::from_bytes(&vec![1; limits::INTERESTS + 1]), None);
}

fn served(asks: &[Ask]) -> Vec<ServeAction> {
    let (mut serving, mut shelf) = (Serving::new(0), Shelf::default());
    asks.iter().flat_map(|ask| serving.receive(0, &ask.to_bytes(), &mut shelf).unwrap()).collect()
}

#[test]
fn a_puller_that_breaks_the_rules_is_told_so_once() {
    let hello = || Ask::Hello { version: 1, credit: 4, interests: Interests::default() };
    let frontier = || Ask::Frontier { whole: true, marks: vec![], need: vec![], last: true };
    let range = Range {
        author: AuthorId::new([0; 32]),
        device: DeviceKey::new([0; 32]),
        log: 0,
        from: 0,
        to: 1 << 40,
    };
    let pull = Ask::Pull((0..200).map(|number| (number, range)).collect());
    let no_credit = Ask::Hello { version: 1, credit: 0, interests: Interests::default() };
    let wrong: [&[Ask]; 8] = [
        &[frontier()],
        &[hello(), hello()],
        &[hello(), frontier(), frontier()],
        &[hello(), frontier(), Ask::Reconcile(vec![0x61])],
        &[hello(), Ask::More],
        &[hello(), Ask::Credit(1_000)],
        &[hello(), Ask::Reconcile(vec![0x61, 9, 9])],
        &[no_credit, pull.clone(), pull],
    ];
    for asks in wrong {
        let actions = served(&[asks, &[Ask::More]].concat());
        let faults = actions.iter().filter(|action| matches!(action, ServeAction::Misbehaved(_)));
        assert_eq!(faults.count(), 1, "{asks:?}: {actions:?}");
        assert!(matches!(actions.last(), Some(ServeAction::Misbehaved(_))), "{asks:?}");
    }
}

#[test]
fn thousands_may_be_followed_one_by_one_but_nobody_may_go_on_for_ever() {
    let (mut serving, mut shelf) = (Serving::new(0), Shelf::default());
    let hello = Ask::Hello { version: 1, credit: 4, interests: Interests::default() };
    serving.receive(0, &hello.to_bytes(), &mut shelf).unwrap();
    let follow = |n: u64| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&(n as u32).to_be_bytes());
        let more = Interests::of(&[AuthorId::new(bytes)]);
        Ask::Interests { more, less: Interests::default() }.to_bytes()
    };
    for n in 0..limits::INTERESTS as u64 {
        let actions = serving.receive(0, &follow(n), &mut shelf).unwrap();
        assert!(actions.iter().all(|action| matches!(action, ServeAction::Send(_))), "{n}: {actions:?}");
    }
    let actions = serving.receive(0, &follow(7), &mut shelf).unwrap();
    assert!(matches!(actions[..], [ServeAction::Misbehaved(_)]), "{actions:?}");
}

#[test]
fn another_version_is_refused_with_words() {
    let actions = served(&[Ask::Hello { version: 9, credit: 4, interests: Interests::default() }]);
    let [ServeAction::Send(frame)] = &actions[..] else { panic!("{actions:?}") };
    assert!(matches!(Answer::from_bytes(frame), Ok(Answer::Refused(_))));
    let mut serving = Serving::new(0);
    let ada = Writer::new(1);
    let interests = Interests::of(&[ada.author()]);
    let hello = Ask::Hello { version: 9, credit: 4, interests };
    serving.receive(0, &hello.to_bytes(), &mut Shelf::default()).unwrap();
    let news = News::Identity(ada.author(), ada.identity.record());
    assert!(serving.announce([news]).is_empty(), "a session that was refused is told nothing more");
}

#[test]
fn a_server_that_sends_what_was_not_asked_for_is_caught() {
    let mut ada = Writer::new(1);
    let entry = ada.write(log::POSTS, "unasked").signed().to_bytes();
    let entries = |entries| Answer::Entries { live: false, entries, done: vec![] };
    let wrong = [
        entries(vec![entry.clone()]),
        entries(vec![]),
        entries(vec![vec![0x80]]),
        Answer::Entries { live: false, entries: vec![], done: vec![(7, None)] },
        Answer::Reconcile(vec![0x61]),
    ];
    for answer in wrong {
        let mut puller = Shelf::default();
        let mut session = Session::open(&mut puller, &[ada.author()], None);
        let actions = session.pulling.receive(1, &answer.to_bytes(), &mut puller).unwrap();
        assert!(matches!(actions[..], [PullAction::Misbehaved(_)]), "{answer:?}: {actions:?}");
        assert!(session.pulling.receive(1, &answer.to_bytes(), &mut puller).unwrap().is_empty());
    }
    // Unasked news is what a session is for, until the credit is used up.
    let mut puller = Shelf::default();
    let (mut pulling, _) = Pulling::start(0, &[ada.author()], vec![], None);
    let news = Answer::Entries { live: true, entries: vec![entry], done: vec![] }.to_bytes();
    for _ in 0..CREDIT {
        let actions = pulling.receive(1, &news, &mut puller).unwrap();
        assert!(matches!(actions[..], [PullAction::Take { live: true, .. }]));
    }
    assert!(matches!(pulling.receive(1, &news, &mut puller).unwrap()[..], [PullAction::Misbehaved(_)]));
}

#[test]
fn a_server_that_claims_an_endless_log_is_given_up_on() {
    let ada = Writer::new(1);
    let device = ada.device.public();
    let head = LogHead { log: 0, lo: 0, hi: limits::MAX_SEQ, head: EntryId::new([0; 32]), frozen: None };
    let state = FeedState::new(ada.author(), &ada.identity.digest(), [(device, head)]);
    let mut puller = shelf(&[(&ada, &[])]);
    let (mut pulling, _) = Pulling::start(0, &[ada.author()], vec![], None);
    let mut answer = Answer::Heads { feeds: vec![state], last: true };
    for round in 0.. {
        assert!(round < 100, "the puller asks for ever");
        let actions = pulling.receive(0, &answer.to_bytes(), &mut puller).unwrap();
        if actions.contains(&PullAction::Caught) {
            break;
        }
        let pull = actions.iter().find_map(|action| match action {
            PullAction::Send(frame) => match Ask::from_bytes(frame) {
                Ok(Ask::Pull(ranges)) => Some(ranges),
                _ => None,
            },
            _ => None,
        });
        let (number, range) = pull.expect("a range is asked for")[0];
        answer = Answer::Entries { live: false, entries: vec![], done: vec![(number, Some(range.from - 1))] };
    }
}

#[test]
fn what_was_sent_is_stored_when_credit_comes_back_for_it() {
    let mut ada = Writer::new(1);
    let first = ada.write_many(log::POSTS, 5);
    let mut server = shelf(&[(&ada, &first)]);
    let mut puller = Shelf::default();
    let mut session = Session::open(&mut puller, &[ada.author()], None);
    session.settle(&mut puller, &mut server);
    let (sent, stored) = session.serving.batches();
    assert_eq!((sent, sent), (stored, 1), "all that was asked for went in one batch, and is stored");
    assert!(session.serving.has_told());
    // A post that is taken and not committed is sent, and no more.
    session.prompt = false;
    let entry = ada.write(log::POSTS, "news");
    session.announce(vec![News::Entry(ada.author(), entry.signed().to_bytes())]);
    assert!(!session.serving.holds_back());
    session.settle(&mut puller, &mut server);
    assert_eq!(session.serving.batches(), (2, 1));
    session.commit();
    session.settle(&mut puller, &mut server);
    assert_eq!(session.serving.batches(), (2, 2));
    // Credit that nobody earned is none.
    let mut lying = Serving::new(0);
    let interests = Interests::of(&[ada.author()]);
    let hello = Ask::Hello { version: limits::VERSION, credit: 1, interests };
    lying.receive(0, &hello.to_bytes(), &mut server).unwrap();
    lying.receive(0, &Ask::Credit(CREDIT - 1).to_bytes(), &mut server).unwrap();
    assert_eq!(lying.batches(), (0, 0));
}
