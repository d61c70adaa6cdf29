//! Posts and the people who wrote them, as they are shown.

use starling_protocol::{
    Body, EntryId, Verified, entry,
    payload::{Profile, poll::Poll},
};

use super::Reader;
use crate::{
    store::{
        Error, graph,
        index::{BOOST, LIKE, order_time},
        polls::Tally,
        record::{EntryRecord, prefix},
    },
    view::{Account, Erasure, Post, PostBody},
};

impl Reader {
    /// A post by its id; none if it is not held, was erased, or its author is blocked.
    pub fn post(&self, id: &EntryId) -> Result<Option<Post>, Error> {
        match self.find(id)? {
            Some(arrival) => self.post_at(arrival, 1),
            None => Ok(None),
        }
    }

    /// The entry that arrived then, checked against its hashes.
    pub(in crate::store) fn entry_at(&self, arrival: u64) -> Result<Option<(Verified, EntryRecord)>, Error> {
        let Some(record) = self.record(arrival)? else { return Ok(None) };
        let signed = record.clone().signed(&*self.log(record.log)?);
        let id = signed.id();
        let entry = crate::store::record::sound(arrival, entry::reread(signed, id));
        Ok(entry.map(|entry| (entry, record)))
    }

    /// What arrived then as a post. `depth` is how many boosts are followed to what they boost.
    pub(super) fn post_at(&self, arrival: u64, depth: usize) -> Result<Option<Post>, Error> {
        let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
        let log = self.log(record.log)?;
        // What lies beyond a fork surfaces nowhere, not even under its name.
        if log.state.frozen().is_some_and(|frozen| entry.header().seq >= frozen) {
            return Ok(None);
        }
        let number = log.author_number;
        if self.blocked(number)? || self.erased(number, &entry.id())? {
            return Ok(None);
        }
        let Some((body, edited_at)) = self.body(&entry, number, depth)? else { return Ok(None) };
        let header = entry.header();
        let (id, key) = (entry.id(), prefix(&entry.id()));
        let reacted = |kind| match self.me {
            Some(me) => {
                let mine = (&key, kind, me, 0)..=(&key, kind, me, u64::MAX);
                Ok(self.tables.reactions.range(mine)?.next().is_some())
            }
            None => Ok::<_, Error>(false),
        };
        Ok(Some(Post {
            id,
            author: self.account_of(number)?,
            device: header.device,
            claimed_at: header.time,
            received_at: record.received_at,
            body,
            edited_at,
            likes: self.count(&key, LIKE)?,
            boosts: self.count(&key, BOOST)?,
            replies: self.tables.replies.range((&key, 0, 0)..=(&key, u64::MAX, u64::MAX))?.count() as u64,
            liked: reacted(LIKE)?,
            boosted: reacted(BOOST)?,
            time_doubted: order_time(header.time, record.received_at) != header.time,
            poll: self.poll(&entry, number)?,
        }))
    }

    /// The poll of a post, which its first entry says.
    fn poll(&self, entry: &Verified, author: u32) -> Result<Option<Box<(Poll, Tally)>>, Error> {
        let content = match entry.payload().map(|payload| payload.body()) {
            Some(Body::Post(content) | Body::Reply { content, .. }) => content,
            _ => return Ok(None),
        };
        let Some(poll) = content.poll() else { return Ok(None) };
        let tally = self.tally(&entry.id(), author, &poll)?;
        Ok(Some(Box::new((poll, tally))))
    }

    /// What a post says now, and when it was last edited; none for what is no post.
    fn body(
        &self,
        entry: &Verified,
        number: u32,
        depth: usize,
    ) -> Result<Option<(PostBody, Option<u64>)>, Error> {
        let Some(payload) = entry.payload() else { return Ok(Some((PostBody::Absent, None))) };
        if payload.body().log() != entry.header().log {
            return Ok(None);
        }
        let (content, reply) = match payload.body() {
            Body::Post(content) => (content, None),
            Body::Reply { root, parent, content } => (content, Some((*root, *parent))),
            Body::Boost(link) => {
                if let Some(author) = self.number(&link.author)?
                    && self.blocked(author)?
                {
                    return Ok(None);
                }
                let post = match self.find(&link.id)? {
                    Some(arrival) if depth > 0 => self.post_at(arrival, depth - 1)?,
                    _ => None,
                };
                let post = post.filter(|post| post.author.author == Some(link.author)).map(Box::new);
                return Ok(Some((PostBody::Boost { of: *link, post }, None)));
            }
            Body::Unknown { kind, .. } => {
                let body = PostBody::Unknown { kind: kind.clone(), fallback: payload.body().fallback() };
                return Ok(Some((body, None)));
            }
            _ => return Ok(None),
        };
        let edit = self.latest_edit(&entry.id(), number)?;
        let shown = edit.as_ref().and_then(|edit| edit.payload()?.body().content()).unwrap_or(content);
        let edited_at = edit.as_ref().map(|edit| edit.header().time);
        Ok(Some((PostBody::Content { content: shown.clone(), reply }, edited_at)))
    }

    /// The edit that holds: the latest by time, then device, then place.
    pub(super) fn latest_edit(&self, id: &EntryId, author: u32) -> Result<Option<Verified>, Error> {
        let key = prefix(id);
        let all = (&key, author, 0, 0)..=(&key, author, u64::MAX, u64::MAX);
        let mut latest: Option<(u64, Verified)> = None;
        for row in self.tables.edits.range(all)?.rev() {
            let (_, _, time, arrival) = row?.0.value();
            if latest.as_ref().is_some_and(|(newest, _)| time < *newest) {
                break;
            }
            let Some((edit, _)) = self.entry_at(arrival)? else { continue };
            let rank = |edit: &Verified| (edit.header().device, edit.header().seq);
            if latest.as_ref().is_none_or(|(_, held)| rank(held) < rank(&edit)) {
                latest = Some((time, edit));
            }
        }
        Ok(latest.map(|(_, edit)| edit))
    }

    fn count(&self, key: &super::super::tables::Prefix, kind: u8) -> Result<u64, Error> {
        let (mut authors, mut last) = (0, None);
        for row in self.tables.reactions.range((key, kind, 0, 0)..=(key, kind, u32::MAX, u64::MAX))? {
            let author = row?.0.value().2;
            authors += u64::from(last != Some(author));
            last = Some(author);
        }
        Ok(authors)
    }

    pub(super) fn blocked(&self, author: u32) -> Result<bool, Error> {
        self.me_relates(graph::BLOCK, author)
    }

    pub(super) fn erased(&self, author: u32, id: &EntryId) -> Result<bool, Error> {
        let id = id.as_bytes();
        Ok(self.tables.erased.range((author, id, 0)..=(author, id, u64::MAX))?.next().is_some())
    }

    /// The first delete of this entry that is held.
    pub(super) fn erasure(&self, author: u32, id: &EntryId) -> Result<Option<Erasure>, Error> {
        let id = id.as_bytes();
        for row in self.tables.erased.range((author, id, 0)..=(author, id, u64::MAX))? {
            let (_, _, arrival) = row?.0.value();
            if let Some((entry, record)) = self.entry_at(arrival)? {
                let header = entry.header();
                return Ok(Some(Erasure {
                    id: entry.id(),
                    device: header.device,
                    time: header.time,
                    received_at: record.received_at,
                }));
            }
        }
        Ok(None)
    }

    pub(super) fn me_relates(&self, kind: u8, target: u32) -> Result<bool, Error> {
        let Some(me) = self.me else { return Ok(false) };
        self.relates(me, kind, target)
    }

    pub(super) fn relates(&self, author: u32, kind: u8, target: u32) -> Result<bool, Error> {
        Ok(self.tables.relations.get((author, kind, target))?.is_some_and(|row| row.value().3))
    }

    /// An author without what only their own page shows.
    pub(super) fn account_of(&self, number: u32) -> Result<Account, Error> {
        if let Some(account) = self.accounts.borrow().get(&number) {
            return Ok(account.clone());
        }
        let account = self.read_account(number)?;
        super::remember(&self.accounts, number, account.clone());
        Ok(account)
    }

    fn read_account(&self, number: u32) -> Result<Account, Error> {
        let row = self.author_row(number)?;
        let follows_me = match self.me {
            Some(me) => self.relates(number, graph::FOLLOW, me)?,
            None => false,
        };
        Ok(Account {
            author: Some(row.author),
            profile: self.profile(number)?,
            entries: row.entries,
            posts: row.posts,
            followers: row.followers,
            following: row.following,
            first_seen: row.first_seen,
            last_post_at: (row.last_post > 0).then_some(row.last_post),
            followed: self.me_relates(graph::FOLLOW, number)?,
            blocked: self.blocked(number)?,
            follows_me,
            forked: Vec::new(),
            retired: false,
        })
    }

    pub(super) fn profile(&self, number: u32) -> Result<Profile, Error> {
        let Some((_, _, _, arrival)) = self.author_row(number)?.profile else {
            return Ok(Profile::default());
        };
        let entry = self.entry_at(arrival)?;
        Ok(match entry.as_ref().and_then(|(entry, _)| entry.payload()).map(|payload| payload.body()) {
            Some(Body::Profile(profile)) => profile.clone(),
            _ => Profile::default(),
        })
    }
}
