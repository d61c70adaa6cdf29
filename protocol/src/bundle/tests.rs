//! A bundle gives back what went in, and tells how it was damaged.

use super::*;
use crate::{
    entry::{Place, Verified, log, sign, verify},
    identity::{Action, Identity, Inception, Operation},
    keys::Phrase,
    payload::{Body, Content},
};

fn device() -> Secret {
    Secret::from_seed([5; 32])
}

fn identity() -> Identity {
    let phrase = Phrase::from_entropy([6; 32]);
    let mut identity = Identity::begin(Inception::of(&phrase));
    let add = Action::AddDevice(device().public());
    identity.apply(Operation::sign(identity.author(), 0, add, &phrase.root(0))).unwrap();
    identity
}

fn entry(seq: u64, text: &str) -> Verified {
    let previous = (seq > 0).then(|| crate::EntryId::new([9; 32]));
    let place = Place { author: identity().author(), log: log::POSTS, seq, previous };
    let body = Body::Post(Content { text: text.into(), ..Content::default() });
    sign(place, body, [1; 16], 1, &device())
}

fn bundle() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), identity().author(), &device(), 77).unwrap();
    writer.identity(&identity().record()).unwrap();
    writer.entry(entry(0, "first").signed()).unwrap();
    writer.entry(entry(1, &"long".repeat(1_000)).signed()).unwrap();
    writer.fork(&ForkProof::of(&entry(1, "a"), &entry(1, "b")).unwrap()).unwrap();
    writer.finish().unwrap()
}

#[test]
fn what_went_in_comes_out() {
    let bytes = bundle();
    let mut reader = Reader::new(&bytes[..]).unwrap();
    let about = About { author: identity().author(), device: device().public(), time: 77 };
    assert_eq!(*reader.about(), about);
    let items: Vec<Item> = reader.by_ref().map(Result::unwrap).collect();
    let [Item::Identity(record), Item::Entry(first), Item::Entry(_), Item::Fork(proof)] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(Identity::verify(record), Ok(identity()));
    assert_eq!(verify(first), Ok(entry(0, "first")));
    assert!(ForkProof::from_bytes(proof).is_ok());
    assert_eq!(check(&bytes[..]).unwrap(), Summary { about, identities: 1, entries: 2, forks: 1 });
}

#[test]
fn a_file_that_lost_its_end_says_so_wherever_it_was_cut() {
    let bytes = bundle();
    let header = {
        let empty = Writer::new(Vec::new(), identity().author(), &device(), 77).unwrap();
        empty.out.len()
    };
    for end in 0..bytes.len() {
        match check(&bytes[..end]) {
            Err(Error::Truncated { .. }) if end >= header => {}
            Err(Error::NotABundle) if end < header => {}
            other => panic!("cut at {end}: {other:?}"),
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let bytes = bundle();
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut flipped = bytes.clone();
            flipped[at] ^= bit;
            assert!(check(&flipped[..]).is_err(), "byte {at}");
        }
    }
    let payload = bytes.windows(5).position(|window| window == b"first").unwrap();
    let mut flipped = bytes;
    flipped[payload] ^= 1;
    assert!(matches!(check(&flipped[..]), Err(Error::Tampered)));
}

#[test]
fn another_device_cannot_sign_and_nothing_may_follow() {
    let bytes = bundle();
    let mut unsigned = bytes.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    assert!(matches!(check(&unsigned[..]), Err(Error::Unsigned)));
    let longer = [&bytes[..], &[0x80]].concat();
    assert!(matches!(check(&longer[..]), Err(Error::Trailing)));
    assert!(matches!(check(&b"{\"a\": 1}"[..]), Err(Error::NotABundle)));
}
