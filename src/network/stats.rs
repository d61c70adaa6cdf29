//! The figures behind `status` and `peers`, gathered when someone asks.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use libp2p::gossipsub::TopicHash;

use super::gossip;
use super::task::Task;
use super::{Counters, Gauges, PeerStats, ShardStats, Stats};

impl Task {
    /// What needs no computing.
    pub(super) fn gauges(&self) -> Gauges {
        let router = &self.swarm.behaviour().gossip;
        let meshes = router
            .topics()
            .filter_map(|topic| Some((gossip::shard(topic)?, router.mesh_peers(topic).count())));
        Gauges { peers: self.connections.len(), sync_streams: self.streams.count(), meshes: meshes.collect() }
    }

    /// The state of the network now.
    pub(super) fn stats(&self) -> Stats {
        let behaviour = self.swarm.behaviour();
        let peers = self.connections.iter().map(|(peer, connections)| PeerStats {
            peer: *peer,
            connections: connections.iter().map(|open| (open.address.clone(), open.outbound)).collect(),
            agent: connections.iter().map(|open| &open.agent).find(|agent| !agent.is_empty()).cloned(),
            score: behaviour.gossip.peer_score(peer),
            sync: self.streams.roles(*peer),
        });
        let mut members: HashMap<&TopicHash, usize> = HashMap::new();
        for (_, topics) in behaviour.gossip.all_peers() {
            for topic in topics {
                *members.entry(topic).or_default() += 1;
            }
        }
        let mut shards: Vec<ShardStats> = behaviour
            .gossip
            .topics()
            .filter_map(|topic| {
                let shard = gossip::shard(topic)?;
                let mesh = behaviour.gossip.mesh_peers(topic).count();
                let peers = members.get(topic).copied().unwrap_or_default();
                Some(ShardStats { shard, mesh, peers })
            })
            .collect();
        shards.sort_unstable_by_key(|stats| stats.shard);
        let (gossip_held, gossip_unjudged) = self.admission.load();
        let traffic = self.streams.traffic();
        Stats {
            listening: self.swarm.listeners().cloned().collect(),
            peers: peers.collect(),
            pending: behaviour.limits.pending(),
            shards,
            gossip_held,
            gossip_unjudged,
            sync_streams: self.streams.count(),
            sync_queued: self.streams.queued(),
            counters: Counters {
                sync_in_bytes: traffic.received.load(Ordering::Relaxed),
                sync_out_bytes: traffic.sent.load(Ordering::Relaxed),
                ..self.counters
            },
        }
    }
}
