//! What the person, or a program with their token, can ask the engine to do.

use libp2p::{Multiaddr, PeerId};
use starling_protocol::{
    AuthorId, EntryId,
    payload::{Content, OverLimit, Profile},
};

use crate::store::kept::origin::Origin;

/// A wish. Each is answered by a [`Reply`] after it is on disk, or by a [`Refusal`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Sign a post, or a reply if `in_reply_to` is given. With an `idempotency` key that was used
    /// in the last hour, the earlier post is the answer.
    Publish {
        /// What it says.
        content: Box<Content>,
        /// What it answers.
        in_reply_to: Option<EntryId>,
        /// Names this wish, so that asking twice posts once.
        idempotency: Option<String>,
    },
    /// Say something else in an own post.
    Edit {
        /// The post, not an earlier edit of it.
        id: EntryId,
        /// What it says now.
        content: Box<Content>,
    },
    /// Erase own entries.
    Delete(Vec<EntryId>),
    /// Pass a post on; or take that back.
    Boost(EntryId),
    /// Takes a boost of this post back.
    Unboost(EntryId),
    /// Like a post.
    Like(EntryId),
    /// Takes a like of this post back.
    Unlike(EntryId),
    /// Choose answers of the poll of a post, by their places, ascending.
    Vote(EntryId, Vec<u8>),
    /// Follow an author, who may be found at these addresses.
    Follow {
        /// Whom.
        author: AuthorId,
        /// Where a node that holds their feed may be.
        addresses: Vec<Multiaddr>,
        /// What led to it, unless they are followed already.
        origin: Origin,
    },
    /// Follow no longer.
    Unfollow(AuthorId),
    /// Block: nothing of theirs is shown, stored or passed on.
    Block(AuthorId),
    /// Unblock.
    Unblock(AuthorId),
    /// Show an own post first on the profile.
    Pin(EntryId),
    /// Show it there no longer.
    Unpin(EntryId),
    /// Be seen like this. Hints are added by the node.
    SetProfile(Box<Profile>),
    /// Connect to a peer now and keep the address.
    AddPeer(Vec<Multiaddr>),
    /// Refuse a peer's connections.
    BanPeer(PeerId),
    /// Take them again.
    UnbanPeer(PeerId),
    /// Take in a bundle file's items, already checked as a whole.
    Import(Vec<ImportItem>),
    /// Sign although the network was not asked for our own newest entries.
    OpenGuard,
    /// Keep rows for the person, or let them go: all of them or none.
    Keep(Vec<crate::store::kept::Change>),
    /// Let a new device of this identity speak, or cut one off at what is held of it now.
    RemoveDevice(starling_protocol::DeviceKey),
}

impl Command {
    /// Follow an author whom the person chose.
    pub fn follow(author: AuthorId, addresses: Vec<Multiaddr>) -> Self {
        Self::Follow { author, addresses, origin: Origin::Hand(None) }
    }
}

/// One item of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportItem {
    /// An identity.
    Identity(starling_protocol::identity::Record),
    /// An entry.
    Entry(Box<starling_protocol::Verified>),
    /// A fork.
    Fork(Box<starling_protocol::feed::ForkProof>),
}

/// What came of a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Signed and stored: the entry's id, and how many peers it was handed to at once.
    Published {
        /// The new entry.
        id: EntryId,
        /// Open sync sessions and gossip neighbours that it goes to now; 0 means that it waits.
        peers: usize,
    },
    /// Stored; there was nothing to sign, because it was so already.
    Unchanged,
    /// Done.
    Done,
    /// Taken in: new entries, entries already held, entries refused.
    Imported {
        /// New.
        new: u64,
        /// Known before.
        known: u64,
        /// Not valid, or of authors that do not vouch for them.
        refused: u64,
    },
}

/// Why a wish was not done. The text is for the person, and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing here.
    #[error("{0} is not known here")]
    NotFound(String),
    /// Not ours to change.
    #[error("{0}")]
    NotOurs(&'static str),
    /// Too long, too many.
    #[error("{0}")]
    OverLimit(#[from] OverLimit),
    /// Nothing to say.
    #[error("there is nothing to say in it")]
    Empty,
    /// The write guard is closed.
    #[error(
        "nothing is signed yet: this home was restored or copied, and no peer that knows you has been met"
    )]
    Guarded,
    /// The home's device is not, or no longer, a device of the author.
    #[error("this device does not speak for you any more")]
    Silenced,
    /// Our own log is frozen.
    #[error("two entries were signed for one place of this device's log, and others refuse what follows")]
    Forked,
    /// Understood, and wrong.
    #[error("{0}")]
    Invalid(&'static str),
    /// A bound that protects this node.
    #[error("{0}")]
    Policy(String),
    /// The disk is full or failing. Either nothing was stored, or all of it and the disk failed to say
    /// so: never a part.
    #[error("not stored: {0}")]
    Storage(String),
}
