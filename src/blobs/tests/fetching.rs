//! One file from one peer, who may break off, lie, or not have it.

use std::{io::Write, sync::Arc};

use starling_protocol::AuthorId;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::super::{
    Blobs, Hash, MAX_BYTES,
    disk::{Beside, Disk},
    exchange::{self, Answer, GROUP, REQUEST, Request},
    fetch::Came,
};

struct Scene {
    blobs: Blobs,
    file: Arc<Vec<u8>>,
    hash: Hash,
    _folder: tempfile::TempDir,
}

/// What the peer does to an answer before it goes.
type Twist = fn(&mut Vec<u8>);

impl Scene {
    fn new(size: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file: Vec<u8> = (0..size).map(|at| (at * 7 + at / 999) as u8).collect();
        Self {
            blobs: Blobs::over(Disk::new(folder.path().into()), 1 << 30).unwrap(),
            hash: *blake3::hash(&file).as_bytes(),
            file: Arc::new(file),
            _folder: folder,
        }
    }

    /// Asks a peer who has the file, and gives what was asked for as well.
    async fn ask(&self, twist: Twist) -> (Came, Request) {
        self.ask_at_most(MAX_BYTES, twist).await
    }

    async fn ask_at_most(&self, most: u64, twist: Twist) -> (Came, Request) {
        let (mut ours, theirs) = tokio::io::duplex(1 << 16);
        let peer = tokio::spawn(peer(theirs, self.file.clone(), twist));
        let came = self.blobs.ask(self.hash, most, &mut ours).await;
        drop(ours);
        (came, peer.await.unwrap())
    }

    fn part(&self) -> u64 {
        let path = self.blobs.disk().beside(&self.hash, Beside::Part);
        std::fs::metadata(path).map_or(0, |metadata| metadata.len())
    }
}

async fn peer(mut line: DuplexStream, file: Arc<Vec<u8>>, twist: Twist) -> Request {
    let mut request = [0; REQUEST];
    line.read_exact(&mut request).await.unwrap();
    let request = Request::from_bytes(&request).unwrap();
    let (_, outboard) = exchange::outboard(&file);
    let mut answer = vec![Answer::Here.to_byte()];
    answer.extend((file.len() as u64).to_be_bytes());
    exchange::encode(request, file.len() as u64, &file[..], &outboard, &mut answer).unwrap();
    twist(&mut answer);
    // Whoever is lied to may hang up before all of it is said.
    let _ = line.write_all(&answer).await;
    request
}

fn as_it_is(_: &mut Vec<u8>) {}

#[tokio::test]
async fn a_file_comes_whole() {
    for size in [0, 1, 16_384, 16_385, 500_000] {
        let scene = Scene::new(size);
        let (came, _) = scene.ask(as_it_is).await;
        assert!(matches!(came, Came::Whole(all) if all == size as u64), "{size}: {came:?}");
        assert!(std::fs::read(scene.blobs.disk().path(&scene.hash)).unwrap() == *scene.file);
        let outboard = scene.blobs.outboard(&scene.hash, size as u64).unwrap();
        assert_eq!(outboard, if size > 16_384 { exchange::outboard(&scene.file).1 } else { Vec::new() });
        assert_eq!(scene.part(), 0);
    }
}

#[tokio::test]
async fn a_line_that_breaks_is_gone_on_with_where_it_broke() {
    let scene = Scene::new(500_000);
    let (came, request) = scene.ask(|answer| answer.truncate(200_000)).await;
    assert!(matches!(came, Came::Broken(_)), "{came:?}");
    assert_eq!((request.from, scene.part() % GROUP), (0, 0));
    let held = scene.part() / GROUP;
    assert!(held > 8, "{held}");
    // What a crash left of a group is not believed.
    let path = scene.blobs.disk().beside(&scene.hash, Beside::Part);
    std::fs::File::options().append(true).open(path).unwrap().write_all(b"half a group").unwrap();
    let (came, request) = scene.ask(as_it_is).await;
    assert!(matches!(came, Came::Whole(500_000)), "{came:?}");
    assert_eq!(u64::from(request.from), held);
    assert!(std::fs::read(scene.blobs.disk().path(&scene.hash)).unwrap() == *scene.file);
}

#[tokio::test]
async fn a_liar_is_found_out_and_what_others_gave_stays() {
    let scene = Scene::new(500_000);
    let lies: [Twist; 5] = [
        |answer| answer[100] ^= 1,
        |answer| answer[250_000] ^= 1,
        |answer| answer[0] = 9,
        |answer| answer[1] = 1,
        |answer| answer[5..9].fill(0),
    ];
    for (n, lie) in lies.into_iter().enumerate() {
        let (came, _) = scene.ask(lie).await;
        assert!(matches!(came, Came::Lie), "{n}: {came:?}");
    }
    // A byte more than there is: the last group waits for it in vain.
    let (came, _) = scene.ask(|answer| answer[8] ^= 1).await;
    assert!(matches!(came, Came::Broken(_)), "{came:?}");
    assert!(scene.part() > 0, "what was proven before the lie is kept");
    let (came, request) = scene.ask(as_it_is).await;
    assert!(matches!(came, Came::Whole(500_000)) && request.from > 0, "{came:?}");
}

#[tokio::test]
async fn a_file_that_is_larger_than_it_was_said_to_be_is_not_taken() {
    let scene = Scene::new(500_000);
    let (came, _) = scene.ask_at_most(499_999, as_it_is).await;
    assert!(matches!(came, Came::Larger(500_000)), "{came:?}");
    assert_eq!(scene.part(), 0);
    let (came, _) = scene.ask_at_most(500_000, as_it_is).await;
    assert!(matches!(came, Came::Whole(500_000)), "{came:?}");
}

#[tokio::test]
async fn what_has_arrived_counts_until_it_is_whole_or_gone() {
    let (scene, author) = (Scene::new(500_000), AuthorId::new([1; 32]));
    let cut = |answer: &mut Vec<u8>| answer.truncate(200_000);
    for whole in [false, true] {
        let begun = scene.blobs.begin(scene.hash, author);
        let (came, _) = scene.ask(cut).await;
        assert!(matches!(came, Came::Broken(_)), "{came:?}");
        let held = scene.part();
        assert!(held > 8 * GROUP && scene.blobs.bytes() == held, "{held}");
        scene.blobs.drop_left(&scene.hash).unwrap();
        assert_eq!((scene.part(), scene.blobs.bytes()), (held, held), "it is fetched still");
        if whole {
            // Its row counts it from then on.
            assert!(matches!(scene.ask(as_it_is).await.0, Came::Whole(500_000)));
            assert_eq!(scene.blobs.bytes(), 0);
        }
        drop(begun);
        assert_eq!(scene.blobs.bytes(), if whole { 0 } else { held });
        scene.blobs.drop_left(&scene.hash).unwrap();
        assert_eq!((scene.part(), scene.blobs.bytes()), (0, 0));
    }
}

#[tokio::test]
async fn who_does_not_have_it_says_so() {
    let scene = Scene::new(10);
    for answer in [Answer::NotHere, Answer::Busy] {
        let twist: Twist = match answer {
            Answer::Busy => |bytes| *bytes = vec![Answer::Busy.to_byte()],
            _ => |bytes| *bytes = vec![Answer::NotHere.to_byte()],
        };
        let (came, _) = scene.ask(twist).await;
        assert!(matches!(came, Came::Not(said) if said == answer), "{came:?}");
    }
    let (came, _) = scene.ask(Vec::clear).await;
    assert!(matches!(came, Came::Broken(_)), "{came:?}");
}

#[tokio::test]
async fn a_part_that_is_not_of_the_file_is_begun_anew() {
    let scene = Scene::new(100_000);
    // What a disk made of it while nobody looked.
    scene.blobs.disk().put_beside(&scene.hash, Beside::Part, &[0; 3 * 16_384]).unwrap();
    let (came, request) = scene.ask(as_it_is).await;
    assert!(matches!(came, Came::Broken(_)) && request.from == 3, "{came:?}");
    assert_eq!(scene.part(), 0);
    let (came, request) = scene.ask(as_it_is).await;
    assert!(matches!(came, Came::Whole(100_000)) && request.from == 0, "{came:?}");
}
