//! Deletion: the payload goes, and every index forgets the entry. Its header stays, so that the chain
//! does not break and the entry cannot come back.

use starling_protocol::{AuthorId, Body, EntryId, Verified, entry::log};

use super::{Event, turn::Turn};
use crate::store::{Error, Taken};

/// Whether a delete can erase this. Follows and profiles are taken back by saying the opposite, and a
/// delete stays: if these could be erased, it would depend on the order in which entries came what they
/// had done before.
pub(super) fn erasable(entry: &Verified) -> bool {
    let deletes = matches!(crate::store::body(entry), Some(Body::Delete(_)));
    matches!(entry.header().log, log::POSTS | log::REACTIONS) && !deletes
}

impl Turn<'_, '_> {
    /// Erases an entry that its author deleted. Only the author's own: naming another's does nothing.
    pub fn erase(&mut self, author: &AuthorId, number: u32, id: &EntryId) -> Result<(), Error> {
        let Some(arrival) = self.batch.find(id)? else { return Ok(()) };
        let Some((entry, received)) = self.batch.entry(arrival)? else { return Ok(()) };
        let theirs = entry.header().author == *author && entry.id() == *id;
        if !theirs || entry.payload().is_none() || !erasable(&entry) {
            return Ok(());
        }
        let Some(mut record) = self.batch.record(arrival)? else { return Ok(()) };
        let taken = Taken { arrival, log: record.log, author: number };
        self.batch.unindex(&entry, taken, received)?;
        self.unnotice(&entry, number)?;
        if matches!(crate::store::body(&entry), Some(Body::Post(_) | Body::Reply { .. } | Body::Boost(_))) {
            self.event(Event::Gone(*id));
        }
        record.erase();
        self.batch.replace(arrival, &record)?;
        // Nor does it go on in the gossip, if that was still to come.
        self.state.pushed.take(id, self.now);
        self.state.late.heard(id);
        self.state.outgoing.forget(id);
        self.event(Event::Erased { id: *id, author: *author });
        Ok(())
    }
}
