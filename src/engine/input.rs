//! Everything that can reach the engine.

use super::{Command, checked::Checked};
use crate::network;

/// Names a command until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request(pub u64);

/// What there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Bytes free on the file system of the store.
    pub free: u64,
    /// Bytes it has in all.
    pub total: u64,
    /// Bytes of the store's file.
    pub store: u64,
}

/// Something happened.
#[derive(Debug)]
pub enum Input {
    /// The person wants something.
    Command(Request, Command),
    /// The network tells something. What costs time to check was checked on the way.
    Network(network::Event, Checked),
    /// The room on disk, told now and then.
    Disk(Disk),
    /// Time passes.
    Tick,
}

impl Input {
    /// The request that waits for an answer to this.
    pub fn request(&self) -> Option<Request> {
        match self {
            Self::Command(request, _) => Some(*request),
            _ => None,
        }
    }
}
