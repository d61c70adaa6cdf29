//! Reads a recording as far as it is good.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};
use starling_protocol::cbor;

use super::format::{CHECK, Head, Item, MAGIC, VERSION, check};

/// Bytes of one item at most: a batch of the runtime holds some hundred frames of a mebibyte.
const ITEM_BYTES: u64 = 1 << 30;

/// Where and why reading ends before the end of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Broken {
    /// The file does not begin like a recording.
    #[error("this is no recording of a starling node")]
    NoRecording,
    /// Another version of the format.
    #[error("recordings of version {0} are not understood, only version {VERSION}")]
    Version(u8),
    /// The file ends within an item: the process was killed, or the disk was full.
    #[error("the file is cut off within item {item}, at byte {at}")]
    CutOff {
        /// Number of the item, the head being 0.
        item: u64,
        /// Where it begins.
        at: u64,
    },
    /// An item is not what was written.
    #[error("the file is damaged in item {item}, at byte {at}")]
    Damaged {
        /// Number of the item, the head being 0.
        item: u64,
        /// Where it begins.
        at: u64,
    },
    /// The file cannot be read.
    #[error("the file cannot be read beyond byte {at}: {error}")]
    Io {
        /// Where.
        at: u64,
        /// Why not.
        error: String,
    },
}

/// Reads items one after another.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    at: u64,
    item: u64,
    /// What the file begins with.
    pub head: Head,
}

impl<R: BufRead> Reader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// If it is no recording, or of another version.
    pub fn new(mut from: R) -> Result<Self, Broken> {
        let body = match body(&mut from, 0, 0) {
            Ok((body, length)) => (body, length),
            Err(error @ Broken::Io { .. }) => return Err(error),
            Err(_) => return Err(Broken::NoRecording),
        };
        // Read first in a form that every version has.
        let (body, at) = body;
        let Ok(head) = cbor::decode::<Begin>(&body) else { return Err(Broken::NoRecording) };
        match head {
            Begin { ref magic, .. } if magic != MAGIC => Err(Broken::NoRecording),
            Begin { version, .. } if version != VERSION => Err(Broken::Version(version)),
            Begin { .. } => match cbor::decode::<Head>(&body) {
                Ok(head) => Ok(Self { from, at, item: 1, head }),
                Err(_) => Err(Broken::NoRecording),
            },
        }
    }

    /// The next item; none at the end of the file.
    ///
    /// # Errors
    /// If it is damaged or cut off; nothing after it can be read.
    #[allow(
        clippy::should_implement_trait,
        reason = "nothing follows an error, which an iterator would promise"
    )]
    pub fn next(&mut self) -> Result<Option<Item>, Broken> {
        let io = |at, error: io::Error| Broken::Io { at, error: error.to_string() };
        match self.from.fill_buf() {
            Ok([]) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(io(self.at, error)),
        }
        let (body, length) = body(&mut self.from, self.item, self.at)?;
        let damaged = Broken::Damaged { item: self.item, at: self.at };
        let item = cbor::decode::<Item>(&body).map_err(|_| damaged)?;
        self.at += length;
        self.item += 1;
        Ok(Some(item))
    }

    /// Items read so far, the head among them.
    pub fn items(&self) -> u64 {
        self.item
    }
}

/// What the head of every version has.
#[derive(Deserialize)]
struct Begin {
    magic: String,
    version: u8,
}

/// The body of the next item, and how many bytes the item takes in the file.
fn body(from: &mut impl Read, item: u64, at: u64) -> Result<(Vec<u8>, u64), Broken> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Broken::CutOff { item, at },
        _ => Broken::Io { at, error: error.to_string() },
    };
    let damaged = || Broken::Damaged { item, at };
    let mut begin = [0; 2];
    from.read_exact(&mut begin).map_err(failed)?;
    // A list of two, a byte string; its length in the shortest form that fits is not asked for.
    let [0x82, head] = begin else { return Err(damaged()) };
    let more = match head {
        0x40..0x58 => 0,
        0x58 => 1,
        0x59 => 2,
        0x5a => 4,
        0x5b => 8,
        _ => return Err(damaged()),
    };
    let mut length = [0; 8];
    from.read_exact(&mut length[8 - more..]).map_err(failed)?;
    let length = if more == 0 { u64::from(head - 0x40) } else { u64::from_be_bytes(length) };
    if length > ITEM_BYTES {
        return Err(damaged());
    }
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body).map_err(failed)?;
    if (body.len() as u64) < length {
        return Err(Broken::CutOff { item, at });
    }
    let mut sum = [0; CHECK + 1];
    from.read_exact(&mut sum).map_err(failed)?;
    if sum[0] != 0x40 + CHECK as u8 || sum[1..] != check(&body) {
        return Err(damaged());
    }
    Ok((body, 2 + more as u64 + length + sum.len() as u64))
}

/// An item as it stands in the file.
pub(super) fn item(body: Vec<u8>) -> Vec<u8> {
    let check = ByteArray::new(check(&body));
    cbor::encode(&(ByteBuf::from(body), check))
}
