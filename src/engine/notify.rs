//! What concerns the person, noted in the same transaction as the entry that it is about: whoever reads one reads
//! the other. And what whoever looks on right now is told.
//!
//! Nothing here is worth a question to others: it looks only at what is held, and an entry that concerns nobody here
//! costs a comparison or two.

use starling_protocol::{
    AuthorId, Body, EntryId, Verified,
    payload::{Content, Link},
};

use super::{Event, turn::Turn};
use crate::store::{
    Audience, Error, Turned, body, graph,
    kept::{
        Shelf,
        notification::{Kind, Notification},
        senders::Verdict,
    },
    order_time, reaction,
};

/// What is older than this when it comes is history: it is kept, and nobody is called for it.
const HISTORY_MS: u64 = 14 * DAY_MS;
/// What is older than this when it comes is not shown to whoever looks on: it has its place further down.
const LIVE_MS: u64 = DAY_MS;
/// How long an author is new to this node.
const NEW_MS: u64 = 30 * DAY_MS;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Turn<'_, '_> {
    /// Notes what an entry of this author means for the person; `turn` is the relation that it changed.
    pub fn notice(&mut self, entry: &Verified, number: u32, turn: Option<Turned>) -> Result<(), Error> {
        if number == self.state.me {
            return self.await_poll(entry);
        }
        let author = entry.header().author;
        match body(entry) {
            Some(Body::Like(link)) => self.notice_reaction(Kind::Favourite, link, entry, number),
            Some(Body::Boost(link)) => self.notice_reaction(Kind::Reblog, link, entry, number),
            Some(Body::Post(content)) => self.notice_words(entry, number, content, None),
            Some(Body::Reply { root, parent, content }) => {
                self.notice_words(entry, number, content, Some((root, parent)))
            }
            Some(Body::Edit { replaces, .. }) => self.notice_edit(entry, number, replaces),
            Some(Body::Follow(_) | Body::Unfollow(_)) => match turn {
                Some(turn) if turn.kind == graph::FOLLOW && turn.target == self.state.me => {
                    if turn.holds {
                        self.note(Kind::Follow, entry, number, None)
                    } else {
                        self.batch.unnotify(Kind::Follow, &author, None).map(drop)
                    }
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Takes back what an entry meant, which its author has just erased and which is in no index any more.
    pub fn unnotice(&mut self, entry: &Verified, number: u32) -> Result<(), Error> {
        let author = entry.header().author;
        let said = match body(entry) {
            Some(Body::Like(link)) if link.author == self.state.author => {
                Some((Kind::Favourite, reaction::LIKE, link))
            }
            Some(Body::Boost(link)) if link.author == self.state.author => {
                Some((Kind::Reblog, reaction::BOOST, link))
            }
            Some(Body::Post(_) | Body::Reply { .. }) => {
                for kind in [Kind::Mention, Kind::Quote, Kind::Status] {
                    self.batch.unnotify(kind, &author, Some(&entry.id()))?;
                }
                None
            }
            _ => None,
        };
        if let Some((kind, reaction, link)) = said
            // Another device of theirs may have said the same.
            && self.batch.reactions(&link.id, reaction, number)?.is_empty()
        {
            self.batch.unnotify(kind, &author, Some(&link.id))?;
        }
        Ok(())
    }

    /// Tells whoever looks on what an entry shows, if it is of today.
    pub fn show_live(&mut self, entry: &Verified, audience: Audience) {
        let header = entry.header();
        let time = order_time(header.time, self.now);
        if audience == Audience::Nobody || time.saturating_add(LIVE_MS) < self.now {
            return;
        }
        let (author, home) = (header.author, audience == Audience::Home);
        match body(entry) {
            Some(Body::Post(_) | Body::Reply { .. } | Body::Boost(_)) => {
                self.event(Event::Posted { id: entry.id(), author, home });
            }
            Some(Body::Edit { replaces, .. }) => self.event(Event::Edited { id: *replaces, author, home }),
            _ => {}
        }
    }

    fn notice_reaction(
        &mut self,
        kind: Kind,
        link: &Link,
        entry: &Verified,
        number: u32,
    ) -> Result<(), Error> {
        if link.author != self.state.author {
            return Ok(());
        }
        // Anybody can say of anything that it is ours.
        let Some(post) = self.held_post(&link.id, &link.author)? else { return Ok(()) };
        if self.is_muted_thread(&root(&post))? {
            return Ok(());
        }
        self.note(kind, entry, number, Some(link.id))
    }

    fn notice_words(
        &mut self,
        entry: &Verified,
        number: u32,
        content: &Content,
        reply: Option<(&Link, &Link)>,
    ) -> Result<(), Error> {
        let me = self.state.author;
        let spoken_to =
            content.mentions.contains(&me) || reply.is_some_and(|(_, parent)| parent.author == me);
        let kind = if spoken_to {
            Kind::Mention
        } else if let Some(link) = content.quote.filter(|link| link.author == me)
            && self.held_post(&link.id, &me)?.is_some()
        {
            Kind::Quote
        } else if self.is_watched(&entry.header().author)? {
            Kind::Status
        } else {
            return Ok(());
        };
        let root = reply.map_or(entry.id(), |(root, _)| root.id);
        if self.is_muted_thread(&root)? {
            return Ok(());
        }
        self.note(kind, entry, number, Some(entry.id()))
    }

    fn notice_edit(&mut self, entry: &Verified, number: u32, replaces: &EntryId) -> Result<(), Error> {
        let author = entry.header().author;
        let mut concerned = false;
        for kind in [reaction::LIKE, reaction::BOOST] {
            concerned |= !self.batch.reactions(replaces, kind, self.state.me)?.is_empty();
        }
        if !concerned {
            return Ok(());
        }
        let Some(post) = self.held_post(replaces, &author)? else { return Ok(()) };
        if self.is_muted_thread(&root(&post))? {
            return Ok(());
        }
        // The latest edit is the one that is news.
        self.batch.unnotify(Kind::Update, &author, Some(replaces))?;
        self.note(Kind::Update, entry, number, Some(*replaces))
    }

    /// Notes what an entry of somebody else means, unless the person wants to hear nothing of it.
    fn note(
        &mut self,
        kind: Kind,
        entry: &Verified,
        number: u32,
        post: Option<EntryId>,
    ) -> Result<(), Error> {
        let from = entry.header().author;
        if self.is_muted(&from)? {
            return Ok(());
        }
        let verdict = match kind {
            Kind::Update | Kind::Poll => Verdict::Accept,
            _ => self.judge(&from, number)?,
        };
        if verdict == Verdict::Drop {
            return Ok(());
        }
        let at = order_time(entry.header().time, self.now);
        let quiet = at.saturating_add(HISTORY_MS) < self.now;
        let filtered = verdict == Verdict::Filter;
        self.put_note(&Notification { kind, from, post, at, quiet, filtered })
    }

    /// Notes something, if it was not noted before, and calls whoever looks on.
    pub fn put_note(&mut self, new: &Notification) -> Result<(), Error> {
        let number = self.batch.notify(new)?;
        if let Some(number) = number.filter(|_| !new.quiet && !new.filtered) {
            self.event(Event::Notified(number));
        }
        Ok(())
    }

    /// What the person's policy says of what this author does.
    fn judge(&mut self, author: &AuthorId, number: u32) -> Result<Verdict, Error> {
        let policy = self.batch.sender_policy()?;
        let following = self.state.following.contains(author);
        let mut verdict = Verdict::Accept;
        if policy.not_following != Verdict::Accept && !following {
            verdict = verdict.max(policy.not_following);
        }
        if policy.not_followers != Verdict::Accept
            && !self.batch.related(number, graph::FOLLOW, self.state.me)?
        {
            verdict = verdict.max(policy.not_followers);
        }
        if policy.new_accounts != Verdict::Accept
            && !following
            && self.batch.author(number)?.first_seen.saturating_add(NEW_MS) > self.now
        {
            verdict = verdict.max(policy.new_accounts);
        }
        if verdict != Verdict::Accept && self.batch.lets_in(author)? {
            verdict = Verdict::Accept;
        }
        Ok(verdict)
    }

    /// A post that is held whole and is really this author's.
    pub(super) fn held_post(&mut self, id: &EntryId, author: &AuthorId) -> Result<Option<Verified>, Error> {
        let Some(arrival) = self.batch.find(id)? else { return Ok(None) };
        let found = self.batch.entry(arrival)?.map(|(entry, _)| entry);
        Ok(found.filter(|entry| {
            entry.id() == *id && entry.header().author == *author && entry.payload().is_some()
        }))
    }

    fn is_muted(&mut self, author: &AuthorId) -> Result<bool, Error> {
        Ok(self.batch.mute(author, self.now)?.is_some_and(|mute| mute.notifications))
    }

    fn is_muted_thread(&mut self, root: &EntryId) -> Result<bool, Error> {
        self.batch.keeps(Shelf::MutedThread, root.as_bytes())
    }

    /// Whether the person wants to hear at once of everything that this author writes.
    fn is_watched(&mut self, author: &AuthorId) -> Result<bool, Error> {
        Ok(self.state.following.contains(author) && self.batch.following_like(author)?.notify)
    }
}

/// The post that began the thread of this one.
fn root(post: &Verified) -> EntryId {
    match body(post) {
        Some(Body::Reply { root, .. }) => root.id,
        _ => post.id(),
    }
}
