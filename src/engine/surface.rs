//! What follows from an entry that was stored: a follow moves posts to the home timeline, a delete
//! erases, and what is new is told to those whom it interests.

use bytes::Bytes;
use starling_protocol::{
    AuthorId, Body, Verified, entry::log, feed::ForkProof, frame::Frame, sync::ServeAction,
};

use super::turn::{Fresh, Turn};
use crate::{
    network::Command,
    store::{Audience, Error, Turned, graph, kept::origin},
};

/// The gossip shard of an author, 0 to 63: the first 6 bits of the id.
pub fn shard(author: &AuthorId) -> u8 {
    author.as_bytes()[0] >> 2
}

impl Turn<'_, '_> {
    /// Does what an entry says beyond being shown.
    pub fn follow_up(&mut self, entry: &Verified, number: u32, turn: Option<Turned>) -> Result<(), Error> {
        let author = entry.header().author;
        self.notice(entry, number, turn)?;
        if self.is_home(&author) && !self.state.blocked.contains(&author) {
            self.want_files(&author, crate::store::body(entry))?;
        }
        match crate::store::body(entry) {
            Some(Body::Delete(ids)) => {
                for id in ids {
                    self.erase(&author, number, id)?;
                }
            }
            Some(Body::Profile(profile)) if number != self.state.me && self.is_home(&author) => {
                self.learn_hints(&profile.hints)?;
            }
            _ => {}
        }
        match turn {
            Some(turn) if number == self.state.me => self.turned(turn),
            _ => Ok(()),
        }
    }

    /// Our own author follows, unfollows, blocks or unblocks somebody, here or on another device.
    fn turned(&mut self, turn: Turned) -> Result<(), Error> {
        let target = self.batch.author(turn.target)?.author;
        let before = self.audience(&target);
        let set = match turn.kind {
            graph::FOLLOW => &mut self.state.following,
            _ => &mut self.state.blocked,
        };
        if turn.holds {
            set.insert(target);
        } else {
            set.remove(&target);
            if turn.kind == graph::FOLLOW {
                self.batch.keep(&origin::forget(&target))?;
            }
        }
        // Whoever is blocked may be unfollowed too: what is seen of them stays the same.
        if self.audience(&target) == before { Ok(()) } else { self.regard(&target, turn.target) }
    }

    /// Sees an author with other eyes: their posts move, and more or less of them is asked for.
    pub fn regard(&mut self, target: &AuthorId, number: u32) -> Result<(), Error> {
        let audience = self.audience(target);
        self.batch.move_to(number, audience)?;
        if audience == Audience::Home {
            // What the quota of a stranger forgot is wanted again.
            for log in self.batch.logs_of(number)? {
                if self.batch.log(log)?.floor > 0 {
                    self.batch.change_log(log, |row| row.floor = 0)?;
                    self.regraph(log)?;
                }
            }
        }
        self.join_shards();
        self.interests_changed(target, audience == Audience::Home)
    }

    /// Reads whom we follow and block.
    pub fn load_relations(&mut self) -> Result<(), Error> {
        for kind in [graph::FOLLOW, graph::BLOCK] {
            let mut authors = std::collections::BTreeSet::new();
            for target in self.batch.targets(self.state.me, kind)? {
                authors.insert(self.batch.author(target)?.author);
            }
            match kind {
                graph::FOLLOW => self.state.following = authors,
                _ => self.state.blocked = authors,
            }
        }
        Ok(())
    }

    /// Gossips an entry that was just signed here, with as much of our identity as a stranger needs.
    pub fn gossip_own(&mut self, entry: &Verified) -> Result<(), Error> {
        // Likes and follows are for those who sync with us: gossip is for what people read.
        if !matches!(entry.header().log, log::POSTS) {
            return Ok(());
        }
        let me = self.state.me;
        let Some(identity) = self.batch.identity(me)? else { return Ok(()) };
        match Frame::of_entry(identity, entry) {
            Ok(frame) => self.publish(&frame),
            Err(error) => tracing::debug!("{} is left to sync: {error}", entry.id()),
        }
        Ok(())
    }

    /// Gossips the proof of a fork where its author is listened to, once: when it became known here.
    pub fn gossip_fork(&mut self, proof: &ForkProof, number: u32) -> Result<(), Error> {
        let author = proof.place().author;
        let Some(identity) = self.batch.identity(number)? else { return Ok(()) };
        match Frame::of_fork(identity, proof) {
            Ok(frame) if self.is_home(&author) => self.publish_for(&author, &frame),
            Ok(_) => {}
            Err(error) => tracing::debug!("the fork of {author} is left to sync: {error}"),
        }
        Ok(())
    }

    /// Gossips a frame on our own shard.
    pub fn publish(&mut self, frame: &Frame) {
        let author = self.state.author;
        self.publish_for(&author, frame);
    }

    pub fn publish_for(&mut self, author: &AuthorId, frame: &Frame) {
        let shard = shard(author);
        self.network(Command::Publish { shard, frame: Bytes::from(frame.to_bytes()) });
    }

    /// Tells every peer that asked what is new of the authors it asked for.
    pub fn announce(&mut self) -> Result<(), Error> {
        let (fresh, own) = (std::mem::take(&mut self.fresh), self.state.outgoing.take_new());
        if fresh.is_empty() {
            return Ok(());
        }
        let (mut frames, mut sent) = (Vec::new(), Vec::new());
        let me = self.state.author;
        for (stream, session) in &mut self.state.sessions {
            let peer = session.peer();
            let Some(serve) = session.serving() else { continue };
            let wanted =
                |fresh: &&Fresh| fresh.from != Some(peer) && serve.machine.interested(&fresh.author());
            let news: Vec<_> = fresh.iter().filter(wanted).map(|fresh| fresh.news.clone()).collect();
            let actions = serve.machine.announce(news);
            if !own.is_empty() && serve.machine.interested(&me) {
                serve.on_way.queue(own.iter().copied());
                sent.push((peer, serve.on_way.settle(&serve.machine, &me)));
            }
            for action in actions {
                match action {
                    ServeAction::Send(frame) => frames.push((*stream, frame)),
                    ServeAction::Misbehaved(_) => {}
                }
            }
        }
        for (peer, went) in sent {
            self.went(peer, &went)?;
        }
        for (stream, frame) in frames {
            self.network(Command::SendSync { stream, frame: Bytes::from(frame) });
        }
        Ok(())
    }
}
