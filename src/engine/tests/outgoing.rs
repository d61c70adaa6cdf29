//! What becomes of an own post, and who keeps which feed: told as far as it is known, and no further.

use starling_protocol::AuthorId;

use super::world::{World, publish};
use crate::engine::{Command, Input, OnItsWay, Request, sources::CHEAP};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

/// Peers that each post was sent to, and that hold it, the newest first.
fn known(world: &World) -> Vec<(usize, usize)> {
    world.nodes[ALICE].status.outgoing.iter().map(|post| (post.sent, post.held)).collect()
}

#[test]
fn a_post_is_held_when_the_peer_says_that_it_stored_it() {
    let mut world = World::of(2);
    world.follow(BOB, world.author(ALICE));
    world.meet(ALICE, BOB);
    world.now += 1;
    world.ask_only(ALICE, publish("on its way", None)).unwrap();
    assert_eq!(known(&world), [(1, 0)], "it was sent, and nobody has answered yet");
    world.settle();
    assert_eq!(known(&world), [(1, 1)]);
    assert_eq!(world.home(BOB), ["on its way"]);
}

#[test]
fn a_post_waits_until_somebody_fetches_it() {
    let mut world = World::of(3);
    let first = world.post(ALICE, "alone");
    assert_eq!(known(&world), [(0, 0)]);
    // Carol does not follow, and asks for nothing.
    world.meet(ALICE, CAROL);
    assert_eq!(known(&world), [(0, 0)]);
    world.follow(BOB, world.author(ALICE));
    world.meet(ALICE, BOB);
    assert_eq!(known(&world), [(1, 1)]);
    let second = world.post(ALICE, "with Bob");
    let at = world.nodes[ALICE].status.outgoing[0].at;
    assert_eq!(world.nodes[ALICE].status.outgoing[0], OnItsWay { id: second, at, sent: 1, held: 1 });
    // Bob comes back with what he has: that is no second peer.
    world.part(ALICE, BOB);
    world.post(ALICE, "while he is away");
    assert_eq!(known(&world), [(0, 0), (1, 1), (1, 1)]);
    world.meet(ALICE, BOB);
    assert_eq!(known(&world), [(1, 1), (1, 1), (1, 1)]);
    world.ask(ALICE, crate::engine::Command::Delete(vec![first])).unwrap();
    assert_eq!(known(&world).len(), 2, "nobody waits for what is erased");
}

#[test]
fn what_nobody_holds_yet_waits_on_after_a_restart() {
    let mut world = World::of(2);
    world.follow(BOB, world.author(ALICE));
    world.post(ALICE, "before anybody came");
    world.meet(ALICE, BOB);
    world.post(ALICE, "with Bob");
    world.part(ALICE, BOB);
    let erased = world.post(ALICE, "taken back");
    let alone = world.post(ALICE, "while he is away");
    world.ask(ALICE, Command::Delete(vec![erased])).unwrap();
    world.stop(ALICE);
    world.start(ALICE);
    let status = |world: &World| {
        let status = &world.nodes[ALICE].status;
        let posts: Vec<_> = status.outgoing.iter().map(|post| (post.id, post.held)).collect();
        (status.waiting, posts)
    };
    assert_eq!(status(&world), (1, vec![(alone, 0)]), "what Bob holds waits for nobody");
    world.meet(ALICE, BOB);
    assert_eq!(status(&world), (0, vec![(alone, 1)]));
    world.stop(ALICE);
    world.start(ALICE);
    assert_eq!(status(&world), (0, vec![]));
}

#[test]
fn who_has_it_from_somebody_else_holds_it_too() {
    let mut world = World::of(3);
    world.follow(BOB, world.author(ALICE));
    world.follow(CAROL, world.author(ALICE));
    world.meet(ALICE, BOB);
    world.meet(BOB, CAROL);
    world.post(ALICE, "passed on");
    assert_eq!(world.home(CAROL), ["passed on"]);
    assert_eq!(known(&world), [(1, 1)]);
    world.meet(ALICE, CAROL);
    assert_eq!(known(&world), [(2, 2)], "she shows that she holds the feed as it is");
}

#[test]
fn only_the_newest_are_followed_on_their_way() {
    let mut world = World::of(1);
    world.careful = false;
    let posts: Vec<_> = (0..40).map(|n| world.post(ALICE, &format!("post {n}"))).collect();
    let followed: Vec<_> = world.nodes[ALICE].status.outgoing.iter().map(|post| post.id).collect();
    let newest: Vec<_> = posts.into_iter().rev().take(32).collect();
    assert_eq!(followed, newest);
}

#[test]
fn peers_that_keep_a_feed_are_counted() {
    let mut world = World::of(3);
    let (alice, bob) = (world.author(ALICE), world.author(BOB));
    let sources = |world: &World, at: usize, author| world.nodes[at].status.sources.get(author).copied();
    world.post(ALICE, "one");
    world.follow(BOB, alice);
    world.follow(CAROL, alice);
    world.meet(ALICE, BOB);
    assert_eq!((sources(&world, ALICE, &alice), sources(&world, BOB, &alice)), (Some(1), Some(1)));
    world.meet(CAROL, BOB);
    assert_eq!(sources(&world, BOB, &alice), Some(2), "Alice herself, and Carol who asks for her");
    assert_eq!(sources(&world, CAROL, &alice), Some(1));
    // Nobody follows Bob; his own feed is kept by nobody else.
    assert_eq!(sources(&world, BOB, &bob), None);
    world.part(ALICE, BOB);
    assert_eq!((sources(&world, ALICE, &alice), sources(&world, BOB, &alice)), (None, Some(1)));
    world.ask(CAROL, Command::Unfollow(alice)).unwrap();
    assert_eq!(sources(&world, BOB, &alice), None);
}

#[test]
fn counting_that_costs_is_put_off_for_a_moment_and_done() {
    let mut world = World::of(3);
    world.careful = false;
    let alice = world.author(ALICE);
    let count = |world: &World| world.nodes[BOB].status.sources.get(&alice).copied();
    let wake = |world: &World| {
        let wake = world.nodes[BOB].engine.as_ref().unwrap().next_wake(world.clock(BOB));
        wake.map(|wake| wake - world.clock(BOB))
    };
    // So many that one peer's two sessions are just cheap to look at, and another's are not any more.
    let stranger = |n: u32| AuthorId::new(*blake3::hash(&n.to_le_bytes()).as_bytes());
    let follow = |n| Input::Command(Request(100_000 + u64::from(n)), Command::follow(stranger(n), vec![]));
    world.input(BOB, (0..9_990).map(follow).collect());
    world.follow(BOB, alice);
    world.post(ALICE, "one");
    world.pass(60_000);
    world.meet(ALICE, BOB);
    assert_eq!(count(&world), Some(1), "the first to come is told at once");
    world.follow(CAROL, alice);
    world.meet(CAROL, BOB);
    let looked = world.nodes[BOB].engine.as_ref().unwrap().inspect();
    assert!((CHEAP / 3..=CHEAP / 2).contains(&(looked.following + 1)), "{looked:?}");
    assert_eq!(count(&world), Some(1), "the second is told a little later");
    assert!(wake(&world).is_some_and(|wake| wake <= 5_000), "{:?}", wake(&world));
    world.pass(5_000);
    assert_eq!(count(&world), Some(2));
}
