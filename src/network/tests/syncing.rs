//! Sync streams between nodes, honest and not.

use bytes::Bytes;
use libp2p::futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::{self, SwarmEvent};
use libp2p::{Stream, Swarm};
use tokio::task::JoinHandle;

use super::*;
use crate::network::substream::{self, Opened};

impl Node {
    async fn opened(&mut self) -> (StreamId, PeerId, SyncRole) {
        self.wait("a sync stream", |event| match event {
            Event::SyncOpened { stream, peer, role } => Some((stream, peer, role)),
            _ => None,
        })
        .await
    }

    async fn frame(&mut self, of: StreamId) -> Bytes {
        self.wait("a sync frame", |event| match event {
            Event::SyncFrame { stream, frame } if stream == of => Some(frame),
            _ => None,
        })
        .await
    }

    async fn closed(&mut self, of: StreamId) -> String {
        self.wait("a stream's end", |event| match event {
            Event::SyncClosed { stream, reason, .. } if stream == of => Some(reason),
            _ => None,
        })
        .await
    }

    async fn send_sync(&self, stream: StreamId, frame: impl Into<Bytes>) {
        self.send(Command::SendSync { stream, frame: frame.into() }).await;
    }

    /// Opens a stream to `other`; the ids at both ends.
    async fn open(&mut self, other: &mut Node) -> (StreamId, StreamId) {
        self.send(Command::OpenSync { peer: other.peer }).await;
        let (pull, peer, role) = self.opened().await;
        assert_eq!((peer, role), (other.peer, SyncRole::Pull));
        let (serve, peer, role) = other.opened().await;
        assert_eq!((peer, role), (self.peer, SyncRole::Serve));
        (pull, serve)
    }
}

async fn echo(listen: &str) {
    let (mut alice, mut bob) = (Node::on(listen, |_| {}).await, Node::on(listen, |_| {}).await);
    alice.connect(&mut bob).await;
    let (pull, serve) = alice.open(&mut bob).await;
    // The other direction is another stream.
    let (bobs_pull, alices_serve) = bob.open(&mut alice).await;
    for size in [1, 1_000, 100_000, MAX_SYNC_FRAME] {
        for (stream, at_bob) in [(pull, serve), (alices_serve, bobs_pull)] {
            let frame = Bytes::from(vec![size as u8; size]);
            alice.send_sync(stream, frame.clone()).await;
            assert_eq!(bob.frame(at_bob).await, frame);
            bob.send_sync(at_bob, frame.clone()).await;
            assert_eq!(alice.frame(stream).await, frame);
        }
    }
    let stats = alice.handle.stats().await.unwrap();
    assert_eq!(stats.sync_streams, 2);
    assert_eq!(stats.counters.sync_in_bytes, 2 * (1 + 1_000 + 100_000 + MAX_SYNC_FRAME as u64));
    alice.send_sync(pull, "last words").await;
    alice.send(Command::CloseSync { stream: pull }).await;
    assert_eq!(bob.frame(serve).await, "last words");
    bob.closed(serve).await;
    alice.closed(pull).await;
    alice.send(Command::Disconnect { peer: bob.peer }).await;
    bob.closed(bobs_pull).await;
}

#[tokio::test]
async fn both_roles_echo_over_tcp() {
    echo(TCP).await;
}

#[tokio::test]
async fn both_roles_echo_over_quic() {
    echo(QUIC).await;
}

#[tokio::test]
async fn a_stream_to_nobody_fails() {
    let mut alice = Node::new().await;
    let nobody = PeerId::random();
    alice.send(Command::OpenSync { peer: nobody }).await;
    let is = |event| matches!(event, Event::SyncFailed { peer, .. } if peer == nobody).then_some(());
    alice.wait("a failure", is).await;
    // A stream that never was swallows what is sent on it.
    alice.send_sync(StreamId(99), "hello").await;
    alice.send(Command::CloseSync { stream: StreamId(99) }).await;
    alice.handle.stats().await.unwrap();
}

#[tokio::test]
async fn a_newer_stream_takes_the_place_of_the_older() {
    let (mut alice, mut bob) = (Node::new().await, Node::new().await);
    alice.connect(&mut bob).await;
    let (first_pull, first_serve) = alice.open(&mut bob).await;
    alice.send(Command::OpenSync { peer: bob.peer }).await;
    // Either end may see first that the older one is gone.
    alice.closed(first_pull).await;
    bob.closed(first_serve).await;
    alice.until("one stream", |stats| stats.sync_streams == 1).await;
}

/// A peer that speaks to our node with its own hands.
struct Rogue {
    peer: PeerId,
    swarm: Option<Swarm<substream::Behaviour>>,
    driver: Option<JoinHandle<()>>,
}

impl Rogue {
    async fn meet(node: &mut Node) -> Self {
        let keypair = Keypair::generate_ed25519();
        let peer = keypair.public().to_peer_id();
        let wire = transport::build(&keypair).unwrap();
        let settings = swarm::Config::with_tokio_executor().with_idle_connection_timeout(PATIENCE);
        let mut swarm =
            Swarm::new(wire, substream::Behaviour::new(crate::network::SYNC_PROTOCOL), peer, settings);
        swarm.dial(node.full_address()).unwrap();
        let met = async {
            while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {}
        };
        timeout(PATIENCE, met).await.unwrap();
        let rogue = Rogue { peer, swarm: Some(swarm), driver: None };
        node.connected(peer).await;
        rogue
    }

    /// Opens a stream. All that are wanted must be opened before the first is used.
    async fn stream(&mut self, to: PeerId) -> Stream {
        let swarm = self.swarm.as_mut().unwrap();
        swarm.behaviour_mut().open(to);
        let open = async {
            loop {
                if let SwarmEvent::Behaviour(Opened::Outbound { result, .. }) = swarm.select_next_some().await
                {
                    return result.unwrap();
                }
            }
        };
        timeout(PATIENCE, open).await.unwrap()
    }

    /// Keeps the connection running while the test uses the streams.
    fn run(&mut self) {
        let mut swarm = self.swarm.take().unwrap();
        self.driver = Some(tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        }));
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}

#[tokio::test]
async fn a_length_over_the_limit_ends_the_stream() {
    let mut alice = Node::new().await;
    let mut rogue = Rogue::meet(&mut alice).await;
    let mut stream = rogue.stream(alice.peer).await;
    rogue.run();
    stream.write_all(&(MAX_SYNC_FRAME as u32 + 1).to_be_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let (id, ..) = alice.opened().await;
    assert_eq!(alice.misbehaved(rogue.peer).await, Misbehaviour::SyncFrameSize);
    alice.closed(id).await;
    let mut byte = [0];
    let end = timeout(PATIENCE, stream.read(&mut byte)).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
}

/// Ten thousand frames of rubbish on one stream; an honest link beside it loses nothing.
#[tokio::test]
async fn rubbish_beside_an_honest_link() {
    const RUBBISH: usize = 10_000;
    let (mut alice, mut bob) = (Node::new().await, Node::new().await);
    bob.connect(&mut alice).await;
    let mut rogue = Rogue::meet(&mut alice).await;
    let mut stream = rogue.stream(alice.peer).await;
    rogue.run();
    stream.write_all(&[0, 0, 0, 1, 0]).await.unwrap();
    stream.flush().await.unwrap();
    let (rubbish, ..) = alice.opened().await;
    assert_eq!(alice.frame(rubbish).await, [0].as_slice());
    let (pull, serve) = bob.open(&mut alice).await;
    let writer = tokio::spawn(async move {
        let mut bytes = Vec::new();
        for number in 0..RUBBISH as u32 {
            let frame = number.wrapping_mul(2_654_435_761).to_le_bytes();
            bytes.extend_from_slice(&4_u32.to_be_bytes());
            bytes.extend_from_slice(&frame);
        }
        stream.write_all(&bytes).await.unwrap();
        // And at last a length that nobody may announce.
        stream.write_all(&[0xff; 4]).await.unwrap();
        stream.flush().await.unwrap();
        stream
    });
    let (mut garbage, mut honest, mut ended) = (0, 0, false);
    bob.send_sync(pull, vec![0; MAX_SYNC_FRAME]).await;
    while honest < 100 || !ended {
        match timeout(PATIENCE, alice.event()).await.expect("starved") {
            Event::SyncFrame { stream, frame } if stream == serve => {
                let size = if honest % 10 == 0 { MAX_SYNC_FRAME } else { 1 + honest };
                assert_eq!((frame.len(), frame[0]), (size, honest as u8));
                honest += 1;
                if honest < 100 {
                    let size = if honest % 10 == 0 { MAX_SYNC_FRAME } else { 1 + honest };
                    bob.send_sync(pull, vec![honest as u8; size]).await;
                }
            }
            Event::SyncFrame { stream, .. } if stream == rubbish => garbage += 1,
            Event::SyncClosed { stream, .. } if stream == rubbish => ended = true,
            _ => {}
        }
    }
    assert_eq!((honest, garbage), (100, RUBBISH));
    writer.await.unwrap();
}

/// A peer that opens a stream and never reads costs a bounded queue and loses the stream; others go on.
async fn stopped_reader(listen: &str) {
    let mut alice = Node::on(listen, |_| {}).await;
    let mut rogue = Rogue::meet(&mut alice).await;
    let mut stream = rogue.stream(alice.peer).await;
    rogue.run();
    stream.write_all(&[0, 0, 0, 1, 0]).await.unwrap();
    stream.flush().await.unwrap();
    let (id, ..) = alice.opened().await;
    let mut most = 0;
    let flooding = async {
        loop {
            let stats = alice.handle.stats().await.unwrap();
            most = most.max(stats.sync_queued);
            if stats.sync_streams == 0 {
                return;
            }
            alice.send_sync(id, vec![0; 64 << 10]).await;
            while let Ok(event) = alice.events.try_recv() {
                drop(event);
            }
        }
    };
    timeout(PATIENCE, flooding).await.expect("the stream goes on for ever");
    assert!(most <= 2 * MAX_SYNC_FRAME, "{most}");
    assert_eq!(alice.handle.stats().await.unwrap().sync_queued, 0);
    let mut bob = Node::on(listen, |_| {}).await;
    bob.connect(&mut alice).await;
    let (pull, serve) = bob.open(&mut alice).await;
    alice.send_sync(serve, "for you").await;
    assert_eq!(bob.frame(pull).await, "for you");
    drop(stream);
}

#[tokio::test]
async fn a_stopped_reader_is_bounded_over_tcp() {
    stopped_reader(TCP).await;
}

#[tokio::test]
async fn a_stopped_reader_is_bounded_over_quic() {
    stopped_reader(QUIC).await;
}

/// One frame is queued and not read: the clock ends it.
#[tokio::test]
async fn a_stalled_write_is_given_up() {
    let mut alice = Node::on(TCP, |config| config.limits.sync_stall = Duration::from_millis(50)).await;
    let mut rogue = Rogue::meet(&mut alice).await;
    let mut stream = rogue.stream(alice.peer).await;
    rogue.run();
    stream.write_all(&[0, 0, 0, 1, 0]).await.unwrap();
    stream.flush().await.unwrap();
    let (id, ..) = alice.opened().await;
    alice.send_sync(id, vec![0; MAX_SYNC_FRAME]).await;
    assert_eq!(alice.misbehaved(rogue.peer).await, Misbehaviour::SyncNotReading);
    alice.closed(id).await;
    alice.until("its end", |stats| stats.sync_streams == 0 && stats.sync_queued == 0).await;
}

#[tokio::test]
async fn streams_opened_in_haste_are_refused() {
    let mut alice = Node::new().await;
    let mut rogue = Rogue::meet(&mut alice).await;
    let (peer, to, mut streams) = (rogue.peer, alice.peer, Vec::new());
    // As many as it takes: on a slow machine one more is taken every two seconds, and counting begins anew.
    let opening = async {
        loop {
            let mut stream = rogue.stream(to).await;
            // The last flight of the handshake goes out with the first bytes; a refused stream may already be gone.
            let _ = stream.write_all(&[0, 0, 0, 1, 0]).await;
            let _ = stream.flush().await;
            streams.push(stream);
        }
    };
    tokio::select! {
        what = alice.misbehaved(peer) => assert_eq!(what, Misbehaviour::SyncStreams),
        () = opening => {}
    }
    rogue.run();
    alice.until("one stream left", |stats| stats.sync_streams <= 1).await;
}
