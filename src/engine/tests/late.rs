//! What was said beyond a cut, and by those who were alone, reaches everybody in the end.

use super::world::World;

const MINUTE: u64 = 60 * 1000;

const ALICE: usize = 0;
const ANN: usize = 1;
const AL: usize = 2;
const BOB: usize = 3;
const BEA: usize = 4;
const BILL: usize = 5;
const BEN: usize = 6;

/// Two sides, and a line from Ann to Bob between them. Ben has nobody who has anybody over there but Bob, and between Bob
/// and him there are only people who follow nobody.
fn sides() -> World {
    let mut world = World::of(7);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.follow(BEN, alice);
    for (a, b) in [(ALICE, ANN), (ALICE, AL), (ANN, AL), (BOB, BEA), (BOB, BILL), (BEA, BEN), (BILL, BEN)] {
        world.meet(a, b);
    }
    world.meet(ANN, BOB);
    // Calls may be planned at the start.
    world.pass(MINUTE);
    world
}

fn waits(world: &World, at: usize) -> bool {
    world.nodes[at].engine.as_ref().unwrap().next_wake(world.clock(at)).is_some()
}

#[test]
fn what_was_said_beyond_a_cut_reaches_those_with_nobody_there() {
    let mut world = sides();
    world.post(ALICE, "before");
    assert_eq!(world.home(BEN), ["before"]);
    world.part(ANN, BOB);
    world.pass(MINUTE);
    world.post(ALICE, "meanwhile");
    world.pass(10 * MINUTE);
    world.meet(ANN, BOB);
    assert_eq!(world.home(BOB), ["meanwhile", "before"], "by a session");
    assert_eq!(world.home(BEN), ["before"]);
    world.pass(10_000);
    assert_eq!(world.home(BEN), ["meanwhile", "before"], "by the gossip");
    // Beyond the cut everybody has it: there it goes no further than to those who are told.
    assert!((ALICE..=BEN).all(|at| !waits(&world, at)), "and nobody has anything left to tell");
}

#[test]
fn what_somebody_said_alone_reaches_those_beyond_a_follower() {
    let mut world = sides();
    for other in [ANN, AL] {
        world.part(ALICE, other);
    }
    world.post(ALICE, "is anybody there?");
    world.pass(10 * MINUTE);
    world.meet(ALICE, BOB);
    assert_eq!((world.home(BOB).len(), world.home(BEN).len()), (1, 0));
    world.pass(10_000);
    assert_eq!(world.home(BEN), ["is anybody there?"]);
}

#[test]
fn who_was_away_tells_nobody_what_they_know() {
    let mut world = sides();
    world.stop(BOB);
    world.pass(MINUTE);
    world.post(ALICE, "while you slept");
    world.pass(10 * MINUTE);
    world.start(BOB);
    for other in [BEA, BILL, ANN] {
        world.meet(BOB, other);
    }
    assert_eq!(world.home(BOB), ["while you slept"]);
    // Whatever is still planned is no telling: nothing of it reaches Ben.
    world.pass(MINUTE);
    assert_eq!((world.home(BEN).len(), waits(&world, BOB)), (0, false));
}

#[test]
fn what_is_taken_back_is_not_told() {
    let mut world = sides();
    world.part(ANN, BOB);
    world.pass(MINUTE);
    let id = world.post(ALICE, "never mind");
    world.pass(10 * MINUTE);
    world.meet(ANN, BOB);
    assert_eq!(world.home(BOB), ["never mind"]);
    world.ask(ALICE, crate::engine::Command::Delete(vec![id])).unwrap();
    world.pass(10_000);
    assert!(world.home(BOB).is_empty() && world.home(BEN).is_empty());
}
