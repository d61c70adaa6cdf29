//! Sync streams over pipes in memory.

use tokio::io::{AsyncWriteExt, DuplexStream};

use super::*;
use crate::network::Role;

const PIPE: usize = 8 << 10;

struct Side {
    streams: Streams,
    events: mpsc::Receiver<Event>,
    peer: PeerId,
}

impl Side {
    fn new(change: impl FnOnce(&mut Limits)) -> Self {
        let (sender, events) = mpsc::channel(16);
        let mut limits = Limits::of(Role::Home);
        change(&mut limits);
        Side { streams: Streams::new(&limits, sender), events, peer: PeerId::random() }
    }

    /// Takes one end of a pipe as a stream and returns the other.
    fn open(&mut self, role: SyncRole) -> Result<(StreamId, DuplexStream), Refused> {
        self.open_at(Instant::now(), role)
    }

    fn open_at(&mut self, now: Instant, role: SyncRole) -> Result<(StreamId, DuplexStream), Refused> {
        let (near, far) = tokio::io::duplex(PIPE);
        let opening = self.streams.add(now, self.peer, role, near)?;
        opening.delivered.send(()).unwrap();
        let Event::SyncOpened { stream, .. } = opening.event else { panic!("another event") };
        Ok((stream, far))
    }

    async fn event(&mut self) -> Event {
        loop {
            tokio::select! {
                event = self.events.recv() => return event.unwrap(),
                () = self.streams.ended() => {}
            }
        }
    }

    /// The rule that was broken, once the stream has closed.
    async fn ending(&mut self) -> (Option<Misbehaviour>, String) {
        let mut broken = None;
        loop {
            match self.event().await {
                Event::PeerMisbehaved { what, .. } => broken = Some(what),
                Event::SyncClosed { reason, .. } => return (broken, reason),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn frames_of_every_size_come_as_they_were_sent() {
    let (mut alice, mut bob) = (Side::new(|_| {}), Side::new(|_| {}));
    let (near, far) = tokio::io::duplex(PIPE);
    let opening = alice.streams.add(Instant::now(), bob.peer, SyncRole::Pull, near).unwrap();
    opening.delivered.send(()).unwrap();
    let Event::SyncOpened { stream, .. } = opening.event else { panic!("another event") };
    let opening = bob.streams.add(Instant::now(), alice.peer, SyncRole::Serve, far).unwrap();
    opening.delivered.send(()).unwrap();
    for size in [1, 2, PIPE - 4, PIPE, PIPE + 1, MAX_SYNC_FRAME - 1, MAX_SYNC_FRAME] {
        let frame = Bytes::from(vec![size as u8; size]);
        alice.streams.send(Instant::now(), stream, frame.clone());
        let Event::SyncFrame { frame: received, .. } = bob.event().await else { panic!("another event") };
        assert_eq!(received, frame);
    }
    alice.streams.send(Instant::now(), stream, Bytes::from_static(b"last words"));
    alice.streams.close(stream);
    assert!(matches!(bob.event().await, Event::SyncFrame { frame, .. } if frame == "last words"));
    assert_eq!(bob.ending().await, (None, "closed by the peer".into()));
    assert_eq!(alice.ending().await, (None, "closed by this node".into()));
    assert_eq!(alice.streams.queued(), 0);
}

#[tokio::test]
async fn ten_thousand_malformed_beginnings_end_their_streams_and_nothing_else() {
    let mut side = Side::new(|_| {});
    let (mut sized, mut cut) = (0, 0);
    for round in 0..10_000_u32 {
        let (_, mut far) = side.open(SyncRole::Pull).unwrap();
        // Lengths of every kind: none, too large, absurd, and honest ones that are not kept.
        let len = match round % 4 {
            0 => 0,
            1 => MAX_SYNC_FRAME as u32 + 1 + round,
            2 => u32::MAX - round,
            _ => 1 + round,
        };
        far.write_all(&len.to_be_bytes()).await.unwrap();
        drop(far);
        match side.ending().await.0 {
            Some(Misbehaviour::SyncFrameSize) => sized += 1,
            None => cut += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((sized, cut), (7_500, 2_500));
}

#[tokio::test]
async fn a_reader_that_stops_costs_a_bound_and_its_stream() {
    let mut side = Side::new(|limits| limits.sync_stall = Duration::from_millis(20));
    let (stream, _far) = side.open(SyncRole::Serve).unwrap();
    side.streams.send(Instant::now(), stream, Bytes::from(vec![0; MAX_SYNC_FRAME]));
    assert_eq!(side.ending().await.0, Some(Misbehaviour::SyncNotReading), "by time");

    let mut side = Side::new(|_| {});
    let (stream, _far) = side.open(SyncRole::Serve).unwrap();
    for _ in 0..100 {
        side.streams.send(Instant::now(), stream, Bytes::from(vec![0; MAX_SYNC_FRAME]));
        assert!(side.streams.queued() <= MAX_QUEUED_BYTES);
    }
    assert_eq!(side.ending().await.0, Some(Misbehaviour::SyncNotReading), "by bytes");
    assert_eq!(side.streams.queued(), 0);

    let (stream, _far) = side.open(SyncRole::Serve).unwrap();
    for _ in 0..MAX_QUEUED_FRAMES + 2 {
        side.streams.send(Instant::now(), stream, Bytes::from_static(b"small"));
    }
    assert_eq!(side.ending().await.0, Some(Misbehaviour::SyncNotReading), "by frames");
}

#[tokio::test]
async fn a_frame_begun_must_go_on() {
    let mut side = Side::new(|limits| limits.sync_stall = Duration::from_millis(20));
    let (_, mut far) = side.open(SyncRole::Serve).unwrap();
    far.write_all(&[0, 0, 1, 0, 7]).await.unwrap();
    assert_eq!(side.ending().await.0, Some(Misbehaviour::SyncStalled));
}

#[tokio::test]
async fn the_sum_of_all_queues_is_bounded_and_the_fullest_pays() {
    let mut side = Side::new(|limits| limits.sync_queued = 5 << 20);
    let (stream, _modest) = side.open(SyncRole::Serve).unwrap();
    side.streams.send(Instant::now(), stream, Bytes::from(vec![0; 512 << 10]));
    let mut pipes = Vec::new();
    for _ in 0..4 {
        side.peer = PeerId::random();
        let (stream, far) = side.open(SyncRole::Serve).unwrap();
        pipes.push(far);
        for _ in 0..2 {
            side.streams.send(Instant::now(), stream, Bytes::from(vec![0; MAX_SYNC_FRAME]));
            assert!(side.streams.queued() <= 5 << 20);
        }
    }
    let (broken, reason) = side.ending().await;
    assert_eq!((broken, reason.contains("together")), (None, true), "{reason}");
    assert!(side.streams.entries[&stream].stop.is_some(), "the modest one goes on");
}

#[tokio::test]
async fn a_newer_stream_replaces_the_older_and_haste_is_told_once() {
    let mut side = Side::new(|_| {});
    let (first, _a) = side.open(SyncRole::Serve).unwrap();
    let (_, _pull) = side.open(SyncRole::Pull).unwrap();
    let (_, _b) = side.open(SyncRole::Serve).unwrap();
    let closed = side.event().await;
    assert!(matches!(closed, Event::SyncClosed { stream, .. } if stream == first), "{closed:?}");
    let mut roles = side.streams.roles(side.peer);
    roles.sort_by_key(|role| *role == SyncRole::Serve);
    assert_eq!(roles, [SyncRole::Pull, SyncRole::Serve]);
    let refusals: Vec<_> = (0..60).filter_map(|_| side.open(SyncRole::Serve).err()).collect();
    assert_eq!(refusals.len(), 54);
    let told = refusals.iter().filter(|refused| **refused == Refused::TooFast { breach: true }).count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn many_small_frames_come_no_faster_than_they_may() {
    let mut side = Side::new(|_| {});
    let (_, mut far) = side.open(SyncRole::Serve).unwrap();
    let begun = Instant::now();
    let flood = tokio::spawn(async move {
        for _ in 0..1_200 {
            far.write_all(&[0, 0, 0, 1, 7]).await.unwrap();
        }
        far
    });
    for _ in 0..1_200 {
        assert!(matches!(side.event().await, Event::SyncFrame { .. }));
    }
    drop(flood.await.unwrap());
    // The burst at once, the rest at the rate: all came, and not sooner.
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
}

/// Somebody's node that falls over as soon as it has started, and is started again twice a second: it must be answered
/// as often as everybody, and be no rogue for it, or its friends would not hear it for an hour after it is mended.
#[tokio::test]
async fn who_restarts_over_and_over_is_slowed_and_not_blamed() {
    let mut side = Side::new(|_| {});
    let (start, mut taken) = (Instant::now(), 0);
    for half_seconds in 0..240 {
        match side.open_at(start + half_seconds * Duration::from_millis(500), SyncRole::Serve) {
            Ok(_) => taken += 1,
            Err(refused) => assert_eq!(refused, Refused::TooFast { breach: false }),
        }
    }
    assert_eq!(taken, 8 + 59);
}

#[tokio::test]
async fn places_are_limited() {
    let mut side = Side::new(|limits| limits.sync_streams = 3);
    let mut pipes = Vec::new();
    for _ in 0..3 {
        side.peer = PeerId::random();
        pipes.push(side.open(SyncRole::Serve).unwrap());
    }
    side.peer = PeerId::random();
    assert_eq!(side.open(SyncRole::Serve).unwrap_err(), Refused::Full);
    pipes.clear();
    side.ending().await;
    while side.streams.count() > 0 {
        side.streams.ended().await;
    }
    assert!(side.open(SyncRole::Serve).is_ok());
}
