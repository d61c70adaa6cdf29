//! Connections between hosts: two directions, each a queue of chunks with the time of their arrival.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::task::{Poll, Waker};

use super::{
    BACKLOG, Call, FIRST_PORT, FIRST_RETRY, GIVE_UP, LAST_RETRY, NEVER, Net, SEC, SEGMENT, State, WINDOW,
    remember,
};
use crate::plan::NodeId;
use crate::real::det;
use crate::real::stream::Stream;

/// Largest chunk; more is written in several.
const CHUNK: usize = 64 << 10;

/// What a slow reader reads at once: small, so that all its connections have their turns.
const SLOW_READ: usize = 256;

/// Which end of a connection: 0 called, 1 was called.
pub(in crate::real) type Side = usize;

/// Something that is to happen to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// Bytes arrive at an end.
    Read { place: usize, number: u64, side: u8 },
    /// An end hears that the other knows nothing of this connection.
    Reset { place: usize, number: u64, side: u8 },
    /// An end has waited long enough for a silent host.
    GiveUp { place: usize, number: u64, side: u8 },
}

/// Bytes on their way.
struct Chunk {
    /// When they arrive.
    at: u64,
    /// When they were written.
    written: u64,
    data: Vec<u8>,
    read: usize,
    /// Whether it says that no more will come.
    last: bool,
}

/// What flows towards one end, and what that end is.
#[derive(Default)]
struct End {
    host: NodeId,
    life: u32,
    /// Whether its stream was dropped.
    gone: bool,
    reset: bool,
    /// Whether a reset is on its way to it.
    doomed: bool,
    /// Whether it said that it will write no more.
    finished: bool,
    incoming: VecDeque<Chunk>,
    unread: usize,
    last_arrival: u64,
    /// Bytes on the wire towards it that nobody has asked for yet.
    carried: u64,
    armed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// A connection.
#[derive(Default)]
pub(super) struct Conn {
    number: u64,
    ends: [End; 2],
}

/// What becomes of a packet that opens a connection.
pub(super) enum Ring {
    Lost,
    Heard { there: u64, back: u64, port: u16 },
}

/// What the called host makes of it.
pub(super) enum Opened {
    Taken(Stream),
    Refused,
    Unheard,
}

impl State {
    /// Sends the packet that opens a connection; none if the caller's process is over.
    pub(super) fn ring(&mut self, host: NodeId, life: u32, to: NodeId) -> Option<Ring> {
        if self.hosts[host as usize].life != life || to as usize >= self.hosts.len() {
            return None;
        }
        if self.hosts[to as usize].closed || self.blocked(host, to) || self.unlucky() {
            return Some(Ring::Lost);
        }
        let (there, back) = (self.latency(host, to), self.latency(to, host));
        let caller = &mut self.hosts[host as usize];
        let port = caller.next_port;
        caller.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
        Some(Ring::Heard { there, back, port })
    }

    /// The packet has arrived.
    pub(super) fn open(&mut self, net: &Net, from: (NodeId, u32, u16), to: (NodeId, u16)) -> Opened {
        let (host, life, port) = from;
        if self.blocked(host, to.0) {
            return Opened::Unheard;
        }
        let called = &self.hosts[to.0 as usize];
        let called_life = called.life;
        match called.listeners.get(&to.1) {
            None => return Opened::Refused,
            Some(listener) if listener.calls.len() >= BACKLOG => return Opened::Unheard,
            Some(_) => {}
        }
        self.next += 1;
        let number = self.next;
        let end = |host, life| End { host, life, ..End::default() };
        let conn = Conn { number, ends: [end(host, life), end(to.0, called_life)] };
        let place = match self.free.pop() {
            Some(place) => {
                self.conns[place] = conn;
                place
            }
            None => {
                self.conns.push(conn);
                self.conns.len() - 1
            }
        };
        let call = Call { stream: Stream::new(net.clone(), place, 1), from: (host, port) };
        if let Some(listener) = self.hosts[to.0 as usize].listeners.get_mut(&to.1) {
            listener.calls.push_back(call);
            self.wake.extend(listener.waker.take());
        }
        Opened::Taken(Stream::new(net.clone(), place, 0))
    }

    /// Forgets a host's process: its listeners are returned, to be dropped when the state is let go of.
    pub(super) fn end(&mut self, host: NodeId) -> Vec<Call> {
        let host = &mut self.hosts[host as usize];
        host.life += 1;
        let listeners = std::mem::take(&mut host.listeners);
        listeners.into_values().flat_map(|listener| listener.calls).collect()
    }

    /// Tells the other ends of all of a host's connections that they are over.
    pub(super) fn break_off(&mut self, host: NodeId) {
        let life = self.hosts[host as usize].life;
        for place in 0..self.conns.len() {
            for side in 0..2 {
                let end = &self.conns[place].ends[side];
                if end.host == host && end.life == life && !end.gone {
                    self.doom(place, 1 - side, 0);
                }
            }
        }
    }

    /// Sends an end a reset, `later` than what is needed to get there; nothing if the way is cut.
    fn doom(&mut self, place: usize, side: Side, later: u64) {
        let conn = &mut self.conns[place];
        let number = conn.number;
        let (from, to) = (conn.ends[1 - side].host, conn.ends[side].host);
        if conn.ends[side].gone || conn.ends[side].doomed || self.blocked(from, to) {
            return;
        }
        self.conns[place].ends[side].doomed = true;
        let at = det::now() + later + self.latency(from, to);
        self.plan(at, Due::Reset { place, number, side: side as u8 });
    }

    /// Whether the process that an end belongs to is over.
    fn stale(&self, place: usize, side: Side) -> bool {
        let end = &self.conns[place].ends[side];
        self.hosts[end.host as usize].life != end.life
    }

    pub(super) fn happen(&mut self, due: Due) {
        let (Due::Read { place, number, side }
        | Due::Reset { place, number, side }
        | Due::GiveUp { place, number, side }) = due;
        let now = det::now();
        if self.conns[place].number != number {
            return;
        }
        let end = &mut self.conns[place].ends[usize::from(side)];
        match due {
            Due::Read { .. } => {
                end.armed = false;
                self.wake.extend(end.reader.take());
            }
            Due::Reset { .. } => self.reset(place, side.into()),
            Due::GiveUp { .. } => {
                let waits = |chunk: &Chunk| chunk.at == NEVER && now >= chunk.written + GIVE_UP;
                if self.conns[place].ends[1 - usize::from(side)].incoming.iter().any(waits) {
                    self.reset(place, side.into());
                }
            }
        }
    }

    fn reset(&mut self, place: usize, side: Side) {
        let end = &mut self.conns[place].ends[side];
        end.reset = true;
        self.wake.extend(end.reader.take());
        self.wake.extend(end.writer.take());
    }

    /// What was held up goes on, where it can: at its sender's next try.
    pub(super) fn mend(&mut self) {
        let now = det::now();
        for place in 0..self.conns.len() {
            for side in 0..2 {
                let conn = &self.conns[place];
                let (to, from) = (conn.ends[side].host, conn.ends[1 - side].host);
                let Some(first) = conn.ends[side].incoming.iter().position(|chunk| chunk.at == NEVER) else {
                    continue;
                };
                if self.blocked(from, to) {
                    continue;
                }
                let (mut again, mut retry) = (conn.ends[side].incoming[first].written, FIRST_RETRY);
                while again < now {
                    again += retry;
                    retry = (2 * retry).min(LAST_RETRY);
                }
                if self.stale(place, side) {
                    self.doom(place, 1 - side, again - now);
                    continue;
                }
                for index in first..self.conns[place].ends[side].incoming.len() {
                    let len = self.conns[place].ends[side].incoming[index].data.len();
                    let (arrival, wire) = self.travel(from, to, len, again, true);
                    let end = &mut self.conns[place].ends[side];
                    end.carried += wire;
                    end.last_arrival = end.last_arrival.max(arrival);
                    end.incoming[index].at = end.last_arrival;
                }
                self.arm(place, side);
            }
        }
    }

    /// Sees to it that a reader who waits is woken when the next bytes arrive.
    fn arm(&mut self, place: usize, side: Side) {
        let conn = &mut self.conns[place];
        let end = &mut conn.ends[side];
        if end.armed || end.reader.is_none() {
            return;
        }
        let Some(at) = end.incoming.front().map(|chunk| chunk.at).filter(|at| *at != NEVER) else { return };
        end.armed = true;
        let number = conn.number;
        self.plan(at, Due::Read { place, number, side: side as u8 });
    }

    /// Puts bytes on the wire from an end; `last` says that no more will come.
    fn send(&mut self, place: usize, side: Side, data: &[u8], last: bool) {
        let now = det::now();
        let conn = &self.conns[place];
        let (from, to) = (conn.ends[side].host, conn.ends[1 - side].host);
        let held = conn.ends[1 - side].incoming.back().is_some_and(|chunk| chunk.at == NEVER);
        let cut = held || self.blocked(from, to);
        // Somebody is there who knows nothing of this connection, or who has closed it.
        if !cut && (self.stale(place, 1 - side) || self.conns[place].ends[1 - side].gone) {
            let there = self.latency(from, to);
            return self.doom(place, side, there);
        }
        let number = self.conns[place].number;
        let at = if cut {
            if !held {
                self.plan(now + GIVE_UP, Due::GiveUp { place, number, side: side as u8 });
            }
            NEVER
        } else {
            let flowing = self.conns[place].ends[1 - side].unread > 3 * SEGMENT;
            let (arrival, wire) = self.travel(from, to, data.len(), now, flowing);
            let end = &mut self.conns[place].ends[1 - side];
            end.carried += wire;
            end.last_arrival = end.last_arrival.max(arrival);
            end.last_arrival
        };
        for value in [now, at, u64::from(from) << 32 | u64::from(to), data.len() as u64] {
            self.note(value);
        }
        let end = &mut self.conns[place].ends[1 - side];
        end.unread += data.len();
        match end.incoming.back_mut() {
            // Written in the same moment: one chunk.
            Some(chunk)
                if chunk.written == now
                    && !chunk.last
                    && !last
                    && (chunk.at == NEVER) == (at == NEVER)
                    && chunk.data.len() + data.len() <= CHUNK =>
            {
                chunk.data.extend_from_slice(data);
                chunk.at = at;
            }
            _ => end.incoming.push_back(Chunk { at, written: now, data: data.to_vec(), read: 0, last }),
        }
        self.arm(place, 1 - side);
    }

    pub(in crate::real) fn read(
        &mut self,
        place: usize,
        side: Side,
        waker: &Waker,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.conns[place].ends[side].reset || self.stale(place, side) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let now = det::now();
        let host = &mut self.hosts[self.conns[place].ends[side].host as usize];
        let slow = host.read_rate;
        if slow.is_some() && host.reads_again > now {
            let again = host.reads_again;
            let number = self.conns[place].number;
            remember(&mut self.conns[place].ends[side].reader, waker, &mut self.drop);
            self.plan(again, Due::Read { place, number, side: side as u8 });
            return Poll::Pending;
        }
        let wanted = buffer.len().min(slow.map_or(usize::MAX, |_| SLOW_READ));
        let buffer = &mut buffer[..wanted];
        let [first, second] = &mut self.conns[place].ends;
        let (end, other) = if side == 0 { (first, second) } else { (second, first) };
        let mut done = 0;
        while let Some(chunk) = end.incoming.front_mut()
            && chunk.at <= now
            && !chunk.last
            && done < buffer.len()
        {
            let part = (chunk.data.len() - chunk.read).min(buffer.len() - done);
            buffer[done..done + part].copy_from_slice(&chunk.data[chunk.read..chunk.read + part]);
            done += part;
            chunk.read += part;
            if chunk.read == chunk.data.len() {
                end.incoming.pop_front();
            }
        }
        if done > 0 {
            if let Some(rate) = slow {
                host.reads_again = now + done as u64 * SEC / rate.max(1);
            }
            end.unread -= done;
            self.wake.extend(other.writer.take());
            return Poll::Ready(Ok(done));
        }
        let over = end.incoming.front().is_some_and(|chunk| chunk.last && chunk.at <= now);
        if over || buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        remember(&mut end.reader, waker, &mut self.drop);
        self.arm(place, side);
        Poll::Pending
    }

    pub(in crate::real) fn write(
        &mut self,
        place: usize,
        side: Side,
        waker: &Waker,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.conns[place].ends[side].reset || self.stale(place, side) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let room = WINDOW.saturating_sub(self.conns[place].ends[1 - side].unread);
        let end = &mut self.conns[place].ends[side];
        if end.finished {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let len = data.len().min(room).min(CHUNK);
        if len == 0 && !data.is_empty() {
            remember(&mut end.writer, waker, &mut self.drop);
            return Poll::Pending;
        }
        self.send(place, side, &data[..len], false);
        Poll::Ready(Ok(len))
    }

    /// An end says that it will write no more.
    pub(in crate::real) fn finish(&mut self, place: usize, side: Side) {
        let end = &mut self.conns[place].ends[side];
        let told = std::mem::replace(&mut end.finished, true) || end.reset;
        if !told && !self.stale(place, side) {
            self.send(place, side, &[], true);
        }
    }

    /// An end's stream is dropped.
    pub(in crate::real) fn leave(&mut self, place: usize, side: Side) {
        self.finish(place, side);
        let conn = &mut self.conns[place];
        conn.ends[side].gone = true;
        let end = &mut conn.ends[side];
        // Nobody will read it; what the other end writes from now on is answered with a reset.
        end.incoming.clear();
        end.unread = 0;
        self.drop.extend(end.reader.take());
        self.drop.extend(end.writer.take());
        let writer = conn.ends[1 - side].writer.take();
        self.wake.extend(writer);
        if self.conns[place].ends.iter().all(|end| end.gone) {
            let conn = std::mem::take(&mut self.conns[place]);
            self.charge(&conn);
            self.free.push(place);
        }
    }

    /// Bytes from one host to another since this was last asked.
    pub(super) fn carried(&mut self) -> BTreeMap<(NodeId, NodeId), u64> {
        let mut conns = std::mem::take(&mut self.conns);
        for conn in &mut conns {
            self.charge(conn);
            conn.ends.iter_mut().for_each(|end| end.carried = 0);
        }
        self.conns = conns;
        std::mem::take(&mut self.carried)
    }

    fn charge(&mut self, conn: &Conn) {
        let [first, second] = &conn.ends;
        for (from, to) in [(first, second), (second, first)] {
            if to.carried > 0 {
                *self.carried.entry((from.host, to.host)).or_default() += to.carried;
            }
        }
    }
}
