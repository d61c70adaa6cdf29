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

    fn pass(&mut self, time: Duration) -> Ticked {
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
    assert_eq!(world.books.connected(world.now, eve), SHUNNED, "still not heard");
    assert!(world.books.disconnected(eve).is_empty());
    assert_eq!(world.pass(FAULT_MEMORY).standings, [(eve, 0.0)]);
    assert_eq!(world.books.connected(world.now, eve), 0.0);
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
    assert_eq!(world.pass(FLOOD_SHUN).standings, [(eve, GOODWILL)]);
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
    let mut lost = world.pass(UNANSWERED).unanswered;
    lost.sort_by_key(|message| message.id);
    assert_eq!(lost, first);
    assert_eq!(world.deliver().len(), 2);
    assert_eq!(world.judge(first[0], Verdict::Reject), Judged::default(), "too late");
}

/// What the last change of a peer's standing made of it.
fn standing(ticked: &Ticked, peer: PeerId) -> Option<f64> {
    ticked.standings.iter().find(|(whose, _)| *whose == peer).map(|(_, standing)| *standing)
}

#[test]
fn company_and_new_frames_are_worth_something_and_faults_cost_more() {
    let mut world = World::new();
    let bob = world.peer();
    assert_eq!(world.pass(Duration::from_secs(10)), Ticked::default());
    assert_eq!(standing(&world.pass(Duration::from_secs(10)), bob), Some(1.0), "a point each twelve seconds");
    for _ in 0..20 {
        let (message, _) = world.offer(bob);
        assert_eq!(world.deliver(), [message]);
        assert_eq!(world.judge(message, Verdict::Accept), Judged { known: true, ..Judged::default() });
        world.now += Duration::from_secs(1);
    }
    let best = standing(&world.pass(Duration::from_secs(600)), bob).unwrap();
    assert!(best > GOODWILL && best <= 2.0 * GOODWILL, "{best}");
    (0..6).for_each(|_| drop(world.pass(Duration::from_secs(10))));
    let (message, _) = world.offer(bob);
    world.deliver();
    let judged = world.judge(message, Verdict::Reject);
    let fallen = judged.standing.unwrap();
    assert!(
        judged.shun.is_none() && fallen > FAULT + GOODWILL && fallen < FAULT + GOODWILL + 1.5,
        "{fallen}"
    );
    // Leaving ends the company, and does not wash the fault off.
    world.books.disconnected(bob);
    assert_eq!(world.books.connected(world.now, bob), FAULT);
    assert_eq!(world.books.broken(world.now, bob).standing, Some(4.0 * FAULT));
    let judged = world.books.broken(world.now, bob);
    assert_eq!((judged.standing, judged.shun), (Some(SHUNNED), Some(Vec::new())));
}
