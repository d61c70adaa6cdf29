//! What two nodes say on a stream for files (`/starling/blob/1`), as `protocol/README.md` has it.
//!
//! ```text
//! asks      hash (32 bytes), first group (4), end group (4)        groups of 16 KiB, numbers big-endian
//! answers   0, size (8), then the groups, each proven              or 1: not here, 2: busy
//! ```
//! The proof is bao's: before what is below a node of the tree of hashes come the two hashes above it. So each 16 KiB is
//! checked against the file's name as it comes, from whatever place in the file on, and a lie costs 16 KiB at most.

use std::io::{self, Read, Write};

use bao_tree::{
    BaoTree, BlockSize, ChunkNum, ChunkRanges,
    io::{
        BaoContentItem,
        outboard::PreOrderMemOutboard,
        sync::{DecodeResponseIter, ReadAt, encode_ranges_validated},
    },
};

use super::{Hash, MAX_BYTES};

/// Bytes of a group: of these the proof is made, and by these a file is asked for.
pub const GROUP: u64 = 16 * 1024;
/// Chunks of BLAKE3 (1 KiB) in a group, as a power of two.
const BLOCK: BlockSize = BlockSize::from_chunk_log(4);
/// Chunks in a group.
const CHUNKS: u64 = 16;
/// Bytes of a request.
pub const REQUEST: usize = 40;

/// Which part of which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Which file.
    pub hash: Hash,
    /// The first group that is wanted.
    pub from: u32,
    /// The first group behind it that is not.
    pub to: u32,
}

impl Request {
    /// As it is sent.
    pub fn to_bytes(self) -> [u8; REQUEST] {
        let mut bytes = [0; REQUEST];
        bytes[..32].copy_from_slice(&self.hash);
        bytes[32..36].copy_from_slice(&self.from.to_be_bytes());
        bytes[36..].copy_from_slice(&self.to.to_be_bytes());
        bytes
    }

    /// As it came; none if it asks for nothing.
    pub fn from_bytes(bytes: &[u8; REQUEST]) -> Option<Self> {
        let mut hash = [0; 32];
        hash.copy_from_slice(&bytes[..32]);
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (from, to) = (number(32), number(36));
        (from < to).then_some(Self { hash, from, to })
    }

    fn chunks(self) -> ChunkRanges {
        let chunk = |group: u32| ChunkNum(u64::from(group) * CHUNKS);
        ChunkRanges::from(chunk(self.from)..chunk(self.to))
    }
}

/// What comes first in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Here it is.
    Here,
    /// It is not here, or not for you.
    NotHere,
    /// Ask again later.
    Busy,
}

impl Answer {
    /// As it is sent.
    pub fn to_byte(self) -> u8 {
        match self {
            Self::Here => 0,
            Self::NotHere => 1,
            Self::Busy => 2,
        }
    }

    /// As it came.
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Here),
            1 => Some(Self::NotHere),
            2 => Some(Self::Busy),
            _ => None,
        }
    }
}

/// The hash of a file, and the hashes that prove its parts.
pub fn outboard(bytes: &[u8]) -> (Hash, Vec<u8>) {
    let made = PreOrderMemOutboard::create(bytes, BLOCK);
    (*made.root.as_bytes(), made.data)
}

/// Writes the groups of a file that are asked for, each with its proof. Whoever's disk lies finds it out here.
///
/// # Errors
/// If the file is not what its name says, or nobody takes what is written.
pub fn encode(
    request: Request,
    size: u64,
    data: impl ReadAt,
    outboard: &[u8],
    to: impl Write,
) -> io::Result<()> {
    let tree = BaoTree::new(size, BLOCK);
    if outboard.len() as u64 != tree.outboard_size() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file's hashes are not its own"));
    }
    let outboard = PreOrderMemOutboard { root: request.hash.into(), tree, data: outboard };
    encode_ranges_validated(data, outboard, &request.chunks(), to).map_err(io::Error::other)
}

/// Reads groups as they come, and hands each over once it is proven: where in the file it stands, and its bytes.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if what came is not of this file; whatever reading and `each` give.
pub fn decode(
    request: Request,
    size: u64,
    from: impl Read,
    mut each: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    if size > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is larger than files may be"));
    }
    let chunks = request.chunks();
    let items = DecodeResponseIter::new(request.hash.into(), BaoTree::new(size, BLOCK), from, &chunks);
    for item in items {
        match item.map_err(io::Error::from)? {
            BaoContentItem::Leaf(leaf) => each(leaf.offset, &leaf.data)?,
            BaoContentItem::Parent(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: usize) -> Vec<u8> {
        (0..size).map(|at| (at * 31 + at / 256) as u8).collect()
    }

    fn asked(bytes: &[u8], from: u32, to: u32) -> (Request, Vec<u8>) {
        let (hash, outboard) = outboard(bytes);
        assert_eq!(hash, *blake3::hash(bytes).as_bytes());
        let request = Request { hash, from, to };
        let mut sent = Vec::new();
        encode(request, bytes.len() as u64, bytes, &outboard, &mut sent).unwrap();
        (request, sent)
    }

    fn taken(request: Request, size: usize, sent: &[u8]) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let mut taken = Vec::new();
        decode(request, size as u64, sent, |at, bytes| {
            taken.push((at, bytes.to_vec()));
            Ok(())
        })?;
        Ok(taken)
    }

    #[test]
    fn any_part_of_a_file_goes_over() {
        for size in [0, 1, 1024, 16_384, 16_385, 100_000, 1_000_000] {
            let bytes = file(size);
            let groups = size.div_ceil(16_384).max(1) as u32;
            for (from, to) in [(0, u32::MAX), (0, 1), (groups / 2, u32::MAX), (groups - 1, groups)] {
                let (request, sent) = asked(&bytes, from, to);
                let mut expected = bytes[(from as usize * 16_384).min(size)..].to_vec();
                expected.truncate((to - from) as usize * 16_384);
                let taken = taken(request, size, &sent).unwrap();
                assert!(taken.iter().all(|(at, _)| at % GROUP == 0));
                let came: Vec<u8> = taken.into_iter().flat_map(|(_, bytes)| bytes).collect();
                assert!(came == expected, "{size} {from} {to}");
            }
        }
    }

    #[test]
    fn a_lie_is_found_in_the_group_that_it_is_in() {
        let bytes = file(200_000);
        let (request, sent) = asked(&bytes, 0, u32::MAX);
        for at in (0..sent.len()).step_by(997) {
            let mut sent = sent.clone();
            sent[at] ^= 0x40;
            let mut proven = 0;
            let error = decode(request, 200_000, &sent[..], |_, group| {
                proven += group.len();
                Ok(())
            });
            assert_eq!(error.unwrap_err().kind(), io::ErrorKind::InvalidData, "{at}");
            assert!(proven <= at, "nothing behind the lie was believed");
        }
        // Another size is another tree.
        for size in [0, 1, 199_999, 200_001, 16_384] {
            assert!(taken(request, size, &sent).is_err(), "{size}");
        }
        assert!(taken(request, 11 << 20, &sent).is_err());
        let short = taken(request, 200_000, &sent[..sent.len() - 1]).unwrap_err();
        assert_ne!(short.kind(), io::ErrorKind::InvalidData, "a line that breaks is no lie");
    }

    #[test]
    fn a_damaged_file_is_not_sent() {
        let mut bytes = file(100_000);
        let (hash, outboard) = outboard(&bytes);
        bytes[50_000] ^= 1;
        let request = Request { hash, from: 0, to: u32::MAX };
        let mut sent = Vec::new();
        assert!(encode(request, 100_000, &bytes[..], &outboard, &mut sent).is_err());
        assert!(sent.len() < 60_000);
        assert!(encode(request, 100_000, &bytes[..], &outboard[1..], &mut sent).is_err());
    }

    #[test]
    fn requests_are_read_as_they_were_written() {
        let request = Request { hash: [7; 32], from: 3, to: u32::MAX };
        assert_eq!(Request::from_bytes(&request.to_bytes()), Some(request));
        let nothing = Request { from: 5, to: 5, ..request };
        assert_eq!(Request::from_bytes(&nothing.to_bytes()), None);
        for answer in [Answer::Here, Answer::NotHere, Answer::Busy] {
            assert_eq!(Answer::from_byte(answer.to_byte()), Some(answer));
        }
        assert_eq!(Answer::from_byte(3), None);
    }
}
