//! Opening and accepting streams of our own protocols on libp2p connections; [`super::sync`] and the files' exchange
//! do the rest.
//!
//! The behaviour is told to open one stream to a peer and reports what came of it, and reports each stream that a
//! peer opened. It holds no stream longer than until the next poll and nothing of a closed connection.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};

/// Streams one connection may have opened that the task has not taken yet. The task takes them at once; only a peer
/// that opens them in a burst gets here, and of those just one would be kept.
const WAITING: usize = 4;

/// What became of a stream.
#[derive(Debug)]
pub(super) enum Opened {
    /// The peer opened it.
    Inbound { peer: PeerId, stream: Stream },
    /// We opened it, or failed to.
    Outbound { peer: PeerId, result: Result<Stream, String> },
}

type Action = ToSwarm<Opened, Open>;

/// Keeps the connections of each peer and the streams that are being opened.
pub(super) struct Behaviour {
    protocol: StreamProtocol,
    connections: HashMap<PeerId, Vec<ConnectionId>>,
    opening: HashMap<PeerId, ConnectionId>,
    actions: VecDeque<Action>,
}

impl Behaviour {
    /// For streams of the protocol with this name.
    pub fn new(protocol: &'static str) -> Self {
        Self {
            protocol: StreamProtocol::new(protocol),
            connections: HashMap::new(),
            opening: HashMap::new(),
            actions: VecDeque::new(),
        }
    }

    /// Opens a stream to `peer`; an [`Opened::Outbound`] follows. Asking again before it has come changes nothing.
    pub fn open(&mut self, peer: PeerId) {
        if self.opening.contains_key(&peer) {
            return;
        }
        let Some(&connection) = self.connections.get(&peer).and_then(|list| list.first()) else {
            self.failed(peer, "not connected".into());
            return;
        };
        self.opening.insert(peer, connection);
        self.actions.push_back(ToSwarm::NotifyHandler {
            peer_id: peer,
            handler: NotifyHandler::One(connection),
            event: Open,
        });
    }

    fn failed(&mut self, peer: PeerId, reason: String) {
        self.actions.push_back(ToSwarm::GenerateEvent(Opened::Outbound { peer, result: Err(reason) }));
    }

    fn closed(&mut self, peer: PeerId, connection: ConnectionId) {
        if let Some(list) = self.connections.get_mut(&peer) {
            list.retain(|open| *open != connection);
            if list.is_empty() {
                self.connections.remove(&peer);
            }
        }
        if self.opening.get(&peer) == Some(&connection) {
            self.opening.remove(&peer);
            self.failed(peer, "connection closed".into());
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Opened;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.protocol.clone()))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.protocol.clone()))
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(event) => {
                self.connections.entry(event.peer_id).or_default().push(event.connection_id);
            }
            FromSwarm::ConnectionClosed(event) => self.closed(event.peer_id, event.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        let opened = match event {
            Outcome::Inbound(stream) => Opened::Inbound { peer, stream },
            Outcome::Outbound(result) => {
                if self.opening.get(&peer) == Some(&connection) {
                    self.opening.remove(&peer);
                }
                Opened::Outbound { peer, result }
            }
        };
        self.actions.push_back(ToSwarm::GenerateEvent(opened));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // Every push happens in a call that the swarm follows with a poll, so there is nobody to wake.
        self.actions.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The order to a connection to open a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open;

/// What a connection reports.
#[derive(Debug)]
pub(super) enum Outcome {
    Inbound(Stream),
    Outbound(Result<Stream, String>),
}

/// The part that lives on a connection. Streams keep their connection alive by themselves.
pub(super) struct Handler {
    protocol: StreamProtocol,
    requested: bool,
    inbound: VecDeque<Stream>,
    outbound: Option<Result<Stream, String>>,
}

impl Handler {
    fn new(protocol: StreamProtocol) -> Self {
        Self { protocol, requested: false, inbound: VecDeque::new(), outbound: None }
    }

    fn protocol(&self) -> SubstreamProtocol<ReadyUpgrade<StreamProtocol>> {
        SubstreamProtocol::new(ReadyUpgrade::new(self.protocol.clone()), ())
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Outcome;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        self.protocol()
    }

    fn on_behaviour_event(&mut self, Open: Open) {
        self.requested = true;
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Self::ToBehaviour>> {
        if std::mem::take(&mut self.requested) {
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: self.protocol(),
            });
        }
        if let Some(result) = self.outbound.take() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Outcome::Outbound(result)));
        }
        if let Some(stream) = self.inbound.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Outcome::Inbound(stream)));
        }
        Poll::Pending
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: stream, .. })
                if self.inbound.len() < WAITING =>
            {
                self.inbound.push_back(stream);
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream, ..
            }) => {
                self.outbound = Some(Ok(stream));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, .. }) => {
                self.outbound = Some(Err(match error {
                    StreamUpgradeError::Timeout => "the peer did not answer in time".into(),
                    StreamUpgradeError::NegotiationFailed => "the peer does not speak this protocol".into(),
                    StreamUpgradeError::Io(error) => error.to_string(),
                    StreamUpgradeError::Apply(never) => match never {},
                }));
            }
            _ => {}
        }
    }
}
