//! Telling whoever measures from whom each copy of a gossiped frame came.
//!
//! The library hands a message to the transform of its data without saying whose it is, and drops duplicates without
//! a word. So the gossip behaviour is wrapped here: what a connection reports is processed while it is known whose
//! connection it is. Nothing else changes, and without a witness nothing is done at all.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::gossip::Router;

/// Is told of every copy of a gossiped frame that arrives, duplicates and broken ones too: from whom, and its bytes.
/// It is called on the network task and must not block.
#[derive(Clone)]
pub struct Witness(Arc<dyn Fn(PeerId, usize) + Send + Sync>);

impl Witness {
    /// One that does this.
    pub fn new(told: impl Fn(PeerId, usize) + Send + Sync + 'static) -> Self {
        Witness(Arc::new(told))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// Who is speaking, and who wants to know of it.
#[derive(Clone, Debug)]
pub(super) struct Hearing {
    witness: Witness,
    speaker: Arc<Mutex<Option<PeerId>>>,
}

impl Hearing {
    pub fn new(witness: Witness) -> Self {
        Hearing { witness, speaker: Arc::default() }
    }

    /// A frame is being taken in.
    pub fn frame(&self, len: usize) {
        if let Some(speaker) = *self.speaker.lock().unwrap_or_else(PoisonError::into_inner) {
            self.witness.0(speaker, len);
        }
    }

    fn speaks(&self, speaker: Option<PeerId>) {
        *self.speaker.lock().unwrap_or_else(PoisonError::into_inner) = speaker;
    }
}

/// The gossip behaviour, with a witness or without.
pub(super) struct Witnessed {
    inner: Router,
    hearing: Option<Hearing>,
}

impl Witnessed {
    pub fn new(inner: Router, hearing: Option<Hearing>) -> Self {
        Witnessed { inner, hearing }
    }
}

impl Deref for Witnessed {
    type Target = Router;

    fn deref(&self) -> &Router {
        &self.inner
    }
}

impl DerefMut for Witnessed {
    fn deref_mut(&mut self) -> &mut Router {
        &mut self.inner
    }
}

impl NetworkBehaviour for Witnessed {
    type ConnectionHandler = <Router as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = <Router as NetworkBehaviour>::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.inner.handle_pending_inbound_connection(connection, local, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.inner.handle_pending_outbound_connection(connection, peer, addresses, role)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(connection, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        if let Some(hearing) = &self.hearing {
            hearing.speaks(Some(peer));
        }
        self.inner.on_connection_handler_event(peer, connection, event);
        if let Some(hearing) = &self.hearing {
            hearing.speaks(None);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(cx)
    }
}
