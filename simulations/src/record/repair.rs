//! How long a network takes to be whole again after a heal, and a node after a start.
//!
//! At a heal each honest node that runs is asked how many of the posts of those it follows it misses. From then on
//! only those are counted down: what is posted later is ordinary delivery.

use crate::plan::{Micros, NodeId, PostId};

use super::latency::Times;

/// A heal.
#[derive(Debug, Clone)]
pub struct Repair {
    /// When it healed.
    pub at: Micros,
    /// Posts with smaller numbers were signed before it.
    pub before: PostId,
    /// When watching it ended: at the next cut or heal; none if the world ended first.
    pub until: Option<Micros>,
    /// Nodes that are watched: honest, and running at the heal.
    pub nodes: u32,
    /// Nodes of those that missed something.
    pub behind: u32,
    /// Nodes of those that missed something and ended before they had it.
    pub left: u32,
    /// Posts that were missing, each counted for each node that missed it.
    pub missing: u64,
    /// Of those, still missing.
    pub open: u64,
    /// Bytes of sync that had been sent in all when it healed.
    pub sync_before: u64,
    /// Bytes of sync that had been sent in all when nothing was missing any more, or watching ended.
    pub sync_after: u64,
    /// When nothing was missing any more, after the heal.
    pub whole: Option<Micros>,
    /// After the heal, so many nodes that had been behind had everything, and so many posts were missing.
    pub steps: Vec<(Micros, u32, u64)>,
    /// When each node had everything, after the heal.
    pub nodes_whole: Times,
    /// When each post arrived, after the heal.
    pub arrivals: Times,
    /// What each node still misses.
    waiting: Vec<u32>,
    done: u32,
}

impl Repair {
    /// Begins to watch, given what each node misses; none for those that are not watched.
    pub fn begin(at: Micros, before: PostId, missing: impl Iterator<Item = Option<u32>>, sync: u64) -> Self {
        let mut repair = Self {
            at,
            before,
            until: None,
            nodes: 0,
            behind: 0,
            left: 0,
            missing: 0,
            open: 0,
            sync_before: sync,
            sync_after: sync,
            whole: None,
            steps: Vec::new(),
            nodes_whole: Times::default(),
            arrivals: Times::default(),
            waiting: Vec::new(),
            done: 0,
        };
        for misses in missing {
            repair.nodes += u32::from(misses.is_some());
            repair.behind += u32::from(misses.is_some_and(|count| count > 0));
            repair.missing += u64::from(misses.unwrap_or(0));
            repair.waiting.push(misses.unwrap_or(0));
        }
        repair.open = repair.missing;
        if repair.missing == 0 {
            repair.whole = Some(0);
        }
        repair.steps.push((0, 0, repair.open));
        repair
    }

    /// A node got a post from before the heal, or has no use for it any more.
    pub fn got(&mut self, at: Micros, node: NodeId, sync: u64) {
        let Some(waiting) = self.waiting.get_mut(node as usize).filter(|waiting| **waiting > 0) else {
            return;
        };
        *waiting -= 1;
        let after = at.saturating_sub(self.at);
        self.arrivals.add(after);
        self.open = self.open.saturating_sub(1);
        if *waiting == 0 {
            self.nodes_whole.add(after);
            self.done += 1;
        }
        self.step(after, sync);
    }

    /// A node ended: it is not waited for any more.
    pub fn gone(&mut self, at: Micros, node: NodeId, sync: u64) {
        let Some(waiting) = self.waiting.get_mut(node as usize).filter(|waiting| **waiting > 0) else {
            return;
        };
        let lost = u64::from(std::mem::take(waiting));
        self.left += 1;
        self.open = self.open.saturating_sub(lost);
        self.step(at.saturating_sub(self.at), sync);
    }

    /// Watching ends: at a cut or another heal, or with the world.
    pub fn end(&mut self, at: Micros, world: bool, sync: u64) {
        self.until = (!world).then_some(at);
        if self.whole.is_none() {
            self.sync_after = sync;
        }
        // The curve goes on to the end, at the height that it reached.
        let after = at.saturating_sub(self.at);
        if self.steps.last().is_some_and(|(last, ..)| *last < after) && self.whole.is_none() {
            self.steps.push((after, self.done, self.open));
        }
        self.waiting = Vec::new();
    }

    fn step(&mut self, after: Micros, sync: u64) {
        if self.open == 0 && self.whole.is_none() {
            self.whole = Some(after);
            self.sync_after = sync;
        }
        // A step for each hundredth of the nodes or of the posts: a curve of at most some 200 points.
        let (_, done, open) = self.steps.last().copied().unwrap_or_default();
        let nodes = u64::from(self.done.saturating_sub(done)) * 100 >= u64::from(self.behind.max(1));
        let posts = open.saturating_sub(self.open) * 100 >= self.missing.max(1);
        if nodes || posts || self.open == 0 {
            self.steps.push((after, self.done, self.open));
        }
    }

    /// When so large a part of the watched nodes that did not leave had everything, in microseconds after the heal.
    pub fn nodes_after(&self, part: f64) -> Option<Micros> {
        let stayed = self.nodes.saturating_sub(self.left);
        let enough = (f64::from(stayed) * part - 1e-9).ceil() as u32;
        let at_once = self.nodes.saturating_sub(self.behind);
        if enough <= at_once {
            return Some(0);
        }
        let wanted = enough - at_once;
        (self.done >= wanted && self.done > 0).then(|| self.nodes_whole.nth(u64::from(wanted)))
    }

    /// When so large a part of the missing posts had arrived, in microseconds after the heal.
    pub fn posts_after(&self, part: f64) -> Option<Micros> {
        let arrived = self.arrivals.count();
        // What nobody waits for any more does not count.
        let counted = arrived + self.open;
        let wanted = (counted as f64 * part - 1e-9).ceil() as u64;
        if wanted == 0 {
            return Some(0);
        }
        (arrived >= wanted).then(|| self.arrivals.nth(wanted))
    }
}

/// A node that started and misses what was posted before.
#[derive(Debug, Clone, Copy)]
pub struct CatchUp {
    /// When it started.
    pub since: Micros,
    /// Posts that it still misses of those before.
    pub missing: u32,
    /// Posts with smaller numbers were signed before it started.
    pub before: PostId,
}
