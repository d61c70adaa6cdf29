//! One end of a simulated connection, and the libp2p transport that makes them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt, Ready, ready};
use futures::{AsyncRead, AsyncWrite};
use libp2p::core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, Transport};

use super::net::{self, Net, Side};
use crate::people;
use crate::plan::NodeId;

/// One end of a connection.
pub struct Stream {
    net: Net,
    place: usize,
    side: Side,
}

impl Stream {
    pub(super) fn new(net: Net, place: usize, side: Side) -> Self {
        Stream { net, place, side }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.net.with(|state| state.read(self.place, self.side, cx.waker(), buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.net.with(|state| state.write(self.place, self.side, cx.waker(), data))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.net.with(|state| state.finish(self.place, self.side));
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.net.with(|state| state.leave(self.place, self.side));
    }
}

/// The way of one process to the simulated network. Addresses are `/ip4/10.x.y.z/tcp/port`.
pub struct Wires {
    net: Net,
    host: NodeId,
    life: u32,
    listeners: Vec<(ListenerId, u16)>,
    events: VecDeque<TransportEvent<Ready<io::Result<Stream>>, io::Error>>,
}

impl Wires {
    pub(super) fn new(net: Net, host: NodeId, life: u32) -> Self {
        Wires { net, host, life, listeners: Vec::new(), events: VecDeque::new() }
    }
}

/// Host and port of an address; none if it is not one of ours.
fn parse(address: &Multiaddr) -> Option<(NodeId, u16)> {
    let host = people::node_at(address)?;
    let mut parts = address.iter().skip(1);
    let Some(Protocol::Tcp(port)) = parts.next() else { return None };
    match (parts.next(), parts.next()) {
        (None | Some(Protocol::P2p(_)), None) => Some((host, port)),
        _ => None,
    }
}

fn address(host: NodeId, port: u16) -> Multiaddr {
    let place: Multiaddr = people::address(host).iter().take(1).collect();
    place.with(Protocol::Tcp(port))
}

impl Transport for Wires {
    type Output = Stream;
    type Error = io::Error;
    type ListenerUpgrade = Ready<io::Result<Stream>>;
    type Dial = BoxFuture<'static, io::Result<Stream>>;

    fn listen_on(&mut self, id: ListenerId, wanted: Multiaddr) -> Result<(), TransportError<io::Error>> {
        let Some((_, port)) = parse(&wanted) else {
            return Err(TransportError::MultiaddrNotSupported(wanted));
        };
        if !self.net.listen(self.host, self.life, port) {
            return Err(TransportError::Other(io::ErrorKind::AddrInUse.into()));
        }
        self.listeners.push((id, port));
        let listen_addr = address(self.host, port);
        self.events.push_back(TransportEvent::NewAddress { listener_id: id, listen_addr });
        Ok(())
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        let Some(index) = self.listeners.iter().position(|(known, _)| *known == id) else { return false };
        let (_, port) = self.listeners.swap_remove(index);
        self.net.unlisten(self.host, self.life, port);
        self.events.push_back(TransportEvent::ListenerClosed { listener_id: id, reason: Ok(()) });
        true
    }

    fn dial(&mut self, wanted: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
        match parse(&wanted) {
            Some(to) => Ok(net::call(self.net.clone(), self.host, self.life, to).boxed()),
            None => Err(TransportError::MultiaddrNotSupported(wanted)),
        }
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        for (listener_id, port) in &self.listeners {
            if let Poll::Ready(call) = self.net.accept(self.host, self.life, *port, cx.waker()) {
                return Poll::Ready(TransportEvent::Incoming {
                    listener_id: *listener_id,
                    upgrade: ready(Ok(call.stream)),
                    local_addr: address(self.host, *port),
                    send_back_addr: address(call.from.0, call.from.1),
                });
            }
        }
        Poll::Pending
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        for (_, port) in &self.listeners {
            self.net.unlisten(self.host, self.life, *port);
        }
    }
}
