//! One damaged record in a store that is good otherwise.

use redb::ReadableTable;
use starling_protocol::EntryId;

use super::audit::audit;
use crate::{
    engine::{Command, tests::world::{World, publish}},
    store::{Store, record::prefix},
};

/// Flips a bit of an entry that is held.
fn damage(store: &Store, id: &EntryId) {
    let flip = |batch: &mut crate::store::Batch<'_>| {
        let arrival = batch.tables.ids.get(&prefix(id))?.unwrap().value();
        let mut bytes = batch.tables.entries.get(arrival)?.unwrap().value().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        batch.tables.entries.insert(arrival, bytes.as_slice())?;
        Ok(())
    };
    store.write(flip).unwrap();
}

/// Alice, whom Bob follows; ids of five posts that both hold, the middle one damaged at Bob's.
fn harmed() -> (World, Vec<EntryId>) {
    let mut world = World::of(3);
    let alice = world.author(0);
    world.follow(1, alice);
    world.meet(1, 0);
    let ids: Vec<_> = (0..5).map(|n| world.post(0, &format!("post {n}"))).collect();
    world.part(1, 0);
    world.careful = false;
    damage(&world.nodes[1].store, &ids[2]);
    (world, ids)
}

#[test]
fn what_is_damaged_is_a_hole_that_is_filled_again() {
    let (mut world, ids) = harmed();
    let alice = world.author(0);
    assert_eq!(world.home(1), ["post 4", "post 3", "post 1", "post 0"]);
    assert!(world.read(1).post(&ids[2]).unwrap().is_none());
    let mut whole = 0;
    let each = |_| {
        whole += 1;
        Ok(())
    };
    world.read(1).each_entry(&alice, each).unwrap().unwrap();
    assert_eq!(whole, 4);
    // Carol gets what there is, and Bob finds out.
    world.follow(2, alice);
    world.meet(2, 1);
    assert_eq!(world.home(2), ["post 4", "post 3", "post 1", "post 0"]);
    world.meet(1, 0);
    assert_eq!(world.home(1).len(), 5);
    assert_eq!(audit(&world.nodes[1].store), Vec::<String>::new());
    world.part(2, 1);
    world.meet(2, 1);
    assert_eq!(world.home(2).len(), 5);
    world.audit();
}

#[test]
fn what_is_damaged_can_be_let_go_hidden_and_moved() {
    let (mut world, ids) = harmed();
    let alice = world.author(0);
    world.ask(1, Command::Unfollow(alice)).unwrap();
    assert_eq!(world.network(1).len(), 4);
    world.follow(1, alice);
    assert_eq!(world.home(1).len(), 4);
    // The author takes it back: nobody fills the hole with what is gone.
    world.ask(0, Command::Delete(vec![ids[2]])).unwrap();
    world.meet(1, 0);
    assert!(world.ask(1, publish("still here", None)).is_ok());
    assert_eq!(world.home(1)[0], "still here");
    world.ask(1, Command::Block(alice)).unwrap();
    assert_eq!(world.home(1), ["still here"]);
}

#[test]
fn a_log_is_let_go_over_a_hole() {
    let (mut world, _) = harmed();
    let alice = world.author(0);
    world.stop(1);
    world.nodes[1].policy.network_rows = 1;
    world.start(1);
    world.ask(1, Command::Unfollow(alice)).unwrap();
    assert_eq!(world.network(1), ["post 4"]);
    world.follow(1, alice);
    world.meet(1, 0);
    assert_eq!(world.home(1).len(), 5);
}
