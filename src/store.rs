//! The store: one redb database, one transaction for everything that happens at once.
//!
//! The engine writes through [`Store::write`] and a [`Batch`]; everybody else reads through a
//! [`Reader`], which sees the store as it was at one moment and never waits for the writer.

mod batch;
pub mod graph;
mod index;
mod migrate;
pub mod peers;
mod reader;
mod record;
mod tables;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use redb::{Builder, Database, ReadableDatabase, StorageBackend};

use batch::Memory;
pub use batch::{Batch, Taken};
pub use index::{Audience, Turned, body};
pub use reader::Reader;
pub use record::LogRow;
pub use verify::Verification;

/// Kinds of reactions to a post.
pub mod reaction {
    pub use super::index::{BOOST, LIKE};
}

/// Files up to this size are checked whole when they are opened: redb does not check sums on read,
/// and reading 2 GiB takes seconds, not minutes.
const CHECKED_ON_OPEN: u64 = 2 << 30;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk is full or fails, or the file is not a database.
    #[error("{0}")]
    Database(Box<redb::Error>),
    /// Something in it is not what was written.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// Another process has it open.
    #[error("another process has the store open")]
    Locked,
    /// Written by a newer version.
    #[error("the store has schema {found}, this version of starling knows up to {known}")]
    TooNew {
        /// What the file says.
        found: u32,
        /// What this version writes.
        known: u32,
    },
    /// The node has stopped.
    #[error("the node has stopped")]
    Closed,
}

macro_rules! from_redb {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                match redb::Error::from(error) {
                    redb::Error::DatabaseAlreadyOpen => Self::Locked,
                    redb::Error::Corrupted(what) => Self::Corrupt(what),
                    error => Self::Database(Box::new(error)),
                }
            }
        })*
    };
}
from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::CompactionError,
    redb::SetDurabilityError
);

/// The database.
#[derive(Clone)]
pub struct Store {
    db: Arc<Database>,
    memory: Arc<Mutex<Memory>>,
}

impl Store {
    /// Opens or makes the store at `path`, with `cache` bytes of memory for pages.
    pub fn open(path: &Path, cache: usize) -> Result<Self, Error> {
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut builder = Builder::new();
        builder.set_cache_size(cache).set_check_integrity_on_open(size > 0 && size <= CHECKED_ON_OPEN);
        Self::ready(builder.create(path)?)
    }

    /// A store over any backend: memory, or a disk that fails on purpose.
    pub fn over(backend: impl StorageBackend, cache: usize) -> Result<Self, Error> {
        let mut builder = Builder::new();
        builder.set_cache_size(cache).set_check_integrity_on_open(true);
        Self::ready(builder.create_with_backend(backend)?)
    }

    fn ready(db: Database) -> Result<Self, Error> {
        let store = Self { db: Arc::new(db), memory: Arc::default() };
        store.write(migrate::migrate)?;
        Ok(store)
    }

    /// Does `work` in one transaction: all of it is on disk when this returns, or nothing is. Work that
    /// wrote nothing does not wait for the disk.
    pub fn write<R>(&self, work: impl FnOnce(&mut Batch<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let mut txn = self.db.begin_write()?;
        // Two phases, so that a torn write can never pass for a commit; quick repair, so that a
        // store of any size opens at once after a kill. Together they cost a few milliseconds.
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        // Taken out, so that what a failed batch believed is forgotten with it.
        let memory = std::mem::take(&mut *self.memory());
        let mut batch = Batch::open(&txn, memory)?;
        let result = work(&mut batch)?;
        let (memory, touched) = batch.flush()?;
        if touched { txn.commit()? } else { txn.abort()? }
        *self.memory() = memory;
        Ok(result)
    }

    /// There is one writer, and what it leaves here is always whole.
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The store as it is now.
    pub fn read(&self) -> Result<Reader, Error> {
        Reader::open(&self.db.begin_read()?)
    }

    /// Gives unused space back to the file system. True if there was any. Nothing else may use the
    /// store meanwhile.
    pub fn compact(self) -> Result<bool, Error> {
        let mut db = Arc::try_unwrap(self.db).map_err(|_| Error::Locked)?;
        Ok(db.compact()?)
    }
}
