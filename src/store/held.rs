//! Stores that live in memory and nowhere else: their pages, and the transaction that is kept open.
//!
//! A commit costs more than what one turn of an engine writes: every table that was touched leaves pages
//! to be copied, summed up and filed. A store whose bytes nobody will read after this process has nothing
//! to gain from it, so many turns share one transaction, which is committed when somebody reads.

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redb::{Database, Durability, StorageBackend, WriteTransaction};

use super::Error;

/// Turns that share a transaction. What is left of a commit's cost is a sixty-fourth, and no more pages
/// are held twice than so many turns write.
const TOGETHER: usize = 64;

/// A transaction that is kept open.
pub(super) struct Held {
    txn: Option<WriteTransaction>,
    turns: usize,
}

impl Held {
    /// Begins one.
    pub fn begin(db: &Database) -> Result<Self, Error> {
        let mut txn = db.begin_write()?;
        txn.set_durability(Durability::None)?;
        Ok(Self { txn: Some(txn), turns: 0 })
    }

    /// The transaction; none after its end.
    pub fn txn(&self) -> Option<&WriteTransaction> {
        self.txn.as_ref()
    }

    /// Notes a turn that wrote. Says whether it was the last one.
    pub fn wrote(&mut self) -> bool {
        self.turns += 1;
        self.turns >= TOGETHER
    }

    /// Whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        self.turns == 0
    }

    /// Ends it: what was written can be read.
    pub fn commit(mut self) -> Result<(), Error> {
        self.txn.take().map_or(Ok(()), |txn| Ok(txn.commit()?))
    }

    /// Ends it as if nothing of it had been.
    pub fn abort(mut self) -> Result<(), Error> {
        self.txn.take().map_or(Ok(()), |txn| Ok(txn.abort()?))
    }
}

/// A store that is closed keeps what was written to it.
impl Drop for Held {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.txn.take().map(WriteTransaction::commit) {
            tracing::error!("what was written last is lost: {error}");
        }
    }
}

/// Bytes of a page, which is what redb writes.
const PAGE: usize = 4096;

/// A file in memory of which only those pages exist that were written: redb's own backend makes room for
/// a mebibyte before the first row, and a world has ten thousand stores.
#[derive(Default)]
pub(super) struct Pages(Mutex<File>);

#[derive(Default)]
struct File {
    length: u64,
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
}

impl Pages {
    fn file(&self) -> MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} pages", self.file().pages.len())
    }
}

/// The pieces of `length` bytes from `offset` on: each page's number, where in it to begin, and how much.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset.checked_add(done as u64)?;
        let begin = (at % PAGE as u64) as usize;
        let size = (PAGE - begin).min(length - done);
        done += size;
        (size > 0).then_some((at / PAGE as u64, begin, size))
    })
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let file = self.file();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > file.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = out;
        for (page, begin, size) in pieces(offset, rest.len()) {
            let (piece, after) = rest.split_at_mut(size);
            match file.pages.get(&page) {
                Some(bytes) => piece.copy_from_slice(&bytes[begin..begin + size]),
                None => piece.fill(0),
            }
            rest = after;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut file = self.file();
        file.length = length;
        drop(file.pages.split_off(&length.div_ceil(PAGE as u64)));
        // What was cut off must not come back when the file grows again.
        let within = (length % PAGE as u64) as usize;
        if let Some(last) = file.pages.get_mut(&(length / PAGE as u64)) {
            last[within..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut file = self.file();
        let mut rest = data;
        for (page, begin, size) in pieces(offset, data.len()) {
            let (piece, after) = rest.split_at(size);
            let bytes = file.pages.entry(page).or_insert_with(|| Box::new([0; PAGE]));
            bytes[begin..begin + size].copy_from_slice(piece);
            rest = after;
        }
        file.length = file.length.max(offset.saturating_add(data.len() as u64));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn pages_are_as_a_file_is() {
        let (pages, mut plain) = (Pages::default(), Vec::new());
        let mut random = blake3::Hasher::new().finalize_xof();
        let mut number = |most: usize| {
            let mut bytes = [0; 4];
            random.fill(&mut bytes);
            u32::from_le_bytes(bytes) as usize % most
        };
        for round in 0..500 {
            let (offset, length) = (number(20_000), number(9_000));
            if number(10) == 0 {
                plain.resize(offset, 0);
                pages.set_len(offset as u64).unwrap();
            } else {
                plain.resize(plain.len().max(offset + length), 0);
                plain[offset..offset + length].fill(round as u8);
                pages.write(offset as u64, &vec![round as u8; length]).unwrap();
            }
            let mut all = vec![1; plain.len()];
            pages.read(0, &mut all).unwrap();
            assert!(all == plain, "round {round}");
            assert_eq!(pages.len().unwrap(), plain.len() as u64);
        }
        assert!(pages.read(plain.len() as u64, &mut [0]).is_err());
    }

    #[test]
    fn what_was_written_is_read_at_once_and_what_failed_is_not() {
        let store = Store::in_memory().unwrap();
        let write = |key: &'static str, fails: bool| {
            store.write(|batch| {
                batch.tables.meta.insert(key, [7].as_slice())?;
                if fails { Err(Error::Corrupt("not so".into())) } else { Ok(()) }
            })
        };
        let has = |key: &str| store.read().unwrap().tables().meta.get(key).unwrap().is_some();
        for round in 0..3 * TOGETHER {
            write("good", false).unwrap();
            assert!(round % 10 != 0 || has("good"));
        }
        assert!(write("bad", true).is_err());
        assert!(has("good") && !has("bad"));
        // A writer that reads what others may read sees what was there before it.
        let inside = store.write(|batch| {
            batch.tables.meta.insert("later", [7].as_slice())?;
            Ok(has("later"))
        });
        assert!(!inside.unwrap() && has("later"));
    }
}
