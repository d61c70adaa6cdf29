//! A bundle's items, as if a peer had sent them, but for the quota of strangers: the person brought
//! them on purpose.

use super::{
    Reply,
    command::ImportItem,
    receive::{Outcome, Source},
    turn::{Answered, Turn},
};

impl Turn<'_, '_> {
    pub fn import(&mut self, items: Vec<ImportItem>) -> Answered<Reply> {
        let (mut new, mut known, mut refused) = (0, 0, 0);
        for item in items {
            let outcome = match item {
                ImportItem::Identity(record) => match self.merge_identity(&record, None)? {
                    Ok(_) => continue,
                    Err(_) => Outcome::Unvouched,
                },
                ImportItem::Entry(entry) => self.receive(&entry, Source::File)?,
                ImportItem::Fork(proof) => {
                    if let Some(number) = self.batch.author_number(&proof.place().author)? {
                        self.frozen_by(&proof, number)?;
                    }
                    continue;
                }
            };
            match outcome {
                Outcome::New => new += 1,
                Outcome::Known => known += 1,
                Outcome::Unvouched | Outcome::Forked | Outcome::Unwanted => refused += 1,
            }
        }
        Ok(Ok(Reply::Imported { new, known, refused }))
    }
}
