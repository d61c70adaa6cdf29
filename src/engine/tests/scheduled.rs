//! Posts that wait for their hour, and posts that stand first.

use super::world::{Person, World, content};
use crate::{
    engine::{Command, Refusal, Reply},
    store::{
        Store,
        kept::scheduled::{self, Scheduled},
        tests::disk::Disk,
    },
};

const ALICE: usize = 0;
const BOB: usize = 1;

fn wait(world: &mut World, at: usize, ms: u64, text: &str, id: u64) {
    let due = world.clock(at) + ms;
    let post = Scheduled::new(due, None, *content(text), None);
    assert_eq!(world.ask(at, Command::Keep(vec![post.put(id)])), Ok(Reply::Done));
}

#[test]
fn a_post_is_published_when_its_hour_comes_and_once() {
    let mut world = World::of(2);
    world.follow(BOB, world.author(ALICE));
    world.meet(BOB, ALICE);
    wait(&mut world, ALICE, 60_000, "second", 2);
    wait(&mut world, ALICE, 30_000, "first", 1);
    wait(&mut world, ALICE, 90_000, "never", 3);
    world.ask(ALICE, Command::Keep(vec![scheduled::take(3)])).unwrap();
    world.pass(20_000);
    assert!(world.home(BOB).is_empty());
    world.pass(20_000);
    assert_eq!(world.home(BOB), ["first"]);
    // The node is off when the second one is due, and publishes it when it is back.
    world.stop(ALICE);
    world.pass(60_000);
    world.start(ALICE);
    world.pass(10_000);
    assert_eq!(world.home(ALICE), ["second", "first"]);
    assert!(world.read(ALICE).scheduled().unwrap().is_empty());
    world.stop(ALICE);
    world.start(ALICE);
    world.pass(200_000);
    assert_eq!(world.home(ALICE), ["second", "first"]);
}

#[test]
fn a_disk_that_fails_at_the_hour_publishes_no_post_twice() {
    for writes in 0..30 {
        let mut world = World::of(1);
        let disk = Disk::default();
        let own = disk.clone();
        let store = Store::over_each(move || Some(own.clone()), 1 << 20).unwrap();
        let bob = world.add_over(Person::new(2), None, |_| {}, store);
        world.careful = false;
        wait(&mut world, bob, 5_000, "once", 1);
        disk.fail_after(writes);
        world.pass(6_000);
        disk.heal();
        world.pass(60_000);
        assert_eq!(world.home(bob), ["once"], "{writes}");
        assert!(world.read(bob).scheduled().unwrap().is_empty(), "{writes}");
    }
}

#[test]
fn a_post_that_cannot_be_published_waits_on() {
    let mut world = World::of(1);
    let now = world.clock(ALICE);
    let parent = starling_protocol::EntryId::new([9; 32]);
    let post = Scheduled::new(now + 1_000, Some(parent), *content("to nobody"), None);
    world.ask(ALICE, Command::Keep(vec![post.put(1)])).unwrap();
    world.pass(5_000);
    let held = world.read(ALICE).scheduled().unwrap();
    assert_eq!((held.len(), held[0].1.at), (1, now + 1_000));
    assert!(held[0].1.due > world.clock(ALICE));
    assert!(world.home(ALICE).is_empty());
}

#[test]
fn pins_travel_with_the_profile_and_are_taken_back() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    let posts: Vec<_> = (0..6).map(|n| world.post(ALICE, &format!("{n}"))).collect();
    for post in &posts[..5] {
        world.ask(ALICE, Command::Pin(*post)).unwrap();
        assert_eq!(world.ask(ALICE, Command::Pin(*post)), Ok(Reply::Unchanged));
    }
    let shown: Vec<_> = posts[..5].iter().rev().copied().collect();
    assert_eq!(world.read(BOB).pins(&alice).unwrap(), shown);
    let sixth = world.ask(ALICE, Command::Pin(posts[5]));
    assert!(matches!(sixth, Err(Refusal::OverLimit(_))), "{sixth:?}");
    world.ask(ALICE, Command::Unpin(posts[2])).unwrap();
    assert_eq!(world.ask(ALICE, Command::Unpin(posts[2])), Ok(Reply::Unchanged));
    assert_eq!(world.read(BOB).pins(&alice).unwrap().len(), 4);
    let theirs = world.post(BOB, "bob's");
    assert!(matches!(world.ask(BOB, Command::Pin(posts[0])), Err(Refusal::NotOurs(_))));
    assert!(world.ask(ALICE, Command::Pin(theirs)).is_err());
    // What was erased takes no place any more.
    world.ask(ALICE, Command::Delete(vec![posts[0]])).unwrap();
    world.ask(ALICE, Command::Pin(posts[5])).unwrap();
    world.ask(ALICE, Command::Pin(posts[2])).unwrap();
    assert_eq!(world.read(BOB).pins(&alice).unwrap()[0], posts[2]);
    world.audit();
}
