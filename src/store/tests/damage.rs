//! Damaged files, and files of other versions.

use redb::{Database, TableDefinition};

use super::{crash::Dice, disk::Disk};
use crate::{
    engine::tests::world::{Person, World, publish},
    store::{Error, Store},
};

const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// Files that are damaged.
const FILES: u64 = 500;

#[test]
fn a_damaged_file_is_refused_or_harmless() {
    let disk = Disk::default();
    let mut world = World::new();
    world.careful = false;
    let store = Store::over(disk.clone(), 1 << 20).unwrap();
    let alice = world.add_over(Person::new(1), None, |_| {}, store);
    let bob = world.add(Person::new(2));
    world.follow(bob, world.author(alice));
    world.meet(alice, bob);
    let ids: Vec<_> = (0..10).map(|n| world.post(alice, &format!("post {n}"))).collect();
    let right: Vec<_> =
        ids.iter().map(|id| world.read(alice).provenance(id).unwrap().unwrap().bytes).collect();
    let good = disk.bytes();

    let (mut dice, mut refused) = (Dice::new(3), 0);
    for n in 0..FILES {
        let mut bytes = good.clone();
        if n % 10 == 0 {
            bytes.truncate(dice.roll(good.len() as u64) as usize);
        } else {
            // Half of them in the part that is surely in use.
            let reach = if n % 2 == 0 { bytes.len() } else { bytes.len().min(300_000) };
            bytes[dice.roll(reach as u64) as usize] ^= 1 << dice.roll(8);
        }
        match Store::over(Disk::with(bytes), 1 << 20) {
            Err(Error::Corrupt(_)) => refused += 1,
            Err(error) => panic!("file {n}: not called damaged, but {error:?}"),
            // A file that lost everything is a new one: its owner finds out by what is not in it.
            Ok(store) if store.read().unwrap().stats().unwrap().entries == 0 => refused += 1,
            Ok(store) => {
                let reader = store.read().unwrap();
                for (id, bytes) in ids.iter().zip(&right) {
                    let held = reader.provenance(id).unwrap().expect("served in part");
                    assert_eq!(held.bytes, *bytes, "file {n}");
                }
            }
        }
    }
    assert!(refused > 20, "{refused} of {FILES} were refused");

    // The damaged file is set aside. Others bring back what was in it.
    world.stop(alice);
    world.nodes[alice].store = Store::over(Disk::default(), 1 << 20).unwrap();
    world.nodes[alice].guard = Some("damaged");
    world.start(alice);
    assert!(world.ask(alice, publish("too early", None)).is_err());
    world.meet(alice, bob);
    assert_eq!(world.home(alice).len(), 10);
    world.post(alice, "all there");
    assert_eq!(world.home(bob)[0], "all there");
    world.audit();
}

#[test]
fn a_file_can_be_opened_anew_while_somebody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.redb"), 1 << 20).unwrap();
    let author = starling_protocol::AuthorId::new([1; 32]);
    store.write(|batch| batch.intern_author(&author, 5)).unwrap();
    let reader = store.read().unwrap();
    store.reopen();
    // The old reader sees what it saw or an error; new ones see what was written, before and after.
    drop(reader.account(&author));
    assert!(store.read().unwrap().account(&author).unwrap().is_some());
    let other = starling_protocol::AuthorId::new([2; 32]);
    store.write(|batch| batch.intern_author(&other, 5)).unwrap();
    assert_eq!(store.read().unwrap().stats().unwrap().authors, 2);
    drop(reader);
    assert!(!store.compact().is_err_and(|error| matches!(error, Error::Locked)));
}

/// A file in which `change` changed the table of single things.
fn changed(change: impl FnOnce(&mut redb::Table<'_, &'static str, &'static [u8]>)) -> Disk {
    let disk = Disk::default();
    drop(Store::over(disk.clone(), 1 << 20).unwrap());
    let db: Database = redb::Builder::new().create_with_backend(disk.clone()).unwrap();
    let txn = db.begin_write().unwrap();
    change(&mut txn.open_table(META).unwrap());
    txn.commit().unwrap();
    drop(db);
    disk
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let disk = changed(|meta| drop(meta.insert("schema", 99u32.to_le_bytes().as_slice()).unwrap()));
    let before = disk.bytes();
    let opened = Store::over(disk.clone(), 1 << 20);
    assert!(matches!(opened, Err(Error::TooNew { found: 99, known: 2 })));
    drop(opened);
    let db: Database = redb::Builder::new().create_with_backend(disk.clone()).unwrap();
    let txn = redb::ReadableDatabase::begin_read(&db).unwrap();
    let held = txn.open_table(META).unwrap().get("schema").unwrap().unwrap().value().to_vec();
    assert_eq!(held, 99u32.to_le_bytes());
    assert_eq!(before.len(), disk.bytes().len());
}

#[test]
fn a_file_without_a_version_is_damaged_unless_it_is_new() {
    assert!(Store::over(changed(|_| {}), 1 << 20).is_ok());
    let disk = changed(|meta| {
        meta.remove("schema").unwrap();
        meta.insert("me", 0u32.to_le_bytes().as_slice()).unwrap();
    });
    assert!(matches!(Store::over(disk, 1 << 20), Err(Error::Corrupt(_))));
    let disk = changed(|meta| drop(meta.insert("schema", b"x".as_slice()).unwrap()));
    assert!(matches!(Store::over(disk, 1 << 20), Err(Error::Corrupt(_))));
}
