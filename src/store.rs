//! The store: one redb database, one transaction for everything that happens at once.
//!
//! The engine writes through [`Store::write`] and a [`Batch`]; everybody else reads through a
//! [`Reader`], which sees the store as it was at one moment and never waits for the writer.

pub mod audit;
mod batch;
mod erased;
pub mod graph;
mod held;
mod index;
pub mod kept;
mod migrate;
pub mod peers;
pub mod polls;
mod reader;
mod record;
mod tables;
pub mod tags;
mod verify;
pub mod words;

#[cfg(test)]
pub(crate) mod tests;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use redb::{Builder, Database, ReadableDatabase, StorageBackend};

use batch::Memory;
pub use batch::{Batch, Taken};
use held::{Held, Pages};
pub use index::{Audience, Turned, body, order_time};
pub use reader::{Line, Order, Person, Reader, Said, Window};
pub use record::LogRow;
pub use verify::Verification;

/// Kinds of reactions to a post.
pub mod reaction {
    pub use super::index::{BOOST, LIKE};
}

/// Files up to this size are checked whole when they are opened: redb does not check sums on read, and
/// the pages between the entries have none of ours. Beyond it the check sums of the entries tell, as
/// they are read, and `starling store verify` reads all of them.
const CHECKED_ON_OPEN: u64 = 2 << 30;

/// Cache of a store in memory, in bytes. What was not committed for good stays here, and is in memory
/// anyway; a page beyond it is in memory twice while it is in use.
const MEMORY_CACHE: usize = 1 << 20;

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
    /// The node has stopped, or the store failed and could not be opened again yet.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// An error while a file is opened: what can only be if something else was written there, or if the
    /// end is missing, is damage.
    fn of_a_file(self) -> Self {
        use std::io::ErrorKind;
        let Self::Database(error) = self else { return self };
        match *error {
            redb::Error::Io(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput
                ) =>
            {
                Self::Corrupt(error.to_string())
            }
            redb::Error::UpgradeRequired(_)
            | redb::Error::RepairAborted
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableIsMultimap(_) => Self::Corrupt(error.to_string()),
            error => Self::Database(Box::new(error)),
        }
    }

    /// Whether the database does nothing more before it was opened anew.
    fn needs_reopening(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Database(error) => {
                matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::DatabaseClosed)
            }
            _ => false,
        }
    }
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
    inner: Arc<Inner>,
}

/// Opens the database, at first and again after it failed.
type Opener = Box<dyn Fn() -> Result<Database, Error> + Send + Sync>;

/// What a store guards against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Care {
    /// A power cut at any moment, and a file that was damaged while nobody looked: two phases a commit,
    /// repairs that are quick, and a look at the whole file when it is opened.
    #[default]
    Full,
    /// Nothing: the bytes live as long as the process, and nobody will miss them. Many writes share a
    /// transaction, which is committed when somebody reads, or when the store is closed. If one of them
    /// fails, which memory does not, those before it may be gone too. For simulated worlds.
    None,
}

struct Inner {
    /// Dropped before the database: it is a transaction of it. Locked while somebody writes.
    held: Mutex<Option<Held>>,
    /// None while it cannot be opened.
    db: RwLock<Option<Database>>,
    opener: Opener,
    care: Care,
    memory: Mutex<Memory>,
    /// How often something was, or may have been, committed.
    version: AtomicU64,
}

impl Store {
    /// Opens or makes the store at `path`, with `cache` bytes of memory for pages.
    pub fn open(path: &Path, cache: usize) -> Result<Self, Error> {
        let path = path.to_owned();
        if !path.exists() {
            begin(&path)?;
        }
        let open = move || {
            let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            let mut builder = Builder::new();
            builder.set_cache_size(cache).set_check_integrity_on_open(size > 0 && size <= CHECKED_ON_OPEN);
            Ok(builder.create(&path)?)
        };
        Self::with(open, Care::Full)
    }

    /// A store over a backend: memory, or a disk that fails on purpose. After a failure it stays closed.
    pub fn over(backend: impl StorageBackend, cache: usize) -> Result<Self, Error> {
        Self::over_with(backend, cache, Care::Full)
    }

    /// The same, with so much care.
    pub fn over_with(backend: impl StorageBackend, cache: usize, care: Care) -> Result<Self, Error> {
        let backend = Mutex::new(Some(backend));
        let next = move || backend.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        Self::over_backends(next, cache, care)
    }

    /// A store in memory, for one of very many nodes of a simulated world: what it holds costs memory,
    /// and little besides.
    pub fn in_memory() -> Result<Self, Error> {
        Self::over_with(Pages::default(), MEMORY_CACHE, Care::None)
    }

    /// A store over the backend that `next` gives, asked again whenever one failed.
    pub fn over_each<B: StorageBackend>(
        next: impl Fn() -> Option<B> + Send + Sync + 'static,
        cache: usize,
    ) -> Result<Self, Error> {
        Self::over_backends(next, cache, Care::Full)
    }

    fn over_backends<B: StorageBackend>(
        next: impl Fn() -> Option<B> + Send + Sync + 'static,
        cache: usize,
        care: Care,
    ) -> Result<Self, Error> {
        let open = move || {
            let mut builder = Builder::new();
            builder.set_cache_size(cache).set_check_integrity_on_open(care == Care::Full);
            Ok(builder.create_with_backend(next().ok_or(Error::Closed)?)?)
        };
        Self::with(open, care)
    }

    fn with(
        open: impl Fn() -> Result<Database, Error> + Send + Sync + 'static,
        care: Care,
    ) -> Result<Self, Error> {
        let opener: Opener = Box::new(move || whole(&open));
        let db = RwLock::new(Some(opener()?));
        let store = Self {
            inner: Arc::new(Inner {
                held: Mutex::default(),
                db,
                opener,
                care,
                memory: Mutex::default(),
                version: AtomicU64::default(),
            }),
        };
        whole(&|| store.write(migrate::migrate))?;
        Ok(store)
    }

    /// Does `work` in one transaction: all of it is on disk when this returns, or nothing is. Work that
    /// wrote nothing does not wait for the disk.
    pub fn write<R>(&self, work: impl FnOnce(&mut Batch<'_>) -> Result<R, Error>) -> Result<R, Error> {
        if self.db().is_none() {
            self.reopen();
        }
        let result = match (&*self.db(), self.inner.care) {
            (Some(db), Care::Full) => self.transact(db, work),
            (Some(db), Care::None) => self.gather(db, work),
            (None, _) => Err(Error::Closed),
        };
        if result.as_ref().is_err_and(Error::needs_reopening) {
            self.reopen();
        }
        if result.is_err() || self.inner.care == Care::None {
            // A commit that failed may be on disk all the same; what is gathered is seen once nobody writes.
            self.inner.version.fetch_add(1, Ordering::SeqCst);
        }
        result
    }

    /// A number that is another one after every commit, before anybody is told of it. What was read while it was the
    /// same is still so.
    pub fn version(&self) -> u64 {
        self.inner.version.load(Ordering::SeqCst)
    }

    fn transact<R>(
        &self,
        db: &Database,
        work: impl FnOnce(&mut Batch<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut txn = db.begin_write()?;
        // Two phases, so that a torn write can never pass for a commit; quick repair, so that a
        // store of any size opens at once after a kill. Together they cost a few milliseconds.
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        // Taken out, so that what a failed batch believed is forgotten with it.
        let memory = std::mem::take(&mut *self.memory());
        let mut batch = Batch::open(&txn, memory);
        let result = work(&mut batch)?;
        let (memory, touched) = batch.flush()?;
        if touched {
            txn.commit()?;
            self.inner.version.fetch_add(1, Ordering::SeqCst);
        } else {
            txn.abort()?
        }
        *self.memory() = memory;
        Ok(result)
    }

    /// Does `work` in the transaction that is kept open.
    fn gather<R>(
        &self,
        db: &Database,
        work: impl FnOnce(&mut Batch<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut place = self.held();
        let mut held = match place.take() {
            Some(held) => held,
            None => Held::begin(db)?,
        };
        let memory = std::mem::take(&mut *self.memory());
        let within = |txn| {
            let mut batch = Batch::open(txn, memory);
            let result = work(&mut batch)?;
            Ok((result, batch.flush()?))
        };
        match held.txn().ok_or(Error::Closed).and_then(within) {
            Ok((result, (memory, touched))) => {
                if touched && held.wrote() {
                    held.commit()?;
                } else {
                    *place = Some(held);
                }
                *self.memory() = memory;
                Ok(result)
            }
            Err(error) => {
                held.abort()?;
                Err(error)
            }
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.inner.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// After a failed write redb does nothing more with a file: it is closed and opened anew, which may
    /// help at once (there was no room, and what failed needed some) or at the next attempt.
    fn reopen(&self) {
        let mut db = self.inner.db.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(self.held().take());
        // Closed first: it holds a lock on the file.
        drop(db.take());
        match (self.inner.opener)() {
            Ok(opened) => *db = Some(opened),
            Err(error) => tracing::error!("the store cannot be opened again: {error}"),
        }
    }

    fn db(&self) -> std::sync::RwLockReadGuard<'_, Option<Database>> {
        self.inner.db.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// There is one writer, and what it leaves here is always whole.
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.inner.memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The store as it is now.
    pub fn read(&self) -> Result<Reader, Error> {
        // Whoever writes at this moment has the lock: what was there before is read.
        if let Ok(mut place) = self.inner.held.try_lock()
            && let Some(held) = place.take_if(|held| !held.is_empty())
        {
            held.commit()?;
        }
        match &*self.db() {
            Some(db) => Reader::open(&db.begin_read()?),
            None => Err(Error::Closed),
        }
    }

    /// Gives unused space back to the file system. True if there was any. Nothing else may use the
    /// store meanwhile.
    pub fn compact(self) -> Result<bool, Error> {
        drop(self.held().take());
        let inner = Arc::try_unwrap(self.inner).map_err(|_| Error::Locked)?;
        let db = inner.db.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(db.ok_or(Error::Closed)?.compact()?)
    }
}

/// Opens a file that may be damaged in ways that redb does not expect: it panics on some of them, and
/// a damaged file is a finding, not a reason to end the process.
fn whole<R>(open: &dyn Fn() -> Result<R, Error>) -> Result<R, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(open))
        .unwrap_or_else(|_| Err(Error::Corrupt("its structure makes no sense".into())))
        .map_err(Error::of_a_file)
}

/// Makes an empty database, all of it or nothing: a file that was begun when the power went is no
/// database, and must not stand where one is expected. Nobody but its owner may read it.
fn begin(path: &Path) -> Result<(), Error> {
    let io = |error| Error::from(redb::StorageError::Io(error));
    let young = path.with_extension("new");
    if young.exists() {
        std::fs::remove_file(&young).map_err(io)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(&young).map_err(io)?);
    drop(Builder::new().create(&young)?);
    std::fs::rename(&young, path).map_err(io)?;
    // The new name is on disk when its folder is.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    Ok(())
}
