//! What `status` and `peers` show.

use libp2p::PeerId;
use starling_protocol::{AuthorId, EntryId};

use super::Node;
use crate::{engine, store};

/// How the node is doing.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Status {
    /// Whose node it is.
    pub author: String,
    /// The author's display name, if there is one.
    pub name: String,
    /// What other nodes know it by.
    pub peer_id: String,
    /// Where they reach it.
    pub listen: Vec<String>,
    /// Whether it talks to other nodes at all.
    pub network: bool,
    /// Connected peers.
    pub peers: usize,
    /// Peers from which something is being fetched.
    pub syncing: usize,
    /// Feeds that are kept: our own and those we follow.
    pub feeds: u64,
    /// Entries held.
    pub entries: u64,
    /// Own entries that nobody was there to take.
    pub waiting: u64,
    /// Own posts of this run of which no peer says yet that it has stored them.
    pub unheld: usize,
    /// Whether nothing may be signed yet.
    pub guarded: bool,
    /// Why not.
    pub guarded_because: Option<&'static str>,
    /// Whether the disk is too full to take in what others write.
    pub disk_low: bool,
    /// Bytes of the store's file.
    pub store_bytes: u64,
    /// How far the index of words is.
    pub search: crate::search::Status,
    /// When it was started, in milliseconds since 1970.
    pub started_at: u64,
    /// Of this program.
    pub version: &'static str,
}

/// A peer, connected or remembered.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Peer {
    /// Who.
    pub peer_id: String,
    /// Whether there is a connection.
    pub connected: bool,
    /// Whether we made it.
    pub outbound: bool,
    /// Where: the address of the connection first, then those that are known.
    pub addresses: Vec<String>,
    /// Whether a session in which we ask is open, and still has something to fetch.
    pub syncing: bool,
    /// Whether a session in which the peer asks is open.
    pub serving: bool,
    /// Whether connections are refused.
    pub banned: bool,
    /// Penalty points.
    pub demerits: u32,
    /// When it was last seen, in milliseconds since 1970; 0 if never.
    pub last_seen: u64,
    /// Entries that came from it since it connected.
    pub received: u64,
}

/// Where an own post is, as far as this node was told since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// On this node's disk: it will not be lost.
    pub stored: bool,
    /// Peers that it was sent to, or that had it already. 0: it waits for one.
    pub peers: usize,
    /// Those of them that say that they have stored it.
    pub held: usize,
}

/// How fetching goes.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Progress {
    /// Whether there is a peer that has nothing more for us, and none that still has.
    pub caught_up: bool,
    /// Feeds that are kept: our own and those we follow.
    pub feeds: u64,
    /// Entries held.
    pub entries: u64,
    /// With each connected peer.
    pub peers: Vec<PeerProgress>,
}

/// How fetching from a peer goes.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct PeerProgress {
    /// Who.
    pub peer_id: String,
    /// `fetching`, `caught_up`, or `idle` if no session is open in which we ask.
    pub state: &'static str,
    /// Whether the peer fetches from us.
    pub serving: bool,
    /// Entries that came from it since it connected.
    pub received: u64,
}

impl From<&engine::OnItsWay> for Delivery {
    fn from(post: &engine::OnItsWay) -> Self {
        Self { stored: true, peers: post.sent, held: post.held }
    }
}

impl Node {
    /// How fetching goes.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn progress(&self) -> Result<Progress, store::Error> {
        let stats = self.read()?.stats()?;
        let engine = self.shared.status.borrow().clone();
        let any = |caught_up| engine.peers.iter().any(|peer| peer.pulling == Some(caught_up));
        let peers = engine.peers.iter().map(|peer| PeerProgress {
            peer_id: peer.peer.to_string(),
            state: match peer.pulling {
                Some(false) => "fetching",
                Some(true) => "caught_up",
                None => "idle",
            },
            serving: peer.serving,
            received: peer.received,
        });
        Ok(Progress {
            caught_up: any(true) && !any(false),
            feeds: stats.feeds,
            entries: stats.entries,
            peers: peers.collect(),
        })
    }

    /// How the node is doing.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn status(&self) -> Result<Status, store::Error> {
        let reader = self.read()?;
        let stats = reader.stats()?;
        let name = reader.account(&self.author())?.map(|account| account.profile.name).unwrap_or_default();
        let engine = self.shared.status.borrow().clone();
        Ok(Status {
            author: self.author().to_string(),
            name,
            peer_id: self.peer_id().to_string(),
            listen: self.listen().iter().map(ToString::to_string).collect(),
            network: self.shared.network.is_some(),
            peers: engine.peers.len(),
            syncing: engine.peers.iter().filter(|peer| peer.pulling == Some(false)).count(),
            feeds: stats.feeds,
            entries: stats.entries,
            waiting: engine.waiting,
            unheld: engine.outgoing.iter().filter(|post| post.held == 0).count(),
            guarded: engine.guarded.is_some(),
            guarded_because: engine.guarded,
            disk_low: engine.disk_low,
            store_bytes: self.shared.file_bytes.load(std::sync::atomic::Ordering::Relaxed),
            search: self.search().status(),
            started_at: self.shared.started_at,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Connected peers that keep a feed that is kept here, as far as they have shown it.
    pub fn sources(&self, author: &AuthorId) -> usize {
        self.shared.status.borrow().sources.get(author).copied().unwrap_or(0)
    }

    /// How the network is doing; none without one, or while it ends.
    pub async fn network_stats(&self) -> Option<crate::network::Stats> {
        self.shared.network.as_ref()?.stats().await.ok()
    }

    /// Where an own post is: known of the newest ones that were written since the node was started.
    pub fn delivery(&self, id: &EntryId) -> Option<Delivery> {
        let engine = self.shared.status.borrow();
        engine.outgoing.iter().find(|post| post.id == *id).map(Delivery::from)
    }

    /// The same of all of which it is known, with the time of each in milliseconds since 1970, the newest first.
    pub fn deliveries(&self) -> Vec<(EntryId, u64, Delivery)> {
        let engine = self.shared.status.borrow();
        engine.outgoing.iter().map(|post| (post.id, post.at, Delivery::from(post))).collect()
    }

    /// How much is held, the size of the file among it.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn stats(&self) -> Result<crate::view::Stats, store::Error> {
        Ok(crate::view::Stats { file_bytes: super::file_size(self.home()), ..self.read()?.stats()? })
    }

    /// Connected peers, and those that are remembered.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn peers(&self) -> Result<Vec<Peer>, store::Error> {
        let engine = self.shared.status.borrow().clone();
        let mut peers: Vec<Peer> = Vec::new();
        for (id, row) in self.read()?.peers()? {
            let Ok(id) = PeerId::from_bytes(&id) else { continue };
            let here = engine.peers.iter().find(|peer| peer.peer == id);
            let known = row.addresses.into_iter().map(|(address, _)| address);
            peers.push(Peer {
                peer_id: id.to_string(),
                connected: here.is_some(),
                outbound: here.is_some_and(|here| here.outbound),
                addresses: here.map(|here| here.address.clone()).into_iter().chain(known).collect(),
                syncing: here.is_some_and(|here| here.pulling == Some(false)),
                serving: here.is_some_and(|here| here.serving),
                banned: row.banned,
                demerits: row.demerits,
                last_seen: row.last_seen,
                received: here.map_or(0, |here| here.received),
            });
        }
        peers.sort_by_key(|peer| (!peer.connected, u64::MAX - peer.last_seen));
        Ok(peers)
    }
}
