//! One of many identities of one attacker. It calls many, so that honest places are taken, and speaks without
//! pause, so that honest voices drown. Each of its words is valid.

use rand::RngExt;

use super::{Adversary, Scene};
use crate::plan::{Micros, NodeId, SEC};

/// Nodes that one identity calls: four times the connections that a node makes by itself.
const CALLS: usize = 32;
/// Whoever is not connected is called again this often.
const CALL_EVERY: Micros = 30 * SEC;
/// Time between two posts: twelve a minute, a hundred times what a person says on a busy day, and few enough that
/// neighbours, who pass on one a second of each author, let all of it through.
const POST_EVERY: Micros = 5 * SEC;

/// See the file.
#[derive(Default)]
pub struct Sybil {
    called: Vec<NodeId>,
    calls_at: Micros,
    posts_at: Micros,
    said: u64,
}

impl Adversary for Sybil {
    fn begin(&mut self, scene: &mut Scene<'_>) {
        let count = scene.plan.nodes.len();
        let honest: Vec<NodeId> =
            (0..count as NodeId).filter(|node| scene.plan.nodes[*node as usize].role.honest()).collect();
        if !honest.is_empty() {
            self.called = (0..CALLS).map(|_| honest[scene.rng.random_range(0..honest.len())]).collect();
        }
        self.calls_at = scene.at;
        // Not all at once: identities of one attacker take turns.
        self.posts_at = scene.at + scene.rng.random_range(0..POST_EVERY);
    }

    fn next(&self) -> Option<Micros> {
        Some(self.calls_at.min(self.posts_at))
    }

    fn act(&mut self, scene: &mut Scene<'_>) {
        if self.calls_at <= scene.at {
            self.calls_at = scene.at + CALL_EVERY;
            self.called.iter().for_each(|node| scene.dial(*node));
        }
        if self.posts_at <= scene.at {
            self.posts_at = scene.at + POST_EVERY;
            self.said += 1;
            scene.post(format!("buy {} of node {}", self.said, scene.node));
        }
    }
}
