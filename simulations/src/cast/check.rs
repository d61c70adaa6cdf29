//! What would be checked again by each node is checked once: whether bytes are a valid frame or entry depends on
//! the bytes alone, so a world of ten thousand nodes in one process needs one answer, not ten thousand.
//!
//! Answers are kept by the BLAKE3 of the bytes, those that say no as well. The memory is bounded: it has two
//! generations, and when the younger one is full the elder one is let go.

use std::{collections::HashMap, sync::Arc};

use starling::{
    engine::checked::{self, Checked, CheckedFrame},
    network::Event as Net,
};
use starling_protocol::{Verified, entry, sync::Answer};

/// Answers in one generation. An entry with its checked form takes about 1.5 kB, so both generations stay under
/// 50 MB; a frame reaches everybody within seconds, and what a partition held back for longer is checked again.
const GENERATION: usize = 16_384;

/// BLAKE3 of the bytes that were checked.
pub type Hash = [u8; 32];

type Entry = Result<Arc<Verified>, entry::Invalid>;

/// Checks what reaches nodes, once.
#[derive(Default)]
pub struct Checker {
    frames: Memo<Option<Arc<CheckedFrame>>>,
    entries: Memo<Entry>,
    /// How often the answer was known, and how often it was not.
    pub known: u64,
    /// See there.
    pub worked: u64,
}

impl Checker {
    /// What [`checked::check`] says of an event. `hash` is that of the frame of gossip, if it is at hand.
    pub fn check(&mut self, event: &Net, hash: Option<Hash>) -> Checked {
        match event {
            Net::Gossip { frame, .. } => {
                let hash = hash.unwrap_or_else(|| *blake3::hash(frame).as_bytes());
                let found = match self.frames.get(&hash) {
                    Some(found) => {
                        self.known += 1;
                        found
                    }
                    None => {
                        self.worked += 1;
                        let found = match checked::check(event) {
                            Checked::Gossip(Some(frame)) => Some(Arc::from(frame)),
                            _ => None,
                        };
                        self.frames.put(hash, found.clone());
                        found
                    }
                };
                Checked::Gossip(found.map(|frame| Box::new(CheckedFrame::clone(&frame))))
            }
            Net::SyncFrame { frame, .. } if Answer::has_entries(frame) => match Answer::from_bytes(frame) {
                Ok(Answer::Entries { entries, .. }) => {
                    let checked = entries.iter().map(|bytes| self.entry(bytes));
                    let boxed = checked.map(|entry| entry.map(|entry| Box::new(Verified::clone(&entry))));
                    Checked::Entries(boxed.collect())
                }
                _ => Checked::Nothing,
            },
            _ => Checked::Nothing,
        }
    }

    /// Checks the bytes of one entry.
    pub fn entry(&mut self, bytes: &[u8]) -> Entry {
        let hash = *blake3::hash(bytes).as_bytes();
        if let Some(found) = self.entries.get(&hash) {
            self.known += 1;
            return found;
        }
        self.worked += 1;
        let found = checked::check_entry(bytes).map(Arc::from);
        self.entries.put(hash, found.clone());
        found
    }
}

struct Memo<T> {
    young: HashMap<Hash, T>,
    old: HashMap<Hash, T>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<T: Clone> Memo<T> {
    fn get(&mut self, hash: &Hash) -> Option<T> {
        if let Some(found) = self.young.get(hash) {
            return Some(found.clone());
        }
        // Whatever is still asked for lives on.
        let found = self.old.remove(hash)?;
        self.put(*hash, found.clone());
        Some(found)
    }

    fn put(&mut self, hash: Hash, answer: T) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, answer);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use libp2p::PeerId;
    use starling::network::GossipRef;
    use starling_protocol::{
        Identity,
        entry::{Place, log, sign},
        frame::Frame,
        payload::{Body, Content},
    };

    use super::*;
    use crate::people;

    fn gossip(frame: &[u8]) -> Net {
        let from = PeerId::random();
        let message = GossipRef::new([0; 32], from);
        Net::Gossip { shard: 0, from, message, frame: Bytes::copy_from_slice(frame) }
    }

    fn frame(text: &str) -> Vec<u8> {
        let person = people::person(1, 1).unwrap();
        let place = Place { author: person.author, log: log::POSTS, seq: 0, previous: None };
        let body = Body::Post(Content { text: text.into(), ..Content::default() });
        let entry = sign(place, body, [7; 16], 1, &person.device);
        let identity = Identity::verify(&person.record).unwrap();
        Frame::of_entry(&identity, &entry).unwrap().to_bytes()
    }

    #[test]
    fn a_frame_is_checked_once_and_the_answer_is_the_engines_own() {
        let mut checker = Checker::default();
        let good = frame("hello");
        for _ in 0..5 {
            let Checked::Gossip(Some(found)) = checker.check(&gossip(&good), None) else { panic!("refused") };
            assert!(matches!(*found, CheckedFrame::Entry(_, entry) if entry.payload().is_some()));
        }
        assert_eq!((checker.worked, checker.known), (1, 4));
    }

    #[test]
    fn what_differs_by_a_bit_is_checked_by_itself() {
        let mut checker = Checker::default();
        let mut bad = frame("hello");
        assert!(matches!(checker.check(&gossip(&bad), None), Checked::Gossip(Some(_))));
        let last = bad.len() - 1;
        bad[last] ^= 1;
        for _ in 0..3 {
            assert!(matches!(checker.check(&gossip(&bad), None), Checked::Gossip(None)));
        }
        assert_eq!((checker.worked, checker.known), (2, 2));
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_asked_for() {
        let mut memo = Memo::default();
        let hash = |n: usize| *blake3::hash(&n.to_le_bytes()).as_bytes();
        for n in 0..10 * GENERATION {
            memo.put(hash(n), n);
            assert_eq!(memo.get(&hash(0)), Some(0));
            assert!(memo.young.len() + memo.old.len() <= 2 * GENERATION);
        }
        assert_eq!(memo.get(&hash(1)), None);
    }
}
