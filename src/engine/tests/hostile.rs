//! Bad luck and bad company: peers that come at once, strangers who want room, devices that lie.

use super::world::{Person, World, publish};

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
    let (peer, address) = (world.nodes[2].peer, super::world::address(2));
    let (stream, role) = (crate::network::StreamId::new(u64::MAX - 1), crate::network::SyncRole::Pull);
    use crate::{engine::{Input, checked::Checked}, network::Event};
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
