//! Says again what was said long ago. Frames that it heard come back as they were when everybody's memory of them
//! is gone, and in a new wrapping before that; whoever asks it for feeds is shown the state of the day when the
//! attack began. All of it is signed, and some of it was deleted since.

use std::collections::VecDeque;

use bytes::Bytes;
use rand::RngExt;
use starling::network::{self, Event as Net};
use starling_protocol::{entry::Signed, frame::Frame};

use super::{
    Adversary, Scene,
    shelf::{Shelf, Teller},
};
use crate::plan::{Micros, SEC};

/// Frames that are remembered.
const FRAMES: usize = 512;
/// For so long gossip knows a frame that it has seen; before, the same bytes reach nobody twice.
const KNOWN: Micros = 600 * SEC;
/// Time between two frames.
const EVERY: Micros = 2 * SEC;

/// See the file.
#[derive(Default)]
pub struct Replay {
    heard: VecDeque<(Micros, u8, Bytes)>,
    teller: Teller,
    next: Micros,
}

impl Adversary for Replay {
    fn begin(&mut self, scene: &mut Scene<'_>) {
        self.next = scene.at;
        let me = scene.me().author;
        let mut authors = vec![me];
        authors.extend(scene.store.read().and_then(|reader| reader.following(&me)).unwrap_or_default());
        self.teller.shelf = Shelf::copy(scene.store, &authors).unwrap_or_default();
        scene.hang_up();
    }

    fn next(&self) -> Option<Micros> {
        Some(self.next)
    }

    fn act(&mut self, scene: &mut Scene<'_>) {
        self.next = scene.at + EVERY;
        if self.heard.is_empty() {
            return;
        }
        let (since, shard, frame) = &self.heard[scene.rng.random_range(0..self.heard.len())];
        let forgotten = since + KNOWN < scene.at;
        let frame = if forgotten { Some(frame.clone()) } else { wrapped_anew(frame) };
        scene.orders.extend(frame.map(|frame| network::Command::Publish { shard: *shard, frame }));
    }

    fn hears(&mut self, scene: &mut Scene<'_>, event: Net) -> Option<Net> {
        if let Net::Gossip { shard, frame, .. } = &event {
            if self.heard.len() == FRAMES {
                self.heard.pop_front();
            }
            self.heard.push_back((scene.at, *shard, frame.clone()));
        }
        self.teller.hears(scene, event, |_| true)
    }

    fn end(&mut self, scene: &mut Scene<'_>) {
        self.teller.hang_up(scene);
    }
}

/// The same entry in other bytes, as valid as the first: without what it says.
fn wrapped_anew(frame: &[u8]) -> Option<Bytes> {
    let Ok(Frame::Entry { record, entry }) = Frame::from_bytes(frame) else { return None };
    let mut signed = Signed::from_bytes(&entry).ok()?;
    signed.payload = None;
    Some(Frame::Entry { record, entry: signed.to_bytes() }.to_bytes().into())
}
