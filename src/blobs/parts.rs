//! What has arrived of files that are not whole yet. It takes room as whole files do, so it counts as they do: for
//! everything that is held, and for the author who shows the file. Otherwise whoever names many files, and never sends
//! the last group of any, would fill the disk with what serves nobody.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use starling_protocol::AuthorId;
use tokio::time::Instant;

use super::{Blobs, Error, Hash, PART};
use crate::{clock, runtime::Node};

/// How long files are not looked through again for the sake of one more, when that made no room.
pub(super) const AGAIN: Duration = Duration::from_secs(60);

/// What has arrived of one file.
struct Part {
    author: AuthorId,
    bytes: u64,
    /// When some of it came last, in milliseconds.
    at: u64,
    /// How many fetch it now: it must not be taken from under them.
    under_way: u32,
}

/// A part that nobody fetches now.
pub(super) struct Left {
    pub hash: Hash,
    pub author: AuthorId,
    pub bytes: u64,
    pub at: u64,
}

/// All parts.
#[derive(Default)]
pub(super) struct Parts {
    /// One for each file that is wanted, at most.
    all: Mutex<HashMap<Hash, Part>>,
    /// When files were last looked through for the sake of one more.
    looked: Mutex<Option<Instant>>,
}

impl Parts {
    fn all(&self) -> MutexGuard<'_, HashMap<Hash, Part>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an earlier run left.
    pub fn found(&self, hash: Hash, author: AuthorId, bytes: u64, at: u64) {
        self.all().insert(hash, Part { author, bytes, at, under_way: 0 });
    }

    /// Notes how much has arrived of a file that was begun.
    pub fn note(&self, hash: &Hash, bytes: u64) {
        if let Some(part) = self.all().get_mut(hash) {
            (part.bytes, part.at) = (bytes, clock::now());
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> u64 {
        self.all().values().map(|part| part.bytes).sum()
    }

    /// Bytes of those of one author.
    fn bytes_of(&self, author: &AuthorId) -> u64 {
        self.all().values().filter(|part| part.author == *author).map(|part| part.bytes).sum()
    }

    /// Bytes of each author's, and the parts that nobody fetches now.
    pub fn list(&self) -> (HashMap<AuthorId, u64>, Vec<Left>) {
        let (mut each, mut left) = (HashMap::<_, u64>::new(), Vec::new());
        for (hash, part) in self.all().iter() {
            *each.entry(part.author).or_default() += part.bytes;
            if part.under_way == 0 {
                left.push(Left { hash: *hash, author: part.author, bytes: part.bytes, at: part.at });
            }
        }
        (each, left)
    }

    /// Whether files may be looked through for the sake of one more now.
    fn may_look(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let may = looked.is_none_or(|at| at.elapsed() >= AGAIN);
        if may {
            *looked = Some(Instant::now());
        }
        may
    }
}

/// A file that is being fetched: while this lives, what has arrived of it counts and stays.
pub(super) struct Begun {
    blobs: Blobs,
    hash: Hash,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut all = self.blobs.0.parts.all();
        if let Some(part) = all.get_mut(&self.hash) {
            part.under_way = part.under_way.saturating_sub(1);
            if part.under_way == 0 && part.bytes == 0 {
                all.remove(&self.hash);
            }
        }
    }
}

impl Blobs {
    /// Says that a file is fetched from now on.
    pub(super) fn begin(&self, hash: Hash, author: AuthorId) -> Begun {
        let mut all = self.0.parts.all();
        let new = || Part { author, bytes: 0, at: clock::now(), under_way: 0 };
        all.entry(hash).or_insert_with(new).under_way += 1;
        drop(all);
        Begun { blobs: self.clone(), hash }
    }

    /// Takes away what has arrived of a file, whoever fetches it.
    pub(super) fn drop_part(&self, hash: &Hash) -> io::Result<()> {
        self.disk().remove_part(hash)?;
        let mut all = self.0.parts.all();
        if let Some(part) = all.get_mut(hash) {
            part.bytes = 0;
            if part.under_way == 0 {
                all.remove(hash);
            }
        }
        Ok(())
    }

    /// Takes away what has arrived of a file, unless somebody began to fetch it.
    pub(super) fn drop_left(&self, hash: &Hash) -> io::Result<()> {
        // Whoever begins waits here until the old part is gone.
        let mut all = self.0.parts.all();
        if all.get(hash).is_some_and(|part| part.under_way == 0) {
            self.disk().remove_part(hash)?;
            all.remove(hash);
        }
        Ok(())
    }

    /// Whether there is room for one more file of this author. If there is none, what is to be let go is let go first.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) async fn make_room(&self, node: &Node, author: &AuthorId) -> Result<bool, Error> {
        if self.has_room(author) {
            return Ok(true);
        }
        if !self.0.parts.may_look() {
            return Ok(false);
        }
        self.look_through(node, clock::now()).await?;
        Ok(self.has_room(author))
    }

    fn has_room(&self, author: &AuthorId) -> bool {
        let max = self.0.max_total;
        self.bytes() < max && self.0.parts.bytes_of(author) < max / PART
    }
}
