//! What is missing and whom to ask for it: what one session did not bring, the others are asked for.

use starling_protocol::{Header, Verified, sync::Range};

use super::{holdings::Holding, turn::Turn};
use crate::{network::StreamId, store::Error};

impl Turn<'_, '_> {
    /// Asks for ranges in every session but one.
    pub fn ask_others(&mut self, ranges: &[Range], but: Option<StreamId>) -> Result<(), Error> {
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
    pub fn want(&mut self, entry: &Verified) -> Result<(), Error> {
        let Header { author, device, log, seq, .. } = *entry.header();
        self.ask_others(&[Range { author, device, log, from: seq, to: seq }], None)
    }

    /// Gives back what a session had claimed, to those who were denied some of it.
    pub fn hand_over(&mut self, stream: StreamId) -> Result<(), Error> {
        for (range, others) in self.state.in_flight.give_up(stream) {
            for other in others {
                self.ask_in(other, &[range])?;
            }
        }
        Ok(())
    }

    /// What was kept from others for too long is asked of them too.
    pub fn loosen_claims(&mut self) -> Result<(), Error> {
        let old = self.state.in_flight.overdue(self.now);
        old.into_iter().try_for_each(|stream| self.hand_over(stream))
    }
}
