//! A disk in memory: it keeps only what was written, and can lose power.
//!
//! A store in memory is mostly pages that were never written and pages that are not full; neither costs anything
//! here. While a disk is careful it remembers what it held at the last sync, and [`Disk::power_cut`] gives back a
//! disk as a real one may be found: of all that was not synced each sector is either old or new, and so is its length.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::{Rng, RngExt};
use redb::StorageBackend;

/// Bytes of a page, as the database writes them.
const PAGE: usize = 4096;
/// The smallest piece of a page that a disk writes whole.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
struct State {
    /// Each page up to its last byte that is not zero.
    pages: Vec<Box<[u8]>>,
    len: u64,
    /// What changed since the last sync; none while the disk is not careful.
    unsynced: Option<Unsynced>,
    bytes: u64,
    /// Writes that still succeed, if the power is about to fail.
    left: Option<u64>,
}

/// How it was at the last sync.
#[derive(Debug, Default)]
struct Unsynced {
    /// What pages held that changed since.
    pages: BTreeMap<usize, Box<[u8]>>,
    len: u64,
}

/// A disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// An empty disk; a careful one can lose power.
    pub fn new(careful: bool) -> Self {
        let unsynced = careful.then(Unsynced::default);
        Self(Arc::new(Mutex::new(State { unsynced, ..State::default() })))
    }

    /// Whether it can lose power.
    pub fn careful(&self) -> bool {
        self.state().unsynced.is_some()
    }

    /// After so many more writes, of whatever kind, every write fails: the power is failing, and
    /// [`Disk::power_cut`] is what comes next.
    pub fn fail_after(&self, writes: u64) {
        self.state().left = Some(writes);
    }

    /// Bytes that it takes in memory, without what the allocator adds.
    pub fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// The power fails. This disk is let go of by whoever uses it; what is found on it afterwards is returned. One
    /// that is not careful has everything.
    pub fn power_cut(&self, rng: &mut impl Rng) -> Self {
        let state = self.state();
        let (mut pages, mut len) = (state.pages.clone(), state.len);
        let unsynced = state.unsynced.as_ref().map(|unsynced| {
            if rng.random::<bool>() {
                len = unsynced.len;
            }
            pages.resize_with((len as usize).div_ceil(PAGE), Box::default);
            for (number, old) in &unsynced.pages {
                if let Some(page) = pages.get_mut(*number) {
                    *page = torn(old, page, rng);
                }
            }
            Unsynced { len, ..Unsynced::default() }
        });
        let bytes = pages.iter().map(|page| page.len() as u64).sum();
        Self(Arc::new(Mutex::new(State { pages, len, unsynced, bytes, left: None })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page of which each sector is as it was or as it was to be.
fn torn(old: &[u8], new: &[u8], rng: &mut impl Rng) -> Box<[u8]> {
    let (mut page, mut other) = ([0; PAGE], [0; PAGE]);
    page[..old.len()].copy_from_slice(old);
    other[..new.len()].copy_from_slice(new);
    for sector in (0..PAGE).step_by(SECTOR) {
        if rng.random::<bool>() {
            page[sector..sector + SECTOR].copy_from_slice(&other[sector..sector + SECTOR]);
        }
    }
    page[..used(&page)].into()
}

/// Bytes of a page up to the last that is not zero.
fn used(page: &[u8]) -> usize {
    page.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

impl State {
    /// Changes a part of a page, from `within` on.
    fn change(&mut self, number: usize, within: usize, data: &[u8]) {
        if data.len() == PAGE {
            return self.put(number, data);
        }
        let mut whole = [0; PAGE];
        let held = self.pages.get(number).map_or(&[][..], |page| page);
        whole[..held.len()].copy_from_slice(held);
        whole[within..within + data.len()].copy_from_slice(data);
        self.put(number, &whole);
    }

    fn put(&mut self, number: usize, whole: &[u8]) {
        if number >= self.pages.len() {
            self.pages.resize_with(number + 1, Box::default);
        }
        let used = used(whole);
        let page = &mut self.pages[number];
        self.bytes = self.bytes + used as u64 - page.len() as u64;
        match &mut self.unsynced {
            // What is there can be written over, if nobody asks for it again.
            None if page.len() == used => page.copy_from_slice(&whole[..used]),
            None => *page = whole[..used].into(),
            Some(unsynced) => {
                let old = std::mem::replace(page, whole[..used].into());
                unsynced.pages.entry(number).or_insert(old);
            }
        }
    }

    /// One more write.
    fn powered(&mut self) -> Result<(), io::Error> {
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
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
        state.powered()?;
        let keep = (len as usize).div_ceil(PAGE);
        while state.pages.len() > keep {
            let page = state.pages.pop().unwrap_or_default();
            state.bytes -= page.len() as u64;
            let number = state.pages.len();
            if let Some(unsynced) = &mut state.unsynced {
                unsynced.pages.entry(number).or_insert(page);
            }
        }
        let within = len as usize % PAGE;
        if within > 0 && state.pages.len() == keep {
            state.change(keep - 1, within, &[0; PAGE][within..]);
        }
        state.len = len;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut state = self.state();
        state.powered()?;
        let len = state.len;
        if let Some(unsynced) = &mut state.unsynced {
            *unsynced = Unsynced { len, ..Unsynced::default() };
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.state();
        state.powered()?;
        if offset + data.len() as u64 > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < data.len() {
            let at = offset as usize + done;
            let (number, within) = (at / PAGE, at % PAGE);
            let part = (PAGE - within).min(data.len() - done);
            state.change(number, within, &data[done..done + part]);
            done += part;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    fn read(disk: &Disk) -> Vec<u8> {
        let mut bytes = vec![0; disk.len().unwrap() as usize];
        disk.read(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn it_is_a_file_in_every_respect_but_its_size() {
        let (disk, mut file) = (Disk::new(true), Vec::new());
        let mut rng = rng(1);
        for step in 0..2_000_u32 {
            match rng.random_range(0..10) {
                0 => {
                    let len = rng.random_range(0..20 * PAGE);
                    disk.set_len(len as u64).unwrap();
                    file.resize(len, 0);
                }
                1 => disk.sync_data().unwrap(),
                _ => {
                    let from = rng.random_range(0..=file.len());
                    let len = rng.random_range(0..=(file.len() - from).min(3 * PAGE));
                    // Zeros as well, which take no room.
                    let data = vec![if step % 3 == 0 { 0 } else { step as u8 }; len];
                    disk.write(from as u64, &data).unwrap();
                    file[from..from + len].copy_from_slice(&data);
                }
            }
            assert_eq!(disk.len().unwrap() as usize, file.len());
        }
        assert_eq!(read(&disk), file);
        let held: usize = file.chunks(PAGE).map(used).sum();
        assert_eq!(disk.bytes(), held as u64);
        assert!(disk.write(file.len() as u64, &[1]).is_err());
    }

    #[test]
    fn a_power_cut_takes_nothing_that_was_synced_and_any_part_of_the_rest() {
        let (mut old, mut new) = (0, 0);
        for seed in 0..20 {
            let disk = Disk::new(true);
            disk.set_len(4 * PAGE as u64).unwrap();
            disk.write(0, &vec![1; 4 * PAGE]).unwrap();
            disk.sync_data().unwrap();
            disk.write(PAGE as u64, &vec![2; PAGE]).unwrap();
            let found = read(&disk.power_cut(&mut rng(seed)));
            assert!(found[..PAGE].iter().chain(&found[2 * PAGE..]).all(|byte| *byte == 1));
            for sector in found[PAGE..2 * PAGE].chunks(SECTOR) {
                assert!(sector == [1; SECTOR] || sector == [2; SECTOR]);
                *(if sector[0] == 1 { &mut old } else { &mut new }) += 1;
            }
        }
        assert!(old > 40 && new > 40, "{old} sectors are old and {new} are new");
    }

    #[test]
    fn a_length_that_was_not_synced_may_be_either() {
        let lengths = |careful| -> Vec<u64> {
            let found = (0..20).map(|seed| {
                let disk = Disk::new(careful);
                disk.set_len(4 * PAGE as u64).unwrap();
                disk.write(0, &vec![1; 4 * PAGE]).unwrap();
                disk.sync_data().unwrap();
                disk.set_len(PAGE as u64).unwrap();
                disk.power_cut(&mut rng(seed)).len().unwrap()
            });
            let mut found: Vec<u64> = found.collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        assert_eq!(lengths(true), [PAGE as u64, 4 * PAGE as u64]);
        assert_eq!(lengths(false), [PAGE as u64]);
    }

    #[test]
    fn the_power_may_fail_at_any_write() {
        let disk = Disk::new(true);
        disk.set_len(PAGE as u64).unwrap();
        disk.fail_after(2);
        assert!(disk.write(0, &[1]).is_ok());
        assert!(disk.sync_data().is_ok());
        assert!(disk.write(1, &[1]).is_err());
        assert!(disk.sync_data().is_err());
        assert!(disk.set_len(0).is_err());
        assert!(disk.power_cut(&mut rng(1)).write(0, &[2]).is_ok());
    }
}
