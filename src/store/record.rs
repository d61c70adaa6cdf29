//! The rows of the larger tables as bytes.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use starling_protocol::{AuthorId, DeviceKey, EntryId, Verified, cbor, entry::Signed, feed::LogState};

use super::Error;

/// Bytes of a header before the log: list, version, author, device.
const SHARED: usize = 70;
/// Bytes of an [`EntryRecord`] before the rest of the header.
const FIXED: usize = 8 + 4 + 8 + 4 + 2;
const PAYLOAD: u16 = 0x8000;

/// One entry as it is stored: a check sum, where it stands, when and from whom it came, and its
/// exact bytes but for author and device, which its log names.
///
/// ```text
/// check sum 8 | log 4 | received 8 | peer 4 | has payload 1 bit, header length 15 bits
/// header from the log on | signature 64 | payload
/// ```
/// Integers are little-endian. The check sum is the first 8 bytes of BLAKE3 over the rest: redb does
/// not check sums on read, and what is served must not have changed on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRecord {
    /// Number of its log.
    pub log: u32,
    /// When it came, in milliseconds since 1970.
    pub received_at: u64,
    /// Number of the peer that brought it; 0 for our own.
    pub from: u32,
    header: Vec<u8>,
    signature: [u8; 64],
    payload: Option<Vec<u8>>,
}

impl EntryRecord {
    /// The record of an entry.
    pub fn of(entry: &Verified, log: u32, received_at: u64, from: u32) -> Self {
        let Signed { header, signature, payload } = entry.signed().clone();
        Self { log, received_at, from, header: header[SHARED..].to_vec(), signature, payload }
    }

    /// The bytes of the record.
    pub fn encode(&self) -> Vec<u8> {
        let payload = self.payload.as_deref();
        let length = FIXED + self.header.len() + 64 + payload.map_or(0, <[u8]>::len);
        let mut bytes = Vec::with_capacity(length);
        bytes.extend([0; 8]);
        bytes.extend(self.log.to_le_bytes());
        bytes.extend(self.received_at.to_le_bytes());
        bytes.extend(self.from.to_le_bytes());
        let flag = if payload.is_some() { PAYLOAD } else { 0 };
        bytes.extend((self.header.len() as u16 | flag).to_le_bytes());
        bytes.extend(&self.header);
        bytes.extend(self.signature);
        bytes.extend(payload.unwrap_or_default());
        let sum = sum(&bytes);
        bytes[..8].copy_from_slice(&sum);
        bytes
    }

    /// Reads a record back, if it is whole.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let broken = || Error::Corrupt("an entry does not match its check sum".into());
        if bytes.len() < FIXED + 64 || bytes[..8] != sum(bytes) {
            return Err(broken());
        }
        let (lengths, rest) = bytes[24..].split_first_chunk::<2>().ok_or_else(broken)?;
        let lengths = u16::from_le_bytes(*lengths);
        let (header, rest) = rest.split_at_checked((lengths & !PAYLOAD) as usize).ok_or_else(broken)?;
        let (signature, payload) = rest.split_first_chunk::<64>().ok_or_else(broken)?;
        Ok(Self {
            log: u32::from_le_bytes(array(&bytes[8..12])),
            received_at: u64::from_le_bytes(array(&bytes[12..20])),
            from: u32::from_le_bytes(array(&bytes[20..24])),
            header: header.to_vec(),
            signature: *signature,
            payload: (lengths & PAYLOAD != 0).then(|| payload.to_vec()),
        })
    }

    /// The entry's exact bytes; `row` is its log's.
    pub fn signed(self, row: &LogRow) -> Signed {
        let mut header = Vec::with_capacity(SHARED + self.header.len());
        header.extend([0x89, 0x01, 0x58, 0x20]);
        header.extend(row.author.as_bytes());
        header.extend([0x58, 0x20]);
        header.extend(row.device.as_bytes());
        header.extend(self.header);
        Signed { header, signature: self.signature, payload: self.payload }
    }

    /// Drops the payload.
    pub fn erase(&mut self) {
        self.payload = None;
    }

    /// Whether the payload is there.
    pub fn has_payload(&self) -> bool {
        self.payload.is_some()
    }
}

/// What was read, unless it is damaged: then that is noted, and it is not there.
pub fn sound<T>(arrival: u64, read: Result<T, impl std::fmt::Display>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!("entry {arrival} is damaged: {error}")).ok()
}

fn sum(bytes: &[u8]) -> [u8; 8] {
    array(&blake3::hash(&bytes[8..]).as_bytes()[..8])
}

/// The slice as an array; whoever calls has cut it to length.
fn array<const N: usize>(slice: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(slice);
    array
}

/// What is held of one log, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Whose.
    pub author: AuthorId,
    /// Number of the author.
    pub author_number: u32,
    /// The device that writes it.
    pub device: DeviceKey,
    /// Which of the device's logs.
    pub log: u8,
    /// What is held.
    pub state: LogState,
    /// Nothing below this place is wanted any more: a quota forgot it.
    pub floor: u64,
}

#[derive(Serialize, Deserialize)]
struct LogWire(AuthorId, u32, DeviceKey, u8, LogState, u64);

impl LogRow {
    /// The bytes of the row.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&LogWire(
            self.author,
            self.author_number,
            self.device,
            self.log,
            self.state.clone(),
            self.floor,
        ))
    }

    /// Reads a row back.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let LogWire(author, author_number, device, log, state, floor) = row(bytes)?;
        Ok(Self { author, author_number, device, log, state, floor })
    }
}

/// What is known of an author beside identity and entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorRow {
    /// Who.
    pub author: AuthorId,
    /// When anything of theirs was first held.
    pub first_seen: u64,
    /// Entries held.
    pub entries: u64,
    /// Posts, replies and boosts held.
    pub posts: u64,
    /// Bytes of entries held.
    pub bytes: u64,
    /// Newest time of a post.
    pub last_post: u64,
    /// Authors known to follow this one.
    pub followers: u64,
    /// Authors that this one is known to follow.
    pub following: u64,
    /// The profile that holds: claimed time, device, seq, arrival.
    pub profile: Option<(u64, u64, u64, u64)>,
}

#[derive(Serialize, Deserialize)]
struct AuthorWire(ByteArray<32>, u64, u64, u64, u64, u64, u64, u64, Option<(u64, u64, u64, u64)>);

impl AuthorRow {
    /// An author who was just seen.
    pub fn new(author: AuthorId, now: u64) -> Self {
        Self {
            author,
            first_seen: now,
            entries: 0,
            posts: 0,
            bytes: 0,
            last_post: 0,
            followers: 0,
            following: 0,
            profile: None,
        }
    }

    /// The bytes of the row.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&AuthorWire(
            ByteArray::new(*self.author.as_bytes()),
            self.first_seen,
            self.entries,
            self.posts,
            self.bytes,
            self.last_post,
            self.followers,
            self.following,
            self.profile,
        ))
    }

    /// Reads a row back.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let AuthorWire(author, first_seen, entries, posts, bytes, last_post, followers, following, profile) =
            row(bytes)?;
        let author = AuthorId::new(author.into_array());
        Ok(Self { author, first_seen, entries, posts, bytes, last_post, followers, following, profile })
    }
}

/// Reads any row that is CBOR.
pub fn row<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    cbor::decode(bytes).map_err(|error| Error::Corrupt(format!("a row cannot be read: {error}")))
}

/// The first 16 bytes of an id.
pub fn prefix(id: &EntryId) -> super::tables::Prefix {
    array(&id.as_bytes()[..16])
}

/// The first 8 bytes of a device key as a number, to settle ties.
pub fn tie(device: &DeviceKey) -> u64 {
    u64::from_be_bytes(array(&device.as_bytes()[..8]))
}

#[cfg(test)]
mod tests {
    use starling_protocol::{
        entry::{self, Place},
        keys::Secret,
        payload::{Body, Content},
    };

    use super::*;

    fn entry() -> (Verified, LogRow) {
        let secret = Secret::from_seed([3; 32]);
        let place = Place { author: AuthorId::new([1; 32]), log: 0, seq: 0, previous: None };
        let entry = entry::sign(place, Body::Post(Content::default()), [7; 16], 1_000, &secret);
        let row = LogRow {
            author: place.author,
            author_number: 4,
            device: secret.public(),
            log: 0,
            state: LogState::default(),
            floor: 0,
        };
        (entry, row)
    }

    #[test]
    fn the_exact_bytes_come_back() {
        let (entry, row) = entry();
        let record = EntryRecord::of(&entry, 9, 5, 2);
        let read = EntryRecord::decode(&record.encode()).unwrap();
        assert_eq!(read, record);
        assert_eq!(read.signed(&row), *entry.signed());
        assert_eq!(LogRow::decode(&row.encode()).unwrap(), row);
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = EntryRecord::of(&entry().0, 9, 5, 2).encode();
        for index in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[index / 8] ^= 1 << (index % 8);
            assert!(EntryRecord::decode(&flipped).is_err(), "bit {index}");
        }
        for length in 0..bytes.len() {
            assert!(EntryRecord::decode(&bytes[..length]).is_err());
        }
    }
}
