//! What only Starling's nodes tell of themselves (`/api/starling/v1`), as far as it is shown.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Account, Id, Status, or_default};

/// What waits to be done.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Queue {
    pub unsent: u64,
    #[serde(deserialize_with = "or_default")]
    pub guarded_because: String,
    pub scheduled: usize,
    pub wanted_files: usize,
    pub unindexed: u64,
    pub outgoing: Vec<Outgoing>,
}

/// Where an own post is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Outgoing {
    pub entry: Id,
    pub at: Option<Timestamp>,
    pub peers: usize,
    pub held: usize,
}

/// A post that waits for its hour (Mastodon's ScheduledStatus).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Scheduled {
    pub id: Id,
    pub scheduled_at: Option<Timestamp>,
    pub params: ScheduledText,
}

/// What it will say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ScheduledText {
    #[serde(deserialize_with = "or_default")]
    pub text: String,
}

/// Notifications of a stranger that wait to be let in (Mastodon's NotificationRequest).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NotificationRequest {
    pub id: Id,
    pub account: Account,
    pub last_status: Option<Status>,
}

/// A peer, connected or remembered.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Peer {
    pub peer_id: String,
    pub connected: bool,
    pub outbound: bool,
    pub addresses: Vec<String>,
    pub syncing: bool,
    pub serving: bool,
    pub banned: bool,
    pub demerits: u32,
    /// Milliseconds since 1970; 0 if never.
    pub last_seen: i64,
    pub received: u64,
}

/// How fetching goes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub caught_up: bool,
    pub feeds: u64,
    pub entries: u64,
    pub peers: Vec<PeerProgress>,
}

/// How fetching from a peer goes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PeerProgress {
    pub peer_id: String,
    pub state: String,
}

/// What is held of an author.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Coverage {
    pub author: Id,
    pub name: String,
    pub held: u64,
    pub missing: u64,
    /// Connected peers that have shown that they hold some of it.
    pub sources: Option<usize>,
}

/// The network as the node sees it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Network {
    pub on: bool,
    pub listening: Vec<String>,
    pub pending: usize,
    pub peers: Vec<Connected>,
    pub shards: Vec<Shard>,
    pub traffic: Traffic,
}

/// A connected peer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Connected {
    pub peer_id: String,
    /// What it says that it runs.
    #[serde(deserialize_with = "or_default")]
    pub agent: String,
}

/// A part of the gossip.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Shard {
    pub shard: u8,
    pub mesh: usize,
    pub peers: usize,
}

/// What went over the line since the node was started.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Traffic {
    pub gossip_in: u64,
    pub gossip_in_bytes: u64,
    pub gossip_out: u64,
    pub gossip_out_bytes: u64,
    pub sync_in_bytes: u64,
    pub sync_out_bytes: u64,
    pub refused: u64,
}

/// An entry and what speaks for it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Entry {
    pub id: Id,
    pub author: Id,
    pub device: String,
    pub log: u8,
    pub seq: u64,
    pub time: Option<Timestamp>,
    pub kind: Option<String>,
    pub received_at: Option<Timestamp>,
    pub from: Option<String>,
    pub deleted: bool,
    /// The delete that its author signed.
    pub erasure: Option<Erasure>,
    pub edits: Vec<Id>,
    pub checks: Vec<Check>,
}

/// The receipt of an erasure.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Erasure {
    pub entry: Id,
    pub device: String,
    pub time: Option<Timestamp>,
    pub received_at: Option<Timestamp>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Check {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

/// What a server takes (of Mastodon's Instance).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Instance {
    pub configuration: Limits,
    pub api_versions: Versions,
}

/// Which features a server has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Versions {
    pub mastodon: u32,
}

/// Its limits. What a server does not tell is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Limits {
    pub statuses: StatusLimits,
    pub media_attachments: MediaLimits,
    pub polls: PollLimits,
    /// Whether posts can be quoted. Not from here: from the version of the API.
    #[serde(skip)]
    pub quotes: bool,
}

/// Limits of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusLimits {
    pub max_characters: usize,
    pub max_media_attachments: usize,
}

/// Limits of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MediaLimits {
    pub supported_mime_types: Vec<String>,
    pub description_limit: usize,
    pub image_size_limit: u64,
}

/// Limits of a poll.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PollLimits {
    pub max_options: usize,
    pub max_characters_per_option: usize,
}
