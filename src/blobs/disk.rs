//! Files in the home: `blobs/ab/abcd…`, named by the BLAKE3 of what is in them.
//!
//! A file is written under another name, synced, and renamed into its place, so that under its own name it is whole or
//! not there, whatever happens to the process or to the power. What was left under other names is swept away at the
//! next start. Beside a file may lie what was made of it (`….small`, `….bao`) and what of it has arrived (`….part`).

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Hash;

/// Something that bytes are written to, and that can be made to last.
pub trait Sink: Write + Send {
    /// Returns when all that was written outlasts a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Makes new files; tests bring one that fails.
pub type Create = Arc<dyn Fn(&Path) -> io::Result<Box<dyn Sink>> + Send + Sync>;

/// What lies beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// The picture in small.
    Small,
    /// The hashes of its 16 KiB groups.
    Outboard,
    /// What of it has arrived.
    Part,
}

impl Beside {
    fn ending(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Outboard => "bao",
            Self::Part => "part",
        }
    }
}

const ALL: [Beside; 3] = [Beside::Small, Beside::Outboard, Beside::Part];

/// The folder of all files.
#[derive(Clone)]
pub struct Disk {
    folder: PathBuf,
    create: Create,
}

impl Disk {
    /// The folder `blobs` of a home. It is made when the first file comes.
    pub fn new(folder: PathBuf) -> Self {
        let create = |path: &Path| Ok(Box::new(create(path)?) as Box<dyn Sink>);
        Self { folder, create: Arc::new(create) }
    }

    /// The same, on a disk of the caller's.
    pub fn over(folder: PathBuf, create: Create) -> Self {
        Self { folder, create }
    }

    /// Where this file is, or would be.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let name = super::hex(hash);
        self.folder.join(&name[..2]).join(name)
    }

    /// Where something beside this file is, or would be.
    pub fn beside(&self, hash: &Hash, what: Beside) -> PathBuf {
        self.path(hash).with_extension(what.ending())
    }

    /// Puts a file in its place.
    pub fn put(&self, hash: &Hash, bytes: &[u8]) -> io::Result<()> {
        self.write(&self.path(hash), bytes)
    }

    /// Puts something in its place beside a file.
    pub fn put_beside(&self, hash: &Hash, what: Beside, bytes: &[u8]) -> io::Result<()> {
        self.write(&self.beside(hash, what), bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.make_folder(path)?;
        let draft = draft(path)?;
        let written = (self.create)(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync()
        });
        let placed = written.and_then(|()| fs::rename(&draft, path)).and_then(|()| sync_folder(path));
        if placed.is_err() {
            // The error is told; what is left is swept away at the next start if it cannot be now.
            let _ = fs::remove_file(&draft);
        }
        placed
    }

    /// Makes the folder that this path is in.
    pub fn make_folder(&self, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent() else { return Ok(()) };
        if folder.is_dir() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        sync_folder(folder)
    }

    /// Says that what has arrived is whole: it gets its name.
    pub fn promote(&self, hash: &Hash) -> io::Result<()> {
        let path = self.path(hash);
        fs::rename(self.beside(hash, Beside::Part), &path)?;
        sync_folder(&path)
    }

    /// Opens a file.
    pub fn open(&self, hash: &Hash) -> io::Result<File> {
        File::open(self.path(hash))
    }

    /// All of something beside a file.
    pub fn read_beside(&self, hash: &Hash, what: Beside) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.beside(hash, what))?.take(super::MAX_BYTES * 2).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Takes a file away, and all beside it.
    pub fn remove(&self, hash: &Hash) -> io::Result<()> {
        gone(fs::remove_file(self.path(hash)))?;
        for what in ALL {
            gone(fs::remove_file(self.beside(hash, what)))?;
        }
        Ok(())
    }

    /// How much has arrived of a file.
    pub fn part(&self, hash: &Hash) -> u64 {
        fs::metadata(self.beside(hash, Beside::Part)).map_or(0, |part| part.len())
    }

    /// Takes away what has arrived of a file.
    pub fn remove_part(&self, hash: &Hash) -> io::Result<()> {
        gone(fs::remove_file(self.beside(hash, Beside::Part)))
    }

    /// Removes whatever is no whole file, and gives the whole ones with their lengths. Parts of files stay if `wanted`
    /// says so.
    pub fn sweep(&self, mut wanted: impl FnMut(&Hash) -> bool) -> io::Result<Vec<(Hash, u64)>> {
        let mut whole = Vec::new();
        let folders = match fs::read_dir(&self.folder) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(whole),
            Err(error) => return Err(error),
        };
        for folder in folders {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                let name = file.file_name();
                let name = name.to_string_lossy();
                let (stem, ending) = name.split_once('.').map_or((&*name, None), |(a, b)| (a, Some(b)));
                let hash = super::unhex(stem);
                match (hash, ending) {
                    (Some(hash), None) => whole.push((hash, file.metadata()?.len())),
                    (Some(hash), Some("small" | "bao")) if self.path(&hash).exists() => {}
                    (Some(hash), Some("part" | "part-bao")) if wanted(&hash) => {}
                    _ => gone(fs::remove_file(file.path()))?,
                }
            }
        }
        Ok(whole)
    }
}

/// What is not there need not be taken away.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A name beside a place that nobody else writes to.
fn draft(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(path.with_extension(format!("{:016x}.tmp", u64::from_le_bytes(random))))
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in a file's folder last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: Hash = [0xab; 32];

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for folder in fs::read_dir(folder).into_iter().flatten() {
            for file in fs::read_dir(folder.unwrap().path()).unwrap() {
                names.push(file.unwrap().file_name().into_string().unwrap());
            }
        }
        names.sort();
        names
    }

    /// A disk with room for so many bytes a file.
    struct Full(File, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.1 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let written = self.0.write(&bytes[..bytes.len().min(self.1)])?;
            self.1 -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    impl Sink for Full {
        fn sync(&mut self) -> io::Result<()> {
            if self.1 == 0 { Err(io::ErrorKind::StorageFull.into()) } else { self.0.sync_all() }
        }
    }

    #[test]
    fn a_full_disk_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = vec![7; 100_000];
        // The disk is full at the first byte, in the middle, and when the last is to be made to last.
        for room in [0, 1, 50_000, 100_000] {
            let create: Create =
                Arc::new(move |path| Ok(Box::new(Full(create(path)?, room)) as Box<dyn Sink>));
            let disk = Disk::over(folder.path().into(), create);
            let error = disk.put(&HASH, &bytes).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert!(disk.open(&HASH).is_err());
            assert_eq!(names(folder.path()), Vec::<String>::new(), "{room}");
        }
        let disk = Disk::new(folder.path().into());
        disk.put(&HASH, &bytes).unwrap();
        assert_eq!(disk.sweep(|_| false).unwrap(), [(HASH, 100_000)]);
    }

    #[test]
    fn what_a_kill_left_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().into());
        disk.put(&HASH, b"whole").unwrap();
        disk.put_beside(&HASH, Beside::Small, b"small").unwrap();
        disk.put_beside(&[1; 32], Beside::Small, b"of nothing").unwrap();
        disk.put_beside(&[2; 32], Beside::Part, b"wanted").unwrap();
        disk.put_beside(&[3; 32], Beside::Part, b"wanted no more").unwrap();
        fs::write(draft(&disk.path(&HASH)).unwrap(), b"half of").unwrap();
        fs::write(disk.path(&HASH).with_file_name("stray"), b"?").unwrap();
        assert_eq!(disk.sweep(|hash| *hash == [2; 32]).unwrap(), [(HASH, 5)]);
        let hex = |byte: u8| super::super::hex(&[byte; 32]);
        let left = [format!("{}.part", hex(2)), hex(0xab), format!("{}.small", hex(0xab))];
        assert_eq!(names(folder.path()), left);
        disk.remove(&HASH).unwrap();
        disk.remove(&HASH).unwrap();
        assert!(disk.read_beside(&HASH, Beside::Small).is_err());
    }
}
