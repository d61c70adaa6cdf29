//! `export feed` and `import feed`: feeds in a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use starling::home;
use starling_protocol::bundle;

use super::{Failure, Kind, follow, layout, session::Context};

/// Write what is held into a file
#[derive(Debug, clap::Subcommand)]
pub enum Export {
    /// Write feeds, your own and those you follow, or one author's, into a bundle
    Feed {
        /// Whose feed; without it your own and all that you follow
        #[arg(value_name = "WHO")]
        who: Option<String>,
        /// The file to write; without it, stdout
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Take in what is in a file
#[derive(Debug, clap::Subcommand)]
pub enum Import {
    /// Check a bundle of feeds as if strangers had sent it, and take in what is good
    Feed {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Export {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let Self::Feed { who, out } = self;
        if out.is_none() && io::stdout().is_terminal() {
            return Err(Failure::usage("a bundle is not text for a terminal").hint("name a file with --out"));
        }
        let session = context.session()?;
        let author = who.map(|who| follow::author(&session.client, &who)).transpose()?;
        let query: Vec<(&str, &str)> = author.iter().map(|author| ("author", author.as_str())).collect();
        let mut from = session.client.download("/api/starling/v1/export", &query)?;
        let Some(out) = out else {
            let mut stdout = io::stdout().lock();
            io::copy(&mut from, &mut stdout)?;
            return Ok(stdout.flush()?);
        };
        let progress = context.output.progress("writing");
        let write = |to: &mut BufWriter<File>| -> Result<(), Failure> {
            io::copy(&mut progress.reads(&mut from), to)?;
            Ok(())
        };
        // What was cut short on the way must not pass for a copy of everything.
        let (bytes, summary) = checked(&out, false, write, |part| {
            bundle::check(BufReader::new(File::open(part)?)).map_err(damaged)
        })?;
        drop(progress);
        let text = format!(
            "wrote {} of {} to {} ({})",
            layout::count(summary.entries, "entry", "entries"),
            layout::count(summary.identities, "author", "authors"),
            out.display(),
            layout::bytes(bytes),
        );
        let object =
            json!({ "file": out, "entries": summary.entries, "authors": summary.identities, "bytes": bytes });
        context.output.either(&object, text)
    }
}

impl Import {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let Self::Feed { file } = self;
        let open = || File::open(&file).map_err(|error| missing(&file, error));
        let progress = context.output.progress("checking");
        bundle::check(BufReader::new(progress.reads(open()?))).map_err(damaged)?;
        drop(progress);
        let session = context.session()?;
        let progress = context.output.progress("taking in");
        let answer: Value = session.client.upload(
            "/api/starling/v1/import",
            "application/cbor-seq",
            &mut progress.reads(open()?),
        )?;
        drop(progress);
        let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
        let text = format!("{} new, {} known, {} refused", number("new"), number("known"), number("refused"));
        context.output.either(&answer, text)
    }
}

/// A file that cannot be opened: scripts want to know whether it is there.
pub fn missing(path: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(Kind::NotFound, format!("{}: {error}", path.display()))
            .hint("look at how the file's name is written"),
        _ => at(path, error),
    }
}

/// What the system says of a file or folder.
pub fn at(path: &Path, error: io::Error) -> Failure {
    home::Error::Io { path: path.into(), error }.into()
}

/// A bundle that is not what somebody signed.
pub fn damaged(error: bundle::Error) -> Failure {
    match error {
        bundle::Error::Io(error) => match error.downcast::<starling::backup::Error>() {
            Ok(error) => error.into(),
            Err(error) => error.into(),
        },
        error => Failure::new(Kind::Verification, error).hint("nothing of it was taken in"),
    }
}

/// Writes a file for its owner alone that is whole or not there, and gives its size. What stands at
/// `path` is replaced only if `force`.
pub fn whole(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    checked(path, force, write, |_| Ok(())).map(|(bytes, ())| bytes)
}

/// The same, if `check` finds that what was written is good. Until then what stood there stays: a file that cannot be
/// read back must not cost the one that could be.
pub fn checked<T>(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
    check: impl FnOnce(&Path) -> Result<T, Failure>,
) -> Result<(u64, T), Failure> {
    if path.exists() && !force {
        return Err(Failure::new(Kind::Refused, format!("{} is there already", path.display()))
            .hint("choose another name"));
    }
    let mut name = path.file_name().ok_or_else(|| Failure::usage("that is no file name"))?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let at = |error| at(path, error);
    let mut file = BufWriter::new(options.open(&part).map_err(at)?);
    let written = write(&mut file).and_then(|()| {
        file.flush().map_err(at)?;
        file.get_ref().sync_all().map_err(at)?;
        let bytes = file.get_ref().metadata().map_err(at)?.len();
        let checked = check(&part)?;
        home::replace(&part, path)?;
        Ok((bytes, checked))
    });
    if written.is_err() {
        // Half a file helps nobody; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_back_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        fs::write(&path, b"the good one").unwrap();
        let write = |to: &mut BufWriter<File>| -> Result<(), Failure> { Ok(to.write_all(b"new")?) };
        let damaged = |part: &Path| -> Result<(), Failure> {
            assert_eq!(fs::read(part).unwrap(), b"new", "it is whole when it is looked at");
            Err(Failure::failed("it is damaged"))
        };
        checked(&path, true, write, damaged).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"the good one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of the attempt");
        let (bytes, read) = checked(&path, true, write, |part| Ok(fs::read(part)?)).unwrap();
        assert_eq!((bytes, read), (3, b"new".to_vec()));
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(checked(&path, false, write, |_| Ok(())).unwrap_err().kind, Kind::Refused);
    }
}
