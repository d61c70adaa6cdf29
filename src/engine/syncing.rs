//! Sync sessions: the machines of the protocol crate, wired to the store and the network.

use std::collections::BTreeSet;

use bytes::Bytes;
use libp2p::PeerId;
use starling_protocol::{
    AuthorId, DeviceKey, Header, Verified, entry,
    feed::{ForkPlace, ForkProof},
    identity::{Record, Voice},
    limits,
    sync::{
        self, Batch as Served, FeedState, Held, Interests, LogHead, Own, PullAction, Pulling, Range,
        ServeAction, Serving, Source as Holder,
    },
};

use super::{
    Event,
    checked::{self, Checked, CheckedEntry},
    peers::Fault,
    receive::Source,
    sessions::{InFlight, Session},
    turn::Turn,
};
use crate::{
    network::{Command, StreamId, SyncRole},
    store::{Batch, Error},
};

/// Fork proofs that are looked at in one answer: one for each log that an author can have.
const PROOFS: usize = limits::DEVICES * entry::log::COUNT as usize;

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
        if let Some(pull) = session.pulling() {
            let mut held = Holding { batch: self.batch, in_flight: &mut self.state.in_flight, stream, now };
            pulled = Some(pull.machine.receive(now, frame, &mut held)?);
        } else if let Some(serving) = session.serving() {
            served = Some(serving.receive(
                now,
                frame,
                &mut Holdings { batch: self.batch, blocked: &self.state.blocked },
            )?);
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
        let released = self.state.in_flight.release(stream);
        self.ask_others(&released, Some(stream))?;
        self.heard()
    }

    fn ask_others(&mut self, ranges: &[Range], but: Option<StreamId>) -> Result<(), Error> {
        if ranges.is_empty() {
            return Ok(());
        }
        let streams: Vec<StreamId> =
            self.state.sessions.keys().copied().filter(|stream| Some(*stream) != but).collect();
        for stream in streams {
            self.ask_in(stream, ranges)?;
        }
        Ok(())
    }

    /// Asks for ranges in one session, as far as it is about their authors.
    fn ask_in(&mut self, stream: StreamId, ranges: &[Range]) -> Result<(), Error> {
        let now = self.now;
        let Some(mut session) = self.state.sessions.remove(&stream) else { return Ok(()) };
        let peer = session.peer();
        let mut actions = Vec::new();
        if let Some(pull) = session.pulling() {
            let wanted: Vec<Range> =
                ranges.iter().filter(|range| pull.machine.interested(&range.author)).copied().collect();
            if !wanted.is_empty() {
                let mut held =
                    Holding { batch: self.batch, in_flight: &mut self.state.in_flight, stream, now };
                actions = pull.machine.want(now, &wanted, &mut held)?;
            }
        }
        self.state.sessions.insert(stream, session);
        self.pull_actions(stream, peer, actions, None)
    }

    /// Wants what is missing of a log up to a place, after an identity said that it ends there.
    pub fn want_up_to(&mut self, log: u32, to: u64) -> Result<(), Error> {
        let row = self.batch.log(log)?;
        let range = Range { author: row.author, device: row.device, log: row.log, from: row.floor, to };
        let whole = row.floor > to || row.state.missing(range.from, range.to).is_empty();
        if whole || !self.is_home(&range.author) { Ok(()) } else { self.ask_others(&[range], None) }
    }

    /// An entry came that has a gap below it: somebody may have what is missing.
    pub fn want_below(&mut self, header: &Header) -> Result<(), Error> {
        let Header { author, device, log, seq, .. } = *header;
        if seq == 0 || !self.is_home(&author) {
            return Ok(());
        }
        let from = seq.saturating_sub(self.state.policy.retention);
        self.ask_others(&[Range { author, device, log, from, to: seq - 1 }], None)
    }

    /// An entry is worth having and came without its payload: whoever has it whole is asked.
    pub fn want(&mut self, entry: &starling_protocol::Verified) -> Result<(), Error> {
        let Header { author, device, log, seq, .. } = *entry.header();
        self.ask_others(&[Range { author, device, log, from: seq, to: seq }], None)
    }

    fn pull_actions(
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
                    tracing::debug!(?comparison, "compared feeds with {peer}");
                }
                PullAction::Caught => self.caught(stream, peer)?,
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
        self.event(Event::Synced(peer));
        self.heard()
    }

    /// Opens the guard if a peer that knows our author has told us everything, nothing of our own feed
    /// is on its way from any peer, and none that is being asked may still know of more. Whoever does
    /// not answer is left after a while, so this does not wait for ever.
    fn heard(&mut self) -> Result<(), Error> {
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

    /// Gives back what a session had claimed, to those who were denied some of it.
    fn hand_over(&mut self, stream: StreamId) -> Result<(), Error> {
        for (range, others) in self.state.in_flight.give_up(stream) {
            for other in others {
                self.ask_in(other, &[range])?;
            }
        }
        Ok(())
    }

    /// What was kept from others for too long is asked of them too.
    fn loosen_claims(&mut self) -> Result<(), Error> {
        let old = self.state.in_flight.overdue(self.now);
        old.into_iter().try_for_each(|stream| self.hand_over(stream))
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

    fn send(&mut self, stream: StreamId, frame: Vec<u8>) {
        self.network(Command::SendSync { stream, frame: Bytes::from(frame) });
    }

    /// We follow somebody more, or less: every session in which we ask is told.
    pub fn interests_changed(&mut self, author: &AuthorId, wanted: bool) -> Result<(), Error> {
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

    /// What we hold of these authors, for comparing. While the guard is closed our own feed is left
    /// out, so that a peer that has it says so.
    fn own_states(&mut self, interests: &[AuthorId]) -> Result<Vec<Own>, Error> {
        let guarded = self.state.guard.reason().is_some();
        let mut own = Vec::new();
        for author in interests {
            if guarded && *author == self.state.author {
                continue;
            }
            let Some(number) = self.batch.author_number(author)? else { continue };
            let Some(state) = feed_state(self.batch, author, number)? else { continue };
            let complete = is_complete(self.batch, number)?;
            own.push(Own { state, complete });
        }
        Ok(own)
    }
}

/// What is held of an author, as peers are told; none if the identity is not known.
fn feed_state(batch: &mut Batch<'_>, author: &AuthorId, number: u32) -> Result<Option<FeedState>, Error> {
    let Some(digest) = batch.identity(number)?.map(starling_protocol::Identity::digest) else {
        return Ok(None);
    };
    let mut heads = Vec::new();
    for log in batch.logs_of(number)? {
        let row = batch.log(log)?.clone();
        let head = LogHead::of(row.log, &row.state, |seq| batch.id_at(log, seq))?;
        heads.extend(head.map(|head| (row.device, head)));
    }
    Ok(Some(FeedState::new(*author, &digest, heads)))
}

fn is_complete(batch: &mut Batch<'_>, number: u32) -> Result<bool, Error> {
    for log in batch.logs_of(number)? {
        if batch.is_hollow(log)? {
            return Ok(false);
        }
        let row = batch.log(log)?;
        if row.state.runs().len() > 1 || row.state.top().is_some_and(|top| top.lo > row.floor) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is missing here, for a machine that asks.
struct Holding<'a, 't> {
    batch: &'a mut Batch<'t>,
    in_flight: &'a mut InFlight,
    stream: StreamId,
    now: u64,
}

impl Held for Holding<'_, '_> {
    type Error = Error;

    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Error> {
        let Range { author, device, log, mut from, mut to } = *range;
        let Some(number) = self.batch.author_number(&author)? else { return Ok(Vec::new()) };
        let voice = self.batch.identity(number)?.map(|identity| identity.voice(&device, log));
        match voice {
            None | Some(Voice::Silent) => return Ok(Vec::new()),
            Some(Voice::Until(end, _)) => to = to.min(end),
            Some(Voice::Speaks) => {}
        }
        let missing = match self.batch.log_number(number, &device, log)? {
            None => vec![(from, to)],
            Some(number_of_log) => {
                let row = self.batch.log(number_of_log)?;
                from = from.max(row.floor);
                match row.state.frozen() {
                    Some(0) => return Ok(Vec::new()),
                    Some(frozen) => to = to.min(frozen - 1),
                    None => {}
                }
                let mut missing = row.state.missing(from, to);
                // Held without their payload, which their author did not erase.
                let hollow = self.batch.hollow(number_of_log, from, to)?;
                missing.extend(hollow.into_iter().map(|seq| (seq, seq)));
                missing
            }
        };
        let missing = missing.into_iter().filter(|(from, to)| from <= to).collect();
        Ok(self.in_flight.claim((author, device, log), missing, self.stream, self.now))
    }

    fn contradicts(&mut self, author: &AuthorId, device: &DeviceKey, head: &LogHead) -> Result<bool, Error> {
        let Some(number) = self.batch.author_number(author)? else { return Ok(false) };
        let voice = self.batch.identity(number)?.map(|identity| identity.voice(device, head.log));
        let Some(log) = self.batch.log_number(number, device, head.log)? else { return Ok(false) };
        let frozen = self.batch.log(log)?.state.frozen();
        if voice != Some(Voice::Speaks) || frozen.is_some_and(|frozen| frozen <= head.hi) {
            return Ok(false);
        }
        Ok(self.batch.id_at(log, head.hi)?.is_some_and(|held| held != head.head))
    }
}

/// What is held here, for a machine that answers.
struct Holdings<'a, 't> {
    batch: &'a mut Batch<'t>,
    /// Nothing of these is passed on.
    blocked: &'a BTreeSet<AuthorId>,
}

impl Holder for Holdings<'_, '_> {
    type Error = Error;

    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Error> {
        let mut feeds = Vec::new();
        for prefix in interests.prefixes() {
            for (author, number) in self.batch.authors_with(*prefix)? {
                if self.blocked.contains(&author) {
                    continue;
                }
                feeds.extend(feed_state(self.batch, &author, number)?);
            }
        }
        Ok(feeds)
    }

    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Error> {
        match self.batch.author_number(author)? {
            Some(number) if !self.blocked.contains(author) => feed_state(self.batch, author, number),
            _ => Ok(None),
        }
    }

    fn identity(&mut self, author: &AuthorId) -> Result<Option<Record>, Error> {
        let Some(number) = self.batch.author_number(author)? else { return Ok(None) };
        Ok(self.batch.identity(number)?.map(starling_protocol::Identity::record))
    }

    fn forks(&mut self, author: &AuthorId) -> Result<Vec<Vec<u8>>, Error> {
        match self.batch.author_number(author)? {
            Some(number) => self.batch.forks(number),
            None => Ok(Vec::new()),
        }
    }

    fn read(&mut self, range: &Range, max_entries: usize, max_bytes: usize) -> Result<Served, Error> {
        debug_assert!(max_bytes >= limits::ENTRY_BYTES);
        let Some(number) = self.batch.author_number(&range.author)? else { return Ok(Served::default()) };
        if self.blocked.contains(&range.author) {
            return Ok(Served::default());
        }
        let Some(log) = self.batch.log_number(number, &range.device, range.log)? else {
            return Ok(Served::default());
        };
        let frozen = self.batch.log(log)?.state.frozen();
        let to = match frozen {
            Some(0) => return Ok(Served::default()),
            Some(frozen) => range.to.min(frozen - 1),
            None => range.to,
        };
        let (entries, next) = self.batch.read_down(log, range.from, to, max_entries, max_bytes)?;
        Ok(sync::Batch { entries, next })
    }
}
