//! Frames on their way through the meshes: pushed to the mesh once the engine has accepted them, told of lazily to
//! others, fetched by those who lack them.
//!
//! A copy for somebody who has the frame already is counted when it is sent and needs no event: having seen it is
//! not undone. Its bytes take their time on the lines all the same.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use libp2p::PeerId;
use rand::seq::SliceRandom as _;
use rustc_hash::FxBuildHasher;
use starling::network::{Event as Net, GossipRef, MAX_GOSSIP_FRAME, Misbehaviour, Verdict};

use super::{
    World,
    host::{FRAMES, Unjudged},
    parcel::{self, Control, Parcel},
    wire,
};
use crate::{
    plan::{Micros, NodeId, SEC},
    record::{Copy, Traffic},
};

/// For how long a frame is known as seen, as in the node's settings, and a little for the slowest.
const SEEN: Micros = 660 * SEC;
/// Above this a node tells its mesh at once that it needs no more copies (IDONTWANT).
const LARGE: u64 = 1_000;
/// For how long something that was asked for is waited for before another is asked.
const PROMISE: Micros = 3 * SEC;
/// Bad frames after which a peer is not heard.
const FAULTS: u32 = 3;

/// A frame that travels.
#[derive(Debug)]
pub(super) struct Message {
    shard: u8,
    frame: Bytes,
    id: [u8; 32],
    at: Micros,
    /// Who has it, and since when, in milliseconds after `at`.
    seen: HashMap<NodeId, u32, FxBuildHasher>,
}

/// All frames that travel. They are numbered; the oldest are forgotten.
#[derive(Debug, Default)]
pub(super) struct Messages {
    first: u32,
    held: VecDeque<Message>,
    by_id: HashMap<[u8; 32], u32, FxBuildHasher>,
}

impl Messages {
    fn get(&self, number: u32) -> Option<&Message> {
        self.held.get(number.wrapping_sub(self.first) as usize)
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Message> {
        self.held.get_mut(number.wrapping_sub(self.first) as usize)
    }

    /// The number of a frame, which it is given if it has none.
    fn number(&mut self, shard: u8, frame: &Bytes, now: Micros) -> u32 {
        while self.held.front().is_some_and(|oldest| oldest.at + SEEN < now) {
            if let Some(oldest) = self.held.pop_front() {
                self.by_id.remove(&oldest.id);
            }
            self.first = self.first.wrapping_add(1);
        }
        let id = *blake3::Hasher::new().update(&[shard]).update(frame).finalize().as_bytes();
        let next = self.first.wrapping_add(self.held.len() as u32);
        let number = *self.by_id.entry(id).or_insert(next);
        if number == next {
            let seen = HashMap::default();
            self.held.push_back(Message { shard, frame: frame.clone(), id, at: now, seen });
        }
        number
    }

    /// Forgets what a node has seen: it begins anew.
    pub(super) fn forget(&mut self, node: NodeId) {
        for message in &mut self.held {
            message.seen.remove(&node);
        }
    }
}

impl Message {
    /// Notes that a node has it; false if that was known.
    fn see(&mut self, node: NodeId, now: Micros) -> bool {
        let since = (now.saturating_sub(self.at) / 1_000) as u32;
        let mut new = false;
        self.seen.entry(node).or_insert_with(|| {
            new = true;
            since
        });
        new
    }

    fn has(&self, node: NodeId) -> bool {
        self.seen.contains_key(&node)
    }
}

impl World<'_> {
    /// A node gossips a frame of its own.
    pub(super) fn publish(&mut self, node: NodeId, shard: u8, frame: &Bytes) {
        if frame.len() > MAX_GOSSIP_FRAME || usize::from(shard) >= super::host::SHARDS {
            return;
        }
        let number = self.messages.number(shard, frame, self.now);
        let Some(message) = self.messages.get(number) else { return };
        if message.has(node) {
            return;
        }
        let bit = 1 << shard;
        let host = &self.hosts[node as usize];
        let (mut to, mut others) = (Vec::new(), Vec::new());
        for held in host.neighbours.iter().filter(|held| held.subscribed & bit != 0 && !held.shunned) {
            if held.mesh & bit != 0 { &mut to } else { &mut others }.push(held.peer);
        }
        // The library makes up for a small mesh with others who take part.
        let missing = self.plan.gossip.mesh.saturating_sub(to.len());
        let (extra, _) = others.partial_shuffle(&mut self.rng, missing);
        to.extend_from_slice(extra);
        if to.is_empty() {
            return;
        }
        let now = self.now;
        if let Some(message) = self.messages.get_mut(number) {
            message.see(node, now);
        }
        self.remember(node, number);
        for peer in to {
            self.push_frame(node, peer, number, wire::PUBLISH_WAIT);
        }
    }

    /// Sends a frame to a peer.
    fn push_frame(&mut self, node: NodeId, peer: NodeId, number: u32, patience: Micros) {
        if self.backlog(node) > patience {
            return;
        }
        let Some(id) = self.hosts[node as usize].way(peer) else { return };
        let Some(message) = self.messages.get(number) else { return };
        let bytes = message.frame.len() as u64;
        let whole = parcel::on_wire(bytes + parcel::FRAME_HEAD);
        let silent = self.links.get(id).is_none_or(|link| link.silent.is_some());
        if message.has(peer) && !silent {
            self.spend(id, node, whole);
            self.cast.record.copy(peer, Copy::Duplicate, bytes);
            self.came_again(peer, node, number);
        } else if !self.send(id, node, whole, Parcel::Frame(number)) {
            return;
        }
        self.cast.record.bytes(node, peer, Traffic::Payload, bytes);
        self.cast.record.bytes(node, peer, Traffic::Control, whole - bytes);
    }

    /// A frame reaches a node.
    pub(super) fn frame_arrives(&mut self, node: NodeId, from: NodeId, number: u32) {
        let now = self.now;
        let Some(message) = self.messages.get_mut(number) else { return };
        let (shard, bytes) = (message.shard, message.frame.len() as u64);
        let host = &mut self.hosts[node as usize];
        let wanted = host.joined & (1 << shard) != 0;
        let Some(held) = host.neighbour_mut(from) else { return };
        if !wanted || held.shunned {
            self.cast.record.copy(node, Copy::Duplicate, bytes);
            return;
        }
        if !message.see(node, now) {
            self.cast.record.copy(node, Copy::Duplicate, bytes);
            self.came_again(node, from, number);
            return;
        }
        self.cast.record.copy(node, Copy::First, bytes);
        let (id, frame) = (message.id, message.frame.clone());
        let large = bytes + parcel::FRAME_HEAD > LARGE;
        let left = held.frames.take(now, FRAMES.0, FRAMES.1);
        if left < 0.0 {
            // Above its rate it is ignored unjudged; far above, it is not listened to any more.
            if left <= -FRAMES.0 {
                self.shun(node, from, Misbehaviour::GossipFlood);
            }
            return;
        }
        host.unjudged.push(Unjudged { message: number, from, others: Vec::new() });
        host.promised.retain(|(held, until)| *held != number && *until > now);
        if large {
            self.tell_unwanted(node, from, shard);
        }
        let peer = self.cast.person(from).peer;
        self.tell(node, Net::Gossip { shard, from: peer, message: named(number, id, peer), frame });
    }

    /// A large frame has come: the mesh is told that no more copies are needed. Who sends afterwards knows it, see
    /// [`World::pass_on`]; here only the bytes are spent.
    fn tell_unwanted(&mut self, node: NodeId, from: NodeId, shard: u8) {
        let host = &self.hosts[node as usize];
        let mesh = host.neighbours.iter().filter(|held| held.mesh & (1 << shard) != 0 && held.peer != from);
        let ways: Vec<_> = mesh.filter_map(|held| Some((held.peer, *held.links.last()?))).collect();
        for (peer, id) in ways {
            let bytes = parcel::told(1);
            self.spend(id, node, bytes);
            self.cast.record.bytes(node, peer, Traffic::Control, bytes);
        }
    }

    /// Somebody sent what was there: it is not sent back to them when it is judged.
    fn came_again(&mut self, node: NodeId, from: NodeId, number: u32) {
        let mut waiting = self.hosts[node as usize].unjudged.iter_mut();
        if let Some(held) = waiting.find(|held| held.message == number) {
            held.others.push(from);
        }
    }

    /// An engine has judged a frame.
    pub(super) fn judge(&mut self, node: NodeId, message: GossipRef, verdict: Verdict) {
        let (id, _) = message.parts();
        let number = number_of(&id);
        let host = &mut self.hosts[node as usize];
        let Some(place) = host.unjudged.iter().position(|held| held.message == number) else { return };
        let held = host.unjudged.swap_remove(place);
        match verdict {
            Verdict::Accept => self.pass_on(node, &held),
            Verdict::Ignore => {}
            Verdict::Reject => {
                let Some(neighbour) = self.hosts[node as usize].neighbour_mut(held.from) else { return };
                neighbour.faults += 1;
                if neighbour.faults == FAULTS {
                    self.shun(node, held.from, Misbehaviour::GossipInvalid);
                }
            }
        }
    }

    /// A peer is not listened to any more.
    fn shun(&mut self, node: NodeId, peer: NodeId, what: Misbehaviour) {
        let Some(held) = self.hosts[node as usize].neighbour_mut(peer) else { return };
        if std::mem::replace(&mut held.shunned, true) {
            return;
        }
        let mesh = held.mesh;
        self.hosts[node as usize].dirty |= mesh;
        self.beat_soon(node);
        let peer: PeerId = self.cast.person(peer).peer;
        self.tell(node, Net::PeerMisbehaved { peer, what });
    }

    /// Pushes an accepted frame to the mesh.
    fn pass_on(&mut self, node: NodeId, judged: &Unjudged) {
        let Some(message) = self.messages.get(judged.message) else { return };
        let (shard, at) = (message.shard, message.at);
        let large = message.frame.len() as u64 + parcel::FRAME_HEAD > LARGE;
        let host = &self.hosts[node as usize];
        let wanted = |peer: NodeId| peer != judged.from && !judged.others.contains(&peer);
        let mesh = host.neighbours.iter().filter(|held| held.mesh & (1 << shard) != 0);
        let to: Vec<NodeId> = mesh.map(|held| held.peer).filter(|peer| wanted(*peer)).collect();
        self.remember(node, judged.message);
        for peer in to {
            if large {
                let since = self.messages.get(judged.message).and_then(|held| held.seen.get(&peer).copied());
                let told = since.map(|since| at + Micros::from(since) * 1_000);
                if let Some(told) = told
                    && told + self.delay(peer, node) <= self.now
                {
                    continue;
                }
            }
            self.push_frame(node, peer, judged.message, wire::FORWARD_WAIT);
        }
    }

    /// Keeps a frame for those who ask for it, and to tell of it.
    fn remember(&mut self, node: NodeId, number: u32) {
        let now = self.now;
        self.hosts[node as usize].recent.push_back((now, number));
        self.beat_soon(node);
    }

    /// Tells some peers outside the meshes what came lately.
    pub(super) fn tell_lazily(&mut self, node: NodeId) {
        let model = self.plan.gossip;
        let kept = self.now.saturating_sub(Micros::from(model.history_kept) * model.heartbeat);
        let told = self.now.saturating_sub(Micros::from(model.history_told) * model.heartbeat);
        let host = &mut self.hosts[node as usize];
        while host.recent.front().is_some_and(|(at, _)| *at < kept) {
            host.recent.pop_front();
        }
        let mut fresh: Vec<(u8, u32)> = Vec::new();
        for (at, number) in &host.recent {
            if *at > told
                && let Some(message) = self.messages.get(*number)
                && host.joined & (1 << message.shard) != 0
            {
                fresh.push((message.shard, *number));
            }
        }
        if fresh.is_empty() {
            return;
        }
        fresh.sort_unstable();
        for same in fresh.chunk_by(|a, b| a.0 == b.0) {
            self.tell_shard(node, same);
        }
        self.beat_soon(node);
    }

    fn tell_shard(&mut self, node: NodeId, fresh: &[(u8, u32)]) {
        let Some((shard, _)) = fresh.first() else { return };
        let bit = 1 << shard;
        let host = &self.hosts[node as usize];
        let outside = host.neighbours.iter().filter(|held| held.subscribed & !held.mesh & bit != 0);
        let mut peers: Vec<NodeId> = outside.filter(|held| !held.shunned).map(|held| held.peer).collect();
        let some = self.plan.gossip.lazy.max(peers.len() / 4);
        let (chosen, _) = peers.partial_shuffle(&mut self.rng, some);
        for peer in chosen.iter().copied() {
            let Some(id) = self.hosts[node as usize].way(peer) else { continue };
            let bytes = parcel::told(fresh.len() as u64);
            self.cast.record.bytes(node, peer, Traffic::Control, bytes);
            let lacks =
                |(_, number): &&(u8, u32)| self.messages.get(*number).is_some_and(|held| !held.has(peer));
            let have: Vec<u32> = fresh.iter().filter(lacks).map(|(_, number)| *number).collect();
            if have.is_empty() {
                self.spend(id, node, bytes);
            } else {
                self.send(id, node, bytes, Parcel::Control(Box::new(Control { have, ..Control::default() })));
            }
        }
    }

    /// A peer tells what it has: what is lacking is asked for.
    pub(super) fn told_of(&mut self, node: NodeId, peer: NodeId, have: &[u32]) {
        let now = self.now;
        let host = &mut self.hosts[node as usize];
        if host.neighbour(peer).is_none_or(|held| held.shunned) {
            return;
        }
        host.promised.retain(|(_, until)| *until > now);
        let mut want = Vec::new();
        for number in have {
            let Some(message) = self.messages.get(*number) else { continue };
            let lacking = host.joined & (1 << message.shard) != 0 && !message.has(node);
            if lacking && host.promised.iter().all(|(held, _)| held != number) {
                host.promised.push((*number, now + PROMISE));
                want.push(*number);
            }
        }
        if let Some(id) = host.way(peer).filter(|_| !want.is_empty()) {
            self.send_counted(id, node, Parcel::Control(Box::new(Control { want, ..Control::default() })));
        }
    }

    /// A peer asks for what it was told of.
    pub(super) fn asked_for(&mut self, node: NodeId, peer: NodeId, want: &[u32]) {
        for number in want {
            if self.hosts[node as usize].recent.iter().any(|(_, held)| held == number) {
                self.push_frame(node, peer, *number, wire::FORWARD_WAIT);
            }
        }
    }
}

/// A frame's name towards an engine: its number, and enough of its hash to be told from others of that number.
fn named(number: u32, mut id: [u8; 32], from: PeerId) -> GossipRef {
    id[..4].copy_from_slice(&number.to_le_bytes());
    GossipRef::new(id, from)
}

fn number_of(id: &[u8; 32]) -> u32 {
    u32::from_le_bytes([id[0], id[1], id[2], id[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_one_number_while_it_is_remembered() {
        let mut messages = Messages::default();
        let (one, two) = (Bytes::from_static(b"one"), Bytes::from_static(b"two"));
        let first = messages.number(1, &one, 0);
        assert_eq!(messages.number(1, &one, SEC), first);
        assert_ne!(messages.number(2, &one, SEC), first, "another shard");
        assert!(messages.get_mut(first).unwrap().see(7, SEC));
        assert!(!messages.get_mut(first).unwrap().see(7, 2 * SEC));
        messages.number(1, &two, SEEN + 1);
        assert!(messages.get(first).is_none());
        assert_ne!(messages.number(1, &one, SEEN + 1), first);
    }
}
