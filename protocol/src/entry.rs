//! One signed item of a log: build, sign, verify.
//!
//! On the wire `[header: bytes, signature: 64 bytes, payload: bytes or null]`. The header's exact
//! bytes are hashed to the entry's id and the id is signed; nothing is ever encoded again. The
//! payload stands outside what is signed and is bound by its hash, so that it can be erased later
//! without breaking the chain: the salt in it keeps the hash from betraying a short text.
//!
//! Only [`verify`] makes a [`Verified`]; a store that takes nothing else holds nothing unverified.

pub mod blanked;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;

use crate::{
    cbor::{self, Strict},
    id::{AuthorId, DeviceKey, EntryId},
    keys::{self, Secret},
    limits,
    payload::{self, Payload},
};

/// Logs by how long their entries must be kept. Each device writes one of each.
pub mod log {
    /// Posts, edits, deletes, boosts: readers may keep the newest only.
    pub const POSTS: u8 = 0;
    /// Profile, follows, blocks: the state they make up must lose nothing.
    pub const GRAPH: u8 = 1;
    /// Likes and votes.
    pub const REACTIONS: u8 = 2;
    /// Acknowledgements and labels.
    pub const ACKNOWLEDGEMENTS: u8 = 3;
    /// Keys and mailbox.
    pub const KEYS: u8 = 4;
    /// How many there are.
    pub const COUNT: u8 = 5;
}

/// Why bytes are not a valid entry. Every node gives the same answer for the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Larger than an entry may be.
    #[error("{0} bytes are more than an entry may have")]
    TooLarge(usize),
    /// Not the canonical encoding of an entry.
    #[error("{part} is invalid: {error}")]
    Encoding {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        error: cbor::Error,
    },
    /// A version that this crate does not speak.
    #[error("entries of version {0} are not understood")]
    Version(u8),
    /// A log number without meaning.
    #[error("there is no log {0}")]
    Log(u8),
    /// A sequence number or previous id that cannot be.
    #[error("sequence number and previous id do not fit together")]
    Position,
    /// The payload is not the one that the header names.
    #[error("the payload is not the one that was signed")]
    Payload,
    /// Not signed by the device that the header names.
    #[error("the signature is not the device's")]
    Signature,
}

/// What is signed of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Whose it is.
    pub author: AuthorId,
    /// The device that signs.
    pub device: DeviceKey,
    /// Log of that device, see [`log`].
    pub log: u8,
    /// Place in the log, counting from 0.
    pub seq: u64,
    /// The entry before it; none for the first alone.
    pub previous: Option<EntryId>,
    /// [`payload_hash`] of the payload.
    pub payload_hash: [u8; 32],
    /// Bytes of the payload.
    pub payload_len: u32,
    /// When the author says it was, in milliseconds since 1970-01-01 UTC. A claim.
    pub time: u64,
}

/// `[version, author, device, log, seq, previous, payload hash, payload length, time]`
#[derive(Serialize, Deserialize)]
struct Wire(u8, AuthorId, DeviceKey, u8, u64, Option<EntryId>, ByteArray<32>, u32, u64);

impl Wire {
    /// The canonical form, read by hand; none where only the types can say what is wrong.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut strict = Strict::new(bytes);
        strict.list_of(9)?;
        let wire = Self(
            strict.number()?,
            AuthorId::new(strict.array()?),
            DeviceKey::new(strict.array()?),
            strict.number()?,
            strict.number()?,
            strict.optional(|strict| strict.array().map(EntryId::new))?,
            ByteArray::new(strict.array()?),
            strict.number()?,
            strict.number()?,
        );
        strict.end()?;
        Some(wire)
    }
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        cbor::encode(&Wire(
            limits::VERSION,
            self.author,
            self.device,
            self.log,
            self.seq,
            self.previous,
            ByteArray::new(self.payload_hash),
            self.payload_len,
            self.time,
        ))
    }

    fn decode(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > limits::HEADER_BYTES {
            return Err(Invalid::TooLarge(bytes.len()));
        }
        let wire = match Wire::read(bytes) {
            Some(wire) => wire,
            None => cbor::decode_canonical(bytes)
                .map_err(|error| Invalid::Encoding { part: "the header", error })?,
        };
        let Wire(version, author, device, log, seq, previous, hash, payload_len, time) = wire;
        if version != limits::VERSION {
            return Err(Invalid::Version(version));
        }
        if log >= self::log::COUNT {
            return Err(Invalid::Log(log));
        }
        if seq > limits::MAX_SEQ || (seq == 0) != previous.is_none() {
            return Err(Invalid::Position);
        }
        if payload_len as usize > limits::PAYLOAD_BYTES {
            return Err(Invalid::TooLarge(payload_len as usize));
        }
        let payload_hash = hash.into_array();
        Ok(Self { author, device, log, seq, previous, payload_hash, payload_len, time })
    }
}

/// Hash of a payload, under a context of its own.
pub fn payload_hash(payload: &[u8]) -> [u8; 32] {
    blake3::derive_key("starling 2026-11 payload v1", payload)
}

/// An entry's exact bytes, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The header's bytes as they were signed.
    pub header: Vec<u8>,
    /// ed25519 over [`keys::ENTRY_SIGNATURE`] and the id.
    pub signature: [u8; 64],
    /// The payload's bytes; absent where it was erased or left out.
    pub payload: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct SignedOwned(serde_bytes::ByteBuf, ByteArray<64>, Option<serde_bytes::ByteBuf>);

impl Signed {
    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = self.header.len() + self.payload.as_ref().map_or(0, Vec::len);
        let mut bytes = Vec::with_capacity(length + 80);
        cbor::write_head(&mut bytes, 4, 3);
        cbor::write_bytes(&mut bytes, &self.header);
        cbor::write_bytes(&mut bytes, &self.signature);
        match &self.payload {
            Some(payload) => cbor::write_bytes(&mut bytes, payload),
            // null
            None => bytes.push(0xf6),
        }
        bytes
    }

    /// Reads the wire form; only its canonical spelling.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > limits::ENTRY_BYTES {
            return Err(Invalid::TooLarge(bytes.len()));
        }
        if let Some(signed) = Self::read(bytes) {
            return Ok(signed);
        }
        let frame = |error| Invalid::Encoding { part: "the entry", error };
        let SignedOwned(header, signature, payload) = cbor::decode(bytes).map_err(frame)?;
        let signed = Self {
            header: header.into_vec(),
            signature: signature.into_array(),
            payload: payload.map(serde_bytes::ByteBuf::into_vec),
        };
        if signed.to_bytes() == bytes { Ok(signed) } else { Err(frame(cbor::Error::NotCanonical)) }
    }

    /// The canonical form, read by hand; none where only the types can say what is wrong.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut strict = Strict::new(bytes);
        strict.list_of(3)?;
        let header = strict.bytes()?.to_vec();
        let signature = strict.array()?;
        let payload = strict.optional(|strict| strict.bytes().map(<[u8]>::to_vec))?;
        strict.end()?;
        Some(Self { header, signature, payload })
    }

    /// The entry's id.
    pub fn id(&self) -> EntryId {
        EntryId::of(&self.header)
    }
}

/// An entry whose encoding, payload and signature were checked. Whether its device speaks for its
/// author is for [`crate::Identity`] to say, and where it stands in its log for [`crate::feed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    id: EntryId,
    header: Header,
    signed: Signed,
    payload: Option<Payload>,
}

impl Verified {
    /// Its id.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// What was signed.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The exact bytes.
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// What it says, if that came with it.
    pub fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }

    /// The same entry without its payload: as good in its log, and silent.
    pub fn without_payload(mut self) -> Self {
        self.signed.payload = None;
        self.payload = None;
        self
    }
}

/// Reads and checks the wire form of an entry.
pub fn verify(bytes: &[u8]) -> Result<Verified, Invalid> {
    check(Signed::from_bytes(bytes)?)
}

/// Reads the header of an entry and checks nothing else. For those who sort entries before the
/// work of verifying them.
pub fn peek(bytes: &[u8]) -> Result<Header, Invalid> {
    Header::decode(&Signed::from_bytes(bytes)?.header)
}

/// Reads a header and checks nothing else.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, Invalid> {
    Header::decode(bytes)
}

/// Checks an entry that is in parts already.
pub fn check(signed: Signed) -> Result<Verified, Invalid> {
    let header = Header::decode(&signed.header)?;
    let payload = match &signed.payload {
        Some(bytes) => Some(check_payload(&header, bytes)?),
        None => None,
    };
    let id = signed.id();
    if !keys::verify(&header.device, keys::ENTRY_SIGNATURE, id.as_bytes(), &signed.signature) {
        return Err(Invalid::Signature);
    }
    Ok(Verified { id, header, signed, payload })
}

fn check_payload(header: &Header, bytes: &[u8]) -> Result<Payload, Invalid> {
    let whole = payload_hash(bytes) == header.payload_hash || blanked::taken();
    if bytes.len() != header.payload_len as usize || !whole {
        return Err(Invalid::Payload);
    }
    Payload::decode(bytes).map_err(|error| Invalid::Encoding { part: "the payload", error })
}

/// Reads an entry back from a store that took it as [`Verified`]: everything is checked again but
/// the signature, so a flipped bit is found by the hashes.
///
/// `id` is the hash that the store kept beside it.
pub fn reread(signed: Signed, id: EntryId) -> Result<Verified, Invalid> {
    if signed.id() != id {
        return Err(Invalid::Signature);
    }
    let header = Header::decode(&signed.header)?;
    let payload = match &signed.payload {
        Some(bytes) => Some(check_payload(&header, bytes)?),
        None => None,
    };
    Ok(Verified { id, header, signed, payload })
}

/// Where the next entry of a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose log.
    pub author: AuthorId,
    /// Which log of the device that signs.
    pub log: u8,
    /// Place in it.
    pub seq: u64,
    /// The entry before it.
    pub previous: Option<EntryId>,
}

/// Signs an entry. `salt` is 16 random bytes; `time` in milliseconds since 1970-01-01 UTC.
pub fn sign(place: Place, body: payload::Body, salt: [u8; 16], time: u64, device: &Secret) -> Verified {
    let payload = Payload::new(salt, body);
    let bytes = payload.encode();
    let header = Header {
        author: place.author,
        device: device.public(),
        log: place.log,
        seq: place.seq,
        previous: place.previous,
        payload_hash: payload_hash(&bytes),
        payload_len: bytes.len() as u32,
        time,
    };
    let encoded = header.encode();
    let id = EntryId::of(&encoded);
    let signature = device.sign(keys::ENTRY_SIGNATURE, id.as_bytes());
    let signed = Signed { header: encoded, signature, payload: Some(bytes) };
    Verified { id, header, signed, payload: Some(payload) }
}

#[cfg(test)]
#[path = "entry/tests.rs"]
mod tests;
