//! One process to a home, and where its door is.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Error, file};

/// How often, and how long apart, a held lock is tried again: a second in all.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// The home is this process's while this lives. The system lets go of it if the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("lock");
        let file = open(&path)?;
        for tried in 1..=TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(file::at(&path)(error)),
                Err(TryLockError::WouldBlock) if tried < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        Err(Error::Locked(folder.into()))
    }
}

fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new().create(true).append(true).open(path).map_err(file::at(path))
}

/// Whether nobody holds the lock. It is asked for in shared mode, so those who only ask do not
/// stand in each other's way.
pub(super) fn free(folder: &Path) -> Result<bool, Error> {
    let path = folder.join("lock");
    match open(&path)?.try_lock_shared() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(file::at(&path)(error)),
    }
}

/// Where a running node's HTTP door is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// Such as `http://127.0.0.1:41234`.
    pub http: String,
    /// The process.
    pub pid: u32,
}

pub(super) fn read_door(path: &Path) -> Result<Option<Door>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let door = serde_json::from_slice(&file::read(path)?);
    door.map(Some).map_err(|error| Error::Damaged { path: path.into(), reason: error.to_string() })
}

/// Keeps `node.json` in place until dropped.
#[derive(Debug)]
pub struct Announcement {
    path: PathBuf,
}

impl Announcement {
    pub(super) fn write(path: PathBuf, http: &str) -> Result<Self, Error> {
        let door = Door { http: http.into(), pid: std::process::id() };
        let text = serde_json::to_vec(&door)
            .map_err(|error| Error::Damaged { path: path.clone(), reason: error.to_string() })?;
        file::secret(&path, &text)?;
        Ok(Self { path })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // A file left behind is harmless: nobody will hold the lock.
        let _ = file::remove(&self.path);
    }
}
