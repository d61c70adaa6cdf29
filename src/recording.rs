//! What reached an engine, in a file: to run it again elsewhere, and see what it did and why.
//!
//! A recording is a CBOR sequence (RFC 8742). Each item is `[body, check]`: the CBOR of an [`Item`], and the first 8
//! bytes of its BLAKE3 under a context of its own, so that a file that was changed or cut off is read up to there.
//!
//! ```text
//! head                     who, with what settings, when, by which version
//! identity, entry, fork,   what the store held when it began,
//!   peer, …  held            and whether that is all of it
//! began                    what the engine did first
//! batch, batch, …          the time, what reached it, what was signed here, what left it
//! end                      why, how many entries, and a digest of all heads
//! ```
//! **Left out** is what people wrote, see [`blank`]: texts, names, tags, pictures, and the salts that keep hashes from
//! betraying them. **Never in it** are secret keys: what was signed here stands in it as the signed entry that came of
//! it. **In it** are ids, times, sizes, who follows whom, and the addresses of peers: whoever gives a recording away
//! gives those away.

pub mod blank;
mod format;
mod reader;
mod recorder;
mod summary;

#[cfg(test)]
mod tests;

pub use format::{Batch, Counts, Disk, End, Happened, Head, Item, Own, Policy, Thing, VERSION};
pub use reader::{Broken, Reader};
pub use recorder::{Draws, LIMIT, Recorder};
pub use summary::{Summary, counts, summary};

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is there already, or cannot be made.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: std::path::PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// What the store holds cannot be read.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}
