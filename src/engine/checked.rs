//! What is checked on the way to the engine, on all cores: signatures cost more than all the rest.
//!
//! [`check`] is a pure function of one network event. The runtime calls it for many events at once;
//! a simulation may call it inline.

use std::sync::Arc;

use rayon::prelude::*;
use starling_protocol::{
    AuthorId, Identity, Verified,
    entry::{self, Invalid},
    feed::ForkProof,
    frame::Frame,
    identity::{self, Record},
    sync::Answer,
};

use crate::network::Event;

/// Entries that one core checks in a row: a millisecond of work, beside which handing it over is
/// nothing, and mostly of one log, so that its key is parsed once.
const TOGETHER: usize = 16;

/// An entry, or why it is none.
pub type CheckedEntry = Result<Box<Verified>, Invalid>;

/// What was found out about an event.
#[derive(Debug)]
pub enum Checked {
    /// Nothing in it had to be checked.
    Nothing,
    /// The entries of a sync frame, in their order.
    Entries(Vec<CheckedEntry>),
    /// A gossip frame; none if it is not one.
    Gossip(Option<Box<CheckedFrame>>),
}

/// A gossip frame that is what it should be.
#[derive(Debug, Clone)]
pub enum CheckedFrame {
    /// An entry, and enough of its author's identity to believe it.
    Entry(Vouched, Arc<Verified>),
    /// An identity, not yet merged.
    Identity(Vouched),
    /// An identity and the proof of a fork.
    Fork(Vouched, Arc<ForkProof>),
}

/// An identity whose signatures were checked, and the record of it. Whoever has not heard of its author takes it as it
/// is.
#[derive(Debug, Clone)]
pub struct Vouched {
    record: Arc<Record>,
    identity: Arc<Identity>,
}

impl Vouched {
    /// Checks a record.
    ///
    /// # Errors
    /// If it is none.
    pub fn of(record: Record) -> Result<Self, identity::Error> {
        let identity = Identity::verify(&record)?;
        Ok(Self { record: Arc::new(record), identity: Arc::new(identity) })
    }

    /// Whose it is.
    #[must_use]
    pub fn author(&self) -> AuthorId {
        self.identity.author()
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What it says.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }
}

/// Checks whatever in an event is costly to check.
pub fn check(event: &Event) -> Checked {
    match event {
        Event::SyncFrame { frame, .. } if Answer::has_entries(frame) => match Answer::from_bytes(frame) {
            Ok(Answer::Entries { entries, .. }) => {
                // One frame may be all there is to do: its entries are spread over the cores.
                let checked = entries.par_iter().with_min_len(TOGETHER).map(|bytes| check_entry(bytes));
                Checked::Entries(checked.collect())
            }
            _ => Checked::Nothing,
        },
        Event::Gossip { frame, .. } => Checked::Gossip(check_frame(frame).map(Box::new)),
        _ => Checked::Nothing,
    }
}

/// Checks one entry.
pub fn check_entry(bytes: &[u8]) -> CheckedEntry {
    entry::verify(bytes).map(Box::new)
}

/// Whether a frame is valid depends on its bytes alone, never on what is held: a node must not pass on
/// what a neighbour who knows less would call a lie.
fn check_frame(bytes: &[u8]) -> Option<CheckedFrame> {
    Some(match Frame::from_bytes(bytes).ok()? {
        Frame::Entry { record, entry } => {
            CheckedFrame::Entry(Vouched::of(record).ok()?, Arc::new(entry::verify(&entry).ok()?))
        }
        Frame::Identity(record) => CheckedFrame::Identity(Vouched::of(record).ok()?),
        Frame::Fork { record, proof } => {
            CheckedFrame::Fork(Vouched::of(record).ok()?, Arc::new(ForkProof::from_bytes(&proof).ok()?))
        }
    })
}

#[cfg(test)]
mod tests {
    use starling_protocol::{
        cbor,
        identity::{Action, Inception, Operation},
        keys::{Phrase, Secret},
    };

    use super::*;

    #[test]
    fn a_frame_with_a_bad_signature_in_its_identity_is_no_frame() {
        let phrase = Phrase::from_entropy([1; 32]);
        let mut identity = Identity::begin(Inception::of(&phrase));
        let action = Action::AddDevice(Secret::from_seed([2; 32]).public());
        identity.apply(Operation::sign(identity.author(), 0, action, &phrase.root(0))).unwrap();
        let frame = Frame::Identity(identity.record());
        assert!(matches!(check_frame(&frame.to_bytes()), Some(CheckedFrame::Identity(_))));
        let mut bytes = cbor::encode(&identity.record());
        // The last bytes of a record are its last signature.
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let forged = Frame::Identity(cbor::decode(&bytes).unwrap());
        assert!(check_frame(&forged.to_bytes()).is_none());
    }
}
