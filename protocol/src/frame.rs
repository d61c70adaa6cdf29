//! What travels over gossip.
//!
//! | frame | says |
//! |---|---|
//! | `[0, record, entry]` | a new entry, and as much of its author's identity as lets a stranger check it |
//! | `[1, record]` | an identity that changed |
//! | `[2, record, proof]` | a device that forked a log |
//!
//! Canonical or invalid: a node that forwarded another spelling of a frame would send its neighbours
//! the same news twice. Reading a frame checks its form and its limits and nothing that costs a
//! signature: whoever reads it verifies what it carries.

use serde_bytes::ByteBuf;

use crate::{
    cbor,
    entry::{Signed, Verified},
    feed::ForkProof,
    identity::{Identity, Record},
    limits,
};

/// Something new, as its neighbours are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// 0: an entry.
    Entry {
        /// Of its author, whole or the part that this device needs.
        record: Record,
        /// The entry's exact bytes, the payload left out where it is large.
        entry: Vec<u8>,
    },
    /// 1: an identity.
    Identity(Record),
    /// 2: a fork.
    Fork {
        /// Of the author.
        record: Record,
        /// [`ForkProof`], as bytes.
        proof: Vec<u8>,
    },
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the canonical encoding of a frame.
    #[error("not a gossip frame: {0}")]
    Encoding(#[from] cbor::Error),
    /// More bytes than may travel.
    #[error("{what} has {actual} bytes, and {limit} may travel by gossip")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// How many it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
}

impl Frame {
    /// The frame of an entry: a payload over [`limits::GOSSIP_PAYLOAD_BYTES`] is left out. An error
    /// if the identity is too large to go along; then sync alone carries the entry.
    pub fn of_entry(identity: &Identity, entry: &Verified) -> Result<Self, Error> {
        let record = identity.record_for(&entry.header().device, limits::GOSSIP_IDENTITY_BYTES);
        let mut signed: Signed = entry.signed().clone();
        signed.payload = signed.payload.filter(|payload| payload.len() <= limits::GOSSIP_PAYLOAD_BYTES);
        Self::Entry { record, entry: signed.to_bytes() }.checked()
    }

    /// The frame of an identity. An error if it is too large.
    pub fn of_identity(identity: &Identity) -> Result<Self, Error> {
        Self::Identity(identity.record()).checked()
    }

    /// The frame of a fork. An error if the identity is too large to go along.
    pub fn of_fork(identity: &Identity, proof: &ForkProof) -> Result<Self, Error> {
        let record = identity.record_for(&proof.place().device, limits::GOSSIP_IDENTITY_BYTES);
        Self::Fork { record, proof: proof.to_bytes() }.checked()
    }

    /// The record that the frame carries.
    pub fn record(&self) -> &Record {
        match self {
            Self::Entry { record, .. } | Self::Identity(record) | Self::Fork { record, .. } => record,
        }
    }

    /// The bytes that are published.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Entry { record, entry } => cbor::encode(&(0u8, record, ByteBuf::from(entry.clone()))),
            Self::Identity(record) => cbor::encode(&(1u8, record)),
            Self::Fork { record, proof } => cbor::encode(&(2u8, record, ByteBuf::from(proof.clone()))),
        }
    }

    /// Reads a frame.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        within("the frame", bytes.len(), limits::GOSSIP_FRAME_BYTES)?;
        let frame = match bytes {
            [0x83, 0, ..] => {
                let (_, record, entry): (u8, Record, ByteBuf) = cbor::decode_canonical(bytes)?;
                Self::Entry { record, entry: entry.into_vec() }
            }
            [0x82, 1, ..] => {
                let (_, record): (u8, Record) = cbor::decode_canonical(bytes)?;
                Self::Identity(record)
            }
            [0x83, 2, ..] => {
                let (_, record, proof): (u8, Record, ByteBuf) = cbor::decode_canonical(bytes)?;
                Self::Fork { record, proof: proof.into_vec() }
            }
            _ => return Err(cbor::Error::Malformed("no such frame".into()).into()),
        };
        frame.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        let (record, rest) = match &self {
            Self::Entry { record, entry } => {
                let limit = limits::GOSSIP_PAYLOAD_BYTES + limits::ENTRY_OVERHEAD;
                within("the entry", entry.len(), limit)?;
                (record, entry.len())
            }
            Self::Fork { record, proof } => {
                within("the proof", proof.len(), 2 * limits::ENTRY_OVERHEAD)?;
                (record, proof.len())
            }
            Self::Identity(record) => {
                within("the identity", record.size(), limits::GOSSIP_FRAME_BYTES - limits::ENTRY_OVERHEAD)?;
                return Ok(self);
            }
        };
        within("the identity", record.size(), limits::GOSSIP_IDENTITY_BYTES)?;
        within("the frame", record.size() + rest, limits::GOSSIP_FRAME_BYTES - limits::ENTRY_OVERHEAD)?;
        Ok(self)
    }
}

fn within(what: &'static str, actual: usize, limit: usize) -> Result<(), Error> {
    if actual <= limit { Ok(()) } else { Err(Error::TooLarge { what, actual, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entry::{Place, log, sign, verify},
        id::{DeviceKey, EntryId},
        identity::{Action, Cutoff, Inception, Operation, Removal},
        keys::{Phrase, Secret},
        payload::{Body, Content},
    };

    fn identity(devices: u8) -> Identity {
        let phrase = Phrase::from_entropy([7; 32]);
        let mut identity = Identity::begin(Inception::of(&phrase));
        for n in 0..devices {
            let add = Action::AddDevice(Secret::from_seed([n; 32]).public());
            identity.apply(Operation::sign(identity.author(), 0, add, &phrase.root(0))).unwrap();
        }
        identity
    }

    fn entry(identity: &Identity, text: &str, seq: u64) -> Verified {
        let previous = (seq > 0).then(|| EntryId::new([1; 32]));
        let place = Place { author: identity.author(), log: log::POSTS, seq, previous };
        let body = Body::Post(Content { text: text.into(), ..Content::default() });
        sign(place, body, [0; 16], 0, &Secret::from_seed([0; 32]))
    }

    #[test]
    fn frames_round_trip_in_one_spelling() {
        let identity = identity(2);
        let (a, b) = (entry(&identity, "a", 3), entry(&identity, "b", 3));
        let frames = [
            Frame::of_entry(&identity, &a).unwrap(),
            Frame::of_identity(&identity).unwrap(),
            Frame::of_fork(&identity, &ForkProof::of(&a, &b).unwrap()).unwrap(),
        ];
        for frame in frames {
            let bytes = frame.to_bytes();
            assert_eq!(Frame::from_bytes(&bytes), Ok(frame));
            let long = [&[bytes[0], 0x18], &bytes[1..]].concat();
            assert!(Frame::from_bytes(&long).is_err());
            assert!(Frame::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
            assert!(Frame::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }
        assert!(Frame::from_bytes(&[0x82, 3, 0]).is_err());
    }

    #[test]
    fn a_large_payload_stays_behind() {
        let identity = identity(1);
        let large = entry(&identity, &"x".repeat(limits::TEXT_CHARS), 0);
        let frame = Frame::of_entry(&identity, &large).unwrap();
        let Frame::Entry { entry, .. } = &frame else { panic!("{frame:?}") };
        let read = verify(entry).unwrap();
        assert_eq!(read.id(), large.id());
        assert!(read.payload().is_none());
        let inline = Frame::Entry { record: identity.record(), entry: large.signed().to_bytes() };
        assert!(matches!(Frame::from_bytes(&inline.to_bytes()), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn an_identity_too_large_for_its_part_is_an_error_not_a_lost_frame() {
        let phrase = Phrase::from_entropy([7; 32]);
        let mut identity = identity(1);
        let cut =
            |n: u8| Removal(DeviceKey::new([n; 32]), vec![Cutoff(0, u64::from(n), EntryId::new([n; 32])); 1]);
        let rotate = Action::RotateRoot {
            root: phrase.root(1).public(),
            next: phrase.commitment(2),
            keep: vec![Secret::from_seed([0; 32]).public()],
            removals: (0..60).map(cut).collect(),
        };
        identity.apply(Operation::sign(identity.author(), 0, rotate, &phrase.root(1))).unwrap();
        let entry = entry(&identity, "hello", 0);
        assert!(matches!(Frame::of_entry(&identity, &entry), Err(Error::TooLarge { .. })));
        assert!(Frame::of_identity(&identity).is_ok());
    }
}
