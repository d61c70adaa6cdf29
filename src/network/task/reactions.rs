//! What the task makes of each thing that the swarm reports.

use bytes::Bytes;
use libp2p::swarm::SwarmEvent;
use libp2p::{gossipsub, identify, mdns, ping};
use tokio::time::Instant;
use tokio_util::compat::FuturesAsyncReadCompatExt;

use super::{Connection, Dial, Task};
use crate::network::admission::{Held, Offer};
use crate::network::behaviour::BehaviourEvent;
use crate::network::substream::Opened;
use crate::network::sync::Refused;
use crate::network::witness::Told;
use crate::network::{Event, GossipRef, Misbehaviour, SyncRole, discovery, gossip};

impl Task {
    /// One event of the swarm.
    pub(super) fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.behaviour_event(event),
            SwarmEvent::ConnectionEstablished {
                peer_id: peer,
                connection_id,
                num_established,
                endpoint,
                ..
            } => {
                self.dialling.remove(&connection_id);
                let (address, outbound) = (endpoint.get_remote_address().clone(), endpoint.is_dialer());
                let connection = Connection {
                    id: connection_id,
                    address: address.clone(),
                    outbound,
                    identified: false,
                    agent: String::new(),
                };
                self.connections.entry(peer).or_default().push(connection);
                let first = num_established.get() == 1;
                if first {
                    let standing = self.admission.connected(Instant::now(), peer);
                    self.swarm.behaviour_mut().gossip.set_application_score(&peer, standing);
                }
                self.outbox.push(Event::Connected { peer, address, outbound, first });
            }
            SwarmEvent::ConnectionClosed { peer_id: peer, connection_id, num_established, .. } => {
                if let Some(list) = self.connections.get_mut(&peer) {
                    list.retain(|open| open.id != connection_id);
                }
                if num_established == 0 {
                    self.connections.remove(&peer);
                    let dropped = self.admission.disconnected(peer);
                    self.ignore(dropped);
                    self.outbox.push(Event::Disconnected { peer });
                }
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some(Dial { peer, addresses }) = self.dialling.remove(&connection_id) {
                    self.outbox.push(Event::DialFailed { peer, addresses, reason: error.to_string() });
                }
            }
            SwarmEvent::IncomingConnectionError { error, .. } => {
                self.counters.refused += 1;
                tracing::debug!(%error, "an incoming connection came to nothing");
            }
            SwarmEvent::NewListenAddr { address, .. } => self.outbox.push(Event::Listening { address }),
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.outbox.push(Event::ListenFailed { address, reason: "the address is gone".into() });
            }
            SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                let reason = reason.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
                for address in addresses {
                    self.outbox.push(Event::ListenFailed { address, reason: reason.clone() });
                }
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::debug!(%error, "a listener failed once")
            }
            _ => {}
        }
    }

    fn behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Gossip(Told::Gossip(event)) => self.gossip_event(event),
            BehaviourEvent::Gossip(Told::Broken { peer, times }) => self.broken(peer, times),
            BehaviourEvent::Sync(opened) => self.sync_event(opened),
            BehaviourEvent::Blobs(opened) => self.blob_event(opened),
            BehaviourEvent::Identify(identify::Event::Received { connection_id, peer_id, info }) => {
                let mut connections = self.connections.get_mut(&peer_id).into_iter().flatten();
                let connection = connections.find(|open| open.id == connection_id);
                if let Some(open) = connection.filter(|open| !open.identified) {
                    (open.identified, open.agent) = (true, discovery::agent(&info));
                    self.outbox.push(discovery::identified(peer_id, info));
                }
            }
            BehaviourEvent::Identify(_) => {}
            // A peer that does not even answer a ping holds a place for nothing.
            BehaviourEvent::Ping(ping::Event { peer, connection, result: Err(failure) }) => {
                if !matches!(failure, ping::Failure::Unsupported) {
                    tracing::debug!(%peer, %failure, "a connection is dead");
                    self.swarm.close_connection(connection);
                }
            }
            BehaviourEvent::Ping(_) => {}
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => {
                let now = Instant::now();
                for event in discovery::discovered(found) {
                    if self.discoveries.take(now, 1.0) {
                        self.outbox.push(event);
                    }
                }
            }
            BehaviourEvent::Mdns(_) => {}
            BehaviourEvent::Limits(never) | BehaviourEvent::Bans(never) => match never {},
        }
    }

    fn gossip_event(&mut self, event: gossipsub::Event) {
        let gossipsub::Event::Message { propagation_source: source, message_id, message } = event else {
            return;
        };
        // Both hold by construction: the guard lets only our topics in, and the ids are made by our function.
        let (Some(shard), Ok(id)) = (gossip::shard(&message.topic), <[u8; 32]>::try_from(message_id.0))
        else {
            return;
        };
        let message_ref = GossipRef { id, source };
        let held = Held { message: message_ref, shard, frame: Bytes::from(message.data) };
        match self.admission.offer(Instant::now(), held) {
            Offer::Held { displaced } => self.ignore(displaced),
            Offer::Ignored => self.ignore([message_ref]),
            Offer::Flood { dropped } => {
                self.ignore([message_ref]);
                self.shun(source, dropped, Misbehaviour::GossipFlood);
            }
        }
    }

    fn sync_event(&mut self, opened: Opened) {
        let (peer, role, stream) = match opened {
            Opened::Inbound { peer, stream } => (peer, SyncRole::Serve, stream),
            Opened::Outbound { peer, result: Ok(stream) } => (peer, SyncRole::Pull, stream),
            Opened::Outbound { peer, result: Err(reason) } => {
                self.outbox.push(Event::SyncFailed { peer, reason });
                return;
            }
        };
        match self.streams.add(Instant::now(), peer, role, stream.compat()) {
            Ok(opening) => self.outbox.push_and_tell(opening.event, opening.delivered),
            Err(Refused::Full) if role == SyncRole::Pull => {
                self.outbox.push(Event::SyncFailed { peer, reason: "too many sync streams are open".into() });
            }
            Err(Refused::Full) => tracing::debug!(%peer, "no place for another sync stream"),
            Err(Refused::TooFast { breach: true }) => {
                self.outbox.push(Event::PeerMisbehaved { peer, what: Misbehaviour::SyncStreams });
            }
            Err(Refused::TooFast { breach: false }) => tracing::debug!(%peer, "opens sync streams too fast"),
        }
    }
}
