//! The one encoding a value has.
//!
//! RFC 8949 §4.2 (core deterministic encoding): shortest integers, definite lengths, no trailing
//! bytes. On top of it: no floats, no maps, no tags. A decoder that accepts other spellings of the
//! same value would let two nodes disagree about what is valid, so bytes are decoded, encoded again
//! and compared: unequal is invalid. The second encoding is thrown away; hashes and signatures only
//! ever see the bytes that arrived.

use ciborium::value::Value;
use serde::{Serialize, de::DeserializeOwned};

use crate::limits;

/// Why bytes are not the canonical encoding of what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not CBOR, cut short, too deep, or of another shape.
    #[error("not the expected CBOR: {0}")]
    Malformed(String),
    /// Valid CBOR, spelled in a way that the format does not allow.
    #[error("not canonical CBOR")]
    NotCanonical,
}

/// Encodes `value` canonically. The types of this crate have no floats, maps or tags, and their
/// encoding cannot fail: writing to memory does not, and nothing in them refuses to serialize.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    #[expect(clippy::expect_used, reason = "a Vec takes every write, and no type here fails")]
    ciborium::into_writer(value, &mut bytes).expect("encoding to memory");
    bytes
}

/// Decodes `bytes` as a `T` without asking for canonical form. Only for messages that are neither
/// hashed nor signed.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut rest = bytes;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, limits::CBOR_DEPTH)
        .map_err(|error| Error::Malformed(error.to_string()))?;
    if rest.is_empty() { Ok(value) } else { Err(Error::Malformed("bytes after the end".into())) }
}

/// Decodes `bytes` as a `T`, and accepts only the encoding that [`encode`] would give.
pub fn decode_canonical<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let value: T = decode(bytes)?;
    if encode(&value) == bytes { Ok(value) } else { Err(Error::NotCanonical) }
}

/// Checks that `bytes` are one canonical value of unknown shape: no floats, maps or tags in it.
pub fn check_canonical(bytes: &[u8]) -> Result<Value, Error> {
    let value: Value = decode(bytes)?;
    if plain(&value) && encode(&value) == bytes { Ok(value) } else { Err(Error::NotCanonical) }
}

/// Reads canonical CBOR item by item, without building anything. It takes nothing that
/// [`decode_canonical`] would refuse, so whoever reads what is common this way, and falls back to the
/// types where this says none, gives the same answers in a tenth of the time.
pub(crate) struct Strict<'a>(&'a [u8]);

impl<'a> Strict<'a> {
    /// From the first of these bytes on.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The number in the head of an item of this major type, if it is in its shortest form.
    fn head(&mut self, major: u8) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        if first >> 5 != major {
            return None;
        }
        let (value, least, rest) = match first & 0x1f {
            small @ 0..24 => (u64::from(small), 0, rest),
            24 => (u64::from(*rest.first()?), 24, rest.get(1..)?),
            25 => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*bytes)), 1 << 8, rest)
            }
            26 => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (u64::from(u32::from_be_bytes(*bytes)), 1 << 16, rest)
            }
            27 => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*bytes), 1 << 32, rest)
            }
            _ => return None,
        };
        self.0 = rest;
        (value >= least).then_some(value)
    }

    /// A number that fits.
    pub fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.head(0)?).ok()
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.head(2)?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A byte string of this length.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes()?.try_into().ok()
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.head(3)?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(bytes).ok()
    }

    /// The beginning of a list, and how many items it has. Nobody has counted whether they are there.
    pub fn list(&mut self) -> Option<u64> {
        self.head(4)
    }

    /// The beginning of a list of so many items.
    pub fn list_of(&mut self, length: u64) -> Option<()> {
        (self.list()? == length).then_some(())
    }

    /// Nothing, or what `item` reads: the inner is none for nothing.
    pub fn optional<T>(&mut self, item: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.0.split_first()? {
            (0xf6, rest) => {
                self.0 = rest;
                Some(None)
            }
            _ => item(self).map(Some),
        }
    }

    /// That nothing is left.
    pub fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Writes the head of an item in its shortest form.
pub(crate) fn write_head(bytes: &mut Vec<u8>, major: u8, value: usize) {
    let major = major << 5;
    match value {
        0..24 => bytes.push(major | value as u8),
        24..0x100 => bytes.extend([major | 24, value as u8]),
        0x100..0x1_0000 => {
            bytes.push(major | 25);
            bytes.extend((value as u16).to_be_bytes());
        }
        _ => {
            bytes.push(major | 26);
            bytes.extend((value as u32).to_be_bytes());
        }
    }
}

/// Writes a byte string of less than 4 GiB.
pub(crate) fn write_bytes(bytes: &mut Vec<u8>, string: &[u8]) {
    write_head(bytes, 2, string.len());
    bytes.extend(string);
}

fn plain(value: &Value) -> bool {
    match value {
        Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) | Value::Null => true,
        Value::Array(items) => items.iter().all(plain),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_of_one_value_are_refused() {
        assert_eq!(decode_canonical::<(u8, String)>(&[0x82, 0x01, 0x61, b'a']), Ok((1, "a".into())));
        let others: [&[u8]; 5] = [
            &[0x82, 0x18, 0x01, 0x61, b'a'],             // a long integer
            &[0x9f, 0x01, 0x61, b'a', 0xff],             // an array of indefinite length
            &[0x82, 0x01, 0x78, 0x01, b'a'],             // a long length
            &[0x82, 0x01, 0x7f, 0x61, b'a', 0xff],       // a text in chunks
            &[0xd9, 0xd9, 0xf7, 0x82, 0x01, 0x61, b'a'], // a tag
        ];
        for bytes in others {
            assert!(decode_canonical::<(u8, String)>(bytes).is_err(), "{bytes:02x?}");
        }
        assert!(decode::<(u8, String)>(&[0x82, 0x01, 0x61, b'a', 0x00]).is_err());
    }

    #[test]
    fn unknown_shapes_may_not_hold_floats_maps_or_tags() {
        assert!(check_canonical(&[0x81, 0x01]).is_ok());
        for bytes in [&[0xf9, 0x3c, 0x00][..], &[0xa0], &[0xc1, 0x01], &[0x81, 0xfb]] {
            assert!(check_canonical(bytes).is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn heads_are_read_as_they_are_written_and_no_other_way() {
        for value in [0u64, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX)] {
            let bytes = encode(&value);
            let mut written = Vec::new();
            write_head(&mut written, 0, value as usize);
            assert_eq!(written, bytes);
            assert_eq!(Strict::new(&bytes).number::<u64>(), Some(value));
        }
        assert_eq!(Strict::new(&encode(&u64::MAX)).number::<u64>(), Some(u64::MAX));
        assert_eq!(Strict::new(&encode(&256)).number::<u8>(), None);
        let long: [&[u8]; 5] = [
            &[0x18, 23],
            &[0x19, 0, 255],
            &[0x1a, 0, 0, 255, 255],
            &[0x1b, 0, 0, 0, 0, 255, 0, 0, 0],
            &[0x1f],
        ];
        for bytes in long {
            assert_eq!(Strict::new(bytes).number::<u64>(), None, "{bytes:02x?}");
        }
        assert_eq!(Strict::new(&[0x42, 1]).bytes(), None);
        assert_eq!(Strict::new(&[0x62, 0xc3, 0x28]).text(), None);
    }

    #[test]
    fn nesting_is_bounded() {
        let mut deep = vec![0x81; limits::CBOR_DEPTH + 4];
        deep.push(0x01);
        assert!(matches!(check_canonical(&deep), Err(Error::Malformed(_))));
    }
}
