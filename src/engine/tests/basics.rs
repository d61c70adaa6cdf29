//! What everybody does first: post, follow, read, go away, come back, take something back.

use super::world::{World, content, publish, published};
use crate::engine::{Command, Event, Refusal, Reply};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

#[test]
fn a_post_is_on_the_own_timeline_when_it_is_answered() {
    let mut world = World::of(1);
    let id = world.post(ALICE, "first");
    assert_eq!(world.home(ALICE), ["first"]);
    assert_eq!(world.posts(ALICE, &world.author(ALICE)), ["first"]);
    let post = world.read(ALICE).post(&id).unwrap().unwrap();
    assert_eq!(post.author.author, Some(world.author(ALICE)));
    assert_eq!(world.ask(ALICE, publish("  ", None)), Err(Refusal::Empty));
    let long = world.ask(ALICE, publish(&"x".repeat(5_001), None));
    assert!(matches!(long, Err(Refusal::OverLimit(_))), "{long:?}");
    assert_eq!(world.home(ALICE), ["first"]);
    assert_eq!(world.nodes[ALICE].status.waiting, 1);
}

#[test]
fn a_follower_gets_what_was_and_what_comes() {
    let mut world = World::of(2);
    for n in 0..3 {
        world.post(ALICE, &format!("old {n}"));
    }
    world.meet(BOB, ALICE);
    assert!(world.home(BOB).is_empty());
    world.follow(BOB, world.author(ALICE));
    assert_eq!(world.home(BOB), ["old 2", "old 1", "old 0"]);
    let answer = world.ask(ALICE, publish("live", None));
    assert!(matches!(answer, Ok(Reply::Published { peers: 1, .. })), "{answer:?}");
    assert_eq!(world.home(BOB), ["live", "old 2", "old 1", "old 0"]);
    assert_eq!(world.nodes[ALICE].status.waiting, 0);
    let account = world.read(BOB).account(&world.author(ALICE)).unwrap().unwrap();
    assert!(account.followed);
    assert_eq!((account.posts, account.followers), (4, 1));
    // Alice does not follow Bob, and holds nothing of him.
    world.post(BOB, "hello");
    assert_eq!(world.home(ALICE).len(), 4);
}

#[test]
fn following_before_meeting_is_enough() {
    let mut world = World::of(2);
    world.post(ALICE, "early");
    world.follow(BOB, world.author(ALICE));
    world.meet(ALICE, BOB);
    assert_eq!(world.home(BOB), ["early"]);
    assert!(world.nodes[BOB].events.contains(&Event::Synced(world.nodes[ALICE].peer)));
}

#[test]
fn gossip_alone_brings_what_is_new() {
    let mut world = World::of(3);
    world.follow(BOB, world.author(ALICE));
    // Carol knows both and follows nobody; she is in Alice's shard.
    let shard = super::world::shard(&world.author(ALICE));
    world.nodes[CAROL].shards.insert(shard);
    world.meet(CAROL, ALICE);
    world.meet(BOB, CAROL);
    world.post(ALICE, "by hearsay");
    assert_eq!(world.home(BOB), ["by hearsay"]);
    assert_eq!(world.network(CAROL), ["by hearsay"]);
    assert!(world.home(CAROL).is_empty());
}

#[test]
fn after_an_absence_the_newest_come_first() {
    let mut world = World::of(2);
    world.careful = false;
    world.follow(BOB, world.author(ALICE));
    world.meet(BOB, ALICE);
    world.post(ALICE, "before");
    world.part(BOB, ALICE);
    for n in 0..500 {
        world.post(ALICE, &format!("post {n}"));
    }
    world.link(BOB, ALICE);
    let mut first = None;
    while world.step() {
        let home = world.home(BOB);
        if first.is_none() && home.len() > 1 {
            first = home.first().cloned();
            // Nothing old is there before the newest are.
            assert!(home.len() < 80 || home.contains(&"post 499".into()), "{home:?}");
        }
    }
    assert_eq!(first.as_deref(), Some("post 499"));
    let account = world.read(BOB).account(&world.author(ALICE)).unwrap().unwrap();
    assert_eq!(account.posts, 501);
    world.audit();
}

#[test]
fn a_friend_holds_a_feed_for_another() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    for n in 0..40 {
        world.post(ALICE, &format!("post {n}"));
    }
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    world.stop(ALICE);
    world.follow(CAROL, alice);
    world.meet(CAROL, BOB);
    assert_eq!(world.home(CAROL).len(), 40);
    assert_eq!(world.home(CAROL)[0], "post 39");
}

#[test]
fn what_is_deleted_is_gone_everywhere() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    let (gone, stays) = (world.post(ALICE, "gone"), world.post(ALICE, "stays"));
    world.ask(ALICE, Command::Edit { id: gone, content: content("gone, edited") }).unwrap();
    assert_eq!(world.home(BOB), ["stays", "gone, edited"]);
    assert!(matches!(world.ask(BOB, Command::Delete(vec![gone])), Err(Refusal::NotOurs(_))));
    world.ask(ALICE, Command::Delete(vec![gone])).unwrap();
    for at in [ALICE, BOB] {
        assert_eq!(world.home(at), ["stays"]);
        assert!(world.read(at).post(&gone).unwrap().is_none());
        assert!(world.read(at).provenance(&gone).unwrap().unwrap().deleted);
    }
    assert!(world.nodes[BOB].events.contains(&Event::Erased { id: gone, author: alice }));
    assert!(matches!(world.ask(ALICE, Command::Delete(vec![gone])), Err(Refusal::NotFound(_))));
    // Carol comes late: the deletion reaches her before the post could.
    world.follow(CAROL, alice);
    world.meet(CAROL, BOB);
    assert_eq!(world.home(CAROL), ["stays"]);
    assert!(world.read(CAROL).post(&stays).unwrap().is_some());
    let bytes = world.read(CAROL).provenance(&gone).unwrap().unwrap().bytes;
    assert!(starling_protocol::entry::verify(&bytes).unwrap().payload().is_none());
}

#[test]
fn likes_and_boosts_can_be_taken_back() {
    let mut world = World::of(2);
    let (alice, bob) = (world.author(ALICE), world.author(BOB));
    world.follow(BOB, alice);
    world.follow(ALICE, bob);
    world.meet(BOB, ALICE);
    let id = world.post(ALICE, "nice");
    let boost = published(world.ask(BOB, Command::Boost(id)));
    world.ask(BOB, Command::Like(id)).unwrap();
    assert_eq!(world.ask(BOB, Command::Like(id)), Ok(Reply::Unchanged));
    // Whoever likes a boost likes what was boosted.
    assert_eq!(world.ask(BOB, Command::Like(boost)), Ok(Reply::Unchanged));
    assert_eq!(world.home(ALICE), ["boost: nice", "nice"]);
    let count = |world: &World| {
        let post = world.read(ALICE).post(&id).unwrap().unwrap();
        (post.likes, post.boosts)
    };
    assert_eq!(count(&world), (1, 1));
    world.ask(BOB, Command::Unlike(id)).unwrap();
    world.ask(BOB, Command::Unboost(id)).unwrap();
    assert_eq!(world.ask(BOB, Command::Unlike(id)), Ok(Reply::Unchanged));
    assert_eq!(count(&world), (0, 0));
    assert_eq!(world.home(ALICE), ["nice"]);
    world.ask(BOB, Command::Like(id)).unwrap();
    assert_eq!(count(&world), (1, 0));
}

#[test]
fn a_wish_with_a_name_is_granted_once() {
    let mut world = World::of(1);
    let wish =
        || Command::Publish { content: content("once"), in_reply_to: None, idempotency: Some("a".into()) };
    let first = published(world.ask(ALICE, wish()));
    assert_eq!(published(world.ask(ALICE, wish())), first);
    assert_eq!(world.home(ALICE), ["once"]);
    world.pass(60 * 60 * 1000 + 1);
    assert_ne!(published(world.ask(ALICE, wish())), first);
    assert_eq!(world.home(ALICE), ["once", "once"]);
}
