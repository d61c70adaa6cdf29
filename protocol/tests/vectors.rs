//! The bytes that two nodes agree on, pinned. A changed vector is a changed protocol.
//!
//! `STARLING_VECTORS=write cargo test -p starling-protocol --test vectors` writes the files anew. They
//! are checked a second time by `vectors/verify.py`, which shares nothing with this crate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "vectors/invalid.rs"]
mod invalid;
#[path = "vectors/polls.rs"]
mod polls;
mod support;

use std::{fs, path::PathBuf};

use serde_bytes::{ByteArray, ByteBuf};
use serde_json::{Value, json};
use starling_protocol::{
    AuthorId, Body, DeviceKey, EntryId, Identity, Payload, Verified, bundle, cbor,
    entry::{self, Place, log},
    feed::ForkProof,
    frame::Frame,
    identity::{Action, Cutoff, Inception, Operation, Record, Removal, Voice},
    invite::Invite,
    keys::{self, Phrase, Secret},
    payload::{Content, Extension, Link, Media, Profile, Visibility},
    sync::{FeedState, Interests, LogHead, Source},
};
use support::{Session, Shelf, shelf};

const TIME: u64 = 1_790_000_000_000;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares with the file, or writes it.
fn pinned(name: &str, value: Value) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "vectors", name].iter().collect();
    let text = format!("{}\n", serde_json::to_string_pretty(&value).unwrap());
    if std::env::var_os("STARLING_VECTORS").is_some_and(|value| value == "write") {
        fs::write(&path, text).unwrap();
        return;
    }
    let pinned: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let (Some(pinned), Some(fields)) = (pinned.as_object(), value.as_object()) else {
        panic!("{name} is not an object");
    };
    for (field, value) in fields {
        assert_eq!(pinned.get(field), Some(value), "{field} in {name}");
    }
    assert_eq!(pinned.len(), fields.len(), "fields of {name}");
}

fn phrase() -> Phrase {
    Phrase::from_entropy(std::array::from_fn(|n| n as u8))
}

fn device(n: u8) -> Secret {
    Secret::from_seed([n; 32])
}

fn author() -> AuthorId {
    Inception::of(&phrase()).author()
}

fn operation(epoch: u32, root: u32, action: Action) -> Operation {
    Operation::sign(author(), epoch, action, &phrase().root(root))
}

fn cut(n: u8, logs: &[(u8, u64)]) -> Removal {
    let cutoff = |(log, seq): &(u8, u64)| Cutoff(*log, *seq, EntryId::new([*seq as u8; 32]));
    Removal(device(n).public(), logs.iter().map(cutoff).collect())
}

fn rotation(epoch: u32, keep: &[u8], removals: Vec<Removal>) -> Operation {
    let action = Action::RotateRoot {
        root: phrase().root(epoch + 1).public(),
        next: phrase().commitment(epoch + 2),
        keep: keep.iter().map(|n| device(*n).public()).collect(),
        removals,
    };
    operation(epoch, epoch + 1, action)
}

fn identity(operations: &[Operation]) -> Identity {
    let mut identity = Identity::begin(Inception::of(&phrase()));
    operations.iter().for_each(|operation| assert!(identity.apply(operation.clone()).unwrap()));
    identity
}

/// Whose entries, frames and files these are: one author with one device.
fn ada() -> Identity {
    identity(&[operation(0, 0, Action::AddDevice(device(1).public()))])
}

#[test]
fn keys_and_ids() {
    let roots: Vec<Value> = (0..starling_protocol::limits::ROOTS)
        .map(|n| {
            let root = phrase().root(n);
            let public = root.public();
            json!({ "n": n, "seed": hex(*root.seed()), "public": hex(public.as_bytes()),
                    "commitment": hex(phrase().commitment(n)) })
        })
        .collect();
    let inception = cbor::encode(&Inception::of(&phrase()));
    assert_eq!(AuthorId::new(*blake3::hash(&inception).as_bytes()), author());
    let id = EntryId::new([0xab; 32]);
    pinned(
        "keys.json",
        json!({
            "words": *phrase().words(),
            "entropy": hex(phrase().entropy()),
            "roots": roots,
            "inception": hex(inception),
            "author": hex(author().as_bytes()),
            "author_text": author().to_string(),
            "device_seed": hex(*device(1).seed()),
            "device": hex(device(1).public().as_bytes()),
            "device_text": device(1).public().to_string(),
            "entry_id": hex(id.as_bytes()),
            "entry_id_text": id.to_string(),
            "bad_texts": bad_texts(),
        }),
    );
}

fn bad_texts() -> Vec<Value> {
    let good = author().to_string();
    let typo = good.replacen('q', "p", 1);
    let old = bech32::encode::<bech32::Bech32>(bech32::Hrp::parse("star").unwrap(), author().as_bytes());
    let texts = [
        ("a typing error", typo),
        ("mixed case", format!("S{}", &good[1..])),
        ("the older checksum, bech32", old.unwrap()),
        ("a device where an author is expected", device(1).public().to_string()),
        ("cut short", good[..good.len() - 1].into()),
    ];
    let bad = |(why, text): &(&str, String)| {
        assert!(text.parse::<AuthorId>().is_err(), "{why}");
        json!({ "text": text, "why": why })
    };
    texts.iter().map(bad).collect()
}

/// Why it is there, key, context and signature.
type Case<'a> = (&'a str, [u8; 32], &'a [u8], [u8; 64]);

#[test]
fn signatures() {
    let hash = [7; 32];
    let good = device(1).sign(keys::ENTRY_SIGNATURE, &hash);
    let key = *device(1).public().as_bytes();
    let mut identity_point = [0; 32];
    identity_point[0] = 1;
    let mut second_spelling = [0xff; 32];
    (second_spelling[0], second_spelling[31]) = (0xee, 0x7f);
    let mut all_null = [0; 64];
    all_null[0] = 1;
    // S + L: the same number, spelled a second time.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut larger = good;
    let mut carry = 0;
    for (byte, order) in larger[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let mut turned = good;
    turned[0] ^= 1;
    let cases: [Case; 7] = [
        ("good", key, keys::ENTRY_SIGNATURE, good),
        ("another context", key, keys::IDENTITY_SIGNATURE, good),
        ("a turned bit", key, keys::ENTRY_SIGNATURE, turned),
        ("S is not reduced", key, keys::ENTRY_SIGNATURE, larger),
        ("a key of small order", identity_point, keys::ENTRY_SIGNATURE, all_null),
        ("a key of small order, all zeros", [0; 32], keys::ENTRY_SIGNATURE, [0; 64]),
        ("a key that is not spelled in its one way", second_spelling, keys::ENTRY_SIGNATURE, all_null),
    ];
    let cases: Vec<Value> = cases
        .iter()
        .map(|(why, key, context, signature)| {
            let valid = keys::verify(&DeviceKey::new(*key), context, &hash, signature);
            assert_eq!(valid, *why == "good", "{why}");
            json!({ "why": why, "key": hex(key), "context": hex(context), "hash": hex(hash),
                    "signature": hex(signature), "valid": valid })
        })
        .collect();
    pinned("signatures.json", json!({ "cases": cases }));
}

fn voice(voice: Voice) -> Value {
    match voice {
        Voice::Speaks => json!("speaks"),
        Voice::Silent => json!("silent"),
        Voice::Until(seq, id) => json!({ "seq": seq, "id": hex(id.as_bytes()) }),
    }
}

#[test]
fn identities() {
    let add = |n: u8| operation(0, 0, Action::AddDevice(device(n).public()));
    let remove = |removal| operation(0, 0, Action::RemoveDevice(removal));
    let rotations = [rotation(0, &[2], vec![cut(1, &[(0, 3)])]), rotation(0, &[1], vec![])];
    let cases: Vec<(&str, Vec<Operation>)> = vec![
        ("only begun", vec![]),
        ("one device", vec![add(1)]),
        ("two devices, one of them removed", vec![add(1), add(2), remove(cut(1, &[(0, 9), (1, 4)]))]),
        (
            "removed twice: the lower cut-off holds, log by log",
            vec![add(1), remove(cut(1, &[(0, 9), (1, 4)])), remove(cut(1, &[(0, 5), (2, 1)]))],
        ),
        (
            "a rotation outranks what the old root did",
            vec![add(1), add(66), rotations[0].clone(), remove(cut(2, &[]))],
        ),
        (
            "two rotations in a row, and a device added by the last root",
            vec![
                add(1),
                rotations[0].clone(),
                rotation(1, &[2], vec![cut(1, &[(0, 2)])]),
                operation(2, 2, Action::AddDevice(device(3).public())),
            ],
        ),
        ("retired", vec![add(1), operation(0, 0, Action::Retire(vec![cut(1, &[(0, 7)])])), add(2)]),
        ("a removal of who was never added says nothing", vec![add(1), remove(cut(2, &[(0, 9)]))]),
        (
            "a rotation cuts 32 at most, and each that speaks after it can be removed",
            vec![
                rotation(0, &[1], (34..=66).map(|n| cut(n, &[(0, 1)])).collect()),
                operation(1, 1, Action::RemoveDevice(cut(1, &[(0, 3)]))),
            ],
        ),
    ];
    let cases: Vec<Value> = cases
        .iter()
        .map(|(name, operations)| {
            let identity = identity(operations);
            let voices: Vec<Value> = [1, 2, 3, 66]
                .iter()
                .flat_map(|n| (0..2).map(move |log| (*n, log)))
                .map(|(n, log)| {
                    let device = device(n).public();
                    json!({ "device": hex(device.as_bytes()), "log": log,
                            "voice": voice(identity.voice(&device, log)) })
                })
                .collect();
            let record = cbor::encode(&identity.record());
            let read: Record = cbor::decode_canonical(&record).unwrap();
            assert_eq!(Identity::verify(&read), Ok(identity.clone()));
            json!({ "name": name, "record": hex(record), "author": hex(identity.author().as_bytes()),
                    "epoch": identity.epoch(), "root": hex(identity.root().as_bytes()),
                    "retired": identity.retired(), "digest": hex(identity.digest()), "voices": voices })
        })
        .collect();
    let adds: Vec<Operation> = (1..=130).map(add).collect();
    let merged = [
        (
            "of two rotations the one with the lower id is kept",
            [&rotations[..1], &rotations[1..]].map(identity),
        ),
        (
            "more operations than an identity may have",
            [identity(&adds[..100]), identity(&[&adds[100..], &rotations[..1]].concat())],
        ),
    ];
    let merged = merged.map(|(name, [one, other])| {
        let (mut both, mut turned) = (one.clone(), other.clone());
        both.merge(&other.record()).unwrap();
        turned.merge(&one.record()).unwrap();
        assert_eq!(both, turned, "{name}");
        let records = [one, other].map(|identity| hex(cbor::encode(&identity.record())));
        json!({ "name": name, "records": records, "digest": hex(both.digest()), "epoch": both.epoch() })
    });
    pinned("identities.json", json!({ "cases": cases, "merged": merged, "invalid": invalid::identities() }));
}

fn link(n: u8) -> Link {
    Link { author: AuthorId::new([n; 32]), id: EntryId::new([n + 1; 32]) }
}

fn content() -> Content {
    Content {
        text: "Mba’éichapa 🐦".into(),
        warning: Some("birds".into()),
        language: Some("gn".into()),
        visibility: Visibility::Unlisted,
        mentions: vec![AuthorId::new([3; 32])],
        tags: vec!["starling".into()],
        media: vec![Media {
            blob: [5; 32],
            mime: "image/png".into(),
            size: 70_000,
            dimensions: (640, 480),
            blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj".into(),
            alt: "a bird".into(),
        }],
        quote: Some(link(8)),
        extensions: vec![Extension { name: "x-mood".into(), value: vec![1, 2] }],
    }
}

fn bodies() -> Vec<Body> {
    let plain = Content { text: "hello".into(), ..Content::default() };
    let mut shown = content();
    shown.set_sensitive(true);
    shown.set_focus(&[Some((-250, 1000))]);
    let profile = Profile {
        name: "Ada".into(),
        bio: "counts".into(),
        fields: vec![("web".into(), "ada.example".into())],
        avatar: Some([1; 32]),
        header: None,
        hints: vec!["/dns4/node.example/udp/4001/quic-v1".into()],
        extensions: vec![],
    };
    vec![
        Body::Post(plain.clone()),
        Body::Post(content()),
        Body::Reply { root: link(1), parent: link(2), content: plain.clone() },
        Body::Edit { replaces: link(1).id, content: plain },
        Body::Delete(vec![link(1).id, link(2).id]),
        Body::Boost(link(4)),
        Body::Like(link(4)),
        Body::Follow(link(3).author),
        Body::Unfollow(link(3).author),
        Body::Block(link(3).author),
        Body::Unblock(link(3).author),
        Body::Profile(profile),
        Body::Pin(link(1).id),
        Body::Unpin(link(1).id),
        Body::Unknown { kind: "x-poll".into(), body: cbor::encode(&("shown instead", 7u8)) },
        Body::Vote(link(4), vec![0, 2]),
        Body::Post(shown),
    ]
}

fn sign(log: u8, seq: u64, previous: Option<EntryId>, body: Body) -> Verified {
    let place = Place { author: author(), log, seq, previous };
    entry::sign(place, body, [seq as u8; 16], TIME + seq, &device(1))
}

fn described(entry: &Verified) -> Value {
    let (header, signed) = (entry.header(), entry.signed());
    json!({
        "log": header.log, "seq": header.seq, "time": header.time,
        "previous": header.previous.map(|id| hex(id.as_bytes())),
        "id": hex(entry.id().as_bytes()), "id_text": entry.id().to_string(),
        "header": hex(&signed.header), "signature": hex(signed.signature),
        "payload": signed.payload.as_ref().map(hex), "payload_hash": hex(header.payload_hash),
        "kind": entry.payload().map(|payload| payload.body().kind()),
        "entry": hex(signed.to_bytes()),
    })
}

#[test]
fn entries() {
    let mut previous = [None; 3];
    let mut next = [0; 3];
    let entries: Vec<Verified> = bodies()
        .into_iter()
        .map(|body| {
            let log = body.log() as usize;
            let entry = sign(log as u8, next[log], previous[log], body);
            (previous[log], next[log]) = (Some(entry.id()), next[log] + 1);
            entry
        })
        .collect();
    let erased = entries[0].clone().without_payload();
    let cases: Vec<Value> = entries.iter().chain([&erased]).map(described).collect();
    let value = json!({ "author": hex(author().as_bytes()), "device": hex(device(1).public().as_bytes()),
                        "cases": cases, "invalid": invalid::entries() });
    pinned("entries.json", value);
}

fn two_versions() -> (Verified, Verified, ForkProof) {
    let post = |text: &str| Body::Post(Content { text: text.into(), ..Content::default() });
    let first = sign(log::POSTS, 4, Some(EntryId::new([1; 32])), post("one"));
    let second = sign(log::POSTS, 4, Some(EntryId::new([1; 32])), post("two"));
    let proof = ForkProof::of(&first, &second).unwrap();
    (first, second, proof)
}

#[test]
fn forks() {
    let (first, second, proof) = two_versions();
    let next = sign(log::POSTS, 5, Some(EntryId::new([9; 32])), Body::Post(Content::default()));
    let link = ForkProof::of(&first, &next).unwrap();
    let good = sign(log::POSTS, 5, Some(first.id()), Body::Post(Content::default()));
    assert!(ForkProof::of(&first, &good).is_err());
    let half = |entry: &Verified| {
        (ByteBuf::from(entry.signed().header.clone()), ByteArray::new(entry.signed().signature))
    };
    let halves = |a, b| cbor::encode(&[half(a), half(b)]);
    let swapped = if proof.to_bytes() == halves(&first, &second) {
        halves(&second, &first)
    } else {
        halves(&first, &second)
    };
    let bad = [
        ("one entry twice", halves(&first, &first)),
        ("an entry and the one that follows it", halves(&first, &good)),
        ("the higher id first", swapped),
    ];
    let bad = bad.iter().map(|(why, bytes)| {
        assert!(ForkProof::from_bytes(bytes).is_err(), "{why}");
        json!({ "why": why, "proof": hex(bytes) })
    });
    pinned(
        "forks.json",
        json!({
            "cases": [
                { "name": "two versions of one place", "proof": hex(proof.to_bytes()), "log": 0, "seq": 4,
                  "entries": [hex(first.signed().to_bytes()), hex(second.signed().to_bytes())] },
                { "name": "one that names another before it", "proof": hex(link.to_bytes()), "log": 0, "seq": 4,
                  "entries": [hex(first.signed().to_bytes()), hex(next.signed().to_bytes())] },
            ],
            "invalid": bad.collect::<Vec<_>>(),
        }),
    );
}

#[test]
fn frames() {
    let (first, _, proof) = two_versions();
    let large = Body::Post(Content { text: "x".repeat(5_000), ..Content::default() });
    let large = sign(log::POSTS, 0, None, large);
    let frames = [
        ("an entry", Frame::of_entry(&ada(), &first).unwrap()),
        ("an entry whose payload stays behind", Frame::of_entry(&ada(), &large).unwrap()),
        ("an identity", Frame::of_identity(&ada()).unwrap()),
        ("a fork", Frame::of_fork(&ada(), &proof).unwrap()),
    ];
    let cases = frames.iter().map(|(name, frame)| json!({ "name": name, "frame": hex(frame.to_bytes()) }));
    let good = frames[2].1.to_bytes();
    let inline = Frame::Entry { record: ada().record(), entry: large.signed().to_bytes() }.to_bytes();
    let bad = [
        ("a kind that is not in its shortest form", [&[good[0], 0x18], &good[1..]].concat()),
        ("bytes after the end", [&good[..], &[0]].concat()),
        ("no such kind", [&[0x82, 0x03], &good[2..]].concat()),
        ("a payload over 4 KiB", inline),
    ];
    let bad = bad.iter().map(|(why, bytes)| {
        assert!(Frame::from_bytes(bytes).is_err(), "{why}");
        json!({ "why": why, "frame": hex(bytes) })
    });
    let (cases, bad): (Vec<_>, Vec<_>) = (cases.collect(), bad.collect());
    pinned("frames.json", json!({ "cases": cases, "invalid": bad }));
}

/// One session, frame by frame, of an empty node with one that holds three posts and a follow.
#[test]
fn conversation() {
    let ada = ada();
    let mut server = Shelf::default();
    server.meet(&ada.record());
    let mut previous = None;
    for (seq, text) in ["one", "two", "three"].into_iter().enumerate() {
        let body = Body::Post(Content { text: text.into(), ..Content::default() });
        let entry = sign(log::POSTS, seq as u64, previous, body);
        previous = Some(entry.id());
        assert!(server.take(entry));
    }
    assert!(server.take(sign(log::GRAPH, 0, None, Body::Follow(link(3).author))));
    let mut puller = shelf(&[]);
    let mut session = Session::open(&mut puller, &[author()], None);
    let mut frames = Vec::new();
    while !(session.asks.is_empty() && session.answers.is_empty()) {
        while let Some(frame) = session.asks.front() {
            frames.push(json!({ "from": "puller", "frame": hex(frame) }));
            session.serve_one(&mut server);
        }
        while let Some(frame) = session.answers.front() {
            frames.push(json!({ "from": "server", "frame": hex(frame) }));
            session.pull_one(&mut puller);
        }
    }
    assert_eq!(puller.contents(), server.contents());
    let interests = Interests::of(&[author(), AuthorId::new([0; 32]), AuthorId::new([0xff; 32])]);
    let frozen = LogHead { log: 0, lo: 1, hi: 0, head: EntryId::new([0; 32]), frozen: Some(0) };
    let frozen = FeedState::new(author(), &ada.digest(), [(device(1).public(), frozen)]);
    let state = |state: &FeedState| json!({ "state": hex(cbor::encode(state)), "item": hex(state.item()), "mark": hex(cbor::encode(&state.mark())) });
    let states = [state(&server.feed(&author()).unwrap().unwrap()), state(&frozen)];
    pinned(
        "sync.json",
        json!({
            "frames": frames,
            "states": states,
            "interests": { "prefixes": interests.prefixes(), "bytes": hex(interests.to_bytes()) },
            "bad_interests": ["80", "0500", "ffffffff7f"],
        }),
    );
}

#[test]
fn bundles() {
    let mut writer = bundle::Writer::new(Vec::new(), author(), &device(1), TIME).unwrap();
    writer.identity(&ada().record()).unwrap();
    let (first, _, proof) = two_versions();
    writer.entry(first.signed()).unwrap();
    writer.fork(&proof).unwrap();
    let bytes = writer.finish().unwrap();
    assert_eq!(bundle::check(&bytes[..]).unwrap().entries, 1);
    let mut changed = bytes.clone();
    changed[300] ^= 1;
    let mut unsigned = bytes.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    let bad = [
        ("cut short", bytes[..bytes.len() - 150].to_vec()),
        ("changed", changed),
        ("not signed by the device", unsigned),
        ("bytes after the end", [&bytes[..], &[0x80]].concat()),
    ];
    let bad = bad.iter().map(|(why, bytes)| {
        assert!(bundle::check(&bytes[..]).is_err(), "{why}");
        json!({ "why": why, "bundle": hex(bytes) })
    });
    let bad: Vec<_> = bad.collect();
    pinned("bundles.json", json!({ "bundle": hex(&bytes), "items": 3, "time": TIME, "invalid": bad }));
}

#[test]
fn invites() {
    let invites = [
        Invite { author: author(), name: String::new(), addresses: vec![], newest: vec![] },
        Invite {
            author: author(),
            name: "Ada 🐦".into(),
            addresses: vec!["/dns4/node.example/udp/4001/quic-v1".into(), "/ip4/192.0.2.7/tcp/4001".into()],
            newest: vec![EntryId::new([4; 32])],
        },
    ];
    let cases: Vec<Value> = invites
        .iter()
        .map(|invite| {
            let newest: Vec<String> = invite.newest.iter().map(|id| hex(id.as_bytes())).collect();
            json!({ "link": invite.to_string(), "author": hex(invite.author.as_bytes()), "name": invite.name,
                    "addresses": invite.addresses, "newest": newest })
        })
        .collect();
    let good = invites[1].to_string();
    let swap = |text: &str| text.replacen("aa", "ab", 1);
    let bad = [
        ("a typing error", swap(&good)),
        ("cut short", good[..good.len() - 4].into()),
        ("another scheme", good.replacen("starling", "sparrow", 1)),
        ("a character that base32 has not", good.replacen("starling:invite:", "starling:invite:1", 1)),
    ];
    let bad = bad.iter().map(|(why, link)| {
        assert_ne!(*link, good);
        assert!(link.parse::<Invite>().is_err(), "{why}");
        json!({ "why": why, "link": link })
    });
    let bad: Vec<_> = bad.collect();
    pinned("invites.json", json!({ "cases": cases, "invalid": bad }));
}

/// A payload is bound by its hash alone: the same bytes give the same hash in every implementation.
#[test]
fn payload_hashes() {
    let cases: Vec<Value> = bodies()
        .into_iter()
        .map(|body| {
            let bytes = Payload::new([9; 16], body).encode();
            json!({ "payload": hex(&bytes), "hash": hex(entry::payload_hash(&bytes)) })
        })
        .collect();
    pinned("payloads.json", json!({ "cases": cases }));
}
