//! Where a home lives, so that a copy of it is noticed before it signs.
//!
//! A copied folder holds a device key and an old end of that device's log; signing on from there
//! forks the log. A copy has other inodes, or another machine under it. Device numbers are left
//! out, because many file systems give themselves a new one at every mount; the time of birth
//! stands in for them. A rolled back disk image looks the same as before, and only the network
//! can tell it apart.

use std::{fmt, fs, path::Path};

use super::file;

const CONTEXT: &str = "starling 2026-11 here v1";
const FORM: &str = "starling here v1";

/// The fingerprints of a folder and of the store in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Here {
    folder: String,
    store: Option<String>,
}

impl Here {
    /// How it looks now.
    pub(super) fn look(folder: &Path, store: &Path) -> Self {
        let machine = machine();
        Self {
            folder: fingerprint(&machine, folder).unwrap_or_default(),
            store: fingerprint(&machine, store),
        }
    }

    /// Whether `now` is the same place. A store that came since is ours; one that went is a loss.
    pub(super) fn still(&self, now: &Self) -> bool {
        self.folder == now.folder && (self.store.is_none() || self.store == now.store)
    }
}

impl fmt::Display for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORM} {} {}", self.folder, self.store.as_deref().unwrap_or("none"))
    }
}

/// What was noted last; none if there is no note, or none that can be read.
pub(super) fn recorded(path: &Path) -> Option<Here> {
    let bytes = file::read(path).ok()?;
    let rest = std::str::from_utf8(&bytes).ok()?.trim_ascii().strip_prefix(FORM)?;
    let (folder, store) = rest.trim_ascii_start().split_once(' ')?;
    let store = (store != "none").then(|| store.to_owned());
    Some(Here { folder: folder.to_owned(), store })
}

fn fingerprint(machine: &[u8], path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let born = metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(machine);
    hasher.update(&inode(&metadata, path));
    hasher.update(&born.map_or(0, |born| born.as_nanos()).to_le_bytes());
    Some(hasher.finalize().to_hex().to_string())
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata, _: &Path) -> Vec<u8> {
    std::os::unix::fs::MetadataExt::ino(metadata).to_le_bytes().to_vec()
}

/// Without inodes the path stands for the place.
#[cfg(not(unix))]
fn inode(_: &fs::Metadata, path: &Path) -> Vec<u8> {
    fs::canonicalize(path).unwrap_or_default().to_string_lossy().into_owned().into_bytes()
}

/// What the operating system calls this machine; empty where it has no name for it. Only ever
/// hashed: it must not be told to others.
fn machine() -> Vec<u8> {
    let names = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostid"];
    names.iter().find_map(|name| fs::read(name).ok()).unwrap_or_default()
}
