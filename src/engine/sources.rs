//! How many connected peers keep each feed that is kept here: those that ask for it, and those that have shown that they
//! hold some of it. Counted again when that changes, and not more often than is cheap.

use std::{collections::BTreeMap, sync::Arc};

use starling_protocol::AuthorId;

use super::turn::Turn;

/// Looks at sessions that cost next to nothing: whoever follows a few hundred people is always told the truth of now.
pub(super) const CHEAP: usize = 20_000;
/// Beyond it they are counted at most once in this time, in milliseconds.
const PAUSE_MS: u64 = 5_000;

/// The counts, shared with whoever is told.
#[derive(Default)]
pub(super) struct Sources {
    counts: Arc<BTreeMap<AuthorId, usize>>,
    /// Whether a session changed since.
    doubted: bool,
    counted_at: u64,
}

impl Sources {
    /// A session began, ended, or is about somebody else now.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// When what was put off is to be counted.
    pub fn deadline(&self) -> Option<u64> {
        self.doubted.then(|| self.counted_at.saturating_add(PAUSE_MS))
    }

    /// The counts; an author who is not in them has none.
    pub fn counts(&self) -> Arc<BTreeMap<AuthorId, usize>> {
        Arc::clone(&self.counts)
    }
}

impl Turn<'_, '_> {
    /// Counts again, if that is due.
    pub fn count_sources(&mut self) {
        let now = self.now;
        let sources = &self.state.sources;
        if !sources.doubted {
            return;
        }
        // Ourselves as well. Who is followed and blocked counts here too, which only makes the pause come sooner.
        let costs = (self.state.following.len() + 1).saturating_mul(self.state.sessions.len());
        if costs > CHEAP && now >= sources.counted_at && now < sources.counted_at.saturating_add(PAUSE_MS) {
            return;
        }
        let sessions = &self.state.sessions;
        let keeps = |stream: Option<crate::network::StreamId>, author: &AuthorId| {
            let session = stream.and_then(|stream| sessions.get(&stream));
            session.is_some_and(|session| session.serves(author) || session.shown(author))
        };
        let mut counts = BTreeMap::new();
        for author in self.state.interests() {
            let peers = self.state.peers.values();
            let count = peers.filter(|peer| keeps(peer.serve, &author) || keeps(peer.pull, &author)).count();
            if count > 0 {
                counts.insert(author, count);
            }
        }
        let sources = &mut self.state.sources;
        (sources.doubted, sources.counted_at) = (false, now);
        if *sources.counts != counts {
            sources.counts = Arc::new(counts);
        }
    }
}
