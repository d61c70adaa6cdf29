//! What the network tells the rest of the node.

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};

/// Names one gossiped frame towards the network when its [`Verdict`](super::Verdict) is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GossipRef {
    /// BLAKE3 of topic and frame.
    pub(super) id: [u8; 32],
    /// The peer that handed it to us.
    pub(super) source: PeerId,
}

/// Names one sync stream. Never used twice by one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub(super) u64);

/// For those who carry frames from engine to engine without this network: tests and simulations.
impl GossipRef {
    /// Names a frame by the BLAKE3 of its topic and bytes, and the peer that handed it over.
    pub fn new(id: [u8; 32], source: PeerId) -> Self {
        Self { id, source }
    }

    /// The id and the peer that it was made of.
    pub fn parts(self) -> ([u8; 32], PeerId) {
        (self.id, self.source)
    }
}

/// The same: whoever carries the frames gives the names, none of them twice to one engine.
impl StreamId {
    /// The name with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Which side of a sync stream this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncRole {
    /// We opened the stream and ask.
    Pull,
    /// The peer opened it and we answer.
    Serve,
}

/// A breach of the rules that the network itself can see. What it costs the peer is the engine's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Misbehaviour {
    /// A sync frame announced with no bytes or with more than [`MAX_SYNC_FRAME`](super::MAX_SYNC_FRAME).
    SyncFrameSize,
    /// A sync frame begun and not continued.
    SyncStalled,
    /// Did not read what was sent on a sync stream.
    SyncNotReading,
    /// Opens sync streams in a loop.
    SyncStreams,
    /// Gossips far above the rate allowed to a peer.
    GossipFlood,
    /// Sent three gossip frames that the engine rejected; its gossip is not listened to for five hours.
    GossipInvalid,
}

/// Something happened on the network.
///
/// Order: for one peer `Connected` comes before anything else of that connection and `Disconnected` after its gossip
/// was last delivered, but the [`Event::SyncClosed`] of its streams may still follow. For one stream: `SyncOpened`,
/// its frames in order, then exactly one `SyncClosed`.
#[derive(Debug, Clone)]
pub enum Event {
    /// This node can be reached here (one event an interface).
    Listening {
        /// The concrete address, port included.
        address: Multiaddr,
    },
    /// Listening failed or ended.
    ListenFailed {
        /// The address that was asked for or that was lost.
        address: Multiaddr,
        /// For the log.
        reason: String,
    },
    /// A connection stands.
    Connected {
        /// The peer, proved by its key.
        peer: PeerId,
        /// Its address as we see it.
        address: Multiaddr,
        /// Whether we dialled.
        outbound: bool,
        /// Whether it is the only connection to this peer.
        first: bool,
    },
    /// The last connection to a peer is gone.
    Disconnected {
        /// The peer.
        peer: PeerId,
    },
    /// A dial came to nothing.
    DialFailed {
        /// Whom we expected.
        peer: Option<PeerId>,
        /// Where we looked.
        addresses: Vec<Multiaddr>,
        /// For the log.
        reason: String,
    },
    /// mDNS heard of a peer on the local network. Anyone there can claim anything.
    Discovered {
        /// The peer it claims to be.
        peer: PeerId,
        /// At most 16 addresses.
        addresses: Vec<Multiaddr>,
    },
    /// A peer told about itself. All of it is a claim.
    Identified {
        /// The peer.
        peer: PeerId,
        /// At most 16; honest nodes tell none.
        listen_addresses: Vec<Multiaddr>,
        /// At most 32 protocol names.
        protocols: Vec<String>,
        /// Its software; printable ASCII, at most 64 characters.
        agent: String,
        /// Where it sees us.
        observed: Multiaddr,
    },
    /// A frame was gossiped to us; it goes no further before a [`Verdict`](super::Verdict) of Accept.
    Gossip {
        /// The shard's number.
        shard: u8,
        /// The peer that handed it to us, not the author.
        from: PeerId,
        /// To name it in the verdict.
        message: GossipRef,
        /// At most [`MAX_GOSSIP_FRAME`](super::MAX_GOSSIP_FRAME) bytes.
        frame: Bytes,
    },
    /// A sync stream stands.
    SyncOpened {
        /// Its name from now on.
        stream: StreamId,
        /// The peer at its other end.
        peer: PeerId,
        /// Which side we are.
        role: SyncRole,
    },
    /// A sync stream that we asked for could not be opened.
    SyncFailed {
        /// The peer.
        peer: PeerId,
        /// For the log.
        reason: String,
    },
    /// A frame arrived on a sync stream. Its memory counts against a budget shared by all streams until it is
    /// dropped: copy what shall be kept.
    SyncFrame {
        /// Which stream.
        stream: StreamId,
        /// 1 byte to [`MAX_SYNC_FRAME`](super::MAX_SYNC_FRAME).
        frame: Bytes,
    },
    /// A sync stream ended.
    SyncClosed {
        /// Which stream.
        stream: StreamId,
        /// The peer at its other end.
        peer: PeerId,
        /// For the log.
        reason: String,
    },
    /// A peer broke a rule.
    PeerMisbehaved {
        /// The peer.
        peer: PeerId,
        /// The rule.
        what: Misbehaviour,
    },
}
