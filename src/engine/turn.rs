//! One call of the engine: the state, a transaction, the time, and what is to leave after the commit.

use std::collections::BTreeSet;

use starling_protocol::{AuthorId, sync::News};

use super::{Disk, Event, Output, Refusal, Reply, Request, Status, output::PeerStatus, state::State};
use crate::{
    network,
    store::{Batch, Error},
};

/// How an answer to a command comes about: the store may fail, and the wish may be refused.
pub(super) type Answered<T> = Result<Result<T, Refusal>, Error>;

/// Something new to tell peers, and the one it came from, who need not be told.
pub(super) struct Fresh {
    pub news: News,
    pub from: Option<libp2p::PeerId>,
}

impl Fresh {
    pub fn author(&self) -> AuthorId {
        match &self.news {
            News::Entry(author, _) | News::Identity(author, _) | News::Fork(author, _) => *author,
        }
    }
}

pub(super) struct Turn<'a, 't> {
    pub state: &'a mut State,
    pub batch: &'a mut Batch<'t>,
    pub now: u64,
    pub out: Vec<Output>,
    pub fresh: Vec<Fresh>,
    /// Authors whose relations are made anew at the end of the turn.
    pub regraphs: BTreeSet<u32>,
}

impl<'a, 't> Turn<'a, 't> {
    pub fn new(state: &'a mut State, batch: &'a mut Batch<'t>, now: u64) -> Self {
        Self { state, batch, now, out: Vec::new(), fresh: Vec::new(), regraphs: BTreeSet::new() }
    }

    /// The first turn: our own identity, whom we follow, which shards to join, whom to call.
    pub fn begin(mut self) -> Result<Vec<Output>, Error> {
        self.reload_state()?;
        self.state.waiting = self.load_outgoing()?;
        self.join_shards();
        self.state.next_dial = self.now;
        self.end()
    }

    /// Reads from the store what the engine remembers of it.
    pub fn reload_state(&mut self) -> Result<(), Error> {
        let author = self.state.author;
        self.state.me = self.batch.intern_author(&author, self.now)?;
        self.batch.set_me(self.state.me)?;
        let record = self.state.identity.clone();
        if let Err(error) = self.merge_identity(&record, None)? {
            return Err(Error::Corrupt(format!("our own identity is invalid: {error}")));
        }
        self.load_scheduled()?;
        self.load_polls()?;
        self.load_relations()
    }

    /// Ends the turn: peers are told what is new, and the outputs go to be carried out.
    pub fn end(mut self) -> Result<Vec<Output>, Error> {
        self.regraph_marked()?;
        self.keep_bounds()?;
        self.keep_shards();
        self.announce()?;
        self.count_sources();
        let status = self.status();
        if Some(&status) != self.state.shown.as_ref() {
            self.state.shown = Some(status.clone());
            // First: whoever is answered in this turn finds the status as it is after it.
            self.out.insert(0, Output::Status(status));
        }
        Ok(self.out)
    }

    pub fn network(&mut self, command: network::Command) {
        self.out.push(Output::Network(command));
    }

    pub fn event(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    pub fn reply(&mut self, request: Request, result: Result<Reply, Refusal>) {
        self.out.push(Output::Reply(request, result));
    }

    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.state.entropy)(&mut bytes);
        bytes
    }

    /// Whether this author's posts stand on the home timeline.
    pub fn is_home(&self, author: &AuthorId) -> bool {
        *author == self.state.author || self.state.following.contains(author)
    }

    pub fn disk(&mut self, disk: Disk) -> Result<(), Error> {
        let (low, full) = self.state.policy.room(disk);
        self.state.disk_low = low;
        self.state.disk_full = full;
        Ok(())
    }

    pub fn listening(&mut self, address: libp2p::Multiaddr) -> Result<(), Error> {
        if !self.state.listen.contains(&address) {
            self.state.listen.push(address);
        }
        Ok(())
    }

    pub fn listen_failed(&mut self, address: &libp2p::Multiaddr, reason: &str) -> Result<(), Error> {
        tracing::warn!("cannot listen on {address}: {reason}");
        self.state.listen.retain(|held| held != address);
        Ok(())
    }

    fn status(&self) -> Status {
        let peers = self.state.peers.iter().map(|(peer, held)| PeerStatus {
            peer: *peer,
            address: held.address.clone(),
            outbound: held.outbound,
            pulling: held.pull.and_then(|stream| Some(self.state.sessions.get(&stream)?.caught())),
            serving: held.serve.is_some(),
            received: held.received,
        });
        Status {
            peers: peers.collect(),
            guarded: self.state.guard.reason(),
            waiting: self.state.waiting,
            outgoing: self.state.outgoing.shown(),
            sources: self.state.sources.counts(),
            listen: self.state.listen.clone(),
            disk_low: self.state.disk_low,
        }
    }
}
