//! Signs two entries for one place of its log with its own device key. One half of those who ask it hears the one,
//! the other half the other; nothing of it is gossiped, where both would meet at once. It comes out when the two
//! halves compare what they hold.

use libp2p::PeerId;
use starling::network::{self, Event as Net};
use starling_protocol::{
    EntryId, Verified,
    entry::{Place, log, sign},
    frame::Frame,
    payload::{Body, Content},
};

use super::{
    Adversary, Scene,
    shelf::{Shelf, Teller},
};
use crate::plan::{Micros, SEC};

/// Time between two lies.
const EVERY: Micros = 60 * SEC;

/// See the file.
#[derive(Default)]
pub struct Equivocate {
    /// Serves the second branch.
    teller: Teller,
    /// Where the second branch ends.
    top: Option<(u64, EntryId)>,
    next: Micros,
    lies: u64,
}

/// Who hears the second branch: whoever's id ends in an odd byte.
fn second(peer: &PeerId) -> bool {
    peer.to_bytes().last().is_some_and(|byte| byte % 2 == 1)
}

impl Equivocate {
    /// The next entry of the second branch.
    fn lie(&mut self, scene: &Scene<'_>) -> Verified {
        let me = scene.me();
        self.lies += 1;
        let (seq, previous) = self.top.map_or((0, None), |(seq, id)| (seq + 1, Some(id)));
        let place = Place { author: me.author, log: log::POSTS, seq, previous };
        let body = Body::Post(Content { text: format!("no {}", self.lies), ..Content::default() });
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.lies.to_le_bytes());
        let entry = sign(place, body, salt, scene.clock, &me.device);
        self.top = Some((seq, entry.id()));
        entry
    }
}

impl Adversary for Equivocate {
    fn begin(&mut self, scene: &mut Scene<'_>) {
        self.next = scene.at;
        let me = scene.me();
        // Both branches grow from what was honest; a store that cannot be read makes an honest node of it.
        if let (Ok(shelf), Ok(reader)) = (Shelf::copy(scene.store, &[me.author]), scene.store.read()) {
            let rows = reader.log_rows(&me.author).unwrap_or_default();
            let own = rows.iter().find(|row| row.device == me.device.public() && row.log == log::POSTS);
            self.top = own.and_then(|row| row.state.top()).map(|top| (top.hi, top.head));
            self.teller.shelf = shelf;
        }
        scene.hang_up();
    }

    fn next(&self) -> Option<Micros> {
        Some(self.next)
    }

    fn act(&mut self, scene: &mut Scene<'_>) {
        self.next = scene.at + EVERY;
        scene.post(format!("yes {} of node {}", self.lies + 1, scene.node));
        let lie = self.lie(scene);
        scene.lied = true;
        self.teller.announce(scene, &lie);
    }

    fn hears(&mut self, scene: &mut Scene<'_>, event: Net) -> Option<Net> {
        self.teller.hears(scene, event, second)
    }

    fn says(&mut self, scene: &mut Scene<'_>, order: network::Command) -> Option<network::Command> {
        if let network::Command::Publish { frame, .. } = &order
            && let Ok(frame @ (Frame::Entry { .. } | Frame::Fork { .. })) = Frame::from_bytes(frame)
            && frame.record().author().is_ok_and(|author| author == scene.me().author)
        {
            return None;
        }
        Some(order)
    }

    fn end(&mut self, scene: &mut Scene<'_>) {
        self.teller.hang_up(scene);
    }
}
