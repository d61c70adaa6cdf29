//! Who exchanges whole frames with whom, shard by shard: subscriptions, grafts and prunes, as gossipsub has them.
//!
//! A node's heart beats only when it has something to do: a mesh to mend, or something to tell lazily. One that is
//! quiet costs nothing, and its meshes are what they would be.

use rand::seq::SliceRandom as _;

use super::{
    World,
    host::{Host, Neighbour},
    parcel::{Control, Parcel},
    queue::Event,
};
use crate::plan::{GossipModel, Micros, NodeId, SEC};

/// Peers in each mesh that we called ourselves, at least: those who call cannot take all places.
const OUTBOUND: usize = 2;
/// Before a peer that was pruned is grafted again, and after a shard was left.
const PRUNED: Micros = 60 * SEC;
const LEFT: Micros = 10 * SEC;

/// The fewest peers of a mesh that is left alone: 5 of 6, as the library has it.
fn low(model: &GossipModel) -> usize {
    (model.mesh * 5 / 6).max(1)
}

/// The number of peers from which a mesh is cut back to its size.
fn high(model: &GossipModel) -> usize {
    2 * model.mesh
}

/// The numbers of the bits that are set.
pub(super) fn bits(mut set: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let bit = set.trailing_zeros() as u8;
            set &= set - 1;
            bit
        })
    })
}

fn has(set: u64, shard: u8) -> bool {
    set & (1 << shard) != 0
}

fn may_graft(held: &Neighbour, shard: u8, now: Micros) -> bool {
    let wanted = has(held.subscribed, shard) && !has(held.mesh, shard) && !held.shunned;
    wanted && held.waits(shard, now).is_none()
}

impl World<'_> {
    /// A node takes part in a shard.
    pub(super) fn join(&mut self, node: NodeId, shard: u8) {
        let host = &mut self.hosts[node as usize];
        if usize::from(shard) >= super::host::SHARDS || has(host.joined, shard) {
            return;
        }
        host.joined |= 1 << shard;
        self.shards += 1;
        self.cast.record.shard(self.now, node, shard, true);
        self.fill(node, shard, self.plan.gossip.mesh);
        self.look_at(node, shard);
    }

    /// A node leaves a shard.
    pub(super) fn leave(&mut self, node: NodeId, shard: u8) {
        let host = &mut self.hosts[node as usize];
        if usize::from(shard) >= super::host::SHARDS || !has(host.joined, shard) {
            return;
        }
        host.joined &= !(1 << shard);
        host.dirty &= !(1 << shard);
        self.shards -= 1;
        self.cast.record.shard(self.now, node, shard, false);
        let now = self.now;
        for place in 0..self.hosts[node as usize].neighbours.len() {
            let held = &mut self.hosts[node as usize].neighbours[place];
            if has(held.mesh, shard) {
                held.prune |= 1 << shard;
                held.back_off(shard, now + LEFT, now);
                self.set_mesh(node, place, shard, false);
            }
        }
    }

    /// The first words to a new peer: all shards at once.
    pub(super) fn greet(&mut self, node: NodeId, peer: NodeId) {
        let host = &mut self.hosts[node as usize];
        let joined = host.joined;
        if let Some(held) = host.neighbour_mut(peer) {
            held.told.get_or_insert(0);
            if joined != 0 {
                self.flush_to(node, peer);
            }
        }
    }

    /// A peer is gone: it is in no mesh any more.
    pub(super) fn leave_meshes(&mut self, node: NodeId, peer: NodeId) {
        let Ok(place) = self.hosts[node as usize].find(peer) else { return };
        for shard in bits(self.hosts[node as usize].neighbours[place].mesh) {
            self.set_mesh(node, place, shard, false);
            self.look_at(node, shard);
        }
    }

    /// Puts a neighbour into a mesh or takes it out.
    fn set_mesh(&mut self, node: NodeId, place: usize, shard: u8, now_in: bool) {
        let host = &mut self.hosts[node as usize];
        let held = &mut host.neighbours[place];
        let degree = &mut host.degree[usize::from(shard)];
        if now_in {
            held.mesh |= 1 << shard;
            *degree = degree.saturating_add(1);
            self.mesh_links += 1;
        } else {
            held.mesh &= !(1 << shard);
            *degree = degree.saturating_sub(1);
            self.mesh_links = self.mesh_links.saturating_sub(1);
        }
        let degree = *degree;
        self.cast.record.meshed(self.now, node, shard, u32::from(degree));
    }

    /// A mesh may have too few or too many peers: the next beat sees to it.
    fn look_at(&mut self, node: NodeId, shard: u8) {
        let host = &mut self.hosts[node as usize];
        if has(host.joined, shard) && !has(host.dirty, shard) {
            host.dirty |= 1 << shard;
            self.beat_soon(node);
        }
    }

    /// Sees to it that a node's heart beats at its next time.
    pub(super) fn beat_soon(&mut self, node: NodeId) {
        self.beat_from(node, self.now + 1);
    }

    fn beat_from(&mut self, node: NodeId, from: Micros) {
        let every = self.plan.gossip.heartbeat.max(1);
        let host = &mut self.hosts[node as usize];
        let beats = from.saturating_sub(host.phase).div_ceil(every);
        let at = host.phase + beats * every;
        if host.beat_at.is_none_or(|planned| planned > at) {
            host.beat_at = Some(at);
            self.queue.push(at, Event::Beat { node, life: host.life });
        }
    }

    /// A node's heart beats.
    pub(super) fn beat(&mut self, node: NodeId, life: u32) {
        let host = &mut self.hosts[node as usize];
        if host.life != life || host.beat_at != Some(self.now) {
            return;
        }
        host.beat_at = None;
        if !host.awake() {
            return;
        }
        let dirty = std::mem::take(&mut host.dirty);
        for shard in bits(dirty & host.joined) {
            self.mend(node, shard);
        }
        self.flush(node);
        self.tell_lazily(node);
    }

    /// Brings a mesh to its size, as far as there are peers.
    fn mend(&mut self, node: NodeId, shard: u8) {
        let model = self.plan.gossip;
        self.drop_shunned(node, shard);
        if usize::from(self.hosts[node as usize].degree[usize::from(shard)]) < low(&model) {
            self.fill(node, shard, model.mesh);
        }
        if usize::from(self.hosts[node as usize].degree[usize::from(shard)]) >= high(&model) {
            self.cut_back(node, shard, model.mesh);
        }
        let host = &self.hosts[node as usize];
        let degree = usize::from(host.degree[usize::from(shard)]);
        if degree >= low(&model) {
            let outbound =
                host.neighbours.iter().filter(|held| held.outbound && has(held.mesh, shard)).count();
            if outbound < OUTBOUND {
                self.graft_some(node, shard, OUTBOUND - outbound, true);
            }
            return;
        }
        // Too few still: somebody may be grafted when the time for it has come.
        let candidates = host.neighbours.iter().filter(|held| has(held.subscribed & !held.mesh, shard));
        let soonest = candidates.filter_map(|held| held.waits(shard, self.now)).min();
        if let Some(at) = soonest {
            self.hosts[node as usize].dirty |= 1 << shard;
            self.beat_from(node, at);
        }
    }

    fn drop_shunned(&mut self, node: NodeId, shard: u8) {
        for place in 0..self.hosts[node as usize].neighbours.len() {
            let held = &mut self.hosts[node as usize].neighbours[place];
            if held.shunned && has(held.mesh, shard) {
                held.prune |= 1 << shard;
                self.set_mesh(node, place, shard, false);
            }
        }
    }

    /// Grafts until a mesh has so many peers.
    fn fill(&mut self, node: NodeId, shard: u8, wanted: usize) {
        let degree = usize::from(self.hosts[node as usize].degree[usize::from(shard)]);
        if degree < wanted {
            self.graft_some(node, shard, wanted - degree, false);
        }
    }

    fn graft_some(&mut self, node: NodeId, shard: u8, wanted: usize, outbound_only: bool) {
        let now = self.now;
        let host = &self.hosts[node as usize];
        let candidates = host.neighbours.iter().enumerate();
        let fit = |held: &Neighbour| may_graft(held, shard, now) && (held.outbound || !outbound_only);
        let mut places: Vec<usize> =
            candidates.filter(|(_, held)| fit(held)).map(|(place, _)| place).collect();
        let (chosen, _) = places.partial_shuffle(&mut self.rng, wanted);
        for place in chosen.iter().copied() {
            self.hosts[node as usize].neighbours[place].graft |= 1 << shard;
            self.set_mesh(node, place, shard, true);
        }
    }

    /// Prunes until a mesh has so many peers, but keeps those whom we called.
    fn cut_back(&mut self, node: NodeId, shard: u8, wanted: usize) {
        let host = &self.hosts[node as usize];
        let in_mesh =
            |(place, held): (usize, &Neighbour)| has(held.mesh, shard).then_some((place, held.outbound));
        let mut places: Vec<(usize, bool)> = host.neighbours.iter().enumerate().filter_map(in_mesh).collect();
        places.shuffle(&mut self.rng);
        let mut outbound = places.iter().filter(|(_, outbound)| *outbound).count();
        let mut excess = places.len().saturating_sub(wanted);
        for (place, called) in places {
            if excess == 0 {
                return;
            }
            if called {
                if outbound <= OUTBOUND {
                    continue;
                }
                outbound -= 1;
            }
            excess -= 1;
            self.prune(node, place, shard);
        }
    }

    fn prune(&mut self, node: NodeId, place: usize, shard: u8) {
        let now = self.now;
        let held = &mut self.hosts[node as usize].neighbours[place];
        held.prune |= 1 << shard;
        held.back_off(shard, now + PRUNED, now);
        if has(held.mesh, shard) {
            self.set_mesh(node, place, shard, false);
        }
    }

    /// Sends everybody what has changed for them.
    pub(super) fn flush(&mut self, node: NodeId) {
        let host = &self.hosts[node as usize];
        let joined = host.joined;
        let news =
            |held: &&Neighbour| held.graft | held.prune != 0 || held.told.is_some_and(|told| told != joined);
        let peers: Vec<NodeId> = host.neighbours.iter().filter(news).map(|held| held.peer).collect();
        for peer in peers {
            self.flush_to(node, peer);
        }
    }

    fn flush_to(&mut self, node: NodeId, peer: NodeId) {
        let host: &mut Host = &mut self.hosts[node as usize];
        let (joined, way) = (host.joined, host.way(peer));
        let (Some(held), Some(id)) = (host.neighbour_mut(peer), way) else { return };
        let mut control = Control {
            graft: std::mem::take(&mut held.graft),
            prune: std::mem::take(&mut held.prune),
            ..Control::default()
        };
        if held.told != Some(joined) {
            control.topics = (held.told.unwrap_or(0) ^ joined).count_ones();
            control.subscribed = Some(joined);
            held.told = Some(joined);
        }
        self.send_counted(id, node, Parcel::Control(Box::new(control)));
    }

    /// A peer tells of its shards, changes meshes, tells what it has or asks for something.
    pub(super) fn control_arrives(&mut self, node: NodeId, peer: NodeId, control: Control) {
        let now = self.now;
        let Ok(place) = self.hosts[node as usize].find(peer) else { return };
        if let Some(subscribed) = control.subscribed {
            self.subscribed(node, place, subscribed);
        }
        for shard in bits(control.graft) {
            self.grafted(node, place, shard);
        }
        for shard in bits(control.prune) {
            let held = &mut self.hosts[node as usize].neighbours[place];
            held.back_off(shard, now + PRUNED, now);
            if has(held.mesh, shard) {
                self.set_mesh(node, place, shard, false);
                self.look_at(node, shard);
            }
        }
        if !control.have.is_empty() {
            self.told_of(node, peer, &control.have);
        }
        if !control.want.is_empty() {
            self.asked_for(node, peer, &control.want);
        }
        self.flush(node);
    }

    fn subscribed(&mut self, node: NodeId, place: usize, subscribed: u64) {
        let model = self.plan.gossip;
        let host = &mut self.hosts[node as usize];
        let held = &mut host.neighbours[place];
        let before = std::mem::replace(&mut held.subscribed, subscribed);
        let gone = held.mesh & !subscribed;
        let new = subscribed & !before & host.joined;
        for shard in bits(gone) {
            self.set_mesh(node, place, shard, false);
            self.look_at(node, shard);
        }
        for shard in bits(new) {
            let host = &mut self.hosts[node as usize];
            let few = usize::from(host.degree[usize::from(shard)]) < low(&model);
            if few && may_graft(&host.neighbours[place], shard, self.now) {
                host.neighbours[place].graft |= 1 << shard;
                self.set_mesh(node, place, shard, true);
            }
            // It may be one whom we called, of whom a mesh is to have some.
            self.look_at(node, shard);
        }
    }

    fn grafted(&mut self, node: NodeId, place: usize, shard: u8) {
        let host = &self.hosts[node as usize];
        let held = &host.neighbours[place];
        if !has(host.joined, shard) || has(held.mesh, shard) {
            return;
        }
        let full = usize::from(host.degree[usize::from(shard)]) >= high(&self.plan.gossip) && !held.outbound;
        if full || held.shunned || held.waits(shard, self.now).is_some() {
            self.prune(node, place, shard);
            return;
        }
        self.set_mesh(node, place, shard, true);
        self.look_at(node, shard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_numbered_from_the_lowest() {
        assert_eq!(bits(0b1011 | 1 << 63).collect::<Vec<_>>(), [0, 1, 3, 63]);
        assert_eq!(bits(0).count(), 0);
    }

    #[test]
    fn bounds_of_a_mesh_are_those_of_the_library() {
        let model = GossipModel { mesh: 6, ..GossipModel::default() };
        assert_eq!((low(&model), high(&model)), (5, 12));
    }
}
