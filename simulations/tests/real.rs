//! Small worlds in the real layer: libp2p over simulated wires, under virtual time.

#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(clippy::unwrap_used, reason = "what tests share is a test as well")]

use std::process::Command;
use std::sync::Arc;

use starling_simulations::cast::Cast;
use starling_simulations::control::Control;
use starling_simulations::plan::{
    Ending, GossipModel, Happening, Links, Micros, Nat, NodeId, NodePlan, Plan, PolicyPlan, Role, SEC,
    Spread, What,
};
use starling_simulations::real::{self, Crypto, Outcome};

/// Everybody knows the next one around a ring and the one after, and follows everybody.
fn ring(count: NodeId, seed: u64, span: Micros) -> Plan {
    let node = |number: NodeId| NodePlan {
        region: (number % 2) as u16,
        up_bps: 20_000_000,
        down_bps: 50_000_000,
        nat: Nat::Open,
        relay: false,
        skew_ms: 0,
        dials: vec![(number + 1) % count, (number + 2) % count],
        bootstrap: Vec::new(),
        role: Role::Honest,
        careful_disk: true,
    };
    let everybody_else = |me: NodeId| (0..count).filter(|other| *other != me).collect();
    let latency = |ms: f64| Spread::Uniform(800.0 * ms, 1_200.0 * ms);
    let start = |node: NodeId| Happening { at: u64::from(node) * SEC / 10, what: What::Start(node) };
    Plan {
        scenario: "ring".into(),
        asks: "Does it work?".into(),
        expects: "It does.".into(),
        seed,
        span,
        epoch_ms: 1_795_000_000_000,
        nodes: (0..count).map(node).collect(),
        regions: vec!["east".into(), "west".into()],
        links: Links {
            latency: vec![vec![latency(10.0), latency(60.0)], vec![latency(60.0), latency(10.0)]],
            jitter: Spread::Exponential(2_000.0),
            loss: 0.01,
            queue_bytes: 256 << 10,
        },
        follows: Arc::new((0..count).map(everybody_else).collect()),
        follows_signed: false,
        happenings: (0..count).map(start).collect(),
        posts: 0,
        phases: Vec::new(),
        policy: PolicyPlan::default(),
        sample_every: 5 * SEC,
        gossip: GossipModel::default(),
    }
}

impl Add for Plan {
    fn add(&mut self, at: Micros, what: What) {
        self.happenings.push(Happening { at, what });
        self.happenings.sort_by_key(|happening| happening.at);
    }

    fn post(&mut self, at: Micros, node: NodeId) {
        let post = self.posts;
        self.posts += 1;
        self.add(at, What::Post { node, post, bytes: 100, reply_to: None });
    }
}

/// What the tests add to a plan.
trait Add {
    fn add(&mut self, at: Micros, what: What);
    fn post(&mut self, at: Micros, node: NodeId);
}

fn live(plan: Plan, crypto: Crypto) -> Outcome {
    let mut control = Control::default();
    let cast = Cast::new(Arc::new(plan), &control).unwrap();
    real::run(cast, &mut control, crypto).unwrap()
}

/// Entries that each node holds.
fn held(outcome: &Outcome) -> Vec<u64> {
    let entries = |node| {
        let engine = outcome.cast.engine(node)?;
        Some(engine.store().read().unwrap().stats().unwrap().entries)
    };
    (0..outcome.cast.plan.nodes.len() as NodeId).map(|node| entries(node).unwrap_or(0)).collect()
}

fn hash(plan: Plan) -> String {
    live(plan, Crypto::Noise).cast.record.trace_hash().unwrap()
}

/// A world in which something of everything happens.
fn eventful(seed: u64) -> Plan {
    let mut plan = ring(8, seed, 60 * SEC);
    plan.post(10 * SEC, 0);
    plan.add(12 * SEC, What::Cut(Arc::new(vec![0, 0, 0, 0, 1, 1, 1, 1])));
    plan.post(15 * SEC, 5);
    plan.add(20 * SEC, What::Stop(2, Ending::Kill));
    plan.add(25 * SEC, What::Heal);
    plan.add(30 * SEC, What::Start(2));
    plan.post(31 * SEC, 2);
    plan
}

#[test]
fn what_one_of_eight_posts_all_get() {
    let mut plan = ring(8, 1, 30 * SEC);
    plan.post(10 * SEC, 3);
    for crypto in [Crypto::Noise, Crypto::Plaintext] {
        let outcome = live(plan.clone(), crypto);
        assert!(outcome.ended.complete);
        assert_eq!(held(&outcome), [1; 8]);
        assert!(outcome.counters.iter().map(|counters| counters.gossip_in).sum::<u64>() >= 4, "by gossip");
        assert!(outcome.wires.iter().all(|wire| wire.sent > 0 && wire.received > 0));
    }
}

#[test]
fn one_seed_is_one_run() {
    let first = hash(eventful(7));
    assert_eq!(first, hash(eventful(7)), "the same in one process");
    assert_ne!(first, hash(eventful(8)));
    // The standard way to run one test of this program alone, with what it prints shown.
    let alone = ["--exact", "a_run_has_a_hash", "--nocapture"];
    let other = Command::new(std::env::current_exe().unwrap()).args(alone).output().unwrap();
    let printed = String::from_utf8(other.stdout).unwrap();
    assert!(printed.contains(&first), "another process: {printed}");
}

/// Prints it, too: the test above runs this one in a process of its own.
#[test]
fn a_run_has_a_hash() {
    let hash = hash(eventful(7));
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    println!("{hash}");
}

#[test]
fn what_was_said_across_a_cut_arrives_after_it() {
    let mut plan = ring(8, 2, 60 * SEC);
    plan.add(10 * SEC, What::Cut(Arc::new(vec![0, 0, 0, 0, 1, 1, 1, 1])));
    plan.post(15 * SEC, 1);
    plan.post(16 * SEC, 6);
    let cut = live(Plan { span: 25 * SEC, ..plan.clone() }, Crypto::Noise);
    assert_eq!(held(&cut), [1; 8], "each half has its own");
    plan.add(25 * SEC, What::Heal);
    let healed = live(plan, Crypto::Noise);
    assert_eq!(held(&healed), [2; 8]);
    let agreement = healed.cast.heads_agree().unwrap();
    assert_eq!((agreement.pairs, agreement.agreeing), (56, 56));
}

#[test]
fn a_node_that_went_in_any_way_catches_up() {
    for ending in [Ending::Quit, Ending::Kill, Ending::PowerCut, Ending::Sleep] {
        let mut plan = ring(5, 3, 120 * SEC);
        plan.post(10 * SEC, 2);
        plan.add(20 * SEC, What::Stop(2, ending));
        plan.post(30 * SEC, 0);
        plan.add(60 * SEC, What::Start(2));
        let outcome = live(plan, Crypto::Noise);
        assert_eq!(held(&outcome), [2; 5], "{ending:?}");
    }
}

#[test]
fn nobody_calls_a_node_behind_an_address_translator() {
    let mut plan = ring(4, 4, 40 * SEC);
    plan.nodes[1].nat = Nat::Closed;
    plan.nodes[2].nat = Nat::Closed;
    plan.post(20 * SEC, 1);
    let outcome = live(plan.clone(), Crypto::Noise);
    assert_eq!(held(&outcome), [1; 4], "they call others, and hear from each other through them");
    plan.nodes.iter_mut().for_each(|node| node.nat = Nat::Closed);
    let outcome = live(plan, Crypto::Noise);
    assert_eq!(held(&outcome), [0, 1, 0, 0], "nobody can be called");
}

#[test]
fn a_run_ends_when_it_is_told_to() {
    let mut control = Control::default();
    let stop = control.stop.clone();
    control.watcher = Some(Box::new(move |progress| {
        if progress.at >= 5 * SEC {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }));
    let plan = ring(3, 5, 1_000_000 * SEC);
    let cast = Cast::new(Arc::new(plan), &control).unwrap();
    let outcome = real::run(cast, &mut control, Crypto::Noise).unwrap();
    assert!(!outcome.ended.complete && outcome.ended.at >= 5 * SEC);
}
