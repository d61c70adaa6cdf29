//! Files that people whom we follow show: noted as wanted in the same transaction as the entry that shows them, so that
//! none is forgotten. Who fetches them is told by [`Event::Kept`].

use starling_protocol::{AuthorId, Body, payload::Media};

use super::{Event, turn::Turn};
use crate::{
    blobs::MAX_BYTES,
    store::{
        Error,
        kept::{
            Change, Shelf, Span,
            blob::{Hash, WantedRow},
        },
    },
};

/// Files that are wanted at once. Beyond it a file is fetched when somebody looks at it.
const WANTED: usize = 5_000;

impl Turn<'_, '_> {
    /// Notes what files an entry shows that are not here.
    pub fn want_files(&mut self, author: &AuthorId, body: Option<&Body>) -> Result<(), Error> {
        let most = self.state.policy.media_bytes.min(MAX_BYTES);
        if most == 0 {
            return Ok(());
        }
        let files: Vec<(Hash, u64)> = match body {
            // Nobody can look at a portrait that is not here, which would bring it whatever its size.
            Some(Body::Profile(profile)) => {
                profile.avatar.iter().chain(&profile.header).map(|hash| (*hash, MAX_BYTES)).collect()
            }
            Some(body) => {
                let media = body.content().map_or(&[][..], |content| &content.media);
                // What they say of its size holds for what comes; where they say nothing, the limit does.
                let size = |media: &Media| if media.size > 0 { media.size } else { most };
                let wanted = media.iter().map(|media| (media.blob, size(media)));
                wanted.filter(|(_, size)| *size <= most).collect()
            }
            None => return Ok(()),
        };
        for (hash, size) in files {
            if self.batch.keeps(Shelf::Blob, &hash)? {
                continue;
            }
            let known = self.batch.kept::<WantedRow>(Shelf::WantedBlob, &hash)?;
            // Who names a file first must not decide how large it is for those who show it after them.
            if known.as_ref().is_some_and(|row| row.size == 0 || row.size >= size) {
                continue;
            }
            let all = Span::of([], WANTED);
            if known.is_none() && self.batch.shelf::<WantedRow>(Shelf::WantedBlob, &all)?.len() == WANTED {
                continue;
            }
            let since = known.map_or(self.now, |row| row.since);
            let row = WantedRow { author: *author, size, since, tries: 0 };
            self.batch.keep(&Change::put(Shelf::WantedBlob, hash, &row))?;
            self.event(Event::Kept(Shelf::WantedBlob));
        }
        Ok(())
    }
}
