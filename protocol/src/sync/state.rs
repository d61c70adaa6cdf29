//! What a node says of the feeds it holds, and of the authors that interest it.
//!
//! A [`FeedState`] hashes to one item: two nodes whose items are equal hold the same heads of that
//! feed and know the same of its identity. How far down a node holds a log is left out of the hash:
//! one that keeps less history would differ from everybody for ever.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;

use crate::{
    cbor, entry,
    feed::LogState,
    id::{AuthorId, DeviceKey, EntryId},
    limits,
};

/// Devices that one feed may name. Each was added by an operation, or kept by a rotation.
const FEED_DEVICES: usize = limits::IDENTITY_OPERATIONS;

const ITEM_CONTEXT: &str = "starling 2026-11 feed state v1";
const KNOWN_CONTEXT: &str = "starling 2026-11 feed identity v1";

/// One log as its holder has it: on the wire `[log, lo, hi, head, frozen or null]`. Of a log that is
/// frozen only what is below the fork counts; if nothing is, `lo` is 1, `hi` 0 and `head` zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LogHeadWire", into = "LogHeadWire")]
pub struct LogHead {
    /// Which log.
    pub log: u8,
    /// Lowest sequence number held. There may be gaps between here and `hi`.
    pub lo: u64,
    /// Highest sequence number held.
    pub hi: u64,
    /// The entry there.
    pub head: EntryId,
    /// Where the log forked, if it did: nothing from there on is accepted without the author's word.
    pub frozen: Option<u64>,
}

impl LogHead {
    /// What `state` amounts to; `held` gives the id of a held entry by its place. None if nothing is
    /// held and nothing is frozen.
    pub fn of<E>(
        log: u8,
        state: &LogState,
        held: impl FnOnce(u64) -> Result<Option<EntryId>, E>,
    ) -> Result<Option<Self>, E> {
        let frozen = state.frozen();
        let below = frozen.unwrap_or(u64::MAX);
        let mut runs = state.runs().iter().filter(|run| run.lo < below);
        let empty = Self { log, lo: 1, hi: 0, head: EntryId::new([0; 32]), frozen };
        let (Some(first), Some(top)) = (runs.clone().next(), runs.next_back()) else {
            return Ok(frozen.map(|_| empty));
        };
        let (hi, head) =
            if top.hi < below { (top.hi, Some(top.head)) } else { (below - 1, held(below - 1)?) };
        Ok(head.map(|head| Self { log, lo: first.lo, hi, head, frozen }))
    }

    /// Whether nothing that counts is held.
    pub fn is_empty(&self) -> bool {
        self.lo > self.hi
    }

    /// Whether such a head can be.
    fn is_sound(&self) -> bool {
        self.log < entry::log::COUNT
            && self.hi <= limits::MAX_SEQ
            && (self.lo <= self.hi || (self.lo, self.hi) == (1, 0))
            && self.frozen.is_none_or(|seq| seq <= limits::MAX_SEQ)
    }
}

#[derive(Serialize, Deserialize)]
struct LogHeadWire(u8, u64, u64, EntryId, Option<u64>);

impl From<LogHeadWire> for LogHead {
    fn from(LogHeadWire(log, lo, hi, head, frozen): LogHeadWire) -> Self {
        Self { log, lo, hi, head, frozen }
    }
}

impl From<LogHead> for LogHeadWire {
    fn from(LogHead { log, lo, hi, head, frozen }: LogHead) -> Self {
        Self(log, lo, hi, head, frozen)
    }
}

/// One feed as its holder has it: on the wire `[author, digest, [[device, [log head, …]], …]]`,
/// devices and logs ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState(AuthorId, ByteArray<16>, Vec<(DeviceKey, Vec<LogHead>)>);

impl FeedState {
    /// The state of a feed whose identity has this [`crate::Identity::digest`].
    pub fn new(
        author: AuthorId,
        digest: &[u8; 32],
        logs: impl IntoIterator<Item = (DeviceKey, LogHead)>,
    ) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        let mut logs: Vec<_> = logs.into_iter().collect();
        logs.sort_by_key(|(device, head)| (*device, head.log));
        logs.dedup_by_key(|(device, head)| (*device, head.log));
        let mut devices: Vec<(DeviceKey, Vec<LogHead>)> = Vec::new();
        for (device, head) in logs {
            match devices.last_mut() {
                Some((last, heads)) if *last == device => heads.push(head),
                _ => devices.push((device, vec![head])),
            }
        }
        Self(author, ByteArray::new(short), devices)
    }

    /// Whose feed.
    pub fn author(&self) -> AuthorId {
        self.0
    }

    /// First half of the identity's digest.
    pub fn digest(&self) -> &[u8; 16] {
        &self.1
    }

    /// Every log.
    pub fn logs(&self) -> impl Iterator<Item = (&DeviceKey, &LogHead)> {
        self.2.iter().flat_map(|(device, heads)| heads.iter().map(move |head| (device, head)))
    }

    /// How many logs.
    pub fn len(&self) -> usize {
        self.2.iter().map(|(_, heads)| heads.len()).sum()
    }

    /// Whether only the identity is held.
    pub fn is_empty(&self) -> bool {
        self.2.is_empty()
    }

    /// What stands for this state when sets are compared.
    pub fn item(&self) -> [u8; 32] {
        let mut blind = self.clone();
        blind.2.iter_mut().flat_map(|(_, heads)| heads).for_each(|head| head.lo = 0);
        blake3::derive_key(ITEM_CONTEXT, &cbor::encode(&blind))
    }

    /// What stands for what is known of the identity and of forks.
    fn known(&self) -> [u8; 8] {
        let forks: Vec<(DeviceKey, u8, u64)> = self
            .logs()
            .filter_map(|(device, head)| head.frozen.map(|seq| (*device, head.log, seq)))
            .collect();
        let hash = blake3::derive_key(KNOWN_CONTEXT, &cbor::encode(&(&self.1, forks)));
        first8(&hash)
    }

    /// The mark of this state.
    pub fn mark(&self) -> Mark {
        Mark(self.0, ByteArray::new(first8(&self.item())), ByteArray::new(self.known()))
    }

    /// Whether the state can be: ascending, within limits, no range upside down.
    pub(super) fn is_sound(&self) -> bool {
        self.2.len() <= FEED_DEVICES
            && self.2.is_sorted_by(|(a, _), (b, _)| a < b)
            && self.2.iter().all(|(_, heads)| {
                !heads.is_empty()
                    && heads.is_sorted_by(|a, b| a.log < b.log)
                    && heads.iter().all(LogHead::is_sound)
            })
    }
}

/// First 8 bytes of a hash: where an error only costs a needless answer.
pub(super) fn first8(hash: &[u8; 32]) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&hash[..8]);
    short
}

/// What a puller says of a feed it holds: `[author, item, known]`, the hashes cut to 8 bytes. The
/// server answers where it differs, with the identity and forks where `known` differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark(AuthorId, ByteArray<8>, ByteArray<8>);

impl Mark {
    /// Whose feed.
    pub fn author(&self) -> AuthorId {
        self.0
    }

    /// A mark that differs from every state in what is held, so that the server says what it has.
    pub(super) fn asking(self) -> Self {
        Self(self.0, ByteArray::new([0; 8]), self.2)
    }

    /// Whether both hold the same heads.
    pub(super) fn same_item(&self, other: &Self) -> bool {
        self.1 == other.1
    }

    /// Whether both know the same of the identity and of forks.
    pub(super) fn same_known(&self, other: &Self) -> bool {
        self.2 == other.2
    }
}

/// The authors that interest a node, by the first 32 bits of their ids.
///
/// On the wire the bits are ascending, each as the distance from the one before in LEB128: three
/// bytes an author at 10,000. Another author with the same bits is told of in vain, and nothing more:
/// the receiver checks against its own list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interests(Vec<u32>);

impl Interests {
    /// The interests in these authors; what is over [`limits::INTERESTS`] is left out.
    pub fn of<'a>(authors: impl IntoIterator<Item = &'a AuthorId>) -> Self {
        let mut prefixes: Vec<u32> = authors.into_iter().map(Self::prefix).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes.truncate(limits::INTERESTS);
        Self(prefixes)
    }

    /// What stands for an author.
    pub fn prefix(author: &AuthorId) -> u32 {
        let [a, b, c, d, ..] = *author.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// Whether this author may be among them.
    pub fn contains(&self, author: &AuthorId) -> bool {
        self.0.binary_search(&Self::prefix(author)).is_ok()
    }

    /// The prefixes, ascending: an author matches whose id begins with one, big-endian.
    pub fn prefixes(&self) -> &[u32] {
        &self.0
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody interests.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `more` and takes `less` away.
    pub(super) fn change(&mut self, more: &Self, less: &Self) {
        let less: HashSet<u32> = less.0.iter().copied().collect();
        self.0.retain(|prefix| !less.contains(prefix));
        self.0.extend(&more.0);
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 3 + 4);
        let mut last = 0;
        for &prefix in &self.0 {
            let mut distance = prefix - last;
            last = prefix;
            while distance >= 0x80 {
                bytes.push(distance as u8 | 0x80);
                distance >>= 7;
            }
            bytes.push(distance as u8);
        }
        bytes
    }

    /// Reads the wire form: none if it is cut short, not ascending, or over the limit.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut prefixes = Vec::with_capacity((bytes.len() / 3).min(limits::INTERESTS));
        let (mut last, mut distance, mut shift) = (0u64, 0u64, 0);
        for byte in bytes {
            if shift > 28 {
                return None;
            }
            distance |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 != 0 {
                continue;
            }
            if (distance == 0 && !prefixes.is_empty()) || prefixes.len() == limits::INTERESTS {
                return None;
            }
            last += distance;
            prefixes.push(u32::try_from(last).ok()?);
            (distance, shift) = (0, 0);
        }
        (shift == 0).then_some(Self(prefixes))
    }
}
