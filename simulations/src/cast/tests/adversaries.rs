//! What each of those does who do not keep to the rules, and that it stays within what they alone can do.

use std::sync::Arc;

use starling_protocol::{Signed, frame::Frame};

use super::carrier::{World, plan};
use crate::{
    control::Checking,
    plan::{Happening, Plan, Role, SEC, What},
};

const MINUTE: u64 = 60 * SEC;

/// The last node of so many has this role, from the first minute to the tenth.
fn attacked(nodes: u32, role: Role) -> impl FnOnce(&mut Plan) {
    move |plan| {
        plan.nodes[nodes as usize - 1].role = role;
        let attack = |minute, on| Happening { at: minute * MINUTE, what: What::Attack(on) };
        plan.happenings = vec![attack(1, true), attack(10, false)];
    }
}

#[test]
fn an_eclipse_keeps_back_what_passes_and_lets_go_when_it_ends() {
    let role = Role::Eclipse { victims: Arc::new(vec![0]) };
    let mut world = World::new(plan(3, attacked(3, role)));
    // It knows the speaker; before it begins it is as good a neighbour as any.
    world.link(2, 1);
    world.pass(2 * MINUTE);
    assert!(world.links.contains(&(0, 2)), "it called its victim");
    assert!(!world.links.contains(&(0, 1)));
    let kept_back = world.post(1);
    world.pass(5 * MINUTE);
    // It may read what it is told, and keeps it to itself.
    assert!(!world.holds(0, kept_back));
    // Victims of one eclipse speak to nobody either.
    let unheard = world.post(0);
    world.pass(MINUTE);
    assert!(!world.holds(1, unheard));
    world.pass(5 * MINUTE);
    world.unlink(2, 1);
    world.unlink(0, 2);
    world.settle();
    world.link(2, 1);
    world.link(0, 2);
    world.settle();
    world.pass(MINUTE);
    assert!(world.holds(0, kept_back) && world.holds(1, unheard));
    world.is_lawful();
}

#[test]
fn a_flood_has_its_rate_and_its_part_of_garbage() {
    let flood = Role::Flood { per_second: 4.0, garbage: 0.5 };
    let mut world = World::checking(plan(3, attacked(3, flood)), Checking::Samples);
    world.connect_all();
    world.pass(MINUTE - SEC);
    assert_eq!(world.published.get(&2).map_or(0, Vec::len), 0);
    world.pass(MINUTE + SEC);
    let sent = world.published.get(&2).map_or(0, Vec::len);
    assert!((230..=250).contains(&sent), "{sent} frames in a minute");
    let rejected = world.rejected[&0];
    assert!((80..=160).contains(&rejected), "{rejected} of them garbage");
    // Garbage goes no further: both neighbours had it from the flooder alone.
    assert_eq!(world.rejected[&1], rejected);
    world.is_lawful();
}

#[test]
fn who_says_two_things_is_found_out_when_the_two_halves_compare() {
    let mut world = World::new(plan(6, attacked(6, Role::Equivocate)));
    (0..5).for_each(|node| world.link(node, 5));
    world.settle();
    world.pass(3 * MINUTE);
    let heard = |world: &World| -> Vec<_> {
        (0..5)
            .map(|node| {
                let reader = world.cast.engine(node).unwrap().store().read().unwrap();
                let rows = reader.log_rows(&world.cast.person(5).author).unwrap();
                rows.first().and_then(|row| row.state.top().map(|top| top.head))
            })
            .collect()
    };
    let heads = heard(&world);
    let first = heads[0].expect("it heard something");
    assert!(heads.iter().all(Option::is_some));
    assert!(heads.iter().any(|head| *head != Some(first)), "all heard the same");
    assert!((0..5).all(|node| world.log(node, 5).unwrap().1.is_none()));
    // Those who heard the one meet those who heard the other.
    world.connect_all();
    world.pass(MINUTE);
    for node in 0..5 {
        assert_eq!(world.log(node, 5).unwrap().1, Some(0), "node {node} knows where it forked");
    }
    world.is_lawful();
}

#[test]
fn what_was_deleted_stays_deleted_however_often_it_is_said_again() {
    let mut world = World::new(plan(4, attacked(4, Role::Replay)));
    world.connect_all();
    let posts: Vec<_> = (0..3).map(|node| world.post(node)).collect();
    // What is heard while the attack is on is what is said again.
    world.pass(MINUTE + SEC);
    let later: Vec<_> = (0..3).map(|node| world.post(node)).collect();
    for (node, post) in (0..3).zip(posts.iter().chain(&later)) {
        world.act(What::Delete(node, *post));
    }
    (0..3).for_each(|node| world.act(What::Delete(node, later[node as usize])));
    world.pass(3 * MINUTE);
    let again = world.published.get(&3).cloned().unwrap_or_default();
    assert!(again.len() > 30, "{} frames were said again", again.len());
    let old = |frame: &[u8]| match Frame::from_bytes(frame) {
        Ok(Frame::Entry { entry, .. }) => {
            Signed::from_bytes(&entry).is_ok_and(|signed| signed.payload.is_none())
        }
        _ => false,
    };
    assert!(again.iter().any(|frame| old(frame)));
    // The laws say it: nothing that was deleted is there.
    world.is_lawful();
    // Who asks it is shown the old state, and believes what is newer.
    world.stop(0, crate::plan::Ending::Kill);
    world.start(0);
    world.link(0, 3);
    world.settle();
    world.pass(MINUTE);
    world.is_lawful();
    assert_eq!(world.log(0, 1), world.log(2, 1));
}

#[test]
fn a_sybil_calls_many_and_speaks_without_pause() {
    let mut world = World::checking(plan(8, attacked(8, Role::Sybil)), Checking::Samples);
    world.pass(MINUTE - SEC);
    assert!(world.links.is_empty());
    world.pass(2 * MINUTE + SEC);
    assert!(world.links.len() >= 5 && world.links.iter().all(|(_, to)| *to == 7), "{:?}", world.links);
    let (top, _) = world.log(7, 7).expect("it posted");
    assert!((20..=24).contains(&top.unwrap()), "{top:?} posts in two minutes");
    assert_eq!(world.log(world.links.first().unwrap().0, 7), world.log(7, 7));
    world.is_lawful();
}

#[test]
fn a_slow_reader_is_slow_while_attacks_are_on() {
    let world = World::new(plan(2, attacked(2, Role::SlowRead { bytes_per_second: 900 })));
    let rates = [0, MINUTE, 10 * MINUTE].map(|at| world.cast.read_rate(at, 1));
    assert_eq!(rates, [None, Some(900), None]);
    assert_eq!(world.cast.read_rate(MINUTE, 0), None);
}
