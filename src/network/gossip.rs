//! Gossip: 64 shards as topics of gossipsub, with settings under which no peer's nonsense travels or piles up.
//!
//! The library's defaults sign every message with the peer's key (and so tell who published it), forward before
//! anyone has looked, score nobody and queue 5,000 messages for a peer that does not read. All of that is replaced
//! here; each number says why it is what it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use libp2p::gossipsub::{
    self, ConfigBuilder, DataTransform, IdentTopic, MaxCountSubscriptionFilter, Message, MessageAuthenticity,
    MessageId, PeerScoreParams, PeerScoreThresholds, RawMessage, TopicHash, ValidationMode,
    WhitelistSubscriptionFilter,
};

use super::Error;
use super::admission::{FAULT, GOODWILL, SHUNNED};
use super::witness::Hearing;

/// Number of shards; an entry's shard follows from its author's id.
pub const SHARDS: u8 = 64;

/// Largest frame, in bytes, that is gossiped. The wire limit is twice that, because the library checks its whole read
/// buffer against it: a frame close to the limit would be lost when another follows on its heels.
pub const MAX_GOSSIP_FRAME: usize = 32 << 10;

const MAX_TRANSMIT: usize = 64 << 10;

/// Frames waiting for one peer. At 5,000, the default, one stalled reader pins 300 MiB.
const QUEUE: usize = 64;

/// How long a frame is known as seen: longer than any echo of it travels.
const SEEN: Duration = Duration::from_secs(600);

/// Time between heartbeats, when meshes are mended and others are told what they may have missed. Each looks at every
/// neighbour in every shard, and nearly always finds nothing to do: frames do not wait for it, and a neighbour that
/// comes is taken into the meshes that want one as soon as it says what it subscribes to. So the library's second is
/// doubled.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Heartbeats that a frame waits for its verdict and is offered to those who ask for it: twelve seconds.
const HISTORY: usize = 6;

/// Announcements heard from one peer in a heartbeat. Each is of one shard.
const ANNOUNCEMENTS: usize = 20;

/// Heartbeats between two searches for better peers than those of a poor mesh: a minute.
const BETTER: u64 = 30;

/// How often penalties wear off that nobody chose to give: for broken promises, for grafting too early and for reading
/// slowly. They count at once, and what follows this beat is only how they are forgotten.
const DECAY: Duration = Duration::from_secs(5);

/// What is left of them after [`DECAY`]. The library leaves a fifth each second; this is as much after five.
const PENALTY_DECAY: f64 = 0.000_32;

/// Publishes in one RPC: the burst that a peer is allowed at all.
const PUBLISHES: usize = 256;

/// Below these scores a peer gets no gossip, none of our own frames, and is not listened to.
const NO_GOSSIP: f64 = -100.0;
const NO_PUBLISH: f64 = -200.0;
const NOT_HEARD: f64 = -400.0;

// One fault outweighs all goodwill and leads out of the meshes, two are forgiven, three lead out of hearing.
const _: () = {
    let goodwill = 2.0 * GOODWILL;
    assert!(goodwill + FAULT < 0.0 && 4.0 * FAULT >= NOT_HEARD);
    assert!(goodwill + 9.0 * FAULT < NOT_HEARD && SHUNNED < NOT_HEARD);
};

/// The gossip behaviour of a node.
pub(super) type Router = gossipsub::Behaviour<Guard, MaxCountSubscriptionFilter<WhitelistSubscriptionFilter>>;

/// The topic of a shard.
pub(super) fn topic(shard: u8) -> IdentTopic {
    IdentTopic::new(format!("/starling/1/s/{shard}"))
}

/// The shard of a topic.
pub(super) fn shard(topic: &TopicHash) -> Option<u8> {
    let digits = topic.as_str().strip_prefix("/starling/1/s/")?;
    let shard: u8 = digits.parse().ok().filter(|shard| *shard < SHARDS)?;
    // One name for each shard: `007` and `+7` are numbers but no topics of ours.
    (digits == "0" || !digits.starts_with(['0', '+'])).then_some(shard)
}

/// A frame's id: BLAKE3 of topic and bytes. All nodes must agree on it.
pub(super) fn message_id(topic: &TopicHash, frame: &[u8]) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(topic.as_str().as_bytes());
    hash.update(&[0]);
    hash.update(frame);
    *hash.finalize().as_bytes()
}

/// Looks at a received frame before the library remembers it in any way.
#[derive(Clone, Default)]
pub(super) struct Guard {
    /// One bit for each shard that this node has ever joined. Frames on other topics are never asked for by anyone
    /// honest, and the library would keep them for [`HISTORY`]. Left shards stay in, since frames may be under way.
    joined: Arc<AtomicU64>,
    hearing: Hearing,
}

impl Guard {
    fn refuse(&self, raw: &RawMessage) -> Option<&'static str> {
        if raw.data.len() > MAX_GOSSIP_FRAME {
            return Some("frame too large");
        }
        (!self.joined(&raw.topic)).then_some("no topic of ours")
    }

    fn joined(&self, topic: &TopicHash) -> bool {
        shard(topic).is_some_and(|shard| self.joined.load(Ordering::Relaxed) & (1 << shard) != 0)
    }
}

impl DataTransform for Guard {
    fn inbound_transform(&self, raw: RawMessage) -> Result<Message, std::io::Error> {
        self.hearing.frame(raw.data.len());
        if let Some(reason) = self.refuse(&raw) {
            self.hearing.broken();
            return Err(std::io::Error::other(reason));
        }
        Ok(Message {
            source: raw.source,
            data: raw.data,
            sequence_number: raw.sequence_number,
            topic: raw.topic,
        })
    }

    fn outbound_transform(&self, _: &TopicHash, data: Vec<u8>) -> Result<Vec<u8>, std::io::Error> {
        if data.len() > MAX_GOSSIP_FRAME {
            return Err(std::io::Error::other("frame too large"));
        }
        Ok(data)
    }
}

/// Remembers which shards were joined, for the guard of the router that [`router`] made.
#[derive(Clone)]
pub(super) struct Joined(Arc<AtomicU64>);

impl Joined {
    pub fn add(&self, shard: u8) {
        self.0.fetch_or(1 << (shard % SHARDS), Ordering::Relaxed);
    }
}

/// Builds the gossip behaviour, for as many peers from one address, and the register of its shards.
pub(super) fn router(hearing: Hearing, per_address: usize) -> Result<(Router, Joined), Error> {
    let refused = |reason: &dyn std::fmt::Display| Error::Gossip(reason.to_string());
    let config = config().map_err(|error| refused(&error))?;
    let filter = MaxCountSubscriptionFilter {
        filter: WhitelistSubscriptionFilter((0..SHARDS).map(|shard| topic(shard).hash()).collect()),
        max_subscribed_topics: usize::from(SHARDS),
        // All shards at once when a relay says hello, and as many changes of mind.
        max_subscriptions_per_request: 2 * usize::from(SHARDS),
    };
    let guard = Guard { hearing, ..Guard::default() };
    let joined = Joined(guard.joined.clone());
    let mut router = Router::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Anonymous,
        config,
        filter,
        guard,
    )
    .map_err(|error| refused(&error))?;
    router.with_peer_score(score(per_address), thresholds()).map_err(|error| refused(&error))?;
    Ok((router, joined))
}

fn config() -> Result<gossipsub::Config, gossipsub::ConfigBuilderError> {
    ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId::from(message_id(&message.topic, &message.data).to_vec()))
        .max_transmit_size(MAX_TRANSMIT)
        .connection_handler_queue_len(QUEUE)
        .duplicate_cache_time(SEEN)
        .heartbeat_interval(HEARTBEAT)
        .history_length(HISTORY)
        .opportunistic_graft_ticks(BETTER)
        .max_publish_messages(PUBLISHES)
        // Ids in one control message, its bytes, announcements heard in a heartbeat, repetitions of one frame: what
        // honest peers need, and what bounds the work that a few bytes can ask of us.
        .max_control_messages_sent(500)
        .max_control_message_size(16 << 10)
        .max_ihave_messages_heartbeat(ANNOUNCEMENTS)
        .gossip_retransimission(3)
        // An own frame goes to the mesh like any other: sending it to everybody shows who wrote it.
        .flood_publish(false)
        .build()
}

/// No topic has an account: the peer's standing with the [books on its frames](super::admission) is its score.
fn score(per_address: usize) -> PeerScoreParams {
    PeerScoreParams {
        app_specific_weight: 1.0,
        decay_interval: DECAY,
        behaviour_penalty_decay: PENALTY_DECAY,
        slow_peer_decay: PENALTY_DECAY,
        // Many peers behind one address: as many as may connect from one are a household, or a container's gateway.
        // With those whom we called there may be a few more, and what they earn outweighs it.
        ip_colocation_factor_weight: -1.0,
        ip_colocation_factor_threshold: per_address as f64,
        ip_colocation_factor_whitelist: [[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()].into(),
        ..PeerScoreParams::default()
    }
}

fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: NO_GOSSIP,
        publish_threshold: NO_PUBLISH,
        graylist_threshold: NOT_HEARD,
        // Peer exchange is off, so no score is good enough for it.
        accept_px_threshold: f64::MAX,
        // A mesh with less merit than twelve seconds of company looks for better peers.
        opportunistic_graft_threshold: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_topic_a_shard() {
        for number in 0..SHARDS {
            assert_eq!(shard(&topic(number).hash()), Some(number));
        }
        for other in
            ["/starling/1/s/64", "/starling/1/s/007", "/starling/1/s/+7", "/starling/1/s/", "/starling/2/s/1"]
        {
            assert_eq!(shard(&TopicHash::from_raw(other)), None, "{other}");
        }
    }

    #[test]
    fn penalties_wear_off_as_slowly_whatever_the_beat() {
        let params = score(8);
        for factor in [params.behaviour_penalty_decay, params.slow_peer_decay] {
            let left = factor.powf(1.0 / DECAY.as_secs_f64());
            assert!((left - 0.2).abs() < 1e-6, "{left} after a second");
        }
        assert!(params.validate().is_ok());
    }

    #[test]
    fn guard_refuses_large_frames_and_foreign_topics() {
        let guard = Guard::default();
        Joined(guard.joined.clone()).add(63);
        let frame = |shard: u8, len: usize| {
            guard.inbound_transform(RawMessage {
                source: None,
                data: vec![0; len],
                sequence_number: None,
                topic: topic(shard).hash(),
                signature: None,
                key: None,
                validated: false,
            })
        };
        assert!(frame(63, MAX_GOSSIP_FRAME).is_ok());
        assert!(frame(63, MAX_GOSSIP_FRAME + 1).is_err());
        assert!(frame(62, 1).is_err());
    }
}
