//! Sync streams: frames in order on a connection, one stream in each direction between two peers.
//!
//! A stream has a number; the end that asks knows it by twice that, the end that answers by one more.

use bytes::Bytes;
use starling::network::{Event as Net, Misbehaviour, StreamId, SyncRole};

use super::{World, host::OPENS, link::LinkId, parcel::Parcel, queue::Event};
use crate::plan::{Micros, NodeId, SEC};

/// How long a frame may take to be read, and how much may wait; as in the node's network layer.
const STALL: Micros = 60 * SEC;
const QUEUED: u64 = 2 * starling::network::MAX_SYNC_FRAME as u64;

/// A sync stream.
#[derive(Debug)]
pub(super) struct Stream {
    link: LinkId,
    /// Who asks, and who answers.
    ends: [NodeId; 2],
    /// Which of them still have it.
    open: [bool; 2],
    /// What is on its way to each end, in bytes.
    queued: [u64; 2],
}

/// A stream's number and which end of it a name belongs to.
fn parts(id: StreamId) -> (u64, usize) {
    (id.number() / 2, (id.number() % 2) as usize)
}

fn name(stream: u64, end: usize) -> StreamId {
    StreamId::new(stream * 2 + end as u64)
}

impl World<'_> {
    /// A node wants to ask a peer.
    pub(super) fn open_sync(&mut self, node: NodeId, peer: libp2p::PeerId) {
        let there = self.cast.node_of(&peer);
        let way = there.and_then(|there| Some((there, self.hosts[node as usize].way(there)?)));
        let Some((there, id)) = way else {
            return self.tell(node, Net::SyncFailed { peer, reason: "not connected".into() });
        };
        self.next_stream += 1;
        let number = self.next_stream;
        let ends = [node, there];
        // At our end it stands only when the answer is here.
        let stream = Stream { link: id, ends, open: [false; 2], queued: [0; 2] };
        self.streams.insert(number, stream);
        if let Some(link) = self.links.get_mut(id) {
            link.streams.push(number);
        }
        self.send_counted(id, node, Parcel::Open(number));
    }

    /// A peer wants to ask us.
    pub(super) fn stream_asked(&mut self, number: u64) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let ([asks, serves], id) = (stream.ends, stream.link);
        let now = self.now;
        let Some(held) = self.hosts[serves as usize].neighbour_mut(asks) else { return };
        if held.opens.take_if(now, OPENS.0, OPENS.1) {
            held.hasty = false;
        } else {
            if !std::mem::replace(&mut held.hasty, true) {
                let peer = self.cast.person(asks).peer;
                self.tell(serves, Net::PeerMisbehaved { peer, what: Misbehaviour::SyncStreams });
            }
            self.send_counted(id, serves, Parcel::Opened(number));
            return self.send_counted(id, serves, Parcel::Close(number));
        }
        stream.open[1] = true;
        // An older one of this peer is replaced.
        self.replace(id, asks, number, 1);
        self.sessions += 1;
        let peer = self.cast.person(asks).peer;
        self.tell(serves, Net::SyncOpened { stream: name(number, 1), peer, role: SyncRole::Serve });
        self.send_counted(id, serves, Parcel::Opened(number));
    }

    /// The peer has answered.
    pub(super) fn stream_opened(&mut self, number: u64, asks: NodeId, serves: NodeId) {
        let Some(stream) = self.streams.get_mut(&number) else {
            // It ended before it stood.
            let peer = self.cast.person(serves).peer;
            return self.tell(asks, Net::SyncFailed { peer, reason: "closed at once".into() });
        };
        stream.open[0] = true;
        let id = stream.link;
        self.replace(id, asks, number, 0);
        let peer = self.cast.person(serves).peer;
        self.tell(asks, Net::SyncOpened { stream: name(number, 0), peer, role: SyncRole::Pull });
    }

    /// Ends older streams on which the same node asks, at one end.
    fn replace(&mut self, id: LinkId, asks: NodeId, but: u64, end: usize) {
        let Some(link) = self.links.get(id) else { return };
        let older = |number: &u64| {
            let held = self.streams.get(number);
            *number != but && held.is_some_and(|held| held.ends[0] == asks && held.open[end])
        };
        let old: Vec<u64> = link.streams.iter().copied().filter(older).collect();
        for number in old {
            let node = self.streams.get(&number).map(|stream| stream.ends[end]);
            if let Some(node) = node {
                self.stream_ends(number, node, "replaced by a new stream");
            }
        }
    }

    /// A node sends a frame.
    pub(super) fn send_sync(&mut self, node: NodeId, id: StreamId, frame: Bytes) {
        let (number, end) = parts(id);
        let Some(stream) = self.streams.get_mut(&number) else { return };
        if stream.ends[end] != node || !stream.open[end] {
            return;
        }
        let bytes = frame.len() as u64;
        if stream.queued[1 - end] + bytes > QUEUED {
            return self.not_reading(number, end);
        }
        stream.queued[1 - end] += bytes;
        let link = stream.link;
        self.send_counted(link, node, Parcel::Sync(Box::new((number, frame))));
    }

    /// A peer has not read what it was sent: the stream is given up.
    fn not_reading(&mut self, number: u64, end: usize) {
        let Some(stream) = self.streams.get(&number) else { return };
        let (node, peer) = (stream.ends[end], self.cast.person(stream.ends[1 - end]).peer);
        self.tell(node, Net::PeerMisbehaved { peer, what: Misbehaviour::SyncNotReading });
        self.end_ours(number, node, "the peer does not read");
    }

    /// A frame arrives. A slow reader takes it in later, which it is told then.
    pub(super) fn sync_arrives(&mut self, node: NodeId, number: u64, frame: Bytes) {
        let now = self.now;
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let end = usize::from(stream.ends[0] != node);
        if !stream.open[end] {
            return;
        }
        if let Some(rate) = self.cast.read_rate(now, node) {
            // All its peers together get so much of its attention.
            let host = &mut self.hosts[node as usize];
            host.read_free = host.read_free.max(now) + frame.len() as u64 * SEC / rate.max(1);
            let read = host.read_free;
            if read > now + STALL {
                return self.not_reading(number, 1 - end);
            }
            let link = stream.link;
            let Some(held) = self.links.get(link) else { return };
            let (end, parcel) = (held.end_of(node), Parcel::Read(Box::new((number, frame))));
            return self.queue.push(read, Event::Arrive { link, end, parcel });
        }
        self.sync_read(node, number, frame);
    }

    /// A frame was read.
    pub(super) fn sync_read(&mut self, node: NodeId, number: u64, frame: Bytes) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let end = usize::from(stream.ends[0] != node);
        let bytes = frame.len() as u64;
        stream.queued[end] = stream.queued[end].saturating_sub(bytes);
        if stream.open[end] {
            self.tell(node, Net::SyncFrame { stream: name(number, end), frame });
        }
    }

    /// A node closes a stream.
    pub(super) fn close_sync(&mut self, node: NodeId, id: StreamId) {
        let (number, end) = parts(id);
        if self.streams.get(&number).is_some_and(|stream| stream.ends[end] == node && stream.open[end]) {
            self.end_ours(number, node, "closed");
        }
    }

    /// Ends a stream at our end and tells the other.
    fn end_ours(&mut self, number: u64, node: NodeId, reason: &str) {
        if let Some(link) = self.streams.get(&number).map(|stream| stream.link) {
            self.send_counted(link, node, Parcel::Close(number));
        }
        self.stream_ends(number, node, reason);
    }

    /// A stream is over at one end.
    pub(super) fn stream_ends(&mut self, number: u64, node: NodeId, reason: &str) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let end = usize::from(stream.ends[0] != node);
        let (other, link) = (stream.ends[1 - end], stream.link);
        let was_open = std::mem::replace(&mut stream.open[end], false);
        let over = !stream.open[1 - end];
        if was_open {
            let peer = self.cast.person(other).peer;
            self.sessions -= u32::from(end == 1);
            self.tell(node, Net::SyncClosed { stream: name(number, end), peer, reason: reason.into() });
        } else if end == 0 && self.hosts[node as usize].awake() {
            // It was asked for and never stood.
            let peer = self.cast.person(other).peer;
            self.tell(node, Net::SyncFailed { peer, reason: reason.into() });
        }
        if over {
            self.streams.remove(&number);
            if let Some(link) = self.links.get_mut(link) {
                link.streams.retain(|held| *held != number);
            }
        }
    }
}
