//! The node's mind: what reaches it goes in as an [`Input`], what it wants done comes out as
//! [`Output`]s, and in between it is told the time. No sockets, no clock, no threads; the store is
//! the only thing it touches, in one transaction a call.
//!
//! ```text
//! Command ─┐                      ┌─ Reply      to whoever asked
//! Network ─┼─► handle ─► commit ─►┼─ Network    to the swarm task
//! Disk    ─┤   (one transaction)  ├─ Event      to whoever watches
//! Tick    ─┘                      └─ Status     what `status` shows
//! ```
//! Outputs leave only after the commit: what was answered is on disk.
//!
//! This file is a table of contents. It decides nothing: each arm is one line.

pub mod checked;
pub mod command;
mod erase;
mod files;
mod forget;
mod fork;
mod gossip;
mod guard;
mod holdings;
mod identity;
mod import;
pub mod input;
mod inspect;
mod keep;
mod late;
mod notify;
mod outgoing;
pub mod output;
mod peers;
mod policy;
mod polls;
mod publish;
mod receive;
mod recovery;
mod scheduled;
mod sessions;
mod shards;
mod sources;
mod state;
mod surface;
mod syncing;
mod taking;
mod turn;
mod wanting;

#[cfg(test)]
pub(crate) mod tests;

pub use command::{Command, Refusal, Reply};
pub use input::{Disk, Input, Request};
pub use inspect::Inspection;
pub use outgoing::OnItsWay;
pub use output::{Event, Output, PeerStatus, Status};
pub use policy::{Floors, Policy};
pub use starling_protocol::sync::Load;
pub use state::{Entropy, Setup};
pub use surface::shard;

use crate::{
    network,
    store::{Error, Store},
};
use state::State;
use turn::Turn;

/// The engine: a store, and what is remembered between inputs.
pub struct Engine {
    store: Store,
    state: State,
}

impl Engine {
    /// Begins with what the store holds; `now` in milliseconds since 1970.
    pub fn new(store: Store, setup: Setup, now: u64) -> Result<(Self, Vec<Output>), Error> {
        let mut state = State::new(setup);
        let outputs = store.write(|batch| Turn::new(&mut state, batch, now).begin())?;
        Ok((Self { store, state }, outputs))
    }

    /// Handles one input.
    pub fn handle(&mut self, now: u64, input: Input) -> Vec<Output> {
        self.handle_all(now, vec![input])
    }

    /// Handles several inputs in one transaction. If it fails, nothing of it happened, and the
    /// outputs say so to everybody who waits.
    pub fn handle_all(&mut self, now: u64, inputs: Vec<Input>) -> Vec<Output> {
        if inputs.iter().all(|input| matches!(input, Input::Tick)) && self.state.rests(now) {
            return Vec::new();
        }
        let before = self.state.before(&inputs);
        let state = &mut self.state;
        let done = self.store.write(|batch| {
            let mut turn = Turn::new(state, batch, now);
            turn.awake()?;
            for input in inputs {
                dispatch(&mut turn, input)?;
            }
            turn.end()
        });
        match done {
            Ok(outputs) => outputs,
            Err(error) => self.state.abandon(before, now, &error),
        }
    }

    /// When the engine wants to be called with [`Input::Tick`] at the latest; not at all, if none. Before
    /// that a tick does nothing, at no cost. Any other input may change the answer.
    pub fn next_wake(&self, now: u64) -> Option<u64> {
        self.state.next_wake(now)
    }

    /// What the engine holds in memory right now, for whoever measures it.
    pub fn inspect(&self) -> Inspection {
        self.state.inspect()
    }

    /// The store, for readers.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

fn dispatch(turn: &mut Turn<'_, '_>, input: Input) -> Result<(), Error> {
    use network::Event as Net;
    match input {
        Input::Command(request, command) => turn.command(request, command),
        Input::Disk(disk) => turn.disk(disk),
        Input::Tick => turn.tick(),
        Input::Network(event, checked) => match event {
            Net::Listening { address } => turn.listening(address),
            Net::ListenFailed { address, reason } => turn.listen_failed(&address, &reason),
            Net::Connected { peer, address, outbound, first } => {
                turn.connected(peer, &address, outbound, first)
            }
            Net::Disconnected { peer } => turn.disconnected(peer),
            Net::DialFailed { peer, addresses, reason } => turn.dial_failed(peer, &addresses, &reason),
            Net::Discovered { peer, addresses } => turn.discovered(peer, &addresses),
            Net::Identified { .. } => Ok(()),
            Net::Gossip { shard, from, message, .. } => turn.gossip(shard, from, message, checked),
            Net::SyncOpened { stream, peer, role } => turn.sync_opened(stream, peer, role),
            Net::SyncFailed { peer, reason } => turn.sync_failed(peer, &reason),
            Net::SyncFrame { stream, frame } => turn.sync_frame(stream, &frame, checked),
            Net::SyncClosed { stream, peer, reason } => turn.sync_closed(stream, peer, &reason),
            Net::PeerMisbehaved { peer, what } => turn.misbehaved(peer, what),
        },
    }
}
