//! Sends frames without end: valid ones of its own, and a part that only looks like one. The valid ones cost
//! everybody room and bandwidth, the broken ones a signature each.

use bytes::Bytes;
use rand::RngExt;
use starling::{engine, network};
use starling_protocol::{
    Identity,
    entry::{Place, log, sign},
    frame::Frame,
    limits,
    payload::{Body, Content},
};

use super::{Adversary, Scene};
use crate::plan::{Micros, SEC};

/// Frames leave in handfuls this often at most, so that a thousand a second are fifty calls of the engine.
const HANDFUL: Micros = SEC / 50;

/// See the file.
pub struct Flood {
    per_second: f64,
    garbage: f64,
    next: Micros,
    last: Micros,
    /// What is owed of the next frame.
    owed: f64,
    sent: u64,
}

impl Flood {
    /// At a rate, with a part of garbage from 0 to 1.
    pub fn new(per_second: f64, garbage: f64) -> Self {
        Self { per_second: per_second.max(0.0), garbage, next: 0, last: 0, owed: 0.0, sent: 0 }
    }

    /// A frame with everything in its place but one bit of the signature. No two are alike.
    fn broken(&self, scene: &Scene<'_>) -> Option<Bytes> {
        let me = scene.me();
        let identity = Identity::verify(&me.record).ok()?;
        let place = Place { author: me.author, log: log::POSTS, seq: 0, previous: None };
        let body = Body::Post(Content { text: format!("nothing {}", self.sent), ..Content::default() });
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.sent.to_le_bytes());
        let entry = sign(place, body, salt, scene.clock, &me.device);
        let mut signed = entry.signed().clone();
        signed.signature[0] ^= 1;
        let record = identity.record_for(&me.device.public(), limits::GOSSIP_IDENTITY_BYTES);
        Some(Frame::Entry { record, entry: signed.to_bytes() }.to_bytes().into())
    }
}

impl Adversary for Flood {
    fn begin(&mut self, scene: &mut Scene<'_>) {
        (self.next, self.last, self.owed) = (scene.at, scene.at, 1.0);
    }

    fn next(&self) -> Option<Micros> {
        (self.per_second > 0.0).then_some(self.next)
    }

    fn act(&mut self, scene: &mut Scene<'_>) {
        self.owed += self.per_second * (scene.at - self.last) as f64 / SEC as f64;
        self.last = scene.at;
        self.next = scene.at + HANDFUL.max((SEC as f64 / self.per_second) as Micros);
        let shard = engine::shard(&scene.me().author);
        while self.owed >= 1.0 {
            self.owed -= 1.0;
            self.sent += 1;
            if scene.rng.random_bool(self.garbage.clamp(0.0, 1.0)) {
                let frame = self.broken(scene);
                scene.orders.extend(frame.map(|frame| network::Command::Publish { shard, frame }));
            } else {
                scene.post(format!("flood {} of node {}", self.sent, scene.node));
            }
        }
    }
}
