//! What the engine does when things go wrong beneath it: a batch that could not be stored, a clock that
//! was set back.
//!
//! The store forgets a failed batch whole. The engine must forget it too, but not what happened in the
//! world meanwhile: connections that came and went are real whether they could be written down or not.

use std::collections::BTreeSet;

use libp2p::PeerId;

use super::{
    Input, Output, Refusal, Request,
    guard::Guard,
    peers::RESYNC_MS,
    state::{STEP_MS, State},
    turn::Turn,
};
use crate::{
    network::{Command, Event, GossipRef, StreamId, Verdict},
    store::Error,
};

/// Something in a batch that stays true if the batch is given up.
enum Fact {
    Connected(PeerId, String, bool),
    Disconnected(PeerId),
    Opened(StreamId),
    Gossiped(GossipRef),
}

/// What must be known to give a batch up.
pub(super) struct Before {
    waiting: Vec<Request>,
    facts: Vec<Fact>,
    guard: Guard,
    unsent: u64,
    calls_of_earlier: bool,
    shards: BTreeSet<u8>,
}

impl State {
    /// Looks at a batch before it is taken in.
    pub fn before(&self, inputs: &[Input]) -> Before {
        let fact = |input: &Input| match input {
            Input::Network(Event::Connected { peer, address, outbound, first: true }, _) => {
                Some(Fact::Connected(*peer, address.to_string(), *outbound))
            }
            Input::Network(Event::Disconnected { peer }, _) => Some(Fact::Disconnected(*peer)),
            Input::Network(Event::SyncOpened { stream, .. }, _) => Some(Fact::Opened(*stream)),
            Input::Network(Event::Gossip { message, .. }, _) => Some(Fact::Gossiped(*message)),
            _ => None,
        };
        Before {
            waiting: inputs.iter().filter_map(Input::request).collect(),
            facts: inputs.iter().filter_map(fact).collect(),
            guard: self.guard,
            unsent: self.waiting,
            calls_of_earlier: self.calls_of_earlier,
            shards: self.shards.clone(),
        }
    }

    /// A batch failed: whoever waits is told, and every session starts anew, since what it believed to
    /// be stored is not.
    pub fn abandon(&mut self, before: Before, now: u64, error: &Error) -> Vec<Output> {
        tracing::error!("a batch was given up: {error}");
        let refusal = || Refusal::Storage(error.to_string());
        let replies = before.waiting.iter().map(|request| Output::Reply(*request, Err(refusal())));
        let mut outputs: Vec<Output> = replies.collect();
        let mut streams: BTreeSet<StreamId> = std::mem::take(&mut self.sessions).into_keys().collect();
        for peer in self.peers.values_mut() {
            streams.extend(peer.pull.take().into_iter().chain(peer.serve.take()));
        }
        for fact in before.facts {
            match fact {
                Fact::Connected(peer, address, outbound) => {
                    let held = self.peers.entry(peer).or_default();
                    (held.address, held.outbound) = (address, outbound);
                }
                Fact::Disconnected(peer) => drop(self.peers.remove(&peer)),
                Fact::Opened(stream) => drop(streams.insert(stream)),
                Fact::Gossiped(message) => {
                    let verdict = Verdict::Ignore;
                    outputs.push(Output::Network(Command::Verdict { message, verdict }));
                }
            }
        }
        outputs.extend(streams.into_iter().map(|stream| Output::Network(Command::CloseSync { stream })));
        self.peers.values_mut().for_each(|peer| peer.resync_at = Some(now + RESYNC_MS));
        self.in_flight = Default::default();
        // What was noted of frames that never left is not true, and which those were is not known.
        self.outgoing = Default::default();
        self.numbers.clear();
        (self.guard, self.waiting) = (before.guard, before.unsent);
        self.calls_of_earlier = before.calls_of_earlier;
        // Orders to join and leave may have been lost: what is wanted in the end is ordered again.
        self.shards.extend(before.shards);
        self.listening.doubt();
        self.next_dial = now + RESYNC_MS;
        self.shown = None;
        self.stale = true;
        // Whether posts are due is looked at then, not at once: the disk may fail again.
        self.next_scheduled = now.saturating_add(RESYNC_MS);
        outputs
    }
}

impl Turn<'_, '_> {
    /// The beginning of each turn: what a failed batch left wrong is read again, and a clock that was
    /// set back is seen.
    pub fn awake(&mut self) -> Result<(), Error> {
        let back = self.state.last_turn.saturating_sub(self.now);
        self.state.last_turn = self.now;
        if back > STEP_MS {
            self.went_back()?;
        }
        if self.state.stale {
            self.reload_state()?;
            self.load_outgoing()?;
            for shard in std::mem::take(&mut self.state.shards) {
                self.network(Command::Leave { shard });
            }
            self.join_shards();
            // If this batch fails as the last one did, it is stale again.
            self.state.stale = false;
        }
        Ok(())
    }

    /// Everything that waits for a moment would wait too long: it is done now.
    fn went_back(&mut self) -> Result<(), Error> {
        let now = self.now;
        tracing::warn!("the clock was set back");
        self.state.rates = Default::default();
        self.state.pushed = Default::default();
        self.state.late = Default::default();
        self.state.late.company(self.state.peers.len(), now);
        self.forget_heard();
        self.state.next_dial = now;
        let pulls: Vec<(PeerId, Option<StreamId>)> =
            self.state.peers.iter().map(|(peer, held)| (*peer, held.pull)).collect();
        for (peer, pull) in pulls {
            if let Some(stream) = pull {
                // Since when an answer is owed cannot be said any more.
                self.network(Command::CloseSync { stream });
                self.end_session(stream)?;
                if let Some(held) = self.state.peers.get_mut(&peer) {
                    held.pull = None;
                }
            }
            self.retry_sync(peer);
        }
        Ok(())
    }
}
