//! A device signed twice for one place: what it wrote from there on is frozen everywhere, until its
//! author says which branch counts.
//!
//! Frozen entries stay in the store and surface nowhere. The author repairs by removing the device
//! with a cut-off; the entry at the cut-off is *pinned* by its id, and everything below it by the
//! chain, so all nodes end with the same branch, whichever they held before.

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, DeviceKey, Verified,
    feed::{ForkPlace, ForkProof},
    identity::Voice,
    sync::News,
};

use super::{
    Event,
    checked::Vouched,
    receive::{Outcome, Source},
    turn::{Fresh, Turn},
};
use crate::{
    network::Verdict,
    store::{Error, Taken, kept::origin},
};

impl Turn<'_, '_> {
    /// An entry contradicts one that is held, at `against`.
    pub fn contradicted(
        &mut self,
        entry: &Verified,
        number: u32,
        log: u32,
        against: u64,
        voice: Voice,
        source: Source,
    ) -> Result<Outcome, Error> {
        if let Voice::Until(end, _) = voice {
            return self.settle(entry, number, log, end, source);
        }
        let held = match self.batch.at(log, against)? {
            Some(arrival) => self.batch.entry(arrival)?,
            None => None,
        };
        if let Some((held, _)) = held
            && let Ok(proof) = ForkProof::of(&held, entry)
        {
            self.frozen_by(&proof, number)?;
        }
        Ok(Outcome::Forked)
    }

    /// The author has chosen a branch. What hangs on the pinned entry is right, the other is wrong.
    fn settle(
        &mut self,
        entry: &Verified,
        number: u32,
        log: u32,
        end: u64,
        source: Source,
    ) -> Result<Outcome, Error> {
        let header = *entry.header();
        let runs = self.batch.log(log)?.state.runs().to_vec();
        let pinned = runs.iter().find(|run| run.lo <= end && end <= run.hi);
        // `receive` let an entry at the cut-off through only if it is the chosen one.
        let chosen = header.seq == end
            || pinned.is_some_and(|run| run.lo == header.seq + 1 && run.before == Some(entry.id()));
        if !chosen {
            return Ok(Outcome::Forked);
        }
        for run in runs.iter().filter(|run| run.lo <= header.seq && header.seq <= run.hi + 1) {
            self.drop_from(log, run.lo, run.hi)?;
        }
        self.store(entry, number, log, source)
    }

    /// Forgets a stretch of a log that turned out to be of the wrong branch.
    fn drop_from(&mut self, log: u32, lo: u64, hi: u64) -> Result<(), Error> {
        for seq in lo..=hi {
            self.forget_at(log, seq)?;
        }
        self.batch.change_log(log, |row| row.state.remove_run(lo))?;
        self.regraph(log)
    }

    /// Keeps a proof and freezes the log, if that is news. True if it was.
    pub fn frozen_by(&mut self, proof: &ForkProof, number: u32) -> Result<bool, Error> {
        let ForkPlace { author, device, log, seq } = *proof.place();
        let Some(identity) = self.batch.identity(number)? else { return Ok(false) };
        if identity.voice(&device, log) != Voice::Speaks {
            return Ok(false);
        }
        let row = self.batch.intern_log(number, &device, log)?;
        let before = self.batch.log(row)?.state.frozen();
        if before.is_some_and(|before| before <= seq) {
            return Ok(false);
        }
        self.hide(row, number, seq, before)?;
        self.batch.change_log(row, |row| row.state.freeze(seq))?;
        self.regraph(row)?;
        let bytes = proof.to_bytes();
        self.batch.set_fork(number, &device, log, &bytes)?;
        self.fresh.push(Fresh { news: News::Fork(author, bytes), from: None });
        self.gossip_fork(proof, number)?;
        self.event(Event::Forked { author, device, log, seq });
        tracing::warn!("{device} of {author} signed twice for entry {seq} of log {log}");
        Ok(true)
    }

    /// Takes what is held from `seq` on (and was not hidden before) out of every index.
    fn hide(&mut self, log: u32, author: u32, seq: u64, hidden: Option<u64>) -> Result<(), Error> {
        for arrival in self.batch.arrivals(log, seq, hidden.unwrap_or(u64::MAX))? {
            if let Some((entry, received)) = self.batch.entry(arrival)? {
                self.batch.unindex(&entry, Taken { arrival, log, author }, received)?;
            }
        }
        Ok(())
    }

    /// Relations and profiles cannot be taken back entry by entry: after entries of a log of the
    /// graph went, they are made anew from those that still stand. Once at the end of the turn, however
    /// often that happens in it.
    pub fn regraph(&mut self, log: u32) -> Result<(), Error> {
        let row = self.batch.log(log)?;
        if row.log == starling_protocol::entry::log::GRAPH {
            self.regraphs.insert(row.author_number);
        }
        Ok(())
    }

    /// Makes the relations anew of all for whom that was put off.
    pub fn regraph_marked(&mut self) -> Result<(), Error> {
        while let Some(author) = self.regraphs.pop_first() {
            self.batch.rebuild_graph(author)?;
            if author == self.state.me {
                self.reconsider()?;
            }
        }
        Ok(())
    }

    /// Our own relations were made anew: whoever stands differently now is seen with other eyes.
    fn reconsider(&mut self) -> Result<(), Error> {
        let (following, blocked) = (self.state.following.clone(), self.state.blocked.clone());
        self.load_relations()?;
        for target in following.difference(&self.state.following) {
            self.batch.keep(&origin::forget(target))?;
        }
        let turned: Vec<AuthorId> = following
            .symmetric_difference(&self.state.following)
            .chain(blocked.symmetric_difference(&self.state.blocked))
            .copied()
            .collect();
        for target in turned {
            let number = self.batch.intern_author(&target, self.now)?;
            self.regard(&target, number)?;
        }
        Ok(())
    }

    /// A gossiped proof.
    pub fn gossiped_fork(
        &mut self,
        from: PeerId,
        vouched: &Vouched,
        proof: &ForkProof,
    ) -> Result<Verdict, Error> {
        let author = proof.place().author;
        if !self.is_known(&author)? || self.is_proven(proof)? {
            return Ok(Verdict::Ignore);
        }
        // A log can be proven forked further down each time, with two headers and no chain: of a stranger's it is kept,
        // and told, no more often than posts are.
        if !self.is_home(&author) {
            let allowed = !self.state.disk_low && self.state.rates.allow(&author, self.now);
            if !allowed || self.passes_on(from, &author) != Verdict::Accept {
                return Ok(Verdict::Ignore);
            }
        }
        if self.merge_vouched(vouched)?.is_err() {
            return Ok(Verdict::Ignore);
        }
        let Some(number) = self.batch.author_number(&author)? else { return Ok(Verdict::Ignore) };
        Ok(if self.frozen_by(proof, number)? { Verdict::Accept } else { Verdict::Ignore })
    }

    /// Whether a log is frozen already where this proves that it forked, or further down.
    fn is_proven(&mut self, proof: &ForkProof) -> Result<bool, Error> {
        let ForkPlace { author, device, log, seq } = *proof.place();
        let Some(number) = self.batch.author_number(&author)? else { return Ok(false) };
        let Some(row) = self.batch.log_number(number, &device, log)? else { return Ok(false) };
        Ok(self.batch.log(row)?.state.frozen().is_some_and(|frozen| frozen <= seq))
    }

    /// The identity of an author changed: each log is brought to where it says that it ends.
    pub fn apply_voices(&mut self, author: &AuthorId, number: u32) -> Result<(), Error> {
        for log in self.batch.logs_of(number)? {
            let (device, class) = {
                let row = self.batch.log(log)?;
                (row.device, row.log)
            };
            let voice = self.batch.identity(number)?.map(|identity| identity.voice(&device, class));
            match voice {
                Some(Voice::Until(end, id)) => {
                    self.cut(author, number, log, end, id)?;
                    self.want_up_to(log, end)?;
                }
                Some(Voice::Silent) | None => {
                    self.truncate(log, 0)?;
                    self.batch.change_log(log, |row| row.state.thaw())?;
                }
                Some(Voice::Speaks) => {}
            }
        }
        Ok(())
    }

    /// A device was cut off at `end`: what is held beyond goes, and a frozen branch comes back if it
    /// is the chosen one.
    fn cut(
        &mut self,
        author: &AuthorId,
        number: u32,
        log: u32,
        end: u64,
        id: starling_protocol::EntryId,
    ) -> Result<(), Error> {
        self.truncate(log, end + 1)?;
        let frozen = self.batch.log(log)?.state.frozen();
        self.batch.change_log(log, |row| row.state.thaw())?;
        let Some(frozen) = frozen.filter(|frozen| *frozen <= end) else {
            // Held without a proof, and yet not the chosen one: the whole stretch is in doubt.
            let wrong = self.batch.id_at(log, end)?.is_some_and(|held| held != id);
            let run = self.batch.log(log)?.state.top().copied();
            return match run {
                Some(run) if wrong => self.drop_from(log, run.lo, run.hi),
                _ => Ok(()),
            };
        };
        if self.batch.id_at(log, end)? == Some(id) {
            let audience = self.audience(author);
            for arrival in self.batch.arrivals(log, frozen, end + 1)? {
                let Some((entry, received)) = self.batch.entry(arrival)? else { continue };
                let taken = Taken { arrival, log, author: number };
                let turn = self.batch.index(&entry, taken, received, audience)?;
                self.follow_up(&entry, number, turn)?;
            }
            Ok(())
        } else {
            self.truncate(log, frozen)
        }
    }

    /// Forgets everything of a log from `seq` on.
    fn truncate(&mut self, log: u32, seq: u64) -> Result<(), Error> {
        let top = self.batch.log(log)?.state.top().map(|run| run.hi);
        if top.is_none_or(|top| top < seq) {
            return Ok(());
        }
        let mut head = None;
        let runs = self.batch.log(log)?.state.runs().to_vec();
        let around = runs.iter().find(|run| run.lo < seq && seq - 1 <= run.hi);
        if let Some(run) = around {
            head = self.batch.id_at(log, seq - 1)?;
            if head.is_none() {
                head = self.named_below(log, seq)?;
            }
            if head.is_none() {
                // Neither can be read any more: the stretch goes whole.
                return self.truncate(log, run.lo);
            }
        }
        for place in self.batch.seqs(log, seq)? {
            self.forget_at(log, place)?;
        }
        self.batch.change_log(log, |row| row.state.truncate(seq, head))?;
        self.regraph(log)
    }

    /// Where each log of a device ends as it is held here: what a removal says.
    pub fn held_of(&mut self, author: u32, device: &DeviceKey) -> Result<Vec<(u8, u64)>, Error> {
        let mut held = Vec::new();
        for log in self.batch.logs_of(author)? {
            let row = self.batch.log(log)?;
            if row.device == *device
                && let Some(top) = row.state.top()
            {
                held.push((row.log, top.hi));
            }
        }
        Ok(held)
    }
}
