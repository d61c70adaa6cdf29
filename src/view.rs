//! What readers are shown: plain values that the store gives and HTTP dresses up.
//!
//! Texts in here are the author's own characters, unchanged; whoever prints them makes them safe
//! first. Times are milliseconds since 1970-01-01 UTC.

use starling_protocol::{
    AuthorId, DeviceKey, EntryId,
    payload::{Content, Link, Profile, poll::Poll},
};

use crate::store::polls::Tally;

/// A stored entry that stands on a timeline or in a thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The entry.
    pub id: EntryId,
    /// Whose it is.
    pub author: Account,
    /// The device that signed it.
    pub device: DeviceKey,
    /// When the author says it was.
    pub claimed_at: u64,
    /// When it reached this node.
    pub received_at: u64,
    /// What it says.
    pub body: PostBody,
    /// When the shown edit was made, if there is one.
    pub edited_at: Option<u64>,
    /// Likes known here.
    pub likes: u64,
    /// Boosts known here.
    pub boosts: u64,
    /// Replies known here.
    pub replies: u64,
    /// Whether this node's author likes it.
    pub liked: bool,
    /// Whether this node's author boosted it.
    pub boosted: bool,
    /// Whether the author's claim of time was set aside: it lay too far ahead.
    pub time_doubted: bool,
    /// The poll that goes with it, and what the votes come to.
    pub poll: Option<Box<(Poll, Tally)>>,
}

/// What a post on a timeline says.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all posts are the large one")]
pub enum PostBody {
    /// A post or reply, in its latest edit.
    Content {
        /// The text and what belongs to it.
        content: Content,
        /// For a reply: the post that began the thread, and the one that it answers.
        reply: Option<(Link, Link)>,
    },
    /// A boost, and the post itself if it is held.
    Boost {
        /// What is passed on.
        of: Link,
        /// The post, if it is held and not erased.
        post: Option<Box<Post>>,
    },
    /// A kind that this version does not know, with its fallback text.
    Unknown {
        /// The kind's name.
        kind: String,
        /// What to show instead.
        fallback: Option<String>,
    },
    /// The payload was left out or has not arrived yet.
    Absent,
}

/// An author as this node knows them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Account {
    /// Who.
    pub author: Option<AuthorId>,
    /// The newest profile, empty if none is held.
    pub profile: Profile,
    /// Entries of this author that are held.
    pub entries: u64,
    /// Posts, replies and boosts among them.
    pub posts: u64,
    /// Followers known here.
    pub followers: u64,
    /// Authors that this one follows, as far as known here.
    pub following: u64,
    /// When this node first held anything of theirs.
    pub first_seen: u64,
    /// Newest claimed time of a post.
    pub last_post_at: Option<u64>,
    /// Whether this node's author follows, blocks them, and is followed by them.
    pub followed: bool,
    /// See `followed`.
    pub blocked: bool,
    /// See `followed`.
    pub follows_me: bool,
    /// Logs of theirs that are frozen by a fork.
    pub forked: Vec<(DeviceKey, u8, u64)>,
    /// Whether they have retired.
    pub retired: bool,
}

/// One place in a thread.
#[derive(Debug, Clone, PartialEq)]
pub enum ThreadItem {
    /// A post that is held.
    Post(Box<Post>),
    /// A post that is answered but not held (yet), or whose payload was left out.
    Missing(Link),
    /// A post that its author erased.
    Deleted(Link),
}

/// A post with what it answers and what answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// From the beginning of the thread to the post's parent.
    pub ancestors: Vec<ThreadItem>,
    /// The post.
    pub post: ThreadItem,
    /// Answers, depth first, oldest first, each with its depth below the post (from 1).
    pub descendants: Vec<(usize, ThreadItem)>,
}

/// Where an entry came from, for those who want to check it.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The entry's exact bytes, as `starling_protocol::entry::Signed::to_bytes` gives them.
    pub bytes: Vec<u8>,
    /// The identity record of its author, as CBOR.
    pub identity: Vec<u8>,
    /// When it reached this node.
    pub received_at: u64,
    /// The peer that brought it; none for our own.
    pub from: Option<String>,
    /// Whether its payload was erased by its author.
    pub deleted: bool,
    /// What erased it, if that is still held.
    pub erasure: Option<Erasure>,
    /// The edits of it, oldest first.
    pub edits: Vec<EntryId>,
}

/// The receipt of an erasure: the delete that the author signed, which anybody can check like every other entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Erasure {
    /// The delete.
    pub id: EntryId,
    /// The device that signed it.
    pub device: DeviceKey,
    /// When, as the author says, in milliseconds since 1970.
    pub time: u64,
    /// When it reached this node.
    pub received_at: u64,
}

/// A window on a timeline: entries below `max`, above `min`, newest first, `limit` of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// Only what is older than this entry.
    pub max: Option<EntryId>,
    /// Only what is newer than this entry, beginning with the newest.
    pub since: Option<EntryId>,
    /// Only what is newer than this entry, the page just above it.
    pub min: Option<EntryId>,
    /// How many; 0 means 20.
    pub limit: usize,
}

/// How much is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Stats {
    /// Authors of whom anything is known.
    pub authors: u64,
    /// Feeds held of authors that are followed, our own among them.
    pub feeds: u64,
    /// Entries held.
    pub entries: u64,
    /// Rows of the home timeline.
    pub home: u64,
    /// Rows of the network timeline.
    pub network: u64,
    /// Proofs of forks held.
    pub forks: u64,
    /// Bytes of the database file.
    pub file_bytes: u64,
    /// Bytes of entries in it.
    pub entry_bytes: u64,
}
