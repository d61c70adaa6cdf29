//! Events by hand, and the figures that must come of them.

use std::{sync::Arc, time::Duration};

use starling_protocol::EntryId;

use super::{Copy, Recorder, Sample, Traffic};
use crate::{
    control::Ended,
    metrics::Metrics,
    plan::{
        GossipModel, Happening, Links, MS, Micros, Nat, NodeId, NodePlan, Phase, Plan, PolicyPlan, PostId,
        Role, SEC, Spread, What,
    },
};

/// A world of nodes that follow each other as told, in two regions by turns.
pub fn plan(follows: Vec<Vec<NodeId>>, happenings: Vec<Happening>) -> Plan {
    let node = |number: usize| NodePlan {
        region: (number % 2) as u16,
        up_bps: 1 << 20,
        down_bps: 1 << 20,
        nat: Nat::Open,
        relay: false,
        skew_ms: 0,
        dials: Vec::new(),
        bootstrap: Vec::new(),
        role: Role::Honest,
        careful_disk: false,
    };
    Plan {
        scenario: "by hand".to_owned(),
        asks: "Is <what> counted & what is not?".to_owned(),
        expects: "Exactly these figures.".to_owned(),
        seed: 7,
        span: 600 * SEC,
        epoch_ms: 0,
        nodes: (0..follows.len()).map(node).collect(),
        regions: vec!["east".to_owned(), "west".to_owned()],
        links: Links {
            latency: vec![vec![Spread::Fixed(0.0); 2]; 2],
            jitter: Spread::Fixed(0.0),
            loss: 0.0,
            queue_bytes: 0,
        },
        follows: Arc::new(follows),
        follows_signed: false,
        happenings,
        posts: 8,
        phases: vec![Phase { name: "partition".to_owned(), from: 100 * SEC, to: 200 * SEC }],
        policy: PolicyPlan::default(),
        sample_every: 10 * SEC,
        gossip: GossipModel::default(),
    }
}

pub fn id(post: PostId) -> EntryId {
    EntryId::new([post as u8 + 1; 32])
}

/// Three nodes, all of which follow node 0; node 3 is a stranger, node 4 follows node 1.
fn small(happenings: Vec<Happening>) -> Recorder {
    let follows = vec![vec![], vec![0], vec![0], vec![], vec![1]];
    let mut record = Recorder::new(Arc::new(plan(follows, happenings)), false);
    for node in 0..5 {
        record.running(0, node, true);
    }
    record
}

fn post(record: &mut Recorder, at: Micros, node: NodeId, post: PostId) {
    record.posted(at, node, post, Some(id(post)));
}

fn end(record: Recorder, at: Micros) -> Metrics {
    record.finish(Ended { at, complete: true }, Duration::from_secs(2))
}

fn group<'a>(metrics: &'a Metrics, kind: &str, group: &str) -> &'a crate::metrics::Curve {
    let found = metrics.latency.iter().find(|row| row.kind == kind && row.group == group);
    &found.unwrap_or_else(|| panic!("no {kind} {group} in {:?}", metrics.latency)).curve
}

#[test]
fn deliveries_are_counted_and_timed_by_ring_and_region() {
    let mut record = small(Vec::new());
    post(&mut record, 10 * SEC, 0, 0);
    record.stored(10 * SEC, 0, id(0));
    record.stored(10 * SEC + 100 * MS, 1, id(0));
    record.stored(10 * SEC + 200 * MS, 2, id(0));
    record.stored(10 * SEC + 400 * MS, 4, id(0));
    record.stored(10 * SEC + 800 * MS, 3, id(0));
    // Twice is once.
    record.stored(11 * SEC, 1, id(0));
    let metrics = end(record, 100 * SEC);
    let delivery = &metrics.delivery;
    assert_eq!((delivery.posts, delivery.due, delivery.delivered, delivery.strangers), (1, 2, 2, 2));
    assert_eq!(delivery.ratio, Some(1.0));
    assert_eq!(group(&metrics, "all", "all").count, 4);
    assert_eq!(group(&metrics, "all", "all").mean_ms, 375.0);
    assert_eq!(group(&metrics, "all", "all").max_ms, 800.0);
    let followers = group(&metrics, "ring", "follower");
    assert_eq!((followers.count, followers.mean_ms, followers.max_ms), (2, 150.0, 200.0));
    assert!((followers.p50_ms - 100.0).abs() < 0.1, "{followers:?}");
    assert_eq!(group(&metrics, "ring", "friend of a friend").max_ms, 400.0);
    assert_eq!(group(&metrics, "ring", "stranger in shard").max_ms, 800.0);
    assert_eq!(group(&metrics, "regions", "east to west").mean_ms, 450.0);
    assert_eq!(group(&metrics, "regions", "east to east").mean_ms, 300.0);
    let row = &metrics.tables.posts[0];
    assert_eq!((row.followers, row.delivered, row.strangers), (2, 2, 2));
    assert_eq!((row.mean_ms, row.last_ms), (Some(150.0), Some(200.0)));
    assert_eq!(metrics.tables.nodes[2].latency_mean_ms, Some(200.0));
}

#[test]
fn what_was_not_there_for_long_enough_is_not_due() {
    let mut record = small(Vec::new());
    // Node 1 leaves 10 s after the post, node 2 stays for 30 s and gets nothing.
    post(&mut record, 10 * SEC, 0, 0);
    record.running(20 * SEC, 1, false);
    record.running(40 * SEC, 2, false);
    let metrics = end(record, 100 * SEC);
    assert_eq!((metrics.delivery.due, metrics.delivery.delivered), (1, 0));
    assert_eq!((metrics.delivery.all, metrics.delivery.all_delivered), (2, 0));
    assert_eq!(metrics.tables.nodes[1].ran_s, 20.0);
    // A second short, and nothing is due.
    let mut record = small(Vec::new());
    post(&mut record, 11 * SEC, 0, 0);
    record.running(20 * SEC, 1, false);
    record.running(40 * SEC, 2, false);
    let metrics = end(record, 100 * SEC);
    assert_eq!((metrics.delivery.due, metrics.delivery.ratio), (0, None));
}

#[test]
fn what_comes_after_an_absence_is_late_and_caught_up() {
    let mut record = small(Vec::new());
    record.running(5 * SEC, 1, false);
    post(&mut record, 10 * SEC, 0, 0);
    post(&mut record, 11 * SEC, 0, 1);
    record.running(50 * SEC, 1, true);
    // A post from after the start is no part of catching up.
    post(&mut record, 51 * SEC, 0, 2);
    record.stored(52 * SEC, 1, id(0));
    record.stored(53 * SEC, 1, id(2));
    record.stored(54 * SEC, 1, id(1));
    let metrics = end(record, 100 * SEC);
    assert_eq!(group(&metrics, "late", "late").count, 2);
    assert_eq!(group(&metrics, "late", "late").max_ms, 43_000.0);
    assert_eq!(group(&metrics, "all", "all").max_ms, 2_000.0);
    let caught = metrics.catch_up.as_ref().expect("one node caught up");
    assert_eq!((caught.count, caught.max_ms), (1, 4_000.0));
    // Node 2 was there and got none of three, node 1 all of them.
    assert_eq!((metrics.delivery.due, metrics.delivery.delivered), (6, 3));
    assert_eq!((metrics.delivery.live_due, metrics.delivery.live_delivered), (4, 1));
}

#[test]
fn a_heal_is_watched_until_nothing_is_missing() {
    let at = |at, what| Happening { at, what };
    let cut = What::Cut(Arc::new(vec![0, 0, 1, 1, 1]));
    let mut record = small(vec![at(100 * SEC, cut), at(200 * SEC, What::Heal)]);
    post(&mut record, 110 * SEC, 0, 0);
    record.brought(110 * SEC + 50 * MS, 1, Some(0), id(0), 500);
    record.stored(110 * SEC + 50 * MS, 1, id(0));
    post(&mut record, 120 * SEC, 0, 1);
    record.bytes(0, 1, Traffic::Sync, 1_000);
    // The heal takes effect with the next thing that happens.
    record.sample(Sample { at: 200 * SEC, ..Sample::default() });
    record.bytes(0, 2, Traffic::Sync, 2_000);
    record.stored(201 * SEC, 1, id(1));
    post(&mut record, 202 * SEC, 0, 2);
    record.stored(203 * SEC, 2, id(0));
    record.bytes(0, 2, Traffic::Sync, 400);
    record.stored(205 * SEC, 2, id(1));
    record.bytes(0, 2, Traffic::Sync, 10_000);
    let metrics = end(record, 300 * SEC);
    let heal = &metrics.heals[0];
    assert_eq!((heal.at_s, heal.nodes, heal.behind, heal.left), (200.0, 5, 2, 0));
    assert_eq!((heal.missing, heal.open, heal.sync_bytes), (3, 0, 2_400));
    assert_eq!((heal.least_bytes, heal.bytes_ratio), (Some(1_500.0), Some(1.6)));
    // Three of five nodes missed nothing; the fourth was whole after a second, the fifth after five.
    assert_eq!((heal.nodes_whole.p50_s, heal.nodes_whole.all_s), (Some(0.0), Some(5.0)));
    let near =
        |value: Option<f64>, wanted: f64| value.is_some_and(|value| (value / wanted - 1.0).abs() < 0.001);
    assert!(near(heal.posts_arrived.p50_s, 3.0), "{:?}", heal.posts_arrived);
    assert_eq!(heal.posts_arrived.all_s, Some(5.0));
    let last = metrics.tables.heals.last().expect("a curve");
    assert_eq!((last.after_s, last.nodes_whole, last.posts_arrived), (5.0, 1.0, 1.0));
    assert_eq!(group(&metrics, "phase", "partition").count, 4);
    assert_eq!(group(&metrics, "way", "gossip").count, 1);
    assert_eq!(group(&metrics, "way", "sync").count, 3);
    assert_eq!(group(&metrics, "hops", "1").max_ms, 50.0);
}

#[test]
fn a_heal_that_does_not_finish_says_so() {
    let at = |at, what| Happening { at, what };
    let cut = || What::Cut(Arc::new(vec![0; 5]));
    let plan = vec![at(SEC, cut()), at(20 * SEC, What::Heal), at(60 * SEC, cut())];
    let mut record = small(plan);
    post(&mut record, 2 * SEC, 0, 0);
    record.stored(30 * SEC, 1, id(0));
    record.stored(70 * SEC, 2, id(0));
    let metrics = end(record, 100 * SEC);
    let heal = &metrics.heals[0];
    assert_eq!((heal.missing, heal.open, heal.until_s), (2, 1, Some(60.0)));
    assert_eq!((heal.nodes_whole.all_s, heal.posts_arrived.all_s), (None, None));
    assert_eq!(heal.posts_arrived.p50_s, Some(10.0));
    // The curve goes on until nobody watches any more.
    let last = metrics.tables.heals.last().expect("a curve");
    assert_eq!((last.after_s, last.nodes_whole, last.posts_arrived), (40.0, 0.5, 0.5));
    // A node that leaves is not waited for.
    let mut record = small(vec![at(SEC, cut()), at(20 * SEC, What::Heal)]);
    post(&mut record, 2 * SEC, 0, 0);
    record.stored(30 * SEC, 1, id(0));
    record.running(40 * SEC, 2, false);
    let metrics = end(record, 100 * SEC);
    let heal = &metrics.heals[0];
    assert_eq!((heal.behind, heal.left, heal.open), (2, 1, 0));
    assert_eq!(heal.nodes_whole.all_s, Some(10.0));
}

#[test]
fn completeness_counts_old_posts_of_those_who_run() {
    let mut record = small(Vec::new());
    post(&mut record, 0, 0, 0);
    record.stored(SEC, 1, id(0));
    record.sample(Sample { at: 20 * SEC, ..Sample::default() });
    record.sample(Sample { at: 30 * SEC, running: 5, ..Sample::default() });
    record.running(31 * SEC, 2, false);
    record.sample(Sample { at: 40 * SEC, ..Sample::default() });
    record.running(41 * SEC, 2, true);
    record.stored(42 * SEC, 2, id(0));
    record.sample(Sample { at: 50 * SEC, ..Sample::default() });
    let metrics = end(record, 60 * SEC);
    let series: Vec<_> =
        metrics.tables.series.iter().map(|row| (row.completeness, row.completeness_all)).collect();
    let expected = [(None, None), (Some(0.5), Some(0.5)), (Some(1.0), Some(0.5)), (Some(1.0), Some(1.0))];
    assert_eq!(series, expected);
    assert_eq!(metrics.completeness.least, Some(0.5));
    assert_eq!(metrics.tables.series[0].deliveries, 1);
    assert_eq!(metrics.tables.series[1].deliveries, 0);
}

#[test]
fn who_leaves_or_is_told_to_forget_waits_for_nothing() {
    let at = |at, what| Happening { at, what };
    let happenings = vec![
        at(50 * SEC, What::Unfollow(1, 0)),
        at(60 * SEC, What::Delete(0, 1)),
        at(70 * SEC, What::Follow(3, 0)),
    ];
    let mut record = small(happenings);
    post(&mut record, 10 * SEC, 0, 0);
    post(&mut record, 11 * SEC, 0, 1);
    record.sample(Sample { at: 45 * SEC, ..Sample::default() });
    record.sample(Sample { at: 65 * SEC, ..Sample::default() });
    // Node 3 follows by now, node 1 does not any more.
    post(&mut record, 80 * SEC, 0, 2);
    record.stored(81 * SEC, 3, id(2));
    let metrics = end(record, 200 * SEC);
    let missing: Vec<_> = metrics.tables.series.iter().map(|row| row.missing).collect();
    assert_eq!(missing, [4, 1]);
    // Due: post 0 to node 2, post 2 to nodes 2 and 3.
    assert_eq!((metrics.delivery.due, metrics.delivery.delivered), (3, 1));
    assert_eq!(metrics.tables.posts[2].followers, 2);
}

#[test]
fn traffic_is_summed_by_kind_and_node() {
    let mut record = small(Vec::new());
    record.bytes(0, 1, Traffic::Payload, 1_000);
    record.bytes(0, 2, Traffic::Payload, 1_000);
    record.bytes(1, 2, Traffic::Payload, 1_000);
    record.bytes(1, 0, Traffic::Control, 300);
    record.bytes(2, 0, Traffic::Sync, 200);
    record.copy(1, Copy::First, 900);
    record.copy(2, Copy::First, 900);
    record.copy(2, Copy::Duplicate, 900);
    record.rejected(0, 2, 1);
    let metrics = end(record, 10 * SEC);
    let traffic = &metrics.traffic;
    assert_eq!((traffic.bytes.payload, traffic.bytes.control, traffic.bytes.sync), (3_000, 300, 200));
    assert_eq!(traffic.duplicates_per_delivery, Some(0.5));
    assert_eq!(traffic.overhead, Some(1_700.0 / 1_800.0));
    assert_eq!(traffic.control_overhead, Some(500.0 / 1_800.0));
    assert_eq!(traffic.rejected, 1);
    let sent = traffic.sent_per_node.expect("nodes started");
    assert_eq!((sent.count, sent.sum, sent.max, sent.p50), (5, 3_500.0, 2_000.0, 200.0));
    assert_eq!(metrics.tables.nodes[2].received_payload, 2_000);
}

#[test]
fn meshes_count_in_the_own_shard_when_large_enough() {
    let mut record = small(Vec::new());
    for node in 0..5 {
        record.own_shard(node, 3);
        record.shard(0, node, 3, true);
        record.shard(0, node, 4, true);
    }
    record.shard(0, 1, 4, false);
    // Four others are all there are.
    record.meshed(SEC, 0, 4, 4);
    record.meshed(SEC, 0, 3, 3);
    for node in 0..5 {
        record.meshed((2 + u64::from(node)) * SEC, node, 3, 4);
    }
    record.meshed(50 * SEC, 0, 3, 4);
    let metrics = end(record, 60 * SEC);
    let mesh = &metrics.mesh;
    assert_eq!((mesh.enough, mesh.started, mesh.formed), (4, 5, 5));
    assert_eq!(mesh.until_90_percent_s, Some(6.0));
    assert_eq!(mesh.time.map(|time| (time.mean_ms, time.max_ms)), Some((4_000.0, 6_000.0)));
    assert_eq!(metrics.shards.map(|shards| (shards.min, shards.max, shards.mean)), Some((1.0, 2.0, 1.8)));
}

#[test]
fn adversaries_are_told_apart() {
    let at = |at, what| Happening { at, what };
    let mut plan = plan(
        vec![vec![], vec![0], vec![0], vec![]],
        vec![at(50 * SEC, What::Attack(true)), at(80 * SEC, What::Attack(false))],
    );
    plan.nodes[3].role = Role::Eclipse { victims: Arc::new(vec![2]) };
    let mut record = Recorder::new(Arc::new(plan), true);
    for node in 0..4 {
        record.running(0, node, true);
    }
    post(&mut record, 10 * SEC, 0, 0);
    record.stored(11 * SEC, 1, id(0));
    record.stored(11 * SEC, 2, id(0));
    post(&mut record, 60 * SEC, 0, 1);
    record.stored(61 * SEC, 1, id(1));
    record.stored(61 * SEC, 3, id(1));
    post(&mut record, 62 * SEC, 3, 2);
    record.stored(63 * SEC, 1, id(2));
    record.reached(63 * SEC, 1, 3);
    record.lied(55 * SEC, 3);
    record.forked(57 * SEC, 1, 3);
    record.forked(58 * SEC, 1, 3);
    record.forked(59 * SEC, 3, 3);
    record.bytes(3, 1, Traffic::Payload, 77);
    let metrics = end(record, 200 * SEC);
    let found = metrics.adversaries.as_ref().expect("there is one");
    assert_eq!((found.nodes, found.reached, found.honest, found.stored), (1, 1, 3, 1));
    assert_eq!((found.during, found.otherwise, found.victims), (Some(0.5), Some(1.0), Some(0.5)));
    assert_eq!(found.bytes.payload, 77);
    // The adversary's own post and its own copy count for nothing.
    assert_eq!((metrics.delivery.posts, metrics.speed.deliveries), (2, 3));
    let fork = &metrics.forks[0];
    assert_eq!((fork.author, fork.knew, fork.of, fork.at_s), (3, 1, 3, 55.0));
    assert_eq!(fork.exposure.map(|exposure| exposure.max_ms), Some(2_000.0));
}

#[test]
fn violations_are_kept_up_to_a_bound() {
    let mut record = small(Vec::new());
    for number in 0..1_500 {
        record.violated(number * SEC, Some(1), format!("number {number}"));
    }
    let metrics = end(record, SEC);
    assert_eq!((metrics.violations.len(), metrics.violations_total), (1_000, 1_500));
    assert_eq!(metrics.violations[2].what, "number 2");
    assert_eq!(metrics.violations[2].at_s, 2.0);
}

#[test]
fn the_trace_tells_runs_apart() {
    let hash = |second: NodeId| {
        let mut record = small(Vec::new());
        post(&mut record, SEC, 0, 0);
        record.stored(2 * SEC, second, id(0));
        record.trace_hash()
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}
