//! What is checked on the way to the engine, on all cores: signatures cost more than all the rest.
//!
//! [`check`] is a pure function of one network event. The runtime calls it for many events at once;
//! a simulation may call it inline.

use starling_protocol::{
    Verified,
    entry::{self, Invalid},
    feed::ForkProof,
    frame::Frame,
    identity::Record,
    sync::Answer,
};

use crate::network::Event;

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
#[derive(Debug)]
pub enum CheckedFrame {
    /// An entry, and enough of its author's identity to believe it.
    Entry(Record, Box<Verified>),
    /// An identity, not yet merged.
    Identity(Record),
    /// An identity and the proof of a fork.
    Fork(Record, Box<ForkProof>),
}

/// Checks whatever in an event is costly to check.
pub fn check(event: &Event) -> Checked {
    match event {
        Event::SyncFrame { frame, .. } if Answer::has_entries(frame) => match Answer::from_bytes(frame) {
            Ok(Answer::Entries { entries, .. }) => {
                Checked::Entries(entries.iter().map(|bytes| check_entry(bytes)).collect())
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

fn check_frame(bytes: &[u8]) -> Option<CheckedFrame> {
    Some(match Frame::from_bytes(bytes).ok()? {
        Frame::Entry { record, entry } => CheckedFrame::Entry(record, Box::new(entry::verify(&entry).ok()?)),
        Frame::Identity(record) => CheckedFrame::Identity(record),
        Frame::Fork { record, proof } => {
            CheckedFrame::Fork(record, Box::new(ForkProof::from_bytes(&proof).ok()?))
        }
    })
}
