//! What became of each post: a bit for each of its author's followers, and sums.

use crate::plan::{Micros, NodeId};

/// A post that was signed.
#[derive(Debug, Clone)]
pub struct Post {
    /// When.
    pub at: Micros,
    /// By whom.
    pub author: NodeId,
    /// Phase of the plan that it falls into.
    pub phase: Option<u16>,
    /// Whether adversaries were at it.
    pub attacked: bool,
    /// Bytes of the entry; 0 while it is not known.
    pub bytes: u32,
    /// Honest followers at that time.
    pub followers: u32,
    /// Of those, how many have it.
    pub delivered: u32,
    /// How long those took in all.
    pub time: u128,
    /// How long the last of them took.
    pub last: Micros,
    /// Other honest nodes that have it.
    pub strangers: u32,
    /// Whether it is older than [`super::AGED`] and counts for completeness.
    pub aged: bool,
    /// Whether its author took it back: nobody waits for it any more.
    pub settled: bool,
    /// A bit for each follower who has it.
    got: Box<[u64]>,
    /// A bit for each follower who ran when it was posted.
    ran: Box<[u64]>,
}

impl Post {
    /// A post that nobody has yet, for an author with so many followers over the whole plan.
    pub fn new(at: Micros, author: NodeId, followers: usize) -> Self {
        Self {
            at,
            author,
            phase: None,
            attacked: false,
            bytes: 0,
            followers: 0,
            delivered: 0,
            time: 0,
            last: 0,
            strangers: 0,
            aged: false,
            settled: false,
            got: vec![0; followers.div_ceil(64)].into(),
            ran: vec![0; followers.div_ceil(64)].into(),
        }
    }

    /// Whether the follower at a place has it.
    pub fn has(&self, place: usize) -> bool {
        get(&self.got, place)
    }

    /// The follower at a place has it; whether that is new.
    pub fn set(&mut self, place: usize) -> bool {
        set(&mut self.got, place)
    }

    /// Whether the follower at a place ran when it was posted.
    pub fn ran(&self, place: usize) -> bool {
        get(&self.ran, place)
    }

    /// The follower at a place runs while it is posted.
    pub fn runs(&mut self, place: usize) {
        set(&mut self.ran, place);
    }
}

fn get(bits: &[u64], place: usize) -> bool {
    bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
}

fn set(bits: &mut [u64], place: usize) -> bool {
    let bit = 1 << (place % 64);
    match bits.get_mut(place / 64) {
        Some(word) if *word & bit == 0 => {
            *word |= bit;
            true
        }
        _ => false,
    }
}
