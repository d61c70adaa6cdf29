//! Files that posts and profiles show: held in the home, named by their hashes, bounded, and let go when nothing shows
//! them any more.
//!
//! ```text
//! upload ─► worker: is it a picture, and nothing but one? ─► disk ─► row ─► a post names it
//!                                                             ▲
//! a post of somebody else ─► wanted ─► asked of peers, every 16 KiB checked against the hash
//! ```
//!
//! A file's row ([`crate::store::kept::blob`]) is written after the file is in its place and taken away before the file
//! goes: what a row promises is on disk. What is on disk without a row is swept away at the start.

pub mod carrier;
pub mod disk;
pub mod exchange;
pub mod fetch;
mod keeper;
mod parts;
pub mod picture;
mod pipe;
mod queue;
mod serve;
mod strip;
mod uploads;
mod worker;

#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Semaphore;

pub use crate::store::kept::blob::Hash;
use crate::{
    engine::{Floors, Refusal},
    store,
};
use disk::Disk;
pub use uploads::{Place, Progress};
use worker::Worker;

/// Bytes of one file.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// What is taken, for those whose file is not.
pub const TAKEN: &str = "taken are JPEG, PNG, GIF and WebP, up to 10 MiB and 33 megapixels";
const _: () =
    assert!(picture::TYPES.len() == 4 && MAX_BYTES == 10 << 20 && picture::PIXELS / 1_000_000 == 33);
/// How long an upload waits for a post, in milliseconds: a day.
pub const UPLOAD_MS: u64 = 24 * 60 * 60 * 1000;
/// How long an own file stays that a post showed and none does any more, in milliseconds: who deletes a post to write
/// it again names the same files within the hour.
pub const LOOSE_MS: u64 = 60 * 60 * 1000;
/// What the files of one author who is not ours may take of all there is room for: an eighth.
const PART: u64 = 8;
/// Files that are not here and that were looked at just now. What is beyond is fetched in its turn.
const ASKED: usize = 256;

/// Why a file was not taken, or not kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what is taken.
    #[error(transparent)]
    Unfit(#[from] picture::Unfit),
    /// More uploads are under way than are worked on.
    #[error("too many files are being worked on")]
    Busy,
    /// There is no room for it.
    #[error("there is no room for the file")]
    Full,
    /// The disk fails.
    #[error("the file could not be written: {0}")]
    Disk(#[from] io::Error),
    /// The engine refuses its row.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

/// The files of a node. Cloning is cheap.
#[derive(Clone)]
pub struct Blobs(Arc<Inner>);

struct Inner {
    disk: Disk,
    worker: Worker,
    /// Bytes of all files that are held whole, as their rows say. Written by whoever holds `order`, and by nobody else.
    total: AtomicU64,
    /// What has arrived of others.
    parts: parts::Parts,
    max_total: u64,
    /// Held while files come into their places or leave them, so that nobody takes away what another just put there.
    order: tokio::sync::Mutex<()>,
    /// What was asked for since rows were last written, and when.
    used: Mutex<HashMap<Hash, u64>>,
    shrinking: tokio::sync::Mutex<()>,
    /// Files that are not here and that somebody looks at.
    asked: Mutex<Vec<Hash>>,
    asking: tokio::sync::Notify,
    /// Says that the store could not be read for the sake of files.
    #[cfg(test)]
    failing: tokio::sync::Notify,
    uploads: Mutex<uploads::Uploads>,
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Blobs {
    /// The files in this folder, of which there may be so many bytes.
    ///
    /// # Errors
    /// If the worker's thread cannot be started.
    pub fn new(folder: PathBuf, max_total: u64) -> io::Result<Self> {
        Self::over(Disk::new(folder), max_total)
    }

    /// The same, on a disk of the caller's.
    pub fn over(disk: Disk, max_total: u64) -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            disk,
            worker: Worker::start()?,
            total: AtomicU64::new(0),
            parts: parts::Parts::default(),
            max_total,
            order: tokio::sync::Mutex::default(),
            used: Mutex::default(),
            shrinking: tokio::sync::Mutex::default(),
            asked: Mutex::default(),
            asking: tokio::sync::Notify::new(),
            #[cfg(test)]
            failing: tokio::sync::Notify::new(),
            uploads: Mutex::default(),
            places: Arc::new(Semaphore::new(uploads::PLACES)),
            queue: Arc::new(Semaphore::new(uploads::QUEUE)),
        })))
    }

    /// Where the files are.
    pub fn disk(&self) -> &Disk {
        &self.0.disk
    }

    /// Bytes of all files that are held, and of what has arrived of others.
    pub fn bytes(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed) + self.0.parts.bytes()
    }

    /// Notes that a file was asked for.
    pub fn touch(&self, hash: &Hash, now: u64) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        // Bounded by the files that are held: others are not asked for here.
        used.insert(*hash, now);
    }

    /// Waits until somebody looks at a file that is not here.
    async fn asked(&self) {
        self.0.asking.notified().await;
    }

    /// What somebody looked at since this was last asked.
    fn take_asked(&self) -> Vec<Hash> {
        std::mem::take(&mut *self.0.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ask_now(&self, hash: Hash) {
        let mut asked = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() < ASKED {
            asked.push(hash);
        }
        drop(asked);
        self.0.asking.notify_one();
    }

    /// A file came.
    fn grew(&self, size: u64) {
        self.0.total.fetch_add(size, Ordering::Relaxed);
    }

    /// Waits until files could not be carried or let go because the store could not be read.
    #[cfg(test)]
    pub(crate) async fn failing(&self) {
        self.0.failing.notified().await;
    }

    /// Keeps the worker from its work until `until` returns.
    #[cfg(test)]
    pub(crate) fn keep_busy(&self, until: impl FnOnce() + Send + 'static) {
        drop(self.0.worker.run(until));
    }

    /// Whether the disk has room for this many bytes more: as much must stay free as for what others write.
    fn room(&self, folder: &std::path::Path, size: u64) -> bool {
        match crate::runtime::room(folder) {
            Some((free, total)) => free.saturating_sub(size) >= Floors::of(total).others,
            None => true,
        }
    }
}

/// A hash as it stands in names and addresses.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash that stands in a name: 64 small hexadecimal digits.
pub fn unhex(text: &str) -> Option<Hash> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}
