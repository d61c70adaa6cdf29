//! What travels on a sync stream: one byte of kind, then a CBOR list.
//!
//! Messages are neither hashed nor signed, so any encoding of CBOR is taken; what they carry has its
//! own canonical form where that matters. Every list is bounded on reading.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::{ByteBuf, Bytes};

use super::{CREDIT, FeedState, Interests, Mark, OUTSTANDING};
use crate::{
    cbor, entry,
    id::{AuthorId, DeviceKey},
    identity::Record,
    limits,
};

/// Characters of the text of a refusal.
const REFUSAL_CHARS: usize = 200;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes than a message of this direction may have.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// No such kind in this direction.
    #[error("no such kind of message")]
    Kind,
    /// The body is not what the kind says.
    #[error("malformed message: {0}")]
    Malformed(#[from] cbor::Error),
    /// A list or a number is over its limit.
    #[error("over a limit: {0}")]
    Limit(&'static str),
}

/// A piece of one log: on the wire `[author, device, log, from, to]`, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "RangeWire", into = "RangeWire")]
pub struct Range {
    /// Whose feed.
    pub author: AuthorId,
    /// Which device's log.
    pub device: DeviceKey,
    /// Which log.
    pub log: u8,
    /// Lowest sequence number.
    pub from: u64,
    /// Highest sequence number.
    pub to: u64,
}

#[derive(Serialize, Deserialize)]
struct RangeWire(AuthorId, DeviceKey, u8, u64, u64);

impl From<RangeWire> for Range {
    fn from(RangeWire(author, device, log, from, to): RangeWire) -> Self {
        Self { author, device, log, from, to }
    }
}

impl From<Range> for RangeWire {
    fn from(Range { author, device, log, from, to }: Range) -> Self {
        Self(author, device, log, from, to)
    }
}

/// What the pulling side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// 1 `[version, credit, interests]`: the first message.
    Hello {
        /// [`limits::VERSION`].
        version: u8,
        /// Credit to begin with.
        credit: u32,
        /// The authors to be told about.
        interests: Interests,
    },
    /// 2 `[more, less]`: the interests changed.
    Interests {
        /// Authors from now on.
        more: Interests,
        /// Authors no longer.
        less: Interests,
    },
    /// 3 `[bytes]`: one step of set reconciliation.
    Reconcile(Vec<u8>),
    /// 4 `[whole, marks, need, last]`: what the puller holds.
    Frontier {
        /// Whether the marks are of all feeds it holds, so that any other is news to it.
        whole: bool,
        /// What it holds of some feeds.
        marks: Vec<Mark>,
        /// Items of the server, first 8 bytes, that it has not.
        need: Vec<[u8; 8]>,
        /// Whether this is the last part.
        last: bool,
    },
    /// 5 `[]`: the next part of the heads, please.
    More,
    /// 6 `[[number, range], …]`: entries of these, highest first. The puller chooses the numbers.
    Pull(Vec<(u32, Range)>),
    /// 7 `[messages]`: so many more messages of entries may come.
    Credit(u32),
}

/// What the serving side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 129 `[bytes]`: one step of set reconciliation.
    Reconcile(Vec<u8>),
    /// 130 `[[record, …]]`: identities, always before the heads of their feeds.
    Identities(Vec<Record>),
    /// 131 `[[proof, …]]`: proofs of forks.
    Forks(Vec<Vec<u8>>),
    /// 132 `[[feed, …], last]`: what the server holds.
    Heads {
        /// Feeds that differ.
        feeds: Vec<FeedState>,
        /// Whether nothing waits for [`Ask::More`].
        last: bool,
    },
    /// 133 `[live, [entry, …], [[number, next], …]]`: entries, and the ranges that end here.
    Entries {
        /// Whether they come unasked, because they are new.
        live: bool,
        /// Exact bytes.
        entries: Vec<Vec<u8>>,
        /// Numbers of ranges that are done, each with the highest sequence number that the server
        /// holds below the range.
        done: Vec<(u32, Option<u64>)>,
    },
    /// 134 `[text]`: the server does not want to. The end.
    Refused(String),
}

#[derive(Serialize, Deserialize)]
struct Hello(u8, u32, ByteBuf);
#[derive(Serialize, Deserialize)]
struct Change(ByteBuf, ByteBuf);
#[derive(Serialize, Deserialize)]
struct Frontier(bool, Vec<Mark>, ByteBuf, bool);
#[derive(Serialize, Deserialize)]
struct Entries(bool, Vec<ByteBuf>, Vec<(u32, Option<u64>)>);

fn frame<T: Serialize>(kind: u8, body: &T) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(cbor::encode(body));
    bytes
}

fn split(bytes: &[u8], limit: usize) -> Result<(u8, &[u8]), Error> {
    if bytes.len() > limit {
        return Err(Error::TooLong(bytes.len()));
    }
    bytes.split_first().map(|(kind, body)| (*kind, body)).ok_or(Error::Kind)
}

fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    Ok(cbor::decode(bytes)?)
}

fn at_most<T>(what: &'static str, list: &[T], limit: usize) -> Result<(), Error> {
    if list.len() <= limit { Ok(()) } else { Err(Error::Limit(what)) }
}

impl Ask {
    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hello { version, credit, interests } => {
                frame(1, &Hello(*version, *credit, interests.to_bytes().into()))
            }
            Self::Interests { more, less } => {
                frame(2, &Change(more.to_bytes().into(), less.to_bytes().into()))
            }
            Self::Reconcile(bytes) => frame(3, &(Bytes::new(bytes),)),
            Self::Frontier { whole, marks, need, last } => {
                frame(4, &(whole, marks, Bytes::new(need.as_flattened()), last))
            }
            Self::More => frame(5, &[(); 0]),
            Self::Pull(ranges) => frame(6, &(ranges,)),
            Self::Credit(messages) => frame(7, &(messages,)),
        }
    }

    /// Reads a frame.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (kind, bytes) = split(bytes, limits::SYNC_REQUEST_BYTES)?;
        let interests =
            |bytes: &[u8]| Interests::from_bytes(bytes).ok_or(Error::Limit("the list of interests"));
        match kind {
            1 => {
                let Hello(version, credit, bytes) = body(bytes)?;
                Ok(Self::Hello { version, credit: credit.min(CREDIT), interests: interests(&bytes)? })
            }
            2 => {
                let Change(more, less) = body(bytes)?;
                Ok(Self::Interests { more: interests(&more)?, less: interests(&less)? })
            }
            3 => body(bytes).map(|(bytes,): (ByteBuf,)| Self::Reconcile(bytes.into_vec())),
            4 => {
                let Frontier(whole, marks, need, last) = body(bytes)?;
                let (need, rest) = need.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(Error::Limit("the length of needed items"));
                }
                Ok(Self::Frontier { whole, marks, need: need.to_vec(), last })
            }
            5 => body(bytes).map(|[]: [(); 0]| Self::More),
            6 => {
                let (ranges,): (Vec<(u32, Range)>,) = body(bytes)?;
                at_most("the ranges of one pull", &ranges, OUTSTANDING)?;
                let sound = |(_, range): &(u32, Range)| {
                    range.from <= range.to && range.to <= limits::MAX_SEQ && range.log < entry::log::COUNT
                };
                if !ranges.iter().all(sound) {
                    return Err(Error::Limit("a range"));
                }
                Ok(Self::Pull(ranges))
            }
            7 => body(bytes).map(|(messages,)| Self::Credit(messages)),
            _ => Err(Error::Kind),
        }
    }
}

impl Answer {
    /// Whether a frame carries entries, as far as its first byte says: whoever verifies them on other
    /// threads need not look into the rest.
    pub fn has_entries(frame: &[u8]) -> bool {
        frame.first() == Some(&133)
    }

    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        let list = |list: &[Vec<u8>]| list.iter().map(|bytes| ByteBuf::from(bytes.clone())).collect();
        match self {
            Self::Reconcile(bytes) => frame(129, &(Bytes::new(bytes),)),
            Self::Identities(records) => frame(130, &(records,)),
            Self::Forks(proofs) => frame(131, &(list(proofs),) as &(Vec<ByteBuf>,)),
            Self::Heads { feeds, last } => frame(132, &(feeds, last)),
            Self::Entries { live, entries, done } => frame(133, &Entries(*live, list(entries), done.clone())),
            Self::Refused(text) => frame(134, &(text,)),
        }
    }

    /// Reads a frame.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (kind, bytes) = split(bytes, limits::SYNC_RESPONSE_BYTES)?;
        match kind {
            129 => body(bytes).map(|(bytes,): (ByteBuf,)| Self::Reconcile(bytes.into_vec())),
            130 => {
                let (records,): (Vec<Record>,) = body(bytes)?;
                at_most("the identities of one answer", &records, limits::INTERESTS)?;
                Ok(Self::Identities(records))
            }
            131 => {
                let (proofs,): (Vec<ByteBuf>,) = body(bytes)?;
                at_most("the forks of one answer", &proofs, limits::INTERESTS)?;
                Ok(Self::Forks(proofs.into_iter().map(ByteBuf::into_vec).collect()))
            }
            132 => {
                let (feeds, last): (Vec<FeedState>, bool) = body(bytes)?;
                at_most("the feeds of one answer", &feeds, limits::INTERESTS)?;
                // A feed that cannot be is its author's doing, not that of the node that holds it.
                let feeds = feeds.into_iter().filter(FeedState::is_sound).collect();
                Ok(Self::Heads { feeds, last })
            }
            133 => {
                let Entries(live, entries, done) = body(bytes)?;
                at_most("the entries of one answer", &entries, limits::SYNC_BATCH_ENTRIES)?;
                at_most("the ranges of one answer", &done, OUTSTANDING)?;
                let entries = entries.into_iter().map(ByteBuf::into_vec).collect();
                Ok(Self::Entries { live, entries, done })
            }
            134 => {
                let (text,): (String,) = body(bytes)?;
                Ok(Self::Refused(text.chars().take(REFUSAL_CHARS).collect()))
            }
            _ => Err(Error::Kind),
        }
    }
}
