//! The simulated network: hosts, the wires between them, and connections that behave as TCP does.
//!
//! What is kept of TCP: bytes arrive in order or not at all; a lost packet is a delay; a call that nobody answers is
//! repeated at 1, 3, 7, … seconds; a host that went silent is noticed only by those who wait for it; a host that came
//! back without its memory answers with a reset. What is left out: slow start and congestion control (a sender uses
//! its whole uplink at once), and the bandwidth of acknowledgements.
//!
//! A stream is written by its owner straight into the queue of the other end, with the time at which the bytes
//! arrive. One task, [`Net::carry`], wakes readers when that time has come. Times are virtual nanoseconds; the clock
//! moves by whole milliseconds, so everything arrives up to one millisecond late.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use futures::FutureExt;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::Wire;
use super::det;
use super::stream::Stream;
use crate::people;
use crate::plan::{Links, Nat, NodeId, Plan};

mod conn;

pub(super) use conn::Side;
use conn::{Conn, Due};

const MS: u64 = 1_000_000;
const SEC: u64 = 1_000 * MS;

/// When what is held up by a cut arrives.
const NEVER: u64 = u64::MAX;

/// Bytes of a TCP segment, and what Ethernet, IP and TCP put around it.
const SEGMENT: usize = 1_448;
const HEADERS: usize = 66;

/// Bytes under way or unread in one direction before a writer waits: Linux's usual send and receive buffers.
const WINDOW: usize = 256 << 10;

/// The shortest and the longest time before something is sent again, as Linux has them.
const FIRST_RETRY: u64 = 200 * MS;
const LAST_RETRY: u64 = 120 * SEC;

/// How long a writer tries to reach a silent host: Linux's fifteen retries.
const GIVE_UP: u64 = 924 * SEC;

/// Connections that wait for a listener to take them; more calls are not answered.
const BACKLOG: usize = 128;

/// One machine.
struct Host {
    region: u16,
    up_bps: u64,
    down_bps: u64,
    /// Whether nobody can call it.
    closed: bool,
    /// Packets travel only within a group.
    group: u16,
    /// Whether it is on the network at all.
    reachable: bool,
    /// Counts its processes: streams and listeners of an earlier one are dead.
    life: u32,
    up_busy: u64,
    down_busy: u64,
    /// Bytes a second that its process takes in, if it reads slowly, and when it reads again.
    read_rate: Option<u64>,
    reads_again: u64,
    next_port: u16,
    listeners: BTreeMap<u16, Listener>,
    sent: u64,
    received: u64,
}

/// Who takes calls at a port.
#[derive(Default)]
struct Listener {
    calls: VecDeque<Call>,
    waker: Option<Waker>,
}

/// A connection that waits to be taken.
pub(super) struct Call {
    pub stream: Stream,
    pub from: (NodeId, u16),
}

/// All hosts and connections.
pub(super) struct State {
    links: Links,
    rng: ChaCha8Rng,
    hosts: Vec<Host>,
    conns: Vec<Conn>,
    free: Vec<usize>,
    /// Number of the next connection, so that news for an earlier one in the same place are not taken for its own.
    next: u64,
    due: BinaryHeap<Reverse<(u64, u64, Due)>>,
    sequence: u64,
    carrier: Option<Waker>,
    carrier_at: u64,
    /// Wakers to be called once the state is let go of: waking may drop what would want the state.
    wake: Vec<Waker>,
    /// Wakers that nobody needs any more, to be dropped then, for the same reason.
    drop: Vec<Waker>,
    /// Follows all that is put on any wire, to tell two runs apart.
    digest: u64,
    /// Bytes of connections that are gone, from one host to another, since somebody asked.
    carried: BTreeMap<(NodeId, NodeId), u64>,
}

/// The network. Clones are the same network.
#[derive(Clone)]
pub struct Net(Arc<Mutex<State>>);

impl Net {
    /// A network of the plan's hosts, none of them on it yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let hosts = plan.nodes.iter().map(|node| Host {
            region: node.region,
            up_bps: node.up_bps.max(1),
            down_bps: node.down_bps.max(1),
            closed: node.nat == Nat::Closed,
            group: 0,
            reachable: false,
            life: 0,
            up_busy: 0,
            down_busy: 0,
            read_rate: None,
            reads_again: 0,
            next_port: FIRST_PORT,
            listeners: BTreeMap::new(),
            sent: 0,
            received: 0,
        });
        Net(Arc::new(Mutex::new(State {
            links: plan.links.clone(),
            rng: ChaCha8Rng::from_seed(people::derive(plan.seed, NodeId::MAX, "wires")),
            hosts: hosts.collect(),
            conns: Vec::new(),
            free: Vec::new(),
            next: 0,
            due: BinaryHeap::new(),
            sequence: 0,
            carrier: None,
            carrier_at: NEVER,
            wake: Vec::new(),
            drop: Vec::new(),
            digest: 0,
            carried: BTreeMap::new(),
        })))
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let (result, wake, drop) = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut state);
            (result, std::mem::take(&mut state.wake), std::mem::take(&mut state.drop))
        };
        wake.into_iter().for_each(Waker::wake);
        std::mem::drop(drop);
        result
    }

    /// A process starts on a host, which is on the network from now on. Returns the life that its streams belong to.
    pub(super) fn begin(&self, host: NodeId) -> u32 {
        self.with(|state| {
            state.end(host);
            state.hosts[host as usize].reachable = true;
            state.mend();
            state.hosts[host as usize].life
        })
    }

    /// A process ends, and the system closes what it left open: peers hear of it.
    pub(super) fn kill(&self, host: NodeId) {
        let dropped = self.with(|state| {
            state.break_off(host);
            state.end(host)
        });
        drop(dropped);
    }

    /// A machine loses power: peers hear nothing.
    pub(super) fn power_cut(&self, host: NodeId) {
        let dropped = self.with(|state| {
            state.hosts[host as usize].reachable = false;
            state.end(host)
        });
        drop(dropped);
    }

    /// A machine leaves the network, or is on it again, with everything as it was.
    pub(super) fn reach(&self, host: NodeId, reachable: bool) {
        self.with(|state| {
            state.hosts[host as usize].reachable = reachable;
            if reachable {
                state.mend();
            }
        });
    }

    /// From now on packets travel only within a group; each host's group.
    pub(super) fn cut(&self, groups: &[u16]) {
        self.with(|state| {
            for (host, group) in state.hosts.iter_mut().zip(groups) {
                host.group = *group;
            }
            state.mend();
        });
    }

    /// Packets travel everywhere again.
    pub(super) fn heal(&self) {
        self.with(|state| {
            state.hosts.iter_mut().for_each(|host| host.group = 0);
            state.mend();
        });
    }

    /// How fast a host's process reads, in bytes a second; none is as fast as it can.
    pub(super) fn read_rate(&self, host: NodeId, rate: Option<u64>) {
        self.with(|state| state.hosts[host as usize].read_rate = rate);
    }

    /// What each host sent and received.
    pub(super) fn wires(&self) -> Vec<Wire> {
        self.with(|state| {
            let wire = |host: &Host| Wire { sent: host.sent, received: host.received };
            state.hosts.iter().map(wire).collect()
        })
    }

    /// Bytes from one host to another since this was last asked.
    pub(super) fn carried(&self) -> BTreeMap<(NodeId, NodeId), u64> {
        self.with(State::carried)
    }

    /// What follows from all that was put on any wire, and when.
    pub(super) fn digest(&self) -> u64 {
        self.with(|state| state.digest)
    }

    /// Listens at a port; false if it is taken, or if the process is not the host's any more.
    pub(super) fn listen(&self, host: NodeId, life: u32, port: u16) -> bool {
        self.with(|state| {
            let host = &mut state.hosts[host as usize];
            let free = host.life == life && !host.listeners.contains_key(&port);
            if free {
                host.listeners.insert(port, Listener::default());
            }
            free
        })
    }

    /// Listens no more.
    pub(super) fn unlisten(&self, host: NodeId, life: u32, port: u16) {
        let dropped = self.with(|state| {
            let host = &mut state.hosts[host as usize];
            if host.life == life { host.listeners.remove(&port) } else { None }
        });
        // Waiting calls hold streams, which want the state when they are dropped.
        drop(dropped);
    }

    /// The next call at a port.
    pub(super) fn accept(&self, host: NodeId, life: u32, port: u16, waker: &Waker) -> Poll<Call> {
        self.with(|state| {
            let host = &mut state.hosts[host as usize];
            if host.life != life {
                return Poll::Pending;
            }
            let Some(listener) = host.listeners.get_mut(&port) else { return Poll::Pending };
            match listener.calls.pop_front() {
                Some(call) => Poll::Ready(call),
                None => {
                    remember(&mut listener.waker, waker, &mut state.drop);
                    Poll::Pending
                }
            }
        })
    }

    /// Brings what is due to those who wait for it, for ever.
    pub(super) async fn carry(self) {
        let mut sleep = Box::pin(det::sleep_until(0));
        std::future::poll_fn(|cx| {
            loop {
                let next = self.with(|state| {
                    state.deliver();
                    remember(&mut state.carrier, cx.waker(), &mut state.drop);
                    state.carrier_at
                });
                if next == NEVER {
                    return Poll::<()>::Pending;
                }
                sleep.set(det::sleep_until(next));
                if sleep.poll_unpin(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
}

/// First of the ports that callers call from.
const FIRST_PORT: u16 = 32_768;

/// Puts a waker in its place; the one that was there goes to those to be dropped.
fn remember(place: &mut Option<Waker>, waker: &Waker, drop: &mut Vec<Waker>) {
    if !place.as_ref().is_some_and(|held| held.will_wake(waker)) {
        drop.extend(place.replace(waker.clone()));
    }
}

impl State {
    fn blocked(&self, from: NodeId, to: NodeId) -> bool {
        let (from, to) = (&self.hosts[from as usize], &self.hosts[to as usize]);
        from.group != to.group || !from.reachable || !to.reachable
    }

    /// One-way delay of a packet without what the bandwidth adds.
    fn latency(&mut self, from: NodeId, to: NodeId) -> u64 {
        let (from, to) = (self.hosts[from as usize].region, self.hosts[to as usize].region);
        self.links.delay(from, to, &mut self.rng) * 1_000
    }

    /// When `len` bytes that are put on the wire at `at` arrive, and how many that is with headers. `flowing` says
    /// that later packets will tell the receiver of a loss, so that it is mended within a round trip.
    fn travel(&mut self, from: NodeId, to: NodeId, len: usize, at: u64, flowing: bool) -> (u64, u64) {
        let segments = len.div_ceil(SEGMENT).max(1);
        let wire = (len + segments * HEADERS) as u64;
        let latency = self.latency(from, to);
        let host = &mut self.hosts[from as usize];
        host.sent += wire;
        let waiting = host.up_busy.saturating_sub(at);
        let queued = waiting / 8 * (host.up_bps / 1_000) / (SEC / 1_000);
        host.up_busy = host.up_busy.max(at) + wire * 8 * SEC / host.up_bps;
        let mut arrival = host.up_busy + latency;
        let mut retry = if flowing { 2 * latency } else { (2 * latency).max(FIRST_RETRY) };
        if queued > self.links.queue_bytes {
            arrival += retry;
        }
        if self.links.loss > 0.0 {
            let kept = (1.0 - self.links.loss).powi(i32::try_from(segments).unwrap_or(i32::MAX));
            while self.rng.random::<f64>() >= kept && retry < LAST_RETRY {
                arrival += retry;
                retry = (2 * retry).max(FIRST_RETRY);
            }
        }
        let host = &mut self.hosts[to as usize];
        host.received += wire;
        host.down_busy = host.down_busy.max(arrival) + wire * 8 * SEC / host.down_bps;
        (host.down_busy, wire)
    }

    /// Whether a packet that opens a connection is lost.
    fn unlucky(&mut self) -> bool {
        self.links.loss > 0.0 && self.rng.random::<f64>() < self.links.loss
    }

    fn plan(&mut self, at: u64, due: Due) {
        self.sequence += 1;
        self.due.push(Reverse((at, self.sequence, due)));
        if at < self.carrier_at {
            self.carrier_at = at;
            self.wake.extend(self.carrier.take());
        }
    }

    fn deliver(&mut self) {
        let now = det::now();
        while let Some(Reverse((at, ..))) = self.due.peek()
            && *at <= now
        {
            if let Some(Reverse((.., due))) = self.due.pop() {
                self.happen(due);
            }
        }
        self.carrier_at = self.due.peek().map_or(NEVER, |Reverse((at, ..))| *at);
    }

    fn note(&mut self, value: u64) {
        self.digest = (self.digest.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

/// A call from one host to another, as a system makes it.
pub(super) async fn call(net: Net, host: NodeId, life: u32, to: (NodeId, u16)) -> std::io::Result<Stream> {
    use std::io::ErrorKind::{ConnectionRefused, NetworkUnreachable, TimedOut};
    let mut pause = SEC;
    // At 0, 1, 3, 7, 15, 31 and 63 seconds; as long after that the caller is told.
    while pause <= 64 * SEC {
        let sent = net.with(|state| state.ring(host, life, to.0));
        match sent {
            None => return Err(NetworkUnreachable.into()),
            Some(conn::Ring::Lost) => {}
            Some(conn::Ring::Heard { there, back, port }) => {
                det::sleep_until(det::now() + there).await;
                match net.with(|state| state.open(&net, (host, life, port), to)) {
                    conn::Opened::Taken(stream) => {
                        det::sleep_until(det::now() + back).await;
                        return Ok(stream);
                    }
                    conn::Opened::Refused => {
                        det::sleep_until(det::now() + back).await;
                        return Err(ConnectionRefused.into());
                    }
                    conn::Opened::Unheard => {}
                }
            }
        }
        det::sleep_until(det::now() + pause).await;
        pause *= 2;
    }
    Err(TimedOut.into())
}

#[cfg(test)]
mod tests;
