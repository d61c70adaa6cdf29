//! Whose bytes were what kind: payload and sync are told where they arrive, and the rest of what the wires carried
//! between two nodes is control.

use std::collections::BTreeMap;

use crate::cast::Cast;
use crate::plan::NodeId;
use crate::record::{Copy, Traffic};

/// Bytes of a sync frame's length.
const LENGTH: u64 = 4;

/// The books between two looks at the wires.
#[derive(Default)]
pub(super) struct Ledger {
    /// Payload and sync from one node to another that no wire was charged for yet.
    told: BTreeMap<(NodeId, NodeId), u64>,
    /// Copies of frames that reached a node, and those among them that were new.
    copies: BTreeMap<NodeId, (u64, u64)>,
}

impl Ledger {
    /// A copy of a gossiped frame arrived.
    pub fn copy(&mut self, cast: &mut Cast, from: NodeId, to: NodeId, bytes: u64) {
        cast.record.bytes(from, to, Traffic::Payload, bytes);
        *self.told.entry((from, to)).or_default() += bytes;
        self.copies.entry(to).or_default().0 += 1;
    }

    /// A node's engine was handed a gossiped frame.
    pub fn first(&mut self, cast: &mut Cast, to: NodeId, bytes: u64) {
        cast.record.copy(to, Copy::First, bytes);
        self.copies.entry(to).or_default().1 += 1;
    }

    /// A sync frame arrived.
    pub fn sync(&mut self, cast: &mut Cast, from: NodeId, to: NodeId, bytes: u64) {
        cast.record.bytes(from, to, Traffic::Sync, bytes + LENGTH);
        *self.told.entry((from, to)).or_default() += bytes + LENGTH;
    }

    /// Closes the books with what the wires carried since the last time.
    pub fn close(&mut self, cast: &mut Cast, carried: &BTreeMap<(NodeId, NodeId), u64>) {
        for ((from, to), bytes) in carried {
            let told = self.told.get(&(*from, *to)).copied().unwrap_or_default();
            cast.record.bytes(*from, *to, Traffic::Control, bytes.saturating_sub(told));
            // What was put on the wire before this look and arrived after it is charged at the next.
            self.told.insert((*from, *to), told.saturating_sub(*bytes));
        }
        self.told.retain(|_, left| *left > 0);
        for (node, (copies, firsts)) in std::mem::take(&mut self.copies) {
            let duplicates = copies.saturating_sub(firsts);
            for _ in 0..duplicates {
                cast.record.copy(node, Copy::Duplicate, 0);
            }
            // A new frame may still be on its way to the engine.
            if firsts > copies {
                self.copies.insert(node, (0, firsts - copies));
            }
        }
    }
}
