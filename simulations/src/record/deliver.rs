//! An honest node gets a post: what is counted, and into which distributions its time goes.

use super::{AGED, NO_HOPS, Recorder, audience::Ring, latency::Key};
use crate::plan::{Micros, NodeId, PostId};

/// What becomes of a pair's part in completeness when it is open no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aged {
    /// Its post does not count yet.
    Young,
    /// It is delivered.
    Got,
    /// It is not waited for any more.
    Excused,
}

impl Recorder {
    /// An honest node has a post that it did not have.
    pub(super) fn deliver(&mut self, at: Micros, node: NodeId, number: PostId) {
        let Some(Some(post)) = self.signed.get_mut(number as usize) else { return };
        let author = post.author;
        if node == author {
            return;
        }
        let time = at.saturating_sub(post.at);
        let ring = self.audience.ring(author, node);
        let place = self.audience.place(author, node);
        match place.filter(|_| self.audience.follows_at(node, author, post.at)) {
            Some(place) => {
                if !post.set(place) {
                    return;
                }
                post.delivered += 1;
                post.time += u128::from(time);
                post.last = post.last.max(time);
                let aged = post.aged;
                self.count_down(at, node, number, if aged { Aged::Got } else { Aged::Young });
            }
            None => post.strangers += 1,
        }
        self.totals.deliveries += 1;
        let brought =
            self.brought.iter().find(|(when, there, which, _)| (*when, *there, *which) == (at, node, number));
        let hops = brought.map(|(.., hops)| *hops);
        self.time(at, node, number, time, ring, hops);
    }

    /// Takes a delivery's time down, for all the groups that it belongs to.
    fn time(&mut self, at: Micros, node: NodeId, number: PostId, time: Micros, ring: Ring, hops: Option<u8>) {
        let Some(Some(post)) = self.signed.get(number as usize) else { return };
        let Some(counters) = self.nodes.get_mut(node as usize) else { return };
        if let Some(hops) = hops
            && at.saturating_sub(post.at) < AGED
        {
            let count = self.honest.len();
            let known = self.hops.entry(number).or_insert_with(|| vec![NO_HOPS; count]);
            if let Some(place) = known.get_mut(node as usize) {
                *place = hops;
            }
        }
        if counters.since.is_none_or(|since| since > post.at) {
            self.latency.add(Key::Late, time);
            return;
        }
        counters.live += 1;
        counters.live_time += u128::from(time);
        let region = |node: NodeId| self.plan.nodes.get(node as usize).map_or(0, |planned| planned.region);
        self.latency.add(Key::All, time);
        self.latency.add(Key::Ring(ring), time);
        if self.plan.regions.len() > 1 {
            self.latency.add(Key::Regions(region(post.author), region(node)), time);
        }
        if let Some(phase) = post.phase {
            self.latency.add(Key::Phase(phase), time);
        }
        if self.ways {
            self.latency.add(Key::Way(hops.is_some()), time);
        }
        if let Some(hops) = hops.filter(|hops| *hops != NO_HOPS) {
            self.latency.add(Key::Hops(hops), time);
        }
    }

    /// A node waits for a post no longer.
    pub(super) fn count_down(&mut self, at: Micros, node: NodeId, post: PostId, aged: Aged) {
        let Some(counters) = self.nodes.get_mut(node as usize) else { return };
        counters.missing = counters.missing.saturating_sub(1);
        match aged {
            Aged::Young => {}
            Aged::Got => counters.aged.1 += 1,
            Aged::Excused => counters.aged.0 = counters.aged.0.saturating_sub(1),
        }
        if let Some(catching) = self.catching.get_mut(node as usize)
            && let Some(catch) = catching
            && post < catch.before
        {
            catch.missing = catch.missing.saturating_sub(1);
            if catch.missing == 0 {
                self.catch_ups.add(at.saturating_sub(catch.since));
                *catching = None;
            }
        }
        if let Some(repair) = &mut self.repair
            && post < repair.before
        {
            repair.got(at, node, self.totals.bytes.sync);
        }
    }
}
