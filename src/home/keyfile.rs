//! One secret in one file: a line of text with a checksum, so that a flipped bit is an error and
//! not another key.
//!
//! ```text
//! starling device key v1 <64 hexadecimal digits of the seed> <16 of the checksum>
//! ```

use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

use super::{Error, file};

const CONTEXT: &str = "starling 2026-11 key file v1";

/// The only text that holds `seed` as a key of this kind.
fn line(kind: &str, seed: &[u8; 32]) -> Zeroizing<String> {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(kind.as_bytes()).update(&[0]).update(seed);
    let digits = Zeroizing::new(hex(seed));
    let check = hasher.finalize();
    Zeroizing::new(format!("starling {kind} key v1 {} {}\n", *digits, hex(&check.as_bytes()[..8])))
}

/// Writes a secret.
pub(super) fn write(path: &Path, kind: &str, seed: &[u8; 32]) -> Result<(), Error> {
    file::secret(path, line(kind, seed).as_bytes())
}

/// Reads a secret, and takes nothing but what [`write()`] wrote.
pub(super) fn read(path: &Path, kind: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
    let bytes = Zeroizing::new(file::read(path)?);
    let damaged = |reason: &str| Error::Damaged { path: path.into(), reason: reason.into() };
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is not text"))?;
    let digits = text.split(' ').nth(4).ok_or_else(|| damaged("it is cut short"))?;
    let seed = unhex(digits).ok_or_else(|| damaged("its key is not 64 hexadecimal digits"))?;
    if *line(kind, &seed) == text { Ok(seed) } else { Err(damaged("its checksum is wrong")) }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // Filled in place: a string that grew would leave pieces of a secret behind.
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// 32 bytes from 64 lower-case hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        match (digit(pair[0]), digit(pair[1])) {
            (Some(high), Some(low)) => *byte = high << 4 | low,
            _ => {
                byte.zeroize();
                return None;
            }
        }
    }
    Some(bytes)
}
