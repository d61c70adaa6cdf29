//! The side that answers.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{Answer, Ask, CREDIT, FeedState, Interests, Load, Mark, OUTSTANDING, Range, compare::Reconciled};
use crate::{id::AuthorId, identity::Record, limits};

/// Feeds told of in one part of the heads: 100 to 250 KB for common feeds. The next part is sent
/// when it is asked for, so a slow reader holds up nothing but itself.
const PART: usize = 1_000;
/// Bytes of the feeds, identities or proofs in one part, the last one of each not counted.
const PART_BYTES: usize = limits::SYNC_RESPONSE_BYTES / 4;
/// Bytes of an identity that can be sent. One that is larger was made so by its owner.
const RECORD_BYTES: usize = limits::SYNC_RESPONSE_BYTES / 2;
/// News that wait for credit, in entries and in bytes. Beyond, the peer is told which feeds changed.
const NEWS: usize = 1_024;
const NEWS_BYTES: usize = 1024 * 1024;
/// Interests that a peer may add at once, and then in a second: each costs a look into the store.
const CHANGES: u64 = limits::INTERESTS as u64;
const CHANGES_PER_SECOND: u64 = 100;

/// What the server holds.
pub trait Source {
    /// What ends the session when reading fails.
    type Error;

    /// The states of all feeds that are held and match. Called when a session begins and when
    /// interests are added.
    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Self::Error>;

    /// The state of one feed.
    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Self::Error>;

    /// All that is known of an identity.
    fn identity(&mut self, author: &AuthorId) -> Result<Option<Record>, Self::Error>;

    /// The proofs of forks in the logs of an author, as bytes.
    fn forks(&mut self, author: &AuthorId) -> Result<Vec<Vec<u8>>, Self::Error>;

    /// Entries of a range from its upper end down: at most `max_entries`, together at most
    /// `max_bytes`, which is never less than [`limits::ENTRY_BYTES`].
    fn read(&mut self, range: &Range, max_entries: usize, max_bytes: usize) -> Result<Batch, Self::Error>;
}

/// What [`Source::read`] found.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Exact bytes, descending by sequence number.
    pub entries: Vec<Vec<u8>>,
    /// The highest sequence number of the same log that is held below these, in the range or under
    /// it. None if nothing is.
    pub next: Option<u64>,
}

/// Something new, to be told to a peer whom it interests. Not to the one that it came from. What an
/// entry is verified by, such as the operation that added its device, is announced before it.
#[derive(Debug, Clone)]
pub enum News {
    /// An entry that was stored.
    Entry(AuthorId, Vec<u8>),
    /// An identity that changed.
    Identity(AuthorId, Record),
    /// A fork that was proven.
    Fork(AuthorId, Vec<u8>),
}

/// What the owner of a [`Serving`] has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServeAction {
    /// Send this frame.
    Send(Vec<u8>),
    /// The peer broke the protocol. The session is over.
    Misbehaved(&'static str),
}

type Fault = &'static str;

/// The side that answers.
pub struct Serving {
    interests: Option<Interests>,
    credit: u32,
    /// Batches of entries that were sent.
    sent: u64,
    reconciled: Option<Reconciled>,
    /// The frontier as far as it came.
    marks: HashMap<AuthorId, Mark>,
    need: Vec<[u8; 8]>,
    compared: bool,
    /// Feeds to be told of, with what the puller said of them.
    untold: VecDeque<(AuthorId, Option<Mark>)>,
    /// Whether the puller has to ask before the next part.
    parted: bool,
    pulls: VecDeque<(u32, Range)>,
    news: VecDeque<(AuthorId, Vec<u8>)>,
    news_bytes: usize,
    /// Feeds whose news did not fit: told of by their heads when there is credit again.
    behind: BTreeSet<AuthorId>,
    /// Whether the last batch was news: then what was asked for is next.
    was_news: bool,
    changes: u64,
    changes_at: u64,
    /// How often the peer changed its interests.
    turns: u64,
    over: bool,
}

impl Serving {
    /// Accepts a session at `now` (milliseconds).
    pub fn new(now: u64) -> Self {
        Self {
            interests: None,
            credit: 0,
            sent: 0,
            reconciled: None,
            marks: HashMap::new(),
            need: Vec::new(),
            compared: false,
            untold: VecDeque::new(),
            parted: false,
            pulls: VecDeque::new(),
            news: VecDeque::new(),
            news_bytes: 0,
            behind: BTreeSet::new(),
            was_news: false,
            changes: CHANGES,
            changes_at: now,
            turns: 0,
            over: false,
        }
    }

    /// Takes a frame of the puller.
    pub fn receive<S: Source>(
        &mut self,
        now: u64,
        frame: &[u8],
        source: &mut S,
    ) -> Result<Vec<ServeAction>, S::Error> {
        if self.over {
            return Ok(vec![]);
        }
        let mut answers = Vec::new();
        let outcome = match Ask::from_bytes(frame) {
            Ok(ask) => self.take(now, ask, source, &mut answers)?,
            Err(_) => Err("a message that cannot be read"),
        };
        if let Err(fault) = outcome {
            *self = Self { over: true, ..Self::new(now) };
            return Ok(vec![ServeAction::Misbehaved(fault)]);
        }
        self.serve(source, &mut answers)?;
        Ok(answers.iter().map(|answer| ServeAction::Send(answer.to_bytes())).collect())
    }

    /// Pushes what is new and interests the peer.
    pub fn announce(&mut self, news: impl IntoIterator<Item = News>) -> Vec<ServeAction> {
        let mut answers = Vec::new();
        for news in news {
            let author = match &news {
                News::Entry(author, _) | News::Identity(author, _) | News::Fork(author, _) => *author,
            };
            if !self.interested(&author) || self.behind.contains(&author) {
                continue;
            }
            match news {
                News::Entry(_, bytes) => {
                    self.news_bytes += bytes.len();
                    self.news.push_back((author, bytes));
                    if self.news.len() <= NEWS && self.news_bytes <= NEWS_BYTES {
                        continue;
                    }
                    // Without credit some is owed, and when it comes the heads are told.
                    if self.credit > 0 {
                        answers.push(self.news_batch());
                    } else {
                        self.behind.extend(self.news.drain(..).map(|(author, _)| author));
                        self.news_bytes = 0;
                    }
                }
                // A peer that reads nothing is told when it reads again.
                _ if self.credit == 0 => {
                    self.behind.insert(author);
                }
                News::Identity(_, record) if record.size() <= RECORD_BYTES => {
                    answers.push(Answer::Identities(vec![record]));
                }
                News::Identity(..) => {}
                News::Fork(_, proof) => answers.push(Answer::Forks(vec![proof])),
            }
        }
        while self.credit > 0 && !self.news.is_empty() {
            answers.push(self.news_batch());
        }
        answers.iter().map(|answer| ServeAction::Send(answer.to_bytes())).collect()
    }

    /// Whether the peer wants to hear of this author.
    pub fn interested(&self, author: &AuthorId) -> bool {
        self.interests.as_ref().is_some_and(|interests| interests.contains(author))
    }

    /// Batches of entries that were sent, and how many of those, the first ones, the peer says that it has stored: it
    /// gives credit back for what it has committed. A peer that began with less than [`CREDIT`] is believed less.
    pub fn batches(&self) -> (u64, u64) {
        (self.sent, (self.sent + u64::from(self.credit)).saturating_sub(u64::from(CREDIT)))
    }

    /// Whether news wait for the peer to read.
    pub fn holds_back(&self) -> bool {
        !self.news.is_empty()
    }

    /// Whether news of an author did not fit and were given up: the peer is told that the feed changed, and asks.
    pub fn is_behind(&self, author: &AuthorId) -> bool {
        self.behind.contains(author)
    }

    /// Whether comparing is over and the peer was told of every feed in which it differs.
    pub fn has_told(&self) -> bool {
        self.compared && !self.parted && self.untold.is_empty()
    }

    /// How many authors the peer wants to hear of, and how often that changed: what tells that it asks for others now.
    pub fn interests(&self) -> (usize, u64) {
        (self.interests.as_ref().map_or(0, Interests::len), self.turns)
    }

    /// How full its queues are.
    pub fn loads(&self) -> [Load; 7] {
        let load = |name, held, bound| Load { name, held, bound };
        [
            load("serving: interests", self.interests.as_ref().map_or(0, Interests::len), limits::INTERESTS),
            load("serving: marks", self.marks.len(), limits::INTERESTS),
            load("serving: untold feeds", self.untold.len(), 2 * limits::INTERESTS),
            load("serving: ranges asked for", self.pulls.len(), OUTSTANDING),
            load("serving: news", self.news.len(), NEWS),
            load("serving: bytes of news", self.news_bytes, NEWS_BYTES),
            load("serving: feeds fallen behind", self.behind.len(), 2 * limits::INTERESTS),
        ]
    }

    fn take<S: Source>(
        &mut self,
        now: u64,
        ask: Ask,
        source: &mut S,
        answers: &mut Vec<Answer>,
    ) -> Result<Result<(), Fault>, S::Error> {
        let Some(interests) = &mut self.interests else {
            return Ok(self.hello(ask, answers));
        };
        match ask {
            Ask::Hello { .. } => return Ok(Err("a second greeting")),
            Ask::Interests { more, less } => {
                let seconds = now.saturating_sub(self.changes_at) / 1_000;
                self.changes_at += seconds * 1_000;
                self.changes =
                    self.changes.saturating_add(seconds.saturating_mul(CHANGES_PER_SECOND)).min(CHANGES);
                let Some(left) = self.changes.checked_sub(more.len().max(1) as u64) else {
                    return Ok(Err("too many changes of interests"));
                };
                self.changes = left;
                interests.change(&more, &less);
                self.turns += 1;
                if interests.len() > limits::INTERESTS {
                    return Ok(Err("too many interests"));
                }
                if !more.is_empty() {
                    let feeds = source.feeds(&more)?;
                    self.tell(feeds.iter().map(|feed| (feed.author(), None)));
                    if self.compared && !self.parted {
                        self.part(source, answers)?;
                    }
                }
            }
            Ask::Reconcile(bytes) => {
                if self.compared {
                    return Ok(Err("comparing after the frontier"));
                }
                if self.reconciled.is_none() {
                    self.reconciled = Reconciled::of(&source.feeds(interests)?);
                }
                let Some(step) = self.reconciled.as_mut().and_then(|reconciled| reconciled.step(&bytes))
                else {
                    return Ok(Err("a reconciliation step that cannot be read, or too many"));
                };
                answers.push(Answer::Reconcile(step));
            }
            Ask::Frontier { whole, marks, need, last } => {
                if self.compared {
                    return Ok(Err("a second frontier"));
                }
                self.marks.extend(marks.into_iter().map(|mark| (mark.author(), mark)));
                self.need.extend(need);
                if self.marks.len() > limits::INTERESTS || self.need.len() > limits::INTERESTS {
                    return Ok(Err("a frontier of too many feeds"));
                }
                if last {
                    self.conclude(whole, source)?;
                    self.part(source, answers)?;
                }
            }
            Ask::More => {
                if !std::mem::take(&mut self.parted) {
                    return Ok(Err("more of what has ended"));
                }
                self.part(source, answers)?;
            }
            Ask::Pull(ranges) => {
                self.pulls.extend(ranges);
                if self.pulls.len() > OUTSTANDING {
                    return Ok(Err("too many ranges at once"));
                }
            }
            Ask::Credit(messages) => {
                self.credit = self.credit.saturating_add(messages);
                if self.credit > CREDIT {
                    return Ok(Err("too much credit"));
                }
            }
        }
        Ok(Ok(()))
    }

    fn hello(&mut self, ask: Ask, answers: &mut Vec<Answer>) -> Result<(), Fault> {
        let Ask::Hello { version, credit, interests } = ask else {
            return Err("something before the greeting");
        };
        if version != limits::VERSION {
            answers.push(Answer::Refused(format!("this node speaks version {}", limits::VERSION)));
            self.over = true;
            return Ok(());
        }
        self.credit = credit;
        self.interests = Some(interests);
        Ok(())
    }

    /// The frontier is complete: settles what has to be told.
    fn conclude<S: Source>(&mut self, whole: bool, source: &mut S) -> Result<(), S::Error> {
        self.compared = true;
        let (marks, need) = (std::mem::take(&mut self.marks), std::mem::take(&mut self.need));
        let reconciled = self.reconciled.take();
        let Some(interests) = &self.interests else { return Ok(()) };
        let mut told: Vec<(AuthorId, Option<Mark>)> = Vec::new();
        if whole {
            for feed in source.feeds(interests)? {
                let mark = marks.get(&feed.author()).copied();
                if mark.is_none_or(|mark| !mark.same_item(&feed.mark())) {
                    told.push((feed.author(), mark));
                }
            }
        } else {
            let needed = need.iter().filter_map(|item| reconciled.as_ref()?.author(item));
            let unknown: BTreeSet<AuthorId> = needed.filter(|author| !marks.contains_key(author)).collect();
            told.extend(unknown.into_iter().map(|author| (author, None)));
            let known = marks.into_iter().filter(|(author, _)| interests.contains(author));
            told.extend(known.map(|(author, mark)| (author, Some(mark))));
        }
        told.sort_unstable_by_key(|(author, _)| *author);
        self.tell(told);
        Ok(())
    }

    /// Puts feeds on the list of what has to be told. A feed stands there once at most for each
    /// interest, so the list is bounded as they are.
    fn tell(&mut self, feeds: impl IntoIterator<Item = (AuthorId, Option<Mark>)>) {
        self.untold.extend(feeds);
        if self.untold.len() > 2 * limits::INTERESTS {
            let mut seen = BTreeSet::new();
            self.untold.retain(|(author, _)| seen.insert(*author));
        }
    }

    /// Answers with the next part of the heads: identities and forks first.
    fn part<S: Source>(&mut self, source: &mut S, answers: &mut Vec<Answer>) -> Result<(), S::Error> {
        let (mut feeds, mut feed_bytes) = (Vec::new(), 0);
        let (mut records, mut record_bytes) = (Vec::new(), 0);
        let (mut proofs, mut proof_bytes) = (Vec::new(), 0);
        let full = |bytes: usize| bytes >= PART_BYTES;
        for _ in 0..PART {
            if full(feed_bytes) || full(record_bytes) || full(proof_bytes) {
                break;
            }
            let Some((author, mark)) = self.untold.pop_front() else { break };
            let Some(state) = source.feed(&author)? else { continue };
            let own = state.mark();
            if mark.is_some_and(|mark| mark.same_item(&own)) {
                continue;
            }
            if mark.is_none_or(|mark| !mark.same_known(&own)) {
                if let Some(record) = source.identity(&author)?.filter(|record| record.size() <= RECORD_BYTES)
                {
                    record_bytes += record.size() + 64;
                    records.push(record);
                }
                for proof in source.forks(&author)?.into_iter().take(limits::DEVICES) {
                    proof_bytes += proof.len() + 8;
                    proofs.push(proof);
                }
            }
            feed_bytes += 80 + state.len() * 96;
            feeds.push(state);
        }
        if !records.is_empty() {
            answers.push(Answer::Identities(records));
        }
        if !proofs.is_empty() {
            answers.push(Answer::Forks(proofs));
        }
        self.parted = !self.untold.is_empty();
        answers.push(Answer::Heads { feeds, last: !self.parted });
        Ok(())
    }

    /// Sends what credit allows: news and what was asked for in turns, so that neither starves.
    fn serve<S: Source>(&mut self, source: &mut S, answers: &mut Vec<Answer>) -> Result<(), S::Error> {
        while self.credit > 0 && !self.over {
            let news = !self.news.is_empty() && (!self.was_news || self.pulls.is_empty());
            if news {
                answers.push(self.news_batch());
            } else if !self.pulls.is_empty() {
                answers.push(self.pulled_batch(source)?);
            } else {
                break;
            }
        }
        if self.credit > 0 && self.compared && !self.parted && !self.behind.is_empty() {
            let behind = std::mem::take(&mut self.behind);
            self.tell(behind.into_iter().map(|author| (author, None)));
            self.part(source, answers)?;
        }
        Ok(())
    }

    fn news_batch(&mut self) -> Answer {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some((_, entry)) = self.news.front() {
            if entries.len() == limits::SYNC_BATCH_ENTRIES || bytes + entry.len() > limits::SYNC_BATCH_BYTES {
                break;
            }
            bytes += entry.len();
            entries.extend(self.news.pop_front().map(|(_, entry)| entry));
        }
        self.news_bytes -= bytes;
        self.credit -= 1;
        self.sent += 1;
        self.was_news = true;
        Answer::Entries { live: true, entries, done: vec![] }
    }

    /// Fills one message from as many ranges as fit.
    fn pulled_batch<S: Source>(&mut self, source: &mut S) -> Result<Answer, S::Error> {
        let (mut entries, mut bytes, mut done): (Vec<Vec<u8>>, _, _) = (Vec::new(), 0, Vec::new());
        while let Some((number, range)) = self.pulls.front_mut() {
            let room = limits::SYNC_BATCH_ENTRIES - entries.len();
            let room_bytes = limits::SYNC_BATCH_BYTES - bytes;
            if room == 0 || room_bytes < limits::ENTRY_BYTES {
                break;
            }
            let batch = source.read(range, room, room_bytes)?;
            let stuck = batch.entries.is_empty() || batch.entries.len() > room;
            bytes += batch.entries.iter().map(Vec::len).sum::<usize>();
            bytes = bytes.min(limits::SYNC_BATCH_BYTES);
            entries.extend(batch.entries.into_iter().take(room));
            match batch.next {
                Some(next) if !stuck && range.from <= next && next < range.to => range.to = next,
                next => {
                    done.push((*number, next.filter(|next| *next < range.from)));
                    self.pulls.pop_front();
                }
            }
        }
        self.credit -= 1;
        self.sent += 1;
        self.was_news = false;
        Ok(Answer::Entries { live: false, entries, done })
    }
}
