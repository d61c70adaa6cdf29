//! Posts that wait for their hour: published once it has come, in the transaction that takes them off their shelf. So
//! each is published once, whenever the power goes.

use super::{Event, Refusal, turn::Turn};
use crate::store::{
    Error,
    kept::{Shelf, scheduled},
};

/// How long a post waits that could not be published: the person is to find peers, or a new device.
const AGAIN_MS: u64 = 10 * 60 * 1000;
/// Posts that are published in one turn: after a long sleep all may be due at once.
const AT_ONCE: usize = 16;

impl Turn<'_, '_> {
    /// Publishes what is due.
    pub fn publish_due(&mut self) -> Result<(), Error> {
        if self.state.next_scheduled > self.now {
            return Ok(());
        }
        let mut waiting = self.batch.scheduled()?;
        waiting.sort_by_key(|(id, post)| (post.at, *id));
        let due = waiting.into_iter().filter(|(_, post)| post.due <= self.now).take(AT_ONCE);
        for (id, mut post) in due.collect::<Vec<_>>() {
            let change = match self.publish_waiting(&post)? {
                Ok(()) => scheduled::take(id),
                Err(refusal) => {
                    tracing::warn!("a scheduled post could not be published: {refusal}");
                    post.due = self.now.saturating_add(AGAIN_MS);
                    post.put(id)
                }
            };
            self.batch.keep(&change)?;
            self.event(Event::Kept(Shelf::Scheduled));
        }
        self.load_scheduled()
    }

    fn publish_waiting(&mut self, post: &scheduled::Scheduled) -> Result<Result<(), Refusal>, Error> {
        let Some(content) = post.content_at(self.now) else { return Ok(Err(Refusal::Empty)) };
        Ok(self.post(content, post.parent, None)?.map(|_| ()))
    }

    /// Looks when the next one is due.
    pub fn load_scheduled(&mut self) -> Result<(), Error> {
        let next = self.batch.scheduled()?.iter().map(|(_, post)| post.due).min();
        self.state.next_scheduled = next.unwrap_or(u64::MAX);
        Ok(())
    }
}
