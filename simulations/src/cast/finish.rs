//! The state of the world now and then, and what is left to say when it ends.

use starling::store;

use super::{Agreement, Cast};
use crate::{
    control::Ended,
    invariant::Violation,
    memory,
    plan::NodeId,
    record::{Recorder, Sample},
};

/// What a cast leaves when its world ends.
pub struct Finish {
    /// What happened.
    pub record: Recorder,
    /// The trace of it, in hexadecimal; none if none was kept.
    pub trace_hash: Option<String>,
    /// How far followers agree at the end.
    pub agreement: Agreement,
    /// Bytes of each node's disk.
    pub storage: Vec<u64>,
    /// Laws that were broken: the first hundred.
    pub violations: Vec<Violation>,
    /// How many violations there are.
    pub violated: u64,
}

impl Cast {
    /// Bytes that a node's disk takes.
    pub fn storage(&self, node: NodeId) -> u64 {
        self.nodes[node as usize].disk.bytes()
    }

    /// Takes a sample down. The layer fills in what it alone knows; nodes that run, the bytes of their stores and
    /// the memory of this process are filled in here.
    pub fn sample(&mut self, mut sample: Sample) {
        sample.running = self.nodes.iter().filter(|node| node.runs()).count() as u32;
        sample.stored_bytes = self.nodes.iter().map(|node| node.disk.bytes()).sum();
        sample.resident_bytes = memory::resident();
        self.judge_sample(sample.at);
        self.record.sample(sample);
    }

    /// The end.
    ///
    /// # Errors
    /// If a store cannot be read.
    pub fn finish(mut self, ended: Ended) -> Result<Finish, store::Error> {
        self.judge_end(ended)?;
        let agreement = self.heads_agree()?;
        let storage = (0..self.nodes.len() as NodeId).map(|node| self.storage(node)).collect();
        let trace_hash = self.record.trace_hash();
        let (violations, violated) = self.violations();
        let violations = violations.to_vec();
        Ok(Finish { trace_hash, agreement, storage, violations, violated, record: self.record })
    }
}
