//! The index's files: what is in them, what is not, and what happens if they are not what was written.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::room::Room;
use crate::{
    search::{Pause, index::Words, indexer::tend},
    store::{
        kept::{Change, Shelf, Span},
        words::{ANEW, FOLLOWED},
    },
};

/// Whether a word stands in any file of the index.
fn written(room: &Room, word: &str) -> bool {
    Words::open(&room.path()).unwrap().moment().unwrap().knows(word)
}

#[test]
fn erased_words_leave_the_files() {
    let mut room = Room::new();
    let id = room.post("zyzzyvaabc");
    for n in 0..20 {
        room.post(&format!("heron {n}"));
    }
    room.tend();
    assert!(written(&room, "zyzzyvaabc"));
    room.delete(id);
    let files = |room: &Room| {
        fs::read_dir(room.path()).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>()
    };
    let before = files(&room);
    room.tend();
    assert!(room.ask("zyzzyvaabc", 9, 0).is_empty());
    room.wash();
    assert!(!written(&room, "zyzzyvaabc"));
    let after = files(&room);
    let stays = |name: &std::ffi::OsString| after.contains(name) && name.to_string_lossy().ends_with(".term");
    assert!(!before.iter().any(stays), "the old file of words is gone");
    assert_eq!(room.ask("heron", 99, 0).len(), 20);
    assert!(room.store.read().unwrap().stale(9).unwrap().is_empty());
}

#[test]
fn a_damaged_missing_or_foreign_index_is_made_anew() {
    let mut room = Room::new();
    let id = room.post("heron");
    let name = |room: &Room| room.store.read().unwrap().kept::<String>(Shelf::Search, &FOLLOWED).unwrap();
    let last = std::cell::RefCell::new(None);
    let check = |room: &Room, anew: bool| {
        room.tend();
        assert_eq!(room.ask("heron", 9, 0), [id]);
        let before = last.replace(name(room));
        assert_eq!(before != name(room), anew);
    };
    check(&room, true);
    check(&room, false);
    let files: Vec<_> = fs::read_dir(room.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind != "lock")) {
        let Ok(mut bytes) = fs::read(file) else { continue };
        if bytes.is_empty() {
            continue;
        }
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(file, &bytes).unwrap();
        room.tend();
        assert_eq!(room.ask("heron", 9, 0), [id], "{file:?}");
        last.replace(name(&room));
    }
    fs::remove_dir_all(room.path()).unwrap();
    check(&room, true);
    fs::write(room.path().join("meta.json"), b"{").unwrap();
    check(&room, true);
    room.store.write(|batch| batch.keep(&Change::put(Shelf::Search, ANEW, &true))).unwrap();
    check(&room, true);
    // A store that was put back to an earlier day has no index, or another one.
    room.store.write(|batch| batch.keep(&Change::put(Shelf::Search, FOLLOWED, &"another"))).unwrap();
    check(&room, true);
}

#[test]
fn an_index_over_which_its_library_panics_is_made_anew() {
    let mut room = Room::new();
    let id = room.post("heron");
    room.tend();
    let name = |room: &Room| room.store.read().unwrap().kept::<String>(Shelf::Search, &FOLLOWED).unwrap();
    let before = name(&room);
    room.post("reeds");
    let mut house = room.house();
    let whole = AtomicBool::new(false);
    // In the middle of a step, and once.
    house.room = Box::new(move || {
        assert!(whole.swap(true, Ordering::Relaxed), "what a damaged file does to the library");
        true
    });
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    house.stopping = Box::new(move || stopping.load(Ordering::Relaxed));
    let mut pauses = Vec::new();
    tend(room.path(), house, room.search.clone(), true, |pause| {
        pauses.push(pause);
        stop.store(pause == Pause::Until, Ordering::Relaxed);
    });
    assert!(matches!(pauses[..], [Pause::Within(_), Pause::Until]), "{pauses:?}");
    assert_ne!(name(&room), before);
    assert_eq!(room.ask("heron", 9, 0), [id]);
}

#[test]
fn a_node_that_dies_before_its_commit_loses_nothing() {
    let mut room = Room::new();
    room.post("heron one");
    room.tend();
    let old = room.path().with_extension("old");
    copy(&room.path(), &old);
    let id = room.post("heron two");
    room.edit(id, "egret two");
    room.tend();
    // The files as they were before: the store is ahead of them.
    fs::remove_dir_all(room.path()).unwrap();
    copy(&old, &room.path());
    room.tend();
    assert_eq!(room.ask("egret", 9, 0), [id]);
    assert_eq!(room.ask("heron", 9, 0).len(), 1);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn an_index_that_is_not_wanted_goes_with_its_notes() {
    let mut room = Room::new();
    let id = room.post("heron");
    room.tend();
    room.delete(id);
    tend(room.path(), room.house(), room.search.clone(), false, |_| unreachable!());
    assert!(!room.path().exists());
    let kept = |room: &Room| {
        room.store.read().unwrap().shelf::<row::Any>(Shelf::Search, &Span::of([], 9)).unwrap().len()
    };
    assert_eq!(kept(&room), 0);
    let other = room.post("reeds");
    room.delete(other);
    assert_eq!(kept(&room), 0, "nobody needs notes");
}

mod row {
    /// A row of any shape.
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    pub enum Any {
        Name(#[expect(dead_code, reason = "only its shape counts")] String),
        Other(serde::de::IgnoredAny),
    }
}
