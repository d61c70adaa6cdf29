//! Deletes that a quota forgot: what they said of entries is remembered longer than they are.

use std::collections::BTreeSet;

use starling_protocol::EntryId;

use super::{Batch, Error, Taken, record::prefix};

/// Ids named by forgotten deletes of one author that are remembered: under a mebibyte. An author who
/// deletes what nobody has, for ever, must not fill the disk with it.
pub(super) const RETIRED: u64 = 16_384;

/// Where the sum of an author's rows stands: no arrival is so high.
const SUM: u64 = u64::MAX;

impl Batch<'_> {
    /// Takes a delete that a quota forgets out of the indexes, but for what it says of entries that are
    /// held, or of any if `all`: what was erased must not come back because its delete grew old.
    pub fn retire_delete(&mut self, ids: &[EntryId], taken: Taken, all: bool) -> Result<(), Error> {
        let Taken { author, arrival, .. } = taken;
        if all {
            let sum = self.tables.retired.get((author, SUM))?.map_or(0, |sum| sum.value());
            let sum = sum + ids.len() as u64;
            self.tables.retired.insert((author, arrival), ids.len() as u64)?;
            self.tables.retired.insert((author, SUM), sum)?;
            return if sum > RETIRED { self.forget_retired(author, sum) } else { Ok(()) };
        }
        for id in ids {
            if self.find(id)?.is_none() {
                self.tables.erased.remove((author, id.as_bytes(), arrival))?;
            }
        }
        Ok(())
    }

    /// Forgets the older half of what retired deletes said, but for entries that are held. Half at once,
    /// so that it is seldom.
    fn forget_retired(&mut self, author: u32, sum: u64) -> Result<(), Error> {
        let (mut gone, mut left) = (BTreeSet::new(), sum);
        for row in self.tables.retired.range((author, 0)..(author, SUM))? {
            if left <= RETIRED / 2 {
                break;
            }
            let (key, ids) = row?;
            gone.insert(key.value().1);
            left = left.saturating_sub(ids.value());
        }
        for arrival in &gone {
            self.tables.retired.remove((author, *arrival))?;
        }
        self.tables.retired.insert((author, SUM), left)?;
        let held = &self.tables.ids;
        let all = (author, &[0; 32], 0)..=(author, &[0xff; 32], u64::MAX);
        self.tables.erased.retain_in(all, |(_, id, arrival), ()| {
            // What cannot be looked up counts as held: the batch is about to fail anyway.
            !gone.contains(&arrival) || !matches!(held.get(&prefix(&EntryId::new(*id))), Ok(None))
        })?;
        Ok(())
    }
}
