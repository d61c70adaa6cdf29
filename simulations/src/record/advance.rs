//! Time passes for the record: what the plan says happens, posts age, samples are taken.

use std::collections::VecDeque;

use super::{AGED, Mark, Recorder, Sample, deliver::Aged, repair::Repair};
use crate::{
    metrics::{S_PER_MICRO, SeriesRow},
    plan::{Micros, NodeId, PostId},
};

impl Recorder {
    /// It is so late: what the plan has for the time until then takes effect.
    pub(super) fn advance(&mut self, at: Micros) {
        while let Some((when, mark)) = self.marks.front().copied()
            && when <= at
        {
            self.marks.pop_front();
            match mark {
                Mark::Cut => self.end_repair(when, false),
                Mark::Heal => self.heal(when),
                Mark::Attack(on) => self.attack = on,
                Mark::Delete(post) => self.settle(when, post),
                Mark::Leave(node, whom) => self.leave(when, node, whom),
            }
        }
    }

    /// The repair that is being watched, if any, ends: with the `world`, or by what the plan says.
    pub(super) fn end_repair(&mut self, at: Micros, world: bool) {
        if let Some(mut repair) = self.repair.take() {
            repair.end(at, world, self.totals.bytes.sync);
            self.repairs.push(repair);
        }
    }

    fn heal(&mut self, at: Micros) {
        self.end_repair(at, false);
        let watched = self.nodes.iter().zip(&self.honest);
        let missing = watched.map(|(node, honest)| (*honest && node.since.is_some()).then_some(node.missing));
        self.repair = Some(Repair::begin(at, self.next_post, missing, self.totals.bytes.sync));
    }

    /// A post was taken back: nobody waits for it any more.
    fn settle(&mut self, at: Micros, post: PostId) {
        let Some(Some(signed)) = self.signed.get_mut(post as usize) else { return };
        signed.settled = true;
        let author = signed.author;
        for node in self.audience.followers(author).to_vec() {
            self.excuse(at, node, post);
        }
    }

    /// Somebody does not follow an author any more, and waits for nothing of theirs.
    fn leave(&mut self, at: Micros, node: NodeId, author: NodeId) {
        let theirs = |post: &Option<super::Post>| post.as_ref().is_some_and(|post| post.author == author);
        let posts = self.signed.iter().zip(0..).filter(|(post, _)| theirs(post));
        let posts: Vec<PostId> = posts.map(|(_, number)| number).collect();
        for post in posts {
            self.excuse(at, node, post);
        }
    }

    fn excuse(&mut self, at: Micros, node: NodeId, post: PostId) {
        let Some(Some(signed)) = self.signed.get_mut(post as usize) else { return };
        let Some(place) = self.audience.place(signed.author, node) else { return };
        if self.audience.follows_at(node, signed.author, signed.at) && signed.set(place) {
            let aged = if signed.aged { Aged::Excused } else { Aged::Young };
            self.count_down(at, node, post, aged);
        }
    }

    /// Posts that have become old enough count for completeness.
    fn age(&mut self, at: Micros) {
        let mut young = VecDeque::new();
        std::mem::swap(&mut young, &mut self.young);
        while let Some(number) = young.front().copied() {
            let Some(Some(post)) = self.signed.get_mut(number as usize) else { break };
            if post.at + AGED > at {
                break;
            }
            young.pop_front();
            self.hops.remove(&number);
            post.aged = true;
            let followers = self.audience.followers(post.author).iter().enumerate();
            for (place, node) in followers {
                let counted = self.audience.follows_at(*node, post.author, post.at);
                let excused = post.settled || !self.audience.follows_at(*node, post.author, at);
                let Some(counters) = self.nodes.get_mut(*node as usize).filter(|_| counted && !excused)
                else {
                    continue;
                };
                counters.aged.0 += 1;
                counters.aged.1 += u32::from(post.has(place));
            }
        }
        self.young = young;
    }

    /// The state of the world now and then.
    pub fn sample(&mut self, sample: Sample) {
        let at = sample.at;
        self.advance(at);
        self.age(at);
        self.peak = self.peak.max(sample.resident_bytes);
        let part = |running: bool| {
            let nodes = self.nodes.iter().filter(|node| !running || node.since.is_some());
            let (all, got) = nodes.fold((0u64, 0u64), |(all, got), node| {
                (all + u64::from(node.aged.0), got + u64::from(node.aged.1))
            });
            (all > 0).then(|| got as f64 / all as f64)
        };
        let (totals, before) = (self.totals, self.sampled);
        let bytes = totals.bytes.since(before.bytes);
        self.series.push(SeriesRow {
            at_s: at as f64 * S_PER_MICRO,
            running: sample.running,
            connections: sample.connections,
            mesh_links: sample.mesh_links,
            shards: sample.shards,
            sessions: sample.sessions,
            stored_bytes: sample.stored_bytes,
            resident_bytes: sample.resident_bytes,
            completeness: part(true),
            completeness_all: part(false),
            missing: self.nodes.iter().map(|node| u64::from(node.missing)).sum(),
            posts: totals.posts - before.posts,
            deliveries: totals.deliveries - before.deliveries,
            firsts: totals.firsts - before.firsts,
            duplicates: totals.duplicates - before.duplicates,
            payload_bytes: bytes.payload,
            control_bytes: bytes.control,
            sync_bytes: bytes.sync,
        });
        self.sampled = totals;
    }
}
