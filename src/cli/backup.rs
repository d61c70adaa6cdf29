//! `backup`: the whole identity in one file that a passphrase opens.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
};

use serde_json::json;
use starling::{
    backup::{self, Preface},
    clock,
};
use starling_protocol::bundle;
use zeroize::Zeroizing;

use super::{Failure, feed, layout, output::ask_secret, session::Context};

/// Characters that a passphrase needs: shorter ones are guessed, whatever a guess costs.
const PASSPHRASE_CHARS: usize = 8;

/// Write your identity and the feeds you hold into one file that a passphrase opens
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Read the passphrase from the first line of this file instead of asking; "-" is stdin
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Replace a file of that name
    #[arg(long)]
    force: bool,
}

/// The first line of a file, or of stdin.
pub fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = if path == Path::new("-") {
        Zeroizing::new(io::read_to_string(io::stdin().lock())?)
    } else {
        Zeroizing::new(std::fs::read_to_string(path).map_err(|error| feed::missing(path, error))?)
    };
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// A new passphrase, asked for twice if a person types it.
fn new_passphrase(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let passphrase = match file {
        Some(path) => first_line(path)?,
        None => {
            let question = format!("Passphrase for the backup, of at least {PASSPHRASE_CHARS} characters:");
            ask_secret(&question)?
        }
    };
    if passphrase.chars().count() < PASSPHRASE_CHARS {
        return Err(Failure::usage(format!("a passphrase needs at least {PASSPHRASE_CHARS} characters")));
    }
    if file.is_none() && *passphrase != *ask_secret("The same again:")? {
        return Err(Failure::usage("these are not the same"));
    }
    Ok(passphrase)
}

impl Backup {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let passphrase = new_passphrase(self.passphrase_file.as_deref())?;
        let settings = match std::fs::read_to_string(home.config_path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            settings => settings?,
        };
        let (author, root) = (home.author()?, home.keys()?.root);
        let (has_root, time) = (root.is_some(), clock::now());
        let preface = Preface { author, time, root, identity: home.identity()?, settings };
        let session = context.session()?;
        let progress = context.output.progress("writing");
        let mut feeds = progress.reads(session.client.download("/api/starling/v1/export", &[])?);
        let write = |to: &mut BufWriter<File>| -> Result<(), Failure> {
            backup::write(to, &passphrase, &preface, |to| io::copy(&mut feeds, to).map(drop))?;
            Ok(())
        };
        // A backup that was never read is a hope.
        let (bytes, summary) = feed::checked(&self.file, self.force, write, |part| {
            let (_, opened) = backup::read(BufReader::new(File::open(part)?), &passphrase)?;
            bundle::check(opened).map_err(feed::damaged)
        })?;
        drop(feeds);
        drop(progress);
        if !has_root {
            context
                .output
                .talk("the root key is not in this home: restoring will need the recovery phrase too");
        }
        let object = json!({
            "file": self.file, "bytes": bytes, "author": author.to_string(), "root": has_root,
            "entries": summary.entries, "authors": summary.identities,
        });
        let text = format!(
            "wrote {} with {} of {} ({}), and read it back",
            self.file.display(),
            layout::count(summary.entries, "entry", "entries"),
            layout::count(summary.identities, "author", "authors"),
            layout::bytes(bytes),
        );
        context.output.either(&object, text)
    }
}
