//! Reads one CBOR item from a stream, so that a file larger than memory is read piece by piece.
//!
//! Only what a canonical bundle can hold: whole numbers, byte and text strings of definite length,
//! lists, booleans and null. What the bytes mean, and whether they are canonical, is found out later.

use std::io::{ErrorKind, Read};

use crate::limits;

/// Why no item could be read.
#[derive(Debug)]
pub(super) enum Error {
    /// The stream failed.
    Io(std::io::Error),
    /// The stream ended inside an item.
    End,
    /// No item of a bundle begins or goes on like this.
    Malformed(&'static str),
}

/// The next item's bytes, at most `limit` of them. None if the stream ends before it.
pub(super) fn read(input: &mut impl Read, limit: usize) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    match take(input, 1, 1, &mut bytes) {
        Ok(()) => {}
        Err(Error::End) => return Ok(None),
        Err(error) => return Err(error),
    }
    // Items that are still to come in each list that is open.
    let mut open: Vec<u64> = Vec::new();
    loop {
        let head = bytes.last().copied().unwrap_or_default();
        let (major, info) = (head >> 5, head & 0x1f);
        let value = match info {
            0..=23 => u64::from(info),
            24..=27 => {
                let length = 1 << (info - 24);
                let at = bytes.len();
                take(input, length, limit, &mut bytes)?;
                bytes[at..].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
            }
            _ => return Err(Error::Malformed("an indefinite length")),
        };
        match major {
            0 | 1 => {}
            2 | 3 => take(input, value, limit, &mut bytes)?,
            4 => {
                if open.len() == limits::CBOR_DEPTH {
                    return Err(Error::Malformed("lists in lists, too deep"));
                }
                open.push(value);
            }
            7 if matches!(info, 20..=22) => {}
            _ => return Err(Error::Malformed("a map, a tag or a float")),
        }
        while open.last() == Some(&0) {
            open.pop();
        }
        match open.last_mut() {
            None => return Ok(Some(bytes)),
            Some(left) => *left -= 1,
        }
        take(input, 1, limit, &mut bytes)?;
    }
}

/// Appends `count` bytes of the stream.
fn take(input: &mut impl Read, count: u64, limit: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let room = (limit as u64).saturating_sub(bytes.len() as u64);
    if count > room {
        return Err(Error::Malformed("it is too long"));
    }
    let read = input.by_ref().take(count).read_to_end(bytes);
    match read {
        Ok(read) if read as u64 == count => Ok(()),
        Ok(_) => Err(Error::End),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Error::End),
        Err(error) => Err(Error::Io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_one_by_one() {
        let stream = [0x82, 0x01, 0x42, 7, 7, 0x80, 0x18, 0x64, 0xf6, 0x81, 0x81, 0x61, b'a'];
        let mut input = &stream[..];
        let mut items = Vec::new();
        while let Some(item) = read(&mut input, 16).unwrap() {
            items.push(item);
        }
        let expected: [&[u8]; 5] =
            [&[0x82, 0x01, 0x42, 7, 7], &[0x80], &[0x18, 0x64], &[0xf6], &[0x81, 0x81, 0x61, b'a']];
        assert_eq!(items, expected);
    }

    #[test]
    fn what_cannot_be_is_refused_before_it_is_read() {
        let deep = [0x81; 40];
        let wrong: [&[u8]; 6] =
            [&[0x9f], &[0xa0], &[0xc1, 1], &[0xf9, 0, 0], &[0x5b, 0xff, 0, 0, 0, 0, 0, 0, 0], &deep];
        for bytes in wrong {
            assert!(matches!(read(&mut &bytes[..], 1_000), Err(Error::Malformed(_))), "{bytes:02x?}");
        }
        assert!(matches!(read(&mut &[0x82, 0x01][..], 16), Err(Error::End)));
    }
}
