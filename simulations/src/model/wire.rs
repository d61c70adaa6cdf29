//! When what is sent arrives: lines with a bandwidth, distances, losses, and silence while nothing gets through.
//!
//! A line is fluid: what is sent waits until all before it is sent. A connection behaves as TCP: nothing is lost,
//! nothing overtakes, and a lost segment costs the time until it is sent again. While two machines cannot reach each
//! other what they send is stuck, and comes through when the next retransmission after that finds a way, unless one
//! of them has given the connection up before, having had no answer to its pings.

use rand::RngExt as _;

use super::{
    World,
    host::Power,
    link::LinkId,
    parcel::{self, Parcel},
    queue::Event,
};
use crate::{
    plan::{MS, Micros, NodeId, SEC},
    record::Traffic,
};

/// The shortest wait before TCP sends again (Linux), and the longest.
const RETRY: Micros = 200 * MS;
const RETRY_MOST: Micros = 120 * SEC;
/// Segments that TCP sends before it has heard that any arrived.
const INITIAL_WINDOW: u64 = 10;
/// Time between two pings of a connection.
const PING_EVERY: Micros = 15 * SEC;
/// From the first ping that is not answered to the end of the connection: 20 s of waiting for it, which is forgiven,
/// 15 s of pause, 10 s in which no stream can be opened for the second.
const PING_PATIENCE: Micros = 45 * SEC;
/// Bytes that one end of a connection can have on their way to nowhere, in the buffers of Yamux and the socket; what
/// gossip wants to send on top is dropped by its own queue. Sync has its own bound.
const BUFFERS: u64 = 256 << 10;

/// What a frame waits for at most before it is on the wire, in gossipsub's queue for a peer: when it is passed on,
/// and when it is our own.
pub(super) const FORWARD_WAIT: Micros = SEC;
pub(super) const PUBLISH_WAIT: Micros = 5 * SEC;

impl World<'_> {
    /// Whether what one machine sends can reach the other now.
    pub(super) fn reaches(&self, from: NodeId, to: NodeId) -> bool {
        let alive = |node: NodeId| matches!(self.hosts[node as usize].power, Power::On | Power::Idle);
        let together = self.groups.as_ref().is_none_or(|groups| {
            groups.get(from as usize).copied().unwrap_or(0) == groups.get(to as usize).copied().unwrap_or(0)
        });
        together && alive(from) && alive(to)
    }

    /// Draws the time from one machine to another, for a packet that takes no time to send.
    pub(super) fn delay(&mut self, from: NodeId, to: NodeId) -> Micros {
        let (from, to) = (self.hosts[from as usize].region, self.hosts[to as usize].region);
        self.plan.links.delay(from, to, &mut self.rng)
    }

    /// How long what is sent now waits before a machine's uplink.
    pub(super) fn backlog(&self, node: NodeId) -> Micros {
        self.hosts[node as usize].up_free.saturating_sub(self.now)
    }

    /// Sends bytes on the lines of two machines: when the last of them arrives.
    fn travel(&mut self, from: NodeId, to: NodeId, bytes: u64) -> Micros {
        let delay = self.delay(from, to);
        let segments = parcel::segments(bytes);
        let sender = &mut self.hosts[from as usize];
        let waiting = sender.up_free.saturating_sub(self.now) as u128 * u128::from(sender.up_bps) / 8_000_000;
        sender.up_free = sender.up_free.max(self.now) + bytes * 8_000_000 / sender.up_bps;
        let mut arrival = sender.up_free + delay;
        // A window that has to grow first waits for acknowledgements: once for twice as much, twice for four times.
        let rounds = u64::from(segments.div_ceil(INITIAL_WINDOW).next_power_of_two().trailing_zeros());
        arrival += rounds * 2 * delay;
        let mut lost = if waiting > u128::from(self.plan.links.queue_bytes) { 1.0 } else { 0.0 };
        if self.plan.links.loss > 0.0 {
            lost = f64::max(lost, 1.0 - (1.0 - self.plan.links.loss).powi(segments.min(1 << 20) as i32));
        }
        let mut wait = (2 * delay).max(RETRY);
        while lost > 0.0 && self.rng.random::<f64>() < lost {
            arrival += wait;
            wait = (2 * wait).min(RETRY_MOST);
            // What is sent again is one segment.
            lost = self.plan.links.loss;
        }
        let receiver = &mut self.hosts[to as usize];
        receiver.down_free = receiver.down_free.max(arrival) + bytes * 8_000_000 / receiver.down_bps;
        receiver.down_free
    }

    /// Sends bytes on a connection without an event at their arrival, whose time it returns.
    pub(super) fn spend(&mut self, id: LinkId, from: NodeId, bytes: u64) -> Option<Micros> {
        let link = self.links.get(id)?;
        let (end, to) = (usize::from(link.end_of(from)), link.other(from));
        let arrival = self.travel(from, to, bytes);
        let link = self.links.get_mut(id)?;
        link.last[end] = link.last[end].max(arrival);
        if link.silent.is_some() {
            link.waiting[end] += bytes;
        }
        Some(link.last[end])
    }

    /// Sends something on a connection. False if the buffers are full.
    pub(super) fn send(&mut self, id: LinkId, from: NodeId, bytes: u64, parcel: Parcel) -> bool {
        let Some(link) = self.links.get(id) else { return false };
        let end = link.end_of(from);
        let gossip = matches!(parcel, Parcel::Frame(_) | Parcel::Control(_));
        if link.silent.is_some() && gossip && link.waiting[usize::from(end)] + bytes > BUFFERS {
            return false;
        }
        let Some(arrival) = self.spend(id, from, bytes) else { return false };
        self.queue.push(arrival, Event::Arrive { link: id, end: 1 - end, parcel });
        true
    }

    /// Sends something that is not a frame and counts its bytes.
    pub(super) fn send_counted(&mut self, id: LinkId, from: NodeId, parcel: Parcel) {
        let Some(link) = self.links.get(id) else { return };
        let to = link.other(from);
        let (all, payload) =
            (parcel.bytes(), if let Parcel::Sync(boxed) = &parcel { boxed.1.len() } else { 0 });
        if self.send(id, from, all, parcel) {
            let payload = payload as u64;
            if payload > 0 {
                self.cast.record.bytes(from, to, Traffic::Sync, payload);
            }
            self.cast.record.bytes(from, to, Traffic::Control, all - payload);
        }
    }

    /// Something arrives at an end of a connection.
    pub(super) fn arrive(&mut self, id: LinkId, end: u8, parcel: Parcel) {
        let Some(link) = self.links.get_mut(id) else { return };
        if link.holds(end) {
            link.stuck[usize::from(1 - end)].push(parcel);
        } else {
            self.take(id, end, parcel);
        }
    }

    /// An end of a connection takes something in.
    fn take(&mut self, id: LinkId, end: u8, parcel: Parcel) {
        let Some(link) = self.links.get(id) else { return };
        let (to, from) = (link.ends[usize::from(end)], link.ends[usize::from(1 - end)]);
        if !link.open[usize::from(end)] {
            // Whoever writes to what is closed is told so.
            if link.open[usize::from(1 - end)] && !matches!(parcel, Parcel::Farewell) {
                self.send_counted(id, to, Parcel::Farewell);
            }
            return;
        }
        match parcel {
            Parcel::Frame(message) => self.frame_arrives(to, from, message),
            Parcel::Control(control) => self.control_arrives(to, from, *control),
            Parcel::Open(stream) => self.stream_asked(stream),
            Parcel::Opened(stream) => self.stream_opened(stream, to, from),
            Parcel::Sync(boxed) => self.sync_arrives(to, boxed.0, boxed.1),
            Parcel::Read(boxed) => self.sync_read(to, boxed.0, boxed.1),
            Parcel::Close(stream) => self.stream_ends(stream, to, "closed"),
            Parcel::Farewell => self.close_end(id, end),
        }
    }

    /// Looks whether what is sent on a connection gets through, after something changed.
    pub(super) fn review(&mut self, id: LinkId) {
        let Some(link) = self.links.get(id) else { return };
        let through = self.reaches(link.ends[0], link.ends[1]);
        let (ends, open, spell) = (link.ends, link.open, link.spell + 1);
        match link.silent {
            None if !through => {
                for end in 0..2 {
                    let on = self.hosts[ends[end] as usize].awake();
                    if open[end] && on {
                        let patience = PING_PATIENCE + self.rng.random_range(0..PING_EVERY);
                        self.queue.push(self.now + patience, Event::Dead { link: id, end: end as u8, spell });
                    }
                }
                if let Some(link) = self.links.get_mut(id) {
                    link.silent = Some(self.now);
                    link.spell = spell;
                }
            }
            Some(since) if through => {
                let at = self.next_try(since);
                self.queue.push(at, Event::Resume { link: id, spell: spell - 1 });
            }
            _ => {}
        }
    }

    /// When TCP tries again, having lost something for the first time at `since`.
    fn next_try(&self, since: Micros) -> Micros {
        let (mut at, mut wait) = (since, RETRY);
        while at < self.now {
            at += wait;
            wait = (2 * wait).min(RETRY_MOST);
        }
        at
    }

    /// What was stuck comes through.
    pub(super) fn resume(&mut self, id: LinkId, spell: u32) {
        let Some(link) = self.links.get(id) else { return };
        if link.spell != spell || link.silent.is_none() || !self.reaches(link.ends[0], link.ends[1]) {
            return;
        }
        let Some(link) = self.links.get_mut(id) else { return };
        link.silent = None;
        link.spell += 1;
        link.waiting = [0, 0];
        let stuck = std::mem::take(&mut link.stuck);
        for (sender, parcels) in stuck.into_iter().enumerate() {
            for parcel in parcels {
                self.take(id, 1 - sender as u8, parcel);
            }
        }
        // An end that was closed meanwhile has said nothing yet: the other learns of it at its next ping.
        let Some(link) = self.links.get(id) else { return };
        let left = match link.open {
            [true, false] => 0,
            [false, true] => 1,
            _ => return,
        };
        let at = self.now + self.rng.random_range(0..PING_EVERY);
        self.queue.push(at, Event::Arrive { link: id, end: left, parcel: Parcel::Farewell });
    }
}
