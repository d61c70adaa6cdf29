//! Who has nothing to do is not woken: a tick is asked for when something is due, and not before.

use starling_protocol::sync::PATIENCE_MS;

use libp2p::multiaddr::Protocol;

use super::world::{self, World};
use crate::{
    engine::{self, Input, Output, checked::Checked},
    network::{Command, Event},
};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

fn wake(world: &World, at: usize) -> Option<u64> {
    world.nodes[at].engine.as_ref().unwrap().next_wake(world.clock(at))
}

#[test]
fn who_has_caught_up_sleeps() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    world.meet(BOB, 2);
    world.post(ALICE, "news");
    assert_eq!(world.home(BOB), ["news"]);
    // A call or two may be planned at the start; afterwards nobody waits for a moment.
    world.pass(10_000);
    for at in 0..3 {
        assert_eq!(wake(&world, at), None, "node {at}");
        assert_eq!(world.nodes[at].engine.as_ref().unwrap().inspect().pulling, 1 + usize::from(at == BOB));
    }
    world.now += 24 * 60 * 60 * 1000;
    assert!(world.engine_outputs(BOB, vec![Input::Tick]).is_empty());
    world.post(ALICE, "still there");
    assert_eq!(world.home(BOB), ["still there", "news"]);
}

#[test]
fn a_peer_that_owes_an_answer_is_left_at_its_moment_and_not_before() {
    let mut world = World::of(2);
    world.pass(10_000);
    world.link(BOB, ALICE);
    // Bob asks, and Alice never hears of it.
    while world.step_to(BOB) && world.nodes[BOB].engine.as_ref().unwrap().inspect().pulling == 0 {}
    let due = world.now + PATIENCE_MS + 1;
    assert_eq!(wake(&world, BOB), Some(due));
    world.now = due - 1;
    assert!(world.engine_outputs(BOB, vec![Input::Tick]).is_empty());
    world.now = due;
    let outputs = world.engine_outputs(BOB, vec![Input::Tick]);
    let closes = |output: &Output| matches!(output, Output::Network(Command::CloseSync { .. }));
    assert!(outputs.iter().any(closes), "{outputs:?}");
    let again = wake(&world, BOB).unwrap();
    assert!(again > due, "a session is opened again after a while");
}

/// Bob wants to be connected to Alice and Carol, who were stopped ten minutes ago: calls fail, and come seldom by now.
fn outage() -> World {
    let mut world = World::of(3);
    for at in [ALICE, CAROL] {
        let there = world::address(at).with(Protocol::P2p(world.nodes[at].peer));
        world.ask(BOB, engine::Command::AddPeer(vec![there])).unwrap();
    }
    for at in [ALICE, CAROL] {
        world.stop(at);
    }
    world.pass(10 * 60 * 1000);
    world
}

#[test]
fn whoever_comes_back_has_all_others_called_soon() {
    let mut world = outage();
    assert!(world.nodes[BOB].status.peers.is_empty());
    world.start(ALICE);
    world.start(CAROL);
    let seldom = wake(&world, BOB).unwrap() - world.clock(BOB);
    assert!(seldom > 2_000, "{seldom}");
    world.meet(ALICE, BOB);
    world.pass(1_500);
    assert_eq!(world.nodes[BOB].status.peers.len(), 2);
}

#[test]
fn a_start_writes_nothing_and_calls_of_earlier_are_forgotten_all_the_same() {
    let mut world = outage();
    world.stop(BOB);
    let before = world.nodes[BOB].store.version();
    world.start(BOB);
    assert_eq!(world.nodes[BOB].store.version(), before, "a home on a full disk can still be opened");
    let outputs = world.engine_outputs(BOB, vec![Input::Tick]);
    let calls = |output: &&Output| matches!(output, Output::Network(Command::Dial { .. }));
    assert_eq!(outputs.iter().filter(calls).count(), 2, "{outputs:?}");
}

#[test]
fn a_call_that_went_into_a_cut_is_made_again_soon_after() {
    let mut world = outage();
    world.start(ALICE);
    world.start(CAROL);
    world.meet(ALICE, BOB);
    // Carol is called at once. That call takes the place of one that went out before she was there, and fails like it.
    world.now += 1_000;
    let carol = world.nodes[CAROL].peer;
    let outputs = world.engine_outputs(BOB, vec![Input::Tick]);
    let calls = |output: &Output| matches!(output, Output::Network(Command::Dial { peer, .. }) if *peer == Some(carol));
    assert!(outputs.iter().any(calls), "{outputs:?}");
    world.now += 9_000;
    let failed = Event::DialFailed { peer: Some(carol), addresses: vec![], reason: "nobody answers".into() };
    world.input(BOB, vec![Input::Network(failed, Checked::Nothing)]);
    let soon = wake(&world, BOB).unwrap() - world.clock(BOB);
    assert!(soon <= 2_000, "{soon}");
    world.pass(soon);
    assert_eq!(world.nodes[BOB].status.peers.len(), 2);
}

#[test]
fn strangers_carry_what_is_followed_beyond_them() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    assert_ne!(world::shard(&alice), world::shard(&world.author(BOB)));
    world.follow(2, alice);
    world.meet(ALICE, BOB);
    world.meet(BOB, 2);
    // Bob follows nobody, and is the only way.
    world.post(ALICE, "over there");
    assert_eq!(world.home(2), ["over there"]);
}
