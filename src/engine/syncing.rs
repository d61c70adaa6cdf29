//! Sync sessions: how they begin and end, and the machines of the protocol crate wired to the network.

use bytes::Bytes;
use libp2p::PeerId;
use starling_protocol::{
    AuthorId,
    sync::{PullAction, Pulling, ServeAction, Serving},
};

use super::{
    checked::Checked,
    holdings::{Holding, Holdings},
    outgoing::{OwnReads, Went},
    peers::Fault,
    sessions::Session,
    turn::Turn,
};
use crate::{
    network::{Command, StreamId, SyncRole},
    store::Error,
};

impl Turn<'_, '_> {
    pub fn sync_opened(&mut self, stream: StreamId, peer: PeerId, role: SyncRole) -> Result<(), Error> {
        let now = self.now;
        let old = self.state.peers.get_mut(&peer).and_then(|held| match role {
            SyncRole::Pull => held.pull.replace(stream),
            SyncRole::Serve => held.serve.replace(stream),
        });
        match role {
            SyncRole::Serve => {
                self.state.sessions.insert(stream, Session::serve(peer, Serving::new(now)));
            }
            SyncRole::Pull => {
                let interests = self.state.interests();
                let mine = self.own_states(&interests)?;
                let retention = Some(self.state.policy.retention);
                let (machine, actions) = Pulling::start(now, &interests, mine, retention);
                self.state.sessions.insert(stream, Session::pull(peer, machine));
                self.pull_actions(stream, peer, actions, None)?;
            }
        }
        // After the new one is there: while the guard is closed, no moment passes without it.
        old.map_or(Ok(()), |old| self.end_session(old))
    }

    pub fn sync_frame(&mut self, stream: StreamId, frame: &[u8], checked: Checked) -> Result<(), Error> {
        let now = self.now;
        let Some(mut session) = self.state.sessions.remove(&stream) else { return Ok(()) };
        let peer = session.peer();
        let mut pulled = None;
        let mut served = None;
        let (mut went, mut agrees) = (Went::default(), false);
        if let Some(pull) = session.pulling() {
            let mut held = Holding { batch: self.batch, in_flight: &mut self.state.in_flight, stream, now };
            pulled = Some(pull.machine.receive(now, frame, &mut held)?);
        } else if let Some(serve) = session.serving() {
            let me = (self.state.author, self.state.device_key());
            let interests = serve.machine.interests();
            let places = self.state.outgoing.places();
            let own = OwnReads { places, read: Vec::new(), told: serve.on_way.told };
            let mut holdings = Holdings { batch: self.batch, blocked: &self.state.blocked, me, own };
            served = Some(serve.machine.receive(now, frame, &mut holdings)?);
            let own = holdings.own;
            if serve.machine.interests() != interests {
                self.state.sources.doubt();
            }
            serve.on_way.queue(own.read);
            agrees = !own.told && serve.machine.has_told() && serve.machine.interested(&me.0);
            serve.on_way.told = own.told || serve.machine.has_told();
            went = serve.on_way.settle(&serve.machine, &me.0);
        }
        self.state.sessions.insert(stream, session);
        if let Some(actions) = pulled {
            let entries = match checked {
                Checked::Entries(entries) => Some(entries),
                _ => None,
            };
            self.pull_actions(stream, peer, actions, entries)?;
        }
        if let Some(actions) = served {
            self.serve_actions(stream, peer, actions)?;
            self.went(peer, &went)?;
            if agrees {
                self.agrees(peer)?;
            }
            if self.state.sessions.get(&stream).is_some_and(|session| session.serves(&self.state.author)) {
                // Whoever asks for our feed has what waited, or is being sent it.
                self.state.waiting = 0;
            }
        }
        Ok(())
    }

    pub fn sync_failed(&mut self, peer: PeerId, reason: &str) -> Result<(), Error> {
        tracing::debug!("no sync with {peer}: {reason}");
        self.retry_sync(peer);
        Ok(())
    }

    pub fn sync_closed(&mut self, stream: StreamId, peer: PeerId, reason: &str) -> Result<(), Error> {
        tracing::debug!("sync with {peer} ended: {reason}");
        let mut ours = false;
        if let Some(held) = self.state.peers.get_mut(&peer) {
            ours = held.pull == Some(stream);
            held.pull = held.pull.filter(|held| *held != stream);
            held.serve = held.serve.filter(|held| *held != stream);
        }
        self.end_session(stream)?;
        if ours {
            self.retry_sync(peer);
        }
        Ok(())
    }

    /// Forgets a session, and asks others for what it had still to bring.
    pub fn end_session(&mut self, stream: StreamId) -> Result<(), Error> {
        self.state.sessions.remove(&stream);
        self.state.sources.doubt();
        self.state.listening.doubt();
        let released = self.state.in_flight.release(stream);
        self.ask_others(&released, Some(stream))?;
        self.heard()
    }

    fn serve_actions(
        &mut self,
        stream: StreamId,
        peer: PeerId,
        actions: Vec<ServeAction>,
    ) -> Result<(), Error> {
        for action in actions {
            match action {
                ServeAction::Send(frame) => self.send(stream, frame),
                ServeAction::Misbehaved(what) => self.fault(peer, Fault::Protocol, what)?,
            }
        }
        Ok(())
    }

    pub fn send(&mut self, stream: StreamId, frame: Vec<u8>) {
        self.network(Command::SendSync { stream, frame: Bytes::from(frame) });
    }

    /// We follow somebody more, or less: every session in which we ask is told.
    pub fn interests_changed(&mut self, author: &AuthorId, wanted: bool) -> Result<(), Error> {
        self.state.sources.doubt();
        let (more, less): (&[AuthorId], &[AuthorId]) =
            if wanted { (std::slice::from_ref(author), &[]) } else { (&[], std::slice::from_ref(author)) };
        let now = self.now;
        let mut frames = Vec::new();
        for (stream, session) in &mut self.state.sessions {
            if let Some(pull) = session.pulling() {
                frames.extend(
                    pull.machine.interests(now, more, less).into_iter().map(|action| (*stream, action)),
                );
            }
        }
        for (stream, action) in frames {
            if let PullAction::Send(frame) = action {
                self.send(stream, frame);
            }
        }
        Ok(())
    }

    /// How many peers an own entry goes to at once.
    pub fn takers(&self) -> usize {
        self.state.sessions.values().filter(|session| session.serves(&self.state.author)).count()
    }

    /// Sessions whose peer owes an answer for too long are given up: another peer is asked.
    pub fn drop_stalled(&mut self) -> Result<(), Error> {
        let now = self.now;
        let stalled: Vec<(StreamId, PeerId)> = self
            .state
            .sessions
            .iter_mut()
            .filter_map(|(stream, session)| {
                let peer = session.peer();
                session.pulling().filter(|pull| pull.machine.stalled(now)).map(|_| (*stream, peer))
            })
            .collect();
        for (stream, peer) in stalled {
            self.network(Command::CloseSync { stream });
            self.end_session(stream)?;
            if let Some(held) = self.state.peers.get_mut(&peer) {
                held.pull = None;
            }
            self.fault(peer, Fault::Stalled, "it owes an answer")?;
            self.retry_sync(peer);
        }
        self.loosen_claims()
    }
}
