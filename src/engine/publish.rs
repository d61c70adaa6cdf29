//! Draft to signed entry: one station for everything that our own author says.

use starling_protocol::{
    AuthorId, Body, EntryId, Verified,
    entry::{self, Place},
    limits,
    payload::{Content, Link, OverLimit, Profile},
};

use super::{
    Command, Refusal, Reply, Request,
    erase::erasable,
    receive::{Outcome, Source},
    turn::{Answered, Turn},
};
use crate::store::{
    Error, body, graph,
    kept::origin::{self, Noted, Origin},
    reaction,
};

impl Turn<'_, '_> {
    /// A wish of the person. One line an arm.
    pub fn command(&mut self, request: Request, command: Command) -> Result<(), Error> {
        let result = match command {
            Command::Publish { content, in_reply_to, idempotency } => {
                self.post(*content, in_reply_to, idempotency)?
            }
            Command::Edit { id, content } => self.edit(id, *content)?,
            Command::Delete(ids) => self.delete(ids)?,
            Command::Boost(id) => self.react(id, reaction::BOOST)?,
            Command::Unboost(id) => self.unreact(id, reaction::BOOST)?,
            Command::Like(id) => self.react(id, reaction::LIKE)?,
            Command::Unlike(id) => self.unreact(id, reaction::LIKE)?,
            Command::Vote(id, choices) => self.vote(id, choices)?,
            Command::Follow { author, addresses, origin } => self.follow(author, &addresses, origin)?,
            Command::Unfollow(author) => self.relate(author, graph::FOLLOW, false)?,
            Command::Block(author) => self.block(author)?,
            Command::Unblock(author) => self.relate(author, graph::BLOCK, false)?,
            Command::Pin(id) => self.pin(id, true)?,
            Command::Unpin(id) => self.pin(id, false)?,
            Command::SetProfile(profile) => self.set_profile(*profile)?,
            Command::AddPeer(addresses) => self.add_peer(&addresses)?,
            Command::BanPeer(peer) => self.ban(peer, true)?,
            Command::UnbanPeer(peer) => self.ban(peer, false)?,
            Command::Import(items) => self.import(items)?,
            Command::Keep(changes) => self.keep(&changes)?,
            Command::OpenGuard => self.force_guard()?,
            Command::RemoveDevice(device) => self.remove_device(device)?,
        };
        self.reply(request, result);
        Ok(())
    }

    /// Signs what our author says at `time` and stores it; the answer is for after the commit.
    fn sign(&mut self, body: Body, time: u64) -> Answered<Verified> {
        if let Err(over) = body.check_limits() {
            return Ok(Err(over.into()));
        }
        let class = body.log();
        if let Err(refusal) = self.may_sign(class)? {
            return Ok(Err(refusal));
        }
        let (me, device) = (self.state.me, self.state.device_key());
        let log = self.batch.intern_log(me, &device, class)?;
        let top = self.batch.log(log)?.state.top().copied();
        let place = Place {
            author: self.state.author,
            log: class,
            seq: top.map_or(0, |top| top.hi + 1),
            previous: top.map(|top| top.head),
        };
        let salt = self.random();
        let entry = entry::sign(place, body, salt, time, &self.state.device);
        if self.receive(&entry, Source::Own)? != Outcome::New {
            return Ok(Err(Refusal::Forked));
        }
        self.gossip_own(&entry)?;
        Ok(Ok(entry))
    }

    pub(super) fn say(&mut self, body: Body) -> Answered<Reply> {
        self.say_after(body, None)
    }

    /// Says something that must come after `last`. What settles by time does so by the author's: a second
    /// word in one millisecond, or by a clock that went back, must still be the later one.
    fn say_after(&mut self, body: Body, last: Option<u64>) -> Answered<Reply> {
        let time = self.now.max(last.map_or(0, |last| last.saturating_add(1)));
        let is_post = matches!(body, Body::Post(_) | Body::Reply { .. });
        Ok(match self.sign(body, time)? {
            Ok(entry) => {
                if is_post {
                    self.begin_way(entry.id(), entry.header().seq)?;
                }
                let peers = self.takers();
                if peers == 0 {
                    self.state.waiting += 1;
                }
                Ok(Reply::Published { id: entry.id(), peers })
            }
            Err(refusal) => Err(refusal),
        })
    }

    pub fn post(
        &mut self,
        content: Content,
        in_reply_to: Option<EntryId>,
        idempotency: Option<String>,
    ) -> Answered<Reply> {
        if content.text.trim().is_empty() && content.media.is_empty() {
            return Ok(Err(Refusal::Empty));
        }
        if let Some(key) = &idempotency
            && let Some(id) = self.batch.wish(key, self.now)?
        {
            return Ok(Ok(Reply::Published { id, peers: self.takers() }));
        }
        let body = match in_reply_to {
            None => Body::Post(content),
            Some(id) => match self.thread_of(&id)? {
                Some((root, parent)) => Body::Reply { root, parent, content },
                None => return Ok(Err(Refusal::NotFound(format!("the post {id}")))),
            },
        };
        let said = self.say(body)?;
        if let (Ok(Reply::Published { id, .. }), Some(key)) = (&said, &idempotency) {
            self.batch.keep_wish(key, self.now, id)?;
        }
        Ok(said)
    }

    /// The root of the thread that a reply to `id` belongs to, and the post it answers.
    fn thread_of(&mut self, id: &EntryId) -> Result<Option<(Link, Link)>, Error> {
        let Some(entry) = self.shown(id)? else { return Ok(None) };
        let parent = Link { author: entry.header().author, id: entry.id() };
        Ok(match body(&entry) {
            // Once: a stranger can pass on a boost of a boost of a boost.
            Some(Body::Boost(link)) => match self.shown(&link.id)? {
                Some(entry) => place(&entry, link.author),
                None => None,
            },
            _ => place(&entry, parent.author),
        })
    }

    /// An entry that is held whole, of nobody who is blocked.
    pub(super) fn shown(&mut self, id: &EntryId) -> Result<Option<Verified>, Error> {
        let Some(arrival) = self.batch.find(id)? else { return Ok(None) };
        let Some((entry, _)) = self.batch.entry(arrival)? else { return Ok(None) };
        let Some(log) = self.batch.record(arrival)?.map(|record| record.log) else { return Ok(None) };
        let frozen = self.batch.log(log)?.state.frozen();
        let stands = frozen.is_none_or(|frozen| entry.header().seq < frozen) && entry.id() == *id;
        let whole = entry.payload().is_some() && !self.state.blocked.contains(&entry.header().author);
        Ok((stands && whole).then_some(entry))
    }

    /// An own entry that is held whole.
    fn own(&mut self, id: &EntryId) -> Answered<Verified> {
        Ok(match self.shown(id)? {
            None => Err(Refusal::NotFound(format!("the post {id}"))),
            Some(entry) if entry.header().author != self.state.author => {
                Err(Refusal::NotOurs("this post is somebody else's: only its author can change it"))
            }
            Some(entry) => Ok(entry),
        })
    }

    fn edit(&mut self, id: EntryId, content: Content) -> Answered<Reply> {
        if content.text.trim().is_empty() && content.media.is_empty() {
            return Ok(Err(Refusal::Empty));
        }
        let entry = match self.own(&id)? {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match entry.payload().map(|payload| payload.body()) {
            Some(Body::Post(_) | Body::Reply { .. }) => {
                let last = self.batch.last_edit(&id, self.state.me)?;
                self.say_after(Body::Edit { replaces: id, content }, last)
            }
            _ => Ok(Err(Refusal::NotOurs("only posts and replies can be edited"))),
        }
    }

    fn delete(&mut self, ids: Vec<EntryId>) -> Answered<Reply> {
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            match self.own(&id)? {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(entry) if !erasable(&entry) => {
                    return Ok(Err(Refusal::NotOurs("only posts, edits and reactions can be deleted")));
                }
                Ok(_) => all.push(id),
            }
            // What a post said after an edit goes with it.
            for edit in self.batch.edits(&id, self.state.me)? {
                all.extend(self.batch.entry(edit)?.map(|(edit, _)| edit.id()));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|id| seen.insert(*id));
        let mut said = Ok(Reply::Unchanged);
        for ids in all.chunks(limits::DELETE_IDS) {
            said = self.say(Body::Delete(ids.to_vec()))?;
            if said.is_err() {
                break;
            }
        }
        Ok(said)
    }

    fn react(&mut self, id: EntryId, kind: u8) -> Answered<Reply> {
        let Some((_, link)) = self.thread_of(&id)? else {
            return Ok(Err(Refusal::NotFound(format!("the post {id}"))));
        };
        if !self.batch.reactions(&link.id, kind, self.state.me)?.is_empty() {
            return Ok(Ok(Reply::Unchanged));
        }
        self.say(if kind == reaction::BOOST { Body::Boost(link) } else { Body::Like(link) })
    }

    fn unreact(&mut self, id: EntryId, kind: u8) -> Answered<Reply> {
        let mut ids = Vec::new();
        for arrival in self.batch.reactions(&id, kind, self.state.me)? {
            ids.extend(self.batch.entry(arrival)?.map(|(entry, _)| entry.id()));
        }
        if ids.is_empty() { Ok(Ok(Reply::Unchanged)) } else { self.say(Body::Delete(ids)) }
    }

    fn follow(
        &mut self,
        author: AuthorId,
        addresses: &[libp2p::Multiaddr],
        origin: Origin,
    ) -> Answered<Reply> {
        if author == self.state.author {
            return Ok(Err(Refusal::NotOurs("this is you: your own posts are on your timeline anyway")));
        }
        let most = self.state.policy.follows;
        if self.state.following.len() >= most && !self.state.following.contains(&author) {
            return Ok(Err(Refusal::Policy(format!("you follow {most} authors, which is the limit"))));
        }
        if !addresses.is_empty()
            && let Err(refusal) = self.add_peer(addresses)?
        {
            return Ok(Err(refusal));
        }
        if self.state.blocked.contains(&author)
            && let Err(refusal) = self.relate(author, graph::BLOCK, false)?
        {
            return Ok(Err(refusal));
        }
        let said = self.relate(author, graph::FOLLOW, true)?;
        // Who is followed already was come upon before: that is what the person will want to know.
        if let Ok(Reply::Published { .. }) = said {
            self.batch.keep(&origin::note(&author, &Noted { at: self.now, origin }))?;
        }
        Ok(said)
    }

    fn block(&mut self, author: AuthorId) -> Answered<Reply> {
        if author == self.state.author {
            return Ok(Err(Refusal::NotOurs("this is you")));
        }
        // In this order, so that what is held of them moves once.
        let blocked = self.relate(author, graph::BLOCK, true)?;
        if blocked.is_err() {
            return Ok(blocked);
        }
        Ok(self.relate(author, graph::FOLLOW, false)?.and(blocked))
    }

    fn relate(&mut self, author: AuthorId, kind: u8, holds: bool) -> Answered<Reply> {
        let set = if kind == graph::FOLLOW { &self.state.following } else { &self.state.blocked };
        if set.contains(&author) == holds {
            return Ok(Ok(Reply::Unchanged));
        }
        let target = self.batch.intern_author(&author, self.now)?;
        let last = self.batch.standing(self.state.me, kind, target)?;
        let body = match (kind, holds) {
            (graph::FOLLOW, true) => Body::Follow(author),
            (graph::FOLLOW, false) => Body::Unfollow(author),
            (_, true) => Body::Block(author),
            (_, false) => Body::Unblock(author),
        };
        self.say_after(body, last)
    }

    fn pin(&mut self, id: EntryId, holds: bool) -> Answered<Reply> {
        let entry = match self.own(&id)? {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !matches!(body(&entry), Some(Body::Post(_) | Body::Reply { .. })) {
            return Ok(Err(Refusal::NotOurs("only posts and replies can be pinned")));
        }
        let mut held = 0;
        for (pinned, _) in self.batch.pins(self.state.me)? {
            if pinned == id {
                return if holds { Ok(Ok(Reply::Unchanged)) } else { self.say_pin(id, false) };
            }
            // A pin of what was erased since takes no place.
            held += usize::from(self.shown(&pinned)?.is_some());
        }
        match holds {
            true if held >= limits::PINS => Ok(Err(Refusal::OverLimit(OverLimit {
                what: "the list of pinned posts",
                unit: "entries",
                actual: held + 1,
                limit: limits::PINS,
            }))),
            true => self.say_pin(id, true),
            false => Ok(Ok(Reply::Unchanged)),
        }
    }

    fn say_pin(&mut self, id: EntryId, holds: bool) -> Answered<Reply> {
        let last = self.batch.pin_standing(self.state.me, &id)?;
        self.say_after(if holds { Body::Pin(id) } else { Body::Unpin(id) }, last)
    }

    fn set_profile(&mut self, mut profile: Profile) -> Answered<Reply> {
        profile.hints = self.own_hints();
        let last = self.batch.author(self.state.me)?.profile.map(|(time, ..)| time);
        self.say_after(Body::Profile(profile), last)
    }
}

/// The root of the thread that an answer to this entry of `author` belongs to, and the entry itself.
fn place(entry: &Verified, author: AuthorId) -> Option<(Link, Link)> {
    let parent = Link { author: entry.header().author, id: entry.id() };
    match body(entry) {
        Some(Body::Reply { root, .. }) if parent.author == author => Some((*root, parent)),
        Some(Body::Post(_) | Body::Unknown { .. }) if parent.author == author => Some((parent, parent)),
        _ => None,
    }
}
