//! Calls, and how connections come to stand and end.
//!
//! A call over TCP with Noise and Yamux: the caller knows whom it called after two round trips (TCP's, and two of
//! Noise's three messages; the third and the choice of Yamux go out together), the called knows it half a round trip
//! later.

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};
use starling::network::Event as Net;

use super::{
    World,
    host::{Neighbour, Power},
    link::{Link, LinkId},
    parcel::{self, Parcel},
    queue::{Event, Failure},
};
use crate::{
    people,
    plan::{Micros, NodeId, SEC},
    record::Traffic,
};

/// What the node's transport grants a call in all.
const PATIENCE: Micros = 10 * SEC;

/// A call that is being made.
#[derive(Debug)]
pub(super) struct Dial {
    from: NodeId,
    /// Of which run of the caller.
    life: u32,
    to: Option<NodeId>,
    /// Of which run of the called, once it was reached.
    life_to: u32,
    peer: Option<PeerId>,
    addresses: Vec<Multiaddr>,
    at: Micros,
    /// How often it was tried.
    tries: u32,
}

impl World<'_> {
    /// A node wants to be connected.
    pub(super) fn dial(&mut self, from: NodeId, peer: Option<PeerId>, addresses: Vec<Multiaddr>) {
        let named = |address: &Multiaddr| match address.iter().last() {
            Some(Protocol::P2p(peer)) => Some(peer),
            _ => None,
        };
        let peer = peer.or_else(|| addresses.iter().find_map(named));
        let to = match &peer {
            Some(peer) => self.cast.node_of(peer),
            None => addresses.iter().find_map(people::node_at),
        };
        let to = to.filter(|to| (*to as usize) < self.hosts.len());
        let host = &mut self.hosts[from as usize];
        if to.is_some_and(|to| host.find(to).is_ok() || host.dialling.contains(&to)) {
            return;
        }
        let failure = if host.dialling.len() >= host.limits.pending || to == Some(from) {
            Some(Failure::Busy)
        } else if to.is_some_and(|to| host.banned.contains(&to)) {
            Some(Failure::Refused)
        } else {
            None
        };
        self.next_dial = self.next_dial.wrapping_add(1);
        let dial = self.next_dial;
        let (at, life) = (self.now, host.life);
        if let (None, Some(to)) = (failure, to) {
            host.dialling.push(to);
        }
        self.dials.insert(dial, Dial { from, life, to, life_to: 0, peer, addresses, at, tries: 1 });
        match (failure, to) {
            (Some(reason), _) => self.queue.push(at, Event::Unanswered { dial, reason }),
            (None, None) => self.give_up(dial),
            (None, Some(to)) => {
                let arrival = at + self.delay(from, to);
                self.queue.push(arrival, Event::Knock { dial });
            }
        }
    }

    /// A call that nobody answers fails when the caller has waited long enough.
    fn give_up(&mut self, dial: u32) {
        if let Some(call) = self.dials.get(&dial) {
            let at = (call.at + PATIENCE).max(self.now);
            self.queue.push(at, Event::Unanswered { dial, reason: Failure::Silence });
        }
    }

    /// A call that reached nobody is sent again after 1, 3 and 7 seconds, as TCP does, while the caller waits.
    fn knock_again(&mut self, dial: u32) {
        let Some(call) = self.dials.get_mut(&dial) else { return };
        let (Some(to), from) = (call.to, call.from) else { return };
        let after = ((1 << call.tries) - 1) * SEC;
        call.tries += 1;
        if after >= PATIENCE {
            return self.give_up(dial);
        }
        let at = call.at + after + self.delay(from, to);
        self.queue.push(at.max(self.now), Event::Knock { dial });
    }

    /// A call reaches a machine, or nothing.
    pub(super) fn knock(&mut self, dial: u32) {
        let Some(call) = self.dials.get(&dial) else { return };
        let (from, Some(to)) = (call.from, call.to) else { return };
        if self.hosts[to as usize].closed || !self.reaches(from, to) {
            return self.knock_again(dial);
        }
        let called = &mut self.hosts[to as usize];
        let rate = called.limits.accept_per_second as f32;
        let idle = called.power == Power::Idle;
        if idle
            || called.pending_in >= called.limits.pending
            || !called.accepts.take_if(self.now, 4.0 * rate, rate)
        {
            let at = self.now + self.delay(to, from);
            return self.queue.push(at, Event::Unanswered { dial, reason: Failure::Refused });
        }
        called.pending_in += 1;
        let life = called.life;
        if let Some(call) = self.dials.get_mut(&dial) {
            call.life_to = life;
        }
        for (from, to) in [(from, to), (to, from)] {
            self.cast.record.bytes(from, to, Traffic::Control, parcel::HANDSHAKE);
        }
        let at = self.now + self.delay(to, from) + self.delay(from, to) + self.delay(to, from);
        self.queue.push(at, Event::Answered { dial });
    }

    /// The caller has a connection.
    pub(super) fn answered(&mut self, dial: u32) {
        let Some(call) = self.dials.get(&dial) else { return };
        let (from, Some(to), life, called) = (call.from, call.to, call.life, call.life_to) else { return };
        let caller = &self.hosts[from as usize];
        let there = caller.awake() && caller.life == life;
        let through = there && self.reaches(from, to);
        if !through {
            // The called waits for the caller's last word until its own patience ends.
            let greeted = Event::Greeted { from, to, life: called, link: None };
            self.queue.push(self.now + PATIENCE, greeted);
            return self.give_up(dial);
        }
        let at = self.now + self.delay(from, to);
        let caller = &mut self.hosts[from as usize];
        let full = caller.outgoing >= caller.limits.outgoing;
        let most = caller.limits.per_peer;
        let second = caller.neighbour(to).is_some_and(|held| held.links.len() >= most);
        if full || second || caller.banned.contains(&to) {
            self.queue.push(at, Event::Greeted { from, to, life: called, link: None });
            return self.unanswered(dial, Failure::Busy);
        }
        caller.dialling.retain(|held| *held != to);
        caller.outgoing += 1;
        self.dials.remove(&dial);
        let mut link = Link::new(from, to, self.now);
        link.last[0] = at;
        let id = self.links.add(link);
        self.queue.push(at, Event::Greeted { from, to, life: called, link: Some(id) });
        self.attach(from, to, id, true);
    }

    /// The called has a connection, or finds that it has not.
    pub(super) fn greeted(&mut self, from: NodeId, to: NodeId, life: u32, link: Option<LinkId>) {
        let called = &mut self.hosts[to as usize];
        if called.life != life {
            // Another run of the node knows nothing of this: the caller is told so.
            if let Some(id) = link {
                self.send_counted(id, to, Parcel::Farewell);
            }
            return;
        }
        called.pending_in = called.pending_in.saturating_sub(1);
        let Some(id) = link.filter(|id| self.links.get(*id).is_some()) else { return };
        let through = self.reaches(from, to);
        let called = &self.hosts[to as usize];
        let full = called.incoming >= called.limits.incoming;
        let most = called.limits.per_peer;
        let second = called.neighbour(from).is_some_and(|held| held.links.len() >= most);
        if full || second || called.banned.contains(&from) {
            return self.send_counted(id, to, Parcel::Farewell);
        }
        let Some(link) = self.links.get_mut(id).filter(|_| through) else { return };
        link.open[1] = true;
        self.hosts[to as usize].incoming += 1;
        self.connections += u32::from(self.links.get(id).is_some_and(|link| link.open[0]));
        self.attach(to, from, id, false);
    }

    /// A call came to nothing.
    pub(super) fn unanswered(&mut self, dial: u32, reason: Failure) {
        let Some(call) = self.dials.remove(&dial) else { return };
        let host = &mut self.hosts[call.from as usize];
        if host.life != call.life {
            return;
        }
        if let Some(to) = call.to {
            host.dialling.retain(|held| *held != to);
        }
        let (peer, addresses) = (call.peer, call.addresses);
        self.tell(call.from, Net::DialFailed { peer, addresses, reason: reason.reason().into() });
    }

    /// A node has a connection to a peer.
    fn attach(&mut self, node: NodeId, peer: NodeId, id: LinkId, outbound: bool) {
        let now = self.now;
        let host = &mut self.hosts[node as usize];
        let place = match host.find(peer) {
            Ok(place) => place,
            Err(place) => {
                host.neighbours.insert(place, Neighbour::new(peer, outbound, now));
                place
            }
        };
        host.neighbours[place].links.push(id);
        let first = host.neighbours[place].links.len() == 1;
        let event = Net::Connected {
            peer: self.cast.person(peer).peer,
            address: people::address(peer),
            outbound,
            first,
        };
        self.tell(node, event);
        if first {
            self.cast.record.connected(now, node, peer);
            // Only the first connection brings a hello: that is how the library does it.
            self.greet(node, peer);
        }
    }

    /// A node leaves a peer.
    pub(super) fn disconnect(&mut self, node: NodeId, peer: NodeId) {
        let links = self.hosts[node as usize].neighbour(peer).map(|held| held.links.clone());
        for id in links.unwrap_or_default() {
            self.hang_up(id, node);
        }
    }

    /// An end of a connection is closed by its node, and the other is told.
    pub(super) fn hang_up(&mut self, id: LinkId, node: NodeId) {
        self.send_counted(id, node, Parcel::Farewell);
        if let Some(link) = self.links.get(id) {
            self.close_end(id, link.end_of(node));
        }
    }

    /// An end of a connection is closed, and its node learns of it.
    pub(super) fn close_end(&mut self, id: LinkId, end: u8) {
        let Some(link) = self.links.get_mut(id) else { return };
        let (node, peer) = (link.ends[usize::from(end)], link.ends[usize::from(1 - end)]);
        if !std::mem::replace(&mut link.open[usize::from(end)], false) {
            return;
        }
        let streams = link.streams.clone();
        self.settle_link(id, end);
        let host = &mut self.hosts[node as usize];
        if end == 0 {
            host.outgoing = host.outgoing.saturating_sub(1);
        } else {
            host.incoming = host.incoming.saturating_sub(1);
        }
        let mut last = false;
        if let Ok(place) = host.find(peer) {
            let held = &mut host.neighbours[place];
            held.links.retain(|held| *held != id);
            last = held.links.is_empty();
            if last {
                self.leave_meshes(node, peer);
                self.hosts[node as usize].neighbours.remove(place);
                self.cast.record.disconnected(self.now, node, peer);
                let peer = self.cast.person(peer).peer;
                self.tell(node, Net::Disconnected { peer });
            }
        }
        for stream in streams {
            self.stream_ends(stream, node, if last { "connection closed" } else { "connection lost" });
        }
    }

    /// What is left to do when an end is closed: the connection is forgotten once both are.
    pub(super) fn settle_link(&mut self, id: LinkId, end: u8) {
        let Some(link) = self.links.get(id) else { return };
        if link.open[usize::from(1 - end)] {
            // It counts as one connection while both ends take it to stand.
            self.connections -= 1;
            return;
        }
        self.count_pings(id);
        self.links.remove(id);
    }

    /// Counts the pings of a connection so far.
    pub(super) fn count_pings(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let [a, b] = link.ends;
        // One of each end in every interval.
        let pings = 2 * (self.now - link.since) / (15 * SEC);
        link.since = self.now;
        for (from, to) in [(a, b), (b, a)] {
            self.cast.record.bytes(from, to, Traffic::Control, pings * parcel::PING);
        }
    }
}
