//! Gossip between nodes whose engine is the test.

use bytes::Bytes;
use libp2p::futures::StreamExt;
use libp2p::gossipsub::{self, MessageAuthenticity, ValidationMode};
use libp2p::swarm::{self, Swarm};

use super::*;

const SHARD: u8 = 7;

struct Received {
    from: PeerId,
    message: GossipRef,
    frame: Bytes,
}

impl Node {
    async fn gossip(&mut self) -> Received {
        self.wait("gossip", |event| match event {
            Event::Gossip { shard: SHARD, from, message, frame } => Some(Received { from, message, frame }),
            _ => None,
        })
        .await
    }

    async fn publish(&self, frame: impl Into<Bytes>) {
        self.send(Command::Publish { shard: SHARD, frame: frame.into() }).await;
    }

    async fn judge(&self, message: GossipRef, verdict: Verdict) {
        self.send(Command::Verdict { message, verdict }).await;
    }

    async fn mesh(&self, size: usize) {
        self.until("a mesh", |stats| {
            stats.shards.iter().any(|shard| shard.shard == SHARD && shard.mesh >= size)
        })
        .await;
    }
}

/// Nodes in a row, each connected to the next, all in the shard.
async fn row<const N: usize>() -> [Node; N] {
    let mut nodes = Vec::new();
    for _ in 0..N {
        let node = Node::new().await;
        node.send(Command::Join { shard: SHARD }).await;
        nodes.push(node);
    }
    for index in 1..N {
        let (before, after) = nodes.split_at_mut(index);
        before[index - 1].connect(&mut after[0]).await;
    }
    for (index, node) in nodes.iter().enumerate() {
        node.mesh(usize::from(index > 0) + usize::from(index + 1 < N)).await;
    }
    nodes.try_into().ok().unwrap()
}

#[tokio::test]
async fn only_what_is_accepted_goes_further() {
    let [alice, mut bob, mut carol] = row().await;
    for (frame, verdict) in [
        ("broken", Verdict::Reject),
        ("unwanted", Verdict::Ignore),
        ("unjudged", Verdict::Ignore),
        ("good", Verdict::Accept),
    ] {
        alice.publish(frame).await;
        let received = bob.gossip().await;
        assert_eq!((received.frame.as_ref(), received.from), (frame.as_bytes(), alice.peer));
        if frame != "unjudged" {
            bob.judge(received.message, verdict).await;
        }
    }
    // Frames keep their order on the way, so anything else would have come first.
    let received = carol.gossip().await;
    assert_eq!((received.frame.as_ref(), received.from), (b"good".as_ref(), bob.peer));
    let stats = bob.handle.stats().await.unwrap();
    assert_eq!((stats.counters.gossip_in, stats.counters.gossip_rejected, stats.gossip_unjudged), (4, 1, 1));
    let scored = stats.peers.iter().find(|stats| stats.peer == alice.peer).unwrap();
    assert!(scored.score.unwrap() < 0.0, "{scored:?}");
}

#[tokio::test]
async fn publishing_alone_or_twice_is_no_error() {
    let alice = Node::new().await;
    alice.publish("nobody hears").await;
    alice.send(Command::Join { shard: SHARD }).await;
    alice.publish("still nobody").await;
    alice.publish(vec![0; MAX_GOSSIP_FRAME + 1]).await;
    alice.send(Command::Publish { shard: 64, frame: Bytes::from_static(b"no such shard") }).await;
    let stats = alice.handle.stats().await.unwrap();
    assert_eq!((stats.counters.gossip_out, stats.counters.gossip_unsent), (0, 2));
    let [alice, mut bob] = row().await;
    alice.publish("twice").await;
    alice.publish("twice").await;
    alice.publish("and on").await;
    assert_eq!(bob.gossip().await.frame, "twice");
    assert_eq!(bob.gossip().await.frame, "and on");
}

#[tokio::test]
async fn a_shard_that_was_left_is_silent() {
    let [alice, mut bob] = row().await;
    bob.send(Command::Leave { shard: SHARD }).await;
    let alone = |stats: &Stats| stats.shards.iter().all(|shard| shard.peers == 0);
    alice.until("bob's leave", alone).await;
    alice.publish("to nobody").await;
    assert_eq!(alice.handle.stats().await.unwrap().counters.gossip_unsent, 1);
    for node in [&alice, &bob] {
        node.send(Command::Join { shard: SHARD + 1 }).await;
    }
    alice
        .until("the other shard", |stats| {
            stats.shards.iter().any(|shard| shard.shard == SHARD + 1 && shard.peers == 1)
        })
        .await;
    alice.send(Command::Publish { shard: SHARD + 1, frame: Bytes::from_static(b"there") }).await;
    let shard = bob.wait("gossip", |event| match event {
        Event::Gossip { shard, .. } => Some(shard),
        _ => None,
    });
    assert_eq!(shard.await, SHARD + 1);
}

/// Frames as large as allowed, sent as fast as they are taken: all arrive.
#[tokio::test]
async fn a_hundred_of_a_hundred_near_the_limit() {
    let [alice, mut bob] = row().await;
    let frame = |number: u8| {
        let mut frame = vec![number; MAX_GOSSIP_FRAME - usize::from(number % 3)];
        frame[0] = number;
        Bytes::from(frame)
    };
    // Bursts of ten: what a node writes at once, well under the queue for one peer.
    for burst in 0..10 {
        for number in 0..10 {
            alice.publish(frame(burst * 10 + number)).await;
        }
        for number in 0..10 {
            let received = bob.gossip().await;
            assert_eq!(received.frame, frame(burst * 10 + number));
            bob.judge(received.message, Verdict::Accept).await;
        }
    }
    assert_eq!(bob.handle.stats().await.unwrap().counters.gossip_ignored, 0);
}

/// One peer sends 200 invalid frames: three are processed, and an honest peer is heard as before.
#[tokio::test]
async fn a_peer_with_invalid_frames_is_heard_three_times() {
    let [eve, mut bob, carol] = row().await;
    for number in 0..200 {
        eve.publish(format!("invalid {number}")).await;
        // The round trip lets the frames out; the queue for one peer is shorter than this flood.
        eve.handle.stats().await.unwrap();
    }
    let mut processed = 0;
    loop {
        let event = timeout(PATIENCE, bob.event()).await.expect("eve is not shunned");
        match event {
            Event::Gossip { from, message, .. } if from == eve.peer => {
                processed += 1;
                bob.judge(message, Verdict::Reject).await;
            }
            Event::PeerMisbehaved { peer, what } => {
                assert_eq!((peer, what), (eve.peer, Misbehaviour::GossipInvalid));
                break;
            }
            _ => {}
        }
    }
    assert_eq!(processed, 3);
    eve.publish("invalid once more").await;
    for number in 0..20 {
        let frame = format!("honest {number}");
        carol.publish(frame.clone()).await;
        let received = bob.gossip().await;
        assert_eq!(received.frame, frame);
        bob.judge(received.message, Verdict::Accept).await;
    }
    let stats = bob.handle.stats().await.unwrap();
    assert_eq!((stats.counters.gossip_in, stats.counters.gossip_rejected), (23, 3));
    let score = stats.peers.iter().find(|stats| stats.peer == eve.peer).unwrap().score.unwrap();
    assert!(score < -400.0, "{score}");
    assert_eq!(carol.handle.stats().await.unwrap().counters.gossip_in, 0, "nothing of eve's was forwarded");
}

/// A flood of valid frames far above the rate ends in not being heard; the honest peer's frames all arrive.
#[tokio::test]
async fn a_flood_does_not_drown_the_honest() {
    let [eve, mut bob, carol] = row().await;
    let flood = tokio::spawn({
        let handle = eve.handle.clone();
        async move {
            for number in 0_u64.. {
                let frame = Bytes::from(format!("spam {number}"));
                handle.send(Command::Publish { shard: SHARD, frame }).await.unwrap();
                handle.stats().await.unwrap();
            }
        }
    });
    let (mut spam, mut honest, mut shunned) = (0, 0, false);
    carol.publish("honest 0").await;
    while honest < 50 || !shunned {
        match timeout(PATIENCE, bob.event()).await.expect("starved") {
            Event::Gossip { from, message, .. } if from == eve.peer => {
                spam += 1;
                bob.judge(message, Verdict::Accept).await;
            }
            Event::Gossip { from, message, frame, .. } => {
                assert_eq!((from, frame), (carol.peer, Bytes::from(format!("honest {honest}"))));
                bob.judge(message, Verdict::Accept).await;
                honest += 1;
                if honest < 50 {
                    carol.publish(format!("honest {honest}")).await;
                }
            }
            Event::PeerMisbehaved { peer, what } => {
                assert_eq!((peer, what), (eve.peer, Misbehaviour::GossipFlood));
                shunned = true;
            }
            _ => {}
        }
    }
    flood.abort();
    assert!(spam < 1_200, "{spam}");
}

/// Twenty peers around one node; one of them sends invalid frames only. All frames of the others arrive.
#[tokio::test]
async fn one_of_twenty_is_hostile() {
    const EACH: usize = 5;
    let mut hub = Node::new().await;
    hub.send(Command::Join { shard: SHARD }).await;
    let mut peers = Vec::new();
    for _ in 0..20 {
        let peer = Node::new().await;
        peer.send(Command::Join { shard: SHARD }).await;
        peer.dial(&hub).await;
        hub.connected(peer.peer).await;
        peer.until("the hub", |stats| stats.shards.iter().any(|shard| shard.peers == 1)).await;
        peers.push(peer);
    }
    hub.until("everybody", |stats| stats.shards.iter().any(|shard| shard.peers == 20)).await;
    let eve = peers.pop().unwrap();
    for number in 0..100 {
        eve.publish(format!("invalid {number}")).await;
    }
    for number in 0..EACH {
        for peer in &peers {
            peer.publish(format!("{} {number}", peer.peer)).await;
        }
    }
    let (mut honest, mut invalid, mut shunned) = (std::collections::HashSet::new(), 0, false);
    while honest.len() < EACH * peers.len() || !shunned {
        match timeout(PATIENCE, hub.event()).await.expect("frames are missing") {
            Event::Gossip { from, message, .. } if from == eve.peer => {
                invalid += 1;
                hub.judge(message, Verdict::Reject).await;
            }
            Event::Gossip { message, frame, .. } => {
                honest.insert(frame);
                hub.judge(message, Verdict::Accept).await;
            }
            Event::PeerMisbehaved { peer, what } => {
                assert_eq!((peer, what), (eve.peer, Misbehaviour::GossipInvalid));
                shunned = true;
            }
            _ => {}
        }
    }
    assert_eq!(invalid, 3);
    for mut peer in peers {
        while let Ok(event) = peer.events.try_recv() {
            if let Event::Gossip { frame, .. } = event {
                assert!(!frame.starts_with(b"invalid"), "forwarded");
            }
        }
    }
}

/// Frames over the limit and signed ones, from a peer whose software allows them, never reach the engine.
#[tokio::test]
async fn what_the_rules_forbid_never_reaches_the_engine() {
    let mut alice = Node::new().await;
    alice.send(Command::Join { shard: SHARD }).await;
    let forbidden =
        [(MessageAuthenticity::Anonymous, MAX_GOSSIP_FRAME + 1), (MessageAuthenticity::RandomAuthor, 10)];
    for (authenticity, size) in forbidden {
        let keypair = Keypair::generate_ed25519();
        let peer = keypair.public().to_peer_id();
        let config = gossipsub::ConfigBuilder::default()
            .validation_mode(ValidationMode::None)
            .message_id_fn(|message| message.data.clone().into())
            .build()
            .unwrap();
        let mut router: gossipsub::Behaviour = gossipsub::Behaviour::new(authenticity, config).unwrap();
        router.subscribe(&gossip::topic(SHARD)).unwrap();
        let wire = transport::build(&keypair).unwrap();
        let mut swarm = Swarm::new(wire, router, peer, swarm::Config::with_tokio_executor());
        swarm.dial(alice.full_address()).unwrap();
        let driving = async {
            let mut number = 0_u8;
            loop {
                tokio::select! {
                    _ = swarm.select_next_some() => {}
                    stats = alice.handle.stats() => {
                        let stats = stats.unwrap();
                        let score = stats.peers.iter().find(|stats| stats.peer == peer).and_then(|stats| stats.score);
                        if score.is_some_and(|score| score < -400.0) {
                            break;
                        }
                        number = number.wrapping_add(1);
                        let mut frame = vec![number; size];
                        frame[0] = 0;
                        let _ = swarm.behaviour_mut().publish(gossip::topic(SHARD), frame);
                    }
                }
            }
        };
        timeout(PATIENCE, driving).await.expect("it is tolerated");
    }
    while let Ok(event) = alice.events.try_recv() {
        assert!(!matches!(event, Event::Gossip { .. }), "{event:?}");
    }
    assert_eq!(alice.handle.stats().await.unwrap().counters.gossip_in, 0);
}
