//! The way from the network task to the node, for everything that is not a sync frame.
//!
//! The task must never wait for the node: the node may at that moment be waiting to hand the task a command. So
//! control events that find the channel full queue up here; when even this is full the task stops polling the swarm
//! (commands are still served), which slows every peer and loses nothing.

use std::collections::VecDeque;
use std::pin::Pin;

use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::mpsc::{OwnedPermit, Sender};
use tokio::sync::oneshot;

use super::Event;

/// Control events that wait before the swarm has to. One step of it adds a few dozen at most, so this may be passed
/// by that much.
const BACKLOG: usize = 1_024;

/// Events that wait at all. Only commands can get here, from a node that gives thousands and takes no answer.
const LIMIT: usize = 8 * BACKLOG;

type Reserving = Pin<Box<dyn Future<Output = Result<OwnedPermit<Event>, SendError<()>>> + Send>>;

/// Events on their way up, in order.
pub(super) struct Outbox {
    events: Sender<Event>,
    waiting: VecDeque<(Event, Option<oneshot::Sender<()>>)>,
    /// Our place in the line for the full channel. It is kept while other things happen, or the sync streams' tasks,
    /// which wait in the same line, would always be ahead.
    reserving: Option<Reserving>,
    permit: Option<OwnedPermit<Event>>,
}

impl Outbox {
    pub fn new(events: Sender<Event>) -> Self {
        Outbox { events, waiting: VecDeque::new(), reserving: None, permit: None }
    }

    /// Adds an event.
    pub fn push(&mut self, event: Event) {
        if self.waiting.len() < LIMIT {
            self.waiting.push_back((event, None));
        } else {
            tracing::error!(?event, "nobody takes events: one is dropped");
        }
    }

    /// Adds an event and tells `delivered` when the node has it in its channel.
    pub fn push_and_tell(&mut self, event: Event, delivered: oneshot::Sender<()>) {
        self.waiting.push_back((event, Some(delivered)));
    }

    /// Whether the swarm may go on making events.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < BACKLOG
    }

    /// Sends what fits without waiting: first what was pushed, then what `next` yields. Returns whether something
    /// pushed is left or `next` was not exhausted, so that [`Outbox::ready`] is to be awaited.
    pub fn flush(&mut self, mut next: impl FnMut() -> Option<Event>) -> bool {
        loop {
            let Some(permit) = self.permit.take().or_else(|| self.try_reserve()) else {
                return true;
            };
            if let Some((event, delivered)) = self.waiting.pop_front() {
                permit.send(event);
                if let Some(delivered) = delivered {
                    // An error means that the stream is already gone.
                    let _ = delivered.send(());
                }
            } else if let Some(event) = next() {
                permit.send(event);
            } else {
                // The place is given back: a sync stream may need it.
                return false;
            }
        }
    }

    fn try_reserve(&mut self) -> Option<OwnedPermit<Event>> {
        if self.reserving.is_some() {
            return None;
        }
        match self.events.clone().try_reserve_owned() {
            Ok(permit) => Some(permit),
            Err(TrySendError::Full(events) | TrySendError::Closed(events)) => {
                self.reserving = Some(Box::pin(events.reserve_owned()));
                None
            }
        }
    }

    /// Waits until the channel has room for one more event; then [`Outbox::flush`] is to be called. False when the
    /// node has closed the channel. Cancelling it keeps the place in the line.
    pub async fn ready(&mut self) -> bool {
        let Some(reserving) = &mut self.reserving else {
            return true;
        };
        let reserved = reserving.await;
        self.reserving = None;
        match reserved {
            Ok(permit) => {
                self.permit = Some(permit);
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    fn event(peer: libp2p::PeerId) -> Event {
        Event::Disconnected { peer }
    }

    #[tokio::test]
    async fn keeps_order_when_the_channel_is_full_and_tells_of_delivery() {
        let (events, mut received) = mpsc::channel(1);
        let mut outbox = Outbox::new(events);
        let peers: Vec<_> = (0..4).map(|_| libp2p::PeerId::random()).collect();
        let (delivered, mut told) = oneshot::channel();
        outbox.push(event(peers[0]));
        outbox.push_and_tell(event(peers[1]), delivered);
        outbox.push(event(peers[2]));
        let mut gossip = Some(event(peers[3]));
        assert!(outbox.flush(|| gossip.take()), "the channel holds one");
        assert!(told.try_recv().is_err());
        let mut order = Vec::new();
        while order.len() < peers.len() {
            let Some(Event::Disconnected { peer }) = received.recv().await else { panic!("closed") };
            order.push(peer);
            assert!(outbox.ready().await);
            outbox.flush(|| gossip.take());
        }
        assert_eq!(order, peers);
        assert!(told.try_recv().is_ok());
        assert!(outbox.has_room());
        for _ in 0..2 * LIMIT {
            outbox.push(event(peers[0]));
        }
        assert!(!outbox.has_room());
        assert_eq!(outbox.waiting.len(), LIMIT);
        drop(received);
        outbox.push(event(peers[0]));
        assert!(outbox.flush(|| None));
        assert!(!outbox.ready().await, "a closed channel is noticed");
    }
}
