//! Steps one by one; the laws over all orders are in `tests/laws.rs`.

use std::collections::HashMap;

use super::*;
use crate::{
    entry::Place,
    keys::Secret,
    payload::{Body, Content},
};

fn chain(length: u64, salt: u8, from: Option<&Verified>) -> Vec<Verified> {
    let device = Secret::from_seed([7; 32]);
    let mut entries: Vec<Verified> = Vec::new();
    for _ in 0..length {
        let last = entries.last().or(from);
        let place = Place {
            author: AuthorId::new([1; 32]),
            log: 0,
            seq: last.map_or(0, |entry| entry.header().seq + 1),
            previous: last.map(Verified::id),
        };
        entries.push(entry::sign(place, Body::Post(Content::default()), [salt; 16], 5, &device));
    }
    entries
}

#[derive(Default)]
struct Log {
    state: LogState,
    held: HashMap<u64, EntryId>,
}

impl Log {
    fn take(&mut self, entry: &Verified) -> Step {
        let step = step(&self.state, entry.header(), entry.id(), |seq| self.held.get(&seq).copied());
        if matches!(step, Step::Next | Step::Gap) {
            self.state.insert(entry.header(), entry.id());
            self.held.insert(entry.header().seq, entry.id());
        }
        step
    }
}

#[test]
fn newest_first_closes_to_one_run() {
    let chain = chain(5, 0, None);
    let mut log = Log::default();
    assert_eq!(log.take(&chain[0]), Step::Next);
    assert_eq!(log.take(&chain[4]), Step::Gap);
    assert_eq!(log.state.missing(0, 4), [(1, 3)]);
    assert_eq!(log.take(&chain[3]), Step::Next);
    assert_eq!(log.take(&chain[3]), Step::Duplicate);
    assert_eq!(log.take(&chain[2]), Step::Next);
    assert_eq!(log.take(&chain[1]), Step::Next);
    assert_eq!(log.state.runs(), [Run { lo: 0, hi: 4, before: None, head: chain[4].id() }]);
}

#[test]
fn two_versions_of_one_place_are_a_fork() {
    let left = chain(3, 0, None);
    let right = chain(2, 9, Some(&left[0]));
    let mut log = Log::default();
    left.iter().for_each(|entry| assert_eq!(log.take(entry), Step::Next));
    assert_eq!(log.take(&right[0]), Step::Fork { seq: 1, against: 1 });
    let proof = ForkProof::of(&right[0], &left[1]).unwrap();
    assert_eq!(proof, ForkProof::of(&left[1], &right[0]).unwrap());
    assert_eq!(proof.place().seq, 1);
    assert_eq!(ForkProof::from_bytes(&proof.to_bytes()), Ok(proof));
}

#[test]
fn a_link_that_does_not_fit_is_a_fork_as_well() {
    let left = chain(2, 0, None);
    let right = chain(2, 9, Some(&left[0]));
    let mut log = Log::default();
    left.iter().for_each(|entry| assert_eq!(log.take(entry), Step::Next));
    assert_eq!(log.take(&right[1]), Step::Fork { seq: 1, against: 1 });
    assert_eq!(ForkProof::of(&right[1], &left[1]).unwrap().place().seq, 1);
    // From above: the held entry names another as the one before it.
    let mut log = Log::default();
    assert_eq!(log.take(&right[1]), Step::Gap);
    assert_eq!(log.take(&left[1]), Step::Fork { seq: 1, against: 2 });
}

#[test]
fn what_follows_is_no_proof() {
    let chain = chain(2, 0, None);
    assert_eq!(ForkProof::of(&chain[0], &chain[1]), Err(NoProof::Consistent));
    assert_eq!(ForkProof::of(&chain[0], &chain[0]), Err(NoProof::Consistent));
}

#[test]
fn gaps_are_bounded() {
    let chain = chain(limits::LOG_RUNS as u64 * 2 + 3, 0, None);
    let mut log = Log::default();
    for entry in chain.iter().skip(1).step_by(2).take(limits::LOG_RUNS) {
        assert_eq!(log.take(entry), Step::Gap);
    }
    assert_eq!(log.take(&chain[limits::LOG_RUNS * 2 + 2]), Step::Scattered);
    assert_eq!(log.take(&chain[2]), Step::Next);
}

#[test]
fn truncating_and_forgetting_keep_the_rest() {
    let chain = chain(6, 0, None);
    let mut log = Log::default();
    chain.iter().for_each(|entry| assert_eq!(log.take(entry), Step::Next));
    log.state.truncate(4, Some(chain[3].id()));
    log.state.forget(1, Some(chain[1].id()));
    let run = Run { lo: 2, hi: 3, before: Some(chain[1].id()), head: chain[3].id() };
    assert_eq!(log.state.runs(), [run]);
    log.state.truncate(0, None);
    assert!(log.state.is_empty());
}

#[test]
fn what_a_proof_is_about_can_be_read_without_believing_it() {
    let (a, b) = (chain(2, 1, None), chain(2, 2, None));
    let proof = ForkProof::of(&a[1], &b[1]).unwrap();
    let mut bytes = proof.to_bytes();
    assert_eq!(ForkProof::peek(&bytes).as_ref(), Ok(proof.place()));
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(ForkProof::peek(&bytes).as_ref(), Ok(proof.place()));
    assert!(ForkProof::from_bytes(&bytes).is_err());
    assert!(ForkProof::peek(&bytes[1..]).is_err());
}
