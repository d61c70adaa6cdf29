//! Lets files go: those that nothing shows any more, uploads that no post named within a day, and when there are too
//! many, what others wrote and nobody has looked at for longest, with their portraits last. Own files are never let go
//! while a post shows them.

use std::{
    collections::HashMap,
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use starling_protocol::AuthorId;
use tokio::sync::broadcast::error::RecvError;

use super::{Blobs, Error, Hash, LOOSE_MS, PART, UPLOAD_MS, parts::Left};
use crate::{
    clock,
    engine::{Command, Event},
    runtime::{Node, Watched},
    store::{
        Reader,
        kept::{Change, Shelf},
    },
};

/// How often files are looked through although nothing was erased: what a quota forgot tells nobody.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// How exactly it is kept when a file was asked for, in milliseconds.
const USED_MS: u64 = 60 * 60 * 1000;
/// Files that one transaction lets go.
const AT_ONCE: usize = 1_000;
/// What is made free besides when there are too many, as a part of all there is room for: looking through all of them
/// is too much for one file.
const SLACK: u64 = 16;

impl Blobs {
    /// Makes disk and store agree, once, before anybody is served.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn settle(&self, node: &Node) -> Result<(), Error> {
        let _order = self.0.order.lock().await;
        let (blobs, reader) = (self.clone(), node.read()?);
        let settled = tokio::task::spawn_blocking(move || {
            let wanted: HashMap<_, _> = reader.wanted_blobs()?.into_iter().collect();
            let mut rows: HashMap<_, _> = reader.blobs()?.into_iter().collect();
            // What the rows say holds until the disk was looked through, and beyond it if that fails.
            blobs.0.total.store(rows.values().map(|row| row.size).sum(), Ordering::Relaxed);
            let mut total = 0;
            for (hash, size) in blobs.disk().sweep(|hash| wanted.contains_key(hash))? {
                match rows.remove(&hash) {
                    Some(row) if row.size == size => total += size,
                    // A row that says something else is of a file that was damaged: it goes, and may come again.
                    Some(row) => {
                        blobs.disk().remove(&hash)?;
                        rows.insert(hash, row);
                    }
                    None => blobs.disk().remove(&hash)?,
                }
            }
            blobs.0.total.store(total, Ordering::Relaxed);
            for (hash, row) in wanted {
                let part = blobs.disk().part(&hash);
                if part > 0 {
                    blobs.0.parts.found(hash, row.author, part, row.since);
                }
            }
            Ok::<_, Error>(rows.into_keys().map(|hash| Change::take(Shelf::Blob, hash)).collect::<Vec<_>>())
        });
        let lost = settled.await.map_err(|_| Error::Stopping)??;
        if !lost.is_empty() {
            tracing::warn!("{} files are not where they should be; they are let go", lost.len());
            node.command(Command::Keep(lost)).await?;
        }
        Ok(())
    }

    /// Looks through the files until the node stops: now and then, and whenever something was erased.
    pub fn watch(&self, node: &Node) {
        let Watched { mut news, mut stopping, .. } = node.watched();
        let (blobs, node) = (self.clone(), node.downgrade());
        tokio::spawn(async move {
            loop {
                let erased = async {
                    loop {
                        match news.recv().await {
                            Ok(Event::Erased { .. } | Event::Forked { .. }) | Err(RecvError::Lagged(_)) => {
                                return true;
                            }
                            Ok(_) => {}
                            Err(RecvError::Closed) => return false,
                        }
                    }
                };
                let goes_on = tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => return,
                    goes_on = erased => goes_on,
                    () = tokio::time::sleep(EVERY) => true,
                };
                let Some(node) = node.upgrade().filter(|_| goes_on) else { return };
                // Whatever it is, it may be over the next time: a store that failed is opened again.
                if let Err(error) = blobs.look_through(&node, clock::now()).await
                    && !node.stopping()
                {
                    #[cfg(test)]
                    blobs.0.failing.notify_one();
                    tracing::warn!("files could not be looked through: {error}");
                }
            }
        });
    }

    /// Lets go of what is not to be kept at `now`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn look_through(&self, node: &Node, now: u64) -> Result<(), Error> {
        let _order = self.0.order.lock().await;
        let reader = node.read()?;
        let used = std::mem::take(&mut *self.0.used.lock().unwrap_or_else(PoisonError::into_inner));
        let (max, parts) = (self.0.max_total, self.0.parts.list());
        let plan = tokio::task::spawn_blocking(move || plan(&reader, &used, parts, max, now));
        let Plan { whole, changes, gone, left } = plan.await.map_err(|_| Error::Stopping)??;
        // Whatever failed before this, what is counted is what the rows say again.
        self.0.total.store(whole, Ordering::Relaxed);
        for changes in changes.chunks(AT_ONCE) {
            node.command(Command::Keep(changes.to_vec())).await?;
        }
        self.take_away(gone).await?;
        let blobs = self.clone();
        let drop_all = move || left.iter().try_for_each(|hash| blobs.drop_left(hash));
        tokio::task::spawn_blocking(drop_all).await.map_err(|_| Error::Stopping)??;
        Ok(())
    }

    /// Lets own files go at once that were kept for a post to be written again.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn let_go(&self, node: &Node, hashes: Vec<Hash>) -> Result<(), Error> {
        let _order = self.0.order.lock().await;
        let reader = node.read()?;
        let me = node.author();
        let found = tokio::task::spawn_blocking(move || {
            let mut gone = Vec::new();
            let wanted = reader.scheduled_files()?;
            for hash in hashes {
                let Some(row) = reader.blob(&hash)? else { continue };
                if !wanted.contains(&hash)
                    && reader.shows(&hash)?.is_none()
                    && !reader.portrays(&me, &hash)?
                {
                    gone.push((hash, row.size));
                }
            }
            Ok::<_, Error>(gone)
        });
        let gone = found.await.map_err(|_| Error::Stopping)??;
        let take = |(hash, _): &(Hash, u64)| Change::take(Shelf::Blob, *hash);
        let changes: Vec<_> = gone.iter().map(take).collect();
        if !changes.is_empty() {
            node.command(Command::Keep(changes)).await?;
        }
        self.take_away(gone).await
    }

    /// Takes files away whose rows are gone.
    async fn take_away(&self, gone: Vec<(Hash, u64)>) -> Result<(), Error> {
        let bytes: u64 = gone.iter().map(|(_, size)| size).sum();
        let total = self.0.total.load(Ordering::Relaxed);
        self.0.total.store(total.saturating_sub(bytes), Ordering::Relaxed);
        let blobs = self.clone();
        let taken = tokio::task::spawn_blocking(move || {
            // One that cannot be taken away now is swept away at the next start; the others go all the same.
            let removed: Vec<_> = gone.iter().map(|(hash, _)| blobs.disk().remove(hash)).collect();
            removed.into_iter().collect::<Result<(), _>>()
        });
        taken.await.map_err(|_| Error::Stopping)?.map_err(Error::Disk)
    }
}

/// What is to be written, and which files are to go once it is.
#[derive(Default)]
struct Plan {
    /// Bytes of all files that have a row before anything is changed.
    whole: u64,
    changes: Vec<Change>,
    gone: Vec<(Hash, u64)>,
    /// What has arrived of files that are not whole.
    left: Vec<Hash>,
}

impl Plan {
    fn take(&mut self, hash: Hash, size: u64) {
        self.changes.push(Change::take(Shelf::Blob, hash));
        self.gone.push((hash, size));
    }

    fn let_go(&mut self, spare: &Spare) {
        if spare.whole {
            self.take(spare.hash, spare.size);
        } else {
            self.left.push(spare.hash);
        }
    }
}

/// What may be let go when there is too much: others' files, whole or not.
struct Spare {
    /// When it was last asked for, or grew.
    used: u64,
    hash: Hash,
    author: AuthorId,
    size: u64,
    whole: bool,
    /// Whether its author is seen with it now. Programs keep such a picture for years without asking again, and one
    /// that is not here is shown to none of them, so nobody would ever ask for it.
    portrait: bool,
}

fn plan(
    reader: &Reader,
    used: &HashMap<Hash, u64>,
    (mut each, parts): (HashMap<AuthorId, u64>, Vec<Left>),
    max: u64,
    now: u64,
) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut waiting = reader.scheduled_files()?;
    for (id, row) in reader.uploads()? {
        if row.added.saturating_add(UPLOAD_MS) <= now {
            plan.changes.push(Change::take(Shelf::Upload, id.to_be_bytes()));
        } else {
            waiting.insert(row.blob);
        }
    }
    let mut total: u64 = each.values().sum();
    let spare = |part: Left| {
        let Left { hash, author, bytes, at } = part;
        // It is wanted still, so it comes again, whatever it is.
        Spare { used: at, hash, author, size: bytes, whole: false, portrait: false }
    };
    let mut others: Vec<Spare> = parts.into_iter().map(spare).collect();
    for (hash, mut row) in reader.blobs()? {
        plan.whole += row.size;
        let before = row.clone();
        let portrait = reader.portrays(&row.author, &hash)?;
        let shown = portrait || reader.shows(&hash)?.is_some();
        let kept = shown || row.own && waiting.contains(&hash);
        row.loose = match (kept, row.loose) {
            (true, _) => 0,
            (false, 0) => now,
            (false, since) => since,
        };
        // Nobody comes back for others' files.
        let grace = if row.own { LOOSE_MS } else { 0 };
        if !kept && row.loose.saturating_add(grace) <= now {
            plan.take(hash, row.size);
            continue;
        }
        if let Some(at) = used.get(&hash).filter(|at| **at >= row.used.saturating_add(USED_MS)) {
            row.used = *at;
        }
        total += row.size;
        if !row.own {
            *each.entry(row.author).or_default() += row.size;
            let used = used.get(&hash).copied().unwrap_or(0).max(row.used);
            others.push(Spare { used, hash, author: row.author, size: row.size, whole: true, portrait });
        }
        if row != before {
            plan.changes.push(row.put(&hash));
        }
    }
    others.sort_by_key(|spare| (spare.portrait, spare.used, spare.hash));
    // Who has more than their part makes room first: one author's flood must not cost what others show.
    others.retain(|spare| {
        let theirs = each.entry(spare.author).or_default();
        let over = *theirs >= max / PART;
        if over {
            total -= spare.size;
            *theirs -= spare.size;
            plan.let_go(spare);
        }
        !over
    });
    let enough = if total >= max { max - max / SLACK } else { total };
    for spare in &others {
        if total <= enough {
            break;
        }
        total -= spare.size;
        plan.let_go(spare);
    }
    Ok(plan)
}
