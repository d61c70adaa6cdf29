//! Files between real nodes: what one person shows is seen by another, byte for byte.

use image::ImageFormat;
use serde_json::json;
use tokio::sync::broadcast::Receiver;

use super::*;
use crate::{
    blobs::{Blobs, Hash, LOOSE_MS, UPLOAD_MS, exchange::GROUP, hex, tests::encoded},
    clock,
    engine::{Command, Event},
    store::kept::{
        Change, Shelf,
        blob::{BlobRow, WantedRow},
    },
};

/// Bytes of files that a node takes unless it is told otherwise.
const LIBRARY: u64 = 2 << 30;

/// A picture of some size that does not shrink: noise.
fn noise(side: u32) -> Vec<u8> {
    let mut state = 1u32;
    let image = image::RgbImage::from_fn(side, side, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        image::Rgb([a, b, c])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

impl House {
    /// Follows somebody, and connects to their node.
    fn follow(&self, other: &House) {
        other.runtime.block_on(other.node.wait_for(|status| !status.listen.is_empty()));
        let addresses: Vec<_> = other.node.listen().iter().map(ToString::to_string).collect();
        let path = format!("/api/v1/accounts/{}/follow", other.me());
        self.post(&path, json!({ "addresses": addresses })).good();
        assert!(self.runtime.block_on(self.node.wait_for(|status| !status.peers.is_empty())));
    }

    /// Waits for news until something is so.
    fn until<T>(&self, events: &mut Receiver<Event>, mut found: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(found) = found() {
                return found;
            }
            let news = self.runtime.block_on(async {
                tokio::time::timeout(std::time::Duration::from_secs(50), events.recv()).await
            });
            news.expect("nothing happens any more").unwrap();
        }
    }

    fn holds(&self, blob: &Value) -> bool {
        self.node.read().unwrap().blob(&hash(blob)).unwrap().is_some()
    }

    fn keep(&self, changes: Vec<Change>) {
        self.runtime.block_on(self.node.command(Command::Keep(changes))).unwrap();
    }

    fn wanted(&self, blob: &Hash) -> Option<WantedRow> {
        self.node.read().unwrap().wanted(blob).unwrap()
    }
}

fn hash(blob: &Value) -> Hash {
    crate::blobs::unhex(blob.as_str().unwrap()).unwrap()
}

/// A file of somebody's that is held, as far as its row says.
fn row(author: AuthorId, size: u64, used: u64) -> BlobRow {
    BlobRow {
        size,
        mime: "image/png".into(),
        dimensions: (0, 0),
        blurhash: String::new(),
        added: used,
        used,
        own: false,
        author,
        loose: 0,
    }
}

#[test]
fn what_one_shows_another_sees() {
    let (alice, bob) = (House::with_network(1), House::with_network(2));
    let mut events = bob.node.events();
    bob.follow(&alice);
    let small = alice.upload(&encoded(30, 20, ImageFormat::Png), "a small one");
    let large = alice.upload(&noise(700), "a large one");
    assert!(large["starling"]["size"].as_u64().unwrap() > 40 * GROUP);
    let post = json!({ "status": "two", "media_ids": [small["id"], large["id"]] });
    let id = alice.post("/api/v1/statuses", post).good()["id"].as_str().unwrap().to_owned();
    for up in [&small, &large] {
        bob.until(&mut events, || bob.holds(&up["starling"]["blob"]).then_some(()));
    }
    let seen = bob.get(&format!("/api/v1/statuses/{id}")).good();
    for (shown, up) in seen["media_attachments"].as_array().unwrap().iter().zip([&small, &large]) {
        assert_eq!(shown["description"], up["description"]);
        let (there, here) = (bob.file(&shown["url"], &[]), alice.file(&up["url"], &[]));
        assert_eq!((there.status, there.header("content-type")), (200, "image/png"));
        assert!(there.bytes == here.bytes);
    }
    // The small form is made where it is looked at.
    let preview = bob.file(&seen["media_attachments"][1]["preview_url"], &[]);
    assert_eq!(image::load_from_memory(&preview.bytes).unwrap().width(), 400);
    // When the post goes, so do its files, there as here.
    alice.call("DELETE", &format!("/api/v1/statuses/{id}?delete_media=true"), &[]).good();
    bob.until(&mut events, || (!bob.holds(&large["starling"]["blob"])).then_some(()));
    assert_eq!(bob.file(&seen["media_attachments"][1]["url"], &[]).status, 404);
}

#[test]
fn a_portrait_is_seen_by_those_who_follow() {
    let (alice, bob) = (House::with_network(1), House::with_network(2));
    let mut events = bob.node.events();
    bob.follow(&alice);
    let face = encoded(100, 100, ImageFormat::Jpeg);
    let body = super::media::body(&[("avatar", Some("me.jpg"), "image/jpeg", &face)]);
    let account = alice.parts("PATCH", "/api/v1/accounts/update_credentials", &body).good();
    let path = format!("/api/v1/accounts/{}", alice.me());
    let seen = bob.until(&mut events, || {
        let account = bob.get(&path).good();
        account["avatar"].as_str().unwrap().contains("/media/").then_some(account)
    });
    assert!(bob.file(&seen["avatar"], &[]).bytes == alice.file(&account["avatar"], &[]).bytes);
}

#[test]
fn what_was_begun_before_a_restart_is_finished_after_it() {
    let (alice, bob) = (House::with_network(1), House::new(2));
    bob.post(&format!("/api/v1/accounts/{}/follow", alice.me()), json!({})).good();
    let up = alice.upload(&noise(400), "");
    alice.post("/api/v1/statuses", json!({ "media_ids": [up["id"]] })).good();
    // Bob has the post, and a part of its file, when his node ends.
    bob.take_from(&alice);
    let blob = hash(&up["starling"]["blob"]);
    let missing = format!("{}/media/{}", bob.base(), hex(&blob));
    let tried = WantedRow { tries: 7, ..bob.wanted(&blob).unwrap() };
    bob.keep(vec![Change::put(Shelf::WantedBlob, blob, &tried)]);
    let answer = bob.file(&json!(missing), &[]);
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    // Who looks at it takes it whatever its size turns out to be, and so nobody was asked in vain yet.
    assert_eq!(bob.wanted(&blob).unwrap(), WantedRow { size: 0, tries: 0, ..tried });
    let whole = alice.file(&up["url"], &[]).bytes;
    let part = &whole[..5 * GROUP as usize + 7];
    let disk = bob.node.blobs().disk().clone();
    disk.put_beside(&blob, crate::blobs::disk::Beside::Part, part).unwrap();
    let bob = House::open(bob.close(), true);
    let mut events = bob.node.events();
    bob.follow(&alice);
    bob.until(&mut events, || bob.holds(&up["starling"]["blob"]).then_some(()));
    let there = bob.file(&json!(format!("{}/media/{}", bob.base(), hex(&blob))), &[]);
    assert!(there.bytes == whole);
    assert!(bob.node.read().unwrap().wanted_blobs().unwrap().is_empty());
    let mut kept = bob.node.read().unwrap().blobs().unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!kept.remove(0).1.own);
}

/// Publishes a post with a file, and says of it what is not true.
fn claim(house: &House, blob: crate::blobs::Hash, size: u64) {
    let media = starling_protocol::payload::Media {
        blob,
        mime: "image/png".into(),
        size,
        dimensions: (30, 20),
        blurhash: String::new(),
        alt: String::new(),
    };
    let content = starling_protocol::payload::Content { media: vec![media], ..Default::default() };
    let wish =
        crate::engine::Command::Publish { content: Box::new(content), in_reply_to: None, idempotency: None };
    house.runtime.block_on(house.node.command(wish)).unwrap();
}

#[test]
fn what_is_larger_than_its_post_says_waits_until_somebody_looks() {
    let (alice, bob) = (House::with_network(1), House::with_network(2));
    let mut events = bob.node.events();
    bob.follow(&alice);
    let up = alice.upload(&noise(100), "");
    let blob = hash(&up["starling"]["blob"]);
    claim(&alice, blob, 1);
    // Who gives it says that it is larger. Another may have what was promised, so it stays wanted as that.
    let row = bob.until(&mut events, || bob.wanted(&blob).filter(|row| row.tries > 0));
    assert_eq!(row.size, 1);
    assert!(!bob.holds(&up["starling"]["blob"]));
    let looked_at = json!(format!("{}/media/{}", bob.base(), hex(&blob)));
    assert_eq!(bob.file(&looked_at, &[]).status, 503);
    bob.until(&mut events, || bob.holds(&up["starling"]["blob"]).then_some(()));
    assert!(bob.file(&looked_at, &[]).bytes == alice.file(&up["url"], &[]).bytes);
}

#[test]
fn a_store_that_fails_for_a_while_ends_no_carrying() {
    let (alice, bob) = (House::with_network(1), House::with_network(2));
    let mut events = bob.node.events();
    bob.follow(&alice);
    // What is wanted is looked for while it cannot be read.
    let wish = Command::Keep(vec![Change::take(Shelf::WantedBlob, [7u8; 32])]);
    bob.runtime.block_on(bob.node.without_store(async {
        bob.node.command(wish).await.unwrap();
        bob.node.blobs().failing().await;
    }));
    let up = alice.upload(&encoded(30, 20, ImageFormat::Png), "");
    alice.post("/api/v1/statuses", json!({ "media_ids": [up["id"]] })).good();
    bob.until(&mut events, || bob.holds(&up["starling"]["blob"]).then_some(()));
}

#[test]
fn a_store_that_fails_for_a_while_ends_no_cleaning() {
    let house = House::new(1);
    let up = house.upload(&encoded(8, 8, ImageFormat::Png), "");
    let blob = hash(&up["starling"]["blob"]);
    let row = |blob| house.node.read().unwrap().blob(&blob).unwrap();
    // A file that nothing shows, and nothing may come to show.
    let loose = [7; 32];
    let keep = Command::Keep(vec![row(blob).unwrap().put(&loose)]);
    house.runtime.block_on(house.node.command(keep)).unwrap();
    let [first, second] = ["one", "two"].map(|text| house.write(text));
    let mut events = house.node.events();
    let delete = |id: &str| house.node.command(Command::Delete(vec![id.parse().unwrap()]));
    // It is looked for after every erasure.
    house.runtime.block_on(house.node.without_store(async {
        delete(&first).await.unwrap();
        house.node.blobs().failing().await;
    }));
    house.runtime.block_on(delete(&second)).unwrap();
    house.until(&mut events, || row(loose).filter(|row| row.loose > 0));
}

#[test]
fn what_no_post_shows_is_given_to_nobody() {
    let (alice, bob) = (House::with_network(1), House::with_network(2));
    let up = alice.upload(&encoded(30, 20, ImageFormat::Png), "not posted");
    let shown = alice.upload(&encoded(31, 20, ImageFormat::Png), "posted");
    let mut events = bob.node.events();
    bob.follow(&alice);
    // Bob's own post names the file that Alice has not shown: he wants it, and does not get it.
    let blob = hash(&up["starling"]["blob"]);
    claim(&bob, blob, 1);
    bob.until(&mut events, || {
        let row = bob.node.read().unwrap().wanted(&blob).unwrap();
        row.filter(|row| row.tries > 0)
    });
    alice.post("/api/v1/statuses", json!({ "media_ids": [shown["id"]] })).good();
    bob.until(&mut events, || bob.holds(&shown["starling"]["blob"]).then_some(()));
    assert!(!bob.holds(&up["starling"]["blob"]));
    assert!(bob.node.read().unwrap().keeps(Shelf::WantedBlob, &blob).unwrap());
}

#[test]
fn without_room_what_nobody_looks_at_is_left_alone_and_what_somebody_looks_at_comes() {
    let (alice, bob) = (House::with_network(1), House::with_network(2));
    let blobs = bob.node.blobs().clone();
    let mut events = bob.node.events();
    let full = [9; 32];
    bob.keep(vec![BlobRow { own: true, ..row(bob.me(), LIBRARY, clock::now()) }.put(&full)]);
    bob.runtime.block_on(async { blobs.look_through(&bob.node, clock::now()).await }).unwrap();
    assert_eq!(blobs.bytes(), LIBRARY);
    bob.follow(&alice);
    let [first, second] = [30, 31].map(|side| alice.upload(&encoded(side, 20, ImageFormat::Png), ""));
    let show = |up: &Value| alice.post("/api/v1/statuses", json!({ "media_ids": [up["id"]] })).good();
    // Looking through files for the sake of this one writes down when they were asked for.
    let used = clock::now() + 2 * LOOSE_MS;
    blobs.touch(&full, used);
    show(&first);
    let blob = |hash: &Hash| bob.node.read().unwrap().blob(hash).unwrap();
    bob.until(&mut events, || blob(&full).filter(|row| row.used == used));
    let there = hash(&second["starling"]["blob"]);
    show(&second);
    bob.until(&mut events, || bob.wanted(&there));
    assert_eq!(bob.file(&json!(format!("{}/media/{}", bob.base(), hex(&there))), &[]).status, 503);
    bob.until(&mut events, || blob(&there));
    let left = bob.wanted(&hash(&first["starling"]["blob"])).unwrap();
    assert!(left.size > 0 && left.tries == 0, "nobody was asked for it: {left:?}");
}

#[test]
fn asking_in_vain_changes_nothing_that_others_wrote_meanwhile() {
    let house = House::new(1);
    let (blob, author) = ([7; 32], AuthorId::new([1; 32]));
    let wish = WantedRow { author, size: 5, since: 1, tries: 3 };
    let in_vain = || {
        let blobs = house.node.blobs().clone();
        house.runtime.block_on(async { blobs.in_vain(&house.node, blob, &wish).await.map(drop) }).unwrap();
    };
    // It is wanted no more.
    in_vain();
    assert_eq!(house.wanted(&blob), None);
    // Somebody looked at it.
    for (now, then) in [(0, 0), (5, 1)] {
        let row = WantedRow { size: now, tries: 0, ..wish };
        house.keep(vec![Change::put(Shelf::WantedBlob, blob, &row)]);
        in_vain();
        assert_eq!(house.wanted(&blob), Some(WantedRow { tries: then, ..row }));
    }
}

#[test]
fn what_the_person_uploads_while_it_is_fetched_stays_theirs_and_counts_once() {
    let house = House::new(1);
    let up = house.upload(&encoded(30, 20, ImageFormat::Png), "");
    let (blob, blobs) = (hash(&up["starling"]["blob"]), house.node.blobs().clone());
    let row = || house.node.read().unwrap().blob(&blob).unwrap().unwrap();
    let before = (row(), blobs.bytes());
    let wish = WantedRow { author: AuthorId::new([1; 32]), size: before.1, since: 1, tries: 0 };
    house.keep(vec![Change::put(Shelf::WantedBlob, blob, &wish)]);
    house.runtime.block_on(async { blobs.take_in(&house.node, blob, &wish, before.1).await }).unwrap();
    assert_eq!((row(), blobs.bytes()), before);
    assert_eq!(house.wanted(&blob), None);
}

#[test]
fn what_is_held_is_counted_whatever_failed_before() {
    let house = House::new(1);
    let ups = [30, 31].map(|side| house.upload(&encoded(side, 20, ImageFormat::Png), ""));
    let mut files = ups.map(|up| hash(&up["starling"]["blob"]));
    files.sort_unstable();
    // The same files, of which nothing was counted at the start.
    let folder = house.folder.path().join("home/blobs");
    let blobs = Blobs::new(folder, LIBRARY).unwrap();
    let look_through =
        |now: u64| house.runtime.block_on(async { blobs.look_through(&house.node, now).await });
    look_through(clock::now()).unwrap();
    assert_eq!(blobs.bytes(), house.node.blobs().bytes());
    // One that cannot be taken away holds up no other: nobody can take a folder for a file.
    let day = clock::now() + UPLOAD_MS + 60_000;
    look_through(day).unwrap();
    let [first, second] = files.map(|file| blobs.disk().path(&file));
    std::fs::remove_file(&first).unwrap();
    std::fs::create_dir(&first).unwrap();
    assert!(look_through(day + LOOSE_MS).is_err());
    assert!(!second.exists());
    assert_eq!(blobs.bytes(), 0);
}

#[test]
fn portraits_are_let_go_last() {
    let (alice, bob) = (House::new(1), House::new(2));
    bob.post(&format!("/api/v1/accounts/{}/follow", alice.me()), json!({})).good();
    let face = encoded(10, 10, ImageFormat::Png);
    let body = super::media::body(&[("avatar", Some("me.png"), "image/png", &face)]);
    alice.parts("PATCH", "/api/v1/accounts/update_credentials", &body).good();
    let shown = [7; 32];
    claim(&alice, shown, 10);
    bob.take_from(&alice);
    let account = bob.node.read().unwrap().account(&alice.me()).unwrap().unwrap();
    let portrait = account.profile.avatar.unwrap();
    // Nobody asks for it again who has it, so it seems to be of no use to anybody.
    bob.keep(vec![row(alice.me(), 10, 1).put(&portrait), row(alice.me(), 10, 2).put(&shown)]);
    let folder = tempfile::tempdir().unwrap();
    // Of 160 one author may have 20, which is what they have.
    let blobs = Blobs::new(folder.path().into(), 160).unwrap();
    bob.runtime.block_on(async { blobs.look_through(&bob.node, clock::now()).await }).unwrap();
    let held = [shown, portrait].map(|blob| bob.node.read().unwrap().blob(&blob).unwrap().is_some());
    assert_eq!((held, blobs.bytes()), ([false, true], 10));
}
