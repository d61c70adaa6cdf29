//! Everything that can leave the engine.

use starling_protocol::{AuthorId, DeviceKey, EntryId};

use super::{Refusal, Reply, Request};
use crate::network;

/// Something is to be done, or has happened.
#[derive(Debug)]
pub enum Output {
    /// The answer to a command.
    Reply(Request, Result<Reply, Refusal>),
    /// An order to the swarm task.
    Network(network::Command),
    /// News for whoever watches.
    Event(Event),
    /// What [`Status`] is now, when it changed.
    Status(Status),
}

/// What changed in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An entry was stored.
    Stored {
        /// Which.
        id: EntryId,
        /// Whose.
        author: AuthorId,
        /// Whether it stands on the home timeline.
        home: bool,
    },
    /// An entry was erased by its author.
    Erased {
        /// Which.
        id: EntryId,
        /// Whose.
        author: AuthorId,
    },
    /// A post, reply or boost was stored that is of today: worth showing to whoever looks on.
    Posted {
        /// Which.
        id: EntryId,
        /// Whose.
        author: AuthorId,
        /// Whether it stands on the home timeline.
        home: bool,
    },
    /// A post says something else now, by a word of today.
    Edited {
        /// The entry that began the post.
        id: EntryId,
        /// Whose.
        author: AuthorId,
        /// Whether it stands on the home timeline.
        home: bool,
    },
    /// A post, reply or boost was erased.
    Gone(EntryId),
    /// Something that concerns the person was noted under this number.
    Notified(u64),
    /// An identity changed.
    Identity(AuthorId),
    /// A log is frozen by a fork.
    Forked {
        /// Whose.
        author: AuthorId,
        /// Which device's.
        device: DeviceKey,
        /// Which log.
        log: u8,
        /// From where on.
        seq: u64,
    },
    /// Something on this shelf of the person's own changed.
    Kept(crate::store::kept::Shelf),
    /// Everything that a peer has for us was fetched.
    Synced(libp2p::PeerId),
}

impl Event {
    /// Whether it changes what somebody sees who looks at a timeline right now. Of what a session brings in bulk
    /// little does.
    pub fn is_live(&self) -> bool {
        use crate::store::kept::Shelf;
        match self {
            Self::Posted { .. } | Self::Edited { .. } | Self::Gone(_) | Self::Notified(_) => true,
            Self::Kept(shelf) => *shelf == Shelf::Filter,
            _ => false,
        }
    }
}

/// A connected peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Who.
    pub peer: libp2p::PeerId,
    /// Where.
    pub address: String,
    /// Whether we dialled.
    pub outbound: bool,
    /// Whether a session in which we ask is open, and whether it has caught up.
    pub pulling: Option<bool>,
    /// Whether a session in which the peer asks is open.
    pub serving: bool,
    /// Entries that came from this peer since it connected.
    pub received: u64,
}

/// How the node is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Connected peers.
    pub peers: Vec<PeerStatus>,
    /// Why nothing is signed, if that is so.
    pub guarded: Option<&'static str>,
    /// Own entries that were signed while nobody was there to take them.
    pub waiting: u64,
    /// Where the newest own posts are, the newest first.
    pub outgoing: Vec<super::OnItsWay>,
    /// Connected peers that keep each feed, of those feeds that are kept here; none where an author is not in it.
    pub sources: std::sync::Arc<std::collections::BTreeMap<AuthorId, usize>>,
    /// Addresses listened on.
    pub listen: Vec<libp2p::Multiaddr>,
    /// Whether the disk is too full to take in what others write.
    pub disk_low: bool,
}
