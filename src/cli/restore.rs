//! `restore`: a new device for an author who is out there already.
//!
//! The device is always a new one: a device key that came back from a copy would sign a second entry
//! for a place that others know, and fork its log.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use libp2p::Multiaddr;
use serde_json::{Value, json};
use starling::{
    backup::{self, Preface},
    home::{self, Home},
};
use starling_protocol::{
    Identity, bundle,
    identity::Inception,
    keys::{Phrase, Secret},
};
use zeroize::Zeroizing;

use super::{
    Failure, Kind, feed, init, layout,
    output::ask_secret,
    session::{Context, Session},
};

/// Bring an identity back, from its phrase or a backup, on a new device
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// A file that `starling backup` wrote
    #[arg(value_name = "BACKUP")]
    backup: Option<PathBuf>,
    /// Read the 24 words from this file; "-" is stdin
    #[arg(long, value_name = "FILE")]
    phrase_file: Option<PathBuf>,
    /// Read the backup's passphrase from the first line of this file instead of asking; "-" is stdin
    #[arg(long, value_name = "FILE", requires = "backup")]
    passphrase_file: Option<PathBuf>,
    /// Connect to this node, which may hold your posts; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    from: Vec<Multiaddr>,
    /// Your name, as others see it, if --force lets this device write at once
    #[arg(long, requires = "force")]
    name: Option<String>,
    /// Which root key: one more for every time that it was rotated
    #[arg(long, value_name = "N", default_value_t = 0, hide = true)]
    epoch: u32,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Write at once, without asking the network what it holds of you. Without a source: let an existing
    /// home write again
    #[arg(long)]
    force: bool,
}

/// What a source gave.
struct Source {
    inception: Inception,
    root: Secret,
    /// From a backup: all but the feeds, which are read again when they are loaded.
    backup: Option<(Preface, bundle::Summary, Zeroizing<String>)>,
}

impl Source {
    /// Whether it is this home, whose author has not spoken from it yet, that the source began.
    fn began(&self, home: &Home) -> Result<bool, Failure> {
        let root = home.keys()?.root;
        Ok(home.restoring()?.is_some_and(|inception| inception == self.inception)
            && root.is_some_and(|root| root.public() == self.root.public()))
    }
}

impl Restore {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let begun = match Home::open_at(context.places.clone()) {
            Err(home::Error::Missing(_)) => None,
            home => Some(home?),
        };
        if begun.is_some() && self.backup.is_none() && self.phrase_file.is_none() {
            return self.existing(context);
        }
        let exists = || Failure::from(home::Error::Exists(context.places.data.clone()));
        if let Some(home) = &begun
            && home.restoring()?.is_none()
        {
            return Err(exists());
        }
        let source = self.source()?;
        if let Some(home) = &begun
            && !source.began(home)?
        {
            return Err(exists());
        }
        let author = source.inception.author();
        let plan = self.plan(context, &source, begun.is_some());
        if self.dry_run {
            let entries = source.backup.as_ref().map(|(_, summary, _)| summary.entries);
            let object = json!({
                "author": author.to_string(), "home": context.places.data, "entries": entries, "done": false,
            });
            return context.output.either(&object, plan.join("\n"));
        }
        plan.iter().for_each(|line| context.output.talk(line));
        self.restore(context, &source, begun)
    }

    /// The home is there, and its guard is closed: only --force opens it.
    fn existing(&self, context: &Context) -> Result<(), Failure> {
        if !self.force {
            return Err(Failure::usage("there is a home already, and nothing to restore from").hint(
                "--home names another folder; --force lets this home write without asking the network",
            ));
        }
        if self.dry_run {
            return context.output.line("This home will write, whatever the network holds of its author.");
        }
        let session = context.session()?;
        open_guard(&session, &context.home()?)?;
        context.output.either(&json!({ "guarded": false }), "this home may write")
    }

    fn source(&self) -> Result<Source, Failure> {
        let phrase = match &self.phrase_file {
            Some(path) => Some(phrase(path)?),
            None if self.backup.is_none() => {
                let words = ask_secret("The 24 words of your recovery phrase (not shown):")?;
                Some(Phrase::parse(&words).map_err(Failure::usage)?)
            }
            None => None,
        };
        let Some(path) = &self.backup else {
            let phrase = phrase.ok_or_else(|| Failure::usage("nothing to restore from"))?;
            let (inception, root) = (Inception::of(&phrase), phrase.root(self.epoch));
            return Ok(Source { inception, root, backup: None });
        };
        let passphrase = match &self.passphrase_file {
            Some(path) => super::backup::first_line(path)?,
            None => ask_secret("Passphrase of the backup:")?,
        };
        let (preface, opened) = backup::read(open(path)?, &passphrase)?;
        let summary = bundle::check(opened).map_err(feed::damaged)?;
        let inception = home::inception(&preface.identity)?;
        let root = match (&preface.root, phrase) {
            (_, Some(phrase)) if Inception::of(&phrase) != inception => {
                return Err(Failure::usage("the phrase and the backup are of different authors"));
            }
            (_, Some(phrase)) => phrase.root(self.epoch),
            (Some(root), None) => root.clone(),
            (None, None) => {
                return Err(Failure::usage("the backup has no root key: without it no device can be added")
                    .hint("give the recovery phrase as well, with --phrase-file"));
            }
        };
        let identity = Identity::verify(&preface.identity)
            .map_err(|error| Failure::new(Kind::Verification, format!("the backup's identity: {error}")))?;
        if *identity.root() != root.public() {
            return Err(Failure::new(Kind::Verification, "the root key is not the identity's"));
        }
        Ok(Source { inception, root, backup: Some((preface, summary, passphrase)) })
    }

    fn plan(&self, context: &Context, source: &Source, begun: bool) -> Vec<String> {
        let mut plan = vec![format!(
            "{} {} in {}",
            source.inception.author(),
            if begun { "keeps the new device that was begun" } else { "gets a new device" },
            context.places.data.display()
        )];
        if let Some((preface, summary, _)) = &source.backup {
            plan.push(format!(
                "{} of {} come from the backup of {}",
                layout::count(summary.entries, "entry", "entries"),
                layout::count(summary.identities, "author", "authors"),
                layout::date(preface.time),
            ));
        }
        plan.push(if self.force {
            "it writes at once; what the network holds and you do not know of is not asked for".into()
        } else {
            "it writes once a node has heard from the network what is held of you".to_owned()
        });
        plan
    }

    /// All of it can be done again: what was killed, or found the disk full, is gone on with. `begun` is its home.
    fn restore(&self, context: &Context, source: &Source, begun: Option<Home>) -> Result<(), Failure> {
        match source.backup.as_ref().filter(|(preface, ..)| !preface.settings.is_empty()) {
            Some((preface, ..)) if !context.places.config.exists() => {
                init::write_settings(context, &preface.settings)?;
            }
            _ => init::settings(context, false)?,
        }
        let config = context.settings()?.config;
        let known = source.backup.as_ref().map(|(preface, ..)| &preface.identity);
        let home = match begun {
            Some(home) => home,
            None => Home::create_restoring(context.places.clone(), &source.inception, &source.root, known)?,
        };
        let session = Session::inside(home.clone(), config)?;
        let imported = match (&self.backup, &source.backup) {
            (Some(path), Some((_, _, passphrase))) => {
                let (_, mut feeds) = backup::read(open(path)?, passphrase)?;
                let answer: Value =
                    session.client.upload("/api/starling/v1/import", "application/cbor-seq", &mut feeds)?;
                Some(answer)
            }
            _ => None,
        };
        for address in &self.from {
            let body = json!({ "address": address.to_string() });
            let _: Value = session.client.post("/api/starling/v1/peers", &body)?;
        }
        if self.force {
            open_guard(&session, &home)?;
            if let Some(name) = &self.name {
                let body = json!({ "display_name": name });
                let _: Value = session.client.patch("/api/v1/accounts/update_credentials", &body)?;
            }
        }
        session.close();
        let (author, keys) = (home.author()?, home.keys()?);
        let object = json!({
            "author": author.to_string(),
            "device": keys.device.public().to_string(),
            "peer_id": keys.keypair().public().to_peer_id().to_string(),
            "home": home.path(),
            "imported": imported,
            "restoring": home.restoring()?.is_some(),
            "done": true,
        });
        let next = if self.force {
            "restored; `starling run` goes on"
        } else {
            "restored; `starling run` asks the network, and then this device speaks for you"
        };
        let refused = imported.as_ref().and_then(|answer| answer.get("refused")).and_then(Value::as_u64);
        let text = match refused.unwrap_or(0) {
            0 => next.to_owned(),
            refused => format!("{}\n{next}", missing(refused, self.force)),
        };
        context.output.either(&object, text)
    }
}

/// Says that not all of a backup was taken in, and what helps.
fn missing(refused: u64, force: bool) -> String {
    let text = format!("{} of the backup refused", layout::count(refused, "entry", "entries"));
    // A home that writes is no longer one that is being restored.
    let hint = "if the disk is full, make room and give the same command again";
    if force { text } else { format!("{text}; {hint}") }
}

/// Lets the home write, and notes that.
fn open_guard(session: &Session, home: &Home) -> Result<(), Failure> {
    let _: Value = session.client.post("/api/starling/v1/guard/open", &json!({}))?;
    session.settle(home)
}

fn phrase(path: &Path) -> Result<Phrase, Failure> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin().lock())?
    } else {
        std::fs::read_to_string(path).map_err(|error| feed::missing(path, error))?
    };
    Phrase::parse(&Zeroizing::new(text)).map_err(Failure::usage)
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    Ok(BufReader::new(File::open(path).map_err(|error| feed::missing(path, error))?))
}
