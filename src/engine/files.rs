//! Files that people whom we follow show: noted as wanted in the same transaction as the entry that shows them, so that
//! none is forgotten. Who fetches them is told by [`Event::Kept`].

use starling_protocol::{AuthorId, Body};

use super::{Event, turn::Turn};
use crate::store::{
    Error,
    kept::{
        Change, Shelf, Span,
        blob::{Hash, WantedRow},
    },
};

/// Files that are wanted at once. Beyond it a file is fetched when somebody looks at it.
const WANTED: usize = 5_000;

impl Turn<'_, '_> {
    /// Notes what files an entry shows that are not here.
    pub fn want_files(&mut self, author: &AuthorId, body: Option<&Body>) -> Result<(), Error> {
        let files: Vec<(Hash, u64)> = match body {
            Some(Body::Profile(profile)) => {
                profile.avatar.iter().chain(&profile.header).map(|hash| (*hash, 0)).collect()
            }
            Some(body) => {
                let media = body.content().map_or(&[][..], |content| &content.media);
                media.iter().map(|media| (media.blob, media.size)).collect()
            }
            None => return Ok(()),
        };
        let most = self.state.policy.media_bytes;
        for (hash, size) in files.into_iter().filter(|(_, size)| most > 0 && *size <= most) {
            let known = |shelf| self.batch.keeps(shelf, &hash);
            if known(Shelf::Blob)? || known(Shelf::WantedBlob)? {
                continue;
            }
            if self.batch.shelf::<WantedRow>(Shelf::WantedBlob, &Span::of([], WANTED))?.len() == WANTED {
                break;
            }
            // What they say of its size holds for what comes; where they say nothing, the limit does.
            let size = if size > 0 { size } else { most };
            let row = WantedRow { author: *author, size, since: self.now, tries: 0 };
            self.batch.keep(&Change::put(Shelf::WantedBlob, hash, &row))?;
            self.event(Event::Kept(Shelf::WantedBlob));
        }
        Ok(())
    }
}
