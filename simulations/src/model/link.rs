//! Connections: two ends, each of which has its own idea of whether it still stands, and what is on its way between.

use super::parcel::Parcel;
use crate::plan::{Micros, NodeId};

/// Names a connection. A name is never used for another one, even if its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkId {
    place: u32,
    life: u32,
}

/// A connection. End 0 is the one that called.
#[derive(Debug)]
pub(super) struct Link {
    /// Whose ends they are.
    pub ends: [NodeId; 2],
    /// Which ends still take it to stand.
    pub open: [bool; 2],
    /// When the last of what each end sent arrives: nothing overtakes on a connection.
    pub last: [Micros; 2],
    /// Since when nothing gets through.
    pub silent: Option<Micros>,
    /// Silences so far: what was planned for one must not happen in the next.
    pub spell: u32,
    /// What each end sent and what is stuck.
    pub stuck: [Vec<Parcel>; 2],
    /// Bytes that each end sent since nothing gets through.
    pub waiting: [u64; 2],
    /// When it was made, for the pings that it costs.
    pub since: Micros,
    /// Sync streams on it.
    pub streams: Vec<u64>,
}

impl Link {
    /// A connection that stands at the caller's end.
    pub(super) fn new(caller: NodeId, called: NodeId, now: Micros) -> Self {
        Self {
            ends: [caller, called],
            open: [true, false],
            last: [now, now],
            silent: None,
            spell: 0,
            stuck: [Vec::new(), Vec::new()],
            waiting: [0, 0],
            since: now,
            streams: Vec::new(),
        }
    }

    /// Which end is a node's.
    pub(super) fn end_of(&self, node: NodeId) -> u8 {
        u8::from(self.ends[0] != node)
    }

    /// Whose the other end is.
    pub(super) fn other(&self, node: NodeId) -> NodeId {
        self.ends[usize::from(1 - self.end_of(node))]
    }

    /// Whether what arrives at an end has to wait behind what is stuck.
    pub(super) fn holds(&self, to: u8) -> bool {
        self.silent.is_some() || !self.stuck[usize::from(1 - to)].is_empty()
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Links {
    places: Vec<(u32, Option<Link>)>,
    free: Vec<u32>,
}

impl Links {
    /// Adds a connection.
    pub(super) fn add(&mut self, link: Link) -> LinkId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            self.places.len() as u32 - 1
        });
        let held = &mut self.places[place as usize];
        held.1 = Some(link);
        LinkId { place, life: held.0 }
    }

    /// A connection, if it is still there.
    pub(super) fn get(&self, id: LinkId) -> Option<&Link> {
        let (life, link) = self.places.get(id.place as usize)?;
        link.as_ref().filter(|_| *life == id.life)
    }

    /// A connection, if it is still there.
    pub(super) fn get_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        let (life, link) = self.places.get_mut(id.place as usize)?;
        link.as_mut().filter(|_| *life == id.life)
    }

    /// Takes a connection out.
    pub(super) fn remove(&mut self, id: LinkId) -> Option<Link> {
        let (life, link) = self.places.get_mut(id.place as usize)?;
        if *life != id.life {
            return None;
        }
        let link = link.take()?;
        *life = life.wrapping_add(1);
        self.free.push(id.place);
        Some(link)
    }

    /// How many there ever were.
    #[cfg(test)]
    pub(super) fn made(&self) -> u32 {
        self.places.iter().map(|(life, link)| life + u32::from(link.is_some())).sum()
    }

    /// All connections, in the order of their places.
    pub(super) fn all(&self) -> Vec<LinkId> {
        let standing = self.places.iter().zip(0..).filter(|((_, link), _)| link.is_some());
        standing.map(|((life, _), place)| LinkId { place, life: *life }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_name_does_not_lead_to_a_new_connection() {
        let mut links = Links::default();
        let first = links.add(Link::new(1, 2, 0));
        assert_eq!(links.get(first).unwrap().other(2), 1);
        links.remove(first).unwrap();
        let second = links.add(Link::new(3, 4, 0));
        assert!(
            links.get(first).is_none() && links.get_mut(first).is_none() && links.remove(first).is_none()
        );
        assert_eq!(links.all(), [second]);
    }
}
