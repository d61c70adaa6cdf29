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
    fn nesting_is_bounded() {
        let mut deep = vec![0x81; limits::CBOR_DEPTH + 4];
        deep.push(0x01);
        assert!(matches!(check_canonical(&deep), Err(Error::Malformed(_))));
    }
}
