//! What is known of files: those that are held, those that are wanted, and what was uploaded and is not shown yet.
//!
//! The files themselves lie in the home's folder `blobs`; a row is written after its file is in place, and taken away
//! before it goes.

use serde::{Deserialize, Serialize};
use starling_protocol::{AuthorId, Body, EntryId};

use super::{Change, Shelf, Span};
use crate::{
    store::{Batch, Error, Reader},
    view::PostBody,
};

/// BLAKE3 of a file.
pub type Hash = [u8; 32];

/// Rows that are read at once when all of a shelf is read.
const ROWS: usize = 1_000_000;

/// A file that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRow {
    /// Bytes.
    pub size: u64,
    /// What its first bytes say that it is, not what was said of it.
    pub mime: String,
    /// Pixels across and down; 0 if it is no picture, or was not made here.
    pub dimensions: (u32, u32),
    /// A few spots; empty as above.
    pub blurhash: String,
    /// When it came, in milliseconds since 1970.
    pub added: u64,
    /// When it was last asked for, to within the hour.
    pub used: u64,
    /// Whether it was uploaded here.
    pub own: bool,
    /// For whose sake it is here.
    pub author: AuthorId,
    /// Since when nothing shows it; 0 while something does.
    pub loose: u64,
}

/// A file that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedRow {
    /// Who shows it.
    pub author: AuthorId,
    /// The most bytes that are taken, as nobody has looked at it: what they say that it has. 0 if somebody did, who takes
    /// it whatever its size.
    pub size: u64,
    /// Since when it is wanted.
    pub since: u64,
    /// Times that somebody was asked in vain.
    pub tries: u32,
}

/// Something uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRow {
    /// The file.
    pub blob: Hash,
    /// Text for those who do not see it.
    pub alt: String,
    /// What a cut of it should show, in thousandths from the middle.
    pub focus: Option<(i16, i16)>,
    /// When it came.
    pub added: u64,
}

impl BlobRow {
    /// As a change of the shelf.
    pub fn put(&self, hash: &Hash) -> Change {
        Change::put(Shelf::Blob, *hash, self)
    }
}

impl Reader {
    /// What is known of a file that is held.
    pub fn blob(&self, hash: &Hash) -> Result<Option<BlobRow>, Error> {
        self.kept(Shelf::Blob, hash)
    }

    /// All files that are held.
    pub fn blobs(&self) -> Result<Vec<(Hash, BlobRow)>, Error> {
        self.by_hash(Shelf::Blob)
    }

    /// What is known of a file that is wanted.
    pub fn wanted(&self, hash: &Hash) -> Result<Option<WantedRow>, Error> {
        self.kept(Shelf::WantedBlob, hash)
    }

    /// Files that are wanted.
    pub fn wanted_blobs(&self) -> Result<Vec<(Hash, WantedRow)>, Error> {
        self.by_hash(Shelf::WantedBlob)
    }

    fn by_hash<T: serde::de::DeserializeOwned>(&self, shelf: Shelf) -> Result<Vec<(Hash, T)>, Error> {
        let rows = self.shelf::<T>(shelf, &Span::of([], ROWS))?;
        Ok(rows.into_iter().filter_map(|(key, row)| Some((key.try_into().ok()?, row))).collect())
    }

    /// What was uploaded under this number.
    pub fn upload(&self, id: u64) -> Result<Option<UploadRow>, Error> {
        self.kept(Shelf::Upload, &id.to_be_bytes())
    }

    /// All uploads, oldest first.
    pub fn uploads(&self) -> Result<Vec<(u64, UploadRow)>, Error> {
        let rows = self.shelf::<UploadRow>(Shelf::Upload, &Span::of([], ROWS))?;
        let number = |key: Vec<u8>| key.try_into().ok().map(u64::from_be_bytes);
        Ok(rows.into_iter().filter_map(|(key, row)| Some((number(key)?, row))).collect())
    }

    /// Who shows this file in a post that is held and may be seen; the first that is found.
    pub fn shows(&self, hash: &Hash) -> Result<Option<AuthorId>, Error> {
        self.shown_by(hash, |_| true)
    }

    /// The same among the authors that `whose` says.
    pub fn shown_by(
        &self,
        hash: &Hash,
        whose: impl Fn(&AuthorId) -> bool,
    ) -> Result<Option<AuthorId>, Error> {
        for row in self.tables().shown.range((hash, 0)..=(hash, u64::MAX))? {
            let arrival = row?.0.value().1;
            let Some((entry, _)) = self.entry_at(arrival)? else { continue };
            let id = match entry.payload().map(|payload| payload.body()) {
                Some(Body::Edit { replaces, .. }) => *replaces,
                _ => entry.id(),
            };
            let author = entry.header().author;
            if !whose(&author) {
                continue;
            }
            let shown = |post: &crate::view::Post| post.author.author == Some(author);
            if self.post(&id)?.as_ref().is_some_and(shown) {
                return Ok(Some(author));
            }
        }
        Ok(None)
    }

    /// The peer that brought an entry that shows this file.
    pub fn brought(&self, hash: &Hash) -> Result<Option<libp2p::PeerId>, Error> {
        for row in self.tables().shown.range((hash, 0)..=(hash, u64::MAX))? {
            let Some((_, record)) = self.entry_at(row?.0.value().1)? else { continue };
            if record.from > 0
                && let Some(peer) = self.tables().peer_numbers.get(record.from)?
            {
                return Ok(libp2p::PeerId::from_bytes(peer.value()).ok());
            }
        }
        Ok(None)
    }

    /// Whether this author is seen with this picture.
    pub fn portrays(&self, author: &AuthorId, hash: &Hash) -> Result<bool, Error> {
        let Some(account) = self.account(author)? else { return Ok(false) };
        let profile = &account.profile;
        Ok(!account.blocked && [profile.avatar, profile.header].contains(&Some(*hash)))
    }

    /// Files that a post shows, and what it says of their sizes.
    pub fn files_of(&self, id: &EntryId) -> Result<Vec<(Hash, u64)>, Error> {
        let Some(post) = self.post(id)? else { return Ok(Vec::new()) };
        let PostBody::Content { content, .. } = post.body else { return Ok(Vec::new()) };
        Ok(content.media.iter().map(|media| (media.blob, media.size)).collect())
    }
}

impl Batch<'_> {
    /// Notes what files an entry shows, or that it does no more.
    pub(in crate::store) fn show(&mut self, body: &Body, arrival: u64, shown: bool) -> Result<(), Error> {
        let Some(content) = body.content() else { return Ok(()) };
        for media in &content.media {
            let key = (&media.blob, arrival);
            if shown {
                self.tables.shown.insert(key, ())?;
            } else {
                self.tables.shown.remove(key)?;
            }
        }
        Ok(())
    }
}
