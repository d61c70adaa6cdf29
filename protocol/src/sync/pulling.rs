//! The side that asks.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    Answer, Ask, CREDIT, FeedState, Interests, Load, LogHead, OUTSTANDING, PATIENCE_MS, Range,
    compare::{Reconciling, Step, frontier},
    wants::{self, Fault, Wants},
};
use crate::{
    entry,
    id::{AuthorId, DeviceKey},
    identity::Record,
    limits,
};

/// Feeds with gaps that a session asks about beyond those that differ. Which ones changes from one
/// session to the next.
const GAPPY: usize = 1_000;

/// What the puller holds, as far as the machine has to know.
pub trait Held {
    /// What stops the session when looking fails.
    type Error;

    /// The parts of `range` that are wanted and not held, as inclusive pairs. What will not be taken
    /// (a device that does not speak, what is past a cut-off or a fork) is not missing; neither need
    /// be what another peer is sending already.
    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Self::Error>;

    /// Whether another entry is held at the place of this head, below where the log is frozen: then
    /// the device has forked its log. The server's branch is asked for although that place is held, so
    /// that [`crate::feed::step`] finds the proof.
    fn contradicts(
        &mut self,
        author: &AuthorId,
        device: &DeviceKey,
        head: &LogHead,
    ) -> Result<bool, Self::Error>;
}

/// One of the puller's own feeds, for comparing.
#[derive(Debug, Clone)]
pub struct Own {
    /// What is held.
    pub state: FeedState,
    /// Whether nothing that is wanted is missing below the heads.
    pub complete: bool,
}

/// What the owner of a [`Pulling`] has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullAction {
    /// Send this frame.
    Send(Vec<u8>),
    /// Verify and store these entries, then call [`Pulling::committed`] with 1.
    Take {
        /// Exact bytes, not verified.
        entries: Vec<Vec<u8>>,
        /// Whether they are news, rather than what was asked for.
        live: bool,
    },
    /// Verify and merge these before the next frame is received.
    Identities(Vec<Record>),
    /// Check these proofs of forks, and freeze what they prove.
    Forks(Vec<Vec<u8>>),
    /// Comparing is over.
    Compared(Comparison),
    /// Everything that was wanted has been served, or the server has no more of it.
    Caught,
    /// The server does not want to, and says why. The session is over.
    Refused(String),
    /// The server broke the protocol. The session is over.
    Misbehaved(&'static str),
}

/// What comparing cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Feeds of which the server told.
    pub feeds: usize,
    /// Questions that had to be answered one after the other.
    pub rounds: u32,
    /// Bytes that were sent.
    pub sent: usize,
    /// Bytes that came.
    pub received: usize,
}

enum Phase {
    Reconciling(Box<Reconciling>),
    /// The frontier was sent, its answer has not ended.
    Heads,
    Open,
    Over,
}

/// The side that asks.
pub struct Pulling {
    /// Each with whether the server has shown that it holds something of them.
    interests: HashMap<AuthorId, bool>,
    retention: Option<u64>,
    phase: Phase,
    comparison: Comparison,
    wants: Wants,
    /// Messages of entries that the server may send now.
    credit: u32,
    /// Messages of entries that were taken and not committed.
    uncommitted: u32,
    /// Whether heads were asked for and did not end.
    heads_owed: bool,
    caught: bool,
    owed_since: Option<u64>,
}

impl Pulling {
    /// Opens a session at `now` (milliseconds). `mine` are the feeds held of `interests`; others in it
    /// are left out. `retention` is how many of the newest entries are wanted of logs that need not be
    /// whole.
    pub fn start(
        now: u64,
        interests: &[AuthorId],
        mine: Vec<Own>,
        retention: Option<u64>,
    ) -> (Self, Vec<PullAction>) {
        let wire = Interests::of(interests);
        let interests: HashMap<AuthorId, bool> =
            interests.iter().filter(|author| wire.contains(author)).map(|author| (*author, false)).collect();
        let mine: Vec<Own> =
            mine.into_iter().filter(|own| interests.contains_key(&own.state.author())).collect();
        let hello = Ask::Hello { version: limits::VERSION, credit: CREDIT, interests: wire };
        let (phase, asks) = compare(now, mine);
        let mut pulling = Self {
            interests,
            retention,
            phase,
            comparison: Comparison { rounds: 1, ..Comparison::default() },
            wants: Wants::default(),
            credit: CREDIT,
            uncommitted: 0,
            heads_owed: true,
            caught: false,
            owed_since: Some(now),
        };
        let actions = std::iter::once(hello).chain(asks).map(|ask| pulling.send(&ask)).collect();
        (pulling, actions)
    }

    /// Takes a frame of the server.
    pub fn receive<H: Held>(
        &mut self,
        now: u64,
        frame: &[u8],
        held: &mut H,
    ) -> Result<Vec<PullAction>, H::Error> {
        if matches!(self.phase, Phase::Over) {
            return Ok(vec![]);
        }
        if !matches!(self.phase, Phase::Open) {
            self.comparison.received += frame.len();
        }
        let mut actions = Vec::new();
        let mut progress = false;
        let fault = match Answer::from_bytes(frame) {
            Ok(answer) => {
                progress = self.is_owed(&answer);
                self.answer(answer, held, &mut actions)?.err()
            }
            Err(_) => Some("a message that cannot be read"),
        };
        if let Some(fault) = fault {
            self.phase = Phase::Over;
            self.owed_since = None;
            return Ok(vec![PullAction::Misbehaved(fault)]);
        }
        self.ask(held, &mut actions)?;
        self.watch(now, progress);
        Ok(actions)
    }

    /// Whether this is what was asked for: only that counts as being answered.
    fn is_owed(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Entries { live, entries, done } => !live && (!entries.is_empty() || !done.is_empty()),
            Answer::Heads { .. } => self.heads_owed,
            Answer::Reconcile(_) => true,
            Answer::Identities(_) | Answer::Forks(_) | Answer::Refused(_) => false,
        }
    }

    /// So many batches of [`PullAction::Take`] are stored: as many more may come.
    pub fn committed(&mut self, now: u64, batches: u32) -> Vec<PullAction> {
        let batches = batches.min(self.uncommitted);
        if batches == 0 || matches!(self.phase, Phase::Over) {
            return vec![];
        }
        self.uncommitted -= batches;
        let idle = self.credit == 0;
        self.credit += batches;
        let actions = vec![self.send(&Ask::Credit(batches))];
        self.watch(now, idle);
        actions
    }

    /// Wants more: a gap that was found in some other way. The server is asked although it has not
    /// said that it holds these.
    pub fn want<H: Held>(
        &mut self,
        now: u64,
        ranges: &[Range],
        held: &mut H,
    ) -> Result<Vec<PullAction>, H::Error> {
        for range in ranges {
            self.wants.add((range.author, range.device, range.log), range.from, range.to);
        }
        let mut actions = Vec::new();
        self.ask(held, &mut actions)?;
        self.watch(now, false);
        Ok(actions)
    }

    /// Changes whom the session is about. The server answers with the heads of `more`.
    pub fn interests(&mut self, now: u64, more: &[AuthorId], less: &[AuthorId]) -> Vec<PullAction> {
        if matches!(self.phase, Phase::Over) {
            return vec![];
        }
        let less: Vec<AuthorId> =
            less.iter().filter(|author| self.interests.remove(author).is_some()).copied().collect();
        let room = limits::INTERESTS.saturating_sub(self.interests.len());
        let more: Vec<AuthorId> =
            more.iter().filter(|author| !self.interests.contains_key(author)).take(room).copied().collect();
        self.interests.extend(more.iter().map(|author| (*author, false)));
        // Another author with the same prefix may be left: then the prefix stays.
        let left: HashSet<u32> = self.interests.keys().map(Interests::prefix).collect();
        let less: Vec<AuthorId> =
            less.into_iter().filter(|author| !left.contains(&Interests::prefix(author))).collect();
        if more.is_empty() && less.is_empty() {
            return vec![];
        }
        self.heads_owed |= !more.is_empty();
        let (more, less) = (Interests::of(&more), Interests::of(&less));
        let actions = vec![self.send(&Ask::Interests { more, less })];
        self.watch(now, false);
        actions
    }

    /// Whether the server has owed an answer for longer than [`PATIENCE_MS`].
    pub fn stalled(&self, now: u64) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }

    /// From when on the server counts as stalled; none while it owes nothing.
    pub fn deadline(&self) -> Option<u64> {
        self.owed_since.map(|since| since.saturating_add(PATIENCE_MS + 1))
    }

    /// How full its queues are.
    pub fn loads(&self) -> [Load; 4] {
        let (logs, ranges) = self.wants.sizes();
        let load = |name, held, bound| Load { name, held, bound };
        [
            load("pulling: interests", self.interests.len(), limits::INTERESTS),
            load("pulling: wanted logs", logs, wants::LOGS),
            load("pulling: ranges on their way", ranges, OUTSTANDING),
            load("pulling: batches not yet stored", self.uncommitted as usize, CREDIT as usize),
        ]
    }

    /// Whether comparing is over.
    pub fn compared(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether nothing is wanted of the server now.
    pub fn caught(&self) -> bool {
        self.caught
    }

    /// Whether an author is among the interests of this session.
    pub fn interested(&self, author: &AuthorId) -> bool {
        self.interests.contains_key(author)
    }

    /// Whether the server has shown that it holds something of an author: it told of heads, or sent
    /// entries. It need not have, if it holds what we do.
    pub fn shown(&self, author: &AuthorId) -> bool {
        self.interests.get(author).copied().unwrap_or(false)
    }

    fn answer<H: Held>(
        &mut self,
        answer: Answer,
        held: &mut H,
        actions: &mut Vec<PullAction>,
    ) -> Result<Result<(), Fault>, H::Error> {
        match answer {
            Answer::Reconcile(bytes) => {
                let Phase::Reconciling(reconciling) = &mut self.phase else {
                    return Ok(Err("a reconciliation step that was not asked for"));
                };
                let step = match reconciling.step(&bytes) {
                    Ok(step) => step,
                    Err(fault) => return Ok(Err(fault)),
                };
                self.comparison.rounds = reconciling.rounds;
                let asks = match step {
                    Step::Again(ask) => vec![ask],
                    Step::Done(asks) => {
                        self.comparison.rounds += 1;
                        self.phase = Phase::Heads;
                        asks
                    }
                };
                actions.extend(asks.iter().map(|ask| self.send(ask)));
            }
            Answer::Identities(mut records) => {
                // Of a stranger with the same prefix nothing is wanted.
                records.retain(|record| {
                    record.author().is_ok_and(|author| self.interests.contains_key(&author))
                });
                actions.extend((!records.is_empty()).then_some(PullAction::Identities(records)));
            }
            Answer::Forks(proofs) => actions.push(PullAction::Forks(proofs)),
            Answer::Heads { feeds, last } => self.heads(&feeds, last, held, actions)?,
            Answer::Entries { live, entries, done } => {
                return Ok(self.entries(live, entries, done, actions));
            }
            Answer::Refused(text) => {
                self.phase = Phase::Over;
                actions.push(PullAction::Refused(text));
            }
        }
        Ok(Ok(()))
    }

    fn heads<H: Held>(
        &mut self,
        feeds: &[FeedState],
        last: bool,
        held: &mut H,
        actions: &mut Vec<PullAction>,
    ) -> Result<(), H::Error> {
        for feed in feeds {
            let Some(shown) = self.interests.get_mut(&feed.author()) else { continue };
            *shown |= feed.logs().any(|(_, head)| !head.is_empty());
            self.comparison.feeds += usize::from(!matches!(self.phase, Phase::Open));
            for (device, head) in feed.logs().filter(|(_, head)| !head.is_empty()) {
                let whole = matches!(head.log, entry::log::GRAPH | entry::log::KEYS);
                let kept = self.retention.filter(|_| !whole);
                let lo = kept.map_or(head.lo, |kept| head.lo.max((head.hi + 1).saturating_sub(kept)));
                if held.contradicts(&feed.author(), device, head)? {
                    self.wants.dispute((feed.author(), *device, head.log), head.lo, head.hi);
                }
                if lo <= head.hi {
                    self.wants.add((feed.author(), *device, head.log), lo, head.hi);
                }
            }
        }
        self.heads_owed = !last;
        if !last {
            self.comparison.rounds += u32::from(!matches!(self.phase, Phase::Open));
            actions.push(self.send(&Ask::More));
        } else if matches!(self.phase, Phase::Heads) {
            self.phase = Phase::Open;
            actions.push(PullAction::Compared(self.comparison));
        }
        Ok(())
    }

    fn entries(
        &mut self,
        live: bool,
        mut entries: Vec<Vec<u8>>,
        done: Vec<(u32, Option<u64>)>,
        actions: &mut Vec<PullAction>,
    ) -> Result<(), Fault> {
        self.credit = self.credit.checked_sub(1).ok_or("entries beyond the credit")?;
        if entries.is_empty() && done.is_empty() {
            return Err("an answer that holds nothing");
        }
        let mut wanted = Vec::with_capacity(entries.len());
        for bytes in &entries {
            let header = entry::peek(bytes).map_err(|_| "an entry that cannot be read")?;
            if !live {
                self.wants.came(&(header.author, header.device, header.log), header.seq)?;
            }
            wanted.push(self.interests.get_mut(&header.author).map(|shown| *shown = true).is_some());
        }
        let mut wanted = wanted.into_iter();
        entries.retain(|_| wanted.next().unwrap_or(false));
        for (number, next) in done {
            self.wants.done(number, next)?;
        }
        if entries.is_empty() {
            self.credit += 1;
            actions.push(self.send(&Ask::Credit(1)));
        } else {
            self.uncommitted += 1;
            actions.push(PullAction::Take { entries, live });
        }
        Ok(())
    }

    /// Asks for what is next.
    fn ask<H: Held>(&mut self, held: &mut H, actions: &mut Vec<PullAction>) -> Result<(), H::Error> {
        if !matches!(self.phase, Phase::Open) {
            return Ok(());
        }
        let interests = &self.interests;
        let missing = |range: &Range| match interests.contains_key(&range.author) {
            true => held.missing(range),
            false => Ok(vec![]),
        };
        let ranges = self.wants.ask(missing)?;
        if !ranges.is_empty() {
            actions.push(self.send(&Ask::Pull(ranges)));
        }
        let caught = self.wants.is_empty();
        if caught && !self.caught {
            actions.push(PullAction::Caught);
        }
        self.caught = caught;
        Ok(())
    }

    fn send(&mut self, ask: &Ask) -> PullAction {
        let frame = ask.to_bytes();
        if !matches!(self.phase, Phase::Open) {
            self.comparison.sent += frame.len();
        }
        PullAction::Send(frame)
    }

    /// Keeps the time since when an answer is owed.
    fn watch(&mut self, now: u64, progress: bool) {
        let owed = match self.phase {
            Phase::Over => false,
            Phase::Open => self.heads_owed || (self.wants.waiting() && self.credit > 0),
            Phase::Reconciling(_) | Phase::Heads => true,
        };
        self.owed_since = match self.owed_since {
            Some(since) if owed && !progress => Some(since),
            _ => owed.then_some(now),
        };
    }
}

/// How comparing begins: by marks of everything, or by reconciling.
fn compare(now: u64, mine: Vec<Own>) -> (Phase, Vec<Ask>) {
    let whole = |mine: &[Own]| {
        let mark = |own: &Own| if own.complete { own.state.mark() } else { own.state.mark().asking() };
        (Phase::Heads, frontier(true, &mine.iter().map(mark).collect::<Vec<_>>(), &[]))
    };
    if mine.iter().map(|own| own.state.len().max(1)).sum::<usize>() <= limits::FRONTIER_LOGS {
        return whole(&mine);
    }
    let gappy: Vec<usize> = (0..mine.len()).filter(|&index| !mine[index].complete).collect();
    let turn = (now / 1_000) as usize % gappy.len().max(1);
    let asking: BTreeSet<usize> =
        gappy.iter().cycle().skip(turn).take(GAPPY.min(gappy.len())).copied().collect();
    let states: Vec<FeedState> = mine.iter().map(|own| own.state.clone()).collect();
    match Reconciling::start(&states, asking) {
        Some((reconciling, first)) => (Phase::Reconciling(Box::new(reconciling)), vec![first]),
        None => whole(&mine),
    }
}
