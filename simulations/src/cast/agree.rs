//! Do those who follow an author hold the same of them? Read from the stores, and so the truth; expensive, for
//! now and then.

use std::collections::{BTreeMap, btree_map::Entry};

use starling::store::{self, LogRow};
use starling_protocol::{AuthorId, EntryId};

use super::Cast;
use crate::plan::NodeId;

/// How far the followers of everybody agree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Pairs of an honest running follower and an honest author.
    pub pairs: u64,
    /// Those of them in which the follower holds, without a gap at its end, what anybody of the author's honest
    /// running followers, or the author, holds as the newest of each log.
    pub agreeing: u64,
    /// Some of the others: follower and author.
    pub apart: Vec<(NodeId, NodeId)>,
}

/// Pairs that are named.
const NAMED: usize = 8;

/// Where each log of an author ends: device and log, place, id.
type Ends = BTreeMap<([u8; 32], u8), (u64, EntryId)>;

impl Cast {
    /// Compares what honest running nodes hold of the honest authors whom they follow. Who was blocked does not
    /// count.
    ///
    /// # Errors
    /// If a store cannot be read.
    pub fn heads_agree(&self) -> Result<Agreement, store::Error> {
        let mut held: Vec<(NodeId, NodeId, Vec<LogRow>)> = Vec::new();
        let mut newest: BTreeMap<NodeId, Ends> = BTreeMap::new();
        for node in self.honest().filter(|node| self.awake(*node)) {
            let Some(engine) = self.engine(node) else { continue };
            let reader = engine.store().read()?;
            let me = self.person(node).author;
            let rows = reader.log_rows(&me)?;
            note(newest.entry(node).or_default(), &rows);
            for author in reader.following(&me)? {
                let Some(author) = self.author_node(&author).filter(|author| self.is_honest(*author)) else {
                    continue;
                };
                if author == node || self.blocks(node, author) {
                    continue;
                }
                let rows = reader.log_rows(&self.person(author).author)?;
                note(newest.entry(author).or_default(), &rows);
                held.push((node, author, rows));
            }
        }
        let mut agreement = Agreement { pairs: held.len() as u64, ..Agreement::default() };
        for (node, author, rows) in held {
            if newest.get(&author).is_none_or(|newest| whole(newest, &rows)) {
                agreement.agreeing += 1;
            } else if agreement.apart.len() < NAMED {
                agreement.apart.push((node, author));
            }
        }
        Ok(agreement)
    }

    /// The node of an author.
    pub fn author_node(&self, author: &AuthorId) -> Option<NodeId> {
        self.by_author.get(author).copied()
    }

    /// The nodes that keep to the rules.
    pub fn honest(&self) -> impl Iterator<Item = NodeId> {
        (0..self.plan.nodes.len() as NodeId).filter(|node| self.is_honest(*node))
    }

    /// Whether a node keeps to the rules.
    pub fn is_honest(&self, node: NodeId) -> bool {
        self.plan.nodes[node as usize].role.honest()
    }
}

fn note(newest: &mut Ends, rows: &[LogRow]) {
    for row in rows {
        let Some(top) = row.state.top() else { continue };
        match newest.entry((*row.device.as_bytes(), row.log)) {
            Entry::Vacant(place) => drop(place.insert((top.hi, top.head))),
            Entry::Occupied(mut place) if place.get().0 < top.hi => drop(place.insert((top.hi, top.head))),
            Entry::Occupied(_) => {}
        }
    }
}

/// Whether these logs end where the newest end, and hold one stretch each.
fn whole(newest: &Ends, rows: &[LogRow]) -> bool {
    newest.iter().all(|((device, log), end)| {
        let row = rows.iter().find(|row| row.device.as_bytes() == device && row.log == *log);
        row.is_some_and(|row| {
            row.state.runs().len() == 1 && row.state.top().is_some_and(|top| (top.hi, top.head) == *end)
        })
    })
}
