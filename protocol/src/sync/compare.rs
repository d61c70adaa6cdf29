//! Finding the feeds that differ.
//!
//! Up to [`limits::FRONTIER_LOGS`] logs the puller sends a mark of every feed. Above, both sides
//! reconcile sets of items with negentropy (range-based set reconciliation), and marks are sent of
//! the feeds that turned out to differ. An item stands at the 32-bit prefix of its author, so that
//! both sides' items of one feed fall into one range: a feed that changed splits one range, not two,
//! which halves what is sent.

use std::collections::{BTreeSet, HashMap};

use negentropy::{Id, Negentropy, NegentropyStorageVector, Storage};

use super::{Ask, FeedState, Interests, Mark, state::first8};
use crate::{id::AuthorId, limits};

/// Bytes of a reconciliation step that the puller sends: a request less its framing.
const ASK_BYTES: u64 = limits::SYNC_REQUEST_BYTES as u64 - 1024;
/// Bytes of a reconciliation step that the server sends. Half a mebibyte holds every item of 16,000
/// feeds, and a puller that knows none of them needs no third round.
const ANSWER_BYTES: u64 = 512 * 1024;
/// Steps after which a puller sends marks of all it holds: 20,000 feeds that all differ take ten.
const ROUNDS: u32 = 24;
/// Steps that a server answers.
const ROUNDS_SERVED: u32 = 64;
/// Marks in one message: at most 53 bytes each.
const MARKS: usize = 1_100;
/// Needed items in one message.
const NEEDS: usize = 7_000;

type Set = Negentropy<'static, NegentropyStorageVector>;

fn set<'a>(items: impl Iterator<Item = (u32, &'a [u8; 32])>, limit: u64) -> Option<Set> {
    let mut storage = NegentropyStorageVector::new();
    for (prefix, item) in items {
        storage.insert(u64::from(prefix), Id::from_byte_array(*item)).ok()?;
    }
    storage.seal().ok()?;
    Negentropy::new(Storage::Owned(storage), limit).ok()
}

/// The puller's side of set reconciliation.
pub(super) struct Reconciling {
    set: Set,
    marks: Vec<Mark>,
    by_item: HashMap<[u8; 32], usize>,
    differ: BTreeSet<usize>,
    need: BTreeSet<[u8; 8]>,
    pub(super) rounds: u32,
}

/// What a step led to.
pub(super) enum Step {
    /// Another one.
    Again(Ask),
    /// The frontier of what differs, and how many feeds that are.
    Done(Vec<Ask>),
}

impl Reconciling {
    /// Begins over the items of `states`; `asking` are those that have gaps to be filled whether
    /// they differ or not. None only if the set cannot be built, which does not happen.
    pub(super) fn start(states: &[FeedState], asking: BTreeSet<usize>) -> Option<(Self, Ask)> {
        let items: Vec<[u8; 32]> = states.iter().map(FeedState::item).collect();
        let prefixes = states.iter().map(|state| Interests::prefix(&state.author()));
        let mut set = set(prefixes.zip(&items), ASK_BYTES)?;
        let first = set.initiate().ok()?;
        let by_item = items.into_iter().enumerate().map(|(index, item)| (item, index)).collect();
        let mut marks: Vec<Mark> = states.iter().map(FeedState::mark).collect();
        for &index in &asking {
            marks[index] = marks[index].asking();
        }
        let need = BTreeSet::new();
        Some((Self { set, marks, by_item, differ: asking, need, rounds: 1 }, Ask::Reconcile(first)))
    }

    /// Takes the server's step. An error is the server's fault.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step, &'static str> {
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let next = self.set.reconcile_with_ids(bytes, &mut have, &mut need);
        let next = next.map_err(|_| "a reconciliation step that cannot be read")?;
        self.differ.extend(have.iter().filter_map(|item| self.by_item.get(&**item)));
        self.need.extend(need.iter().map(|item| first8(item)));
        if self.need.len() > limits::INTERESTS {
            return Err("more feeds than interest us");
        }
        match next {
            Some(next) if self.rounds < ROUNDS => {
                self.rounds += 1;
                Ok(Step::Again(Ask::Reconcile(next)))
            }
            Some(_) => Ok(Step::Done(frontier(true, &self.marks, &[]))),
            None => {
                let marks: Vec<Mark> = self.differ.iter().map(|&index| self.marks[index]).collect();
                let need: Vec<[u8; 8]> = self.need.iter().copied().collect();
                Ok(Step::Done(frontier(false, &marks, &need)))
            }
        }
    }
}

/// The frontier in as many messages as it takes.
pub(super) fn frontier(whole: bool, marks: &[Mark], need: &[[u8; 8]]) -> Vec<Ask> {
    let marks = marks.chunks(MARKS).map(|marks| Ask::Frontier {
        whole,
        marks: marks.to_vec(),
        need: vec![],
        last: false,
    });
    let need = need.chunks(NEEDS).map(|need| Ask::Frontier {
        whole,
        marks: vec![],
        need: need.to_vec(),
        last: false,
    });
    let mut parts: Vec<Ask> = marks.chain(need).collect();
    match parts.last_mut() {
        Some(Ask::Frontier { last, .. }) => *last = true,
        _ => parts.push(Ask::Frontier { whole, marks: vec![], need: vec![], last: true }),
    }
    parts
}

/// The server's side of set reconciliation: a picture of what it held when it was asked first.
pub(super) struct Reconciled {
    set: Set,
    authors: HashMap<[u8; 8], AuthorId>,
    rounds: u32,
}

impl Reconciled {
    /// The picture of these states.
    pub(super) fn of(states: &[FeedState]) -> Option<Self> {
        let items: Vec<[u8; 32]> = states.iter().map(FeedState::item).collect();
        let prefixes = states.iter().map(|state| Interests::prefix(&state.author()));
        let set = set(prefixes.zip(&items), ANSWER_BYTES)?;
        let authors = states.iter().map(FeedState::author);
        let authors = items.iter().map(first8).zip(authors).collect();
        Some(Self { set, authors, rounds: 0 })
    }

    /// Answers a step. None if the peer broke the rules.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.rounds += 1;
        if self.rounds > ROUNDS_SERVED {
            return None;
        }
        self.set.reconcile(bytes).ok()
    }

    /// The author of an item that the puller has not.
    pub(super) fn author(&self, item: &[u8; 8]) -> Option<AuthorId> {
        self.authors.get(item).copied()
    }
}
