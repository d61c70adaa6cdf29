//! One task a node that stands between its network task and its engine, as the node's own runtime does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use starling::network::{Command, Event, Handle, StreamId};
use tokio::sync::{Notify, mpsc};

use super::det;
use super::ledger::Ledger;
use crate::cast::{Cast, Orders};
use crate::plan::{Micros, NodeId};

/// Events handed to the engine in one transaction at most, as the node's verifier takes them.
const BATCH: usize = 64;

/// Virtual time in the plan's unit.
pub(super) fn now() -> Micros {
    det::now() / 1_000
}

/// What everybody in a world reaches.
pub(super) struct Shared {
    cast: Mutex<Cast>,
    ledger: Mutex<Ledger>,
    /// The first thing that went wrong; it ends the run.
    failed: Mutex<Option<anyhow::Error>>,
}

impl Shared {
    pub fn new(cast: Cast) -> Self {
        Shared { cast: Mutex::new(cast), ledger: Mutex::default(), failed: Mutex::new(None) }
    }

    /// The cast. Never held while waiting.
    pub fn cast(&self) -> MutexGuard<'_, Cast> {
        self.cast.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The books on bytes; where both are wanted, taken after the cast.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn into_cast(self) -> Cast {
        self.cast.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn fail(&self, error: anyhow::Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub fn failure(&self) -> Option<anyhow::Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What the world wants of a brain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To go on.
    Live,
    /// To take nothing in and give nothing out.
    Sleep,
    /// To end, with a farewell to all peers.
    Quit,
}

/// The way of the world to a brain.
pub(super) struct Mailbox {
    /// Orders for the network task. Engine outputs from brain and world meet here in the order of their making; what
    /// waits is what one engine said in a moment.
    orders: Mutex<VecDeque<Command>>,
    wish: Mutex<Wish>,
    news: Notify,
}

impl Mailbox {
    pub fn new() -> Self {
        Mailbox { orders: Mutex::default(), wish: Mutex::new(Wish::Live), news: Notify::new() }
    }

    /// Adds orders and wakes the brain. To be called while the cast that made them is held.
    pub fn push(&self, orders: Orders) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).extend(orders);
        self.news.notify_one();
    }

    pub fn wish(&self, wish: Wish) {
        *self.wish.lock().unwrap_or_else(PoisonError::into_inner) = wish;
        self.news.notify_one();
    }

    fn wanted(&self) -> Wish {
        *self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<Command> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// A node's brain.
pub(super) struct Brain {
    pub shared: Arc<Shared>,
    pub mailbox: Arc<Mailbox>,
    pub node: NodeId,
    pub network: Handle,
    pub events: mpsc::Receiver<Event>,
    /// The other ends of open sync streams.
    pub streams: BTreeMap<StreamId, NodeId>,
}

impl Brain {
    /// Runs until the network is closed or it is to quit.
    pub async fn run(mut self) {
        let mut batch = Vec::new();
        let mut alarm = Box::pin(det::sleep_until(0));
        loop {
            while let Some(command) = self.mailbox.pop() {
                self.note(&command);
                if self.network.send(command).await.is_err() {
                    return;
                }
            }
            let wake = match self.mailbox.wanted() {
                Wish::Live => self.shared.cast().next_wake(now(), self.node),
                Wish::Sleep => {
                    self.mailbox.news.notified().await;
                    continue;
                }
                Wish::Quit => return self.network.shutdown().await,
            };
            if let Some(wake) = wake {
                alarm.set(det::sleep_until(wake * 1_000));
            }
            tokio::select! {
                biased;
                () = self.mailbox.news.notified() => {}
                taken = self.events.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    self.take(std::mem::take(&mut batch));
                }
                () = &mut alarm, if wake.is_some() => self.give(|cast, node| cast.tick(now(), node)),
            }
        }
    }

    fn take(&mut self, events: Vec<Event>) {
        for event in &events {
            self.observe(event);
        }
        self.give(|cast, node| cast.network(now(), node, events));
    }

    fn give(&self, work: impl FnOnce(&mut Cast, NodeId) -> anyhow::Result<Orders>) {
        let mut cast = self.shared.cast();
        match work(&mut cast, self.node) {
            Ok(orders) => self.mailbox.push(orders),
            Err(error) => self.shared.fail(error),
        }
    }

    /// Takes down what an order says about the node.
    fn note(&self, command: &Command) {
        let (shard, joined) = match *command {
            Command::Join { shard } => (shard, true),
            Command::Leave { shard } => (shard, false),
            _ => return,
        };
        self.shared.cast().record.shard(now(), self.node, shard, joined);
    }

    /// Takes down what an event says about the world.
    fn observe(&mut self, event: &Event) {
        let shared = self.shared.clone();
        let (mut cast, node) = (shared.cast(), self.node);
        match event {
            Event::Connected { peer, first: true, .. } => {
                if let Some(peer) = cast.node_of(peer) {
                    cast.record.connected(now(), node, peer);
                }
            }
            Event::Disconnected { peer } => {
                if let Some(peer) = cast.node_of(peer) {
                    cast.record.disconnected(now(), node, peer);
                }
            }
            Event::Gossip { frame, .. } => shared.ledger().first(&mut cast, node, frame.len() as u64),
            Event::SyncOpened { stream, peer, .. } => {
                if let Some(peer) = cast.node_of(peer) {
                    self.streams.insert(*stream, peer);
                }
            }
            Event::SyncClosed { stream, .. } => drop(self.streams.remove(stream)),
            Event::SyncFrame { stream, frame } => {
                if let Some(peer) = self.streams.get(stream) {
                    shared.ledger().sync(&mut cast, *peer, node, frame.len() as u64);
                }
            }
            _ => {}
        }
    }
}
