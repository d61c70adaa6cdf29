//! Disks that fail and clocks that lie.

use super::world::{Person, World, address, publish};
use crate::{
    engine::{Command, Input, Refusal},
    store::{Store, tests::disk::Disk},
};

const ALICE: usize = 0;
const BOB: usize = 1;

const HOUR: i64 = 3_600_000;
const YEARS: i64 = 10 * 365 * 24 * HOUR;

/// A store over a disk that can fail; after it did, the same disk is opened again.
fn store_on(disk: &Disk) -> Store {
    let disk = disk.clone();
    Store::over_each(move || Some(disk.clone()), 1 << 20).unwrap()
}

#[test]
fn a_full_disk_refuses_and_when_there_is_room_all_goes_on() {
    let mut world = World::of(1);
    let disk = Disk::default();
    let bob = world.add_over(Person::new(2), None, |_| {}, store_on(&disk));
    world.follow(bob, world.author(ALICE));
    world.follow(ALICE, world.author(bob));
    world.meet(bob, ALICE);
    let (mut failures, mut expected) = (0, 0);
    for writes in 0..40 {
        disk.fail_after(writes);
        let answer = world.ask_only(bob, publish("precious", None));
        let failed = disk.heal();
        match answer {
            Ok(_) => expected += 1,
            Err(Refusal::Storage(_)) => {
                assert!(failed);
                failures += 1;
            }
            other => panic!("{other:?}"),
        }
        world.post(ALICE, "meanwhile");
        // Sessions are opened again after a while, and bring what was missed.
        world.pass(10_000);
        let stored = world.home(bob).iter().filter(|text| *text == "precious").count();
        // A disk that fails at the very last may have stored what it could not confirm: whole, and then
        // everybody gets it.
        assert!((expected..=expected + usize::from(failed)).contains(&stored), "{writes}");
        expected = stored;
        assert_eq!(world.home(ALICE), world.home(bob));
    }
    assert!(failures >= 5 && expected >= 5, "{failures} failures, {expected} answers");
}

#[test]
fn what_arrives_while_the_disk_fails_is_fetched_again() {
    let mut world = World::of(1);
    let disk = Disk::default();
    let bob = world.add_over(Person::new(2), None, |_| {}, store_on(&disk));
    world.follow(bob, world.author(ALICE));
    for n in 0..50 {
        world.post(ALICE, &format!("post {n}"));
    }
    world.careful = false;
    // The disk fails in the middle of it all, again and again: of connecting, syncing, following.
    for writes in [0, 3, 20, 45, 80] {
        disk.fail_after(writes);
        world.meet(bob, ALICE);
        world.post(ALICE, "live");
        let carol = starling_protocol::AuthorId::new([writes as u8; 32]);
        drop(world.ask(bob, Command::follow(carol, vec![])));
        disk.heal();
        world.pass(20_000);
        assert_eq!(world.home(bob), world.home(ALICE), "{writes}");
        assert_eq!(world.nodes[bob].status.peers.len(), 1);
        world.part(bob, ALICE);
        assert!(world.nodes[bob].status.peers.is_empty());
        world.audit();
    }
    // What was followed, and what was not, is what the store says.
    let shards = world.nodes[bob].shards.clone();
    world.stop(bob);
    world.start(bob);
    assert_eq!(world.nodes[bob].shards, shards);
}

#[test]
fn a_guard_that_could_not_be_opened_stays_closed() {
    let mut world = World::of(2);
    let alice = world.nodes[ALICE].person.clone();
    world.follow(BOB, alice.author);
    world.meet(BOB, ALICE);
    world.post(ALICE, "before");
    world.stop(ALICE);
    let disk = Disk::default();
    let restored = world.add_over(alice.on(90, false), Some("restored"), |_| {}, store_on(&disk));
    disk.fail_after(12);
    world.careful = false;
    world.meet(restored, BOB);
    assert!(disk.heal());
    assert!(world.ask(restored, publish("too early", None)).is_err());
    world.pass(20_000);
    world.post(restored, "after");
    assert_eq!(world.home(BOB), ["after", "before"]);
    world.audit();
}

#[test]
fn low_disk_space_stops_others_first() {
    let mut world = World::of(2);
    world.follow(BOB, world.author(ALICE));
    world.meet(BOB, ALICE);
    let gib = 1 << 30;
    let disk = |free| Input::Disk(crate::engine::Disk { free, total: 100 * gib, store: 0 });
    world.input(BOB, vec![disk(gib / 2)]);
    assert!(world.nodes[BOB].status.disk_low);
    world.post(ALICE, "not now");
    world.post(BOB, "mine");
    assert_eq!(world.home(BOB), ["mine"]);
    world.input(BOB, vec![disk(0)]);
    assert!(matches!(world.ask(BOB, publish("no room", None)), Err(Refusal::Storage(_))));
    world.input(BOB, vec![disk(50 * gib)]);
    world.part(BOB, ALICE);
    world.meet(BOB, ALICE);
    assert_eq!(world.home(BOB), ["mine", "not now"]);
}

#[test]
fn clocks_that_lie_lose_nothing() {
    // T5: right, an hour ahead, an hour behind, ten years ahead, 1970.
    let mut world = World::of(5);
    let skews = [0, HOUR, -HOUR, YEARS, -(world.now as i64)];
    let everybody: Vec<_> = (0..5).map(|at| world.author(at)).collect();
    for (at, skew) in skews.into_iter().enumerate() {
        world.stop(at);
        world.nodes[at].skew = skew;
        world.start(at);
        for author in everybody.iter().filter(|author| **author != everybody[at]) {
            world.follow(at, *author);
        }
    }
    for at in 0..5 {
        world.meet(at, (at + 1) % 5);
    }
    for at in 0..5 {
        world.post(at, &format!("post of {at}"));
    }
    let all_have = |world: &World, posts: usize| {
        for at in 0..5 {
            assert_eq!(world.home(at).len(), posts, "{at}: {:?}", world.home(at));
        }
    };
    world.pass(5_000);
    all_have(&world, 5);
    // Registers settle all the same: everybody follows, leaves and follows again.
    for at in 0..5 {
        let author = everybody[(at + 1) % 5];
        world.ask(at, Command::Unfollow(author)).unwrap();
        assert_eq!(world.home(at).len(), 4);
        world.follow(at, author);
    }
    all_have(&world, 5);
    // Every clock is set right, or wrong in another way, while the nodes run.
    for (at, skew) in [(0, -HOUR), (1, YEARS), (2, 0), (3, 0), (4, 0)] {
        world.nodes[at].skew = skew;
    }
    world.pass(8_000);
    for at in 0..5 {
        world.post(at, &format!("second of {at}"));
    }
    world.pass(8_000);
    all_have(&world, 10);
    for at in 0..5 {
        world.nodes[at].skew = 0;
    }
    world.pass(8_000);
    for at in 0..5 {
        world.post(at, &format!("third of {at}"));
    }
    all_have(&world, 15);
}

#[test]
fn a_wanted_peer_is_called_again_whatever_the_clock_does() {
    let mut world = World::of(2);
    let there = address(ALICE).with(libp2p::multiaddr::Protocol::P2p(world.nodes[ALICE].peer));
    world.ask(BOB, Command::AddPeer(vec![there])).unwrap();
    assert_eq!(world.nodes[BOB].status.peers.len(), 1);
    for skew in [YEARS, 0, -HOUR, -(world.now as i64), 0] {
        world.stop(ALICE);
        world.pass(20_000);
        assert!(world.nodes[BOB].status.peers.is_empty());
        world.nodes[BOB].skew = skew;
        world.start(ALICE);
        // Five minutes is the longest wait, and an answer to a call takes no time here.
        world.pass(6 * 60 * 1000);
        assert_eq!(world.nodes[BOB].status.peers.len(), 1, "{skew}");
    }
}
