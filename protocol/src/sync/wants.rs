//! What is still to be pulled, and in which order.
//!
//! One want a log, so memory follows the number of logs and not of entries. A want is cut into
//! ranges only when it is its turn, and what was fetched from elsewhere meanwhile is left out. Each
//! log has one range on its way at a time.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use super::{OUTSTANDING, Range};
use crate::{
    entry::log,
    id::{AuthorId, DeviceKey},
    limits,
};

/// Logs that may be wanted: 20,000 feeds with four logs each, 15 MiB. A server that tells of more is
/// heard again in the next session.
pub(super) const LOGS: usize = 4 * limits::INTERESTS;
/// Entries in one range of a backfill: four answers, so that one log alone keeps the line busy.
const CHUNK: u64 = 1_024;
/// Entries of backfill on their way, so that who is followed now waits for a few dozen answers.
const BACKFILL: u64 = 8 * CHUNK;
/// Ranges of one log in a row that bring nothing. Gaps of honest holders are fewer than their runs.
const EMPTY: u8 = limits::LOG_RUNS as u8;

/// Turn of logs that are held in another version.
const DISPUTED: u8 = 0;
/// Turn of graph and key logs: they must be whole, and decide what else is shown.
const STATE: u8 = 1;
/// Turn of the newest of posts.
const NEWEST: u8 = 2;
/// Turn of the newest of other logs.
const OTHERS: u8 = 3;
/// Turn of everything older.
const OLDER: u8 = 4;

type Log = (AuthorId, DeviceKey, u8);

/// Ordered by whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Want {
    turn: u8,
    /// How many ranges of this turn it had: one of each log before two of any.
    depth: u32,
    log: Log,
    lo: u64,
    hi: u64,
    /// Lowest sequence number of the newest ones.
    newest: u64,
    empty: u8,
}

#[derive(Debug)]
struct OnItsWay {
    range: Range,
    /// Entries come in descending order: all that may still come are below this.
    below: u64,
    any: bool,
    rest: Want,
}

#[derive(Debug, Default)]
struct Wanted {
    /// The range of it that is on its way.
    number: Option<u32>,
    /// What was learned of since: wanted again when the want has ended.
    later: Option<(u64, u64)>,
}

/// Why a server's answer cannot be.
pub(super) type Fault = &'static str;

#[derive(Debug, Default)]
pub(super) struct Wants {
    queue: BinaryHeap<Reverse<Want>>,
    /// Logs that have a want.
    logs: HashMap<Log, Wanted>,
    on_their_way: HashMap<u32, OnItsWay>,
    backfill: u64,
    numbers: u32,
}

impl Wants {
    /// Wants `lo..=hi` of a log, or as much of it as is missing.
    pub(super) fn add(&mut self, log: Log, lo: u64, hi: u64) {
        if let Some(wanted) = self.logs.get_mut(&log) {
            let (low, high) = wanted.later.unwrap_or((lo, hi));
            wanted.later = Some((low.min(lo), high.max(hi)));
            return;
        }
        if self.logs.len() < LOGS {
            self.logs.insert(log, Wanted::default());
            let turn = match log.2 {
                log::GRAPH | log::KEYS => STATE,
                log::POSTS => NEWEST,
                _ => OTHERS,
            };
            let newest = hi.saturating_sub(limits::NEWEST_FIRST - 1);
            self.queue.push(Reverse(Want { turn, depth: 0, log, lo, hi, newest, empty: 0 }));
        }
    }

    /// Wants the newest of a log whether it is held or not, because what is held contradicts it. It
    /// comes highest first, so one range leads down to where the branches part, or near.
    pub(super) fn dispute(&mut self, log: Log, lo: u64, hi: u64) {
        if self.logs.len() < LOGS && !self.logs.contains_key(&log) {
            self.logs.insert(log, Wanted::default());
            let lo = lo.max(hi.saturating_sub(CHUNK - 1));
            self.queue.push(Reverse(Want { turn: DISPUTED, depth: 0, log, lo, hi, newest: 0, empty: 0 }));
        }
    }

    /// How many logs are wanted, and how many ranges are on their way.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.logs.len(), self.on_their_way.len())
    }

    /// Whether nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// Whether answers are due.
    pub(super) fn waiting(&self) -> bool {
        !self.on_their_way.is_empty()
    }

    /// The ranges to ask for now. `missing` says which parts of a range are wanted and not held.
    pub(super) fn ask<E>(
        &mut self,
        mut missing: impl FnMut(&Range) -> Result<Vec<(u64, u64)>, E>,
    ) -> Result<Vec<(u32, Range)>, E> {
        let mut asked = Vec::new();
        while self.on_their_way.len() < OUTSTANDING {
            if self.backfill >= BACKFILL && self.queue.peek().is_some_and(|want| want.0.turn == OLDER) {
                break;
            }
            let Some(Reverse(mut want)) = self.queue.pop() else { break };
            let (author, device, log) = want.log;
            let range = Range { author, device, log, from: want.lo, to: want.hi };
            let gaps = match missing(&range) {
                Ok(_) if want.turn == DISPUTED => vec![(want.lo, want.hi)],
                Ok(gaps) => gaps,
                Err(error) => {
                    self.queue.push(Reverse(want));
                    return Err(error);
                }
            };
            let gap = gaps.into_iter().max().map(|(from, to)| (from.max(want.lo), to.min(want.hi)));
            let Some((from, to)) = gap.filter(|(from, to)| from <= to) else {
                self.finish(want.log);
                continue;
            };
            want.hi = to;
            if matches!(want.turn, NEWEST | OTHERS) && to < want.newest {
                (want.turn, want.depth) = (OLDER, 0);
                self.queue.push(Reverse(want));
                continue;
            }
            let from = match want.turn {
                NEWEST | OTHERS => from.max(want.newest),
                _ => from.max(to.saturating_sub(CHUNK - 1)),
            };
            let range = Range { from, to, ..range };
            if want.turn == OLDER {
                self.backfill += range.to - range.from + 1;
            }
            self.numbers = self.numbers.wrapping_add(1);
            let below = range.to + 1;
            self.logs.entry(want.log).or_default().number = Some(self.numbers);
            self.on_their_way.insert(self.numbers, OnItsWay { range, below, any: false, rest: want });
            asked.push((self.numbers, range));
        }
        Ok(asked)
    }

    /// Takes note of an entry that came. It must be one that was asked for, each log's highest first.
    pub(super) fn came(&mut self, log: &Log, seq: u64) -> Result<(), Fault> {
        let number = self.logs.get(log).and_then(|wanted| wanted.number);
        let piece = number.and_then(|number| self.on_their_way.get_mut(&number));
        let piece = piece
            .filter(|piece| piece.range.from <= seq && seq < piece.below)
            .ok_or("an entry that was not asked for")?;
        (piece.below, piece.any) = (seq, true);
        Ok(())
    }

    /// Takes note that a range is done; `next` is the highest that the server holds below it.
    pub(super) fn done(&mut self, number: u32, next: Option<u64>) -> Result<(), Fault> {
        let piece = self.on_their_way.remove(&number).ok_or("the end of a range that was not asked for")?;
        let OnItsWay { range, any, mut rest, .. } = piece;
        if rest.turn == OLDER {
            self.backfill -= range.to - range.from + 1;
        }
        self.logs.entry(rest.log).or_default().number = None;
        rest.empty = if any { 0 } else { rest.empty + 1 };
        let more = rest.turn != DISPUTED && rest.empty <= EMPTY;
        let Some(next) = next.filter(|next| more && rest.lo <= *next) else {
            self.finish(rest.log);
            return Ok(());
        };
        if next >= range.from {
            return Err("a range that ends before its end");
        }
        rest.hi = next;
        rest.depth += 1;
        if matches!(rest.turn, NEWEST | OTHERS) && rest.hi < rest.newest {
            (rest.turn, rest.depth) = (OLDER, 0);
        }
        self.queue.push(Reverse(rest));
        Ok(())
    }

    fn finish(&mut self, log: Log) {
        if let Some(Wanted { later: Some((lo, hi)), .. }) = self.logs.remove(&log) {
            self.add(log, lo, hi);
        }
    }
}
