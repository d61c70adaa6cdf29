//! Bad luck and bad company: peers that come at once, strangers who want room, devices that lie.

use bytes::Bytes;
use starling_protocol::{
    Body, EntryId, Identity,
    entry::{self, Place},
    frame::Frame,
    identity::{Action, Operation, Removal},
    payload::{Content, Link, Visibility},
};

use super::world::{Person, World, address, publish, shard};
use crate::{
    engine::{Command, Disk, Input, checked::Checked},
    network::{Event, StreamId, SyncRole},
};

#[test]
fn the_guard_waits_for_our_feed_whoever_brings_it() {
    let mut world = World::of(3);
    let alice = world.author(0);
    for friend in [1, 2] {
        world.follow(friend, alice);
        world.meet(friend, 0);
    }
    world.careful = false;
    for n in 0..60 {
        world.post(0, &format!("post {n}"));
    }
    // The disk is lost, the phrase is not; both friends are there at once.
    world.stop(0);
    let again = world.add_with(Person::new(1), Some("restored"), |_| {});
    world.link(again, 1);
    world.link(again, 2);
    let mut seen = false;
    while world.step() {
        if world.nodes[again].status.guarded.is_none() && !seen {
            seen = true;
            assert_eq!(world.read(again).account(&alice).unwrap().unwrap().posts, 60);
        }
    }
    assert!(seen);
    world.ask(again, publish("back", None)).unwrap();
    assert_eq!(world.home(1)[0], "back");
    assert_eq!(world.home(2)[0], "back");
    world.audit();
}

#[test]
fn the_guard_does_not_wait_for_a_peer_that_is_silent_or_gone() {
    let mut world = World::of(3);
    let alice = world.author(0);
    world.follow(1, alice);
    world.meet(1, 0);
    world.post(0, "before");
    world.stop(0);
    let again = world.add_with(Person::new(1), Some("restored"), |_| {});
    // The second peer is asked and never answers.
    let (peer, address) = (world.nodes[2].peer, address(2));
    let (stream, role) = (StreamId::new(u64::MAX - 1), SyncRole::Pull);
    let events = [
        Event::Connected { peer, address, outbound: true, first: false },
        Event::SyncOpened { stream, peer, role },
    ];
    let inputs = events.map(|event| Input::Network(event, Checked::Nothing));
    world.input(again, inputs.into());
    world.meet(again, 1);
    assert_eq!(world.home(again), ["before"]);
    assert_eq!(world.nodes[again].status.guarded, Some("restored"));
    world.pass(20_000);
    assert_eq!(world.nodes[again].status.guarded, None);
    world.post(again, "after");
    assert_eq!(world.home(1), ["after", "before"]);
}

/// What a stranger says first, as a frame: their identity and an entry of it.
fn frame_of(person: &Person, log: u8, body: Body, time: u64) -> Bytes {
    let identity = Identity::verify(&person.record).unwrap();
    let place = Place { author: person.author, log, seq: 0, previous: None };
    let entry = entry::sign(place, body, [0; 16], time, &person.device);
    Bytes::from(Frame::of_entry(&identity, &entry).unwrap().to_bytes())
}

/// Lets a node hear a frame of somebody in whose shard it is.
fn hear(world: &mut World, at: usize, person: &Person, frame: Bytes) {
    let shard = shard(&person.author);
    world.nodes[at].shards.insert(shard);
    let from = (at + 1) % world.nodes.len();
    world.gossip(from, at, shard, frame);
    world.settle();
}

fn post(text: &str, visibility: Visibility) -> Body {
    Body::Post(Content { text: text.into(), visibility, ..Content::default() })
}

#[test]
fn strangers_leave_no_names_behind() {
    let mut world = World::of(2);
    let nobody = world.read(0).stats().unwrap().authors;
    let full = Disk { free: 0, total: 1 << 40, store: 0 };
    world.input(0, vec![Input::Disk(full)]);
    let now = world.now;
    let hello = || post("hello", Visibility::Public);
    let stranger = Person::new(9);
    hear(&mut world, 0, &stranger, frame_of(&stranger, 0, hello(), now));
    assert_eq!(world.read(0).stats().unwrap().authors, nobody);
    world.input(0, vec![Input::Disk(Disk { free: 1 << 40, ..full })]);
    // A device that speaks for nobody, and what only followers need.
    let silent = Person::new(10).on(77, false);
    hear(&mut world, 0, &silent, frame_of(&silent, 0, hello(), now));
    let link = Link { author: stranger.author, id: EntryId::new([3; 32]) };
    for (seed, log, body) in [
        (11, 0, post("psst", Visibility::Unlisted)),
        (12, 0, Body::Delete(vec![EntryId::new([1; 32])])),
        (
            13,
            0,
            Body::Edit { replaces: link.id, content: Content { text: "x".into(), ..Content::default() } },
        ),
        (14, 0, Body::Like(link)),
        (15, 1, Body::Follow(stranger.author)),
        (16, 2, Body::Like(link)),
    ] {
        let person = Person::new(seed);
        hear(&mut world, 0, &person, frame_of(&person, log, body, now));
    }
    let stats = world.read(0).stats().unwrap();
    assert_eq!((stats.authors, stats.entries), (nobody, 0));
    assert_eq!(world.nodes[0].forwarded, 0);
    hear(&mut world, 0, &stranger, frame_of(&stranger, 0, hello(), now + 1));
    assert_eq!(world.network(0), ["hello"]);
    // The identity goes with the last entry that it vouches for.
    let mut identity = Identity::verify(&stranger.record).unwrap();
    let cut = Action::RemoveDevice(Removal(stranger.device.public(), vec![]));
    identity.apply(Operation::sign(stranger.author, 0, cut, &stranger.phrase.root(0))).unwrap();
    let frame = Frame::of_identity(&identity).unwrap().to_bytes();
    hear(&mut world, 0, &stranger, Bytes::from(frame));
    let stats = world.read(0).stats().unwrap();
    assert_eq!((stats.authors, stats.entries), (nobody, 0));
}

#[test]
fn a_stranger_can_take_back_what_came_by() {
    let mut world = World::of(2);
    let shard = shard(&world.author(0));
    world.nodes[1].shards.insert(shard);
    world.meet(0, 1);
    let id = world.post(0, "regret");
    assert_eq!(world.network(1), ["regret"]);
    world.ask(0, Command::Edit { id, content: super::world::content("less of it") }).unwrap();
    assert_eq!(world.network(1), ["less of it"]);
    world.ask(0, Command::Delete(vec![id])).unwrap();
    assert!(world.network(1).is_empty());
}

#[test]
fn whatever_comes_by_is_let_go_at_last() {
    let mut world = World::new();
    let alice = world.add(Person::new(1));
    let bob = world.add_with(Person::new(2), None, |policy| policy.network_rows = 5);
    let author = world.author(alice);
    let ids: Vec<_> = (0..10).map(|n| world.post(alice, &format!("post {n}"))).collect();
    world.ask(alice, Command::SetProfile(Box::default())).unwrap();
    for seed in 50..53 {
        world.follow(alice, Person::new(seed).author);
    }
    world.follow(alice, world.author(bob));
    let theirs = world.post(bob, "mine");
    world.follow(bob, author);
    world.meet(bob, alice);
    world.ask(alice, Command::Like(theirs)).unwrap();
    world.ask(alice, Command::Edit { id: ids[9], content: super::world::content("edited") }).unwrap();
    let account = world.read(bob).account(&author).unwrap().unwrap();
    assert_eq!((account.posts, account.following), (10, 4));
    let held = world.read(bob).stats().unwrap().entries;
    assert!(held > 15);
    world.ask(bob, Command::Unfollow(author)).unwrap();
    // Our own four, and five of what came by.
    let own =
        world.read(bob).log_rows(&world.author(bob)).unwrap().iter().map(|row| row.state.len()).sum::<u64>();
    assert_eq!(world.read(bob).stats().unwrap().entries, own + 5);
    // Half a graph says nothing; followed again, it is whole.
    world.follow(bob, author);
    let account = world.read(bob).account(&author).unwrap().unwrap();
    assert_eq!((account.posts, account.following), (10, 4));
    assert_eq!(world.read(bob).post(&theirs).unwrap().unwrap().likes, 1);
    assert_eq!(world.home(bob)[1], "edited");
    // Nobody is so strange that their heads and deletes would stay.
    world.ask(bob, Command::Block(author)).unwrap();
    assert!(world.home(bob).iter().all(|text| text == "mine"));
    let (own, stats) = (own + 3, world.read(bob).stats().unwrap());
    assert_eq!(stats.entries, own + 5);
    for seed in 60..70 {
        let person = Person::new(seed);
        let time = world.now;
        hear(&mut world, bob, &person, frame_of(&person, 0, post("hi", Visibility::Public), time));
        assert!(world.read(bob).stats().unwrap().entries <= own + 5);
    }
    assert_eq!(world.network(bob).len(), 5);
}
