//! Who may connect: every number that bounds connections, and the behaviour that enforces them.
//!
//! libp2p has a behaviour for total numbers, but none for numbers per address, and it keeps a record of every peer id
//! that ever connected. Ids cost nothing to make, so this one behaviour does all the counting and keeps records only
//! of what is open now, and of recent addresses up to a bound.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::Role;
use super::bucket::{Bucket, Rate};

/// The bounds of one node's network. All of them count at one moment, except where a rate is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Connections in the middle of their handshake, for each direction: slow sockets cannot hold more.
    pub pending: usize,
    /// Connections that peers opened.
    pub incoming: usize,
    /// Connections that we opened; kept apart so that strangers cannot crowd out the peers we chose.
    pub outgoing: usize,
    /// Connections to one peer: two, because both sides may dial at the same time.
    pub per_peer: usize,
    /// Incoming connections from one IPv4 address or IPv6 /64 (a household, a small office; for a relay a large one, or
    /// the gateway of a container). As many at once, and all again in 16 s, is also how fast they may come.
    pub per_address: usize,
    /// Incoming connections from this machine itself: a proxy, a test, a second node, so no limit against strangers.
    pub per_loopback: usize,
    /// New incoming connections a second over all addresses, with a burst of four seconds' worth.
    pub accept_per_second: u32,
    /// Open sync streams, both roles together: one of each role for every connection that is allowed.
    pub sync_streams: usize,
    /// Bytes queued for writing on all sync streams together: peers that stop reading cost no more than this.
    pub sync_queued: usize,
    /// Time in which a frame queued on a sync stream must have been written, and in which a frame begun by the peer
    /// must make progress.
    pub sync_stall: Duration,
}

impl Limits {
    /// The numbers of a role.
    pub fn of(role: Role) -> Self {
        let (pending, incoming, outgoing, per_address, accept_per_second, sync_queued) = match role {
            Role::Home => (16, 64, 32, 8, 32, 48 << 20),
            Role::Relay => (64, 512, 64, 32, 128, 128 << 20),
        };
        Limits {
            pending,
            incoming,
            outgoing,
            per_peer: 2,
            per_address,
            per_loopback: incoming,
            accept_per_second,
            sync_streams: 2 * (incoming + outgoing),
            sync_queued,
            sync_stall: Duration::from_secs(60),
        }
    }
}

/// Addresses remembered for their accept rate; the rested ones are forgotten when there are as many. A record rests
/// after 16 s, and at most 128 are made in a second, so new addresses are never refused for want of a record.
const MAX_ADDRESSES: usize = 10_000;

/// Seconds in which all places of one address may be taken anew: a node that restarts reconnects at once, one that
/// returns every two seconds is ill or hostile.
const ADDRESS_RESTS: f64 = 16.0;

/// The bound that a connection would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    Pending,
    Incoming,
    Outgoing,
    PerPeer,
    PerAddress,
    AcceptRate,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exceeded::Pending => "too many connections are being made",
            Exceeded::Incoming => "too many incoming connections",
            Exceeded::Outgoing => "too many outgoing connections",
            Exceeded::PerPeer => "too many connections to this peer",
            Exceeded::PerAddress => "too many connections from this address",
            Exceeded::AcceptRate => "connections come too fast",
        })
    }
}

impl std::error::Error for Exceeded {}

/// What is counted together: an IPv4 address, an IPv6 /64, or whatever has no IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    V4([u8; 4]),
    V6([u8; 8]),
    Loopback,
    Unknown,
}

impl Origin {
    fn of(address: &Multiaddr) -> Self {
        let ip = address.iter().find_map(|part| match part {
            Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
            Protocol::Ip6(ip) => Some(IpAddr::V6(ip)),
            _ => None,
        });
        // An IPv4 address may come in IPv6 dress when a socket listens for both.
        match ip.map(|ip| ip.to_canonical()) {
            Some(ip) if ip.is_loopback() => Origin::Loopback,
            Some(IpAddr::V4(ip)) => Origin::V4(ip.octets()),
            Some(IpAddr::V6(ip)) => Origin::V6(prefix(ip)),
            None => Origin::Unknown,
        }
    }
}

fn prefix(ip: Ipv6Addr) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = ip.octets();
    [a, b, c, d, e, f, g, h]
}

/// One connection that counts.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Where an incoming connection came from; `None` is one that we opened.
    origin: Option<Origin>,
    /// Whose it is, once the handshake proved it.
    peer: Option<PeerId>,
}

/// Counts connections and refuses those over the bounds. It must be the first field of the whole behaviour: what it
/// refuses, no other behaviour may have heard of.
pub(super) struct Behaviour {
    limits: Limits,
    slots: HashMap<ConnectionId, Slot>,
    origins: HashMap<Origin, Bucket>,
    accepts: Bucket,
}

impl Behaviour {
    pub fn new(limits: Limits, now: Instant) -> Self {
        let per_second = f64::from(limits.accept_per_second);
        let accepts = Bucket::new(Rate { burst: 4.0 * per_second, per_second }, now);
        Behaviour { limits, slots: HashMap::new(), origins: HashMap::new(), accepts }
    }

    /// Connections that are still being made.
    pub fn pending(&self) -> usize {
        self.count(|slot| slot.peer.is_none())
    }

    fn count(&self, wanted: impl Fn(&Slot) -> bool) -> usize {
        self.slots.values().filter(|slot| wanted(slot)).count()
    }

    /// Whether a connection from `origin` may begin its handshake.
    fn admit(&mut self, now: Instant, origin: Origin) -> Result<(), Exceeded> {
        if self.count(|slot| slot.origin.is_some() && slot.peer.is_none()) >= self.limits.pending {
            return Err(Exceeded::Pending);
        }
        let from_there = self.count(|slot| slot.origin == Some(origin));
        if origin == Origin::Loopback {
            let full = from_there >= self.limits.per_loopback;
            return if full { Err(Exceeded::PerAddress) } else { Ok(()) };
        }
        if from_there >= self.limits.per_address {
            return Err(Exceeded::PerAddress);
        }
        if self.in_time(now, origin) { Ok(()) } else { Err(Exceeded::AcceptRate) }
    }

    /// Whether the rates allow one more connection from `origin`. A known address is asked for its own rate first, so
    /// that one which hammers does not use up everybody's; a new one costs from everybody's before it gets a record,
    /// so that records are not made faster than connections are accepted.
    fn in_time(&mut self, now: Instant, origin: Origin) -> bool {
        if let Some(bucket) = self.origins.get_mut(&origin) {
            return bucket.take(now, 1.0) && self.accepts.take(now, 1.0);
        }
        if !self.accepts.take(now, 1.0) {
            return false;
        }
        if self.origins.len() >= MAX_ADDRESSES {
            self.origins.retain(|_, bucket| !bucket.is_full(now));
        }
        let burst = self.limits.per_address as f64;
        let mut bucket = Bucket::new(Rate { burst, per_second: burst / ADDRESS_RESTS }, now);
        bucket.take(now, 1.0)
            && self.origins.len() < MAX_ADDRESSES
            && self.origins.insert(origin, bucket).is_none()
    }

    /// Whether a connection whose peer is now known may stand.
    fn establish(&self, peer: PeerId, incoming: bool) -> Result<(), Exceeded> {
        if self.count(|slot| slot.peer == Some(peer)) >= self.limits.per_peer {
            return Err(Exceeded::PerPeer);
        }
        let standing = self.count(|slot| slot.peer.is_some() && slot.origin.is_some() == incoming);
        match incoming {
            true if standing >= self.limits.incoming => Err(Exceeded::Incoming),
            false if standing >= self.limits.outgoing => Err(Exceeded::Outgoing),
            _ => Ok(()),
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let origin = Origin::of(remote);
        self.admit(Instant::now(), origin).map_err(ConnectionDenied::new)?;
        self.slots.insert(connection, Slot { origin: Some(origin), peer: None });
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.establish(peer, true).map_err(ConnectionDenied::new)?;
        Ok(dummy::ConnectionHandler)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        if self.count(|slot| slot.origin.is_none() && slot.peer.is_none()) >= self.limits.pending {
            return Err(ConnectionDenied::new(Exceeded::Pending));
        }
        self.slots.insert(connection, Slot { origin: None, peer: None });
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.establish(peer, false).map_err(ConnectionDenied::new)?;
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(event) => {
                let origin = match event.endpoint {
                    ConnectedPoint::Listener { send_back_addr, .. } => Some(Origin::of(send_back_addr)),
                    ConnectedPoint::Dialer { .. } => None,
                };
                self.slots.insert(event.connection_id, Slot { origin, peer: Some(event.peer_id) });
            }
            FromSwarm::ConnectionClosed(event) => {
                self.slots.remove(&event.connection_id);
            }
            FromSwarm::DialFailure(event) => {
                self.slots.remove(&event.connection_id);
            }
            FromSwarm::ListenFailure(event) => {
                self.slots.remove(&event.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
#[path = "tests/limits.rs"]
mod tests;
