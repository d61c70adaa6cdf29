//! What a session brings: entries, identities and proofs, and the moment when it has caught up.

use libp2p::PeerId;
use starling_protocol::{
    Verified, entry,
    feed::{ForkPlace, ForkProof},
    identity::{Record, Voice},
    limits,
    sync::PullAction,
};

use super::{
    Event,
    checked::{self, CheckedEntry},
    peers::Fault,
    receive::Source,
    sessions::Session,
    turn::Turn,
};
use crate::{
    network::{Command, StreamId},
    store::Error,
};

/// Fork proofs that are looked at in one answer: one for each log that an author can have.
const PROOFS: usize = limits::DEVICES * entry::log::COUNT as usize;

impl Turn<'_, '_> {
    /// Does what our end of a session asks for.
    pub fn pull_actions(
        &mut self,
        stream: StreamId,
        peer: PeerId,
        actions: Vec<PullAction>,
        mut checked: Option<Vec<CheckedEntry>>,
    ) -> Result<(), Error> {
        for action in actions {
            if !self.state.sessions.contains_key(&stream) {
                // One of the actions before this ended the session.
                return Ok(());
            }
            match action {
                PullAction::Send(frame) => self.send(stream, frame),
                PullAction::Take { entries, .. } => {
                    let entries = match checked.take() {
                        Some(checked) => self.asked_for(stream, checked),
                        None => entries.iter().map(|bytes| checked::check_entry(bytes)).collect(),
                    };
                    self.take(stream, peer, entries)?;
                }
                PullAction::Identities(records) => self.identities(stream, peer, &records)?,
                PullAction::Forks(proofs) => self.forks(peer, &proofs)?,
                PullAction::Compared(comparison) => {
                    self.state.sources.doubt();
                    tracing::debug!(?comparison, "compared feeds with {peer}");
                }
                PullAction::Caught => {
                    self.state.sources.doubt();
                    self.caught(stream, peer)?;
                }
                PullAction::Refused(reason) => {
                    tracing::info!("{peer} does not want to sync: {reason}");
                    self.network(Command::CloseSync { stream });
                }
                PullAction::Misbehaved(what) => self.fault(peer, Fault::Protocol, what)?,
            }
        }
        Ok(())
    }

    /// Of the entries of a frame those of authors in whom the session is interested; what is no entry is
    /// the peer's fault whoever it is of.
    fn asked_for(&mut self, stream: StreamId, mut entries: Vec<CheckedEntry>) -> Vec<CheckedEntry> {
        if let Some(pull) = self.state.sessions.get_mut(&stream).and_then(Session::pulling) {
            let wanted = |entry: &Verified| pull.machine.interested(&entry.header().author);
            entries.retain(|entry| entry.as_ref().map_or(true, |entry| wanted(entry)));
        }
        entries
    }

    fn take(&mut self, stream: StreamId, peer: PeerId, entries: Vec<CheckedEntry>) -> Result<(), Error> {
        let source = Source::Sync(peer);
        for entry in entries {
            match entry {
                Ok(entry) => {
                    self.receive(&entry, source)?;
                }
                Err(invalid) => {
                    self.fault(peer, Fault::Invalid, &invalid.to_string())?;
                    return Ok(());
                }
            }
        }
        // Within this transaction they are stored; the credit leaves with the outputs, after it.
        let now = self.now;
        let actions = match self.state.sessions.get_mut(&stream).and_then(Session::pulling) {
            Some(pull) => pull.machine.committed(now, 1),
            None => Vec::new(),
        };
        for action in actions {
            if let PullAction::Send(frame) = action {
                self.send(stream, frame);
            }
        }
        Ok(())
    }

    fn identities(&mut self, stream: StreamId, peer: PeerId, records: &[Record]) -> Result<(), Error> {
        for record in records {
            let Ok(author) = record.author() else {
                return self.fault(peer, Fault::Invalid, "an identity that is none");
            };
            if author == self.state.author
                && let Some(pull) = self.state.sessions.get_mut(&stream).and_then(Session::pulling)
            {
                pull.knows_us = true;
            }
            if !self.is_home(&author) {
                continue;
            }
            match self.merge_identity(record, Some(peer))? {
                // Too much of it is its author's doing, not that of the peer that passes it on.
                Ok(_) | Err(starling_protocol::identity::Error::Limit(_)) => {}
                Err(error) => return self.fault(peer, Fault::Invalid, &error.to_string()),
            }
        }
        Ok(())
    }

    fn forks(&mut self, peer: PeerId, proofs: &[Vec<u8>]) -> Result<(), Error> {
        for bytes in proofs.iter().take(PROOFS) {
            // Two signatures are work that anybody could give us: first it must be news, of somebody in
            // whom we are interested.
            let place = ForkProof::peek(bytes);
            if let Ok(place) = &place
                && !self.may_freeze(place)?
            {
                continue;
            }
            match place.and_then(|_| ForkProof::from_bytes(bytes)) {
                Ok(proof) => {
                    if let Some(number) = self.batch.author_number(&proof.place().author)? {
                        self.frozen_by(&proof, number)?;
                    }
                }
                Err(_) => return self.fault(peer, Fault::Invalid, "a fork proof that proves nothing"),
            }
        }
        Ok(())
    }

    /// Whether a proof about this place would change anything here.
    fn may_freeze(&mut self, place: &ForkPlace) -> Result<bool, Error> {
        let ForkPlace { author, device, log, seq } = place;
        if !self.is_home(author) {
            return Ok(false);
        }
        let Some(number) = self.batch.author_number(author)? else { return Ok(false) };
        let voice = self.batch.identity(number)?.map(|identity| identity.voice(device, *log));
        if voice != Some(Voice::Speaks) {
            return Ok(false);
        }
        let Some(held) = self.batch.log_number(number, device, *log)? else { return Ok(true) };
        Ok(self.batch.log(held)?.state.frozen().is_none_or(|frozen| *seq < frozen))
    }

    fn caught(&mut self, stream: StreamId, peer: PeerId) -> Result<(), Error> {
        // What this peer turned out not to have, others were not asked for because of it.
        self.hand_over(stream)?;
        if let Some(pull) = self.state.sessions.get_mut(&stream).and_then(Session::pulling) {
            pull.caught = true;
        }
        if let Some(held) = self.state.peers.get_mut(&peer) {
            held.futile = 0;
        }
        self.state.listening.doubt();
        self.event(Event::Synced(peer));
        self.heard()
    }

    /// Opens the guard if a peer that knows our author has told us everything, nothing of our own feed
    /// is on its way from any peer, and none that is being asked may still know of more. Whoever does
    /// not answer is left after a while, so this does not wait for ever.
    pub fn heard(&mut self) -> Result<(), Error> {
        if self.state.guard.reason().is_none() || self.state.in_flight.fetches(&self.state.author) {
            return Ok(());
        }
        let (mut known, mut all) = (false, true);
        for pull in self.state.sessions.values_mut().filter_map(Session::pulling) {
            let caught = pull.machine.caught();
            known |= caught && pull.knows_us;
            all &= caught;
        }
        if known && all { self.open_guard() } else { Ok(()) }
    }
}
