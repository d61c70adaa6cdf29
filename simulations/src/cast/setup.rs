//! What a node is made of when it starts: whom it is, whom it follows, what it draws its salts from.

use starling::{
    engine::{Policy, Setup},
    store::{Store, graph},
};

use super::Cast;
use crate::{people, plan::NodeId};

impl Cast {
    /// Writes whom a node follows into its store, without entries that say so.
    pub(super) fn follow_quietly(&self, store: &Store, node: NodeId, clock: u64) -> anyhow::Result<()> {
        let me = self.person(node).author;
        store.write(|batch| {
            let me = batch.intern_author(&me, clock)?;
            for followed in &self.plan.follows[node as usize] {
                let target = batch.intern_author(&self.person(*followed).author, clock)?;
                let standing = graph::Standing { time: 0, device: 0, seq: 0, holds: true };
                batch.relate(me, graph::FOLLOW, target, standing)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    pub(super) fn setup(&self, node: NodeId) -> Setup {
        let planned = &self.plan.nodes[node as usize];
        let person = self.person(node);
        let salt = people::derive(self.plan.seed, node, "salts");
        let mut drawn = self.nodes[node as usize].starts << 40;
        let defaults = Policy::default();
        Setup {
            author: person.author,
            peer: person.peer,
            identity: person.record.clone(),
            device: person.device.clone(),
            root: Some(person.root.clone()),
            entropy: Box::new(move |bytes| {
                drawn += 1;
                blake3::Hasher::new_keyed(&salt).update(&drawn.to_le_bytes()).finalize_xof().fill(bytes);
            }),
            guard: None,
            bootstrap: planned.bootstrap.iter().map(|there| self.place(*there)).collect(),
            policy: Policy {
                outbound: self.plan.policy.outbound,
                stay_in_shards: planned.relay,
                network_rows: self.plan.policy.network_rows.unwrap_or(defaults.network_rows),
                retention: self.plan.policy.retention.unwrap_or(defaults.retention),
                ..defaults
            },
        }
    }
}
