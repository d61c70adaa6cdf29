//! Letting go: entries that a quota or a bound has no room for, and authors of whom nothing is left.

use std::collections::BTreeSet;

use starling_protocol::{AuthorId, Body, EntryId};

use super::turn::Turn;
use crate::store::{Error, Taken, body, graph};

/// Entries of people who are not followed that are let go in one turn: a large feed that was unfollowed
/// goes bit by bit, so that nobody waits for it.
const LET_GO: usize = 2_000;

impl Turn<'_, '_> {
    /// What grows by the hand of strangers is cut back at the end of each turn, oldest first. A log goes
    /// from its bottom: what is left of it is its newest.
    pub fn keep_bounds(&mut self) -> Result<(), Error> {
        let mut touched = BTreeSet::new();
        let mut left = LET_GO;
        while left > 0 && self.batch.passing()? > self.state.policy.network_rows {
            let Some((arrival, log)) = self.batch.first_passing()? else { break };
            left -= 1;
            let lowest = match log {
                Some(log) => {
                    let row = self.batch.log(log)?;
                    touched.insert(row.author_number);
                    row.state.runs().first().map(|run| (log, run.lo))
                }
                None => None,
            };
            match lowest {
                Some((log, lowest)) => self.forget_lowest(log, lowest)?,
                None => self.batch.let_pass(arrival, false)?,
            }
        }
        self.state.crowded = left == 0;
        self.regraph_marked()?;
        for number in touched {
            let author = self.batch.author(number)?.author;
            self.forget_stranger(&author, number)?;
        }
        Ok(())
    }

    /// Forgets one entry at the bottom of a log, and wants nothing from there down any more.
    pub fn forget_lowest(&mut self, log: u32, seq: u64) -> Result<(), Error> {
        let id = match self.batch.at(log, seq)? {
            Some(arrival) => self.forget_old(log, seq, arrival)?,
            None => None,
        };
        let id = id.map_or_else(|| self.named_below(log, seq + 1), |id| Ok(Some(id)))?;
        let first = self.batch.change_log(log, |row| {
            row.state.forget(seq, id);
            let first = row.floor == 0;
            row.floor = row.floor.max(seq + 1);
            first
        })?;
        // From its first gap on, a graph says nothing.
        if first { self.regraph(log) } else { Ok(()) }
    }

    /// Takes an entry out of everything but the list of what its author erased.
    fn forget_old(&mut self, log: u32, seq: u64, arrival: u64) -> Result<Option<EntryId>, Error> {
        let Some((entry, _)) = self.batch.entry(arrival)? else { return self.forget_at(log, seq) };
        let Some(Body::Delete(ids)) = body(&entry) else { return self.forget_at(log, seq) };
        let author = self.batch.log(log)?.author_number;
        let home = self.is_home(&entry.header().author);
        let taken = Taken { arrival, log, author };
        self.batch.retire_delete(ids, taken, home)?;
        self.batch.forget(log, seq, Some(&entry.id()))?;
        Ok(Some(entry.id()))
    }

    /// Takes an entry out of everything, and says what its id was unless it is damaged. The log's state is for the caller to change.
    pub fn forget_at(&mut self, log: u32, seq: u64) -> Result<Option<EntryId>, Error> {
        let Some(arrival) = self.batch.at(log, seq)? else { return Ok(None) };
        let author = self.batch.log(log)?.author_number;
        let mut id = None;
        if let Some((entry, received)) = self.batch.entry(arrival)? {
            self.batch.unindex(&entry, Taken { arrival, log, author }, received)?;
            id = Some(entry.id());
        }
        self.batch.forget(log, seq, id.as_ref())?;
        Ok(id)
    }

    /// The id of the entry below `seq`, as the entry at `seq` names it.
    pub fn named_below(&mut self, log: u32, seq: u64) -> Result<Option<EntryId>, Error> {
        let Some(arrival) = self.batch.at(log, seq)? else { return Ok(None) };
        Ok(self.batch.entry(arrival)?.and_then(|(entry, _)| entry.header().previous))
    }

    /// Forgets an author if nothing is left that their identity would be kept for.
    pub fn forget_bare(&mut self, author: &AuthorId) -> Result<(), Error> {
        match self.batch.author_number(author)? {
            Some(number) => self.forget_stranger(author, number),
            None => Ok(()),
        }
    }

    /// Forgets an author of whom nothing is left and to whom nobody relates: whoever makes identities
    /// by the thousand must not fill the disk with their names.
    fn forget_stranger(&mut self, author: &AuthorId, number: u32) -> Result<(), Error> {
        if self.is_home(author) || self.state.blocked.contains(author) {
            return Ok(());
        }
        if self.regraphs.remove(&number) {
            self.batch.rebuild_graph(number)?;
        }
        let known = self.batch.author(number)?;
        let mut bare = known.entries == 0 && known.followers == 0 && known.following == 0;
        for kind in [graph::FOLLOW, graph::BLOCK] {
            // What we last said of them must still come before what we say next.
            bare &= self.batch.standing(self.state.me, kind, number)?.is_none();
        }
        if bare { self.batch.forget_author(author, number) } else { Ok(()) }
    }
}
