//! A run made by hand, with something in every table, for the tests of files, reports and comparisons.

use std::{sync::Arc, time::Duration};

use super::Run;
use crate::{
    control::{Ended, Layer},
    plan::{Happening, MS, NodeId, PostId, Role, SEC, What},
    record::{
        Copy, Recorder, Sample, Traffic,
        tests::{id, plan},
    },
};

/// Nodes of it.
const NODES: u32 = 40;

/// A run in which a network of forty is cut in two for a while. Another seed gives other latencies.
pub fn run(seed: u64) -> Run {
    let follows = (0..NODES).map(|node| (0..8).filter(|author| *author != node).collect()).collect();
    let at = |at, what| Happening { at: at * SEC, what };
    let halves = What::Cut(Arc::new((0..NODES).map(|node| (node % 2) as u16).collect()));
    let happenings =
        vec![at(100, halves), at(120, What::Attack(true)), at(180, What::Attack(false)), at(200, What::Heal)];
    let mut plan = plan(follows, happenings);
    plan.seed = seed;
    plan.nodes[39].role = Role::Equivocate;
    let mut record = Recorder::new(Arc::new(plan.clone()), false);
    for node in 0..NODES {
        record.own_shard(node, 1);
        record.running(u64::from(node) * 100 * MS, node, true);
        record.shard(SEC, node, 1, true);
        record.meshed(SEC + u64::from(node) * 400 * MS, node, 1, 6);
        record.bytes(node, (node + 1) % NODES, Traffic::Control, 10_000 + 500 * u64::from(node));
    }
    let mut now = 10 * SEC;
    let mut sampled = 0;
    let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = |of: u64| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        chance % of
    };
    let mut kept: Vec<(NodeId, PostId)> = Vec::new();
    for post in 0..8u32 {
        let author = post % 8;
        now = (10 + 40 * u64::from(post)) * SEC;
        while sampled + 10 * SEC <= now {
            sampled += 10 * SEC;
            sample(&mut record, sampled);
        }
        record.posted(now, author, post, Some(id(post)));
        record.stored(now, author, id(post));
        if post == 5 {
            // The heal was 10 s ago: what was kept back arrives now.
            for (place, (node, post)) in kept.drain(..).enumerate() {
                let when = now + SEC + place as u64 * 50 * MS;
                record.bytes(0, node, Traffic::Sync, 900);
                record.stored(when, node, id(post));
            }
        }
        let mut arrivals: Vec<(u64, NodeId)> = (0..NODES)
            .filter(|node| *node != author)
            .map(|node| (now + (80 + draw(400)) * MS, node))
            .collect();
        arrivals.sort_unstable();
        for (when, node) in arrivals {
            let cut = (100..200).contains(&(now / SEC)) && node % 2 != author % 2;
            if cut {
                kept.push((node, post));
                continue;
            }
            record.copy(node, Copy::First, 600);
            if draw(2) == 0 {
                record.copy(node, Copy::Duplicate, 600);
                record.bytes(author, node, Traffic::Payload, 640);
            }
            record.bytes(author, node, Traffic::Payload, 640);
            record.brought(when, node, Some(author), id(post), 420);
            record.stored(when, node, id(post));
        }
    }
    record.forked(150 * SEC, 3, 39);
    record.reached(150 * SEC, 3, 39);
    now += 60 * SEC;
    sample(&mut record, now);
    record.violated(now, Some(3), "<script>alert('no')</script> & so on".to_owned());
    record.storage(&vec![123_456; NODES as usize]);
    let hash = record.trace_hash();
    let metrics = record.finish(Ended { at: now, complete: true }, Duration::from_millis(2_500));
    Run::new(&plan, Layer::Model, hash, format!("starling sim run by-hand --seed {seed}"), metrics)
}

fn sample(record: &mut Recorder, at: u64) {
    record.sample(Sample {
        at,
        running: NODES,
        connections: 150,
        mesh_links: 240,
        shards: NODES,
        sessions: 2,
        stored_bytes: at / 10,
        resident_bytes: 64 << 20,
    });
}
