//! What concerns a person is noted with the entry that it is about, and told to whoever looks on.

use starling_protocol::{
    EntryId,
    payload::{Content, poll::Poll},
};

use super::world::{START, World, content};
use crate::{
    engine::{Command, Event, Refusal, Reply},
    store::kept::{
        notification::{Kind, Notification, Window},
        people::{Following, Mute, follow_like, mute},
    },
};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Two who follow each other and have met.
fn friends() -> World {
    let mut world = World::of(2);
    world.follow(ALICE, world.author(BOB));
    world.follow(BOB, world.author(ALICE));
    world.meet(ALICE, BOB);
    // Who follows whom was told as well.
    world.nodes.iter_mut().for_each(|node| node.events.clear());
    world
}

fn noted(world: &World, at: usize) -> Vec<Notification> {
    let all = Window { limit: usize::MAX, ..Window::default() };
    let all = world.read(at).notifications(&all, |_, row| Ok::<_, crate::store::Error>(Some(*row)));
    all.unwrap().into_iter().filter(|row| row.kind != Kind::Follow).collect()
}

fn kinds(world: &World, at: usize) -> Vec<Kind> {
    noted(world, at).iter().map(|row| row.kind).collect()
}

/// How often whoever looks on was called.
fn called(world: &World, at: usize) -> usize {
    world.nodes[at].events.iter().filter(|event| matches!(event, Event::Notified(_))).count()
}

fn ask_with(world: &mut World, at: usize, ends_at: u64) -> EntryId {
    let mut content: Box<Content> = content("which?");
    let options = vec!["this".into(), "that".into()];
    content.set_poll(Some(&Poll { options, ends_at, multiple: false, hides_totals: false }));
    let publish = Command::Publish { content, in_reply_to: None, idempotency: None };
    match world.ask(at, publish) {
        Ok(Reply::Published { id, .. }) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_concerns_somebody_is_noted_and_they_are_called() {
    let mut world = friends();
    let post = world.post(ALICE, "hello");
    world.reply(BOB, post, "hello yourself");
    world.ask(BOB, Command::Like(post)).unwrap();
    world.ask(BOB, Command::Boost(post)).unwrap();
    assert_eq!(kinds(&world, ALICE), [Kind::Reblog, Kind::Favourite, Kind::Mention]);
    assert_eq!(called(&world, ALICE), 3);
    assert!(noted(&world, BOB).is_empty());
    world.ask(BOB, Command::Unlike(post)).unwrap();
    assert_eq!(kinds(&world, ALICE), [Kind::Reblog, Kind::Mention]);
    // The same again, after it was away: it is a new thing.
    world.ask(BOB, Command::Like(post)).unwrap();
    assert_eq!(kinds(&world, ALICE), [Kind::Favourite, Kind::Reblog, Kind::Mention]);
}

#[test]
fn what_is_old_when_it_comes_calls_nobody() {
    let mut world = World::of(2);
    let post = world.post(ALICE, "hello");
    world.follow(BOB, world.author(ALICE));
    world.meet(BOB, ALICE);
    world.ask(BOB, Command::Like(post)).unwrap();
    world.part(BOB, ALICE);
    world.pass(15 * DAY);
    world.nodes[ALICE].events.clear();
    world.follow(ALICE, world.author(BOB));
    world.meet(ALICE, BOB);
    assert_eq!(kinds(&world, ALICE), [Kind::Favourite]);
    assert!(noted(&world, ALICE)[0].quiet && noted(&world, ALICE)[0].at < START + DAY);
    assert_eq!(called(&world, ALICE), 0);
    // Nor is an old post shown to whoever looks on.
    let live = |event: &Event| event.is_live();
    assert!(!world.nodes[ALICE].events.iter().any(live), "{:?}", world.nodes[ALICE].events);
}

#[test]
fn nothing_is_heard_of_who_is_muted_and_all_of_who_is_watched() {
    let mut world = friends();
    let (alice, bob) = (world.author(ALICE), world.author(BOB));
    let post = world.post(ALICE, "hello");
    let quiet = Mute { number: 1, until: Some(world.now + DAY), notifications: true };
    world.ask(ALICE, Command::Keep(vec![mute(&bob, &quiet)])).unwrap();
    world.ask(BOB, Command::Like(post)).unwrap();
    assert!(noted(&world, ALICE).is_empty());
    let seen = Mute { notifications: false, ..quiet };
    world.ask(ALICE, Command::Keep(vec![mute(&bob, &seen)])).unwrap();
    world.ask(BOB, Command::Boost(post)).unwrap();
    assert_eq!(kinds(&world, ALICE), [Kind::Reblog]);
    let watch = Following { notify: true, ..Following::default() };
    world.ask(BOB, Command::Keep(vec![follow_like(&alice, &watch)])).unwrap();
    let news = world.post(ALICE, "news");
    assert_eq!(noted(&world, BOB)[0].post, Some(news));
    assert_eq!(kinds(&world, BOB), [Kind::Status]);
    world.ask(ALICE, Command::Delete(vec![news])).unwrap();
    assert!(noted(&world, BOB).is_empty());
}

#[test]
fn nobody_is_told_what_they_did_not_write() {
    let mut world = World::of(3);
    for (a, b) in [(ALICE, BOB), (BOB, ALICE), (CAROL, ALICE), (ALICE, CAROL), (CAROL, BOB)] {
        world.follow(a, world.author(b));
    }
    world.meet(ALICE, BOB);
    world.meet(CAROL, ALICE);
    let post = world.post(BOB, "hello");
    world.ask(CAROL, Command::Like(post)).unwrap();
    assert!(noted(&world, ALICE).is_empty());
}

#[test]
fn the_end_of_a_poll_is_told_once_to_those_whom_it_concerns() {
    let mut world = friends();
    let ends_at = world.now + DAY;
    let poll = ask_with(&mut world, ALICE, ends_at);
    assert!(matches!(world.ask(ALICE, Command::Vote(poll, vec![0])), Err(Refusal::Invalid(_))));
    assert!(matches!(world.ask(BOB, Command::Vote(poll, vec![0, 1])), Err(Refusal::Invalid(_))));
    world.ask(BOB, Command::Vote(poll, vec![1])).unwrap();
    assert!(matches!(world.ask(BOB, Command::Vote(poll, vec![0])), Err(Refusal::Invalid(_))));
    for at in [ALICE, BOB] {
        let (_, tally) = *world.read(at).post(&poll).unwrap().unwrap().poll.unwrap();
        assert_eq!((tally.votes, tally.voters), (vec![0, 1], 1));
    }
    assert!(noted(&world, ALICE).is_empty() && noted(&world, BOB).is_empty());
    // One of them sleeps when it ends.
    world.part(ALICE, BOB);
    world.stop(BOB);
    world.pass(2 * DAY);
    assert_eq!(kinds(&world, ALICE), [Kind::Poll]);
    world.start(BOB);
    world.pass(DAY);
    for at in [ALICE, BOB] {
        assert_eq!(kinds(&world, at), [Kind::Poll]);
        assert_eq!(noted(&world, at)[0].at, ends_at);
    }
    assert!(matches!(world.ask(BOB, Command::Vote(poll, vec![0])), Err(Refusal::Invalid(_))));
}

#[test]
fn a_vote_that_is_taken_back_counts_no_more() {
    let mut world = friends();
    let ends_at = world.now + DAY;
    let poll = ask_with(&mut world, ALICE, ends_at);
    let Ok(Reply::Published { id: vote, .. }) = world.ask(BOB, Command::Vote(poll, vec![1])) else {
        panic!()
    };
    world.ask(BOB, Command::Delete(vec![vote])).unwrap();
    for at in [ALICE, BOB] {
        let (_, tally) = *world.read(at).post(&poll).unwrap().unwrap().poll.unwrap();
        assert_eq!((tally.votes, tally.voters), (vec![0, 0], 0));
    }
    world.ask(BOB, Command::Vote(poll, vec![0])).unwrap();
    let (_, tally) = *world.read(ALICE).post(&poll).unwrap().unwrap().poll.unwrap();
    assert_eq!(tally.votes, [1, 0]);
}
