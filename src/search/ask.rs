//! A question to the index and the store together.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::Ordering,
};

use starling_protocol::{AuthorId, EntryId};

use super::{
    Now,
    document::Document,
    index::{self, Proposal},
    query::{Clause, Query, What},
    words::{self, Word},
};
use crate::{
    clock,
    store::{self, Reader, words::Touched},
    view::{Account, Post},
};

/// Newest arrivals that are looked through as they lie in the store: more than come between two commits of the index,
/// and few enough to be read in a few milliseconds.
const NEWEST: usize = 512;
/// Posts that are passed over before a page begins, at most: a page this far down is asked for by its `max_id`.
const OFFSET: usize = 2_000;
/// People whose names have the words asked for that are looked at to choose those that fit best.
const CANDIDATES: usize = 1_000;

/// A question for posts.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// What they are to hold.
    pub query: Query,
    /// Only by this author.
    pub account: Option<AuthorId>,
    /// Only older than this.
    pub max: Option<EntryId>,
    /// Only newer than this, the page just above it.
    pub min: Option<EntryId>,
    /// How many are passed over.
    pub offset: usize,
    /// How many are wanted.
    pub limit: usize,
}

/// A question for people.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// The beginning of an id, a name, words from a description.
    pub text: String,
    /// Only whom our own author follows.
    pub following: bool,
    /// How many are passed over.
    pub offset: usize,
    /// How many are wanted.
    pub limit: usize,
}

impl Now {
    /// Posts that answer, newest first.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn posts(&self, reader: &Reader, ask: &Ask) -> Result<Vec<Post>, store::Error> {
        let mut query = ask.query.clone();
        if query.is_empty() || ask.limit == 0 {
            return Ok(Vec::new());
        }
        if let Some(account) = &ask.account {
            query.clauses.push(Clause { not: false, what: What::From(account.to_string()) });
        }
        let (Some(below), Some(above)) = (edge(reader, ask.max, u64::MAX)?, edge(reader, ask.min, 0)?) else {
            return Ok(Vec::new());
        };
        let own = reader.own(clock::now())?;
        let names = Names { reader, known: RefCell::default() };
        let from = |who: &str| names.number(who);
        let fits = |said: &store::Said, arrival| {
            let at = (said.time, arrival);
            let within = (ask.min.is_none() || at > above) && at < below;
            within && Document::of(said).answers(&query, &from)
        };
        let up = ask.min.is_some();
        let seen = self.unentered(reader)?;
        let mut fresh = Vec::new();
        for arrival in seen.iter().filter_map(|touched| touched.post()) {
            let said = reader.said(arrival)?;
            fresh.extend(said.filter(|said| fits(said, arrival)).map(|said| (said.time, arrival)));
        }
        // The next is at the end.
        fresh.sort_unstable_by(|a, b| if up { b.cmp(a) } else { a.cmp(b) });

        let skip = ask.offset.min(OFFSET);
        let wanted = skip + ask.limit;
        let mut entered = Entered {
            now: self,
            query: &query,
            from: &from,
            span: above.0..=below.0,
            up,
            taken: 0,
            had: Vec::new(),
            size: wanted + 8,
            over: false,
        };
        let (mut posts, mut passed) = (Vec::new(), 0);
        let mut next: Option<Proposal> = None;
        while posts.len() < ask.limit {
            while next.is_none() {
                let Some(proposed) = entered.next() else { break };
                if seen.contains(&Touched::Post(proposed.1)) {
                    continue;
                }
                let said = reader.said(proposed.1)?.filter(|said| fits(said, proposed.1));
                next = said.map(|said| (said.time, proposed.1));
            }
            let first = match (next, fresh.last()) {
                (Some(entered), Some(fresh)) => {
                    if (entered < *fresh) == up {
                        entered
                    } else {
                        *fresh
                    }
                }
                (Some(one), None) => one,
                (None, Some(one)) => *one,
                (None, None) => break,
            };
            match next {
                Some(one) if one == first => next = None,
                _ => fresh.truncate(fresh.len() - 1),
            }
            let Some(post) = reader.post_that_arrived(first.1)? else { continue };
            if post.author.author.is_some_and(|author| own.mutes(&author)) {
                continue;
            }
            passed += 1;
            if passed > skip {
                posts.push(post);
            }
        }
        if up {
            posts.reverse();
        }
        Ok(posts)
    }

    /// People whose id, name or description answers, those who fit best first.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn people(&self, reader: &Reader, ask: &People) -> Result<Vec<Account>, store::Error> {
        let text = ask.text.trim().trim_start_matches('@');
        let wanted = ask.offset.min(OFFSET) + ask.limit;
        let mut found = BTreeMap::new();
        let mut numbers: BTreeSet<u32> = BTreeSet::new();
        if text.len() > "star1".len() {
            numbers.extend(reader.authors_beginning(&text.to_lowercase(), wanted.min(CANDIDATES))?);
        }
        let asked = names_asked(text);
        if !asked.is_empty() {
            let proposed = self.guarded(|moment| moment.people(&asked, CANDIDATES)).unwrap_or_default();
            let fresh = self.unentered(reader)?;
            numbers.extend(proposed.into_iter().chain(fresh.iter().filter_map(|touched| touched.person())));
        }
        let folded = words::fold(text);
        for number in numbers {
            let Some(account) = reader.account_numbered(number)? else { continue };
            let (followed, blocked) = reader.related_to_me(number)?;
            let Some(author) = account.author else { continue };
            if blocked || (ask.following && !followed) {
                continue;
            }
            let by_id = text.len() > "star1".len() && author.to_string().starts_with(&text.to_lowercase());
            let document = Document::of_person(number, &account.profile);
            if !by_id && (asked.is_empty() || !document.has_all(&asked)) {
                continue;
            }
            let name = words::fold(&account.profile.name);
            let rank =
                (name != folded, !name.starts_with(&folded), !followed, u64::MAX - account.followers, number);
            found.insert(rank, account);
        }
        Ok(found.into_values().skip(ask.offset.min(OFFSET)).take(ask.limit).collect())
    }

    /// Tags that begin like this and that a post has which may be seen; the most used first.
    ///
    /// # Errors
    /// [`store::Error`].
    pub fn tags(&self, reader: &Reader, text: &str, limit: usize) -> Result<Vec<String>, store::Error> {
        let beginning = words::fold(text.trim().trim_start_matches(['#', '＃']));
        if beginning.is_empty() || beginning.contains(char::is_whitespace) {
            return Ok(Vec::new());
        }
        let entered = self.guarded(|moment| moment.tags(&beginning, limit * 2)).unwrap_or_default();
        let mut counted: BTreeMap<String, u64> = entered.into_iter().collect();
        for arrival in self.unentered(reader)?.iter().filter_map(|touched| touched.post()) {
            let Some(said) = reader.said(arrival)? else { continue };
            for tag in Document::of(&said).tags {
                if tag.starts_with(&beginning) {
                    *counted.entry(tag).or_default() += 1;
                }
            }
        }
        let mut tags: Vec<(String, u64)> = counted.into_iter().collect();
        // What was asked for to the letter comes first.
        tags.sort_by_key(|(tag, posts)| (*tag != beginning, std::cmp::Reverse(*posts)));
        let mut shown = Vec::new();
        for (tag, _) in tags {
            if shown.len() == limit {
                break;
            }
            let clauses = vec![Clause { not: false, what: What::Tag(tag.clone()) }];
            let ask = Ask { query: Query { clauses }, limit: 1, ..Ask::default() };
            if !self.posts(reader, &ask)?.is_empty() {
                shown.push(tag);
            }
        }
        Ok(shown)
    }

    /// What is not in the index as it is in the store, as far as it is looked through.
    fn unentered(&self, reader: &Reader) -> Result<BTreeSet<Touched>, store::Error> {
        let mut touched = BTreeSet::new();
        for arrival in reader.newest_after(self.upto, NEWEST)? {
            touched.extend(reader.touched_by(arrival)?);
        }
        for (_, stale) in reader.stale(NEWEST)? {
            touched.insert(stale);
            if let Some(arrival) = stale.post() {
                touched.extend(reader.touched_by(arrival)?);
            }
        }
        Ok(touched)
    }

    /// Asks the index, if there is one. A damaged one may do anything: it is noted, and made anew.
    fn guarded<R>(&self, ask: impl FnOnce(&index::Moment) -> Result<R, index::Error>) -> Option<R> {
        let moment = self.moment.as_ref()?;
        let why = match catch_unwind(AssertUnwindSafe(|| ask(moment))) {
            Ok(Ok(found)) => return Some(found),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it makes no sense".into(),
        };
        tracing::error!("the index of words cannot be read, and is made anew: {why}");
        self.damaged.store(true, Ordering::Relaxed);
        None
    }
}

/// What the index proposes, read in parts that grow.
struct Entered<'a> {
    now: &'a Now,
    query: &'a Query,
    from: &'a dyn Fn(&str) -> Option<u32>,
    span: std::ops::RangeInclusive<u64>,
    up: bool,
    taken: usize,
    /// What is left of a part, the next at the end.
    had: Vec<Proposal>,
    size: usize,
    over: bool,
}

impl Entered<'_> {
    fn next(&mut self) -> Option<Proposal> {
        if self.had.is_empty() && !self.over {
            let part = (self.taken, self.size);
            let span = self.span.clone();
            let found = self.now.guarded(|moment| moment.posts(self.query, self.from, span, self.up, part));
            self.had = found.unwrap_or_default();
            self.had.reverse();
            self.over = self.had.len() < self.size;
            self.taken += self.had.len();
            self.size *= 4;
        }
        self.had.pop()
    }
}

/// Where a page ends: time and arrival; none if it hangs on what is not known here.
fn edge(reader: &Reader, id: Option<EntryId>, open: u64) -> Result<Option<(u64, u64)>, store::Error> {
    match id {
        Some(id) => reader.standing_of(&id),
        None => Ok(Some((open, open))),
    }
}

/// Authors by the names that somebody wrote.
struct Names<'a> {
    reader: &'a Reader,
    known: RefCell<HashMap<String, Option<u32>>>,
}

impl Names<'_> {
    fn number(&self, who: &str) -> Option<u32> {
        if let Some(known) = self.known.borrow().get(who) {
            return *known;
        }
        let found = self.find(who).unwrap_or_else(|error| {
            tracing::warn!("an author cannot be looked up: {error}");
            None
        });
        self.known.borrow_mut().insert(who.to_owned(), found);
        found
    }

    fn find(&self, who: &str) -> Result<Option<u32>, store::Error> {
        if who.eq_ignore_ascii_case("me") {
            return Ok(self.reader.my_number());
        }
        if let [one] = self.reader.find_author(who)?.as_slice() {
            return self.reader.author_number(one);
        }
        Ok(None)
    }
}

/// The words of a name; the last may go on.
fn names_asked(text: &str) -> Vec<(Word, bool)> {
    let mut asked = Vec::new();
    for piece in text.split_whitespace().take(super::query::CLAUSES) {
        let (words, open) = words::asked(piece);
        let single = words.len() == 1;
        asked.extend(words.into_iter().map(|word| (word, open && single)));
    }
    let last = asked.len().saturating_sub(1);
    for (at, (word, open)) in asked.iter_mut().enumerate() {
        *open &= at == last || word.form.chars().count() == 1 && !word.form.is_ascii();
    }
    asked.truncate(super::query::CLAUSES);
    asked
}
