//! Shards are left when they give little and others push what is followed, and joined again when they
//! do not. And what a session brought goes on in the gossip all the same.

use std::collections::BTreeMap;

use bytes::Bytes;
use starling_protocol::{
    AuthorId, Body, Identity,
    entry::{self, Place, log},
    frame::Frame,
    payload::{Content, Visibility},
};

use super::world::{Person, World, shard};
use crate::engine::shards::rank;

const ALICE: usize = 0;
const MINUTE: u64 = 60 * 1000;
/// Followers of Alice, all connected to each other and to her.
fn followers() -> std::ops::RangeInclusive<usize> {
    1..=5
}

/// Alice and her followers, who are of other shards; whoever talks much is a stranger in hers.
struct Town {
    world: World,
    shard: u8,
    stranger: Person,
    /// Another one in Alice's shard.
    neighbour: Person,
    said: u64,
}

impl Town {
    /// `frames` an hour from which on a shard may be left; the stranger says sixty.
    fn new(stay: bool, frames: u64) -> Self {
        let mut shards: BTreeMap<u8, Vec<Person>> = BTreeMap::new();
        for person in (1..=u8::MAX).map(Person::new) {
            shards.entry(shard(&person.author)).or_default().push(person);
        }
        let fullest = shards.iter().max_by_key(|(_, people)| people.len());
        let number = *fullest.unwrap().0;
        let mut inside = shards.remove(&number).unwrap();
        let mut world = World::new();
        world.careful = false;
        world.add(inside.pop().unwrap());
        let alice = world.author(ALICE);
        for person in shards.into_values().flatten().take(followers().count()) {
            let at = world.add_with(person, None, |policy| {
                (policy.stay_in_shards, policy.shard_frames) = (stay, frames);
            });
            world.follow(at, alice);
        }
        let (stranger, neighbour) = (inside.pop().unwrap(), inside.pop().unwrap());
        let mut town = Self { world, shard: number, stranger, neighbour, said: 0 };
        // Whoever ranks later calls.
        let ranked = town.ranked();
        for (place, here) in ranked.iter().enumerate() {
            town.world.meet(*here, ALICE);
            ranked[..place].iter().for_each(|there| town.world.meet(*here, *there));
        }
        town.world.post(ALICE, "hello");
        town
    }

    /// Lets minutes pass, in each of which the stranger says something that everybody in the shard hears.
    fn minutes(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.world.pass(MINUTE);
            let frame = self.frame();
            for at in followers() {
                self.world.gossip(ALICE, at, self.shard, frame.clone());
            }
            self.world.settle();
        }
    }

    /// An unlisted post: nothing that anybody keeps who does not follow its author.
    fn frame(&mut self) -> Bytes {
        self.said += 1;
        let identity = Identity::verify(&self.stranger.record).unwrap();
        let place = Place { author: self.stranger.author, log: log::POSTS, seq: 0, previous: None };
        let content =
            Content { text: self.said.to_string(), visibility: Visibility::Unlisted, ..Content::default() };
        let entry = entry::sign(place, Body::Post(content), [0; 16], self.world.now, &self.stranger.device);
        Bytes::from(Frame::of_entry(&identity, &entry).unwrap().to_bytes())
    }

    fn listens(&self, at: usize) -> bool {
        self.world.nodes[at].shards.contains(&self.shard)
    }

    /// The followers, whoever ranks first for Alice first.
    fn ranked(&self) -> Vec<usize> {
        let alice: AuthorId = self.world.author(ALICE);
        let mut ranked: Vec<usize> = followers().collect();
        ranked.sort_by_key(|at| rank(&self.world.nodes[*at].peer, &alice));
        ranked
    }
}

#[test]
fn a_shard_of_little_use_is_left_and_nothing_is_missed() {
    let mut town = Town::new(false, 20);
    town.minutes(55);
    assert!(followers().all(|at| town.listens(at)), "nobody judges by less than an hour");
    town.minutes(60);
    let ranked = town.ranked();
    let last = *ranked.last().unwrap();
    assert!(!town.listens(last));
    // The first has nobody before it but Alice: there is no circle in which all wait for others.
    assert!(town.listens(ranked[0]));
    let stats = town.world.nodes[last].engine.as_ref().unwrap().inspect();
    assert!(!stats.shards.contains(&town.shard));
    town.world.post(ALICE, "news");
    for at in followers() {
        assert_eq!(town.world.home(at), ["news", "hello"], "node {at}");
    }
    town.world.audit();
}

#[test]
fn a_shard_is_joined_again_when_too_few_push_it() {
    let mut town = Town::new(false, 20);
    town.minutes(120);
    let ranked = town.ranked();
    let last = *ranked.last().unwrap();
    assert!(!town.listens(last));
    // All but one of those before it are gone; for as long as a broken session takes, it waits.
    let gone: Vec<usize> = ranked[1..4].iter().copied().chain([ALICE]).collect();
    for at in &gone {
        town.world.part(last, *at);
    }
    assert!(!town.listens(last));
    town.world.meet(last, gone[0]);
    town.world.pass(2 * MINUTE);
    assert!(!town.listens(last), "two push it again");
    town.world.part(last, gone[0]);
    town.world.pass(MINUTE - 1);
    assert!(!town.listens(last));
    town.world.pass(1_000);
    assert!(town.listens(last));
    // With nobody left it does not wait.
    town.world.meet(last, gone[0]);
    town.minutes(120);
    assert!(!town.listens(last));
    town.world.part(last, gone[0]);
    town.world.part(last, ranked[0]);
    assert!(town.listens(last));
}

#[test]
fn whoever_is_followed_anew_is_listened_for() {
    let mut town = Town::new(false, 20);
    town.minutes(120);
    let last = *town.ranked().last().unwrap();
    assert!(!town.listens(last));
    let stranger = town.stranger.author;
    town.world.follow(last, stranger);
    assert!(town.listens(last));
}

#[test]
fn a_shard_that_was_left_is_looked_at_once_a_day() {
    let mut town = Town::new(false, 20);
    town.minutes(120);
    let last = *town.ranked().last().unwrap();
    assert!(!town.listens(last));
    town.world.pass(23 * 60 * MINUTE);
    assert!(!town.listens(last));
    town.world.pass(2 * 60 * MINUTE);
    assert!(town.listens(last));
}

#[test]
fn relays_and_small_networks_leave_nothing() {
    let mut relays = Town::new(true, 20);
    relays.minutes(180);
    assert!(followers().all(|at| relays.listens(at)));
    // A frame a minute is below what anybody minds by default.
    let mut small = Town::new(false, crate::engine::Policy::default().shard_frames);
    small.minutes(180);
    assert!(followers().all(|at| small.listens(at)));
}

#[test]
fn the_own_shard_is_never_left() {
    let mut town = Town::new(false, 20);
    let number = town.shard;
    let alice = town.world.author(ALICE);
    let neighbour = town.world.add_with(town.neighbour.clone(), None, |policy| policy.shard_frames = 20);
    town.world.follow(neighbour, alice);
    for at in followers() {
        town.world.meet(neighbour, at);
    }
    for _ in 0..180 {
        town.minutes(1);
        let frame = town.frame();
        town.world.gossip(ALICE, neighbour, number, frame);
    }
    assert!(!town.listens(*town.ranked().last().unwrap()));
    assert!(town.listens(neighbour));
}

#[test]
fn peers_that_come_and_go_do_not_make_it_flap() {
    let mut town = Town::new(false, 20);
    town.minutes(120);
    let ranked = town.ranked();
    let last = *ranked.last().unwrap();
    for at in ranked[2..4].iter().copied().chain([ALICE]) {
        town.world.part(last, at);
    }
    assert!(!town.listens(last), "two are enough");
    let mut turns = |parted: u64, together: u64, rounds: u64| {
        let (mut turns, mut before) = (0, town.listens(last));
        for _ in 0..rounds {
            for parts in [true, false] {
                if parts {
                    town.world.part(last, ranked[1]);
                    town.world.pass(parted);
                } else {
                    town.world.meet(last, ranked[1]);
                    town.minutes(together);
                }
                turns += u64::from(town.listens(last) != before);
                before = town.listens(last);
            }
        }
        turns
    };
    assert_eq!(turns(MINUTE / 2, 3, 50), 0, "a connection that breaks is no reason");
    // Three hours of a peer that is away for minutes: it listens again, and is not fooled a second time.
    assert_eq!(turns(5 * MINUTE, 15, 9), 1);
}

#[test]
fn what_a_session_brought_first_goes_on_once() {
    let bob = 1;
    let story = |pause: u64| {
        let mut world = World::of(2);
        let alice = world.author(ALICE);
        world.follow(bob, alice);
        world.meet(bob, ALICE);
        // The gossip is slow: the session alone brings it.
        world.nodes[bob].shards.clear();
        let id = world.post(ALICE, "both ways");
        assert_eq!(world.home(bob), ["both ways"]);
        world.nodes[bob].shards.insert(shard(&alice));
        world.pass(pause);
        let entry = entry::verify(&world.read(bob).provenance(&id).unwrap().unwrap().bytes).unwrap();
        let identity = Identity::verify(&world.nodes[ALICE].person.record).unwrap();
        // The same twice, each time in another frame.
        [entry.clone(), entry.without_payload()].map(|entry| {
            let before = world.nodes[bob].forwarded;
            let frame = Frame::of_entry(&identity, &entry).unwrap();
            world.gossip(ALICE, bob, shard(&alice), Bytes::from(frame.to_bytes()));
            world.settle();
            world.nodes[bob].forwarded - before
        })
    };
    assert_eq!(story(1_000), [1, 0]);
    assert_eq!(story(10 * MINUTE), [0, 0], "that is old news");
}
