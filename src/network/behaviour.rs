//! The behaviours that make up a node, in the order in which they are asked about a new connection.

use std::num::NonZeroUsize;
use std::time::Duration;

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Swarm, identify, mdns, ping, swarm};
use tokio::time::Instant;

use super::boxed::Boxed;
use super::witness::{Hearing, Witnessed};
use super::{BLOB_PROTOCOL, Config, Error, SYNC_PROTOCOL, Wire, discovery, gossip, limits, substream};

/// How long a connection without mesh, stream or other use stays: peers that we follow shall still be there when the
/// next post comes, and the limits see to it that the idle do not crowd.
const IDLE: Duration = Duration::from_secs(300);

/// Streams of one connection whose protocol is still being agreed; honest peers open a handful when they connect.
const NEGOTIATING: usize = 16;

/// Events a connection may queue before it has to wait for the task. Each may hold a gossip message of 64 KiB.
const CONNECTION_EVENTS: usize = 8;

/// Everything a node does on a connection. Limits and bans come first: the others keep books on connections they
/// have been asked about, and would never hear of the end of one that is refused after them.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub limits: limits::Behaviour,
    pub bans: allow_block_list::Behaviour<BlockedPeers>,
    pub gossip: Witnessed,
    pub sync: substream::Behaviour,
    pub blobs: substream::Behaviour,
    pub identify: identify::Behaviour,
    pub ping: ping::Behaviour,
    pub mdns: Toggle<mdns::tokio::Behaviour>,
}

/// Puts transport and behaviours together. The register is told of each shard before it is joined.
pub(super) fn build(config: &Config, wire: Wire) -> Result<(Swarm<Boxed<Behaviour>>, gossip::Joined), Error> {
    let hearing = Hearing::new(config.witness.clone());
    let (router, joined) = gossip::router(hearing.clone(), config.limits.per_address)?;
    let peer = config.keypair.public().to_peer_id();
    let behaviour = Behaviour {
        limits: limits::Behaviour::new(config.limits.clone(), Instant::now()),
        bans: allow_block_list::Behaviour::default(),
        gossip: Witnessed::new(router, hearing),
        sync: substream::Behaviour::new(SYNC_PROTOCOL),
        blobs: substream::Behaviour::new(BLOB_PROTOCOL),
        identify: discovery::identify(&config.keypair),
        ping: ping::Behaviour::default(),
        mdns: discovery::mdns(config.mdns, peer)?,
    };
    let settings = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(IDLE)
        .with_max_negotiating_inbound_streams(NEGOTIATING)
        .with_per_connection_event_buffer_size(CONNECTION_EVENTS)
        .with_notify_handler_buffer_size(NonZeroUsize::MIN.saturating_add(CONNECTION_EVENTS));
    Ok((Swarm::new(wire, Boxed(behaviour), peer, settings), joined))
}
