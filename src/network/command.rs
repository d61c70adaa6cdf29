//! What the rest of the node may ask of the network, and the figures it can ask for.

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::oneshot;

use super::event::{GossipRef, StreamId, SyncRole};

/// What the engine thinks of a gossiped frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Good: forward it.
    Accept,
    /// Not wanted here, but no fault of the peer: neither forward nor blame.
    Ignore,
    /// Broken format or signature: do not forward, and hold it against the peer.
    Reject,
}

/// An order to the network task.
#[derive(Debug)]
pub enum Command {
    /// Connect to a peer. At most 16 addresses are tried. Does nothing if the peer is already connected or being
    /// dialled; otherwise [`Event::Connected`](super::Event::Connected) or
    /// [`Event::DialFailed`](super::Event::DialFailed) follows. Without `peer`, the peer id at the end of the
    /// addresses is taken, and without any, whoever answers is accepted.
    Dial {
        /// Whom we expect to find there.
        peer: Option<PeerId>,
        /// Where to look.
        addresses: Vec<Multiaddr>,
    },
    /// Close all connections to a peer.
    Disconnect {
        /// The peer to leave.
        peer: PeerId,
    },
    /// Close all connections to a peer and refuse new ones until [`Command::Unban`].
    Ban {
        /// The peer to refuse.
        peer: PeerId,
    },
    /// Take a ban back.
    Unban {
        /// The peer to let in again.
        peer: PeerId,
    },
    /// Take part in the gossip of a shard (0 to 63; others are ignored).
    Join {
        /// The shard's number.
        shard: u8,
    },
    /// Leave the gossip of a shard.
    Leave {
        /// The shard's number.
        shard: u8,
    },
    /// Gossip a frame, best effort: having no peers or having sent it before is no error. Frames above
    /// [`MAX_GOSSIP_FRAME`](super::MAX_GOSSIP_FRAME) are refused and logged.
    Publish {
        /// The shard's number.
        shard: u8,
        /// The bytes to spread.
        frame: Bytes,
    },
    /// The answer to an [`Event::Gossip`](super::Event::Gossip). A frame without an answer is forgotten after 30 s,
    /// and an `Accept` forwards only within about 12 s.
    Verdict {
        /// Which frame.
        message: GossipRef,
        /// What to do with it.
        verdict: Verdict,
    },
    /// Open a sync stream to a connected peer. [`Event::SyncOpened`](super::Event::SyncOpened) or
    /// [`Event::SyncFailed`](super::Event::SyncFailed) follows. A stream that we had opened before to this peer is
    /// replaced.
    OpenSync {
        /// Whom to pull from.
        peer: PeerId,
    },
    /// Send a frame on a sync stream. Sending more than the peer reads closes the stream, so senders must keep to
    /// the credit that the reader grants. A stream that is gone swallows the frame.
    SendSync {
        /// Which stream.
        stream: StreamId,
        /// 1 byte to [`MAX_SYNC_FRAME`](super::MAX_SYNC_FRAME).
        frame: Bytes,
    },
    /// Close a sync stream after what was queued has been written.
    CloseSync {
        /// Which stream.
        stream: StreamId,
    },
    /// Report on the state of the network.
    Stats {
        /// Where the answer goes.
        reply: oneshot::Sender<Stats>,
    },
    /// Report what can be told without looking at every peer.
    Gauges {
        /// Where the answer goes.
        reply: oneshot::Sender<Gauges>,
    },
}

/// What can be read off at any time at next to no cost, for those who ask often: [`Stats`] computes every peer's score
/// and counts the members of every shard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Connected peers.
    pub peers: usize,
    /// Open sync streams.
    pub sync_streams: usize,
    /// Each shard that this node takes part in, and the peers that it exchanges whole frames with there.
    pub meshes: Vec<(u8, usize)>,
}

/// The state of the network at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Addresses that this node listens on.
    pub listening: Vec<Multiaddr>,
    /// Connected peers.
    pub peers: Vec<PeerStats>,
    /// Connections being made, in either direction.
    pub pending: usize,
    /// The shards that this node takes part in.
    pub shards: Vec<ShardStats>,
    /// Frames held back until the engine has room or has judged the peer's earlier ones.
    pub gossip_held: usize,
    /// Frames with the engine, waiting for their verdict.
    pub gossip_unjudged: usize,
    /// Open sync streams.
    pub sync_streams: usize,
    /// Bytes queued for writing on them.
    pub sync_queued: usize,
    /// Sums since the start.
    pub counters: Counters,
}

/// One connected peer.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerStats {
    /// Its id.
    pub peer: PeerId,
    /// The remote address of each connection, and whether we dialled it.
    pub connections: Vec<(Multiaddr, bool)>,
    /// What it says that it runs, once it did: a claim, printable ASCII.
    pub agent: Option<String>,
    /// The gossip score: 0 is neutral, below −400 the peer's gossip is not listened to.
    pub score: Option<f64>,
    /// The sync streams with it.
    pub sync: Vec<SyncRole>,
}

/// One shard that this node takes part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardStats {
    /// Its number.
    pub shard: u8,
    /// Peers that we exchange whole frames with.
    pub mesh: usize,
    /// Connected peers that take part in it.
    pub peers: usize,
}

/// Sums since the start of the task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Gossip frames handed to the engine, and their bytes.
    pub gossip_in: u64,
    /// Bytes of those frames.
    pub gossip_in_bytes: u64,
    /// Own frames published.
    pub gossip_out: u64,
    /// Bytes of those frames.
    pub gossip_out_bytes: u64,
    /// Own frames that nobody could be found for or that were known already.
    pub gossip_unsent: u64,
    /// Frames ignored without asking the engine: its queue was full, or the peer was over its rate or distrusted.
    pub gossip_ignored: u64,
    /// Frames the engine rejected.
    pub gossip_rejected: u64,
    /// Bytes of sync frames received.
    pub sync_in_bytes: u64,
    /// Bytes of sync frames sent.
    pub sync_out_bytes: u64,
    /// Connections refused by a limit or a ban.
    pub refused: u64,
}
