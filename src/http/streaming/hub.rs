//! Who listens, and what waits for each of them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{
    broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    mpsc,
};

use super::{
    channel::Channel,
    told::{Told, tell},
};
use crate::{
    engine::Event,
    http::{App, caller::Caller, error::Error, route::Needs},
};

/// Streams at once: a handful of programs of one person, each with a few.
const STREAMS: usize = 64;
/// Streams of one token: a client that opens them again and again must not keep the others out. The home's own token is
/// the person's, who may have all.
const STREAMS_OF_ONE: usize = 16;
/// Streams that one socket may hear.
const CHANNELS: usize = 32;
/// Events that wait for one listener, and bytes of them: some seconds of a busy timeline.
const WAITING: usize = 256;
const WAITING_BYTES: usize = 1 << 20;
/// News that is dressed in one go.
const BATCH: usize = 64;

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum End {
    /// What waited for the listener was too much.
    Slow,
    /// Some news was missed here.
    Missed,
    /// The token is good no longer.
    Revoked,
    /// The node stops.
    Stopping,
}

impl End {
    /// The close code of a WebSocket (RFC 6455 §7.4.1 and its registry), and the reason in words.
    pub(super) fn explain(self) -> (u16, &'static str) {
        match self {
            Self::Slow => (1008, "too slow: fetch what was missed by min_id"),
            Self::Missed => (1013, "some news was missed: fetch it by min_id"),
            Self::Revoked => (1008, "the access token was revoked"),
            Self::Stopping => (1001, "the node is stopping"),
        }
    }
}

/// One event for one listener.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub event: &'static str,
    pub payload: Arc<str>,
    pub json: bool,
    pub channel: Arc<Channel>,
}

/// Everybody who listens.
#[derive(Default)]
pub(in crate::http) struct Hub(Arc<Mutex<Listeners>>);

#[derive(Default)]
struct Listeners {
    next: u64,
    all: BTreeMap<u64, Listener>,
}

struct Listener {
    token: u64,
    base: Arc<str>,
    /// Whether it may know what concerns the person.
    notices: bool,
    channels: Vec<Arc<Channel>>,
    lines: mpsc::Sender<Line>,
    state: Arc<State>,
}

/// What a listener and the hub both know.
#[derive(Default)]
struct State {
    bytes: AtomicUsize,
    end: OnceLock<End>,
}

/// A place among the listeners, given back when it is dropped.
pub(super) struct Seat {
    hub: Arc<Mutex<Listeners>>,
    number: u64,
    lines: mpsc::Receiver<Line>,
    state: Arc<State>,
}

fn lock(listeners: &Mutex<Listeners>) -> MutexGuard<'_, Listeners> {
    listeners.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A seat for this program, if there is one.
    pub(super) fn join(&self, caller: &Caller, base: &str, channel: Option<Channel>) -> Result<Seat, Error> {
        let mut listeners = lock(&self.0);
        let token = caller.token();
        let own = listeners.all.values().filter(|listener| listener.token == token).count();
        if listeners.all.len() >= STREAMS || token != 0 && own >= STREAMS_OF_ONE {
            return Err(Error::Streams);
        }
        let number = listeners.next;
        listeners.next += 1;
        let held = listeners.all.values().find(|listener| &*listener.base == base);
        let base = held.map_or_else(|| base.into(), |listener| listener.base.clone());
        let (sender, lines) = mpsc::channel(WAITING);
        let state = Arc::<State>::default();
        let listener = Listener {
            token,
            base,
            notices: caller.may(Needs::Scope("read:notifications")),
            channels: channel.into_iter().map(Arc::new).collect(),
            lines: sender,
            state: state.clone(),
        };
        listeners.all.insert(number, listener);
        Ok(Seat { hub: self.0.clone(), number, lines, state })
    }

    /// Nobody hears anything any more.
    pub(in crate::http) fn end_all(&self, end: End) {
        let mut listeners = lock(&self.0);
        for (_, listener) in std::mem::take(&mut listeners.all) {
            let _ = listener.state.end.set(end);
        }
    }

    /// The addresses that listeners know; none if nobody hears anything.
    fn bases(&self) -> Vec<Arc<str>> {
        let listeners = lock(&self.0);
        let mut bases: Vec<Arc<str>> = Vec::new();
        for listener in listeners.all.values().filter(|listener| !listener.channels.is_empty()) {
            if !bases.contains(&listener.base) {
                bases.push(listener.base.clone());
            }
        }
        bases
    }

    /// Hands out what was dressed for these bases. Whoever joined since then with another address begins after it.
    fn hand_out(&self, bases: &[Arc<str>], told: &[Told]) {
        lock(&self.0).all.retain(|_, listener| {
            let Some(base) = bases.iter().position(|base| *base == listener.base) else { return true };
            let fits = told.iter().all(|told| listener.hear(told, base));
            if !fits {
                let _ = listener.state.end.set(End::Slow);
            }
            fits
        });
    }
}

impl Listener {
    /// False if it does not fit any more.
    fn hear(&self, told: &Told, base: usize) -> bool {
        for channel in self.channels.iter().filter(|channel| channel.takes(&told.place, self.notices)) {
            let payload = told.payloads[base].clone();
            let waiting = self.state.bytes.fetch_add(payload.len(), Ordering::Relaxed) + payload.len();
            let line = Line { event: told.event, payload, json: told.json, channel: channel.clone() };
            if waiting > WAITING_BYTES || self.lines.try_send(line).is_err() {
                return false;
            }
        }
        true
    }
}

impl Seat {
    /// The next event, or why there is none.
    pub(super) async fn next(&mut self) -> Result<Line, End> {
        let line = self.lines.recv().await;
        match (self.state.end.get(), line) {
            // What still waits is fetched by `min_id`.
            (Some(end), _) => Err(*end),
            (None, None) => Err(End::Stopping),
            (None, Some(line)) => {
                self.state.bytes.fetch_sub(line.payload.len(), Ordering::Relaxed);
                Ok(line)
            }
        }
    }

    /// Hears one more stream. False if that is too many.
    pub(super) fn subscribe(&self, channel: Channel) -> bool {
        self.change(|channels| {
            let held = channels.iter().any(|held| **held == channel);
            if !held && channels.len() < CHANNELS {
                channels.push(Arc::new(channel));
                return true;
            }
            held
        })
    }

    /// Hears one stream less.
    pub(super) fn unsubscribe(&self, channel: &Channel) {
        self.change(|channels| channels.retain(|held| **held != *channel));
    }

    fn change<R: Default>(&self, change: impl FnOnce(&mut Vec<Arc<Channel>>) -> R) -> R {
        let mut listeners = lock(&self.hub);
        listeners.all.get_mut(&self.number).map_or_else(R::default, |held| change(&mut held.channels))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.hub).all.remove(&self.number);
    }
}

/// What else happened already, up to what is dressed in one go. None if some was missed: that is told once, and whoever
/// reads on finds what came after it.
fn gather(first: Event, live: &mut Receiver<Event>) -> Option<Vec<Event>> {
    let mut news = vec![first];
    while news.len() < BATCH {
        match live.try_recv() {
            Ok(more) => news.push(more),
            Err(TryRecvError::Lagged(_)) => return None,
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    Some(news)
}

/// Tells the listeners what happens.
pub(super) async fn run(app: App) {
    let mut live = app.node().live();
    loop {
        let first = tokio::select! {
            first = live.recv() => first,
            () = app.node().stopped() => return,
        };
        let hub = &app.0.streams;
        let news = match first {
            Ok(first) => gather(first, &mut live),
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => return,
        };
        let Some(news) = news else {
            hub.end_all(End::Missed);
            continue;
        };
        let bases = hub.bases();
        if bases.is_empty() {
            continue;
        }
        let dressed = bases.clone();
        match app.read(move |reader| tell(reader, &news, &dressed)).await {
            Ok(told) => hub.hand_out(&bases, &told),
            Err(error) => {
                tracing::warn!("what happened cannot be told: {error}");
                hub.end_all(End::Missed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::streaming::channel::Where;

    fn told(bytes: usize) -> Told {
        let payloads = vec!["x".repeat(bytes).into()];
        Told { event: "delete", place: Where::AllPosts, payloads, json: false }
    }

    fn bases() -> Vec<Arc<str>> {
        vec!["http://localhost:1".into()]
    }

    fn join(hub: &Hub, token: u64) -> Result<Seat, Error> {
        let caller = Caller::new(token, vec!["read".into()]);
        hub.join(&caller, "http://localhost:1", Some(Channel::User))
    }

    #[tokio::test]
    async fn who_does_not_keep_up_is_let_go_and_the_others_go_on() {
        let hub = Hub::default();
        let (mut slow, mut quick) = (join(&hub, 1).unwrap(), join(&hub, 1).unwrap());
        for _ in 0..WAITING {
            hub.hand_out(&bases(), &[told(1)]);
            assert!(quick.next().await.is_ok());
        }
        hub.hand_out(&bases(), &[told(1)]);
        assert!(quick.next().await.is_ok());
        assert_eq!(slow.next().await.unwrap_err(), End::Slow);
        // Few events may be much as well.
        let mut slow = join(&hub, 1).unwrap();
        for _ in 0..3 {
            hub.hand_out(&bases(), &[told(WAITING_BYTES / 2)]);
            assert!(quick.next().await.is_ok());
        }
        assert_eq!(slow.next().await.unwrap_err(), End::Slow);
    }

    #[tokio::test]
    async fn places_are_few_and_come_back() {
        let hub = Hub::default();
        let seats: Vec<_> = (0..STREAMS_OF_ONE).map(|_| join(&hub, 1).unwrap()).collect();
        assert!(matches!(join(&hub, 1), Err(Error::Streams)));
        assert!((0..=STREAMS_OF_ONE).map(|_| join(&hub, 0)).all(|seat| seat.is_ok()));
        let others: Vec<_> =
            (0..STREAMS - STREAMS_OF_ONE).map(|n| join(&hub, 2 + n as u64 / 8).unwrap()).collect();
        assert!(matches!(join(&hub, 99), Err(Error::Streams)));
        drop(seats);
        assert!(join(&hub, 1).is_ok());
        drop(others);
        let mut last = join(&hub, 1).unwrap();
        hub.end_all(End::Revoked);
        assert_eq!(last.next().await.unwrap_err(), End::Revoked);
        assert!(hub.bases().is_empty());
    }

    #[tokio::test]
    async fn what_is_missed_while_news_is_gathered_is_noticed() {
        let (sender, mut live) = tokio::sync::broadcast::channel(4);
        let gone = |n| Event::Gone(starling_protocol::EntryId::new([n; 32]));
        for n in 0..3 {
            sender.send(gone(n)).unwrap();
        }
        let first = live.recv().await.unwrap();
        assert_eq!(gather(first, &mut live), Some(vec![gone(0), gone(1), gone(2)]));
        sender.send(gone(3)).unwrap();
        let first = live.recv().await.unwrap();
        for n in 4..12 {
            sender.send(gone(n)).unwrap();
        }
        assert_eq!(gather(first, &mut live), None);
    }

    #[test]
    fn a_socket_hears_a_stream_once() {
        let hub = Hub::default();
        let seat = join(&hub, 1).unwrap();
        for n in 0..CHANNELS - 1 {
            assert!(seat.subscribe(Channel::List(n.to_string())));
        }
        assert!(seat.subscribe(Channel::User));
        assert!(!seat.subscribe(Channel::Direct));
        seat.unsubscribe(&Channel::User);
        assert!(seat.subscribe(Channel::Direct));
    }
}
