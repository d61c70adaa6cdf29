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
    MessageId, PeerScoreParams, PeerScoreThresholds, RawMessage, TopicHash, TopicScoreParams, ValidationMode,
    WhitelistSubscriptionFilter, score_parameter_decay_with_base,
};

use super::Error;
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

/// How often scores wear off. Verdicts and penalties count at once; what follows this beat is only how they are
/// forgotten, and how the time in a mesh is counted, in steps of twelve seconds. It walks over all shards of all
/// neighbours.
const DECAY: Duration = Duration::from_secs(5);

/// A count that has worn off to less than this is none.
const WORN_OFF: f64 = 0.1;

/// What is left after [`DECAY`] of penalties that nobody chose to give: for broken promises, for grafting too early and
/// for reading slowly. The library leaves a fifth each second; this is as much after five.
const PENALTY_DECAY: f64 = 0.000_32;

/// Publishes in one RPC: the burst that a peer is allowed at all.
const PUBLISHES: usize = 256;

/// Below these scores a peer gets no gossip, none of our own frames, and is not listened to.
const NO_GOSSIP: f64 = -100.0;
const NO_PUBLISH: f64 = -200.0;
const NOT_HEARD: f64 = -400.0;

/// What good conduct can be worth in all. It must stay so small that three invalid frames (3² × −50) still lead
/// below [`NOT_HEARD`]: 40 − 450 = −410.
const GOODWILL: f64 = 40.0;

/// Set on a peer that is to be heard no more, whatever else it did.
pub(super) const SHUNNED: f64 = -1_000.0;

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
    hearing: Option<Hearing>,
}

impl Guard {
    fn joined(&self, topic: &TopicHash) -> bool {
        shard(topic).is_some_and(|shard| self.joined.load(Ordering::Relaxed) & (1 << shard) != 0)
    }
}

impl DataTransform for Guard {
    fn inbound_transform(&self, raw: RawMessage) -> Result<Message, std::io::Error> {
        if let Some(hearing) = &self.hearing {
            hearing.frame(raw.data.len());
        }
        // An error counts as an invalid frame against the peer that handed it to us.
        if raw.data.len() > MAX_GOSSIP_FRAME {
            return Err(std::io::Error::other("frame too large"));
        }
        if !self.joined(&raw.topic) {
            return Err(std::io::Error::other("no topic of ours"));
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

/// Builds the gossip behaviour and the register of its shards.
pub(super) fn router(hearing: Option<Hearing>) -> Result<(Router, Joined), Error> {
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
    router.with_peer_score(score(), thresholds()).map_err(|error| refused(&error))?;
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

/// The factor each [`DECAY`] by which next to nothing of a count is left after so long.
fn worn_off_after(time: Duration) -> f64 {
    score_parameter_decay_with_base(time, DECAY, WORN_OFF)
}

fn score() -> PeerScoreParams {
    let topic_score = TopicScoreParams {
        topic_weight: 1.0,
        // Time in the mesh: a point each 12 s, at most 10. The default, a point each millisecond, buys forgiveness
        // for hundreds of invalid frames within a minute.
        time_in_mesh_weight: 1.0,
        time_in_mesh_quantum: Duration::from_secs(12),
        time_in_mesh_cap: 10.0,
        // New frames first: kind words for the useful, but few.
        first_message_deliveries_weight: 1.0,
        first_message_deliveries_decay: worn_off_after(Duration::from_secs(60)),
        first_message_deliveries_cap: 10.0,
        // No minimum of deliveries: shards of a small network are silent for hours.
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        // Invalid frames: squared, and remembered for hours.
        invalid_message_deliveries_weight: -50.0,
        invalid_message_deliveries_decay: worn_off_after(Duration::from_secs(5 * 3600)),
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: (0..SHARDS).map(|shard| (topic(shard).hash(), topic_score.clone())).collect(),
        topic_score_cap: GOODWILL,
        decay_interval: DECAY,
        decay_to_zero: WORN_OFF,
        behaviour_penalty_decay: PENALTY_DECAY,
        slow_peer_decay: PENALTY_DECAY,
        app_specific_weight: 1.0,
        // Many peers behind one address: eight may be a household or a dormitory.
        ip_colocation_factor_weight: -50.0,
        ip_colocation_factor_threshold: 8.0,
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
        // A mesh with less merit than twelve seconds of membership looks for better peers.
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
    fn three_invalid_frames_outweigh_all_goodwill() {
        let params = score();
        let invalid = params.topics[&topic(0).hash()].invalid_message_deliveries_weight;
        assert!(params.topic_score_cap + 9.0 * invalid < NOT_HEARD);
        assert!(4.0 * invalid >= NOT_HEARD, "two are forgiven");
        assert!(params.topic_score_cap + SHUNNED < NOT_HEARD);
    }

    #[test]
    fn scores_wear_off_as_slowly_whatever_the_beat() {
        let left = |factor: f64, after: Duration| factor.powf(after.as_secs_f64() / DECAY.as_secs_f64());
        let params = score();
        let topic = &params.topics[&topic(0).hash()];
        for (factor, after, remains) in [
            (topic.first_message_deliveries_decay, 60, WORN_OFF),
            (topic.invalid_message_deliveries_decay, 5 * 3600, WORN_OFF),
            (params.behaviour_penalty_decay, 1, 0.2),
            (params.slow_peer_decay, 1, 0.2),
        ] {
            let left = left(factor, Duration::from_secs(after));
            assert!((left - remains).abs() < 1e-6, "{left} and not {remains} after {after} s");
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
