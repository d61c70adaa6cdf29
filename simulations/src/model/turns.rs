//! When engines are called, and how what they order is carried out.
//!
//! What reaches a node waits a moment for more, as it does in the inbox of a real node's engine thread, and is
//! handed over in one turn: one transaction for all of it.

use starling::network::{Command, Event as Net};

use super::{World, link::LinkId, queue::Event};
use crate::{
    cast::Orders,
    plan::{MS, Micros, NodeId},
};

/// From the first thing that comes in to the turn in which it is taken in: a real engine commits to a disk, and
/// what comes in meanwhile waits for that.
const TURN: Micros = 2 * MS;

impl World<'_> {
    /// Something reaches a node.
    pub(super) fn tell(&mut self, node: NodeId, event: Net) {
        let host = &mut self.hosts[node as usize];
        host.inbox.push(event);
        self.plan_turn(node);
    }

    pub(super) fn plan_turn(&mut self, node: NodeId) {
        let host = &mut self.hosts[node as usize];
        if !std::mem::replace(&mut host.turn, true) {
            self.queue.push(self.now + TURN, Event::Turn { node, life: host.life });
        }
    }

    /// An engine takes in what has come.
    pub(super) fn turn(&mut self, node: NodeId, life: u32) -> anyhow::Result<()> {
        let host = &mut self.hosts[node as usize];
        if host.life != life || !host.awake() {
            return Ok(());
        }
        host.turn = false;
        let events = std::mem::take(&mut host.inbox);
        if !events.is_empty() {
            let orders = self.cast.network(self.now, node, events)?;
            self.carry(node, orders);
        }
        Ok(())
    }

    /// An engine is called because it wanted to be.
    pub(super) fn wake(&mut self, node: NodeId, life: u32) -> anyhow::Result<()> {
        let host = &mut self.hosts[node as usize];
        if host.life != life || host.wake_at != Some(self.now) || !host.awake() {
            return Ok(());
        }
        host.wake_at = None;
        let orders = self.cast.tick(self.now, node)?;
        self.carry(node, orders);
        Ok(())
    }

    /// Does what an engine wants done.
    pub(super) fn carry(&mut self, node: NodeId, orders: Orders) {
        for order in orders {
            self.order(node, order);
        }
        self.flush(node);
        self.plan_wake(node);
    }

    fn plan_wake(&mut self, node: NodeId) {
        let wake = self.cast.next_wake(self.now, node);
        let host = &mut self.hosts[node as usize];
        if let Some(at) = wake
            && host.wake_at.is_none_or(|planned| planned > at || planned <= self.now)
        {
            host.wake_at = Some(at);
            self.queue.push(at, Event::Wake { node, life: host.life });
        }
    }

    fn order(&mut self, node: NodeId, order: Command) {
        match order {
            Command::Dial { peer, addresses } => self.dial(node, peer, addresses),
            Command::Disconnect { peer } => {
                if let Some(there) = self.cast.node_of(&peer) {
                    self.disconnect(node, there);
                }
            }
            Command::Ban { peer } => {
                if let Some(there) = self.cast.node_of(&peer) {
                    self.hosts[node as usize].banned.push(there);
                    self.disconnect(node, there);
                }
            }
            Command::Unban { peer } => {
                if let Some(there) = self.cast.node_of(&peer) {
                    self.hosts[node as usize].banned.retain(|held| *held != there);
                }
            }
            Command::Join { shard } => self.join(node, shard),
            Command::Leave { shard } => self.leave(node, shard),
            Command::Publish { shard, frame } => self.publish(node, shard, &frame),
            Command::Verdict { message, verdict } => self.judge(node, message, verdict),
            Command::OpenSync { peer } => self.open_sync(node, peer),
            Command::SendSync { stream, frame } => self.send_sync(node, stream, frame),
            Command::CloseSync { stream } => self.close_sync(node, stream),
            // Nobody in a world asks.
            Command::Stats { .. } | Command::Gauges { .. } => {}
        }
    }

    /// An end of a connection has waited in vain for a sign of life.
    pub(super) fn dead(&mut self, id: LinkId, end: u8, spell: u32) {
        let Some(link) = self.links.get(id) else { return };
        let node = link.ends[usize::from(end)];
        if link.spell == spell && link.silent.is_some() && self.hosts[node as usize].awake() {
            self.hang_up(id, node);
        }
    }
}
