//! People in relation to others: who reacted, who is blocked, who may be worth following.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use redb::ReadableTable;
use starling_protocol::{AuthorId, DeviceKey, EntryId};

use super::Reader;
use crate::{
    store::{
        Error, graph,
        kept::{
            Shelf,
            origin::{Followed, Made, Noted},
        },
        record::{AuthorRow, prefix, tie},
        tags::folded,
    },
    view::Account,
};

/// Reactions to one post that are looked at: whoever wants all of a very large number has them counted.
const REACTIONS: usize = 10_000;
/// Follows that are looked at for suggestions, of all people who are followed together.
const FOLLOWS: usize = 50_000;
/// Rows of one tag that are counted: a tag of a whole network is not counted for each page that shows it.
const USES: usize = 10_000;

/// In which order people are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Who wrote last.
    Active,
    /// Who was seen for the first time last.
    New,
}

/// Somebody who reacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub author: AuthorId,
    /// Place of the reaction in the order in which they came.
    pub arrival: u64,
}

impl Reader {
    /// Who reacted to a post in this way ([`crate::store::reaction`]), last first, each once.
    pub fn reactors(&self, post: &EntryId, kind: u8) -> Result<Vec<Person>, Error> {
        let key = prefix(post);
        let rows = self.tables.reactions.range((&key, kind, 0, 0)..=(&key, kind, u32::MAX, u64::MAX))?;
        let mut first: BTreeMap<u32, u64> = BTreeMap::new();
        for row in rows.take(REACTIONS) {
            let (_, _, author, arrival) = row?.0.value();
            first.entry(author).or_insert(arrival);
        }
        let mut people = Vec::with_capacity(first.len());
        for (number, arrival) in first {
            if !self.blocked(number)? {
                people.push(Person { author: self.author_id(number)?, arrival });
            }
        }
        people.sort_unstable_by_key(|person| Reverse(person.arrival));
        Ok(people)
    }

    /// Whom this node's author blocks, each with a number that orders them.
    pub fn blocks(&self) -> Result<Vec<(u64, AuthorId)>, Error> {
        let Some(me) = self.me else { return Ok(Vec::new()) };
        let blocked = self.related(me, graph::BLOCK)?.into_iter();
        blocked.map(|number| Ok((number.into(), self.author_id(number)?))).collect()
    }

    /// What an author shows first, last pinned first; only what is a post of theirs that is held.
    pub fn pins(&self, author: &AuthorId) -> Result<Vec<EntryId>, Error> {
        let Some(number) = self.number(author)? else { return Ok(Vec::new()) };
        let mut pins = Vec::new();
        for row in self.tables.pins.range((number, &[0; 32])..=(number, &[0xff; 32]))? {
            let (key, value) = row?;
            if value.value().3 {
                pins.push((Reverse(value.value().0), EntryId::new(*key.value().1)));
            }
        }
        pins.sort_unstable();
        Ok(pins.into_iter().map(|(_, id)| id).collect())
    }

    /// Whom an author relates to in this way, by number.
    fn related(&self, author: u32, kind: u8) -> Result<Vec<u32>, Error> {
        let mut targets = Vec::new();
        for row in self.tables.relations.range((author, kind, 0)..=(author, kind, u32::MAX))? {
            let (key, value) = row?;
            if value.value().3 {
                targets.push(key.value().2);
            }
        }
        Ok(targets)
    }

    /// Since when and how this node's author, who signs with `device` here, follows `author`; none if they do not.
    pub fn followed(&self, author: &AuthorId, device: &DeviceKey) -> Result<Option<Followed>, Error> {
        let (Some(me), Some(number)) = (self.me, self.number(author)?) else { return Ok(None) };
        let Some(row) = self.tables.relations.get((me, graph::FOLLOW, number))? else { return Ok(None) };
        let (at, signer, _, holds) = row.value();
        if !holds {
            return Ok(None);
        }
        if let Some(Noted { at, origin }) = self.kept(Shelf::Origin, author.as_bytes())? {
            return Ok(Some(Followed { at, made: Made::Here(origin) }));
        }
        let made = if signer == tie(device) { Made::Unknown } else { Made::Elsewhere };
        Ok(Some(Followed { at, made }))
    }

    /// Of the people whom this node's author follows, those who are known to follow `author`.
    pub fn familiar_followers(&self, author: &AuthorId) -> Result<Vec<AuthorId>, Error> {
        let (Some(me), Some(number)) = (self.me, self.number(author)?) else { return Ok(Vec::new()) };
        let mut familiar = Vec::new();
        for row in
            self.tables.related.range((number, graph::FOLLOW, 0)..=(number, graph::FOLLOW, u32::MAX))?
        {
            let follower = row?.0.value().2;
            if follower != me && self.relates(me, graph::FOLLOW, follower)? {
                familiar.push(self.author_id(follower)?);
            }
        }
        Ok(familiar)
    }

    /// People who are followed by those whom this node's author follows, and not by that author: the most followed
    /// first, each with by how many.
    pub fn suggestions(&self) -> Result<Vec<(AuthorId, u64)>, Error> {
        let Some(me) = self.me else { return Ok(Vec::new()) };
        let followed: BTreeSet<u32> = self.related(me, graph::FOLLOW)?.into_iter().collect();
        let mut counts: HashMap<u32, u64> = HashMap::new();
        let mut left = FOLLOWS;
        for friend in &followed {
            for target in self.related(*friend, graph::FOLLOW)?.into_iter().take(left) {
                left -= 1;
                if target != me && !followed.contains(&target) {
                    *counts.entry(target).or_default() += 1;
                }
            }
        }
        let mut suggested: Vec<(u64, u32)> =
            counts.into_iter().map(|(number, count)| (count, number)).collect();
        suggested.sort_unstable_by_key(|(count, number)| (Reverse(*count), *number));
        let mut people = Vec::with_capacity(suggested.len());
        for (count, number) in suggested {
            if !self.blocked(number)? {
                people.push((self.author_id(number)?, count));
            }
        }
        Ok(people)
    }

    /// People of whom a post is held, but for those who are blocked.
    pub fn directory(&self, order: Order, offset: usize, limit: usize) -> Result<Vec<Account>, Error> {
        let mut all = Vec::new();
        for row in self.tables.authors.iter()? {
            let (number, bytes) = row?;
            let row = AuthorRow::decode(bytes.value())?;
            if row.posts > 0 && !self.blocked(number.value())? {
                let key = if order == Order::Active { row.last_post } else { row.first_seen };
                all.push((Reverse(key), number.value()));
            }
        }
        all.sort_unstable();
        all.into_iter().skip(offset).take(limit).map(|(_, number)| self.account_of(number)).collect()
    }

    /// People whose name holds these words or whose id begins like this, those who are followed first.
    pub fn search_people(
        &self,
        words: &str,
        only_followed: bool,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Account>, Error> {
        let wanted = folded(words.trim().trim_start_matches('@'));
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for row in self.tables.authors.iter()? {
            let number = row?.0.value();
            let account = self.account_of(number)?;
            let Some(author) = account.author.filter(|_| !account.blocked) else { continue };
            let by_id = wanted.starts_with("star1") && author.to_string().starts_with(&wanted);
            let named = by_id || folded(&account.profile.name).contains(&wanted);
            if named && (account.followed || !only_followed) {
                found.push(account);
            }
        }
        found.sort_by_key(|account| (!account.followed, Reverse(account.followers), account.author));
        Ok(found.into_iter().skip(offset).take(limit).collect())
    }

    /// How often a tag was used, and by how many people, on each of the last days before `now`, today first.
    pub fn tag_usage(&self, tag: &str, now: u64, days: u64) -> Result<Vec<(u64, u64, usize)>, Error> {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let tag = folded(tag);
        let today = now / DAY;
        let begin = today.saturating_sub(days - 1) * DAY;
        let mut used: BTreeMap<u64, (u64, BTreeSet<u32>)> = BTreeMap::new();
        for row in self
            .tables
            .tagged
            .range((tag.as_str(), begin, 0)..=(tag.as_str(), u64::MAX, u64::MAX))?
            .rev()
            .take(USES)
        {
            let (key, author) = row?;
            let (uses, people) = used.entry((key.value().1 / DAY).min(today)).or_default();
            *uses += 1;
            people.insert(author.value());
        }
        let day = |back: u64| {
            let day = today.saturating_sub(back);
            let (uses, people) = used.get(&day).map_or((0, 0), |(uses, people)| (*uses, people.len()));
            (day * DAY, uses, people)
        };
        Ok((0..days).map(day).collect())
    }

    /// How many posts of an author carry a tag, and when the last one was written.
    pub fn own_uses(&self, author: &AuthorId, tag: &str) -> Result<(u64, Option<u64>), Error> {
        let (tag, Some(number)) = (folded(tag), self.number(author)?) else { return Ok((0, None)) };
        let (mut uses, mut last) = (0, None);
        for row in self
            .tables
            .tagged
            .range((tag.as_str(), 0, 0)..=(tag.as_str(), u64::MAX, u64::MAX))?
            .rev()
            .take(USES)
        {
            let (key, author) = row?;
            if author.value() == number {
                uses += 1;
                last = last.or(Some(key.value().1));
            }
        }
        Ok((uses, last))
    }
}
