//! The order of arrival: each place in it is given out once.

use starling_protocol::{DeviceKey, EntryId, Verified};

use super::disk::Disk;
use crate::{
    engine::tests::world::{Person, World},
    store::{Batch, Error, Store},
};

/// An entry, its arrival and the number of its log.
fn held(batch: &mut Batch<'_>, id: &EntryId) -> Result<(u64, u32, Verified), Error> {
    let arrival = batch.find(id)?.unwrap();
    let log = batch.record(arrival)?.unwrap().log;
    Ok((arrival, log, batch.entry(arrival)?.unwrap().0))
}

/// Forgets an entry that is held in this log.
fn forget(store: &Store, log: u32, entry: &Verified) {
    store.write(|batch| batch.forget(log, entry.header().seq, Some(&entry.id()))).unwrap();
}

/// Takes an entry in, into the log of this device, and gives its log and its arrival.
fn take(store: &Store, device: u8, entry: &Verified) -> (u32, u64) {
    let taken = store.write(|batch| {
        let author = batch.author_number(&entry.header().author)?.unwrap();
        let log = batch.intern_log(author, &DeviceKey::new([device; 32]), 0)?;
        Ok((log, batch.take(entry, log, 1, 0)?.arrival))
    });
    taken.unwrap()
}

#[test]
fn the_place_of_a_forgotten_entry_is_not_given_to_another() {
    let mut world = World::new();
    let disk = Disk::default();
    let own = disk.clone();
    let store = Store::over_each(move || Some(own.clone()), 1 << 20).unwrap();
    let alice = world.add_over(Person::new(1), None, |_| {}, store);
    let ids = ["one", "two", "three"].map(|text| world.post(alice, text));
    let store = &world.nodes[alice].store;
    let [_, second, third] = ids.map(|id| store.write(|batch| held(batch, &id)).unwrap());
    let newest = store.write(|batch| Ok(batch.tables.entries.last()?.unwrap().0.value())).unwrap();
    assert_eq!(third.0, newest);

    // The newest is forgotten, and then what was the newest but for it; and the node starts again.
    let before = Disk::with(disk.bytes());
    let store = Store::over(before.clone(), 1 << 20).unwrap();
    forget(&store, third.1, &third.2);
    forget(&store, second.1, &second.2);
    drop(store);
    let store = Store::over(Disk::with(before.bytes()), 1 << 20).unwrap();
    let (log, arrival) = take(&store, 8, &third.2);
    assert_eq!(arrival, newest + 1);
    // The same when nothing is remembered because a transaction failed.
    forget(&store, log, &third.2);
    store.write(|_| Err::<(), _>(Error::Corrupt("on purpose".into()))).unwrap_err();
    assert_eq!(take(&store, 9, &third.2).1, newest + 2);
}
