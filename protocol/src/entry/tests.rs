//! Reading by hand says what reading by types says: that is all that it may do.

use super::*;
use crate::payload::{Body, Content, Link};

fn entries() -> Vec<Verified> {
    let device = Secret::from_seed([5; 32]);
    let link = Link { author: AuthorId::new([2; 32]), id: EntryId::new([3; 32]) };
    let content = Content { text: "murmuration".into(), language: Some("gn".into()), ..Content::default() };
    let bodies = [
        Body::Post(content.clone()),
        Body::Reply { root: link, parent: link, content: content.clone() },
        Body::Post(Content { mentions: vec![link.author], tags: vec!["reeds".into()], ..content.clone() }),
        Body::Post(Content { quote: Some(link), warning: Some(String::new()), ..content }),
        Body::Boost(link),
        Body::Like(link),
        Body::Follow(link.author),
    ];
    let places = [(0, None), (24, Some(link.id)), (70_000, Some(link.id)), (limits::MAX_SEQ, Some(link.id))];
    let mut entries = Vec::new();
    for (index, body) in bodies.into_iter().enumerate() {
        let (seq, previous) = places[index % places.len()];
        let place = Place { author: AuthorId::new([1; 32]), log: body.log(), seq, previous };
        entries.push(sign(place, body, [9; 16], 1_700_000_000_000, &device));
    }
    entries
}

/// The bytes, and everything that one changed, lost or added byte makes of them.
fn variants(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changed = (0..bytes.len()).flat_map(|at| {
        [1, 2, 0x10, 0x1f, 0x20, 0x40, 0x80, 0xff].map(|bits| {
            let mut changed = bytes.to_vec();
            changed[at] ^= bits;
            changed
        })
    });
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let longer = (0..=bytes.len()).map(|at| {
        let mut longer = bytes.to_vec();
        longer.insert(at, 0);
        longer
    });
    std::iter::once(bytes.to_vec()).chain(changed).chain(cut).chain(longer)
}

/// The wire form as types read and write it.
fn by_types(bytes: &[u8]) -> Option<Signed> {
    let SignedOwned(header, signature, payload) = cbor::decode(bytes).ok()?;
    let payload = payload.map(serde_bytes::ByteBuf::into_vec);
    let signed = Signed { header: header.into_vec(), signature: signature.into_array(), payload };
    let wire = (
        serde_bytes::Bytes::new(&signed.header),
        serde_bytes::Bytes::new(&signed.signature),
        signed.payload.as_deref().map(serde_bytes::Bytes::new),
    );
    (cbor::encode(&wire) == bytes).then_some(signed)
}

#[test]
fn entries_are_read_by_hand_as_by_types() {
    for entry in entries() {
        for signed in [entry.signed().clone(), entry.clone().without_payload().signed().clone()] {
            let bytes = signed.to_bytes();
            assert_eq!(Signed::read(&bytes).as_ref(), Some(&signed));
            for bytes in variants(&bytes) {
                assert_eq!(Signed::read(&bytes), by_types(&bytes), "{bytes:02x?}");
            }
        }
    }
}

#[test]
fn headers_are_read_by_hand_as_by_types() {
    for entry in entries() {
        let bytes = &entry.signed().header;
        assert!(Wire::read(bytes).is_some());
        for bytes in variants(bytes) {
            let types = cbor::decode_canonical::<Wire>(&bytes).ok();
            let encoded = |wire: Wire| cbor::encode(&wire);
            assert_eq!(Wire::read(&bytes).map(encoded), types.map(encoded), "{bytes:02x?}");
        }
    }
}

#[test]
fn payloads_are_read_by_hand_as_by_types() {
    for entry in entries() {
        let Some(bytes) = &entry.signed().payload else { panic!("it has one") };
        for bytes in variants(bytes) {
            payload::assert_read_alike(&bytes);
        }
    }
}

#[test]
fn a_key_that_was_parsed_before_verifies_the_same() {
    let entries = entries();
    let other = sign(
        Place { author: AuthorId::new([1; 32]), log: 0, seq: 0, previous: None },
        Body::Follow(AuthorId::new([8; 32])),
        [0; 16],
        1,
        &Secret::from_seed([6; 32]),
    );
    // In turns, so that what one key left behind meets the signatures of the other.
    for entry in entries.iter().flat_map(|entry| [entry, &other]) {
        assert!(check(entry.signed().clone()).is_ok());
        let mut swapped = entry.signed().clone();
        swapped.signature =
            if entry == &other { entries[0].signed().signature } else { other.signed().signature };
        assert_eq!(check(swapped), Err(Invalid::Signature));
    }
}
