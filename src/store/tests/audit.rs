//! The audit itself: whatever is put wrong in a store, it says so.

use crate::{
    engine::{
        Command,
        tests::world::{World, published},
    },
    store::{
        Batch, Store,
        audit::{audit, audit_indexes},
    },
};

const ALICE: usize = 0;
const BOB: usize = 1;

/// A store with a little of everything: a thread, a like, a boost, an edit, a deletion, a block.
fn full() -> Store {
    let mut world = World::of(3);
    let (alice, carol) = (world.author(ALICE), world.author(2));
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    world.meet(BOB, 2);
    let (first, second) = (world.post(ALICE, "first"), world.post(ALICE, "second"));
    world.reply(BOB, first, "answer");
    world.ask(BOB, Command::Like(first)).unwrap();
    published(world.ask(BOB, Command::Boost(first)));
    world.ask(ALICE, Command::Delete(vec![second])).unwrap();
    world.ask(BOB, Command::Block(carol)).unwrap();
    world.nodes.swap_remove(BOB).store
}

#[test]
fn whatever_is_put_wrong_is_found() {
    type Sabotage = fn(&mut Batch<'_>);
    let sabotages: [(&str, Sabotage); 8] = [
        ("home", |batch| drop(batch.tables.home.insert((1, 1), ()).unwrap())),
        ("network", |batch| drop(batch.tables.network.insert((1, 1), ()).unwrap())),
        ("passing", |batch| drop(batch.tables.passing.insert(99, ()).unwrap())),
        ("replies", |batch| drop(batch.tables.replies.write().unwrap().pop_first().unwrap())),
        ("ids", |batch| drop(batch.tables.ids.write().unwrap().pop_last().unwrap())),
        ("missing", |batch| drop(batch.tables.entries.write().unwrap().pop_last().unwrap())),
        ("counts", |batch| batch.change_author(0, |row| row.posts += 1).unwrap()),
        ("related", |batch| drop(batch.tables.related.write().unwrap().pop_first().unwrap())),
    ];
    for (name, sabotage) in sabotages {
        let store = full();
        assert_eq!(audit(&store).unwrap(), Vec::<String>::new());
        store
            .write(|batch| {
                sabotage(batch);
                Ok(())
            })
            .unwrap();
        let found = audit_indexes(&store).unwrap();
        assert!(found.iter().any(|what| what.contains(name)), "{name}: {found:?}");
    }
}

#[test]
fn an_entry_that_was_changed_is_found() {
    let store = full();
    store
        .write(|batch| {
            let row = batch
                .tables
                .entries
                .last()?
                .map(|(arrival, bytes)| (arrival.value(), bytes.value().to_vec()));
            let (arrival, mut bytes) = row.unwrap();
            // A bit of the payload, and the check sum of the record made anew.
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            let sum = blake3::hash(&bytes[8..]);
            bytes[..8].copy_from_slice(&sum.as_bytes()[..8]);
            batch.tables.entries.insert(arrival, bytes.as_slice())?;
            Ok(())
        })
        .unwrap();
    assert!(!audit(&store).unwrap().is_empty());
}
