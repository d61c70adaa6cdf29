//! What is checked on the way to the engine, on all cores: signatures cost more than all the rest.
//!
//! [`check`] is a pure function of one network event. The runtime calls it for many events at once;
//! a simulation may call it inline.

use starling_protocol::{
    Verified,
    entry::{self, Invalid},
    frame::{self, Frame},
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
    Entry(Record, Verified),
    /// An identity, not yet merged.
    Identity(Record),
    /// An identity and the proof of a fork.
    Fork(Record, Box<starling_protocol::feed::ForkProof>),
}

/// Checks whatever in an event is costly to check.
pub fn check(event: &Event) -> Checked {
    match event {
        Event::SyncFrame { frame, .. } => match Answer::from_bytes_if_entries(frame) {
            Some(entries) => Checked::Entries(entries.iter().map(|bytes| check_entry(bytes)).collect()),
            None => Checked::Nothing,
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
    Some(match frame::Frame::from_bytes(bytes).ok()? {
        Frame::Entry { identity, entry } => CheckedFrame::Entry(identity, entry::verify(&entry).ok()?),
        Frame::Identity(record) => CheckedFrame::Identity(record),
        Frame::Fork { identity, proof } => CheckedFrame::Fork(identity, Box::new(proof)),
    })
}
