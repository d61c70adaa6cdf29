//! Who follows and blocks whom, and which posts somebody shows first.
//!
//! Each is a register: of all entries that speak of it the latest holds, by the author's time, then device, then
//! sequence number, so that every node settles on the same one.

use starling_protocol::EntryId;

use super::{Batch, Error};

/// Follows.
pub const FOLLOW: u8 = 0;
/// Blocks.
pub const BLOCK: u8 = 1;

/// When a relation was last spoken of, and whether it holds since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// The author's time.
    pub time: u64,
    /// The device, as a number.
    pub device: u64,
    /// Place in that device's log.
    pub seq: u64,
    /// Whether it holds.
    pub holds: bool,
}

impl Batch<'_> {
    /// Hears that a relation holds, or not any more. True if that changed whether it does.
    pub fn relate(&mut self, author: u32, kind: u8, target: u32, new: Standing) -> Result<bool, Error> {
        let held = self.tables.relations.get((author, kind, target))?.map(|row| row.value());
        let held = held.map(|(time, device, seq, holds)| Standing { time, device, seq, holds });
        if held.is_some_and(|held| held >= new) {
            return Ok(false);
        }
        let row = (new.time, new.device, new.seq, new.holds);
        self.tables.relations.insert((author, kind, target), row)?;
        if new.holds {
            self.tables.related.insert((target, kind, author), ())?;
        } else {
            self.tables.related.remove((target, kind, author))?;
        }
        let changed = held.is_some_and(|held| held.holds) != new.holds;
        if changed && kind == FOLLOW {
            let count = |count: &mut u64| {
                *count = if new.holds { *count + 1 } else { count.saturating_sub(1) };
            };
            self.change_author(author, |row| count(&mut row.following))?;
            self.change_author(target, |row| count(&mut row.followers))?;
        }
        Ok(changed)
    }

    /// Forgets all relations of an author of one kind.
    pub fn clear_relations(&mut self, author: u32, kind: u8) -> Result<(), Error> {
        let holds = self.targets(author, kind)?;
        for target in &holds {
            self.tables.related.remove((*target, kind, author))?;
            if kind == FOLLOW {
                self.change_author(*target, |row| row.followers = row.followers.saturating_sub(1))?;
            }
        }
        if kind == FOLLOW {
            self.change_author(author, |row| row.following = 0)?;
        }
        self.tables.relations.retain_in((author, kind, 0)..=(author, kind, u32::MAX), |_, _| false)?;
        Ok(())
    }

    /// Authors who relate to `target` in this way, at most `most`.
    pub fn related_from(&self, target: u32, kind: u8, most: usize) -> Result<Vec<u32>, Error> {
        let rows = self.tables.related.range((target, kind, 0)..=(target, kind, u32::MAX))?;
        rows.take(most).map(|row| Ok(row?.0.value().2)).collect()
    }

    /// Whether a relation holds.
    pub fn related(&self, author: u32, kind: u8, target: u32) -> Result<bool, Error> {
        Ok(self.tables.relations.get((author, kind, target))?.is_some_and(|row| row.value().3))
    }

    /// All that an author relates to in this way.
    pub fn targets(&self, author: u32, kind: u8) -> Result<Vec<u32>, Error> {
        let mut targets = Vec::new();
        for row in self.tables.relations.range((author, kind, 0)..=(author, kind, u32::MAX))? {
            let (key, value) = row?;
            if value.value().3 {
                targets.push(key.value().2);
            }
        }
        Ok(targets)
    }

    /// When the relation was last spoken of.
    pub fn standing(&self, author: u32, kind: u8, target: u32) -> Result<Option<u64>, Error> {
        Ok(self.tables.relations.get((author, kind, target))?.map(|row| row.value().0))
    }

    /// Hears that an author shows a post of theirs first, or not any more.
    pub fn pin(&mut self, author: u32, post: &EntryId, new: Standing) -> Result<(), Error> {
        let held = self.tables.pins.get((author, post.as_bytes()))?.map(|row| row.value());
        let row = (new.time, new.device, new.seq, new.holds);
        if held.is_none_or(|held| held < row) {
            self.tables.pins.insert((author, post.as_bytes()), row)?;
        }
        Ok(())
    }

    /// What an author shows first, newest pin first, and when each was last spoken of.
    pub fn pins(&self, author: u32) -> Result<Vec<(EntryId, u64)>, Error> {
        let mut pins = Vec::new();
        for row in self.tables.pins.range((author, &[0; 32])..=(author, &[0xff; 32]))? {
            let (key, value) = row?;
            if value.value().3 {
                pins.push((EntryId::new(*key.value().1), value.value().0));
            }
        }
        pins.sort_unstable_by_key(|(id, time)| (std::cmp::Reverse(*time), *id));
        Ok(pins)
    }

    /// When it was last said of a post that it is shown first, or not any more.
    pub fn pin_standing(&self, author: u32, post: &EntryId) -> Result<Option<u64>, Error> {
        Ok(self.tables.pins.get((author, post.as_bytes()))?.map(|row| row.value().0))
    }

    /// Forgets what an author shows first.
    pub fn clear_pins(&mut self, author: u32) -> Result<(), Error> {
        let all = (author, &[0; 32])..=(author, &[0xff; 32]);
        // Looked at first: taking away what is not there would count as written.
        if self.tables.pins.range(all.clone())?.next().is_none() {
            return Ok(());
        }
        self.tables.pins.retain_in(all, |_, _| false)
    }
}
