//! Feeds in files: export, import, backup, and the link that invites.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use libp2p::multiaddr::Protocol;
use starling_protocol::{
    AuthorId,
    bundle::{self, Item},
    entry,
    feed::ForkProof,
    invite::Invite,
    limits,
};

use super::{Error, Node};
use crate::{
    backup, clock,
    engine::{Command, Refusal, Reply, command::ImportItem},
    store::Reader,
    view::Page,
};

/// Entries handed to the engine at once: a commit each, so that a large file does not hold up others.
const AT_ONCE: usize = 2_048;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct ExportSummary {
    /// Feeds.
    pub feeds: u64,
    /// Entries.
    pub entries: u64,
}

impl Node {
    /// A link by which others find our author here.
    ///
    /// # Errors
    /// [`crate::store::Error`].
    pub fn invite(&self) -> Result<Invite, crate::store::Error> {
        let reader = self.read()?;
        let author = self.author();
        let name = reader.account(&author)?.map(|account| account.profile.name).unwrap_or_default();
        let page = Page { limit: limits::INVITE_NEWEST, ..Page::default() };
        let newest = reader.author_posts(&author, &page)?.iter().map(|post| post.id).collect();
        // A loopback address leads nobody else here, unless there is no other: then it is a trial on
        // one machine.
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for address in self.listen() {
            let loopback = match address.iter().next() {
                Some(Protocol::Ip4(ip)) => ip.is_loopback(),
                Some(Protocol::Ip6(ip)) => ip.is_loopback(),
                _ => false,
            };
            if loopback { &mut near } else { &mut far }.push(address.to_string());
        }
        let mut addresses = if far.is_empty() { near } else { far };
        addresses.truncate(limits::HINTS);
        Ok(Invite { author, name, addresses, newest })
    }

    /// Writes the feed of an author, or all feeds that are kept, as a bundle signed by this device.
    /// Takes its time: call it where that is no harm.
    ///
    /// # Errors
    /// [`Error::NotFound`] if nothing is held of the author.
    pub fn export(&self, author: Option<AuthorId>, to: &mut dyn Write) -> Result<ExportSummary, Error> {
        let reader = self.read()?;
        let authors = match author {
            Some(author) => vec![author],
            None => self.kept(&reader)?,
        };
        let keys = self.home().keys()?;
        let mut writer = bundle::Writer::new(to, self.author(), &keys.device, clock::now())?;
        let mut summary = ExportSummary::default();
        for author in authors {
            let Some(record) = reader.identity_of(&author)? else {
                return Err(Error::NotFound(author));
            };
            writer.identity(&record)?;
            reader.each_entry(&author, |signed| {
                summary.entries += 1;
                writer.entry(&signed).map_err(io::Error::other)
            })??;
            for proof in reader.forks_of(&author)? {
                if let Ok(proof) = ForkProof::from_bytes(&proof) {
                    writer.fork(&proof)?;
                }
            }
            summary.feeds += 1;
        }
        writer.finish()?;
        Ok(summary)
    }

    /// Our own author and those we follow of whom anything is held.
    fn kept(&self, reader: &Reader) -> Result<Vec<AuthorId>, Error> {
        let mut authors = vec![self.author()];
        for author in reader.following(&self.author())? {
            if reader.identity_of(&author)?.is_some() {
                authors.push(author);
            }
        }
        Ok(authors)
    }

    /// Takes in a bundle. It is read twice: what is cut short or was changed is refused before
    /// anything of it is stored. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Bundle`] if it is no whole bundle.
    pub async fn import(
        &self,
        mut file: impl Read + Seek + Send + 'static,
    ) -> Result<Result<Reply, Refusal>, Error> {
        let checked = tokio::task::spawn_blocking(move || {
            bundle::check(BufReader::new(&mut file))?;
            file.seek(SeekFrom::Start(0))?;
            Ok::<_, Error>(file)
        });
        let file = checked.await.map_err(io::Error::other)??;
        let (parts, mut arriving) = tokio::sync::mpsc::channel(2);
        let reading = tokio::task::spawn_blocking(move || read_parts(file, &parts));
        let (mut new, mut known, mut refused) = (0, 0, 0);
        while let Some((items, broken)) = arriving.recv().await {
            refused += broken;
            match self.command(Command::Import(items)).await {
                Ok(Reply::Imported { new: n, known: k, refused: r }) => {
                    (new, known, refused) = (new + n, known + k, refused + r);
                }
                Ok(_) => {}
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        reading.await.map_err(io::Error::other)??;
        Ok(Ok(Reply::Imported { new, known, refused }))
    }

    /// Writes a backup of the whole identity that only `passphrase` opens. Takes its time.
    ///
    /// # Errors
    /// [`Error`].
    pub fn backup(&self, passphrase: &str, to: &mut dyn Write) -> Result<(), Error> {
        let author = self.author();
        let identity = match self.read()?.identity_of(&author)? {
            Some(record) => record,
            None => self.home().identity()?,
        };
        let preface = backup::Preface {
            author,
            time: clock::now(),
            root: self.home().keys()?.root,
            identity,
            settings: std::fs::read_to_string(self.home().config_path()).unwrap_or_default(),
        };
        let bundle = |to: &mut dyn Write| match self.export(None, to) {
            Ok(_) => Ok(()),
            Err(Error::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        };
        backup::write(to, passphrase, &preface, bundle).map_err(|error| match error {
            backup::Error::Io(error) => Error::Io(error),
            error => Error::Io(io::Error::other(error)),
        })
    }
}

/// Items for the engine, and how many more were no valid ones.
type Part = (Vec<ImportItem>, u64);

fn read_parts(file: impl Read, parts: &tokio::sync::mpsc::Sender<Part>) -> Result<(), Error> {
    let mut reader = bundle::Reader::new(BufReader::new(file))?;
    let mut raw: Vec<Item> = Vec::with_capacity(AT_ONCE);
    loop {
        let item = reader.next().transpose()?;
        let over = item.is_none();
        raw.extend(item);
        if raw.len() >= AT_ONCE || (over && !raw.is_empty()) {
            let part = check(std::mem::take(&mut raw));
            if parts.blocking_send(part).is_err() {
                return Ok(());
            }
        }
        if over {
            return Ok(());
        }
    }
}

/// Verifies items on all cores. A bundle vouches for nothing but itself.
fn check(raw: Vec<Item>) -> Part {
    use rayon::prelude::*;
    let items: Vec<Option<ImportItem>> = raw
        .into_par_iter()
        .map(|item| match item {
            Item::Identity(record) => Some(ImportItem::Identity(record)),
            Item::Entry(bytes) => entry::verify(&bytes).ok().map(|entry| ImportItem::Entry(Box::new(entry))),
            Item::Fork(bytes) => {
                ForkProof::from_bytes(&bytes).ok().map(|proof| ImportItem::Fork(Box::new(proof)))
            }
        })
        .collect();
    let broken = items.iter().filter(|item| item.is_none()).count() as u64;
    (items.into_iter().flatten().collect(), broken)
}
