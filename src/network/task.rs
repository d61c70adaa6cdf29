//! The network task: turns commands into calls on the swarm, and what the swarm reports into events.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use libp2p::futures::StreamExt;
use libp2p::gossipsub::{MessageAcceptance, MessageId, PublishError};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::admission::{Admission, Held, Judged, SHUNNED, Ticked};
use super::behaviour::{self, Behaviour};
use super::boxed::Boxed;
use super::bucket::{Bucket, Rate};
use super::outbox::Outbox;
use super::sync::Streams;
use super::{
    BlobStream, Command, Config, Counters, Error, Event, GossipRef, MAX_GOSSIP_FRAME, Misbehaviour, SHARDS,
    Verdict, Wire, discovery, gossip,
};

mod reactions;

/// How often old records are looked through.
const TICK: Duration = Duration::from_secs(10);

/// How long a shutdown waits for peers to take our farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// Broken frames of one peer that are counted one by one: more change nothing.
const MOST_BROKEN: usize = 8;

/// Peers reported from the local network: a full house at once, then those who come.
const DISCOVERIES: Rate = Rate { burst: 64.0, per_second: 1.0 };

/// What the handle sends.
#[derive(Debug)]
pub(super) enum Order {
    Command(Command),
    OpenBlob(PeerId),
    Shutdown(oneshot::Sender<()>),
}

/// What the task owns.
pub(super) struct Task {
    pub(super) swarm: Swarm<Boxed<Behaviour>>,
    joined: gossip::Joined,
    pub(super) admission: Admission,
    pub(super) streams: Streams,
    outbox: Outbox,
    orders: mpsc::Receiver<Order>,
    /// What we are dialling, to name it if it fails.
    dialling: HashMap<ConnectionId, Dial>,
    pub(super) connections: HashMap<PeerId, Vec<Connection>>,
    /// Everybody on a local network can make up peers.
    discoveries: Bucket,
    pub(super) counters: Counters,
    pub(super) blobs: Option<mpsc::Sender<BlobStream>>,
}

/// A connection that stands.
pub(super) struct Connection {
    id: ConnectionId,
    /// The remote address as we see it.
    pub(super) address: Multiaddr,
    /// Whether we dialled.
    pub(super) outbound: bool,
    /// Whether the peer has given its account of itself. It may do so as often as it likes, but is heard once.
    identified: bool,
    /// What the peer says that it runs, once it did.
    pub(super) agent: String,
}

struct Dial {
    peer: Option<PeerId>,
    addresses: Vec<Multiaddr>,
}

impl Task {
    /// Builds the swarm and begins to listen.
    pub fn new(
        config: Config,
        wire: Wire,
        events: mpsc::Sender<Event>,
        orders: mpsc::Receiver<Order>,
    ) -> Result<Self, Error> {
        let (swarm, joined) = behaviour::build(&config, wire)?;
        tracing::info!(peer = %swarm.local_peer_id(), role = ?config.role, "network starts");
        let mut task = Task {
            swarm,
            joined,
            admission: Admission::default(),
            streams: Streams::new(&config.limits, events.clone()),
            outbox: Outbox::new(events),
            orders,
            dialling: HashMap::new(),
            connections: HashMap::new(),
            discoveries: Bucket::new(DISCOVERIES, Instant::now()),
            counters: Counters::default(),
            blobs: config.blobs,
        };
        for address in config.listen {
            if let Err(error) = task.swarm.listen_on(address.clone()) {
                task.outbox.push(Event::ListenFailed { address, reason: told(&error) });
            }
        }
        Ok(task)
    }

    /// Runs until shut down, until no handle is left, or until nobody takes events.
    pub async fn run(mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reply = loop {
            // Orders and what the swarm reports have their turns, so that neither keeps the other waiting. They are
            // not drawn by lot: what a node does shall follow from what reaches it, in a simulation as well.
            match self.orders.try_recv() {
                Ok(Order::Command(command)) => self.command(command),
                Ok(Order::OpenBlob(peer)) => self.swarm.behaviour_mut().blobs.open(peer),
                Ok(Order::Shutdown(reply)) => break Some(reply),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break None,
            }
            let full = self.flush();
            tokio::select! {
                biased;
                now = ticks.tick() => self.tick(now),
                () = self.streams.ended() => {}
                open = self.outbox.ready(), if full => if !open { break None },
                event = self.swarm.select_next_some(), if self.outbox.has_room() => self.swarm_event(event),
                order = self.orders.recv() => match order {
                    Some(Order::Command(command)) => self.command(command),
                    Some(Order::OpenBlob(peer)) => self.swarm.behaviour_mut().blobs.open(peer),
                    Some(Order::Shutdown(reply)) => break Some(reply),
                    None => break None,
                },
            }
        };
        self.farewell().await;
        if let Some(reply) = reply {
            // An error means that the one who asked did not wait.
            let _ = reply.send(());
        }
    }

    /// Hands events up; true if some are left.
    fn flush(&mut self) -> bool {
        let now = Instant::now();
        let (admission, counters) = (&mut self.admission, &mut self.counters);
        self.outbox.flush(|| {
            let Held { message, shard, frame } = admission.next(now)?;
            counters.gossip_in += 1;
            counters.gossip_in_bytes += frame.len() as u64;
            Some(Event::Gossip { shard, from: message.source, message, frame })
        })
    }

    /// Closes everything in good order, but not for ever.
    async fn farewell(mut self) {
        self.streams.shutdown().await;
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // An error means that it left by itself.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let swarm = &mut self.swarm;
        let gone = async {
            while swarm.network_info().num_peers() > 0 {
                swarm.select_next_some().await;
            }
        };
        if timeout(FAREWELL, gone).await.is_err() {
            tracing::debug!("some peers did not take our farewell");
        }
    }

    fn tick(&mut self, now: Instant) {
        let Ticked { unanswered, standings } = self.admission.tick(now);
        for message in unanswered {
            self.report(message, Verdict::Ignore);
        }
        for (peer, standing) in standings {
            self.swarm.behaviour_mut().gossip.set_application_score(&peer, standing);
        }
        self.streams.tick(now);
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Dial { peer, addresses } => self.dial(peer, addresses),
            Command::Disconnect { peer } => {
                // An error means that it is not connected, which is what was wanted.
                let _ = self.swarm.disconnect_peer_id(peer);
            }
            Command::Ban { peer } => {
                self.swarm.behaviour_mut().bans.block_peer(peer);
            }
            Command::Unban { peer } => {
                self.swarm.behaviour_mut().bans.unblock_peer(peer);
            }
            Command::Join { shard } if shard < SHARDS => {
                self.joined.add(shard);
                if let Err(error) = self.swarm.behaviour_mut().gossip.subscribe(&gossip::topic(shard)) {
                    tracing::error!(shard, %error, "a shard could not be joined");
                }
            }
            Command::Leave { shard } if shard < SHARDS => {
                self.swarm.behaviour_mut().gossip.unsubscribe(&gossip::topic(shard));
            }
            Command::Publish { shard, frame } if shard < SHARDS => self.publish(shard, frame),
            Command::Join { shard } | Command::Leave { shard } | Command::Publish { shard, .. } => {
                tracing::error!(shard, "no such shard");
            }
            Command::Verdict { message, verdict } => self.verdict(message, verdict),
            Command::OpenSync { peer } => self.swarm.behaviour_mut().sync.open(peer),
            Command::SendSync { stream, frame } => self.streams.send(Instant::now(), stream, frame),
            Command::CloseSync { stream } => self.streams.close(stream),
            Command::Stats { reply } => {
                // An error means that nobody waits for the answer any more.
                let _ = reply.send(self.stats());
            }
            Command::Gauges { reply } => {
                // The same.
                let _ = reply.send(self.gauges());
            }
        }
    }

    fn dial(&mut self, peer: Option<PeerId>, mut addresses: Vec<Multiaddr>) {
        addresses.truncate(discovery::MAX_ADDRESSES);
        let named = |address: &Multiaddr| match address.iter().last() {
            Some(Protocol::P2p(peer)) => Some(peer),
            _ => None,
        };
        let peer = peer.or_else(|| addresses.iter().find_map(named));
        let dials: Vec<(DialOpts, Vec<Multiaddr>)> = match peer {
            Some(peer) => {
                let options = DialOpts::peer_id(peer)
                    .addresses(addresses.clone())
                    .condition(PeerCondition::DisconnectedAndNotDialing)
                    .build();
                vec![(options, addresses)]
            }
            None => addresses
                .into_iter()
                .map(|address| (DialOpts::unknown_peer_id().address(address.clone()).build(), vec![address]))
                .collect(),
        };
        for (options, addresses) in dials {
            let connection = options.connection_id();
            match self.swarm.dial(options) {
                Ok(()) => {
                    self.dialling.insert(connection, Dial { peer, addresses });
                }
                Err(DialError::DialPeerConditionFalse(_)) => {
                    tracing::debug!(?peer, "connected or being dialled already")
                }
                Err(error) => {
                    self.outbox.push(Event::DialFailed { peer, addresses, reason: error.to_string() })
                }
            }
        }
    }

    fn publish(&mut self, shard: u8, frame: Bytes) {
        if frame.len() > MAX_GOSSIP_FRAME {
            tracing::error!(shard, len = frame.len(), "a frame too large for gossip was not published");
            return;
        }
        let len = frame.len() as u64;
        match self.swarm.behaviour_mut().gossip.publish(gossip::topic(shard), frame) {
            Ok(_) => {
                self.counters.gossip_out += 1;
                self.counters.gossip_out_bytes += len;
            }
            Err(
                PublishError::Duplicate
                | PublishError::NoPeersSubscribedToTopic
                | PublishError::AllQueuesFull(_),
            ) => {
                self.counters.gossip_unsent += 1;
            }
            Err(error) => tracing::error!(shard, %error, "a frame was not published"),
        }
    }

    fn verdict(&mut self, message: GossipRef, verdict: Verdict) {
        let judged = self.admission.judged(Instant::now(), message, verdict);
        if !judged.known {
            return;
        }
        self.counters.gossip_rejected += u64::from(verdict == Verdict::Reject);
        self.report(message, verdict);
        self.blame(message.source, judged);
    }

    /// A peer sent frames that cannot be any: they never come as far as to a verdict.
    fn broken(&mut self, peer: PeerId, times: usize) {
        self.counters.gossip_rejected += times as u64;
        for _ in 0..times.min(MOST_BROKEN) {
            let judged = self.admission.broken(Instant::now(), peer);
            self.blame(peer, judged);
        }
    }

    /// What follows from a fault, if there was one.
    fn blame(&mut self, peer: PeerId, judged: Judged) {
        if let Some(standing) = judged.standing {
            self.swarm.behaviour_mut().gossip.set_application_score(&peer, standing);
        }
        if let Some(dropped) = judged.shun {
            self.shun(peer, dropped, Misbehaviour::GossipInvalid);
        }
    }

    /// Tells the router what to do with a frame.
    fn report(&mut self, message: GossipRef, verdict: Verdict) {
        let acceptance = match verdict {
            Verdict::Accept => MessageAcceptance::Accept,
            Verdict::Ignore => MessageAcceptance::Ignore,
            Verdict::Reject => MessageAcceptance::Reject,
        };
        let id = MessageId::from(message.id.to_vec());
        self.swarm.behaviour_mut().gossip.report_message_validation_result(&id, &message.source, acceptance);
    }

    /// Drops frames unjudged.
    fn ignore(&mut self, messages: impl IntoIterator<Item = GossipRef>) {
        for message in messages {
            self.counters.gossip_ignored += 1;
            self.report(message, Verdict::Ignore);
        }
    }

    fn shun(&mut self, peer: PeerId, dropped: Vec<GossipRef>, what: Misbehaviour) {
        self.ignore(dropped);
        self.swarm.behaviour_mut().gossip.set_application_score(&peer, SHUNNED);
        self.outbox.push(Event::PeerMisbehaved { peer, what });
    }
}

/// What went wrong, and what it came of: some of libp2p's wrappers say nothing themselves, others only what they wrap.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !text.is_empty() && told.last().is_none_or(|before| !before.contains(&text)) {
            told.push(text);
        }
        next = error.source();
    }
    told.join(": ")
}
