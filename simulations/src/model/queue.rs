//! What is yet to happen, in the order of its time; what is simultaneous happens in the order in which it was
//! planned, so that a run depends on nothing but its plan.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::{link::LinkId, parcel::Parcel};
use crate::plan::{Micros, NodeId};

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Event {
    /// What was sent reaches the given end of a connection.
    Arrive { link: LinkId, end: u8, parcel: Parcel },
    /// A call reaches the machine that it is for, or nobody.
    Knock { dial: u32 },
    /// The caller has proved who it is and knows whom it called.
    Answered { dial: u32 },
    /// The called knows who called.
    Greeted { from: NodeId, to: NodeId, life: u32, link: Option<LinkId> },
    /// A call came to nothing.
    Unanswered { dial: u32, reason: Failure },
    /// An end of a connection has waited long enough for a sign of life. `spell` says which silence it was.
    Dead { link: LinkId, end: u8, spell: u32 },
    /// What was stuck goes on.
    Resume { link: LinkId, spell: u32 },
    /// An engine takes what has come in. `life` says of which run of the node.
    Turn { node: NodeId, life: u32 },
    /// An engine wanted to be called.
    Wake { node: NodeId, life: u32 },
    /// Meshes are mended and lazy gossip is told.
    Beat { node: NodeId, life: u32 },
}

/// Why a call came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing came back.
    Silence,
    /// There is a machine, but nobody who listens, or it has no room.
    Refused,
    /// We have no room.
    Busy,
}

impl Failure {
    /// For a log.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Silence => "no answer in time",
            Self::Refused => "connection refused",
            Self::Busy => "too many connections are being made",
        }
    }
}

struct Entry {
    at: Micros,
    number: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The heap gives its greatest first, which is to be the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// All that is yet to happen.
#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    number: u64,
}

impl Queue {
    /// Plans an event.
    pub(super) fn push(&mut self, at: Micros, event: Event) {
        self.number += 1;
        self.heap.push(Entry { at, number: self.number, event });
    }

    /// When the next event is.
    pub(super) fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// Takes the next event.
    pub(super) fn pop(&mut self) -> Option<(Micros, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_first_then_in_the_order_of_planning() {
        let mut queue = Queue::default();
        for (at, node) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            queue.push(at, Event::Wake { node, life: 0 });
        }
        let mut order = Vec::new();
        while let Some((at, Event::Wake { node, .. })) = queue.pop() {
            order.push((at, node));
        }
        assert_eq!(order, [(3, 2), (3, 4), (5, 1), (5, 3)]);
    }
}
