//! Who has nothing to do is not woken: a tick is asked for when something is due, and not before.

use starling_protocol::sync::PATIENCE_MS;

use super::world::World;
use crate::{
    engine::{Input, Output},
    network::Command,
};

const ALICE: usize = 0;
const BOB: usize = 1;

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
