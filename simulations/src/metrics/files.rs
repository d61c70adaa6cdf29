//! Results as files. Each is written under a temporary name and then renamed, so that a file that is there is whole;
//! `run.json` comes last, so that a directory that has it has everything.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{FORM, Run, tables::Tables};

/// The summary's file name.
pub const RUN: &str = "run.json";
/// The file name of the scenario as it was run.
pub const SCENARIO: &str = "scenario.toml";

/// Why results cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No room, no permission, no directory.
    #[error("{path}: {error}{}", full(error, written))]
    Write {
        /// What was being written.
        path: PathBuf,
        /// Files that are whole.
        written: Vec<&'static str>,
        /// Why not.
        error: io::Error,
    },
    /// Not there, or not readable.
    #[error("{path}: {error}")]
    Read {
        /// What was being read.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// There is no `run.json`.
    #[error("{0} holds no run: there is no {RUN} in it (`starling sim run FILE --out DIR` makes one)")]
    NoRun(PathBuf),
    /// A damaged `run.json`.
    #[error("{path}, line {}, column {}: {error}", error.line(), error.column())]
    Json {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// A damaged table; the error tells the line.
    #[error("{path}: {error}")]
    Table {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: csv::Error,
    },
    /// Written by a later version.
    #[error(
        "{path} has form {form}, and this version reads forms up to {FORM}: use the version that wrote it"
    )]
    Form {
        /// Which file.
        path: PathBuf,
        /// Its form.
        form: u32,
    },
}

fn full(error: &io::Error, written: &[&str]) -> String {
    let room = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room and run again",
        _ => "",
    };
    match written {
        [] => format!(" (nothing was written{room})"),
        files => format!(" (whole: {}{room})", files.join(", ")),
    }
}

/// Where files go.
pub trait Sink {
    /// A file to write to, under a temporary name.
    ///
    /// # Errors
    /// If it cannot be made.
    fn open(&mut self, name: &str) -> io::Result<Box<dyn Write>>;

    /// The file is whole: it gets its name.
    ///
    /// # Errors
    /// If it cannot be renamed.
    fn keep(&mut self, name: &str) -> io::Result<()>;

    /// The file did not become whole.
    fn drop(&mut self, name: &str);
}

struct Directory<'a>(&'a Path);

impl Directory<'_> {
    fn temporary(&self, name: &str) -> PathBuf {
        self.0.join(format!(".{name}.part"))
    }
}

impl Sink for Directory<'_> {
    fn open(&mut self, name: &str) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(File::create(self.temporary(name))?))
    }

    fn keep(&mut self, name: &str) -> io::Result<()> {
        // Some systems tell of a full disk only now.
        File::open(self.temporary(name))?.sync_all()?;
        fs::rename(self.temporary(name), self.0.join(name))
    }

    fn drop(&mut self, name: &str) {
        // The error that led here is the one to be told.
        fs::remove_file(self.temporary(name)).ok();
    }
}

/// Writes one file of a directory so that it is whole or not there.
///
/// # Errors
/// If it cannot be written; then nothing of it is left.
pub fn whole(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let mut sink = Directory(dir);
    put(&mut sink, name, |out| out.write_all(bytes)).map_err(|error| Error::Write {
        path: dir.join(name),
        written: Vec::new(),
        error,
    })
}

/// Writes a run into a directory, which is made if need be. `scenario` is the text of the scenario as it was run.
///
/// # Errors
/// If a file cannot be written; those before it stay, and are whole.
pub fn write(dir: &Path, run: &Run, scenario: &str) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|error| Error::Write {
        path: dir.to_owned(),
        written: Vec::new(),
        error,
    })?;
    // The directory may hold an earlier run: its summary must not stand beside new tables.
    match fs::remove_file(dir.join(RUN)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::Write { path: dir.join(RUN), written: Vec::new(), error });
        }
        _ => {}
    }
    write_to(&mut Directory(dir), dir, run, scenario)
}

/// Writes a run; `dir` is only what errors name.
///
/// # Errors
/// If a file cannot be written; those before it stay.
pub fn write_to(sink: &mut dyn Sink, dir: &Path, run: &Run, scenario: &str) -> Result<(), Error> {
    let tables = &run.metrics.tables;
    let mut written = Vec::new();
    let mut file = |name: &'static str, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        put(sink, name, fill).map_err(|error| Error::Write {
            path: dir.join(name),
            written: std::mem::take(&mut written),
            error,
        })?;
        written.push(name);
        Ok(())
    };
    file(SCENARIO, &|out| out.write_all(scenario.as_bytes()))?;
    file("latency.csv", &|out| table(out, &tables.latency))?;
    file("series.csv", &|out| table(out, &tables.series))?;
    file("nodes.csv", &|out| table(out, &tables.nodes))?;
    file("posts.csv", &|out| table(out, &tables.posts))?;
    file("heals.csv", &|out| table(out, &tables.heals))?;
    file(RUN, &|out| {
        serde_json::to_writer_pretty(&mut *out, run)?;
        out.write_all(b"\n")
    })
}

fn put(
    sink: &mut dyn Sink,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let write = |sink: &mut dyn Sink| {
        let mut out = BufWriter::new(sink.open(name)?);
        fill(&mut out)?;
        out.flush()?;
        std::mem::drop(out);
        sink.keep(name)
    };
    let done = write(sink);
    if done.is_err() {
        sink.drop(name);
    }
    done
}

fn table<R: Serialize>(out: &mut dyn Write, rows: &[R]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in rows {
        writer.serialize(row).map_err(plain)?;
    }
    writer.flush()
}

/// The error beneath, so that a full disk is told as one.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// What a run left, read from its files alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Where they are.
    pub dir: PathBuf,
    /// The summary, with its tables.
    pub run: Run,
}

/// Reads a run.
///
/// # Errors
/// If the directory holds no run, or one that is damaged.
pub fn read(dir: &Path) -> Result<Results, Error> {
    let path = dir.join(RUN);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(Error::NoRun(dir.to_owned()));
        }
        Err(error) => return Err(Error::Read { path, error }),
    };
    // The form first: what a later version writes may lack what this one wants.
    #[derive(serde::Deserialize)]
    struct Head {
        form: u32,
    }
    let json = |error| Error::Json { path: path.clone(), error };
    let head: Head = serde_json::from_str(&text).map_err(json)?;
    if head.form > FORM {
        return Err(Error::Form { path, form: head.form });
    }
    let mut run: Run = serde_json::from_str(&text).map_err(json)?;
    run.metrics.virtual_s = run.virtual_s;
    run.metrics.complete = run.complete;
    run.metrics.tables = Tables {
        latency: rows(dir, "latency.csv")?,
        series: rows(dir, "series.csv")?,
        nodes: rows(dir, "nodes.csv")?,
        posts: rows(dir, "posts.csv")?,
        heals: rows(dir, "heals.csv")?,
    };
    Ok(Results { dir: dir.to_owned(), run })
}

fn rows<R: DeserializeOwned>(dir: &Path, name: &str) -> Result<Vec<R>, Error> {
    let path = dir.join(name);
    let file = File::open(&path).map_err(|error| Error::Read { path: path.clone(), error })?;
    let mut reader = csv::Reader::from_reader(file);
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| Error::Table { path, error })
}
