//! The items of a recording, as they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use starling_protocol::{AuthorId, DeviceKey, identity::Record};

use crate::store::peers::PeerRow;

/// Version of the format. A reader refuses others.
pub const VERSION: u8 = 1;

/// How a file begins.
pub(super) const MAGIC: &str = "starling recording";

/// Bytes of the check sum of an item.
pub(super) const CHECK: usize = 8;

/// The check sum of an item.
pub(super) fn check(body: &[u8]) -> [u8; CHECK] {
    let hash = blake3::derive_key("starling 2026-11 recording v1", body);
    std::array::from_fn(|at| hash[at])
}

/// How often each kind of output left the engine, by the names that [`counts`](super::counts) gives.
pub type Counts = BTreeMap<String, u32>;

/// The first item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The first bytes of every recording.
    pub magic: String,
    /// [`VERSION`].
    pub version: u8,
    /// Version of the program that wrote it.
    pub software: String,
    /// Whose node.
    pub author: AuthorId,
    /// The device that signed there.
    pub device: DeviceKey,
    /// What other nodes knew it by.
    pub peer: ByteBuf,
    /// The identity as its home directory knew it.
    pub identity: Record,
    /// Whether the write guard was closed.
    pub guarded: bool,
    /// Addresses that it called when it knew nobody.
    pub bootstrap: Vec<String>,
    /// Its bounds.
    pub policy: Policy,
    /// When it began, in milliseconds since 1970.
    pub at: u64,
}

/// The bounds of a node, as [`crate::engine::Policy`] has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is explained where the engine has it")]
pub struct Policy {
    pub store_bytes: u64,
    pub network_rows: u64,
    pub retention: u64,
    pub followed_bytes: u64,
    pub seen_bytes: u64,
    pub stranger_bytes: u64,
    pub outbound: usize,
    pub stay_in_shards: bool,
    pub shard_frames: u64,
    /// Recordings from before files have none.
    #[serde(default)]
    pub media_bytes: u64,
    pub follows: usize,
}

impl From<&crate::engine::Policy> for Policy {
    fn from(policy: &crate::engine::Policy) -> Self {
        Self {
            store_bytes: policy.store_bytes,
            network_rows: policy.network_rows,
            retention: policy.retention,
            followed_bytes: policy.followed_bytes,
            seen_bytes: policy.seen_bytes,
            stranger_bytes: policy.stranger_bytes,
            outbound: policy.outbound,
            stay_in_shards: policy.stay_in_shards,
            shard_frames: policy.shard_frames,
            media_bytes: policy.media_bytes,
            follows: policy.follows,
        }
    }
}

impl From<Policy> for crate::engine::Policy {
    fn from(policy: Policy) -> Self {
        Self {
            store_bytes: policy.store_bytes,
            network_rows: policy.network_rows,
            retention: policy.retention,
            followed_bytes: policy.followed_bytes,
            seen_bytes: policy.seen_bytes,
            stranger_bytes: policy.stranger_bytes,
            outbound: policy.outbound,
            stay_in_shards: policy.stay_in_shards,
            shard_frames: policy.shard_frames,
            media_bytes: policy.media_bytes,
            follows: policy.follows,
        }
    }
}

/// One item after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// An identity, an entry or a fork that the store held when it began; identities before what they vouch for.
    #[serde(rename = "h")]
    Held(Thing),
    /// A peer that was remembered: its id, and what was known of it.
    #[serde(rename = "p")]
    Peer(ByteBuf, PeerRow),
    /// The end of what was held, and whether that is all of it: a large store does not fit.
    #[serde(rename = "w")]
    Whole(bool),
    /// What the engine did when it began, and the small random numbers that it drew for that.
    #[serde(rename = "0")]
    Began(Counts, ByteBuf),
    /// One call of the engine.
    #[serde(rename = "b")]
    Batch(Batch),
    /// The end.
    #[serde(rename = "e")]
    End(End),
}

/// Something signed, without its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Thing {
    /// An identity.
    #[serde(rename = "i")]
    Identity(Record),
    /// An entry's bytes.
    #[serde(rename = "e")]
    Entry(ByteBuf),
    /// A fork proof's bytes.
    #[serde(rename = "f")]
    Fork(ByteBuf),
}

/// What reached the engine in one call, and what left it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Batch {
    /// What the clock showed, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at: u64,
    /// In its order.
    #[serde(rename = "i")]
    pub inputs: Vec<Happened>,
    /// What was signed here, in its order.
    #[serde(rename = "s")]
    pub own: Vec<Own>,
    /// The small random numbers that were drawn. Salts are not: they would betray texts.
    #[serde(rename = "r")]
    pub draws: ByteBuf,
    /// What left it.
    #[serde(rename = "o")]
    pub outputs: Counts,
}

/// What was signed here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Own {
    /// An entry, without its texts.
    #[serde(rename = "e")]
    Entry(ByteBuf),
    /// The identity after a change of it.
    #[serde(rename = "i")]
    Identity(Record),
}

/// The room on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is explained where the engine has it")]
pub struct Disk {
    pub free: u64,
    pub total: u64,
    pub store: u64,
}

/// Bytes of a peer id.
type Peer = ByteBuf;

/// One input. Addresses are in their text form; what the network says for the log alone is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Happened {
    /// A command that signs, by its name: what came of it stands in [`Batch::own`].
    #[serde(rename = "x")]
    Signs(String),
    /// The command to connect to a peer.
    #[serde(rename = "a")]
    AddPeer(Vec<String>),
    /// The command to refuse a peer.
    #[serde(rename = "n")]
    Ban(Peer),
    /// The command to take it again.
    #[serde(rename = "u")]
    Unban(Peer),
    /// The command to take in a bundle.
    #[serde(rename = "m")]
    Import(Vec<Thing>),
    /// The command to sign although the network was not asked.
    #[serde(rename = "q")]
    OpenGuard,
    /// The room on disk was told.
    #[serde(rename = "k")]
    Disk(Disk),
    /// Time passed.
    #[serde(rename = "t")]
    Tick,
    /// The node can be reached at an address.
    #[serde(rename = "l")]
    Listening(String),
    /// Or not any more.
    #[serde(rename = "L")]
    ListenFailed(String),
    /// A connection stands: to whom, where, whether we called, whether it is the only one.
    #[serde(rename = "c")]
    Connected(Peer, String, bool, bool),
    /// The last connection to a peer is gone.
    #[serde(rename = "d")]
    Disconnected(Peer),
    /// A dial came to nothing.
    #[serde(rename = "D")]
    DialFailed(Option<Peer>, Vec<String>),
    /// A peer was heard of on the local network.
    #[serde(rename = "v")]
    Discovered(Peer, Vec<String>),
    /// A peer told about itself; the engine does not listen.
    #[serde(rename = "I")]
    Identified(Peer),
    /// A gossiped frame, without its texts: its shard, who handed it over.
    #[serde(rename = "g")]
    Gossip(u8, Peer, ByteBuf),
    /// A sync stream stands: its number, the peer, whether we ask.
    #[serde(rename = "o")]
    SyncOpened(u64, Peer, bool),
    /// A sync stream could not be opened.
    #[serde(rename = "O")]
    SyncFailed(Peer),
    /// A frame of a sync stream, without its texts.
    #[serde(rename = "y")]
    SyncFrame(u64, ByteBuf),
    /// A sync stream ended.
    #[serde(rename = "z")]
    SyncClosed(u64, Peer),
    /// A peer broke a rule that the network sees: which, counted in the order of
    /// [`crate::network::Misbehaviour`].
    #[serde(rename = "!")]
    Misbehaved(Peer, u8),
}

impl Happened {
    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Signs(_) => "signing command",
            Self::AddPeer(_) => "add peer",
            Self::Ban(_) => "ban",
            Self::Unban(_) => "unban",
            Self::Import(_) => "import",
            Self::OpenGuard => "open guard",
            Self::Disk(_) => "disk",
            Self::Tick => "tick",
            Self::Listening(_) => "listening",
            Self::ListenFailed(_) => "listen failed",
            Self::Connected(..) => "connected",
            Self::Disconnected(_) => "disconnected",
            Self::DialFailed(..) => "dial failed",
            Self::Discovered(..) => "discovered",
            Self::Identified(_) => "identified",
            Self::Gossip(..) => "gossip",
            Self::SyncOpened(..) => "sync opened",
            Self::SyncFailed(_) => "sync failed",
            Self::SyncFrame(..) => "sync frame",
            Self::SyncClosed(..) => "sync closed",
            Self::Misbehaved(..) => "misbehaved",
        }
    }
}

/// The last item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// "stopped" with the node, or "limit" where the file had grown as large as it may.
    pub why: String,
    /// What the store held then.
    pub summary: super::Summary,
}
