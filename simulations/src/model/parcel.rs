//! What travels on a connection, and how many bytes each thing is on a wire.
//!
//! The sizes are those of the node's own stack over TCP: a gossip message is a protobuf that names its topic, a sync
//! frame has four bytes of length before it; around both are 12 bytes of Yamux, 18 of Noise (length and seal) and 52
//! of TCP and IPv4 in each segment of at most 1,448 bytes.

use bytes::Bytes;

/// Bytes of a segment that are ours.
pub(super) const SEGMENT: u64 = 1_448;
/// Bytes around each segment: IPv4 (20) and TCP with timestamps (32).
const SEGMENT_HEAD: u64 = 52;
/// Bytes around each message within a segment: Yamux (12), the length (2) and seal (16) of Noise.
const MESSAGE_HEAD: u64 = 30;
/// A topic's name in a protobuf: `/starling/1/s/63` with tag and length.
const TOPIC: u64 = 18;
/// The id of a message in a list: 32 bytes with tag and length.
const ID: u64 = 34;
/// An RPC's length prefix and the tags of what it wraps.
const RPC: u64 = 8;

/// Something that one end of a connection sends to the other.
#[derive(Debug)]
pub(super) enum Parcel {
    /// A gossiped frame, by its number.
    Frame(u32),
    /// Subscriptions, mesh changes, told and asked-for ids.
    Control(Box<Control>),
    /// Opens a sync stream.
    Open(u64),
    /// A sync stream stands: the answer to `Open`.
    Opened(u64),
    /// A frame on a sync stream.
    Sync(Box<(u64, Bytes)>),
    /// The same when a slow reader has read it.
    Read(Box<(u64, Bytes)>),
    /// A sync stream ends in good order.
    Close(u64),
    /// The connection ends.
    Farewell,
}

/// What keeps gossip going.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// The shards that the sender takes part in, one bit each, if it tells of them.
    pub subscribed: Option<u64>,
    /// How many topics the message names to say so: all at first, then only the changes.
    pub topics: u32,
    /// Shards in whose mesh the receiver is from now on.
    pub graft: u64,
    /// Shards in whose mesh it is no longer.
    pub prune: u64,
    /// Messages that the sender has.
    pub have: Vec<u32>,
    /// Messages that the sender wants.
    pub want: Vec<u32>,
}

impl Control {
    /// Bytes of the message itself. Ids that the receiver is known to have are left out of `have` to save events;
    /// who tells them counts them with [`told`].
    fn bytes(&self) -> u64 {
        let meshes = u64::from(self.graft.count_ones() + self.prune.count_ones());
        // A prune names its back-off as well, in three bytes.
        RPC + u64::from(self.topics) * (TOPIC + 4)
            + meshes * (TOPIC + 4)
            + 3 * u64::from(self.prune.count_ones())
            + if self.want.is_empty() { 0 } else { 4 + ID * self.want.len() as u64 }
    }
}

/// Bytes on the wire of a list of so many ids of one shard.
pub(super) fn told(ids: u64) -> u64 {
    on_wire(RPC + TOPIC + 4 + ID * ids)
}

/// Bytes on the wire of so many bytes of a message.
pub(super) fn on_wire(bytes: u64) -> u64 {
    let bytes = bytes + MESSAGE_HEAD;
    bytes + segments(bytes) * SEGMENT_HEAD
}

/// Segments that so many bytes take.
pub(super) fn segments(bytes: u64) -> u64 {
    bytes.div_ceil(SEGMENT).max(1)
}

/// Bytes of a gossip message around its frame.
pub(super) const FRAME_HEAD: u64 = RPC + TOPIC + 4;

impl Parcel {
    /// Bytes on the wire. A frame's are counted by who sends it, with [`on_wire`] of its length and [`FRAME_HEAD`].
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Frame(_) | Self::Read(_) => 0,
            Self::Control(control) if control.subscribed.is_none() && control.bytes() == RPC => 0,
            Self::Control(control) => on_wire(control.bytes()),
            // The negotiation of a stream: the multistream header, and the protocol's name, each way.
            Self::Open(_) | Self::Opened(_) => on_wire(20 + 19),
            Self::Sync(boxed) => on_wire(4 + boxed.1.len() as u64),
            Self::Close(_) => on_wire(0),
            Self::Farewell => on_wire(12),
        }
    }
}

/// Bytes that each end sends while a connection is made: TCP, the negotiation and three messages of Noise, the
/// negotiation of Yamux, and each side's account of itself (identify) with its own negotiation, both ways.
pub(super) const HANDSHAKE: u64 = 2 * SEGMENT_HEAD + 200 + 400 + 6 * (SEGMENT_HEAD + MESSAGE_HEAD);

/// A ping and its answer, with the bare acknowledgement that follows: what one end sends for one ping of either.
pub(super) const PING: u64 = 32 + MESSAGE_HEAD + 2 * SEGMENT_HEAD;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_stack() {
        // 100 bytes: one segment.
        assert_eq!(on_wire(100), 100 + 30 + 52);
        // Two segments as soon as the heads make it so.
        assert_eq!(on_wire(1_448), 1_448 + 30 + 2 * 52);
        assert_eq!(told(2) - told(1), 34);
        let hello = Control { subscribed: Some(3), topics: 2, ..Control::default() };
        assert_eq!(Parcel::Control(Box::new(hello)).bytes(), on_wire(8 + 2 * 22));
    }
}
