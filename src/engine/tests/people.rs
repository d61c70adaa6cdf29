//! Whom one hears: following, leaving, blocking, and how people want to be seen.

use starling_protocol::{AuthorId, EntryId, payload::Profile};

use super::world::{Person, World};
use crate::{
    engine::{Command, Refusal, Reply},
    store::kept::origin::{Followed, Made, Origin, Via},
    view::Page,
};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

#[test]
fn who_is_left_moves_off_the_home_timeline_and_can_come_back() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    world.post(ALICE, "one");
    world.ask(BOB, Command::Unfollow(alice)).unwrap();
    assert_eq!(world.ask(BOB, Command::Unfollow(alice)), Ok(Reply::Unchanged));
    assert!(world.home(BOB).is_empty());
    assert_eq!(world.network(BOB), ["one"]);
    // Nothing more is asked for: what comes by, comes by gossip, and Bob left that shard.
    world.post(ALICE, "two");
    world.follow(BOB, alice);
    assert_eq!(world.home(BOB), ["two", "one"]);
    assert!(world.network(BOB).is_empty());
    let account = world.read(ALICE).account(&alice).unwrap().unwrap();
    assert_eq!(account.followers, 0, "nobody told Alice");
    world.follow(ALICE, world.author(BOB));
    let account = world.read(ALICE).account(&alice).unwrap().unwrap();
    assert_eq!(account.followers, 1);
}

/// Everything that shows something of an author is empty.
fn nowhere(world: &World, at: usize, who: &AuthorId) {
    let page = Page { limit: 80, ..Page::default() };
    let reader = world.read(at);
    for posts in [reader.home(&page), reader.network(&page), reader.author_posts(who, &page)] {
        for post in posts.unwrap() {
            assert_ne!(post.author.author, Some(*who));
        }
    }
}

#[test]
fn who_is_blocked_is_seen_nowhere() {
    let mut world = World::of(3);
    let (alice, bob, carol) = (world.author(ALICE), world.author(BOB), world.author(CAROL));
    world.follow(BOB, alice);
    world.follow(BOB, carol);
    world.follow(CAROL, alice);
    world.meet(BOB, ALICE);
    world.meet(CAROL, ALICE);
    world.meet(BOB, CAROL);
    let id = world.post(ALICE, "one");
    let reply = world.reply(CAROL, id, "well said");
    world.ask(CAROL, Command::Boost(id)).unwrap();
    assert_eq!(world.home(BOB), ["boost: one", "well said", "one"]);
    assert_eq!(world.ask(BOB, Command::Block(bob)), Err(Refusal::NotOurs("this is you")));
    world.ask(BOB, Command::Block(alice)).unwrap();
    assert_eq!(world.home(BOB), ["well said"]);
    assert!(world.read(BOB).post(&id).unwrap().is_none());
    let thread = world.read(BOB).thread(&reply).unwrap().unwrap();
    assert!(thread.ancestors.is_empty());
    world.post(ALICE, "two");
    nowhere(&world, BOB, &alice);
    assert!(!world.read(BOB).account(&alice).unwrap().unwrap().followed);
    // Whoever is unblocked is a stranger; whoever is followed again is heard in full.
    world.ask(BOB, Command::Unblock(alice)).unwrap();
    assert_eq!(world.network(BOB), ["one"]);
    world.follow(BOB, alice);
    assert_eq!(world.posts(BOB, &alice), ["two", "one"]);
    // To follow whom one blocks is to unblock them.
    world.ask(BOB, Command::Block(alice)).unwrap();
    world.follow(BOB, alice);
    assert!(!world.read(BOB).account(&alice).unwrap().unwrap().blocked);
    assert_eq!(world.posts(BOB, &alice), ["two", "one"]);
}

#[test]
fn a_restarted_node_remembers_whom_it_follows_and_blocks() {
    let mut world = World::of(3);
    let (alice, carol) = (world.author(ALICE), world.author(CAROL));
    world.follow(BOB, alice);
    world.ask(BOB, Command::Block(carol)).unwrap();
    world.stop(BOB);
    world.start(BOB);
    world.meet(BOB, ALICE);
    world.post(ALICE, "still here");
    assert_eq!(world.home(BOB), ["still here"]);
    let shard = super::world::shard(&alice);
    assert!(world.nodes[BOB].shards.contains(&shard));
    assert_eq!(world.ask(BOB, Command::Block(carol)), Ok(Reply::Unchanged));
}

#[test]
fn how_a_follow_came_about_is_known_while_it_holds() {
    let mut world = World::of(3);
    let (alice, carol) = (world.author(ALICE), world.author(CAROL));
    let via = Origin::Hand(Some(Via { author: carol, post: Some(EntryId::new([7; 32])) }));
    let follow = |origin| Command::Follow { author: alice, addresses: vec![], origin };
    assert_eq!(world.followed(BOB, &alice), None);
    world.ask(BOB, follow(via)).unwrap();
    let noted = Some(Followed { at: world.clock(BOB), made: Made::Here(via) });
    assert_eq!(world.followed(BOB, &alice), noted);
    // Who is followed already was found before.
    world.pass(5_000);
    assert_eq!(world.ask(BOB, follow(Origin::Invite)), Ok(Reply::Unchanged));
    world.stop(BOB);
    world.start(BOB);
    assert_eq!(world.followed(BOB, &alice), noted);
    // It goes with the follow, and is another one's own business.
    world.meet(BOB, ALICE);
    world.meet(BOB, CAROL);
    world.ask(BOB, Command::Unfollow(alice)).unwrap();
    assert_eq!(world.followed(BOB, &alice), None);
    world.ask(BOB, follow(Origin::Invite)).unwrap();
    assert_eq!(world.followed(BOB, &alice).unwrap().made, Made::Here(Origin::Invite));
    world.ask(BOB, Command::Block(alice)).unwrap();
    assert_eq!(world.followed(BOB, &alice), None);
    world.ask(BOB, Command::Unblock(alice)).unwrap();
    assert_eq!(world.followed(BOB, &alice), None);
}

#[test]
fn the_newest_profile_shows() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.meet(ALICE, BOB);
    for (name, skew) in [("Alice", 0), ("Alice A.", -86_400_000)] {
        world.nodes[ALICE].skew = skew;
        let profile = Profile { name: name.into(), ..Profile::default() };
        world.ask(ALICE, Command::SetProfile(Box::new(profile))).unwrap();
        assert_eq!(world.read(BOB).account(&alice).unwrap().unwrap().profile.name, name);
    }
    let long = Profile { name: "x".repeat(65), ..Profile::default() };
    assert!(matches!(world.ask(ALICE, Command::SetProfile(Box::new(long))), Err(Refusal::OverLimit(_))));
    assert_eq!(world.read(BOB).find_author("alice a.").unwrap(), [alice]);
}

#[test]
fn nobody_follows_more_than_the_limit() {
    let mut world = World::new();
    world.add_with(Person::new(1), None, |policy| policy.follows = 3);
    let author = |n: u8| AuthorId::new([n; 32]);
    let follow = |n| Command::follow(author(n), vec![]);
    for n in 1..=3 {
        world.ask(ALICE, follow(n)).unwrap();
    }
    assert!(matches!(world.ask(ALICE, follow(4)), Err(Refusal::Policy(_))));
    assert_eq!(world.ask(ALICE, follow(2)), Ok(Reply::Unchanged));
    world.ask(ALICE, Command::Unfollow(author(2))).unwrap();
    world.ask(ALICE, follow(4)).unwrap();
    let me = world.author(ALICE);
    assert!(matches!(world.ask(ALICE, Command::follow(me, vec![])), Err(Refusal::NotOurs(_))));
}
