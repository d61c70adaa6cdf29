//! Everything that leads to an entry, made anew from the entries and compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use starling_protocol::{
    entry::log,
    payload::{Body, Visibility, poll::chosen},
};

use super::{Audit, Held, rows};
use crate::store::{
    Error, graph,
    index::{BOOST, LIKE},
    polls,
    record::{prefix, tie},
    tables::Prefix,
    tags,
};

/// Every index over entries, as sets of its keys.
#[derive(Default)]
struct Indexes {
    home: BTreeSet<(u64, u64)>,
    network: BTreeSet<(u64, u64)>,
    passing: BTreeSet<u64>,
    replies: BTreeSet<(Prefix, u64, u64)>,
    authored: BTreeSet<(u32, u64, u64)>,
    reactions: BTreeSet<(Prefix, u8, u32, u64)>,
    votes: BTreeSet<(Prefix, u32, u64, u64, u64, u8)>,
    edits: BTreeSet<(Prefix, u32, u64, u64)>,
    erased: BTreeSet<(u32, [u8; 32], u64)>,
    tagged: BTreeSet<(String, u64, u64, u32)>,
    liked: BTreeSet<(u64, u64)>,
    shown: BTreeSet<([u8; 32], u64)>,
}

impl Indexes {
    /// Enters what an entry says, wherever it is to be found.
    fn enter(&mut self, held: &Held, stays: bool, blocked: bool) {
        let (author, arrival, time) = (held.row.author_number, held.arrival, held.time());
        if !stays || blocked {
            self.passing.insert(arrival);
        }
        match held.body() {
            Some(Body::Reply { parent, .. }) => {
                self.replies.insert((prefix(&parent.id), time, arrival));
            }
            Some(Body::Boost(link)) => {
                self.reactions.insert((prefix(&link.id), BOOST, author, arrival));
            }
            Some(Body::Like(link)) => {
                self.reactions.insert((prefix(&link.id), LIKE, author, arrival));
            }
            Some(Body::Vote(link, choices)) => {
                let (post, author, time, device, seq) = polls::place(&held.entry, link, author);
                self.votes.insert((post, author, time, device, seq, chosen(choices)));
            }
            Some(Body::Edit { replaces, .. }) => {
                self.edits.insert((prefix(replaces), author, held.entry.header().time, arrival));
            }
            Some(Body::Delete(ids)) => {
                self.erased.extend(ids.iter().map(|id| (author, *id.as_bytes(), arrival)));
            }
            _ => {}
        }
        let media = held.body().and_then(Body::content).map_or(&[][..], |content| &content.media);
        self.shown.extend(media.iter().map(|media| (media.blob, arrival)));
        if let Some(visibility) = held.shown() {
            self.authored.insert((author, time, arrival));
            if blocked {
                // Seen nowhere, whether they are followed or not.
            } else if stays {
                self.home.insert((time, arrival));
            } else if visibility != Visibility::Unlisted {
                self.network.insert((time, arrival));
            }
        }
    }
}

impl Audit<'_> {
    /// The latest word of each author on whom they follow and block, and whether it holds.
    pub(super) fn relations(&mut self) -> Result<(), Error> {
        // A graph of which a part was let go says nothing.
        let graphs = self.held.iter().filter(|held| held.row.log == log::GRAPH && held.row.floor == 0);
        let mut lost = false;
        for held in graphs {
            let (kind, target, holds) = match held.body() {
                Some(Body::Follow(target)) => (graph::FOLLOW, target, true),
                Some(Body::Unfollow(target)) => (graph::FOLLOW, target, false),
                Some(Body::Block(target)) => (graph::BLOCK, target, true),
                Some(Body::Unblock(target)) => (graph::BLOCK, target, false),
                _ => continue,
            };
            let header = held.entry.header();
            let Some(target) = self.numbers.get(target.as_bytes()) else {
                // Whoever nobody follows and of whom nothing is held may be forgotten.
                lost |= holds && kind == graph::FOLLOW;
                continue;
            };
            let word = (header.time, tie(&header.device), header.seq, holds);
            let row = self.relations.entry((held.row.author_number, kind, *target)).or_insert(word);
            *row = (*row).max(word);
        }
        self.check(!lost, || "a relation to nobody".into());
        let mut stored: BTreeMap<_, _> = rows(&self.tables.relations, |key, word| (key, word))?;
        stored.retain(|(_, _, target), _| self.authors.contains_key(target));
        let agree = stored == self.relations;
        let (expected, count) = (self.relations.len(), stored.len());
        self.check(agree, || format!("relations: {count} stored are not the {expected} of the entries"));
        let holding: BTreeSet<_> = self
            .relations
            .iter()
            .filter(|(_, word)| word.3)
            .map(|((a, kind, b), _)| (*b, *kind, *a))
            .collect();
        let mut stored: BTreeSet<_> = rows(&self.tables.related, |key, ()| key)?;
        stored.retain(|(target, _, _)| self.authors.contains_key(target));
        self.same("related", &stored, &holding);
        let mut pins: BTreeMap<(u32, [u8; 32]), super::Word> = BTreeMap::new();
        for held in self.held.iter().filter(|held| held.row.log == log::GRAPH && held.row.floor == 0) {
            let (id, holds) = match held.body() {
                Some(Body::Pin(id)) => (id, true),
                Some(Body::Unpin(id)) => (id, false),
                _ => continue,
            };
            let header = held.entry.header();
            let word = (header.time, tie(&header.device), header.seq, holds);
            let row = pins.entry((held.row.author_number, *id.as_bytes())).or_insert(word);
            *row = (*row).max(word);
        }
        let stored: BTreeSet<_> = rows(&self.tables.pins, |key, word| ((key.0, *key.1), word))?;
        self.same("pins", &stored, &pins.into_iter().collect());
        Ok(())
    }

    /// Timelines, threads, reactions, edits, deletions.
    pub(super) fn timelines(&mut self) -> Result<(), Error> {
        let mut made = Indexes::default();
        for held in &self.held {
            let author = held.row.author_number;
            let stays = Some(author) == self.me || self.relates(graph::FOLLOW, author);
            made.enter(held, stays, self.relates(graph::BLOCK, author));
            if Some(author) == self.me && matches!(held.body(), Some(Body::Like(_))) {
                made.liked.insert((held.time(), held.arrival));
            }
        }
        made.tagged = self.tags();
        let tables = self.tables;
        self.same("home", &rows(&tables.home, |key, ()| key)?, &made.home);
        self.same("network", &rows(&tables.network, |key, ()| key)?, &made.network);
        self.same("passing", &rows(&tables.passing, |key, ()| key)?, &made.passing);
        self.same("replies", &rows(&tables.replies, |key, ()| (*key.0, key.1, key.2))?, &made.replies);
        self.same("authored", &rows(&tables.authored, |key, ()| key)?, &made.authored);
        let stored = rows(&tables.reactions, |key, ()| (*key.0, key.1, key.2, key.3))?;
        self.same("reactions", &stored, &made.reactions);
        let stored = rows(&tables.votes, |key, chosen| (*key.0, key.1, key.2, key.3, key.4, chosen))?;
        self.same("votes", &stored, &made.votes);
        let stored = rows(&tables.tagged, |key, author| (key.0.to_owned(), key.1, key.2, author))?;
        self.same("tagged", &stored, &made.tagged);
        self.same("liked", &rows(&tables.liked, |key, ()| key)?, &made.liked);
        self.same("edits", &rows(&tables.edits, |key, ()| (*key.0, key.1, key.2, key.3))?, &made.edits);
        self.same("shown", &rows(&tables.shown, |key, ()| (*key.0, key.1))?, &made.shown);
        let remembered: BTreeSet<(u32, [u8; 32], u64)> =
            rows(&tables.erased, |key, ()| (key.0, *key.1, key.2))?;
        self.deletions(&remembered, &made.erased)
    }

    /// Every post under its own tags and those of its author's edits of it.
    fn tags(&self) -> BTreeSet<(String, u64, u64, u32)> {
        let said = |held: &Held| -> Vec<String> {
            let content = held.body().and_then(Body::content);
            content.map_or(Vec::new(), |content| content.tags.iter().map(|tag| tags::folded(tag)).collect())
        };
        let mut edits: BTreeMap<(u32, [u8; 32]), Vec<String>> = BTreeMap::new();
        for held in &self.held {
            if let Some(Body::Edit { replaces, .. }) = held.body() {
                edits.entry((held.row.author_number, *replaces.as_bytes())).or_default().extend(said(held));
            }
        }
        let mut all = BTreeSet::new();
        for held in &self.held {
            let author = held.row.author_number;
            if !matches!(held.body(), Some(Body::Post(_) | Body::Reply { .. })) {
                continue;
            }
            let edited = edits.get(&(author, *held.entry.id().as_bytes())).cloned().unwrap_or_default();
            for tag in said(held).into_iter().chain(edited) {
                all.insert((tag, held.time(), held.arrival, author));
            }
        }
        all
    }

    /// What deletes say, and that what they name is gone.
    fn deletions(
        &mut self,
        remembered: &BTreeSet<(u32, [u8; 32], u64)>,
        made: &BTreeSet<(u32, [u8; 32], u64)>,
    ) -> Result<(), Error> {
        // What a delete said that a quota forgot may be remembered still.
        let arrivals: BTreeSet<u64> = self.held.iter().map(|held| held.arrival).collect();
        let spoken: BTreeSet<_> =
            remembered.iter().filter(|(.., arrival)| arrivals.contains(arrival)).copied().collect();
        self.same("erased", &spoken, made);
        let gone: BTreeSet<(u32, [u8; 32])> =
            remembered.iter().map(|(author, id, _)| (*author, *id)).collect();
        let (mut hollow, mut back) = (BTreeSet::new(), Vec::new());
        for held in &self.held {
            let payload = held.entry.payload().map(|payload| payload.body());
            let gone = gone.contains(&(held.row.author_number, *held.entry.id().as_bytes()));
            let can_go = matches!(held.row.log, log::POSTS | log::REACTIONS)
                && !matches!(payload, Some(Body::Delete(_)));
            if gone && can_go && held.stands() && payload.is_some() {
                back.push(held.entry.id());
            }
            if payload.is_none() && !gone {
                hollow.insert((held.log, held.entry.header().seq));
            }
        }
        for id in back {
            self.check(false, || format!("{id} was deleted and is there"));
        }
        let stored = rows(&self.tables.hollow, |key, ()| key)?;
        self.same("hollow", &stored, &hollow);
        Ok(())
    }

    /// What is counted for each author.
    pub(super) fn counts(&mut self) -> Result<(), Error> {
        let mut wrong = Vec::new();
        let mut owned: BTreeMap<u32, Vec<&Held>> = BTreeMap::new();
        for held in &self.held {
            owned.entry(held.row.author_number).or_default().push(held);
        }
        let (mut following, mut followers) = (Counts::new(), Counts::new());
        for (author, _, target) in
            self.relations.iter().filter(|(key, word)| key.1 == graph::FOLLOW && word.3).map(|(key, _)| key)
        {
            *following.entry(*author).or_default() += 1;
            *followers.entry(*target).or_default() += 1;
        }
        for (number, row) in &self.authors {
            let own = owned.get(number).map_or(&[][..], Vec::as_slice);
            let counted = (row.entries, row.bytes, row.posts, row.following, row.followers);
            let made = (
                own.len() as u64,
                own.iter().map(|held| held.bytes).sum::<u64>(),
                own.iter().filter(|held| held.shown().is_some()).count() as u64,
                following.get(number).copied().unwrap_or(0),
                followers.get(number).copied().unwrap_or(0),
            );
            if counted != made {
                wrong.push(format!("author {number} counts {counted:?} instead of {made:?}"));
            }
            let profiles = own.iter().filter(|held| {
                matches!(held.body(), Some(Body::Profile(_)))
                    && held.row.log == log::GRAPH
                    && held.row.floor == 0
            });
            let newest = profiles.map(|held| {
                let header = held.entry.header();
                (header.time, tie(&header.device), header.seq, held.arrival)
            });
            let newest = newest.max();
            if row.profile != newest {
                wrong.push(format!("author {number} has profile {:?}, not {newest:?}", row.profile));
            }
        }
        for what in wrong {
            self.check(false, || what);
        }
        Ok(())
    }

    fn same<T: Ord + Debug>(&mut self, name: &str, stored: &BTreeSet<T>, made: &BTreeSet<T>) {
        self.check(stored == made, || {
            let more: Vec<_> = stored.difference(made).take(3).collect();
            let less: Vec<_> = made.difference(stored).take(3).collect();
            format!("{name}: too many {more:?}, too few {less:?}")
        });
    }
}

type Counts = BTreeMap<u32, u64>;
