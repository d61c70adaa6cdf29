//! Nodes with real sockets on this machine: every test waits for events, and only to fail by a clock.

use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;

mod connecting;
mod gossiping;
mod syncing;

/// Long enough for a busy machine; only a failing test lasts so long.
const PATIENCE: Duration = Duration::from_secs(40);

const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

struct Node {
    handle: Handle,
    events: mpsc::Receiver<Event>,
    peer: PeerId,
    address: Multiaddr,
}

impl Node {
    async fn new() -> Self {
        Self::on(TCP, |_| {}).await
    }

    async fn on(listen: &str, change: impl FnOnce(&mut Config)) -> Self {
        let keypair = Keypair::generate_ed25519();
        let peer = keypair.public().to_peer_id();
        let mut config = Config::new(keypair, Role::Home);
        config.listen = vec![listen.parse().unwrap()];
        change(&mut config);
        let (sender, events) = mpsc::channel(256);
        let handle = start(config, sender).unwrap();
        let mut node = Node { handle, events, peer, address: Multiaddr::empty() };
        node.address = node
            .wait("listening", |event| match event {
                Event::Listening { address } => Some(address),
                _ => None,
            })
            .await;
        node
    }

    async fn event(&mut self) -> Event {
        self.events.recv().await.expect("the network is closed")
    }

    /// The first event that `wanted` makes something of; those before it are dropped.
    async fn wait<T>(&mut self, what: &str, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = wanted(self.event().await) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("waited in vain for: {what}"))
    }

    async fn send(&self, command: Command) {
        self.handle.send(command).await.unwrap();
    }

    async fn dial(&self, other: &Node) {
        self.send(Command::Dial { peer: Some(other.peer), addresses: vec![other.address.clone()] }).await;
    }

    async fn connect(&mut self, other: &mut Node) {
        self.dial(other).await;
        self.connected(other.peer).await;
        other.connected(self.peer).await;
    }

    async fn connected(&mut self, with: PeerId) {
        let is = |event| matches!(event, Event::Connected { peer, .. } if peer == with).then_some(());
        self.wait("a connection", is).await;
    }

    async fn disconnected(&mut self, from: PeerId) {
        let is = |event| matches!(event, Event::Disconnected { peer } if peer == from).then_some(());
        self.wait("a disconnection", is).await;
    }

    async fn misbehaved(&mut self, of: PeerId) -> Misbehaviour {
        let is = |event| match event {
            Event::PeerMisbehaved { peer, what } if peer == of => Some(what),
            _ => None,
        };
        self.wait("a broken rule", is).await
    }

    /// Asks for figures until they satisfy.
    async fn until(&self, what: &str, satisfies: impl Fn(&Stats) -> bool) -> Stats {
        let asking = async {
            loop {
                let stats = self.handle.stats().await.unwrap();
                if satisfies(&stats) {
                    return stats;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("waited in vain for: {what}"))
    }

    fn full_address(&self) -> Multiaddr {
        self.address.clone().with(Protocol::P2p(self.peer))
    }
}
