//! The network as this node sees it: connections, gossip, and what went over the line since the start.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    error::Error,
    route::{OWNER, Route},
};
use crate::network::{Counters, PeerStats, Stats, SyncRole};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/starling/v1/network", OWNER, network)]
}

/// The network as this node sees it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Network {
    /// Whether this node talks to others at all; if not, the rest is empty.
    on: bool,
    listening: Vec<String>,
    /// Connections being made, in either direction.
    pending: usize,
    peers: Vec<Connected>,
    /// Parts of the gossip that this node takes part in.
    shards: Vec<Shard>,
    traffic: Traffic,
}

/// A connected peer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Connected {
    peer_id: String,
    /// What it says that it runs.
    agent: Option<String>,
    connections: Vec<Connection>,
    /// How well its gossip was: 0 is neutral, below -400 it is not listened to.
    score: Option<f64>,
    /// Whether a session is open in which we ask.
    asking: bool,
    /// Whether one is open in which the peer asks.
    answering: bool,
}

/// One connection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Connection {
    /// The other end.
    address: String,
    /// Whether we made it.
    outbound: bool,
}

/// A part of the gossip.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Shard {
    shard: u8,
    /// Peers with which whole frames are exchanged.
    mesh: usize,
    /// Connected peers that take part.
    peers: usize,
}

/// Sums since the node was started.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Traffic {
    gossip_in: u64,
    gossip_in_bytes: u64,
    gossip_out: u64,
    gossip_out_bytes: u64,
    /// Own frames that nobody could be found for, or that were known already.
    gossip_unsent: u64,
    gossip_rejected: u64,
    sync_in_bytes: u64,
    sync_out_bytes: u64,
    /// Connections that were refused by a limit or a ban.
    refused: u64,
}

async fn network(State(app): State<App>) -> Result<Json<Network>, Error> {
    let Some(stats) = app.node().network_stats().await else { return Ok(Json(Network::default())) };
    Ok(Json(Network::from(stats)))
}

impl From<Stats> for Network {
    fn from(stats: Stats) -> Self {
        let shard =
            |one: &crate::network::ShardStats| Shard { shard: one.shard, mesh: one.mesh, peers: one.peers };
        Self {
            on: true,
            listening: stats.listening.iter().map(ToString::to_string).collect(),
            pending: stats.pending,
            peers: stats.peers.iter().map(Connected::from).collect(),
            shards: stats.shards.iter().map(shard).collect(),
            traffic: Traffic::from(stats.counters),
        }
    }
}

impl From<&PeerStats> for Connected {
    fn from(peer: &PeerStats) -> Self {
        let connection = |(address, outbound): &(libp2p::Multiaddr, bool)| Connection {
            address: address.to_string(),
            outbound: *outbound,
        };
        Self {
            peer_id: peer.peer.to_string(),
            agent: peer.agent.clone(),
            connections: peer.connections.iter().map(connection).collect(),
            score: peer.score,
            asking: peer.sync.contains(&SyncRole::Pull),
            answering: peer.sync.contains(&SyncRole::Serve),
        }
    }
}

impl From<Counters> for Traffic {
    fn from(counters: Counters) -> Self {
        Self {
            gossip_in: counters.gossip_in,
            gossip_in_bytes: counters.gossip_in_bytes,
            gossip_out: counters.gossip_out,
            gossip_out_bytes: counters.gossip_out_bytes,
            gossip_unsent: counters.gossip_unsent,
            gossip_rejected: counters.gossip_rejected,
            sync_in_bytes: counters.sync_in_bytes,
            sync_out_bytes: counters.sync_out_bytes,
            refused: counters.refused,
        }
    }
}
