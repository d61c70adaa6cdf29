//! Votes on polls, and what they come to.
//!
//! A vote stands under its poll with the answers that it chooses, so that counting reads no entry. Which of an author's
//! votes holds is decided when they are counted: they come in any order, and the latest may be taken back.

use starling_protocol::{
    EntryId, Verified,
    payload::{
        Link,
        poll::{Poll, chosen},
    },
};

use super::{
    Batch, Error, Reader,
    record::{prefix, tie},
    tables::Prefix,
};

/// What the votes come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// How often each answer was chosen.
    pub votes: Vec<u64>,
    /// How many people voted.
    pub voters: u64,
    /// The answers that this node's author chose, by their places.
    pub own: Vec<u8>,
}

/// Where a vote stands: poll, author number, time as the author claims it, device, place.
pub(super) fn place(entry: &Verified, poll: &Link, author: u32) -> (Prefix, u32, u64, u64, u64) {
    let header = entry.header();
    (prefix(&poll.id), author, header.time, tie(&header.device), header.seq)
}

impl Batch<'_> {
    pub(super) fn enter_vote(
        &mut self,
        entry: &Verified,
        poll: &Link,
        choices: &[u8],
        author: u32,
    ) -> Result<(), Error> {
        let (post, author, time, device, seq) = place(entry, poll, author);
        self.tables.votes.insert((&post, author, time, device, seq), chosen(choices))?;
        Ok(())
    }

    pub(super) fn remove_vote(&mut self, entry: &Verified, poll: &Link, author: u32) -> Result<(), Error> {
        let (post, author, time, device, seq) = place(entry, poll, author);
        self.tables.votes.remove((&post, author, time, device, seq))?;
        Ok(())
    }

    /// Whether a vote of this author on the poll of this post counts.
    pub fn voted(&self, post: &EntryId, poll: &Poll, author: u32) -> Result<bool, Error> {
        let (key, most) = (prefix(post), u64::MAX);
        for row in self.tables.votes.range((&key, author, 0, 0, 0)..=(&key, author, most, most, most))? {
            let (key, chosen) = row?;
            if poll.counts(chosen.value(), key.value().2) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Reader {
    /// What the votes on the poll of a post come to; `author` wrote it, and has no vote.
    pub(super) fn tally(&self, post: &EntryId, author: u32, poll: &Poll) -> Result<Tally, Error> {
        let (key, most) = (prefix(post), u64::MAX);
        let mut tally = Tally { votes: vec![0; poll.options.len()], ..Tally::default() };
        let mut held: Option<(u32, u8)> = None;
        for row in self.tables().votes.range((&key, 0, 0, 0, 0)..=(&key, u32::MAX, most, most, most))? {
            let (key, chosen) = row?;
            let (_, voter, time, ..) = key.value();
            if voter == author || !poll.counts(chosen.value(), time) {
                continue;
            }
            // In the order of time, device and place: the last one of an author holds.
            match &mut held {
                Some((held, latest)) if *held == voter => *latest = chosen.value(),
                _ => {
                    tally.add(held.replace((voter, chosen.value())), self.me_number());
                }
            }
        }
        tally.add(held, self.me_number());
        Ok(tally)
    }
}

impl Tally {
    fn add(&mut self, vote: Option<(u32, u8)>, me: Option<u32>) {
        let Some((voter, chosen)) = vote else { return };
        let choices = (0..self.votes.len() as u8).filter(|at| chosen >> at & 1 == 1);
        for choice in choices.clone() {
            self.votes[usize::from(choice)] += 1;
        }
        self.voters += 1;
        if Some(voter) == me {
            self.own = choices.collect();
        }
    }
}
