//! Draft to signed entry: one station for everything that our own author says.

use starling_protocol::{
    AuthorId, Body, EntryId, Verified,
    entry::{self, Place},
    payload::{Content, Link, Profile},
};

use super::{
    Command, Refusal, Reply, Request,
    receive::{Outcome, Source},
    turn::{Answered, Turn},
};
use crate::store::{Error, graph, reaction};

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
            Command::Follow { author, addresses } => self.follow(author, &addresses)?,
            Command::Unfollow(author) => self.relate(author, graph::FOLLOW, false)?,
            Command::Block(author) => self.block(author)?,
            Command::Unblock(author) => self.relate(author, graph::BLOCK, false)?,
            Command::SetProfile(profile) => self.set_profile(*profile)?,
            Command::AddPeer(addresses) => self.add_peer(&addresses)?,
            Command::BanPeer(peer) => self.ban(peer, true)?,
            Command::UnbanPeer(peer) => self.ban(peer, false)?,
            Command::Import(items) => self.import(items)?,
            Command::OpenGuard => self.force_guard()?,
            Command::RemoveDevice(device) => self.remove_device(device)?,
        };
        self.reply(request, result);
        Ok(())
    }

    /// Signs what our author says and stores it; the answer is for after the commit.
    fn sign(&mut self, body: Body) -> Answered<Verified> {
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
        let entry = entry::sign(place, body, salt, self.now, &self.state.device);
        if self.receive(&entry, Source::Own)? != Outcome::New {
            return Ok(Err(Refusal::Forked));
        }
        self.gossip_own(&entry)?;
        Ok(Ok(entry))
    }

    fn say(&mut self, body: Body) -> Answered<Reply> {
        Ok(match self.sign(body)? {
            Ok(entry) => {
                let peers = self.takers();
                if peers == 0 {
                    self.state.waiting += 1;
                }
                Ok(Reply::Published { id: entry.id(), peers })
            }
            Err(refusal) => Err(refusal),
        })
    }

    fn post(
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
        Ok(match entry.payload().map(|payload| payload.body()) {
            Some(Body::Reply { root, .. }) => Some((*root, parent)),
            Some(Body::Boost(link)) => self.thread_of(&link.id)?,
            Some(Body::Post(_) | Body::Unknown { .. }) => Some((parent, parent)),
            _ => None,
        })
    }

    /// An entry that is held whole, of nobody who is blocked.
    fn shown(&mut self, id: &EntryId) -> Result<Option<Verified>, Error> {
        let Some(arrival) = self.batch.find(id)? else { return Ok(None) };
        let entry = self.batch.entry(arrival)?.map(|(entry, _)| entry);
        let blocked = &self.state.blocked;
        Ok(entry.filter(|entry| entry.payload().is_some() && !blocked.contains(&entry.header().author)))
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
            Some(Body::Post(_) | Body::Reply { .. }) => self.say(Body::Edit { replaces: id, content }),
            _ => Ok(Err(Refusal::NotOurs("only posts and replies can be edited"))),
        }
    }

    fn delete(&mut self, ids: Vec<EntryId>) -> Answered<Reply> {
        for id in &ids {
            if let Err(refusal) = self.own(id)? {
                return Ok(Err(refusal));
            }
        }
        if ids.is_empty() { Ok(Ok(Reply::Unchanged)) } else { self.say(Body::Delete(ids)) }
    }

    fn react(&mut self, id: EntryId, kind: u8) -> Answered<Reply> {
        let Some((_, link)) = self.thread_of(&id)? else {
            return Ok(Err(Refusal::NotFound(format!("the post {id}"))));
        };
        if self.batch.reaction(&link.id, kind, self.state.me)?.is_some() {
            return Ok(Ok(Reply::Unchanged));
        }
        self.say(if kind == reaction::BOOST { Body::Boost(link) } else { Body::Like(link) })
    }

    fn unreact(&mut self, id: EntryId, kind: u8) -> Answered<Reply> {
        let Some(arrival) = self.batch.reaction(&id, kind, self.state.me)? else {
            return Ok(Ok(Reply::Unchanged));
        };
        let Some((entry, _)) = self.batch.entry(arrival)? else { return Ok(Ok(Reply::Unchanged)) };
        self.say(Body::Delete(vec![entry.id()]))
    }

    fn follow(&mut self, author: AuthorId, addresses: &[libp2p::Multiaddr]) -> Answered<Reply> {
        /// As many as a home node can keep up to date; the bound on what one session asks for.
        const FOLLOWS: usize = 10_000;
        if author == self.state.author {
            return Ok(Err(Refusal::NotOurs("this is you: your own posts are on your timeline anyway")));
        }
        if self.state.following.len() >= FOLLOWS {
            return Ok(Err(Refusal::Policy(format!("you follow {FOLLOWS} authors, which is the limit"))));
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
        self.relate(author, graph::FOLLOW, true)
    }

    fn block(&mut self, author: AuthorId) -> Answered<Reply> {
        if author == self.state.author {
            return Ok(Err(Refusal::NotOurs("this is you")));
        }
        if let Err(refusal) = self.relate(author, graph::FOLLOW, false)? {
            return Ok(Err(refusal));
        }
        self.relate(author, graph::BLOCK, true)
    }

    fn relate(&mut self, author: AuthorId, kind: u8, holds: bool) -> Answered<Reply> {
        let set = if kind == graph::FOLLOW { &self.state.following } else { &self.state.blocked };
        if set.contains(&author) == holds {
            return Ok(Ok(Reply::Unchanged));
        }
        // A relation settles by time: a second turn in one millisecond, or by a clock that went
        // back, must still come after the first.
        let target = self.batch.intern_author(&author, self.now)?;
        if let Some(last) = self.batch.standing(self.state.me, kind, target)? {
            self.now = self.now.max(last + 1);
        }
        self.say(match (kind, holds) {
            (graph::FOLLOW, true) => Body::Follow(author),
            (graph::FOLLOW, false) => Body::Unfollow(author),
            (_, true) => Body::Block(author),
            (_, false) => Body::Unblock(author),
        })
    }

    fn set_profile(&mut self, mut profile: Profile) -> Answered<Reply> {
        profile.hints = self.own_hints();
        let last = self.batch.author(self.state.me)?.profile.map(|(time, ..)| time);
        self.now = self.now.max(last.map_or(0, |last| last + 1));
        self.say(Body::Profile(profile))
    }
}
