//! The books by themselves.

use super::*;

struct World {
    now: Instant,
    books: Admission,
    made: u64,
}

impl World {
    fn new() -> Self {
        World { now: Instant::now(), books: Admission::default(), made: 0 }
    }

    fn peer(&mut self) -> PeerId {
        let peer = PeerId::random();
        self.books.connected(self.now, peer);
        peer
    }

    fn offer(&mut self, source: PeerId) -> (GossipRef, Offer) {
        self.made += 1;
        let mut id = [0; 32];
        id[..8].copy_from_slice(&self.made.to_be_bytes());
        let message = GossipRef { id, source };
        let held = Held { message, shard: 0, frame: Bytes::from_static(b"frame") };
        (message, self.books.offer(self.now, held))
    }

    fn offers(&mut self, source: PeerId, count: usize) -> Vec<Offer> {
        (0..count).map(|_| self.offer(source).1).collect()
    }

    /// All that the engine would get now.
    fn deliver(&mut self) -> Vec<GossipRef> {
        std::iter::from_fn(|| self.books.next(self.now).map(|held| held.message)).collect()
    }

    fn judge(&mut self, message: GossipRef, verdict: Verdict) -> Judged {
        self.books.judged(self.now, message, verdict)
    }

    fn pass(&mut self, time: Duration) -> (Vec<GossipRef>, Vec<PeerId>) {
        self.now += time;
        self.books.tick(self.now)
    }
}

#[test]
fn a_strangers_third_fault_is_the_last() {
    let mut world = World::new();
    let eve = world.peer();
    world.offers(eve, 100);
    let mut processed = 0;
    let mut shunned = None;
    loop {
        let delivered = world.deliver();
        if delivered.is_empty() {
            break;
        }
        for message in delivered {
            processed += 1;
            if let Some(dropped) = world.judge(message, Verdict::Reject).shun {
                shunned = Some(dropped.len());
            }
        }
    }
    assert_eq!(processed, 3);
    assert_eq!(shunned, Some(97));
    assert_eq!(world.offer(eve).1, Offer::Ignored);
    assert_eq!(world.books.load(), (0, 0));
}

#[test]
fn leaving_does_not_wash_faults_off_but_time_does() {
    let mut world = World::new();
    let eve = world.peer();
    for round in 0..3 {
        let (message, _) = world.offer(eve);
        assert_eq!(world.deliver(), [message]);
        // The verdict comes when she has already left.
        assert!(world.books.disconnected(eve).is_empty());
        let judged = world.judge(message, Verdict::Reject);
        assert_eq!(judged.shun.is_some(), round == 2);
        world.books.connected(world.now, eve);
    }
    assert!(world.books.connected(world.now, eve), "still not heard");
    let (_, pardoned) = world.pass(FAULT_MEMORY);
    assert_eq!(pardoned, [eve]);
    assert!(!world.books.connected(world.now, eve));
    assert_eq!(world.offer(eve).1, Offer::Held { displaced: None });
}

#[test]
fn a_flood_is_ignored_and_then_not_heard() {
    let mut world = World::new();
    let eve = world.peer();
    let offers = world.offers(eve, 3_000);
    let held = offers.iter().filter(|offer| matches!(offer, Offer::Held { .. })).count();
    assert_eq!(held, 200, "the burst");
    let ends = offers.iter().position(|offer| matches!(offer, Offer::Flood { .. }));
    assert_eq!(ends, Some(1_200));
    assert!(offers[1_201..].iter().all(|offer| *offer == Offer::Ignored));
    assert_eq!(world.books.load(), (0, 0));
    let (_, pardoned) = world.pass(FLOOD_SHUN);
    assert_eq!(pardoned, [eve]);
}

#[test]
fn accepted_frames_widen_the_window_up_to_a_bound() {
    let mut world = World::new();
    let bob = world.peer();
    let mut widest = 0;
    for _ in 0..20 {
        world.offers(bob, 20);
        let delivered = world.deliver();
        widest = widest.max(delivered.len());
        for message in delivered {
            assert!(world.judge(message, Verdict::Accept).known);
        }
        world.now += Duration::from_secs(1);
    }
    assert_eq!(widest, LAST_WINDOW);
}

#[test]
fn the_greedy_make_room_for_the_modest() {
    let mut world = World::new();
    let greedy: Vec<_> = (0..6).map(|_| world.peer()).collect();
    for peer in &greedy {
        world.offers(*peer, 200);
    }
    assert_eq!(world.books.load().0, MAX_HELD);
    let bob = world.peer();
    let (message, offer) = world.offer(bob);
    assert!(
        matches!(offer, Offer::Held { displaced: Some(displaced) } if greedy.contains(&displaced.source))
    );
    assert_eq!(world.books.load().0, MAX_HELD);
    assert!(world.deliver().contains(&message), "and bob is served in the first round");
}

#[test]
fn all_books_stay_bounded_under_thousands_of_peers() {
    let mut world = World::new();
    for _ in 0..2_000 {
        let peer = world.peer();
        world.offers(peer, 3);
        world.deliver();
        world.books.disconnected(peer);
    }
    let (held, unjudged) = world.books.load();
    assert!(held <= MAX_HELD && unjudged <= MAX_UNJUDGED, "{held} {unjudged}");
    assert!(world.books.turns.len() <= held);
    assert!(world.books.peers.is_empty());
}

#[test]
fn a_missing_verdict_frees_its_place() {
    let mut world = World::new();
    let bob = world.peer();
    world.offers(bob, 5);
    let first = world.deliver();
    assert_eq!(first.len(), FIRST_WINDOW);
    let (mut lost, _) = world.pass(UNANSWERED);
    lost.sort_by_key(|message| message.id);
    assert_eq!(lost, first);
    assert_eq!(world.deliver().len(), 2);
    assert_eq!(world.judge(first[0], Verdict::Reject), Judged::default(), "too late");
}
