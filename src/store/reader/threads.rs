//! Replies as a tree. What is not held is shown as missing, never left out in silence.

use starling_protocol::{Body, EntryId, payload::Link};

use super::Reader;
use crate::{
    store::{Error, record::prefix},
    view::{Thread, ThreadItem},
};

/// Posts above the one that is asked for: longer chains are cut at the top.
const ANCESTORS: usize = 100;
/// Posts below it: a page that a person can read, and a bound on what a stranger's thread costs.
const DESCENDANTS: usize = 1_000;
/// Replies to replies to …: deeper ones are left for their own page.
const DEPTH: usize = 64;

impl Reader {
    /// The thread around a post; none if nothing is known of it.
    pub fn thread(&self, id: &EntryId) -> Result<Option<Thread>, Error> {
        let Some(arrival) = self.find(id)? else { return Ok(None) };
        let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
        let author = self.log(record.log)?.author;
        let here = Link { author, id: *id };
        let mut ancestors = Vec::new();
        let mut parent = parent(entry.payload().map(|payload| payload.body()));
        while let Some(link) = parent.filter(|_| ancestors.len() < ANCESTORS) {
            let (item, above) = self.item(&link)?;
            ancestors.extend(item);
            parent = above;
        }
        ancestors.reverse();
        let (post, _) = self.item(&here)?;
        let Some(post) = post else { return Ok(None) };
        let mut descendants = Vec::new();
        self.answers(id, 1, &mut descendants)?;
        Ok(Some(Thread { ancestors, post, descendants }))
    }

    /// What stands at a place of a thread, and what that answers. Nothing if its author is blocked.
    fn item(&self, link: &Link) -> Result<(Option<ThreadItem>, Option<Link>), Error> {
        if let Some(number) = self.number(&link.author)? {
            if self.blocked(number)? {
                return Ok((None, None));
            }
            if self.erased(number, &link.id)? {
                return Ok((Some(ThreadItem::Deleted(*link)), None));
            }
        }
        let Some(arrival) = self.find(&link.id)? else {
            return Ok((Some(ThreadItem::Missing(*link)), None));
        };
        let above = parent(
            self.entry_at(arrival)?
                .as_ref()
                .and_then(|(entry, _)| entry.payload())
                .map(|payload| payload.body()),
        );
        let post = self.post_at(arrival, 1)?;
        Ok(match post.filter(|post| post.author.author == Some(link.author)) {
            Some(post) => (Some(ThreadItem::Post(Box::new(post))), above),
            None => (Some(ThreadItem::Missing(*link)), None),
        })
    }

    fn answers(&self, id: &EntryId, depth: usize, found: &mut Vec<(usize, ThreadItem)>) -> Result<(), Error> {
        let key = prefix(id);
        for row in self.tables.replies.range((&key, 0, 0)..=(&key, u64::MAX, u64::MAX))? {
            if found.len() >= DESCENDANTS || depth > DEPTH {
                return Ok(());
            }
            let (_, _, arrival) = row?.0.value();
            let Some(post) = self.post_at(arrival, 1)? else { continue };
            let id = post.id;
            found.push((depth, ThreadItem::Post(Box::new(post))));
            self.answers(&id, depth + 1, found)?;
        }
        Ok(())
    }
}

fn parent(body: Option<&Body>) -> Option<Link> {
    match body {
        Some(Body::Reply { parent, .. }) => Some(*parent),
        _ => None,
    }
}
