//! Communities: which nodes belong together. Topologies and follows use the same division, so that people mostly
//! follow those whom their nodes are connected to.

use crate::plan::NodeId;

/// A division of nodes into groups of the same size. Relays come first and belong to all groups in turn; what is left
/// over joins the last group.
#[derive(Debug, Clone, Copy)]
pub struct Communities {
    /// Nodes in all.
    pub nodes: u32,
    relays: u32,
    size: u32,
}

impl Communities {
    /// Divides nodes of which the first are relays.
    pub fn new(nodes: u32, relays: u32, size: u32) -> Self {
        Self { nodes, relays: relays.min(nodes), size: size.max(1) }
    }

    /// How many groups there are.
    pub fn count(&self) -> u32 {
        ((self.nodes - self.relays) / self.size).max(1)
    }

    /// The group of a node.
    pub fn of(&self, node: NodeId) -> u32 {
        if node < self.relays {
            return node % self.count();
        }
        ((node - self.relays) / self.size).min(self.count() - 1)
    }

    /// The people of a group: their first number, and the one after the last.
    pub fn people(&self, group: u32) -> (NodeId, NodeId) {
        let from = self.relays + group * self.size;
        let to = if group + 1 == self.count() { self.nodes } else { from + self.size };
        (from.min(self.nodes), to)
    }

    /// The nodes of a group, relays among them.
    pub fn members(&self, group: u32) -> Vec<NodeId> {
        let (from, to) = self.people(group);
        let relays = (0..self.relays).filter(|relay| self.of(*relay) == group);
        relays.chain(from..to).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_in_one_group() {
        for (nodes, relays, size) in [(10, 0, 3), (10, 2, 3), (5, 0, 10), (12, 3, 4), (100, 7, 31)] {
            let groups = Communities::new(nodes, relays, size);
            let mut all: Vec<NodeId> = (0..groups.count()).flat_map(|group| groups.members(group)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..nodes).collect::<Vec<_>>());
            for group in 0..groups.count() {
                assert!(groups.members(group).iter().all(|node| groups.of(*node) == group));
            }
        }
    }
}
