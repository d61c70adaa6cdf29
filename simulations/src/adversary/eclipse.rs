//! Surrounds its victims: calls them until their places are taken, and keeps back what passes. Gossip goes no
//! further and is held against nobody; whoever asks for feeds is told, politely, that there are none.

use std::sync::Arc;

use starling::network::{self, Event as Net, Verdict};

use super::{Adversary, Scene, shelf::Teller};
use crate::plan::{Micros, NodeId, SEC};

/// Victims who are not connected are called again this often: a place that becomes free is taken before its owner
/// thinks of filling it.
const CALL_EVERY: Micros = 5 * SEC;

/// See the file.
pub struct Eclipse {
    victims: Arc<Vec<NodeId>>,
    /// Serves nothing.
    teller: Teller,
    next: Micros,
}

impl Eclipse {
    /// Around these.
    pub fn new(victims: Arc<Vec<NodeId>>) -> Self {
        Self { victims, teller: Teller::default(), next: 0 }
    }
}

impl Adversary for Eclipse {
    fn begin(&mut self, scene: &mut Scene<'_>) {
        self.next = scene.at;
        scene.hang_up();
    }

    fn next(&self) -> Option<Micros> {
        Some(self.next)
    }

    fn act(&mut self, scene: &mut Scene<'_>) {
        self.next = scene.at + CALL_EVERY;
        self.victims.iter().for_each(|victim| scene.dial(*victim));
    }

    fn hears(&mut self, scene: &mut Scene<'_>, event: Net) -> Option<Net> {
        if let Net::Gossip { message, .. } = event {
            scene.orders.push(network::Command::Verdict { message, verdict: Verdict::Ignore });
            return None;
        }
        self.teller.hears(scene, event, |_| true)
    }

    fn end(&mut self, scene: &mut Scene<'_>) {
        self.teller.hang_up(scene);
    }
}
