//! A feed in a file: for a backup, for a USB stick, for moving to another node.
//!
//! A bundle is a CBOR sequence (RFC 8742), every item canonical:
//!
//! - the header `["starling bundle", 1, author, device, time]`: who wrote the file, and when;
//! - any number of `[0, record]`, `[1, entry]` and `[2, fork proof]`;
//! - the trailer `[9, count, hash, signature]`: how many items there were, BLAKE3 of all bytes before
//!   the trailer, and the device's signature over it.
//!
//! A file that lost its end, or was changed on the way, is found out by its trailer; [`check`] reads
//! that far and keeps nothing. So an import reads twice: once to check, once to load, and of a file
//! that fails nothing is stored. The signature says who put the file together. What is inside speaks
//! for itself: the reader verifies every identity, entry and proof as if a stranger had sent it.

mod item;

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf, Bytes};

use crate::{
    cbor,
    entry::Signed,
    feed::ForkProof,
    id::{AuthorId, DeviceKey},
    identity::Record,
    keys::{self, Secret},
    limits,
};

const MAGIC: &str = "starling bundle";
const IDENTITY: u8 = 0;
const ENTRY: u8 = 1;
const FORK: u8 = 2;
const TRAILER: u8 = 9;

/// Bytes of the largest item: an identity at all of its limits.
const ITEM_BYTES: usize = limits::IDENTITY_OPERATIONS * (limits::IDENTITY_OPERATION_BYTES + 128);

/// Why a file is not a bundle, or not a whole one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It begins like something else.
    #[error("not a Starling bundle")]
    NotABundle,
    /// A version that this crate does not speak.
    #[error("bundles of version {0} are not understood")]
    Version(u8),
    /// It ends before its trailer.
    #[error("the file is cut short after {items} items")]
    Truncated {
        /// Whole items before the end.
        items: u64,
    },
    /// An item is not what a bundle holds.
    #[error("item {item} cannot be read: {error}")]
    Malformed {
        /// Number of the item, counting from 0.
        item: u64,
        /// What is wrong with it.
        error: cbor::Error,
    },
    /// The trailer names another content.
    #[error("the file was changed after it was written")]
    Tampered,
    /// The trailer is not signed by the device of the header.
    #[error("the file is not signed by the device that it says wrote it")]
    Unsigned,
    /// Something follows the trailer.
    #[error("the file goes on after its end")]
    Trailing,
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Author whose device wrote the file.
    pub author: AuthorId,
    /// The device.
    pub device: DeviceKey,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time: u64,
}

/// One thing in a bundle, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An identity, before the entries of its author.
    Identity(Record),
    /// An entry's exact bytes.
    Entry(Vec<u8>),
    /// A fork proof's bytes.
    Fork(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct Head(String, u8, AuthorId, DeviceKey, u64);

#[derive(Serialize, Deserialize)]
struct Trailer(u8, u64, ByteArray<32>, ByteArray<64>);

/// Writes a bundle, item by item.
pub struct Writer<W> {
    out: W,
    device: Secret,
    hasher: blake3::Hasher,
    items: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a file of `author`, to be signed by `device`, at `time`.
    pub fn new(out: W, author: AuthorId, device: &Secret, time: u64) -> Result<Self, Error> {
        let hasher = blake3::Hasher::new();
        let mut writer = Self { out, device: device.clone(), hasher, items: 0 };
        let head = Head(MAGIC.into(), limits::VERSION, author, device.public(), time);
        writer.write(&cbor::encode(&head))?;
        Ok(writer)
    }

    /// Adds an identity. It must come before the entries of its author.
    pub fn identity(&mut self, record: &Record) -> Result<(), Error> {
        self.item(&cbor::encode(&(IDENTITY, record)))
    }

    /// Adds an entry.
    pub fn entry(&mut self, entry: &Signed) -> Result<(), Error> {
        self.item(&cbor::encode(&(ENTRY, Bytes::new(&entry.to_bytes()))))
    }

    /// Adds the proof of a fork.
    pub fn fork(&mut self, proof: &ForkProof) -> Result<(), Error> {
        self.item(&cbor::encode(&(FORK, Bytes::new(&proof.to_bytes()))))
    }

    /// Writes the trailer and flushes. Without it the file counts as cut short.
    pub fn finish(mut self) -> Result<W, Error> {
        let hash = *self.hasher.finalize().as_bytes();
        let signature = self.device.sign(keys::BUNDLE_SIGNATURE, &hash);
        let trailer = Trailer(TRAILER, self.items, ByteArray::new(hash), ByteArray::new(signature));
        self.out.write_all(&cbor::encode(&trailer))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn item(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write(bytes)?;
        self.items += 1;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        Ok(self.out.write_all(bytes)?)
    }
}

/// Reads a bundle, item by item. What came before an error was read from a file that is not whole.
/// A buffered reader is worth its while: items are read in small pieces.
pub struct Reader<R> {
    input: R,
    about: About,
    hasher: blake3::Hasher,
    items: u64,
    over: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub fn new(mut input: R) -> Result<Self, Error> {
        let bytes = match item::read(&mut input, 256) {
            Ok(Some(bytes)) => bytes,
            Err(item::Error::Io(error)) => return Err(error.into()),
            _ => return Err(Error::NotABundle),
        };
        let Ok(Head(magic, version, author, device, time)) = cbor::decode_canonical(&bytes) else {
            return Err(Error::NotABundle);
        };
        if magic != MAGIC {
            return Err(Error::NotABundle);
        }
        if version != limits::VERSION {
            return Err(Error::Version(version));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&bytes);
        Ok(Self { input, about: About { author, device, time }, hasher, items: 0, over: false })
    }

    /// Who wrote the file, and when. True only once the trailer was read.
    pub fn about(&self) -> &About {
        &self.about
    }

    fn item(&mut self) -> Result<Option<Item>, Error> {
        let item = self.items;
        let malformed = |error| Error::Malformed { item, error };
        let bytes = match item::read(&mut self.input, ITEM_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(item::Error::End) => return Err(Error::Truncated { items: self.items }),
            Err(item::Error::Io(error)) => return Err(error.into()),
            Err(item::Error::Malformed(what)) => {
                return Err(malformed(cbor::Error::Malformed(what.into())));
            }
        };
        if bytes.get(..2) == Some(&[0x84, TRAILER]) {
            self.trailer(&cbor::decode_canonical(&bytes).map_err(malformed)?)?;
            return Ok(None);
        }
        let found =
            match bytes.get(..2) {
                Some([0x82, IDENTITY]) => {
                    cbor::decode_canonical(&bytes).map(|(_, record): (u8, Record)| Item::Identity(record))
                }
                Some([0x82, ENTRY]) => cbor::decode_canonical(&bytes)
                    .map(|(_, entry): (u8, ByteBuf)| Item::Entry(entry.into_vec())),
                Some([0x82, FORK]) => cbor::decode_canonical(&bytes)
                    .map(|(_, proof): (u8, ByteBuf)| Item::Fork(proof.into_vec())),
                _ => Err(cbor::Error::Malformed("no such item".into())),
            };
        let found = found.map_err(malformed)?;
        self.hasher.update(&bytes);
        self.items += 1;
        Ok(Some(found))
    }

    fn trailer(&mut self, Trailer(_, items, hash, signature): &Trailer) -> Result<(), Error> {
        if *items != self.items || **hash != *self.hasher.finalize().as_bytes() {
            return Err(Error::Tampered);
        }
        if !keys::verify(&self.about.device, keys::BUNDLE_SIGNATURE, hash, signature) {
            return Err(Error::Unsigned);
        }
        match item::read(&mut self.input, 16) {
            Ok(None) => Ok(()),
            Err(item::Error::Io(error)) => Err(error.into()),
            _ => Err(Error::Trailing),
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Item, Error>;

    /// The next item; an error once, and then none. None without an error is a whole file.
    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.item().transpose();
        self.over = !matches!(item, Some(Ok(_)));
        item
    }
}

/// What is in a whole bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Who wrote it, and when.
    pub about: About,
    /// Identities in it.
    pub identities: u64,
    /// Entries in it.
    pub entries: u64,
    /// Fork proofs in it.
    pub forks: u64,
}

/// Reads a bundle to its end and keeps nothing: an error, or what a second reading will give.
/// Whether the device speaks for the author is for the identity to say.
pub fn check(input: impl Read) -> Result<Summary, Error> {
    let mut reader = Reader::new(input)?;
    let mut summary = Summary { about: *reader.about(), identities: 0, entries: 0, forks: 0 };
    for item in &mut reader {
        match item? {
            Item::Identity(_) => summary.identities += 1,
            Item::Entry(_) => summary.entries += 1,
            Item::Fork(_) => summary.forks += 1,
        }
    }
    Ok(summary)
}

#[cfg(test)]
#[path = "bundle/tests.rs"]
mod tests;
