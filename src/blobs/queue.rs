//! What is wanted, and in what order it is fetched: first what somebody looks at, which comes though there is no room.
//! Of the rest those files wait whose author has no room now, and those that were just asked for in vain.

use std::{collections::HashMap, time::Duration};

use starling_protocol::AuthorId;
use tokio::time::Instant;

use super::{Hash, parts::AGAIN};
use crate::store::kept::blob::WantedRow;

/// How long nobody is asked after everybody was in vain, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3600));

/// What came of fetching a file.
pub enum Fetched {
    /// It is here, wanted no more, or wanted otherwise than it was: the store says which.
    Done,
    /// Nobody has it now.
    Nobody,
    /// There is no room for more of its author's, and nobody looks at it: nobody was asked.
    Full,
}

/// Files that are wanted.
#[derive(Default)]
pub(super) struct Queue {
    wanted: HashMap<Hash, WantedRow>,
    /// What is fetched now, as it was wanted when that began.
    active: HashMap<Hash, WantedRow>,
    /// When to ask again for what was asked for in vain.
    due: HashMap<Hash, Instant>,
    /// Until when the files of authors wait that there is no room for.
    full: HashMap<AuthorId, Instant>,
}

impl Queue {
    /// Takes in what is wanted by now. What is wanted otherwise than before is due at once.
    pub fn set(&mut self, wanted: Vec<(Hash, WantedRow)>) {
        let before = std::mem::replace(&mut self.wanted, wanted.into_iter().collect());
        let wanted = &self.wanted;
        self.due.retain(|hash, _| {
            let same = |row: &WantedRow| before.get(hash).is_none_or(|before| before.size == row.size);
            wanted.get(hash).is_some_and(same)
        });
    }

    /// Somebody looks at this file right now.
    pub fn look(&mut self, hash: &Hash) {
        self.due.remove(hash);
    }

    /// Somebody came who may have what nobody had.
    pub fn all_due(&mut self) {
        self.due.clear();
    }

    /// What is to be fetched next, if anything is due. It counts as being fetched from then on.
    pub fn begin(&mut self, now: Instant) -> Option<(Hash, WantedRow)> {
        self.full.retain(|_, until| *until > now);
        let due = self.wanted.iter().filter(|(hash, row)| {
            !self.active.contains_key(*hash)
                && self.due.get(*hash).is_none_or(|at| *at <= now)
                && (row.size == 0 || !self.full.contains_key(&row.author))
        });
        let first = due.min_by_key(|(hash, row)| (row.size > 0, row.tries, row.since, **hash));
        let (hash, row) = first.map(|(hash, row)| (*hash, row.clone()))?;
        self.due.remove(&hash);
        self.active.insert(hash, row.clone());
        Some((hash, row))
    }

    /// When more comes to be due than was at `now`. What was due and not begun waits for something else as well.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        self.due.values().chain(self.full.values()).copied().filter(|at| *at > now).min()
    }

    /// Notes what came of fetching a file, and says whether what is wanted may have changed.
    pub fn fetched(&mut self, hash: Hash, fetched: &Fetched, now: Instant) -> bool {
        let Some(begun) = self.active.remove(&hash) else { return true };
        match fetched {
            Fetched::Full => {
                self.full.insert(begun.author, now + AGAIN);
                return false;
            }
            // What is wanted otherwise by now was not asked for like that yet.
            Fetched::Nobody if self.wanted.get(&hash).is_some_and(|row| row.size != begun.size) => {}
            Fetched::Nobody => {
                let pause = PAUSE.0.saturating_mul(1 << begun.tries.min(16)).min(PAUSE.1);
                self.due.insert(hash, now + pause);
            }
            Fetched::Done => drop(self.wanted.remove(&hash)),
        }
        true
    }

    /// Nothing is being fetched, as far as is known.
    pub fn begin_anew(&mut self) {
        self.active.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: AuthorId = AuthorId::new([1; 32]);
    const BOB: AuthorId = AuthorId::new([2; 32]);

    fn wish(blob: u8, author: AuthorId, size: u64, tries: u32) -> (Hash, WantedRow) {
        ([blob; 32], WantedRow { author, size, since: u64::from(blob), tries })
    }

    fn queue(wanted: &[(Hash, WantedRow)]) -> Queue {
        let mut queue = Queue::default();
        queue.set(wanted.to_vec());
        queue
    }

    /// All that is due, in its order.
    fn begun(queue: &mut Queue, now: Instant) -> Vec<u8> {
        std::iter::from_fn(|| queue.begin(now)).map(|(hash, _)| hash[0]).collect()
    }

    #[test]
    fn what_somebody_looks_at_comes_first() {
        let wanted = [wish(1, ALICE, 5, 0), wish(2, ALICE, 5, 1), wish(3, ALICE, 0, 9), wish(4, ALICE, 0, 0)];
        assert_eq!(begun(&mut queue(&wanted), Instant::now()), [4, 3, 1, 2]);
    }

    #[test]
    fn whose_files_there_is_no_room_for_waits_and_holds_up_nobody_else() {
        let now = Instant::now();
        let mut queue = queue(&[wish(1, ALICE, 5, 0), wish(2, ALICE, 5, 0), wish(3, ALICE, 5, 0)]);
        assert_eq!(queue.begin(now).unwrap().0, [1; 32]);
        assert!(!queue.fetched([1; 32], &Fetched::Full, now), "nothing was written");
        assert!(begun(&mut queue, now).is_empty());
        assert_eq!(queue.next_due(now), Some(now + AGAIN));
        // What is looked at comes all the same, and so do others' files.
        queue.set(vec![wish(1, ALICE, 5, 0), wish(2, ALICE, 0, 0), wish(4, BOB, 5, 0)]);
        assert_eq!(begun(&mut queue, now), [2, 4]);
        assert_eq!(begun(&mut queue, now + AGAIN), [1]);
        assert_eq!(queue.next_due(now + AGAIN), None);
    }

    #[test]
    fn what_nobody_has_waits_longer_every_time_until_somebody_looks_or_comes() {
        let (mut now, hash) = (Instant::now(), [1; 32]);
        for (tries, pause) in [(0, 5), (1, 10), (4, 80), (40, 3600)] {
            let mut queue = queue(&[wish(1, ALICE, 5, tries)]);
            assert_eq!(begun(&mut queue, now), [1]);
            assert!(queue.fetched(hash, &Fetched::Nobody, now));
            assert!(begun(&mut queue, now).is_empty());
            let due = now + Duration::from_secs(pause);
            assert_eq!(queue.next_due(now), Some(due), "{tries}");
            assert_eq!(begun(&mut queue, due), [1]);
            queue.fetched(hash, &Fetched::Nobody, due);
            queue.look(&hash);
            assert_eq!(begun(&mut queue, due), [1]);
            queue.fetched(hash, &Fetched::Nobody, due);
            queue.all_due();
            assert_eq!(begun(&mut queue, due), [1]);
            now = due;
        }
    }

    #[test]
    fn what_is_wanted_otherwise_by_now_does_not_wait() {
        let (now, hash) = (Instant::now(), [1; 32]);
        let looked_at = vec![wish(1, ALICE, 0, 0)];
        // Somebody looks while others are asked in vain for what was said of it.
        let mut during = queue(&[wish(1, ALICE, 5, 8)]);
        assert_eq!(begun(&mut during, now), [1]);
        during.set(looked_at.clone());
        assert!(during.fetched(hash, &Fetched::Nobody, now));
        assert_eq!(begun(&mut during, now), [1]);
        // Or after that.
        let mut after = queue(&[wish(1, ALICE, 5, 8)]);
        assert_eq!(begun(&mut after, now), [1]);
        assert!(after.fetched(hash, &Fetched::Nobody, now));
        after.set(vec![wish(1, ALICE, 5, 9)]);
        assert!(begun(&mut after, now).is_empty());
        after.set(looked_at);
        assert_eq!(begun(&mut after, now), [1]);
    }

    #[test]
    fn what_is_over_is_not_begun_before_the_store_says_so() {
        let now = Instant::now();
        let mut queue = queue(&[wish(1, ALICE, 5, 0)]);
        assert_eq!(begun(&mut queue, now), [1]);
        assert!(queue.fetched([1; 32], &Fetched::Done, now));
        assert!(begun(&mut queue, now).is_empty());
        queue.set(vec![wish(1, ALICE, 0, 0)]);
        assert_eq!(begun(&mut queue, now), [1]);
    }
}
