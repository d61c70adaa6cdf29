//! Knowing from whom each copy of a gossiped frame came: to note who sends frames that cannot be any, and to tell whoever
//! measures.
//!
//! The library hands a message to the transform of its data without saying whose it is, and drops duplicates without
//! a word. So the gossip behaviour is wrapped here: what a connection reports is processed while it is known whose
//! connection it is. Nothing else changes.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId, gossipsub};

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
#[derive(Clone, Debug, Default)]
pub(super) struct Hearing {
    witness: Option<Witness>,
    speech: Arc<Mutex<Speech>>,
}

/// What a connection reports to the gossip behaviour.
type Heard = THandlerOutEvent<Router>;

/// What is being taken in.
#[derive(Debug, Default)]
struct Speech {
    speaker: Option<PeerId>,
    /// Frames in it that cannot be any.
    broken: usize,
}

impl Hearing {
    pub fn new(witness: Option<Witness>) -> Self {
        Hearing { witness, speech: Arc::default() }
    }

    /// A frame is being taken in.
    pub fn frame(&self, len: usize) {
        if let Some(witness) = &self.witness
            && let Some(speaker) = self.speech().speaker
        {
            witness.0(speaker, len);
        }
    }

    /// It cannot be one.
    pub fn broken(&self) {
        self.speech().broken += 1;
    }

    fn begins(&self, speaker: PeerId) {
        *self.speech() = Speech { speaker: Some(speaker), broken: 0 };
    }

    /// How many frames were broken.
    fn ends(&self) -> usize {
        std::mem::take(&mut *self.speech()).broken
    }

    fn speech(&self) -> MutexGuard<'_, Speech> {
        self.speech.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The gossip behaviour, and who is speaking to it.
pub(super) struct Witnessed {
    inner: Router,
    hearing: Hearing,
    /// Who sent frames that cannot be any, and how many; told when this is polled next, which is at once.
    broken: BTreeMap<PeerId, usize>,
}

/// What the gossip behaviour reports.
#[derive(Debug)]
pub(super) enum Told {
    Gossip(gossipsub::Event),
    /// A peer sent so many frames that cannot be any.
    Broken {
        peer: PeerId,
        times: usize,
    },
}

impl Witnessed {
    pub fn new(inner: Router, hearing: Hearing) -> Self {
        Witnessed { inner, hearing, broken: BTreeMap::new() }
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
    type ToSwarm = Told;

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
        // Frames that are signed, or say whose they are, are dropped without being shown to the guard.
        let forbidden = match &event {
            Heard::Message { invalid_messages, .. } => invalid_messages.len(),
            _ => 0,
        };
        self.hearing.begins(peer);
        self.inner.on_connection_handler_event(peer, connection, event);
        let broken = forbidden + self.hearing.ends();
        if broken > 0 {
            *self.broken.entry(peer).or_default() += broken;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some((peer, times)) = self.broken.pop_first() {
            return Poll::Ready(ToSwarm::GenerateEvent(Told::Broken { peer, times }));
        }
        self.inner.poll(cx).map(|report| report.map_out(Told::Gossip))
    }
}
