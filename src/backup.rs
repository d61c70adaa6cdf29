//! A whole identity in one file that only a passphrase opens.
//!
//! ```text
//!  0  16  "starling backup\n"
//! 16   1  version: 1
//! 17  12  argon2id (RFC 9106): KiB of memory, passes, lanes, each a little-endian u32
//! 29  16  salt
//! 45  19  beginning of every nonce
//! 64   …  chunks of 65,536 bytes and a tag of 16; the last one is shorter, or as long
//! ```
//!
//! Chunk *n* is sealed with XChaCha20-Poly1305 under the key that argon2id gives for the passphrase
//! (in NFKC) and the salt. Its nonce is the 19 bytes, *n* as a big-endian u32, and a byte that is 1
//! for the last chunk alone (the STREAM construction), and the 64 bytes above are its associated
//! data: chunks can be neither changed, moved, nor cut off.
//!
//! Inside: the length of the preface as a little-endian u32; the preface,
//! `[1, author, time, root seed or null, identity record, settings file]` in canonical CBOR; and
//! a bundle of feeds to the end. Device and node keys are not in it, for a device key that runs twice
//! forks its log.

mod seal;

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use starling_protocol::{AuthorId, cbor, identity::Record, keys::Secret};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

pub use seal::{Cost, Opened};

/// Bytes of a preface: an identity record at its limits is some 2 MiB, and settings are a page.
const PREFACE_BYTES: u32 = 4 << 20;

/// Why a file is not a backup that can be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a backup at all.
    #[error("this is not a starling backup")]
    Format,
    /// A later version.
    #[error("this backup has version {0}, and this program reads version 1")]
    Version(u8),
    /// It asks for more memory or work than anyone writes.
    #[error("opening this backup would take {0} KiB of memory and {1} passes; that is no backup of ours")]
    Cost(u32, u32),
    /// The first chunk does not open.
    #[error("the passphrase is wrong, or the backup is damaged at its beginning")]
    Passphrase,
    /// A later chunk does not open, or the end is missing.
    #[error("the backup is damaged or cut short at chunk {0}")]
    Damaged(u32),
    /// It opens, and holds something else.
    #[error("the backup holds something unexpected: {0}")]
    Contents(String),
    /// More than 2^32 chunks.
    #[error("the backup is too large for its format")]
    TooLarge,
    /// No random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What a backup says before its feeds.
#[derive(Debug, Clone)]
pub struct Preface {
    /// Whose it is.
    pub author: AuthorId,
    /// When it was written, in milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// The root key, if the home had it.
    pub root: Option<Secret>,
    /// The author's identity.
    pub identity: Record,
    /// The text of the settings file.
    pub settings: String,
}

#[derive(Serialize, Deserialize)]
struct Wire(u8, AuthorId, u64, Option<ByteArray<32>>, Record, String);

impl Preface {
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let root = self.root.as_ref().map(|root| ByteArray::new(*root.seed()));
        let mut wire = Wire(1, self.author, self.time, root, self.identity.clone(), self.settings.clone());
        let bytes = Zeroizing::new(cbor::encode(&wire));
        if let Some(seed) = &mut wire.3 {
            seed.zeroize();
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Contents(reason);
        let Wire(version, author, time, root, identity, settings) =
            cbor::decode_canonical(bytes).map_err(|error| wrong(error.to_string()))?;
        if version != 1 {
            return Err(wrong(format!("a preface of version {version}")));
        }
        if identity.author().map_err(|error| wrong(error.to_string()))? != author {
            return Err(wrong("an identity of somebody else".into()));
        }
        let root = root.map(|seed| Secret::from_seed(seed.into_array()));
        Ok(Self { author, time, root, identity, settings })
    }
}

/// Writes a backup; `bundle` writes the feeds into it, of any size.
///
/// # Errors
/// [`Error::Io`] of `to` or `bundle`, [`Error::TooLarge`], [`Error::Random`].
pub fn write(
    to: impl Write,
    passphrase: &str,
    preface: &Preface,
    bundle: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    write_at(Cost::USUAL, to, passphrase, preface, bundle)
}

fn write_at(
    cost: Cost,
    to: impl Write,
    passphrase: &str,
    preface: &Preface,
    bundle: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let mut sealed = seal::Sealing::begin(to, cost, &normal(passphrase))?;
    let encoded = preface.encode();
    let length = u32::try_from(encoded.len()).ok().filter(|length| *length <= PREFACE_BYTES);
    let length = length.ok_or(Error::TooLarge)?;
    sealed.write_all(&length.to_le_bytes())?;
    sealed.write_all(&encoded)?;
    bundle(&mut sealed)?;
    sealed.finish()
}

/// Opens a backup: its preface, and a reader of the bundle behind it, which fails where a chunk was
/// changed or the end is missing. Nothing of the bundle may be used before it was read to its end.
///
/// # Errors
/// See [`Error`].
pub fn read<R: Read>(from: R, passphrase: &str) -> Result<(Preface, Opened<R>), Error> {
    let mut opened = Opened::begin(from, &normal(passphrase))?;
    let mut length = [0; 4];
    opened.fill(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > PREFACE_BYTES {
        return Err(Error::Contents("a preface that is too long".into()));
    }
    let mut bytes = Zeroizing::new(vec![0; length as usize]);
    opened.fill(&mut bytes)?;
    Ok((Preface::decode(&bytes)?, opened))
}

/// One passphrase typed on two keyboards can be two texts.
fn normal(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.nfkc().collect())
}

#[cfg(test)]
mod tests;
