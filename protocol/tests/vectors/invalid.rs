//! Bytes that every implementation must refuse, and why.

use serde::Serialize;
use serde_bytes::{ByteArray, ByteBuf};
use serde_json::{Value, json};
use starling_protocol::{
    Body, EntryId, Identity, cbor,
    entry::{self, log},
    identity::{Inception, Record},
    keys::{self, Secret},
    payload::Content,
};

use super::{TIME, author, device, hex, phrase, sign};

/// A record of one operation, whoever signed it.
fn raw_record(epoch: u32, action: impl Serialize, signer: &Secret) -> Vec<u8> {
    let body = cbor::encode(&(1u8, author(), epoch, action));
    let signature = signer.sign(keys::IDENTITY_SIGNATURE, blake3::hash(&body).as_bytes());
    let inception = cbor::encode(&Inception::of(&phrase()));
    let operations = vec![(ByteBuf::from(body), ByteArray::new(signature))];
    cbor::encode(&(ByteBuf::from(inception), operations))
}

pub fn identities() -> Vec<Value> {
    let (root, stranger) = (phrase().root(0), device(9));
    let add = |n: u8| (0u8, device(n).public());
    let stolen = (2u8, stranger.public(), ByteArray::new([0u8; 32]), [stranger.public()], [(); 0]);
    let ends = |log: u8, seq: u64| (1u8, (device(1).public(), [(log, seq, EntryId::new([1; 32]))]));
    let one = phrase().root(1);
    let after = ByteArray::new(keys::commitment(&stranger.public(), &[0; 32]));
    let turned_off = (2u8, one.public(), after, [stranger.public()], [(); 0]);
    let good = raw_record(0, add(1), &root);
    let mut turned = good.clone();
    *turned.last_mut().unwrap() ^= 1;
    let mut long = vec![0x98, 0x02];
    long.extend(&good[1..]);
    let bad = [
        ("an operation that is signed by no root", raw_record(0, add(1), &stranger)),
        ("a rotation to a root that was not committed to", raw_record(0, stolen, &stranger)),
        ("an operation of an epoch that nothing leads to", raw_record(1, add(1), &phrase().root(1))),
        ("a rotation to the right root that commits to another after it", raw_record(0, turned_off, &one)),
        ("an operation of no known kind", raw_record(0, (7u8, device(1).public()), &root)),
        ("a removal in a log that there is not", raw_record(0, ends(log::COUNT, 0), &root)),
        ("a removal after the last place of a log", raw_record(0, ends(0, 1 << 48), &root)),
        ("a turned bit in the signature", turned),
        ("a list whose length is not in its shortest form", long),
        ("bytes after the end", [&good[..], &[0]].concat()),
    ];
    let read =
        |bytes: &[u8]| cbor::decode_canonical(bytes).ok().and_then(|r: Record| Identity::verify(&r).ok());
    assert!(read(&good).is_some());
    let bad = bad.iter().map(|(why, record)| {
        assert!(read(record).is_none(), "{why}");
        json!({ "why": why, "record": hex(record) })
    });
    bad.collect()
}

pub fn entries() -> Vec<Value> {
    let good = sign(log::POSTS, 0, None, Body::Post(Content { text: "hello".into(), ..Content::default() }));
    let wire = good.signed().clone();
    let bytes = wire.to_bytes();
    let payload = wire.payload.clone().unwrap();
    // A header of our own, signed as it is.
    let header = |version: u8, log: u8, seq: u64, previous: Option<EntryId>, payload: &[u8], length: u32| {
        let hash = ByteArray::new(entry::payload_hash(payload));
        cbor::encode(&(version, author(), device(1).public(), log, seq, previous, hash, length, TIME))
    };
    let signed = |header: Vec<u8>, payload: Option<&[u8]>| {
        let signature = device(1).sign(keys::ENTRY_SIGNATURE, EntryId::of(&header).as_bytes());
        let payload = payload.map(<[u8]>::to_vec);
        entry::Signed { header, signature, payload }.to_bytes()
    };
    let length = payload.len() as u32;
    let own = |version, log, seq, previous| {
        signed(header(version, log, seq, previous, &payload, length), Some(&payload))
    };
    let mut long_header = wire.header.clone();
    long_header.splice(0..1, [0x98, 0x09]);
    let mut turned = bytes.clone();
    turned[80] ^= 1;
    let mut other = wire.clone();
    other.payload.as_mut().unwrap()[30] ^= 1;
    let floating =
        [&[0x83], &cbor::encode(&ByteArray::new([0u8; 16]))[..], &[0x61, b'x', 0x81, 0xf9, 0x3c, 0]].concat();
    let mapping = [&[0x83], &cbor::encode(&ByteArray::new([0u8; 16]))[..], &[0x61, b'x', 0xa0]].concat();
    let no_list = [&[0x83], &cbor::encode(&ByteArray::new([0u8; 16]))[..], &[0x61, b'x', 0x01]].concat();
    let own_payload =
        |payload: &[u8]| signed(header(1, 0, 0, None, payload, payload.len() as u32), Some(payload));
    let mut long_frame = vec![0x98, 0x03];
    long_frame.extend(&bytes[1..]);
    let last = Some(EntryId::new([1; 32]));
    let bad = [
        ("bytes after the end", [&bytes[..], &[0]].concat()),
        ("cut short", bytes[..bytes.len() - 1].to_vec()),
        ("a list whose length is not in its shortest form", long_frame),
        (
            "a header whose length is not in its shortest form, signed as it is",
            signed(long_header, Some(&payload)),
        ),
        ("a turned bit in the header", turned),
        ("another payload than was signed", other.to_bytes()),
        ("version 2", own(2, 0, 0, None)),
        ("there is no log 5", own(1, 5, 0, None)),
        ("the first of a log names one before it", own(1, 0, 0, last)),
        ("a later one names none before it", own(1, 0, 1, None)),
        ("a sequence number over 2^48 - 1", own(1, 0, 1 << 48, last)),
        ("another payload length", signed(header(1, 0, 0, None, &payload, length + 1), Some(&payload))),
        (
            "a payload over its limit, left out",
            signed(header(1, 0, 0, None, &payload, 32 * 1024 - 511), None),
        ),
        ("a float in the payload", own_payload(&floating)),
        ("a map in the payload", own_payload(&mapping)),
        ("a body that is no list", own_payload(&no_list)),
        ("no payload at all, but an empty one", signed(header(1, 0, 0, None, &[], 0), Some(&[]))),
    ];
    let bad = bad.iter().map(|(why, bytes)| {
        assert!(entry::verify(bytes).is_err(), "{why}");
        json!({ "why": why, "entry": hex(bytes) })
    });
    bad.collect()
}
