//! One author on several devices: a second one, one that was lost and restored, one that was copied,
//! and what happens when a device signs twice.

use starling_protocol::{AuthorId, DeviceKey};

use super::world::{Person, World, publish, published};
use crate::{
    engine::{Command, Event, Refusal},
    store::kept::origin::{self, Followed, Made, Origin},
};

const REASON: &str = "restored";

/// Every log of an author on a node: device, log, runs, freeze.
fn logs(
    world: &World,
    at: usize,
    author: &AuthorId,
) -> Vec<(DeviceKey, u8, starling_protocol::feed::LogState)> {
    let rows = world.read(at).log_rows(author).unwrap();
    rows.into_iter().filter(|row| !row.state.is_empty()).map(|row| (row.device, row.log, row.state)).collect()
}

fn forked(world: &World, at: usize, author: &AuthorId) -> bool {
    !world.read(at).account(author).unwrap().unwrap().forked.is_empty()
}

#[test]
fn two_devices_of_one_author_read_each_other() {
    let mut world = World::of(1);
    let first = world.nodes[0].person.clone();
    let second = world.add(first.on(77, true));
    let bob = world.add(Person::new(9));
    world.follow(bob, first.author);
    // Both write before they meet; the first does not know the second yet.
    world.post(0, "from the phone");
    world.post(second, "from the desk");
    world.follow(0, world.author(bob));
    world.meet(0, second);
    assert_eq!(world.home(0), ["from the desk", "from the phone"]);
    assert_eq!(world.home(second), world.home(0));
    world.post(0, "phone again");
    assert_eq!(world.home(second)[0], "phone again");
    world.meet(bob, second);
    assert_eq!(world.home(bob), world.home(0));
    assert!(!forked(&world, bob, &first.author));
    // What one device follows, the other does.
    world.post(bob, "hello");
    world.part(0, second);
    world.meet(second, bob);
    assert!(world.home(second).contains(&"hello".into()));
}

#[test]
fn what_led_to_a_follow_stays_on_the_device_that_made_it() {
    let mut world = World::of(2);
    let desk = world.add(world.nodes[0].person.on(77, true));
    let bob = world.author(1);
    world.follow(0, bob);
    let made = world.followed(0, &bob).unwrap();
    assert_eq!(made.made, Made::Here(Origin::Hand(None)));
    world.pass(60_000);
    world.meet(0, desk);
    assert_eq!(world.followed(desk, &bob), Some(Followed { at: made.at, made: Made::Elsewhere }));
    // A store of a version that noted nothing knows from the entry that it was here, and when.
    world.ask(0, Command::Keep(vec![origin::forget(&bob)])).unwrap();
    assert_eq!(world.followed(0, &bob), Some(Followed { at: made.at, made: Made::Unknown }));
    // What one device takes back is forgotten on the others.
    world.ask(0, Command::Unfollow(bob)).unwrap();
    world.follow(0, bob);
    world.ask(desk, Command::Unfollow(bob)).unwrap();
    assert_eq!((world.followed(0, &bob), world.followed(desk, &bob)), (None, None));
}

#[test]
fn a_restored_device_signs_only_after_a_peer_told_what_it_knows() {
    let mut world = World::of(2);
    let alice = world.nodes[0].person.clone();
    world.follow(1, alice.author);
    world.meet(1, 0);
    world.post(0, "before the fall");
    world.stop(0);
    let stranger = world.add(Person::new(9));
    let restored = world.add_with(alice.on(78, false), Some(REASON), |_| {});
    assert_eq!(world.ask(restored, publish("too early", None)), Err(Refusal::Guarded));
    world.meet(restored, stranger);
    assert_eq!(world.ask(restored, publish("too early", None)), Err(Refusal::Guarded));
    assert_eq!(world.nodes[restored].status.guarded, Some(REASON));
    world.meet(restored, 1);
    assert_eq!(world.nodes[restored].status.guarded, None);
    assert_eq!(world.home(restored), ["before the fall"]);
    world.post(restored, "back again");
    assert_eq!(world.home(1), ["back again", "before the fall"]);
    assert!(!forked(&world, 1, &alice.author));
    // The old device comes back and learns of the new one.
    world.start(0);
    world.meet(0, 1);
    assert_eq!(world.home(0), ["back again", "before the fall"]);
    world.post(0, "so do I");
    assert_eq!(world.home(restored)[0], "so do I");
    assert!(!forked(&world, 1, &alice.author));
}

#[test]
fn a_copied_home_goes_on_where_the_network_is() {
    let mut world = World::of(2);
    let alice = world.nodes[0].person.clone();
    world.follow(1, alice.author);
    world.meet(1, 0);
    for n in 0..5 {
        world.post(0, &format!("post {n}"));
    }
    world.stop(0);
    // An old copy: nothing of what was written since is in it.
    let copy = world.add_with(alice.clone(), Some("copied"), |_| {});
    assert_eq!(world.ask(copy, publish("no", None)), Err(Refusal::Guarded));
    world.meet(copy, 1);
    world.post(copy, "post 5");
    assert!(!forked(&world, 1, &alice.author));
    assert_eq!(world.home(1), world.home(copy));
    assert_eq!(world.home(1).len(), 6);
    // A copy that holds everything is told so, too.
    world.stop(copy);
    world.nodes[copy].guard = Some("copied again");
    world.start(copy);
    assert_eq!(world.ask(copy, publish("no", None)), Err(Refusal::Guarded));
    world.meet(copy, 1);
    world.post(copy, "post 6");
    assert!(!forked(&world, 1, &alice.author));
}

#[test]
fn who_opens_the_guard_by_force_writes() {
    let mut world = World::new();
    world.add_with(Person::new(1), Some(REASON), |_| {});
    world.ask(0, Command::OpenGuard).unwrap();
    world.post(0, "at my own risk");
    assert_eq!(world.nodes[0].status.guarded, None);
}

#[test]
fn a_fork_is_frozen_everywhere_and_repaired_by_another_device() {
    let mut world = World::of(1);
    let alice = world.nodes[0].person.clone();
    world.post(0, "shared");
    let desk = world.add(alice.on(79, true));
    let (bob, carol) = (world.add(Person::new(8)), world.add(Person::new(9)));
    for at in [bob, carol] {
        world.follow(at, alice.author);
    }
    // A clone of the first device, which has seen what it had written.
    let clone = world.add(alice.clone());
    world.meet(clone, 0);
    world.part(clone, 0);
    assert_eq!(world.home(clone), ["shared"]);
    world.post(0, "right 1");
    world.post(clone, "wrong 1");
    world.post(0, "right 2");
    world.post(clone, "wrong 2");
    world.meet(desk, 0);
    assert_eq!(world.home(desk), ["right 2", "right 1", "shared"]);
    world.meet(bob, 0);
    world.part(bob, 0);
    world.meet(carol, clone);
    world.part(carol, clone);
    assert_eq!(world.home(carol), ["wrong 2", "wrong 1", "shared"]);
    // The two stories meet.
    world.meet(bob, carol);
    for at in [bob, carol] {
        assert_eq!(world.home(at), ["shared"], "{at}");
        assert!(forked(&world, at, &alice.author), "{at}");
        let seen = |event: &Event| matches!(event, Event::Forked { author, .. } if *author == alice.author);
        assert!(world.nodes[at].events.iter().any(seen), "{at}");
    }
    // The proof goes round: to the device itself, too.
    world.meet(bob, desk);
    for at in [desk, 0] {
        assert!(forked(&world, at, &alice.author), "{at}");
        assert_eq!(world.home(at), ["shared"], "{at}");
    }
    assert_eq!(world.ask(0, publish("more", None)), Err(Refusal::Forked));
    // The other device goes on, and repairs.
    world.post(desk, "something odd happened");
    assert_eq!(world.home(carol), ["something odd happened", "shared"]);
    world.ask(desk, Command::RemoveDevice(alice.device.public())).unwrap();
    world.meet(clone, desk);
    let expected = ["something odd happened", "right 2", "right 1", "shared"];
    for at in [0, desk, bob, carol, clone] {
        assert_eq!(world.home(at), expected, "{at}");
        assert!(!forked(&world, at, &alice.author), "{at}");
        assert_eq!(logs(&world, at, &alice.author), logs(&world, desk, &alice.author), "{at}");
    }
    assert_eq!(world.ask(0, publish("I was removed", None)), Err(Refusal::Silenced));
    let me = Command::RemoveDevice(world.nodes[desk].person.device.public());
    assert!(matches!(world.ask(desk, me), Err(Refusal::NotOurs(_))));
    published(world.ask(desk, publish("good", None)));
    assert_eq!(world.home(carol)[0], "good");
}
