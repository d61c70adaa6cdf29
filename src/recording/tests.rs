//! What a recording leaves out, and that it comes back as it was written.

use std::io::Cursor;

use starling_protocol::{
    Body, Identity, Signed, Verified,
    cbor::encode,
    entry::{self, Place},
    frame::Frame,
    identity::{Action, Inception, Operation},
    keys::{Phrase, Secret},
    payload::{Content, Extension, Link, Media, Profile},
    sync::Answer,
};

use super::{reader::item, recorder::Draws, *};
use crate::{
    engine::{Command, Engine, Input, Request, Setup},
    store::Store,
};

/// What nobody may find in a recording.
const SECRETS: [&str; 9] = [
    "a quiet word",
    "careful now",
    "gn-PY",
    "harbour",
    "a heron, standing",
    "Ñandutí",
    "weaver of the east",
    "pronouns",
    "image/webp",
];

fn said() -> Content {
    let media = Media {
        blob: [9; 32],
        mime: SECRETS[8].into(),
        size: 4_096,
        dimensions: (3, 4),
        blurhash: "LEHV6nWB2yk8".into(),
        alt: SECRETS[4].into(),
    };
    Content {
        text: format!("{} 🐦 ¡así!", SECRETS[0]),
        warning: Some(SECRETS[1].into()),
        language: Some(SECRETS[2].into()),
        tags: vec![SECRETS[3].into()],
        media: vec![media],
        extensions: vec![Extension { name: "x".into(), value: b"harbour".to_vec() }],
        ..Content::default()
    }
}

fn bodies() -> Vec<Body> {
    let device = Secret::from_seed([2; 32]);
    let id = signed(Body::Post(said()), &device).id();
    let link = Link { author: starling_protocol::AuthorId::new([1; 32]), id };
    let profile = Profile {
        name: SECRETS[5].into(),
        bio: SECRETS[6].into(),
        fields: vec![(SECRETS[7].into(), SECRETS[0].into())],
        avatar: Some([9; 32]),
        header: None,
        hints: vec!["/ip4/192.0.2.1/tcp/4001".into()],
        extensions: Vec::new(),
    };
    vec![
        Body::Post(said()),
        Body::Reply { root: link, parent: link, content: said() },
        Body::Edit { replaces: id, content: said() },
        Body::Profile(profile),
        Body::Unknown { kind: "poll".into(), body: encode(&(SECRETS[0], 7u8, vec![SECRETS[3]])) },
        Body::Delete(vec![id]),
        Body::Like(link),
        Body::Follow(link.author),
    ]
}

fn signed(body: Body, device: &Secret) -> Verified {
    let place =
        Place { author: starling_protocol::AuthorId::new([1; 32]), log: body.log(), seq: 0, previous: None };
    entry::sign(place, body, [0xab; 16], 1_000, device)
}

fn tells(bytes: &[u8]) -> Vec<&'static str> {
    let found = |text: &&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    SECRETS.into_iter().filter(found).collect()
}

#[test]
fn texts_pictures_and_salts_are_left_out_and_all_else_stays() {
    let device = Secret::from_seed([2; 32]);
    for body in bodies() {
        let entry = signed(body.clone(), &device);
        let bytes = entry.signed().to_bytes();
        let blank = blank::entry(&bytes);
        assert_eq!(blank.len(), bytes.len(), "{body:?}");
        assert!(tells(&blank).is_empty(), "{:?} of {body:?}", tells(&blank));
        for secret in [&[0xab; 16][..], &[9; 32]] {
            assert!(!blank.windows(secret.len()).any(|window| window == secret), "{body:?}");
        }
        let read = Signed::from_bytes(&blank).unwrap();
        assert_eq!((&read.header, read.signature), (&entry.signed().header, entry.signed().signature));
        let payload = starling_protocol::Payload::decode(read.payload.as_ref().unwrap()).unwrap();
        assert_eq!(payload.body().kind(), body.kind());
        match (&body, payload.body()) {
            (Body::Reply { parent, .. }, Body::Reply { parent: kept, content, .. }) => {
                assert_eq!(kept, parent);
                assert_eq!(content.text.chars().count(), said().text.chars().count());
                assert_eq!((content.media[0].size, content.media[0].dimensions), (4_096, (3, 4)));
            }
            (Body::Profile(profile), Body::Profile(kept)) => assert_eq!(kept.hints, profile.hints),
            (Body::Delete(_) | Body::Like(_) | Body::Follow(_), kept) => assert_eq!(kept, &body),
            _ => {}
        }
    }
}

#[test]
fn what_no_version_knows_keeps_its_length_and_stays_unknown() {
    let device = Secret::from_seed([2; 32]);
    for length in (1..300_usize).chain([20_000]) {
        // A text that fills the list: its head grows with it, so some lengths take a number more.
        let fill = |items: &[u8]| {
            let mut list = vec![0x80 + items.len() as u8];
            list.extend(items);
            list
        };
        let text = |bytes: usize| encode(&"t".repeat(bytes));
        let found = (0..=2usize).find_map(|numbers| {
            let rest = length.checked_sub(1 + numbers)?;
            let heads = [1, 2, 3, 5].into_iter().filter(|head| *head <= rest);
            let text = heads.map(|head| text(rest - head)).find(|text| text.len() == rest)?;
            let mut list = fill(&vec![0; numbers]);
            list[0] += 1;
            list.extend(text);
            Some(list)
        });
        let Some(body) = found else { continue };
        let body = Body::Unknown { kind: "follow".into(), body };
        let entry = signed(body, &device).signed().to_bytes();
        let blank = Signed::from_bytes(&blank::entry(&entry)).unwrap().payload.unwrap();
        let read =
            starling_protocol::Payload::decode(&blank).unwrap_or_else(|error| panic!("{length}: {error}"));
        assert!(
            matches!(read.body(), Body::Unknown { kind, body } if kind == "follow" && body.len() == length)
        );
        assert!(!blank.windows(4).any(|window| window == b"tttt"), "{length}");
    }
}

#[test]
fn what_was_invalid_stays_invalid_and_tells_nothing() {
    let device = Secret::from_seed([2; 32]);
    let mut wrong = signed(Body::Post(said()), &device).signed().clone();
    let other = signed(Body::Post(Content { text: SECRETS[0].into(), ..said() }), &device);
    wrong.payload = other.signed().payload.clone();
    let blank = blank::entry(&wrong.to_bytes());
    assert!(tells(&blank).is_empty());
    let payload = Signed::from_bytes(&blank).unwrap().payload.unwrap();
    assert!(starling_protocol::Payload::decode(&payload).is_err(), "nobody takes it for whole");

    let nonsense = format!("nonsense: {}", SECRETS[0]);
    for blank in [blank::entry, blank::gossip, blank::answer, blank::ask] {
        let bytes = blank(nonsense.as_bytes());
        assert_eq!((bytes.len(), tells(&bytes)), (nonsense.len(), vec![]));
    }
    assert!(Frame::from_bytes(&blank::gossip(nonsense.as_bytes())).is_err());
    let refused = Answer::Refused(SECRETS[0].into()).to_bytes();
    assert!(tells(&blank::answer(&refused)).is_empty());
    let entries =
        Answer::Entries { live: true, entries: vec![nonsense.clone().into_bytes()], done: vec![(1, None)] };
    assert!(matches!(
        Answer::from_bytes(&blank::answer(&entries.to_bytes())),
        Ok(Answer::Entries { live: true, entries, .. }) if entries == [vec![0; nonsense.len()]]
    ));
}

/// Alice's engine over memory.
fn setup() -> Setup {
    let phrase = Phrase::from_entropy([1; 32]);
    let device = Secret::from_seed([2; 32]);
    let mut identity = Identity::begin(Inception::of(&phrase));
    let action = Action::AddDevice(device.public());
    identity.apply(Operation::sign(identity.author(), 0, action, &phrase.root(0))).unwrap();
    Setup {
        author: identity.author(),
        peer: libp2p::PeerId::random(),
        identity: identity.record(),
        device,
        root: Some(phrase.root(0)),
        entropy: Box::new(|bytes| bytes.fill(0xab)),
        guard: None,
        bootstrap: Vec::new(),
        policy: crate::engine::Policy::default(),
    }
}

fn publish(number: u64) -> Input {
    let command = Command::Publish { content: Box::new(said()), in_reply_to: None, idempotency: None };
    Input::Command(Request(number), command)
}

/// Records an engine that publishes so often, and gives the items of the file.
fn record(posts: u64, limit: u64) -> (Vec<u8>, Vec<Item>, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    let store = Store::over(redb::backends::InMemoryBackend::new(), 0).unwrap();
    let mut setup = setup();
    let mut recorder = Recorder::create_limited(&path, &mut setup, &store, 1_000, limit, limit).unwrap();
    let (mut engine, first) = Engine::new(store.clone(), setup, 1_000).unwrap();
    recorder.began(&first);
    for number in 0..posts {
        let inputs = vec![publish(number), Input::Tick];
        let happened = recorder.before(&inputs);
        let outputs = engine.handle_all(2_000 + number, inputs);
        recorder.batch(2_000 + number, happened, &outputs, &store);
    }
    recorder.stop(&store);
    let bytes = std::fs::read(&path).unwrap();
    let mut reader = Reader::new(Cursor::new(&bytes)).unwrap();
    let mut items = Vec::new();
    while let Some(item) = reader.next().unwrap() {
        items.push(item);
    }
    (bytes, items, summary(&store).unwrap())
}

#[test]
fn what_was_signed_stands_in_its_batch_and_the_end_says_what_is_held() {
    let (bytes, items, held) = record(3, LIMIT);
    assert!(tells(&bytes).is_empty(), "{:?}", tells(&bytes));
    for secret in [[2; 32], *Phrase::from_entropy([1; 32]).root(0).seed()] {
        assert!(!bytes.windows(32).any(|window| window == secret), "no key is in it");
    }
    let batches: Vec<&Batch> = items
        .iter()
        .filter_map(|item| if let Item::Batch(batch) = item { Some(batch) } else { None })
        .collect();
    assert_eq!(batches.len(), 3);
    for batch in batches {
        assert_eq!(batch.inputs, [Happened::Signs("publish".into()), Happened::Tick]);
        assert!(matches!(&batch.own[..], [Own::Entry(bytes)] if entry::peek(bytes).is_ok()), "{batch:?}");
        assert_eq!(batch.outputs["stored"], 1);
    }
    let Some(Item::End(end)) = items.last() else { panic!("no end") };
    assert_eq!((end.why.as_str(), &end.summary), ("stopped", &held));
    assert_eq!(held.entries, 3);
}

#[test]
fn a_recording_ends_at_its_limit_and_says_so() {
    let (bytes, items, _) = record(50, 3_000);
    let Some(Item::End(end)) = items.last() else { panic!("no end") };
    assert_eq!(end.why, "limit");
    assert!((3_000..8_000).contains(&bytes.len()), "{}", bytes.len());
    assert!(end.summary.entries < 50);
}

#[test]
fn a_recording_replaces_no_file_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    let store = Store::over(redb::backends::InMemoryBackend::new(), 0).unwrap();
    Recorder::create(&path, &mut setup(), &store, 0).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&path).unwrap();
    let again = Recorder::create(&path, &mut setup(), &store, 0).unwrap_err();
    assert!(again.to_string().contains("recording"), "{again}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn salts_are_not_among_the_random_numbers_that_are_kept() {
    let draws = Draws::default();
    let mut entropy = draws.note(Box::new(|bytes| bytes.fill(7)));
    entropy(&mut [0; 16]);
    entropy(&mut [0; 2]);
    assert_eq!(draws.take().into_vec(), [7, 7]);
}

#[test]
fn every_changed_or_missing_byte_ends_the_reading_where_it_is() {
    let (bytes, items, _) = record(2, LIMIT);
    let read = |bytes: &[u8]| {
        let mut reader = Reader::new(Cursor::new(bytes))?;
        let mut read = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(item)) => read.push(item),
                Ok(None) => return Ok((read, None)),
                Err(broken) => return Ok((read, Some(broken))),
            }
        }
    };
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        match read(&changed) {
            Ok((read, Some(_))) => assert_eq!(read[..], items[..read.len()], "byte {at}"),
            Ok((_, None)) => panic!("byte {at} was changed and nobody saw it"),
            Err(Broken::NoRecording | Broken::Version(_)) => {}
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    for length in 0..bytes.len() {
        match read(&bytes[..length]) {
            Ok((read, broken)) => {
                assert_eq!(read[..], items[..read.len()]);
                let whole = broken.is_none();
                assert!(whole || matches!(broken, Some(Broken::CutOff { .. })), "{length}: {broken:?}");
            }
            Err(broken) => assert_eq!(broken, Broken::NoRecording),
        }
    }
    assert_eq!(read(&item(b"no head".to_vec())).unwrap_err(), Broken::NoRecording);
    assert_eq!(read(b"").unwrap_err(), Broken::NoRecording);
}
