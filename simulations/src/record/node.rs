//! What is counted for each node.

use crate::plan::Micros;

use super::Traffic;

/// Bytes by kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bytes {
    /// Gossiped frames.
    pub payload: u64,
    /// What keeps gossip going.
    pub control: u64,
    /// Sync sessions.
    pub sync: u64,
}

impl Bytes {
    /// Adds bytes of one kind.
    pub fn add(&mut self, kind: Traffic, bytes: u64) {
        match kind {
            Traffic::Payload => self.payload += bytes,
            Traffic::Control => self.control += bytes,
            Traffic::Sync => self.sync += bytes,
        }
    }

    /// All kinds.
    pub fn all(self) -> u64 {
        self.payload + self.control + self.sync
    }

    /// What was added since an earlier count.
    pub fn since(self, before: Self) -> Self {
        Self {
            payload: self.payload.saturating_sub(before.payload),
            control: self.control.saturating_sub(before.control),
            sync: self.sync.saturating_sub(before.sync),
        }
    }
}

/// Counters of one node.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Since when it runs, if it does.
    pub since: Option<Micros>,
    /// When it first started.
    pub started: Option<Micros>,
    /// How long it ran, before `since`.
    pub ran: Micros,
    /// The latest moment after which it still ran for [`super::LONG_ENOUGH`] without a break.
    pub due_until: Option<Micros>,
    /// When its first mesh was large enough.
    pub meshed: Option<Micros>,
    /// The shard of its own posts, if told.
    pub own_shard: Option<u8>,
    /// The shards that it takes part in, a bit each.
    pub shards: u64,
    /// Connections that stand.
    pub connections: u32,
    /// Bytes that it sent.
    pub sent: Bytes,
    /// Bytes that reached it.
    pub received: Bytes,
    /// Frames that reached it for the first time.
    pub firsts: u64,
    /// Frames that reached it again.
    pub duplicates: u64,
    /// Frames that it refused as broken.
    pub rejected: u64,
    /// Posts of honest authors that it stored while it ran since before they were written.
    pub live: u64,
    /// How long those took in all.
    pub live_time: u128,
    /// Entries of adversaries that it stored.
    pub hostile: u64,
    /// Bytes of its store at the end.
    pub stored: Option<u64>,
    /// Posts that it waits for.
    pub missing: u32,
    /// Pairs with posts older than [`super::AGED`] that count for it, and those it has.
    pub aged: (u32, u32),
}

impl Counters {
    /// It starts.
    pub fn start(&mut self, at: Micros) {
        self.started.get_or_insert(at);
        self.since.get_or_insert(at);
    }

    /// It ends, or the world does.
    pub fn stop(&mut self, at: Micros) {
        if let Some(since) = self.since.take() {
            let ran = at.saturating_sub(since);
            self.ran += ran;
            if ran >= super::LONG_ENOUGH {
                self.due_until = Some(at - super::LONG_ENOUGH);
            }
        }
    }
}
