//! How the lights go out: in the midst of a commit, or a moment before or after.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use starling::store::Store;
use starling_protocol::EntryId;

use crate::disk::Disk;

/// Writes to the disk after which the power is gone at the latest: more than the commit below takes, so that some
/// commits are whole on the disk and nobody was told.
const MOMENTS: u64 = 48;
/// Rows of that commit: enough to touch several pages.
const ROWS: u8 = 32;

/// Cuts the power of a disk, and gives back what is found on it afterwards. Whoever writes at that moment is writing
/// something of which nobody was told: a commit that is told of is on disk. So the store is given such a thing to
/// write, rows that mean nothing to its engine, and the power goes at any of its writes.
pub fn cut(disk: &Disk, store: Option<&Store>, rng: &mut ChaCha8Rng) -> Disk {
    if let Some(store) = store.filter(|_| disk.careful()) {
        disk.fail_after(rng.random_range(0..MOMENTS));
        let written = store.write(|batch| {
            (0..ROWS).try_for_each(|row| batch.keep_wish(&format!("cut {row}"), 0, &EntryId::new([row; 32])))
        });
        // It fails, or it does not: either is what a power cut may find.
        drop(written);
    }
    disk.power_cut(rng)
}
