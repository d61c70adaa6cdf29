//! What came late is told on: a session brought what the gossip should have brought.
//!
//! A session brings what a neighbour holds of those whom one follows. What was said beyond a cut while it lasted, or by
//! somebody who was alone then, comes that way to whoever has a neighbour that holds it, and to nobody else. Those all
//! of whose neighbours were on their own side would hear of it only when its author speaks again.
//!
//! So what a session brings long after it was said, to a node that was in company all that time, is gossiped as if it
//! were new. Whoever holds it already passes it on no further; whoever lacks it does: it goes as far as the gossip would
//! have carried it. Many may have it to tell at once, so each waits for a moment of its own, and keeps silent about what
//! another has told by then; and while the gossip is busy nobody adds to it (as in *A reliable multicast framework for
//! light-weight sessions and application level framing*, Floyd et al., 1997).
//!
//! What is not told on: what was said while this node itself was away or nearly alone, which is what a session brings
//! nearly always. Everybody else has heard that.

use std::collections::VecDeque;

use starling_protocol::{EntryId, Header, entry::log, frame::Frame, sync::Load};

use super::turn::Turn;
use crate::store::Error;

/// What is older than this when it comes is late: several hops of a slow mesh are behind it.
const LATE_MS: u64 = 2 * 60 * 1000;
/// Peers that make a company. With one alone nobody can say which of the two was away.
const COMPANY: usize = 2;
/// The wait before something is told: at least a little, for the gossip may be on its way, and then up to so long that
/// of the many who hold the same the first few have told it.
const WAIT_MS: (u64, u64) = (500, 4_000);
/// Frames that pass each second in the long run, and at once, before nobody tells anything late: a fraction of what
/// neighbours put up with, each of whom brings its part of them.
const PASS_MS: u64 = 20;
const PASS_BURST: u64 = 200;
/// The longest that nobody tells anything late after the gossip was busier than this.
const BUSY_MS: u64 = 60 * 1000;
/// Entries that wait to be told. The oldest make room: what is newest is missed most.
const WAITING: usize = 256;

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Late {
    /// Since when there is company.
    company_since: Option<u64>,
    /// Entries that wait, each with its moment, in the order in which they came.
    waiting: VecDeque<(u64, EntryId)>,
    /// When all frames that passed so far are worn off.
    passed_until: u64,
}

impl Late {
    /// So many peers are there now.
    pub fn company(&mut self, peers: usize, now: u64) {
        self.company_since = (peers >= COMPANY).then(|| self.company_since.unwrap_or(now));
    }

    /// A frame passes by.
    pub fn passed(&mut self, now: u64) {
        self.passed_until = (self.passed_until.max(now) + PASS_MS).min(now + BUSY_MS);
    }

    /// The gossip brought it after all, or it was erased.
    pub fn heard(&mut self, id: &EntryId) {
        if !self.waiting.is_empty() {
            self.waiting.retain(|(_, held)| held != id);
        }
    }

    /// When something is to be done.
    pub fn deadline(&self) -> Option<u64> {
        let first = self.waiting.iter().map(|(at, _)| *at).min()?;
        Some(first.max(self.quiet_at()))
    }

    /// How many wait, and the most that ever do.
    pub fn load(&self) -> Load {
        Load { name: "entries to be told late", held: self.waiting.len(), bound: WAITING }
    }

    /// Whether something said at a time should have been heard then.
    fn missed(&self, said: u64, now: u64) -> bool {
        said.saturating_add(LATE_MS) <= now && self.company_since.is_some_and(|since| since <= said)
    }

    fn note(&mut self, id: EntryId, at: u64) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((at, id));
    }

    /// From when on the gossip is quiet enough.
    fn quiet_at(&self) -> u64 {
        self.passed_until.saturating_sub(PASS_BURST * PASS_MS)
    }

    /// The next entry whose moment has come.
    fn next(&mut self, now: u64) -> Option<EntryId> {
        if self.quiet_at() > now {
            return None;
        }
        let due = self.waiting.iter().position(|(at, _)| *at <= now)?;
        self.waiting.remove(due).map(|(_, id)| id)
    }
}

impl Turn<'_, '_> {
    /// A session brought an entry.
    pub fn note_late(&mut self, header: &Header, id: EntryId) {
        if header.log != log::POSTS || !self.state.late.missed(header.time, self.now) {
            return;
        }
        let (least, more) = WAIT_MS;
        let chance = u64::from(u16::from_le_bytes(self.random()));
        self.state.late.note(id, self.now + least + chance % more);
    }

    /// Tells what is due.
    pub fn tell_late(&mut self) -> Result<(), Error> {
        while let Some(id) = self.state.late.next(self.now) {
            let Some(arrival) = self.batch.find(&id)? else { continue };
            let Some((entry, _)) = self.batch.entry(arrival)? else { continue };
            let author = entry.header().author;
            // Erased or forgotten meanwhile, or too old for anybody to pass on.
            let stale = entry.id() != id || entry.payload().is_none() || self.is_old_news(&entry);
            if stale || self.state.blocked.contains(&author) || !self.state.rates.allow(&author, self.now) {
                continue;
            }
            let Some(number) = self.batch.author_number(&author)? else { continue };
            let Some(identity) = self.batch.identity(number)? else { continue };
            match Frame::of_entry(identity, &entry) {
                Ok(frame) => {
                    self.state.late.passed(self.now);
                    self.publish_for(&author, &frame);
                }
                Err(error) => tracing::debug!("{id} is left to sync: {error}"),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60 * 1000;

    fn id(n: u8) -> EntryId {
        EntryId::new([n; 32])
    }

    #[test]
    fn late_is_what_was_said_in_our_presence_and_not_heard() {
        let mut late = Late::default();
        assert!(!late.missed(0, 10 * MINUTE), "nobody is there");
        late.company(1, 0);
        assert!(!late.missed(0, 10 * MINUTE), "one alone");
        late.company(2, MINUTE);
        late.company(9, 5 * MINUTE);
        assert!(!late.missed(0, 10 * MINUTE), "said before there was company");
        assert!(late.missed(MINUTE, 10 * MINUTE));
        assert!(!late.missed(9 * MINUTE, 10 * MINUTE), "the gossip may still bring it");
        late.company(1, 11 * MINUTE);
        late.company(2, 12 * MINUTE);
        assert!(!late.missed(MINUTE, 20 * MINUTE), "alone for a while since");
    }

    #[test]
    fn each_has_its_moment_and_what_another_tells_is_not_told() {
        let mut late = Late::default();
        late.note(id(1), 300);
        late.note(id(2), 100);
        late.note(id(3), 200);
        assert_eq!((late.deadline(), late.next(99)), (Some(100), None));
        late.heard(&id(3));
        assert_eq!((late.next(200), late.next(200)), (Some(id(2)), None));
        assert_eq!((late.next(300), late.deadline()), (Some(id(1)), None));
    }

    #[test]
    fn while_the_gossip_is_busy_nothing_is_added() {
        let mut late = Late::default();
        late.note(id(1), 1_000);
        (0..PASS_BURST + 50).for_each(|_| late.passed(1_000));
        assert_eq!((late.next(1_000), late.deadline()), (None, Some(1_000 + 50 * PASS_MS)));
        assert_eq!(late.next(1_000 + 50 * PASS_MS), Some(id(1)));
    }

    #[test]
    fn of_too_many_the_oldest_make_room() {
        let mut late = Late::default();
        (0..=255).chain(0..=255).for_each(|n| late.note(id(n), u64::from(n)));
        assert_eq!((late.load().held, late.load().bound), (WAITING, WAITING));
    }
}
