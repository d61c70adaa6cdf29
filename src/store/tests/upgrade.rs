//! A store that an older version wrote is brought up to date when it is opened.

use redb::{Database, TableDefinition};
use starling_protocol::payload::Content;

use super::disk::Disk;
use crate::{
    engine::{
        Command,
        tests::world::{Person, World, published},
    },
    store::{Line, Store, audit::audit_indexes},
    view::Page,
};

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const TAGGED: TableDefinition<'_, (&str, u64, u64), u32> = TableDefinition::new("tagged");
const LIKED: TableDefinition<'_, (u64, u64), ()> = TableDefinition::new("liked");
const PINS: TableDefinition<'_, (u32, &[u8; 32]), Standing> = TableDefinition::new("pins");

type Standing = (u64, u64, u64, bool);

#[test]
fn what_is_up_to_date_is_opened_without_a_commit() {
    let disk = Disk::default();
    let open = || Store::over(disk.clone(), 1 << 20).unwrap();
    assert_eq!(open().version(), 1, "its tables are made");
    assert_eq!(open().version(), 0);
    // A table that is not there is made, whatever the version says.
    let db: Database = redb::Builder::new().create_with_backend(disk.clone()).unwrap();
    let txn = db.begin_write().unwrap();
    assert!(txn.delete_table(PINS).unwrap());
    txn.commit().unwrap();
    drop(db);
    assert_eq!(open().version(), 1);
    let store = open();
    assert_eq!(store.version(), 0);
    assert!(store.read().is_ok());
}

#[test]
fn tags_likes_and_pins_of_the_first_version_are_found() {
    let mut world = World::new();
    let disk = Disk::default();
    let own = disk.clone();
    let store = Store::over_each(move || Some(own.clone()), 1 << 20).unwrap();
    let alice = world.add_over(Person::new(1), None, |_| {}, store);
    let content = Content { text: "#Birds".into(), tags: vec!["Birds".into()], ..Content::default() };
    let publish = Command::Publish { content: Box::new(content), in_reply_to: None, idempotency: None };
    let post = published(world.ask(alice, publish));
    world.ask(alice, Command::Like(post)).unwrap();
    world.ask(alice, Command::Pin(post)).unwrap();
    let author = world.author(alice);

    let old = Disk::with(disk.bytes());
    let db: Database = redb::Builder::new().create_with_backend(old.clone()).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(META).unwrap().insert("schema", 1u32.to_le_bytes().as_slice()).unwrap();
    assert!(txn.delete_table(TAGGED).unwrap());
    assert!(txn.delete_table(LIKED).unwrap());
    assert!(txn.delete_table(PINS).unwrap());
    txn.commit().unwrap();
    drop(db);

    let store = Store::over(old, 1 << 20).unwrap();
    assert_eq!(audit_indexes(&store).unwrap(), Vec::<String>::new());
    let reader = store.read().unwrap();
    assert_eq!(reader.pins(&author).unwrap(), [post]);
    for line in [Line::Tags(&["birds".into()]), Line::Liked] {
        let window = reader.window(line, &Page::default(), |_| Ok(true)).unwrap();
        assert_eq!(window.posts.iter().map(|post| post.id).collect::<Vec<_>>(), [post], "{line:?}");
    }
}
