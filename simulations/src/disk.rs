//! A disk in memory: it keeps only what was written, and can lose power.
//!
//! A store in memory is mostly pages that were never written and pages that are not full; neither costs anything
//! here. While a disk is careful it remembers what it held at the last sync, and [`Disk::power_cut`] gives back a
//! disk as a real one may be found: each page that was not synced is either old or new.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::{Rng, RngExt};
use redb::StorageBackend;

/// Bytes of a page, as the database writes them.
const PAGE: usize = 4096;

#[derive(Debug, Default)]
struct State {
    /// Each page up to its last byte that is not zero.
    pages: Vec<Box<[u8]>>,
    len: u64,
    /// What pages held at the last sync, if they changed since; none while the disk is not careful.
    unsynced: Option<BTreeMap<usize, Box<[u8]>>>,
    bytes: u64,
}

/// A disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// An empty disk; a careful one can lose power.
    pub fn new(careful: bool) -> Self {
        let unsynced = careful.then(BTreeMap::new);
        Self(Arc::new(Mutex::new(State { unsynced, ..State::default() })))
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// The power fails. This disk is let go of by whoever uses it; what is found on it afterwards is returned.
    pub fn power_cut(&self, rng: &mut impl Rng) -> Self {
        let mut state = self.state();
        let mut pages = state.pages.clone();
        for (number, old) in state.unsynced.iter().flatten() {
            if rng.random::<bool>()
                && let Some(page) = pages.get_mut(*number)
            {
                *page = old.clone();
            }
        }
        let careful = state.unsynced.as_mut().map(std::mem::take).is_some();
        let bytes = pages.iter().map(|page| page.len() as u64).sum();
        let len = state.len;
        let unsynced = careful.then(BTreeMap::new);
        Self(Arc::new(Mutex::new(State { pages, len, unsynced, bytes })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn page(&mut self, number: usize, change: impl FnOnce(&mut [u8; PAGE])) {
        let mut whole = [0; PAGE];
        if let Some(held) = self.pages.get(number) {
            whole[..held.len()].copy_from_slice(held);
        } else {
            self.pages.resize_with(number + 1, Box::default);
        }
        change(&mut whole);
        let used = whole.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let new: Box<[u8]> = whole[..used].into();
        self.bytes += used as u64;
        let old = std::mem::replace(&mut self.pages[number], new);
        self.bytes -= old.len() as u64;
        if let Some(unsynced) = &mut self.unsynced {
            unsynced.entry(number).or_insert(old);
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.state().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let state = self.state();
        if offset + out.len() as u64 > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < out.len() {
            let at = offset as usize + done;
            let (number, within) = (at / PAGE, at % PAGE);
            let part = (PAGE - within).min(out.len() - done);
            let target = &mut out[done..done + part];
            target.fill(0);
            if let Some(page) = state.pages.get(number)
                && page.len() > within
            {
                let held = (page.len() - within).min(part);
                target[..held].copy_from_slice(&page[within..within + held]);
            }
            done += part;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut state = self.state();
        let keep = (len as usize).div_ceil(PAGE);
        while state.pages.len() > keep {
            let page = state.pages.pop().unwrap_or_default();
            state.bytes -= page.len() as u64;
        }
        let within = len as usize % PAGE;
        if within > 0 && state.pages.len() == keep {
            state.page(keep - 1, |page| page[within..].fill(0));
        }
        state.len = len;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        if let Some(unsynced) = &mut self.state().unsynced {
            unsynced.clear();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.state();
        if offset + data.len() as u64 > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < data.len() {
            let at = offset as usize + done;
            let (number, within) = (at / PAGE, at % PAGE);
            let part = (PAGE - within).min(data.len() - done);
            let piece = &data[done..done + part];
            state.page(number, |page| page[within..within + part].copy_from_slice(piece));
            done += part;
        }
        Ok(())
    }
}
