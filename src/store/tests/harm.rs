//! One damaged record in a store that is good otherwise.

use redb::ReadableTableMetadata;
use starling_protocol::{
    Body, EntryId, Verified,
    entry::{self, Place},
    payload::Link,
};

use crate::{
    engine::{
        Command,
        command::ImportItem,
        tests::world::{Person, START, World, publish},
    },
    store::{Store, audit::audit, record::prefix},
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
    assert_eq!(audit(&world.nodes[1].store).unwrap(), Vec::<String>::new());
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

#[test]
fn deletes_of_nothing_are_remembered_up_to_a_bound() {
    let mut world = World::new();
    let bob = world.add_with(Person::new(2), None, |policy| {
        (policy.stranger_bytes, policy.followed_bytes) = (2_000, 20_000);
    });
    let alice = Person::new(1);
    world.follow(bob, alice.author);
    let sign = |log, last: Option<&Verified>, body, time| {
        let seq = last.map_or(0, |last| last.header().seq + 1);
        let place = Place { author: alice.author, log, seq, previous: last.map(Verified::id) };
        entry::sign(place, body, [0; 16], time, &alice.device)
    };
    // The reaction claims to be the newest: no quota takes it.
    let link = Link { author: alice.author, id: EntryId::new([9; 32]) };
    let like = sign(2, None, Body::Like(link), START + 1_000_000);
    let mut items =
        vec![ImportItem::Identity(alice.record.clone()), ImportItem::Entry(Box::new(like.clone()))];
    let mut last = sign(0, None, Body::Delete(vec![like.id()]), START);
    items.push(ImportItem::Entry(Box::new(last.clone())));
    for n in 1..600u64 {
        let id = |m: u64| EntryId::new(*blake3::hash(&(n * 64 + m).to_le_bytes()).as_bytes());
        last = sign(0, Some(&last), Body::Delete((0..64).map(id).collect()), START + n);
        items.push(ImportItem::Entry(Box::new(last.clone())));
    }
    world.ask(bob, Command::Import(items)).unwrap();
    let reader = world.read(bob);
    let (erased, held) = (reader.tables().erased.len().unwrap(), reader.stats().unwrap().entries);
    assert!(erased <= crate::store::erased::RETIRED + 64 * held, "{erased} of {held} entries");
    assert!(erased >= crate::store::erased::RETIRED / 2, "{erased}");
    let like = reader.provenance(&like.id()).unwrap().unwrap();
    assert!(like.deleted);
    assert!(entry::verify(&like.bytes).unwrap().payload().is_none());
}
