//! A cut heals: what was said on its other side reaches those who have nobody there, and what was said to
//! nobody is said again.

use starling_protocol::{
    AuthorId,
    sync::{Ask, Interests, LOOK},
};

use super::world::{Person, World};
use crate::{
    engine::{Input, Output},
    network::{self, Command, StreamId, SyncRole},
};

const FRED: usize = 0;
const MARY: usize = 1;
const BOB: usize = 2;
const PAT: usize = 3;
const QUINN: usize = 4;
const XENIA: usize = 5;

/// Long enough for a cut to be one.
const LONG: u64 = 10 * 60 * 1000;

/// Two villages that only Bob and Pat connect: Fred, Mary and Bob, and beyond them Pat, Quinn and Xenia.
/// Fred follows Xenia; Bob follows Pat and Quinn. Then they are cut apart.
fn cut() -> World {
    let mut world = World::of(6);
    for (at, followed) in [(FRED, XENIA), (BOB, PAT), (BOB, QUINN)] {
        let author = world.author(followed);
        world.follow(at, author);
    }
    for (a, b) in [(FRED, MARY), (MARY, BOB), (BOB, PAT), (PAT, QUINN), (QUINN, XENIA), (PAT, XENIA)] {
        world.meet(a, b);
    }
    world.part(BOB, PAT);
    world.pass(LONG);
    world
}

fn sought(world: &World, at: usize) -> usize {
    let seen = world.nodes[at].engine.as_ref().unwrap().inspect();
    seen.loads.iter().find(|load| load.name == "authors sought for others").unwrap().held
}

#[test]
fn what_was_said_beyond_a_cut_reaches_who_has_nobody_there() {
    let mut world = cut();
    world.post(XENIA, "far away");
    world.post(QUINN, "and so am I");
    world.post(PAT, "here too");
    assert!(world.home(FRED).is_empty());
    world.meet(BOB, PAT);
    // Nobody asked Bob for Xenia yet.
    assert!(world.home(FRED).is_empty());
    world.pass(5_000);
    assert_eq!(world.home(FRED), ["far away"]);
    // It stands with Bob as if it had been gossiped.
    assert!(world.network(BOB).contains(&"far away".to_owned()));
    assert_eq!(sought(&world, BOB), 1);
    // Nobody goes on looking.
    world.pass(2 * 60 * 1000);
    assert_eq!((sought(&world, BOB), sought(&world, MARY)), (0, 0));
    world.part(BOB, PAT);
    world.post(XENIA, "not for you");
    world.meet(BOB, PAT);
    assert!(!world.network(BOB).contains(&"not for you".to_owned()));
}

#[test]
fn of_whom_others_follow_only_the_newest_posts_are_looked_for() {
    let mut world = cut();
    world.careful = false;
    for number in 0..100 {
        world.post(XENIA, &format!("{number}"));
        // Nobody passes on all that somebody says in one breath.
        world.pass(2_000);
    }
    world.post(QUINN, "and so am I");
    world.post(PAT, "here too");
    world.meet(BOB, PAT);
    world.pass(5_000);
    let xenia = world.author(XENIA);
    let held = world.read(BOB).author_posts(&xenia, &crate::view::Page { limit: 200, ..Default::default() });
    let held = super::world::texts(&held.unwrap());
    assert!((30..=64).contains(&held.len()), "{}", held.len());
    let newest: Vec<String> = (100 - held.len()..100).rev().map(|number| number.to_string()).collect();
    assert_eq!(held, newest);
    assert_eq!(world.home(FRED)[0], "99");
    world.audit();
}

#[test]
fn whoever_brings_only_what_they_said_themselves_is_no_news() {
    let mut world = cut();
    world.part(PAT, QUINN);
    world.part(PAT, XENIA);
    world.post(XENIA, "far away");
    world.post(PAT, "here again");
    world.meet(BOB, PAT);
    assert_eq!(world.home(BOB), ["here again"]);
    world.pass(5_000);
    assert_eq!((sought(&world, BOB), sought(&world, MARY)), (0, 0));
}

/// What a node sends when a peer asks it to look.
fn asks_to_look(world: &mut World, stream: u64, at: usize, peer: usize) -> Vec<Output> {
    let (peer, stream) = (world.nodes[peer].peer, StreamId::new(stream));
    let authors = (0..LOOK).map(|n| AuthorId::new([n as u8; 32])).collect();
    let hello = Ask::Hello { version: 1, credit: 4, interests: Interests::default() };
    let frames = [hello.to_bytes(), Ask::Look(authors).to_bytes()];
    let opened = network::Event::SyncOpened { stream, peer, role: SyncRole::Serve };
    let frames = frames.map(|frame| network::Event::SyncFrame { stream, frame: frame.into() });
    let inputs = std::iter::once(opened).chain(frames);
    let inputs = inputs.map(|event| {
        let found = crate::engine::checked::check(&event);
        Input::Network(event, found)
    });
    world.engine_outputs(at, inputs.collect())
}

#[test]
fn nobody_looks_for_anybody_unless_somebody_came_back() {
    let mut world = cut();
    let sends = |outputs: &[Output]| {
        let sends = |output: &&Output| matches!(output, Output::Network(Command::SendSync { .. }));
        outputs.iter().filter(sends).count()
    };
    let outputs = asks_to_look(&mut world, 99001, BOB, MARY);
    assert_eq!((sends(&outputs), sought(&world, BOB)), (0, 0));
    world.meet(BOB, PAT);
    let outputs = asks_to_look(&mut world, 99003, BOB, MARY);
    assert_eq!((sends(&outputs), sought(&world, BOB)), (1, LOOK));
    // They are asked for already.
    let outputs = asks_to_look(&mut world, 99005, BOB, MARY);
    assert_eq!((sends(&outputs), sought(&world, BOB)), (0, LOOK));
}

/// What somebody hears of Xenia, with so many people in a row between them and Bob.
fn heard_beyond(people: usize) -> Vec<String> {
    let mut world = cut();
    let xenia = world.author(XENIA);
    let mut last = BOB;
    for seed in 0..=people {
        let next = world.add(Person::new(seed as u8 + 100));
        world.meet(last, next);
        last = next;
    }
    world.follow(last, xenia);
    world.pass(LONG);
    world.post(XENIA, "far away");
    world.post(QUINN, "and so am I");
    world.post(PAT, "here too");
    world.meet(BOB, PAT);
    world.pass(5_000);
    world.home(last)
}

#[test]
fn it_is_heard_in_the_next_villages_and_not_in_all_the_world() {
    assert_eq!(heard_beyond(0), ["far away"]);
    assert_eq!(heard_beyond(3), ["far away"]);
    assert_eq!(heard_beyond(4), [""; 0]);
}

#[test]
fn what_was_said_to_nobody_is_gossiped_once_somebody_is_there() {
    let mut world = World::of(4);
    let alice = world.author(0);
    world.follow(3, alice);
    world.meet(1, 2);
    world.meet(2, 3);
    world.post(0, "all alone");
    assert!(world.home(3).is_empty());
    world.meet(0, 1);
    assert_eq!(world.home(3), ["all alone"]);
}

#[test]
fn a_restart_in_between_loses_nothing_of_that() {
    let mut world = World::of(4);
    let alice = world.author(0);
    world.follow(3, alice);
    world.meet(1, 2);
    world.meet(2, 3);
    for number in 0..30 {
        world.post(0, &format!("{number}"));
    }
    world.stop(0);
    world.pass(LONG);
    world.start(0);
    world.meet(0, 1);
    let heard: Vec<String> = (6..30).rev().map(|number| number.to_string()).collect();
    assert_eq!(world.home(3), heard);
}

#[test]
fn what_is_older_than_a_day_is_not_gossiped_again() {
    let mut world = World::of(3);
    let alice = world.author(0);
    world.follow(2, alice);
    world.meet(1, 2);
    world.post(0, "all alone");
    world.pass(25 * 60 * 60 * 1000);
    world.meet(0, 1);
    assert!(world.network(1).is_empty() && world.home(2).is_empty());
}
