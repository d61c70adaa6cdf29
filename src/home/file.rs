//! Files that are whole or not there, and for their owner alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::Error;

/// Gives an I/O error the path that it happened at.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = PathBuf::from(path);
    move |error| Error::Io { path, error }
}

/// Makes a folder, and those above it, that only its owner may enter.
pub(crate) fn folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(at(path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(at(path))?;
    }
    Ok(())
}

/// Options for writing a file that only its owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file of 0600 in one step: a temporary one is written, synced and renamed, and the
/// folder is synced, so that a power cut leaves the old bytes or the new.
pub(crate) fn secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = write_new(&temporary, bytes).and_then(|()| replace(&temporary, path));
    if written.is_err() {
        // What is left of the attempt may be a secret; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Gives a file that was written and synced its name, in place of what has it, and makes that outlast a power cut.
///
/// # Errors
/// [`Error::Io`].
pub fn replace(written: &Path, path: &Path) -> Result<(), Error> {
    fs::rename(written, path).map_err(at(path))?;
    sync_folder(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = private().create(true).truncate(true).open(path).map_err(at(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Makes a rename or removal in the folder of `path` last.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    #[cfg(unix)]
    File::open(folder).and_then(|file| file.sync_all()).map_err(at(folder))?;
    Ok(())
}

/// Reads a small file of ours whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(at(path))
}

/// Removes a file, which may be gone already.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => sync_folder(path),
    }
}
