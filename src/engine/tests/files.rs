//! Files that people show: noted as wanted by those who follow them, and found by what shows them.

use starling_protocol::payload::{Content, Media, Profile};

use super::world::{Person, World, published};
use crate::{
    engine::{Command, Event},
    store::kept::{
        Change, Shelf,
        blob::{BlobRow, Hash, WantedRow},
    },
};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const MIB: u64 = 1 << 20;

fn media(blob: u8, size: u64) -> Media {
    Media {
        blob: [blob; 32],
        mime: "image/png".into(),
        size,
        dimensions: (1, 1),
        blurhash: String::new(),
        alt: String::new(),
    }
}

fn showing(media: &[Media]) -> Command {
    let content = Content { text: "look".into(), media: media.to_vec(), ..Content::default() };
    Command::Publish { content: Box::new(content), in_reply_to: None, idempotency: None }
}

fn wanted(world: &World, at: usize) -> Vec<Hash> {
    world.read(at).wanted_blobs().unwrap().into_iter().map(|(hash, _)| hash).collect()
}

#[test]
fn what_followed_people_show_is_wanted_once() {
    let mut world = World::of(3);
    world.follow(BOB, world.author(ALICE));
    world.meet(BOB, ALICE);
    world.meet(CAROL, ALICE);
    world.ask(ALICE, showing(&[media(1, 5), media(2, 11 * MIB)])).unwrap();
    world.ask(ALICE, showing(&[media(1, 5), media(3, 10 * MIB)])).unwrap();
    // Not what is larger than is fetched unasked, and nothing by who does not follow.
    assert_eq!(wanted(&world, BOB), [[1; 32], [3; 32]]);
    assert!(wanted(&world, CAROL).is_empty());
    let most = |world: &World, blob: u8| world.read(BOB).wanted(&[blob; 32]).unwrap().unwrap().size;
    assert_eq!((most(&world, 1), most(&world, 3)), (5, 10 * MIB));
    let profile = Profile { avatar: Some([4; 32]), header: Some([1; 32]), ..Profile::default() };
    world.ask(ALICE, Command::SetProfile(Box::new(profile))).unwrap();
    assert_eq!(wanted(&world, BOB), [[1; 32], [3; 32], [4; 32]]);
    // Of a portrait nothing is said but its name: it may be as large as any file, though a post said less of it.
    assert_eq!((most(&world, 1), most(&world, 4)), (10 * MIB, 10 * MIB));
    assert!(world.read(BOB).portrays(&world.author(ALICE), &[4; 32]).unwrap());
    assert!(!world.read(BOB).portrays(&world.author(CAROL), &[4; 32]).unwrap());
}

#[test]
fn a_portrait_may_be_as_large_as_any_file_and_nothing_else_may() {
    let mut world = World::new();
    world.add(Person::new(1));
    world.add_with(Person::new(2), None, |policy| policy.media_bytes = MIB);
    world.add_with(Person::new(3), None, |policy| policy.media_bytes = 0);
    for at in [BOB, CAROL] {
        world.follow(at, world.author(ALICE));
        world.meet(at, ALICE);
    }
    let profile = Profile { avatar: Some([4; 32]), header: Some([5; 32]), ..Profile::default() };
    world.ask(ALICE, Command::SetProfile(Box::new(profile))).unwrap();
    world.ask(ALICE, showing(&[media(1, MIB + 1), media(2, MIB), media(3, 0)])).unwrap();
    let most = |blob: u8| world.read(BOB).wanted(&[blob; 32]).unwrap().map(|row| row.size);
    assert_eq!([4, 5].map(most), [Some(10 * MIB); 2]);
    assert_eq!([1, 2, 3].map(most), [None, Some(MIB), Some(MIB)]);
    assert!(wanted(&world, CAROL).is_empty());
}

#[test]
fn who_names_a_file_first_does_not_say_how_large_it_is_for_others() {
    let mut world = World::of(3);
    let (alice, carol) = (world.author(ALICE), world.author(CAROL));
    for (at, author) in [(ALICE, alice), (CAROL, carol)] {
        world.follow(BOB, author);
        world.meet(BOB, at);
    }
    let row = |world: &World, blob: u8| world.read(BOB).wanted(&[blob; 32]).unwrap().unwrap();
    world.ask(CAROL, showing(&[media(1, 1), media(2, 9), media(3, 1)])).unwrap();
    let tried = WantedRow { tries: 8, ..row(&world, 1) };
    let looked_at = WantedRow { size: 0, ..row(&world, 3) };
    let put = |blob: u8, row: &WantedRow| Change::put(Shelf::WantedBlob, [blob; 32], row);
    world.ask(BOB, Command::Keep(vec![put(1, &tried), put(3, &looked_at)])).unwrap();
    world.nodes[BOB].events.clear();
    world.ask(ALICE, showing(&[media(1, 5), media(2, 5), media(3, 5)])).unwrap();
    assert_eq!(row(&world, 1), WantedRow { author: alice, size: 5, tries: 0, ..tried });
    assert!(world.nodes[BOB].events.contains(&Event::Kept(Shelf::WantedBlob)));
    // Less than is taken already changes nothing, nor what is said of a file that somebody looked at.
    assert_eq!((row(&world, 2).author, row(&world, 2).size), (carol, 9));
    assert_eq!(row(&world, 3), looked_at);
}

#[test]
fn what_is_here_is_not_wanted() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    let row = BlobRow {
        size: 5,
        mime: "image/png".into(),
        dimensions: (1, 1),
        blurhash: String::new(),
        added: 1,
        used: 1,
        own: false,
        author: alice,
        loose: 0,
    };
    world.ask(BOB, Command::Keep(vec![row.put(&[1; 32])])).unwrap();
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    world.ask(ALICE, showing(&[media(1, 5)])).unwrap();
    assert!(wanted(&world, BOB).is_empty());
}

#[test]
fn a_file_is_shown_until_the_last_post_that_shows_it_goes() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    let shown = |world: &World| world.read(BOB).shows(&[1; 32]).unwrap();
    assert_eq!(shown(&world), None);
    let first = published(world.ask(ALICE, showing(&[media(1, 5)])));
    let second = published(world.ask(ALICE, showing(&[media(2, 5)])));
    let content = Content { media: vec![media(1, 5)], ..Content::default() };
    world.ask(ALICE, Command::Edit { id: second, content: Box::new(content) }).unwrap();
    world.ask(ALICE, Command::Delete(vec![first])).unwrap();
    // An edit shows it, and what the post showed before it can be looked at still.
    assert_eq!(shown(&world), Some(alice));
    assert_eq!(world.read(BOB).shows(&[2; 32]).unwrap(), Some(alice));
    world.ask(ALICE, Command::Delete(vec![second])).unwrap();
    assert_eq!((shown(&world), world.read(BOB).shows(&[2; 32]).unwrap()), (None, None));
    // Nor does a blocked person show anything.
    world.ask(ALICE, showing(&[media(1, 5)])).unwrap();
    assert_eq!(shown(&world), Some(alice));
    world.ask(BOB, Command::Block(alice)).unwrap();
    assert_eq!(shown(&world), None);
}

#[test]
fn what_is_wanted_has_an_end() {
    let mut world = World::of(2);
    let alice = world.author(ALICE);
    let row = WantedRow { author: alice, size: 1, since: 1, tries: 0 };
    let hash = |n: u64| {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&n.to_be_bytes());
        hash
    };
    let wishes = (0..4_999).map(|n| Change::put(Shelf::WantedBlob, hash(n), &row)).collect();
    world.ask(BOB, Command::Keep(wishes)).unwrap();
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    world.ask(ALICE, showing(&[media(1, 5), media(2, 5), media(3, 5)])).unwrap();
    assert_eq!(wanted(&world, BOB).len(), 5_000);
}
