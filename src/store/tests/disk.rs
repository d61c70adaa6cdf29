//! A disk that writes down what is done to it, can fail at any write, and can lose power: what was not
//! synced may be gone, or there in part.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use redb::StorageBackend;

/// The smallest piece of a write that a disk does whole.
const SECTOR: usize = 512;

/// Something that was done to a disk.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    acts: Option<Vec<Act>>,
    /// Writes and syncs that still succeed.
    left: Option<u64>,
}

/// Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// A disk with these bytes on it.
    pub fn with(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.state().bytes = bytes;
        disk
    }

    /// Writes down from now on what is done.
    pub fn record(&self) {
        self.state().acts = Some(Vec::new());
    }

    /// How much was done since recording began.
    pub fn acts(&self) -> usize {
        self.state().acts.as_ref().map_or(0, Vec::len)
    }

    /// What was done since recording began.
    pub fn take_acts(&self) -> Vec<Act> {
        self.state().acts.take().unwrap_or_default()
    }

    /// What is on it.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// So many writes succeed, and none after them.
    pub fn fail_after(&self, writes: u64) {
        self.state().left = Some(writes);
    }

    /// Everything succeeds again. False if nothing had failed yet.
    pub fn heal(&self) -> bool {
        self.state().left.take() == Some(0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn act(&self, act: Act) -> io::Result<()> {
        let mut state = self.state();
        match &mut state.left {
            Some(0) => return Err(io::Error::from(io::ErrorKind::StorageFull)),
            Some(left) => *left -= 1,
            None => {}
        }
        act.apply(&mut state.bytes);
        if let Some(acts) = &mut state.acts {
            acts.push(act);
        }
        Ok(())
    }
}

impl Act {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                let (from, to) = (*offset as usize, *offset as usize + data.len());
                if bytes.len() < to {
                    bytes.resize(to, 0);
                }
                bytes[from..to].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length as usize, 0),
            Self::Sync => {}
        }
    }

    /// What is left of it after the power went: each sector or not.
    fn torn(&self, mut keep: impl FnMut() -> bool) -> Vec<Self> {
        match self {
            Self::Write(offset, data) => data
                .chunks(SECTOR)
                .enumerate()
                .filter(|_| keep())
                .map(|(n, piece)| Self::Write(offset + (n * SECTOR) as u64, piece.to_vec()))
                .collect(),
            other => if keep() { vec![other.clone()] } else { vec![] },
        }
    }
}

/// What a disk may hold on which all this was done when its power went: everything up to the last sync,
/// and of the rest what `keep` lets through, sector by sector.
pub(crate) fn after_power_loss(start: &[u8], acts: &[Act], mut keep: impl FnMut() -> bool) -> Vec<u8> {
    let synced = acts.iter().rposition(|act| matches!(act, Act::Sync)).map_or(0, |at| at + 1);
    let mut bytes = start.to_vec();
    acts[..synced].iter().for_each(|act| act.apply(&mut bytes));
    for act in &acts[synced..] {
        act.torn(&mut keep).iter().for_each(|piece| piece.apply(&mut bytes));
    }
    bytes
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let piece = from.checked_add(out.len()).and_then(|to| state.bytes.get(from..to));
        out.copy_from_slice(piece.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.act(Act::Length(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.act(Act::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.act(Act::Write(offset, data.to_vec()))
    }
}
