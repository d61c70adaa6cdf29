//! Deletion: the payload goes, and every index forgets the entry. Its header stays, so that the chain
//! does not break and the entry cannot come back.

use starling_protocol::{AuthorId, EntryId};

use super::{Event, turn::Turn};
use crate::store::{Error, Taken};

impl Turn<'_, '_> {
    /// Erases an entry that its author deleted. Only the author's own: naming another's does nothing.
    pub fn erase(&mut self, author: &AuthorId, number: u32, id: &EntryId) -> Result<(), Error> {
        let Some(arrival) = self.batch.find(id)? else { return Ok(()) };
        let Some((entry, received)) = self.batch.entry(arrival)? else { return Ok(()) };
        if entry.header().author != *author || entry.id() != *id || entry.payload().is_none() {
            return Ok(());
        }
        let Some(mut record) = self.batch.record(arrival)? else { return Ok(()) };
        let taken = Taken { arrival, log: record.log, author: number };
        self.batch.unindex(&entry, taken, received)?;
        record.erase();
        self.batch.replace(arrival, &record)?;
        self.event(Event::Erased { id: *id, author: *author });
        Ok(())
    }
}
