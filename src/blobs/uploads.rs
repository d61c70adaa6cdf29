//! Files on their way in: received, worked on, kept, and then waiting for a post to name them.

use std::{collections::HashMap, sync::PoisonError};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    Blobs, Error, Hash,
    disk::Beside,
    picture::{self, Picture, Purpose},
};
use crate::{
    clock,
    engine::Command,
    runtime::Node,
    store::kept::{
        Change, Shelf,
        blob::{BlobRow, UploadRow, WantedRow},
    },
};

/// Uploads that are in memory at once, from their first byte until they are kept: 10 MiB each, and what decoding takes.
pub(super) const PLACES: usize = 2;
/// Uploads that may wait for a place: more than a person's programs have at once.
pub(super) const QUEUE: usize = 8;
/// Failed uploads whose reason is remembered: a client asks again within seconds.
const FAILED: usize = 64;

/// A place for an upload, given back when it is dropped.
pub struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// Uploads that are not kept yet, or never will be.
#[derive(Default)]
pub(super) struct Uploads {
    under_way: HashMap<u64, Option<picture::Unfit>>,
    failed: Vec<u64>,
    last: u64,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is being worked on.
    UnderWay,
    /// It is not taken.
    Failed(picture::Unfit),
    /// Nothing is known of it here: it is kept, or never was.
    Unknown,
}

impl Blobs {
    /// Waits for a place.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait already.
    pub async fn place(&self) -> Result<Place, Error> {
        let _waiting = self.0.queue.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        let place = self.0.places.clone().acquire_owned().await;
        place.map(Place).map_err(|_| Error::Stopping)
    }

    /// A number for an upload: larger than all before, and no two alike though the clock goes back.
    fn number(&self, now: u64) -> u64 {
        let mut uploads = self.0.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        // 42 bits of milliseconds and 16 of room, as Mastodon's numbers are made.
        uploads.last = (now << 16).max(uploads.last + 1);
        uploads.last
    }

    fn mark(&self, id: u64, state: Option<Option<picture::Unfit>>) {
        let mut uploads = self.0.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        match state {
            None => drop(uploads.under_way.remove(&id)),
            Some(state) => {
                if state.is_some() {
                    uploads.failed.push(id);
                    if uploads.failed.len() > FAILED {
                        let oldest = uploads.failed.remove(0);
                        uploads.under_way.remove(&oldest);
                    }
                }
                uploads.under_way.insert(id, state);
            }
        }
    }

    /// How far an upload is.
    pub fn progress(&self, id: u64) -> Progress {
        let uploads = self.0.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        match uploads.under_way.get(&id) {
            None => Progress::Unknown,
            Some(None) => Progress::UnderWay,
            Some(Some(unfit)) => Progress::Failed(unfit.clone()),
        }
    }

    /// Takes in a file for a post. The number is known at once; what came of it comes through the channel, and goes its
    /// way whether or not anybody waits for it.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn upload(
        &self,
        node: &Node,
        place: Place,
        bytes: Vec<u8>,
        declared: Option<String>,
        row: UploadRow,
    ) -> Result<(u64, oneshot::Receiver<Result<(), Error>>), Error> {
        let id = self.number(clock::now());
        self.mark(id, Some(None));
        let prepared =
            self.0.worker.run(move || picture::prepare(&bytes, declared.as_deref(), Purpose::Post));
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                self.mark(id, None);
                return Err(error);
            }
        };
        let (done, result) = oneshot::channel();
        let (blobs, node) = (self.clone(), node.clone());
        tokio::spawn(async move {
            let _place = place;
            let kept = match prepared.await {
                Ok(Ok(picture)) => blobs.keep_upload(&node, id, picture, row).await,
                Ok(Err(unfit)) => Err(unfit.into()),
                // The decoder panicked, or the node stops.
                Err(_) => Err(picture::Unfit::Damaged.into()),
            };
            match &kept {
                Err(Error::Unfit(unfit)) => blobs.mark(id, Some(Some(unfit.clone()))),
                _ => blobs.mark(id, None),
            }
            let _ = done.send(kept);
        });
        Ok((id, result))
    }

    async fn keep_upload(
        &self,
        node: &Node,
        id: u64,
        picture: Picture,
        mut row: UploadRow,
    ) -> Result<(), Error> {
        row.blob = *blake3::hash(&picture.bytes).as_bytes();
        let change = Change::put(Shelf::Upload, id.to_be_bytes(), &row);
        self.keep_picture(node, picture, vec![change]).await.map(drop)
    }

    /// Takes in a picture of the author's own. The place is given back when it is kept.
    ///
    /// # Errors
    /// [`Error`]; nothing is kept then.
    pub async fn portrait(
        &self,
        node: &Node,
        _place: Place,
        bytes: Vec<u8>,
        declared: Option<String>,
        (width, height): (u32, u32),
    ) -> Result<Hash, Error> {
        let purpose = Purpose::Portrait { width, height };
        let prepared = self.0.worker.run(move || picture::prepare(&bytes, declared.as_deref(), purpose))?;
        let picture = prepared.await.map_err(|_| picture::Unfit::Damaged)??;
        self.keep_picture(node, picture, Vec::new()).await
    }

    /// Puts an own picture in its place, then its row and `more` in one transaction.
    async fn keep_picture(
        &self,
        node: &Node,
        picture: Picture,
        mut more: Vec<Change>,
    ) -> Result<Hash, Error> {
        let hash = *blake3::hash(&picture.bytes).as_bytes();
        let size = picture.bytes.len() as u64;
        if size > super::MAX_BYTES {
            // Only what was written anew can have grown.
            return Err(picture::Unfit::Large.into());
        }
        let now = clock::now();
        let row = BlobRow {
            size,
            mime: picture.mime.into(),
            dimensions: picture.dimensions,
            blurhash: picture.blurhash,
            added: now,
            used: now,
            own: true,
            author: node.author(),
            loose: 0,
        };
        more.push(row.put(&hash));
        self.keep(node, hash, picture.bytes, picture.small, more).await?;
        Ok(hash)
    }

    /// Puts a whole file in its place, then what is said of it.
    async fn keep(
        &self,
        node: &Node,
        hash: Hash,
        bytes: Vec<u8>,
        small: Option<Vec<u8>>,
        changes: Vec<Change>,
    ) -> Result<(), Error> {
        let _order = self.0.order.lock().await;
        let (blobs, home) = (self.clone(), node.home().path().to_owned());
        let size = bytes.len() as u64;
        let write = move || {
            if !blobs.room(&home, size) {
                return Err(Error::Full);
            }
            blobs.disk().put(&hash, &bytes)?;
            if let Some(small) = small {
                blobs.disk().put_beside(&hash, Beside::Small, &small)?;
            }
            Ok(())
        };
        tokio::task::spawn_blocking(write).await.map_err(|_| Error::Stopping)??;
        let known = node.read()?.blob(&hash)?.is_some();
        let kept = node.command(Command::Keep(changes)).await;
        if !known {
            match kept {
                Ok(_) => self.grew(size),
                // Without its row nobody would ever take it away.
                Err(_) => self.disk().remove(&hash)?,
            }
        }
        kept?;
        Ok(())
    }
}

impl Blobs {
    /// Makes the small form of a picture that came without one. What cannot be made smaller gets an empty one, so that
    /// nobody tries again.
    ///
    /// # Errors
    /// [`Error`]; a picture that cannot be read is none.
    pub async fn shrink(&self, hash: Hash) -> Result<(), Error> {
        // One at a time, and whoever comes for a whole page of them waits here: the worker has a place for it.
        let _turn = self.0.shrinking.lock().await;
        let disk = self.disk().clone();
        let made = self.0.worker.run(move || {
            if disk.beside(&hash, Beside::Small).exists() {
                return Ok(());
            }
            let bytes = std::fs::read(disk.path(&hash))?;
            let small = picture::small(&bytes).ok().flatten().unwrap_or_default();
            disk.put_beside(&hash, Beside::Small, &small)
        })?;
        made.await.unwrap_or(Ok(()))?;
        Ok(())
    }

    /// Notes that a file that is not here is asked for: whatever its size, which was only bounded while nobody looked.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn want(&self, node: &Node, hash: Hash) -> Result<(), Error> {
        // Who fetched it in vain writes its row as well.
        let _order = self.0.order.lock().await;
        let reader = node.read()?;
        let row = match reader.wanted(&hash)? {
            Some(row) if row.size == 0 => {
                self.ask_now(hash);
                return Ok(());
            }
            // Asked for like this it was not in vain yet.
            Some(row) => WantedRow { size: 0, tries: 0, ..row },
            None => match reader.shows(&hash)? {
                Some(author) => WantedRow { author, size: 0, since: clock::now(), tries: 0 },
                None => return Ok(()),
            },
        };
        node.command(Command::Keep(vec![Change::put(Shelf::WantedBlob, hash, &row)])).await?;
        self.ask_now(hash);
        Ok(())
    }
}
