//! Feeds on a shelf, and somebody who serves them in place of the engine: what an attacker wants others to
//! believe that it holds. An empty shelf is a node that never has anything for anybody.

use std::{collections::BTreeMap, convert::Infallible};

use libp2p::PeerId;
use starling::{
    network::{self, Event as Net, StreamId, SyncRole},
    store::{self, Store},
};
use starling_protocol::{
    AuthorId, DeviceKey, EntryId, Identity, Verified, entry,
    identity::Record,
    sync::{Batch, FeedState, Interests, LogHead, News, Range, ServeAction, Serving, Source},
};

use super::Scene;

/// Entries by place: id and exact bytes.
type Log = BTreeMap<u64, (EntryId, Vec<u8>)>;

struct Feed {
    record: Record,
    digest: [u8; 32],
    logs: BTreeMap<(DeviceKey, u8), Log>,
}

/// Feeds in memory.
#[derive(Default)]
pub struct Shelf(BTreeMap<AuthorId, Feed>);

impl Shelf {
    /// What a store holds now of these authors.
    pub fn copy(store: &Store, authors: &[AuthorId]) -> Result<Self, store::Error> {
        let reader = store.read()?;
        let mut shelf = Self::default();
        for author in authors {
            let Some(record) = reader.identity_of(author)? else { continue };
            let Ok(identity) = Identity::verify(&record) else { continue };
            let feed = Feed { record, digest: identity.digest(), logs: BTreeMap::new() };
            shelf.0.insert(*author, feed);
            let each = |signed: entry::Signed| {
                if let Ok(entry) = entry::check(signed) {
                    shelf.put(&entry);
                }
                Ok(())
            };
            // Nothing here writes, and so nothing can fail to.
            drop(reader.each_entry(author, each)?);
        }
        Ok(shelf)
    }

    /// Puts an entry of an author on it whose identity is there.
    pub fn put(&mut self, entry: &Verified) {
        let header = entry.header();
        if let Some(feed) = self.0.get_mut(&header.author) {
            let log = feed.logs.entry((header.device, header.log)).or_default();
            log.insert(header.seq, (entry.id(), entry.signed().to_bytes()));
        }
    }
}

impl Source for Shelf {
    type Error = Infallible;

    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Infallible> {
        let wanted: Vec<AuthorId> =
            self.0.keys().filter(|author| interests.contains(author)).copied().collect();
        let mut feeds = Vec::new();
        for author in wanted {
            feeds.extend(self.feed(&author)?);
        }
        Ok(feeds)
    }

    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Infallible> {
        let Some(feed) = self.0.get(author) else { return Ok(None) };
        let heads = feed.logs.iter().filter_map(|((device, log), entries)| {
            let (lo, _) = entries.first_key_value()?;
            let (hi, (head, _)) = entries.last_key_value()?;
            Some((*device, LogHead { log: *log, lo: *lo, hi: *hi, head: *head, frozen: None }))
        });
        Ok(Some(FeedState::new(*author, &feed.digest, heads)))
    }

    fn identity(&mut self, author: &AuthorId) -> Result<Option<Record>, Infallible> {
        Ok(self.0.get(author).map(|feed| feed.record.clone()))
    }

    /// Nobody who has something to hide tells of forks.
    fn forks(&mut self, _author: &AuthorId) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(Vec::new())
    }

    fn read(&mut self, range: &Range, max_entries: usize, max_bytes: usize) -> Result<Batch, Infallible> {
        let feed = self.0.get(&range.author);
        let Some(log) = feed.and_then(|feed| feed.logs.get(&(range.device, range.log))) else {
            return Ok(Batch::default());
        };
        let mut batch = Batch::default();
        let mut bytes = 0;
        for (seq, (_, entry)) in log.range(..=range.to).rev() {
            let full = batch.entries.len() == max_entries || bytes + entry.len() > max_bytes;
            if *seq < range.from || full {
                batch.next = Some(*seq);
                break;
            }
            bytes += entry.len();
            batch.entries.push(entry.clone());
        }
        Ok(batch)
    }
}

/// Serves a shelf.
#[derive(Default)]
pub struct Teller {
    /// What is served.
    pub shelf: Shelf,
    streams: BTreeMap<StreamId, (PeerId, Serving)>,
}

impl Teller {
    /// Takes what belongs to streams of peers for whom `tells` is true; the rest is returned.
    pub fn hears(
        &mut self,
        scene: &mut Scene<'_>,
        event: Net,
        tells: impl FnOnce(&PeerId) -> bool,
    ) -> Option<Net> {
        match &event {
            Net::SyncOpened { stream, peer, role: SyncRole::Serve } if tells(peer) => {
                self.streams.insert(*stream, (*peer, Serving::new(scene.clock)));
                None
            }
            Net::SyncFrame { stream, frame } if self.streams.contains_key(stream) => {
                let (_, serving) = self.streams.get_mut(stream)?;
                let Ok(actions) = serving.receive(scene.clock, frame, &mut self.shelf);
                carry(scene, *stream, actions);
                None
            }
            Net::SyncClosed { stream, .. } if self.streams.remove(stream).is_some() => None,
            _ => Some(event),
        }
    }

    /// Puts an entry on the shelf and tells everybody who asked for its author.
    pub fn announce(&mut self, scene: &mut Scene<'_>, entry: &Verified) {
        self.shelf.put(entry);
        for (stream, (_, serving)) in &mut self.streams {
            let news = News::Entry(entry.header().author, entry.signed().to_bytes());
            carry(scene, *stream, serving.announce([news]));
        }
    }

    /// Ends every stream: whoever asks again is answered by the engine.
    pub fn hang_up(&mut self, scene: &mut Scene<'_>) {
        let streams = std::mem::take(&mut self.streams);
        scene.orders.extend(streams.into_keys().map(|stream| network::Command::CloseSync { stream }));
    }
}

fn carry(scene: &mut Scene<'_>, stream: StreamId, actions: Vec<ServeAction>) {
    for action in actions {
        scene.orders.push(match action {
            ServeAction::Send(frame) => network::Command::SendSync { stream, frame: frame.into() },
            ServeAction::Misbehaved(_) => network::Command::CloseSync { stream },
        });
    }
}
