//! The record becomes the metrics of the run.

use std::time::Duration;

use super::{Forked, Recorder, latency::Times, node::Bytes, posts::Post, repair::Repair};
use crate::{
    control::Ended,
    metrics::{
        Adversaries, CdfRow, Completeness, Delivery, Fork, Heal, HealRow, Kinds, Latency, MS_PER_MICRO, Mesh,
        Metrics, NodeRow, PostRow, S_PER_MICRO, Speed, Spread, Tables, Traffic, Until,
    },
    plan::{Micros, NodeId, Role, What},
};

/// Pairs that were due, and those of them that were delivered.
#[derive(Debug, Clone, Copy, Default)]
struct Pairs {
    due: u64,
    got: u64,
}

impl Pairs {
    fn add(&mut self, got: bool) {
        self.due += 1;
        self.got += u64::from(got);
    }

    fn ratio(self) -> Option<f64> {
        (self.due > 0).then(|| self.got as f64 / self.due as f64)
    }
}

/// What a walk over all pairs finds.
#[derive(Default)]
struct Walk {
    all: Pairs,
    due: Pairs,
    live: Pairs,
    attacked: Pairs,
    calm: Pairs,
    victims: Pairs,
    nodes: Vec<Pairs>,
}

fn seconds(micros: Micros) -> f64 {
    micros as f64 * S_PER_MICRO
}

fn ms(micros: Micros) -> f64 {
    micros as f64 * MS_PER_MICRO
}

fn ratio(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

fn kinds(bytes: Bytes) -> Kinds {
    Kinds { payload: bytes.payload, control: bytes.control, sync: bytes.sync }
}

impl Recorder {
    /// Ends the record: `ended` is how the run ended, `wall` how long it took.
    pub fn finish(mut self, ended: Ended, wall: Duration) -> Metrics {
        self.advance(ended.at);
        self.end_repair(ended.at, true);
        let runs: Vec<bool> = self.nodes.iter().map(|node| node.since.is_some()).collect();
        for counters in &mut self.nodes {
            counters.stop(ended.at);
        }
        let series = std::mem::take(&mut self.series);
        let violations = std::mem::take(&mut self.violations);
        let walk = self.walk();
        let delivery = self.delivery(&walk);
        let heals = self.repairs.iter().map(|repair| heal(repair, delivery.entry_bytes)).collect();
        let completeness = Completeness {
            last: series.last().and_then(|row| row.completeness),
            least: series.iter().filter_map(|row| row.completeness).min_by(f64::total_cmp),
            last_all: series.last().and_then(|row| row.completeness_all),
        };
        let wall_s = wall.as_secs_f64();
        let at_s = seconds(ended.at);
        let a_second = |count: f64| if wall_s > 0.0 { count / wall_s } else { 0.0 };
        let running = self.nodes.iter().zip(&runs).filter(|(_, runs)| **runs);
        Metrics {
            virtual_s: at_s,
            complete: ended.complete,
            latency: self.latencies(),
            traffic: self.traffic(),
            mesh: self.mesh(),
            heals,
            catch_up: self.catch_ups.curve(),
            completeness,
            agreement: None,
            storage: Spread::of(self.nodes.iter().filter_map(|node| node.stored.map(|bytes| bytes as f64))),
            shards: Spread::of(running.map(|(node, _)| f64::from(node.shards.count_ones()))),
            forks: self.forks.iter().map(|(author, fork)| self.fork(*author, fork)).collect(),
            adversaries: self.adversaries(&walk),
            speed: Speed {
                wall_s,
                virtual_per_wall: a_second(at_s),
                events: self.events,
                events_per_s: a_second(self.events as f64),
                deliveries: self.totals.deliveries,
                resident_bytes: self.peak,
                resident_bytes_per_node: self.peak as f64 / self.nodes.len().max(1) as f64,
            },
            tables: Tables {
                latency: self.curves(),
                nodes: self.node_rows(&walk),
                posts: self.post_rows(),
                heals: self
                    .repairs
                    .iter()
                    .zip(0..)
                    .flat_map(|(repair, number)| steps(repair, number))
                    .collect(),
                series,
            },
            delivery,
            violations,
            violations_total: self.violated,
        }
    }

    /// Looks at every pair once.
    fn walk(&self) -> Walk {
        let mut walk = Walk { nodes: vec![Pairs::default(); self.nodes.len()], ..Walk::default() };
        let mut victim = vec![false; self.nodes.len()];
        for node in &self.plan.nodes {
            if let Role::Eclipse { victims } = &node.role {
                for whom in victims.iter() {
                    if let Some(place) = victim.get_mut(*whom as usize) {
                        *place = true;
                    }
                }
            }
        }
        for post in self.signed.iter().flatten().filter(|post| !post.settled) {
            for (place, node) in self.audience.followers(post.author).iter().enumerate() {
                let counts = self.audience.follows_at(*node, post.author, post.at)
                    && self.audience.stays(*node, post.author);
                let Some(counters) = self.nodes.get(*node as usize).filter(|_| counts) else { continue };
                let got = post.has(place);
                walk.all.add(got);
                if counters.due_until.is_none_or(|until| post.at > until) {
                    continue;
                }
                walk.due.add(got);
                if let Some(node) = walk.nodes.get_mut(*node as usize) {
                    node.add(got);
                }
                if post.ran(place) {
                    walk.live.add(got);
                }
                if post.attacked {
                    walk.attacked.add(got)
                } else {
                    walk.calm.add(got)
                }
                if victim.get(*node as usize).copied().unwrap_or(false) {
                    walk.victims.add(got);
                }
            }
        }
        walk
    }

    fn delivery(&self, walk: &Walk) -> Delivery {
        let sized = || self.signed.iter().flatten().filter(|post| post.bytes > 0);
        let entries = sized().count();
        let entry_bytes =
            sized().map(|post| u64::from(post.bytes)).sum::<u64>() as f64 / entries.max(1) as f64;
        Delivery {
            posts: self.totals.posts,
            refused: self.totals.refused,
            due: walk.due.due,
            delivered: walk.due.got,
            ratio: walk.due.ratio(),
            live_due: walk.live.due,
            live_delivered: walk.live.got,
            live_ratio: walk.live.ratio(),
            all: walk.all.due,
            all_delivered: walk.all.got,
            all_ratio: walk.all.ratio(),
            strangers: self.signed.iter().flatten().map(|post| u64::from(post.strangers)).sum(),
            entry_bytes,
        }
    }

    fn latencies(&self) -> Vec<Latency> {
        let row = |(key, times): (super::latency::Key, &Times)| {
            let (kind, group) = key.names(&self.plan);
            times.curve().map(|curve| Latency { kind: kind.to_owned(), group, curve })
        };
        self.latency.iter().filter_map(row).collect()
    }

    fn curves(&self) -> Vec<CdfRow> {
        let points = |(key, times): (super::latency::Key, &Times)| {
            let (kind, group) = key.names(&self.plan);
            times.points(kind, &group)
        };
        self.latency.iter().flat_map(points).collect()
    }

    fn traffic(&self) -> Traffic {
        let totals = &self.totals;
        let beyond = |bytes: u64| ratio(bytes, totals.first_bytes);
        let honest =
            self.nodes.iter().zip(&self.honest).filter(|(node, honest)| **honest && node.started.is_some());
        Traffic {
            bytes: kinds(totals.bytes),
            sent_per_node: Spread::of(honest.map(|(node, _)| node.sent.all() as f64)),
            firsts: totals.firsts,
            duplicates: totals.duplicates,
            duplicates_per_delivery: ratio(totals.duplicates, totals.firsts),
            first_bytes: totals.first_bytes,
            overhead: beyond(totals.bytes.all().saturating_sub(totals.first_bytes)),
            control_overhead: beyond(totals.bytes.control + totals.bytes.sync),
            rejected: self.nodes.iter().map(|node| node.rejected).sum(),
        }
    }

    fn mesh(&self) -> Mesh {
        let mut times = Times::default();
        let mut formed = Vec::new();
        let mut starts = Vec::new();
        for node in &self.nodes {
            let Some(started) = node.started else { continue };
            starts.push(started);
            if let Some(meshed) = node.meshed {
                times.add(meshed.saturating_sub(started));
                formed.push(meshed);
            }
        }
        formed.sort_unstable();
        let wanted = (starts.len() * 9).div_ceil(10);
        let first = starts.iter().min().copied().unwrap_or(0);
        let until = wanted.checked_sub(1).and_then(|last| formed.get(last));
        Mesh {
            enough: self.mesh_enough(),
            started: starts.len() as u32,
            formed: formed.len() as u32,
            time: times.curve(),
            until_90_percent_s: until.map(|at| seconds(at.saturating_sub(first))),
        }
    }

    fn fork(&self, author: NodeId, fork: &Forked) -> Fork {
        let attack = self.plan.happenings.iter().find(|happening| happening.what == What::Attack(true));
        let begun = fork.told.or(attack.map(|happening| happening.at)).or(fork.first).unwrap_or(0);
        let mut times = Times::default();
        for at in &fork.at {
            times.add(at.saturating_sub(begun));
        }
        let ran =
            self.nodes.iter().zip(&self.honest).filter(|(node, honest)| **honest && node.started.is_some());
        Fork {
            author,
            at_s: seconds(begun),
            knew: fork.at.len() as u32,
            of: ran.count() as u32,
            exposure: times.curve(),
        }
    }

    fn adversaries(&self, walk: &Walk) -> Option<Adversaries> {
        let both = || self.nodes.iter().zip(&self.honest);
        let nodes = both().filter(|(_, honest)| !**honest).count() as u32;
        let honest = || both().filter(|(node, honest)| **honest && node.started.is_some());
        let reached = honest().filter(|(node, _)| node.hostile > 0).count();
        let mut bytes = Kinds::default();
        for (node, _) in both().filter(|(_, honest)| !**honest) {
            bytes.payload += node.sent.payload;
            bytes.control += node.sent.control;
            bytes.sync += node.sent.sync;
        }
        (nodes > 0).then(|| Adversaries {
            nodes,
            reached: reached as u32,
            honest: honest().count() as u32,
            reach: ratio(reached as u64, honest().count() as u64),
            stored: honest().map(|(node, _)| node.hostile).sum(),
            bytes,
            during: walk.attacked.ratio(),
            otherwise: walk.calm.ratio(),
            victims: walk.victims.ratio(),
        })
    }

    fn node_rows(&self, walk: &Walk) -> Vec<NodeRow> {
        let rows = self.nodes.iter().zip(&self.plan.nodes).zip(&walk.nodes).zip(0..);
        let row = |(((node, planned), pairs), number): (
            ((&super::Counters, &crate::plan::NodePlan), &Pairs),
            u32,
        )| {
            let region = self.plan.regions.get(usize::from(planned.region));
            NodeRow {
                node: number,
                region: region.cloned().unwrap_or_default(),
                role: role(&planned.role).to_owned(),
                started_s: node.started.map(seconds),
                ran_s: seconds(node.ran),
                mesh_s: node.meshed.map(|at| seconds(at.saturating_sub(node.started.unwrap_or(0)))),
                shards: node.shards.count_ones(),
                connections: node.connections,
                due: pairs.due,
                delivered: pairs.got,
                latency_mean_ms: (node.live > 0)
                    .then(|| node.live_time as f64 / node.live as f64 * MS_PER_MICRO),
                sent_payload: node.sent.payload,
                sent_control: node.sent.control,
                sent_sync: node.sent.sync,
                received_payload: node.received.payload,
                received_control: node.received.control,
                received_sync: node.received.sync,
                firsts: node.firsts,
                duplicates: node.duplicates,
                rejected: node.rejected,
                stored_bytes: node.stored,
                hostile: node.hostile,
            }
        };
        rows.map(row).collect()
    }

    fn post_rows(&self) -> Vec<PostRow> {
        let row = |(post, number): (&Option<Post>, u32)| {
            let post = post.as_ref()?;
            let got = post.delivered > 0;
            Some(PostRow {
                post: number,
                author: post.author,
                at_s: seconds(post.at),
                bytes: (post.bytes > 0).then_some(post.bytes),
                followers: post.followers,
                delivered: post.delivered,
                strangers: post.strangers,
                mean_ms: got.then(|| post.time as f64 / f64::from(post.delivered) * MS_PER_MICRO),
                last_ms: got.then(|| ms(post.last)),
            })
        };
        self.signed.iter().zip(0..).filter_map(row).collect()
    }
}

/// What tables call a role.
fn role(role: &Role) -> &'static str {
    match role {
        Role::Honest => "honest",
        Role::Sybil => "sybil",
        Role::Eclipse { .. } => "eclipse",
        Role::Flood { .. } => "flood",
        Role::Equivocate => "equivocate",
        Role::Replay => "replay",
        Role::SlowRead { .. } => "slow reader",
    }
}

fn heal(repair: &Repair, entry_bytes: f64) -> Heal {
    let until = |after: &dyn Fn(f64) -> Option<Micros>| Until {
        p50_s: after(0.5).map(seconds),
        p90_s: after(0.9).map(seconds),
        p99_s: after(0.99).map(seconds),
        all_s: after(1.0).map(seconds),
    };
    let sync_bytes = repair.sync_after.saturating_sub(repair.sync_before);
    let least = (entry_bytes > 0.0).then_some(repair.missing as f64 * entry_bytes);
    Heal {
        at_s: seconds(repair.at),
        until_s: repair.until.map(seconds),
        nodes: repair.nodes,
        behind: repair.behind,
        left: repair.left,
        missing: repair.missing,
        open: repair.open,
        nodes_whole: until(&|part| repair.nodes_after(part)),
        posts_arrived: until(&|part| repair.posts_after(part)),
        sync_bytes,
        least_bytes: least,
        bytes_ratio: least.filter(|least| *least > 0.0).map(|least| sync_bytes as f64 / least),
    }
}

fn steps(repair: &Repair, number: u32) -> impl Iterator<Item = HealRow> {
    let (behind, missing) = (repair.behind.max(1), repair.missing.max(1));
    repair.steps.iter().map(move |(after, done, open)| HealRow {
        heal: number,
        after_s: seconds(*after),
        nodes_whole: f64::from(*done) / f64::from(behind),
        posts_arrived: 1.0 - *open as f64 / missing as f64,
    })
}
