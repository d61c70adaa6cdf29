//! Conversations: replies, edits and boosts, whatever the order in which they come.

use super::world::{World, content, published};
use crate::{
    engine::{Command, Refusal},
    view::{PostBody, Thread, ThreadItem},
};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

fn thread(world: &World, at: usize, id: &starling_protocol::EntryId) -> Thread {
    world.read(at).thread(id).unwrap().unwrap()
}

#[test]
fn a_thread_shows_what_is_missing_until_it_arrives() {
    let mut world = World::of(3);
    let (alice, bob) = (world.author(ALICE), world.author(BOB));
    world.follow(BOB, alice);
    world.follow(ALICE, bob);
    world.meet(ALICE, BOB);
    let root = world.post(ALICE, "question");
    let answer = world.reply(BOB, root, "answer");
    let thanks = world.reply(ALICE, answer, "thanks");
    let seen = thread(&world, ALICE, &answer);
    assert!(matches!(&seen.ancestors[..], [ThreadItem::Post(post)] if post.id == root));
    assert!(matches!(&seen.descendants[..], [(1, ThreadItem::Post(post))] if post.id == thanks));
    assert_eq!(world.read(BOB).post(&root).unwrap().unwrap().replies, 1);

    // Carol follows Bob alone.
    world.follow(CAROL, bob);
    world.meet(CAROL, BOB);
    let seen = thread(&world, CAROL, &answer);
    assert!(
        matches!(&seen.ancestors[..], [ThreadItem::Missing(link)] if link.id == root && link.author == alice)
    );
    assert!(seen.descendants.is_empty());
    assert!(matches!(world.ask(CAROL, Command::Like(root)), Err(Refusal::NotFound(_))));
    world.follow(CAROL, alice);
    let seen = thread(&world, CAROL, &answer);
    assert!(matches!(&seen.ancestors[..], [ThreadItem::Post(post)] if post.id == root));
    assert!(matches!(&seen.descendants[..], [(1, ThreadItem::Post(post))] if post.id == thanks));

    world.ask(ALICE, Command::Delete(vec![root])).unwrap();
    let seen = thread(&world, CAROL, &answer);
    assert!(matches!(&seen.ancestors[..], [ThreadItem::Deleted(link)] if link.id == root));
}

#[test]
fn a_reply_to_a_reply_knows_the_root() {
    let mut world = World::of(1);
    let root = world.post(ALICE, "one");
    let second = world.reply(ALICE, root, "two");
    let third = world.reply(ALICE, second, "three");
    let post = world.read(ALICE).post(&third).unwrap().unwrap();
    let PostBody::Content { reply: Some((first, parent)), .. } = post.body else { panic!("{post:?}") };
    assert_eq!((first.id, parent.id), (root, second));
}

#[test]
fn the_latest_edit_shows_whatever_the_clock_did() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    let id = world.post(ALICE, "one");
    let edit = |text: &str| Command::Edit { id, content: content(text) };
    world.ask(ALICE, edit("two")).unwrap();
    world.nodes[ALICE].skew = -3_600_000;
    world.ask(ALICE, edit("three")).unwrap();
    world.nodes[ALICE].skew = 10 * 365 * 24 * 3_600_000;
    world.ask(ALICE, edit("four")).unwrap();
    world.nodes[ALICE].skew = 0;
    let last = published(world.ask(ALICE, edit("five")));
    world.meet(BOB, ALICE);
    for at in [ALICE, BOB] {
        assert_eq!(world.home(at), ["five"], "{at}");
    }
    assert_eq!(world.read(BOB).provenance(&id).unwrap().unwrap().edits.len(), 4);
    assert!(matches!(world.ask(BOB, edit("mine")), Err(Refusal::NotOurs(_))));
    // Taking the last edit back shows the one before it.
    world.ask(ALICE, Command::Delete(vec![last])).unwrap();
    for at in [ALICE, BOB] {
        assert_eq!(world.home(at), ["four"], "{at}");
    }
}

#[test]
fn a_deletion_reaches_every_boost() {
    let mut world = World::of(3);
    let (alice, bob) = (world.author(ALICE), world.author(BOB));
    world.follow(BOB, alice);
    world.follow(CAROL, bob);
    world.meet(ALICE, BOB);
    world.meet(BOB, CAROL);
    let id = world.post(ALICE, "regrettable");
    let boost = published(world.ask(BOB, Command::Boost(id)));
    // Carol does not follow Alice, and heard of the post by gossip: she sees what was passed on.
    assert_eq!(world.home(CAROL), ["boost: regrettable"]);
    assert_eq!(world.home(BOB), ["boost: regrettable", "regrettable"]);
    world.ask(ALICE, Command::Delete(vec![id])).unwrap();
    assert_eq!(world.home(BOB), ["boost of something"]);
    assert_eq!(world.home(CAROL), ["boost of something"]);
    world.ask(BOB, Command::Delete(vec![boost])).unwrap();
    assert!(world.home(CAROL).is_empty());
}
